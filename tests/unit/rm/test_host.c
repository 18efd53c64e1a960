// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_host.c: the host VM made from tests/unit/board/board.dts: what it is given, its device tree,
 * and every call failing once.
 */
#include "host.h"
#include "log.h"

#include "../board/board.h"
#include "fake.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define MIB      (1ull << 20)
#define RM_BASE  0x20400000ull /* real memory: the tree is written there */
#define RM_BYTES (8 * MIB)

static struct boot_info boot;
static struct pool pool;
static struct ledger ledger;
static struct client client;

static void fill_boot(void)
{
	boot = (struct boot_info){
		.hyp = {0x20000000, 4 * MIB},
		.rm = {RM_BASE, RM_BYTES},
		.dtb = {(uint64_t)board_dtb, board_dtb_bytes()},
		.rm_pool = {RM_BASE + MIB, RM_BYTES - MIB},
		.kernel = {0x80200000, 32 * MIB},
		.initrd = {0x84000000, 5 * MIB + 3},
		.nr_ram = 3,
		.ram = {{0x20000000, 32 * MIB},
			{0x80000000, 1024 * MIB},
			{0x880000000, 1024 * MIB}},
		.nr_cpus = 2,
		.cpu_mpidr = {0x100, 0},
		.gicd = {0x30000000, 0x10000},
		.nr_redists = 2,
		.gicr = {{0x30080000, 0x80000}, {0x30100000, 0x80000}},
		.timer_virt_irq = 27,
		.timer_phys_irq = 30,
		.cmdline = "console=ttyS0",
	};
}

static int set_up(void **state)
{
	uint64_t nr = (RM_BYTES - MIB) / 4096 - 1;

	(void)state;
	fake_reset();
	fill_boot();
	pool_init(&pool, boot.rm_pool.base + 4096, (uint32_t)nr, (uint16_t *)boot.rm_pool.base);
	ledger_init(&ledger, &pool);
	memset(&client, 0, sizeof(client));
	return 0;
}

static void test_what_it_gets(void **state)
{
	struct fake_vm *vm = &fake.vms[1];

	(void)state;
	assert_int_equal(host_start(&boot, &ledger, &client), HYP_OK);
	assert_true(vm->started);
	assert_int_equal(vm->flags, HYP_VM_HOST);
	assert_int_equal(vm->nr_vcpus, 2);
	assert_int_equal(vm->nr_irqs, FAKE_NR_IRQS - 32);
	assert_int_equal(vm->gic_irqs, FAKE_NR_IRQS + 64);
	assert_int_equal(vm->gicd, 0x30000000);
	assert_int_equal(vm->gicr, 0x30080000);
	assert_int_equal(vm->pc, boot.kernel.base);
	assert_int_equal(vm->pstate, 0x3c5);
	/* All memory but the two regions, and its device tree, which lies in the RM's. */
	assert_false(ranges_contain(&vm->memory, boot.hyp.base, 1));
	assert_false(ranges_contain(&vm->memory, boot.rm.base, 1));
	assert_true(ranges_contain(&vm->memory, 0x20c00000, 20 * MIB));
	assert_true(ranges_contain(&vm->memory, 0x880000000, 1024 * MIB));
	assert_true(ranges_contain(&vm->memory, vm->x0, 1));
	assert_true(ranges_bytes(&vm->memory) < (2048 + 20) * MIB + (32 << 10));
	assert_int_equal(client.table_pages_most, server_table_pages(ranges_bytes(&vm->memory)));
	assert_ptr_equal(client.vm, &ledger.vms[2]);
}

static void test_devices(void **state)
{
	struct ranges *devices = &fake.vms[1].devices;

	(void)state;
	assert_int_equal(host_start(&boot, &ledger, &client), HYP_OK);
	assert_true(ranges_contain(devices, 0x10008000, 0x3000)); /* serial, mmc: rounded */
	assert_true(ranges_contain(devices, 0x1000c000, 0x1000));
	assert_false(ranges_contain(devices, 0x1000b000, 1)); /* disabled */
	assert_false(ranges_contain(devices, 0x12000000, 1)); /* outside of its bus */
	assert_false(ranges_contain(devices, 0x48, 1));       /* not on a bus the CPU reaches */
	assert_true(ranges_contain(devices, 0x40000000, 0x1000000));  /* ECAM */
	assert_true(ranges_contain(devices, 0x50000000, 0x10000000)); /* PCI windows */
	assert_true(ranges_contain(devices, 0x6000000000, 0x100000000));
	assert_false(ranges_contain(devices, 0x30000000, 1)); /* GIC and ITS */
	assert_false(ranges_contain(devices, 0x30040000, 1));
	assert_false(ranges_contain(devices, 0x80000000, 1)); /* memory */
	assert_false(ranges_contain(devices, 0x90000000, 1));
	assert_false(devices->overflow);
}

static uint32_t cell(const void *fdt, const char *path, const char *name, int index)
{
	int length;
	const fdt32_t *value = fdt_getprop(fdt, fdt_path_offset(fdt, path), name, &length);

	assert_non_null(value);
	assert_true(length >= (index + 1) * 4);
	return fdt32_ld(&value[index]);
}

static bool has(const void *fdt, const char *path, const char *name)
{
	int node = fdt_path_offset(fdt, path);

	return node >= 0 && (!name || fdt_getprop(fdt, node, name, NULL));
}

static const char *text(const void *fdt, const char *path, const char *name)
{
	return fdt_getprop(fdt, fdt_path_offset(fdt, path), name, NULL);
}

