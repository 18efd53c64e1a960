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
	o->kept_cond = IR_NONE;
	o->index = (uint8_t)(block->nr_insns ? block->nr_insns - 1 : 0);
	return o;
}

/* Scalar FP that only moves: it has no slow path. */
static bool ir_is_plain_fp(const struct ir_op *op)
{
	switch (op->aux) {
	case IR_FP_MOV:
	case IR_FP_ABS:
	case IR_FP_NEG:
	case IR_FP_SELECT:
	case IR_FP_MOVI:
	case IR_FP_FROM_REG:
	case IR_FP_TO_REG:
		return true;
	default:
		return false;
	}
}

/* Can it be emitted so that the host's flags survive? */
static bool ir_keeps_flags(const struct ir_op *op)
{
	switch (op->op) {
	case IR_INSN:
	case IR_MOV:
	case IR_MOVI:
	case IR_ADDRESS:
	case IR_ADD:
	case IR_SUB:
	case IR_NOT:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_EXTRACT:
	case IR_SEXT:
	case IR_ZEXT:
	case IR_MUL:
	case IR_MUL_HIGH_U:
	case IR_SELECT:
	case IR_BRANCH:
	case IR_JUMP:
		return true;
	case IR_ROR:
		return op->b == IR_IMM;
	case IR_READ_CPU:
	case IR_WRITE_CPU:
		return !op->aux;
	case IR_FP:
		return ir_is_plain_fp(op);
	default:
		return false;
	}
}

bool ir_needs_state(const struct ir_op *op)
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
	case IR_VEC:
		return true;
	case IR_FP:
		return !ir_is_plain_fp(op);
	case IR_READ_CPU:
	case IR_WRITE_CPU:
	case IR_WRITE_DAIF:
		return op->aux;
	default:
		return false;
	}
}

static bool ir_reads_flags(const struct ir_op *op)
{
	return op->op == IR_BRANCH || op->op == IR_SELECT || op->op == IR_CCMP ||
	       op->op == IR_ADC || op->op == IR_SBC ||
	       (op->op == IR_FP &&
		(op->aux == IR_FP_SELECT || op->aux == IR_FP_CCMP || op->aux == IR_FP_CCMPE));
}

/* Who wants NZCV, seen from an operation towards the end of its block. */
struct ir_wanted {
	bool as_state;
	bool in_memory;    /* by an operation that reads them there */
	bool in_host;      /* by operations that can take them from the host's flags */
	uint8_t host_cond; /* as this condition or its inverse; IR_NONE: more than that */
	uint8_t kept_cond; /* what such operations behind the loss of the host's flags want */
};

static void ir_want_in_host(struct ir_wanted *w, const struct ir_op *op)
{
	bool carry = op->op == IR_ADC || op->op == IR_SBC;
	uint8_t cond = carry ? IR_NONE : op->cond & 0xeu;

	w->host_cond = w->in_host && w->host_cond != cond ? IR_NONE : cond;
	w->in_host = true;
}

/* The host's flags are lost here: what is one condition can be kept apart. */
static void ir_lose_host(struct ir_wanted *w)
{
	if (w->host_cond == IR_NONE || (w->kept_cond != IR_NONE && w->kept_cond != w->host_cond)) {
		w->in_memory = true;
	} else {
		w->kept_cond = w->host_cond;
	}
	w->in_host = false;
}

/* See ir.h. */
static void ir_choose_comparison(struct ir_op *op, const struct ir_wanted *w)
{
	uint8_t cond = w->in_host ? w->host_cond : w->kept_cond;
	bool several = (w->in_host && cond == IR_NONE) ||
		       (w->kept_cond != IR_NONE && w->kept_cond != cond);

	op->flags_read |= several;
	op->cond = op->flags_read ? IR_NONE : cond;
}

void ir_analyse(struct ir_block *block)
{
	static const struct ir_wanted nothing = {.host_cond = IR_NONE, .kept_cond = IR_NONE};
	struct ir_wanted wanted = nothing;

	wanted.as_state = true;
	for (unsigned int i = block->nr_ops; i-- > 0;) {
		struct ir_op *op = &block->ops[i];

		if (op->set_flags) {
			op->flags_live = wanted.as_state || wanted.in_memory;
			op->flags_read = wanted.in_memory;
			op->kept_cond = wanted.kept_cond;
			if (op->op == IR_FP && (op->aux == IR_FP_CMP || op->aux == IR_FP_CMPE)) {
				ir_choose_comparison(op, &wanted);
			}
			wanted = nothing;
		} else if (op->op == IR_CALL) {
			wanted = nothing; /* it may write them, to memory */
		} else if (wanted.in_host && ir_keeps_flags(op)) {
			op->keep_flags = true;
		} else if (wanted.in_host) {
			ir_lose_host(&wanted);
		}
		if (ir_needs_state(op)) {
			wanted.as_state = true;
		}
		if (ir_reads_flags(op)) {
			ir_want_in_host(&wanted, op);
		}
	}
}
