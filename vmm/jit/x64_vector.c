// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector.c - SIMD in AVX: mostly one to three host instructions for one of the guest's.
 */
#include "x64_emit.h"

#define V(opcode)   (X64_66 | X64_0F | (opcode))
#define V38(opcode) (X64_66 | X64_0F38 | (opcode))
#define NO          0

#define OP_PAND       V(0xdb)
#define OP_PANDN      V(0xdf)
#define OP_POR        V(0xeb)
#define OP_PXOR       V(0xef)
#define OP_PSHUFB     V38(0x00)
#define OP_PADDB      V(0xfc)
#define OP_PADDUSB    V(0xdc)
#define OP_PALIGNR    (X64_66 | X64_0F3A | 0x0f)
#define OP_PSHUFD     V(0x70)
#define OP_PTEST      (X64_66 | X64_0F38 | 0x17)
#define OP_MOVQ       (X64_F3 | X64_0F | 0x7e)
#define OP_MOVD       V(0x6e)
#define OP_MOVAPS     (X64_0F | 0x28)
#define OP_CMPP       (X64_0F | 0xc2)
#define CMP_UNORDERED 3

#define EMIT_CONSTANT(field) emit_cpu(EMIT_CPU(constants.field))

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
	[IR_VEC_ADDP] = {NO, V38(0x01), V38(0x02), NO},
	[IR_VEC_ZIP1] = {V(0x60), V(0x61), V(0x62), V(0x6c)},
	[IR_VEC_ZIP2] = {V(0x68), V(0x69), V(0x6a), V(0x6d)},
	[IR_VEC_ABS] = {V38(0x1c), V38(0x1d), V38(0x1e), NO},
};

static void vex(struct emit *e, unsigned int opcode, unsigned int dst, unsigned int a,
		unsigned int b)
{
	x64_vex_rr(e->b, false, opcode, dst, a, b);
}

/* The result, its upper half cleared for the 8-byte forms. */
static void commit(struct emit *e, const struct ir_op *op, unsigned int xmm)
{
	if (!op->wide) {
		x64_rr(e->b, false, OP_MOVQ, xmm, xmm);
	}
	emit_vector_commit(e, op->dst, xmm);
}

static void load_ones(struct emit *e, unsigned int xmm)
{
	vex(e, V(0x76), xmm, xmm, xmm); /* equal to itself */
}

static void emit_same(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	vex(e, same_type[op->aux][op->size], dst, a, b);
	commit(e, op, dst);
}

static void emit_bic(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	vex(e, OP_PANDN, dst, b, a);
	commit(e, op, dst);
}

/* a >= b: not b > a; unsigned: the maximum of both is a. */
static void compare(struct emit *e, unsigned int kind, unsigned int size, unsigned int dst,
		    unsigned int a, unsigned int b)
{
	bool invert = false;

	switch (kind) {
	case IR_VEC_CMGE:
		vex(e, same_type[IR_VEC_CMGT][size], dst, b, a);
		invert = true;
		break;
	case IR_VEC_CMHS:
		vex(e, same_type[IR_VEC_UMAX][size], dst, a, b);
		vex(e, same_type[IR_VEC_CMEQ][size], dst, dst, a);
		break;
	case IR_VEC_CMHI:
		vex(e, same_type[IR_VEC_UMIN][size], dst, a, b);
		vex(e, same_type[IR_VEC_CMEQ][size], dst, dst, a);
		invert = true;
		break;
	default:
		vex(e, same_type[kind][size], dst, a, b);
		break;
	}
	if (invert) {
		load_ones(e, 0);
		vex(e, OP_PXOR, dst, dst, 0);
	}
}

static void emit_compare(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	compare(e, op->aux, op->size, dst, a, b);
	commit(e, op, dst);
}

static void emit_compare_zero(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	vex(e, OP_PXOR, 1, 1, 1);
	compare(e, op->c, op->size, dst, a, 1);
	commit(e, op, dst);
}

