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

#define WAKE_FLAGS     64u
#define WAKE_MAX_SECS  3600u /* one sleep; the guest then says again how long */

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
	wake_up_wake(container_of(timer, struct wake, timer));
	return HRTIMER_NORESTART;
}

/* Nanoseconds until CNTPCT reaches deadline, rounded up; 0: it has. */
static u64 wake_ns_until(u64 deadline)
{
	u32 rate = arch_timer_get_cntfrq();
	s64 ticks = (s64)(deadline - arch_timer_read_counter());

	if (ticks <= 0) {
		return 0;
	}
	if (ticks > (s64)rate * WAKE_MAX_SECS) {
		return (u64)WAKE_MAX_SECS * NSEC_PER_SEC;
	}
	return div_u64((u64)ticks * NSEC_PER_SEC + rate - 1, rate);
}

int wake_wait(struct wake *wake, u64 deadline)
{
	bool timed = deadline != ~0ULL;
	int rc;

	if (timed) {
		u64 ns = wake_ns_until(deadline);

		if (!ns) {
			return 0;
		}
		hrtimer_start(&wake->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_HARD);
	}
	rc = rcuwait_wait_event(&wake->wait, READ_ONCE(wake->woken), TASK_INTERRUPTIBLE);
	if (timed) {
		hrtimer_cancel(&wake->timer);
	}
	return rc;
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

	result = hyp_vcpu_wake(vcpu->handle, wake_doorbell, wake->flag);
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
