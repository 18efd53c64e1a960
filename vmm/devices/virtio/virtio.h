/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio.h: the seam between virtio devices (blk.c, console.c) and transports (mmio.c, pci.c).
 *
 * A device is a class, its state, and the queues; a transport drives it:
 *
 *	start   the driver is ready: features are settled and every queue it made ready is running
 *	notify  the driver has put buffers into a queue
 *	stop    when it returns the device no longer touches queues or guest memory: a reset, or
 *	        start follows with the queues as they are
 *
 * The transport calls them one at a time, on vCPU threads, and stop before destroy. `notify` of a
 * class with uses_thread comes as a signal of virtio_device.kick_fd instead. A device calls back
 *with virtio_interrupt() and virtio_break() from any thread, but not after stop has returned.
 */
#ifndef VMM_DEVICES_VIRTIO_VIRTIO_H
#define VMM_DEVICES_VIRTIO_VIRTIO_H

#include "devices/virtio/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_MAX_QUEUES  8
#define VIRTIO_CONFIG_SIZE 64

#define VIRTIO_ID_BLOCK   2
#define VIRTIO_ID_CONSOLE 3

struct virtio_device;
struct virtio_transport;

struct virtio_class {
	const char *name;
	uint32_t id;
	unsigned int nr_queues;
	uint16_t queue_size; /* largest; a power of two up to VIRTQ_MAX_SIZE */
	bool uses_thread;    /* notifications come through kick_fd */
	/* Device-specific feature bits (0 to 23) that are offered. */
	uint64_t (*features)(const struct virtio_device *device);
	/* Fills the configuration space; what it leaves is zero. Any thread. */
	void (*read_config)(struct virtio_device *device, uint8_t config[VIRTIO_CONFIG_SIZE]);
	/* Optional: the driver writes @size bytes at @offset. */
	void (*write_config)(struct virtio_device *device, size_t offset, uint64_t value,
			     unsigned int size);
	void (*start)(struct virtio_device *device, uint64_t features);
	void (*notify)(struct virtio_device *device, unsigned int queue);
	void (*stop)(struct virtio_device *device);
	void (*destroy)(struct virtio_device *device);
};

/* Embedded first in each device's own structure; the transport fills in the second half. */
struct virtio_device {
	const struct virtio_class *class;
	int kick_fd; /* eventfd if class->uses_thread, else -1; owned by the device */

	struct virtio_transport *transport;
	struct virtq queues[VIRTIO_MAX_QUEUES];
};

/* Buffers were used in @queue, and virtq_needs_interrupt() said yes. */
void virtio_interrupt(struct virtio_device *device, unsigned int queue);

/* The configuration space has changed. */
void virtio_config_changed(struct virtio_device *device);

/* The driver broke a rule (virtq_pop() failed): the device needs a reset (2.1.2). */
void virtio_break(struct virtio_device *device);

#endif
