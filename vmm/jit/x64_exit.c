// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_exit.c - how translated code is entered and left: branches, chaining, the shared stubs.
 *
 * A block serves its page wherever that is mapped, and takes the address from cpu->page. Who enters
 * a block from another page than its own writes that first.
 *
 * A jump to a known distance from the page is linked once, behind a guard, which asks whether the
 * current address space has the target's page there:
 *
 *	mov rax, cpu->mapped
 *	mov rcx, cpu->page
 *	add rcx, distance of the pages
 *	lea rdx, [rcx + target page's tag]	; tag and slot are written
 *	cmp rdx, [rax + its slot]		; by one aligned store
 *	jne failed
 *	mov cpu->page, rcx
 *	jmp target
 *
 * So the link is good wherever the two pages are as far apart, in all address spaces. The jump is
 * patched before the guard, which until then looks at an entry that is always zero: who sees the
 * guard pass sees the target too. If the guard fails, jumps[] is asked, as for an indirect jump; an
 * entry there is good in the current address space, so its page's address is, too.
 */
#include "exception.h"
#include "fast.h"
#include "x64_emit.h"

#define JUMP_SIZE_SHIFT 5

_Static_assert(sizeof(struct cpu_jump) == 1 << JUMP_SIZE_SHIFT, "lookup scales by it");

/* Host registers that translated code may not lose for its caller. */
static const uint8_t saved[] = {RBX, RBP, R12, R13, R14, R15};
/* Guest registers in host registers. */
static const uint8_t pinned[] = {0, 1, 2, 3, 4, 5, 8, 19, 20, 21, IR_SP};

bool emit_same_page(int64_t offset)
{
	return offset >= 0 && offset < (int64_t)TLB_PAGE_SIZE;
}

/* Of the entry that find_entry() has found. */
static struct x64_mem jump_field(size_t offset)
{
	struct x64_mem field = x64_at_index(RBP, RCX, EMIT_CPU(jumps) + (int32_t)offset);

	field.scale = JUMP_SIZE_SHIFT - 2;
	return field;
}

/* From CPU_JUMP_INDEX() times 4 plus noise in rcx. */
static void find_entry(struct x64_buf *b, const void *failed)
{
	x64_alu_ri(b, false, ALU_AND, RCX, (int32_t)((CPU_NR_JUMPS - 1) << 2));
	x64_alu_rm(b, true, ALU_CMP, RAX, jump_field(offsetof(struct cpu_jump, va)));
	x64_jcc_to(b, CC_NE, failed);
	x64_alu_rm(b, true, ALU_CMP, RDX, jump_field(offsetof(struct cpu_jump, context)));
	x64_jcc_to(b, CC_NE, failed);
}

/* rcx: the place in the table of known jumps for the guest address in rax, in the current context,
 * which stays in rdx for a look at the second place. */
static void find_first(struct x64_buf *b, const void *failed)
{
	x64_mov_load(b, true, RDX, emit_cpu(EMIT_CPU(code_context)));
	x64_mov_rr(b, false, RCX, RAX);
	x64_alu_rr(b, false, ALU_XOR, RCX, RDX);
	find_entry(b, failed);
}

static void find_second(struct x64_buf *b, const void *failed)
{
	x64_mov_rr(b, true, RCX, RAX);
	x64_shift_ri(b, true, SHIFT_SHR, RCX, CPU_JUMP_SHIFT);
	x64_alu_rr(b, false, ALU_XOR, RCX, RAX);
	x64_alu_rr(b, false, ALU_XOR, RCX, RDX);
	find_entry(b, failed);
}

void emit_enter_page(struct x64_buf *b)
{
	x64_alu_ri(b, true, ALU_AND, RAX, -(int32_t)TLB_PAGE_SIZE);
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(page)), RAX);
}

static void enter_found(struct x64_buf *b)
{
	emit_enter_page(b);
	x64_jmp_mem(b, jump_field(offsetof(struct cpu_jump, code)));
}

/* Jump to the guest address in rax. Uses rcx and rdx. */
static void lookup(struct x64_buf *b, const struct cache_stubs *stubs)
{
	find_first(b, stubs->lookup_again);
	enter_found(b);
}

