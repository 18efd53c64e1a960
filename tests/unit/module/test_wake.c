// SPDX-License-Identifier: BSD-3-Clause
/* kernel-module/wake_time.h: how long a thread sleeps, and how early it has itself woken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wake_time.h"

#define RATE 62500000u

static void test_ns(void **state)
{
	(void)state;
	assert_int_equal(wake_time_ns(0, RATE), 0);
	assert_int_equal(wake_time_ns(-5, RATE), 0);
	assert_int_equal(wake_time_ns(INT64_MIN, RATE), 0);
	assert_int_equal(wake_time_ns(1, RATE), 16);
	assert_int_equal(wake_time_ns(1, 3), 333333334); /* rounded up: never before */
	assert_int_equal(wake_time_ns(RATE + 1, RATE), 1000000016);
}

/* Minutes and hours, by clocks as slow and fast as there are. */
static void test_long_sleeps(void **state)
{
	static const u32 rates[] = {1000000, RATE, 1000000000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		s64 rate = rates[i];

		assert_int_equal(wake_time_ns(60 * rate, rates[i]), 60 * WAKE_TIME_NS_SEC);
		assert_int_equal(wake_time_ns(3599 * rate, rates[i]), 3599 * WAKE_TIME_NS_SEC);
		assert_int_equal(wake_time_ns(3600 * rate, rates[i]), 3600 * WAKE_TIME_NS_SEC);
		assert_int_equal(wake_time_ns(36000 * rate, rates[i]), 3600 * WAKE_TIME_NS_SEC);
	}
	assert_int_equal(wake_time_ns(INT64_MAX, RATE), 3600 * WAKE_TIME_NS_SEC);
}

static void test_learn(void **state)
{
	(void)state;
	assert_int_equal(wake_time_learn(0, 100, 3000), 100);
	assert_int_equal(wake_time_learn(100, 5000, 3000), 3000);
	assert_int_equal(wake_time_learn(3000, 2200, 3000), 2900);
	assert_int_equal(wake_time_learn(100, 100, 3000), 100);
	assert_int_equal(wake_time_learn(100, 0, 3000), 88);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ns),
		cmocka_unit_test(test_long_sleeps),
		cmocka_unit_test(test_learn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
