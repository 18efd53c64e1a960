// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_pairs.c - SIMD on neighbouring lanes: pairwise, across a vector, narrowing.
 *
 * The work is in bringing lanes together; PSHUFB with constants.gather puts the even lanes of a
 * register into its lower half and the odd ones into its upper half.
 */
#include "fp.h"
#include "x64_vector.h"

#define OP_PUNPCKLQDQ V(0x6c)
#define OP_PUNPCKHQDQ V(0x6d)
#define OP_SHUFPS     (X64_0F | 0xc6)
#define OP_PSHUFLW    (X64_F2 | X64_0F | 0x70)
#define OP_PADDQ      V(0xd4)
#define OP_PBLENDW    (X64_66 | X64_0F3A | 0x0e)
#define OP_PSADBW     V(0xf6)

#define SWAP_HALVES  0x4e /* PSHUFD */
#define SWAP_WORDS   0xb1
#define GATHER_WORDS 0xd8

/* Shifts by immediate, groups 71 (words) to 73 (quadwords). */
enum {
	SHIFT_RIGHT = 2,
	SHIFT_RIGHT_BYTES = 3, /* of all sixteen bytes; group 73 */
	SHIFT_RIGHT_SIGNED = 4,
	SHIFT_LEFT = 6,
	SHIFT_LEFT_BYTES = 7,
};

/* size is that of the lanes: 1 to 3. */
static void shift(struct emit *e, unsigned int kind, unsigned int size, unsigned int dst,
		  unsigned int a, unsigned int count)
{
	x64_vex_rr(e->b, false, V(0x70u + size), kind, dst, a);
	x64_byte(e->b, (uint8_t)count);
}

static void shuffle_words(struct emit *e, unsigned int dst, unsigned int a, uint8_t order)
{
	x64_rr(e->b, false, OP_PSHUFD, dst, a);
	x64_byte(e->b, order);
}

static unsigned int combine_opcode(const struct ir_op *op)
{
	static const uint16_t opcodes[][4] = {
		[IR_VEC_ADD] = {V(0xfc), V(0xfd), V(0xfe), OP_PADDQ},
		[IR_VEC_SMAX] = {V38(0x3c), V(0xee), V38(0x3d), NO},
		[IR_VEC_SMIN] = {V38(0x38), V(0xea), V38(0x39), NO},
		[IR_VEC_UMAX] = {V(0xde), V38(0x3e), V38(0x3f), NO},
		[IR_VEC_UMIN] = {V(0xda), V38(0x3a), V38(0x3b), NO},
	};

	return opcodes[op->c][op->size];
}

/* Even lanes to the lower half, odd ones to the upper. */
static void gather(struct emit *e, unsigned int size, unsigned int dst, unsigned int a)
{
	if (size == 2) {
		shuffle_words(e, dst, a, GATHER_WORDS);
	} else {
		emit_vex_mem(e, OP_PSHUFB, dst, a, EMIT_CONSTANT(gather[size]));
	}
}

/* xmm0 = the even, xmm1 = the odd lanes of all sixteen bytes of both. */
static void split_registers(struct emit *e, unsigned int size, unsigned int a, unsigned int b)
{
	if (size == 2) {
		emit_vex(e, OP_SHUFPS, 0, a, b);
		x64_byte(e->b, 0x88);
		emit_vex(e, OP_SHUFPS, 1, a, b);
		x64_byte(e->b, 0xdd);
		return;
	}
	if (size < 2) {
		gather(e, size, 2, a);
		gather(e, size, 3, b);
		a = 2;
		b = 3;
	}
	emit_vex(e, OP_PUNPCKLQDQ, 0, a, b);
	emit_vex(e, OP_PUNPCKHQDQ, 1, a, b);
}

/* The same of one register; the upper halves repeat the lower, the other way round. */
static void split_register(struct emit *e, unsigned int size, unsigned int a)
{
	gather(e, size, 0, a);
	shuffle_words(e, 1, 0, SWAP_HALVES);
}

