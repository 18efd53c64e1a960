# SPDX-License-Identifier: BSD-3-Clause
#
# The translator and its machine, for the native VMM.

include vmm/jit/isa.mk

jit-y :=
jit-y += vmm/jit/accel_jit.c
jit-y += vmm/jit/accel_list_native.c
jit-y += vmm/jit/cache.c
jit-y += vmm/jit/context.c
jit-y += vmm/jit/cpu.c
jit-y += vmm/jit/debug.c
jit-y += vmm/jit/exception.c
jit-y += vmm/jit/front.c
jit-y += vmm/jit/front_atomic.c
jit-y += vmm/jit/front_branch.c
jit-y += vmm/jit/front_crypto.c
jit-y += vmm/jit/front_fp.c
jit-y += vmm/jit/front_int.c
jit-y += vmm/jit/front_ldst.c
jit-y += vmm/jit/front_simd.c
jit-y += vmm/jit/front_simd_float.c
jit-y += vmm/jit/front_simd_int.c
jit-y += vmm/jit/front_simd_lanes.c
jit-y += vmm/jit/front_simd_pairs.c
jit-y += vmm/jit/front_structs.c
jit-y += vmm/jit/idregs.c
jit-y += vmm/jit/ir.c
jit-y += vmm/jit/lockstep.c
jit-y += vmm/jit/loop.c
jit-y += vmm/jit/mem.c
jit-y += vmm/jit/mmu.c
jit-y += vmm/jit/pmu.c
jit-y += vmm/jit/psci.c
jit-y += vmm/jit/stat.c
jit-y += vmm/jit/sysreg.c
jit-y += vmm/jit/sysreg_debug.c
jit-y += vmm/jit/sysreg_pmu.c
jit-y += vmm/jit/sysreg_sys.c
jit-y += vmm/jit/timer.c
jit-y += vmm/jit/tlb.c
jit-y += vmm/jit/tlb_queue.c
jit-y += vmm/jit/translate.c
jit-y += vmm/jit/vm.c
jit-y += vmm/jit/x64_arith.c
jit-y += vmm/jit/x64_bits.c
jit-y += vmm/jit/x64_asm.c
jit-y += vmm/jit/x64_atomic.c
jit-y += vmm/jit/x64_count.c
jit-y += vmm/jit/x64_emit.c
jit-y += vmm/jit/x64_flags.c
jit-y += vmm/jit/x64_exit.c
jit-y += vmm/jit/x64_float.c
jit-y += vmm/jit/x64_float_convert.c
jit-y += vmm/jit/x64_memory.c vmm/jit/x64_refill.c
jit-y += vmm/jit/x64_return.c
jit-y += vmm/jit/x64_vcache.c
jit-y += vmm/jit/x64_vector.c
jit-y += vmm/jit/x64_vector_crypto.c
jit-y += vmm/jit/x64_vector_float.c
jit-y += vmm/jit/x64_vector_int.c
jit-y += vmm/jit/x64_vector_lanes.c
jit-y += vmm/jit/x64_vector_pairs.c

jit-gic-y :=
jit-gic-y += vmm/devices/gic/gic.c
jit-gic-y += vmm/devices/gic/gic_ack.c
jit-gic-y += vmm/devices/gic/gic_cpu.c
jit-gic-y += vmm/devices/gic/gic_dist.c
jit-gic-y += vmm/devices/gic/gic_frame.c
jit-gic-y += vmm/devices/gic/gic_its.c
jit-gic-y += vmm/devices/gic/gic_its_commands.c
jit-gic-y += vmm/devices/gic/gic_lpi.c
jit-gic-y += vmm/devices/gic/gicv2_cpu.c
jit-gic-y += vmm/devices/gic/gicv2_dist.c

vmm-jit-y += $(jit-y) $(jit-gic-y) $(jit-isa-y)

# LDXP/STXP and CASP are compare-and-swap of 16 bytes.
$(O)/vmm/native/obj/vmm/jit/mem.o: vmm-cflags += -mcx16
$(O)/vmm/unit/vmm/jit/mem.o: vmm-test-cflags += -mcx16

# Unit tests: what they link besides their own file.
jit-cpu-y := $(filter-out %/accel_jit.c %/accel_list_native.c,$(jit-y))
jit-tests := blocks chain debug exception fp gic gicv2 hostile its lockstep loop mmu pmu timer tlb translate x64_asm
jit-test-hostile-y := $(jit-cpu-y) vmm/jit/accel_jit.c $(jit-gic-y) $(jit-isa-y) vmm/bus.c vmm/log.c \
	vmm/options/opt.c vmm/options/suggest.c
jit-test-gic-y := $(jit-gic-y)
jit-test-gicv2-y := $(jit-gic-y)
jit-test-its-y := $(jit-gic-y)
jit-test-mmu-y := vmm/jit/mmu.c
jit-test-fp-y := vmm/jit/fp.c vmm/jit/fp_convert.c
jit-test-loop-y := vmm/jit/loop.c vmm/jit/pmu.c vmm/jit/timer.c
jit-test-timer-y := vmm/jit/pmu.c vmm/jit/timer.c
jit-test-x64_asm-y := vmm/jit/x64_asm.c
jit-test-blocks-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-chain-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-debug-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-exception-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-lockstep-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-pmu-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-tlb-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c
jit-test-translate-y := tests/unit/jit/machine.c $(jit-cpu-y) $(jit-isa-y) vmm/bus.c vmm/log.c