static void emit_lookup(struct emit *e)
{
	lookup(e->b, e->stubs);
}

static void stub_lookup_again(struct x64_buf *b, const void *failed)
{
	find_second(b, failed);
	enter_found(b);
}

/* The eight bytes that are patched: a tag, an opcode, a slot. Where they are in the guard; from
 * there, the displacements of the two jumps behind them. */
#define GUARD_CONDITION 18
#define GUARD_FAILED    10
#define GUARD_JUMP      19
#define GUARD_OPCODE    0xffffff00u
#define GUARD_UNLINKED  ((int32_t)(CPU_NR_MAPPED * sizeof(uint64_t))) /* slot that stays empty */

/* Returns the bytes that are patched; emit_guard_failed() must follow somewhere. */
static uint8_t *emit_guard(struct emit *e, const struct ir_op *op)
{
	int32_t distance = (int32_t)(op->imm & -(int64_t)TLB_PAGE_SIZE);
	uint8_t *guard;

	x64_align(e->b, GUARD_CONDITION, 8);
	x64_mov_load(e->b, true, RAX, emit_cpu(EMIT_CPU(mapped)));
	x64_mov_load(e->b, true, RCX, emit_cpu(EMIT_CPU(page)));
	x64_alu_ri(e->b, true, ALU_ADD, RCX, distance);
	x64_lea(e->b, true, RDX, x64_at(RCX, 1)); /* not 0: the empty slot may not match */
	x64_alu_rm(e->b, true, ALU_CMP, RDX, x64_at(RAX, GUARD_UNLINKED));
	guard = e->b->p - sizeof(uint64_t);
	x64_jcc_fwd(e->b, CC_NE);
	x64_mov_store(e->b, true, emit_cpu(EMIT_CPU(page)), RCX);
	x64_jmp_fwd(e->b);
	return guard;
}

static uint32_t site_number(const struct emit *e, const uint8_t *site)
{
	return (uint32_t)(site - e->b->start);
}

static void emit_guard_failed(struct emit *e, const struct ir_op *op, uint8_t *guard)
{
	x64_patch_here(e->b, guard + GUARD_FAILED);
	x64_patch_here(e->b, guard + GUARD_JUMP);
	x64_mov_imm(e->b, RAX, (uint32_t)op->imm);
	x64_mov_imm(e->b, RCX, site_number(e, guard));
	x64_jmp_to(e->b, e->stubs->guard);
}

bool emit_link_guard(uint8_t *guard, uint32_t page_number, const uint8_t *target)
{
	uint64_t *condition = (uint64_t *)guard;
	uint64_t slot = CPU_MAPPED_SLOT(page_number);

	if (*condition >> 32 != GUARD_UNLINKED) {
		return false;
	}
	x64_patch(guard + GUARD_JUMP, target);
	__atomic_store_n(condition,
			 slot << 32 | (*condition & GUARD_OPCODE) |
				 (uint8_t)CPU_MAPPED_TAG(page_number),
			 __ATOMIC_RELEASE);
	return true;
}

/* Cold: what is left of a jump to another page. */
static void emit_cold_guard_failed(struct emit *e, const struct emit_cold *cold)
{
	emit_guard_failed(e, cold->op, cold->site - GUARD_FAILED);
}

/* Cold: a conditional exit to another page. */
static void emit_cold_guard(struct emit *e, const struct emit_cold *cold)
{
	emit_guard_failed(e, cold->op, emit_guard(e, cold->op));
}

/* Cold: a jump whose target is not translated yet; the dispatcher then patches the jump. */
static void emit_cold_link(struct emit *e, const struct emit_cold *cold)
{
	x64_mov_imm(e->b, RAX, (uint32_t)cold->op->imm);
	x64_mov_imm(e->b, RCX, site_number(e, cold->site));
	x64_jmp_to(e->b, e->stubs->link);
}

/* A jump to the block's own start that keeps vectors: past the entry, so it looks for attention
 * itself. If the block is stale, that is noticed when it leaves. */
