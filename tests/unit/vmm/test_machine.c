// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_machine.c: a whole machine on an accelerator that executes nothing: its device tree, its
 * boot state, how it ends, pausing, limits, and that a failure at any point leaves nothing behind.
 */
#include "cmocka_all.h"
#include "fake_accel.h"

#include "event.h"
#include "machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char kernel_path[] = "/tmp/test_machine.XXXXXX";
static struct event_loop *loop;
static struct chardev *chardev;
static struct machine_backends backends;
static struct vm_config config;
static char params[] = "quiet";
static char name[] = "test";

static void write_kernel(void)
{
	uint8_t image[4096] = "MZ";
	int fd = mkstemp(kernel_path);

	memcpy(image + 56, "ARM\x64", 4);
	image[18] = 1; /* 64 KiB in memory */
	assert_int_equal(write(fd, image, sizeof(image)), sizeof(image));
	backends.kernel_fd = fd;
}

static int set_up(void **state)
{
	const struct chardev_config sink = {.type = CHARDEV_SINK};

	(void)state;
	fake_reset();
	loop = event_loop_create();
	assert_int_equal(chardev_open(&sink, loop, &chardev), 0);
	backends.serials[0] = chardev;
	backends.initrd_fd = backends.kernel_fd;
	config = (struct vm_config){
		.name = name,
		.kernel = kernel_path,
		.initrd = kernel_path,
		.params = params,
		.nr_cpus = 6,
		.mem_size = 64 << 20,
		.accel = &fake_accel,
		.nr_serials = 1,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	chardev_close(chardev);
	event_loop_destroy(loop);
	return 0;
}

static struct machine *create(void)
{
	struct machine *machine = NULL;

	assert_int_equal(machine_create(&config, &backends, loop, &machine), 0);
	return machine;
}

static void expect_reg(const void *fdt, const char *path, uint64_t base, uint64_t size)
{
	int node = fdt_path_offset(fdt, path), length;
	const fdt64_t *reg;

	if (node < 0) {
		fail_msg("no node %s", path);
	}
	reg = fdt_getprop(fdt, node, "reg", &length);
	assert_non_null(reg);
	assert_int_equal(fdt64_ld(&reg[0]), base);
	assert_int_equal(fdt64_ld(&reg[1]), size);
}

static uint32_t cell(const void *fdt, const char *path, const char *property, unsigned int index)
{
	const fdt32_t *cells = fdt_getprop(fdt, fdt_path_offset(fdt, path), property, NULL);

	assert_non_null(cells);
	return fdt32_ld(&cells[index]);
}

static void test_device_tree(void **state)
{
	struct machine *machine = create();
	size_t size;
	const void *fdt = machine_fdt(machine, &size);

	(void)state;
	assert_int_equal(fdt_check_full(fdt, size), 0);
	expect_reg(fdt, "/memory@40000000", 0x40000000, 64 << 20);
	expect_reg(fdt, "/pl011@9000000", 0x09000000, 0x1000);
	expect_reg(fdt, "/pl031@9010000", 0x09010000, 0x1000);
	expect_reg(fdt, "/intc@8000000", 0x08000000, 0x10000);
	assert_int_equal(cell(fdt, "/intc@8000000", "reg", 5), 0x080a0000);
	assert_int_equal(cell(fdt, "/intc@8000000", "reg", 7), 6 * 0x20000);
	expect_reg(fdt, "/intc@8000000/its@8080000", 0x08080000, 0x20000);
	assert_int_equal(cell(fdt, "/pl011@9000000", "interrupts", 1), 1);
	assert_int_equal(cell(fdt, "/cpus/cpu@101", "reg", 1), 0x101);
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@102") < 0);
	assert_string_equal(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL),
			    "quiet");
	machine_destroy(machine);
}

