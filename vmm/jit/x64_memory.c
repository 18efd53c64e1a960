// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_memory.c - loads and stores through the software TLB.
 *
 * An offset from a base register looks at that register's L0 slot, the page the base was last used
 * with, at a fixed address: compare, add, access. (So does a vector's register offset.) A miss asks
 * the L1 table (a stub, no call to C) and refills the slot. A register offset looks into L1
 * directly. Whatever misses both, and every access the tables refuse (MMIO, page-crossing, code
 * pages), executes the guest instruction in the interpreter and goes on with the next one.
 *
 * One unsigned compare checks the page and that the access does not cross its end: address - page
 * <= 4096 - size, or in L0 address - page < limit.
 */
#include "sysreg_internal.h"
#include "x64_emit.h"

#define OP_MOVZX8       (X64_0F | 0xb6)
#define OP_MOVSX8       (X64_0F | 0xbe)
#define OP_MOVSXD       0x63
#define OP_MOVUPS       (X64_0F | 0x10)
#define OP_MOVUPS_STORE (X64_0F | 0x11)
#define OP_MOVD         (X64_66 | X64_0F | 0x6e) /* from a general register or memory; movq with REX.W */
#define OP_MOVQ         (X64_F3 | X64_0F | 0x7e)
#define OP_MOVD_STORE   (X64_66 | X64_0F | 0x7e)
#define OP_MOVQ_STORE   (X64_66 | X64_0F | 0xd6)
#define OP_PEXTR        (X64_66 | X64_0F3A | 0x14) /* bytes; | 1: halfwords */

#define L1_INDEX_SHIFT (TLB_PAGE_SHIFT - 5)
#define L1_INDEX_MASK  ((TLB_L1_NR_ENTRIES - 1) << 5)

_Static_assert(sizeof(struct tlb_entry) == 32, "the shift above scales by the entry's size");

static bool is_write(const struct ir_op *op)
{
	return op->op == IR_STORE || op->op == IR_STORE_PAIR || op->op == IR_VSTORE ||
	       op->op == IR_VSTORE_PAIR || op->op == IR_VSTORE_LIST || op->op == IR_ZERO_CACHE ||
	       (op->op == IR_ATOMIC && op->aux > IR_ATOMIC_LOAD_EXCLUSIVE);
}

static bool is_vector(const struct ir_op *op)
{
	return op->op >= IR_VLOAD && op->op <= IR_VSTORE_LIST;
}

static unsigned int access_size(const struct ir_op *op)
{
	switch (op->op) {
	case IR_LOAD_PAIR:
	case IR_STORE_PAIR:
	case IR_VLOAD_PAIR:
	case IR_VSTORE_PAIR:
		return 2u << op->size;
	case IR_VLOAD_LIST:
	case IR_VSTORE_LIST:
		return (unsigned int)op->c << op->size;
	default:
		return 1u << op->size;
	}
}

static unsigned int access_bank(const struct emit *e, const struct ir_op *op)
{
	return op->unprivileged && !e->block->user_override ? TLB_BANK_EL0 : e->block->bank;
}

/* SP as a base must be a multiple of 16: checked once, until it is moved by something else. */
static void check_sp(struct emit *e, const struct ir_op *op)
{
	if (op->a != IR_SP || e->sp_aligned) {
		return;
	}
	x64_rr8(e->b, 0xf6, 0, emit_pinned(IR_SP));
	x64_byte(e->b, 15);
	emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
	e->sp_aligned = true;
}

static void emit_add_offset(struct emit *e, enum x64_reg to, enum x64_reg base, int64_t offset)
{
	if (offset) {
		x64_lea(e->b, true, to, x64_at(base, (int32_t)offset));
	} else {
		x64_mov_rr(e->b, true, to, base);
	}
}

/* The address in a register: the base's own if nothing is added, else rax. */
static enum x64_reg access_address(struct emit *e, const struct ir_op *op)
{
	enum x64_reg base = emit_pinned(op->a);
	struct x64_mem sum;

	if (op->a == IR_ZR) {
		emit_address(e, RAX, op->imm);
		return RAX;
	}
	if (op->b == IR_IMM && op->imm == 0 && base != X64_NO_REG) {
		return base;
	}
	if (base == X64_NO_REG) {
		emit_load(e, RAX, op->a, true);
		base = RAX;
	}
	if (op->b == IR_IMM) {
		if (op->imm) {
			x64_lea(e->b, true, RAX, x64_at(base, (int32_t)op->imm));
		}
		return RAX;
	}
	sum = x64_at_index(base, emit_use(e, op->b, RCX), 0);
	sum.scale = op->scale;
	x64_lea(e->b, true, RAX, sum);
	return RAX;
}

static int32_t l1_displacement(unsigned int bank)
{
	return EMIT_CPU(tlb) + (int32_t)(bank * TLB_L1_NR_ENTRIES * sizeof(struct tlb_entry));
}

/* Cold: L0 missed. The stub refills the slot from L1, or sets the carry flag. It knows addresses in
 * rax. */
static void emit_cold_refill(struct emit *e, const struct emit_cold *cold)
{
	uint8_t *hit;

	if (cold->reg != RAX) {
		emit_add_offset(e, RAX, (enum x64_reg)cold->reg, cold->op->imm);
	}
	x64_mov_imm(e->b, RCX, cold->slot);
	x64_mov_imm(e->b, RDX, TLB_PAGE_SIZE - cold->size);
	x64_call_to(e->b, e->stubs->refill[access_bank(e, cold->op)][cold->write]);
	hit = x64_jcc_fwd(e->b, CC_AE);
	x64_patch(hit, cold->back);
	emit_cold_interpret(e, cold);
}

/* Cold: L1 missed for the address in rax. The stub looks further; rcx says where in L1. */
static void emit_cold_find(struct emit *e, const struct emit_cold *cold)
{
	x64_mov_imm(e->b, RDX, TLB_PAGE_SIZE - cold->size);
	x64_call_to(e->b, e->stubs->find[access_bank(e, cold->op)][cold->write]);
	x64_patch(x64_jcc_fwd(e->b, CC_AE), cold->back);
	emit_cold_interpret(e, cold);
}

/* Past this offset in a page, larger accesses than limits know of cross its end. */
static void check_large(struct emit *e, const struct ir_op *op, unsigned int size)
{
	if (size > TLB_SLOT_SIZE) {
		x64_alu_ri(e->b, false, ALU_CMP, RCX, (int32_t)(TLB_PAGE_SIZE - size));
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_A), emit_cold_interpret);
	}
}

