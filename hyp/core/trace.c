/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace rings. See trace.h. */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/string.h>
#include <core/trace.h>
#include <core/vm.h>
#include <el2/mmu.h>
#include <sched/timer.h>

#define NR_RECORDS 512u

struct trace_ring {
	_Atomic u64 end; /* records ever written */
	struct trace_record records[NR_RECORDS];
};

static struct trace_ring *rings; /* [nr_cpus] */

void trace_init(void)
{
	rings = mmu_alloc_boot(nr_cpus * sizeof(struct trace_ring));
}

#ifdef HYP_TRACE
void trace(enum trace_event event, u64 a, u64 b)
{
	const struct vcpu *vcpu = vcpu_current();
	struct trace_ring *ring = &rings[vcpu->cpu->id];
	u64 end = atomic_load_explicit(&ring->end, memory_order_relaxed);

	ring->records[end % NR_RECORDS] = (struct trace_record){
		.time = timer_now(),
		.event = event,
		.vm_vcpu = vcpu->vm ? (u32)vcpu->vm->id << 16 | vcpu->index : 0,
		.a = a,
		.b = b,
	};
	atomic_store_explicit(&ring->end, end + 1, memory_order_release);
}
#endif

size_t trace_read(u32 core, u64 *cursor, void *buf, size_t bytes)
{
	struct trace_ring *ring = &rings[core];
	u64 end = atomic_load_explicit(&ring->end, memory_order_acquire);
	size_t done = 0;

	if (*cursor > end || end - *cursor > NR_RECORDS) {
		*cursor = end > NR_RECORDS ? end - NR_RECORDS : 0;
	}
	while (*cursor < end && bytes - done >= sizeof(struct trace_record)) {
		memcpy((char *)buf + done, &ring->records[(*cursor)++ % NR_RECORDS],
		       sizeof(struct trace_record));
		done += sizeof(struct trace_record);
	}
	return done;
}
