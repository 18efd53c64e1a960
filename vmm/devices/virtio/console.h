/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * console.h: virtio console (virtio 1.2, 5.3), one port.
 */
#ifndef VMM_DEVICES_VIRTIO_CONSOLE_H
#define VMM_DEVICES_VIRTIO_CONSOLE_H

#include "devices/virtio/virtio.h"

struct chardev;

/*
 * @chardev outlives the device. @columns and @rows are the size of the terminal, 0 when unknown.
 * NULL when there is no memory.
 */
struct virtio_device *virtio_console_create(struct chardev *chardev, uint16_t columns,
					    uint16_t rows);
/* The terminal has a new size. Main thread. */
void virtio_console_resize(struct virtio_device *device, uint16_t columns, uint16_t rows);

#endif
