// SPDX-License-Identifier: BSD-3-Clause
/*
 * mmio.c: virtio over MMIO, version 2 (virtio 1.2, 4.2.2).
 *
 * One mutex serialises register accesses. What a device's threads need (interrupt status, the
 * interrupt itself) is atomic and outside it, so that a device holding its own lock may interrupt
 * while a vCPU waits in a register access.
 *
 * The driver's configuration of queues and features is only noted until it sets DRIVER_OK; then it
 * is checked and latched, and later writes to those registers have no effect until a reset. The
 * interrupt is an edge, as on QEMU's board.
 */
#include "devices/virtio/mmio.h"

#include "fdt_node.h"
#include "log.h"

#include <errno.h>
#include <libfdt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum mmio_register {
	MMIO_MAGIC = 0x000,
	MMIO_VERSION = 0x004,
	MMIO_DEVICE_ID = 0x008,
	MMIO_VENDOR_ID = 0x00c,
	MMIO_DEVICE_FEATURES = 0x010,
	MMIO_DEVICE_FEATURES_SEL = 0x014,
	MMIO_DRIVER_FEATURES = 0x020,
	MMIO_DRIVER_FEATURES_SEL = 0x024,
	MMIO_QUEUE_SEL = 0x030,
	MMIO_QUEUE_NUM_MAX = 0x034,
	MMIO_QUEUE_NUM = 0x038,
	MMIO_QUEUE_READY = 0x044,
	MMIO_QUEUE_NOTIFY = 0x050,
	MMIO_INTERRUPT_STATUS = 0x060,
	MMIO_INTERRUPT_ACK = 0x064,
	MMIO_STATUS = 0x070,
	MMIO_QUEUE_DESC_LOW = 0x080,
	MMIO_QUEUE_DESC_HIGH = 0x084,
	MMIO_QUEUE_DRIVER_LOW = 0x090,
	MMIO_QUEUE_DRIVER_HIGH = 0x094,
	MMIO_QUEUE_DEVICE_LOW = 0x0a0,
	MMIO_QUEUE_DEVICE_HIGH = 0x0a4,
	MMIO_SHM_LEN_LOW = 0x0b0,
	MMIO_SHM_BASE_HIGH = 0x0bc,
	MMIO_CONFIG_GENERATION = 0x0fc,
	MMIO_CONFIG = 0x100,
};

#define MMIO_MAGIC_VALUE  0x74726976u /* "virt" */
#define MMIO_VENDOR_VALUE 0x004d4d56u /* "VMM" */

#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u

#define INTERRUPT_USED   1u
#define INTERRUPT_CONFIG 2u

struct virtio_mmio {
	pthread_mutex_t lock;
	struct virtio_device *device;
	const struct guest_memory *memory;
	struct irq_line irq;

	uint32_t status; /* without NEEDS_RESET */
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint64_t driver_features;
	struct virtq_setup setup[VIRTIO_MAX_QUEUES];
	bool started;

	atomic_uint interrupt_status;
	atomic_uint config_generation;
	atomic_bool broken;
};

static void mmio_raise(struct virtio_mmio *mmio, uint32_t cause)
{
	atomic_fetch_or(&mmio->interrupt_status, cause);
	irq_line_set(&mmio->irq, true);
	irq_line_set(&mmio->irq, false);
}

static void mmio_interrupt(struct virtio_device *device)
{
	mmio_raise(device->transport, INTERRUPT_USED);
}

static void mmio_config_changed(struct virtio_device *device)
{
	struct virtio_mmio *mmio = device->transport;

	atomic_fetch_add(&mmio->config_generation, 1);
	mmio_raise(mmio, INTERRUPT_CONFIG);
}

static void mmio_set_broken(struct virtio_device *device)
{
	struct virtio_mmio *mmio = device->transport;

	if (!atomic_exchange(&mmio->broken, true)) {
		log_debug("%s: the guest's driver broke the rules; the device needs a reset",
			  device->class->name);
		mmio_raise(mmio, INTERRUPT_CONFIG);
	}
}

static const struct virtio_transport_ops mmio_transport_ops = {
	.interrupt = mmio_interrupt,
	.config_changed = mmio_config_changed,
	.set_broken = mmio_set_broken,
};

static uint64_t mmio_features(const struct virtio_mmio *mmio)
{
	return mmio->device->class->features(mmio->device) | VIRTIO_F_VERSION_1 |
	       VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;
}

static void mmio_start(struct virtio_mmio *mmio)
{
	struct virtio_device *device = mmio->device;

	for (unsigned int i = 0; i < device->class->nr_queues; i++) {
		if (mmio->setup[i].ready && virtq_start(&device->queues[i], mmio->memory,
							&mmio->setup[i], mmio->driver_features)) {
			mmio_set_broken(device);
		}
	}
	mmio->started = true;
	device->class->start(device, mmio->driver_features);
}

