// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_float.c - scalar floating point in SSE and FMA.
 *
 * With FPCR at its default the host computes what Arm asks for, but for three things: which NaN
 * comes out, the sign of the default NaN, and underflow of results that round up to the smallest
 * normal number (Arm detects it before rounding, x86 after). A result that is a NaN, or of that
 * magnitude, sends the instruction to the interpreter before anything is written.
 */
#include "x64_float.h"

#define OP_MUL      (X64_0F | 0x59)
#define OP_DIV      (X64_0F | 0x5e)
#define OP_SQRT     (X64_0F | 0x51)
#define OP_COMIS    (X64_0F | 0x2f)
#define OP_MIN      (X64_0F | 0x5d)
#define OP_MAX      (X64_0F | 0x5f)
#define OP_INSERTPS (X64_66 | X64_0F3A | 0x21)

/* Predicates of CMPSS and CMPSD: or unordered; the second reports quiet NaNs, too. */
#define CMP_NOT_EQUAL   0x04
#define CMP_NOT_EQUAL_S 0x14

/* Scalar FMA, 231 form: first operand = +-(second * third) +- first. */
#define OP_FMADD231  (X64_66 | X64_0F38 | 0xb9)
#define OP_FMSUB231  (X64_66 | X64_0F38 | 0xbb)
#define OP_FNMADD231 (X64_66 | X64_0F38 | 0xbd)
#define OP_FNMSUB231 (X64_66 | X64_0F38 | 0xbf)

void emit_scalar_copy(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int src)
{
	if (emit_vector_is_scalar(e, op->size, src)) {
		x64_rr(e->b, false, OP_MOVAPS, dst, src);
	} else if (op->size == 3) {
		x64_rr(e->b, false, OP_MOVQ, dst, src);
	} else {
		x64_vex_rr(e->b, false, OP_INSERTPS, dst, src, src);
		x64_byte(e->b, 0x0e);
	}
}

void emit_scalar_clear(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int first)
{
	if (!emit_vector_is_scalar(e, op->size, first)) {
		emit_scalar_copy(e, op, dst, dst);
	}
}

void emit_scalar_constant(struct emit *e, const struct ir_op *op, unsigned int xmm,
			  struct x64_mem constant)
{
	x64_rm(e->b, false, op->size == 3 ? OP_MOVQ : OP_MOVD, xmm, constant);
}

/* UCOMISx says of NaNs that they are equal, too. */
void emit_check_scalar(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow)
{
	enum x64_cond cold = underflow ? CC_E : CC_P;

	if (underflow) {
		x64_vex_rm(e->b, false, OP_PAND, 0, xmm, EMIT_CONSTANT(abs[op->size - 2]));
		x64_rm(e->b, false, ucomis(op), 0, EMIT_CONSTANT(min_normal[op->size - 2]));
	} else {
		x64_rr(e->b, false, ucomis(op), xmm, xmm);
	}
	emit_add_cold(e, op, x64_jcc_fwd(e->b, cold), emit_cold_interpret);
}

static void emit_binary(struct emit *e, const struct ir_op *op, unsigned int opcode, bool underflow)
{
	unsigned int a = scalar_use(e, op, op->a), b = scalar_use(e, op, op->b);
	unsigned int dst = emit_vector_def(e);
	bool commutes = opcode == OP_ADD || opcode == OP_MUL;

	if (commutes && emit_vector_is_scalar(e, op->size, b)) {
		unsigned int first = b;

		b = a;
		a = first;
	}
	x64_vex_rr(e->b, false, scalar_prefix(op) | opcode, dst, a, b);
	emit_check_scalar(e, op, dst, underflow);
	emit_scalar_clear(e, op, dst, a);
	if (op->aux == IR_FP_NMUL) {
		emit_scalar_constant(e, op, 0, EMIT_CONSTANT(sign[op->size - 2]));
		x64_rr(e->b, false, OP_XORPS, dst, 0);
	}
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

static void emit_sqrt(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a), dst = emit_vector_def(e);

	x64_vex_rr(e->b, false, scalar_prefix(op) | OP_SQRT, dst, a, a);
	emit_check_scalar(e, op, dst, false);
	emit_scalar_clear(e, op, dst, a);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

/* Both ways round, as x86 gives the second operand if they are equal: that settles which zero it
 * is. MAXSx reports quiet NaNs, UCOMISx does not. */
static void emit_extreme(struct emit *e, const struct ir_op *op, unsigned int opcode,
			 unsigned int join)
{
	unsigned int a = scalar_use(e, op, op->a), b = scalar_use(e, op, op->b);
	unsigned int dst = emit_vector_def(e);

	x64_rr(e->b, false, ucomis(op), a, b);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_P), emit_cold_interpret);
	x64_vex_rr(e->b, false, scalar_prefix(op) | opcode, dst, a, b);
	x64_vex_rr(e->b, false, scalar_prefix(op) | opcode, 0, b, a);
	x64_vex_rr(e->b, false, join, dst, dst, 0);
	emit_scalar_copy(e, op, dst, dst);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

