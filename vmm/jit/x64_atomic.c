// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_atomic.c - exclusive, ordered and atomic accesses as the host's locked instructions.
 *
 * A page that the L0 slot allows to be written is plain memory, so the host's atomicity is the
 * guest's. What is misaligned, faults, or is anything else goes to the interpreter, as in
 * x64_memory.c.
 *
 * The place's host address is in rcx, operand and result in rdx or rax.
 */
#include "x64_emit.h"

#define OP_XCHG      0x87
#define OP_XADD      (X64_0F | 0xc1)
#define OP_CMPXCHG   (X64_0F | 0xb1)
#define OP_CMPXCHG16 (X64_0F | 0xc7) /* /1 with REX.W */
#define OP_MOVZX8    (X64_0F | 0xb6)
#define OP_LOCK      0xf0

#define HOST_PLACE x64_at(RCX, 0)

/* An instruction on memory and a register of 1 << size bytes; the byte's form is one opcode less.
 */
static void sized(struct emit *e, unsigned int size, unsigned int opcode, enum x64_reg reg,
		  struct x64_mem mem)
{
	if (size == 0) {
		x64_rm8(e->b, opcode - 1, reg, mem);
	} else {
		x64_rm(e->b, size == 3, (size == 1 ? X64_66 : 0) | opcode, reg, mem);
	}
}

static void locked(struct emit *e, unsigned int size, unsigned int opcode, enum x64_reg reg)
{
	x64_byte(e->b, OP_LOCK);
	sized(e, size, opcode, reg, HOST_PLACE);
}

static void load(struct emit *e, unsigned int size, enum x64_reg to, struct x64_mem mem)
{
	if (size < 2) {
		x64_rm(e->b, false, OP_MOVZX8 | size, to, mem);
	} else {
		x64_mov_load(e->b, size == 3, to, mem);
	}
}

static void zero_extend(struct emit *e, unsigned int size, enum x64_reg reg)
{
	if (size < 2) {
		x64_rr8(e->b, OP_MOVZX8 | size, reg, reg);
	} else if (size == 2) {
		x64_mov_rr(e->b, false, reg, reg);
	}
}

static struct x64_mem monitor_field(size_t offset)
{
	return emit_cpu(EMIT_CPU(monitor) + (int32_t)offset);
}

#define MONITOR(field) monitor_field(offsetof(struct cpu_monitor, field))

static void emit_load_exclusive(struct emit *e, const struct ir_op *op, enum x64_reg address)
{
	x64_mov_store(e->b, true, MONITOR(va), address);
	load(e, op->size, RDX, HOST_PLACE);
	x64_mov_store(e->b, true, MONITOR(value[0]), RDX);
	x64_mov_store_imm(e->b, true, MONITOR(value[1]), 0);
	x64_mov_store_imm(e->b, false, MONITOR(size), 1 << op->size);
	emit_commit(e, op->dst, RDX);
}

/* Compare and swap with what the monitor saw, if it saw this place. */
static void emit_store_exclusive(struct emit *e, const struct ir_op *op, enum x64_reg address)
{
	uint8_t *elsewhere, *other_size, *done;

	x64_alu_rm(e->b, true, ALU_CMP, address, MONITOR(va));
	elsewhere = x64_jcc_fwd(e->b, CC_NE);
	x64_alu_mi(e->b, false, ALU_CMP, MONITOR(size), 1 << op->size);
	other_size = x64_jcc_fwd(e->b, CC_NE);
	emit_load(e, RDX, op->c, true);
	x64_mov_load(e->b, true, RAX, MONITOR(value[0]));
	locked(e, op->size, OP_CMPXCHG, RDX);
	x64_setcc(e->b, CC_NE, RAX);
	x64_rr8(e->b, OP_MOVZX8, RAX, RAX);
	done = x64_jmp_fwd(e->b);
	x64_patch_here(e->b, elsewhere);
	x64_patch_here(e->b, other_size);
	x64_mov_imm(e->b, RAX, 1);
	x64_patch_here(e->b, done);
	x64_mov_store_imm(e->b, false, MONITOR(size), 0);
	emit_commit(e, op->dst, RAX);
}

/* rdx = what becomes of old value rax and operand rdx. */
static void emit_combine(struct emit *e, const struct ir_op *op)
{
	static const uint8_t keep_old[] = {
		[IR_ATOMIC_SMAX] = CC_GE,
		[IR_ATOMIC_SMIN] = CC_LE,
		[IR_ATOMIC_UMAX] = CC_AE,
		[IR_ATOMIC_UMIN] = CC_BE,
	};

	switch (op->aux) {
	case IR_ATOMIC_CLR:
		x64_rr(e->b, true, 0xf7, 2, RDX); /* not */
		x64_alu_rr(e->b, true, ALU_AND, RDX, RAX);
		break;
	case IR_ATOMIC_EOR:
		x64_alu_rr(e->b, true, ALU_XOR, RDX, RAX);
		break;
	case IR_ATOMIC_SET:
		x64_alu_rr(e->b, true, ALU_OR, RDX, RAX);
		break;
	default:
		if (op->size == 0) {
			x64_rr8(e->b, 0x38, RDX, RAX); /* cmp al, dl */
		} else {
			x64_rr(e->b, op->size == 3, (op->size == 1 ? X64_66 : 0) | 0x39, RDX, RAX);
		}
		x64_cmov(e->b, true, (enum x64_cond)keep_old[op->aux], RDX, RAX);
		break;
	}
}

