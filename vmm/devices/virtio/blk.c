// SPDX-License-Identifier: BSD-3-Clause
/*
 * blk.c: virtio block device (virtio 1.2, 5.2): one queue, one thread that does its I/O.
 *
 * The thread sleeps on kick_fd and takes blk->lock for each request, from popping the chain to
 * pushing it back. start and stop take it too: after stop the thread finds `running` false and
 * touches nothing.
 *
 * A request is 16 bytes of header, data, and a status byte which is the last byte of the
 * device-writable part; how the driver cuts that into descriptors does not matter (2.7.4.3).
 */
#include "devices/virtio/blk.h"

#include "block/block.h"
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BLK_F_SEG_MAX      (UINT64_C(1) << 2)
#define BLK_F_RO           (UINT64_C(1) << 5)
#define BLK_F_BLK_SIZE     (UINT64_C(1) << 6)
#define BLK_F_FLUSH        (UINT64_C(1) << 9)
#define BLK_F_DISCARD      (UINT64_C(1) << 13)
#define BLK_F_WRITE_ZEROES (UINT64_C(1) << 14)

enum blk_type {
	BLK_T_IN = 0,
	BLK_T_OUT = 1,
	BLK_T_FLUSH = 4,
	BLK_T_GET_ID = 8,
	BLK_T_DISCARD = 11,
	BLK_T_WRITE_ZEROES = 13,
};

enum blk_status { BLK_S_OK = 0, BLK_S_IOERR = 1, BLK_S_UNSUPP = 2 };

#define BLK_ID_SIZE      20
#define BLK_MAX_RANGE    (1u << 22) /* sectors of one discard or write-zeroes segment: 2 GiB */
#define BLK_RANGE_UNMAP  1u
#define BLK_SEGMENTS     (VIRTQ_MAX_SEGMENTS - 2) /* header and status have their own */
#define BLK_SECTOR_SHIFT 9

struct blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

/* struct virtio_blk_discard_write_zeroes */
struct blk_range {
	uint64_t sector;
	uint32_t nr_sectors;
	uint32_t flags;
};

struct blk_config {
	uint64_t capacity; /* in sectors */
	uint32_t size_max;
	uint32_t seg_max;
	uint8_t geometry[4];
	uint32_t blk_size;
	uint8_t topology[8];
	uint8_t writeback;
	uint8_t unused0;
	uint16_t nr_queues;
	uint32_t max_discard_sectors;
	uint32_t max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors;
	uint32_t max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
};

_Static_assert(sizeof(struct blk_header) == 16 && sizeof(struct blk_range) == 16 &&
		       offsetof(struct blk_config, write_zeroes_may_unmap) == 56 &&
		       sizeof(struct blk_config) <= VIRTIO_CONFIG_SIZE,
	       "as 5.2.4 and 5.2.6 lay them out");

struct virtio_blk {
	struct virtio_device base;
	struct block_backend *backend;
	char id[BLK_ID_SIZE];
	pthread_t thread;
	atomic_bool ends;
	pthread_mutex_t lock; /* guards what follows and, while running, the queue */
	bool running;
	bool write_through; /* the driver cannot flush (no BLK_F_FLUSH) */
	struct virtq_chain chain;
};

static uint64_t blk_features(const struct virtio_device *device)
{
	const struct virtio_blk *blk = (const struct virtio_blk *)device;
	uint64_t features = BLK_F_SEG_MAX | BLK_F_BLK_SIZE | BLK_F_FLUSH;

	features |= blk->backend->read_only ? BLK_F_RO : BLK_F_WRITE_ZEROES;
	return features | (blk->backend->can_discard ? BLK_F_DISCARD : 0);
}

static void blk_read_config(struct virtio_device *device, uint8_t config[VIRTIO_CONFIG_SIZE])
{
	const struct virtio_blk *blk = (struct virtio_blk *)device;
	const struct blk_config fields = {
		.capacity = blk->backend->size >> BLK_SECTOR_SHIFT,
		.seg_max = BLK_SEGMENTS,
		.blk_size = BLOCK_SECTOR,
		.nr_queues = 1,
		.max_discard_sectors = BLK_MAX_RANGE,
		.max_discard_seg = 1,
		.discard_sector_alignment = 1,
		.max_write_zeroes_sectors = BLK_MAX_RANGE,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1,
	};

	memcpy(config, &fields, sizeof(fields));
}

