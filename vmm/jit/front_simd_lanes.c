// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_lanes.c - SIMD that moves lanes: to and from general registers, permutes, tables.
 */
#include "front_simd.h"

/* imm5: the lowest set bit gives the size, the bits above it the element. */
static struct ir_op *simd_element(struct front *f, enum ir_vec kind)
{
	unsigned int imm5 = f_imm5(f->insn), size = (unsigned int)__builtin_ctz(imm5);
	struct ir_op *o = front_simd_append(f, kind, size);

	o->imm = imm5 >> (size + 1);
	return o;
}

/* Element `from` of Rn into an element of Rd, through T0. */
static bool simd_insert_element(struct front *f, unsigned int from)
{
	struct ir_op *o = simd_element(f, IR_VEC_UMOV);

	o->imm = from;
	o->dst = IR_T0;
	simd_element(f, IR_VEC_INSERT)->a = IR_T0;
	return true;
}

/* To the lowest lane alone, through T0. */
static bool simd_move_element(struct front *f)
{
	struct ir_op *o = simd_element(f, IR_VEC_UMOV);

	o->dst = IR_T0;
	o = ir_append(f->block, IR_FP);
	o->aux = IR_FP_FROM_REG;
	o->dst = (uint8_t)f_rd(f->insn);
	o->a = IR_T0;
	o->wide = true;
	return true;
}

static bool simd_general(struct front *f)
{
	uint32_t i = f->insn;
	struct ir_op *o;

	switch (f->op) {
	case A64_DUP_R:
		simd_element(f, IR_VEC_DUP)->a = (uint8_t)front_zr(f_rn(i));
		return true;
	case A64_DUP_E:
		simd_element(f, IR_VEC_DUP_ELEMENT);
		return true;
	case A64_DUP_S:
		if (f_imm5(i) & 3) {
			return simd_move_element(f);
		}
		simd_element(f, IR_VEC_ELEMENT);
		return true;
	case A64_UMOV:
	case A64_SMOV:
		o = simd_element(f, f->op == A64_UMOV ? IR_VEC_UMOV : IR_VEC_SMOV);
		o->dst = (uint8_t)front_zr(f_rd(i));
		return true;
	case A64_INS_R:
		simd_element(f, IR_VEC_INSERT)->a = (uint8_t)front_zr(f_rn(i));
		return true;
	case A64_INS_E:
		return simd_insert_element(f, f_imm4(i) >> __builtin_ctz(f_imm5(i)));
	default:
		return false;
	}
}

static bool simd_immediate(struct front *f)
{
	switch (f->op) {
	case A64_MOVI_V:
	case A64_MOVI_D:
	case A64_FMOV_VI:
	case A64_FMOV_VID:
		front_simd_append(f, IR_VEC_MOVI, 3)->imm = (int64_t)simd_expand_imm(f->insn);
		return true;
	case A64_MVNI_V:
		front_simd_append(f, IR_VEC_MOVI, 3)->imm = (int64_t)~simd_expand_imm(f->insn);
		return true;
	default:
		return false;
	}
}

static bool simd_permute(struct front *f, enum ir_vec kind)
{
	front_simd_append(f, kind, f_vsize(f->insn));
	return true;
}

static bool simd_reverse(struct front *f, unsigned int lg_group)
{
	front_simd_append(f, IR_VEC_REVERSE, f_vsize(f->insn))->imm = lg_group;
	return true;
}

static bool simd_table(struct front *f, bool keep)
{
	struct ir_op *o = front_simd_append(f, IR_VEC_TBL, 0);

	o->imm = f_len(f->insn) + 1;
	o->c = keep;
	return true;
}

bool front_simd_lanes(struct front *f)
{
	switch (f->op) {
	case A64_ZIP1:
		return simd_permute(f, IR_VEC_ZIP1);
	case A64_ZIP2:
		return simd_permute(f, IR_VEC_ZIP2);
	case A64_UZP1:
		return simd_permute(f, IR_VEC_UZP1);
	case A64_UZP2:
		return simd_permute(f, IR_VEC_UZP2);
	case A64_TRN1:
		return simd_permute(f, IR_VEC_TRN1);
	case A64_TRN2:
		return simd_permute(f, IR_VEC_TRN2);
	case A64_REV16_V:
		return simd_reverse(f, 1);
	case A64_REV32_V:
		return simd_reverse(f, 2);
	case A64_REV64_V:
		return simd_reverse(f, 3);
	case A64_EXT:
		front_simd_append(f, IR_VEC_EXT, 0)->imm = f_imm4(f->insn);
		return true;
	case A64_TBL:
		return simd_table(f, false);
	case A64_TBX:
		return simd_table(f, true);
	default:
		return simd_general(f) || simd_immediate(f);
	}
}