static void test_gicv2(void **state)
{
	struct machine *machine;
	const void *fdt;
	size_t size;

	(void)state;
	config.gicv2 = true;
	machine = create();
	fdt = machine_fdt(machine, &size);
	expect_reg(fdt, "/intc@8000000", 0x08000000, 0x10000);
	assert_string_equal(
		fdt_getprop(fdt, fdt_path_offset(fdt, "/intc@8000000"), "compatible", NULL),
		"arm,cortex-a15-gic");
	assert_int_equal(cell(fdt, "/intc@8000000", "reg", 5), 0x08010000);
	assert_true(fdt_path_offset(fdt, "/intc@8000000/its@8080000") < 0);
	assert_int_equal(cell(fdt, "/timer", "interrupts", 2), 0x3f04); /* six CPUs */
	machine_destroy(machine);
	config.nr_cpus = 9;
	assert_int_equal(machine_create(&config, &backends, loop, &machine), -EINVAL);
}

static void test_pci(void **state)
{
	static const uint32_t map[] = {1 << 11, 0, 0, 1, 1, 0, 0, 0, 49, 4};
	const char *node = "/pcie@3f000000";
	struct machine *machine;
	const void *fdt;
	size_t size;

	(void)state;
	config.virtio_pci = true;
	config.serials[0].hardware = SERIAL_VIRTIO_CONSOLE;
	machine = create();
	fdt = machine_fdt(machine, &size);
	expect_reg(fdt, node, 0x3f000000, 0x100000);
	assert_int_equal(cell(fdt, node, "ranges", 2), 0x10000000);
	assert_int_equal(cell(fdt, node, "ranges", 6), 0x2eff0000);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(cell(fdt, node, "interrupt-map", i), map[i]);
	}
	assert_int_equal(cell(fdt, node, "msi-map", 1),
			 cell(fdt, "/intc@8000000/its@8080000", "phandle", 0));
	assert_true(fdt_path_offset(fdt, "/virtio_mmio@a000000") < 0);
	machine_destroy(machine);
	config.its = ITS_OFF;
	machine = create();
	fdt = machine_fdt(machine, &size);
	assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, node), "msi-map", NULL));
	machine_destroy(machine);
}

static void test_boot_state(void **state)
{
	struct machine *machine = create();
	size_t size;
	const void *fdt = machine_fdt(machine, &size);
	int chosen = fdt_path_offset(fdt, "/chosen");
	const fdt64_t *start = fdt_getprop(fdt, chosen, "linux,initrd-start", NULL);
	const fdt64_t *end = fdt_getprop(fdt, chosen, "linux,initrd-end", NULL);

	(void)state;
	assert_false(fake.boot.powered_off);
	assert_int_equal(fake.boot.pc, 0x40000000);
	assert_int_equal(fake.boot.x0 % 8, 0);
	assert_true(fake.boot.x0 > fake.boot.pc);
	assert_int_equal(fdt64_ld(end) - fdt64_ld(start), 4096);
	assert_true(fdt64_ld(end) <= fake.boot.x0);
	machine_destroy(machine);
}

