/* SPDX-License-Identifier: BSD-3-Clause */
/* core/pool.c, on memory of EL2's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <core/pool.h>
#include <el2/mmu.h>
#include <hyp/error.h>
#include "machine.h"

#define NR_PAGES 96u

static struct pool pool;
static u8 *memory; /* NR_PAGES + 8 pages, aligned to 8 */

static int setup(void **state)
{
	(void)state;
	machine_boot();
	if (!memory) {
		memory = mmu_alloc_boot((NR_PAGES + 16) * PAGE_BYTES);
		memory = (u8 *)ALIGN_UP((u64)memory, 8 * PAGE_BYTES);
	}
	memset(memory, 0xa5, NR_PAGES * PAGE_BYTES);
	pool_init(&pool);
	return 0;
}

static paddr_t page_pa(u64 page)
{
	return mmu_va_to_pa(memory + page * PAGE_BYTES);
}

static bool is_zero(const u8 *page, u64 nr_pages)
{
	return page[0] == 0 && memcmp(page, page + 1, nr_pages * PAGE_BYTES - 1) == 0;
}

static void empty_gives_nothing(void **state)
{
	(void)state;
	assert_null(pool_alloc(&pool));
	assert_null(pool_alloc_aligned_locked(&pool, 4));
}

static void every_page_once_and_zero(void **state)
{
	bool seen[8] = {false};

	(void)state;
	assert_int_equal(pool_add_locked(&pool, page_pa(0), 8), HYP_OK);
	for (u32 round = 0; round < 2; round++) {
		u8 *pages[8];

		memset(seen, 0, sizeof(seen));
		for (u32 i = 0; i < 8; i++) {
			u64 at;

			assert_int_equal(pool.nr_free, 8 - i);
			pages[i] = pool_alloc(&pool);
			assert_non_null(pages[i]);
			assert_true(is_zero(pages[i], 1));
			at = (u64)(pages[i] - memory) / PAGE_BYTES;
			assert_true(at < 8 && !seen[at]);
			seen[at] = true;
			memset(pages[i], 0x5a, PAGE_BYTES);
		}
		assert_null(pool_alloc(&pool));
		for (u32 i = 0; i < 8; i++) {
			pool_free(&pool, pages[i]);
		}
	}
	assert_int_equal(pool.nr_free, 8);
	assert_int_equal(pool.nr_pages, 8);
}

/* What alignment skips is not lost. */
static void aligned_runs(void **state)
{
	u8 *run;

	(void)state;
	assert_int_equal(pool_add_locked(&pool, page_pa(1), 11), HYP_OK);
	run = pool_alloc_aligned_locked(&pool, 4);
	assert_ptr_equal(run, memory + 4 * PAGE_BYTES);
	assert_true(is_zero(run, 4));
	assert_ptr_equal(pool_alloc_aligned_locked(&pool, 4), memory + 8 * PAGE_BYTES);
	assert_null(pool_alloc_aligned_locked(&pool, 4));
	assert_int_equal(pool.nr_free, 3);
	for (u32 i = 0; i < 3; i++) {
		u8 *page = pool_alloc(&pool);

		assert_true(page >= memory + PAGE_BYTES && page < memory + 4 * PAGE_BYTES);
	}
	assert_null(pool_alloc(&pool));
}

/* Adjacent pages join the last range; there is room for so many others; none is lost. */
static void ranges(void **state)
{
	u64 nr = 0;

	(void)state;
	assert_int_equal(pool_add_locked(&pool, page_pa(0), 1), HYP_OK);
	assert_int_equal(pool_add_locked(&pool, page_pa(1), 1), HYP_OK);
	assert_int_equal(pool.nr_ranges, 1);
	assert_int_equal(pool.ranges[0].nr_pages, 2);
	for (u64 i = 1; i < MAX_POOL_RANGES; i++) {
		assert_int_equal(pool_add_locked(&pool, page_pa(2 * i + 1), 1), HYP_OK);
	}
	assert_int_equal(pool_add_locked(&pool, page_pa(2 * MAX_POOL_RANGES + 1), 1), HYP_E_LIMIT);
	assert_int_equal(pool.nr_pages, MAX_POOL_RANGES + 1);
	while (pool_alloc(&pool)) {
		nr++;
	}
	assert_int_equal(nr, MAX_POOL_RANGES + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(empty_gives_nothing, setup),
		cmocka_unit_test_setup(every_page_once_and_zero, setup),
		cmocka_unit_test_setup(aligned_runs, setup),
		cmocka_unit_test_setup(ranges, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
