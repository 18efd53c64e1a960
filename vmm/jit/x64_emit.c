// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_emit.c - the back end's frame: registers, flags, one pass over a block, cold paths.
 */
#include <string.h>

#include "x64_emit.h"

/* The guest registers used most in kernel and user code (counted over a boot), and the stack. */
static const int8_t emit_pins[] = {
	[0] = RSI,
	[1] = RDI,
	[2] = R8,
	[3] = R9,
	[4] = R10,
	[5] = R11,
	[6] = X64_NO_REG,
	[7] = X64_NO_REG,
	[8] = RBX,
	[9] = X64_NO_REG,
	[10] = X64_NO_REG,
	[11] = X64_NO_REG,
	[12] = X64_NO_REG,
	[13] = X64_NO_REG,
	[14] = X64_NO_REG,
	[15] = X64_NO_REG,
	[16] = X64_NO_REG,
	[17] = X64_NO_REG,
	[18] = X64_NO_REG,
	[19] = R12,
	[20] = R13,
	[21] = R14,
	[22] = X64_NO_REG,
	[23] = X64_NO_REG,
	[24] = X64_NO_REG,
	[25] = X64_NO_REG,
	[26] = X64_NO_REG,
	[27] = X64_NO_REG,
	[28] = X64_NO_REG,
	[29] = X64_NO_REG,
	[30] = X64_NO_REG,
	[IR_SP] = R15,
	[IR_ZR] = X64_NO_REG,
	[IR_T0] = EMIT_T0,
	[IR_IMM] = X64_NO_REG,
	[IR_NONE] = X64_NO_REG,
};

enum x64_reg emit_pinned(unsigned int value)
{
	return (enum x64_reg)emit_pins[value];
}

void emit_load(struct emit *e, enum x64_reg to, unsigned int value, bool wide)
{
	enum x64_reg from = emit_pinned(value);

	if (value == IR_ZR) {
		x64_mov_imm(e->b, to, 0);
	} else if (from == X64_NO_REG) {
		x64_mov_load(e->b, wide, to, emit_guest_reg(value));
	} else if (from != to || !wide) {
		x64_mov_rr(e->b, wide, to, from);
	}
}

enum x64_reg emit_use(struct emit *e, unsigned int value, enum x64_reg scratch)
{
	enum x64_reg reg = emit_pinned(value);

	if (reg != X64_NO_REG) {
		return reg;
	}
	emit_load(e, scratch, value, true);
	return scratch;
}

enum x64_reg emit_def(unsigned int value, enum x64_reg scratch)
{
	enum x64_reg reg = emit_pinned(value);

	return reg != X64_NO_REG ? reg : scratch;
}

void emit_commit(struct emit *e, unsigned int value, enum x64_reg from)
{
	enum x64_reg reg = emit_pinned(value);

	if (value == IR_ZR || value == IR_NONE) {
		return;
	}
	if (reg == X64_NO_REG) {
		x64_mov_store(e->b, true, emit_guest_reg(value), from);
	} else if (reg != from) {
		x64_mov_rr(e->b, true, reg, from);
	}
}

void emit_address(struct emit *e, enum x64_reg to, int64_t offset)
{
	x64_mov_load(e->b, true, to, emit_cpu(EMIT_CPU(page)));
	while (offset) { /* ADRP reaches twice as far as LEA */
		int64_t part = offset < INT32_MIN ? INT32_MIN : offset;

		part = part > INT32_MAX ? INT32_MAX : part;
		x64_lea(e->b, true, to, x64_at(to, (int32_t)part));
		offset -= part;
	}
}

struct emit_cold *emit_add_cold(struct emit *e, const struct ir_op *op, uint8_t *site,
				void (*emit)(struct emit *, const struct emit_cold *))
{
	struct emit_cold *cold = &e->cold[e->nr_cold++];

	*cold = (struct emit_cold){.emit = emit, .site = site, .op = op};
	emit_vector_note(e, cold->newer);
	return cold;
}

/* The stub comes back if the instruction was executed and the next follows. */
static void emit_exec(struct emit *e, const struct ir_op *op, unsigned int function)
{
	x64_mov_imm(e->b, RAX, e->block->insns[op->index]);
	x64_mov_imm(e->b, RCX, (uint64_t)function << TLB_PAGE_SHIFT | (uint64_t)emit_offset(e, op));
	x64_call_to(e->b, e->stubs->exec);
}

void emit_cold_interpret(struct emit *e, const struct emit_cold *cold)
{
	uint8_t *site;

	emit_vector_store_noted(e, cold->newer);
	emit_exec(e, cold->op, a64_decode(e->block->insns[cold->op->index]));
	emit_vector_reload(e, cold->vectors);
	site = x64_jmp_fwd(e->b);
	x64_patch(site, e->insn_start[cold->op->index + 1]);
}

