// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_int.c - SIMD on integers, lane by lane.
 */
#include "fp.h"
#include "x64_vector.h"

#define OP_PUNPCKHBW V(0x68)
#define OP_PMADDUBSW V38(0x04)
#define OP_PMADDWD   V(0xf5)
#define OP_PMULLW    V(0xd5)
#define OP_PMULHW    V(0xe5)
#define OP_PMULHUW   V(0xe4)
#define OP_PMULHRSW  V38(0x0b)
#define OP_PMULDQ    V38(0x28)
#define OP_PMULUDQ   V(0xf4)
#define OP_PABSB     V38(0x1c)
#define OP_PACKSSWB  V(0x63)
#define OP_PBLENDW   (X64_66 | X64_0F3A | 0x0e)
#define OP_PMOVSXDQ  V38(0x25)

/* Host opcodes by element size. The operations without are made from these. */
static const uint16_t same_type[][4] = {
	[IR_VEC_ADD] = {V(0xfc), V(0xfd), V(0xfe), V(0xd4)},
	[IR_VEC_SUB] = {V(0xf8), V(0xf9), V(0xfa), V(0xfb)},
	[IR_VEC_MUL] = {NO, OP_PMULLW, V38(0x40), NO},
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
	[IR_VEC_SQADD] = {V(0xec), V(0xed), NO, NO},
	[IR_VEC_UQADD] = {V(0xdc), V(0xdd), NO, NO},
	[IR_VEC_SQSUB] = {V(0xe8), V(0xe9), NO, NO},
	[IR_VEC_UQSUB] = {V(0xd8), V(0xd9), NO, NO},
	[IR_VEC_ABS] = {OP_PABSB, V38(0x1d), V38(0x1e), NO},
};

/* A shift by immediate of elements of 2, 4 or 8 bytes; the destination is VEX.vvvv. */
enum shift_group {
	SHIFT_RIGHT = 2,
	SHIFT_RIGHT_SIGNED = 4,
	SHIFT_LEFT = 6,
};

static void shift(struct emit *e, enum shift_group group, unsigned int size, unsigned int dst,
		  unsigned int a, unsigned int by)
{
	emit_vex(e, V(0x70u + size), group, dst, a);
	x64_byte(e->b, (uint8_t)by);
}

static void shuffle(struct emit *e, unsigned int dst, unsigned int a, unsigned int control)
{
	x64_rr(e->b, false, OP_PSHUFD, dst, a);
	x64_byte(e->b, (uint8_t)control);
}

static void emit_bic(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, OP_PANDN, dst, b, a);
	emit_vector_result(e, op, dst);
}

/* a >= b: not b > a; unsigned: the maximum of both is a, or, for doublewords, like signed ones
 * with the sign bits flipped. */
static void emit_compare(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e), kind = op->aux;
	bool invert = kind == IR_VEC_CMGE || kind == IR_VEC_CMHI;

	if (op->size == 3 && kind != IR_VEC_CMGE) {
		x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(sign[1]));
		emit_vex(e, OP_PXOR, 1, a, 0);
		emit_vex(e, OP_PXOR, 0, b, 0);
		a = 1;
		b = 0;
		invert = kind == IR_VEC_CMHS;
		kind = invert ? IR_VEC_CMGE : IR_VEC_CMGT;
	}
	if (kind == IR_VEC_CMGE) {
		emit_vex(e, same_type[IR_VEC_CMGT][op->size], dst, b, a);
	} else if (kind == IR_VEC_CMGT) {
		emit_vex(e, same_type[IR_VEC_CMGT][op->size], dst, a, b);
	} else {
		unsigned int extreme = kind == IR_VEC_CMHS ? IR_VEC_UMAX : IR_VEC_UMIN;

		emit_vex(e, same_type[extreme][op->size], dst, a, b);
		emit_vex(e, same_type[IR_VEC_CMEQ][op->size], dst, dst, a);
	}
	if (invert) {
		emit_vector_ones(e, 0);
		emit_vex(e, OP_PXOR, dst, dst, 0);
	}
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

	if (op->aux == IR_VEC_NOT) {
		emit_vector_ones(e, 0);
		emit_vex(e, OP_PXOR, dst, a, 0);
	} else if (op->aux == IR_VEC_NEG) {
		emit_vex(e, OP_PXOR, 0, 0, 0);
		emit_vex(e, same_type[IR_VEC_SUB][op->size], dst, 0, a);
	} else if (op->size < 3) {
		emit_vex(e, same_type[IR_VEC_ABS][op->size], dst, 0, a);
	} else {
		/* With m = all ones where negative: (a ^ m) - m. */
		emit_vex(e, OP_PXOR, 0, 0, 0);
		emit_vex(e, same_type[IR_VEC_CMGT][3], 0, 0, a);
		emit_vex(e, OP_PXOR, dst, a, 0);
		emit_vex(e, same_type[IR_VEC_SUB][3], dst, dst, 0);
	}
	emit_vector_result(e, op, dst);
}

