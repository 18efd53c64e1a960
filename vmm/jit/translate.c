// SPDX-License-Identifier: BSD-3-Clause
/*
 * translate.c - the dispatcher: finds translated code for cpu->pc, runs it, serves its exits.
 *
 * The CPU counts as being in translated code (cache_enter) for the whole loop but for the slow
 * parts that may have to wait for others.
 */
#include "cache.h"
#include "context.h"
#include "debug.h"
#include "exception.h"
#include "fpsr.h"
#include "interp.h"
#include "mem.h"
#include "mmu.h"
#include "timer.h"
#include "tlb.h"
#include "translate.h"
#include "vm.h"

/* Code for cpu->pc; NULL: it has been dealt with otherwise, or the cache changed, or what was found
 * may have been mapped elsewhere meanwhile, by another CPU: go on at cpu->pc. */
static const void *translate_find(struct jit_cpu *cpu, bool link)
{
	struct jit_cache *cache = cpu->vm->cache;
	struct cache_key key = {.mode = cache_mode(cpu)};
	struct mem_code place;
	const void *code;
	const struct cache_block *block;
	uint64_t generation = cache->generation, served = tlb_served(cpu), found;
	uint64_t site = cpu->link_site;

	cpu_count(cpu, CPU_STAT_LOOKUPS);
	if (debug_breaks_in_page(cpu, cpu->pc)) {
		if (interp_step(cpu) == EXEC_EXCEPTION) {
			exception_take(cpu);
		}
		return NULL;
	}
	if (!mem_find_code(cpu, cpu->pc, &place)) {
		exception_take(cpu);
		return NULL;
	}
	key.pa = place.pa;
	block = link ? NULL : cache_find(cache, &key);
	if (!block) {
		cache_leave(cpu);
		block = cache_get(cpu, &key, place.host, &found);
		if (link && generation == found) {
			cache_link(cpu, found, site, block);
		}
		cache_enter(cpu);
		if (found != cache->generation || tlb_served(cpu) != served) {
			return NULL;
		}
	}
	code = cache_code(cache, block);
	context_add_jump(cpu, cpu->pc, place.global, code, block->page_number);
	return code;
}

void translate_run(struct jit_cpu *cpu)
{
	struct jit_cache *cache = cpu->vm->cache;
	bool link = false, find = false;

	fpsr_begin();
	cache_enter(cpu);
	while (!atomic_load_explicit(&cpu->attention, memory_order_relaxed)) {
		const struct cpu_jump *j;
		enum translate_exit reason;
		const void *code;

		cpu->pc = mmu_strip_tag(cpu, cpu->pc);
		j = context_find_jump(cpu, cpu->pc);
		code = j->code;
		if (find || j->va != cpu->pc || j->context != cpu->code_context) {
			code = translate_find(cpu, link);
			link = false;
			find = !code; /* jumps[] may lead to what has just been replaced */
			if (!code) {
				continue;
			}
		}
		reason = (enum translate_exit)cache->stubs.enter(cpu, code);
		cpu_count(cpu, CPU_STAT_EXITS + reason);
		/* A register's value as the target of a jump may have a tag, the PC has none. */
		cpu->pc = mmu_strip_tag(cpu, cpu->pc);
		switch (reason) {
		case TRANSLATE_ENTRY:
			find = true; /* jumps[] would lead to the same stale block */
			timer_check_counters(cpu);
			break;
		case TRANSLATE_LINK:
			link = true;
			find = true;
			fpsr_fold(cpu); /* seldom, and fast_fp.c likes to know */
			break;
		case TRANSLATE_INTERPRET:
			if (interp_step(cpu) == EXEC_EXCEPTION) {
				exception_take(cpu);
			}
			break;
		case TRANSLATE_DISPATCH:
		case TRANSLATE_EXCEPTION: /* no block runs alone here */
			break;
		}
	}
	cache_leave(cpu);
	fpsr_fold(cpu);
}
