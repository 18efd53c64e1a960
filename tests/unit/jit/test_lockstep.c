// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_lockstep.c - lock-step leaves a program's results as they are, and finds a wrong
 * translation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bus.h"
#include "cache.h"
#include "lockstep.h"
#include "loop.h"
#include "machine.h"

#define CODE (RAM_BASE + 0x1000)
#define DATA (RAM_BASE + 0x4000)

/* Adds 1 to the word at x2 in four ways, ten times; then PSCI SYSTEM_OFF. */
static const uint32_t program[] = {
	0xd2800143, /* mov   x3, #10 */
	0xf9400041, /* ldr   x1, [x2] */
	0x91000421, /* add   x1, x1, #1 */
	0xf9000041, /* str   x1, [x2] */
	0xd2800024, /* mov   x4, #1 */
	0xf8240045, /* ldadd x4, x5, [x2] */
	0xc85f7c41, /* ldxr  x1, [x2] */
	0x91000421, /* add   x1, x1, #1 */
	0xc8067c41, /* stxr  w6, x1, [x2] */
	0x91000427, /* add   x7, x1, #1 */
	0xc8a17c47, /* cas   x1, x7, [x2] */
	0xf1000463, /* subs  x3, x3, #1 */
	0x54fffea1, /* b.ne  -44: the first load */
	0x52800100, /* mov   w0, #8 */
	0x72b08000, /* movk  w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc   #0 */
};

static void start(struct machine *m)
{
	machine_init(m);
	machine_translate(m);
	m->vm.lockstep = lockstep_create(&m->vm);
	assert_non_null(m->vm.lockstep);
	memcpy(m->ram + (CODE - RAM_BASE), program, sizeof(program));
	m->cpu->pc = CODE;
	m->cpu->x[2] = DATA;
}

static uint64_t data(const struct machine *m)
{
	return *(const uint64_t *)(m->ram + (DATA - RAM_BASE));
}

static void agrees(void **state)
{
	struct machine m;

	(void)state;
	start(&m);
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	assert_int_equal(m.vm.end, VM_END_POWEROFF);
	assert_int_equal(data(&m), 40);
	assert_int_equal(m.cpu->x[6], 0); /* no STXR failed */
	assert_int_equal(m.cpu->stats[CPU_STAT_COMPARED], 1 + 10 * 12 + 2);
	assert_int_equal(m.cpu->stats[CPU_STAT_UNCOMPARED], 0);
	machine_destroy(&m);
}

/* Memory changes without the translator's knowledge: it executes what was there. */
static void finds_a_difference(void **state)
{
	static const uint32_t twice = 0x91000821; /* add x1, x1, #2 */
	struct machine m;

	(void)state;
	start(&m);
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	memcpy(m.ram + (CODE - RAM_BASE) + 8, &twice, 4);
	m.vm.end = VM_END_NONE;
	m.cpu->pc = CODE;
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	assert_int_equal(m.vm.end, VM_END_FAULT);
	assert_int_equal(data(&m), 44); /* once through the loop, once each */
	machine_destroy(&m);
}

/* A block that reads a device is left to the translator alone. */
static uint64_t nr_device_reads;

static uint64_t device_read(void *device, uint64_t offset, unsigned int size)
{
	(void)device, (void)offset, (void)size;
	return ++nr_device_reads;
}

static void device_write(void *device, uint64_t offset, uint64_t value, unsigned int size)
{
	(void)device, (void)offset, (void)size, (void)value;
}

static void reads_devices_once(void **state)
{
	static const struct bus_ops ops = {.read = device_read, .write = device_write};
	struct bus_region region = {
		.base = RAM_BASE - 0x1000, .size = 0x1000, .ops = &ops, .name = "test"};
	struct machine m;

	(void)state;
	start(&m);
	assert_int_equal(bus_add(m.vm.bus, &region), 0);
	/* The first GiB as Device memory. */
	*(uint64_t *)(m.ram + (TABLE_BASE - RAM_BASE)) = 1 << 10 | 1 << 2 | 1;
	memcpy(m.ram + (CODE - RAM_BASE) + 8, &program[13], 12); /* load, then off */
	m.cpu->x[2] = RAM_BASE - 8;
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	assert_int_equal(m.vm.end, VM_END_POWEROFF);
	assert_int_equal(nr_device_reads, 1);
	assert_int_equal(m.cpu->x[1], 1);
	assert_int_equal(m.cpu->stats[CPU_STAT_UNCOMPARED], 1);
	machine_destroy(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(finds_a_difference),
		cmocka_unit_test(reads_devices_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