static void test_ends(void **state)
{
	static const struct {
		enum accel_exit_reason exit;
		enum machine_end end;
	} cases[] = {
		{ACCEL_EXIT_POWEROFF, MACHINE_OFF},
		{ACCEL_EXIT_RESET, MACHINE_RESET},
		{ACCEL_EXIT_CRASH, MACHINE_PANIC},
		{ACCEL_EXIT_FAULT, MACHINE_FAULT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *machine;

		fake_reset();
		machine = create();
		assert_int_equal(machine_start(machine), 0);
		fake_exit(cases[i].exit);
		assert_int_equal(event_loop_run(loop), 0);
		assert_int_equal(machine_get_end(machine), cases[i].end);
		machine_destroy(machine);
		assert_int_equal(fake.nr_destroyed, 1);
	}
}

static void test_pause_and_resume(void **state)
{
	struct machine *machine = create();
	unsigned int runs;

	(void)state;
	assert_int_equal(machine_start(machine), 0);
	for (unsigned int i = 0; i < 50; i++) {
		machine_pause(machine);
		machine_pause(machine);
		assert_true(machine_is_paused(machine));
		runs = fake.nr_runs;
		usleep(100);
		assert_int_equal(fake.nr_runs, runs);
		machine_resume(machine);
		machine_resume(machine);
		assert_false(machine_is_paused(machine));
	}
	assert_int_equal(fake.nr_pauses, 50);
	assert_int_equal(fake.nr_resumes, 50);
	machine_pause(machine);
	machine_destroy(machine); /* also while paused */
}

static void test_panic_register(void **state)
{
	struct machine *machine = create();

	(void)state;
	assert_int_equal(machine_start(machine), 0);
	machine_finish(machine, MACHINE_PANIC);
	machine_finish(machine, MACHINE_OFF); /* the first end wins */
	assert_int_equal(event_loop_run(loop), 0);
	assert_int_equal(machine_get_end(machine), MACHINE_PANIC);
	machine_destroy(machine);
}

static void test_limits(void **state)
{
	struct machine *machine;

	(void)state;
	config.nr_cpus = 9;
	assert_int_equal(machine_create(&config, &backends, loop, &machine), -EINVAL);
	config.nr_cpus = 1;
	config.mem_size = 64ULL << 30;
	assert_int_equal(machine_create(&config, &backends, loop, &machine), -EINVAL);
	config.mem_size = 4 << 20;
	assert_int_equal(machine_create(&config, &backends, loop, &machine), 0);
	machine_destroy(machine);
	backends.initrd_fd = open("/tmp", O_RDONLY); /* no file */
	assert_int_equal(machine_create(&config, &backends, loop, &machine), -EINVAL);
	close(backends.initrd_fd);
	assert_int_equal(fake.nr_created, fake.nr_destroyed);
}

static unsigned int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nr = 0;

	while (readdir(dir)) {
		nr++;
	}
	closedir(dir);
	return nr;
}

/* A byte of a page that nobody touched makes that page, and no other, resident. */
static void test_counts_memory(void **state)
{
	struct machine *machine = create();
	unsigned long long before = 0, after = 0;
	char *text = NULL;
	size_t size;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		FILE *out = open_memstream(&text, &size);

		machine_print_stat(machine, out);
		fclose(out);
		assert_int_equal(sscanf(text, "memory.guest_kib %llu", i ? &after : &before), 1);
		assert_non_null(strstr(text, "\nmemory.resident_kib "));
		free(text);
		((volatile uint8_t *)fake.ram)[48 << 20] = 1;
	}
	assert_true(before > 0 && after > before && after <= before + 2048);
	machine_destroy(machine);
}

static void test_failures_leave_nothing(void **state)
{
	unsigned int before = count_descriptors();
	struct machine *machine;

	(void)state;
	for (unsigned int i = 1;; i++) {
		fake_reset();
		fake.fail_at = i;
		if (machine_create(&config, &backends, loop, &machine) == 0) {
			machine_destroy(machine);
			assert_true(i > 15); /* create, memory, 6 vCPUs twice, GIC */
			break;
		}
		assert_int_equal(fake.nr_created, fake.nr_destroyed);
		assert_int_equal(count_descriptors(), before);
	}
	assert_int_equal(count_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_device_tree),
		TEST(test_gicv2),
		TEST(test_pci),
		TEST(test_boot_state),
		TEST(test_ends),
		TEST(test_pause_and_resume),
		TEST(test_panic_register),
		TEST(test_limits),
		TEST(test_counts_memory),
		TEST(test_failures_leave_nothing),
	};
	int result;

	write_kernel();
	result = cmocka_run_group_tests(tests, NULL, NULL);
	close(backends.kernel_fd);
	unlink(kernel_path);
	return result;
}
