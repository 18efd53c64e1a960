// SPDX-License-Identifier: BSD-3-Clause
/*
 * pvpanic.c: one byte register. Reads say which events are supported; bit 0 written means the guest
 * has panicked, bit 1 that it panicked and will handle it itself (a crash kernel is loaded), which
 * is only logged.
 */
#include "devices/pvpanic.h"

#include "fdt_node.h"
#include "log.h"

#include <libfdt.h>
#include <stdlib.h>

#define PVPANIC_PANICKED     (1u << 0)
#define PVPANIC_CRASH_LOADED (1u << 1)

struct pvpanic {
	void (*panicked)(void *context);
	void *context;
};

struct pvpanic *pvpanic_create(void (*panicked)(void *context), void *context)
{
	struct pvpanic *pvpanic = malloc(sizeof(*pvpanic));

	if (pvpanic) {
		*pvpanic = (struct pvpanic){panicked, context};
	}
	return pvpanic;
}

static uint64_t pvpanic_read(void *state, uint64_t offset, unsigned int size)
{
	(void)state;
	(void)size;
	return offset == 0 ? PVPANIC_PANICKED | PVPANIC_CRASH_LOADED : 0;
}

static void pvpanic_write(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	struct pvpanic *pvpanic = state;

	(void)size;
	if (offset == 0 && (value & PVPANIC_PANICKED)) {
		pvpanic->panicked(pvpanic->context);
	} else if (offset == 0 && (value & PVPANIC_CRASH_LOADED)) {
		log_debug("the guest has panicked and starts its crash kernel");
	}
}

static int pvpanic_describe(const struct device *device, void *fdt)
{
	int result = fdt_begin_unit(fdt, "pvpanic-mmio", device->base);

	result = result ?: fdt_property_string(fdt, "compatible", "qemu,pvpanic-mmio");
	result = result ?: fdt_property_reg(fdt, device->base, device->size);
	return result ?: fdt_end_node(fdt);
}

const struct device_class pvpanic_class = {
	.name = "pvpanic",
	.bus = {.read = pvpanic_read, .write = pvpanic_write},
	.describe = pvpanic_describe,
	.destroy = free,
};
