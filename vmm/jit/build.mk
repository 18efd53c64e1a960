# SPDX-License-Identifier: BSD-3-Clause
#
# The translator and its machine, for the native VMM.

include vmm/jit/isa.mk

jit-y :=
jit-y += vmm/jit/accel_jit.c
jit-y += vmm/jit/accel_list_native.c
jit-y += vmm/jit/cache.c
jit-y += vmm/jit/context.c
jit-y += vmm/jit/exception.c
jit-y += vmm/jit/front.c
jit-y += vmm/jit/front_branch.c
jit-y += vmm/jit/front_fp.c
jit-y += vmm/jit/front_int.c
jit-y += vmm/jit/front_ldst.c
jit-y += vmm/jit/idregs.c
jit-y += vmm/jit/ir.c
jit-y += vmm/jit/loop.c
jit-y += vmm/jit/mem.c
jit-y += vmm/jit/mmu.c
jit-y += vmm/jit/psci.c
jit-y += vmm/jit/sysreg.c
jit-y += vmm/jit/sysreg_debug.c
jit-y += vmm/jit/sysreg_sys.c
jit-y += vmm/jit/timer.c
jit-y += vmm/jit/tlb.c
jit-y += vmm/jit/translate.c
jit-y += vmm/jit/vm.c
jit-y += vmm/jit/x64_arith.c
jit-y += vmm/jit/x64_asm.c
jit-y += vmm/jit/x64_emit.c
jit-y += vmm/jit/x64_exit.c
jit-y += vmm/jit/x64_float.c
jit-y += vmm/jit/x64_memory.c

jit-gic-y :=
jit-gic-y += vmm/devices/gic/gic.c
jit-gic-y += vmm/devices/gic/gic_cpu.c
jit-gic-y += vmm/devices/gic/gic_dist.c

vmm-jit-y += $(jit-y) $(jit-gic-y) $(jit-isa-y)

# LDXP/STXP and CASP are compare-and-swap of 16 bytes.
$(O)/vmm/native/obj/vmm/jit/mem.o $(O)/vmm/unit/vmm/jit/mem.o: vmm-cflags += -mcx16
