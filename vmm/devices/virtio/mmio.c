// SPDX-License-Identifier: BSD-3-Clause
/*
 * mmio.c: virtio over MMIO, version 2 (virtio 1.2, 4.2.2).
 *
 * Registers and interrupt only; transport.c does what they ask. The interrupt is an edge, as on
 * QEMU's board.
 */
#include "devices/virtio/mmio.h"

#include "devices/virtio/transport.h"
#include "fdt_node.h"

#include <libfdt.h>
#include <stdlib.h>

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

struct virtio_mmio {
	struct virtio_transport base;
	struct irq_line irq;
};

static void mmio_interrupt(struct virtio_transport *transport, unsigned int queue)
{
	struct virtio_mmio *mmio = (struct virtio_mmio *)transport;

	(void)queue;
	irq_line_set(&mmio->irq, true);
	irq_line_set(&mmio->irq, false);
}

static uint32_t mmio_read_register(struct virtio_transport *transport, uint64_t offset)
{
	const struct virtq_setup *queue = virtio_transport_queue(transport);

	switch (offset) {
	case MMIO_MAGIC:
		return MMIO_MAGIC_VALUE;
	case MMIO_VERSION:
		return 2;
	case MMIO_DEVICE_ID:
		return transport->device->class->id;
	case MMIO_VENDOR_ID:
		return MMIO_VENDOR_VALUE;
	case MMIO_DEVICE_FEATURES:
		return virtio_transport_features(transport);
	case MMIO_QUEUE_NUM_MAX:
		return queue ? transport->device->class->queue_size : 0;
	case MMIO_QUEUE_READY:
		return queue ? queue->ready : 0;
	case MMIO_INTERRUPT_STATUS:
		return atomic_load(&transport->interrupt_status);
	case MMIO_STATUS:
		return virtio_transport_status(transport);
	case MMIO_CONFIG_GENERATION:
		return atomic_load(&transport->config_generation);
	default:
		/* There is no shared memory: lengths and bases read as all ones (4.2.2). */
		return offset >= MMIO_SHM_LEN_LOW && offset <= MMIO_SHM_BASE_HIGH ? UINT32_MAX : 0;
	}
}

static void mmio_write_queue(struct virtio_transport *transport, uint64_t offset, uint32_t value)
{
	struct virtq_setup *queue = virtio_transport_idle_queue(transport);
	bool high = offset & 4;

	if (!queue) {
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
		virtio_set_half(&queue->desc, high, value);
		break;
	case MMIO_QUEUE_DRIVER_LOW:
	case MMIO_QUEUE_DRIVER_HIGH:
		virtio_set_half(&queue->driver, high, value);
		break;
	case MMIO_QUEUE_DEVICE_LOW:
	case MMIO_QUEUE_DEVICE_HIGH:
		virtio_set_half(&queue->device, high, value);
		break;
	default:
		break;
	}
}

static void mmio_write_register(struct virtio_transport *transport, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case MMIO_DEVICE_FEATURES_SEL:
		transport->device_features_sel = value;
		break;
	case MMIO_DRIVER_FEATURES_SEL:
		transport->driver_features_sel = value;
		break;
	case MMIO_DRIVER_FEATURES:
		virtio_transport_set_driver_features(transport, value);
		break;
	case MMIO_QUEUE_SEL:
		transport->queue_sel = value;
		break;
	case MMIO_QUEUE_NOTIFY:
		virtio_transport_notify(transport, value);
		break;
	case MMIO_INTERRUPT_ACK:
		atomic_fetch_and(&transport->interrupt_status, ~value);
		break;
	case MMIO_STATUS:
		virtio_transport_set_status(transport, value);
		break;
	default:
		mmio_write_queue(transport, offset, value);
		break;
	}
}

static uint64_t mmio_read(void *state, uint64_t offset, unsigned int size)
{
	struct virtio_transport *transport = state;
	uint64_t value = 0;

	pthread_mutex_lock(&transport->lock);
	if (offset >= MMIO_CONFIG) {
		value = virtio_transport_read_config(transport, offset - MMIO_CONFIG, size);
	} else if (size == 4 && offset % 4 == 0) {
		value = mmio_read_register(transport, offset);
	}
	pthread_mutex_unlock(&transport->lock);
	return value;
}

static void mmio_write(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	struct virtio_transport *transport = state;

	pthread_mutex_lock(&transport->lock);
	if (offset >= MMIO_CONFIG) {
		virtio_transport_write_config(transport, offset - MMIO_CONFIG, value, size);
	} else if (size == 4 && offset % 4 == 0) {
		mmio_write_register(transport, offset, (uint32_t)value);
	}
	pthread_mutex_unlock(&transport->lock);
}

static void mmio_use_ioeventfd(const struct virtio_device *device, uint64_t base,
			       const struct virtio_mmio_doorbell *doorbell)
{
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
	virtio_transport_init(&mmio->base, device, memory, mmio_interrupt);
	mmio->irq = *irq;
	mmio_use_ioeventfd(device, base, doorbell);
	return mmio;
}

static void mmio_destroy(void *state)
{
	virtio_transport_release(state);
	free(state);
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
