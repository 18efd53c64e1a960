// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_fp.c - scalar floating point.
 *
 * Arithmetic needs FPCR at its default; the back end sends NaNs, and results whose underflow x86
 * and Arm detect differently, to the interpreter.
 */
#include "exec.h"
#include "front.h"

/* Single or double; half precision is left to the interpreter. */
static bool fp_size(struct front *f, uint8_t *size)
{
	if (f_ftype(f->insn) > 1) {
		return false;
	}
	*size = (uint8_t)(2 + f_ftype(f->insn));
	return true;
}

static struct ir_op *fp_append(struct front *f, enum ir_fp kind, unsigned int dst, unsigned int a,
			       unsigned int b)
{
	struct ir_op *o = ir_append(f->block, IR_FP);

	o->aux = kind;
	o->dst = (uint8_t)dst;
	o->a = (uint8_t)a;
	o->b = (uint8_t)b;
	o->wide = f_sf(f->insn);
	return o;
}

static bool fp_arithmetic(struct front *f, enum ir_fp kind)
{
	uint32_t i = f->insn;
	uint8_t size;
	struct ir_op *o;

	if (!fp_size(f, &size)) {
		return false;
	}
	front_need_fp(f, FRONT_FP_DEFAULT);
	o = fp_append(f, kind, f_rd(i), f_rn(i), f_rm(i));
	o->size = size;
	o->c = (uint8_t)f_ra(i);
	return true;
}

/* Moves of bits: no arithmetic, any FPCR. */
static bool fp_bits(struct front *f, enum ir_fp kind)
{
	uint8_t size;

	if (!fp_size(f, &size)) {
		return false;
	}
	fp_append(f, kind, f_rd(f->insn), f_rn(f->insn), IR_NONE)->size = size;
	return true;
}

static bool fp_compare(struct front *f, enum ir_fp kind, bool zero)
{
	uint32_t i = f->insn;
	uint8_t size;
	struct ir_op *o;

	if (!fp_size(f, &size)) {
		return false;
	}
	front_need_fp(f, FRONT_FP_DEFAULT);
	o = fp_append(f, kind, IR_NONE, f_rn(i), zero ? IR_ZR : f_rm(i));
	o->size = size;
	o->set_flags = true;
	return true;
}

static bool fp_conditional_compare(struct front *f, enum ir_fp kind)
{
	unsigned int nzcv = f_nzcv(f->insn);
	struct ir_op *o;

	if (f_cond(f->insn) >= 14 || !fp_compare(f, kind, false)) {
		return false;
	}
	o = &f->block->ops[f->block->nr_ops - 1];
	o->cond = (uint8_t)f_cond(f->insn);
	o->imm = (nzcv & 8 ? CPU_FLAG_N : 0) | (nzcv & 4 ? CPU_FLAG_Z : 0) |
		 (nzcv & 2 ? CPU_FLAG_C : 0) | (nzcv & 1 ? CPU_FLAG_V : 0);
	return true;
}

static bool fp_select(struct front *f)
{
	uint32_t i = f->insn;
	uint8_t size;
	struct ir_op *o;

	if (!fp_size(f, &size) || f_cond(i) >= 14) {
		return false;
	}
	o = fp_append(f, IR_FP_SELECT, f_rd(i), f_rn(i), f_rm(i));
	o->size = size;
	o->cond = (uint8_t)f_cond(i);
	return true;
}

static bool fp_immediate(struct front *f)
{
	uint32_t i = f->insn;
	uint8_t size;

	if (!fp_size(f, &size)) {
		return false;
	}
	fp_append(f, IR_FP_MOVI, f_rd(i), IR_NONE, IR_NONE)->imm =
		(int64_t)fp_expand_imm(f_imm8(i), size == 3);
	return true;
}

static bool fp_from_general(struct front *f, enum ir_fp kind, bool arithmetic)
{
	uint32_t i = f->insn;
	uint8_t size;

	if (!fp_size(f, &size)) {
		return false;
	}
	if (arithmetic) {
		front_need_fp(f, FRONT_FP_DEFAULT);
	}
	fp_append(f, kind, f_rd(i), front_zr(f_rn(i)), IR_NONE)->size = size;
	return true;
}

static bool fp_to_general(struct front *f)
{
	uint32_t i = f->insn;
	uint8_t size;

	if (!fp_size(f, &size)) {
		return false;
	}
	fp_append(f, IR_FP_TO_REG, front_zr(f_rd(i)), f_rn(i), IR_NONE)->size = size;
	return true;
}

static bool fp_to_integer(struct front *f, enum ir_fp kind, enum ir_round round)
{
	uint32_t i = f->insn;
	uint8_t size;
	struct ir_op *o;

	if (!fp_size(f, &size)) {
		return false;
	}
	front_need_fp(f, FRONT_FP_DEFAULT);
	o = fp_append(f, kind, front_zr(f_rd(i)), f_rn(i), IR_NONE);
	o->size = size;
	o->imm = round;
	return true;
}

static bool fp_round(struct front *f, enum ir_round round)
{
	if (!fp_arithmetic(f, IR_FP_ROUND)) {
		return false;
	}
	f->block->ops[f->block->nr_ops - 1].imm = round;
	return true;
}

/* The upper half of a vector register, from or to a general one. */
static bool fp_top(struct front *f, enum ir_vec kind, unsigned int dst, unsigned int a)
{
	struct ir_op *o = ir_append(f->block, IR_VEC);

	o->aux = kind;
	o->dst = (uint8_t)dst;
	o->a = (uint8_t)a;
	o->size = 3;
	o->imm = 1;
	return true;
}

