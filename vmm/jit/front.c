// SPDX-License-Identifier: BSD-3-Clause
/*
 * front.c - decides what belongs to a block, and hands instructions to their class's handler.
 *
 * A block goes on behind conditional branches forwards, and at the target of a B, or of a
 * conditional branch backwards, that is in its page and not yet part of it. It ends at the first
 * instruction that otherwise leaves always, that may change how the next is fetched or executed, or
 * at the page's end.
 */
#include <string.h>

#include "front.h"
#include "interp.h"

struct ir_op *front_op3(struct front *f, enum ir_opcode op, bool wide, unsigned int dst,
			unsigned int a, unsigned int b)
{
	struct ir_op *o = ir_append(f->block, op);

	o->wide = wide;
	o->dst = (uint8_t)dst;
	o->a = (uint8_t)a;
	o->b = (uint8_t)b;
	return o;
}

struct ir_op *front_op_imm(struct front *f, enum ir_opcode op, bool wide, unsigned int dst,
			   unsigned int a, int64_t imm)
{
	struct ir_op *o = front_op3(f, op, wide, dst, a, IR_IMM);

	o->imm = imm;
	return o;
}

struct ir_op *front_last(struct front *f, enum ir_opcode op)
{
	unsigned int i = f->block->nr_ops - 1;

	while (i > 0 && f->block->ops[i].op == IR_INSN) {
		i--;
	}
	return f->block->ops[i].op == op ? &f->block->ops[i] : NULL;
}

void front_need_fp(struct front *f, enum front_fp_need need)
{
	struct ir_op *last = &f->block->ops[f->block->nr_ops - 1];

	if (f->fp_checked < need) {
		if (last->op != IR_FP_CHECK) {
			last = ir_append(f->block, IR_FP_CHECK);
		}
		last->aux = (uint8_t)need;
		f->fp_checked = need;
	}
}

/* By class; NULL: nothing of the class is inlined yet. */
static bool (*const front_handlers[])(struct front *f) = {
	[A64_CLASS_INT] = front_int,        [A64_CLASS_BRANCH] = front_branch,
	[A64_CLASS_SYSTEM] = front_system,  [A64_CLASS_LDST] = front_ldst,
	[A64_CLASS_ATOMIC] = front_atomic,  [A64_CLASS_VLDST] = front_vldst,
	[A64_CLASS_FP] = front_fp,          [A64_CLASS_SIMD_INT] = front_simd,
	[A64_CLASS_SIMD_MISC] = front_simd, [A64_CLASS_SIMD_FP] = front_simd,
	[A64_CLASS_CRYPTO] = front_crypto,
};

static void front_one(struct front *f)
{
	const struct a64_info *info = &a64_infos[f->op];
	bool present = A64_FEATURES_PRESENT >> info->feature & 1;

	ir_append(f->block, IR_INSN);
	if (f->op != A64_UNALLOCATED && present) {
		if (info->fp) {
			front_need_fp(f, FRONT_FP_ENABLED);
		}
		if (front_handlers[info->class] && front_handlers[info->class](f)) {
			return;
		}
	}
	if (f->op == A64_UNALLOCATED || !present) {
		f->op = A64_UNALLOCATED;
		f->end = true;
	}
	ir_append(f->block, IR_CALL)->imm = f->op;
}

/*
 * Blocks of more instructions than these do not follow a branch: what is behind it is translated
 * for each way there. Backwards it is a loop, which is worth it.
 */
#define FRONT_FOLLOW_FORWARDS  8
#define FRONT_FOLLOW_BACKWARDS 32

bool front_branches(enum a64_op op, uint32_t insn, int64_t *distance)
{
	switch (op) {
	case A64_B:
		*distance = front_sext(f_imm26(insn), 26) * 4;
		return true;
	case A64_B_COND:
	case A64_CBZ:
	case A64_CBNZ:
		*distance = front_sext(f_imm19(insn), 19) * 4;
		return true;
	case A64_TBZ:
	case A64_TBNZ:
		*distance = front_sext(f_imm14(insn), 14) * 4;
		return true;
	default:
		return false;
	}
}

bool front_always_branches(enum a64_op op, uint32_t insn)
{
	return op == A64_B || (op == A64_B_COND && f_bcond(insn) >= 14);
}

/* May the block go on there? Not at what it has already: that is left to a jump, maybe a loop. */
static bool front_is_new(const struct ir_block *block, int64_t offset)
{
	if (offset < 0 || offset >= (int64_t)TLB_PAGE_SIZE) {
		return false;
	}
	for (unsigned int i = 0; i < block->nr_insns; i++) {
		if (block->offsets[i] == offset) {
			return false;
		}
	}
	return true;
}

bool front_fetch(struct ir_block *block, const uint8_t *host, int64_t *offset)
{
	int64_t distance, from = *offset;
	enum a64_op op;
	bool follow;
	uint32_t insn;

	memcpy(&insn, host + from, sizeof(insn));
	op = a64_decode(insn);
	block->offsets[block->nr_insns] = (uint16_t)from;
	block->insns[block->nr_insns++] = insn;
	*offset = from + 4;
	if (!front_branches(op, insn, &distance)) {
		return front_is_new(block, *offset);
	}
	follow = front_is_new(block, from + distance) &&
		 block->nr_insns <= (distance < 0 ? FRONT_FOLLOW_BACKWARDS : FRONT_FOLLOW_FORWARDS);
	/* On a condition, forwards: not taken. */
	if (front_always_branches(op, insn) || (follow && distance < 0)) {
		*offset = from + distance;
		return follow;
	}
	return front_is_new(block, *offset);
}

void front_translate(struct ir_block *block, const uint8_t *host, unsigned int offset,
		     unsigned int max_insns)
{
	struct front f = {.block = block, .next = offset};
	bool goes_on = true;

	if (max_insns > IR_MAX_INSNS) {
		max_insns = IR_MAX_INSNS;
	}
	block->nr_insns = 0;
	block->nr_ops = 0;
	while (goes_on && !f.end && block->nr_insns < max_insns &&
	       block->nr_ops + IR_MAX_OPS_PER_INSN < IR_MAX_OPS) {
		f.offset = f.next;
		goes_on = front_fetch(block, host, &f.next);
		f.insn = block->insns[block->nr_insns - 1];
		f.op = a64_decode(f.insn);
		front_one(&f);
	}
	/* Harmless after an unconditional exit: it is unreachable then, and not emitted. */
	ir_append(block, IR_JUMP)->imm = f.next;
	ir_analyse(block);
}
