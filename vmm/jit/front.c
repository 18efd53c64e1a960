// SPDX-License-Identifier: BSD-3-Clause
/*
 * front.c - decides what belongs to a block, and hands instructions to their class's handler.
 *
 * A block goes on through conditional branches that are not taken and ends at the first
 * instruction that always leaves, that may change how the next is fetched or executed, or at the
 * page's end.
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

void front_translate(struct ir_block *block, const uint8_t *host, unsigned int offset,
		     unsigned int max_insns)
{
	struct front f = {.block = block, .offset = offset};

	if (max_insns > IR_MAX_INSNS) {
		max_insns = IR_MAX_INSNS;
	}
	block->nr_insns = 0;
	block->nr_ops = 0;
	while (!f.end && block->nr_insns < max_insns && f.offset < (int64_t)TLB_PAGE_SIZE &&
	       block->nr_ops + IR_MAX_OPS_PER_INSN < IR_MAX_OPS) {
		memcpy(&f.insn, host + f.offset, 4);
		f.op = a64_decode(f.insn);
		block->offsets[block->nr_insns] = (uint16_t)f.offset;
		block->insns[block->nr_insns++] = f.insn;
		front_one(&f);
		f.offset += 4;
	}
	/* Harmless after an unconditional exit: it is unreachable then, and not emitted. */
	ir_append(block, IR_JUMP)->imm = f.offset;
	ir_analyse(block);
}