/* FCVT between single and double. */
static bool fp_convert(struct front *f)
{
	uint32_t i = f->insn;
	unsigned int from = f_ftype(i), to = f_cvtop(i);
	struct ir_op *o;

	if (from > 1 || to > 1) {
		return false;
	}
	front_need_fp(f, FRONT_FP_DEFAULT);
	o = fp_append(f, to ? IR_FP_TO_DOUBLE : IR_FP_TO_SINGLE, f_rd(i), f_rn(i), IR_NONE);
	o->size = (uint8_t)(2 + to);
	return true;
}

static bool fp_conversions(struct front *f)
{
	switch (f->op) {
	case A64_SCVTF:
		return fp_from_general(f, IR_FP_FROM_INT, true);
	case A64_UCVTF:
		return fp_from_general(f, f_sf(f->insn) ? IR_FP_FROM_U64 : IR_FP_FROM_U32, true);
	case A64_FCVTNS:
		return fp_to_integer(f, IR_FP_TO_INT, IR_ROUND_NEAREST);
	case A64_FCVTNU:
		return fp_to_integer(f, IR_FP_TO_UNSIGNED, IR_ROUND_NEAREST);
	case A64_FCVTPS:
		return fp_to_integer(f, IR_FP_TO_INT, IR_ROUND_UP);
	case A64_FCVTPU:
		return fp_to_integer(f, IR_FP_TO_UNSIGNED, IR_ROUND_UP);
	case A64_FCVTMS:
		return fp_to_integer(f, IR_FP_TO_INT, IR_ROUND_DOWN);
	case A64_FCVTMU:
		return fp_to_integer(f, IR_FP_TO_UNSIGNED, IR_ROUND_DOWN);
	case A64_FCVTZS:
		return fp_to_integer(f, IR_FP_TO_INT, IR_ROUND_ZERO);
	case A64_FCVTZU:
		return fp_to_integer(f, IR_FP_TO_UNSIGNED, IR_ROUND_ZERO);
	case A64_FCVTAS:
		return fp_to_integer(f, IR_FP_TO_INT, IR_ROUND_AWAY);
	case A64_FCVTAU:
		return fp_to_integer(f, IR_FP_TO_UNSIGNED, IR_ROUND_AWAY);
	case A64_FCVT:
		return fp_convert(f);
	default:
		return false;
	}
}

static bool fp_integral(struct front *f)
{
	switch (f->op) {
	case A64_FRINTN_F:
	case A64_FRINTI_F:
		return fp_round(f, IR_ROUND_NEAREST);
	case A64_FRINTP_F:
		return fp_round(f, IR_ROUND_UP);
	case A64_FRINTM_F:
		return fp_round(f, IR_ROUND_DOWN);
	case A64_FRINTZ_F:
		return fp_round(f, IR_ROUND_ZERO);
	case A64_FRINTX_F:
		return fp_round(f, IR_ROUND_EXACT);
	case A64_FRINTA_F:
		return fp_round(f, IR_ROUND_AWAY);
	default:
		return false;
	}
}

static bool fp_moves(struct front *f)
{
	switch (f->op) {
	case A64_FMOV_F:
		return fp_bits(f, IR_FP_MOV);
	case A64_FABS_F:
		return fp_bits(f, IR_FP_ABS);
	case A64_FNEG_F:
		return fp_bits(f, IR_FP_NEG);
	case A64_FMOV_FIMM:
		return fp_immediate(f);
	case A64_FCSEL:
		return fp_select(f);
	case A64_FMOV_TOF:
		return fp_from_general(f, IR_FP_FROM_REG, false);
	case A64_FMOV_FROMF:
		return fp_to_general(f);
	case A64_FMOV_FROMTOP:
		return fp_top(f, IR_VEC_UMOV, front_zr(f_rd(f->insn)), f_rn(f->insn));
	case A64_FMOV_TOTOP:
		return fp_top(f, IR_VEC_INSERT, f_rd(f->insn), front_zr(f_rn(f->insn)));
	default:
		return false;
	}
}

bool front_fp(struct front *f)
{
	switch (f->op) {
	case A64_FADD_F:
		return fp_arithmetic(f, IR_FP_ADD);
	case A64_FSUB_F:
		return fp_arithmetic(f, IR_FP_SUB);
	case A64_FMUL_F:
		return fp_arithmetic(f, IR_FP_MUL);
	case A64_FDIV_F:
		return fp_arithmetic(f, IR_FP_DIV);
	case A64_FNMUL_F:
		return fp_arithmetic(f, IR_FP_NMUL);
	case A64_FSQRT_F:
		return fp_arithmetic(f, IR_FP_SQRT);
	case A64_FMADD:
		return fp_arithmetic(f, IR_FP_MADD);
	case A64_FMSUB:
		return fp_arithmetic(f, IR_FP_MSUB);
	case A64_FNMADD:
		return fp_arithmetic(f, IR_FP_NMADD);
	case A64_FNMSUB:
		return fp_arithmetic(f, IR_FP_NMSUB);
	case A64_FCMP:
		return fp_compare(f, IR_FP_CMP, false);
	case A64_FCMP_ZERO:
		return fp_compare(f, IR_FP_CMP, true);
	case A64_FCMPE:
		return fp_compare(f, IR_FP_CMPE, false);
	case A64_FCMPE_ZERO:
		return fp_compare(f, IR_FP_CMPE, true);
	case A64_FCCMP:
		return fp_conditional_compare(f, IR_FP_CCMP);
	case A64_FCCMPE:
		return fp_conditional_compare(f, IR_FP_CCMPE);
	case A64_FMAX_F:
	case A64_FMAXNM_F:
		return fp_arithmetic(f, IR_FP_MAX);
	case A64_FMIN_F:
	case A64_FMINNM_F:
		return fp_arithmetic(f, IR_FP_MIN);
	default:
		return fp_conversions(f) || fp_integral(f) || fp_moves(f);
	}
}