static void emit_call(struct emit *e, const struct ir_op *op)
{
	emit_vector_store(e);
	emit_exec(e, op, (unsigned int)op->imm);
	emit_vector_forget(e);
	emit_flags_in_memory(e);
}

/* Every write to SP but by a multiple of 16 makes its alignment unknown. */
static void emit_track_sp(struct emit *e, const struct ir_op *op)
{
	bool multiple = (op->op == IR_ADD || op->op == IR_SUB) && op->a == IR_SP &&
			op->b == IR_IMM && op->wide && !(op->imm & 15);

	if (op->dst == IR_SP && !multiple) {
		e->sp_aligned = false;
	}
	if (op->op == IR_CALL) {
		e->sp_aligned = false;
	}
}

/* Bytes, and what was made as short: indices into tables of a page or so. */
static bool is_small(const struct emit *e, const struct ir_op *op)
{
	switch (op->op) {
	case IR_LOAD:
	case IR_ZEXT:
		return (op->size == 0 && !op->aux) || (op->op == IR_ZEXT && e->small >> op->a & 1);
	case IR_AND:
		return op->b == IR_IMM && (uint64_t)op->imm <= EMIT_SMALL;
	case IR_MOV:
		return e->small >> op->a & 1;
	default:
		return false;
	}
}

/* Which general register an operation writes, or IR_NONE. (The second one of a pair is not told.)
 */
static unsigned int general_result(const struct ir_op *op)
{
	switch (op->op) {
	case IR_STORE:
	case IR_STORE_PAIR:
	case IR_VLOAD:
	case IR_VSTORE:
	case IR_VLOAD_PAIR:
	case IR_VSTORE_PAIR:
	case IR_VLOAD_LIST:
	case IR_VSTORE_LIST:
	case IR_FP:
	case IR_VEC:
		return IR_NONE;
	default:
		return op->dst;
	}
}

static void emit_track_small(struct emit *e, const struct ir_op *op)
{
	unsigned int result = general_result(op);

	if (op->op == IR_CALL) {
		e->small = 0;
	} else if (result <= IR_T0) {
		bool small = is_small(e, op);

		e->small &= ~(1ull << result);
		e->small |= (uint64_t)small << result;
	}
}

/* One behind those of the base registers, seldom that of another value which is in use. */
static unsigned int new_slot(const struct emit *e, const struct ir_op *op, unsigned int value)
{
	unsigned int hash = (unsigned int)emit_offset(e, op) / 4 + value * 41;

	return IR_NONE + hash % (TLB_NR_SLOTS - IR_NONE);
}

unsigned int emit_slot(const struct emit *e, unsigned int value)
{
	return e->slots[value] ? e->slots[value] : value;
}

/*
 * What a register holds at a block's entry is likely to be what it held in the block before. What
 * is loaded or computed is elsewhere; but where it is only moved a little, it is in the same page.
 */
static void emit_track_slot(struct emit *e, const struct ir_op *op)
{
	bool moved =
		op->op == IR_MOV || ((op->op == IR_ADD || op->op == IR_SUB) && op->b == IR_IMM);
	unsigned int result = general_result(op);

	if (result > IR_T0 || result == IR_SP) {
		return;
	}
	if (moved && op->a <= IR_T0) {
		e->slots[result] = (uint16_t)emit_slot(e, op->a);
	} else {
		e->slots[result] = (uint16_t)new_slot(e, op, result);
	}
	if (op->op == IR_LOAD_PAIR && op->c < IR_SP) {
		e->slots[op->c] = (uint16_t)new_slot(e, op, op->c);
	}
}

/* Cold paths rejoin at the next instruction, with the copies that the hot path has there. */
static void emit_insn_end(struct emit *e)
{
	emit_vector_end_insn(e);
	for (unsigned int i = e->insn_cold; i < e->nr_cold; i++) {
		emit_vector_note_copies(e, e->cold[i].vectors);
	}
	e->insn_cold = e->nr_cold;
}

static void emit_insn_start(struct emit *e, const struct ir_op *op)
{
	emit_insn_end(e);
	e->insn_start[op->index] = e->b->p;
}

