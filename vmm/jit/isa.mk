# SPDX-License-Identifier: BSD-3-Clause
#
# The A64 instruction set: description, generated tables, interpreter, floating point. Included by
# vmm/jit/build.mk. Tests and the translator link $(jit-isa-y).

jit-gen := $(O)/vmm/jit/gen

jit-isa-y := $(jit-gen)/a64_table.c $(jit-gen)/a64_exec.c
jit-isa-y += vmm/jit/interp.c
jit-isa-y += vmm/jit/exec_atomic.c
jit-isa-y += vmm/jit/exec_branch.c
jit-isa-y += vmm/jit/exec_crypto.c
jit-isa-y += vmm/jit/exec_fp.c
jit-isa-y += vmm/jit/exec_int.c
jit-isa-y += vmm/jit/exec_ldst.c
jit-isa-y += vmm/jit/exec_simd.c
jit-isa-y += vmm/jit/exec_simd_fp.c
jit-isa-y += vmm/jit/exec_simd_int.c
jit-isa-y += vmm/jit/exec_simd_misc.c
jit-isa-y += vmm/jit/exec_system.c
jit-isa-y += vmm/jit/exec_vldst.c
jit-isa-y += vmm/jit/fp.c
jit-isa-y += vmm/jit/fp_convert.c

jit-gen-files := $(addprefix $(jit-gen)/,a64_gen.h a64_table.c a64_exec.c a64_coverage.txt)

$(jit-gen-files) &: vmm/jit/a64.isa vmm/jit/gen_a64.py
	@mkdir -p $(jit-gen)
	@$(say) GEN $(jit-gen)
	$(Q)python3 vmm/jit/gen_a64.py vmm/jit/a64.isa $(jit-gen)

# Whatever includes a64_gen.h waits for it and finds it.
jit-objects := $(foreach variant,native/obj unit,$(patsubst %.c,$(O)/vmm/$(variant)/%.o,\
	$(wildcard vmm/jit/*.c tests/unit/jit/*.c) $(filter %.c,$(jit-gen-files))))
$(jit-objects): | $(jit-gen)/a64_gen.h
$(jit-objects): vmm-cflags += -Ivmm/jit -I$(jit-gen)
$(jit-objects): vmm-test-cflags += -Ivmm/jit -I$(jit-gen)
