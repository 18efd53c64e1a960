/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One physical core as EL2 sees it.
 *
 * TPIDR_EL2 always holds the vCPU that is loaded on the core, or the core's idle vCPU; its .cpu
 * leads here. Only the core itself touches its struct cpu, except for what says otherwise.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdatomic.h>
#include <core/lock.h>
#include <core/types.h>
#include <core/vcpu.h>
#include <sched/sched.h>

struct cpu {
	u32 id;    /* index in cpus[], and in boot_info.cpu_mpidr[] */
	u64 mpidr; /* affinity fields */
	_Atomic bool online;
	bool suspended;         /* asked the firmware for SYSTEM_SUSPEND */
	_Atomic bool attention; /* before entering a VM: look at requests and the run queue */
	_Atomic u32 call_seq;   /* odd in EL2, except in WFI; see cpu_wait_others() */
	struct vcpu *current;   /* what TPIDR_EL2 says; read by other cores for kicks */
	struct vcpu idle;       /* loaded when nothing may run */
	struct vcpu *host_vcpu; /* the host's vCPU fixed to this core */
	struct vcpu *fp_owner;  /* whose FP/SIMD state the registers hold, or NULL */
	struct sched_queue queue;
	u64 timer_deadline;   /* what CNTHP_CVAL_EL2 is set to; ~0: off */
	u32 vtimer_active_hw; /* PPIs active in this core's redistributor for a vCPU */
	volatile void *gicr;  /* this core's redistributor: RD frame, then SGI frame */
};

extern struct cpu *cpus; /* [nr_cpus] */
extern u32 nr_cpus;

/* The core this runs on. */
struct cpu *cpu_this(void);

/* Boot core: makes cpus[] from boot_info. */
void cpu_init_all(void);
/* On each core: traps, GIC, the idle vCPU. */
void cpu_init_this(struct cpu *cpu);
/* Enters the first VM that has something to run. */
void cpu_run(struct cpu *cpu) __noreturn;

/* Core by its affinity (MPIDR_EL1 & affinity mask), or NULL. */
struct cpu *cpu_by_mpidr(u64 mpidr);

/* Makes the core leave its VM and look at its vCPU's requests and its run queue. */
void cpu_kick(struct cpu *cpu);

/*
 * Waits until every other core has left what it was doing in EL2 when this was called. Pointers
 * that were made unreachable before are unused afterwards. The caller holds no lock that another
 * core may wait for.
 */
void cpu_wait_others(void);

/* Nothing to run: waits for an interrupt, and handles it. The idle vCPU is loaded. Powers the
 * core off instead if its host vCPU is off and no timer is waited for. */
void cpu_idle(struct cpu *cpu);
/* Its second half, after the WFI. */
void cpu_idle_end(struct cpu *cpu);

/* Powers a core on through PSCI; it ends in cpu_secondary_main(). 0 or HYP_E_*. */
int cpu_power_on(struct cpu *cpu) __must_check;
/* Powers this core off. Returns only if the firmware refuses. */
void cpu_power_off(void);
/* Suspends the machine, of which this is the last core on; the idle vCPU is loaded. Returns PSCI's
 * error if the firmware refuses; else the core comes back by cpu_secondary_main(). */
s64 cpu_suspend_system(void);

#endif
