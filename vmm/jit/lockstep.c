// SPDX-License-Identifier: BSD-3-Clause
/*
 * lockstep.c - the translator held against the interpreter, block by block.
 *
 * Two things besides a bug make results differ: a device wrote to memory between the two turns, or
 * the guest changed a table and the TLB still has the old entry, as it may. Both are gone when the
 * block is taken back and done once more with an empty TLB; a bug is not.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "debug.h"
#include "exception.h"
#include "fpsr.h"
#include "front.h"
#include "interp.h"
#include "lockstep.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "mmu.h"
#include "timer.h"
#include "tlb.h"
#include "vm.h"

/* What instructions can see or change lies in front of the TLB. */
#define LOCKSTEP_STATE_SIZE offsetof(struct jit_cpu, tlb)
#define LOCKSTEP_TRIES      3

struct lockstep {
	struct jit_cpu *shadow; /* the interpreter's */
	struct jit_cpu *before; /* as both begin */
	struct mem_journal journal;
	uint64_t page;            /* of the block's addresses */
	struct ir_block path;     /* instructions from there on, as a block goes; no operations */
	unsigned int nr_insns;    /* how many of them the block has */
	unsigned int nr_executed; /* by the interpreter, before the block is left */
	unsigned int max_insns;   /* as the user wants it */
};

struct lockstep *lockstep_create(struct jit_vm *vm)
{
	struct lockstep *l = calloc(1, sizeof(*l));
	size_t size = (sizeof(struct jit_cpu) + 63) & ~63ul;

	if (!l) {
		return NULL;
	}
	l->shadow = aligned_alloc(64, size);
	l->before = aligned_alloc(64, size);
	if (!l->shadow || !l->before) {
		lockstep_destroy(l);
		return NULL;
	}
	memset(l->shadow, 0, size);
	l->shadow->vm = vm;
	l->shadow->slow_memory = true;
	l->shadow->journal = &l->journal;
	/* Each way out of a block must lead here. */
	cache_run_alone(vm->cache);
	l->max_insns = vm->cache->max_insns;
	if (tlb_init(l->shadow)) {
		lockstep_destroy(l);
		return NULL;
	}
	return l;
}

void lockstep_destroy(struct lockstep *l)
{
	if (l) {
		if (l->shadow) {
			tlb_destroy(l->shadow);
		}
		free(l->shadow);
		free(l->before);
		free(l);
	}
}

/* Instructions up to the page's end or the first of class system. */
static unsigned int lockstep_length(struct lockstep *l, uint64_t va, const uint8_t *host)
{
	int64_t offset = (int64_t)(va & (TLB_PAGE_SIZE - 1));
	struct ir_block *path = &l->path;
	bool goes_on = true;

	host -= offset;
	l->page = va & ~(TLB_PAGE_SIZE - 1);
	path->nr_insns = 0;
	while (goes_on && path->nr_insns < l->max_insns) {
		goes_on = front_fetch(path, host, &offset);
		if (a64_infos[a64_decode(path->insns[path->nr_insns - 1])].class ==
		    A64_CLASS_SYSTEM) {
			return path->nr_insns - 1;
		}
	}
	return path->nr_insns;
}

static void lockstep_restore_memory(struct mem_journal *j)
{
	for (unsigned int i = j->nr; i-- > 0;) {
		memcpy(j->stores[i].host, j->stores[i].before, j->stores[i].size);
	}
}

/* Is what comes next in the block also what the interpreter executes next? */
static bool lockstep_goes_on(const struct lockstep *l, enum exec_result result)
{
	unsigned int next = l->nr_executed + 1;

	return result != EXEC_EXCEPTION && next < l->nr_insns &&
	       l->shadow->pc == l->page + l->path.offsets[next];
}

/* The interpreter's turn. */
static enum exec_result lockstep_try(struct lockstep *l, const struct jit_cpu *cpu)
{
	struct mem_journal *j = &l->journal;
	enum exec_result result = EXEC_NEXT;
	bool goes_on = true;

