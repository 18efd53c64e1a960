// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_lanes.c - SIMD that moves lanes.
 */
#include "x64_vector.h"

/* The lower halves' lanes in turn, or the upper ones'; of eight bytes, the lower or upper half of
 * the former. */
static void emit_zip(struct emit *e, const struct ir_op *op)
{
	static const uint8_t low[] = {0x60, 0x61, 0x62, 0x6c}, high[] = {0x68, 0x69, 0x6a, 0x6d};
	bool upper = op->aux == IR_VEC_ZIP2;
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, V(upper && op->wide ? high[op->size] : low[op->size]), dst, a, b);
	if (upper && !op->wide) {
		x64_rr(e->b, false, OP_PSHUFD, dst, dst);
		x64_byte(e->b, 0xee);
	}
	emit_vector_result(e, op, dst);
}

static void emit_unzip(struct emit *e, const struct ir_op *op)
{
	unsigned int dst;

	emit_vector_split(e, op);
	dst = emit_vector_def(e);
	x64_rr(e->b, false, OP_MOVAPS, dst, op->aux == IR_VEC_UZP1 ? 0 : 1);
	emit_vector_result(e, op, dst);
}

static void emit_by_member(struct emit *e, const struct ir_op *op)
{
	unsigned int a, dst;

	if (op->size == 3 || (op->size == 2 && op->imm == 4)) {
		return; /* they are in that order */
	}
	a = emit_vector_use(e, op->a);
	dst = emit_vector_def(e);
	if (op->size == 2) {
		x64_rr(e->b, false, OP_PSHUFD, dst, a);
		x64_byte(e->b, 0xd8);
	} else if (op->imm == 2) {
		emit_vex_mem(e, OP_PSHUFB, dst, a, EMIT_CONSTANT(gather[op->size]));
	} else {
		emit_vex_mem(e, OP_PSHUFB, dst, a, EMIT_CONSTANT(by_member[op->size]));
	}
	emit_vector_commit(e, op->dst, dst);
}

static void emit_three(struct emit *e, const struct ir_op *op)
{
	unsigned int dst = emit_vector_def(e);

	for (unsigned int i = 0; i < 3; i++) {
		unsigned int n = op->a < IR_VT0 ? (op->a + i) & 31 : op->a + i;

		emit_vex_mem(e, OP_PSHUFB, i ? 0 : dst, emit_vector_use(e, n),
			     EMIT_CONSTANT(three[op->c][op->wide][op->size][op->imm][i]));
		if (i) {
			emit_vex(e, OP_POR, dst, dst, 0);
		}
	}
	emit_vector_commit(e, op->dst, dst);
}

static void emit_element(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->size == 2) {
		emit_vex(e, OP_INSERTPS, dst, a, a);
		x64_byte(e->b, (uint8_t)(op->imm << 6 | 0x0e));
	} else if (op->imm) {
		x64_vex_rr(e->b, false, V(0x73), 3, dst, a); /* psrldq */
		x64_byte(e->b, 8);
	} else {
		x64_rr(e->b, false, OP_MOVQ, dst, a);
	}
	emit_vector_commit(e, op->dst, dst);
}

/* A shift of lanes of twice the size by the lane's width. */
static void shift_lane(struct emit *e, const struct ir_op *op, bool left, unsigned int dst,
		       unsigned int a)
{
	x64_vex_rr(e->b, false, V(0x71u + op->size), left ? 6 : 2, dst, a);
	x64_byte(e->b, (uint8_t)(8u << op->size));
}

/* The even lanes of both side by side, or the odd ones. */
static void emit_transpose(struct emit *e, const struct ir_op *op)
{
	bool odd = op->aux == IR_VEC_TRN2;
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	if (op->size == 3) {
		emit_vex(e, odd ? V(0x6d) : V(0x6c), dst, a, b);
	} else {
		shift_lane(e, op, !odd, 0, odd ? a : b);
		shift_lane(e, op, !odd, 1, odd ? b : a);
		shift_lane(e, op, odd, 1, 1);
		emit_vex(e, OP_POR, dst, 0, 1);
	}
	emit_vector_result(e, op, dst);
}

static void emit_ext(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	if (op->wide) {
		emit_vex(e, OP_PALIGNR, dst, b, a);
	} else {
		emit_vex(e, V(0x6c), 0, a, b);
		x64_vex_rr(e->b, false, V(0x73), 3, dst, 0); /* psrldq */
	}
	x64_byte(e->b, (uint8_t)op->imm);
	emit_vector_result(e, op, dst);
}