void emit_vector_split(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);

	if (op->wide) {
		split_registers(e, op->size, a, b);
	} else {
		emit_vex(e, OP_PUNPCKLQDQ, 0, a, b);
		split_register(e, op->size, 0);
	}
}

static void emit_pairs(struct emit *e, const struct ir_op *op)
{
	unsigned int dst;

	if (op->a == op->b && op->wide && op->size < 3) {
		/* Both halves of the result are the same, and so is what order they combine in. */
		split_register(e, op->size, emit_vector_use(e, op->a));
	} else {
		emit_vector_split(e, op);
	}
	dst = emit_vector_def(e);
	emit_vex(e, combine_opcode(op), dst, 0, 1);
	emit_vector_result(e, op, dst);
}

/* Clears all above the lowest lane. */
static void keep_lane(struct emit *e, unsigned int size, unsigned int xmm)
{
	if (size == 3) {
		x64_rr(e->b, false, OP_MOVQ, xmm, xmm);
	} else {
		shift(e, SHIFT_LEFT_BYTES, 3, xmm, xmm, 16 - (1u << size));
		shift(e, SHIFT_RIGHT_BYTES, 3, xmm, xmm, 16 - (1u << size));
	}
}

/* Halves with each other, then quarters, down to the lane's size. */
static void emit_across(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);
	unsigned int opcode = combine_opcode(op);

	if (op->wide) {
		shuffle_words(e, 0, a, SWAP_HALVES);
		emit_vex(e, opcode, dst, a, 0);
		a = dst;
	}
	if (op->size < 3) {
		shuffle_words(e, 0, a, SWAP_WORDS);
		emit_vex(e, opcode, dst, a, 0);
	}
	if (op->size < 2) {
		x64_rr(e->b, false, OP_PSHUFLW, 0, dst);
		x64_byte(e->b, SWAP_WORDS);
		emit_vex(e, opcode, dst, dst, 0);
	}
	if (op->size < 1) {
		shift(e, SHIFT_RIGHT, 1, 0, dst, 8);
		emit_vex(e, opcode, dst, dst, 0);
	}
	keep_lane(e, op->size, dst);
	emit_vector_commit(e, op->dst, dst);
}

static void emit_sum_bytes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	emit_vex(e, OP_PXOR, 1, 1, 1);
	emit_vex(e, OP_PSADBW, dst, a, 1); /* one sum for each half */
	if (op->wide) {
		shuffle_words(e, 0, dst, SWAP_HALVES);
		emit_vex(e, OP_PADDQ, dst, dst, 0);
	}
	x64_rr(e->b, false, OP_MOVQ, dst, dst);
	emit_vector_commit(e, op->dst, dst);
}

/* The lower half of xmm0, or the upper one, becomes half of the destination. */
static void emit_narrow_result(struct emit *e, const struct ir_op *op, bool upper)
{
	unsigned int dst;

	if (op->wide) {
		unsigned int old = emit_vector_use(e, op->dst);

		dst = emit_vector_def(e);
		if (upper) {
			emit_vex(e, OP_PBLENDW, dst, old, 0);
			x64_byte(e->b, 0xf0);
		} else {
			emit_vex(e, OP_PUNPCKLQDQ, dst, old, 0);
		}
	} else {
		dst = emit_vector_def(e);
		if (upper) {
			shift(e, SHIFT_RIGHT_BYTES, 3, dst, 0, 8);
		} else {
			x64_rr(e->b, false, OP_MOVQ, dst, 0);
		}
	}
	emit_vector_commit(e, op->dst, dst);
}

/*
 * xmm0 = a >> imm, lanes of twice op->size; rounding adds the last bit that was shifted out, which
 * cannot overflow. Uses xmm1.
 */
static void shift_right(struct emit *e, const struct ir_op *op, unsigned int kind,
			unsigned int opcode_add, bool round)
{
	unsigned int size = op->size + 1u, a = emit_vector_use(e, op->a);
	unsigned int top = (8u << size) - 1;

	shift(e, kind, size, 0, a, (unsigned int)op->imm);
	if (round) {
		shift(e, SHIFT_LEFT, size, 1, a, top + 1 - (unsigned int)op->imm);
		shift(e, SHIFT_RIGHT, size, 1, 1, top);
		emit_vex(e, opcode_add, 0, 0, 1);
	}
}

