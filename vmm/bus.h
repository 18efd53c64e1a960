/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bus.h: which device answers at which guest physical address.
 *
 * Filled while the machine is built, then frozen; from then on lookups take no lock and may come
 * from any vCPU thread at any time. Devices lock for themselves. Regions do not overlap. Offsets
 * and values are what the guest chose: a device must accept every offset below its size, with every
 * access size.
 */
#ifndef VMM_BUS_H
#define VMM_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * @offset is relative to the region's base; @size is 1, 2, 4 or 8 and the access lies inside the
 * region; it need not be aligned. Values are in the guest's little-endian view, zero-extended.
 */
struct bus_ops {
	uint64_t (*read)(void *device, uint64_t offset, unsigned int size);
	void (*write)(void *device, uint64_t offset, uint64_t value, unsigned int size);
};

struct bus_region {
	uint64_t base;
	uint64_t size;
	const struct bus_ops *ops;
	void *device;
	const char *name; /* for logs */
};

struct bus;

/* Returns NULL when there is no memory. */
struct bus *bus_create(void);
void bus_destroy(struct bus *bus);

/* Adds a copy of @region. Returns 0, -EINVAL (empty, wraps), -EEXIST (overlap), -EBUSY (frozen),
 * -ENOMEM. */
int bus_add(struct bus *bus, const struct bus_region *region);

/* No more bus_add() after this. */
void bus_freeze(struct bus *bus);

/* The region that contains @gpa, or NULL. The result stays valid until bus_destroy(). */
const struct bus_region *bus_find(const struct bus *bus, uint64_t gpa);

/*
 * One access by a vCPU. Where no device answers, or the access is not wholly inside one region,
 * reads give 0 and writes are dropped (QEMU's virt board does the same), and the result is false.
 */
bool bus_read(const struct bus *bus, uint64_t gpa, unsigned int size, uint64_t *value);
bool bus_write(const struct bus *bus, uint64_t gpa, unsigned int size, uint64_t value);

#endif
