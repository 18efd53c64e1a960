/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest_ring.h: the driver's side of a split virtqueue, for tests: writes descriptors and indices
 * into guest memory.
 */
#ifndef TEST_GUEST_RING_H
#define TEST_GUEST_RING_H

#include "devices/virtio/ring.h"

#include <string.h>

#define GUEST_BASE 0x40000000ULL
#define GUEST_SIZE 0x200000ULL

#define DESC_NEXT     1
#define DESC_WRITE    2
#define DESC_INDIRECT 4

/* One queue at a fixed place; the tables of queue n lie at GUEST_BASE + 0x10000 * n. */
struct guest_ring {
	struct guest_memory *memory;
	struct virtq_setup setup;
	uint16_t next_desc, next_avail, next_used;
};

static inline void guest_put(struct guest_memory *memory, uint64_t gpa, const void *bytes,
			     size_t size)
{
	memcpy(guest_memory_span(memory, gpa, size), bytes, size);
}

static inline uint16_t guest_get16(struct guest_memory *memory, uint64_t gpa)
{
	return __atomic_load_n((uint16_t *)guest_memory_span(memory, gpa, 2), __ATOMIC_ACQUIRE);
}

static inline void guest_ring_init(struct guest_ring *ring, struct guest_memory *memory,
				   unsigned int index, uint32_t size)
{
	uint64_t base = GUEST_BASE + 0x10000 * index;

	*ring = (struct guest_ring){.memory = memory};
	ring->setup = (struct virtq_setup){true, size, base, base + 0x6000, base + 0x8000};
}

static inline void guest_ring_desc_at(struct guest_memory *memory, uint64_t gpa, uint64_t address,
				      uint32_t length, uint16_t flags, uint16_t next)
{
	const struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} desc = {address, length, flags, next};

	guest_put(memory, gpa, &desc, sizeof(desc));
}

static inline void guest_ring_desc(struct guest_ring *ring, uint16_t index, uint64_t address,
				   uint32_t length, uint16_t flags, uint16_t next)
{
	guest_ring_desc_at(ring->memory, ring->setup.desc + 16 * index, address, length, flags,
			   next);
}

static inline void guest_ring_offer(struct guest_ring *ring, uint16_t head)
{
	uint64_t slot = ring->setup.driver + 4 + 2 * (ring->next_avail % ring->setup.size);

	guest_put(ring->memory, slot, &head, 2);
	ring->next_avail++;
	__atomic_store_n((uint16_t *)guest_memory_span(ring->memory, ring->setup.driver + 2, 2),
			 ring->next_avail, __ATOMIC_RELEASE);
}

/* Takes the next used element. False when there is none. */
static inline bool guest_ring_take(struct guest_ring *ring, uint32_t *head, uint32_t *length)
{
	uint64_t slot = ring->setup.device + 4 + 8 * (ring->next_used % ring->setup.size);

	if (guest_get16(ring->memory, ring->setup.device + 2) == ring->next_used) {
		return false;
	}
	memcpy(head, guest_memory_span(ring->memory, slot, 8), 4);
	memcpy(length, guest_memory_span(ring->memory, slot + 4, 4), 4);
	ring->next_used++;
	return true;
}

#endif