static void emit_loop(struct emit *e, bool always, enum x64_cond cc)
{
	uint8_t *not_taken = always ? NULL : x64_jcc_fwd(e->b, (enum x64_cond)(cc ^ 1));

	emit_vector_loop_again(e);
	x64_alu_mi(e->b, false, ALU_CMP, emit_cpu(EMIT_CPU(attention)), 0);
	x64_patch(x64_jcc_fwd(e->b, CC_E), e->loop);
	emit_vector_loop_end(e);
	x64_patch(x64_jmp_fwd(e->b), e->entry);
	x64_patch_here(e->b, not_taken);
}

static void emit_direct_other_page(struct emit *e, const struct ir_op *op, bool always,
				   enum x64_cond cc)
{
	if (always) {
		emit_add_cold(e, op, emit_guard(e, op) + GUARD_FAILED, emit_cold_guard_failed);
	} else {
		emit_add_cold(e, op, x64_jcc_fwd(e->b, cc), emit_cold_guard);
	}
}

void emit_jump_in_page(struct emit *e, const struct ir_op *op)
{
	/* The displacement is patched while others may execute it: keep it aligned. */
	x64_align(e->b, 1, 4);
	emit_add_cold(e, op, x64_jmp_fwd(e->b), emit_cold_link);
}

static void emit_direct_same_page(struct emit *e, const struct ir_op *op, bool always,
				  enum x64_cond cc, bool self)
{
	uint8_t *site;

	if (always && !self) {
		emit_jump_in_page(e, op);
		return;
	}
	x64_align(e->b, always ? 1 : 2, 4);
	site = always ? x64_jmp_fwd(e->b) : x64_jcc_fwd(e->b, cc);
	if (self) {
		x64_patch(site, e->entry);
	} else {
		emit_add_cold(e, op, site, emit_cold_link);
	}
}

/* A jump to a known guest address, on condition cc, or always. */
static void emit_direct(struct emit *e, const struct ir_op *op, bool always, enum x64_cond cc)
{
	bool chain = !(op->op == IR_JUMP && op->aux == IR_JUMP_UNCHAINED);
	bool self = chain && op->imm == e->block->offsets[0] && !e->no_chain;

	e->loops |= self && !e->block->counts; /* which look at their limit at the entry */
	e->result->nr_sites += chain;
	e->result->nr_self_links += self;
	if (self && e->nr_kept) {
		emit_loop(e, always, cc);
		return;
	}
	emit_vector_store(e);
	if (!chain) {
		emit_address(e, RAX, op->imm);
		emit_lookup(e);
	} else if (emit_same_page(op->imm)) {
		emit_direct_same_page(e, op, always, cc, self);
	} else {
		emit_direct_other_page(e, op, always, cc);
	}
}

static enum x64_cond emit_test_zero(struct emit *e, const struct ir_op *op)
{
	enum x64_reg a = emit_pinned(op->a);

	if (a != X64_NO_REG) {
		x64_test_rr(e->b, op->wide, a, a);
	} else if (op->a == IR_ZR) {
		x64_alu_rr(e->b, false, ALU_CMP, RAX, RAX);
	} else {
		x64_alu_mi(e->b, op->wide, ALU_CMP, emit_guest_reg(op->a), 0);
	}
	return op->aux ? CC_NE : CC_E;
}

static enum x64_cond emit_test_bit(struct emit *e, const struct ir_op *op)
{
	enum x64_reg a = emit_pinned(op->a);

	if (op->a == IR_ZR) {
		x64_test_rr(e->b, false, RAX, RAX);
		x64_alu_rr(e->b, false, ALU_XOR, RAX, RAX);
	} else if (a == X64_NO_REG) {
		struct x64_mem mem = emit_guest_reg(op->a);

		mem.disp += op->c / 8;
		x64_test_mi8(e->b, mem, (uint8_t)(1u << op->c % 8));
	} else if (op->c < 32) {
		x64_rr(e->b, false, 0xf7, 0, a);
		x64_u32(e->b, 1u << op->c);
	} else {
		x64_rr(e->b, true, X64_0F | 0xba, 4, a); /* bt */
		x64_byte(e->b, op->c);
		return op->aux ? CC_B : CC_AE;
	}
	return op->aux ? CC_NE : CC_E;
}

