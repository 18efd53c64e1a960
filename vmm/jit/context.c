// SPDX-License-Identifier: BSD-3-Clause
/*
 * context.c - naming of contexts for the table of known jumps.
 */
#include <string.h>

#include "context.h"
#include "mmu.h"

/* Bits of cpu->code_context below the name. */
#define CONTEXT_UAO        4u
#define CONTEXT_NAME_SHIFT 3

void context_select(struct jit_cpu *cpu)
{
	uint64_t name = cpu->el ? cpu->context_el1 : cpu->contexts[0].name;

	cpu->code_context = name << CONTEXT_NAME_SHIFT | (cpu->uao ? CONTEXT_UAO : 0) | cpu->bank;
}

static void context_renew_el1(struct jit_cpu *cpu)
{
	cpu->context_el1 = ++cpu->context_next;
	cpu->context_el1_low = false;
}

void context_switch(struct jit_cpu *cpu)
{
	uint64_t ttbr0 = cpu->sys.ttbr[0], asid = mmu_asid(cpu), name = 0;
	unsigned int i;

	for (i = 0; i < CPU_NR_CONTEXTS - 1; i++) {
		if (cpu->contexts[i].name && cpu->contexts[i].ttbr0 == ttbr0 &&
		    cpu->contexts[i].asid == asid) {
			name = cpu->contexts[i].name;
			break;
		}
	}
	/* Most recent first; the last one falls out if this one is new. */
	memmove(&cpu->contexts[1], &cpu->contexts[0], i * sizeof(cpu->contexts[0]));
	cpu->contexts[0].ttbr0 = ttbr0;
	cpu->contexts[0].asid = asid;
	cpu->contexts[0].name = name ? name : ++cpu->context_next;
	if (cpu->context_el1_low) {
		context_renew_el1(cpu);
	}
	context_select(cpu);
}

void context_renew_el0(struct jit_cpu *cpu)
{
	memset(cpu->contexts, 0, sizeof(cpu->contexts));
	context_switch(cpu);
}

void context_renew_all(struct jit_cpu *cpu)
{
	memset(cpu->context_pages, 0, sizeof(cpu->context_pages));
	memset(cpu->context_blocks, 0, sizeof(cpu->context_blocks));
	context_renew_el1(cpu);
	context_renew_el0(cpu);
}

/* The word and bit of a filter for the page or block number n. */
static uint64_t *context_filter(uint64_t *filter, uint64_t n, uint64_t *bit)
{
	unsigned int hash = (unsigned int)(n ^ n >> 12) & (CPU_CONTEXT_PAGES - 1);

	*bit = 1ull << (hash & 63);
	return &filter[hash / 64];
}

static bool context_filter_hit(uint64_t *filter, uint64_t n)
{
	uint64_t bit;

	return *context_filter(filter, n, &bit) & bit;
}

static void context_renew_half(struct jit_cpu *cpu, uint64_t va)
{
	if (va >> 63) {
		context_renew_el1(cpu);
	}
	/* EL0 may execute in either half. */
	context_renew_el0(cpu);
}

void context_renew_page(struct jit_cpu *cpu, uint64_t va)
{
	if (context_filter_hit(cpu->context_pages, va >> TLB_PAGE_SHIFT)) {
		context_renew_half(cpu, va);
	}
}

void context_renew_block(struct jit_cpu *cpu, uint64_t va)
{
	if (cpu->tlb_huge_blocks ||
	    context_filter_hit(cpu->context_blocks, va >> TLB_BLOCK_SHIFT)) {
		context_renew_half(cpu, va);
	}
}

void context_add_jump(struct jit_cpu *cpu, uint64_t va, const void *code)
{
	struct cpu_jump *j = &cpu->jumps[CPU_JUMP_INDEX(va)];
	uint64_t bit, *word;

	word = context_filter(cpu->context_pages, va >> TLB_PAGE_SHIFT, &bit);
	*word |= bit;
	word = context_filter(cpu->context_blocks, va >> TLB_BLOCK_SHIFT, &bit);
	*word |= bit;
	if (cpu->el && !(va >> 63)) {
		cpu->context_el1_low = true;
	}
	*j = (struct cpu_jump){.va = va, .context = cpu->code_context, .code = code};
}
