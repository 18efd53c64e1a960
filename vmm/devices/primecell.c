// SPDX-License-Identifier: BSD-3-Clause
/*
 * primecell.c: the device tree node that Arm PrimeCell peripherals share
 * (bindings/arm/primecell.yaml).
 */
#include "devices/primecell.h"

#include "fdt_node.h"

#include <libfdt.h>

int primecell_describe(const struct device *device, void *fdt, const char *name,
		       const char *compatible, const char *const *clock_names,
		       unsigned int nr_clocks)
{
	const char *const compatibles[] = {compatible, "arm,primecell", NULL};
	const uint32_t clocks[] = {device->clock_phandle, device->clock_phandle};
	int result = fdt_begin_unit(fdt, name, device->base);

	result = result ?: fdt_property_strings(fdt, "compatible", compatibles);
	result = result ?: fdt_property_reg(fdt, device->base, device->size);
	result = result ?: fdt_property_spi(fdt, device->irq.number, FDT_IRQ_LEVEL_HIGH);
	result = result ?: fdt_property_cells(fdt, "clocks", clocks, nr_clocks);
	result = result ?: fdt_property_strings(fdt, "clock-names", clock_names);
	return result ?: fdt_end_node(fdt);
}
