// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_pl011.c: the UART's registers, FIFOs and interrupts (Arm DDI 0183G), against a chardev that
 * the test controls.
 */
#include "cmocka_all.h"

#include "chardev/chardev.h"
#include "devices/pl011.h"

#include <string.h>

#define DR    0x00
#define FR    0x18
#define LCR_H 0x2c
#define CR    0x30
#define IFLS  0x34
#define IMSC  0x38
#define RIS   0x3c
#define MIS   0x40
#define ICR   0x44

#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)
#define INT_RX  (1u << 4)
#define INT_TX  (1u << 5)
#define INT_RT  (1u << 6)

/* The chardev of the test: takes `accepts` bytes, keeps them. */
static struct chardev_client client;
static char output[256];
static size_t nr_output, accepts, nr_resumes;
static bool level;
static void *uart;

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

static void set_level(void *context, unsigned int number, bool new_level)
{
	(void)context;
	(void)number;
	level = new_level;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)pl011_class.bus.read(uart, offset, 4);
}

static void put(uint64_t offset, uint32_t value)
{
	pl011_class.bus.write(uart, offset, value, 4);
}

static int set_up(void **state)
{
	const struct irq_line irq = {.set = set_level};

	(void)state;
	nr_output = 0;
	accepts = sizeof(output);
	nr_resumes = 0;
	level = false;
	uart = pl011_create(NULL, &irq);
	assert_non_null(uart);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pl011_class.destroy(uart);
	return 0;
}

static void test_reset_values(void **state)
{
	static const uint32_t id[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	(void)state;
	assert_int_equal(get(FR) & (FR_RXFE | FR_TXFF | FR_RXFF | FR_TXFE), FR_RXFE | FR_TXFE);
	assert_int_equal(get(CR), 0x300);
	assert_int_equal(get(IFLS), 0x12);
	assert_int_equal(get(RIS), 0);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(get(0xfe0 + 4 * i), id[i]);
	}
}

static void test_transmits(void **state)
{
	(void)state;
	put(IMSC, INT_TX);
	assert_false(level);
	put(DR, 'h');
	put(DR, 'i');
	assert_int_equal(nr_output, 2);
	assert_memory_equal(output, "hi", 2);
	assert_true(level);
	put(ICR, INT_TX);
	assert_false(level);
}

static void test_transmit_fifo_fills_behind_a_full_chardev(void **state)
{
	(void)state;
	accepts = 0;
	put(LCR_H, 0x10);
	for (unsigned int i = 0; i < 40; i++) {
		put(DR, 'a' + i % 26);
	}
	assert_true(get(FR) & FR_TXFF);
	assert_false(get(FR) & FR_TXFE);
	assert_false(get(RIS) & INT_TX);
	accepts = 20;
	client.writable(client.context);
	assert_false(get(FR) & FR_TXFF);
	assert_true(get(RIS) & INT_TX); /* 12 left, the trigger is 16 */
	accepts = 100;
	client.writable(client.context);
	assert_int_equal(nr_output, 32); /* what came while it was full is lost */
	assert_true(get(FR) & FR_TXFE);
}

static void receive(const char *text)
{
	client.receive(client.context, (const uint8_t *)text, strlen(text));
}

static void test_receives_without_fifo(void **state)
{
	(void)state;
	put(IMSC, INT_RX | INT_RT);
	assert_int_equal(client.room(client.context), 1);
	receive("x");
	assert_int_equal(client.room(client.context), 0);
	assert_true(get(FR) & FR_RXFF);
	assert_int_equal(get(MIS), INT_RX);
	assert_true(level);
	assert_int_equal(get(DR), 'x');
	assert_false(level);
	assert_int_equal(nr_resumes, 1);
	assert_true(get(FR) & FR_RXFE);
}

static void test_receive_trigger_and_timeout(void **state)
{
	(void)state;
	put(LCR_H, 0x10);
	put(IMSC, INT_RX | INT_RT);
	assert_int_equal(client.room(client.context), 32);
	receive("abc");
	assert_int_equal(get(RIS), INT_RT); /* below the trigger of 16 */
	assert_true(level);
	receive("0123456789abc");
	assert_int_equal(get(RIS), INT_RT | INT_RX);
	assert_int_equal(get(DR), 'a');
	assert_int_equal(get(RIS), INT_RT);
	for (unsigned int i = 0; i < 15; i++) {
		get(DR);
	}
	assert_int_equal(get(RIS), 0);
	assert_false(level);
}

static void test_loopback(void **state)
{
	(void)state;
	put(LCR_H, 0x10);
	put(CR, 0x381);
	put(DR, 'z');
	assert_int_equal(nr_output, 0);
	assert_int_equal(get(DR), 'z');
}

static void test_every_offset_is_harmless(void **state)
{
	(void)state;
	for (uint64_t offset = 0; offset < 0x1000; offset++) {
		accepts = 1;
		nr_output = 0;
		pl011_class.bus.write(uart, offset, UINT64_MAX, 1u << offset % 4);
		pl011_class.bus.read(uart, offset, 1u << offset % 4);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reset_values),
		TEST(test_transmits),
		TEST(test_transmit_fifo_fills_behind_a_full_chardev),
		TEST(test_receives_without_fifo),
		TEST(test_receive_trigger_and_timeout),
		TEST(test_loopback),
		TEST(test_every_offset_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