static void emit_reverse(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->size == 2) {
		x64_rr(e->b, false, OP_PSHUFD, dst, a);
		x64_byte(e->b, 0xb1);
	} else {
		x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(reverse[op->imm - 1][op->size]));
		emit_vex(e, OP_PSHUFB, dst, a, 0);
	}
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
	unsigned int lane = (unsigned int)op->imm, dst, a;

	if (op->aux == IR_VEC_DUP) {
		dst = emit_vector_def(e);
		x64_rr(e->b, true, OP_MOVD, 0, emit_use(e, op->a, RAX));
		emit_vex(e, V38(broadcast[op->size]), dst, 0, 0);
	} else if (lane == 0 || op->size >= 2) {
		a = emit_vector_use(e, op->a);
		dst = emit_vector_def(e);
		if (lane == 0) {
			emit_vex(e, V38(broadcast[op->size]), dst, 0, a);
		} else {
			x64_rr(e->b, false, OP_PSHUFD, dst, a);
			x64_byte(e->b, (uint8_t)(op->size == 3 ? 0xee : lane * 0x55));
		}
	} else {
		struct x64_mem mem = emit_vector_home(e, op->a);

		dst = emit_vector_def(e);
		mem.disp += (int32_t)op->imm << op->size;
		emit_vex_mem(e, V38(broadcast[op->size]), dst, 0, mem);
	}
	emit_vector_result(e, op, dst);
}

/* UMOV and SMOV: to a general register, from memory. */
static void emit_to_general(struct emit *e, const struct ir_op *op)
{
	struct x64_mem mem = emit_vector_home(e, op->a);
	enum x64_reg dst = emit_def(op->dst, RAX);
	bool sign = op->aux == IR_VEC_SMOV;

	mem.disp += (int32_t)op->imm << op->size;
	if (op->size < 2) {
		x64_rm(e->b, sign && op->wide, X64_0F | (sign ? 0xbe : 0xb6) | op->size, dst, mem);
	} else if (op->size == 2 && sign) {
		x64_rm(e->b, true, 0x63, dst, mem);
	} else {
		x64_mov_load(e->b, op->size == 3, dst, mem);
	}
	emit_commit(e, op->dst, dst);
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

/* dst = bytes of one table register by the indices in xmm2: from 16 up they give zero. Uses xmm3.
 */
static void look_up(struct emit *e, unsigned int dst, unsigned int table)
{
	x64_rm(e->b, false, OP_MOVAPS, 3, EMIT_CONSTANT(tbl_bias));
	emit_vex(e, OP_PADDUSB, 3, 3, 2);
	emit_vex(e, OP_PSHUFB, dst, table, 3);
}

/* Keeps the bytes of the old value (xmm1) whose index was beyond the table. */
static void keep_outside(struct emit *e, const struct ir_op *op, unsigned int dst)
{
	x64_mov_imm(e->b, RAX, 0x0101010101010101ull * (16 * (uint64_t)op->imm - 1));
	x64_rr(e->b, true, OP_MOVD, 0, RAX);
	emit_vex(e, V(0x6c), 0, 0, 0);
	emit_vex(e, V(0xde), 2, emit_vector_use(e, op->b), 0); /* pmaxub */
	emit_vex(e, V(0x74), 2, 2, 0);                         /* pcmpeqb */
	emit_vex(e, X64_66 | X64_0F3A | 0x4c, dst, 1, dst);    /* pblendvb by xmm2 */
	x64_byte(e->b, 2 << 4);
}

/* Each register of the table has its turn, then the indices go down by its size. */
static void emit_tbl(struct emit *e, const struct ir_op *op)
{
	unsigned int dst = emit_vector_def(e);

	x64_rr(e->b, false, OP_MOVAPS, 2, emit_vector_use(e, op->b));
	for (unsigned int i = 0; i < op->imm; i++) {
		unsigned int table = emit_vector_use(e, (op->a + i) & 31u);

		if (i == 0) {
			look_up(e, dst, table);
		} else {
			x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(tbl_size));
			emit_vex(e, V(0xf8), 2, 2, 0); /* psubb */
			look_up(e, 0, table);
			emit_vex(e, OP_POR, dst, dst, 0);
		}
	}
	if (op->c) {
		x64_rr(e->b, false, OP_MOVAPS, 1, emit_vector_use(e, op->dst));
		keep_outside(e, op, dst);
	}
	emit_vector_result(e, op, dst);
}

void emit_vector_lanes(struct emit *e, const struct ir_op *op)
{
	switch (op->aux) {
	case IR_VEC_ZIP1:
	case IR_VEC_ZIP2:
		emit_zip(e, op);
		break;
	case IR_VEC_UZP1:
	case IR_VEC_UZP2:
		emit_unzip(e, op);
		break;
	case IR_VEC_TRN1:
	case IR_VEC_TRN2:
		emit_transpose(e, op);
		break;
	case IR_VEC_EXT:
		emit_ext(e, op);
		break;
	case IR_VEC_BY_MEMBER:
		emit_by_member(e, op);
		break;
	case IR_VEC_THREE:
		emit_three(e, op);
		break;
	case IR_VEC_ELEMENT:
		emit_element(e, op);
		break;
	case IR_VEC_REVERSE:
		emit_reverse(e, op);
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
	default:
		emit_tbl(e, op);
		break;
	}
}
