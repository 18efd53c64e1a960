// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd_int.c - SIMD on integers, lane by lane: arithmetic, logic, comparisons, shifts.
 *
 * Tables, one per shape of instruction; all but the first shape become several operations.
 */
#include "front_simd.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Finds the instruction in a table whose entries begin with its number. */
static const void *simd_find(const struct front *f, const void *table, unsigned int nr, size_t size)
{
	const char *entry = table;

	for (unsigned int i = 0; i < nr; i++, entry += size) {
		if (*(const uint16_t *)(const void *)entry == f->op) {
			return entry;
		}
	}
	return NULL;
}

#define FIND(f, table) simd_find(f, table, COUNT(table), sizeof((table)[0]))

/* Operations of one type of element. */
struct simd_same {
	uint16_t op;
	uint8_t kind;
	uint8_t min_size; /* element sizes for which the host has it */
	uint8_t max_size;
};

static const struct simd_same simd_same[] = {
	{A64_ADD_V, IR_VEC_ADD, 0, 3},       {A64_SUB_V, IR_VEC_SUB, 0, 3},
	{A64_CMEQ_V, IR_VEC_CMEQ, 0, 3},     {A64_CMGT_V, IR_VEC_CMGT, 0, 3},
	{A64_CMGE_V, IR_VEC_CMGE, 0, 3},     {A64_CMHI_V, IR_VEC_CMHI, 0, 3},
	{A64_CMHS_V, IR_VEC_CMHS, 0, 3},     {A64_SMAX_V, IR_VEC_SMAX, 0, 2},
	{A64_SMIN_V, IR_VEC_SMIN, 0, 2},     {A64_UMAX_V, IR_VEC_UMAX, 0, 2},
	{A64_UMIN_V, IR_VEC_UMIN, 0, 2},     {A64_URHADD_V, IR_VEC_URHADD, 0, 1},
	{A64_NEG_V, IR_VEC_NEG, 0, 3},       {A64_ABS_V, IR_VEC_ABS, 0, 3},
	{A64_SQADD_V, IR_VEC_SQADD, 0, 1},   {A64_UQADD_V, IR_VEC_UQADD, 0, 1},
	{A64_SQSUB_V, IR_VEC_SQSUB, 0, 1},   {A64_UQSUB_V, IR_VEC_UQSUB, 0, 1},
	{A64_SSHL_V, IR_VEC_SSHL, 2, 2},     {A64_USHL_V, IR_VEC_USHL, 2, 2},
	{A64_SADDLP_V, IR_VEC_SADDLP, 0, 2}, {A64_UADDLP_V, IR_VEC_UADDLP, 0, 2},
	{A64_ADD_S, IR_VEC_ADD, 3, 3},       {A64_SUB_S, IR_VEC_SUB, 3, 3},
	{A64_CMEQ_S, IR_VEC_CMEQ, 3, 3},     {A64_CMGT_S, IR_VEC_CMGT, 3, 3},
	{A64_CMGE_S, IR_VEC_CMGE, 3, 3},     {A64_CMHI_S, IR_VEC_CMHI, 3, 3},
	{A64_CMHS_S, IR_VEC_CMHS, 3, 3},     {A64_NEG_S, IR_VEC_NEG, 3, 3},
	{A64_ABS_S, IR_VEC_ABS, 3, 3},       {A64_AND_V, IR_VEC_AND, 0, 3},
	{A64_BIC_V, IR_VEC_BIC, 0, 3},       {A64_ORR_V, IR_VEC_OR, 0, 3},
	{A64_EOR_V, IR_VEC_XOR, 0, 3},       {A64_BSL_V, IR_VEC_BSL, 0, 3},
	{A64_BIT_V, IR_VEC_BIT, 0, 3},       {A64_BIF_V, IR_VEC_BIF, 0, 3},
	{A64_NOT_V, IR_VEC_NOT, 0, 3},       {A64_CNT_V, IR_VEC_CNT, 0, 3},
};

