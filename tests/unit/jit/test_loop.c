// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_loop.c - WFI and the timer thread: an interrupt that comes while the CPU is on its way to
 * sleep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "exception.h"
#include "interp.h"
#include "lockstep.h"
#include "loop.h"
#include "mmu.h"
#include "timer.h"
#include "tlb.h"
#include "translate.h"
#include "vm.h"

#define ENABLE 1u
#define LIMIT  10u /* seconds: then it hangs */

static struct jit_cpu *the_cpu;
static bool due_on_the_way;

/* What loop.c asks of the rest. */

struct gic;

void gic_set_ppi(struct gic *gic, unsigned int cpu, unsigned int intid, bool level)
{
	(void)gic, (void)cpu;
	if (intid == TIMER_INTID_VIRTUAL) {
		atomic_store(&the_cpu->irq_lines, level);
	}
}

void tlb_leave_guest(struct jit_cpu *cpu)
{
	while (due_on_the_way && !(atomic_load(&cpu->attention) & CPU_ATTN_IRQ)) {
		usleep(100);
	}
}

void gic_reset_cpu(struct gic *gic, unsigned int cpu)
{
	(void)gic, (void)cpu;
}

void tlb_enter_guest(struct jit_cpu *cpu)
{
	(void)cpu;
}

void tlb_drain(struct jit_cpu *cpu)
{
	(void)cpu;
}

void tlb_flush_all(struct jit_cpu *cpu)
{
	(void)cpu;
}

void cpu_init_constants(struct cpu_constants *constants)
{
	(void)constants;
}

void exception_check_interrupts(struct jit_cpu *cpu)
{
	(void)cpu;
}

bool exception_take_interrupt(struct jit_cpu *cpu)
{
	(void)cpu;
	return false;
}

void exception_take(struct jit_cpu *cpu)
{
	(void)cpu;
}

bool exception_step_active(const struct jit_cpu *cpu)
{
	(void)cpu;
	return false;
}

void exception_update_state(struct jit_cpu *cpu)
{
	(void)cpu;
}

enum exec_result exception_raise(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss)
{
	(void)cpu, (void)ec, (void)iss;
	return EXEC_EXCEPTION;
}

uint64_t mmu_strip_tag(const struct jit_cpu *cpu, uint64_t va)
{
	(void)cpu;
	return va;
}

enum exec_result interp_step(struct jit_cpu *cpu)
{
	(void)cpu;
	return EXEC_NEXT;
}

void lockstep_run(struct jit_cpu *cpu)
{
	(void)cpu;
}

void translate_run(struct jit_cpu *cpu)
{
	(void)cpu;
}

/* The timer thread says only once that a timer is due: here before the CPU is asleep. */
static void timer_that_is_due_on_the_way_to_sleep(void **state)
{
	static struct jit_vm vm;

	(void)state;
	the_cpu->vm = &vm;
	vm.cpus[0] = the_cpu;
	vm.nr_cpus = 1;
	atomic_store(&the_cpu->deadline, UINT64_MAX);
	assert_int_equal(timer_thread_start(&vm), 0);
	due_on_the_way = true;
	timer_write_tval(the_cpu, TIMER_VIRTUAL, 20000000); /* 20 ms */
	timer_write_ctl(the_cpu, TIMER_VIRTUAL, ENABLE);
	alarm(LIMIT);
	loop_wait(the_cpu);
	alarm(0);
	assert_true(atomic_load(&the_cpu->irq_lines));
	timer_thread_stop(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timer_that_is_due_on_the_way_to_sleep),
	};

	the_cpu = aligned_alloc(_Alignof(struct jit_cpu), sizeof(*the_cpu));
	memset(the_cpu, 0, sizeof(*the_cpu));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
