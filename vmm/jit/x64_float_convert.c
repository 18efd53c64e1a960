// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_float_convert.c - scalar floating point: to integers and back, to integral values, to the
 * other size.
 *
 * What does not fit is left to the interpreter, and so is what the host would report otherwise. A
 * conversion reports an inexact result only if nothing worse is to be reported: so it is rounded
 * silently first, and once it is known to fit, a conversion of the original reports it.
 */
#include "x64_float.h"

#define OP_CVTSI2S  (X64_0F | 0x2a)
#define OP_CVTTS2SI (X64_0F | 0x2c)
#define OP_CVTS2SI  (X64_0F | 0x2d)
#define OP_CVTSS2SD (X64_F3 | X64_0F | 0x5a)
#define OP_CVTSD2SS (X64_F2 | X64_0F | 0x5a)
#define OP_ROUNDS   (X64_66 | X64_0F3A | 0x0a) /* | 1: double */

#define ROUND_SILENT 8    /* of ROUNDSx: an inexact result is not reported */
#define CMP_NOT_LESS 0x05 /* of CMPSx */

/* 2 to the n as a scalar in xmm. Uses rax. */
static void power_of_two(struct emit *e, const struct ir_op *op, unsigned int xmm, int n)
{
	bool wide = op->size == 3;

	x64_mov_imm(e->b, RAX, wide ? (uint64_t)(1023 + n) << 52 : (uint64_t)(127 + n) << 23);
	x64_rr(e->b, wide, OP_MOVD, xmm, RAX);
}

/* Cold unless a is below 2 to the n. Uses rax and xmm1. */
static void check_below(struct emit *e, const struct ir_op *op, unsigned int a, int n)
{
	power_of_two(e, op, 1, n);
	x64_rr(e->b, false, ucomis(op), 1, a);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_BE), emit_cold_interpret);
}

/* To nearest, halves away from zero: truncated, and if the rest, which is exact, is a half or more,
 * one more. Nothing is reported. Cold for what is large, infinite or a NaN. Uses xmm0 and xmm1. */
static void round_away(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int a)
{
	unsigned int type = op->size - 2u, prefix = scalar_prefix(op);

	x64_vex_rm(e->b, false, OP_PAND, 0, a, EMIT_CONSTANT(abs[type]));
	check_below(e, op, 0, type ? 52 : 23);
	x64_vex_rr(e->b, false, OP_ROUNDS | type, dst, a, a);
	x64_byte(e->b, IR_ROUND_ZERO | ROUND_SILENT);
	x64_vex_rr(e->b, false, prefix | OP_SUB, 0, a, dst);
	x64_vex_rm(e->b, false, OP_PAND, 0, 0, EMIT_CONSTANT(abs[type]));
	power_of_two(e, op, 1, -1);
	x64_vex_rr(e->b, false, prefix | OP_CMPS, 0, 0, 1);
	x64_byte(e->b, CMP_NOT_LESS);
	power_of_two(e, op, 1, 0);
	x64_vex_rr(e->b, false, OP_PAND, 0, 0, 1);
	/* With the sign of a: the result may be -0. */
	x64_vex_rm(e->b, false, OP_PAND, 1, a, EMIT_CONSTANT(sign[type]));
	x64_vex_rr(e->b, false, OP_POR, 0, 0, 1);
	x64_vex_rr(e->b, false, prefix | OP_ADD, dst, dst, 0);
}

/* dst = a, rounded as op->imm says, with what lies above it in a. */
static void round_to_integral(struct emit *e, const struct ir_op *op, unsigned int dst,
			      unsigned int a)
{
	if (op->imm == IR_ROUND_AWAY) {
		round_away(e, op, dst, a);
	} else {
		x64_vex_rr(e->b, false, OP_ROUNDS | (op->size - 2u), dst, a, a);
		x64_byte(e->b, op->imm == IR_ROUND_EXACT ? IR_ROUND_NEAREST
							 : (uint8_t)op->imm | ROUND_SILENT);
	}
}