# Guest memory is accessed as the guest aligns it, and shifts of negative numbers mean what gcc says they mean.
$(patsubst %.c,$(O)/vmm/unit/%.o,$(jit-cpu-y) $(jit-isa-y) vmm/jit/accel_jit.c): \
	vmm-test-cflags += -fno-sanitize=alignment,shift-base

define jit-test-rule
$(O)/vmm/unit/test_$(1): $(patsubst %.c,$(O)/vmm/unit/%.o,tests/unit/jit/test_$(1).c $(jit-test-$(1)-y))
	@$$(say) LD $$@
	$$(Q)$$(HOSTCC) $$(vmm-test-cflags) -o $$@ $$^ -lcmocka $$(vmm-libs)
endef
$(foreach t,$(jit-tests),$(eval $(call jit-test-rule,$(t))))
check-unit-y += $(jit-tests:%=$(O)/vmm/unit/test_%)
check-boot-y += tests/boot/test_vmm_jit tests/jit/test_el1

# Random words as guests for longer: FUZZ_ROUNDS of 30 ms, from a seed that is printed if one fails.
.PHONY: fuzz-jit
fuzz-jit: $(O)/vmm/unit/test_hostile
	$(Q)$< $(or $(FUZZ_ROUNDS),20000) $$(date +%s)

# The memory model, from inside a guest: a program in its initramfs.
$(O)/jit/litmus: tests/jit/litmus.c $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -pthread -o $@ $<

# And the debug registers, and the performance monitors.
$(O)/jit/ptrace $(O)/jit/perf: $(O)/jit/%: tests/jit/%.c $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -o $@ $<

all-y += $(O)/jit/inside.initrd

# `make bench-jit`: the translator beside QEMU. bench_kernels is added to the guest's initramfs.
$(O)/jit/bench: tests/jit/bench_kernels.c $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -std=gnu11 -O3 -Wall -Wextra -Werror -static -o $@ $< -lm

$(O)/jit/inside.initrd: $(O)/jit/litmus $(O)/jit/ptrace $(O)/jit/perf tests/jit/pci $(O)/images/initrd
	@$(say) CPIO $@
	$(Q)guest-images/mkinitrd -o $@.own $(O)/jit/litmus:/litmus $(O)/jit/ptrace:/ptrace \
		$(O)/jit/perf:/perf tests/jit/pci:/pci
	$(Q)cat $(O)/images/initrd $@.own >$@ && rm $@.own

$(O)/jit/%.initrd: $(O)/jit/% $(O)/images/initrd
	@$(say) CPIO $@
	$(Q)guest-images/mkinitrd -o $@.own $<:/$*
	$(Q)cat $(O)/images/initrd $@.own >$@ && rm $@.own

# Real programs, on a disk. Tens of megabytes of packages: only for the benches and for check-jit-long.
jit-programs := $(addprefix tests/jit/,programs programs.py programs.sql checks bench_kernels.c)
jit-modules   = $(SYSROOT)/lib/modules/$(KERNEL_RELEASE)

$(O)/jit/programs.img: tests/jit/mkprograms tests/jit/programs-packages.txt $(jit-programs) $(O)/sysroot.mk
	@$(say) DISK $@
	$(Q)tests/jit/mkprograms $(O) $@ tests/jit/programs-packages.txt \
		$(foreach f,$(jit-programs),$(f):work/$(notdir $(f))) $(SYSROOT)/bin/busybox:bin/busybox \
		$(foreach f,$(wildcard $(jit-modules)/modules.*) $(addprefix $(jit-modules)/kernel/,arch crypto lib),$(f):$(f:$(SYSROOT)/%=%))

# Debian's installer, as a machine without a disk would boot it from the network.
jit-installer := debian-installer-12-netboot-arm64
$(O)/jit/installer/initrd.gz: $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) UNPACK $(jit-installer)
	$(Q)cd $(@D) && dpkg-deb --fsys-tarfile $$($(CURDIR)/scripts/sysroot download $(CURDIR)/$(O) $(jit-installer)) | \
		tar -x --touch --no-same-owner --wildcards --transform 's,.*/,,' '*/text/*/linux' '*/text/*/initrd.gz'

jit-bench := $(O)/jit/installer/initrd.gz $(O)/jit/bench.initrd $(O)/jit/programs.img $(O)/images/Image $(O)/vmm/native/vmm
bench-y += tests/jit/bench_jit
bench: $(jit-bench)

# What takes minutes: every word decoded; many boots; the installer; programs that check themselves.
.PHONY: check-jit-long
check-jit-long: $(jit-bench) check-decode-full
	$(Q)tests/run --boot tests/jit/boots tests/jit/installer tests/jit/check_programs

.PHONY: bench-jit
bench-jit: $(jit-bench)
	$(Q)tests/bench --add tests/jit/bench_jit

# The same beside the newest QEMU for the build machine's Debian; build/bench.json stays as it is.
$(O)/jit/newest-qemu/qemu-system-aarch64: tests/jit/newest_qemu $(O)/sysroot.mk
	@$(say) UNPACK $@
	$(Q)tests/jit/newest_qemu $(O)

.PHONY: bench-jit-new
bench-jit-new: $(jit-bench) $(O)/jit/newest-qemu/qemu-system-aarch64
	$(Q)tests/jit/bench_jit --qemu $(lastword $^) >/dev/null