static bool simd_same_type(struct front *f)
{
	const struct simd_same *s = FIND(f, simd_same);
	unsigned int size = f_vsize(f->insn);

	if (!s || size < s->min_size || size > s->max_size) {
		return false;
	}
	front_simd_append(f, (enum ir_vec)s->kind, size);
	return true;
}

/* What becomes of a result before it is written. */
enum simd_then {
	ALONE,
	ADDED,
	SUBTRACTED,
};

/* The register to compute into; simd_accumulate() then finishes. */
static unsigned int simd_target(const struct front *f, unsigned int then)
{
	return then == ALONE ? f_rd(f->insn) : IR_VT0;
}

static void simd_accumulate(struct front *f, unsigned int then, unsigned int size, bool wide)
{
	unsigned int d = f_rd(f->insn);

	if (then != ALONE) {
		front_simd_op(f, then == ADDED ? IR_VEC_ADD : IR_VEC_SUB, size, d, d, IR_VT0)
			->wide = wide;
	}
}

/* Products. */
struct simd_product {
	uint16_t op;
	uint8_t kind;
	uint8_t then;
	bool element; /* of Vm in all lanes */
};

static const struct simd_product simd_products[] = {
	{A64_MUL_V, IR_VEC_MUL, ALONE, false},
	{A64_MLA_V, IR_VEC_MUL, ADDED, false},
	{A64_MLS_V, IR_VEC_MUL, SUBTRACTED, false},
	{A64_MUL_E, IR_VEC_MUL, ALONE, true},
	{A64_MLA_E, IR_VEC_MUL, ADDED, true},
	{A64_MLS_E, IR_VEC_MUL, SUBTRACTED, true},
	{A64_SMULL_V, IR_VEC_SMULL, ALONE, false},
	{A64_UMULL_V, IR_VEC_UMULL, ALONE, false},
	{A64_SMLAL_V, IR_VEC_SMULL, ADDED, false},
	{A64_UMLAL_V, IR_VEC_UMULL, ADDED, false},
	{A64_SMLSL_V, IR_VEC_SMULL, SUBTRACTED, false},
	{A64_UMLSL_V, IR_VEC_UMULL, SUBTRACTED, false},
	{A64_SMULL_E, IR_VEC_SMULL, ALONE, true},
	{A64_UMULL_E, IR_VEC_UMULL, ALONE, true},
	{A64_SMLAL_E, IR_VEC_SMULL, ADDED, true},
	{A64_UMLAL_E, IR_VEC_UMULL, ADDED, true},
	{A64_SMLSL_E, IR_VEC_SMULL, SUBTRACTED, true},
	{A64_UMLSL_E, IR_VEC_UMULL, SUBTRACTED, true},
	{A64_SDOT_V, IR_VEC_SDOT, ADDED, false},
	{A64_UDOT_V, IR_VEC_UDOT, ADDED, false},
	{A64_SDOT_E, IR_VEC_SDOT, ADDED, true},
	{A64_UDOT_E, IR_VEC_UDOT, ADDED, true},
	{A64_SQDMULH_V, IR_VEC_SQDMULH, ALONE, false},
	{A64_SQDMULH_E, IR_VEC_SQDMULH, ALONE, true},
	{A64_SQRDMULH_V, IR_VEC_SQRDMULH, ALONE, false},
	{A64_SQRDMULH_E, IR_VEC_SQRDMULH, ALONE, true},
};

static bool simd_product(struct front *f)
{
	const struct simd_product *p = FIND(f, simd_products);
	unsigned int size = f_vsize(f->insn), m = f_rm(f->insn);
	bool longer, halves;
	struct ir_op *o;

	if (!p) {
		return false;
	}
	longer = p->kind == IR_VEC_SMULL || p->kind == IR_VEC_UMULL;
	halves = p->kind == IR_VEC_SQDMULH || p->kind == IR_VEC_SQRDMULH;
	if (halves && size != 1) {
		return false;
	}
	if (p->element) {
		m = IR_VT1;
		front_simd_by_element(f, size, m);
	}
	o = front_simd_op(f, (enum ir_vec)p->kind, size, simd_target(f, p->then), f_rn(f->insn), m);
	if (longer) {
		o->c = (uint8_t)f_q(f->insn);
		o->wide = true;
	}
	simd_accumulate(f, p->then, size + longer, longer || f_q(f->insn));
	return true;
}

