// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_vector.c - SIMD in AVX: mostly one to three host instructions for one of the guest's.
 */
#include "x64_vector.h"

void emit_vector_result(struct emit *e, const struct ir_op *op, unsigned int xmm)
{
	if (!op->wide) {
		x64_rr(e->b, false, OP_MOVQ, xmm, xmm);
		emit_vector_commit_scalar(e, op->dst, xmm, 3);
	} else {
		emit_vector_commit(e, op->dst, xmm);
	}
}

void emit_vector_three(struct emit *e, const struct ir_op *op, unsigned int opcode)
{
	unsigned int a = emit_vector_use(e, op->a), b = emit_vector_use(e, op->b);
	unsigned int dst = emit_vector_def(e);

	emit_vex(e, opcode, dst, a, b);
	emit_vector_result(e, op, dst);
}

void emit_vector(struct emit *e, const struct ir_op *op)
{
	if (op->aux < IR_VEC_FIRST_FLOAT) {
		emit_vector_int(e, op);
	} else if (op->aux < IR_VEC_FIRST_LANES) {
		emit_vector_float(e, op);
	} else if (op->aux < IR_VEC_FIRST_PAIRS) {
		emit_vector_lanes(e, op);
	} else if (op->aux < IR_VEC_FIRST_CRYPTO) {
		emit_vector_pairs(e, op);
	} else {
		emit_vector_crypto(e, op);
	}
}