	memcpy(l->shadow, cpu, LOCKSTEP_STATE_SIZE);
	j->nr = 0;
	j->refused = false;
	for (l->nr_executed = 0; goes_on; l->nr_executed++) {
		result = interp_execute(l->shadow, l->path.insns[l->nr_executed]);
		goes_on = lockstep_goes_on(l, result);
	}
	for (unsigned int i = 0; i < j->nr; i++) {
		memcpy(j->stores[i].after, j->stores[i].host, j->stores[i].size);
	}
	lockstep_restore_memory(j);
	return result;
}

static bool lockstep_same_exception(const struct cpu_exception *a, const struct cpu_exception *b)
{
	return a->esr == b->esr && a->has_far == b->has_far && (!a->has_far || a->far == b->far) &&
	       a->return_offset == b->return_offset;
}

static bool lockstep_same_monitor(const struct cpu_monitor *a, const struct cpu_monitor *b)
{
	return a->size == b->size &&
	       (!a->size || (a->va == b->va && !memcmp(a->value, b->value, sizeof(a->value))));
}

static bool lockstep_same(const struct lockstep *l, const struct jit_cpu *cpu,
			  enum exec_result result, enum translate_exit reason)
{
	const struct jit_cpu *shadow = l->shadow;
	const struct mem_journal *j = &l->journal;
	bool excepted = result == EXEC_EXCEPTION;

	for (unsigned int i = 0; i < j->nr; i++) {
		if (memcmp(j->stores[i].after, j->stores[i].host, j->stores[i].size)) {
			return false;
		}
	}
	return excepted == (reason == TRANSLATE_EXCEPTION) &&
	       (!excepted || lockstep_same_exception(&shadow->exc, &cpu->exc)) &&
	       !memcmp(shadow->x, cpu->x, sizeof(cpu->x)) &&
	       !memcmp(shadow->v, cpu->v, sizeof(cpu->v)) && shadow->pc == cpu->pc &&
	       cpu_nzcv(shadow) == cpu_nzcv(cpu) && shadow->fpsr == cpu->fpsr &&
	       shadow->insns == cpu->insns &&
	       lockstep_same_monitor(&shadow->monitor, &cpu->monitor);
}

static void lockstep_print_value(const char *name, unsigned int n, uint64_t before, uint64_t a,
				 uint64_t b)
{
	log_error("  %4s%-2u %016" PRIx64 "  interpreter %016" PRIx64 "  translator %016" PRIx64
		  "%s",
		  name, n, before, a, b, a == b ? "" : "  <--");
}

static void lockstep_print_memory(const struct mem_journal *j)
{
	for (unsigned int i = 0; i < j->nr; i++) {
		uint64_t before = 0, a = 0, b = 0;
		unsigned int size = j->stores[i].size < 8 ? j->stores[i].size : 8;

		memcpy(&before, j->stores[i].before, size);
		memcpy(&a, j->stores[i].after, size);
		memcpy(&b, j->stores[i].host, size);
		lockstep_print_value("mem", i, before, a, b);
	}
}

static void lockstep_report(const struct lockstep *l, const struct jit_cpu *cpu,
			    enum exec_result result, enum translate_exit reason)
{
	const struct jit_cpu *before = l->before, *shadow = l->shadow;
	char text[128];

