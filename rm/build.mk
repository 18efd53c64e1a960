# SPDX-License-Identifier: BSD-3-Clause
#
# rm.elf: the resource manager, a static PIE on newlib and libfdt. newlib is built once, from Debian's source package,
# with the cross compiler that builds everything else.

rm-pure-y := rm/pool.c rm/ledger.c rm/server.c rm/devices.c rm/hostdt.c rm/host.c rm/log.c rm/staticvm.c
rm-pure-y += hyp/efi/ranges.c hyp/efi/dtreg.c
rm-y      := rm/main.c rm/el1/crash.c rm/el1/gic.c rm/port/newlib.c $(rm-pure-y)
rm-early-y := rm/el1/mmu.c # runs with the MMU off

newlib    := $(O)/newlib

rm-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -MMD -MP -Irm -Ihyp/efi -Iinclude
rm-arm-cflags := $(rm-cflags) -Wconversion -nostdinc -isystem $(newlib)/aarch64-elf/include -isystem $(O)/rm/include \
	-isystem $(shell $(CROSS)gcc -print-file-name=include) -fpie -fvisibility=hidden -fno-stack-protector \
	-ffunction-sections -fdata-sections -U__linux__ -D_POSIX_C_SOURCE=200809L
rm-objects := $(patsubst %.c,$(O)/rm/%.o,$(rm-y) $(rm-early-y))

$(newlib)/stamp: rm/port/build-newlib | $(O)/setup.mk
	@$(say) NEWLIB '$@ (half a minute)'
	$(Q)rm/port/build-newlib $(newlib) $(CROSS)
	$(Q)touch $@

$(O)/rm/include/libfdt.h: $(O)/sysroot.mk
	@mkdir -p $(@D)
	$(Q)cp $(SYSROOT)/usr/include/fdt.h $(SYSROOT)/usr/include/libfdt.h $(SYSROOT)/usr/include/libfdt_env.h $(@D)/

$(patsubst %.c,$(O)/rm/%.o,$(rm-early-y)): rm-early := -mgeneral-regs-only -mstrict-align -fno-builtin \
	-fno-tree-loop-distribute-patterns
$(O)/rm/%.o: %.c | $(newlib)/stamp $(O)/rm/include/libfdt.h
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CROSS)gcc $(rm-arm-cflags) $(rm-early) -c -o $@ $<

$(O)/rm/rm/el1/start.o: rm/el1/start.S
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc -c -o $@ $<

rm-link = $(CROSS)gcc -nostdlib -static-pie -Wl,-T,rm/rm.lds,--no-dynamic-linker,-z,max-page-size=4096,--gc-sections \
	-Wl,-z,text,--build-id=none
rm-libs := $(SYSROOT)/usr/lib/aarch64-linux-gnu/libfdt.a $(newlib)/aarch64-elf/lib/libc.a -lgcc

$(O)/rm/rm.elf: $(O)/rm/rm/el1/start.o $(rm-objects) rm/rm.lds
	@$(say) LD $@
	$(Q)$(rm-link) -o $@.debug $(filter %.o,$^) $(rm-libs)
	$(Q)$(CROSS)strip -o $@ $@.debug

# One that dies on demand, for tests/boot/test_rm_crash.
$(O)/tests/boot/rm/rm-crash.elf: $(O)/rm/rm/el1/start.o $(rm-objects) $(O)/rm/tests/boot/rm/crash.o rm/rm.lds
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(rm-link) -Wl,--wrap=ledger_create_vm -o $@ $(filter %.o,$^) $(rm-libs)

all-y += $(O)/tests/boot/rm/rm-crash.elf
check-boot-y += tests/boot/test_rm_crash
all-y += $(O)/rm/rm.elf
shim-files-y += $(O)/rm/rm.elf:rm.elf

# A tool of the host VM, on the host's C library.
$(O)/rm/hyp-status: rm/tools/hyp-status.c include/uapi/hyp.h $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Iinclude -static \
		-o $@ $<

all-y += $(O)/rm/hyp-status
host-files-y += $(O)/rm/hyp-status:/usr/bin/hyp-status

# Unit tests, on the build machine, against a fake hypervisor.
rm-tests := pool server host staticvm
rm-test-programs := $(rm-tests:%=$(O)/tests/unit/rm/test_%)
rm-host-cflags := $(rm-cflags) -D_GNU_SOURCE -fsanitize=address,undefined -fno-sanitize-recover=all -Itests/unit/rm

$(O)/tests/unit/rm/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(rm-host-cflags) -c -o $@ $<

rm-host-objects := $(patsubst %.c,$(O)/tests/unit/rm/%.o,$(rm-pure-y) tests/unit/rm/fake.c) \
	$(O)/tests/unit/board/board.o
$(rm-test-programs): $(O)/tests/unit/rm/%: $(O)/tests/unit/rm/tests/unit/rm/%.o $(rm-host-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(rm-host-cflags) -o $@ $^ -lcmocka -lfdt

check-unit-y += $(rm-test-programs)

# Fuzzers of what comes from outside: files of the loader, messages to the RM (libFuzzer).
boot-fuzzers := conf boot_image dtb rm
boot-fuzz-programs := $(boot-fuzzers:%=$(O)/tests/fuzz/fuzz_%)
boot-fuzz-objects := $(patsubst %.c,$(O)/tests/fuzz/obj/%.o,$(sort $(efi-pure-y) $(rm-pure-y)) tests/unit/rm/fake.c)

$(O)/tests/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)clang $(rm-cflags) -Ivmm -Itests/unit/rm -D_GNU_SOURCE -fno-sanitize-recover=all \
		-fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

$(boot-fuzz-programs): $(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/obj/tests/fuzz/boot/fuzz_%.o $(boot-fuzz-objects)
	@$(say) LD $@
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ -lcmocka -lfdt

# The runner counts as a test program; that it is a copy makes its fuzzers its prerequisites.
$(O)/tests/fuzz/run: tests/fuzz/boot/run $(boot-fuzz-programs) $(O)/tests/unit/board/board.o
	$(Q)cp $< $@

check-unit-y += $(O)/tests/fuzz/run

-include $(shell find $(O)/rm $(O)/tests/unit/rm $(O)/tests/fuzz -name '*.d' 2>/dev/null)
