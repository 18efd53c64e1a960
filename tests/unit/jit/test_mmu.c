// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_mmu.c - the translation table walk: granules, levels, permissions, fault codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmu.h"
#include "vm.h"

#define RAM_BASE 0x40000000ull
#define RAM_SIZE (2ull << 20)

#define VALID  1ull
#define TABLE  2ull /* or page, at level 3 */
#define AP_EL0 (1ull << 6)
#define AP_RO  (1ull << 7)
#define AF     (1ull << 10)
#define NG     (1ull << 11)
#define PXN    (1ull << 53)
#define UXN    (1ull << 54)

#define TCR_EPD0  (1ull << 7)
#define TCR_IPS44 (4ull << 32)
#define TCR_TBI0  (1ull << 37)
#define TCR_HPD0  (1ull << 41)
#define TCR_E0PD0 (1ull << 55)

struct fixture {
	struct jit_vm vm;
	struct jit_cpu cpu;
	uint8_t *ram;
};

static int setup(void **state)
{
	struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) & ~63ul);

	memset(f, 0, sizeof(*f));
	f->ram = calloc(1, RAM_SIZE);
	f->vm.regions[0] = (struct vm_region){.base = RAM_BASE, .size = RAM_SIZE, .host = f->ram};
	f->vm.nr_regions = 1;
	f->cpu.vm = &f->vm;
	f->cpu.sys.sctlr = 1;
	f->cpu.sys.mair = 0x00ff; /* index 0 Normal, 1 Device-nGnRnE */
	f->cpu.sys.tcr = 16 | 16ull << 16 | 2ull << 30 | TCR_IPS44;
	f->cpu.sys.ttbr[0] = RAM_BASE;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->ram);
	free(f);
	return 0;
}

static void put(struct fixture *f, uint64_t table, unsigned int index, uint64_t desc)
{
	memcpy(f->ram + (table - RAM_BASE) + 8ull * index, &desc, 8);
}

/* VA 0x123456789000 with 4 KiB pages; the leaf is what the test says. */
#define VA_4K 0x123456789000ull

static void map_4k(struct fixture *f, uint64_t leaf)
{
	for (unsigned int level = 0; level < 3; level++) {
		put(f, RAM_BASE + 0x1000 * level, VA_4K >> (39 - 9 * level) & 511,
		    (RAM_BASE + 0x1000 * (level + 1)) | TABLE | VALID);
	}
	put(f, RAM_BASE + 0x3000, VA_4K >> 12 & 511, leaf);
}

static int walk(struct fixture *f, uint64_t va, enum mmu_access access, unsigned int el,
		struct mmu_result *result)
{
	return mmu_translate(&f->cpu, va, access, el, false, result);
}

static void pages_of_4k(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	map_4k(f, 0x40055000 | AF | NG | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K + 0x123, MMU_READ, 1, &r), MMU_OK);
	assert_int_equal(r.pa, 0x40055123);
	assert_int_equal(r.size, 4096);
	assert_false(r.device);
	assert_false(r.global);
	assert_true(r.write);
}

static void blocks_of_2m_and_1g(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	map_4k(f, 0);
	put(f, RAM_BASE + 0x2000, VA_4K >> 21 & 511, 0x80200000 | AF | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_OK);
	assert_int_equal(r.pa, 0x80200000 | (VA_4K & 0x1fffff));
	assert_int_equal(r.size, 2 << 20);
	put(f, RAM_BASE + 0x1000, VA_4K >> 30 & 511, 0x80000000 | 1 << 2 | AF | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_OK);
	assert_int_equal(r.size, 1 << 30);
	assert_true(r.device);
	/* No blocks at level 0. */
	put(f, RAM_BASE, VA_4K >> 39 & 511, 0x80000000 | AF | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION + 0);
}

static void granules_of_16k_and_64k(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	/* 16 KiB, 36 bits: starts at level 2. */
	f->cpu.sys.tcr = 28 | 2ull << 14 | TCR_IPS44;
	put(f, RAM_BASE, 1, (RAM_BASE + 0x4000) | TABLE | VALID);
	put(f, RAM_BASE + 0x4000, 3, 0x4000c000 | AF | TABLE | VALID);
	assert_int_equal(walk(f, (1ull << 25) + 3 * 0x4000 + 5, MMU_READ, 1, &r), MMU_OK);
	assert_int_equal(r.pa, 0x4000c005);
	assert_int_equal(r.size, 0x4000);
	/* 64 KiB, 42 bits: starts at level 2. */
	f->cpu.sys.tcr = 22 | 1ull << 14 | TCR_IPS44;
	put(f, RAM_BASE, 2, (RAM_BASE + 0x10000) | TABLE | VALID);
	put(f, RAM_BASE + 0x10000, 7, 0x40130000 | AF | TABLE | VALID);
	assert_int_equal(walk(f, (2ull << 29) + 7 * 0x10000 + 9, MMU_READ, 1, &r), MMU_OK);
	assert_int_equal(r.pa, 0x40130009);
	assert_int_equal(r.size, 0x10000);
}

