// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_float.c - SIMD on floating-point lanes. Arithmetic needs FPCR at its default, like
 * front_fp.c.
 */
#include "front_simd.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* One operation on Vn, or Vn and Vm. Scalar forms have tables of their own. */
struct simd_float {
	uint16_t op;
	uint8_t kind;
	uint8_t imm;
};

static const struct simd_float simd_floats[] = {
	{A64_FADD_V, IR_VEC_FADD, 0},
	{A64_FSUB_V, IR_VEC_FSUB, 0},
	{A64_FMUL_V, IR_VEC_FMUL, 0},
	{A64_FDIV_V, IR_VEC_FDIV, 0},
	{A64_FABD_V, IR_VEC_FABD, 0},
	{A64_FMLA_V, IR_VEC_FMLA, 0},
	{A64_FMLS_V, IR_VEC_FMLS, 0},
	{A64_FMAX_V, IR_VEC_FMAX, 0},
	{A64_FMIN_V, IR_VEC_FMIN, 0},
	{A64_FMAXNM_V, IR_VEC_FMAX, 0},
	{A64_FMINNM_V, IR_VEC_FMIN, 0},
	{A64_FCMEQ_V, IR_VEC_FCMEQ, 0},
	{A64_FCMGE_V, IR_VEC_FCMGE, 0},
	{A64_FCMGT_V, IR_VEC_FCMGT, 0},
	{A64_FACGE_V, IR_VEC_FACGE, 0},
	{A64_FACGT_V, IR_VEC_FACGT, 0},
	{A64_FADDP_V, IR_VEC_FADDP, 0},
	{A64_FMAXP_V, IR_VEC_FMAXP, 0},
	{A64_FMINP_V, IR_VEC_FMINP, 0},
	{A64_FMAXNMP_V, IR_VEC_FMAXP, 0},
	{A64_FMINNMP_V, IR_VEC_FMINP, 0},
	{A64_FSQRT_V, IR_VEC_FSQRT, 0},
	{A64_FRINTN_V, IR_VEC_FRINT, IR_ROUND_NEAREST},
	{A64_FRINTI_V, IR_VEC_FRINT, IR_ROUND_NEAREST},
	{A64_FRINTM_V, IR_VEC_FRINT, IR_ROUND_DOWN},
	{A64_FRINTP_V, IR_VEC_FRINT, IR_ROUND_UP},
	{A64_FRINTZ_V, IR_VEC_FRINT, IR_ROUND_ZERO},
	{A64_FRINTX_V, IR_VEC_FRINT, IR_ROUND_EXACT},
	{A64_SCVTF_V, IR_VEC_SCVTF, 0},
	{A64_FCVTNS_V, IR_VEC_FCVTS, IR_ROUND_NEAREST},
	{A64_FCVTMS_V, IR_VEC_FCVTS, IR_ROUND_DOWN},
	{A64_FCVTPS_V, IR_VEC_FCVTS, IR_ROUND_UP},
	{A64_FCVTZS_V, IR_VEC_FCVTS, IR_ROUND_ZERO},
};

static const struct simd_float simd_scalars[] = {
	{A64_FABD_S, IR_VEC_FABD, 0},
	{A64_FCMEQ_S, IR_VEC_FCMEQ, 0},
	{A64_FCMGE_S, IR_VEC_FCMGE, 0},
	{A64_FCMGT_S, IR_VEC_FCMGT, 0},
	{A64_FACGE_S, IR_VEC_FACGE, 0},
	{A64_FACGT_S, IR_VEC_FACGT, 0},
	{A64_FADDP_S, IR_VEC_FADDP, 0},
	{A64_FMAXP_S, IR_VEC_FMAXP, 0},
	{A64_FMINP_S, IR_VEC_FMINP, 0},
	{A64_FMAXNMP_S, IR_VEC_FMAXP, 0},
	{A64_FMINNMP_S, IR_VEC_FMINP, 0},
	{A64_SCVTF_S, IR_VEC_SCVTF, 0},
	{A64_FCVTNS_S, IR_VEC_FCVTS, IR_ROUND_NEAREST},
	{A64_FCVTMS_S, IR_VEC_FCVTS, IR_ROUND_DOWN},
	{A64_FCVTPS_S, IR_VEC_FCVTS, IR_ROUND_UP},
	{A64_FCVTZS_S, IR_VEC_FCVTS, IR_ROUND_ZERO},
	{A64_FMAXV, IR_VEC_FMAXV, 0},
	{A64_FMINV, IR_VEC_FMINV, 0},
	{A64_FMAXNMV, IR_VEC_FMAXV, 0},
	{A64_FMINNMV, IR_VEC_FMINV, 0},
};

static bool simd_from_table(struct front *f, const struct simd_float *table, unsigned int nr,
			    bool scalar)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (table[i].op == f->op) {
			struct ir_op *o;

			front_need_fp(f, FRONT_FP_DEFAULT);
			o = front_simd_append(f, (enum ir_vec)table[i].kind, 2 + f_sz(f->insn));
			o->imm = table[i].imm;
			o->scalar = scalar;
			o->wide = o->wide && !scalar;
			return true;
		}
	}
	return false;
}

