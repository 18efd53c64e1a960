/* SPDX-License-Identifier: GPL-2.0-only */
/* The arithmetic of wake.c: ticks of CNTPCT, of which there are rate a second. */
#ifndef WAKE_TIME_H
#define WAKE_TIME_H

#include "pure.h"

#define WAKE_TIME_MAX_SECS 3600u /* one sleep; the guest then says again how long */
#define WAKE_TIME_NS_SEC   1000000000ull

/* How long to sleep, in nanoseconds rounded up, for ticks to pass; at most WAKE_TIME_MAX_SECS. */
static inline u64 wake_time_ns(s64 ticks, u32 rate)
{
	u64 seconds;
	u64 rest;

	if (ticks <= 0) {
		return 0;
	}
	seconds = (u64)ticks / rate;
	rest = (u64)ticks % rate;
	if (seconds >= WAKE_TIME_MAX_SECS) {
		return WAKE_TIME_MAX_SECS * WAKE_TIME_NS_SEC;
	}
	return seconds * WAKE_TIME_NS_SEC + (rest * WAKE_TIME_NS_SEC + rate - 1) / rate;
}

/*
 * The ticks by which to set the timer early next time, after advance, at most most: the thread came to
 * run late ticks after what it was set for. Quickly up, slowly down: rather early than late.
 */
static inline u64 wake_time_learn(u64 advance, u64 late, u64 most)
{
	u64 took = late < most ? late : most;

	return took > advance ? took : advance - (advance - took) / 8;
}

#endif
