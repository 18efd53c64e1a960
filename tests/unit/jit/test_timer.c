// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_timer.c - the generic timers: conditions, lines, deadlines, and the thread that watches
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "loop.h"
#include "timer.h"
#include "vm.h"

#define ENABLE  1u
#define IMASK   2u
#define ISTATUS 4u
#define SECOND  1000000000ull

static bool lines[32];

/* What timer.c asks of the GIC and of the run loop. */

struct gic;

void gic_set_ppi(struct gic *gic, unsigned int cpu, unsigned int intid, bool level)
{
	(void)gic, (void)cpu;
	lines[intid] = level;
}

void loop_attention(struct jit_cpu *cpu, uint32_t bit)
{
	atomic_fetch_or(&cpu->attention, bit);
}

struct fixture {
	struct jit_vm vm;
	struct jit_cpu cpu;
};

static int setup(void **state)
{
	struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) & ~63ul);

	memset(f, 0, sizeof(*f));
	memset(lines, 0, sizeof(lines));
	f->cpu.vm = &f->vm;
	f->vm.cpus[0] = &f->cpu;
	f->vm.nr_cpus = 1;
	atomic_store(&f->cpu.deadline, UINT64_MAX);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void condition_follows_enable_and_mask(void **state)
{
	struct fixture *f = *state;

	timer_write_cval(&f->cpu, TIMER_VIRTUAL, 1); /* long ago */
	assert_int_equal(timer_read_ctl(&f->cpu, TIMER_VIRTUAL), 0);
	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, ENABLE | IMASK);
	assert_int_equal(timer_read_ctl(&f->cpu, TIMER_VIRTUAL), ENABLE | IMASK | ISTATUS);
	assert_false(lines[TIMER_INTID_VIRTUAL]);
	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, ENABLE);
	assert_true(lines[TIMER_INTID_VIRTUAL]);
	assert_false(lines[TIMER_INTID_PHYSICAL]);
	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, 0);
	assert_false(lines[TIMER_INTID_VIRTUAL]);
}

static void deadline_is_the_earlier_timer(void **state)
{
	struct fixture *f = *state;
	uint64_t now = timer_now(&f->vm);

	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, ENABLE);
	timer_write_ctl(&f->cpu, TIMER_PHYSICAL, ENABLE);
	timer_write_cval(&f->cpu, TIMER_VIRTUAL, now + 200 * SECOND);
	timer_write_cval(&f->cpu, TIMER_PHYSICAL, now + 100 * SECOND);
	assert_int_equal(atomic_load(&f->cpu.deadline), now + 100 * SECOND);
	timer_write_ctl(&f->cpu, TIMER_PHYSICAL, ENABLE | IMASK);
	assert_int_equal(atomic_load(&f->cpu.deadline), now + 200 * SECOND);
}

static void tval_is_signed_32_bits(void **state)
{
	struct fixture *f = *state;
	uint64_t now = timer_now(&f->vm);

	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, ENABLE);
	timer_write_tval(&f->cpu, TIMER_VIRTUAL, 0x7fffffff);
	assert_true(f->cpu.sys.cntv_cval >= now + 0x7fffffff);
	assert_in_range(timer_read_tval(&f->cpu, TIMER_VIRTUAL), 1, 0x7fffffff);
	timer_write_tval(&f->cpu, TIMER_VIRTUAL, 0xffffffff); /* one tick ago */
	assert_true(lines[TIMER_INTID_VIRTUAL]);
	assert_true(timer_read_tval(&f->cpu, TIMER_VIRTUAL) >> 31);
}

static void the_thread_asks_for_attention(void **state)
{
	struct fixture *f = *state;
	unsigned int tries = 500;

	assert_int_equal(timer_thread_start(&f->vm), 0);
	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, ENABLE);
	timer_write_cval(&f->cpu, TIMER_VIRTUAL, timer_now(&f->vm) + 1000 * SECOND);
	timer_write_cval(&f->cpu, TIMER_VIRTUAL, timer_now(&f->vm) + 20000000);
	assert_int_equal(atomic_load(&f->cpu.attention), 0);
	while (!atomic_load(&f->cpu.attention) && tries--) {
		usleep(10000);
	}
	assert_int_equal(atomic_load(&f->cpu.attention), CPU_ATTN_IRQ);
	timer_update(&f->cpu);
	assert_true(lines[TIMER_INTID_VIRTUAL]);
	timer_thread_stop(&f->vm);
}

static void a_sleeping_cpu_is_left_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(timer_thread_start(&f->vm), 0);
	atomic_store(&f->cpu.asleep, true);
	timer_write_ctl(&f->cpu, TIMER_VIRTUAL, ENABLE);
	timer_write_cval(&f->cpu, TIMER_VIRTUAL, timer_now(&f->vm) + 1000000);
	usleep(50000);
	assert_int_equal(atomic_load(&f->cpu.attention), 0);
	timer_thread_stop(&f->vm);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(condition_follows_enable_and_mask),
		TEST(deadline_is_the_earlier_timer),
		TEST(tval_is_signed_32_bits),
		TEST(the_thread_asks_for_attention),
		TEST(a_sleeping_cpu_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
