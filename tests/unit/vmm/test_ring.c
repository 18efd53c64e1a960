// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_ring.c: the virtqueue parser: what a good driver does, each rule a bad one can break, and
 * notification control.
 */
#include "cmocka_all.h"
#include "guest_ring.h"

#include <errno.h>

#define FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC)
#define DATA     (GUEST_BASE + 0x100000)

static struct guest_memory memory;
static struct guest_ring ring;
static struct virtq queue;
static struct virtq_chain chain;

static int set_up(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	assert_int_equal(guest_memory_add(&memory, GUEST_BASE, GUEST_SIZE), 0);
	guest_ring_init(&ring, &memory, 0, 8);
	assert_int_equal(virtq_start(&queue, &memory, &ring.setup, FEATURES), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guest_memory_release(&memory);
	return 0;
}

static void test_start_checks_the_setup(void **state)
{
	static const struct virtq_setup bad[] = {
		{true, 0, GUEST_BASE, GUEST_BASE, GUEST_BASE},
		{true, 3, GUEST_BASE, GUEST_BASE, GUEST_BASE},
		{true, 2048, GUEST_BASE, GUEST_BASE, GUEST_BASE},
		{true, 8, GUEST_BASE + 8, GUEST_BASE, GUEST_BASE},
		{true, 8, GUEST_BASE, GUEST_BASE + 1, GUEST_BASE},
		{true, 8, GUEST_BASE, GUEST_BASE, GUEST_BASE + 2},
		{true, 8, 0, GUEST_BASE, GUEST_BASE},
		{true, 8, GUEST_BASE + GUEST_SIZE - 112, GUEST_BASE, GUEST_BASE},
		{true, 8, GUEST_BASE, GUEST_BASE + GUEST_SIZE - 20, GUEST_BASE},
		{true, 8, GUEST_BASE, GUEST_BASE, GUEST_BASE + GUEST_SIZE - 68},
		{true, 8, UINT64_MAX - 15, GUEST_BASE, GUEST_BASE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(virtq_start(&queue, &memory, &bad[i], FEATURES), -EINVAL);
		assert_int_equal(virtq_pop(&queue, &chain), -EPROTO);
	}
}

static void test_pops_a_chain(void **state)
{
	(void)state;
	assert_int_equal(virtq_pop(&queue, &chain), 0);
	guest_ring_desc(&ring, 3, DATA, 16, DESC_NEXT, 5);
	guest_ring_desc(&ring, 5, DATA + 0x1000, 100, DESC_NEXT | DESC_WRITE, 1);
	guest_ring_desc(&ring, 1, DATA + 0x2000, 1, DESC_WRITE, 0);
	guest_ring_offer(&ring, 3);
	assert_true(virtq_has_work(&queue));
	assert_int_equal(virtq_pop(&queue, &chain), 1);
	assert_int_equal(chain.head, 3);
	assert_int_equal(chain.nr_out, 1);
	assert_int_equal(chain.nr_in, 2);
	assert_int_equal(chain.out_size, 16);
	assert_int_equal(chain.in_size, 101);
	assert_int_equal(chain.segments[2].gpa, DATA + 0x2000);
	assert_int_equal(virtq_pop(&queue, &chain), 0);
}

static void test_indices_wrap(void **state)
{
	uint32_t head, length;

	(void)state;
	guest_ring_desc(&ring, 2, DATA, 4, DESC_WRITE, 0);
	for (unsigned int i = 0; i < 70000; i++) {
		guest_ring_offer(&ring, 2);
		assert_int_equal(virtq_pop(&queue, &chain), 1);
		virtq_push(&queue, &chain, i % 5);
		assert_true(guest_ring_take(&ring, &head, &length));
		assert_int_equal(head, 2);
		assert_int_equal(length, i % 5);
	}
}

static void test_follows_indirect_tables(void **state)
{
	(void)state;
	guest_ring_desc_at(&memory, DATA + 16, DATA + 0x1000, 8, DESC_NEXT | DESC_WRITE, 0);
	guest_ring_desc_at(&memory, DATA, DATA + 0x2000, 8, DESC_WRITE, 0);
	guest_ring_desc_at(&memory, DATA + 32, DATA + 0x3000, 8, DESC_NEXT, 1);
	/* The walk begins with entry 0. */
	guest_ring_desc_at(&memory, DATA, DATA + 0x2000, 8, DESC_NEXT, 2);
	guest_ring_desc_at(&memory, DATA + 16, DATA + 0x1000, 8, DESC_WRITE, 0);
	guest_ring_desc(&ring, 0, DATA, 48, DESC_INDIRECT, 0);
	guest_ring_offer(&ring, 0);
	assert_int_equal(virtq_pop(&queue, &chain), 1);
	assert_int_equal(chain.nr_out, 2);
	assert_int_equal(chain.nr_in, 1);
}

/* Offers head 0 and expects the ring to break for good. */
static void expect_broken(const char *what)
{
	guest_ring_offer(&ring, 0);
	if (virtq_pop(&queue, &chain) != -EPROTO || virtq_pop(&queue, &chain) != -EPROTO ||
	    virtq_has_work(&queue)) {
		fail_msg("%s was accepted", what);
	}
	guest_ring_init(&ring, &memory, 0, 8);
	memset(memory.regions[0].host, 0, 0x10000);
	assert_int_equal(virtq_start(&queue, &memory, &ring.setup, FEATURES), 0);
}

static void test_refuses_bad_descriptors(void **state)
{
	(void)state;
	guest_ring_desc(&ring, 0, DATA, 4, DESC_NEXT, 8);
	expect_broken("a next index beyond the table");
	guest_ring_desc(&ring, 0, DATA, 4, DESC_NEXT, 0);
	expect_broken("a loop");
	guest_ring_desc(&ring, 0, GUEST_BASE - 1, 4, 0, 0);
	expect_broken("an address below memory");
	guest_ring_desc(&ring, 0, GUEST_BASE + GUEST_SIZE - 3, 4, 0, 0);
	expect_broken("a buffer across the end of memory");
	guest_ring_desc(&ring, 0, UINT64_MAX - 1, 4, 0, 0);
	expect_broken("a buffer that wraps");
	guest_ring_desc(&ring, 0, DATA, UINT32_MAX, 0, 0);
	expect_broken("a huge length");
	guest_ring_desc(&ring, 0, DATA, 4, DESC_NEXT | DESC_WRITE, 1);
	guest_ring_desc(&ring, 1, DATA, 4, 0, 0);
	expect_broken("readable after writable");
}

static void test_refuses_bad_indirect_tables(void **state)
{
	(void)state;
	guest_ring_desc(&ring, 0, DATA, 16, DESC_INDIRECT | DESC_NEXT, 1);
	expect_broken("indirect with next");
	guest_ring_desc(&ring, 0, DATA, 0, DESC_INDIRECT, 0);
	expect_broken("an empty table");
	guest_ring_desc(&ring, 0, DATA, 24, DESC_INDIRECT, 0);
	expect_broken("half a descriptor");
	guest_ring_desc(&ring, 0, 0, 16, DESC_INDIRECT, 0);
	expect_broken("a table outside memory");
	guest_ring_desc_at(&memory, DATA, DATA, 16, DESC_INDIRECT, 0);
	guest_ring_desc(&ring, 0, DATA, 16, DESC_INDIRECT, 0);
	expect_broken("a table in a table");
	guest_ring_desc_at(&memory, DATA, DATA, 4, DESC_NEXT, 1);
	guest_ring_desc(&ring, 0, DATA, 16, DESC_INDIRECT, 0);
	expect_broken("a next index beyond the indirect table");
	guest_ring_desc_at(&memory, DATA, DATA, 4, DESC_NEXT, 0);
	guest_ring_desc(&ring, 0, DATA, 0x10000, DESC_INDIRECT, 0);
	expect_broken("a loop in a table");
}

static void test_bounds_the_number_of_segments(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 200; i++) {
		guest_ring_desc_at(&memory, DATA + 16 * i, DATA, 4, i < 199 ? DESC_NEXT : 0,
				   (uint16_t)(i + 1));
	}
	guest_ring_desc(&ring, 0, DATA, 200 * 16, DESC_INDIRECT, 0);
	expect_broken("200 segments");
}

static void test_refuses_a_head_beyond_the_table(void **state)
{
	(void)state;
	guest_ring_offer(&ring, 8);
	assert_int_equal(virtq_pop(&queue, &chain), -EPROTO);
}

static void test_refuses_an_index_too_far_ahead(void **state)
{
	const uint16_t index = 9;

	(void)state;
	guest_put(&memory, ring.setup.driver + 2, &index, 2);
	assert_int_equal(virtq_pop(&queue, &chain), -EPROTO);
}

static void test_indirect_needs_the_feature(void **state)
{
	(void)state;
	assert_int_equal(virtq_start(&queue, &memory, &ring.setup, VIRTIO_F_VERSION_1), 0);
	guest_ring_desc_at(&memory, DATA, DATA, 4, 0, 0);
	guest_ring_desc(&ring, 0, DATA, 16, DESC_INDIRECT, 0);
	guest_ring_offer(&ring, 0);
	assert_int_equal(virtq_pop(&queue, &chain), -EPROTO);
}

static void use_one(void)
{
	guest_ring_desc(&ring, 0, DATA, 4, DESC_WRITE, 0);
	guest_ring_offer(&ring, 0);
	assert_int_equal(virtq_pop(&queue, &chain), 1);
	virtq_push(&queue, &chain, 0);
}

static void test_interrupts_by_flag(void **state)
{
	const uint16_t no_irq = 1;

	(void)state;
	assert_false(virtq_needs_interrupt(&queue));
	use_one();
	assert_true(virtq_needs_interrupt(&queue));
	assert_false(virtq_needs_interrupt(&queue));
	guest_put(&memory, ring.setup.driver, &no_irq, 2);
	use_one();
	assert_false(virtq_needs_interrupt(&queue));
}

static void test_interrupts_by_event_index(void **state)
{
	const uint16_t event = 2;

	(void)state;
	assert_int_equal(virtq_start(&queue, &memory, &ring.setup, FEATURES | VIRTIO_F_EVENT_IDX),
			 0);
	guest_put(&memory, ring.setup.driver + 4 + 2 * 8, &event, 2);
	use_one();
	assert_false(virtq_needs_interrupt(&queue));
	use_one();
	assert_false(virtq_needs_interrupt(&queue));
	use_one(); /* the third crosses index 2 */
	assert_true(virtq_needs_interrupt(&queue));
	use_one();
	assert_false(virtq_needs_interrupt(&queue));
}

static void test_notification_control(void **state)
{
	const uint64_t avail_event = ring.setup.device + 4 + 8 * 8;

	(void)state;
	virtq_disable_notify(&queue);
	assert_int_equal(guest_get16(&memory, ring.setup.device), 1);
	assert_false(virtq_enable_notify(&queue));
	assert_int_equal(guest_get16(&memory, ring.setup.device), 0);
	assert_int_equal(virtq_start(&queue, &memory, &ring.setup, FEATURES | VIRTIO_F_EVENT_IDX),
			 0);
	use_one();
	assert_false(virtq_enable_notify(&queue));
	assert_int_equal(guest_get16(&memory, avail_event), 1);
	guest_ring_offer(&ring, 0);
	assert_true(virtq_enable_notify(&queue));
}

static void test_copies_across_segments(void **state)
{
	uint8_t bytes[8];

	(void)state;
	guest_ring_desc(&ring, 0, DATA, 3, DESC_NEXT, 1);
	guest_ring_desc(&ring, 1, DATA + 0x100, 5, DESC_NEXT, 2);
	guest_ring_desc(&ring, 2, DATA + 0x200, 2, DESC_NEXT | DESC_WRITE, 3);
	guest_ring_desc(&ring, 3, DATA + 0x300, 2, DESC_WRITE, 0);
	guest_put(&memory, DATA, "abc", 3);
	guest_put(&memory, DATA + 0x100, "defgh", 5);
	guest_ring_offer(&ring, 0);
	assert_int_equal(virtq_pop(&queue, &chain), 1);
	assert_true(virtq_chain_read(&chain, 1, bytes, 6));
	assert_memory_equal(bytes, "bcdefg", 6);
	assert_false(virtq_chain_read(&chain, 1, bytes, 8));
	assert_false(virtq_chain_read(&chain, 9, bytes, 0));
	assert_true(virtq_chain_write(&chain, 1, "xy", 2));
	assert_memory_equal(guest_memory_span(&memory, DATA + 0x201, 1), "x", 1);
	assert_memory_equal(guest_memory_span(&memory, DATA + 0x300, 1), "y", 1);
	assert_false(virtq_chain_write(&chain, 3, "xy", 2));
}

static void count_written(void *context, uint64_t gpa, uint64_t size)
{
	uint64_t *total = context;

	if (gpa >= DATA) {
		*total += size;
	}
}

static void test_reports_what_was_written(void **state)
{
	uint64_t total = 0;

	(void)state;
	memory.written = count_written;
	memory.written_context = &total;
	guest_ring_desc(&ring, 0, DATA, 100, DESC_NEXT | DESC_WRITE, 1);
	guest_ring_desc(&ring, 1, DATA + 0x1000, 100, DESC_WRITE, 0);
	guest_ring_offer(&ring, 0);
	assert_int_equal(virtq_pop(&queue, &chain), 1);
	virtq_push(&queue, &chain, 130);
	assert_int_equal(total, 130);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start_checks_the_setup),
		TEST(test_pops_a_chain),
		TEST(test_indices_wrap),
		TEST(test_follows_indirect_tables),
		TEST(test_refuses_bad_descriptors),
		TEST(test_refuses_bad_indirect_tables),
		TEST(test_bounds_the_number_of_segments),
		TEST(test_refuses_a_head_beyond_the_table),
		TEST(test_refuses_an_index_too_far_ahead),
		TEST(test_indirect_needs_the_feature),
		TEST(test_interrupts_by_flag),
		TEST(test_interrupts_by_event_index),
		TEST(test_notification_control),
		TEST(test_copies_across_segments),
		TEST(test_reports_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
