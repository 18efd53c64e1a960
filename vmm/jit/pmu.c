// SPDX-License-Identifier: BSD-3-Clause
/*
 * pmu.c - what the performance monitors count, and when they overflow.
 */
#include "devices/gic/gic.h"
#include "pmu.h"
#include "timer.h"
#include "vm.h"

#define TYPE_EVENT  0x3ffu
#define TYPE_NO_EL0 (1u << 30)
#define TYPE_NO_EL1 (1u << 31)

#define NEVER UINT64_MAX

static uint32_t pmu_bit(unsigned int n)
{
	return n == CPU_CYCLE_COUNTER ? PMU_CYCLE_BIT : 1u << n;
}

static unsigned int pmu_event(const struct cpu_pmu *pmu, unsigned int n)
{
	return n == CPU_CYCLE_COUNTER ? PMU_EVENT_CPU_CYCLES : pmu->type[n] & TYPE_EVENT;
}

static bool pmu_counts(const struct cpu_pmu *pmu, unsigned int n, unsigned int el)
{
	return pmu->on && (pmu->enabled & pmu_bit(n)) &&
	       !(pmu->type[n] & (el ? TYPE_NO_EL1 : TYPE_NO_EL0));
}

static bool pmu_is_chained(const struct cpu_pmu *pmu, unsigned int n)
{
	return n % 2 && n < CPU_NR_EVENT_COUNTERS && pmu_event(pmu, n) == PMU_EVENT_CHAIN;
}

static void pmu_add(struct cpu_pmu *pmu, unsigned int n, unsigned int el, uint64_t nr)
{
	uint64_t sum = pmu->count[n] + nr, overflows;

	if (n == CPU_CYCLE_COUNTER) {
		overflows = sum < nr;
	} else {
		overflows = sum >> 32;
		sum = (uint32_t)sum;
	}
	pmu->count[n] = sum;
	if (!overflows) {
		return;
	}
	pmu->overflown |= pmu_bit(n);
	if (pmu_is_chained(pmu, n + 1) && pmu_counts(pmu, n + 1, el)) {
		pmu_add(pmu, n + 1, el, overflows);
	}
}

void pmu_sync(struct jit_cpu *cpu)
{
	struct cpu_pmu *pmu = &cpu->pmu;
	uint64_t now = timer_now(cpu->vm);
	uint64_t insns = cpu->insns - pmu->seen_insns;
	uint64_t cycles = now - pmu->seen_time;

	pmu->seen_insns = cpu->insns;
	pmu->seen_time = now;
	for (unsigned int n = 0; n < CPU_NR_COUNTERS; n++) {
		unsigned int event = pmu_event(pmu, n);

		if (!pmu_counts(pmu, n, cpu->el)) {
			continue;
		}
		if (event == PMU_EVENT_INST_RETIRED) {
			pmu_add(pmu, n, cpu->el, insns);
		} else if (event == PMU_EVENT_CPU_CYCLES) {
			pmu_add(pmu, n, cpu->el, cycles);
		}
	}
}

void pmu_increment(struct jit_cpu *cpu, uint32_t counters)
{
	struct cpu_pmu *pmu = &cpu->pmu;

	for (unsigned int n = 0; n < CPU_NR_EVENT_COUNTERS; n++) {
		if ((counters >> n & 1) && pmu_event(pmu, n) == PMU_EVENT_SW_INCR &&
		    pmu_counts(pmu, n, cpu->el)) {
			pmu_add(pmu, n, cpu->el, 1);
		}
	}
}

/* Sets cpu->insns_limit; returns the deadline. For the current exception level, right after
 * pmu_sync(). */
static uint64_t pmu_arm(struct jit_cpu *cpu)
{
	const struct cpu_pmu *pmu = &cpu->pmu;
	uint64_t deadline = NEVER;

	cpu->insns_limit = UINT64_MAX;
	for (unsigned int n = 0; n < CPU_NR_COUNTERS; n++) {
		uint64_t left = (n == CPU_CYCLE_COUNTER ? 0 : 1ull << 32) - pmu->count[n];
		uint32_t watched = pmu_bit(n) | (pmu_is_chained(pmu, n + 1) ? 2u << n : 0);
		unsigned int event = pmu_event(pmu, n);

		if (!(pmu->interrupts & watched) || !pmu_counts(pmu, n, cpu->el)) {
			continue;
		}
		if (event == PMU_EVENT_INST_RETIRED && cpu->insns + left < cpu->insns_limit) {
			cpu->insns_limit = cpu->insns + left;
		} else if (event == PMU_EVENT_CPU_CYCLES && left <= NEVER - pmu->seen_time &&
			   left && pmu->seen_time + left < deadline) {
			deadline = pmu->seen_time + left;
		}
	}
	return deadline;
}

void pmu_changed(struct jit_cpu *cpu)
{
	struct cpu_pmu *pmu = &cpu->pmu;

	pmu->running = pmu->on && pmu->enabled;
	pmu->counts = 0;
	for (unsigned int n = 0; n < CPU_NR_EVENT_COUNTERS; n++) {
		for (unsigned int el = 0; el < 2; el++) {
			if (pmu_event(pmu, n) == PMU_EVENT_INST_RETIRED && pmu_counts(pmu, n, el)) {
				pmu->counts |= (uint8_t)(1u << el);
			}
		}
	}
}

static bool pmu_interrupts(const struct cpu_pmu *pmu)
{
	return pmu->on && (pmu->overflown & pmu->interrupts);
}

/* timer_update() is left to the run loop, and only asked for if it has something to do. */
void pmu_enter_el(struct jit_cpu *cpu)
{
	uint64_t deadline = pmu_arm(cpu);

	if (deadline < atomic_load(&cpu->deadline) || pmu_interrupts(&cpu->pmu) != cpu->pmu_line) {
		atomic_fetch_or(&cpu->attention, CPU_ATTN_IRQ);
	}
}

uint64_t pmu_update(struct jit_cpu *cpu)
{
	bool line;

	if (!cpu->pmu.on && !cpu->pmu_line) {
		return NEVER;
	}
	pmu_sync(cpu);
	line = pmu_interrupts(&cpu->pmu);
	if (line != cpu->pmu_line) {
		cpu->pmu_line = line;
		gic_set_ppi(cpu->vm->gic, cpu->index, PMU_INTID, line);
	}
	return pmu_arm(cpu);
}
