// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_refill.c - the stubs that translated code calls when an access misses L0, or L1 where that is
 * asked first.
 *
 * They look into L1 and then, by tlb_refill(), into L2. Whatever is still missing, or is not
 * allowed there, is the interpreter's. No guest instruction is executed meanwhile, and no address
 * space changes: the guest's state may stay in registers.
 */
#include "tlb.h"
#include "x64_emit.h"

#define OP_CLC          0xf8
#define OP_STC          0xf9
#define OP_MOVUPS       (X64_0F | 0x10)
#define OP_MOVUPS_STORE (X64_0F | 0x11)

/* Host registers that C code may change: those that translated code has in use across an access.
 * (xmm registers below the first hold nothing so long.) */
static const uint8_t saved[] = {RAX, RCX, RDX, RDI, R8, R9, R10, R11};
#define FIRST_XMM 4
#define NR_XMM    (16 - FIRST_XMM)
#define XMM_SPACE (16 * NR_XMM)

static void move_xmm(struct x64_buf *b, unsigned int opcode)
{
	for (unsigned int i = 0; i < NR_XMM; i++) {
		x64_rm(b, false, opcode, FIRST_XMM + i, x64_at(RSP, 16 * (int32_t)i));
	}
}

/* Calls tlb_refill() for the bank in esi, which is not kept, and the address in rax. */
static void stub_refill_table(struct x64_buf *b)
{
	for (unsigned int i = 0; i < sizeof(saved); i++) {
		x64_push(b, (enum x64_reg)saved[i]);
	}
	x64_alu_ri(b, true, ALU_SUB, RSP, XMM_SPACE);
	move_xmm(b, OP_MOVUPS_STORE);
	x64_lea(b, true, RDI, x64_at(RBP, -JIT_CPU_BIAS));
	x64_mov_rr(b, true, RDX, RAX);
	x64_mov_imm(b, RAX, (uint64_t)(uintptr_t)tlb_refill);
	x64_call_reg(b, RAX);
	move_xmm(b, OP_MOVUPS);
	x64_alu_ri(b, true, ALU_ADD, RSP, XMM_SPACE);
	for (unsigned int i = sizeof(saved); i-- > 0;) {
		x64_pop(b, (enum x64_reg)saved[i]);
	}
	x64_ret(b);
}

/* A field of the L0 slot at rcx. */
static struct x64_mem slot_field(size_t offset)
{
	return x64_at_index(RBP, RCX, (int32_t)offset);
}

/* A field of the entry at rbx in a bank's L1 table. */
static struct x64_mem entry_field(unsigned int bank, size_t offset)
{
	return x64_at_index(
		RBP, RBX,
		EMIT_CPU(tlb) +
			(int32_t)(bank * TLB_L1_NR_ENTRIES * sizeof(struct tlb_entry) + offset));
}

static struct x64_mem entry_tag(unsigned int bank, bool write)
{
	return entry_field(bank, write ? offsetof(struct tlb_entry, write)
				       : offsetof(struct tlb_entry, read));
}

/* rbx: the place in L1 for the address in rax. Returns the jump that is taken if the access, which
 * may begin up to rdx behind the page's start, is not to be made there. Uses rsi. */
static uint8_t *find_entry(struct x64_buf *b, unsigned int bank, bool write)
{
	x64_mov_rr(b, false, RBX, RAX);
	x64_shift_ri(b, false, SHIFT_SHR, RBX, TLB_PAGE_SHIFT - 5);
	x64_alu_ri(b, false, ALU_AND, RBX, (TLB_L1_NR_ENTRIES - 1) << 5);
	x64_mov_rr(b, true, RSI, RAX);
	x64_alu_rm(b, true, ALU_SUB, RSI, entry_tag(bank, write));
	x64_alu_rr(b, true, ALU_CMP, RSI, RDX);
	return x64_jcc_fwd(b, CC_A);
}

/* The same after a look into L2. */
static uint8_t *find_again(struct x64_buf *b, unsigned int bank, bool write, const void *table)
{
	x64_mov_imm(b, RSI, bank);
	x64_call_to(b, table);
	return find_entry(b, bank, write);
}

/* From the L1 entry at rbx to the slot at rcx; rsi is the page. Clears the carry flag. */
static void fill_slot(struct x64_buf *b, unsigned int bank, bool read, bool write)
{
	x64_mov_store(b, true, slot_field(offsetof(struct tlb_slot, page)), RSI);
	x64_mov_store_imm(b, true, slot_field(offsetof(struct tlb_slot, read_limit)),
			  read ? TLB_SLOT_LIMIT : 0);
	x64_mov_store_imm(b, true, slot_field(offsetof(struct tlb_slot, write_limit)),
			  write ? TLB_SLOT_LIMIT : 0);
	x64_mov_load(b, true, RSI, entry_field(bank, offsetof(struct tlb_entry, addend)));
	x64_mov_store(b, true, slot_field(offsetof(struct tlb_slot, addend)), RSI);
	x64_rm8(b, 0x80, 1, entry_field(bank, offsetof(struct tlb_entry, pa) + 1)); /* or */
	x64_byte(b, TLB_PA_SLOTS >> 8);
}

/* With rbx and rsi as they were. Keeps flags. */
static void refill_return(struct x64_buf *b)
{
	x64_pop(b, RSI);
	x64_pop(b, RBX);
	x64_ret(b);
}

/*
 * Address in rax, displacement of the L0 slot in ecx, 4096 - size in edx. Copies the L1 entry to
 * the slot and clears the carry flag; sets it when nothing is found. rax and rcx are kept, but rcx
 * then is reloaded by the caller with the addend.
 */
static void stub_refill(struct x64_buf *b, unsigned int bank, bool write, const void *table)
{
	uint8_t *miss, *one_kind, *found;

	stub_count(b, CPU_STAT_REFILLS);
	x64_push(b, RBX);
	x64_push(b, RSI);
	miss = find_entry(b, bank, write);
	found = b->p;
	x64_mov_load(b, true, RSI, entry_tag(bank, write));
	x64_alu_rm(b, true, ALU_CMP, RSI, entry_tag(bank, !write));
	one_kind = x64_jcc_fwd(b, CC_NE);
	fill_slot(b, bank, true, true);
	refill_return(b);
	x64_patch_here(b, one_kind);
	fill_slot(b, bank, !write, write);
	refill_return(b);

	x64_patch_here(b, miss);
	miss = find_again(b, bank, write, table);
	x64_patch(x64_jmp_fwd(b), found);
	x64_patch_here(b, miss);
	x64_byte(b, OP_STC);
	refill_return(b);
}

/* The same where there is no slot. */
static void stub_find(struct x64_buf *b, unsigned int bank, bool write, const void *table)
{
	uint8_t *miss;

	x64_push(b, RBX);
	x64_push(b, RSI);
	miss = find_again(b, bank, write, table);
	x64_byte(b, OP_CLC);
	refill_return(b);
	x64_patch_here(b, miss);
	x64_byte(b, OP_STC);
	refill_return(b);
}

void stub_refills(struct x64_buf *b, struct cache_stubs *stubs)
{
	const void *table = x64_exec_here(b);

	stub_refill_table(b);
	for (unsigned int bank = 0; bank < TLB_NR_BANKS; bank++) {
		for (unsigned int write = 0; write < 2; write++) {
			stubs->refill[bank][write] = x64_exec_here(b);
			stub_refill(b, bank, write, table);
			stubs->find[bank][write] = x64_exec_here(b);
			stub_find(b, bank, write, table);
		}
	}
}
