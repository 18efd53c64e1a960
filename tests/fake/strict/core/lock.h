/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hyp/core/lock.h, with each core's locks checked: the order of the ranks (one doorbell's lock may
 * be taken under another's, see ipc.h), no lock twice, none held when a VM is entered.
 */
#ifndef TESTS_FAKE_LOCK_H
#define TESTS_FAKE_LOCK_H

#define spin_lock    spin_lock_unchecked
#define spin_unlock  spin_unlock_unchecked
#define spin_trylock spin_trylock_unchecked
#include_next <core/lock.h>
#undef spin_lock
#undef spin_unlock
#undef spin_trylock

/* Fail the test. */
void fake_lock_taken(const struct spinlock *lock);
void fake_lock_dropped(const struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
{
	fake_lock_taken(lock);
	spin_lock_unchecked(lock);
}

static inline void spin_unlock(struct spinlock *lock)
{
	fake_lock_dropped(lock);
	spin_unlock_unchecked(lock);
}

static inline bool spin_trylock(struct spinlock *lock)
{
	if (!spin_trylock_unchecked(lock)) {
		return false;
	}
	fake_lock_taken(lock);
	return true;
}

#endif
