// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_layout.c: places of the parts on machines of many sizes.
 */
#include "fail.h"
#include "layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct boot_info info;
static struct ranges place;

static const struct layout_sizes sizes = {
	.hyp_image = 300 << 10,
	.rm_image = 400 << 10,
	.dtb = 9000,
	.kernel = {.text_offset = 0x80000, .bytes = 32 * MIB + 5},
	.initrd = 11 * MIB + 1,
};

static int lay_out(uint64_t base, uint64_t bytes, const struct layout_sizes *what)
{
	struct ranges ram = {.nr = 0};
	uint64_t span;

	memset(&info, 0, sizeof(info));
	info.nr_cpus = 4;
	ranges_add(&ram, base, bytes);
	ranges_remove(&ram, base + bytes - 3 * MIB, 4096); /* firmware's */
	place = ram;
	span = layout_set_ram(&info, &ram);
	assert_int_equal(span, bytes);
	loader_fail_clear();
	return layout_make(&info, &place, what, span);
}

static void expect_inside(const struct boot_range *outer, const struct boot_range *inner)
{
	assert_true(inner->base >= outer->base);
	assert_true(inner->base + inner->bytes <= outer->base + outer->bytes);
}

static void expect_apart(const struct boot_range *a, const struct boot_range *b)
{
	assert_true(a->base + a->bytes <= b->base || b->base + b->bytes <= a->base);
}

static void check_layout(uint64_t bytes)
{
	const struct boot_range *parts[] = {&info.hyp, &info.rm, &info.kernel, &info.initrd};

	for (int i = 0; i < 4; i++) {
		for (int j = 0; j < i; j++) {
			expect_apart(parts[i], parts[j]);
		}
		assert_false(ranges_contain(&place, parts[i]->base, 1)); /* taken */
	}
	assert_int_equal(info.hyp.base % LAYOUT_UNIT, 0);
	assert_int_equal(info.rm.base % LAYOUT_UNIT, 0);
	assert_int_equal(info.hyp.bytes % LAYOUT_UNIT, 0);
	assert_int_equal(info.kernel.base % LAYOUT_UNIT, 0x80000);
	assert_int_equal(info.kernel.bytes, sizes.kernel.bytes);
	assert_int_equal(info.initrd.bytes, sizes.initrd);
	assert_true(info.hyp.bytes >= sizes.hyp_image + bytes / 1024 + (4 * 64 << 10) + MIB);
	expect_inside(&info.rm, &info.dtb);
	expect_inside(&info.rm, &info.rm_image);
	expect_inside(&info.rm, &info.rm_pool);
	expect_apart(&info.dtb, &info.rm_image);
	expect_apart(&info.rm_image, &info.rm_pool);
	assert_true(info.dtb.base >= info.rm.base + sizeof(info));
	assert_int_equal(info.rm_image.base % 4096, 0);
	assert_int_equal(info.rm_pool.base + info.rm_pool.bytes, info.rm.base + info.rm.bytes);
	assert_true(info.rm_pool.bytes >= bytes / 1024 * 3 + 2 * MIB - 8192);
}

static void test_sizes(void **state)
{
	(void)state;
	for (uint64_t bytes = 128 * MIB; bytes <= 64 * GIB; bytes *= 2) {
		assert_int_equal(lay_out(GIB, bytes, &sizes), 0);
		check_layout(bytes);
	}
}

static void test_no_initrd(void **state)
{
	struct layout_sizes what = sizes;

	(void)state;
	what.initrd = 0;
	assert_int_equal(lay_out(0, GIB, &what), 0);
	assert_int_equal(info.initrd.bytes, 0);
}

static void test_pool_given(void **state)
{
	struct layout_sizes what = sizes;

	(void)state;
	what.rm_pool = 100 * MIB;
	assert_int_equal(lay_out(0, GIB, &what), 0);
	assert_true(info.rm_pool.bytes >= 100 * MIB && info.rm_pool.bytes < 103 * MIB);
}

static void test_too_little(void **state)
{
	struct layout_sizes what = sizes;

	(void)state;
	assert_int_equal(lay_out(0, 32 * MIB, &sizes), -1);
	assert_string_equal(
		loader_why(),
		"too little memory: 31 MiB are free; needed are 2 for the hypervisor, 4 "
		"for the resource manager (rm-pool=3M), 33 for the kernel, 12 for the initrd "
		"and 0 for static VMs, each in one piece");
	what.rm_pool = 4 * GIB;
	assert_int_equal(lay_out(0, GIB, &what), -1);
	what = sizes;
	what.initrd = 2 * GIB;
	assert_int_equal(lay_out(0, GIB, &what), -1);
	what = sizes;
	what.nr_vms = 2;
	what.vm_memory[0] = 16 * MIB;
	what.vm_memory[1] = GIB;
	assert_int_equal(lay_out(0, GIB, &what), -1);
	assert_non_null(strstr(loader_why(), "and 1040 for static VMs, each in one piece"));
}

static void test_static_vms(void **state)
{
	struct layout_sizes what = sizes;

	(void)state;
	what.nr_vms = 2;
	what.vm_memory[0] = 16 * MIB;
	what.vm_memory[1] = 2 * MIB;
	assert_int_equal(lay_out(0, GIB, &what), 0);
	check_layout(GIB);
	for (int i = 0; i < 2; i++) {
		const struct boot_range *memory = &info.vms[i].memory;

		assert_int_equal(memory->base % LAYOUT_UNIT, 0);
		assert_int_equal(memory->bytes, what.vm_memory[i]);
		assert_false(ranges_contain(&place, memory->base, 1)); /* taken */
		expect_apart(memory, &info.hyp);
		expect_apart(memory, &info.rm);
		expect_apart(memory, &info.kernel);
		expect_apart(memory, &info.initrd);
	}
	expect_apart(&info.vms[0].memory, &info.vms[1].memory);
}

/* More pieces than boot_info can list: the smallest are left out. */
static void test_many_pieces(void **state)
{
	static struct ranges ram;

	(void)state;
	memset(&info, 0, sizeof(info));
	ram.nr = 0;
	for (uint64_t i = 0; i < BOOT_MAX_RAM + 20; i++) {
		ranges_add(&ram, GIB + i * MIB, i % 4 == 1 ? 4096 : 8192);
	}
	layout_set_ram(&info, &ram);
	assert_int_equal(info.nr_ram, BOOT_MAX_RAM);
	for (uint32_t i = 1; i < info.nr_ram; i++) {
		assert_true(info.ram[i].base > info.ram[i - 1].base);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),       cmocka_unit_test(test_no_initrd),
		cmocka_unit_test(test_pool_given),  cmocka_unit_test(test_too_little),
		cmocka_unit_test(test_many_pieces), cmocka_unit_test(test_static_vms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
