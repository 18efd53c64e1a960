/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * blk.h: virtio block device (virtio 1.2, 5.2).
 */
#ifndef VMM_DEVICES_VIRTIO_BLK_H
#define VMM_DEVICES_VIRTIO_BLK_H

#include "devices/virtio/virtio.h"

struct block_backend;

/*
 * @backend outlives the device; @id (at most 20 bytes, may be NULL) is the serial number. Starts
 * the I/O thread. NULL when there is no memory or no thread.
 */
struct virtio_device *virtio_blk_create(struct block_backend *backend, const char *id);

#endif
