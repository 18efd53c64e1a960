// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_simd.c - the lane loop and the saturating arithmetic of exec_simd.h.
 */
#include "exec_simd.h"

enum exec_result simd_map(struct jit_cpu *cpu, uint32_t insn, struct simd_shape s, elem_fn fn)
{
	const union vreg *vn = &cpu->v[f_rn(insn)], *vm = &cpu->v[s.m];
	union vreg *vd = &cpu->v[f_rd(insn)];
	union vreg out = {.d = {s.d0 ? vd->d[0] : 0, 0}};

	for (unsigned int e = 0; e < s.nr; e++) {
		uint64_t a = elem_get(vn, s.lgn, s.n0 + e);
		uint64_t b = s.has_imm ? s.imm : elem_get(vm, s.lgm, s.fixed ? s.m0 : s.m0 + e);
		uint64_t d = elem_get(vd, s.lgd, s.d0 + e);

		elem_set(&out, s.lgd, s.d0 + e, fn(cpu, d, a, b, s.bits));
	}
	*vd = out;
	return EXEC_NEXT;
}

uint64_t simd_saturate_signed(struct jit_cpu *cpu, __int128 val, unsigned int bits)
{
	__int128 max = ((__int128)1 << (bits - 1)) - 1, min = -max - 1;

	if (val > max || val < min) {
		cpu->fpsr |= FPSR_QC;
		val = val > max ? max : min;
	}
	return (uint64_t)val;
}

uint64_t simd_saturate_unsigned(struct jit_cpu *cpu, __int128 val, unsigned int bits)
{
	__int128 max = ((__int128)1 << bits) - 1;

	if (val > max || val < 0) {
		cpu->fpsr |= FPSR_QC;
		val = val < 0 ? 0 : max;
	}
	return (uint64_t)val;
}

__int128 simd_shift(__int128 val, int shift, bool round)
{
	if (shift >= 0) {
		return val * ((__int128)1 << shift);
	}
	if (shift < -65) {
		shift = -66; /* all is shifted out; only the sign is left */
	}
	if (round) {
		val += (__int128)1 << (-shift - 1);
	}
	return val >> -shift;
}

uint64_t simd_double_product(struct jit_cpu *cpu, int64_t a, int64_t b, unsigned int bits)
{
	return simd_saturate_signed(cpu, (__int128)a * b * 2, 2 * bits);
}

uint64_t simd_double_product_high(struct jit_cpu *cpu, int64_t acc, int64_t product, bool round,
				  unsigned int bits)
{
	__int128 val = simd_shift(acc, (int)bits, false) + (__int128)product * 2;

	if (round) {
		val += (__int128)1 << (bits - 1);
	}
	return simd_saturate_signed(cpu, val >> bits, bits);
}