/* Through L0: on return the access is at [base + rcx + offset], or, if the address had to be
 * computed, [rax + rcx]. */
static struct x64_mem emit_lookup_slot(struct emit *e, const struct ir_op *op, unsigned int size)
{
	enum x64_reg base = emit_pinned(op->a);
	bool in_place = op->b == IR_IMM && base != X64_NO_REG;
	enum x64_reg address = in_place ? base : access_address(e, op);
	int32_t offset = in_place ? (int32_t)op->imm : 0;
	unsigned int bank = access_bank(e, op);
	int32_t slot = EMIT_CPU(slots) + (int32_t)((bank * TLB_NR_SLOTS + emit_slot(e, op->a)) *
						   sizeof(struct tlb_slot));
	int32_t limit = slot + (int32_t)(is_write(op) ? offsetof(struct tlb_slot, write_limit)
						      : offsetof(struct tlb_slot, read_limit));
	struct emit_cold *cold;

	emit_add_offset(e, RCX, address, offset);
	x64_alu_rm(e->b, true, ALU_SUB, RCX,
		   emit_cpu(slot + (int32_t)offsetof(struct tlb_slot, page)));
	x64_alu_rm(e->b, true, ALU_CMP, RCX, emit_cpu(limit));
	cold = emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_AE), emit_cold_refill);
	cold->slot = (uint32_t)slot;
	cold->size = (uint8_t)size;
	cold->reg = (int8_t)address;
	cold->write = is_write(op);
	cold->back = e->b->p;
	check_large(e, op, size);
	x64_mov_load(e->b, true, RCX, emit_cpu(slot + (int32_t)offsetof(struct tlb_slot, addend)));
	return x64_at_index(address, RCX, offset);
}

struct x64_mem emit_memory_place(struct emit *e, const struct ir_op *op, unsigned int size)
{
	check_sp(e, op);
	return emit_lookup_slot(e, op, size);
}

