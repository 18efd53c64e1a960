// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a guest that has nothing to do.
 *
 * A vCPU in WFI, or powered off, gives its thread back. The thread sleeps until the hypervisor
 * rings the wake doorbell with the vCPU's flag, until the guest's next timer is due, or until a
 * signal. There are 64 flags, shared by vCPUs modulo 64: a ring wakes all vCPUs of a flag, and those
 * it was not meant for find nothing to do and sleep again.
 *
 * No wake-up is lost: the thread clears woken *before* VCPU_RUN. The hypervisor decides under its
 * own lock that the vCPU waits; whatever happens after that rings, and the ring sets woken. What
 * happened before, VCPU_RUN has seen.
 *
 * Between a timer's interrupt and the thread's next instruction lies Linux's way out of idle and through
 * its scheduler. A guest should not see that as lateness of its timer, so the thread has itself woken
 * earlier by as much as that took the last times (wake->advance, bounded by WAKE_MAX_ADVANCE_US), and
 * spins for what is left.
 *
 * Guests' deadlines are in ticks of CNTPCT, which for this Linux equals CNTVCT (the hypervisor
 * gives the host VM no offset).
 */
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include <asm/arch_timer.h>

#include "errors.h"
#include "module.h"
#include "wake_time.h"

#define WAKE_FLAGS	    64u
#define WAKE_MAX_ADVANCE_US 50u

static DEFINE_RAW_SPINLOCK(wake_lock);
static struct hlist_head wake_list[WAKE_FLAGS]; /* wake_lock */
static u32 wake_doorbell;

static void wake_up_wake(struct wake *wake)
{
	/* Pairs with the barrier in prepare_to_rcuwait(): woken is seen, or the thread is. */
	WRITE_ONCE(wake->woken, true);
	rcuwait_wake_up(&wake->wait);
}

static irqreturn_t wake_interrupt(int irq, void *unused)
{
	struct hyp_result result = hyp_doorbell_recv(wake_doorbell, ~0UL);
	unsigned long flags = result.v[0];
	struct wake *wake;
	unsigned int flag;

	if (result.error || !flags) {
		return IRQ_NONE;
	}
	raw_spin_lock(&wake_lock);
	for_each_set_bit(flag, &flags, WAKE_FLAGS) {
		hlist_for_each_entry(wake, &wake_list[flag], node) {
			wake_up_wake(wake);
		}
	}
	raw_spin_unlock(&wake_lock);
	return IRQ_HANDLED;
}

static enum hrtimer_restart wake_timer(struct hrtimer *timer)
{
	struct wake *wake = container_of(timer, struct wake, timer);

	WRITE_ONCE(wake->timer_fired, true);
	wake_up_wake(wake);
	return HRTIMER_NORESTART;
}

/* The timer, set for target, has woken the thread, late ticks after that. */
static void wake_learn(struct wake *wake, u64 late)
{
	u64 most = div_u64((u64)arch_timer_get_cntfrq() * WAKE_MAX_ADVANCE_US, USEC_PER_SEC);

	wake->advance = wake_time_learn(wake->advance, late, most);
}

static void wake_spin(struct wake *wake, u64 deadline)
{
	WRITE_ONCE(wake->woken, false);
	while ((s64)(deadline - arch_timer_read_counter()) > 0 && !READ_ONCE(wake->woken) &&
	       !need_resched() && !signal_pending(current)) {
		cpu_relax();
	}
}

static int wake_wait_timed(struct wake *wake, u64 deadline)
{
	u64 target = deadline - wake->advance;
	u64 ns = wake_time_ns((s64)(target - arch_timer_read_counter()), arch_timer_get_cntfrq());
	s64 late;
	int rc;

	if (ns) {
		WRITE_ONCE(wake->timer_fired, false);
		hrtimer_start(&wake->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_HARD);
		rc = rcuwait_wait_event(&wake->wait, READ_ONCE(wake->woken), TASK_INTERRUPTIBLE);
		hrtimer_cancel(&wake->timer);
		if (rc || !READ_ONCE(wake->timer_fired)) {
			return rc;
		}
		late = (s64)(arch_timer_read_counter() - target);
		if (late < 0) {
			return 0; /* a long sleep goes in parts, and Linux's clock may be the faster one */
		}
		wake_learn(wake, (u64)late);
	}
	wake_spin(wake, deadline);
	return 0;
}

int wake_wait(struct wake *wake, u64 deadline)
{
	if (deadline != ~0ULL) {
		return wake_wait_timed(wake, deadline);
	}
	return rcuwait_wait_event(&wake->wait, READ_ONCE(wake->woken), TASK_INTERRUPTIBLE);
}

int wake_init_vcpu(struct vcpu *vcpu)
{
	static atomic_t next = ATOMIC_INIT(0);
	struct wake *wake = &vcpu->wake;
	struct hyp_result result;
	unsigned long irq_flags;

	wake->flag = (unsigned int)atomic_inc_return(&next) % WAKE_FLAGS;
	wake->woken = false;
	rcuwait_init(&wake->wait);
	hrtimer_init(&wake->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	wake->timer.function = wake_timer;

	raw_spin_lock_irqsave(&wake_lock, irq_flags);
	hlist_add_head(&wake->node, &wake_list[wake->flag]);
	raw_spin_unlock_irqrestore(&wake_lock, irq_flags);

	result = PATIENTLY(hyp_vcpu_wake(vcpu->handle, wake_doorbell, wake->flag));
	if (result.error) {
		wake_exit_vcpu(vcpu);
	}
	return errors_to_errno(result.error);
}

void wake_exit_vcpu(struct vcpu *vcpu)
{
	unsigned long irq_flags;

	raw_spin_lock_irqsave(&wake_lock, irq_flags);
	hlist_del_init(&vcpu->wake.node);
	raw_spin_unlock_irqrestore(&wake_lock, irq_flags);
	hrtimer_cancel(&vcpu->wake.timer);
}

int wake_start(u32 doorbell, unsigned int irq)
{
	int rc;

	wake_doorbell = doorbell;
	rc = request_irq(irq, wake_interrupt, 0, "hyp-wake", &wake_doorbell);
	if (rc) {
		return rc;
	}
	rc = errors_to_errno(hyp_doorbell_mask(doorbell, ~0UL).error);
	if (!rc) {
		rc = errors_to_errno(hyp_doorbell_bind(doorbell, main_intid(irq)).error);
	}
	if (rc) {
		free_irq(irq, &wake_doorbell);
	}
	return rc;
}

void wake_stop(unsigned int irq)
{
	hyp_doorbell_bind(wake_doorbell, 0);
	free_irq(irq, &wake_doorbell);
}
