/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace: each core's last events in a ring of its own, written by that core only. A debug aid:
 * built in with HYP_TRACE, and costs nothing without.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <core/types.h>
#include <hyp/trace.h>

#ifdef HYP_TRACE
void trace(enum trace_event event, u64 a, u64 b);
#else
static inline void trace(enum trace_event event, u64 a, u64 b)
{
	(void)event;
	(void)a;
	(void)b;
}
#endif

void trace_init(void);

/* Copies whole records of core's ring from record number *cursor on; returns bytes copied. */
size_t trace_read(u32 core, u64 *cursor, void *buf, size_t bytes);

#endif
