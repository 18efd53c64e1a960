// SPDX-License-Identifier: BSD-3-Clause
/*
 * ir.c - building the operation list, and the backward pass over it.
 */
#include <string.h>

#include "ir.h"

struct ir_op *ir_append(struct ir_block *block, enum ir_opcode op)
{
	struct ir_op *o = &block->ops[block->nr_ops++];

	memset(o, 0, sizeof(*o));
	o->op = (uint8_t)op;
	o->dst = IR_NONE;
	o->a = IR_NONE;
	o->b = IR_NONE;
	o->c = IR_NONE;
	o->index = (uint8_t)(block->nr_insns ? block->nr_insns - 1 : 0);
	return o;
}

bool ir_keeps_flags(const struct ir_op *op)
{
	switch (op->op) {
	case IR_INSN:
	case IR_MOV:
	case IR_MOVI:
	case IR_NOT:
	case IR_SELECT:
	case IR_BRANCH:
	case IR_JUMP:
		return true;
	default:
		return false;
	}
}

/* Operations at which all guest state, flags too, must be where the interpreter looks for it. */
static bool ir_needs_state(const struct ir_op *op)
{
	switch (op->op) {
	case IR_LOAD:
	case IR_STORE:
	case IR_LOAD_PAIR:
	case IR_STORE_PAIR:
	case IR_VLOAD:
	case IR_VSTORE:
	case IR_VLOAD_PAIR:
	case IR_VSTORE_PAIR:
	case IR_VLOAD_LIST:
	case IR_VSTORE_LIST:
	case IR_ATOMIC:
	case IR_ZERO_CACHE:
	case IR_CALL:
	case IR_BRANCH:
	case IR_BRANCH_ZERO:
	case IR_BRANCH_BIT:
	case IR_JUMP:
	case IR_JUMP_REG:
	case IR_LEAVE:
	case IR_FP_CHECK:
	case IR_FP:
	case IR_VEC:
		return true;
	default:
		return false;
	}
}

static bool ir_reads_flags(const struct ir_op *op)
{
	return op->op == IR_BRANCH || op->op == IR_SELECT || op->op == IR_CCMP ||
	       op->op == IR_ADC || op->op == IR_SBC;
}

void ir_analyse(struct ir_block *block)
{
	bool in_memory = true; /* flags are wanted in memory later on */
	bool in_host = false;  /* wanted by a consumer that can take them from the host's flags */

	for (unsigned int i = block->nr_ops; i-- > 0;) {
		struct ir_op *op = &block->ops[i];

		if (op->set_flags) {
			op->flags_live = in_memory;
			in_memory = false;
			in_host = false;
		} else if (in_host && !ir_keeps_flags(op)) {
			in_memory = true;
			in_host = false;
		}
		if (ir_needs_state(op)) {
			in_memory = true;
		}
		if (ir_reads_flags(op)) {
			in_host = true;
		}
	}
}
