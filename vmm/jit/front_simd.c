// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd.c - SIMD: the instructions that map to a few of the host's.
 */
#include "exec.h"
#include "front.h"

static struct ir_op *simd_append(struct front *f, enum ir_vec kind, unsigned int size)
{
	uint32_t i = f->insn;
	struct ir_op *o = ir_append(f->block, IR_VEC);

	o->aux = kind;
	o->dst = (uint8_t)f_rd(i);
	o->a = (uint8_t)f_rn(i);
	o->b = (uint8_t)f_rm(i);
	o->size = (uint8_t)size;
	o->wide = f_q(i);
	return o;
}

/* Three registers of one type. */
struct simd_same {
	uint16_t op;
	uint8_t kind;
	uint8_t min_size; /* element sizes for which the host has it */
	uint8_t max_size;
};

static const struct simd_same simd_same[] = {
	{A64_ADD_V, IR_VEC_ADD, 0, 3},       {A64_SUB_V, IR_VEC_SUB, 0, 3},
	{A64_MUL_V, IR_VEC_MUL, 1, 2},       {A64_CMEQ_V, IR_VEC_CMEQ, 0, 3},
	{A64_CMGT_V, IR_VEC_CMGT, 0, 3},     {A64_CMGE_V, IR_VEC_CMGE, 0, 3},
	{A64_CMHI_V, IR_VEC_CMHI, 0, 2},     {A64_CMHS_V, IR_VEC_CMHS, 0, 2},
	{A64_SMAX_V, IR_VEC_SMAX, 0, 2},     {A64_SMIN_V, IR_VEC_SMIN, 0, 2},
	{A64_UMAX_V, IR_VEC_UMAX, 0, 2},     {A64_UMIN_V, IR_VEC_UMIN, 0, 2},
	{A64_URHADD_V, IR_VEC_URHADD, 0, 1}, {A64_NEG_V, IR_VEC_NEG, 0, 3},
	{A64_ABS_V, IR_VEC_ABS, 0, 2},
};

static bool simd_same_type(struct front *f)
{
	unsigned int size = f_vsize(f->insn);

	for (unsigned int i = 0; i < sizeof(simd_same) / sizeof(simd_same[0]); i++) {
		if (simd_same[i].op == f->op) {
			if (size < simd_same[i].min_size || size > simd_same[i].max_size) {
				return false;
			}
			simd_append(f, (enum ir_vec)simd_same[i].kind, size);
			return true;
		}
	}
	return false;
}

/* Only all sixteen bytes: the halves of both operands meet in the middle. */
static bool simd_paired(struct front *f, enum ir_vec kind, unsigned int min, unsigned int max)
{
	unsigned int size = f_vsize(f->insn);

	if (!f_q(f->insn) || size < min || size > max) {
		return false;
	}
	simd_append(f, kind, size);
	return true;
}

static bool simd_logic(struct front *f)
{
	switch (f->op) {
	case A64_AND_V:
		simd_append(f, IR_VEC_AND, 0);
		return true;
	case A64_BIC_V:
		simd_append(f, IR_VEC_BIC, 0);
		return true;
	case A64_ORR_V:
		simd_append(f, IR_VEC_OR, 0);
		return true;
	case A64_EOR_V:
		simd_append(f, IR_VEC_XOR, 0);
		return true;
	case A64_BSL_V:
		simd_append(f, IR_VEC_BSL, 0);
		return true;
	case A64_BIT_V:
		simd_append(f, IR_VEC_BIT, 0);
		return true;
	case A64_BIF_V:
		simd_append(f, IR_VEC_BIF, 0);
		return true;
	case A64_NOT_V:
		simd_append(f, IR_VEC_NOT, 0);
		return true;
	case A64_CNT_V:
		simd_append(f, IR_VEC_CNT, 0);
		return true;
	default:
		return false;
	}
}

static bool simd_compare_zero(struct front *f, enum ir_vec kind)
{
	simd_append(f, IR_VEC_CMZERO, f_vsize(f->insn))->c = kind;
	return true;
}

