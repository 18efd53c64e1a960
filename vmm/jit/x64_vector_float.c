// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_float.c - SIMD on floating-point lanes: like x64_float.c, all lanes checked at once.
 *
 * The 8-byte and scalar forms compute on copies of what they are asked to compute on, so that
 * nothing in the other lanes raises an exception.
 */
#include "x64_vector.h"

#define OP_ADDP      (X64_0F | 0x58)
#define OP_MULP      (X64_0F | 0x59)
#define OP_SUBP      (X64_0F | 0x5c)
#define OP_MINP      (X64_0F | 0x5d)
#define OP_DIVP      (X64_0F | 0x5e)
#define OP_MAXP      (X64_0F | 0x5f)
#define OP_SQRTP     (X64_0F | 0x51)
#define OP_SHUFP     (X64_0F | 0xc6)
#define OP_MOVMSKP   (X64_0F | 0x50)
#define OP_UNPCKLPD  V(0x14)
#define OP_UNPCKHPD  V(0x15)
#define OP_MOVDDUP   (X64_F2 | X64_0F | 0x12)
#define OP_BROADCAST V38(0x18)
#define OP_CVTDQ2PS  (X64_0F | 0x5b)
#define OP_CVTTPS2DQ (X64_F3 | X64_0F | 0x5b)
#define OP_CVTPS2PD  (X64_0F | 0x5a)
#define OP_CVTPD2PS  V(0x5a)
#define OP_CVTSI2SD  (X64_F2 | X64_0F | 0x2a)
#define OP_CVTTSD2SI (X64_F2 | X64_0F | 0x2c)
#define OP_PINSRQ    (X64_66 | X64_0F3A | 0x22)
#define OP_PBLENDW   (X64_66 | X64_0F3A | 0x0e)
#define OP_PCMPEQD   V(0x76)
#define OP_PCMPEQQ   V38(0x29)

/* Predicates of CMPP. Those that end in S report quiet NaNs too. */
#define CMP_EQUAL              0x00
#define CMP_LESS_S             0x01
#define CMP_NOT_MORE_S         0x02
#define CMP_EQUAL_OR_UNORDERED 0x08

static unsigned int packed_prefix(const struct ir_op *op)
{
	return op->size == 3 ? X64_66 : 0;
}

static void emit_packed(struct emit *e, const struct ir_op *op, unsigned int opcode,
			unsigned int dst, unsigned int a, unsigned int b)
{
	emit_vex(e, packed_prefix(op) | opcode, dst, a, b);
}

static void compare(struct emit *e, const struct ir_op *op, unsigned int predicate,
		    unsigned int dst, unsigned int a, unsigned int b)
{
	emit_packed(e, op, OP_CMPP, dst, a, b);
	x64_byte(e->b, (uint8_t)predicate);
}

/* Cold if any lane's sign is set: lanes are all ones or all zeros, or positive numbers. */
static void cold_if_any(struct emit *e, const struct ir_op *op, unsigned int xmm)
{
	x64_rr(e->b, false, packed_prefix(op) | OP_MOVMSKP, RAX, xmm);
	x64_test_rr(e->b, false, RAX, RAX);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
}

void emit_check_vector(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow)
{
	if (underflow) {
		unsigned int type = op->size - 2u;

		emit_vex_mem(e, OP_PAND, 0, xmm, EMIT_CONSTANT(abs[type]));
		emit_vex_mem(e, packed_prefix(op) | OP_CMPP, 0, 0, EMIT_CONSTANT(min_normal[type]));
		x64_byte(e->b, CMP_EQUAL_OR_UNORDERED);
	} else {
		compare(e, op, CMP_UNORDERED, 0, xmm, xmm);
	}
	cold_if_any(e, op, 0);
}

/* The lanes that count, in all of the register: itself, or copied to scratch. */
static unsigned int float_lanes(struct emit *e, const struct ir_op *op, unsigned int xmm,
				unsigned int scratch)
{
	if (op->wide) {
		return xmm;
	}
	if (op->scalar && op->size == 2) {
		emit_vex(e, OP_BROADCAST, scratch, 0, xmm);
	} else {
		x64_rr(e->b, false, OP_MOVDDUP, scratch, xmm);
	}
	return scratch;
}

static unsigned int float_use(struct emit *e, const struct ir_op *op, unsigned int n,
			      unsigned int scratch)
{
	return float_lanes(e, op, emit_vector_use(e, n), scratch);
}

static void float_result(struct emit *e, const struct ir_op *op, unsigned int xmm)
{
	if (op->scalar && op->size == 2) {
		emit_vex(e, OP_INSERTPS, xmm, xmm, xmm);
		x64_byte(e->b, 0x0e);
		emit_vector_commit(e, op->dst, xmm);
	} else {
		emit_vector_result(e, op, xmm);
	}
}

