// SPDX-License-Identifier: BSD-3-Clause
/*
 * loop.c - the run loop of a vCPU, WFI, and attention.
 *
 * Guest code runs until a bit of cpu->attention is set; everything asynchronous (interrupts, TLB
 * requests, kicks, power) is looked at here, between instructions. The word is also the futex a
 * sleeping CPU waits on, so setting a bit and waking are one protocol: set, then wake if `asleep`.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "devices/gic/gic.h"
#include "exception.h"
#include "interp.h"
#include "lockstep.h"
#include "loop.h"
#include "mmu.h"
#include "timer.h"
#include "tlb.h"
#include "translate.h"
#include "vm.h"

#define SCTLR_RESET 0x30d00980ull /* MMU and caches off, SPAN set, the RES1 bits */

void loop_reset_cpu(struct jit_cpu *cpu)
{
	memset(cpu->x, 0, sizeof(cpu->x));
	memset(cpu->sp_el, 0, sizeof(cpu->sp_el));
	memset(&cpu->sys, 0, sizeof(cpu->sys));
	memset(&cpu->debug, 0, sizeof(cpu->debug));
	memset(&cpu->pmu, 0, sizeof(cpu->pmu));
	cpu->insns = 0;
	cpu->insns_limit = UINT64_MAX;
	cpu_init_constants(&cpu->constants);
	cpu->debug.os_lock = true; /* D2.9.3 */
	cpu->sys.sctlr = SCTLR_RESET;
	cpu->flags = 0;
	cpu->daif = 0xf;
	cpu->pan = cpu->uao = cpu->il = cpu->ss = 0;
	cpu->el = 1;
	cpu->spsel = 1;
	cpu->monitor.size = 0;
	cpu->slow_memory = cpu->vm->slow_memory;
	atomic_store(&cpu->deadline, UINT64_MAX);
	tlb_flush_all(cpu);
	exception_update_state(cpu);
}

