// SPDX-License-Identifier: BSD-3-Clause
/*
 * bus.c: a sorted array of regions, searched by bisection. See bus.h for the rules.
 */
#include "bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bus {
	struct bus_region *regions; /* by base */
	size_t nr_regions;
	bool frozen;
};

struct bus *bus_create(void)
{
	return calloc(1, sizeof(struct bus));
}

void bus_destroy(struct bus *bus)
{
	if (bus) {
		free(bus->regions);
		free(bus);
	}
}

/* Index of the first region whose end lies above @gpa. */
static size_t bus_lower_bound(const struct bus *bus, uint64_t gpa)
{
	size_t low = 0, high = bus->nr_regions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct bus_region *region = &bus->regions[middle];

		if (region->base + (region->size - 1) < gpa) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

int bus_add(struct bus *bus, const struct bus_region *region)
{
	struct bus_region *grown;
	uint64_t last;
	size_t at;

	if (region->size == 0 || __builtin_add_overflow(region->base, region->size - 1, &last)) {
		return -EINVAL;
	}
	if (bus->frozen) {
		return -EBUSY;
	}
	at = bus_lower_bound(bus, region->base);
	if (at < bus->nr_regions && bus->regions[at].base <= last) {
		return -EEXIST;
	}
	grown = realloc(bus->regions, (bus->nr_regions + 1) * sizeof(*grown));
	if (!grown) {
		return -ENOMEM;
	}
	memmove(&grown[at + 1], &grown[at], (bus->nr_regions - at) * sizeof(*grown));
	grown[at] = *region;
	bus->regions = grown;
	bus->nr_regions++;
	return 0;
}

void bus_freeze(struct bus *bus)
{
	bus->frozen = true;
}

const struct bus_region *bus_find(const struct bus *bus, uint64_t gpa)
{
	size_t at = bus_lower_bound(bus, gpa);

	if (at < bus->nr_regions && bus->regions[at].base <= gpa) {
		return &bus->regions[at];
	}
	return NULL;
}

static const struct bus_region *bus_find_access(const struct bus *bus, uint64_t gpa,
						unsigned int size)
{
	const struct bus_region *region = bus_find(bus, gpa);

	if (region && region->size - (gpa - region->base) >= size) {
		return region;
	}
	return NULL;
}

bool bus_read(const struct bus *bus, uint64_t gpa, unsigned int size, uint64_t *value)
{
	const struct bus_region *region = bus_find_access(bus, gpa, size);

	*value = region ? region->ops->read(region->device, gpa - region->base, size) : 0;
	return region;
}

bool bus_write(const struct bus *bus, uint64_t gpa, unsigned int size, uint64_t value)
{
	const struct bus_region *region = bus_find_access(bus, gpa, size);

	if (region) {
		region->ops->write(region->device, gpa - region->base, value, size);
	}
	return region;
}