/* Cold: FP is off at this exception level, or FPCR asks for what inline code does not do. */
static void emit_cold_fp(struct emit *e, const struct emit_cold *cold)
{
	emit_vector_store_noted(e, cold->newer);
	x64_mov_imm(e->b, RAX, (uint64_t)emit_offset(e, cold->op));
	x64_jmp_to(e->b, e->stubs->leave_interpret);
}

static void emit_jump_to_register(struct emit *e, const struct ir_op *op)
{
	emit_vector_store(e);
	emit_call_frame(e, op);
	emit_load(e, RAX, op->a, true);
	if (op->aux == IR_JUMP_RETURN) {
		emit_return(e);
	} else {
		emit_lookup(e);
	}
}

void emit_exit(struct emit *e, const struct ir_op *op)
{
	enum x64_cond cc;

	switch (op->op) {
	case IR_BRANCH:
		cc = emit_condition(e, op, op->cond);
		emit_direct(e, op, false, cc);
		break;
	case IR_BRANCH_ZERO:
		cc = emit_test_zero(e, op);
		e->host_flags = EMIT_FLAGS_NONE;
		emit_direct(e, op, false, cc);
		break;
	case IR_BRANCH_BIT:
		cc = emit_test_bit(e, op);
		e->host_flags = EMIT_FLAGS_NONE;
		emit_direct(e, op, false, cc);
		break;
	case IR_JUMP:
		emit_call_frame(e, op);
		emit_direct(e, op, true, CC_O);
		e->left = true;
		break;
	case IR_JUMP_REG:
		emit_jump_to_register(e, op);
		e->left = true;
		break;
	case IR_FP_CHECK:
		x64_alu_mi(e->b, false, ALU_CMP, emit_cpu(EMIT_CPU(fp_inline)), op->aux);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_B), emit_cold_fp);
		e->host_flags = EMIT_FLAGS_NONE;
		break;
	default:
		break;
	}
}

static void stub_load_pinned(struct x64_buf *b)
{
	for (unsigned int i = 0; i < sizeof(pinned); i++) {
		x64_mov_load(b, true, emit_pinned(pinned[i]), emit_guest_reg(pinned[i]));
	}
}

static void stub_store_pinned(struct x64_buf *b)
{
	for (unsigned int i = 0; i < sizeof(pinned); i++) {
		x64_mov_store(b, true, emit_guest_reg(pinned[i]), emit_pinned(pinned[i]));
	}
}

void stub_count(struct x64_buf *b, enum cpu_stat stat)
{
	x64_rm(b, true, 0xff, 0, emit_cpu(EMIT_CPU(stats) + 8 * (int32_t)stat)); /* inc */
}

/* unsigned int enter(struct jit_cpu *rdi, const void *code rsi) */
static void stub_enter(struct x64_buf *b, const struct cache_stubs *stubs)
{
	for (unsigned int i = 0; i < sizeof(saved); i++) {
		x64_push(b, (enum x64_reg)saved[i]);
	}
	x64_alu_ri(b, true, ALU_SUB, RSP, 8);
	x64_lea(b, true, RBP, x64_at(RDI, JIT_CPU_BIAS));
	stub_frames_begin(b, stubs);
	x64_mov_load(b, true, RAX, emit_cpu(EMIT_CPU(pc)));
	emit_enter_page(b);
	x64_mov_rr(b, true, RAX, RSI);
	stub_load_pinned(b);
	x64_jmp_reg(b, RAX);
}

static void stub_resolve_flags(struct x64_buf *b, const void *resolve)
{
	uint8_t *there;

	x64_alu_mi(b, false, ALU_CMP, emit_cpu(EMIT_CPU(flags_from)), 0);
	there = x64_jcc_fwd(b, CC_E);
	x64_call_to(b, resolve);
	x64_patch_here(b, there);
}

/* Reason in eax. */
static void stub_leave(struct x64_buf *b, const void *resolve)
{
	stub_resolve_flags(b, resolve);
	stub_store_pinned(b);
	stub_frames_end(b);
	x64_alu_ri(b, true, ALU_ADD, RSP, 8);
	for (unsigned int i = sizeof(saved); i-- > 0;) {
		x64_pop(b, (enum x64_reg)saved[i]);
	}
	x64_ret(b);
}