void loop_attention(struct jit_cpu *cpu, uint32_t bit)
{
	atomic_fetch_or(&cpu->attention, bit);
	if (atomic_load(&cpu->asleep)) {
		syscall(SYS_futex, &cpu->attention, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
}

/* Sleeps until attention is nonzero or the guest clock reaches `deadline`. */
static void loop_sleep(struct jit_cpu *cpu, uint64_t deadline)
{
	struct timespec timeout;
	struct timespec *t = NULL;
	uint64_t now = timer_now(cpu->vm);

	if (deadline <= now) {
		return;
	}
	if (deadline != UINT64_MAX) {
		uint64_t wait = deadline - now;

		wait = wait < 3600000000000ull ? wait : 3600000000000ull;
		timeout.tv_sec = (time_t)(wait / 1000000000u);
		timeout.tv_nsec = (long)(wait % 1000000000u);
		t = &timeout;
	}
	atomic_store(&cpu->asleep, true);
	syscall(SYS_futex, &cpu->attention, FUTEX_WAIT_PRIVATE, 0, t, NULL, 0);
	atomic_store(&cpu->asleep, false);
}

void loop_wait(struct jit_cpu *cpu)
{
	tlb_leave_guest(cpu);
	for (;;) {
		/* IRQ alone may be stale, and TLB requests are served on the way out. Timers are
		 * looked at behind this: the timer thread may have said with this bit that one is
		 * due, once. */
		atomic_fetch_and(&cpu->attention, ~(uint32_t)(CPU_ATTN_IRQ | CPU_ATTN_TLBI));
		timer_update(cpu);
		if (atomic_load(&cpu->irq_lines) || atomic_load(&cpu->attention)) {
			break;
		}
		cpu_count(cpu, CPU_STAT_WAITS);
		loop_sleep(cpu, atomic_load(&cpu->deadline));
	}
	tlb_enter_guest(cpu);
	exception_check_interrupts(cpu);
}

/* PSCI switched the CPU on: it starts as the boot CPU did, at its entry point. */
static void loop_power_on(struct jit_cpu *cpu)
{
	loop_reset_cpu(cpu);
	gic_reset_cpu(cpu->vm->gic, cpu->index);
	cpu->pc = cpu->start_pc;
	cpu->x[0] = cpu->start_x0;
	atomic_store(&cpu->power, CPU_POWER_ON);
}

/* Waits until the CPU is on; false if it should leave the loop instead. */
static bool loop_wait_power(struct jit_cpu *cpu)
{
	while (atomic_load(&cpu->power) != CPU_POWER_ON) {
		uint32_t attention;

		if (atomic_load(&cpu->power) == CPU_POWER_ON_PENDING) {
			loop_power_on(cpu);
			break;
		}
		attention = atomic_load(&cpu->attention);
		if (attention & CPU_ATTN_STOP) {
			atomic_fetch_and(&cpu->attention, ~(uint32_t)CPU_ATTN_STOP);
			return false;
		}
		atomic_fetch_and(&cpu->attention, ~(attention | CPU_ATTN_IRQ));
		if (atomic_load(&cpu->power) == CPU_POWER_OFF) {
			loop_sleep(cpu, UINT64_MAX);
		}
	}
	return true;
}

/* Illegal state and software step, before the next instruction; true when one was taken. */
static bool loop_check_state(struct jit_cpu *cpu)
{
	if (cpu->il) {
		exception_raise(cpu, EC_ILLEGAL_STATE, 0);
		exception_take(cpu);
		return true;
	}
	if (exception_step_active(cpu)) {
		loop_step(cpu);
	}
	return false;
}

/* Deals with all that was asked for. False: leave the loop. */
static bool loop_attend(struct jit_cpu *cpu)
{
	uint32_t attention = atomic_exchange(&cpu->attention, 0);

	cpu_count(cpu, CPU_STAT_ATTENTION);
	if (attention & CPU_ATTN_STOP) {
		return false;
	}
	if (attention & CPU_ATTN_TLBI) {
		tlb_drain(cpu);
	}
	if (atomic_load(&cpu->power) != CPU_POWER_ON) {
		tlb_leave_guest(cpu);
		if (!loop_wait_power(cpu)) {
			return false;
		}
		tlb_enter_guest(cpu);
	}
	if (attention & CPU_ATTN_IRQ) {
		timer_update(cpu);
	}
	exception_take_interrupt(cpu);
	if (attention & CPU_ATTN_STATE) {
		loop_check_state(cpu);
		exception_update_state(cpu);
	}
	return true;
}

/* One instruction. What jumps puts a register's value into pc, with its tag. */
static void loop_interpret_one(struct jit_cpu *cpu)
{
	if (interp_step(cpu) == EXEC_EXCEPTION) {
		exception_take(cpu);
	}
	cpu->pc = mmu_strip_tag(cpu, cpu->pc);
	timer_check_counters(cpu);
}

void loop_step(struct jit_cpu *cpu)
{
	bool step = exception_step_active(cpu);

	if (step && !cpu->ss) { /* active-pending (D2.12.3) */
		exception_raise(cpu, cpu->el ? EC_STEP_EL1 : EC_STEP_EL0, MMU_FAULT_DEBUG);
		exception_take(cpu);
		return;
	}
	if (step) {
		cpu->ss = 0;
	}
	loop_interpret_one(cpu);
}

static void loop_interpret(struct jit_cpu *cpu)
{
	while (!atomic_load_explicit(&cpu->attention, memory_order_relaxed)) {
		loop_interpret_one(cpu);
	}
}

enum loop_exit loop_run(struct jit_cpu *cpu)
{
	enum loop_exit result = LOOP_KICKED;

	tlb_enter_guest(cpu);
	/* The first look also finds whatever was asked for while no one was running. */
	atomic_fetch_or(&cpu->attention, CPU_ATTN_IRQ | CPU_ATTN_STATE);
	while (loop_attend(cpu)) {
		if (cpu->vm->lockstep) {
			lockstep_run(cpu);
		} else if (cpu->vm->cache) {
			translate_run(cpu);
		} else {
			loop_interpret(cpu);
		}
	}
	tlb_leave_guest(cpu);
	if (atomic_load(&cpu->vm->end) != VM_END_NONE) {
		result = LOOP_ENDED;
	}
	return result;
}
