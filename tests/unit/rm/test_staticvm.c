// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_staticvm.c: VMs of hyp.conf: what they get, that the host gets none of it, and every call
 * failing once.
 */
#include "log.h"
#include "server.h"
#include "staticvm.h"

#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB   (1ull << 20)
#define PAGES 2000u
#define BASE  0x40000000ull

static const struct boot_info boot = {
	.nr_vms = 2,
	.vms = {{.name = "rtos",
		 .memory = {0x80000000, 16 * MIB},
		 .entry = 0x80000,
		 .nr_cpus = 1,
		 .priority = 40},
		{.name = "big",
		 .memory = {0x90000000, 256 * MIB}, /* two calls */
		 .nr_cpus = 17,
		 .priority = 0}},
};

static uint16_t table[PAGES];
static struct pool pool;
static struct ledger ledger;

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	pool_init(&pool, BASE, PAGES, table);
	ledger_init(&ledger, &pool);
	return 0;
}

static void test_what_they_get(void **state)
{
	const struct fake_vm *rtos = &fake.vms[1], *big = &fake.vms[2];

	(void)state;
	staticvm_start_all(&boot, &ledger);
	assert_true(rtos->started);
	assert_int_equal(rtos->flags, 0);
	assert_int_equal(rtos->nr_vcpus, 1);
	assert_int_equal(rtos->priority, 40);
	assert_int_equal(rtos->pc, BOOT_VM_RAM + 0x80000);
	assert_int_equal(rtos->x0, 0);
	assert_int_equal(rtos->pstate, 0x3c5);
	assert_int_equal(rtos->ipa, BOOT_VM_RAM);
	assert_int_equal(rtos->gicd, BOOT_VM_GICD);
	assert_int_equal(rtos->gicr, BOOT_VM_GICR);
	assert_int_equal(ranges_bytes(&rtos->memory), 16 * MIB);
	assert_true(ranges_contain(&rtos->memory, 0x80000000, 16 * MIB));
	assert_true(big->started);
	assert_int_equal(big->nr_vcpus, 17);
	assert_true(ranges_contain(&big->memory, 0x90000000, 256 * MIB));
	assert_string_equal(ledger.vms[2].name, "rtos");
	/* No client may name them. */
	assert_null(ledger_find_vm(&ledger, 7, rtos->id));
}

/* One fails: the other runs, and of the one nothing is left. */
static void test_failing_calls(void **state)
{
	long calls;
	uint32_t free_pages;

	staticvm_start_all(&boot, &ledger);
	calls = fake.calls;
	free_pages = pool.nr_free;
	for (long at = 1; at < calls; at++) {
		set_up(state);
		fake.fail_at = at;
		fake.fail_with = HYP_E_NOMEM;
		staticvm_start_all(&boot, &ledger);
		if (fake.failed == HYP_CALL_handle_delete) {
			continue; /* of no importance */
		}
		assert_true(fake.vms[1].used);
		assert_true(fake.vms[1].started);
		assert_false(fake.vms[2].used);
		assert_true(pool.nr_free > free_pages);
	}
}

static void test_no_room(void **state)
{
	(void)state;
	pool_init(&pool, BASE, 10, table);
	staticvm_start_all(&boot, &ledger);
	assert_false(fake.vms[1].used);
	assert_int_equal(pool.nr_free, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_they_get, set_up),
		cmocka_unit_test_setup(test_failing_calls, set_up),
		cmocka_unit_test_setup(test_no_room, set_up),
	};

	log_level = (enum log_level) - 1; /* failures are expected */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
