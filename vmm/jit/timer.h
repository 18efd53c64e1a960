/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timer.h - the generic timer of each CPU (Arm ARM D11): virtual and physical EL1 timers.
 *
 * Both count the same 1 GHz counter, the host's monotonic clock less the time the machine stood
 * still. A CPU evaluates its timers on its own thread; one thread per VM watches for the earliest
 * deadline of CPUs that run guest code and asks for their attention. A CPU that sleeps watches its
 * own deadline.
 */
#ifndef VMM_JIT_TIMER_H
#define VMM_JIT_TIMER_H

#include "cpu.h"

#define TIMER_FREQUENCY 1000000000u

#define TIMER_INTID_VIRTUAL  27
#define TIMER_INTID_PHYSICAL 30

struct jit_vm;

int timer_thread_start(struct jit_vm *vm); /* 0 or a negative errno */
void timer_thread_stop(struct jit_vm *vm);

/* The counter: CNTVCT_EL0 and CNTPCT_EL0. */
uint64_t timer_now(const struct jit_vm *vm);

/* Brings the interrupt lines and the deadline up to date, those of the PMU too; call after any
 * change and when due. */
void timer_update(struct jit_cpu *cpu);

/* Instructions were counted: has a counter that is to interrupt overflown? */
static inline void timer_check_counters(struct jit_cpu *cpu)
{
	if (cpu->insns >= cpu->insns_limit) {
		timer_update(cpu);
	}
}

enum timer_kind {
	TIMER_VIRTUAL,
	TIMER_PHYSICAL,
};

uint64_t timer_read_ctl(struct jit_cpu *cpu, enum timer_kind kind);
uint64_t timer_read_tval(struct jit_cpu *cpu, enum timer_kind kind);
void timer_write_ctl(struct jit_cpu *cpu, enum timer_kind kind, uint64_t val);
void timer_write_cval(struct jit_cpu *cpu, enum timer_kind kind, uint64_t val);
void timer_write_tval(struct jit_cpu *cpu, enum timer_kind kind, uint64_t val);

#endif