	log_error("lock-step: the translator does not do what the interpreter does; block at "
		  "0x%" PRIx64 ", EL%u:",
		  before->pc, before->el);
	for (unsigned int i = 0; i < l->nr_insns; i++) {
		uint64_t pc = l->page + l->path.offsets[i];

		a64_disassemble(l->path.insns[i], pc, text, sizeof(text));
		log_error("  %016" PRIx64 "  %08x  %s", pc, l->path.insns[i], text);
	}
	for (unsigned int i = 0; i < 32; i++) {
		lockstep_print_value("x", i, before->x[i], shadow->x[i], cpu->x[i]);
	}
	for (unsigned int i = 0; i < 32; i++) {
		for (unsigned int half = 0; half < 2; half++) {
			lockstep_print_value(half ? "vhi" : "vlo", i, before->v[i].d[half],
					     shadow->v[i].d[half], cpu->v[i].d[half]);
		}
	}
	lockstep_print_memory(&l->journal);
	lockstep_print_value("pc", 0, before->pc, shadow->pc, cpu->pc);
	lockstep_print_value("nzcv", 0, cpu_nzcv(before), cpu_nzcv(shadow), cpu_nzcv(cpu));
	lockstep_print_value("fpsr", 0, before->fpsr, shadow->fpsr, cpu->fpsr);
	lockstep_print_value("insns", 0, before->insns, shadow->insns, cpu->insns);
	lockstep_print_value("excl", 0, before->monitor.size, shadow->monitor.size,
			     cpu->monitor.size);
	lockstep_print_value("esr", 0, 0, result == EXEC_EXCEPTION ? shadow->exc.esr : 0,
			     reason == TRANSLATE_EXCEPTION ? cpu->exc.esr : 0);
}

/* The block once by each. False: it was found to differ. */
static bool lockstep_compare(struct lockstep *l, struct jit_cpu *cpu,
			     const struct cache_block *block, bool last_try)
{
	enum exec_result result = lockstep_try(l, cpu);
	enum translate_exit reason;

	fpsr_begin();
	reason = (enum translate_exit)cpu->vm->cache->stubs.enter(
		cpu, cache_code(cpu->vm->cache, block));
	fpsr_fold(cpu);
	cpu->pc = mmu_strip_tag(cpu, cpu->pc);
	if (reason == TRANSLATE_ENTRY) {
		return true; /* nothing was executed: someone wants attention */
	}
	if (l->journal.refused || reason == TRANSLATE_INTERPRET) {
		cpu_count(cpu, CPU_STAT_UNCOMPARED);
	} else if (!lockstep_same(l, cpu, result, reason)) {
		if (last_try) {
			lockstep_report(l, cpu, result, reason);
		}
		return false;
	} else {
		cpu_count_many(cpu, CPU_STAT_COMPARED, l->nr_executed);
	}
	if (reason == TRANSLATE_EXCEPTION) {
		exception_take(cpu);
	} else if (reason == TRANSLATE_INTERPRET && interp_step(cpu) == EXEC_EXCEPTION) {
		exception_take(cpu);
	}
	return true;
}

static void lockstep_block(struct lockstep *l, struct jit_cpu *cpu, const struct cache_block *block)
{
	l->nr_insns = block->nr_insns;
	memcpy(l->before, cpu, LOCKSTEP_STATE_SIZE);
	for (unsigned int i = 1; !lockstep_compare(l, cpu, block, i == LOCKSTEP_TRIES); i++) {
		if (i == LOCKSTEP_TRIES) {
			atomic_store(&cpu->vm->end, VM_END_FAULT);
			loop_attention(cpu, CPU_ATTN_STOP);
			return;
		}
		lockstep_restore_memory(&l->journal);
		memcpy(cpu, l->before, LOCKSTEP_STATE_SIZE);
		tlb_flush_all(cpu);
	}
}

void lockstep_run(struct jit_cpu *cpu)
{
	struct jit_cache *cache = cpu->vm->cache;
	struct lockstep *l = cpu->vm->lockstep;

	while (!atomic_load_explicit(&cpu->attention, memory_order_relaxed)) {
		struct cache_key key = {.mode = cache_mode(cpu)};
		struct mem_code code;
		uint64_t generation;

		timer_check_counters(cpu);
		cpu->pc = mmu_strip_tag(cpu, cpu->pc);
		if (!mem_find_code(cpu, cpu->pc, &code)) {
			exception_take(cpu);
			continue;
		}
		key.pa = code.pa;
		cache->max_insns = debug_breaks_in_page(cpu, cpu->pc)
					   ? 0
					   : lockstep_length(l, cpu->pc, code.host);
		if (cache->max_insns) {
			lockstep_block(l, cpu, cache_get(cpu, &key, code.host, &generation));
		} else if (interp_step(cpu) == EXEC_EXCEPTION) {
			exception_take(cpu);
		}
	}
}
