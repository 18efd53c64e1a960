// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_virtio_console.c: the console device against a chardev that the test controls.
 */
#include "cmocka_all.h"
#include "virtio_driver.h"

#include "chardev/chardev.h"
#include "devices/virtio/console.h"

#include <errno.h>

#define DATA (GUEST_BASE + 0x100000)

static struct chardev_client client;
static char output[256];
static size_t nr_output, accepts, nr_resumes;
static struct virtio_driver driver;
static struct virtio_device *console;

void chardev_attach(struct chardev *chardev, const struct chardev_client *new_client)
{
	(void)chardev;
	if (new_client) {
		client = *new_client;
	}
}

size_t chardev_write(struct chardev *chardev, const void *bytes, size_t count)
{
	(void)chardev;
	count = count < accepts ? count : accepts;
	memcpy(output + nr_output, bytes, count);
	nr_output += count;
	accepts -= count;
	return count;
}

void chardev_resume_input(struct chardev *chardev)
{
	(void)chardev;
	nr_resumes++;
}

static int set_up(void **state)
{
	(void)state;
	nr_output = 0;
	accepts = sizeof(output);
	nr_resumes = 0;
	memset(&driver, 0, sizeof(driver));
	assert_int_equal(guest_memory_add(&driver.memory, GUEST_BASE, GUEST_SIZE), 0);
	console = virtio_console_create(NULL, 80, 25);
	driver_create(&driver, console);
	driver_start(&driver, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	virtio_mmio_class.destroy(driver.mmio);
	guest_memory_release(&driver.memory);
	return 0;
}

static void send_text(const char *text)
{
	guest_put(&driver.memory, DATA, text, strlen(text));
	guest_ring_desc(&driver.rings[1], 0, DATA, (uint32_t)strlen(text), 0, 0);
	guest_ring_offer(&driver.rings[1], 0);
	driver_put(&driver, 0x50, 1);
}

static void test_transmits(void **state)
{
	uint32_t length;

	(void)state;
	send_text("hello");
	assert_memory_equal(output, "hello", 5);
	assert_true(driver_wait(&driver, 1, &length));
	assert_int_equal(driver.nr_interrupts, 1);
}

static void test_waits_for_a_full_chardev(void **state)
{
	uint32_t head, length;

	(void)state;
	accepts = 3;
	send_text("hello");
	assert_int_equal(nr_output, 3);
	assert_false(guest_ring_take(&driver.rings[1], &head, &length));
	accepts = 100;
	client.writable(client.context);
	assert_memory_equal(output, "hello", 5);
	assert_int_equal(nr_output, 5);
	assert_true(guest_ring_take(&driver.rings[1], &head, &length));
}

/* As when PCI's Bus Master Enable is cleared and set; and as when the device is reset. */
static void test_stops_while_it_sends(void **state)
{
	uint32_t head, length;

	(void)state;
	accepts = 3;
	send_text("hello");
	console->class->stop(console);
	accepts = 100;
	client.writable(client.context);
	assert_int_equal(nr_output, 3);
	console->class->start(console, 0);
	assert_memory_equal(output, "hello", 5);
	assert_int_equal(nr_output, 5);
	assert_true(guest_ring_take(&driver.rings[1], &head, &length));
	assert_false(guest_ring_take(&driver.rings[1], &head, &length));
	accepts = 3;
	send_text("again");
	driver_start(&driver, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 2);
	accepts = 100;
	client.writable(client.context);
	assert_int_equal(nr_output, 8);
}

static void test_receives(void **state)
{
	uint32_t head, length;

	(void)state;
	client.receive(client.context, (const uint8_t *)"abcdef", 6);
	assert_false(guest_ring_take(&driver.rings[0], &head, &length));
	guest_ring_desc(&driver.rings[0], 4, DATA, 4, DESC_WRITE, 0);
	guest_ring_offer(&driver.rings[0], 4);
	guest_ring_offer(&driver.rings[0], 4);
	driver_put(&driver, 0x50, 0);
	assert_true(guest_ring_take(&driver.rings[0], &head, &length));
	assert_int_equal(length, 4);
	assert_true(guest_ring_take(&driver.rings[0], &head, &length));
	assert_int_equal(length, 2);
	assert_memory_equal(guest_memory_span(&driver.memory, DATA, 4), "efcd", 4);
	assert_int_equal(nr_resumes, 1);
}

static void test_input_is_bounded(void **state)
{
	static const uint8_t bytes[4096];

	(void)state;
	assert_int_equal(client.room(client.context), 4096);
	client.receive(client.context, bytes, sizeof(bytes));
	assert_int_equal(client.room(client.context), 0);
	client.receive(client.context, bytes, sizeof(bytes));
	assert_int_equal(client.room(client.context), 0);
}

static void test_size_and_emergency_write(void **state)
{
	(void)state;
	assert_int_equal(virtio_mmio_class.bus.read(driver.mmio, 0x100, 2), 80);
	assert_int_equal(virtio_mmio_class.bus.read(driver.mmio, 0x102, 2), 25);
	driver_put(&driver, 0x108, '!');
	assert_int_equal(output[0], '!');
}

static void test_tells_the_size_at_the_first_key(void **state)
{
	(void)state;
	assert_int_equal(driver_get(&driver, 0x60) & 2, 0);
	client.receive(client.context, (const uint8_t *)"x", 1);
	assert_int_equal(driver_get(&driver, 0x60) & 2, 2);
	driver_put(&driver, 0x64, 2);
	client.receive(client.context, (const uint8_t *)"y", 1);
	assert_int_equal(driver_get(&driver, 0x60) & 2, 0);
}

static void test_empty_receive_buffer_needs_reset(void **state)
{
	(void)state;
	guest_ring_desc(&driver.rings[0], 0, DATA, 4, 0,
			0); /* readable where it must be writable */
	guest_ring_offer(&driver.rings[0], 0);
	client.receive(client.context, (const uint8_t *)"x", 1);
	assert_int_equal(driver_get(&driver, 0x70), 15 | 64);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_transmits),
		TEST(test_waits_for_a_full_chardev),
		TEST(test_stops_while_it_sends),
		TEST(test_receives),
		TEST(test_input_is_bounded),
		TEST(test_size_and_emergency_write),
		TEST(test_tells_the_size_at_the_first_key),
		TEST(test_empty_receive_buffer_needs_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