static void emit_arithmetic_lanes(struct emit *e, const struct ir_op *op)
{
	static const uint16_t opcodes[] = {OP_ADDP, OP_SUBP, OP_MULP, OP_DIVP, OP_SUBP};
	unsigned int a = float_use(e, op, op->a, 1), b = float_use(e, op, op->b, 2);
	unsigned int dst = emit_vector_def(e);

	emit_packed(e, op, opcodes[op->aux - IR_VEC_FADD], dst, a, b);
	emit_check_vector(e, op, dst, op->aux == IR_VEC_FMUL || op->aux == IR_VEC_FDIV);
	if (op->aux == IR_VEC_FABD) {
		emit_vex_mem(e, OP_PAND, dst, dst, EMIT_CONSTANT(abs[op->size - 2]));
	}
	float_result(e, op, dst);
}

static void emit_fma_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int opcode = op->aux == IR_VEC_FMLA ? V38(0xb8) : V38(0xbc);
	unsigned int a = float_use(e, op, op->a, 1), b = float_use(e, op, op->b, 2);
	unsigned int old = emit_vector_use(e, op->dst), dst = emit_vector_def(e);

	x64_rr(e->b, false, op->wide ? OP_MOVAPS : OP_MOVDDUP, dst, old);
	x64_vex_rr(e->b, op->size == 3, opcode, dst, a, b);
	emit_check_vector(e, op, dst, true);
	float_result(e, op, dst);
}

/* The host takes its second operand when both are zeros: do it both ways, and let the signs
 * decide, for only they can differ. */
static void extreme(struct emit *e, const struct ir_op *op, bool largest, unsigned int dst,
		    unsigned int a, unsigned int b)
{
	unsigned int opcode = largest ? OP_MAXP : OP_MINP;

	emit_packed(e, op, opcode, 0, a, b);
	emit_packed(e, op, opcode, dst, b, a);
	emit_vex(e, largest ? OP_PAND : OP_POR, dst, dst, 0);
}

/* NaNs must not get there: the host would report quiet ones. */
static void emit_extreme_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = float_use(e, op, op->a, 1), b = float_use(e, op, op->b, 2);
	unsigned int dst = emit_vector_def(e);

	compare(e, op, CMP_UNORDERED, 0, a, b);
	cold_if_any(e, op, 0);
	extreme(e, op, op->aux == IR_VEC_FMAX, dst, a, b);
	float_result(e, op, dst);
}

/* The elements of even number of a and b, then those of odd number, to xmm1 and xmm2. Of one
 * register if the operation is scalar. */
static void emit_neighbours(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a);
	unsigned int b = op->scalar ? a : emit_vector_use(e, op->b);

	if (op->size == 3) {
		emit_vex(e, OP_UNPCKLPD, 1, a, b);
		emit_vex(e, OP_UNPCKHPD, 2, a, b);
		return;
	}
	if (!op->wide) {
		emit_vex(e, OP_UNPCKLPD, 3, a, b);
		a = 3;
		b = 3;
	}
	emit_vex(e, OP_SHUFP, 1, a, b);
	x64_byte(e->b, 0x88);
	emit_vex(e, OP_SHUFP, 2, a, b);
	x64_byte(e->b, 0xdd);
}

static void emit_pairs(struct emit *e, const struct ir_op *op)
{
	unsigned int dst;

	emit_neighbours(e, op);
	dst = emit_vector_def(e);
	if (op->aux == IR_VEC_FADDP) {
		emit_packed(e, op, OP_ADDP, dst, 1, 2);
		emit_check_vector(e, op, dst, false);
	} else {
		compare(e, op, CMP_UNORDERED, 0, 1, 2);
		cold_if_any(e, op, 0);
		extreme(e, op, op->aux == IR_VEC_FMAXP, dst, 1, 2);
	}
	float_result(e, op, dst);
}

/* Across four singles: halves, then quarters. */
static void emit_extreme_across(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);
	bool largest = op->aux == IR_VEC_FMAXV;

	compare(e, op, CMP_UNORDERED, 0, a, a);
	cold_if_any(e, op, 0);
	x64_rr(e->b, false, OP_PSHUFD, 1, a);
	x64_byte(e->b, 0x4e);
	extreme(e, op, largest, 2, a, 1);
	x64_rr(e->b, false, OP_PSHUFD, 1, 2);
	x64_byte(e->b, 0xb1);
	extreme(e, op, largest, dst, 2, 1);
	float_result(e, op, dst);
}

