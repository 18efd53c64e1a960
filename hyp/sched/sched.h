/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scheduler: which of the vCPUs that EL2 schedules runs on a core. 64 priorities, round robin
 * with time slices within one. Host vCPUs are fixed to their cores; the others run where they
 * are woken. Proxy vCPUs never appear here: they run on the time of the host vCPU that calls.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <core/lock.h>
#include <core/types.h>

#define SCHED_PRIORITIES    64u
#define SCHED_PRIORITY_RM   48u
#define SCHED_PRIORITY_HOST 32u
#define SCHED_PRIORITY_VM   32u
#define SCHED_SLICE_NS      5000000u

struct cpu;
struct vcpu;

struct sched_queue {
	struct spinlock lock;
	u64 nonempty; /* bit per priority */
	struct vcpu *head[SCHED_PRIORITIES];
	struct vcpu *tail[SCHED_PRIORITIES];
	struct vcpu *blocked; /* in WFI with a timer running; their .deadline says until when */
};

void sched_queue_init(struct sched_queue *queue);

/* A vCPU that EL2 schedules became READY: queues it, on its own core if it is fixed, else on this
 * one, and makes that core look if it should run at once. */
void sched_wake(struct vcpu *vcpu);

/*
 * Decides what this core runs next and loads it. current is the loaded vCPU (not a proxy): RUNNING
 * if it could go on, else it has been moved to another state by the caller. Returns the vCPU to
 * enter; does not return while there is none (the core idles).
 */
struct vcpu *sched_next(struct vcpu *current);

/* The loaded vCPU goes to sleep in WFI until an interrupt or its timers wake it. */
struct vcpu *sched_block(struct vcpu *vcpu);

/* A vCPU that sched_block() put to sleep was moved from BLOCKED to READY by the caller. */
void sched_unblock(struct vcpu *vcpu);

/* Whether sched_next(vcpu) would take the core from vcpu, which is RUNNING. */
bool sched_preempts(struct cpu *cpu, struct vcpu *vcpu);

/* Whether another vCPU waits for this core. */
bool sched_contended(const struct cpu *cpu);

/* Deadline of the earliest timer of a vCPU blocked on this core, and of the running slice. */
u64 sched_deadline(struct cpu *cpu);
/* The EL2 timer fired: wakes vCPUs whose timers are due, ends the slice. */
void sched_tick(struct cpu *cpu, u64 now);

#endif
