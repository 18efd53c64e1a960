// SPDX-License-Identifier: BSD-3-Clause
/*
 * timer.c - generic timers: conditions, interrupt lines, deadlines.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "devices/gic/gic.h"
#include "loop.h"
#include "pmu.h"
#include "timer.h"
#include "vm.h"

#define CTL_ENABLE  1u
#define CTL_IMASK   2u
#define CTL_ISTATUS 4u

#define NEVER UINT64_MAX

/* Lock order: `lock` is a leaf. wake_at is what the thread sleeps until; CPUs read it unlocked. */
struct timer_thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	_Atomic uint64_t wake_at;
	bool stop;
};

static uint64_t timer_host_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t timer_now(const struct jit_vm *vm)
{
	return timer_host_now() +
	       (uint64_t)atomic_load_explicit(&vm->time_offset, memory_order_relaxed);
}

static uint32_t *timer_ctl(struct jit_cpu *cpu, enum timer_kind kind)
{
	return kind == TIMER_VIRTUAL ? &cpu->sys.cntv_ctl : &cpu->sys.cntp_ctl;
}

static uint64_t *timer_cval(struct jit_cpu *cpu, enum timer_kind kind)
{
	return kind == TIMER_VIRTUAL ? &cpu->sys.cntv_cval : &cpu->sys.cntp_cval;
}

/* Sets one timer's line; returns when it will fire, or NEVER. */
static uint64_t timer_evaluate(struct jit_cpu *cpu, enum timer_kind kind, uint64_t now)
{
	uint32_t ctl = *timer_ctl(cpu, kind);
	uint64_t cval = *timer_cval(cpu, kind);
	bool met = (ctl & CTL_ENABLE) && now >= cval;

	gic_set_ppi(cpu->vm->gic, cpu->index,
		    kind == TIMER_VIRTUAL ? TIMER_INTID_VIRTUAL : TIMER_INTID_PHYSICAL,
		    met && !(ctl & CTL_IMASK));
	return (ctl & CTL_ENABLE) && !(ctl & CTL_IMASK) && !met ? cval : NEVER;
}

void timer_update(struct jit_cpu *cpu)
{
	uint64_t now = timer_now(cpu->vm);
	uint64_t virtual = timer_evaluate(cpu, TIMER_VIRTUAL, now);
	uint64_t physical = timer_evaluate(cpu, TIMER_PHYSICAL, now);
	uint64_t counter = pmu_update(cpu);
	uint64_t timer = virtual < physical ? virtual : physical;
	uint64_t deadline = timer < counter ? timer : counter;
	struct timer_thread *t = cpu->vm->timer;

	atomic_store(&cpu->deadline, deadline);
	if (t && deadline < atomic_load(&t->wake_at)) {
		pthread_mutex_lock(&t->lock);
		pthread_cond_signal(&t->wake);
		pthread_mutex_unlock(&t->lock);
	}
}

/* Asks for the attention of CPUs that are due; returns the earliest deadline of the others. */
static uint64_t timer_scan(struct jit_vm *vm)
{
	uint64_t now = timer_now(vm);
	uint64_t earliest = NEVER;

	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		struct jit_cpu *cpu = vm->cpus[i];
		uint64_t deadline;

		if (!cpu || atomic_load(&cpu->asleep)) {
			continue;
		}
		deadline = atomic_load(&cpu->deadline);
		if (deadline <= now) {
			/* Once: the CPU sets its next deadline when it has looked. */
			atomic_compare_exchange_strong(&cpu->deadline, &deadline, NEVER);
			loop_attention(cpu, CPU_ATTN_IRQ);
		} else if (deadline < earliest) {
			earliest = deadline;
		}
	}
	return earliest;
}

static void *timer_thread_main(void *argument)
{
	struct jit_vm *vm = argument;
	struct timer_thread *t = vm->timer;

	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		uint64_t earliest;

		/* While we scan, CPUs must wake us for whatever they set. */
		atomic_store(&t->wake_at, NEVER);
		earliest = timer_scan(vm);
		atomic_store(&t->wake_at, earliest);
		if (earliest == NEVER) {
			pthread_cond_wait(&t->wake, &t->lock);
		} else {
			uint64_t host = earliest - (uint64_t)atomic_load(&vm->time_offset);
			uint64_t limit = timer_host_now() + 10000000000ull;
			struct timespec until;

			host = host < limit ? host : limit;
			until.tv_sec = (time_t)(host / 1000000000u);
			until.tv_nsec = (long)(host % 1000000000u);
			pthread_cond_timedwait(&t->wake, &t->lock, &until);
		}
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

int timer_thread_start(struct jit_vm *vm)
{
	struct timer_thread *t = calloc(1, sizeof(*t));
	pthread_condattr_t attr;
	int error;

	if (!t) {
		return -ENOMEM;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&t->lock, NULL);
	vm->timer = t;
	error = pthread_create(&t->thread, NULL, timer_thread_main, vm);
	if (error) {
		vm->timer = NULL;
		free(t);
	}
	return -error;
}

void timer_thread_stop(struct jit_vm *vm)
{
	struct timer_thread *t = vm->timer;

	if (!t) {
		return;
	}
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
	vm->timer = NULL;
}

uint64_t timer_read_ctl(struct jit_cpu *cpu, enum timer_kind kind)
{
	uint32_t ctl = *timer_ctl(cpu, kind);

	if ((ctl & CTL_ENABLE) && timer_now(cpu->vm) >= *timer_cval(cpu, kind)) {
		ctl |= CTL_ISTATUS;
	}
	return ctl;
}

uint64_t timer_read_tval(struct jit_cpu *cpu, enum timer_kind kind)
{
	return (uint32_t)(*timer_cval(cpu, kind) - timer_now(cpu->vm));
}

void timer_write_ctl(struct jit_cpu *cpu, enum timer_kind kind, uint64_t val)
{
	*timer_ctl(cpu, kind) = val & (CTL_ENABLE | CTL_IMASK);
	timer_update(cpu);
}

void timer_write_cval(struct jit_cpu *cpu, enum timer_kind kind, uint64_t val)
{
	*timer_cval(cpu, kind) = val;
	timer_update(cpu);
}

/* TVAL is a signed 32-bit distance from now (D11.2.4). */
void timer_write_tval(struct jit_cpu *cpu, enum timer_kind kind, uint64_t val)
{
	*timer_cval(cpu, kind) = timer_now(cpu->vm) + (uint64_t)(int64_t)(int32_t)(uint32_t)val;
	timer_update(cpu);
}