static void mmio_reset(struct virtio_mmio *mmio)
{
	if (mmio->started) {
		mmio->device->class->stop(mmio->device);
		mmio->started = false;
	}
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		virtq_stop(&mmio->device->queues[i]);
	}
	memset(mmio->setup, 0, sizeof(mmio->setup));
	mmio->status = 0;
	mmio->device_features_sel = 0;
	mmio->driver_features_sel = 0;
	mmio->driver_features = 0;
	mmio->queue_sel = 0;
	atomic_store(&mmio->broken, false);
	atomic_store(&mmio->interrupt_status, 0);
}

/* The driver may only add bits, one step after the other (2.1, 3.1.1). */
static void mmio_write_status(struct virtio_mmio *mmio, uint32_t value)
{
	value &= 0xff & ~STATUS_NEEDS_RESET;
	if (value == 0) {
		mmio_reset(mmio);
		return;
	}
	value |= mmio->status;
	if ((value & STATUS_FEATURES_OK) && !(mmio->status & STATUS_FEATURES_OK) &&
	    ((mmio->driver_features & ~mmio_features(mmio)) ||
	     !(mmio->driver_features & VIRTIO_F_VERSION_1))) {
		value &= ~STATUS_FEATURES_OK;
	}
	if (!(value & STATUS_FEATURES_OK)) {
		value &= ~STATUS_DRIVER_OK;
	}
	mmio->status = value;
	if ((value & STATUS_DRIVER_OK) && !mmio->started) {
		mmio_start(mmio);
	}
}

static struct virtq_setup *mmio_queue(struct virtio_mmio *mmio)
{
	return mmio->queue_sel < mmio->device->class->nr_queues ? &mmio->setup[mmio->queue_sel]
								: NULL;
}

static uint32_t mmio_read_register(struct virtio_mmio *mmio, uint64_t offset)
{
	const struct virtq_setup *queue = mmio_queue(mmio);

	switch (offset) {
	case MMIO_MAGIC:
		return MMIO_MAGIC_VALUE;
	case MMIO_VERSION:
		return 2;
	case MMIO_DEVICE_ID:
		return mmio->device->class->id;
	case MMIO_VENDOR_ID:
		return MMIO_VENDOR_VALUE;
	case MMIO_DEVICE_FEATURES:
		return mmio->device_features_sel < 2
			       ? (uint32_t)(mmio_features(mmio) >> (32 * mmio->device_features_sel))
			       : 0;
	case MMIO_QUEUE_NUM_MAX:
		return queue ? mmio->device->class->queue_size : 0;
	case MMIO_QUEUE_READY:
		return queue ? queue->ready : 0;
	case MMIO_INTERRUPT_STATUS:
		return atomic_load(&mmio->interrupt_status);
	case MMIO_STATUS:
		return mmio->status | (atomic_load(&mmio->broken) ? STATUS_NEEDS_RESET : 0);
	case MMIO_CONFIG_GENERATION:
		return atomic_load(&mmio->config_generation);
	default:
		/* There is no shared memory: lengths and bases read as all ones (4.2.2). */
		return offset >= MMIO_SHM_LEN_LOW && offset <= MMIO_SHM_BASE_HIGH ? UINT32_MAX : 0;
	}
}

static void mmio_set_half(uint64_t *value, bool high, uint32_t half)
{
	*value = high ? (*value & UINT32_MAX) | (uint64_t)half << 32
		      : (*value & ~(uint64_t)UINT32_MAX) | half;
}

static void mmio_write_queue(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	struct virtq_setup *queue = mmio_queue(mmio);
	bool high = offset & 4;

	if (!queue || mmio->started) {
		return;
	}
	switch (offset) {
	case MMIO_QUEUE_NUM:
		queue->size = value;
		break;
	case MMIO_QUEUE_READY:
		queue->ready = value & 1;
		break;
	case MMIO_QUEUE_DESC_LOW:
	case MMIO_QUEUE_DESC_HIGH:
		mmio_set_half(&queue->desc, high, value);
		break;
	case MMIO_QUEUE_DRIVER_LOW:
	case MMIO_QUEUE_DRIVER_HIGH:
		mmio_set_half(&queue->driver, high, value);
		break;
	case MMIO_QUEUE_DEVICE_LOW:
	case MMIO_QUEUE_DEVICE_HIGH:
		mmio_set_half(&queue->device, high, value);
		break;
	default:
		break;
	}
}

static void mmio_notify(struct virtio_mmio *mmio, uint32_t queue)
{
	struct virtio_device *device = mmio->device;

	if (!mmio->started || queue >= device->class->nr_queues) {
		return;
	}
	if (device->kick_fd >= 0) {
		eventfd_write(device->kick_fd, 1);
	} else {
		device->class->notify(device, queue);
	}
}

