// SPDX-License-Identifier: BSD-3-Clause
/*
 * fdt_node.c: helpers over libfdt's sequential writer. See fdt_node.h.
 */
#include "fdt_node.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

int fdt_begin_unit(void *fdt, const char *name, uint64_t unit)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%" PRIx64, name, unit);
	return fdt_begin_node(fdt, full);
}

int fdt_property_cells(void *fdt, const char *name, const uint32_t *cells, size_t nr_cells)
{
	fdt32_t *value;
	void *place;
	int result = fdt_property_placeholder(fdt, name, (int)(nr_cells * sizeof(*value)), &place);

	if (result) {
		return result;
	}
	value = place;
	for (size_t i = 0; i < nr_cells; i++) {
		value[i] = cpu_to_fdt32(cells[i]);
	}
	return 0;
}

int fdt_property_strings(void *fdt, const char *name, const char *const *strings)
{
	char joined[128];
	size_t used = 0;

	for (; *strings; strings++) {
		size_t length = strlen(*strings) + 1;

		if (length > sizeof(joined) - used) {
			return -FDT_ERR_NOSPACE;
		}
		memcpy(joined + used, *strings, length);
		used += length;
	}
	return fdt_property(fdt, name, joined, (int)used);
}

int fdt_property_reg(void *fdt, uint64_t base, uint64_t size)
{
	const uint32_t cells[] = {(uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
				  (uint32_t)size};

	return fdt_property_cells(fdt, "reg", cells, 4);
}

int fdt_property_spi(void *fdt, uint32_t spi, uint32_t flags)
{
	const uint32_t cells[] = {FDT_IRQ_SPI, spi, flags};

	return fdt_property_cells(fdt, "interrupts", cells, 3);
}
