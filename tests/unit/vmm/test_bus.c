// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_bus.c: region lookup at its edges, refusal of overlaps, and accesses that no device answers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bus.h"

struct probe {
	uint64_t offset, value;
	unsigned int size;
};

static uint64_t probe_read(void *device, uint64_t offset, unsigned int size)
{
	*(struct probe *)device = (struct probe){.offset = offset, .size = size};
	return 0x1234;
}

static void probe_write(void *device, uint64_t offset, uint64_t value, unsigned int size)
{
	*(struct probe *)device = (struct probe){offset, value, size};
}

static const struct bus_ops probe_ops = {.read = probe_read, .write = probe_write};
static struct probe probes[3];

static int add(struct bus *bus, uint64_t base, uint64_t size, unsigned int probe)
{
	return bus_add(bus, &(struct bus_region){base, size, &probe_ops, &probes[probe], "probe"});
}

static void test_finds_regions_at_their_edges(void **state)
{
	struct bus *bus = bus_create();

	(void)state;
	assert_int_equal(add(bus, 0x3000, 0x1000, 0), 0);
	assert_int_equal(add(bus, 0x1000, 0x1000, 1), 0);
	assert_int_equal(add(bus, UINT64_MAX - 0xf, 0x10, 2), 0);
	assert_null(bus_find(bus, 0xfff));
	assert_ptr_equal(bus_find(bus, 0x1000)->device, &probes[1]);
	assert_ptr_equal(bus_find(bus, 0x1fff)->device, &probes[1]);
	assert_null(bus_find(bus, 0x2000));
	assert_ptr_equal(bus_find(bus, 0x3fff)->device, &probes[0]);
	assert_null(bus_find(bus, 0x4000));
	assert_ptr_equal(bus_find(bus, UINT64_MAX)->device, &probes[2]);
	bus_destroy(bus);
}

static void test_refuses_bad_regions(void **state)
{
	struct bus *bus = bus_create();

	(void)state;
	assert_int_equal(add(bus, 0x1000, 0x1000, 0), 0);
	assert_int_equal(add(bus, 0x1fff, 1, 1), -EEXIST);
	assert_int_equal(add(bus, 0, 0x1001, 1), -EEXIST);
	assert_int_equal(add(bus, 0, 0x10000, 1), -EEXIST);
	assert_int_equal(add(bus, 0x5000, 0, 1), -EINVAL);
	assert_int_equal(add(bus, UINT64_MAX, 2, 1), -EINVAL);
	assert_int_equal(add(bus, 0, 0x1000, 1), 0);
	bus_freeze(bus);
	assert_int_equal(add(bus, 0x8000, 0x1000, 1), -EBUSY);
	bus_destroy(bus);
}

static void test_routes_accesses(void **state)
{
	struct bus *bus = bus_create();
	uint64_t value;

	(void)state;
	assert_int_equal(add(bus, 0x1000, 0x1000, 0), 0);
	assert_true(bus_read(bus, 0x1ff8, 8, &value));
	assert_int_equal(value, 0x1234);
	assert_int_equal(probes[0].offset, 0xff8);
	assert_true(bus_write(bus, 0x1004, 4, 77));
	assert_int_equal(probes[0].value, 77);
	assert_int_equal(probes[0].size, 4);
	/* Across the end, and outside: reads as zero. */
	assert_false(bus_read(bus, 0x1ffc, 8, &value));
	assert_int_equal(value, 0);
	assert_false(bus_write(bus, 0x2000, 1, 1));
	bus_destroy(bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_regions_at_their_edges),
		cmocka_unit_test(test_refuses_bad_regions),
		cmocka_unit_test(test_routes_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
