// SPDX-License-Identifier: BSD-3-Clause
/*
 * tlb_queue.c - maintenance of the software TLB across CPUs.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "tlb.h"

#define TLB_QUEUE_LENGTH 64

/*
 * Lock: `lock` guards requests and nr; nothing else is taken under it. posted counts all requests
 * ever entered, done those that are served; a waiter compares the two.
 */
struct tlb_queue {
	pthread_mutex_t lock;
	struct tlb_request requests[TLB_QUEUE_LENGTH];
	unsigned int nr; /* more than the length: flush everything instead */
	_Atomic uint64_t posted;
	_Atomic uint64_t done;
	_Atomic bool in_guest;
};

int tlb_queue_init(struct jit_cpu *cpu)
{
	cpu->tlb_queue = calloc(1, sizeof(*cpu->tlb_queue));
	if (!cpu->tlb_queue) {
		return -ENOMEM;
	}
	pthread_mutex_init(&cpu->tlb_queue->lock, NULL);
	return 0;
}

void tlb_queue_destroy(struct jit_cpu *cpu)
{
	if (cpu->tlb_queue) {
		pthread_mutex_destroy(&cpu->tlb_queue->lock);
		free(cpu->tlb_queue);
		cpu->tlb_queue = NULL;
	}
}

void tlb_serve(struct jit_cpu *cpu, const struct tlb_request *request)
{
	switch (request->type) {
	case TLB_REQUEST_ALL:
		tlb_flush_all(cpu);
		break;
	case TLB_REQUEST_ASID:
		tlb_flush_asid(cpu, request->asid);
		break;
	case TLB_REQUEST_PAGE:
		tlb_flush_page(cpu, request->address, request->asid);
		break;
	case TLB_REQUEST_PROTECT:
		tlb_protect_page(cpu, request->address);
		break;
	}
}

static void tlb_post(struct jit_cpu *to, const struct tlb_request *request)
{
	struct tlb_queue *q = to->tlb_queue;

	pthread_mutex_lock(&q->lock);
	if (q->nr < TLB_QUEUE_LENGTH) {
		q->requests[q->nr] = *request;
	}
	if (q->nr <= TLB_QUEUE_LENGTH) {
		q->nr++;
	}
	atomic_fetch_add(&q->posted, 1);
	pthread_mutex_unlock(&q->lock);
	atomic_fetch_or(&to->attention, CPU_ATTN_TLBI);
}

void tlb_broadcast(struct jit_cpu *cpu, const struct tlb_request *request)
{
	tlb_serve(cpu, request);
	for (unsigned int i = 0; i < cpu->vm->nr_cpus; i++) {
		if (cpu->vm->cpus[i] && cpu->vm->cpus[i] != cpu) {
			tlb_post(cpu->vm->cpus[i], request);
		}
	}
}

void tlb_drain(struct jit_cpu *cpu)
{
	struct tlb_queue *q = cpu->tlb_queue;
	uint64_t posted;

	if (atomic_load(&q->posted) == atomic_load(&q->done)) {
		return;
	}
	pthread_mutex_lock(&q->lock);
	if (q->nr > TLB_QUEUE_LENGTH) {
		tlb_flush_all(cpu);
		/* A full flush also takes away all write tags: protect requests are served too. */
	} else {
		for (unsigned int i = 0; i < q->nr; i++) {
			tlb_serve(cpu, &q->requests[i]);
		}
	}
	q->nr = 0;
	posted = atomic_load(&q->posted);
	pthread_mutex_unlock(&q->lock);
	atomic_store(&q->done, posted);
}

uint64_t tlb_served(const struct jit_cpu *cpu)
{
	return atomic_load_explicit(&cpu->tlb_queue->done, memory_order_relaxed);
}

void tlb_sync(struct jit_cpu *cpu)
{
	for (unsigned int i = 0; i < cpu->vm->nr_cpus; i++) {
		struct jit_cpu *other = cpu->vm->cpus[i];
		unsigned int spins = 0;
		uint64_t target;

		if (!other || other == cpu) {
			continue;
		}
		target = atomic_load(&other->tlb_queue->posted);
		while (atomic_load(&other->tlb_queue->done) < target &&
		       atomic_load(&other->tlb_queue->in_guest)) {
			/* The other may be waiting for us in the same way. */
			tlb_drain(cpu);
			if (++spins > 100) {
				sched_yield();
			}
		}
	}
}

void tlb_enter_guest(struct jit_cpu *cpu)
{
	/* Sequentially consistent: either the asker sees in_guest, or we see its request. */
	atomic_store(&cpu->tlb_queue->in_guest, true);
	tlb_drain(cpu);
}

void tlb_leave_guest(struct jit_cpu *cpu)
{
	atomic_store(&cpu->tlb_queue->in_guest, false);
}