/* The lower half of register n, or the upper one if Q says so, with elements twice as wide. */
static struct ir_op *simd_extend(struct front *f, bool sign, unsigned int dst, unsigned int n)
{
	struct ir_op *o = front_simd_op(f, sign ? IR_VEC_SSHLL : IR_VEC_USHLL, f_vsize(f->insn),
					dst, n, IR_NONE);

	o->c = (uint8_t)f_q(f->insn);
	o->wide = true;
	return o;
}

/* Sums and differences that are wider than one or both operands. */
struct simd_longer {
	uint16_t op;
	uint8_t kind;
	bool sign;
	bool both; /* operands are narrow */
};

static const struct simd_longer simd_longer[] = {
	{A64_SADDL_V, IR_VEC_ADD, true, true},  {A64_UADDL_V, IR_VEC_ADD, false, true},
	{A64_SSUBL_V, IR_VEC_SUB, true, true},  {A64_USUBL_V, IR_VEC_SUB, false, true},
	{A64_SADDW_V, IR_VEC_ADD, true, false}, {A64_UADDW_V, IR_VEC_ADD, false, false},
	{A64_SSUBW_V, IR_VEC_SUB, true, false}, {A64_USUBW_V, IR_VEC_SUB, false, false},
};

static bool simd_long_sum(struct front *f)
{
	const struct simd_longer *l = FIND(f, simd_longer);
	unsigned int n = f_rn(f->insn);

	if (!l) {
		return false;
	}
	if (l->both) {
		simd_extend(f, l->sign, IR_VT0, n);
		n = IR_VT0;
	}
	simd_extend(f, l->sign, IR_VT1, f_rm(f->insn));
	front_simd_op(f, (enum ir_vec)l->kind, f_vsize(f->insn) + 1, f_rd(f->insn), n, IR_VT1)
		->wide = true;
	return true;
}

/* Absolute differences: the larger minus the smaller. */
struct simd_distance {
	uint16_t op;
	bool sign;
	bool longer;
	uint8_t then;
};

static const struct simd_distance simd_distances[] = {
	{A64_SABD_V, true, false, ALONE}, {A64_UABD_V, false, false, ALONE},
	{A64_SABA_V, true, false, ADDED}, {A64_UABA_V, false, false, ADDED},
	{A64_SABDL_V, true, true, ALONE}, {A64_UABDL_V, false, true, ALONE},
	{A64_SABAL_V, true, true, ADDED}, {A64_UABAL_V, false, true, ADDED},
};

static bool simd_distance(struct front *f)
{
	const struct simd_distance *d = FIND(f, simd_distances);
	unsigned int size = f_vsize(f->insn), n = f_rn(f->insn), m = f_rm(f->insn), target;

	if (!d) {
		return false;
	}
	target = simd_target(f, d->then);
	front_simd_op(f, d->sign ? IR_VEC_SMAX : IR_VEC_UMAX, size, IR_VT0, n, m);
	front_simd_op(f, d->sign ? IR_VEC_SMIN : IR_VEC_UMIN, size, IR_VT1, n, m);
	front_simd_op(f, IR_VEC_SUB, size, d->longer ? IR_VT0 : target, IR_VT0, IR_VT1);
	if (d->longer) {
		simd_extend(f, false, target, IR_VT0);
	}
	simd_accumulate(f, d->then, size + d->longer, d->longer || f_q(f->insn));
	return true;
}

/* Sums and differences, halved: of the common bits, and half of those that differ. */
struct simd_halving {
	uint16_t op;
	uint8_t shift;
	uint8_t common;
	uint8_t combine;
};

static const struct simd_halving simd_halvings[] = {
	{A64_SHADD_V, IR_VEC_SSHR, IR_VEC_AND, IR_VEC_ADD},
	{A64_UHADD_V, IR_VEC_USHR, IR_VEC_AND, IR_VEC_ADD},
	{A64_SRHADD_V, IR_VEC_SSHR, IR_VEC_OR, IR_VEC_SUB},
	{A64_URHADD_V, IR_VEC_USHR, IR_VEC_OR, IR_VEC_SUB},
};