/* rax = the address that eax says. */
static void stub_address(struct x64_buf *b)
{
	x64_rr(b, true, 0x63, RAX, RAX); /* movsxd */
	x64_alu_rm(b, true, ALU_ADD, RAX, emit_cpu(EMIT_CPU(page)));
}

/* With pc at eax. */
static void stub_leave_at(struct x64_buf *b, const void *leave, enum translate_exit reason)
{
	stub_address(b);
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(pc)), RAX);
	x64_mov_imm(b, RAX, reason);
	x64_jmp_to(b, leave);
}

/* Target in rax, site in ecx. */
static void stub_link(struct x64_buf *b, const void *leave)
{
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(pc)), RAX);
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(link_site)), RCX);
	x64_mov_imm(b, RAX, TRANSLATE_LINK);
	x64_jmp_to(b, leave);
}

/* The entry at rcx is good here, so its page's address is known: the guard passes from now on. */
static void stub_note_mapped(struct x64_buf *b)
{
	emit_enter_page(b);
	x64_rm(b, true, 0x63, RDX, jump_field(offsetof(struct cpu_jump, mapped_tag))); /* movsxd */
	x64_alu_rr(b, true, ALU_ADD, RDX, RAX);
	x64_mov_load(b, false, RAX, jump_field(offsetof(struct cpu_jump, mapped_slot)));
	x64_alu_rm(b, true, ALU_ADD, RAX, emit_cpu(EMIT_CPU(mapped)));
	x64_mov_store(b, true, x64_at(RAX, 0), RDX);
	x64_jmp_mem(b, jump_field(offsetof(struct cpu_jump, code)));
}

/* The same as stub_link() for a guarded jump, which may be linked and have failed. */
static void stub_guard(struct x64_buf *b, const void *link, const void *failed,
		       struct cache_stubs *stubs)
{
	const void *note_mapped = x64_exec_here(b), *second;
	uint8_t *linked;

	stub_note_mapped(b);
	second = x64_exec_here(b);
	find_second(b, failed);
	x64_jmp_to(b, note_mapped);

	stubs->guard = x64_exec_here(b);
	stub_address(b);
	x64_mov_imm(b, RDX, (uint64_t)(uintptr_t)b->start + (uint64_t)b->exec_delta);
	x64_alu_mi(b, false, ALU_CMP, x64_at_index(RDX, RCX, 4), GUARD_UNLINKED);
	linked = x64_jcc_fwd(b, CC_NE);
	x64_alu_ri(b, true, ALU_OR, RCX, CACHE_SITE_GUARDED);
	x64_jmp_to(b, link);
	x64_patch_here(b, linked);
	stub_count(b, CPU_STAT_UNMAPPED);
	find_first(b, second);
	x64_jmp_to(b, note_mapped);
}

/* Target in rax. */
static void stub_lookup_failed(struct x64_buf *b, const void *leave)
{
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(pc)), RAX);
	x64_mov_imm(b, RAX, TRANSLATE_DISPATCH);
	x64_jmp_to(b, leave);
}

/*
 * Behind a C function that returned eax, with all guest state in memory: takes the exception, if it
 * is one, and goes on at cpu->pc. The calls that the guest is in are dropped: they are another
 * context's. Whatever C code wants of the run loop is in cpu->attention, which the next block looks
 * at before its first instruction.
 */
static void stub_elsewhere(struct x64_buf *b, const struct cache_stubs *stubs)
{
	uint8_t *jumped;

	x64_mov_load(b, true, RSP, emit_cpu(EMIT_CPU(frames_top)));
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(frames_end)), RSP);
	x64_alu_ri(b, false, ALU_CMP, RAX, EXEC_JUMP);
	jumped = x64_jcc_fwd(b, CC_E);
	x64_lea(b, true, RDI, x64_at(RBP, -JIT_CPU_BIAS));
	x64_mov_imm(b, RAX, (uint64_t)(uintptr_t)exception_take);
	x64_call_reg(b, RAX);
	x64_patch_here(b, jumped);
	stub_load_pinned(b);
	x64_mov_load(b, true, RAX, emit_cpu(EMIT_CPU(pc)));
	x64_jmp_to(b, stubs->lookup);
}

