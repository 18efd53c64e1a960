# SPDX-License-Identifier: BSD-3-Clause
# Bare-metal guests in C: build/tests/guest/<name>.bin is an arm64 Image.

guest-tests := gic gicv2 its debug bench static hostile hostile_host ownership el1
guest-test-images := $(guest-tests:%=$(O)/tests/guest/%.bin)
guest-test-lib := $(addprefix $(O)/tests/guest/lib/,start.o guest.o gic.o attack.o host.o)
guest-test-cflags := -std=gnu11 -O2 -g -march=armv8-a -ffreestanding -fpie -mgeneral-regs-only \
	-mno-outline-atomics -mstrict-align -fno-stack-protector -fno-asynchronous-unwind-tables \
	-Wall -Wextra -Werror -Itests/guest -Itests/model -Ihyp -Iinclude

$(O)/tests/guest/%.o: tests/guest/%.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CROSS)gcc $(guest-test-cflags) -MMD -MP -c -o $@ $<

$(O)/tests/guest/%.o: tests/guest/%.S
	@mkdir -p $(@D)
	@$(say) AS $@
	$(Q)$(CROSS)gcc $(guest-test-cflags) -MMD -MP -c -o $@ $<

$(O)/tests/guest/model.o: tests/model/model.c
	@$(say) CC $@
	$(Q)$(CROSS)gcc $(guest-test-cflags) -MMD -MP -c -o $@ $<

$(O)/tests/guest/ownership.elf: $(O)/tests/guest/model.o
$(O)/tests/guest/el1.elf: $(O)/tests/guest/el1_run.o

$(O)/tests/guest/%.elf: $(O)/tests/guest/%.o $(guest-test-lib) tests/guest/lib/guest.lds
	@$(say) LD $@
	$(Q)$(CROSS)ld -nostdlib -pie --no-dynamic-linker -z noexecstack --no-warn-rwx-segments \
		-T tests/guest/lib/guest.lds -o $@ $(filter %.o,$^)

$(O)/tests/guest/%.bin: $(O)/tests/guest/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

.SECONDARY: $(guest-test-lib) $(guest-tests:%=$(O)/tests/guest/%.elf) $(guest-tests:%=$(O)/tests/guest/%.o)

all-y += $(guest-test-images)

-include $(shell find $(O)/tests/guest -name '*.d' 2>/dev/null)
