// SPDX-License-Identifier: BSD-3-Clause
/*
 * fast_lanes.c - quick SIMD integer instructions whose lanes all have one width.
 *
 * Wrapping arithmetic is done unsigned; types narrower than int are promoted, which is harmless as
 * the result is cut to the lane.
 */
#include "fast_lanes.h"

FAST_LANES(add_v, u, a + b)
FAST_LANES(sub_v, u, a - b)
FAST_LANES(mul_v, u, (uint64_t)a *b)
FAST_LANES(mla_v, u, d + (uint64_t)a * b)
FAST_LANES(mls_v, u, d - (uint64_t)a * b)
FAST_LANES(cmeq_v, u, a == b ? -1 : 0)
FAST_LANES(cmgt_v, s, a > b ? -1 : 0)
FAST_LANES(cmge_v, s, a >= b ? -1 : 0)
FAST_LANES(cmhi_v, u, a > b ? -1 : 0)
FAST_LANES(cmhs_v, u, a >= b ? -1 : 0)
FAST_LANES(cmtst_v, u, (a & b) != 0 ? -1 : 0)
FAST_LANES(cmeq_vz, s, a == 0 ? -1 : 0)
FAST_LANES(cmgt_vz, s, a > 0 ? -1 : 0)
FAST_LANES(cmge_vz, s, a >= 0 ? -1 : 0)
FAST_LANES(cmle_vz, s, a <= 0 ? -1 : 0)
FAST_LANES(cmlt_vz, s, a < 0 ? -1 : 0)
FAST_LANES(smax_v, s, a > b ? a : b)
FAST_LANES(smin_v, s, a < b ? a : b)
FAST_LANES(umax_v, u, a > b ? a : b)
FAST_LANES(umin_v, u, a < b ? a : b)
FAST_LANES(sabd_v, s, a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a)
FAST_LANES(uabd_v, u, a > b ? a - b : b - a)
FAST_LANES(saba_v, s, (uint64_t)d + (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a))
FAST_LANES(uaba_v, u, d + (a > b ? a - b : b - a))
FAST_LANES(shadd_v, s, (a & b) + ((a ^ b) >> 1))
FAST_LANES(uhadd_v, u, (a & b) + ((a ^ b) >> 1))
FAST_LANES(srhadd_v, s, (a | b) - ((a ^ b) >> 1))
FAST_LANES(urhadd_v, u, (a | b) - ((a ^ b) >> 1))
FAST_LANES(abs_v, s, a < 0 ? 0 - (uint64_t)a : (uint64_t)a)
FAST_LANES(neg_v, u, 0 - a)

/* Bitwise: the width does not matter. */
#define FAST_BITWISE(name, expr)                                                                   \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = lanes_get(cpu, f_rm(insn));        \
		union lanes old = lanes_get(cpu, f_rd(insn)), out;                                 \
                                                                                                   \
		LANES_LOOP(uint64_t, u64, expr)                                                    \
		return lanes_set(cpu, insn, out);                                                  \
	}

FAST_BITWISE(and_v, a &b)
FAST_BITWISE(bic_v, a & ~b)
FAST_BITWISE(orr_v, a | b)
FAST_BITWISE(orn_v, a | ~b)
FAST_BITWISE(eor_v, a ^ b)
FAST_BITWISE(bsl_v, (d & a) | (~d & b))
FAST_BITWISE(bit_v, (d & ~b) | (a & b))
FAST_BITWISE(bif_v, (d & b) | (a & ~b))
FAST_BITWISE(not_v, ~a)

/* Pairwise: the two operands' lanes in a row of twice the length; without q the row is Vm.d0:Vn.d0.
 */
struct lanes_row {
	union lanes half[2];
};

static struct lanes_row row_of(const struct jit_cpu *cpu, uint32_t insn)
{
	struct lanes_row row = {{lanes_get(cpu, f_rn(insn)), lanes_get(cpu, f_rm(insn))}};

