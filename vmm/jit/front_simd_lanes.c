// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_lanes.c - SIMD that moves lanes: to and from general registers, permutes, tables,
 * pairs, across a vector.
 */
#include "front_simd.h"

/* Only all sixteen bytes: the halves of both operands meet in the middle. */
static bool simd_paired(struct front *f, enum ir_vec kind, unsigned int min, unsigned int max)
{
	unsigned int size = f_vsize(f->insn);

	if (!f_q(f->insn) || size < min || size > max) {
		return false;
	}
	front_simd_append(f, kind, size);
	return true;
}

/* imm5: the lowest set bit gives the size, the bits above it the element. */
static struct ir_op *simd_element(struct front *f, enum ir_vec kind)
{
	unsigned int imm5 = f_imm5(f->insn), size = (unsigned int)__builtin_ctz(imm5);
	struct ir_op *o = front_simd_append(f, kind, size);

	o->imm = imm5 >> (size + 1);
	return o;
}

bool front_simd_lanes(struct front *f)
{
	uint32_t i = f->insn;
	struct ir_op *o;

	switch (f->op) {
	case A64_ADDP_V:
		return simd_paired(f, IR_VEC_ADDP, 1, 2);
	case A64_ZIP1:
		return simd_paired(f, IR_VEC_ZIP1, 0, 3);
	case A64_ZIP2:
		return simd_paired(f, IR_VEC_ZIP2, 0, 3);
	case A64_DUP_R:
		simd_element(f, IR_VEC_DUP)->a = (uint8_t)front_zr(f_rn(i));
		return true;
	case A64_DUP_E:
		simd_element(f, IR_VEC_DUP_ELEMENT);
		return true;
	case A64_UMOV:
	case A64_SMOV:
		o = simd_element(f, f->op == A64_UMOV ? IR_VEC_UMOV : IR_VEC_SMOV);
		o->dst = (uint8_t)front_zr(f_rd(i));
		return true;
	case A64_INS_R:
		simd_element(f, IR_VEC_INSERT)->a = (uint8_t)front_zr(f_rn(i));
		return true;
	case A64_MOVI_V:
	case A64_MOVI_D:
	case A64_FMOV_VI:
	case A64_FMOV_VID:
		front_simd_append(f, IR_VEC_MOVI, 3)->imm = (int64_t)simd_expand_imm(i);
		return true;
	case A64_MVNI_V:
		front_simd_append(f, IR_VEC_MOVI, 3)->imm = (int64_t)~simd_expand_imm(i);
		return true;
	case A64_EXT:
		if (!f_q(i)) {
			return false;
		}
		front_simd_append(f, IR_VEC_EXT, 0)->imm = f_imm4(i);
		return true;
	case A64_TBL:
		if (f_len(i) != 0) {
			return false;
		}
		front_simd_append(f, IR_VEC_TBL, 0);
		return true;
	default:
		return false;
	}
}