/* Is [sector, sector + bytes) a whole number of sectors inside the disk? */
static bool blk_range_is_valid(const struct virtio_blk *blk, uint64_t sector, uint64_t bytes)
{
	uint64_t capacity = blk->backend->size >> BLK_SECTOR_SHIFT;

	return bytes % BLOCK_SECTOR == 0 && sector <= capacity &&
	       bytes >> BLK_SECTOR_SHIFT <= capacity - sector;
}

/* Lists [skip, skip + size) of @segments; returns the number of entries. */
static int blk_list(const struct virtq_segment *segments, uint64_t skip, uint64_t size,
		    struct iovec iov[VIRTQ_MAX_SEGMENTS])
{
	int nr = 0;

	for (; size; segments++) {
		uint64_t part;

		if (skip >= segments->size) {
			skip -= segments->size;
			continue;
		}
		part = segments->size - skip < size ? segments->size - skip : size;
		iov[nr++] = (struct iovec){segments->host + skip, (size_t)part};
		size -= part;
		skip = 0;
	}
	return nr;
}

static enum blk_status blk_do_read(struct virtio_blk *blk, uint64_t sector, uint32_t *written)
{
	struct virtq_chain *chain = &blk->chain;
	struct iovec iov[VIRTQ_MAX_SEGMENTS];
	uint64_t size = chain->in_size - 1; /* without the status */
	int nr;

	if (!blk_range_is_valid(blk, sector, size)) {
		return BLK_S_IOERR;
	}
	nr = blk_list(chain->segments + chain->nr_out, 0, size, iov);
	*written = (uint32_t)size;
	return block_read(blk->backend, sector << BLK_SECTOR_SHIFT, iov, nr) ? BLK_S_IOERR
									     : BLK_S_OK;
}

static enum blk_status blk_do_write(struct virtio_blk *blk, uint64_t sector)
{
	struct virtq_chain *chain = &blk->chain;
	struct iovec iov[VIRTQ_MAX_SEGMENTS];
	uint64_t size = chain->out_size - sizeof(struct blk_header);
	int nr, result;

	if (blk->backend->read_only || !blk_range_is_valid(blk, sector, size)) {
		return BLK_S_IOERR;
	}
	nr = blk_list(chain->segments, sizeof(struct blk_header), size, iov);
	result = block_write(blk->backend, sector << BLK_SECTOR_SHIFT, iov, nr);
	if (result == 0 && blk->write_through) {
		result = block_flush(blk->backend);
	}
	return result ? BLK_S_IOERR : BLK_S_OK;
}

static enum blk_status blk_do_range(struct virtio_blk *blk, enum blk_type type)
{
	struct blk_range range;
	uint64_t offset, size;
	int result;

	if (blk->chain.out_size != sizeof(struct blk_header) + sizeof(range) ||
	    !virtq_chain_read(&blk->chain, sizeof(struct blk_header), &range, sizeof(range))) {
		return BLK_S_UNSUPP;
	}
	if (range.flags & ~(type == BLK_T_WRITE_ZEROES ? BLK_RANGE_UNMAP : 0u)) {
		return BLK_S_UNSUPP;
	}
	size = (uint64_t)range.nr_sectors << BLK_SECTOR_SHIFT;
	if (blk->backend->read_only || range.nr_sectors > BLK_MAX_RANGE ||
	    !blk_range_is_valid(blk, range.sector, size)) {
		return BLK_S_IOERR;
	}
	if (size == 0) {
		return BLK_S_OK;
	}
	offset = range.sector << BLK_SECTOR_SHIFT;
	result = type == BLK_T_DISCARD ? block_discard(blk->backend, offset, size)
				       : block_write_zeroes(blk->backend, offset, size,
							    range.flags & BLK_RANGE_UNMAP);
	return result ? BLK_S_IOERR : BLK_S_OK;
}

static enum blk_status blk_do_get_id(struct virtio_blk *blk, uint32_t *written)
{
	if (blk->chain.in_size < BLK_ID_SIZE + 1) {
		return BLK_S_UNSUPP;
	}
	virtq_chain_write(&blk->chain, 0, blk->id, BLK_ID_SIZE);
	*written = BLK_ID_SIZE;
	return BLK_S_OK;
}

static enum blk_status blk_dispatch(struct virtio_blk *blk, const struct blk_header *header,
				    uint32_t *written)
{
	switch (header->type) {
	case BLK_T_IN:
		return blk_do_read(blk, header->sector, written);
	case BLK_T_OUT:
		return blk_do_write(blk, header->sector);
	case BLK_T_FLUSH:
		return block_flush(blk->backend) ? BLK_S_IOERR : BLK_S_OK;
	case BLK_T_GET_ID:
		return blk_do_get_id(blk, written);
	case BLK_T_DISCARD:
	case BLK_T_WRITE_ZEROES:
		return blk_do_range(blk, (enum blk_type)header->type);
	default:
		return BLK_S_UNSUPP;
	}
}

