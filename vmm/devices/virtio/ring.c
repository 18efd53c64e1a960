// SPDX-License-Identifier: BSD-3-Clause
/*
 * ring.c: split virtqueues (virtio 1.2, 2.7). See ring.h for the rules that make it safe.
 *
 *	descriptor table  16 bytes each: le64 address, le32 length, le16 flags, le16 next
 *	driver area       le16 flags, le16 index, le16 ring[size], le16 used_event
 *	device area       le16 flags, le16 index, {le32 id, le32 length} ring[size], le16
 *avail_event
 *
 * Indices run freely modulo 2^16. Both hosts are little-endian, so fields need no swapping.
 */
#include "devices/virtio/ring.h"

#include <errno.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "virtio fields are little-endian");

#define DESC_SIZE          16u
#define DESC_F_NEXT        1u
#define DESC_F_WRITE       2u
#define DESC_F_INDIRECT    4u
#define DRIVER_F_NO_IRQ    1u
#define DEVICE_F_NO_NOTIFY 1u

struct virtq_desc {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

_Static_assert(sizeof(struct virtq_desc) == DESC_SIZE, "as the specification lays it out");

/* A table being walked: the ring's own, or an indirect one. */
struct virtq_table {
	const uint8_t *entries;
	uint32_t nr_entries;
	bool is_indirect;
};

static uint16_t load16(const uint8_t *from, int order)
{
	return order == __ATOMIC_ACQUIRE
		       ? __atomic_load_n((const uint16_t *)from, __ATOMIC_ACQUIRE)
		       : __atomic_load_n((const uint16_t *)from, __ATOMIC_RELAXED);
}

static const uint8_t *driver_index(const struct virtq *queue)
{
	return queue->driver + 2;
}

static uint8_t *device_index(const struct virtq *queue)
{
	return queue->device + 2;
}

static const uint8_t *used_event(const struct virtq *queue)
{
	return queue->driver + 4 + 2 * (size_t)queue->size;
}

static uint8_t *avail_event(const struct virtq *queue)
{
	return queue->device + 4 + 8 * (size_t)queue->size;
}

/* The memory now differs from what it was for anything cached from it (accel.h, memory_written). */
static void virtq_store16(struct virtq *queue, uint8_t *to, uint16_t value, int order)
{
	if (order == __ATOMIC_RELEASE) {
		__atomic_store_n((uint16_t *)to, value, __ATOMIC_RELEASE);
	} else {
		__atomic_store_n((uint16_t *)to, value, __ATOMIC_RELAXED);
	}
	guest_memory_note_written(queue->memory, queue->device_gpa + (uint64_t)(to - queue->device),
				  2);
}

static int virtq_break(struct virtq *queue)
{
	queue->broken = true;
	return -EPROTO;
}

int virtq_start(struct virtq *queue, const struct guest_memory *memory,
		const struct virtq_setup *setup, uint64_t features)
{
	uint32_t size = setup->size;

	*queue = (struct virtq){.memory = memory, .broken = true};
	if (size == 0 || size > VIRTQ_MAX_SIZE || (size & (size - 1)) || setup->desc % 16 ||
	    setup->driver % 2 || setup->device % 4) {
		return -EINVAL;
	}
	queue->size = (uint16_t)size;
	queue->desc = guest_memory_span(memory, setup->desc, DESC_SIZE * (uint64_t)size);
	queue->driver = guest_memory_span(memory, setup->driver, 6 + 2 * (uint64_t)size);
	queue->device = guest_memory_span(memory, setup->device, 6 + 8 * (uint64_t)size);
	if (!queue->desc || !queue->driver || !queue->device) {
		return -EINVAL;
	}
	queue->device_gpa = setup->device;
	queue->event_idx = features & VIRTIO_F_EVENT_IDX;
	queue->indirect = features & VIRTIO_F_INDIRECT_DESC;
	queue->running = true;
	queue->broken = false;
	return 0;
}

void virtq_stop(struct virtq *queue)
{
	*queue = (struct virtq){0};
}

/* The copy is complete before any check: the empty asm keeps the compiler from reading guest memory
 * again. */
static struct virtq_desc virtq_copy_desc(const struct virtq_table *table, uint32_t index)
{
	struct virtq_desc desc;

