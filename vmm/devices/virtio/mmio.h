/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmio.h: virtio over MMIO, version 2 (virtio 1.2, 4.2).
 */
#ifndef VMM_DEVICES_VIRTIO_MMIO_H
#define VMM_DEVICES_VIRTIO_MMIO_H

#include "devices/device.h"
#include "devices/virtio/virtio.h"

#define VIRTIO_MMIO_SIZE 0x200

struct virtio_mmio;

/*
 * Lets the accelerator signal a device's eventfd when the driver notifies, without a vCPU leaving
 * for the VMM. Optional, and may refuse (negative errno): notifications then come through the
 * register.
 *
 * Interrupts have no such short cut: setting the line costs a device in this process one system
 * call, and an irqfd costs the same call and a hand-over in the kernel on top (measured: 4 KiB
 * reads are as fast or faster without).
 */
struct virtio_mmio_doorbell {
	int (*ioeventfd)(void *context, int fd, uint64_t gpa, uint32_t value);
	void *context;
};

extern const struct device_class virtio_mmio_class;

/*
 * Puts @device behind a transport at @base and takes it over, also on failure (NULL). @device NULL
 * gives NULL, so that creation of the device needs no check of its own.
 */
struct virtio_mmio *virtio_mmio_create(struct virtio_device *device,
				       const struct guest_memory *memory, uint64_t base,
				       const struct irq_line *irq,
				       const struct virtio_mmio_doorbell *doorbell);

#endif
