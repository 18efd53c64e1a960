// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_count.c - blocks that count their instructions, for the performance monitors (pmu.h).
 *
 * cpu->insns has all instructions before one that may leave the block, be it for C code, and a
 * branch has counted itself. Flags of the host are kept.
 */
#include "interp.h"
#include "x64_emit.h"

/* Guest instructions that have retired when op has left the block, or is about to call C. */
static unsigned int count_at(const struct ir_op *op)
{
	switch (op->op) {
	case IR_BRANCH:
	case IR_BRANCH_ZERO:
	case IR_BRANCH_BIT:
	case IR_JUMP:
	case IR_JUMP_REG:
		return op->index + 1u;
	case IR_CALL:
		return op->index + interp_retires_first((enum a64_op)op->imm);
	default:
		return op->index;
	}
}

void emit_count(struct emit *e, const struct ir_op *op)
{
	unsigned int nr = count_at(op);

	if (!e->block->counts || !ir_needs_state(op) || nr <= e->nr_counted) {
		return;
	}
	x64_mov_load(e->b, true, RAX, emit_cpu(EMIT_CPU(insns)));
	x64_lea(e->b, true, RAX, x64_at(RAX, (int32_t)(nr - e->nr_counted)));
	x64_mov_store(e->b, true, emit_cpu(EMIT_CPU(insns)), RAX);
	e->nr_counted = nr;
}

uint8_t *emit_count_check(struct emit *e)
{
	if (!e->block->counts) {
		return NULL;
	}
	x64_mov_load(e->b, true, RAX, emit_cpu(EMIT_CPU(insns)));
	x64_alu_rm(e->b, true, ALU_CMP, RAX, emit_cpu(EMIT_CPU(insns_limit)));
	return x64_jcc_fwd(e->b, CC_AE);
}
