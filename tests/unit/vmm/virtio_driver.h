/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio_driver.h: for tests: brings a device behind virtio-mmio up as a driver does, and serves
 * its queues.
 */
#ifndef TEST_VIRTIO_DRIVER_H
#define TEST_VIRTIO_DRIVER_H

#include "devices/virtio/mmio.h"
#include "guest_ring.h"

#include <pthread.h>
#include <unistd.h>

struct virtio_driver {
	struct guest_memory memory;
	struct virtio_mmio *mmio;
	struct guest_ring rings[2];
	unsigned int nr_interrupts; /* guarded by lock */
	pthread_mutex_t lock;
};

static inline uint32_t driver_get(struct virtio_driver *driver, uint64_t offset)
{
	return (uint32_t)virtio_mmio_class.bus.read(driver->mmio, offset, 4);
}

static inline void driver_put(struct virtio_driver *driver, uint64_t offset, uint32_t value)
{
	virtio_mmio_class.bus.write(driver->mmio, offset, value, 4);
}

static inline void driver_on_irq(void *context, unsigned int number, bool level)
{
	struct virtio_driver *driver = context;

	(void)number;
	pthread_mutex_lock(&driver->lock);
	driver->nr_interrupts += level;
	pthread_mutex_unlock(&driver->lock);
}

static inline void driver_create(struct virtio_driver *driver, struct virtio_device *device)
{
	const struct irq_line irq = {.set = driver_on_irq, .context = driver};

	pthread_mutex_init(&driver->lock, NULL);
	driver->mmio = virtio_mmio_create(device, &driver->memory, 0x0a000000, &irq, NULL);
}

/* `device->features & wanted` are negotiated beside VERSION_1. Returns the status register. */
static inline uint32_t driver_negotiate(struct virtio_driver *driver, uint64_t wanted)
{
	uint64_t offered;

	driver_put(driver, 0x70, 0);
	driver_put(driver, 0x70, 3);
	driver_put(driver, 0x14, 1);
	offered = (uint64_t)driver_get(driver, 0x10) << 32;
	driver_put(driver, 0x14, 0);
	offered |= driver_get(driver, 0x10);
	offered &= wanted | VIRTIO_F_VERSION_1;
	for (uint32_t half = 0; half < 2; half++) {
		driver_put(driver, 0x24, half);
		driver_put(driver, 0x20, (uint32_t)(offered >> 32 * half));
	}
	driver_put(driver, 0x70, 11);
	return driver_get(driver, 0x70);
}

static inline void driver_set_queue(struct virtio_driver *driver, unsigned int index,
				    const struct virtq_setup *setup)
{
	driver_put(driver, 0x30, index);
	driver_put(driver, 0x38, setup->size);
	driver_put(driver, 0x80, (uint32_t)setup->desc);
	driver_put(driver, 0x84, (uint32_t)(setup->desc >> 32));
	driver_put(driver, 0x90, (uint32_t)setup->driver);
	driver_put(driver, 0x94, (uint32_t)(setup->driver >> 32));
	driver_put(driver, 0xa0, (uint32_t)setup->device);
	driver_put(driver, 0xa4, (uint32_t)(setup->device >> 32));
	driver_put(driver, 0x44, 1);
}

/* Features, @nr queues of 16, DRIVER_OK. */
static inline void driver_start(struct virtio_driver *driver, uint64_t wanted, unsigned int nr)
{
	driver_negotiate(driver, wanted);
	for (unsigned int i = 0; i < nr; i++) {
		guest_ring_init(&driver->rings[i], &driver->memory, i, 16);
		memset(guest_memory_span(&driver->memory, driver->rings[i].setup.desc, 0x10000), 0,
		       0x10000);
		driver_set_queue(driver, i, &driver->rings[i].setup);
	}
	driver_put(driver, 0x70, 15);
}

/* Waits up to 5 s for a used element. */
static inline bool driver_wait(struct virtio_driver *driver, unsigned int queue, uint32_t *length)
{
	uint32_t head;

	for (unsigned int i = 0; i < 5000; i++) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (guest_ring_take(&driver->rings[queue], &head, length)) {
			return true;
		}
		usleep(1000);
	}
	return false;
}

#endif
