/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ticket spinlocks, and the order in which they are taken.
 *
 * Interrupts are masked whenever EL2 runs, so a lock holder is never interrupted and no lock has
 * an "irqsave" form. Outer before inner:
 *
 *   1  vm_table   VM ids, life cycle (create, destroy), handle tables
 *   2  mem        frame table, every stage-2, every pool
 *   3  ipc        one doorbell or message queue
 *   4  vgic       one VM's distributor state, then one vCPU's interrupt state
 *   5  gic        the physical distributor's read-modify-write registers
 *   6  sched      one core's run queue (of two: the lower core number first)
 *   7  log        the log ring
 *
 * tests/fake/strict/core/lock.h stands in for this header in every unit test, and checks the rank.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <stdatomic.h>
#include <core/types.h>

enum lock_rank {
	LOCK_VM_TABLE = 1,
	LOCK_MEM,
	LOCK_IPC,
	LOCK_VGIC_DIST,
	LOCK_VGIC_CPU,
	LOCK_GIC,
	LOCK_SCHED,
	LOCK_LOG,
};

struct spinlock {
	_Atomic u16 next;
	_Atomic u16 owner;
	u32 rank;
};

#define SPINLOCK(lock_rank) ((struct spinlock){0, 0, (lock_rank)})

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	*lock = SPINLOCK(rank);
}

static inline void spin_lock(struct spinlock *lock)
{
	u16 ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

	/* Pairs with the release in spin_unlock(). */
	while (atomic_load_explicit(&lock->owner, memory_order_acquire) != ticket) {
#ifdef __aarch64__
		__asm__ volatile("yield");
#endif
	}
}

static inline void spin_unlock(struct spinlock *lock)
{
	u16 owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);

	atomic_store_explicit(&lock->owner, (u16)(owner + 1), memory_order_release);
}

static inline bool spin_trylock(struct spinlock *lock)
{
	u16 owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	u16 next = owner;

	/* Free if next == owner; taking a ticket is then taking the lock. */
	return atomic_compare_exchange_strong_explicit(&lock->next, &next, (u16)(owner + 1),
						       memory_order_acquire, memory_order_relaxed);
}

static inline bool spin_is_locked(struct spinlock *lock)
{
	return atomic_load_explicit(&lock->owner, memory_order_relaxed) !=
	       atomic_load_explicit(&lock->next, memory_order_relaxed);
}

#endif