static void mmio_write_register(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case MMIO_DEVICE_FEATURES_SEL:
		mmio->device_features_sel = value;
		break;
	case MMIO_DRIVER_FEATURES_SEL:
		mmio->driver_features_sel = value;
		break;
	case MMIO_DRIVER_FEATURES:
		if (mmio->driver_features_sel < 2 && !(mmio->status & STATUS_FEATURES_OK)) {
			mmio_set_half(&mmio->driver_features, mmio->driver_features_sel, value);
		}
		break;
	case MMIO_QUEUE_SEL:
		mmio->queue_sel = value;
		break;
	case MMIO_QUEUE_NOTIFY:
		mmio_notify(mmio, value);
		break;
	case MMIO_INTERRUPT_ACK:
		atomic_fetch_and(&mmio->interrupt_status, ~value);
		break;
	case MMIO_STATUS:
		mmio_write_status(mmio, value);
		break;
	default:
		mmio_write_queue(mmio, offset, value);
		break;
	}
}

static uint64_t mmio_read_config(struct virtio_mmio *mmio, uint64_t offset, unsigned int size)
{
	uint8_t config[VIRTIO_CONFIG_SIZE] = {0};
	uint64_t value = 0;

	mmio->device->class->read_config(mmio->device, config);
	if (offset < sizeof(config) && size <= sizeof(config) - offset) {
		memcpy(&value, config + offset, size);
	}
	return value;
}

static uint64_t mmio_read(void *state, uint64_t offset, unsigned int size)
{
	struct virtio_mmio *mmio = state;
	uint64_t value = 0;

	pthread_mutex_lock(&mmio->lock);
	if (offset >= MMIO_CONFIG) {
		value = mmio_read_config(mmio, offset - MMIO_CONFIG, size);
	} else if (size == 4 && offset % 4 == 0) {
		value = mmio_read_register(mmio, offset);
	}
	pthread_mutex_unlock(&mmio->lock);
	return value;
}

static void mmio_write(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	struct virtio_mmio *mmio = state;
	const struct virtio_class *class = mmio->device->class;

	pthread_mutex_lock(&mmio->lock);
	if (offset >= MMIO_CONFIG && class->write_config) {
		class->write_config(mmio->device, (size_t)(offset - MMIO_CONFIG), value, size);
	} else if (offset < MMIO_CONFIG && size == 4 && offset % 4 == 0) {
		mmio_write_register(mmio, offset, (uint32_t)value);
	}
	pthread_mutex_unlock(&mmio->lock);
}

static void mmio_use_ioeventfd(struct virtio_mmio *mmio, uint64_t base,
			       const struct virtio_mmio_doorbell *doorbell)
{
	const struct virtio_device *device = mmio->device;

	for (unsigned int i = 0; doorbell && doorbell->ioeventfd && device->kick_fd >= 0 &&
				 i < device->class->nr_queues;
	     i++) {
		if (doorbell->ioeventfd(doorbell->context, device->kick_fd,
					base + MMIO_QUEUE_NOTIFY, i)) {
			break; /* the register works as well */
		}
	}
}

struct virtio_mmio *virtio_mmio_create(struct virtio_device *device,
				       const struct guest_memory *memory, uint64_t base,
				       const struct irq_line *irq,
				       const struct virtio_mmio_doorbell *doorbell)
{
	struct virtio_mmio *mmio = device ? calloc(1, sizeof(*mmio)) : NULL;

	if (!mmio) {
		if (device) {
			device->class->destroy(device);
		}
		return NULL;
	}
	pthread_mutex_init(&mmio->lock, NULL);
	mmio->device = device;
	mmio->memory = memory;
	mmio->irq = *irq;
	device->transport_ops = &mmio_transport_ops;
	device->transport = mmio;
	mmio_use_ioeventfd(mmio, base, doorbell);
	return mmio;
}

static void mmio_destroy(void *state)
{
	struct virtio_mmio *mmio = state;

	mmio_reset(mmio);
	mmio->device->class->destroy(mmio->device);
	pthread_mutex_destroy(&mmio->lock);
	free(mmio);
}

static int mmio_describe(const struct device *device, void *fdt)
{
	int result = fdt_begin_unit(fdt, "virtio_mmio", device->base);

	result = result ?: fdt_property_string(fdt, "compatible", "virtio,mmio");
	result = result ?: fdt_property_reg(fdt, device->base, device->size);
	result = result ?: fdt_property_spi(fdt, device->irq.number, FDT_IRQ_EDGE_RISING);
	result = result ?: fdt_property(fdt, "dma-coherent", NULL, 0);
	return result ?: fdt_end_node(fdt);
}

const struct device_class virtio_mmio_class = {
	.name = "virtio-mmio",
	.bus = {.read = mmio_read, .write = mmio_write},
	.describe = mmio_describe,
	.destroy = mmio_destroy,
};