	if (!f_q(insn)) {
		row.half[0].u64[1] = row.half[1].u64[0];
		row.half[1].u64[0] = row.half[1].u64[1] = 0;
	}
	return row;
}

/* The even lanes of a row in *even, the odd ones in *odd. */
#define SPLIT_LOOP(field, nr)                                                                      \
	for (unsigned int i = 0; i < (nr); i++) {                                                  \
		const union lanes *half = &row->half[i >= (nr) / 2];                               \
                                                                                                   \
		even->field[i] = half->field[2 * i % (nr)];                                        \
		odd->field[i] = half->field[2 * i % (nr) + 1];                                     \
	}

static void split_row(const struct lanes_row *row, unsigned int lg, union lanes *even,
		      union lanes *odd)
{
	switch (lg) {
	case 0:
		SPLIT_LOOP(u8, 16)
		break;
	case 1:
		SPLIT_LOOP(u16, 8)
		break;
	case 2:
		SPLIT_LOOP(u32, 4)
		break;
	default:
		SPLIT_LOOP(u64, 2)
		break;
	}
}

#define FAST_PAIRS(name, s, expr)                                                                  \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		struct lanes_row row = row_of(cpu, insn);                                          \
		union lanes n, m, old = {.u64 = {0, 0}}, out;                                      \
                                                                                                   \
		split_row(&row, f_vsize(insn), &n, &m);                                            \
		LANES_BY_SIZE(f_vsize(insn), s, expr)                                              \
		return lanes_set(cpu, insn, out);                                                  \
	}

FAST_PAIRS(addp_v, u, a + b)
FAST_PAIRS(smaxp_v, s, a > b ? a : b)
FAST_PAIRS(sminp_v, s, a < b ? a : b)
FAST_PAIRS(umaxp_v, u, a > b ? a : b)
FAST_PAIRS(uminp_v, u, a < b ? a : b)

/* Shifts by register: the amount is b's low byte, signed. */
FAST_LANES(sshl_v, s,
	   (int8_t)b >= (int)(8 * sizeof(a))   ? 0
	   : (int8_t)b >= 0                    ? (uint64_t)a << (int8_t)b
	   : -(int8_t)b < (int)(8 * sizeof(a)) ? (uint64_t)(a >> -(int8_t)b)
					       : (uint64_t)(a < 0 ? -1 : 0))
FAST_LANES(ushl_v, u,
	   (int8_t)b >= (int)(8 * sizeof(a))   ? 0
	   : (int8_t)b >= 0                    ? (uint64_t)a << (int8_t)b
	   : -(int8_t)b < (int)(8 * sizeof(a)) ? (uint64_t)(a >> -(int8_t)b)
					       : 0)

enum exec_result fast_cnt_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes v = lanes_get(cpu, f_rn(insn));

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t x = v.u64[i];

		x -= x >> 1 & 0x5555555555555555;
		x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
		v.u64[i] = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
	}
	return lanes_set(cpu, insn, v);
}

/* Reverses the bytes of a doubleword, then puts the groups and elements back in their own order. */
static uint64_t reverse_elements(uint64_t x, unsigned int lg_group, unsigned int lg)
{
	x = __builtin_bswap64(x);
	if (lg_group == 2) {
		x = x >> 32 | x << 32;
	} else if (lg_group == 1) {
		x = x >> 32 | x << 32;
		x = (x >> 16 & 0x0000ffff0000ffff) | (x & 0x0000ffff0000ffff) << 16;
	}
	if (lg >= 1) {
		x = (x >> 8 & 0x00ff00ff00ff00ff) | (x & 0x00ff00ff00ff00ff) << 8;
	}
	if (lg >= 2) {
		x = (x >> 16 & 0x0000ffff0000ffff) | (x & 0x0000ffff0000ffff) << 16;
	}
	return x;
}