static void emit_round(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a), dst = emit_vector_def(e);

	round_to_integral(e, op, dst, a);
	if (op->imm != IR_ROUND_AWAY) {
		emit_check_scalar(e, op, dst, false);
	}
	emit_scalar_clear(e, op, dst, a);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

/* The host's conversion is the guest's. The indefinite integer, the only one that less one
 * overflows, stands for all that does not fit. */
static void to_signed(struct emit *e, const struct ir_op *op, bool wide, unsigned int opcode,
		      unsigned int a)
{
	x64_rr(e->b, wide, scalar_prefix(op) | opcode, RAX, a);
	x64_alu_ri(e->b, wide, ALU_CMP, RAX, 1);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_O), emit_cold_interpret);
}

/* xmm2, integral, to an unsigned integer, by way of a signed doubleword. */
static void to_unsigned(struct emit *e, const struct ir_op *op)
{
	if (op->wide && op->imm != IR_ROUND_AWAY) {
		check_below(e, op, 2, 63);
	}
	x64_rr(e->b, true, scalar_prefix(op) | OP_CVTTS2SI, RAX, 2);
	if (op->wide) {
		x64_test_rr(e->b, true, RAX, RAX);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_S), emit_cold_interpret);
	} else {
		x64_mov_rr(e->b, true, RCX, RAX);
		x64_shift_ri(e->b, true, SHIFT_SHR, RCX, 32);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
	}
}

static void emit_to_integer(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a);
	bool is_signed = op->aux == IR_FP_TO_INT;

	if (is_signed && op->imm == IR_ROUND_ZERO) {
		to_signed(e, op, op->wide, OP_CVTTS2SI, a);
	} else if (is_signed && op->imm == IR_ROUND_NEAREST) {
		to_signed(e, op, op->wide, OP_CVTS2SI, a);
	} else {
		round_to_integral(e, op, 2, a);
		if (is_signed) {
			to_signed(e, op, op->wide, OP_CVTTS2SI, 2);
		} else {
			to_unsigned(e, op);
		}
		x64_rr(e->b, true, scalar_prefix(op) | OP_CVTS2SI, RCX, a);
	}
	emit_commit(e, op->dst, RAX);
}

static void emit_from_integer(struct emit *e, const struct ir_op *op)
{
	/* An unsigned word is a positive doubleword. */
	bool word = op->aux == IR_FP_FROM_U32;
	unsigned int dst = emit_vector_def(e);

	emit_load(e, RAX, op->a, !word);
	if (op->aux == IR_FP_FROM_U64) {
		x64_test_rr(e->b, true, RAX, RAX);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_S), emit_cold_interpret);
	}
	x64_rr(e->b, false, OP_XORPS, dst, dst);
	x64_vex_rr(e->b, word || op->wide, scalar_prefix(op) | OP_CVTSI2S, dst, dst, RAX);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

static void emit_resize(struct emit *e, const struct ir_op *op)
{
	bool narrow = op->aux == IR_FP_TO_SINGLE;
	unsigned int a = emit_vector_use_scalar(e, op->a, narrow ? 3 : 2);
	unsigned int dst = emit_vector_def(e);

	x64_rr(e->b, false, OP_XORPS, dst, dst);
	x64_vex_rr(e->b, false, narrow ? OP_CVTSD2SS : OP_CVTSS2SD, dst, dst, a);
	emit_check_scalar(e, op, dst, narrow);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

bool emit_float_convert(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_fp)op->aux) {
	case IR_FP_ROUND:
		emit_round(e, op);
		return true;
	case IR_FP_TO_INT:
	case IR_FP_TO_UNSIGNED:
		emit_to_integer(e, op);
		return true;
	case IR_FP_FROM_INT:
	case IR_FP_FROM_U32:
	case IR_FP_FROM_U64:
		emit_from_integer(e, op);
		return true;
	case IR_FP_TO_SINGLE:
	case IR_FP_TO_DOUBLE:
		emit_resize(e, op);
		return true;
	default:
		return false;
	}
}
