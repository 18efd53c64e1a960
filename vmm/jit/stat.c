// SPDX-License-Identifier: BSD-3-Clause
/*
 * stat.c - the counters of a translated machine, and the ratios that people ask for.
 */
#include "cache.h"
#include "cpu.h"
#include "stat.h"
#include "vm.h"

_Static_assert(CPU_STAT_EXITS + TRANSLATE_INTERPRET == CPU_STAT_EXITS_LAST, "one for each exit");

static const char *const stat_names[CPU_NR_STATS] = {
	[CPU_STAT_INTERPRETED] = "insns.interpreted",
	[CPU_STAT_HELPED] = "insns.helped",
	[CPU_STAT_EXITS + TRANSLATE_DISPATCH] = "exits.dispatch",
	[CPU_STAT_EXITS + TRANSLATE_ENTRY] = "exits.entry",
	[CPU_STAT_EXITS + TRANSLATE_LINK] = "exits.link",
	[CPU_STAT_EXITS + TRANSLATE_INTERPRET] = "exits.interpret",
	[CPU_STAT_LOOKUPS] = "cache.lookups",
	[CPU_STAT_UNMAPPED] = "chain.unmapped",
	[CPU_STAT_REFILLS] = "tlb.l0_misses",
	[CPU_STAT_SLOW] = "tlb.slow_accesses",
	[CPU_STAT_L2_HITS] = "tlb.l2_hits",
	[CPU_STAT_WALKS] = "tlb.walks",
	[CPU_STAT_CODE_WALKS] = "tlb.code_walks",
	[CPU_STAT_MMIO_READS] = "mmio.reads",
	[CPU_STAT_MMIO_WRITES] = "mmio.writes",
	[CPU_STAT_CODE_WRITES] = "cache.code_writes",
	[CPU_STAT_FLUSHES_ALL] = "tlb.flushes_all",
	[CPU_STAT_FLUSHES_ASID] = "tlb.flushes_asid",
	[CPU_STAT_FLUSHES_BLOCK] = "tlb.flushes_block",
	[CPU_STAT_FLUSHES_PAGE] = "tlb.flushes_page",
	[CPU_STAT_SWITCHES] = "tlb.switches",
	[CPU_STAT_RESTORED] = "tlb.restored",
	[CPU_STAT_SYSTEM_CALLS] = "exceptions.svc",
	[CPU_STAT_FAULTS] = "exceptions.abort",
	[CPU_STAT_OTHER_EXCEPTIONS] = "exceptions.other",
	[CPU_STAT_INTERRUPTS] = "exceptions.interrupt",
	[CPU_STAT_HVC] = "exceptions.hvc",
	[CPU_STAT_WAITS] = "cpu.waits",
	[CPU_STAT_ATTENTION] = "cpu.attention",
	[CPU_STAT_COMPARED] = "lockstep.insns",
	[CPU_STAT_UNCOMPARED] = "lockstep.uncompared",
};

static void stat_line(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void stat_ratio(FILE *out, const char *name, uint64_t value, uint64_t per)
{
	fprintf(out, "%s %.3f\n", name, per ? (double)value / (double)per : 0.0);
}

static void stat_print_cache(struct jit_cache *cache, FILE *out)
{
	struct cache_stats s;
	uint64_t used;

	pthread_mutex_lock(&cache->lock);
	s = cache->stats;
	used = (uint64_t)(cache->buf.p - cache->base);
	pthread_mutex_unlock(&cache->lock);
	stat_line(out, "translate.blocks", s.blocks);
	stat_line(out, "translate.guest_insns", s.guest_insns);
	stat_line(out, "translate.guest_bytes", 4 * s.guest_insns);
	stat_ratio(out, "translate.block_length", s.guest_insns, s.blocks);
	stat_ratio(out, "translate.host_insns_per_insn", s.hot_insns, s.guest_insns);
	stat_ratio(out, "translate.cold_insns_per_insn", s.cold_insns, s.guest_insns);
	stat_ratio(out, "translate.host_bytes_per_insn", s.host_bytes, s.guest_insns);
	stat_ratio(out, "translate.us_per_insn", s.nanoseconds, 1000 * s.guest_insns);
	stat_line(out, "chain.sites", s.sites);
	stat_line(out, "chain.links", s.links);
	stat_ratio(out, "chain.rate", s.links, s.sites);
	stat_line(out, "cache.size", cache->size);
	stat_line(out, "cache.used", used);
	stat_line(out, "cache.flushes", s.flushes);
	stat_line(out, "cache.invalidated", s.invalidated);
}

void stat_print(struct jit_vm *vm, FILE *out)
{
	if (vm->cache) {
		stat_print_cache(vm->cache, out);
	}
	for (unsigned int stat = 0; stat < CPU_NR_STATS; stat++) {
		uint64_t sum = 0;

		for (unsigned int i = 0; i < vm->nr_cpus; i++) {
			sum += atomic_load_explicit(&vm->cpus[i]->stats[stat],
						    memory_order_relaxed);
		}
		stat_line(out, stat_names[stat], sum);
	}
}