/* dst = +-(c) +- a * b with one rounding: the 231 forms add to their first operand. */
static void emit_fma(struct emit *e, const struct ir_op *op)
{
	static const uint16_t opcodes[] = {OP_FMADD231, OP_FNMADD231, OP_FNMSUB231, OP_FMSUB231};
	unsigned int a = scalar_use(e, op, op->a), b = scalar_use(e, op, op->b);
	unsigned int c = scalar_use(e, op, op->c), dst = emit_vector_def(e);

	emit_scalar_copy(e, op, dst, c);
	x64_vex_rr(e->b, op->size == 3, opcodes[op->aux - IR_FP_MADD], dst, a, b);
	emit_check_scalar(e, op, dst, true);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

/* All that is asked is whether they are equal: CMPSx, as signalling as the instruction. */
static void compare_equal(struct emit *e, const struct ir_op *op, unsigned int a, unsigned int b)
{
	bool wide = op->size == 3;

	x64_vex_rr(e->b, false, scalar_prefix(op) | OP_CMPS, 0, a, b);
	x64_byte(e->b, op->aux == IR_FP_CMPE ? CMP_NOT_EQUAL_S : CMP_NOT_EQUAL);
	x64_rr(e->b, wide, OP_MOVD_OUT, 0, RAX);
	x64_test_rr(e->b, wide, RAX, RAX);
	e->host_flags = EMIT_FLAGS_FLOAT_EQUAL;
}

/* (U)COMISx. Signalling compares report quiet NaNs too. */
static void compare_order(struct emit *e, const struct ir_op *op, unsigned int a, unsigned int b,
			  bool swap)
{
	bool signals = op->aux == IR_FP_CMPE || op->aux == IR_FP_CCMPE;
	unsigned int opcode = signals ? ucomis(op) - OP_UCOMIS + OP_COMIS : ucomis(op);

	x64_rr(e->b, false, opcode, swap ? b : a, swap ? a : b);
	e->host_flags = swap ? EMIT_FLAGS_FLOAT_SWAPPED : EMIT_FLAGS_FLOAT;
}

static void emit_compare(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a), b = 0;

	if (op->b == IR_ZR) {
		x64_rr(e->b, false, OP_XORPS, 0, 0);
	} else {
		b = scalar_use(e, op, op->b);
	}
	if (op->flags_read) {
		compare_order(e, op, a, b, false);
		emit_flags_of_floats(e->b);
		emit_flags_written(e);
		e->host_flags = EMIT_FLAGS_NONE;
		return;
	}
	emit_flags_from_floats(e, op);
	if (op->cond == 0) {
		compare_equal(e, op, a, b);
	} else { /* the other way round for CS, MI and HI */
		compare_order(e, op, a, b, op->cond == 2 || op->cond == 4 || op->cond == 8);
	}
	emit_flags_keep(e, op);
}

/* NZCV goes to memory, from here or there. */
static void emit_conditional_compare(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a), b = scalar_use(e, op, op->b);
	enum x64_cond cc = emit_condition(e, op, op->cond);
	uint8_t *otherwise = x64_jcc_fwd(e->b, cc ^ 1), *done;

	compare_order(e, op, a, b, false);
	emit_flags_of_floats(e->b);
	done = x64_jmp_fwd(e->b);
	x64_patch_here(e->b, otherwise);
	x64_mov_store_imm(e->b, false, emit_cpu(EMIT_CPU(flags)), (int32_t)op->imm);
	x64_patch_here(e->b, done);
	emit_flags_written(e);
	e->host_flags = EMIT_FLAGS_NONE;
}