/* Shifts by immediate: immh's highest bit gives the element size (C4.1.90). */
static bool simd_shift(struct front *f, enum ir_vec kind)
{
	uint32_t i = f->insn;
	unsigned int size = 31 - (unsigned int)__builtin_clz(f_immh(i));
	unsigned int bits = 8u << size, value = f_immh(i) << 3 | f_immb(i);
	bool left = kind == IR_VEC_SHL || kind == IR_VEC_USHLL || kind == IR_VEC_SSHLL;
	struct ir_op *o;

	if ((kind == IR_VEC_SSHR && size == 3) ||
	    (size == 0 && kind != IR_VEC_USHLL && kind != IR_VEC_SSHLL)) {
		return false;
	}
	o = simd_append(f, kind, size);
	o->imm = left ? value - bits : 2 * bits - value;
	if (kind == IR_VEC_USHLL || kind == IR_VEC_SSHLL) {
		o->c = (uint8_t)f_q(i);
		o->wide = true;
	}
	return true;
}

/* imm5: the lowest set bit gives the size, the bits above it the element. */
static struct ir_op *simd_element(struct front *f, enum ir_vec kind)
{
	unsigned int imm5 = f_imm5(f->insn), size = (unsigned int)__builtin_ctz(imm5);
	struct ir_op *o = simd_append(f, kind, size);

	o->imm = imm5 >> (size + 1);
	return o;
}

static bool simd_moves(struct front *f)
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
		simd_append(f, IR_VEC_MOVI, 3)->imm = (int64_t)simd_expand_imm(i);
		return true;
	case A64_MVNI_V:
		simd_append(f, IR_VEC_MOVI, 3)->imm = (int64_t)~simd_expand_imm(i);
		return true;
	case A64_EXT:
		if (!f_q(i)) {
			return false;
		}
		simd_append(f, IR_VEC_EXT, 0)->imm = f_imm4(i);
		return true;
	case A64_TBL:
		if (f_len(i) != 0) {
			return false;
		}
		simd_append(f, IR_VEC_TBL, 0);
		return true;
	default:
		return false;
	}
}

/* FP lanes: sz gives single or double. */
static bool simd_float(struct front *f, enum ir_vec kind)
{
	front_need_fp(f, FRONT_FP_DEFAULT);
	simd_append(f, kind, 2 + f_sz(f->insn))->c = IR_NONE;
	return true;
}

static bool simd_float_element(struct front *f, enum ir_vec kind)
{
	uint32_t i = f->insn;
	struct ir_op *o;

	front_need_fp(f, FRONT_FP_DEFAULT);
	o = simd_append(f, kind, 2 + f_sz(i));
	o->b = (uint8_t)(f_idxm(i) << 4 | f_rm4(i));
	o->c = 1;
	o->imm = f_sz(i) ? f_idxh(i) : f_idxh(i) << 1 | f_idxl(i);
	return true;
}

static bool simd_floats(struct front *f)
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
		simd_append(f, IR_VEC_FABS, 2 + f_sz(f->insn));
		return true;
	case A64_FNEG_V:
		simd_append(f, IR_VEC_FNEG, 2 + f_sz(f->insn));
		return true;
	default:
		return false;
	}
}

bool front_simd(struct front *f)
{
	switch (f->op) {
	case A64_ADDP_V:
		return simd_paired(f, IR_VEC_ADDP, 1, 2);
	case A64_ZIP1:
		return simd_paired(f, IR_VEC_ZIP1, 0, 3);
	case A64_ZIP2:
		return simd_paired(f, IR_VEC_ZIP2, 0, 3);
	case A64_CMEQ_VZ:
		return simd_compare_zero(f, IR_VEC_CMEQ);
	case A64_CMGT_VZ:
		return simd_compare_zero(f, IR_VEC_CMGT);
	case A64_CMGE_VZ:
		return simd_compare_zero(f, IR_VEC_CMGE);
	case A64_SHL_V:
		return simd_shift(f, IR_VEC_SHL);
	case A64_USHR_V:
		return simd_shift(f, IR_VEC_USHR);
	case A64_SSHR_V:
		return simd_shift(f, IR_VEC_SSHR);
	case A64_USHLL_V:
		return simd_shift(f, IR_VEC_USHLL);
	case A64_SSHLL_V:
		return simd_shift(f, IR_VEC_SSHLL);
	default:
		return simd_same_type(f) || simd_logic(f) || simd_moves(f) || simd_floats(f);
	}
}
