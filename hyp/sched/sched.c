/* SPDX-License-Identifier: BSD-3-Clause */
/* Run queues and the decision. See sched.h. */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/vm.h>
#include <el2/switch.h>
#include <sched/sched.h>
#include <sched/timer.h>

void sched_queue_init(struct sched_queue *queue)
{
	spin_init(&queue->lock, LOCK_SCHED);
	queue->nonempty = 0;
	queue->blocked = NULL;
}

static void push_tail(struct sched_queue *queue, struct vcpu *vcpu)
{
	u32 p = vcpu->priority;

	vcpu->queue_next = NULL;
	if (queue->nonempty & BIT(p)) {
		queue->tail[p]->queue_next = vcpu;
	} else {
		queue->head[p] = vcpu;
		queue->nonempty |= BIT(p);
	}
	queue->tail[p] = vcpu;
}

static void push_head(struct sched_queue *queue, struct vcpu *vcpu)
{
	u32 p = vcpu->priority;

	vcpu->queue_next = queue->nonempty & BIT(p) ? queue->head[p] : NULL;
	if (!vcpu->queue_next) {
		queue->tail[p] = vcpu;
	}
	queue->head[p] = vcpu;
	queue->nonempty |= BIT(p);
}

static struct vcpu *pop(struct sched_queue *queue, u32 p)
{
	struct vcpu *vcpu = queue->head[p];

	queue->head[p] = vcpu->queue_next;
	if (!queue->head[p]) {
		queue->nonempty &= ~BIT(p);
	}
	return vcpu;
}

static int top_priority(const struct sched_queue *queue)
{
	return queue->nonempty ? 63 - __builtin_clzll(queue->nonempty) : -1;
}

void sched_wake(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->flags & HYP_VCPU_FIXED ? vcpu->cpu : cpu_this();

	spin_lock(&cpu->queue.lock);
	vcpu->cpu = cpu;
	push_tail(&cpu->queue, vcpu);
	spin_unlock(&cpu->queue.lock);
	/* A running host vCPU of lower or equal priority still has to learn that its WFI must trap,
	 * so the core always looks. */
	cpu->attention = true;
	if (cpu != cpu_this()) {
		cpu_kick(cpu);
	}
}

static bool slice_over(const struct vcpu *vcpu, u64 now)
{
	return vcpu->slice_end && vcpu->slice_end <= now;
}

/* current keeps the core unless someone more urgent waits, or an equal one and its slice is over.
 */
static bool keeps_core(struct sched_queue *queue, struct vcpu *current, u64 now)
{
	int top = top_priority(queue);

	if (!current->vm || atomic_load(&current->state) != VCPU_RUNNING) {
		return false;
	}
	return top < (int)current->priority ||
	       (top == (int)current->priority && !slice_over(current, now));
}

bool sched_preempts(struct cpu *cpu, struct vcpu *vcpu)
{
	return sched_contended(cpu) && !keeps_core(&cpu->queue, vcpu, timer_now());
}

static void start(struct vcpu *vcpu, u64 now)
{
	atomic_store(&vcpu->state, VCPU_RUNNING);
	vcpu->slice_end = now + timer_ns_to_ticks(vcpu->slice_ns);
}

/* Takes the most urgent vCPU and puts current back if it could go on. NULL: keep current, or, if
 * that cannot run, nothing is ready. */
static struct vcpu *pick(struct sched_queue *queue, struct vcpu *current, u64 now)
{
	struct vcpu *next = NULL;

	spin_lock(&queue->lock);
	if (!keeps_core(queue, current, now) && queue->nonempty) {
		if (current->vm && atomic_load(&current->state) == VCPU_RUNNING) {
			atomic_store(&current->state, VCPU_READY);
			if (slice_over(current, now)) {
				push_tail(queue, current);
			} else {
				push_head(queue, current);
			}
		}
		next = pop(queue, (u32)top_priority(queue));
		start(next, now);
	}
	spin_unlock(&queue->lock);
	return next;
}

struct vcpu *sched_next(struct vcpu *current)
{
	struct cpu *cpu = current->cpu;
	struct vcpu *next;

