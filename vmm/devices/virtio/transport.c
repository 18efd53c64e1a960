// SPDX-License-Identifier: BSD-3-Clause
/*
 * transport.c: see transport.h; and the three calls with which a device turns to its driver.
 */
#include "devices/virtio/transport.h"

#include "log.h"

#include <string.h>
#include <sys/eventfd.h>

#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u

static void transport_raise(struct virtio_transport *transport, uint32_t cause, unsigned int queue)
{
	atomic_fetch_or(&transport->interrupt_status, cause);
	transport->interrupt(transport, queue);
}

void virtio_interrupt(struct virtio_device *device, unsigned int queue)
{
	transport_raise(device->transport, VIRTIO_INTERRUPT_USED, queue);
}

void virtio_config_changed(struct virtio_device *device)
{
	atomic_fetch_add(&device->transport->config_generation, 1);
	transport_raise(device->transport, VIRTIO_INTERRUPT_CONFIG, VIRTIO_NO_QUEUE);
}

void virtio_break(struct virtio_device *device)
{
	struct virtio_transport *transport = device->transport;

	if (!atomic_exchange(&transport->broken, true)) {
		log_debug("%s: the guest's driver broke the rules; the device needs a reset",
			  device->class->name);
		transport_raise(transport, VIRTIO_INTERRUPT_CONFIG, VIRTIO_NO_QUEUE);
	}
}

static uint64_t transport_features(const struct virtio_transport *transport)
{
	return transport->device->class->features(transport->device) | VIRTIO_F_VERSION_1 |
	       VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;
}

static void transport_run(struct virtio_transport *transport)
{
	bool run = transport->started && transport->enabled;
	struct virtio_device *device = transport->device;

	if (run && !transport->running) {
		device->class->start(device, transport->driver_features);
	} else if (!run && transport->running) {
		device->class->stop(device);
	}
	transport->running = run;
}

void virtio_transport_enable(struct virtio_transport *transport, bool enabled)
{
	transport->enabled = enabled;
	transport_run(transport);
}

static void transport_start(struct virtio_transport *transport)
{
	struct virtio_device *device = transport->device;

	for (unsigned int i = 0; i < device->class->nr_queues; i++) {
		if (transport->setup[i].ready &&
		    virtq_start(&device->queues[i], transport->memory, &transport->setup[i],
				transport->driver_features)) {
			virtio_break(device);
		}
	}
	transport->started = true;
	transport_run(transport);
}

/* Queues have their full size, which over PCI the driver may leave so (4.1.5.1.3). */
static void transport_reset(struct virtio_transport *transport)
{
	transport->started = false;
	transport_run(transport);
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		virtq_stop(&transport->device->queues[i]);
		transport->setup[i] =
			(struct virtq_setup){.size = transport->device->class->queue_size};
	}
	transport->status = 0;
	transport->device_features_sel = 0;
	transport->driver_features_sel = 0;
	transport->driver_features = 0;
	transport->queue_sel = 0;
	atomic_store(&transport->broken, false);
	atomic_store(&transport->interrupt_status, 0);
}

void virtio_transport_init(struct virtio_transport *transport, struct virtio_device *device,
			   const struct guest_memory *memory,
			   void (*interrupt)(struct virtio_transport *, unsigned int))
{
	pthread_mutex_init(&transport->lock, NULL);
	transport->device = device;
	transport->memory = memory;
	transport->interrupt = interrupt;
	transport->enabled = true;
	device->transport = transport;
	transport_reset(transport);
}

void virtio_transport_release(struct virtio_transport *transport)
{
	transport_reset(transport);
	transport->device->class->destroy(transport->device);
	pthread_mutex_destroy(&transport->lock);
}

uint32_t virtio_transport_status(const struct virtio_transport *transport)
{
	return transport->status | (atomic_load(&transport->broken) ? STATUS_NEEDS_RESET : 0);
}

/* The driver may only add bits, one step after the other (2.1, 3.1.1). */
void virtio_transport_set_status(struct virtio_transport *transport, uint32_t value)
{
	value &= 0xff & ~STATUS_NEEDS_RESET;
	if (value == 0) {
		transport_reset(transport);
		return;
	}
	value |= transport->status;
	if ((value & STATUS_FEATURES_OK) && !(transport->status & STATUS_FEATURES_OK) &&
	    ((transport->driver_features & ~transport_features(transport)) ||
	     !(transport->driver_features & VIRTIO_F_VERSION_1))) {
		value &= ~STATUS_FEATURES_OK;
	}
	if (!(value & STATUS_FEATURES_OK)) {
		value &= ~STATUS_DRIVER_OK;
	}
	transport->status = value;
	if ((value & STATUS_DRIVER_OK) && !transport->started) {
		transport_start(transport);
	}
}

static uint32_t transport_half(uint64_t features, uint32_t select)
{
	return select < 2 ? (uint32_t)(features >> 32 * select) : 0;
}

uint32_t virtio_transport_features(const struct virtio_transport *transport)
{
	return transport_half(transport_features(transport), transport->device_features_sel);
}

uint32_t virtio_transport_driver_features(const struct virtio_transport *transport)
{
	return transport_half(transport->driver_features, transport->driver_features_sel);
}

void virtio_transport_set_driver_features(struct virtio_transport *transport, uint32_t half)
{
	if (transport->driver_features_sel < 2 && !(transport->status & STATUS_FEATURES_OK)) {
		virtio_set_half(&transport->driver_features, transport->driver_features_sel, half);
	}
}

struct virtq_setup *virtio_transport_queue(struct virtio_transport *transport)
{
	return transport->queue_sel < transport->device->class->nr_queues
		       ? &transport->setup[transport->queue_sel]
		       : NULL;
}

struct virtq_setup *virtio_transport_idle_queue(struct virtio_transport *transport)
{
	return transport->started ? NULL : virtio_transport_queue(transport);
}

void virtio_transport_notify(struct virtio_transport *transport, uint32_t queue)
{
	struct virtio_device *device = transport->device;

	if (!transport->running || queue >= device->class->nr_queues) {
		return;
	}
	if (device->kick_fd >= 0) {
		eventfd_write(device->kick_fd, 1);
	} else {
		device->class->notify(device, queue);
	}
}

uint64_t virtio_transport_read_config(struct virtio_transport *transport, uint64_t offset,
				      unsigned int size)
{
	uint8_t config[VIRTIO_CONFIG_SIZE] = {0};
	uint64_t value = 0;

	transport->device->class->read_config(transport->device, config);
	if (offset < sizeof(config) && size <= sizeof(config) - offset) {
		memcpy(&value, config + offset, size);
	}
	return value;
}

void virtio_transport_write_config(struct virtio_transport *transport, uint64_t offset,
				   uint64_t value, unsigned int size)
{
	const struct virtio_class *class = transport->device->class;

	if (class->write_config) {
		class->write_config(transport->device, (size_t)offset, value, size);
	}
}