/* The same for blocks that run alone (cache_run_alone()): leaves, with the exception untaken. */
static void stub_elsewhere_alone(struct x64_buf *b, const struct cache_stubs *stubs)
{
	uint8_t *jumped;

	/* The state is in memory already; leave stores registers that hold older values. */
	stub_load_pinned(b);
	x64_alu_ri(b, false, ALU_CMP, RAX, EXEC_JUMP);
	x64_mov_imm(b, RAX, TRANSLATE_DISPATCH);
	jumped = x64_jcc_fwd(b, CC_E);
	x64_mov_imm(b, RAX, TRANSLATE_EXCEPTION);
	x64_patch_here(b, jumped);
	x64_jmp_to(b, stubs->leave);
}

/*
 * The instruction word in eax, its function's number above its offset in the page in ecx. Called
 * from a block. Returns there when the next instruction follows.
 */
static void stub_exec(struct x64_buf *b, const struct cache_stubs *stubs, const void *elsewhere)
{
	stub_count(b, CPU_STAT_HELPED);
	stub_resolve_flags(b, stubs->resolve_flags);
	x64_mov_rr(b, false, RDX, RCX);
	x64_alu_ri(b, false, ALU_AND, RDX, (int32_t)TLB_PAGE_SIZE - 1);
	x64_alu_rm(b, true, ALU_ADD, RDX, emit_cpu(EMIT_CPU(page)));
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(pc)), RDX);
	x64_shift_ri(b, false, SHIFT_SHR, RCX, TLB_PAGE_SHIFT);
	stub_store_pinned(b);
	x64_lea(b, true, RBX, x64_at(RSP, 8));
	x64_mov_store(b, true, emit_cpu(EMIT_CPU(frames_end)), RBX);
	x64_alu_ri(b, true, ALU_SUB, RSP, 8);
	x64_lea(b, true, RDI, x64_at(RBP, -JIT_CPU_BIAS));
	x64_mov_rr(b, false, RSI, RAX);
	x64_mov_imm(b, RAX, (uint64_t)(uintptr_t)a64_helper);
	x64_rm(b, false, 0xff, 2,
	       (struct x64_mem){.base = RAX, .index = RCX, .scale = 3, .disp = 0});
	x64_alu_ri(b, true, ALU_ADD, RSP, 8);
	x64_test_rr(b, false, RAX, RAX);
	x64_jcc_to(b, CC_NE, elsewhere);
	stub_load_pinned(b);
	x64_ret(b);
}

void emit_stubs(struct x64_buf *b, struct cache_stubs *stubs)
{
	const void *link, *lookup_failed, *elsewhere;

	stubs->resolve_flags = x64_exec_here(b);
	emit_stub_resolve_flags(b);
	stubs->leave = x64_exec_here(b);
	stub_leave(b, stubs->resolve_flags);
	stubs->leave_entry = x64_exec_here(b);
	stub_leave_at(b, stubs->leave, TRANSLATE_ENTRY);
	stubs->leave_interpret = x64_exec_here(b);
	stub_leave_at(b, stubs->leave, TRANSLATE_INTERPRET);
	stubs->link = x64_exec_here(b);
	stub_address(b);
	link = x64_exec_here(b);
	stub_link(b, stubs->leave);
	lookup_failed = x64_exec_here(b);
	stub_lookup_failed(b, stubs->leave);
	stubs->lookup_again = x64_exec_here(b);
	stub_lookup_again(b, lookup_failed);
	stubs->lookup = x64_exec_here(b);
	lookup(b, stubs);
	stub_frames(b, stubs);
	stubs->enter = (unsigned int (*)(struct jit_cpu *, const void *))x64_exec_here(b);
	stub_enter(b, stubs);
	stub_guard(b, link, lookup_failed, stubs);
	elsewhere = x64_exec_here(b);
	stub_elsewhere(b, stubs);
	stubs->exec = x64_exec_here(b);
	stub_exec(b, stubs, elsewhere);
	elsewhere = x64_exec_here(b);
	stub_elsewhere_alone(b, stubs);
	stubs->exec_alone = x64_exec_here(b);
	stub_exec(b, stubs, elsewhere);
	stub_refills(b, stubs);
}
