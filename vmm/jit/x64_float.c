// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_float.c - scalar floating point in SSE and FMA.
 *
 * With FPCR at its default the host computes what Arm asks for, but for three things: which NaN
 * comes out, the sign of the default NaN, and underflow of results that round up to the smallest
 * normal number (Arm detects it before rounding, x86 after). A result that is a NaN, or of that
 * magnitude, sends the instruction to the interpreter before anything is written.
 */
#include "x64_emit.h"

#define OP_ADD      (X64_0F | 0x58)
#define OP_MUL      (X64_0F | 0x59)
#define OP_SUB      (X64_0F | 0x5c)
#define OP_DIV      (X64_0F | 0x5e)
#define OP_SQRT     (X64_0F | 0x51)
#define OP_UCOMIS   (X64_0F | 0x2e)
#define OP_COMIS    (X64_0F | 0x2f)
#define OP_XORPS    (X64_0F | 0x57)
#define OP_MOVD     (X64_66 | X64_0F | 0x6e)
#define OP_MOVD_OUT (X64_66 | X64_0F | 0x7e)
#define OP_MOVQ     (X64_F3 | X64_0F | 0x7e)
#define OP_PAND     (X64_66 | X64_0F | 0xdb)
#define OP_CMPS     (X64_0F | 0xc2)
#define OP_MOVMSKP  (X64_0F | 0x50)
#define OP_INSERTPS (X64_66 | X64_0F3A | 0x21)
#define OP_CVTSI2S  (X64_0F | 0x2a)
#define OP_CVTTS2SI (X64_0F | 0x2c)
#define OP_CVTSS2SD (X64_F3 | X64_0F | 0x5a)
#define OP_CVTSD2SS (X64_F2 | X64_0F | 0x5a)

#define CMP_EQUAL_OR_UNORDERED 0x08 /* of CMPSS and CMPSD */

/* Scalar FMA, 231 form: first operand = +-(second * third) +- first. */
#define OP_FMADD231  (X64_66 | X64_0F38 | 0xb9)
#define OP_FMSUB231  (X64_66 | X64_0F38 | 0xbb)
#define OP_FNMADD231 (X64_66 | X64_0F38 | 0xbd)
#define OP_FNMSUB231 (X64_66 | X64_0F38 | 0xbf)

#define EMIT_CONSTANT(field) emit_cpu(EMIT_CPU(constants.field))

static unsigned int scalar_prefix(const struct ir_op *op)
{
	return op->size == 3 ? X64_F2 : X64_F3;
}

/* Clears all above the scalar. */
static void clear_upper(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int src)
{
	if (op->size == 3) {
		x64_rr(e->b, false, OP_MOVQ, dst, src);
	} else {
		x64_vex_rr(e->b, false, OP_INSERTPS, dst, src, src);
		x64_byte(e->b, 0x0e);
	}
}

void emit_check_scalar(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow)
{
	bool wide = op->size == 3;

	if (!underflow) {
		x64_rr(e->b, false, (wide ? X64_66 : 0) | OP_UCOMIS, xmm, xmm);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_P), emit_cold_interpret);
		return;
	}
	/* Lanes above the lowest become positive numbers, whose signs MOVMSKPS does not see. */
	x64_vex_rm(e->b, false, OP_PAND, 0, xmm, EMIT_CONSTANT(abs[op->size - 2]));
	x64_vex_rm(e->b, false, scalar_prefix(op) | OP_CMPS, 0, 0,
		   EMIT_CONSTANT(min_normal[op->size - 2]));
	x64_byte(e->b, CMP_EQUAL_OR_UNORDERED);
	x64_rr(e->b, false, (wide ? X64_66 : 0) | OP_MOVMSKP, RAX, 0);
	x64_test_rr(e->b, false, RAX, RAX);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
}