/* The host has no shifts of bytes: words, without what would come from a neighbour. */
static void shift_bytes(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int a)
{
	unsigned int by = (unsigned int)op->imm;

	switch (op->aux) {
	case IR_VEC_SHL:
		emit_vex_mem(e, OP_PAND, dst, a, EMIT_CONSTANT(byte_low[by]));
		shift(e, SHIFT_LEFT, 1, dst, dst, by);
		break;
	case IR_VEC_USHR:
		shift(e, SHIFT_RIGHT, 1, dst, a, by);
		emit_vex_mem(e, OP_PAND, dst, dst, EMIT_CONSTANT(byte_low[by]));
		break;
	default:
		emit_vex(e, V(0x60), 0, a, a); /* each byte as the high one of a word */
		shift(e, SHIFT_RIGHT_SIGNED, 1, 0, 0, 8 + by);
		emit_vex(e, V(0x68), dst, a, a);
		shift(e, SHIFT_RIGHT_SIGNED, 1, dst, dst, 8 + by);
		emit_vex(e, OP_PACKSSWB, dst, 0, dst);
		break;
	}
}

/* Nor has it signed ones of doublewords: zeros come in, and are replaced by signs. */
static void shift_signed_doublewords(struct emit *e, unsigned int dst, unsigned int a,
				     unsigned int by)
{
	unsigned int shifted = by > 63 ? 63 : by;

	emit_vex(e, OP_PXOR, 0, 0, 0);
	emit_vex(e, same_type[IR_VEC_CMGT][3], 0, 0, a);
	shift(e, SHIFT_LEFT, 3, 0, 0, 64 - shifted);
	shift(e, SHIFT_RIGHT, 3, dst, a, shifted);
	emit_vex(e, OP_POR, dst, dst, 0);
}

static void emit_shift(struct emit *e, const struct ir_op *op)
{
	enum shift_group group = op->aux == IR_VEC_SHL    ? SHIFT_LEFT
				 : op->aux == IR_VEC_USHR ? SHIFT_RIGHT
							  : SHIFT_RIGHT_SIGNED;
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->size == 0) {
		shift_bytes(e, op, dst, a);
	} else if (op->size == 3 && group == SHIFT_RIGHT_SIGNED) {
		shift_signed_doublewords(e, dst, a, (unsigned int)op->imm);
	} else {
		shift(e, group, op->size, dst, a, (unsigned int)op->imm);
	}
	emit_vector_result(e, op, dst);
}

/* Words by a variable: to the left, or by the negative to the right. The host shifts everything
 * out by what is 32 or more, and by negative numbers. */
