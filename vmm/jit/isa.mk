# SPDX-License-Identifier: BSD-3-Clause
#
# The A64 instruction set: description, generated tables, interpreter, floating point. Included by
# vmm/jit/build.mk. Tests and the translator link $(jit-isa-y).

jit-gen := $(O)/vmm/jit

jit-isa-y := $(jit-gen)/a64_table.c $(jit-gen)/a64_exec.c
jit-isa-y += vmm/jit/interp.c
jit-isa-y += vmm/jit/disas.c
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
jit-isa-y += vmm/jit/fast.c
jit-isa-y += vmm/jit/fast_fp.c
jit-isa-y += vmm/jit/fast_lanes.c
jit-isa-y += vmm/jit/fast_permute.c
jit-isa-y += vmm/jit/fast_width.c
jit-isa-y += vmm/jit/fp.c
jit-isa-y += vmm/jit/fp_convert.c

jit-gen-files := $(addprefix $(jit-gen)/,a64_gen.h a64_table.c a64_exec.c a64_coverage.txt)

$(jit-gen-files) &: vmm/jit/a64.isa vmm/jit/gen_a64.py
	@mkdir -p $(jit-gen)
	@$(say) GEN $(jit-gen)/a64_*
	$(Q)python3 vmm/jit/gen_a64.py vmm/jit/a64.isa $(jit-gen)

# Whatever includes a64_gen.h waits for it and finds it.
jit-objects := $(foreach variant,native/obj unit,$(patsubst %.c,$(O)/vmm/$(variant)/%.o,\
	$(wildcard vmm/jit/*.c tests/unit/jit/*.c) $(filter %.c,$(jit-gen-files))))
$(jit-objects): | $(jit-gen)/a64_gen.h
$(jit-objects): vmm-cflags += -Ivmm/jit -I$(jit-gen)
$(jit-objects): vmm-test-cflags += -Ivmm/jit -I$(jit-gen)

# Loops over lanes become SSE; a product and a sum are never fused unless written so.
jit-fast-cflags := -O3 -msse4.2 -ffp-contract=off
jit-fast-objects := $(foreach variant,native/obj unit,$(patsubst %.c,$(O)/vmm/$(variant)/%.o,$(wildcard vmm/jit/fast*.c)))
$(jit-fast-objects): vmm-cflags += $(jit-fast-cflags)
$(jit-fast-objects): vmm-test-cflags += $(jit-fast-cflags)

# The decoder against a slow matcher: every 509th word in `make check`, all 2^32 with check-decode-full.
jit-decode-y := tests/unit/jit/test_decode.c $(jit-gen)/a64_table.c vmm/jit/disas.c
jit-decode-y += vmm/jit/exec_int.c vmm/jit/exec_simd.c vmm/jit/exec_simd_misc.c

$(O)/vmm/unit/test_decode: $(patsubst %.c,$(O)/vmm/unit/%.o,$(jit-decode-y))
	@$(say) LD $@
	$(Q)$(HOSTCC) -fsanitize=address,undefined -o $@ $^

$(O)/jit/test_decode_full: $(jit-decode-y) | $(jit-gen)/a64_gen.h
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(HOSTCC) $(vmm-cflags) -Ivmm/jit -I$(jit-gen) -o $@ $^

.PHONY: check-decode-full
check-decode-full: $(O)/jit/test_decode_full
	$(Q)$< 1

check-unit-y += $(O)/vmm/unit/test_decode

# Random instructions under the interpreter and under qemu-aarch64.
jit-insn-test-y := tests/jit/insn_test.c tests/jit/insn_state.c tests/jit/insn_enter.S
jit-insn-test-y += $(jit-gen)/a64_table.c
jit-insn-test-cflags := -std=gnu11 -O2 -Wall -Wextra -Werror -Ivmm -Ivmm/jit -I$(jit-gen) -ffreestanding
jit-insn-test-cflags += -fno-stack-protector -fno-pie -mgeneral-regs-only -mno-outline-atomics

$(O)/jit/insn_test: $(jit-insn-test-y) tests/jit/insn_test.h $(jit-gen)/a64_gen.h
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CROSS)gcc $(jit-insn-test-cflags) -static -no-pie -nostdlib -Wl,--no-warn-rwx-segments -o $@ $(jit-insn-test-y)

$(O)/jit/user_run: tests/jit/user_run.c $(jit-isa-y) $(wildcard vmm/jit/*.h) | $(jit-gen)/a64_gen.h
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(HOSTCC) -std=gnu11 -g -Wall -Wextra -Werror -D_GNU_SOURCE -Ivmm -Ivmm/jit -I$(jit-gen) \
		$(jit-fast-cflags) -o $@ $(filter %.c,$^)

tests/jit/test_insns: $(O)/jit/insn_test $(O)/jit/user_run
check-unit-y += tests/jit/test_insns
