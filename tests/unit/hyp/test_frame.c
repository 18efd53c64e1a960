/* SPDX-License-Identifier: BSD-3-Clause */
/* stage2/frame.c against a plain array: random ranges, with and without whole blocks in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <stage2/frame.h>

#define BASE     0x40301000ull /* in the middle of a block */
#define NR       (4u * 512)
#define NR_STEPS 20000

static struct frame expected[NR];
static void *table;

static paddr_t at(u64 i)
{
	return pa_init(BASE + i * PAGE_BYTES);
}

static int setup(void **state)
{
	(void)state;
	table = calloc(1, frame_table_bytes(BASE, NR * PAGE_BYTES));
	frame_init(table, BASE, NR * PAGE_BYTES);
	memset(expected, 0, sizeof(expected));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(table);
	return 0;
}

static bool same(struct frame a, struct frame b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void check_run(u64 first, u64 nr)
{
	struct frame value;
	u64 run = 1;

	while (run < nr && same(expected[first + run], expected[first])) {
		run++;
	}
	assert_int_equal(frame_run(at(first), nr, &value), run);
	assert_true(same(value, expected[first]));
}

/* Few values, so that neighbours are often alike and blocks become uniform again. */
static void random_ranges(void **state)
{
	(void)state;
	srand(1);
	for (u32 step = 0; step < NR_STEPS; step++) {
		u64 first = (u64)rand() % NR;
		u64 most = rand() % 4 ? 40 : NR;
		u64 nr = 1 + (u64)rand() % (most < NR - first ? most : NR - first);
		struct frame value = {VMID_RM, INVALID_VMID, FRAME_OWNED, 0};

		value.owner = (vmid_t)(value.owner + (rand() % 8 == 0));
		frame_set(at(first), nr, value);
		for (u64 i = 0; i < nr; i++) {
			expected[first + i] = value;
		}
		first = (u64)rand() % NR;
		check_run(first, 1 + (u64)rand() % (NR - first));
		first = (u64)rand() % NR;
		assert_true(same(frame_get(at(first)), expected[first]));
	}
}

static void holes_and_edges(void **state)
{
	struct frame value;

	(void)state;
	frame_declare(BASE + 100, 600 * PAGE_BYTES, VMID_RM); /* its whole pages */
	assert_true(frame_none(pa_init(0), BASE / PAGE_BYTES + 1));
	assert_false(frame_none(pa_init(0), BASE / PAGE_BYTES + 2));
	assert_true(frame_none(at(600), 1ull << 36));
	assert_true(frame_all(at(1), 599, VMID_RM, FRAME_OWNED));
	assert_false(frame_all(at(0), 2, VMID_RM, FRAME_OWNED));
	assert_false(frame_all(at(1), 600, VMID_RM, FRAME_OWNED));
	assert_int_equal(frame_run(at(1), 1000, &value), 599);
	assert_int_equal(frame_get(pa_init(~0ull << 12)).state, FRAME_NONE);
	assert_int_equal(frame_get(at(1u << 20)).state, FRAME_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(holes_and_edges, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
