# SPDX-License-Identifier: BSD-3-Clause
#
# hyp.efi: the hypervisor's core image ($(O)/hyp/hyp.bin) inside an EFI application. gnu-efi gives start code and
# linker script, libfdt reads the device tree. What has no firmware call in it is also unit-tested on the build machine.

efi-y := hyp/efi/main.c hyp/efi/firmware.c hyp/efi/libc.c
efi-pure-y := hyp/efi/fail.c hyp/efi/conf.c hyp/efi/ranges.c hyp/efi/dtreg.c hyp/efi/board.c hyp/efi/image.c
efi-pure-y += hyp/efi/layout.c vmm/options/suggest.c
efi-y += $(efi-pure-y)

efi-warnings := -Wall -Wextra -Werror -Wconversion
efi-cflags := -std=gnu11 -Os -g $(efi-warnings) -MMD -MP -Ihyp/efi -Iinclude -Ivmm
# Debian's libfdt headers are not -Wconversion clean; gnu-efi's are old C.
efi-arm-cflags := $(efi-cflags) -isystem $(O)/efi/include -isystem $(SYSROOT)/usr/include/efi \
	-isystem $(SYSROOT)/usr/include/efi/aarch64 -fpic -fvisibility=hidden -fshort-wchar -fno-stack-protector \
	-fno-builtin -fno-tree-loop-distribute-patterns -mgeneral-regs-only -ffixed-x18
efi-libs := $(SYSROOT)/usr/lib/libgnuefi.a $(SYSROOT)/usr/lib/aarch64-linux-gnu/libfdt.a
efi-objects := $(patsubst %.c,$(O)/efi/%.o,$(efi-y))

# Only libfdt's headers come from the sysroot's include folder, so that no header of another libc gets in.
$(O)/efi/include/libfdt.h: $(O)/sysroot.mk
	@mkdir -p $(@D)
	$(Q)cp $(SYSROOT)/usr/include/fdt.h $(SYSROOT)/usr/include/libfdt.h $(SYSROOT)/usr/include/libfdt_env.h $(@D)/

$(O)/efi/%.o: %.c | $(O)/efi/include/libfdt.h
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CROSS)gcc $(efi-arm-cflags) -c -o $@ $<

# Arguments: the EFI application, the core image in it.
define efi-rule
$(1).enter.o: hyp/efi/enter.S $(2)
	@mkdir -p $$(@D)
	$$(Q)$$(CROSS)gcc -DHYP_IMAGE='"$(2)"' -c -o $$@ $$<

$(1).so: $(efi-objects) $(1).enter.o
	$$(Q)$$(CROSS)ld -nostdlib --no-warn-rwx-segments -znocombreloc -shared -Bsymbolic --no-undefined --defsym=EFI_SUBSYSTEM=0xa \
		-T $$(SYSROOT)/usr/lib/elf_aarch64_efi.lds -o $$@ $$(SYSROOT)/usr/lib/crt0-efi-aarch64.o $$^ $$(efi-libs)

$(1): $(1).so
	@$$(say) EFI $$@
	$$(Q)$$(CROSS)objcopy -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j .rel -j .rela -j '.rel.*' -j '.rela.*' \
		-j .reloc -O binary $$< $$@
endef
$(eval $(call efi-rule,$(O)/hyp/hyp.efi,$(O)/hyp/hyp.bin))

# A stand-in for the hypervisor that prints what it was handed: the loader's own boot test needs nothing else.
efi-test-cflags := -std=gnu11 -Os -g $(efi-warnings) -MMD -MP -Iinclude -ffreestanding -fpie -fno-stack-protector \
	-mgeneral-regs-only -mstrict-align -mcmodel=tiny
$(O)/tests/boot/loader/probe.elf: tests/boot/loader/probe.S tests/boot/loader/probe.c tests/boot/loader/probe.lds
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CROSS)gcc $(efi-test-cflags) -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments -T tests/boot/loader/probe.lds \
		-o $@ $(filter %.S %.c,$^)
$(O)/tests/boot/loader/probe.bin: $(O)/tests/boot/loader/probe.elf
	$(Q)$(CROSS)objcopy -O binary $< $@
$(eval $(call efi-rule,$(O)/tests/boot/loader/probe.efi,$(O)/tests/boot/loader/probe.bin))

check-boot-y += tests/boot/loader/check
all-y += $(O)/hyp/hyp.efi $(O)/tests/boot/loader/probe.efi
shim-files-y += $(O)/hyp/hyp.efi:EFI/BOOT/BOOTAA64.EFI

# Unit tests
efi-tests := conf ranges board image layout
efi-test-programs := $(efi-tests:%=$(O)/tests/unit/loader/test_%)
efi-host-cflags := $(efi-cflags) -fsanitize=address,undefined -fno-sanitize-recover=all -Itests/unit/loader

$(O)/tests/unit/loader/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(efi-host-cflags) -c -o $@ $<

$(O)/tests/unit/board/board.o: tests/unit/board/board.S tests/unit/board/board.dts
	@mkdir -p $(@D)
	$(Q)dtc -q -I dts -O dtb -o $(@:.o=.dtb) tests/unit/board/board.dts
	$(Q)$(HOSTCC) -DBOARD_DTB='"$(@:.o=.dtb)"' -c -o $@ $<

efi-host-objects := $(patsubst %.c,$(O)/tests/unit/loader/%.o,$(efi-pure-y)) $(O)/tests/unit/board/board.o
$(efi-test-programs): $(O)/tests/unit/loader/%: $(O)/tests/unit/loader/tests/unit/loader/%.o $(efi-host-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(efi-host-cflags) -o $@ $^ -lcmocka -lfdt

check-unit-y += $(efi-test-programs)

-include $(shell find $(O)/efi $(O)/tests/unit/loader $(O)/tests/boot/loader -name '*.d' 2>/dev/null)