static void emit_shift_variable(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	shift(e, SHIFT_LEFT, 2, 0, b, 24);
	shift(e, SHIFT_RIGHT_SIGNED, 2, 0, 0, 24);
	emit_vex(e, OP_PXOR, 1, 1, 1);
	emit_vex(e, same_type[IR_VEC_SUB][2], 1, 1, 0);
	emit_vex(e, V38(op->aux == IR_VEC_USHL ? 0x45 : 0x46), 1, a, 1); /* vpsrlvd, vpsravd */
	emit_vex(e, V38(0x47), dst, a, 0);                               /* vpsllvd */
	emit_vex(e, X64_66 | X64_0F3A | 0x4a, dst, dst, 1); /* vblendvps: right if b < 0 */
	x64_byte(e->b, 0 << 4);
	emit_vector_result(e, op, dst);
}

/* Lengthening: extend the lower, or the upper (c), half, then shift left. */
static void emit_lengthen(struct emit *e, const struct ir_op *op)
{
	static const uint8_t extend[] = {0x30, 0x33, 0x35};
	unsigned int opcode = extend[op->size] - (op->aux == IR_VEC_SSHLL ? 0x10u : 0);
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->c) {
		shuffle(e, 0, a, 0xee);
		a = 0;
	}
	x64_rr(e->b, false, V38(opcode), dst, a);
	if (op->imm) {
		shift(e, SHIFT_LEFT, op->size + 1u, dst, dst, (unsigned int)op->imm);
	}
	emit_vector_result(e, op, dst);
}

/* Bytes: those of even and of odd number on their own, in words. */
static void emit_multiply_bytes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	shift(e, SHIFT_RIGHT, 1, 0, a, 8);
	shift(e, SHIFT_RIGHT, 1, 1, b, 8);
	emit_vex(e, OP_PMULLW, 0, 0, 1);
	shift(e, SHIFT_LEFT, 1, 0, 0, 8);
	emit_vex(e, OP_PMULLW, dst, a, b);
	shift(e, SHIFT_LEFT, 1, dst, dst, 8);
	shift(e, SHIFT_RIGHT, 1, dst, dst, 8);
	emit_vex(e, OP_POR, dst, dst, 0);
	emit_vector_result(e, op, dst);
}

/* Products twice as wide: of extended bytes; of low and high halves, interleaved; or of words in
 * the lower halves of doublewords. */
static void emit_multiply_long(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);
	bool sign = op->aux == IR_VEC_SMULL;

	if (op->size == 1) {
		emit_vex(e, OP_PMULLW, 0, a, b);
		emit_vex(e, sign ? OP_PMULHW : OP_PMULHUW, dst, a, b);
		emit_vex(e, V(op->c ? 0x69 : 0x61), dst, 0, dst); /* vpunpckhwd, vpunpcklwd */
	} else if (op->size == 2) {
		shuffle(e, 0, a, op->c ? 0xfa : 0x50);
		shuffle(e, 1, b, op->c ? 0xfa : 0x50);
		emit_vex(e, sign ? OP_PMULDQ : OP_PMULUDQ, dst, 0, 1);
	} else if (op->c && !sign) {
		emit_vex(e, OP_PXOR, 2, 2, 2);
		emit_vex(e, OP_PUNPCKHBW, 0, a, 2);
		emit_vex(e, OP_PUNPCKHBW, 1, b, 2);
		emit_vex(e, OP_PMULLW, dst, 0, 1);
	} else {
		if (op->c) {
			shuffle(e, 0, a, 0xee);
			shuffle(e, 1, b, 0xee);
			a = 0;
			b = 1;
		}
		x64_rr(e->b, false, V38(sign ? 0x20 : 0x30), 0, a);
		x64_rr(e->b, false, V38(sign ? 0x20 : 0x30), 1, b);
		emit_vex(e, OP_PMULLW, dst, 0, 1);
	}
	emit_vector_result(e, op, dst);
}

/* The bytes of even number of a register as words, then those of odd number. */
static void emit_split_bytes(struct emit *e, bool sign, unsigned int even, unsigned int odd,
			     unsigned int a)
{
	enum shift_group right = sign ? SHIFT_RIGHT_SIGNED : SHIFT_RIGHT;

	shift(e, SHIFT_LEFT, 1, even, a, 8);
	shift(e, right, 1, even, even, 8);
	shift(e, right, 1, odd, a, 8);
}

