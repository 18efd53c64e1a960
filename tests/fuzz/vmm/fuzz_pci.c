// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_pci.c: a hostile guest against the PCI host bridge and virtio over PCI (libFuzzer).
 *
 * As in fuzz_virtio.c the input is a program for that guest. The device has two queues, gives every
 * buffer back, and has no thread, so that an input does the same each time.
 */
#include "virtio_pci_driver.h"

#include "log.h"

#include <stdlib.h>

#define NR_QUEUES 2

struct input {
	const uint8_t *bytes;
	size_t left;
};

static uint64_t take(struct input *input, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count && input->left; i++, input->left--) {
		value = value << 8 | *input->bytes++;
	}
	return value;
}

static uint64_t echo_features(const struct virtio_device *device)
{
	(void)device;
	return 0xff;
}

static void echo_read_config(struct virtio_device *device, uint8_t config[VIRTIO_CONFIG_SIZE])
{
	(void)device;
	memset(config, 0x55, VIRTIO_CONFIG_SIZE);
}

static void echo_write_config(struct virtio_device *device, size_t offset, uint64_t value,
			      unsigned int size)
{
	(void)offset;
	(void)value;
	(void)size;
	virtio_config_changed(device);
}

static void echo_start(struct virtio_device *device, uint64_t features)
{
	(void)device;
	(void)features;
}

static void echo_stop(struct virtio_device *device)
{
	(void)device;
}

static void echo_notify(struct virtio_device *device, unsigned int queue)
{
	struct virtq_chain chain;
	int result;

	while ((result = virtq_pop(&device->queues[queue], &chain)) > 0) {
		virtq_push(&device->queues[queue], &chain, 0);
	}
	if (result < 0) {
		virtio_break(device);
	} else if (virtq_needs_interrupt(&device->queues[queue])) {
		virtio_interrupt(device, queue);
	}
}

static void echo_destroy(struct virtio_device *device)
{
	free(device);
}

static const struct virtio_class echo_class = {
	.name = "echo",
	.id = VIRTIO_ID_CONSOLE,
	.nr_queues = NR_QUEUES,
	.queue_size = 64,
	.features = echo_features,
	.read_config = echo_read_config,
	.write_config = echo_write_config,
	.start = echo_start,
	.notify = echo_notify,
	.stop = echo_stop,
	.destroy = echo_destroy,
};

static struct virtio_device *echo_create(void)
{
	struct virtio_device *device = calloc(1, sizeof(*device));

	if (device) {
		device->class = &echo_class;
		device->kick_fd = -1;
	}
	return device;
}

static void describe(struct virtio_pci_driver *driver, struct input *input)
{
	struct guest_ring *ring = &driver->rings[take(input, 1) % NR_QUEUES];
	uint16_t index = take(input, 1) % 16;
	uint64_t address = GUEST_BASE + take(input, 3);
	uint32_t length = (uint32_t)take(input, 3);
	uint16_t flags = take(input, 1) % 8;

	if (ring->memory) {
		guest_ring_desc(ring, index, address, length, flags, take(input, 1) % 20);
	}
}

static void offer(struct virtio_pci_driver *driver, struct input *input)
{
	unsigned int queue = take(input, 1) % NR_QUEUES;

	if (driver->rings[queue].memory) {
		guest_ring_offer(&driver->rings[queue], take(input, 1) % 20);
		pci_driver_notify(driver, queue);
	}
}

static void step(struct virtio_pci_driver *driver, struct input *input)
{
	unsigned int size = 1u << take(input, 1) % 4;
	uint64_t offset;

	switch (take(input, 1) % 8) {
	case 0:
		offset = take(input, 1) & ~(uint64_t)(size - 1);
		pci_driver_write(driver, (uint32_t)offset, (uint32_t)take(input, 4), size);
		break;
	case 1:
		offset = take(input, 3) % (PCI_HOST_ECAM_SIZE - 8);
		pci_host_class.bus.read(driver->host, offset, size);
		break;
	case 2:
		offset = take(input, 2) % 0x8000;
		pci_host_window.write(driver->host, PCI_BAR - PCI_WINDOW + offset, take(input, 4),
				      size);
		break;
	case 3:
		offset = take(input, 3) % (PCI_WINDOW_SIZE - 8);
		pci_host_window.read(driver->host, offset, size);
		break;
	case 4:
		pci_driver_probe(driver);
		pci_driver_start(driver, NR_QUEUES);
		break;
	case 5:
		pci_driver_start_msix(driver, NR_QUEUES + 1);
		break;
	case 6:
		describe(driver, input);
		break;
	case 7:
		offer(driver, input);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {bytes, size};
	struct virtio_pci_driver driver = {0};

	log_set_level(LOG_LEVEL_ERROR);
	if (guest_memory_add(&driver.memory, GUEST_BASE, GUEST_SIZE)) {
		return 0;
	}
	if (pci_driver_create(&driver, echo_create(), take(&input, 1) % 4)) {
		abort();
	}
	pci_driver_probe(&driver);
	while (input.left) {
		step(&driver, &input);
	}
	pci_host_class.destroy(driver.host);
	guest_memory_release(&driver.memory);
	return 0;
}
