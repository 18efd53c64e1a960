// SPDX-License-Identifier: BSD-3-Clause
/*
 * context.c - address spaces of a CPU and the names in use.
 */
#include <string.h>

#include "cache.h"
#include "context.h"
#include "mmu.h"
#include "pmu.h"

static uint64_t context_new_name(struct jit_cpu *cpu)
{
	return ++cpu->context_next;
}

void context_select(struct jit_cpu *cpu)
{
	bool own = cpu->el == 0 || cpu->context_el1_local;
	uint64_t name = own ? cpu->context->jumps : cpu->context_el1;
	uint64_t spread = own ? 1 + (uint64_t)(cpu->context - cpu->contexts) : 0;
	uint64_t before = cpu->code_context;

	spread = spread * 0x4f1 << CONTEXT_SPREAD_SHIFT & ((1u << CONTEXT_NAME_SHIFT) - 1);
	cpu->mapped = own ? cpu->context->mapped : cpu->mapped_el1;
	cpu->code_context = name << CONTEXT_NAME_SHIFT | spread | (cpu->uao ? CONTEXT_UAO : 0) |
			    (pmu_counts_insns(cpu) ? CONTEXT_COUNTS : 0) | cpu->bank;
	if (cpu->code_context != before) {
		frames_drop(cpu);
	}
}

/* The ASID's context, or the one that was not used for longest. */
static struct cpu_context *context_find(struct jit_cpu *cpu, unsigned int asid)
{
	struct cpu_context *oldest = &cpu->contexts[0];

	for (unsigned int i = 0; i < CPU_NR_CONTEXTS; i++) {
		struct cpu_context *c = &cpu->contexts[i];

		if (c->asid == asid && c->pages) {
			return c;
		}
		if (c->used < oldest->used) {
			oldest = c;
		}
	}
	*oldest = (struct cpu_context){
		.asid = asid,
		.jumps = context_new_name(cpu),
		.pages = context_new_name(cpu),
	};
	return oldest;
}

void context_switch(struct jit_cpu *cpu)
{
	cpu->context = context_find(cpu, mmu_asid(cpu));
	cpu->context->used = ++cpu->context_uses;
	context_select(cpu);
}

static bool context_has(const struct cpu_context *c, unsigned int asid)
{
	return c->pages && (asid == CONTEXT_ANY_ASID || c->asid == asid);
}

static void context_rename_el1(struct jit_cpu *cpu)
{
	cpu->context_el1 = context_new_name(cpu);
	memset(cpu->mapped_el1, 0, sizeof(cpu->mapped_el1));
}

static void context_rename_jumps(struct jit_cpu *cpu, unsigned int asid)
{
	for (unsigned int i = 0; i < CPU_NR_CONTEXTS; i++) {
		if (context_has(&cpu->contexts[i], asid)) {
			cpu->contexts[i].jumps = context_new_name(cpu);
			memset(cpu->contexts[i].mapped, 0, sizeof(cpu->contexts[i].mapped));
		}
	}
	context_select(cpu);
}

static void context_rename_pages(struct jit_cpu *cpu, unsigned int asid)
{
	for (unsigned int i = 0; i < CPU_NR_CONTEXTS; i++) {
		if (context_has(&cpu->contexts[i], asid)) {
			cpu->contexts[i].pages = context_new_name(cpu);
			cpu->contexts[i].nr_recent = 0;
		}
	}
}

void context_renew_pages(struct jit_cpu *cpu, unsigned int asid)
{
	cpu->context_global = context_new_name(cpu);
	context_rename_pages(cpu, asid);
}

void context_renew_asid(struct jit_cpu *cpu, unsigned int asid)
{
	context_rename_pages(cpu, asid);
	context_rename_jumps(cpu, asid);
}

void context_renew_jumps(struct jit_cpu *cpu)
{
	memset(cpu->context_filters, 0, sizeof(cpu->context_filters));
	cpu->context_nr_filtered = 0;
	context_rename_el1(cpu);
	cpu->context_el1_local = false;
	cpu->context_el0_global = false;
	context_rename_jumps(cpu, CONTEXT_ANY_ASID);
}

void context_renew_all(struct jit_cpu *cpu)
{
	memset(cpu->contexts, 0, sizeof(cpu->contexts));
	cpu->context_global = context_new_name(cpu);
	context_switch(cpu);
	context_renew_jumps(cpu);
}

/*
 * Which pages, and which blocks of 2 MiB, jumps[] may know code in: filters for each, and for each
 * exception level and half of the address space, as kernels seldom execute what programs have.
 */