static void emit_modify_loop(struct emit *e, const struct ir_op *op)
{
	uint8_t *again;

	load(e, op->size, RAX, HOST_PLACE);
	again = e->b->p;
	emit_load(e, RDX, op->c, true);
	emit_combine(e, op);
	locked(e, op->size, OP_CMPXCHG, RDX);
	x64_patch(x64_jcc_fwd(e->b, CC_NE), again);
	emit_commit(e, op->dst, RAX);
}

/* Nobody wants the old value: one instruction. */
static bool emit_modify_blindly(struct emit *e, const struct ir_op *op)
{
	static const uint8_t opcodes[] = {
		[IR_ATOMIC_ADD] = ALU_ADD,
		[IR_ATOMIC_CLR] = ALU_AND,
		[IR_ATOMIC_EOR] = ALU_XOR,
		[IR_ATOMIC_SET] = ALU_OR,
	};

	if (op->dst != IR_ZR || op->aux > IR_ATOMIC_SET) {
		return false;
	}
	emit_load(e, RDX, op->c, true);
	if (op->aux == IR_ATOMIC_CLR) {
		x64_rr(e->b, true, 0xf7, 2, RDX); /* not */
	}
	locked(e, op->size, opcodes[op->aux] * 8u + 1, RDX);
	return true;
}

/* One instruction that leaves the old value in rdx. XCHG locks by itself. */
static void emit_exchange(struct emit *e, const struct ir_op *op)
{
	emit_load(e, RDX, op->c, true);
	if (op->aux == IR_ATOMIC_ADD) {
		locked(e, op->size, OP_XADD, RDX);
	} else {
		sized(e, op->size, OP_XCHG, RDX, HOST_PLACE);
	}
	zero_extend(e, op->size, RDX);
	emit_commit(e, op->dst, RDX);
}

static void emit_compare_swap(struct emit *e, const struct ir_op *op)
{
	emit_load(e, RAX, op->dst, true);
	emit_load(e, RDX, op->c, true);
	locked(e, op->size, OP_CMPXCHG, RDX);
	zero_extend(e, op->size, RAX);
	emit_commit(e, op->dst, RAX);
}

/*
 * CMPXCHG16B compares rdx:rax and stores rcx:rbx; rbx and rsi, which hold guest registers, make
 * room. Guest register numbers are even, those of rbx and rsi too: the second of a pair is never
 * in either.
 */
static void emit_compare_swap_pair(struct emit *e, const struct ir_op *op)
{
	unsigned int old_high = op->dst == 30 ? IR_ZR : op->dst + 1u;
	unsigned int new_high = op->c == 30 ? IR_ZR : op->c + 1u;

	x64_push(e->b, RBX);
	x64_push(e->b, RSI);
	emit_load(e, RAX, op->dst, true);
	emit_load(e, RDX, old_high, true);
	emit_load(e, RBX, op->c, true);
	x64_mov_rr(e->b, true, RSI, RCX);
	emit_load(e, RCX, new_high, true);
	x64_byte(e->b, OP_LOCK);
	x64_rm(e->b, true, OP_CMPXCHG16, 1, x64_at(RSI, 0));
	x64_pop(e->b, RSI);
	x64_pop(e->b, RBX);
	emit_commit(e, op->dst, RAX);
	emit_commit(e, old_high, RDX);
}

/* rcx = the place's host address; returns the register with the guest's. */
static enum x64_reg emit_place(struct emit *e, const struct ir_op *op)
{
	struct x64_mem mem = emit_memory_place(e, op, 1u << op->size);
	enum x64_reg address = (enum x64_reg)mem.base;

	if (mem.disp) {
		x64_lea(e->b, true, RAX, x64_at(address, mem.disp));
		address = RAX;
		mem = x64_at_index(RAX, RCX, 0);
	}
	if (op->size) {
		x64_rr8(e->b, 0xf6, 0, address); /* test */
		x64_byte(e->b, (uint8_t)((1u << op->size) - 1));
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
	}
	x64_lea(e->b, true, RCX, mem);
	return address;
}

void emit_atomic(struct emit *e, const struct ir_op *op)
{
	enum x64_reg address = emit_place(e, op);

	switch ((enum ir_atomic)op->aux) {
	case IR_ATOMIC_LOAD:
		load(e, op->size, RDX, HOST_PLACE);
		emit_commit(e, op->dst, RDX);
		break;
	case IR_ATOMIC_LOAD_EXCLUSIVE:
		emit_load_exclusive(e, op, address);
		break;
	case IR_ATOMIC_STORE_EXCLUSIVE:
		emit_store_exclusive(e, op, address);
		break;
	case IR_ATOMIC_STORE:
	case IR_ATOMIC_ADD:
	case IR_ATOMIC_SWAP:
		if (!emit_modify_blindly(e, op)) {
			emit_exchange(e, op);
		}
		break;
	case IR_ATOMIC_CAS:
		emit_compare_swap(e, op);
		break;
	case IR_ATOMIC_CAS_PAIR:
		emit_compare_swap_pair(e, op);
		break;
	default:
		if (!emit_modify_blindly(e, op)) {
			emit_modify_loop(e, op);
		}
		break;
	}
}
