// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_virtio.c: a hostile guest against virtio-mmio, virtio-blk and virtio-console (libFuzzer).
 *
 * The input is a program for that guest: one byte selects the device, then operations follow, each
 * an opcode and its operands: register accesses, stores anywhere into guest memory, descriptors,
 * offered chains, and short cuts that bring the device up, so that the fuzzer gets behind feature
 * negotiation. Only "it must not crash, read outside guest memory or hang" is checked.
 */
#include "virtio_driver.h"

#include "block/block.h"
#include "chardev/chardev.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "log.h"

#include <stdlib.h>
#include <sys/mman.h>

#define DISK_SIZE 65536

struct input {
	const uint8_t *bytes;
	size_t left;
};

static struct chardev_client client;
static bool has_client;
static size_t accepts;

void chardev_attach(struct chardev *chardev, const struct chardev_client *new_client)
{
	(void)chardev;
	has_client = new_client;
	if (new_client) {
		client = *new_client;
	}
}

size_t chardev_write(struct chardev *chardev, const void *bytes, size_t count)
{
	static uint8_t copy[256];

	(void)chardev;
	count = count < accepts ? count : accepts;
	accepts -= count;
	memcpy(copy, bytes, count); /* all of it can be read */
	return count;
}

void chardev_resume_input(struct chardev *chardev)
{
	(void)chardev;
}

static uint64_t take(struct input *input, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count && input->left; i++, input->left--) {
		value = value << 8 | *input->bytes++;
	}
	return value;
}

static void store(struct virtio_driver *driver, struct input *input)
{
	uint64_t gpa = GUEST_BASE + take(input, 3) % GUEST_SIZE;
	uint8_t bytes[16];
	size_t count = take(input, 1) % sizeof(bytes);

	for (size_t i = 0; i < count; i++) {
		bytes[i] = (uint8_t)take(input, 1);
	}
	guest_memory_write(&driver->memory, gpa, bytes, count);
}

static void describe(struct virtio_driver *driver, struct input *input)
{
	struct guest_ring *ring = &driver->rings[take(input, 1) % 2];
	uint16_t index = take(input, 1) % 16;
	uint64_t address = GUEST_BASE + take(input, 3);
	uint32_t length = (uint32_t)take(input, 3);
	uint16_t flags = take(input, 1) % 8;

	if (ring->memory) {
		guest_ring_desc(ring, index, address, length, flags, take(input, 1) % 20);
	}
}

static void offer(struct virtio_driver *driver, struct input *input)
{
	unsigned int queue = take(input, 1) % 2;

	if (driver->rings[queue].memory) {
		guest_ring_offer(&driver->rings[queue], take(input, 1) % 20);
		driver_put(driver, 0x50, queue);
	}
}

static void type(struct input *input)
{
	uint8_t bytes[64] = {0};
	size_t count = take(input, 1) % sizeof(bytes);

	if (has_client) {
		size_t room = client.room(client.context);

		client.receive(client.context, bytes, count < room ? count : room);
		client.writable(client.context);
	}
}

static void step(struct virtio_driver *driver, struct input *input, unsigned int nr_queues)
{
	uint64_t offset;

	switch (take(input, 1) % 8) {
	case 0:
		offset = take(input, 2) % VIRTIO_MMIO_SIZE;
		virtio_mmio_class.bus.write(driver->mmio, offset, take(input, 4),
					    1u << take(input, 1) % 4);
		break;
	case 1:
		offset = take(input, 2) % VIRTIO_MMIO_SIZE;
		virtio_mmio_class.bus.read(driver->mmio, offset, 1u << take(input, 1) % 4);
		break;
	case 2:
		store(driver, input);
		break;
	case 3:
		driver_start(driver, take(input, 1) % 2 ? UINT64_MAX : 0, nr_queues);
		break;
	case 4:
	case 5:
		describe(driver, input);
		break;
	case 6:
		offer(driver, input);
		break;
	case 7:
		accepts = take(input, 1);
		type(input);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {bytes, size};
	bool is_disk = take(&input, 1) % 4 == 0; /* slower: it has a thread */
	struct block_backend disk = {.size = DISK_SIZE, .can_discard = true, .fd = -1};
	struct virtio_driver driver = {0};

	log_set_level(LOG_LEVEL_ERROR);
	accepts = 100;
	if (guest_memory_add(&driver.memory, GUEST_BASE, GUEST_SIZE)) {
		return 0;
	}
	if (is_disk) {
		disk.fd = memfd_create("disk", MFD_CLOEXEC);
		if (ftruncate(disk.fd, DISK_SIZE)) {
			abort();
		}
		driver_create(&driver, virtio_blk_create(&disk, "serial"));
	} else {
		driver_create(&driver, virtio_console_create(NULL, 80, 25));
	}
	while (input.left) {
		step(&driver, &input, is_disk ? 1 : 2);
	}
	virtio_mmio_class.destroy(driver.mmio);
	guest_memory_release(&driver.memory);
	if (is_disk) {
		close(disk.fd);
	}
	return 0;
}
