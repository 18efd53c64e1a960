// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector_float.c - SIMD on floating-point lanes: like x64_float.c, all lanes checked at once.
 */
#include "x64_vector.h"

static unsigned int packed_prefix(const struct ir_op *op)
{
	return op->size == 3 ? X64_66 : 0;
}

void emit_check_vector(struct emit *e, const struct ir_op *op, unsigned int xmm, bool underflow)
{
	emit_vex(e, packed_prefix(op) | OP_CMPP, 0, xmm, xmm);
	x64_byte(e->b, CMP_UNORDERED);
	if (underflow) {
		x64_rm(e->b, false, OP_MOVAPS, 1, EMIT_CONSTANT(abs[op->size - 2]));
		x64_rm(e->b, false, OP_MOVAPS, 2, EMIT_CONSTANT(min_normal[op->size - 2]));
		emit_vex(e, OP_PAND, 1, 1, xmm);
		emit_vex(e, op->size == 3 ? V38(0x29) : V(0x76), 1, 1, 2);
		emit_vex(e, OP_POR, 0, 0, 1);
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

	emit_vex(e, packed_prefix(op) | opcode, dst, a, b);
	emit_check_vector(e, op, dst, underflow);
	emit_vector_result(e, op, dst);
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
	emit_vector_result(e, op, dst);
}

static void emit_float_sign(struct emit *e, const struct ir_op *op)
{
	unsigned int a = emit_vector_use(e, op->a), dst = emit_vector_def(e);

	x64_rm(e->b, false, OP_MOVAPS, 0, EMIT_CONSTANT(abs[op->size - 2]));
	if (op->aux == IR_VEC_FABS) {
		emit_vex(e, OP_PAND, dst, a, 0);
	} else {
		emit_vector_ones(e, 1);
		emit_vex(e, OP_PXOR, 0, 0, 1);
		emit_vex(e, OP_PXOR, dst, a, 0);
	}
	emit_vector_result(e, op, dst);
}

void emit_vector_float(struct emit *e, const struct ir_op *op)
{
	switch (op->aux) {
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