static void faults_name_their_level(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION + 0);
	map_4k(f, 0);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION + 3);
	map_4k(f, 0x40055000 | AF | VALID); /* no page at level 3 */
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION + 3);
	map_4k(f, 0x40055000 | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_ACCESS_FLAG + 3);
	map_4k(f, 0x40055000 | AF | AP_RO | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_WRITE, 1, &r), MMU_FAULT_PERMISSION + 3);
	map_4k(f, 0x900040055000 | AF | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_ADDRESS_SIZE + 3);
	put(f, RAM_BASE, VA_4K >> 39 & 511, 0x90000000000 | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_EXTERNAL_WALK + 1);
	assert_int_equal(walk(f, 1ull << 50, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION + 0);
}

static void permissions(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	map_4k(f, 0x40055000 | AF | AP_EL0 | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_WRITE, 0, &r), MMU_OK);
	assert_int_equal(walk(f, VA_4K, MMU_EXEC, 0, &r), MMU_OK);
	/* What EL0 can write, EL1 does not execute. */
	assert_int_equal(walk(f, VA_4K, MMU_EXEC, 1, &r), MMU_FAULT_PERMISSION + 3);
	assert_int_equal(mmu_translate(&f->cpu, VA_4K, MMU_READ, 1, true, &r),
			 MMU_FAULT_PERMISSION + 3); /* PAN */
	map_4k(f, 0x40055000 | AF | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 0, &r), MMU_FAULT_PERMISSION + 3);
	assert_int_equal(walk(f, VA_4K, MMU_EXEC, 1, &r), MMU_OK);
	map_4k(f, 0x40055000 | AF | PXN | UXN | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_EXEC, 1, &r), MMU_FAULT_PERMISSION + 3);
	assert_int_equal(walk(f, VA_4K, MMU_EXEC, 0, &r), MMU_FAULT_PERMISSION + 3);
	map_4k(f, 0x40055000 | AF | TABLE | VALID);
	f->cpu.sys.sctlr |= 1 << 19; /* WXN */
	assert_int_equal(walk(f, VA_4K, MMU_EXEC, 1, &r), MMU_FAULT_PERMISSION + 3);
}

static void tables_restrict_unless_hpd(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	map_4k(f, 0x40055000 | AF | AP_EL0 | TABLE | VALID);
	put(f, RAM_BASE + 0x1000, VA_4K >> 30 & 511,
	    (RAM_BASE + 0x2000) | 3ull << 61 | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 0, &r), MMU_FAULT_PERMISSION + 3);
	assert_int_equal(walk(f, VA_4K, MMU_WRITE, 1, &r), MMU_FAULT_PERMISSION + 3);
	f->cpu.sys.tcr |= TCR_HPD0;
	assert_int_equal(walk(f, VA_4K, MMU_WRITE, 0, &r), MMU_OK);
}

static void control_bits(void **state)
{
	struct fixture *f = *state;
	struct mmu_result r;

	map_4k(f, 0x40055000 | AF | AP_EL0 | TABLE | VALID);
	assert_int_equal(walk(f, VA_4K | 0x5aull << 56, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION);
	f->cpu.sys.tcr |= TCR_TBI0;
	assert_int_equal(walk(f, VA_4K | 0x5aull << 56, MMU_READ, 1, &r), MMU_OK);
	f->cpu.sys.tcr |= TCR_E0PD0;
	assert_int_equal(walk(f, VA_4K, MMU_READ, 0, &r), MMU_FAULT_TRANSLATION);
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_OK);
	f->cpu.sys.tcr |= TCR_EPD0;
	assert_int_equal(walk(f, VA_4K, MMU_READ, 1, &r), MMU_FAULT_TRANSLATION);
	f->cpu.sys.sctlr = 0; /* no translation */
	assert_int_equal(walk(f, 0x40055123, MMU_READ, 1, &r), MMU_OK);
	assert_int_equal(r.pa, 0x40055123);
	assert_true(r.device);
	assert_int_equal(walk(f, 1ull << 50, MMU_READ, 1, &r), MMU_FAULT_ADDRESS_SIZE);
}

/* Random tables and registers: every walk ends, inside guest memory (ASan looks). */
static void any_tables_are_survived(void **state)
{
	struct fixture *f = *state;
	uint64_t x = 88172645463325252ull;

	for (unsigned int i = 0; i < 200000; i++) {
		struct mmu_result r;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		put(f, RAM_BASE, (unsigned int)(x % (RAM_SIZE / 8)),
		    (RAM_BASE | (x >> 4 & (RAM_SIZE - 1))) | (x & 3) | AF);
		f->cpu.sys.tcr = x * 0x9e3779b97f4a7c15ull;
		f->cpu.sys.ttbr[0] = f->cpu.sys.ttbr[1] = RAM_BASE | (x >> 9 & (RAM_SIZE - 1));
		mmu_translate(&f->cpu, x << (x & 31), (enum mmu_access)(x % 3), x >> 33 & 1,
			      x >> 34 & 1, &r);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pages_of_4k),
		TEST(blocks_of_2m_and_1g),
		TEST(granules_of_16k_and_64k),
		TEST(faults_name_their_level),
		TEST(permissions),
		TEST(tables_restrict_unless_hpd),
		TEST(control_bits),
		TEST(any_tables_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
