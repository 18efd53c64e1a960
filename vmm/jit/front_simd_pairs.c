// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_pairs.c - SIMD on neighbouring lanes: pairwise, across a vector, narrowing.
 */
#include "front_simd.h"

static bool simd_pairs(struct front *f, enum ir_vec how)
{
	front_simd_append(f, IR_VEC_PAIRS, f_vsize(f->insn))->c = how;
	return true;
}

static bool simd_across(struct front *f, enum ir_vec how)
{
	struct ir_op *o = front_simd_append(f, IR_VEC_ACROSS, f_vsize(f->insn));

	o->c = how;
	o->wide = f_q(f->insn); /* ADDP's scalar form reads both doublewords */
	return true;
}

static bool simd_narrow(struct front *f)
{
	front_simd_append(f, IR_VEC_NARROW, f_vsize(f->insn));
	return true;
}

/* By a shift right of up to the narrow element's width. */
static struct ir_op *simd_narrow_shift(struct front *f, enum ir_vec kind)
{
	uint32_t i = f->insn;
	unsigned int size = 31 - (unsigned int)__builtin_clz(f_immh(i));
	struct ir_op *o = front_simd_append(f, kind, size);

	o->imm = (16 << size) - (f_immh(i) << 3 | f_immb(i));
	return o;
}

static bool simd_shrn(struct front *f, enum ir_vec kind)
{
	simd_narrow_shift(f, kind);
	return true;
}

/* The upper halves of sums or differences. */
static bool simd_high_halves(struct front *f, enum ir_vec sum, enum ir_vec narrow)
{
	unsigned int size = f_vsize(f->insn);

	front_simd_op(f, sum, size + 1, IR_VT0, f_rn(f->insn), f_rm(f->insn));
	front_simd_op(f, narrow, size, f_rd(f->insn), IR_VT0, IR_NONE)->imm = 8 << size;
	return true;
}

/* The host does not pack quadwords. */
static bool simd_saturate(struct front *f, enum ir_saturate how)
{
	if (f_vsize(f->insn) > 1) {
		return false;
	}
	front_simd_append(f, IR_VEC_SATURATE, f_vsize(f->insn))->c = how;
	return true;
}

static bool simd_saturate_shift(struct front *f, unsigned int how)
{
	if (f_immh(f->insn) > 3) {
		return false;
	}
	simd_narrow_shift(f, IR_VEC_SATURATE)->c = (uint8_t)how;
	return true;
}

static bool simd_saturates(struct front *f)
{
	switch (f->op) {
	case A64_SQXTN_V:
		return simd_saturate(f, IR_SATURATE_SS);
	case A64_SQXTUN_V:
		return simd_saturate(f, IR_SATURATE_SU);
	case A64_UQXTN_V:
		return simd_saturate(f, IR_SATURATE_UU);
	case A64_SQSHRN_V:
		return simd_saturate_shift(f, IR_SATURATE_SS);
	case A64_SQSHRUN_V:
		return simd_saturate_shift(f, IR_SATURATE_SU);
	case A64_UQSHRN_V:
		return simd_saturate_shift(f, IR_SATURATE_UU);
	case A64_SQRSHRN_V:
		return simd_saturate_shift(f, IR_SATURATE_SS | IR_SATURATE_ROUND);
	case A64_SQRSHRUN_V:
		return simd_saturate_shift(f, IR_SATURATE_SU | IR_SATURATE_ROUND);
	case A64_UQRSHRN_V:
		return simd_saturate_shift(f, IR_SATURATE_UU | IR_SATURATE_ROUND);
	default:
		return false;
	}
}

bool front_simd_pairs(struct front *f)
{
	switch (f->op) {
	case A64_ADDP_V:
		return simd_pairs(f, IR_VEC_ADD);
	case A64_SMAXP_V:
		return simd_pairs(f, IR_VEC_SMAX);
	case A64_SMINP_V:
		return simd_pairs(f, IR_VEC_SMIN);
	case A64_UMAXP_V:
		return simd_pairs(f, IR_VEC_UMAX);
	case A64_UMINP_V:
		return simd_pairs(f, IR_VEC_UMIN);
	case A64_ADDP_S:
	case A64_ADDV:
		return simd_across(f, IR_VEC_ADD);
	case A64_SMAXV:
		return simd_across(f, IR_VEC_SMAX);
	case A64_SMINV:
		return simd_across(f, IR_VEC_SMIN);
	case A64_UMAXV:
		return simd_across(f, IR_VEC_UMAX);
	case A64_UMINV:
		return simd_across(f, IR_VEC_UMIN);
	case A64_UADDLV:
		if (f_vsize(f->insn) != 0) {
			return false;
		}
		front_simd_append(f, IR_VEC_UADDLV, 0);
		return true;
	case A64_XTN_V:
		return simd_narrow(f);
	case A64_SHRN_V:
		return simd_shrn(f, IR_VEC_NARROW);
	case A64_RSHRN_V:
		return simd_shrn(f, IR_VEC_NARROW_ROUND);
	case A64_ADDHN_V:
		return simd_high_halves(f, IR_VEC_ADD, IR_VEC_NARROW);
	case A64_SUBHN_V:
		return simd_high_halves(f, IR_VEC_SUB, IR_VEC_NARROW);
	case A64_RADDHN_V:
		return simd_high_halves(f, IR_VEC_ADD, IR_VEC_NARROW_ROUND);
	case A64_RSUBHN_V:
		return simd_high_halves(f, IR_VEC_SUB, IR_VEC_NARROW_ROUND);
	default:
		return simd_saturates(f);
	}
}
