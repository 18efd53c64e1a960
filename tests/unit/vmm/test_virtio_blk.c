// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_virtio_blk.c: virtio-mmio and the block device together, driven through registers and rings
 * as a guest does.
 */
#include "cmocka_all.h"
#include "virtio_driver.h"

#include "block/block.h"
#include "devices/virtio/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DISK_SIZE (1u << 20)
#define HEADER    (GUEST_BASE + 0x100000)
#define DATA      (GUEST_BASE + 0x110000)
#define STATUS    (GUEST_BASE + 0x120000)

#define F_FLUSH (UINT64_C(1) << 9)

static char path[64];
static struct block_backend *backend;
static struct virtio_driver driver;

static void make_disk(bool read_only)
{
	int fd;

	strcpy(path, "/tmp/test_blk.XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(ftruncate(fd, DISK_SIZE), 0);
	assert_int_equal(pwrite(fd, "sector 2", 8, 1024), 8);
	close(fd);
	assert_int_equal(block_open(path, read_only, &backend), 0);
	memset(&driver, 0, sizeof(driver));
	assert_int_equal(guest_memory_add(&driver.memory, GUEST_BASE, GUEST_SIZE), 0);
	driver_create(&driver, virtio_blk_create(backend, "a-serial-number"));
	assert_non_null(driver.mmio);
}

static int set_up(void **state)
{
	(void)state;
	make_disk(false);
	driver_start(&driver, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
	return 0;
}

static int set_up_read_only(void **state)
{
	(void)state;
	make_disk(true);
	driver_start(&driver, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	virtio_mmio_class.destroy(driver.mmio);
	block_close(backend);
	guest_memory_release(&driver.memory);
	unlink(path);
	return 0;
}

/* One request with @size bytes of data (@in: the device writes them). Returns the status byte, 0xff
 * without an answer. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t size, bool in)
{
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = {type, 0, sector};
	struct guest_ring *ring = &driver.rings[0];
	uint8_t status = 0xff;
	uint32_t length;

	guest_put(&driver.memory, HEADER, &header, 16);
	guest_put(&driver.memory, STATUS, &status, 1);
	guest_ring_desc(ring, 0, HEADER, 16, DESC_NEXT, size ? 1 : 2);
	guest_ring_desc(ring, 1, DATA, size, DESC_NEXT | (in ? DESC_WRITE : 0), 2);
	guest_ring_desc(ring, 2, STATUS, 1, DESC_WRITE, 0);
	guest_ring_offer(ring, 0);
	driver_put(&driver, 0x50, 0);
	if (!driver_wait(&driver, 0, &length)) {
		return 0xff;
	}
	memcpy(&status, guest_memory_span(&driver.memory, STATUS, 1), 1);
	return status;
}

static void *data(void)
{
	return guest_memory_span(&driver.memory, DATA, 1);
}

static void test_identifies_itself(void **state)
{
	(void)state;
	assert_int_equal(driver_get(&driver, 0x00), 0x74726976);
	assert_int_equal(driver_get(&driver, 0x04), 2);
	assert_int_equal(driver_get(&driver, 0x08), 2);
	assert_int_equal(driver_get(&driver, 0x34), 256);
	assert_int_equal(driver_get(&driver, 0x100), DISK_SIZE / 512);
	assert_int_equal(request(8, 0, 20, true), 0);
	assert_string_equal(data(), "a-serial-number");
}

static void test_reads_and_writes(void **state)
{
	char bytes[8];

	(void)state;
	assert_int_equal(request(0, 2, 512, true), 0);
	assert_memory_equal(data(), "sector 2", 8);
	strcpy(data(), "written");
	assert_int_equal(request(1, 100, 1024, false), 0);
	assert_int_equal(request(4, 0, 0, false), 0);
	assert_int_equal(pread(backend->fd, bytes, 8, 51200), 8);
	assert_string_equal(bytes, "written");
	assert_true(driver.nr_interrupts > 0);
}

static void test_refuses_what_is_outside(void **state)
{
	(void)state;
	assert_int_equal(request(0, DISK_SIZE / 512, 512, true), 1);
	assert_int_equal(request(0, DISK_SIZE / 512 - 1, 1024, true), 1);
	assert_int_equal(request(0, UINT64_MAX, 512, true), 1);
	assert_int_equal(request(1, UINT64_MAX / 512, 512, false), 1);
	assert_int_equal(request(0, 0, 100, true), 1);
	assert_int_equal(request(77, 0, 512, true), 2);
	/* The device still works. */
	assert_int_equal(request(0, 2, 512, true), 0);
}

static void test_zeroes_and_discards(void **state)
{
	struct {
		uint64_t sector;
		uint32_t nr, flags;
	} range = {2, 1, 0};
	char bytes[8] = "x";

	(void)state;
	memcpy(data(), &range, 16);
	assert_int_equal(request(13, 0, 16, false), 0);
	assert_int_equal(pread(backend->fd, bytes, 8, 1024), 8);
	assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(request(11, 0, 16, false), 0);
	range.flags = 2;
	memcpy(data(), &range, 16);
	assert_int_equal(request(13, 0, 16, false), 2);
	range.flags = 0;
	range.sector = UINT64_MAX;
	memcpy(data(), &range, 16);
	assert_int_equal(request(13, 0, 16, false), 1);
	range.sector = 0;
	range.nr = UINT32_MAX;
	memcpy(data(), &range, 16);
	assert_int_equal(request(11, 0, 16, false), 1);
	assert_int_equal(request(11, 0, 8, false), 2);
}

static void test_read_only_disk(void **state)
{
	(void)state;
	driver_put(&driver, 0x14, 0);
	assert_true(driver_get(&driver, 0x10) & (1u << 5));
	assert_int_equal(request(1, 0, 512, false), 1);
	assert_int_equal(request(0, 2, 512, true), 0);
}

static void test_needs_version_1(void **state)
{
	(void)state;
	driver_put(&driver, 0x70, 0);
	driver_put(&driver, 0x70, 3);
	driver_put(&driver, 0x70, 11);
	assert_int_equal(driver_get(&driver, 0x70), 3); /* FEATURES_OK did not stick */
	driver_put(&driver, 0x70, 15);
	assert_int_equal(driver_get(&driver, 0x70), 3); /* nor DRIVER_OK without it */
}

static void test_refuses_features_not_offered(void **state)
{
	(void)state;
	driver_put(&driver, 0x70, 0);
	driver_put(&driver, 0x70, 3);
	driver_put(&driver, 0x24, 1);
	driver_put(&driver, 0x20, 0x80000001u);
	driver_put(&driver, 0x70, 11);
	assert_int_equal(driver_get(&driver, 0x70), 3);
}

static void test_bad_ring_needs_reset(void **state)
{
	struct virtq_setup setup;

	(void)state;
	driver_negotiate(&driver, 0);
	setup = driver.rings[0].setup;
	setup.device = 0x1000;
	driver_set_queue(&driver, 0, &setup);
	driver_put(&driver, 0x70, 15);
	assert_true(driver_get(&driver, 0x70) & 64);
	assert_true(driver_get(&driver, 0x60) & 2);
	driver_start(&driver, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
	assert_int_equal(driver_get(&driver, 0x70), 15);
	assert_int_equal(request(0, 2, 512, true), 0);
}

static void test_request_without_status_needs_reset(void **state)
{
	(void)state;
	guest_ring_desc(&driver.rings[0], 0, HEADER, 16, 0, 0);
	guest_ring_offer(&driver.rings[0], 0);
	driver_put(&driver, 0x50, 0);
	for (unsigned int i = 0; i < 5000 && !(driver_get(&driver, 0x70) & 64); i++) {
		usleep(1000);
	}
	assert_int_equal(driver_get(&driver, 0x70), 15 | 64);
}

static void test_queue_is_latched(void **state)
{
	(void)state;
	driver_put(&driver, 0x30, 0);
	driver_put(&driver, 0x38, 3);
	driver_put(&driver, 0x80, 0xdead0000);
	driver_put(&driver, 0x44, 0);
	assert_int_equal(driver_get(&driver, 0x44), 1);
	assert_int_equal(request(0, 2, 512, true), 0);
}

static void test_reset_under_load(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		guest_ring_desc(&driver.rings[0], 0, HEADER, 16, DESC_NEXT, 1);
		guest_ring_desc(&driver.rings[0], 1, DATA, 0x8001, DESC_WRITE, 0);
		for (unsigned int n = 0; n < 16; n++) {
			guest_ring_offer(&driver.rings[0], 0);
		}
		driver_put(&driver, 0x50, 0);
		driver_start(&driver, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
	}
	assert_int_equal(request(0, 2, 512, true), 0);
}

static void test_open_says_no(void **state)
{
	struct block_backend *other;
	char pipe[80];

	(void)state;
	assert_int_equal(block_open("/nonexistent", false, &other), -EINVAL);
	assert_int_equal(block_open("/tmp", true, &other), -EINVAL);
	assert_int_equal(block_open("/dev/null", true, &other), -EINVAL);
	snprintf(pipe, sizeof(pipe), "%s.pipe", path);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(block_open(pipe, true, &other),
			 -EINVAL); /* without waiting for a writer */
	unlink(pipe);
	assert_int_equal(block_open(path, false, &other), -EINVAL); /* in use */
	assert_int_equal(pwrite(backend->fd, "QFI\xfb", 4, 0), 4);
	assert_int_equal(block_open(path, false, &other), -EINVAL);
	assert_int_equal(pwrite(backend->fd, "    ", 4, 0), 4);
	assert_int_equal(ftruncate(backend->fd, 513), 0);
	assert_int_equal(block_open(path, false, &other), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identifies_itself),
		TEST(test_reads_and_writes),
		TEST(test_refuses_what_is_outside),
		TEST(test_zeroes_and_discards),
		cmocka_unit_test_setup_teardown(test_read_only_disk, set_up_read_only, tear_down),
		TEST(test_needs_version_1),
		TEST(test_refuses_features_not_offered),
		TEST(test_bad_ring_needs_reset),
		TEST(test_request_without_status_needs_reset),
		TEST(test_queue_is_latched),
		TEST(test_reset_under_load),
		TEST(test_open_says_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