static bool simd_halving(struct front *f)
{
	const struct simd_halving *h = FIND(f, simd_halvings);
	unsigned int size = f_vsize(f->insn), n = f_rn(f->insn), m = f_rm(f->insn);

	if (!h) {
		return false;
	}
	front_simd_op(f, IR_VEC_XOR, 0, IR_VT1, n, m);
	front_simd_op(f, (enum ir_vec)h->shift, size, IR_VT1, IR_VT1, IR_NONE)->imm = 1;
	front_simd_op(f, (enum ir_vec)h->common, 0, IR_VT0, n, m);
	front_simd_op(f, (enum ir_vec)h->combine, size, f_rd(f->insn), IR_VT0, IR_VT1);
	return true;
}

/* a - b: the bits that differ, halved, minus those that only b has. */
static bool simd_halving_difference(struct front *f, enum ir_vec shift)
{
	unsigned int size = f_vsize(f->insn), n = f_rn(f->insn), m = f_rm(f->insn);

	front_simd_op(f, IR_VEC_XOR, 0, IR_VT0, n, m);
	front_simd_op(f, shift, size, IR_VT0, IR_VT0, IR_NONE)->imm = 1;
	front_simd_op(f, IR_VEC_BIC, 0, IR_VT1, m, n);
	front_simd_op(f, IR_VEC_SUB, size, f_rd(f->insn), IR_VT0, IR_VT1);
	return true;
}

/* Against zero, as operand a if `zero_first`. */
static bool simd_compare_zero(struct front *f, enum ir_vec kind, bool zero_first)
{
	unsigned int d = f_rd(f->insn), n = f_rn(f->insn), size = f_vsize(f->insn);

	front_simd_op(f, IR_VEC_MOVI, 3, IR_VT0, IR_NONE, IR_NONE);
	front_simd_op(f, kind, size, d, zero_first ? IR_VT0 : n, zero_first ? n : IR_VT0);
	return true;
}

/* Have a and b a bit in common? */
static bool simd_test(struct front *f)
{
	uint32_t i = f->insn;

	front_simd_op(f, IR_VEC_AND, 0, IR_VT0, f_rn(i), f_rm(i));
	front_simd_op(f, IR_VEC_MOVI, 3, IR_VT1, IR_NONE, IR_NONE);
	front_simd_op(f, IR_VEC_CMEQ, f_vsize(i), IR_VT0, IR_VT0, IR_VT1);
	front_simd_op(f, IR_VEC_NOT, 0, f_rd(i), IR_VT0, IR_NONE);
	return true;
}

static bool simd_or_not(struct front *f)
{
	uint32_t i = f->insn;

	front_simd_op(f, IR_VEC_NOT, 0, IR_VT0, f_rm(i), IR_NONE);
	front_simd_op(f, IR_VEC_OR, 0, f_rd(i), f_rn(i), IR_VT0);
	return true;
}

static bool simd_immediate(struct front *f, enum ir_vec kind)
{
	uint32_t i = f->insn;

	front_simd_op(f, IR_VEC_MOVI, 3, IR_VT0, IR_NONE, IR_NONE)->imm =
		(int64_t)simd_expand_imm(i);
	front_simd_op(f, kind, 0, f_rd(i), f_rd(i), IR_VT0);
	return true;
}

static bool simd_pairwise_add(struct front *f, enum ir_vec kind)
{
	front_simd_op(f, kind, f_vsize(f->insn), IR_VT0, f_rn(f->insn), IR_NONE);
	simd_accumulate(f, ADDED, f_vsize(f->insn) + 1, f_q(f->insn));
	return true;
}

static struct ir_op *simd_shift_by(struct front *f, enum ir_vec kind, unsigned int size,
				   unsigned int dst, unsigned int a, unsigned int by)
{
	struct ir_op *o = front_simd_op(f, kind, size, dst, a, IR_NONE);

	o->imm = by;
	return o;
}

