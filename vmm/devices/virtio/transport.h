/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * transport.h: what all virtio transports do alike (virtio 1.2, 2.1 to 2.4, 3.1): status, features,
 * queues as the driver configures them, causes of interrupts. A transport embeds it first, adds
 * registers in its own layout, and brings the interrupt to the guest.
 *
 * Queues and features are only noted until the driver sets DRIVER_OK; then they are checked and
 * latched, and writes have no effect until a reset.
 *
 * One mutex serialises register accesses; the functions here want it held. What a device's threads
 * need is atomic and outside it, so that a device holding its own lock may interrupt while a vCPU
 * waits in a register access.
 */
#ifndef VMM_DEVICES_VIRTIO_TRANSPORT_H
#define VMM_DEVICES_VIRTIO_TRANSPORT_H

#include "devices/virtio/virtio.h"

#include <pthread.h>
#include <stdatomic.h>

/* Causes in interrupt_status: the ISR status of PCI (4.1.4.5), InterruptStatus of MMIO (4.2.2). */
#define VIRTIO_INTERRUPT_USED   1u
#define VIRTIO_INTERRUPT_CONFIG 2u

/* In place of a queue: the device's configuration, or its status, has changed. */
#define VIRTIO_NO_QUEUE VIRTIO_MAX_QUEUES

struct virtio_transport {
	struct virtio_device *device;
	const struct guest_memory *memory;
	/* Interrupts the driver for @queue or VIRTIO_NO_QUEUE. Any thread, perhaps with the
	 * device's lock. */
	void (*interrupt)(struct virtio_transport *transport, unsigned int queue);

	pthread_mutex_t lock; /* guards what follows, but for the atomics */
	uint32_t status;      /* without NEEDS_RESET */
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint64_t driver_features;
	struct virtq_setup setup[VIRTIO_MAX_QUEUES];
	bool started; /* by DRIVER_OK */
	bool enabled; /* may access memory */
	bool running; /* both */

	atomic_uint interrupt_status;
	atomic_uint config_generation;
	atomic_bool broken;
};

void virtio_transport_init(struct virtio_transport *transport, struct virtio_device *device,
			   const struct guest_memory *memory,
			   void (*interrupt)(struct virtio_transport *, unsigned int));
/* Stops and destroys the device. */
void virtio_transport_release(struct virtio_transport *transport);

/* The device status register. Writing 0 resets. */
uint32_t virtio_transport_status(const struct virtio_transport *transport);
void virtio_transport_set_status(struct virtio_transport *transport, uint32_t value);

/* The halves of the features that the selectors name. */
uint32_t virtio_transport_features(const struct virtio_transport *transport);
uint32_t virtio_transport_driver_features(const struct virtio_transport *transport);
void virtio_transport_set_driver_features(struct virtio_transport *transport, uint32_t half);

/* The selected queue, or NULL; to be changed as long as the device has not started. */
struct virtq_setup *virtio_transport_queue(struct virtio_transport *transport);
struct virtq_setup *virtio_transport_idle_queue(struct virtio_transport *transport);

/* Lets the device access guest memory, or not; from the beginning it may. */
void virtio_transport_enable(struct virtio_transport *transport, bool enabled);

void virtio_transport_notify(struct virtio_transport *transport, uint32_t queue);

/* The device's configuration. What is outside reads as zero. */
uint64_t virtio_transport_read_config(struct virtio_transport *transport, uint64_t offset,
				      unsigned int size);
void virtio_transport_write_config(struct virtio_transport *transport, uint64_t offset,
				   uint64_t value, unsigned int size);

/* Sets one half of a 64-bit register. */
static inline void virtio_set_half(uint64_t *value, bool high, uint32_t half)
{
	*value = high ? (*value & UINT32_MAX) | (uint64_t)half << 32
		      : (*value & ~(uint64_t)UINT32_MAX) | half;
}

#endif
