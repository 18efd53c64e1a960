// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_int.c - SIMD on integers, lane by lane.
 */
#include "x64_vector.h"

/* Host opcodes by element size. Compares "greater or equal" are made from these. */
static const uint16_t same_type[][4] = {
	[IR_VEC_ADD] = {V(0xfc), V(0xfd), V(0xfe), V(0xd4)},
	[IR_VEC_SUB] = {V(0xf8), V(0xf9), V(0xfa), V(0xfb)},
	[IR_VEC_MUL] = {NO, V(0xd5), V38(0x40), NO},
	[IR_VEC_AND] = {OP_PAND, OP_PAND, OP_PAND, OP_PAND},
	[IR_VEC_OR] = {OP_POR, OP_POR, OP_POR, OP_POR},
	[IR_VEC_XOR] = {OP_PXOR, OP_PXOR, OP_PXOR, OP_PXOR},
	[IR_VEC_CMEQ] = {V(0x74), V(0x75), V(0x76), V38(0x29)},
	[IR_VEC_CMGT] = {V(0x64), V(0x65), V(0x66), V38(0x37)},
	[IR_VEC_SMAX] = {V38(0x3c), V(0xee), V38(0x3d), NO},
	[IR_VEC_SMIN] = {V38(0x38), V(0xea), V38(0x39), NO},
	[IR_VEC_UMAX] = {V(0xde), V38(0x3e), V38(0x3f), NO},
	[IR_VEC_UMIN] = {V(0xda), V38(0x3a), V38(0x3b), NO},
	[IR_VEC_URHADD] = {V(0xe0), V(0xe3), NO, NO},
	[IR_VEC_ABS] = {V38(0x1c), V38(0x1d), V38(0x1e), NO},
};

static void emit_bic(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, OP_PANDN, dst, b, a);
	emit_vector_result(e, op, dst);
}

/* a >= b: not b > a; unsigned: the maximum of both is a. */
static void compare(struct emit *e, unsigned int kind, unsigned int size, unsigned int dst,
		    unsigned int a, unsigned int b)
{
	bool invert = false;

	switch (kind) {
	case IR_VEC_CMGE:
		emit_vex(e, same_type[IR_VEC_CMGT][size], dst, b, a);
		invert = true;
		break;
	case IR_VEC_CMHS:
		emit_vex(e, same_type[IR_VEC_UMAX][size], dst, a, b);
		emit_vex(e, same_type[IR_VEC_CMEQ][size], dst, dst, a);
		break;
	case IR_VEC_CMHI:
		emit_vex(e, same_type[IR_VEC_UMIN][size], dst, a, b);
		emit_vex(e, same_type[IR_VEC_CMEQ][size], dst, dst, a);
		invert = true;
		break;
	default:
		emit_vex(e, same_type[kind][size], dst, a, b);
		break;
	}
	if (invert) {
		emit_vector_ones(e, 0);
		emit_vex(e, OP_PXOR, dst, dst, 0);
	}
}

static void emit_compare(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	compare(e, op->aux, op->size, dst, a, b);
	emit_vector_result(e, op, dst);
}

static void emit_compare_zero(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	emit_vex(e, OP_PXOR, 1, 1, 1);
	compare(e, op->c, op->size, dst, a, 1);
	emit_vector_result(e, op, dst);
}

/* result = (x & mask) | (y & ~mask) */
static void emit_bit_select(struct emit *e, const struct ir_op *op)
{
	unsigned int d = emit_vector_use(e, op->dst), n = emit_vector_use(e, op->a);
	unsigned int m = emit_vector_use(e, op->b), dst = emit_vector_def(e);
	unsigned int mask = op->aux == IR_VEC_BSL ? d : m;
	unsigned int x = op->aux == IR_VEC_BIF ? d : n;
	unsigned int y = op->aux == IR_VEC_BSL ? m : op->aux == IR_VEC_BIT ? d : n;

	emit_vex(e, OP_PAND, dst, mask, x);
	emit_vex(e, OP_PANDN, 0, mask, y);
	emit_vex(e, OP_POR, dst, dst, 0);
	emit_vector_result(e, op, dst);
}