/* Serves the request in blk->chain. False when it has no header or no room for a status: a driver
 * out of its mind. */
static bool blk_serve(struct virtio_blk *blk)
{
	struct virtq_chain *chain = &blk->chain;
	struct blk_header header;
	uint32_t written = 0;
	uint8_t status;

	if (chain->in_size == 0 || !virtq_chain_read(chain, 0, &header, sizeof(header))) {
		return false;
	}
	status = (uint8_t)blk_dispatch(blk, &header, &written);
	virtq_chain_write(chain, chain->in_size - 1, &status, 1);
	/* The used length counts up to the last byte written, which is the status. */
	virtq_push(&blk->base.queues[0], chain, (uint32_t)chain->in_size);
	return true;
}

/* One request, if there is one. Returns true when there may be more. */
static bool blk_serve_next(struct virtio_blk *blk)
{
	struct virtq *queue = &blk->base.queues[0];
	bool more = false, interrupt = false;
	int result;

	pthread_mutex_lock(&blk->lock);
	if (blk->running) {
		result = virtq_pop(queue, &blk->chain);
		if (result < 0 || (result > 0 && !blk_serve(blk))) {
			blk->running = false;
			virtio_break(&blk->base);
		} else {
			interrupt = result > 0 && virtq_needs_interrupt(queue);
			more = result > 0 || virtq_enable_notify(queue);
		}
	}
	if (interrupt) {
		virtio_interrupt(&blk->base, 0);
	}
	pthread_mutex_unlock(&blk->lock);
	return more;
}

static void *blk_thread(void *argument)
{
	struct virtio_blk *blk = argument;
	eventfd_t count;

	pthread_setname_np(pthread_self(), "block");
	while (!atomic_load(&blk->ends)) {
		if (eventfd_read(blk->base.kick_fd, &count) < 0) {
			continue; /* EINTR */
		}
		while (!atomic_load(&blk->ends) && blk_serve_next(blk)) {
		}
	}
	return NULL;
}

static void blk_start(struct virtio_device *device, uint64_t features)
{
	struct virtio_blk *blk = (struct virtio_blk *)device;

	pthread_mutex_lock(&blk->lock);
	blk->running = true;
	blk->write_through = !(features & BLK_F_FLUSH);
	pthread_mutex_unlock(&blk->lock);
	eventfd_write(device->kick_fd, 1);
}

static void blk_stop(struct virtio_device *device)
{
	struct virtio_blk *blk = (struct virtio_blk *)device;

	pthread_mutex_lock(&blk->lock);
	blk->running = false;
	pthread_mutex_unlock(&blk->lock);
}

static void blk_destroy(struct virtio_device *device)
{
	struct virtio_blk *blk = (struct virtio_blk *)device;

	atomic_store(&blk->ends, true);
	eventfd_write(device->kick_fd, 1);
	pthread_join(blk->thread, NULL);
	pthread_mutex_destroy(&blk->lock);
	close(device->kick_fd);
	free(blk);
}

static const struct virtio_class blk_class = {
	.name = "virtio-blk",
	.id = VIRTIO_ID_BLOCK,
	.nr_queues = 1,
	.queue_size = 256,
	.uses_thread = true,
	.features = blk_features,
	.read_config = blk_read_config,
	.start = blk_start,
	.stop = blk_stop,
	.destroy = blk_destroy,
};

struct virtio_device *virtio_blk_create(struct block_backend *backend, const char *id)
{
	struct virtio_blk *blk = calloc(1, sizeof(*blk));

	if (!blk) {
		return NULL;
	}
	blk->base.class = &blk_class;
	blk->backend = backend;
	if (id) {
		memcpy(blk->id, id, strnlen(id, BLK_ID_SIZE));
	}
	pthread_mutex_init(&blk->lock, NULL);
	blk->base.kick_fd = eventfd(0, EFD_CLOEXEC);
	if (blk->base.kick_fd >= 0 && pthread_create(&blk->thread, NULL, blk_thread, blk) == 0) {
		return &blk->base;
	}
	if (blk->base.kick_fd >= 0) {
		close(blk->base.kick_fd);
	}
	pthread_mutex_destroy(&blk->lock);
	free(blk);
	return NULL;
}
