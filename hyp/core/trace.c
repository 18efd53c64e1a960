/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace rings. See trace.h. */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/string.h>
#include <core/trace.h>
#include <core/vm.h>
#include <el2/mmu.h>
#include <el2/sysreg.h>
#include <sched/timer.h>

#define NR_RECORDS 512u

struct trace_ring {
	_Atomic u64 end; /* records ever written */
	struct trace_record records[NR_RECORDS];
};

_Atomic bool trace_on;
static struct trace_ring *rings; /* [nr_cpus] */

void trace_init(void)
{
	atomic_store(&trace_on, false);
	rings = mmu_alloc_boot(nr_cpus * sizeof(struct trace_ring));
}

static void note(const struct vcpu *vcpu, enum trace_event event, u64 a, u64 b)
{
	struct trace_ring *ring = &rings[vcpu->cpu->id];
	u64 end = atomic_load_explicit(&ring->end, memory_order_relaxed);

	/* Who reads a part of the new record sees that .end had come to it: pairs with the fence in
	 * trace_read(). */
	atomic_thread_fence(memory_order_release);
	ring->records[end % NR_RECORDS] = (struct trace_record){
		.time = timer_now(),
		.event = event,
		.vm_vcpu = vcpu->vm ? (u32)vcpu->vm->id << 16 | vcpu->index : 0,
		.pc = vcpu->regs.pc,
		.a = a,
		.b = b,
	};
	atomic_store_explicit(&ring->end, end + 1, memory_order_release);
}

void trace_sync_slow(const struct vcpu *vcpu, u64 esr)
{
	switch (ESR_EC(esr)) {
	case EC_HVC64:
	case EC_SMC64:
		note(vcpu, TRACE_CALL, vcpu->regs.x[0], vcpu->regs.x[1]);
		break;
	case EC_DABT_LOW:
	case EC_IABT_LOW:
		note(vcpu, TRACE_FAULT, esr, FIELD(read_sysreg(hpfar_el2), 43, 4) << PAGE_SHIFT);
		break;
	default:
		note(vcpu, TRACE_TRAP, esr, 0);
	}
}

void trace_irq_slow(const struct vcpu *vcpu, u32 intid)
{
	note(vcpu, TRACE_IRQ, intid, 0);
}

size_t trace_read(u32 core, u64 *cursor, void *buf, size_t bytes)
{
	struct trace_ring *ring = &rings[core];
	u64 end = atomic_load_explicit(&ring->end, memory_order_acquire);
	size_t done = 0;

	if (*cursor > end || end - *cursor > NR_RECORDS) {
		*cursor = end > NR_RECORDS ? end - NR_RECORDS : 0;
	}
	for (; *cursor < end && bytes - done >= sizeof(struct trace_record); (*cursor)++) {
		memcpy((char *)buf + done, &ring->records[*cursor % NR_RECORDS],
		       sizeof(struct trace_record));
		atomic_thread_fence(memory_order_acquire);
		/* One that its core writes over at this moment is left out. */
		if (atomic_load_explicit(&ring->end, memory_order_relaxed) - *cursor < NR_RECORDS) {
			done += sizeof(struct trace_record);
		}
	}
	return done;
}