static void emit_unary(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	switch (op->aux) {
	case IR_VEC_NOT:
		emit_vector_ones(e, 0);
		emit_vex(e, OP_PXOR, dst, a, 0);
		break;
	case IR_VEC_NEG:
		emit_vex(e, OP_PXOR, 0, 0, 0);
		emit_vex(e, same_type[IR_VEC_SUB][op->size], dst, 0, a);
		break;
	default:
		x64_vex_rr(e->b, false, same_type[IR_VEC_ABS][op->size], dst, 0, a);
		break;
	}
	emit_vector_result(e, op, dst);
}

/* Shifts by immediate: group opcodes 71 (16 bits), 72, 73; the destination is VEX.vvvv. */
static void emit_shift(struct emit *e, const struct ir_op *op)
{
	unsigned int group = op->aux == IR_VEC_SHL ? 6 : op->aux == IR_VEC_USHR ? 2 : 4;
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_vex_rr(e->b, false, V(0x70u + op->size), group, dst, a);
	x64_byte(e->b, (uint8_t)op->imm);
	emit_vector_result(e, op, dst);
}

/* Lengthening: extend the lower, or the upper (c), half, then shift left. */
static void emit_lengthen(struct emit *e, const struct ir_op *op)
{
	static const uint8_t extend[] = {0x30, 0x33, 0x35};
	unsigned int opcode = extend[op->size] - (op->aux == IR_VEC_SSHLL ? 0x10u : 0);
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->c) {
		x64_rr(e->b, false, OP_PSHUFD, 0, a);
		x64_byte(e->b, 0xee);
		a = 0;
	}
	x64_rr(e->b, false, V38(opcode), dst, a);
	if (op->imm) {
		x64_vex_rr(e->b, false, V(0x71u + op->size), 6, dst, dst);
		x64_byte(e->b, (uint8_t)op->imm);
	}
	emit_vector_result(e, op, dst);
}

/* Bits in each byte: a table look-up for each half. */
static void emit_cnt(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(nibbles));
	x64_rm(e->b, false, OP_MOVAPS, 1, EMIT_CONSTANT(popcount));
	emit_vex(e, OP_PAND, 2, a, 0);
	x64_vex_rr(e->b, false, V(0x71), 2, 3, a); /* psrlw 4 */
	x64_byte(e->b, 4);
	emit_vex(e, OP_PAND, 3, 3, 0);
	emit_vex(e, OP_PSHUFB, 2, 1, 2);
	emit_vex(e, OP_PSHUFB, 3, 1, 3);
	emit_vex(e, OP_PADDB, dst, 2, 3);
	emit_vector_result(e, op, dst);
}

void emit_vector_int(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_vec)op->aux) {
	case IR_VEC_BIC:
		emit_bic(e, op);
		break;
	case IR_VEC_CMGE:
	case IR_VEC_CMHI:
	case IR_VEC_CMHS:
		emit_compare(e, op);
		break;
	case IR_VEC_CMZERO:
		emit_compare_zero(e, op);
		break;
	case IR_VEC_BSL:
	case IR_VEC_BIT:
	case IR_VEC_BIF:
		emit_bit_select(e, op);
		break;
	case IR_VEC_NOT:
	case IR_VEC_NEG:
	case IR_VEC_ABS:
		emit_unary(e, op);
		break;
	case IR_VEC_SHL:
	case IR_VEC_USHR:
	case IR_VEC_SSHR:
		emit_shift(e, op);
		break;
	case IR_VEC_USHLL:
	case IR_VEC_SSHLL:
		emit_lengthen(e, op);
		break;
	case IR_VEC_CNT:
		emit_cnt(e, op);
		break;
	default:
		emit_vector_three(e, op, same_type[op->aux][op->size]);
		break;
	}
}