/* Through L1: on return the access is at [rax + rcx]. */
static struct x64_mem emit_lookup_table(struct emit *e, const struct ir_op *op, unsigned int size)
{
	enum x64_reg address = access_address(e, op);
	int32_t table = l1_displacement(access_bank(e, op));
	int32_t tag = table + (int32_t)(is_write(op) ? offsetof(struct tlb_entry, write)
						     : offsetof(struct tlb_entry, read));
	struct emit_cold *cold;

	if (address != RAX) {
		x64_mov_rr(e->b, true, RAX, address);
	}
	x64_mov_rr(e->b, false, RCX, RAX);
	x64_shift_ri(e->b, false, SHIFT_SHR, RCX, L1_INDEX_SHIFT);
	x64_alu_ri(e->b, false, ALU_AND, RCX, L1_INDEX_MASK);
	x64_mov_rr(e->b, true, RDX, RAX);
	x64_alu_rm(e->b, true, ALU_SUB, RDX, x64_at_index(RBP, RCX, tag));
	x64_alu_ri(e->b, true, ALU_CMP, RDX, (int32_t)(TLB_PAGE_SIZE - size));
	cold = emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_A), emit_cold_find);
	cold->size = (uint8_t)size;
	cold->write = is_write(op);
	cold->back = e->b->p;
	x64_mov_load(e->b, true, RCX,
		     x64_at_index(RBP, RCX, table + (int32_t)offsetof(struct tlb_entry, addend)));
	return x64_at_index(RAX, RCX, 0);
}

static void load_value(struct emit *e, const struct ir_op *op, enum x64_reg to, struct x64_mem mem)
{
	switch (op->size) {
	case 0:
	case 1:
		x64_rm(e->b, op->aux && op->wide, (op->aux ? OP_MOVSX8 : OP_MOVZX8) | op->size, to,
		       mem);
		break;
	case 2:
		if (op->aux) {
			x64_rm(e->b, true, OP_MOVSXD, to, mem);
		} else {
			x64_mov_load(e->b, false, to, mem);
		}
		break;
	default:
		x64_mov_load(e->b, true, to, mem);
		break;
	}
}

/* rdx may be used: the address needs it no more. */
static void load_one(struct emit *e, const struct ir_op *op, unsigned int dst, struct x64_mem mem)
{
	enum x64_reg to = emit_def(dst, RDX);

	if (dst != IR_ZR) {
		load_value(e, op, to, mem);
		emit_commit(e, dst, to);
	}
}

/* Both values are read before either register is written: one may be the address. */
static void load_pair(struct emit *e, const struct ir_op *op, struct x64_mem mem)
{
	struct x64_mem second = mem;
	enum x64_reg to = emit_def(op->c, RCX);

	second.disp += 1 << op->size;
	load_value(e, op, RDX, mem);
	if (op->c != IR_ZR) {
		load_value(e, op, to, second);
		emit_commit(e, op->c, to);
	}
	emit_commit(e, op->dst, RDX);
}

static void store_one(struct emit *e, const struct ir_op *op, unsigned int src, struct x64_mem mem)
{
	enum x64_reg from = emit_use(e, src, RDX);

	switch (op->size) {
	case 0:
		x64_rm8(e->b, 0x88, from, mem);
		break;
	case 1:
		x64_rm(e->b, false, X64_66 | 0x89, from, mem);
		break;
	default:
		x64_mov_store(e->b, op->size == 3, mem, from);
		break;
	}
}

static void vector_load(struct emit *e, unsigned int size, unsigned int dst, struct x64_mem mem)
{
	unsigned int xmm = emit_vector_def(e);

	switch (size) {
	case 0:
	case 1:
		x64_rm(e->b, false, OP_MOVZX8 | size, RDX, mem);
		x64_rr(e->b, false, OP_MOVD, xmm, RDX);
		break;
	case 2:
		x64_rm(e->b, false, OP_MOVD, xmm, mem);
		break;
	case 3:
		x64_rm(e->b, false, OP_MOVQ, xmm, mem);
		break;
	default:
		x64_rm(e->b, false, OP_MOVUPS, xmm, mem);
		break;
	}
	if (size < 4) {
		emit_vector_commit_scalar(e, dst, xmm, size < 3 ? 2 : 3);
	} else {
		emit_vector_commit(e, dst, xmm);
	}
}