static void emit_binary(struct emit *e, const struct ir_op *op, unsigned int opcode, bool underflow)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	x64_vex_rr(e->b, false, scalar_prefix(op) | opcode, dst, a, b);
	emit_check_scalar(e, op, dst, underflow);
	if (op->aux == IR_FP_NMUL) {
		struct x64_mem sign = EMIT_CONSTANT(abs[op->size - 2]);

		/* XOR with ~abs: the sign bit of each lane, the upper lanes are cleared next. */
		x64_rm(e->b, false, X64_0F | 0x28, 0, EMIT_CONSTANT(ones));
		x64_rm(e->b, false, OP_XORPS, 0, sign);
		x64_rr(e->b, false, OP_XORPS, dst, 0);
	}
	clear_upper(e, op, dst, dst);
	emit_vector_commit(e, op->dst, dst);
}

static void emit_sqrt(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_vex_rr(e->b, false, scalar_prefix(op) | OP_SQRT, dst, a, a);
	emit_check_scalar(e, op, dst, false);
	clear_upper(e, op, dst, dst);
	emit_vector_commit(e, op->dst, dst);
}

/* dst = +-(c) +- a * b with one rounding: the 231 forms add to their first operand. */
static void emit_fma(struct emit *e, const struct ir_op *op)
{
	static const uint16_t opcodes[] = {OP_FMADD231, OP_FNMADD231, OP_FNMSUB231, OP_FMSUB231};
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int c = emit_vector_use(e, op->c), dst = emit_vector_def(e);

	clear_upper(e, op, dst, c);
	x64_vex_rr(e->b, op->size == 3, opcodes[op->aux - IR_FP_MADD], dst, a, b);
	emit_check_scalar(e, op, dst, true);
	emit_vector_commit(e, op->dst, dst);
}

/* ZF, PF and CF as an index into a table of cpu->flags. Signalling compares report quiet NaNs too.
 */
static void emit_compare(struct emit *e, const struct ir_op *op)
{
	unsigned int opcode =
		(op->size == 3 ? X64_66 : 0) | (op->aux == IR_FP_CMPE ? OP_COMIS : OP_UCOMIS);
	unsigned int a = emit_vector_use(e, op->a), b = 0;

	if (op->b == IR_ZR) {
		x64_rr(e->b, false, OP_XORPS, 0, 0);
	} else {
		b = emit_vector_use(e, op->b);
	}
	x64_rr(e->b, false, opcode, a, b);
	x64_byte(e->b, 0x9f); /* lahf */
	x64_byte(e->b, 0x0f); /* movzx eax, ah */
	x64_byte(e->b, 0xb6);
	x64_byte(e->b, 0xc4);
	x64_alu_ri(e->b, false, ALU_AND, RAX, 0x45);
	x64_rm(e->b, false, X64_0F | 0xb7, RAX,
	       (struct x64_mem){.base = RBP,
				.index = RAX,
				.scale = 1,
				.disp = EMIT_CPU(constants.fcmp_flags)});
	x64_mov_store(e->b, false, emit_cpu(EMIT_CPU(flags)), RAX);
	emit_flags_written(e);
}

/* Through a general register, from memory: bits only. */
static void emit_move_bits(struct emit *e, const struct ir_op *op)
{
	bool wide = op->size == 3;
	unsigned int dst;

	if (op->aux == IR_FP_MOV) {
		unsigned int a = emit_vector_use(e, op->a);

		dst = emit_vector_def(e);
		clear_upper(e, op, dst, a);
		emit_vector_commit(e, op->dst, dst);
		return;
	}
	x64_mov_load(e->b, wide, RAX, emit_vector_home(e, op->a));
	x64_rr(e->b, wide, X64_0F | 0xba, op->aux == IR_FP_ABS ? 6 : 7, RAX); /* btr, btc */
	x64_byte(e->b, wide ? 63 : 31);
	dst = emit_vector_def(e);
	x64_rr(e->b, wide, OP_MOVD, dst, RAX);
	emit_vector_commit(e, op->dst, dst);
}

static void emit_fp_select(struct emit *e, const struct ir_op *op)
{
	enum x64_cond cc = emit_condition(e, op, op->cond);
	bool wide = op->size == 3;
	unsigned int dst = emit_vector_def(e);

	x64_mov_load(e->b, wide, RAX, emit_vector_home(e, op->b));
	x64_rm(e->b, wide, X64_0F | 0x40 | cc, RAX, emit_vector_home(e, op->a));
	x64_rr(e->b, wide, OP_MOVD, dst, RAX);
	emit_vector_commit(e, op->dst, dst);
}