/* Moves of bits: no arithmetic, any FPCR. */
static bool simd_float_sign(struct front *f, enum ir_vec kind)
{
	front_simd_append(f, kind, 2 + f_sz(f->insn));
	return true;
}

static bool simd_float_element(struct front *f, enum ir_vec kind)
{
	unsigned int size = 2 + f_sz(f->insn);

	front_need_fp(f, FRONT_FP_DEFAULT);
	front_simd_by_element(f, size, IR_VT0);
	front_simd_op(f, kind, size, f_rd(f->insn), f_rn(f->insn), IR_VT0);
	return true;
}

/* Scalar by element: scalar arithmetic. */
static bool simd_scalar_element(struct front *f, enum ir_fp kind)
{
	unsigned int size = 2 + f_sz(f->insn);
	struct ir_op *o;

	front_need_fp(f, FRONT_FP_DEFAULT);
	front_simd_by_element(f, size, IR_VT0);
	o = ir_append(f->block, IR_FP);
	o->aux = kind;
	o->dst = (uint8_t)f_rd(f->insn);
	o->a = (uint8_t)f_rn(f->insn);
	o->b = IR_VT0;
	o->c = (uint8_t)f_rd(f->insn);
	o->size = (uint8_t)size;
	return true;
}

/* Against zero, as operand a if `zero_first`. */
static bool simd_float_compare_zero(struct front *f, enum ir_vec kind, bool zero_first, bool scalar)
{
	unsigned int n = f_rn(f->insn);
	struct ir_op *o;

	front_need_fp(f, FRONT_FP_DEFAULT);
	front_simd_op(f, IR_VEC_MOVI, 3, IR_VT0, IR_NONE, IR_NONE);
	o = front_simd_op(f, kind, 2 + f_sz(f->insn), f_rd(f->insn), zero_first ? IR_VT0 : n,
			  zero_first ? n : IR_VT0);
	o->scalar = scalar;
	return true;
}

/* Between single and double; half precision is left to the interpreter. */
static bool simd_float_width(struct front *f, enum ir_vec kind)
{
	struct ir_op *o;

	if (!f_sz(f->insn)) {
		return false;
	}
	front_need_fp(f, FRONT_FP_DEFAULT);
	o = front_simd_append(f, kind, kind == IR_VEC_FCVTL ? 3 : 2);
	o->c = (uint8_t)f_q(f->insn);
	return true;
}

/* Unsigned words; doublewords are left to the interpreter. */
static bool simd_from_unsigned(struct front *f, bool scalar)
{
	if (f_sz(f->insn)) {
		return false;
	}
	front_need_fp(f, FRONT_FP_DEFAULT);
	front_simd_append(f, IR_VEC_UCVTF, 2)->scalar = scalar;
	return true;
}

static bool simd_zero_compares(struct front *f)
{
	switch (f->op) {
	case A64_FCMEQ_VZ:
	case A64_FCMEQ_SZ:
		return simd_float_compare_zero(f, IR_VEC_FCMEQ, false, f->op == A64_FCMEQ_SZ);
	case A64_FCMGE_VZ:
	case A64_FCMGE_SZ:
		return simd_float_compare_zero(f, IR_VEC_FCMGE, false, f->op == A64_FCMGE_SZ);
	case A64_FCMGT_VZ:
	case A64_FCMGT_SZ:
		return simd_float_compare_zero(f, IR_VEC_FCMGT, false, f->op == A64_FCMGT_SZ);
	case A64_FCMLE_VZ:
	case A64_FCMLE_SZ:
		return simd_float_compare_zero(f, IR_VEC_FCMGE, true, f->op == A64_FCMLE_SZ);
	case A64_FCMLT_VZ:
	case A64_FCMLT_SZ:
		return simd_float_compare_zero(f, IR_VEC_FCMGT, true, f->op == A64_FCMLT_SZ);
	default:
		return false;
	}
}

static bool simd_float_other(struct front *f)
{
	switch (f->op) {
	case A64_FABS_V:
		return simd_float_sign(f, IR_VEC_FABS);
	case A64_FNEG_V:
		return simd_float_sign(f, IR_VEC_FNEG);
	case A64_FMUL_E:
		return simd_float_element(f, IR_VEC_FMUL);
	case A64_FMLA_E:
		return simd_float_element(f, IR_VEC_FMLA);
	case A64_FMLS_E:
		return simd_float_element(f, IR_VEC_FMLS);
	case A64_FMUL_SE:
		return simd_scalar_element(f, IR_FP_MUL);
	case A64_FMLA_SE:
		return simd_scalar_element(f, IR_FP_MADD);
	case A64_FMLS_SE:
		return simd_scalar_element(f, IR_FP_MSUB);
	case A64_FCVTL_V:
		return simd_float_width(f, IR_VEC_FCVTL);
	case A64_FCVTN_V:
		return simd_float_width(f, IR_VEC_FCVTN);
	case A64_UCVTF_V:
		return simd_from_unsigned(f, false);
	case A64_UCVTF_S:
		return simd_from_unsigned(f, true);
	default:
		return simd_zero_compares(f);
	}
}

bool front_simd_float(struct front *f)
{
	return simd_from_table(f, simd_floats, COUNT(simd_floats), false) ||
	       simd_from_table(f, simd_scalars, COUNT(simd_scalars), true) || simd_float_other(f);
}
