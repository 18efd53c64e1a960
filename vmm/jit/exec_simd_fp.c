// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_simd_fp.c - SIMD floating point, and the scalar forms encoded beside it (Arm ARM C4.1.90).
 *
 * Element functions of exec_simd.h around the operations of fp.h; `bits` is 32 or 64.
 */
#include "exec_simd.h"

/* Defines elem_<name>: expr with env, size and the operands. */
#define FP_ELEM(name, expr)                                                                        \
	static uint64_t elem_##name(struct jit_cpu *cpu, uint64_t d, uint64_t a, uint64_t b,       \
				    unsigned int bits)                                             \
	{                                                                                          \
		enum fp_size size = bits == 64 ? FP_DOUBLE : FP_SINGLE;                            \
		struct fp_env env = fp_begin(cpu);                                                 \
		uint64_t val = (uint64_t)(expr);                                                   \
                                                                                                   \
		(void)d, (void)a, (void)b, (void)size;                                             \
		fp_end(cpu, &env);                                                                 \
		return val;                                                                        \
	}

#define EXEC_BOTH(name, fn)                                                                        \
	EXEC_MAP(name##_v, shape_fp, fn)                                                           \
	EXEC_MAP(name##_s, shape_fp_scalar, fn)

FP_ELEM(fadd, fp_add(&env, size, a, b))
FP_ELEM(fsub, fp_sub(&env, size, a, b))
FP_ELEM(fmul, fp_mul(&env, size, a, b))
FP_ELEM(fmulx, fp_mulx(&env, size, a, b))
FP_ELEM(fdiv, fp_div(&env, size, a, b))
FP_ELEM(fmla, fp_muladd(&env, size, d, a, b))
FP_ELEM(fmls, fp_muladd(&env, size, d, fp_neg(size, a), b))
FP_ELEM(fmax, fp_max(&env, size, a, b))
FP_ELEM(fmin, fp_min(&env, size, a, b))
FP_ELEM(fmaxnm, fp_maxnum(&env, size, a, b))
FP_ELEM(fminnm, fp_minnum(&env, size, a, b))
FP_ELEM(fabd, fp_abs(size, fp_sub(&env, size, a, b)))
FP_ELEM(frecps, fp_recip_step(&env, size, a, b))
FP_ELEM(frsqrts, fp_rsqrt_step(&env, size, a, b))
FP_ELEM(fcmeq, fp_compare_eq(&env, size, a, b) ? -1 : 0)
FP_ELEM(fcmge, fp_compare_ge(&env, size, a, b) ? -1 : 0)
FP_ELEM(fcmgt, fp_compare_gt(&env, size, a, b) ? -1 : 0)
FP_ELEM(facge, fp_compare_ge(&env, size, fp_abs(size, a), fp_abs(size, b)) ? -1 : 0)
FP_ELEM(facgt, fp_compare_gt(&env, size, fp_abs(size, a), fp_abs(size, b)) ? -1 : 0)

EXEC_MAP(fadd_v, shape_fp, elem_fadd)
EXEC_MAP(fsub_v, shape_fp, elem_fsub)
EXEC_MAP(fmul_v, shape_fp, elem_fmul)
EXEC_MAP(fdiv_v, shape_fp, elem_fdiv)
EXEC_MAP(fmla_v, shape_fp, elem_fmla)
EXEC_MAP(fmls_v, shape_fp, elem_fmls)
EXEC_MAP(fmax_v, shape_fp, elem_fmax)
EXEC_MAP(fmin_v, shape_fp, elem_fmin)
EXEC_MAP(fmaxnm_v, shape_fp, elem_fmaxnm)
EXEC_MAP(fminnm_v, shape_fp, elem_fminnm)
EXEC_BOTH(fmulx, elem_fmulx)
EXEC_BOTH(fabd, elem_fabd)
EXEC_BOTH(frecps, elem_frecps)
EXEC_BOTH(frsqrts, elem_frsqrts)
EXEC_BOTH(fcmeq, elem_fcmeq)
EXEC_BOTH(fcmge, elem_fcmge)
EXEC_BOTH(fcmgt, elem_fcmgt)
EXEC_BOTH(facge, elem_facge)
EXEC_BOTH(facgt, elem_facgt)

/* Pairwise: lane e takes elements 2e and 2e + 1 of Vm:Vn. */
static enum exec_result map_pairs(struct jit_cpu *cpu, uint32_t insn, elem_fn fn)
{
	struct simd_shape s = shape_fp(insn);
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

static enum exec_result map_pair_scalar(struct jit_cpu *cpu, uint32_t insn, elem_fn fn)
{
	unsigned int lg = 2 + f_sz(insn);
	const union vreg *vn = &cpu->v[f_rn(insn)];
	uint64_t val = fn(cpu, 0, elem_get(vn, lg, 0), elem_get(vn, lg, 1), 8u << lg);

	vreg_set_scalar(cpu, f_rd(insn), lg, val);
	return EXEC_NEXT;
}

#define EXEC_PAIRS(name, fn)                                                                       \
	enum exec_result exec_##name##_v(struct jit_cpu *cpu, uint32_t insn)                       \
	{                                                                                          \
		return map_pairs(cpu, insn, fn);                                                   \
	}                                                                                          \
	enum exec_result exec_##name##_s(struct jit_cpu *cpu, uint32_t insn)                       \
	{                                                                                          \
		return map_pair_scalar(cpu, insn, fn);                                             \
	}

EXEC_PAIRS(faddp, elem_fadd)
EXEC_PAIRS(fmaxp, elem_fmax)
EXEC_PAIRS(fminp, elem_fmin)
EXEC_PAIRS(fmaxnmp, elem_fmaxnm)
EXEC_PAIRS(fminnmp, elem_fminnm)

/* Across four singles: Reduce() splits in halves, which shows in which NaN survives. */
static enum exec_result reduce(struct jit_cpu *cpu, uint32_t insn, elem_fn fn)
{
	const union vreg *vn = &cpu->v[f_rn(insn)];
	uint64_t low = fn(cpu, 0, vn->s[0], vn->s[1], 32);
	uint64_t high = fn(cpu, 0, vn->s[2], vn->s[3], 32);

	vreg_set_scalar(cpu, f_rd(insn), 2, fn(cpu, 0, low, high, 32));
	return EXEC_NEXT;
}

#define EXEC_REDUCE(name, fn)                                                                      \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		return reduce(cpu, insn, fn);                                                      \
	}

EXEC_REDUCE(fmaxv, elem_fmax)
EXEC_REDUCE(fminv, elem_fmin)
EXEC_REDUCE(fmaxnmv, elem_fmaxnm)
EXEC_REDUCE(fminnmv, elem_fminnm)

/* By element. */
static struct simd_shape shape_fp_by_element(uint32_t insn)
{
	return shape_by_element(shape_fp(insn), insn);
}

static struct simd_shape shape_fp_scalar_by_element(uint32_t insn)
{
	return shape_by_element(shape_fp_scalar(insn), insn);
}

#define EXEC_BY_ELEMENT(name, fn)                                                                  \
	EXEC_MAP(name##_e, shape_fp_by_element, fn)                                                \
	EXEC_MAP(name##_se, shape_fp_scalar_by_element, fn)

EXEC_BY_ELEMENT(fmla, elem_fmla)
EXEC_BY_ELEMENT(fmls, elem_fmls)
EXEC_BY_ELEMENT(fmul, elem_fmul)
EXEC_BY_ELEMENT(fmulx, elem_fmulx)

/* One operand. */
FP_ELEM(fabs, fp_abs(size, a))
FP_ELEM(fneg, fp_neg(size, a))
FP_ELEM(fsqrt, fp_sqrt(&env, size, a))
FP_ELEM(frecpe, fp_recip_estimate(&env, size, a))
FP_ELEM(frsqrte, fp_rsqrt_estimate(&env, size, a))
FP_ELEM(frecpx, fp_recip_exponent(&env, size, a))
FP_ELEM(frintn, fp_round_int(&env, size, a, FP_TIE_EVEN, false))
FP_ELEM(frintp, fp_round_int(&env, size, a, FP_POS_INF, false))
FP_ELEM(frintm, fp_round_int(&env, size, a, FP_NEG_INF, false))
FP_ELEM(frintz, fp_round_int(&env, size, a, FP_ZERO, false))
FP_ELEM(frinta, fp_round_int(&env, size, a, FP_TIE_AWAY, false))
FP_ELEM(frintx, fp_round_int(&env, size, a, fp_env_rounding(&env), true))
FP_ELEM(frinti, fp_round_int(&env, size, a, fp_env_rounding(&env), false))
FP_ELEM(fcmgtz, fp_compare_gt(&env, size, a, 0) ? -1 : 0)
FP_ELEM(fcmgez, fp_compare_ge(&env, size, a, 0) ? -1 : 0)
FP_ELEM(fcmeqz, fp_compare_eq(&env, size, a, 0) ? -1 : 0)
FP_ELEM(fcmlez, fp_compare_ge(&env, size, 0, a) ? -1 : 0)
FP_ELEM(fcmltz, fp_compare_gt(&env, size, 0, a) ? -1 : 0)

EXEC_MAP(fabs_v, shape_fp, elem_fabs)
EXEC_MAP(fneg_v, shape_fp, elem_fneg)
EXEC_MAP(fsqrt_v, shape_fp, elem_fsqrt)
EXEC_MAP(frintn_v, shape_fp, elem_frintn)
EXEC_MAP(frintp_v, shape_fp, elem_frintp)
EXEC_MAP(frintm_v, shape_fp, elem_frintm)
EXEC_MAP(frintz_v, shape_fp, elem_frintz)
EXEC_MAP(frinta_v, shape_fp, elem_frinta)
EXEC_MAP(frintx_v, shape_fp, elem_frintx)
EXEC_MAP(frinti_v, shape_fp, elem_frinti)
EXEC_MAP(frecpx_s, shape_fp_scalar, elem_frecpx)
EXEC_BOTH(frecpe, elem_frecpe)
EXEC_BOTH(frsqrte, elem_frsqrte)

#define EXEC_ZERO(name, fn)                                                                        \
	EXEC_MAP(name##_vz, shape_fp, fn)                                                          \
	EXEC_MAP(name##_sz, shape_fp_scalar, fn)

EXEC_ZERO(fcmgt, elem_fcmgtz)
EXEC_ZERO(fcmge, elem_fcmgez)
EXEC_ZERO(fcmeq, elem_fcmeqz)
EXEC_ZERO(fcmle, elem_fcmlez)
EXEC_ZERO(fcmlt, elem_fcmltz)

/* To and from integers of the same width. */
#define EXEC_TO_INTEGER(name, rounding)                                                            \
	FP_ELEM(name##s, fp_to_fixed(&env, size, a, 0, false, rounding, bits))                     \
	FP_ELEM(name##u, fp_to_fixed(&env, size, a, 0, true, rounding, bits))                      \
	EXEC_BOTH(name##s, elem_##name##s)                                                         \
	EXEC_BOTH(name##u, elem_##name##u)

EXEC_TO_INTEGER(fcvtn, FP_TIE_EVEN)
EXEC_TO_INTEGER(fcvtp, FP_POS_INF)
EXEC_TO_INTEGER(fcvtm, FP_NEG_INF)
EXEC_TO_INTEGER(fcvtz, FP_ZERO)
EXEC_TO_INTEGER(fcvta, FP_TIE_AWAY)

static uint64_t from_fixed(struct fp_env *env, enum fp_size size, uint64_t a, unsigned int fbits,
			   bool is_unsigned, unsigned int bits)
{
	return fp_from_fixed(env, size, is_unsigned ? a : (uint64_t)sign_extend(a, bits), fbits,
			     is_unsigned, fp_env_rounding(env));
}

FP_ELEM(scvtf, from_fixed(&env, size, a, 0, false, bits))
FP_ELEM(ucvtf, from_fixed(&env, size, a, 0, true, bits))
EXEC_BOTH(scvtf, elem_scvtf)
EXEC_BOTH(ucvtf, elem_ucvtf)

/* Fixed point: immh gives the element size, 2 * bits - immh:immb the fraction bits (operand b). */
static struct simd_shape shape_fixed(uint32_t insn)
{
	uint8_t lg = f_immh(insn) >= 8 ? 3 : 2;
	unsigned int bits = 8u << lg;

	return (struct simd_shape){.bits = bits,
				   .nr = (8u << f_q(insn)) >> lg,
				   .lgd = lg,
				   .lgn = lg,
				   .has_imm = true,
				   .imm = 2 * bits - (f_immh(insn) << 3 | f_immb(insn))};
}

static struct simd_shape shape_fixed_scalar(uint32_t insn)
{
	struct simd_shape s = shape_fixed(insn);

	s.nr = 1;
	return s;
}

FP_ELEM(scvtf_fix, from_fixed(&env, size, a, (unsigned int)b, false, bits))
FP_ELEM(ucvtf_fix, from_fixed(&env, size, a, (unsigned int)b, true, bits))
FP_ELEM(fcvtzs_fix, fp_to_fixed(&env, size, a, (unsigned int)b, false, FP_ZERO, bits))
FP_ELEM(fcvtzu_fix, fp_to_fixed(&env, size, a, (unsigned int)b, true, FP_ZERO, bits))

EXEC_MAP(scvtf_vi, shape_fixed, elem_scvtf_fix)
EXEC_MAP(ucvtf_vi, shape_fixed, elem_ucvtf_fix)
EXEC_MAP(fcvtzs_vi, shape_fixed, elem_fcvtzs_fix)
EXEC_MAP(fcvtzu_vi, shape_fixed, elem_fcvtzu_fix)
EXEC_MAP(scvtf_si, shape_fixed_scalar, elem_scvtf_fix)
EXEC_MAP(ucvtf_si, shape_fixed_scalar, elem_ucvtf_fix)
EXEC_MAP(fcvtzs_si, shape_fixed_scalar, elem_fcvtzs_fix)
EXEC_MAP(fcvtzu_si, shape_fixed_scalar, elem_fcvtzu_fix)

/* Between formats: sz 0 is half and single, 1 single and double; bits is the wider one's. */
static struct simd_shape shape_fp_narrow(uint32_t insn)
{
	uint8_t wide = (uint8_t)(2 + f_sz(insn));
	struct simd_shape s = {.bits = 8u << wide,
			       .nr = 16u >> wide,
			       .lgd = (uint8_t)(wide - 1),
			       .lgn = wide,
			       .lgm = wide};

	s.d0 = (uint8_t)(f_q(insn) ? s.nr : 0);
	return s;
}

static struct simd_shape shape_fp_long(uint32_t insn)
{
	struct simd_shape s = shape_fp_narrow(insn);

	s.n0 = s.d0;
	s.d0 = 0;
	s.lgd++;
	s.lgn--;
	return s;
}

static struct simd_shape shape_fp_narrow_scalar(uint32_t insn)
{
	struct simd_shape s = shape_fp_narrow(insn);

	s.nr = 1;
	s.d0 = 0;
	return s;
}

FP_ELEM(fcvtn, fp_convert(&env, size - 1, size, a, fp_env_rounding(&env)))
FP_ELEM(fcvtxn, fp_convert(&env, size - 1, size, a, FP_ODD))
FP_ELEM(fcvtl, fp_convert(&env, size, size - 1, a, fp_env_rounding(&env)))

EXEC_MAP(fcvtn_v, shape_fp_narrow, elem_fcvtn)
EXEC_MAP(fcvtxn_v, shape_fp_narrow, elem_fcvtxn)
EXEC_MAP(fcvtxn_s, shape_fp_narrow_scalar, elem_fcvtxn)
EXEC_MAP(fcvtl_v, shape_fp_long, elem_fcvtl)
