// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_int.c - SIMD on integers, lane by lane: arithmetic, logic, comparisons, shifts.
 */
#include "front_simd.h"

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
			front_simd_append(f, (enum ir_vec)simd_same[i].kind, size);
			return true;
		}
	}
	return false;
}

static bool simd_logic(struct front *f)
{
	switch (f->op) {
	case A64_AND_V:
		front_simd_append(f, IR_VEC_AND, 0);
		return true;
	case A64_BIC_V:
		front_simd_append(f, IR_VEC_BIC, 0);
		return true;
	case A64_ORR_V:
		front_simd_append(f, IR_VEC_OR, 0);
		return true;
	case A64_EOR_V:
		front_simd_append(f, IR_VEC_XOR, 0);
		return true;
	case A64_BSL_V:
		front_simd_append(f, IR_VEC_BSL, 0);
		return true;
	case A64_BIT_V:
		front_simd_append(f, IR_VEC_BIT, 0);
		return true;
	case A64_BIF_V:
		front_simd_append(f, IR_VEC_BIF, 0);
		return true;
	case A64_NOT_V:
		front_simd_append(f, IR_VEC_NOT, 0);
		return true;
	case A64_CNT_V:
		front_simd_append(f, IR_VEC_CNT, 0);
		return true;
	default:
		return false;
	}
}

static bool simd_compare_zero(struct front *f, enum ir_vec kind)
{
	front_simd_append(f, IR_VEC_CMZERO, f_vsize(f->insn))->c = kind;
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
	o = front_simd_append(f, kind, size);
	o->imm = left ? value - bits : 2 * bits - value;
	if (kind == IR_VEC_USHLL || kind == IR_VEC_SSHLL) {
		o->c = (uint8_t)f_q(i);
		o->wide = true;
	}
	return true;
}

bool front_simd_int(struct front *f)
{
	switch (f->op) {
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
		return simd_same_type(f) || simd_logic(f);
	}
}
