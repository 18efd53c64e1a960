// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_lanes.c - SIMD that moves lanes.
 */
#include "x64_vector.h"

/* Host opcodes by element size. */
static const uint16_t three[][4] = {
	[IR_VEC_ADDP - IR_VEC_FIRST_LANES] = {NO, V38(0x01), V38(0x02), NO},
	[IR_VEC_ZIP1 - IR_VEC_FIRST_LANES] = {V(0x60), V(0x61), V(0x62), V(0x6c)},
	[IR_VEC_ZIP2 - IR_VEC_FIRST_LANES] = {V(0x68), V(0x69), V(0x6a), V(0x6d)},
};

static void emit_ext(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, OP_PALIGNR, dst, b, a);
	x64_byte(e->b, (uint8_t)op->imm);
	emit_vector_result(e, op, dst);
}

static void emit_movi(struct emit *e, const struct ir_op *op)
{
	unsigned int dst = emit_vector_def(e);

	if (op->imm == 0) {
		emit_vex(e, OP_PXOR, dst, dst, dst);
	} else {
		x64_mov_imm(e->b, RAX, (uint64_t)op->imm);
		x64_rr(e->b, true, OP_MOVD, dst, RAX);
		if (op->wide) {
			emit_vex(e, V(0x6c), dst, dst, dst);
		}
	}
	emit_vector_commit(e, op->dst, dst);
}

static void emit_dup(struct emit *e, const struct ir_op *op)
{
	static const uint8_t broadcast[] = {0x78, 0x79, 0x58, 0x59};
	unsigned int dst = emit_vector_def(e);

	if (op->aux == IR_VEC_DUP) {
		x64_rr(e->b, true, OP_MOVD, 0, emit_use(e, op->a, RAX));
		x64_vex_rr(e->b, false, V38(broadcast[op->size]), dst, 0, 0);
	} else {
		struct x64_mem mem = emit_vector_reg(op->a);

		mem.disp += (int32_t)op->imm << op->size;
		emit_vex_mem(e, V38(broadcast[op->size]), dst, 0, mem);
	}
	emit_vector_result(e, op, dst);
}

/* UMOV and SMOV: to a general register, from memory. */
static void emit_to_general(struct emit *e, const struct ir_op *op)
{
	struct x64_mem mem = emit_vector_reg(op->a);
	bool sign = op->aux == IR_VEC_SMOV;

	mem.disp += (int32_t)op->imm << op->size;
	if (op->size < 2) {
		x64_rm(e->b, sign && op->wide, X64_0F | (sign ? 0xbe : 0xb6) | op->size, RAX, mem);
	} else if (op->size == 2 && sign) {
		x64_rm(e->b, true, 0x63, RAX, mem);
	} else {
		x64_mov_load(e->b, op->size == 3, RAX, mem);
	}
	emit_commit(e, op->dst, RAX);
}

static void emit_insert(struct emit *e, const struct ir_op *op)
{
	static const uint16_t opcodes[] = {X64_66 | X64_0F3A | 0x20, V(0xc4),
					   X64_66 | X64_0F3A | 0x22, X64_66 | X64_0F3A | 0x22};
	unsigned int old = emit_vector_use(e, op->dst), dst = emit_vector_def(e);
	enum x64_reg value = emit_use(e, op->a, RAX);

	x64_vex_rr(e->b, op->size == 3, opcodes[op->size], dst, old, value);
	x64_byte(e->b, (uint8_t)op->imm);
	emit_vector_commit(e, op->dst, dst);
}

/* Table of one register: indices from 16 up give zero. */
static void emit_tbl(struct emit *e, const struct ir_op *op)
{
	unsigned int table = emit_vector_use(e, op->a), index = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(tbl_bias));
	emit_vex(e, OP_PADDUSB, 0, 0, index);
	emit_vex(e, OP_PSHUFB, dst, table, 0);
	emit_vector_result(e, op, dst);
}

void emit_vector_lanes(struct emit *e, const struct ir_op *op)
{
	switch (op->aux) {
	case IR_VEC_EXT:
		emit_ext(e, op);
		break;
	case IR_VEC_MOVI:
		emit_movi(e, op);
		break;
	case IR_VEC_DUP:
	case IR_VEC_DUP_ELEMENT:
		emit_dup(e, op);
		break;
	case IR_VEC_UMOV:
	case IR_VEC_SMOV:
		emit_to_general(e, op);
		break;
	case IR_VEC_INSERT:
		emit_insert(e, op);
		break;
	case IR_VEC_TBL:
		emit_tbl(e, op);
		break;
	default:
		emit_vector_three(e, op, three[op->aux - IR_VEC_FIRST_LANES][op->size]);
		break;
	}
}
