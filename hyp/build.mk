# SPDX-License-Identifier: BSD-3-Clause
#
# The hypervisor: build/hyp/hyp.elf (for gdb), build/hyp/hyp.bin (what the loader carries).

include hyp/efi/build.mk

hyp-y := el2/entry.o el2/vectors.o el2/fp.o el2/mmu.o el2/string.o el2/uart.o el2/switch.o \
	 el2/s2arch.o el2/gic.o
hyp-y += core/main.o core/cpu.o core/log.o core/console.o core/panic.o core/trace.o core/pool.o core/handle.o \
	 core/vm.o core/vcpu.o core/vcpu_reg.o core/run.o core/trap.o core/inject.o core/sysemu.o \
	 core/idreg.o core/debug.o core/psci.o core/call.o core/call_mem.o core/call_vm.o core/call_vcpu.o \
	 core/call_ipc.o core/call_irq.o core/call_sys.o
hyp-y += stage2/frame.o stage2/stage2.o stage2/mem.o
hyp-y += sched/sched.o sched/timer.o
hyp-y += ipc/ipc.o ipc/doorbell.o ipc/msgq.o
hyp-y += vgic/vgic.o vgic/irq.o vgic/lr.o vgic/mmio.o vgic/reg.o vgic/hw.o

hyp-flags := -std=gnu11 -O2 -g -march=armv8-a -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only -mno-outline-atomics \
	     -mstrict-align -fno-common -fno-stack-protector -fno-asynchronous-unwind-tables \
	     -fno-omit-frame-pointer -fno-jump-tables -Wall -Wextra -Wconversion -Wno-sign-conversion \
	     -Wstrict-prototypes -Wmissing-prototypes -Werror -Ihyp -Iinclude

hyp-objs := $(addprefix $(O)/hyp/,$(hyp-y))

$(O)/hyp/%.o: hyp/%.c hyp/build.mk
	@$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(hyp-flags) -MMD -MP -c $< -o $@

$(O)/hyp/%.o: hyp/%.S hyp/build.mk
	@$(say) AS $<
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(hyp-flags) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(O)/hyp/hyp.lds: hyp/el2/hyp.lds
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc -E -P -x c -D__ASSEMBLER__ -Ihyp -Iinclude $< -o $@

$(O)/hyp/hyp.elf: $(hyp-objs) $(O)/hyp/hyp.lds
	@$(say) LD $@
	$(Q)$(CROSS)ld -nostdlib -static --fatal-warnings -z noexecstack -z max-page-size=4096 \
		--no-warn-rwx-segments -T $(O)/hyp/hyp.lds $(hyp-objs) -o $@

$(O)/hyp/hyp.bin: $(O)/hyp/hyp.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

all-y += $(O)/hyp/hyp.elf $(O)/hyp/hyp.bin
-include $(hyp-objs:.o=.d)


# The reference page of the calls, and the check that it is current.
$(O)/gen-calls-doc: scripts/gen-calls-doc.c include/hyp/calls.h include/hyp/error.h
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -Wall -Wextra -Werror -Iinclude $< -o $@
$(O)/calls.md: $(O)/gen-calls-doc
	$(Q)$< >$@
docs/calls.md: $(O)/calls.md
	cp $< $@
all-y += $(O)/calls.md
check-unit-y += tests/unit/test_calls_doc