static void vector_store(struct emit *e, unsigned int size, unsigned int src, struct x64_mem mem)
{
	unsigned int xmm = size == 4 ? emit_vector_use(e, src)
				     : emit_vector_use_scalar(e, src, size == 3 ? 3 : 2);

	switch (size) {
	case 0:
	case 1:
		x64_rm(e->b, false, OP_PEXTR | size, xmm, mem);
		x64_byte(e->b, 0);
		break;
	case 2:
		x64_rm(e->b, false, OP_MOVD_STORE, xmm, mem);
		break;
	case 3:
		x64_rm(e->b, false, OP_MOVQ_STORE, xmm, mem);
		break;
	default:
		x64_rm(e->b, false, OP_MOVUPS_STORE, xmm, mem);
		break;
	}
}

static void vector_pair(struct emit *e, const struct ir_op *op, struct x64_mem mem)
{
	struct x64_mem second = mem;

	second.disp += 1 << op->size;
	if (op->op == IR_VLOAD_PAIR) {
		vector_load(e, op->size, op->dst, mem);
		vector_load(e, op->size, op->c, second);
	} else {
		vector_store(e, op->size, op->dst, mem);
		vector_store(e, op->size, op->c, second);
	}
}

/* EL0 needs SCTLR_EL1.DZE. */
static void emit_zero_cache(struct emit *e, const struct ir_op *op)
{
	struct x64_mem mem;

	if (e->block->bank == TLB_BANK_EL0) {
		x64_test_mi8(e->b, emit_cpu(EMIT_CPU(sys.sctlr) + 1), SCTLR_DZE >> 8);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_E), emit_cold_interpret);
	}
	mem = emit_lookup_table(e, op, 64);
	x64_rr(e->b, false, X64_0F | 0x57, 0, 0); /* xorps */
	for (unsigned int i = 0; i < 4; i++) {
		x64_rm(e->b, false, OP_MOVUPS_STORE, 0, mem);
		mem.disp += 16;
	}
}

static void vector_list(struct emit *e, const struct ir_op *op, struct x64_mem mem)
{
	for (unsigned int i = 0; i < op->c; i++) {
		unsigned int n = op->dst < IR_VT0 ? (op->dst + i) & 31 : op->dst + i;

		if (op->op == IR_VLOAD_LIST) {
			vector_load(e, op->size, n, mem);
		} else {
			vector_store(e, op->size, n, mem);
		}
		mem.disp += 1 << op->size;
	}
}

/* Vectors are seldom accessed here and there: their index too may stay in one page for long. So may
 * one that is small. */
static bool wants_slot(const struct emit *e, const struct ir_op *op)
{
	return op->a != IR_ZR && (op->b == IR_IMM || is_vector(op) || e->small >> op->b & 1);
}

void emit_memory(struct emit *e, const struct ir_op *op)
{
	unsigned int size = access_size(op);
	struct x64_mem mem;

	if (op->op == IR_ZERO_CACHE) {
		emit_zero_cache(e, op);
		return;
	}
	check_sp(e, op);
	if (wants_slot(e, op)) {
		mem = emit_lookup_slot(e, op, size);
	} else {
		mem = emit_lookup_table(e, op, size);
	}
	switch (op->op) {
	case IR_LOAD:
		load_one(e, op, op->dst, mem);
		break;
	case IR_STORE:
		store_one(e, op, op->dst, mem);
		break;
	case IR_LOAD_PAIR:
		load_pair(e, op, mem);
		break;
	case IR_STORE_PAIR:
		store_one(e, op, op->dst, mem);
		mem.disp += 1 << op->size;
		store_one(e, op, op->c, mem);
		break;
	case IR_VLOAD:
		vector_load(e, op->size, op->dst, mem);
		break;
	case IR_VSTORE:
		vector_store(e, op->size, op->dst, mem);
		break;
	case IR_VLOAD_LIST:
	case IR_VSTORE_LIST:
		vector_list(e, op, mem);
		break;
	default:
		vector_pair(e, op, mem);
		break;
	}
}
