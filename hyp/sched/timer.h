/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time (Arm ARM D11). The loaded vCPU has the hardware's virtual timer; its physical timer is
 * emulated. The EL2 timer (CNTHP) stands in for everything that the hardware does not watch at
 * the moment: emulated timers, the timers of the host vCPU below a proxy, of vCPUs blocked on
 * this core, and the end of the time slice.
 */
#ifndef SCHED_TIMER_H
#define SCHED_TIMER_H

#include <core/types.h>
#include <core/vcpu.h>

#define TIMER_NEVER      (~0ull)
#define TIMER_VIRT_INTID 27u /* in a VM: the numbers of the BSA (DEN0094) */
#define TIMER_PHYS_INTID 30u

struct cpu;

u64 timer_now(void); /* CNTPCT */
u64 timer_ns_to_ticks(u64 ns);

/* Virtual timer registers to and from the hardware; part of the vCPU switch. */
void timer_load(struct vcpu *vcpu);
void timer_put(struct vcpu *vcpu);

/* Sets the EL2 timer to the earliest of what it has to watch. */
void timer_program(struct cpu *cpu);
/* The EL2 timer's interrupt. */
void timer_expired(struct cpu *cpu);

/* When the vCPU's own timers would next raise an interrupt, in CNTPCT; loaded or not. */
u64 timer_vcpu_deadline(const struct vcpu *vcpu);

/* Trapped accesses to CNTP_* of the loaded vCPU. */
enum timer_reg { TIMER_CTL, TIMER_CVAL, TIMER_TVAL };
u64 timer_phys_read(struct vcpu *vcpu, enum timer_reg reg);
void timer_phys_write(struct vcpu *vcpu, enum timer_reg reg, u64 value);

#endif