/* A shift by the narrow width moves upper halves down: they need not be. */
static void emit_narrow(struct emit *e, const struct ir_op *op)
{
	static const uint16_t add[] = {V(0xfd), V(0xfe), OP_PADDQ};
	bool upper = op->imm == 8 << op->size;

	if (upper) {
		unsigned int a = emit_vector_use(e, op->a);

		if (op->aux == IR_VEC_NARROW_ROUND) {
			emit_vex_mem(e, add[op->size], 0, a, EMIT_CONSTANT(half[op->size]));
			a = 0;
		}
		gather(e, op->size, 0, a);
	} else if (op->imm) {
		shift_right(e, op, SHIFT_RIGHT, add[op->size], op->aux == IR_VEC_NARROW_ROUND);
		gather(e, op->size, 0, 0);
	} else {
		gather(e, op->size, 0, emit_vector_use(e, op->a));
	}
	emit_narrow_result(e, op, upper);
}

/* Sets FPSR.QC unless xmm1 is all ones. */
static void set_saturation(struct emit *e)
{
	x64_rm(e->b, false, OP_PTEST, 1, EMIT_CONSTANT(ones));
	x64_setcc(e->b, CC_AE, RAX);
	x64_rr8(e->b, X64_0F | 0xb6, RAX, RAX);
	x64_shift_ri(e->b, false, SHIFT_SHL, RAX, (uint8_t)__builtin_ctz(FPSR_QC));
	x64_alu_mr(e->b, false, ALU_OR, emit_cpu(EMIT_CPU(fpsr)), RAX);
}

/* PACK saturates signed numbers; what does not come back from it as it was has saturated. */
static void emit_saturate(struct emit *e, const struct ir_op *op)
{
	static const uint16_t pack[2][2] = {{V(0x63), V(0x6b)}, {V(0x67), V38(0x2b)}};
	static const uint16_t extend[2][2] = {{V38(0x20), V38(0x23)}, {V38(0x30), V38(0x33)}};
	static const uint16_t min[] = {V38(0x3a), V38(0x3b)};
	static const uint16_t add[] = {V(0xfd), V(0xfe)}, equal[] = {V(0x75), V(0x76)};
	unsigned int kind = op->c & 3u, size = op->size;
	bool to_unsigned = kind != IR_SATURATE_SS;

	if (op->imm) {
		shift_right(e, op, kind == IR_SATURATE_UU ? SHIFT_RIGHT : SHIFT_RIGHT_SIGNED,
			    add[size], op->c & IR_SATURATE_ROUND);
	} else {
		x64_rr(e->b, false, OP_MOVAPS, 0, emit_vector_use(e, op->a));
	}
	if (kind == IR_SATURATE_UU) {
		/* To PACK, the upper half of the range is negative. */
		emit_vector_ones(e, 1);
		shift(e, SHIFT_RIGHT, size + 1, 1, 1, 8u << size);
		emit_vex(e, min[size], 2, 0, 1);
		emit_vex(e, pack[1][size], 2, 2, 2);
	} else {
		emit_vex(e, pack[to_unsigned][size], 2, 0, 0);
	}
	x64_rr(e->b, false, extend[to_unsigned][size], 1, 2);
	emit_vex(e, equal[size], 1, 1, 0);
	set_saturation(e);
	x64_rr(e->b, false, OP_MOVAPS, 0, 2);
	emit_narrow_result(e, op, false);
}

void emit_vector_pairs(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_vec)op->aux) {
	case IR_VEC_PAIRS:
		emit_pairs(e, op);
		break;
	case IR_VEC_ACROSS:
		emit_across(e, op);
		break;
	case IR_VEC_UADDLV:
		emit_sum_bytes(e, op);
		break;
	case IR_VEC_SATURATE:
		emit_saturate(e, op);
		break;
	default:
		emit_narrow(e, op);
		break;
	}
}