static void emit_dot(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);
	bool sign = op->aux == IR_VEC_SDOT;

	emit_split_bytes(e, sign, 0, 1, a);
	emit_split_bytes(e, sign, 2, 3, b);
	emit_vex(e, OP_PMADDWD, dst, 0, 2);
	emit_vex(e, OP_PMADDWD, 1, 1, 3);
	emit_vex(e, same_type[IR_VEC_ADD][2], dst, dst, 1);
	emit_vector_result(e, op, dst);
}

/* Sums of neighbours: products with ones where the host adds them, else both extended. */
static void emit_add_neighbours(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);
	bool sign = op->aux == IR_VEC_SADDLP;

	if (op->size == 0) {
		emit_vector_ones(e, 0);
		emit_vex(e, OP_PABSB, 0, 0, 0);
		emit_vex(e, OP_PMADDUBSW, dst, sign ? 0 : a, sign ? a : 0);
	} else if (op->size == 1 && sign) {
		emit_vector_ones(e, 0);
		shift(e, SHIFT_RIGHT, 1, 0, 0, 15);
		emit_vex(e, OP_PMADDWD, dst, a, 0);
	} else if (sign) {
		shuffle(e, 0, a, 0x08);
		shuffle(e, 1, a, 0x0d);
		x64_rr(e->b, false, OP_PMOVSXDQ, 0, 0);
		x64_rr(e->b, false, OP_PMOVSXDQ, 1, 1);
		emit_vex(e, same_type[IR_VEC_ADD][3], dst, 0, 1);
	} else {
		emit_vex(e, OP_PXOR, 0, 0, 0);
		emit_vex(e, OP_PBLENDW, 0, a, 0);
		x64_byte(e->b, op->size == 1 ? 0xaa : 0xcc);
		shift(e, SHIFT_RIGHT, op->size + 1u, dst, a, 8u << op->size);
		emit_vex(e, same_type[IR_VEC_ADD][op->size + 1], dst, dst, 0);
	}
	emit_vector_result(e, op, dst);
}

/* Sets QC if any bit of the register (its lower half for the 8-byte forms) is set. */
static void emit_note_saturation(struct emit *e, const struct ir_op *op, unsigned int xmm)
{
	uint8_t *none;

	if (!op->wide) {
		x64_rr(e->b, false, OP_MOVQ, xmm, xmm);
	}
	x64_rr(e->b, false, OP_PTEST, xmm, xmm);
	none = x64_jcc_fwd(e->b, CC_E);
	x64_alu_mi(e->b, false, ALU_OR, emit_cpu(EMIT_CPU(fpsr)), FPSR_QC);
	x64_patch_here(e->b, none);
}

/* Saturated is what differs from the wrapped result. */
static void emit_saturating(struct emit *e, const struct ir_op *op)
{
	bool add = op->aux == IR_VEC_SQADD || op->aux == IR_VEC_UQADD;
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, same_type[op->aux][op->size], dst, a, b);
	emit_vex(e, same_type[add ? IR_VEC_ADD : IR_VEC_SUB][op->size], 0, a, b);
	emit_vex(e, OP_PXOR, 0, 0, dst);
	emit_note_saturation(e, op, 0);
	emit_vector_result(e, op, dst);
}

/* High halves of doubled products of halfwords. Only -1 * -1 saturates, and gives 0x8000. */
static void emit_multiply_high(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	if (op->aux == IR_VEC_SQRDMULH) {
		emit_vex(e, OP_PMULHRSW, dst, a, b);
	} else {
		emit_vex(e, OP_PMULHW, 0, a, b);
		emit_vex(e, OP_PMULLW, dst, a, b);
		shift(e, SHIFT_LEFT, 1, 0, 0, 1);
		shift(e, SHIFT_RIGHT, 1, dst, dst, 15);
		emit_vex(e, OP_POR, dst, dst, 0);
	}
	emit_vector_ones(e, 0);
	shift(e, SHIFT_LEFT, 1, 0, 0, 15);
	emit_vex(e, same_type[IR_VEC_CMEQ][1], 0, 0, dst);
	emit_vex(e, OP_PXOR, dst, dst, 0);
	emit_note_saturation(e, op, 0);
	emit_vector_result(e, op, dst);
}

