// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_ranges.c: sets of addresses against a bitmap of 256 places.
 */
#include "ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLACES 256

static void expect_same(const struct ranges *set, const bool *bitmap)
{
	bool seen[PLACES] = {false};
	uint64_t last_end = 0;

	for (uint32_t i = 0; i < set->nr; i++) {
		assert_true(set->r[i].bytes > 0);
		assert_true(i == 0 || set->r[i].base > last_end); /* sorted, and not touching */
		last_end = set->r[i].base + set->r[i].bytes;
		assert_true(last_end <= PLACES);
		for (uint64_t at = set->r[i].base; at < last_end; at++) {
			seen[at] = true;
		}
	}
	assert_memory_equal(seen, bitmap, sizeof(seen));
}

static void test_random(void **state)
{
	static struct ranges set;
	bool bitmap[PLACES] = {false};

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		uint64_t base = (uint64_t)rand() % PLACES;
		uint64_t bytes = (uint64_t)rand() % (PLACES - base + 1) / (rand() % 2 ? 1 : 16);
		bool add = rand() % 2;

		if (add) {
			ranges_add(&set, base, bytes);
		} else {
			ranges_remove(&set, base, bytes);
		}
		memset(bitmap + base, add, bytes);
		expect_same(&set, bitmap);
	}
}

static void test_intersect(void **state)
{
	static struct ranges a, b, scratch;
	bool in_a[PLACES] = {false}, in_b[PLACES] = {false};

	(void)state;
	srand(2);
	for (int i = 0; i < 2000; i++) {
		a.nr = b.nr = 0;
		memset(in_a, 0, sizeof(in_a));
		memset(in_b, 0, sizeof(in_b));
		for (int n = 0; n < 8; n++) {
			uint64_t base = (uint64_t)rand() % PLACES;
			uint64_t bytes = (uint64_t)rand() % (PLACES - base + 1) / 6;

			ranges_add(n % 2 ? &a : &b, base, bytes);
			memset((n % 2 ? in_a : in_b) + base, true, bytes);
		}
		ranges_intersect(&a, &b, &scratch);
		for (int n = 0; n < PLACES; n++) {
			in_a[n] = in_a[n] && in_b[n];
		}
		expect_same(&a, in_a);
	}
}

static void test_ends_of_the_world(void **state)
{
	static struct ranges set;

	(void)state;
	set.nr = 0;
	ranges_add(&set, ~0ull - 10, 100);
	assert_int_equal(set.r[0].bytes, 10);
	ranges_remove(&set, 0, ~0ull);
	assert_int_equal(set.nr, 0);
	assert_false(ranges_contain(&set, 0, 1));
}

static void test_overflow(void **state)
{
	static struct ranges set;

	(void)state;
	set.nr = 0;
	for (uint64_t i = 0; i < RANGES_MAX + 1; i++) {
		assert_false(set.overflow);
		ranges_add(&set, i * 10, 1);
	}
	assert_true(set.overflow);
	assert_int_equal(set.nr, RANGES_MAX);
}

static void test_align(void **state)
{
	static struct ranges set;

	(void)state;
	set.nr = 0;
	ranges_add(&set, 0x1800, 0x100);
	ranges_add(&set, 0x1a00, 0x800);
	ranges_add(&set, 0x4000, 0x1000);
	ranges_align_out(&set, 0x1000);
	assert_int_equal(set.nr, 2);
	assert_true(ranges_contain(&set, 0x1000, 0x2000));
	assert_true(ranges_contain(&set, 0x4000, 0x1000));
	assert_int_equal(ranges_bytes(&set), 0x3000);
	ranges_add(&set, 0x8800, 0x1000);
	ranges_add(&set, 0xa800, 0x1900);
	ranges_align_in(&set, 0x1000);
	assert_int_equal(set.nr, 3);
	assert_true(ranges_contain(&set, 0xb000, 0x1000));
	assert_false(ranges_contain(&set, 0x8800, 1));
}

static void test_place(void **state)
{
	static struct ranges set;

	(void)state;
	set.nr = 0;
	ranges_add(&set, 0x1100, 0x2000);
	ranges_add(&set, 0x8000, 0x4000);
	assert_int_equal(ranges_place_low(&set, 0x1000, 0x1000, 0, 0), 0x2000);
	assert_int_equal(ranges_place_low(&set, 0x1100, 0x1000, 0, 0), 0x2000);
	assert_int_equal(ranges_place_low(&set, 0x1200, 0x1000, 0, 0), 0x8000);
	assert_int_equal(ranges_place_low(&set, 0x1000, 0x1000, 0, 0x2001), 0x8000);
	assert_int_equal(ranges_place_low(&set, 0x2000, 0x1000, 0x100, 0), 0x1000);
	assert_int_equal(ranges_place_low(&set, 0x5000, 0x1000, 0, 0), ~0ull);
	assert_int_equal(ranges_place_high(&set, 0x1000, 0x1000), 0xb000);
	assert_int_equal(ranges_place_high(&set, 0x3800, 0x1000), 0x8000);
	assert_int_equal(ranges_place_high(&set, 0x1800, 0x4000), 0x8000);
	assert_int_equal(ranges_place_high(&set, 0x4001, 0x1000), ~0ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_intersect),
		cmocka_unit_test(test_ends_of_the_world),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