static void test_device_tree(void **state)
{
	const char *gic = "/interrupt-controller@30000000";
	const void *fdt;

	(void)state;
	assert_int_equal(host_start(&boot, &ledger, &client), HYP_OK);
	fdt = (const void *)fake.vms[1].x0;
	assert_int_equal(fdt_check_full(fdt, fdt_totalsize(fdt)), 0);
	assert_string_equal(text(fdt, "/chosen", "bootargs"), "console=ttyS0");
	assert_int_equal(cell(fdt, "/chosen", "linux,initrd-start", 1), 0x84000000);
	assert_int_equal(cell(fdt, "/chosen", "linux,initrd-end", 1), 0x84500003);
	assert_string_equal(text(fdt, "/chosen", "stdout-path"), "serial0:115200n8");
	assert_string_equal(text(fdt, "/psci", "method"), "hvc");
	assert_string_equal(text(fdt, "/cpus/cpu@1", "enable-method"), "psci");
	assert_string_equal(text(fdt, "/cpus/cpu@2", "status"), "disabled");
	assert_false(has(fdt, "/pmu", NULL));
	/* Timer: physical and virtual. */
	assert_int_equal(cell(fdt, "/timer", "interrupts", 1), 14);
	assert_int_equal(cell(fdt, "/timer", "interrupts", 4), 11);
	assert_int_equal(
		fdt_stringlist_count(fdt, fdt_path_offset(fdt, "/timer"), "interrupt-names"), 2);
	/* GIC: distributor and one region of redistributors. */
	assert_int_equal(cell(fdt, gic, "reg", 1), 0x30000000);
	assert_int_equal(cell(fdt, gic, "reg", 5), 0x30080000);
	assert_int_equal(cell(fdt, gic, "reg", 7), 0x40000);
	assert_false(has(fdt, gic, "interrupts"));
	assert_false(has(fdt, gic, "#redistributor-regions"));
	assert_int_equal(fdt_first_subnode(fdt, fdt_path_offset(fdt, gic)), -FDT_ERR_NOTFOUND);
	assert_false(has(fdt, "/pcie@40000000", "msi-map"));
	/* The hypervisor. */
	assert_string_equal(text(fdt, "/hypervisor", "compatible"), "armhyp,hypervisor");
	assert_int_equal(cell(fdt, "/hypervisor", "interrupts", 1), FAKE_NR_IRQS - 32);
	assert_int_equal(cell(fdt, "/hypervisor", "interrupts", 4), FAKE_NR_IRQS - 31);
	assert_int_equal(cell(fdt, "/hypervisor", "armhyp,rm-tx", 0), 40);
	assert_int_equal(cell(fdt, "/hypervisor", "armhyp,rm-rx", 0), 41);
	assert_int_equal(cell(fdt, "/hypervisor", "armhyp,wake", 0), 42);
	/* Memory: only what it was given. */
	assert_false(has(fdt, "/memory@80000000", NULL));
}

static void test_memory_node(void **state)
{
	const fdt32_t *reg;
	struct ranges listed = {.nr = 0};
	const void *fdt;
	int node, length, nodes = 0;

	(void)state;
	assert_int_equal(host_start(&boot, &ledger, &client), HYP_OK);
	fdt = (const void *)fake.vms[1].x0;
	fdt_for_each_subnode(node, fdt, 0)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if (!type || strcmp(type, "memory") != 0) {
			continue;
		}
		nodes++;
		reg = fdt_getprop(fdt, node, "reg", &length);
		for (; length > 0; length -= 16, reg += 4) {
			ranges_add(&listed, (uint64_t)fdt32_ld(&reg[0]) << 32 | fdt32_ld(&reg[1]),
				   (uint64_t)fdt32_ld(&reg[2]) << 32 | fdt32_ld(&reg[3]));
		}
	}
	assert_int_equal(nodes, 1);
	assert_int_equal(listed.nr, fake.vms[1].memory.nr);
	assert_memory_equal(listed.r, fake.vms[1].memory.r, listed.nr * sizeof(listed.r[0]));
}

/* Out of pool pages at any call: the host is fed and gets everything all the same, or it is said.
 */
static void test_failing_calls(void **state)
{
	long calls;

	assert_int_equal(host_start(&boot, &ledger, &client), HYP_OK);
	calls = fake.calls;
	for (long at = 1; at < calls; at++) {
		int error;

		set_up(state);
		fake.fail_at = at;
		fake.fail_with = at % 2 ? HYP_E_NOMEM : HYP_E_INVAL;
		error = host_start(&boot, &ledger, &client);
		if (!error) {
			assert_int_equal(fake.vms[1].nr_irqs, FAKE_NR_IRQS - 32);
			assert_int_equal(fake.vms[1].nr_vcpus, 2);
			assert_true(ranges_contain(&fake.vms[1].memory, 0x880000000, 1024 * MIB));
			assert_true(fake.vms[1].started);
		}
	}
}

static void test_too_many_cores(void **state)
{
	(void)state;
	boot.nr_cpus = 5;
	assert_int_equal(host_start(&boot, &ledger, &client), HYP_E_SIZE);
	assert_false(fake.vms[1].started);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_it_gets, set_up),
		cmocka_unit_test_setup(test_devices, set_up),
		cmocka_unit_test_setup(test_device_tree, set_up),
		cmocka_unit_test_setup(test_memory_node, set_up),
		cmocka_unit_test_setup(test_failing_calls, set_up),
		cmocka_unit_test_setup(test_too_many_cores, set_up),
	};
	void *rm = mmap((void *)RM_BASE, RM_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (rm != (void *)RM_BASE) {
		return 1;
	}
	log_level = LOG_ERROR;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
