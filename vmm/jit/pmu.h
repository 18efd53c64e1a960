/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmu.h - the performance monitors of each CPU (Arm ARM D13): PMUv3 as of Armv8.0.
 *
 * A cycle is a nanosecond of guest time, the timers' clock, also while the CPU sleeps. Instructions
 * are counted by the blocks that execute them, in cpu->insns: where a counter wants them, at the
 * current exception level, blocks of another kind are used (CACHE_MODE_COUNTS), and nothing is
 * counted elsewhere. Counters take from both sources when somebody looks: pmu_sync().
 *
 * A counter that is to interrupt sets a limit: cpu->insns_limit, which counting blocks compare with
 * at their entry, or a deadline among those of the timers. So an overflow of instructions is
 * noticed at the end of a block.
 */
#ifndef VMM_JIT_PMU_H
#define VMM_JIT_PMU_H

#include "cpu.h"

#define PMU_INTID 23

enum pmu_event {
	PMU_EVENT_SW_INCR = 0x00,
	PMU_EVENT_INST_RETIRED = 0x08,
	PMU_EVENT_CPU_CYCLES = 0x11,
	PMU_EVENT_CHAIN = 0x1e, /* overflows of the counter before, which has an even number */
};

#define PMU_CYCLE_BIT (1u << 31)

/* Everything here is the CPU's own thread's. */

static inline bool pmu_counts_insns(const struct jit_cpu *cpu)
{
	return cpu->pmu.counts >> cpu->el & 1;
}

/* Brings the counters up to date with what was done, all of it at the current exception level. */
void pmu_sync(struct jit_cpu *cpu);
/* One more software increment for these counters, after pmu_sync(). */
void pmu_increment(struct jit_cpu *cpu, uint32_t counters);
/* The registers in cpu->pmu changed; context_select() and timer_update() are the caller's. */
void pmu_changed(struct jit_cpu *cpu);
/* The exception level changed, after pmu_sync() at the old one. */
void pmu_enter_el(struct jit_cpu *cpu);
/* Syncs, sets the interrupt's level and the limit of instructions; returns the guest time at which
 * a cycle counter overflows next, or UINT64_MAX. */
uint64_t pmu_update(struct jit_cpu *cpu);

#endif