static void emit_op(struct emit *e, const struct ir_op *op)
{
	emit_count(e, op);
	switch (op->op) {
	case IR_INSN:
		emit_insn_start(e, op);
		break;
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
	case IR_ZERO_CACHE:
		e->host_flags = EMIT_FLAGS_NONE;
		emit_memory(e, op);
		e->host_flags = EMIT_FLAGS_NONE;
		break;
	case IR_ATOMIC:
		emit_atomic(e, op);
		e->host_flags = EMIT_FLAGS_NONE;
		break;
	case IR_CALL:
		emit_call(e, op);
		e->host_flags = EMIT_FLAGS_NONE;
		break;
	case IR_BRANCH:
	case IR_BRANCH_ZERO:
	case IR_BRANCH_BIT:
	case IR_JUMP:
	case IR_JUMP_REG:
	case IR_FP_CHECK:
		emit_exit(e, op);
		break;
	case IR_FP:
		emit_float(e, op);
		break;
	case IR_VEC:
		emit_vector(e, op);
		e->host_flags = EMIT_FLAGS_NONE;
		break;
	default:
		emit_arithmetic(e, op);
		break;
	}
	emit_track_sp(e, op);
	emit_track_small(e, op);
	emit_track_slot(e, op);
	emit_vector_end_op(e);
}

/* Entry: look whether someone, or a counter of instructions, wants this CPU's attention. */
static void emit_entry(struct emit *e, struct emit_result *result)
{
	uint8_t *site;

	x64_align(e->b, 0, 8);
	e->entry = e->b->p;
	result->entry = e->entry;
	x64_alu_mi(e->b, false, ALU_CMP, emit_cpu(EMIT_CPU(attention)), 0);
	site = x64_jcc_fwd(e->b, CC_NE);
	result->leave = site; /* patched below, when the cold part is known */
	e->limit_site = emit_count_check(e);
}

static void emit_leave(struct emit *e, struct emit_result *result)
{
	x64_patch_here(e->b, result->leave);
	x64_patch_here(e->b, e->limit_site);
	result->leave = e->b->p;
	x64_mov_imm(e->b, RAX, e->block->offsets[0]);
	x64_jmp_to(e->b, e->stubs->leave_entry);
}

/* What does not change within a loop. FP that is trapped, or not at its default, makes the
 * interpreter execute the first instruction, whatever it is; the rest is a block of its own. */
static void emit_loop_begin(struct emit *e)
{
	e->fp_check = (struct ir_op){.op = IR_FP_CHECK};
	for (unsigned int i = 0; i < e->block->nr_ops; i++) {
		const struct ir_op *op = &e->block->ops[i];

		if (op->op == IR_FP_CHECK && op->aux > e->fp_check.aux) {
			e->fp_check.aux = op->aux;
		}
	}
	emit_exit(e, &e->fp_check);
	emit_vector_loop_begin(e);
}

/* The hot path. */
static void emit_body(struct emit *e)
{
	const struct ir_block *block = e->block;

	e->kept_cond = IR_NONE;
	e->flags_stored = false;
	emit_vector_forget(e);
	emit_entry(e, e->result);
	if (e->nr_kept) {
		emit_loop_begin(e);
	}
	for (unsigned int i = 0; i < block->nr_ops; i++) {
		const struct ir_op *op = &block->ops[i];

		if ((e->left && op->op != IR_INSN) || (e->nr_kept && op->op == IR_FP_CHECK)) {
			continue;
		}
		if (op->op == IR_JUMP && i == block->nr_ops - 1) {
			/* What a cold path of the last instruction goes on with. */
			struct ir_op end = {.op = IR_INSN, .index = (uint8_t)block->nr_insns};

			emit_insn_start(e, &end);
		}
		emit_op(e, op);
	}
}

static void emit_begin(struct emit *e, struct x64_buf *buf, const struct cache_stubs *stubs,
		       const struct ir_block *block, bool no_chain, struct emit_result *result)
{
	memset(e, 0, offsetof(struct emit, cold));
	e->b = buf;
	e->block = block;
	e->stubs = stubs;
	e->no_chain = no_chain;
	e->result = result;
	*result = (struct emit_result){0};
}

void emit_block(struct x64_buf *buf, const struct cache_stubs *stubs, const struct ir_block *block,
		bool no_chain, struct emit_result *result)
{
	const struct x64_buf start = *buf;
	struct emit e;

	emit_begin(&e, buf, stubs, block, no_chain, result);
	emit_body(&e);
	if (e.loops && e.vectors_read) {
		uint32_t read = e.vectors_read, written = e.vectors_written;
		unsigned int room = emit_vector_room(&e);

		*buf = start;
		emit_begin(&e, buf, stubs, block, no_chain, result);
		e.loop_writes = written;
		/* First what one round hands on to the next: there the latency counts. */
		emit_vector_keep(&e, read & written, room);
		emit_vector_keep(&e, read & ~written, room);
		emit_body(&e);
	}
	result->nr_hot_insns = (unsigned int)(buf->nr_insns - start.nr_insns);
	for (unsigned int i = 0; i < e.nr_cold; i++) {
		x64_patch_here(e.b, e.cold[i].site);
		e.cold[i].emit(&e, &e.cold[i]);
	}
	emit_leave(&e, result);
	result->nr_cold_insns =
		(unsigned int)(buf->nr_insns - start.nr_insns) - result->nr_hot_insns;
}