/* Bits in each byte: a table look-up for each half. */
static void emit_cnt(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(nibbles));
	x64_rm(e->b, false, OP_MOVAPS, 1, EMIT_CONSTANT(popcount));
	emit_vex(e, OP_PAND, 2, a, 0);
	shift(e, SHIFT_RIGHT, 1, 3, a, 4);
	emit_vex(e, OP_PAND, 3, 3, 0);
	emit_vex(e, OP_PSHUFB, 2, 1, 2);
	emit_vex(e, OP_PSHUFB, 3, 1, 3);
	emit_vex(e, OP_PADDB, dst, 2, 3);
	emit_vector_result(e, op, dst);
}

static void emit_multiply(struct emit *e, const struct ir_op *op)
{
	if (op->size == 0) {
		emit_multiply_bytes(e, op);
	} else {
		emit_vector_three(e, op, same_type[IR_VEC_MUL][op->size]);
	}
}

/* Whatever is not one host instruction. */
static void (*const emitters[IR_VEC_FIRST_FLOAT])(struct emit *e, const struct ir_op *op) = {
	[IR_VEC_MUL] = emit_multiply,
	[IR_VEC_BIC] = emit_bic,
	[IR_VEC_CMGE] = emit_compare,
	[IR_VEC_CMHI] = emit_compare,
	[IR_VEC_CMHS] = emit_compare,
	[IR_VEC_SQADD] = emit_saturating,
	[IR_VEC_UQADD] = emit_saturating,
	[IR_VEC_SQSUB] = emit_saturating,
	[IR_VEC_UQSUB] = emit_saturating,
	[IR_VEC_SQDMULH] = emit_multiply_high,
	[IR_VEC_SQRDMULH] = emit_multiply_high,
	[IR_VEC_SMULL] = emit_multiply_long,
	[IR_VEC_UMULL] = emit_multiply_long,
	[IR_VEC_SDOT] = emit_dot,
	[IR_VEC_UDOT] = emit_dot,
	[IR_VEC_SSHL] = emit_shift_variable,
	[IR_VEC_USHL] = emit_shift_variable,
	[IR_VEC_BSL] = emit_bit_select,
	[IR_VEC_BIT] = emit_bit_select,
	[IR_VEC_BIF] = emit_bit_select,
	[IR_VEC_NOT] = emit_unary,
	[IR_VEC_NEG] = emit_unary,
	[IR_VEC_ABS] = emit_unary,
	[IR_VEC_SHL] = emit_shift,
	[IR_VEC_USHR] = emit_shift,
	[IR_VEC_SSHR] = emit_shift,
	[IR_VEC_USHLL] = emit_lengthen,
	[IR_VEC_SSHLL] = emit_lengthen,
	[IR_VEC_SADDLP] = emit_add_neighbours,
	[IR_VEC_UADDLP] = emit_add_neighbours,
	[IR_VEC_CNT] = emit_cnt,
};

/* MOV is ORR of a register with itself. */
static void emit_move(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_rr(e->b, false, op->wide ? OP_MOVAPS : OP_MOVQ, dst, a);
	emit_vector_commit(e, op->dst, dst);
}

void emit_vector_int(struct emit *e, const struct ir_op *op)
{
	if (op->aux == IR_VEC_OR && op->a == op->b) {
		emit_move(e, op);
	} else if (emitters[op->aux]) {
		emitters[op->aux](e, op);
	} else {
		emit_vector_three(e, op, same_type[op->aux][op->size]);
	}
}