/* result = (x & mask) | (y & ~mask) */
static void emit_bit_select(struct emit *e, const struct ir_op *op)
{
	unsigned int d = emit_vector_use(e, op->dst), n = emit_vector_use(e, op->a);
	unsigned int m = emit_vector_use(e, op->b), dst = emit_vector_def(e);
	unsigned int mask = op->aux == IR_VEC_BSL ? d : m;
	unsigned int x = op->aux == IR_VEC_BIF ? d : n;
	unsigned int y = op->aux == IR_VEC_BSL ? m : op->aux == IR_VEC_BIT ? d : n;

	vex(e, OP_PAND, dst, mask, x);
	vex(e, OP_PANDN, 0, mask, y);
	vex(e, OP_POR, dst, dst, 0);
	commit(e, op, dst);
}

static void emit_unary(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	switch (op->aux) {
	case IR_VEC_NOT:
		load_ones(e, 0);
		vex(e, OP_PXOR, dst, a, 0);
		break;
	case IR_VEC_NEG:
		vex(e, OP_PXOR, 0, 0, 0);
		vex(e, same_type[IR_VEC_SUB][op->size], dst, 0, a);
		break;
	default:
		x64_vex_rr(e->b, false, same_type[IR_VEC_ABS][op->size], dst, 0, a);
		break;
	}
	commit(e, op, dst);
}

/* Shifts by immediate: group opcodes 71 (16 bits), 72, 73; the destination is VEX.vvvv. */
static void emit_shift(struct emit *e, const struct ir_op *op)
{
	unsigned int group = op->aux == IR_VEC_SHL ? 6 : op->aux == IR_VEC_USHR ? 2 : 4;
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_vex_rr(e->b, false, V(0x70u + op->size), group, dst, a);
	x64_byte(e->b, (uint8_t)op->imm);
	commit(e, op, dst);
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
	commit(e, op, dst);
}

static void emit_ext(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	vex(e, OP_PALIGNR, dst, b, a);
	x64_byte(e->b, (uint8_t)op->imm);
	commit(e, op, dst);
}

static void emit_movi(struct emit *e, const struct ir_op *op)
{
	unsigned int dst = emit_vector_def(e);

	if (op->imm == 0) {
		vex(e, OP_PXOR, dst, dst, dst);
	} else {
		x64_mov_imm(e->b, RAX, (uint64_t)op->imm);
		x64_rr(e->b, true, OP_MOVD, dst, RAX);
		if (op->wide) {
			vex(e, V(0x6c), dst, dst, dst);
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
	} else {
		struct x64_mem mem = emit_vector_reg(op->a);

		/* From memory, which is up to date; a narrow load, zero-extended. */
		mem.disp += (int32_t)op->imm << op->size;
		if (op->size < 2) {
			x64_rm(e->b, false, X64_0F | 0xb6 | op->size, RAX, mem);
		} else {
			x64_mov_load(e->b, op->size == 3, RAX, mem);
		}
		x64_rr(e->b, true, OP_MOVD, 0, RAX);
	}
	x64_vex_rr(e->b, false, V38(broadcast[op->size]), dst, 0, 0);
	commit(e, op, dst);
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
	vex(e, OP_PADDUSB, 0, 0, index);
	vex(e, OP_PSHUFB, dst, table, 0);
	commit(e, op, dst);
}

/* Bits in each byte: a table look-up for each half. */
static void emit_cnt(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(nibbles));
	x64_rm(e->b, false, OP_MOVAPS, 1, EMIT_CONSTANT(popcount));
	vex(e, OP_PAND, 2, a, 0);
	x64_vex_rr(e->b, false, V(0x71), 2, 3, a); /* psrlw 4 */
	x64_byte(e->b, 4);
	vex(e, OP_PAND, 3, 3, 0);
	vex(e, OP_PSHUFB, 2, 1, 2);
	vex(e, OP_PSHUFB, 3, 1, 3);
	vex(e, OP_PADDB, dst, 2, 3);
	commit(e, op, dst);
}

static unsigned int packed_prefix(const struct ir_op *op)
{
	return op->size == 3 ? X64_66 : 0;
}