/* Shifts by immediate: immh's highest bit gives the element size (C4.1.90). */
struct simd_shift {
	uint16_t op;
	uint8_t kind;
	bool round;
	uint8_t then;
};

static const struct simd_shift simd_shifts[] = {
	{A64_SHL_V, IR_VEC_SHL, false, ALONE},     {A64_SHL_S, IR_VEC_SHL, false, ALONE},
	{A64_USHR_V, IR_VEC_USHR, false, ALONE},   {A64_USHR_S, IR_VEC_USHR, false, ALONE},
	{A64_SSHR_V, IR_VEC_SSHR, false, ALONE},   {A64_SSHR_S, IR_VEC_SSHR, false, ALONE},
	{A64_USRA_V, IR_VEC_USHR, false, ADDED},   {A64_USRA_S, IR_VEC_USHR, false, ADDED},
	{A64_SSRA_V, IR_VEC_SSHR, false, ADDED},   {A64_SSRA_S, IR_VEC_SSHR, false, ADDED},
	{A64_URSHR_V, IR_VEC_USHR, true, ALONE},   {A64_URSHR_S, IR_VEC_USHR, true, ALONE},
	{A64_SRSHR_V, IR_VEC_SSHR, true, ALONE},   {A64_SRSHR_S, IR_VEC_SSHR, true, ALONE},
	{A64_URSRA_V, IR_VEC_USHR, true, ADDED},   {A64_URSRA_S, IR_VEC_USHR, true, ADDED},
	{A64_SRSRA_V, IR_VEC_SSHR, true, ADDED},   {A64_SRSRA_S, IR_VEC_SSHR, true, ADDED},
	{A64_USHLL_V, IR_VEC_USHLL, false, ALONE}, {A64_SSHLL_V, IR_VEC_SSHLL, false, ALONE},
};

static bool simd_shift(struct front *f)
{
	const struct simd_shift *s = FIND(f, simd_shifts);
	uint32_t i = f->insn;
	unsigned int size, bits, value, by;
	struct ir_op *o;

	if (!s) {
		return false;
	}
	size = 31 - (unsigned int)__builtin_clz(f_immh(i));
	bits = 8u << size;
	value = f_immh(i) << 3 | f_immb(i);
	by = s->kind == IR_VEC_USHR || s->kind == IR_VEC_SSHR ? 2 * bits - value : value - bits;
	if (s->round) {
		/* The highest of the bits that go, as a number. */
		simd_shift_by(f, IR_VEC_SHL, size, IR_VT1, f_rn(i), bits - by);
		simd_shift_by(f, IR_VEC_USHR, size, IR_VT1, IR_VT1, bits - 1);
		simd_shift_by(f, (enum ir_vec)s->kind, size, IR_VT0, f_rn(i), by);
		front_simd_op(f, IR_VEC_ADD, size, simd_target(f, s->then), IR_VT0, IR_VT1);
	} else {
		o = simd_shift_by(f, (enum ir_vec)s->kind, size, simd_target(f, s->then), f_rn(i),
				  by);
		if (s->kind == IR_VEC_USHLL || s->kind == IR_VEC_SSHLL) {
			o->c = (uint8_t)f_q(i);
			o->wide = true;
		}
	}
	simd_accumulate(f, s->then, size, f_q(i) && !(i >> 28 & 1));
	return true;
}

/* SLI and SRI: bits of the destination that nothing is shifted to stay. */
static bool simd_shift_insert(struct front *f, bool left)
{
	uint32_t i = f->insn;
	unsigned int size = 31 - (unsigned int)__builtin_clz(f_immh(i)), d = f_rd(i);
	unsigned int bits = 8u << size, value = f_immh(i) << 3 | f_immb(i);
	unsigned int by = left ? value - bits : 2 * bits - value;
	enum ir_vec there = left ? IR_VEC_SHL : IR_VEC_USHR, back = left ? IR_VEC_USHR : IR_VEC_SHL;

	simd_shift_by(f, there, size, IR_VT0, f_rn(i), by);
	simd_shift_by(f, there, size, IR_VT1, d, bits - by);
	simd_shift_by(f, back, size, IR_VT1, IR_VT1, bits - by);
	front_simd_op(f, IR_VEC_OR, 0, d, IR_VT0, IR_VT1);
	return true;
}

