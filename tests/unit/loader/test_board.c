// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_board.c: what the loader reads from tests/unit/board/board.dts, and from damaged copies.
 */
#include "board.h"
#include "fail.h"

#include "../board/board.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct boot_info info;

static int read_board(const void *fdt, uint64_t mpidr)
{
	memset(&info, 0, sizeof(info));
	loader_fail_clear();
	return board_read(fdt, mpidr, "board", &info);
}

static void test_board(void **state)
{
	(void)state;
	assert_int_equal(board_check(board_dtb, board_dtb_bytes(), "board"), 0);
	assert_int_equal(read_board(board_dtb, 0x100), 0);
	assert_int_equal(info.nr_cpus, 2);
	assert_int_equal(info.cpu_mpidr[0], 0x100);
	assert_int_equal(info.cpu_mpidr[1], 0);
	assert_int_equal(info.gicd.base, 0x30000000);
	assert_int_equal(info.nr_redists, 2);
	assert_int_equal(info.gicr[1].base, 0x30100000);
	assert_int_equal(info.gicr[1].bytes, 0x80000);
	assert_int_equal(info.gicr_stride, 0x40000);
	assert_int_equal(info.gic_maint_irq, 25);
	assert_int_equal(info.timer_phys_irq, 30);
	assert_int_equal(info.timer_virt_irq, 27);
	assert_int_equal(info.timer_hyp_irq, 26);
	assert_int_equal(info.psci, BOOT_PSCI_SMC);
	assert_int_equal(info.uart_kind, BOOT_UART_8250);
	assert_int_equal(info.uart_shift, 2);
	assert_int_equal(info.uart.base, 0x10008000);
}

static void test_memory(void **state)
{
	static struct ranges ram, place;

	(void)state;
	assert_int_equal(board_read_memory(board_dtb, "board", &ram, &place), 0);
	assert_int_equal(ranges_bytes(&ram), 0x80000000ull - 0x200000);
	assert_true(ranges_contain(&ram, 0x880000000, 0x40000000));
	assert_false(ranges_contain(&ram, 0x90000000, 1));
	assert_true(ranges_contain(&ram, 0xa0000000, 0x100000));
	assert_false(ranges_contain(&place, 0xa0000000, 1));
	assert_false(ranges_contain(&place, 0x80000000, 1)); /* memreserve */
	assert_true(ranges_contain(&place, 0x80001000, 1));
}

/* A changeable copy with room. */
static char *copy_board(void)
{
	size_t bytes = board_dtb_bytes() + 4096;
	char *fdt = malloc(bytes);

	assert_int_equal(fdt_open_into(board_dtb, fdt, (int)bytes), 0);
	return fdt;
}

static void expect_line(char *fdt, uint64_t mpidr, const char *line)
{
	assert_int_equal(read_board(fdt, mpidr), -1);
	assert_string_equal(loader_why(), line);
	free(fdt);
}

static void delete_node(void *fdt, const char *path)
{
	assert_int_equal(fdt_del_node(fdt, fdt_path_offset(fdt, path)), 0);
}

static void test_missing(void **state)
{
	char *fdt = copy_board();

	(void)state;
	delete_node(fdt, "/timer");
	expect_line(fdt, 0, "board: no \"arm,armv8-timer\" node");
	fdt = copy_board();
	delete_node(fdt, "/interrupt-controller@30000000");
	expect_line(
		fdt, 0,
		"board: no GICv3 (\"arm,gic-v3\"); other interrupt controllers are not supported");
	fdt = copy_board();
	expect_line(fdt, 7, "board: /cpus does not list the core we run on (MPIDR 0x7)");
	fdt = copy_board();
	fdt_setprop_string(fdt, fdt_path_offset(fdt, "/psci"), "method", "hvc");
	expect_line(fdt, 0,
		    "board: PSCI node: method is not \"smc\": something else already runs "
		    "at EL2");
	fdt = copy_board();
	fdt_delprop(fdt, fdt_path_offset(fdt, "/interrupt-controller@30000000"), "interrupts");
	expect_line(fdt, 0,
		    "board: GIC node: no maintenance interrupt; the hypervisor needs it "
		    "(QEMU: -machine virtualization=on)");
}

static void test_optional(void **state)
{
	char *fdt = copy_board();

	(void)state;
	delete_node(fdt, "/psci");
	delete_node(fdt, "/chosen");
	assert_int_equal(read_board(fdt, 0), 0);
	assert_int_equal(info.psci, BOOT_PSCI_NONE);
	assert_int_equal(info.nr_cpus, 1);
	assert_int_equal(info.uart_kind, BOOT_UART_NONE);
	free(fdt);
}

static void test_check(void **state)
{
	char *fdt = copy_board();

	(void)state;
	loader_fail_clear();
	assert_int_equal(board_check(fdt, 100, "x.dtb"), -1);
	assert_non_null(strstr(loader_why(), "x.dtb: damaged: "));
	loader_fail_clear();
	assert_int_equal(board_check(fdt, 10, "x.dtb"), -1);
	fdt[0] = 0;
	loader_fail_clear();
	assert_int_equal(board_check(fdt, fdt_totalsize(board_dtb), "x.dtb"), -1);
	assert_string_equal(loader_why(),
			    "x.dtb: not a device tree blob (no d00dfeed at its start)");
	free(fdt);
}

/* Whatever passes board_check() must not hurt the readers. */
static void test_damaged(void **state)
{
	static struct ranges ram, place;
	size_t bytes = board_dtb_bytes();
	int accepted = 0;

	(void)state;
	srand(5);
	for (int i = 0; i < 5000; i++) {
		char *fdt = malloc(bytes);

		memcpy(fdt, board_dtb, bytes);
		for (int n = rand() % 6; n >= 0; n--) {
			fdt[40 + (size_t)rand() % (bytes - 40)] = (char)rand();
		}
		loader_fail_clear();
		if (board_check(fdt, bytes, "x.dtb") == 0) {
			accepted++;
			read_board(fdt, 0);
			board_read_memory(fdt, "x.dtb", &ram, &place);
		}
		free(fdt);
	}
	assert_true(accepted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_board),   cmocka_unit_test(test_memory),
		cmocka_unit_test(test_missing), cmocka_unit_test(test_optional),
		cmocka_unit_test(test_check),   cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