/* "Greater" reports quiet NaNs, "equal" does not: as Arm has it. */
static void emit_compare_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = float_use(e, op, op->a, 1), b = float_use(e, op, op->b, 2);
	unsigned int dst = emit_vector_def(e);

	if (op->aux == IR_VEC_FACGE || op->aux == IR_VEC_FACGT) {
		emit_vex_mem(e, OP_PAND, 1, a, EMIT_CONSTANT(abs[op->size - 2]));
		emit_vex_mem(e, OP_PAND, 2, b, EMIT_CONSTANT(abs[op->size - 2]));
		a = 1;
		b = 2;
	}
	if (op->aux == IR_VEC_FCMEQ) {
		compare(e, op, CMP_EQUAL, dst, a, b);
	} else if (op->aux == IR_VEC_FCMGE || op->aux == IR_VEC_FACGE) {
		compare(e, op, CMP_NOT_MORE_S, dst, b, a);
	} else {
		compare(e, op, CMP_LESS_S, dst, b, a);
	}
	float_result(e, op, dst);
}

static void emit_sign_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->aux == IR_VEC_FABS) {
		emit_vex_mem(e, OP_PAND, dst, a, EMIT_CONSTANT(abs[op->size - 2]));
	} else {
		emit_vex_mem(e, OP_PXOR, dst, a, EMIT_CONSTANT(sign[op->size - 2]));
	}
	emit_vector_result(e, op, dst);
}

static void emit_sqrt_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = float_use(e, op, op->a, 1), dst = emit_vector_def(e);

	x64_rr(e->b, false, packed_prefix(op) | OP_SQRTP, dst, a);
	emit_check_vector(e, op, dst, false);
	float_result(e, op, dst);
}

/* To an integral value, by ROUNDPS or ROUNDPD. */
static void round_lanes(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int a,
			bool exact)
{
	unsigned int mode = op->imm == IR_ROUND_EXACT ? IR_ROUND_NEAREST : (unsigned int)op->imm;

	x64_rr(e->b, false, X64_66 | X64_0F3A | (op->size == 3 ? 0x09 : 0x08), dst, a);
	x64_byte(e->b, (uint8_t)(mode | (exact ? 0 : 8))); /* 8: do not report inexact results */
}

static void emit_round_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = float_use(e, op, op->a, 1), dst = emit_vector_def(e);

	round_lanes(e, op, dst, a, op->imm == IR_ROUND_EXACT);
	emit_check_vector(e, op, dst, false);
	float_result(e, op, dst);
}

static void emit_from_signed(struct emit *e, const struct ir_op *op)
{
	struct x64_mem low = emit_vector_home(e, op->a), high = low;
	unsigned int a, dst;

	if (op->size == 2) {
		a = float_use(e, op, op->a, 1);
		dst = emit_vector_def(e);
		x64_rr(e->b, false, OP_CVTDQ2PS, dst, a);
	} else {
		dst = emit_vector_def(e);
		emit_vex(e, OP_PXOR, dst, dst, dst);
		if (op->wide) {
			high.disp += 8;
			x64_vex_rm(e->b, true, OP_CVTSI2SD, 0, dst, high);
		}
		x64_vex_rm(e->b, true, OP_CVTSI2SD, dst, dst, low);
		if (op->wide) {
			emit_vex(e, OP_UNPCKLPD, dst, dst, 0);
		}
	}
	float_result(e, op, dst);
}

/* Words: the halfwords put into numbers with the right exponents, whose sum is rounded once. */
static void emit_from_unsigned(struct emit *e, const struct ir_op *op)
{
	unsigned int a = float_use(e, op, op->a, 1), dst = emit_vector_def(e);

	emit_vex(e, V(0x72), 2, 0, a); /* vpsrld */
	x64_byte(e->b, 16);
	emit_vex_mem(e, OP_PBLENDW, 0, 0, EMIT_CONSTANT(u32_high));
	x64_byte(e->b, 0xaa);
	emit_vex_mem(e, OP_PBLENDW, dst, a, EMIT_CONSTANT(u32_low));
	x64_byte(e->b, 0xaa);
	emit_vex_mem(e, OP_SUBP, 0, 0, EMIT_CONSTANT(u32_bias));
	emit_vex(e, OP_ADDP, dst, 0, dst);
	float_result(e, op, dst);
}

/* One double to a general register; what does not fit is the one number that less one overflows. */
static void double_to_signed(struct emit *e, const struct ir_op *op, enum x64_reg dst,
			     unsigned int a)
{
	x64_rr(e->b, true, OP_CVTTSD2SI, dst, a);
	x64_alu_ri(e->b, true, ALU_CMP, dst, 1);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_O), emit_cold_interpret);
}

