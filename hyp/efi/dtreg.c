// SPDX-License-Identifier: BSD-3-Clause
/*
 * dtreg.c: addresses and interrupts of device tree nodes; see dtreg.h.
 */
#include "dtreg.h"

#include <string.h>

#define GIC_DT_PPI 1 /* first cell of a GIC interrupt: 0 SPI, 1 PPI */

uint64_t dtreg_cells(const fdt32_t *cell, int nr)
{
	uint64_t value = 0;

	for (int i = 0; i < nr; i++) {
		value = value << 32 | fdt32_ld(&cell[i]);
	}
	return value;
}

uint32_t dtreg_u32(const void *fdt, int node, const char *name, uint32_t otherwise)
{
	int bytes;
	const fdt32_t *value = fdt_getprop(fdt, node, name, &bytes);

	return value && bytes == (int)sizeof(*value) ? fdt32_ld(value) : otherwise;
}

static bool dtreg_status_okay(const void *fdt, int node)
{
	const char *status = fdt_getprop(fdt, node, "status", NULL);

	return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

bool dtreg_enabled(const void *fdt, int node)
{
	for (; node >= 0; node = fdt_parent_offset(fdt, node)) {
		if (!dtreg_status_okay(fdt, node)) {
			return false;
		}
	}
	return true;
}

int dtreg_find_compatible(const void *fdt, int start, const char *compatible)
{
	int node = fdt_node_offset_by_compatible(fdt, start, compatible);

	while (node >= 0 && !dtreg_enabled(fdt, node)) {
		node = fdt_node_offset_by_compatible(fdt, node, compatible);
	}
	return node;
}

/* One step up: an address on @bus becomes one on the bus above it. */
static bool dtreg_translate_step(const void *fdt, int bus, int above, uint64_t *address,
				 uint64_t bytes)
{
	int child = fdt_address_cells(fdt, bus), parent = fdt_address_cells(fdt, above);
	int sizes = fdt_size_cells(fdt, bus), entry = child + parent + sizes, length;
	const fdt32_t *ranges = fdt_getprop(fdt, bus, "ranges", &length);

	if (!ranges || child < 1 || parent < 1 || sizes < 0) {
		return false;
	}
	if (length == 0) {
		return true;
	}
	for (; length >= entry * 4; length -= entry * 4, ranges += entry) {
		uint64_t from = dtreg_cells(ranges, child);
		uint64_t span = dtreg_cells(ranges + child + parent, sizes);

		if (*address >= from && *address - from < span &&
		    bytes <= span - (*address - from)) {
			*address += dtreg_cells(ranges + child, parent) - from;
			return true;
		}
	}
	return false;
}

bool dtreg_translate(const void *fdt, int bus, uint64_t *address, uint64_t bytes)
{
	while (bus > 0) {
		int above = fdt_parent_offset(fdt, bus);

		if (above < 0 || !dtreg_translate_step(fdt, bus, above, address, bytes)) {
			return false;
		}
		bus = above;
	}
	return bus == 0;
}

bool dtreg_get(const void *fdt, int node, unsigned int index, struct boot_range *out)
{
	int bus = fdt_parent_offset(fdt, node), length;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);
	int addresses = bus >= 0 ? fdt_address_cells(fdt, bus) : -1;
	int sizes = bus >= 0 ? fdt_size_cells(fdt, bus) : -1;
	unsigned int entry;

	if (!reg || addresses < 1 || sizes < 0) {
		return false;
	}
	entry = (unsigned int)(addresses + sizes);
	if (index >= (unsigned int)length / 4 / entry) {
		return false;
	}
	reg += index * entry;
	out->base = dtreg_cells(reg, addresses);
	out->bytes = dtreg_cells(reg + addresses, sizes);
	return dtreg_translate(fdt, bus, &out->base, out->bytes);
}

uint32_t dtreg_gic_irq(const void *fdt, int node, int gic, unsigned int index)
{
	uint32_t cells = dtreg_u32(fdt, gic, "#interrupt-cells", 3);
	int length;
	const fdt32_t *irqs = fdt_getprop(fdt, node, "interrupts", &length);
	uint32_t number;

	if (!irqs || cells < 3 || cells > 8 || index >= (unsigned int)length / 4 / cells) {
		return 0;
	}
	irqs += index * cells;
	number = fdt32_ld(&irqs[1]);
	if (fdt32_ld(&irqs[0]) == GIC_DT_PPI) {
		return number < 16 ? 16 + number : 0;
	}
	return number < 988 ? 32 + number : 0;
}