	memcpy(&desc, table->entries + (size_t)index * DESC_SIZE, sizeof(desc));
	__asm__ volatile("" ::: "memory");
	return desc;
}

static int virtq_add_segment(struct virtq *queue, struct virtq_chain *chain,
			     const struct virtq_desc *desc)
{
	bool writable = desc->flags & DESC_F_WRITE;
	unsigned int nr = chain->nr_out + chain->nr_in;
	uint8_t *host;

	if (!writable && chain->nr_in) {
		return virtq_break(queue); /* readable after writable (2.7.4.2) */
	}
	if (desc->length == 0) {
		return 0;
	}
	host = guest_memory_span(queue->memory, desc->address, desc->length);
	if (!host || nr == VIRTQ_MAX_SEGMENTS ||
	    chain->out_size + chain->in_size + desc->length > UINT32_MAX) {
		return virtq_break(queue);
	}
	chain->segments[nr] = (struct virtq_segment){desc->address, host, desc->length};
	if (writable) {
		chain->nr_in++;
		chain->in_size += desc->length;
	} else {
		chain->nr_out++;
		chain->out_size += desc->length;
	}
	return 0;
}

/* Makes @table the indirect table @desc refers to (2.7.5.3). */
static int virtq_enter_indirect(struct virtq *queue, const struct virtq_desc *desc,
				struct virtq_table *table)
{
	if (!queue->indirect || table->is_indirect || (desc->flags & DESC_F_NEXT) ||
	    desc->length == 0 || desc->length % DESC_SIZE) {
		return virtq_break(queue);
	}
	table->entries = guest_memory_span(queue->memory, desc->address, desc->length);
	table->nr_entries = desc->length / DESC_SIZE;
	table->is_indirect = true;
	return table->entries ? 0 : virtq_break(queue);
}

static int virtq_walk(struct virtq *queue, struct virtq_chain *chain)
{
	struct virtq_table table = {queue->desc, queue->size, false};
	uint32_t index = chain->head, left = table.nr_entries;

	while (left--) {
		struct virtq_desc desc;
		int result;

		if (index >= table.nr_entries) {
			return virtq_break(queue);
		}
		desc = virtq_copy_desc(&table, index);
		if (desc.flags & DESC_F_INDIRECT) {
			result = virtq_enter_indirect(queue, &desc, &table);
			index = 0;
			left = table.nr_entries;
		} else {
			result = virtq_add_segment(queue, chain, &desc);
			index = desc.next;
			if (result == 0 && !(desc.flags & DESC_F_NEXT)) {
				return 1;
			}
		}
		if (result) {
			return result;
		}
	}
	return virtq_break(queue); /* a loop */
}

bool virtq_has_work(const struct virtq *queue)
{
	return queue->running && !queue->broken &&
	       load16(driver_index(queue), __ATOMIC_ACQUIRE) != queue->next_avail;
}

int virtq_pop(struct virtq *queue, struct virtq_chain *chain)
{
	uint16_t waiting;

	if (queue->broken) {
		return -EPROTO;
	}
	if (!queue->running) {
		return 0;
	}
	/* Pairs with the driver's barrier between filling the ring and moving the index. */
	waiting = (uint16_t)(load16(driver_index(queue), __ATOMIC_ACQUIRE) - queue->next_avail);
	if (waiting == 0) {
		return 0;
	}
	if (waiting > queue->size) {
		return virtq_break(queue);
	}
	chain->head =
		load16(queue->driver + 4 + 2 * (queue->next_avail % queue->size), __ATOMIC_RELAXED);
	chain->nr_out = 0;
	chain->nr_in = 0;
	chain->out_size = 0;
	chain->in_size = 0;
	queue->next_avail++;
	return virtq_walk(queue, chain);
}

static void virtq_note_filled(const struct virtq *queue, const struct virtq_chain *chain,
			      uint32_t written)
{
	for (unsigned int i = 0; i < chain->nr_in && written; i++) {
		const struct virtq_segment *segment = &chain->segments[chain->nr_out + i];
		uint32_t part = segment->size < written ? segment->size : written;

		guest_memory_note_written(queue->memory, segment->gpa, part);
		written -= part;
	}
}

void virtq_push(struct virtq *queue, const struct virtq_chain *chain, uint32_t written)
{
	size_t offset = 4 + 8 * (size_t)(queue->next_used % queue->size);
	const uint32_t element[2] = {chain->head, written};

	if (!queue->running || queue->broken) {
		return;
	}
	virtq_note_filled(queue, chain, written);
	memcpy(queue->device + offset, element, sizeof(element));
	guest_memory_note_written(queue->memory, queue->device_gpa + offset, sizeof(element));
	queue->next_used++;
	/* Pairs with the driver's load of the index: the element and the data are visible before
	 * it. */
	virtq_store16(queue, device_index(queue), queue->next_used, __ATOMIC_RELEASE);
}

bool virtq_needs_interrupt(struct virtq *queue)
{
	uint16_t before = queue->signalled, now = queue->next_used;

	if (!queue->running || queue->broken || before == now) {
		return false;
	}
	queue->signalled = now;
	/* The index is visible before the driver's wish is read: pairs with the driver writing its
	 * wish, then reading. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (queue->event_idx) {
		uint16_t event = load16(used_event(queue), __ATOMIC_RELAXED);

		return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
	}
	return !(load16(queue->driver, __ATOMIC_RELAXED) & DRIVER_F_NO_IRQ);
}

bool virtq_enable_notify(struct virtq *queue)
{
	if (!queue->running || queue->broken) {
		return false;
	}
	if (queue->event_idx) {
		virtq_store16(queue, avail_event(queue), queue->next_avail, __ATOMIC_RELAXED);
	} else {
		virtq_store16(queue, queue->device, 0, __ATOMIC_RELAXED);
	}
	/* The wish is visible before the index is read again: pairs with the driver's barrier
	 * before it reads the wish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return virtq_has_work(queue);
}

void virtq_disable_notify(struct virtq *queue)
{
	/* With event indices the old avail_event, being in the past, does it already. */
	if (queue->running && !queue->broken && !queue->event_idx) {
		virtq_store16(queue, queue->device, DEVICE_F_NO_NOTIFY, __ATOMIC_RELAXED);
	}
}

/* Copies between @bytes and [offset, offset + size) of consecutive segments, which is known to be
 * inside them. */
static void virtq_copy(const struct virtq_segment *segments, uint64_t offset, uint8_t *bytes,
		       size_t size, bool to_guest)
{
	for (; size; segments++) {
		size_t part;

		if (offset >= segments->size) {
			offset -= segments->size;
			continue;
		}
		part = segments->size - offset < size ? segments->size - (size_t)offset : size;
		if (to_guest) {
			memcpy(segments->host + offset, bytes, part);
		} else {
			memcpy(bytes, segments->host + offset, part);
		}
		bytes += part;
		size -= part;
		offset = 0;
	}
}

bool virtq_chain_read(const struct virtq_chain *chain, uint64_t offset, void *to, size_t size)
{
	if (offset > chain->out_size || size > chain->out_size - offset) {
		return false;
	}
	virtq_copy(chain->segments, offset, to, size, false);
	__asm__ volatile("" ::: "memory");
	return true;
}

bool virtq_chain_write(const struct virtq_chain *chain, uint64_t offset, const void *from,
		       size_t size)
{
	if (offset > chain->in_size || size > chain->in_size - offset) {
		return false;
	}
	virtq_copy(chain->segments + chain->nr_out, offset, (uint8_t *)from, size, true);
	return true;
}