	for (;;) {
		u64 now = timer_now();

		next = pick(&cpu->queue, current, now);
		if (next) {
			break;
		}
		if (current->vm && atomic_load(&current->state) == VCPU_RUNNING) {
			if (slice_over(current, now)) {
				start(current, now);
			}
			next = current;
			break;
		}
		current = &cpu->idle;
		switch_vcpu(current);
		cpu_idle(cpu);
	}
	if (unlikely(boot_host_entry_time == 0) && (next->vm->flags & HYP_VM_HOST)) {
		boot_host_entry_time = timer_now();
	}
	switch_vcpu(next);
	switch_trap_wfi(next, sched_contended(cpu));
	return next;
}

static void blocked_remove(struct sched_queue *queue, struct vcpu *vcpu)
{
	for (struct vcpu **at = &queue->blocked; *at; at = &(*at)->queue_next) {
		if (*at == vcpu) {
			*at = vcpu->queue_next;
			return;
		}
	}
}

struct vcpu *sched_block(struct vcpu *vcpu)
{
	struct sched_queue *queue = &vcpu->cpu->queue;
	u32 blocked = VCPU_BLOCKED;

	switch_vcpu(&vcpu->cpu->idle);
	vcpu->deadline = timer_vcpu_deadline(vcpu);
	spin_lock(&queue->lock);
	if (vcpu->deadline != TIMER_NEVER) {
		vcpu->queue_next = queue->blocked;
		queue->blocked = vcpu;
	}
	spin_unlock(&queue->lock);
	atomic_store(&vcpu->state, VCPU_BLOCKED);
	/* Pairs with vcpu_request(), which sets the bit before it looks at the state. */
	if (atomic_load(&vcpu->requests) &&
	    atomic_compare_exchange_strong(&vcpu->state, &blocked, VCPU_READY)) {
		sched_unblock(vcpu);
	}
	return sched_next(&vcpu->cpu->idle);
}

void sched_unblock(struct vcpu *vcpu)
{
	struct sched_queue *queue = &vcpu->cpu->queue;

	spin_lock(&queue->lock);
	blocked_remove(queue, vcpu);
	spin_unlock(&queue->lock);
	sched_wake(vcpu);
}

bool sched_contended(const struct cpu *cpu)
{
	return cpu->queue.nonempty != 0;
}

/* Only this core adds to the list, so that a look without the lock misses nothing. */
static u64 blocked_deadline(struct sched_queue *queue)
{
	u64 deadline = TIMER_NEVER;

	spin_lock(&queue->lock);
	for (const struct vcpu *v = queue->blocked; v; v = v->queue_next) {
		deadline = v->deadline < deadline ? v->deadline : deadline;
	}
	spin_unlock(&queue->lock);
	return deadline;
}

u64 sched_deadline(struct cpu *cpu)
{
	u64 deadline = cpu->queue.blocked ? blocked_deadline(&cpu->queue) : TIMER_NEVER;

	if (sched_contended(cpu) && cpu->current->vm) {
		const struct vcpu *v = cpu->current->parent ? cpu->current->parent : cpu->current;

		deadline = v->slice_end < deadline ? v->slice_end : deadline;
	}
	return deadline;
}

/* A blocked vCPU whose timer is due, moved to READY; or NULL. */
static struct vcpu *take_due(struct sched_queue *queue, u64 now)
{
	struct vcpu *due = NULL;

	spin_lock(&queue->lock);
	for (struct vcpu *v = queue->blocked; v && !due; v = v->queue_next) {
		u32 blocked = VCPU_BLOCKED;

		if (v->deadline <= now &&
		    atomic_compare_exchange_strong(&v->state, &blocked, VCPU_READY)) {
			due = v;
		}
	}
	spin_unlock(&queue->lock);
	return due;
}

void sched_tick(struct cpu *cpu, u64 now)
{
	struct vcpu *due;

	while ((due = take_due(&cpu->queue, now)) != NULL) {
		sched_unblock(due);
	}
	cpu->attention = true;
}
