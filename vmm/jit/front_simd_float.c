// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_float.c - SIMD on floating-point lanes. Arithmetic needs FPCR at its default, like
 * front_fp.c.
 */
#include "front_simd.h"

/* FP lanes: sz gives single or double. */
static bool simd_float(struct front *f, enum ir_vec kind)
{
	front_need_fp(f, FRONT_FP_DEFAULT);
	front_simd_append(f, kind, 2 + f_sz(f->insn))->c = IR_NONE;
	return true;
}

static bool simd_float_element(struct front *f, enum ir_vec kind)
{
	uint32_t i = f->insn;
	struct ir_op *o;

	front_need_fp(f, FRONT_FP_DEFAULT);
	o = front_simd_append(f, kind, 2 + f_sz(i));
	o->b = (uint8_t)(f_idxm(i) << 4 | f_rm4(i));
	o->c = 1;
	o->imm = f_sz(i) ? f_idxh(i) : f_idxh(i) << 1 | f_idxl(i);
	return true;
}

bool front_simd_float(struct front *f)
{
	switch (f->op) {
	case A64_FADD_V:
		return simd_float(f, IR_VEC_FADD);
	case A64_FSUB_V:
		return simd_float(f, IR_VEC_FSUB);
	case A64_FMUL_V:
		return simd_float(f, IR_VEC_FMUL);
	case A64_FDIV_V:
		/* The 8-byte form would divide zero by zero in its unused half. */
		return f_q(f->insn) && simd_float(f, IR_VEC_FDIV);
	case A64_FMLA_V:
		return simd_float(f, IR_VEC_FMLA);
	case A64_FMLS_V:
		return simd_float(f, IR_VEC_FMLS);
	case A64_FMLA_E:
		return simd_float_element(f, IR_VEC_FMLA);
	case A64_FMLS_E:
		return simd_float_element(f, IR_VEC_FMLS);
	case A64_FMUL_E:
		return simd_float_element(f, IR_VEC_FMUL_ELEMENT);
	case A64_FABS_V:
		front_simd_append(f, IR_VEC_FABS, 2 + f_sz(f->insn));
		return true;
	case A64_FNEG_V:
		front_simd_append(f, IR_VEC_FNEG, 2 + f_sz(f->insn));
		return true;
	default:
		return false;
	}
}
