/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ring.h: the one parser of split virtqueues (virtio 1.2, 2.7).
 *
 * Everything in a ring is written by the guest, which may be hostile and may change it while we
 * read. So: the ring's addresses are checked once, when the driver is ready, and latched as host
 * pointers; each descriptor is copied out exactly once; every address and length is checked against
 * guest memory; every walk is bounded by the queue size or the indirect table's size, and by
 * VIRTQ_MAX_SEGMENTS. A ring that breaks a rule becomes broken and yields nothing more until the
 * next virtq_start().
 *
 * Not thread-safe: the device that owns the queue serialises.
 */
#ifndef VMM_DEVICES_VIRTIO_RING_H
#define VMM_DEVICES_VIRTIO_RING_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTQ_MAX_SIZE     1024 /* a power of two */
#define VIRTQ_MAX_SEGMENTS 130

#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX     (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1     (UINT64_C(1) << 32)

/* What the driver configured through the transport, unchecked. */
struct virtq_setup {
	bool ready;
	uint32_t size;
	uint64_t desc, driver, device; /* guest physical addresses */
};

struct virtq {
	const struct guest_memory *memory;
	const uint8_t *desc;
	uint8_t *driver, *device;
	uint64_t device_gpa;
	uint16_t size;
	uint16_t next_avail; /* index of the next chain to take */
	uint16_t next_used;  /* index of the next element to give back */
	uint16_t signalled;  /* next_used when virtq_needs_interrupt() last looked */
	bool event_idx, indirect;
	bool running, broken;
};

/* One contiguous piece of a buffer; [host, host + size) is guest memory. */
struct virtq_segment {
	uint64_t gpa;
	uint8_t *host;
	uint32_t size;
};

/* A descriptor chain: nr_out device-readable segments, then nr_in device-writable ones. */
struct virtq_chain {
	uint16_t head;
	unsigned int nr_out, nr_in;
	uint64_t out_size, in_size; /* bytes; their sum is below 4 GiB */
	struct virtq_segment segments[VIRTQ_MAX_SEGMENTS];
};

/*
 * Latches @setup. @features are the negotiated ones. Returns 0, or -EINVAL when size, alignment or
 * an address is wrong; the queue is then broken.
 */
int virtq_start(struct virtq *queue, const struct guest_memory *memory,
		const struct virtq_setup *setup, uint64_t features);
void virtq_stop(struct virtq *queue);

/* Takes the next chain. Returns 1, 0 when there is none, or -EPROTO when the ring is broken. */
int virtq_pop(struct virtq *queue, struct virtq_chain *chain);
/* Gives a chain back, @written bytes of whose device-writable part were filled from its start. */
void virtq_push(struct virtq *queue, const struct virtq_chain *chain, uint32_t written);
/* Does the driver want an interrupt for what was pushed since the last call? */
bool virtq_needs_interrupt(struct virtq *queue);
/*
 * Asks the driver to notify when it adds buffers, or not to. virtq_enable_notify() returns true
 * when some arrived in the meantime: the caller must look again.
 */
bool virtq_enable_notify(struct virtq *queue);
void virtq_disable_notify(struct virtq *queue);
/* True when virtq_pop() would not return 0. */
bool virtq_has_work(const struct virtq *queue);

/* Copies @size bytes at @offset of the device-readable part; false when they are not all there. */
bool virtq_chain_read(const struct virtq_chain *chain, uint64_t offset, void *to, size_t size);
/* Copies into the device-writable part; false (and nothing copied) when there is no such room. */
bool virtq_chain_write(const struct virtq_chain *chain, uint64_t offset, const void *from,
		       size_t size);

#endif
