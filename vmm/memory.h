/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.h: guest physical memory, and the only ways to reach it from devices.
 *
 * RAM is one mapping per region, of a file if the accelerator has one for it, aligned so that huge
 * pages of host and guest coincide. A device never keeps a host pointer into guest memory that it
 * did not get from guest_memory_span() for exactly that address and length, and never trusts what
 * it reads there: the guest's other vCPUs may change it at any moment. Data that is checked is
 * therefore first copied out with guest_memory_read().
 *
 * Built before the vCPUs start, constant afterwards; no locks.
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_MEMORY_MAX_REGIONS 4

struct guest_region {
	uint64_t gpa;
	uint64_t size;
	uint8_t *host;
	int fd; /* the file it is of, or -1 */
};

struct guest_memory {
	struct guest_region regions[GUEST_MEMORY_MAX_REGIONS];
	unsigned int nr_regions;
	/* Called after a device has written; NULL if nobody wants to know. Set before the vCPUs
	 * start. */
	void (*written)(void *context, uint64_t gpa, uint64_t size);
	void *written_context;
};

/* Adds zeroed RAM at @gpa; both page-aligned. Returns 0 or a negative errno. */
int guest_memory_add(struct guest_memory *memory, uint64_t gpa, uint64_t size);
/* The same with @fd, a file of zeros of that size, mapped shared, whose descriptor it takes over;
 * -1: anonymous memory. */
int guest_memory_add_file(struct guest_memory *memory, uint64_t gpa, uint64_t size, int fd);
/* Gives all memory back; the structure is empty afterwards. */
void guest_memory_release(struct guest_memory *memory);

/* Bytes of it that the host holds in memory, whoever touched them. */
uint64_t guest_memory_resident(const struct guest_memory *memory);
/* Those among them that this process has not mapped: what the guest alone has touched of a file. */
uint64_t guest_memory_unmapped(const struct guest_memory *memory);

/* Host address of [gpa, gpa + size), or NULL when any byte of it is not RAM. size 0 gives NULL. */
void *guest_memory_span(const struct guest_memory *memory, uint64_t gpa, uint64_t size);

/* Copies; false (and nothing copied) when any byte is not RAM. A write reports itself to `written`.
 */
bool guest_memory_read(const struct guest_memory *memory, uint64_t gpa, void *to, size_t size);
bool guest_memory_write(const struct guest_memory *memory, uint64_t gpa, const void *from,
			size_t size);

/* A device has written [gpa, gpa + size) through a span, for instance with preadv(). */
void guest_memory_note_written(const struct guest_memory *memory, uint64_t gpa, uint64_t size);

#endif