static uint64_t *context_filter(struct jit_cpu *cpu, uint64_t va, unsigned int shift,
				unsigned int el, uint64_t *bit)
{
	uint64_t n = va >> shift;
	unsigned int hash = (unsigned int)(n ^ n >> 12) & (CPU_CONTEXT_FILTER - 1);

	*bit = 1ull << (hash & 63);
	return &cpu->context_filters[shift == TLB_BLOCK_SHIFT][el][va >> 63][hash / 64];
}

static bool context_filter_hit(struct jit_cpu *cpu, uint64_t va, unsigned int shift,
			       unsigned int el)
{
	uint64_t bit;

	return *context_filter(cpu, va, shift, el, &bit) & bit;
}

static void context_filter_add(struct jit_cpu *cpu, uint64_t va, unsigned int shift)
{
	uint64_t bit, *word = context_filter(cpu, va, shift, cpu->el, &bit);

	cpu->context_nr_filtered += !(*word & bit);
	*word |= bit;
}

static void context_renew_found(struct jit_cpu *cpu, bool el0, bool el1, unsigned int asid)
{
	if (el1) {
		context_rename_el1(cpu);
	}
	if (el0 || (el1 && cpu->context_el1_local)) {
		/* A global page is in all address spaces. */
		bool any = cpu->context_el0_global || el1;

		context_rename_jumps(cpu, any ? CONTEXT_ANY_ASID : asid);
	} else {
		context_select(cpu);
	}
}

void context_renew_jumps_page(struct jit_cpu *cpu, uint64_t va, unsigned int asid)
{
	context_renew_found(cpu, context_filter_hit(cpu, va, TLB_PAGE_SHIFT, 0),
			    context_filter_hit(cpu, va, TLB_PAGE_SHIFT, 1), asid);
}

void context_renew_jumps_block(struct jit_cpu *cpu, uint64_t va, unsigned int asid)
{
	bool all = cpu->tlb_huge_blocks;

	context_renew_found(cpu, all || context_filter_hit(cpu, va, TLB_BLOCK_SHIFT, 0),
			    all || context_filter_hit(cpu, va, TLB_BLOCK_SHIFT, 1), asid);
}

const struct cpu_jump *context_find_jump(const struct jit_cpu *cpu, uint64_t va)
{
	const struct cpu_jump *j = &cpu->jumps[CPU_JUMP_INDEX(va, cpu->code_context)];

	return j->va == va ? j : &cpu->jumps[CPU_JUMP_INDEX2(va, cpu->code_context)];
}

/* Another jump wants an entry's first place. */
static void context_move_jump(struct jit_cpu *cpu, const struct cpu_jump *j)
{
	cpu->jumps[CPU_JUMP_INDEX2(j->va, j->context)] = *j;
}

void context_add_jump(struct jit_cpu *cpu, uint64_t va, bool global, const void *code,
		      uint32_t page_number)
{
	uint64_t page = va & ~(TLB_PAGE_SIZE - 1);
	int8_t tag = CPU_MAPPED_TAG(page_number);
	struct cpu_jump *j;

	if (cpu->context_nr_filtered > CPU_CONTEXT_FILTER / 2) {
		context_renew_jumps(cpu); /* the filters say yes too often */
	}
	context_filter_add(cpu, va, TLB_PAGE_SHIFT);
	context_filter_add(cpu, va, TLB_BLOCK_SHIFT);
	if (cpu->el && !global && !cpu->context_el1_local) {
		cpu->context_el1_local = true;
		context_select(cpu);
	}
	cpu->context_el0_global |= !cpu->el && global;
	j = &cpu->jumps[CPU_JUMP_INDEX(va, cpu->code_context)];
	if (j->va != va) {
		context_move_jump(cpu, j);
	}
	*j = (struct cpu_jump){
		.va = va,
		.context = cpu->code_context,
		.code = code,
		.mapped_slot = CPU_MAPPED_SLOT(page_number),
		.mapped_tag = tag,
	};
	cpu->mapped[page_number % CPU_NR_MAPPED] = page + (uint64_t)tag;
}

void context_forget_code(struct jit_cpu *cpu)
{
	for (unsigned int i = 0; i < CPU_NR_JUMPS; i++) {
		cpu->jumps[i].context = 0; /* nobody's name */
	}
	for (unsigned int i = 0; i < CPU_NR_CONTEXTS; i++) {
		memset(cpu->contexts[i].mapped, 0, sizeof(cpu->contexts[i].mapped));
	}
	memset(cpu->mapped_el1, 0, sizeof(cpu->mapped_el1));
}