static void emit_from_general(struct emit *e, const struct ir_op *op)
{
	unsigned int dst = emit_vector_def(e);

	if (op->aux == IR_FP_MOVI) {
		x64_mov_imm(e->b, RAX, (uint64_t)op->imm);
		x64_rr(e->b, true, OP_MOVD, dst, RAX);
	} else if (op->aux == IR_FP_FROM_REG) {
		x64_rr(e->b, op->wide, OP_MOVD, dst, emit_use(e, op->a, RAX));
	} else {
		/* An unsigned word is a positive doubleword. */
		bool word = op->aux == IR_FP_FROM_U32;

		emit_load(e, RAX, op->a, !word);
		x64_rr(e->b, false, OP_XORPS, dst, dst);
		x64_vex_rr(e->b, word || op->wide, scalar_prefix(op) | OP_CVTSI2S, dst, dst, RAX);
	}
	emit_vector_commit(e, op->dst, dst);
}

static void emit_bits_to_general(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (e->vector_host[op->a] >= 0) {
		x64_rr(e->b, op->wide, OP_MOVD_OUT, emit_vector_use(e, op->a), dst);
	} else {
		x64_mov_load(e->b, op->wide, dst, emit_vector_reg(op->a));
	}
	emit_commit(e, op->dst, dst);
}

/* The indefinite integer, most negative, stands for all that does not fit. */
static void emit_to_integer(struct emit *e, const struct ir_op *op)
{
	x64_rr(e->b, op->wide, scalar_prefix(op) | OP_CVTTS2SI, RAX, emit_vector_use(e, op->a));
	x64_mov_imm(e->b, RCX, op->wide ? 1ull << 63 : 1u << 31);
	x64_alu_rr(e->b, op->wide, ALU_CMP, RAX, RCX);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_E), emit_cold_interpret);
	emit_commit(e, op->dst, RAX);
}

static void emit_convert(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);
	bool narrow = op->aux == IR_FP_TO_SINGLE;

	x64_rr(e->b, false, OP_XORPS, dst, dst);
	x64_vex_rr(e->b, false, narrow ? OP_CVTSD2SS : OP_CVTSS2SD, dst, dst, a);
	emit_check_scalar(e, op, dst, narrow);
	emit_vector_commit(e, op->dst, dst);
}

void emit_float(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_fp)op->aux) {
	case IR_FP_ADD:
		emit_binary(e, op, OP_ADD, false);
		break;
	case IR_FP_SUB:
		emit_binary(e, op, OP_SUB, false);
		break;
	case IR_FP_MUL:
	case IR_FP_NMUL:
		emit_binary(e, op, OP_MUL, true);
		break;
	case IR_FP_DIV:
		emit_binary(e, op, OP_DIV, true);
		break;
	case IR_FP_SQRT:
		emit_sqrt(e, op);
		break;
	case IR_FP_MADD:
	case IR_FP_MSUB:
	case IR_FP_NMADD:
	case IR_FP_NMSUB:
		emit_fma(e, op);
		break;
	case IR_FP_CMP:
	case IR_FP_CMPE:
		emit_compare(e, op);
		break;
	case IR_FP_MOV:
	case IR_FP_ABS:
	case IR_FP_NEG:
		emit_move_bits(e, op);
		break;
	case IR_FP_SELECT:
		emit_fp_select(e, op);
		break;
	case IR_FP_MOVI:
	case IR_FP_FROM_REG:
	case IR_FP_FROM_INT:
	case IR_FP_FROM_U32:
		emit_from_general(e, op);
		break;
	case IR_FP_TO_REG:
		emit_bits_to_general(e, op);
		break;
	case IR_FP_TO_INT:
		emit_to_integer(e, op);
		break;
	case IR_FP_TO_SINGLE:
	case IR_FP_TO_DOUBLE:
		emit_convert(e, op);
		break;
	}
}
