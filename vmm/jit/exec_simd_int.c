// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_simd_int.c - SIMD integer arithmetic: three registers same, long, wide, narrow; two
 * registers; across lanes (Arm ARM C4.1.90).
 */
#include "exec_simd.h"

/* A vector form and the scalar form of the same operation. */
#define EXEC_BOTH(name, fn)                                                                        \
	EXEC_MAP(name##_v, shape_same, fn)                                                         \
	EXEC_MAP(name##_s, shape_scalar, fn)

/* Halving, arithmetic, comparison. */
ELEM(shadd, (sa + sb) >> 1)
ELEM(uhadd, (a + b) >> 1)
ELEM(srhadd, (sa + sb + 1) >> 1)
ELEM(urhadd, (a + b + 1) >> 1)
ELEM(shsub, (sa - sb) >> 1)
ELEM(uhsub, (a - b) >> 1)
ELEM(add, a + b)
ELEM(sub, a - b)
ELEM(mul, a *b)
ELEM(mla, d + a * b)
ELEM(mls, d - a * b)
ELEM(smax, sa > sb ? sa : sb)
ELEM(umax, a > b ? a : b)
ELEM(smin, sa < sb ? sa : sb)
ELEM(umin, a < b ? a : b)
ELEM(sabd, sa > sb ? sa - sb : sb - sa)
ELEM(uabd, a > b ? a - b : b - a)
ELEM(saba, d + (uint64_t)(sa > sb ? sa - sb : sb - sa))
ELEM(uaba, d + (a > b ? a - b : b - a))
ELEM(cmgt, sa > sb ? -1 : 0)
ELEM(cmge, sa >= sb ? -1 : 0)
ELEM(cmhi, a > b ? -1 : 0)
ELEM(cmhs, a >= b ? -1 : 0)
ELEM(cmeq, a == b ? -1 : 0)
ELEM(cmtst, a &b ? -1 : 0)
ELEM(sqadd, simd_saturate_signed(cpu, (__int128)sa + sb, bits))
ELEM(uqadd, simd_saturate_unsigned(cpu, (__int128)a + b, bits))
ELEM(sqsub, simd_saturate_signed(cpu, (__int128)sa - sb, bits))
ELEM(uqsub, simd_saturate_unsigned(cpu, (__int128)a - b, bits))
ELEM(sqdmulh, simd_double_product_high(cpu, 0, sa *sb, false, bits))
ELEM(sqrdmulh, simd_double_product_high(cpu, 0, sa *sb, true, bits))
ELEM(sqrdmlah, simd_double_product_high(cpu, sd, sa *sb, true, bits))
ELEM(sqrdmlsh, simd_double_product_high(cpu, sd, -(sa *sb), true, bits))

EXEC_MAP(shadd_v, shape_same, elem_shadd)
EXEC_MAP(uhadd_v, shape_same, elem_uhadd)
EXEC_MAP(srhadd_v, shape_same, elem_srhadd)
EXEC_MAP(urhadd_v, shape_same, elem_urhadd)
EXEC_MAP(shsub_v, shape_same, elem_shsub)
EXEC_MAP(uhsub_v, shape_same, elem_uhsub)
EXEC_BOTH(add, elem_add)
EXEC_BOTH(sub, elem_sub)
EXEC_MAP(mul_v, shape_same, elem_mul)
EXEC_MAP(mla_v, shape_same, elem_mla)
EXEC_MAP(mls_v, shape_same, elem_mls)
EXEC_MAP(smax_v, shape_same, elem_smax)
EXEC_MAP(umax_v, shape_same, elem_umax)
EXEC_MAP(smin_v, shape_same, elem_smin)
EXEC_MAP(umin_v, shape_same, elem_umin)
EXEC_MAP(sabd_v, shape_same, elem_sabd)
EXEC_MAP(uabd_v, shape_same, elem_uabd)
EXEC_MAP(saba_v, shape_same, elem_saba)
EXEC_MAP(uaba_v, shape_same, elem_uaba)
EXEC_BOTH(cmgt, elem_cmgt)
EXEC_BOTH(cmge, elem_cmge)
EXEC_BOTH(cmhi, elem_cmhi)
EXEC_BOTH(cmhs, elem_cmhs)
EXEC_BOTH(cmeq, elem_cmeq)
EXEC_BOTH(cmtst, elem_cmtst)
EXEC_BOTH(sqadd, elem_sqadd)
EXEC_BOTH(uqadd, elem_uqadd)
EXEC_BOTH(sqsub, elem_sqsub)
EXEC_BOTH(uqsub, elem_uqsub)
EXEC_BOTH(sqdmulh, elem_sqdmulh)
EXEC_BOTH(sqrdmulh, elem_sqrdmulh)
EXEC_BOTH(sqrdmlah, elem_sqrdmlah)
EXEC_BOTH(sqrdmlsh, elem_sqrdmlsh)

/* Bitwise operations, on whole 64-bit elements. */
static struct simd_shape shape_bitwise(uint32_t insn)
{
	return (struct simd_shape){.bits = 64,
				   .nr = 1 + f_q(insn),
				   .lgd = 3,
				   .lgn = 3,
				   .lgm = 3,
				   .m = (uint8_t)f_rm(insn)};
}

ELEM(and, a &b)
ELEM(bic, a & ~b)
ELEM(orr, a | b)
ELEM(orn, a | ~b)
ELEM(eor, a ^ b)
ELEM(bsl, (d & a) | (~d & b))
ELEM(bit, (d & ~b) | (a & b))
ELEM(bif, (d & b) | (a & ~b))
ELEM(not, ~a)

EXEC_MAP(and_v, shape_bitwise, elem_and)
EXEC_MAP(bic_v, shape_bitwise, elem_bic)
EXEC_MAP(orr_v, shape_bitwise, elem_orr)
EXEC_MAP(orn_v, shape_bitwise, elem_orn)
EXEC_MAP(eor_v, shape_bitwise, elem_eor)
EXEC_MAP(bsl_v, shape_bitwise, elem_bsl)
EXEC_MAP(bit_v, shape_bitwise, elem_bit)
EXEC_MAP(bif_v, shape_bitwise, elem_bif)
EXEC_MAP(not_v, shape_bitwise, elem_not)

/* Shifts by register: the amount is the signed low byte of b; negative shifts right. */
static uint64_t shift_plain(__int128 val, uint64_t b, unsigned int bits, bool round)
{
	int shift = (int8_t)b;

	return shift >= (int)bits ? 0 : (uint64_t)simd_shift(val, shift, round);
}

static uint64_t shift_signed_saturating(struct jit_cpu *cpu, int64_t val, uint64_t b,
					unsigned int bits, bool round)
{
	int shift = (int8_t)b;

	/* Shifted left by all its bits, any nonzero number saturates. */
	return simd_saturate_signed(
		cpu, simd_shift(val, shift >= (int)bits ? (int)bits : shift, round), bits);
}

static uint64_t shift_unsigned_saturating(struct jit_cpu *cpu, uint64_t val, uint64_t b,
					  unsigned int bits, bool round)
{
	int shift = (int8_t)b;

	if (shift >= (int)bits) {
		return simd_saturate_unsigned(cpu, val ? (__int128)1 << 64 : 0, bits);
	}
	return simd_saturate_unsigned(cpu, simd_shift(val, shift, round), bits);
}

ELEM(sshl, shift_plain(sa, b, bits, false))
ELEM(ushl, shift_plain(a, b, bits, false))
ELEM(srshl, shift_plain(sa, b, bits, true))
ELEM(urshl, shift_plain(a, b, bits, true))
ELEM(sqshl, shift_signed_saturating(cpu, sa, b, bits, false))
ELEM(uqshl, shift_unsigned_saturating(cpu, a, b, bits, false))
ELEM(sqrshl, shift_signed_saturating(cpu, sa, b, bits, true))
ELEM(uqrshl, shift_unsigned_saturating(cpu, a, b, bits, true))

EXEC_BOTH(sshl, elem_sshl)
EXEC_BOTH(ushl, elem_ushl)
EXEC_BOTH(srshl, elem_srshl)
EXEC_BOTH(urshl, elem_urshl)
EXEC_BOTH(sqshl, elem_sqshl)
EXEC_BOTH(uqshl, elem_uqshl)
EXEC_BOTH(sqrshl, elem_sqrshl)
EXEC_BOTH(uqrshl, elem_uqrshl)

/* PolynomialMult of bytes; the low 8 or all 15 bits are used. */
static uint64_t elem_pmul(struct jit_cpu *cpu, uint64_t d, uint64_t a, uint64_t b,
			  unsigned int bits)
{
	uint64_t product = 0;

	(void)cpu;
	(void)d;
	for (unsigned int i = 0; i < bits; i++) {
		product ^= b >> i & 1 ? a << i : 0;
	}
	return product;
}

EXEC_MAP(pmul_v, shape_same, elem_pmul)
EXEC_MAP(pmull_v, shape_long, elem_pmul)

/* Pairwise: lane e takes elements 2e and 2e + 1 of Vm:Vn. */
static enum exec_result map_pairs(struct jit_cpu *cpu, uint32_t insn, elem_fn fn)
{
	struct simd_shape s = shape_same(insn);
	union vreg out = {.d = {0, 0}};

	for (unsigned int e = 0; e < s.nr; e++) {
		const union vreg *v = &cpu->v[2 * e < s.nr ? f_rn(insn) : f_rm(insn)];
		unsigned int first = 2 * e % s.nr;
		uint64_t a = elem_get(v, s.lgn, first), b = elem_get(v, s.lgn, first + 1);

		elem_set(&out, s.lgd, e, fn(cpu, 0, a, b, s.bits));
	}
	cpu->v[f_rd(insn)] = out;
	return EXEC_NEXT;
}

#define EXEC_PAIRS(name, fn)                                                                       \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		return map_pairs(cpu, insn, fn);                                                   \
	}

EXEC_PAIRS(addp_v, elem_add)
EXEC_PAIRS(smaxp_v, elem_smax)
EXEC_PAIRS(umaxp_v, elem_umax)
EXEC_PAIRS(sminp_v, elem_smin)
EXEC_PAIRS(uminp_v, elem_umin)

enum exec_result exec_addp_s(struct jit_cpu *cpu, uint32_t insn)
{
	const union vreg *vn = &cpu->v[f_rn(insn)];

	vreg_set_scalar(cpu, f_rd(insn), 3, vn->d[0] + vn->d[1]);
	return EXEC_NEXT;
}

/* Dot products of four bytes each, accumulated in 32-bit lanes. */
ELEM(sdot4,
     d + (uint64_t)((int64_t)(int8_t)a * (int8_t)b + (int64_t)(int8_t)(a >> 8) * (int8_t)(b >> 8) +
		    (int64_t)(int8_t)(a >> 16) * (int8_t)(b >> 16) +
		    (int64_t)(int8_t)(a >> 24) * (int8_t)(b >> 24)))
ELEM(udot4, d + (a & 0xff) * (b & 0xff) + (a >> 8 & 0xff) * (b >> 8 & 0xff) +
		    (a >> 16 & 0xff) * (b >> 16 & 0xff) + (a >> 24 & 0xff) * (b >> 24 & 0xff))

static struct simd_shape shape_same_by_element(uint32_t insn)
{
	return shape_by_element(shape_same(insn), insn);
}

EXEC_MAP(sdot_v, shape_same, elem_sdot4)
EXEC_MAP(udot_v, shape_same, elem_udot4)
EXEC_MAP(sdot_e, shape_same_by_element, elem_sdot4)
EXEC_MAP(udot_e, shape_same_by_element, elem_udot4)

/* Two registers. */
static unsigned int leading_zeros(uint64_t val, unsigned int bits)
{
	return val ? (unsigned int)__builtin_clzll(val) - (64 - bits) : bits;
}

ELEM(cls, leading_zeros((a ^ (uint64_t)(sa >> 1)) & low_mask(bits - 1), bits - 1))
ELEM(clz, leading_zeros(a, bits))
ELEM(abs, sa < 0 ? 0 - a : a)
ELEM(neg, 0 - a)
ELEM(sqabs, simd_saturate_signed(cpu, sa < 0 ? -(__int128)sa : sa, bits))
ELEM(sqneg, simd_saturate_signed(cpu, -(__int128)sa, bits))
ELEM(suqadd, simd_saturate_signed(cpu, (__int128)sd + a, bits))
ELEM(usqadd, simd_saturate_unsigned(cpu, (__int128)d + sa, bits))
ELEM(cmgtz, sa > 0 ? -1 : 0)
ELEM(cmgez, sa >= 0 ? -1 : 0)
ELEM(cmeqz, sa == 0 ? -1 : 0)
ELEM(cmlez, sa <= 0 ? -1 : 0)
ELEM(cmltz, sa < 0 ? -1 : 0)
ELEM(urecpe, fp_unsigned_recip_estimate((uint32_t)a))
ELEM(ursqrte, fp_unsigned_rsqrt_estimate((uint32_t)a))

EXEC_MAP(cls_v, shape_same, elem_cls)
EXEC_MAP(clz_v, shape_same, elem_clz)
EXEC_BOTH(abs, elem_abs)
EXEC_BOTH(neg, elem_neg)
EXEC_BOTH(sqabs, elem_sqabs)
EXEC_BOTH(sqneg, elem_sqneg)
EXEC_BOTH(suqadd, elem_suqadd)
EXEC_BOTH(usqadd, elem_usqadd)
EXEC_MAP(cmgt_vz, shape_same, elem_cmgtz)
EXEC_MAP(cmge_vz, shape_same, elem_cmgez)
EXEC_MAP(cmeq_vz, shape_same, elem_cmeqz)
EXEC_MAP(cmle_vz, shape_same, elem_cmlez)
EXEC_MAP(cmlt_vz, shape_same, elem_cmltz)
EXEC_MAP(cmgt_sz, shape_scalar, elem_cmgtz)
EXEC_MAP(cmge_sz, shape_scalar, elem_cmgez)
EXEC_MAP(cmeq_sz, shape_scalar, elem_cmeqz)
EXEC_MAP(cmle_sz, shape_scalar, elem_cmlez)
EXEC_MAP(cmlt_sz, shape_scalar, elem_cmltz)
EXEC_MAP(urecpe_v, shape_same, elem_urecpe)
EXEC_MAP(ursqrte_v, shape_same, elem_ursqrte)

/* Bytes, whatever the size field says. */
static struct simd_shape shape_bytes(uint32_t insn)
{
	return (struct simd_shape){.bits = 8, .nr = 8u << f_q(insn)};
}

static uint64_t elem_rbit(struct jit_cpu *cpu, uint64_t d, uint64_t a, uint64_t b,
			  unsigned int bits)
{
	uint64_t val = 0;

	(void)cpu, (void)d, (void)b;
	for (unsigned int i = 0; i < bits; i++) {
		val |= (a >> i & 1) << (bits - 1 - i);
	}
	return val;
}

ELEM(cnt, __builtin_popcountll(a))
EXEC_MAP(cnt_v, shape_bytes, elem_cnt)
EXEC_MAP(rbit_v, shape_bytes, elem_rbit)

/* REV64, REV32, REV16: the elements of each group of 1 << lg_group bytes in reverse order. */
static enum exec_result reverse(struct jit_cpu *cpu, uint32_t insn, unsigned int lg_group)
{
	struct simd_shape s = shape_same(insn);
	unsigned int flip = (1u << (lg_group - s.lgn)) - 1;
	const union vreg *vn = &cpu->v[f_rn(insn)];
	union vreg out = {.d = {0, 0}};

	for (unsigned int e = 0; e < s.nr; e++) {
		elem_set(&out, s.lgd, e, elem_get(vn, s.lgn, e ^ flip));
	}
	cpu->v[f_rd(insn)] = out;
	return EXEC_NEXT;
}

enum exec_result exec_rev64_v(struct jit_cpu *cpu, uint32_t insn)
{
	return reverse(cpu, insn, 3);
}

enum exec_result exec_rev32_v(struct jit_cpu *cpu, uint32_t insn)
{
	return reverse(cpu, insn, 2);
}

enum exec_result exec_rev16_v(struct jit_cpu *cpu, uint32_t insn)
{
	return reverse(cpu, insn, 1);
}

/* SADDLP and relatives: neighbouring elements added into one of twice the width. */
static enum exec_result add_long_pairs(struct jit_cpu *cpu, uint32_t insn, bool is_signed,
				       bool accumulate)
{
	struct simd_shape s = shape_same(insn);
	const union vreg *vn = &cpu->v[f_rn(insn)];
	union vreg *vd = &cpu->v[f_rd(insn)], out = {.d = {0, 0}};

	for (unsigned int e = 0; e < s.nr / 2; e++) {
		uint64_t a = elem_get(vn, s.lgn, 2 * e), b = elem_get(vn, s.lgn, 2 * e + 1);

		if (is_signed) {
			a = (uint64_t)sign_extend(a, s.bits);
			b = (uint64_t)sign_extend(b, s.bits);
		}
		a += b + (accumulate ? elem_get(vd, s.lgd + 1u, e) : 0);
		elem_set(&out, s.lgd + 1u, e, a);
	}
	*vd = out;
	return EXEC_NEXT;
}

enum exec_result exec_saddlp_v(struct jit_cpu *cpu, uint32_t insn)
{
	return add_long_pairs(cpu, insn, true, false);
}

enum exec_result exec_uaddlp_v(struct jit_cpu *cpu, uint32_t insn)
{
	return add_long_pairs(cpu, insn, false, false);
}

enum exec_result exec_sadalp_v(struct jit_cpu *cpu, uint32_t insn)
{
	return add_long_pairs(cpu, insn, true, true);
}

enum exec_result exec_uadalp_v(struct jit_cpu *cpu, uint32_t insn)
{
	return add_long_pairs(cpu, insn, false, true);
}

/* Narrowing of one register: a is 2 * bits wide. */
ELEM(xtn, a)
ELEM(sqxtn, simd_saturate_signed(cpu, sign_extend(a, 2 * bits), bits))
ELEM(uqxtn, simd_saturate_unsigned(cpu, a, bits))
ELEM(sqxtun, simd_saturate_unsigned(cpu, sign_extend(a, 2 * bits), bits))
ELEM(shll, a << bits)

EXEC_MAP(xtn_v, shape_narrow, elem_xtn)
EXEC_MAP(sqxtn_v, shape_narrow, elem_sqxtn)
EXEC_MAP(uqxtn_v, shape_narrow, elem_uqxtn)
EXEC_MAP(sqxtun_v, shape_narrow, elem_sqxtun)
EXEC_MAP(sqxtn_s, shape_narrow_scalar, elem_sqxtn)
EXEC_MAP(uqxtn_s, shape_narrow_scalar, elem_uqxtn)
EXEC_MAP(sqxtun_s, shape_narrow_scalar, elem_sqxtun)
EXEC_MAP(shll_v, shape_long, elem_shll)

/* Three registers of different widths. Long: a and b narrow, d wide. */
ELEM(saddl, sa + sb)
ELEM(uaddl, a + b)
ELEM(ssubl, sa - sb)
ELEM(usubl, a - b)
ELEM(saddw, a + (uint64_t)sb)
ELEM(uaddw, a + b)
ELEM(ssubw, a - (uint64_t)sb)
ELEM(usubw, a - b)
ELEM(addhn, (a + b) >> bits)
ELEM(subhn, (a - b) >> bits)
ELEM(raddhn, (a + b + (1ull << (bits - 1))) >> bits)
ELEM(rsubhn, (a - b + (1ull << (bits - 1))) >> bits)
ELEM(smlal, d + (uint64_t)(sa * sb))
ELEM(umlal, d + a * b)
ELEM(smlsl, d - (uint64_t)(sa * sb))
ELEM(umlsl, d - a * b)
ELEM(smull, sa *sb)
ELEM(umull, a *b)
ELEM(sqdmull, simd_double_product(cpu, sa, sb, bits))
ELEM(sqdmlal, simd_saturate_signed(cpu,
				   (__int128)sign_extend(d, 2 * bits) +
					   (int64_t)simd_double_product(cpu, sa, sb, bits),
				   2 * bits))
ELEM(sqdmlsl, simd_saturate_signed(cpu,
				   (__int128)sign_extend(d, 2 * bits) -
					   (int64_t)simd_double_product(cpu, sa, sb, bits),
				   2 * bits))

EXEC_MAP(saddl_v, shape_long, elem_saddl)
EXEC_MAP(uaddl_v, shape_long, elem_uaddl)
EXEC_MAP(ssubl_v, shape_long, elem_ssubl)
EXEC_MAP(usubl_v, shape_long, elem_usubl)
EXEC_MAP(saddw_v, shape_wide, elem_saddw)
EXEC_MAP(uaddw_v, shape_wide, elem_uaddw)
EXEC_MAP(ssubw_v, shape_wide, elem_ssubw)
EXEC_MAP(usubw_v, shape_wide, elem_usubw)
EXEC_MAP(addhn_v, shape_narrow, elem_addhn)
EXEC_MAP(subhn_v, shape_narrow, elem_subhn)
EXEC_MAP(raddhn_v, shape_narrow, elem_raddhn)
EXEC_MAP(rsubhn_v, shape_narrow, elem_rsubhn)
EXEC_MAP(sabal_v, shape_long, elem_saba)
EXEC_MAP(uabal_v, shape_long, elem_uaba)
EXEC_MAP(sabdl_v, shape_long, elem_sabd)
EXEC_MAP(uabdl_v, shape_long, elem_uabd)
EXEC_MAP(smlal_v, shape_long, elem_smlal)
EXEC_MAP(umlal_v, shape_long, elem_umlal)
EXEC_MAP(smlsl_v, shape_long, elem_smlsl)
EXEC_MAP(umlsl_v, shape_long, elem_umlsl)
EXEC_MAP(smull_v, shape_long, elem_smull)
EXEC_MAP(umull_v, shape_long, elem_umull)
EXEC_MAP(sqdmull_v, shape_long, elem_sqdmull)
EXEC_MAP(sqdmlal_v, shape_long, elem_sqdmlal)
EXEC_MAP(sqdmlsl_v, shape_long, elem_sqdmlsl)
EXEC_MAP(sqdmull_s, shape_long_scalar, elem_sqdmull)
EXEC_MAP(sqdmlal_s, shape_long_scalar, elem_sqdmlal)
EXEC_MAP(sqdmlsl_s, shape_long_scalar, elem_sqdmlsl)

/* By element: the same functions over shapes with one fixed element of Vm. */
static struct simd_shape shape_scalar_by_element(uint32_t insn)
{
	return shape_by_element(shape_scalar(insn), insn);
}

static struct simd_shape shape_long_by_element(uint32_t insn)
{
	return shape_by_element(shape_long(insn), insn);
}

static struct simd_shape shape_long_scalar_by_element(uint32_t insn)
{
	return shape_by_element(shape_long_scalar(insn), insn);
}

EXEC_MAP(mla_e, shape_same_by_element, elem_mla)
EXEC_MAP(mls_e, shape_same_by_element, elem_mls)
EXEC_MAP(mul_e, shape_same_by_element, elem_mul)
EXEC_MAP(smlal_e, shape_long_by_element, elem_smlal)
EXEC_MAP(umlal_e, shape_long_by_element, elem_umlal)
EXEC_MAP(smlsl_e, shape_long_by_element, elem_smlsl)
EXEC_MAP(umlsl_e, shape_long_by_element, elem_umlsl)
EXEC_MAP(smull_e, shape_long_by_element, elem_smull)
EXEC_MAP(umull_e, shape_long_by_element, elem_umull)
EXEC_MAP(sqdmlal_e, shape_long_by_element, elem_sqdmlal)
EXEC_MAP(sqdmlsl_e, shape_long_by_element, elem_sqdmlsl)
EXEC_MAP(sqdmull_e, shape_long_by_element, elem_sqdmull)
EXEC_MAP(sqdmulh_e, shape_same_by_element, elem_sqdmulh)
EXEC_MAP(sqrdmulh_e, shape_same_by_element, elem_sqrdmulh)
EXEC_MAP(sqrdmlah_e, shape_same_by_element, elem_sqrdmlah)
EXEC_MAP(sqrdmlsh_e, shape_same_by_element, elem_sqrdmlsh)
EXEC_MAP(sqdmlal_se, shape_long_scalar_by_element, elem_sqdmlal)
EXEC_MAP(sqdmlsl_se, shape_long_scalar_by_element, elem_sqdmlsl)
EXEC_MAP(sqdmull_se, shape_long_scalar_by_element, elem_sqdmull)
EXEC_MAP(sqdmulh_se, shape_scalar_by_element, elem_sqdmulh)
EXEC_MAP(sqrdmulh_se, shape_scalar_by_element, elem_sqrdmulh)
EXEC_MAP(sqrdmlah_se, shape_scalar_by_element, elem_sqrdmlah)
EXEC_MAP(sqrdmlsh_se, shape_scalar_by_element, elem_sqrdmlsh)

/* Across lanes: the elements folded from left to right; the operations are associative. */
static uint64_t fold(struct jit_cpu *cpu, uint32_t insn, elem_fn fn)
{
	struct simd_shape s = shape_same(insn);
	const union vreg *vn = &cpu->v[f_rn(insn)];
	uint64_t val = elem_get(vn, s.lgn, 0);

	for (unsigned int e = 1; e < s.nr; e++) {
		val = fn(cpu, 0, val, elem_get(vn, s.lgn, e), s.bits);
	}
	return val;
}

#define EXEC_FOLD(name, fn)                                                                        \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		vreg_set_scalar(cpu, f_rd(insn), f_vsize(insn), fold(cpu, insn, fn));              \
		return EXEC_NEXT;                                                                  \
	}

EXEC_FOLD(addv, elem_add)
EXEC_FOLD(smaxv, elem_smax)
EXEC_FOLD(umaxv, elem_umax)
EXEC_FOLD(sminv, elem_smin)
EXEC_FOLD(uminv, elem_umin)

static enum exec_result add_long_across(struct jit_cpu *cpu, uint32_t insn, bool is_signed)
{
	struct simd_shape s = shape_same(insn);
	uint64_t sum = 0;

	for (unsigned int e = 0; e < s.nr; e++) {
		uint64_t val = elem_get(&cpu->v[f_rn(insn)], s.lgn, e);

		sum += is_signed ? (uint64_t)sign_extend(val, s.bits) : val;
	}
	vreg_set_scalar(cpu, f_rd(insn), f_vsize(insn) + 1, sum);
	return EXEC_NEXT;
}

enum exec_result exec_saddlv(struct jit_cpu *cpu, uint32_t insn)
{
	return add_long_across(cpu, insn, true);
}

enum exec_result exec_uaddlv(struct jit_cpu *cpu, uint32_t insn)
{
	return add_long_across(cpu, insn, false);
}