void emit_check_vector(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow)
{
	vex(e, packed_prefix(op) | OP_CMPP, 0, xmm, xmm);
	x64_byte(e->b, CMP_UNORDERED);
	if (underflow) {
		x64_rm(e->b, false, OP_MOVAPS, 1, EMIT_CONSTANT(abs[op->size - 2]));
		x64_rm(e->b, false, OP_MOVAPS, 2, EMIT_CONSTANT(min_normal[op->size - 2]));
		vex(e, OP_PAND, 1, 1, xmm);
		vex(e, same_type[IR_VEC_CMEQ][op->size], 1, 1, 2);
		vex(e, OP_POR, 0, 0, 1);
	}
	x64_rr(e->b, false, OP_PTEST, 0, 0);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
}

/* The second operand: a register, or one of its elements in every lane (xmm3). The 8-byte forms
 * compute on cleared upper halves, so that nothing there can raise an exception. */
static unsigned int float_operand(struct emit *e, const struct ir_op *op, unsigned int n,
				  bool element)
{
	unsigned int xmm = emit_vector_use(e, n);

	if (element) {
		unsigned int lane = (unsigned int)op->imm;
		unsigned int control = op->size == 3 ? (lane ? 0xee : 0x44) : lane * 0x55;

		x64_rr(e->b, false, OP_PSHUFD, 3, xmm);
		x64_byte(e->b, (uint8_t)control);
		xmm = 3;
	}
	return xmm;
}

static unsigned int low_half(struct emit *e, const struct ir_op *op, unsigned int xmm,
			     unsigned int scratch)
{
	if (op->wide) {
		return xmm;
	}
	x64_rr(e->b, false, OP_MOVQ, scratch, xmm);
	return scratch;
}

static void emit_float_lanes(struct emit *e, const struct ir_op *op, unsigned int opcode,
			     bool underflow)
{
	unsigned int a = low_half(e, op, emit_vector_use(e, op->a), 1);
	unsigned int b =
		low_half(e, op, float_operand(e, op, op->b, op->aux == IR_VEC_FMUL_ELEMENT), 2);
	unsigned int dst = emit_vector_def(e);

	vex(e, packed_prefix(op) | opcode, dst, a, b);
	emit_check_vector(e, op, dst, underflow);
	commit(e, op, dst);
}

static void emit_fma_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int opcode = op->aux == IR_VEC_FMLA ? V38(0xb8) : V38(0xbc);
	unsigned int a = low_half(e, op, emit_vector_use(e, op->a), 1);
	unsigned int b = low_half(e, op, float_operand(e, op, op->b, op->c == 1), 2);
	unsigned int old = emit_vector_use(e, op->dst), dst = emit_vector_def(e);

	x64_rr(e->b, false, op->wide ? OP_MOVAPS : OP_MOVQ, dst, old);
	x64_vex_rr(e->b, op->size == 3, opcode, dst, a, b);
	emit_check_vector(e, op, dst, true);
	commit(e, op, dst);
}

static void emit_float_sign(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(abs[op->size - 2]));
	if (op->aux == IR_VEC_FABS) {
		vex(e, OP_PAND, dst, a, 0);
	} else {
		load_ones(e, 1);
		vex(e, OP_PXOR, 0, 0, 1);
		vex(e, OP_PXOR, dst, a, 0);
	}
	commit(e, op, dst);
}

static void emit_vector_other(struct emit *e, const struct ir_op *op)
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
	case IR_VEC_CNT:
		emit_cnt(e, op);
		break;
	case IR_VEC_FADD:
		emit_float_lanes(e, op, X64_0F | 0x58, false);
		break;
	case IR_VEC_FSUB:
		emit_float_lanes(e, op, X64_0F | 0x5c, false);
		break;
	case IR_VEC_FMUL:
	case IR_VEC_FMUL_ELEMENT:
		emit_float_lanes(e, op, X64_0F | 0x59, true);
		break;
	case IR_VEC_FDIV:
		emit_float_lanes(e, op, X64_0F | 0x5e, true);
		break;
	case IR_VEC_FMLA:
	case IR_VEC_FMLS:
		emit_fma_lanes(e, op);
		break;
	default:
		emit_float_sign(e, op);
		break;
	}
}

void emit_vector(struct emit *e, const struct ir_op *op)
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
	default:
		if (op->aux <= IR_VEC_ZIP2) {
			emit_same(e, op);
		} else {
			emit_vector_other(e, op);
		}
		break;
	}
}
