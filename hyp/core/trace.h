/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace: why VMs came into EL2. While it is on (TRACE_SET), each core notes the last events in
 * a ring of its own, which it alone writes; while it is off, each costs three instructions. A call
 * that changes nothing (call_fast()) is no event.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <stdatomic.h>
#include <core/vcpu.h>
#include <hyp/trace.h>

extern _Atomic bool trace_on;

void trace_sync_slow(const struct vcpu *vcpu, u64 esr);
void trace_irq_slow(const struct vcpu *vcpu, u32 intid);

static inline void trace_sync(const struct vcpu *vcpu, u64 esr)
{
	if (unlikely(atomic_load_explicit(&trace_on, memory_order_relaxed))) {
		trace_sync_slow(vcpu, esr);
	}
}

static inline void trace_irq(const struct vcpu *vcpu, u32 intid)
{
	if (unlikely(atomic_load_explicit(&trace_on, memory_order_relaxed))) {
		trace_irq_slow(vcpu, intid);
	}
}

void trace_init(void);

/* Copies whole records of core's ring from record number *cursor on; returns bytes copied. */
size_t trace_read(u32 core, u64 *cursor, void *buf, size_t bytes);

#endif