/* SHLL: by the element's width. */
static bool simd_shift_long(struct front *f)
{
	simd_extend(f, false, f_rd(f->insn), f_rn(f->insn))->imm = 8 << f_vsize(f->insn);
	return true;
}

/*
 * SRSHL, URSHL of words: a shift to the right by one less leaves the bit that rounds as the lowest
 * one. It is added where the shift, the low byte of the element, is negative.
 */
static bool simd_shift_rounding(struct front *f, enum ir_vec kind)
{
	unsigned int d = f_rd(f->insn), n = f_rn(f->insn), m = f_rm(f->insn);

	if (f_vsize(f->insn) != 2) {
		return false;
	}
	front_simd_op(f, IR_VEC_MOVI, 3, IR_VT0, IR_NONE, IR_NONE)->imm = 0x0000000100000001;
	front_simd_op(f, IR_VEC_ADD, 2, IR_VT0, IR_VT0, m);
	front_simd_op(f, kind, 2, IR_VT0, n, IR_VT0);
	simd_shift_by(f, IR_VEC_SHL, 2, IR_VT1, m, 24);
	simd_shift_by(f, IR_VEC_USHR, 2, IR_VT1, IR_VT1, 31);
	front_simd_op(f, IR_VEC_AND, 0, IR_VT0, IR_VT0, IR_VT1);
	front_simd_op(f, kind, 2, IR_VT1, n, m);
	front_simd_op(f, IR_VEC_ADD, 2, d, IR_VT0, IR_VT1);
	return true;
}

static bool simd_other(struct front *f)
{
	switch (f->op) {
	case A64_CMEQ_VZ:
	case A64_CMEQ_SZ:
		return simd_compare_zero(f, IR_VEC_CMEQ, false);
	case A64_CMGT_VZ:
	case A64_CMGT_SZ:
		return simd_compare_zero(f, IR_VEC_CMGT, false);
	case A64_CMGE_VZ:
	case A64_CMGE_SZ:
		return simd_compare_zero(f, IR_VEC_CMGE, false);
	case A64_CMLT_VZ:
	case A64_CMLT_SZ:
		return simd_compare_zero(f, IR_VEC_CMGT, true);
	case A64_CMLE_VZ:
	case A64_CMLE_SZ:
		return simd_compare_zero(f, IR_VEC_CMGE, true);
	case A64_CMTST_V:
	case A64_CMTST_S:
		return simd_test(f);
	case A64_ORN_V:
		return simd_or_not(f);
	case A64_ORR_VI:
		return simd_immediate(f, IR_VEC_OR);
	case A64_BIC_VI:
		return simd_immediate(f, IR_VEC_BIC);
	case A64_SHSUB_V:
		return simd_halving_difference(f, IR_VEC_SSHR);
	case A64_UHSUB_V:
		return simd_halving_difference(f, IR_VEC_USHR);
	case A64_SRSHL_V:
		return simd_shift_rounding(f, IR_VEC_SSHL);
	case A64_URSHL_V:
		return simd_shift_rounding(f, IR_VEC_USHL);
	case A64_SADALP_V:
		return simd_pairwise_add(f, IR_VEC_SADDLP);
	case A64_UADALP_V:
		return simd_pairwise_add(f, IR_VEC_UADDLP);
	case A64_SHLL_V:
		return simd_shift_long(f);
	case A64_SLI_V:
	case A64_SLI_S:
		return simd_shift_insert(f, true);
	case A64_SRI_V:
	case A64_SRI_S:
		return simd_shift_insert(f, false);
	default:
		return false;
	}
}

bool front_simd_int(struct front *f)
{
	return simd_same_type(f) || simd_product(f) || simd_long_sum(f) || simd_distance(f) ||
	       simd_halving(f) || simd_shift(f) || simd_other(f);
}