/* FABS and FNEG: NaNs too. */
static void emit_sign(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a), dst = emit_vector_def(e);

	if (op->aux == IR_FP_ABS) {
		emit_scalar_constant(e, op, 0, EMIT_CONSTANT(abs[op->size - 2]));
		x64_vex_rr(e->b, false, OP_PAND, dst, a, 0);
	} else {
		emit_scalar_constant(e, op, 0, EMIT_CONSTANT(sign[op->size - 2]));
		emit_scalar_copy(e, op, dst, a);
		x64_rr(e->b, false, OP_XORPS, dst, 0);
	}
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

static void emit_fp_move(struct emit *e, const struct ir_op *op)
{
	unsigned int a = scalar_use(e, op, op->a), dst = emit_vector_def(e);

	emit_scalar_copy(e, op, dst, a);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

/* Through general registers. */
static void emit_fp_select(struct emit *e, const struct ir_op *op)
{
	enum x64_cond cc = emit_condition(e, op, op->cond);
	unsigned int a = scalar_use(e, op, op->a), b = scalar_use(e, op, op->b);
	unsigned int dst = emit_vector_def(e);
	bool wide = op->size == 3;

	x64_rr(e->b, wide, OP_MOVD_OUT, b, RAX);
	x64_rr(e->b, wide, OP_MOVD_OUT, a, RCX);
	x64_cmov(e->b, wide, cc, RAX, RCX);
	x64_rr(e->b, wide, OP_MOVD, dst, RAX);
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

static void emit_from_general(struct emit *e, const struct ir_op *op)
{
	unsigned int dst = emit_vector_def(e);

	if (op->aux == IR_FP_MOVI) {
		x64_mov_imm(e->b, RAX, (uint64_t)op->imm);
		x64_rr(e->b, true, OP_MOVD, dst, RAX);
	} else {
		x64_rr(e->b, op->wide, OP_MOVD, dst, emit_use(e, op->a, RAX));
	}
	emit_vector_commit_scalar(e, op->dst, dst, op->size);
}

static void emit_bits_to_general(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (e->vector_host[op->a] >= 0) {
		x64_rr(e->b, op->wide, OP_MOVD_OUT, scalar_use(e, op, op->a), dst);
	} else {
		x64_mov_load(e->b, op->wide, dst, emit_vector_reg(op->a));
	}
	emit_commit(e, op->dst, dst);
}

static bool emit_fp_arithmetic(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_fp)op->aux) {
	case IR_FP_ADD:
		emit_binary(e, op, OP_ADD, false);
		return true;
	case IR_FP_SUB:
		emit_binary(e, op, OP_SUB, false);
		return true;
	case IR_FP_MUL:
	case IR_FP_NMUL:
		emit_binary(e, op, OP_MUL, true);
		return true;
	case IR_FP_DIV:
		emit_binary(e, op, OP_DIV, true);
		return true;
	case IR_FP_SQRT:
		emit_sqrt(e, op);
		return true;
	case IR_FP_MADD:
	case IR_FP_MSUB:
	case IR_FP_NMADD:
	case IR_FP_NMSUB:
		emit_fma(e, op);
		return true;
	case IR_FP_MAX:
		emit_extreme(e, op, OP_MAX, OP_PAND);
		return true;
	case IR_FP_MIN:
		emit_extreme(e, op, OP_MIN, OP_POR);
		return true;
	default:
		return false;
	}
}

/* What has no slow path, and keeps the host's flags. */
static void emit_fp_plain(struct emit *e, const struct ir_op *op)
{
	switch ((enum ir_fp)op->aux) {
	case IR_FP_MOV:
		emit_fp_move(e, op);
		break;
	case IR_FP_ABS:
	case IR_FP_NEG:
		emit_sign(e, op);
		break;
	case IR_FP_SELECT:
		emit_fp_select(e, op);
		break;
	case IR_FP_TO_REG:
		emit_bits_to_general(e, op);
		break;
	default:
		emit_from_general(e, op);
		break;
	}
}

void emit_float(struct emit *e, const struct ir_op *op)
{
	if (op->aux == IR_FP_CMP || op->aux == IR_FP_CMPE) {
		emit_compare(e, op);
	} else if (op->aux == IR_FP_CCMP || op->aux == IR_FP_CCMPE) {
		emit_conditional_compare(e, op);
	} else if (emit_fp_arithmetic(e, op) || emit_float_convert(e, op)) {
		e->host_flags = EMIT_FLAGS_NONE;
	} else {
		emit_fp_plain(e, op);
	}
}
