// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_pool.c: the pool against a plain list of owners.
 */
#include "pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define PAGES 100u
#define BASE  0x40000000ull

static uint16_t table[PAGES];
static uint16_t expected[PAGES];

static uint32_t count(uint16_t owner)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < PAGES; i++) {
		nr += expected[i] == owner;
	}
	return nr;
}

static uint32_t longest_gap(void)
{
	uint32_t best = 0, run = 0;

	for (uint32_t i = 0; i < PAGES; i++) {
		run = expected[i] ? 0 : run + 1;
		best = run > best ? run : best;
	}
	return best;
}

static void take(struct pool *pool, uint16_t owner, uint32_t most)
{
	uint32_t gap = longest_gap();
	uint64_t base;
	uint32_t nr = pool_take(pool, owner, most, &base);

	assert_int_equal(nr, most < gap ? most : gap);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t page = (base - BASE) / 4096 + i;

		assert_in_range(page, 0, PAGES - 1);
		assert_int_equal(expected[page], POOL_FREE);
		expected[page] = owner;
	}
}

static void test_random(void **state)
{
	struct pool pool;

	(void)state;
	srand(1);
	assert_int_equal(pool_table_bytes(PAGES), sizeof(table));
	pool_init(&pool, BASE, PAGES, table);
	for (int i = 0; i < 20000; i++) {
		uint16_t owner = (uint16_t)(1 + rand() % 5);
		uint32_t page = (uint32_t)rand() % PAGES;

		switch (rand() % 8) {
		case 0:
			assert_int_equal(pool_give_all(&pool, owner), count(owner));
			for (uint32_t n = 0; n < PAGES; n++) {
				expected[n] = expected[n] == owner ? POOL_FREE : expected[n];
			}
			break;
		case 1:
			pool_give(&pool, BASE + page * 4096ull, 1);
			expected[page] = POOL_FREE;
			break;
		default:
			take(&pool, owner, (uint32_t)rand() % 20);
		}
		assert_int_equal(pool.nr_free, count(POOL_FREE));
		assert_int_equal(pool_count(&pool, owner), count(owner));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