static enum exec_result fast_reverse(struct jit_cpu *cpu, uint32_t insn, unsigned int lg_group)
{
	union lanes v = lanes_get(cpu, f_rn(insn));

	v.u64[0] = reverse_elements(v.u64[0], lg_group, f_vsize(insn));
	v.u64[1] = reverse_elements(v.u64[1], lg_group, f_vsize(insn));
	return lanes_set(cpu, insn, v);
}

enum exec_result fast_rev64_v(struct jit_cpu *cpu, uint32_t insn)
{
	return fast_reverse(cpu, insn, 3);
}

enum exec_result fast_rev32_v(struct jit_cpu *cpu, uint32_t insn)
{
	return fast_reverse(cpu, insn, 2);
}

enum exec_result fast_rev16_v(struct jit_cpu *cpu, uint32_t insn)
{
	return fast_reverse(cpu, insn, 1);
}

/* By element: halfwords or words. */
#define FAST_BY_ELEMENT(name, expr)                                                                \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		struct simd_shape shape = shape_by_element(shape_same(insn), insn);                \
		union lanes n = lanes_get(cpu, f_rn(insn)), old = lanes_get(cpu, f_rd(insn));      \
		union lanes m, out;                                                                \
		uint64_t element = elem_get(&cpu->v[shape.m], shape.lgm, shape.m0);                \
                                                                                                   \
		if (shape.lgm == 1) {                                                              \
			for (unsigned int i = 0; i < 8; i++) {                                     \
				m.u16[i] = (uint16_t)element;                                      \
			}                                                                          \
			LANES_LOOP(uint16_t, u16, expr)                                            \
		} else {                                                                           \
			for (unsigned int i = 0; i < 4; i++) {                                     \
				m.u32[i] = (uint32_t)element;                                      \
			}                                                                          \
			LANES_LOOP(uint32_t, u32, expr)                                            \
		}                                                                                  \
		return lanes_set(cpu, insn, out);                                                  \
	}

FAST_BY_ELEMENT(mul_e, (uint64_t)a *b)
FAST_BY_ELEMENT(mla_e, d + (uint64_t)a * b)
FAST_BY_ELEMENT(mls_e, d - (uint64_t)a * b)

/*
 * Shifts by immediate. `by` is 1 to the width (right) or 0 to the width - 1 (left); a right shift
 * by the whole width is done in two steps.
 */
#define FAST_SHIFT(name, s, left, expr)                                                            \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		unsigned int lg = 31 - (unsigned int)__builtin_clz(f_immh(insn)),                  \
			     width = 8u << lg;                                                     \
		unsigned int immhb = f_immh(insn) << 3 | f_immb(insn);                             \
		unsigned int by = left ? immhb - width : 2 * width - immhb;                        \
		union lanes n = lanes_get(cpu, f_rn(insn)), old = lanes_get(cpu, f_rd(insn));      \
		union lanes m = n, out;                                                            \
                                                                                                   \
		LANES_BY_SIZE(lg, s, expr)                                                         \
		return lanes_set(cpu, insn, out);                                                  \
	}

#define SHIFTED_RIGHT (a >> (by - 1) >> 1)

FAST_SHIFT(sshr_v, s, false, SHIFTED_RIGHT)
FAST_SHIFT(ushr_v, u, false, SHIFTED_RIGHT)
FAST_SHIFT(ssra_v, s, false, (uint64_t)d + (uint64_t)SHIFTED_RIGHT)
FAST_SHIFT(usra_v, u, false, d + SHIFTED_RIGHT)
FAST_SHIFT(shl_v, u, true, (uint64_t)a << by)
FAST_SHIFT(sli_v, u, true, (uint64_t)a << by | (d & ((1ull << by) - 1)))
FAST_SHIFT(sri_v, u, false, SHIFTED_RIGHT | (d & ~(low_mask(width) >> (by - 1) >> 1)))