/* The indefinite integer, most negative, stands for all that does not fit. */
static void emit_to_signed(struct emit *e, const struct ir_op *op)
{
	unsigned int a = float_use(e, op, op->a, 1), dst = emit_vector_def(e);

	if (op->imm != IR_ROUND_ZERO) {
		round_lanes(e, op, 1, a, true);
		a = 1;
	}
	if (op->size == 2) {
		x64_rr(e->b, false, OP_CVTTPS2DQ, dst, a);
		emit_vex_mem(e, OP_PCMPEQD, 0, dst, EMIT_CONSTANT(sign[0]));
		cold_if_any(e, op, 0);
	} else {
		double_to_signed(e, op, RAX, a);
		if (op->wide) {
			emit_vex(e, OP_UNPCKHPD, 1, a, a);
			double_to_signed(e, op, RCX, 1);
		}
		x64_rr(e->b, true, OP_MOVD, dst, RAX);
		if (op->wide) {
			x64_vex_rr(e->b, true, OP_PINSRQ, dst, dst, RCX);
			x64_byte(e->b, 1);
		}
	}
	float_result(e, op, dst);
}

static void emit_lengthen_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	if (op->c) {
		emit_vex(e, OP_UNPCKHPD, 1, a, a);
		a = 1;
	}
	x64_rr(e->b, false, OP_CVTPS2PD, dst, a);
	emit_check_vector(e, op, dst, false);
	emit_vector_commit(e, op->dst, dst);
}

static void emit_narrow_lanes(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a);
	unsigned int old = op->c ? emit_vector_use(e, op->dst) : 0, dst = emit_vector_def(e);

	x64_rr(e->b, false, OP_CVTPD2PS, dst, a);
	emit_check_vector(e, op, dst, true);
	if (op->c) {
		emit_vex(e, OP_UNPCKLPD, dst, old, dst);
	}
	emit_vector_commit(e, op->dst, dst);
}

static void (*const emitters[])(struct emit *e, const struct ir_op *op) = {
	[IR_VEC_FADD - IR_VEC_FIRST_FLOAT] = emit_arithmetic_lanes,
	[IR_VEC_FSUB - IR_VEC_FIRST_FLOAT] = emit_arithmetic_lanes,
	[IR_VEC_FMUL - IR_VEC_FIRST_FLOAT] = emit_arithmetic_lanes,
	[IR_VEC_FDIV - IR_VEC_FIRST_FLOAT] = emit_arithmetic_lanes,
	[IR_VEC_FABD - IR_VEC_FIRST_FLOAT] = emit_arithmetic_lanes,
	[IR_VEC_FMAX - IR_VEC_FIRST_FLOAT] = emit_extreme_lanes,
	[IR_VEC_FMIN - IR_VEC_FIRST_FLOAT] = emit_extreme_lanes,
	[IR_VEC_FCMEQ - IR_VEC_FIRST_FLOAT] = emit_compare_lanes,
	[IR_VEC_FCMGE - IR_VEC_FIRST_FLOAT] = emit_compare_lanes,
	[IR_VEC_FCMGT - IR_VEC_FIRST_FLOAT] = emit_compare_lanes,
	[IR_VEC_FACGE - IR_VEC_FIRST_FLOAT] = emit_compare_lanes,
	[IR_VEC_FACGT - IR_VEC_FIRST_FLOAT] = emit_compare_lanes,
	[IR_VEC_FADDP - IR_VEC_FIRST_FLOAT] = emit_pairs,
	[IR_VEC_FMAXP - IR_VEC_FIRST_FLOAT] = emit_pairs,
	[IR_VEC_FMINP - IR_VEC_FIRST_FLOAT] = emit_pairs,
	[IR_VEC_FMLA - IR_VEC_FIRST_FLOAT] = emit_fma_lanes,
	[IR_VEC_FMLS - IR_VEC_FIRST_FLOAT] = emit_fma_lanes,
	[IR_VEC_FABS - IR_VEC_FIRST_FLOAT] = emit_sign_lanes,
	[IR_VEC_FNEG - IR_VEC_FIRST_FLOAT] = emit_sign_lanes,
	[IR_VEC_FSQRT - IR_VEC_FIRST_FLOAT] = emit_sqrt_lanes,
	[IR_VEC_FRINT - IR_VEC_FIRST_FLOAT] = emit_round_lanes,
	[IR_VEC_FMAXV - IR_VEC_FIRST_FLOAT] = emit_extreme_across,
	[IR_VEC_FMINV - IR_VEC_FIRST_FLOAT] = emit_extreme_across,
	[IR_VEC_SCVTF - IR_VEC_FIRST_FLOAT] = emit_from_signed,
	[IR_VEC_UCVTF - IR_VEC_FIRST_FLOAT] = emit_from_unsigned,
	[IR_VEC_FCVTS - IR_VEC_FIRST_FLOAT] = emit_to_signed,
	[IR_VEC_FCVTL - IR_VEC_FIRST_FLOAT] = emit_lengthen_lanes,
	[IR_VEC_FCVTN - IR_VEC_FIRST_FLOAT] = emit_narrow_lanes,
};

void emit_vector_float(struct emit *e, const struct ir_op *op)
{
	emitters[op->aux - IR_VEC_FIRST_FLOAT](e, op);
}
