/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * device.h: what the machine needs to know of a device it did not write.
 *
 * The machine's table (machine_virt.c) has one struct device for each device; registers on the bus,
 * the device tree and tear-down all come from that one entry.
 */
#ifndef VMM_DEVICES_DEVICE_H
#define VMM_DEVICES_DEVICE_H

#include "bus.h"
#include "irq.h"

struct device;

struct device_class {
	const char *name; /* of the bus region, in logs */
	struct bus_ops bus;
	/*
	 * Writes the device's node with libfdt's sequential functions into @fdt, between the nodes
	 * of its neighbours. Returns 0 or a negative libfdt error.
	 */
	int (*describe)(const struct device *device, void *fdt);
	/* Stops and frees the device's state. Every vCPU thread has ended. */
	void (*destroy)(void *state);
};

struct device {
	const struct device_class *class;
	void *state;
	uint64_t base;
	uint64_t size;
	struct irq_line irq;
	uint32_t clock_phandle; /* of the fixed clock PrimeCell devices hang on */
};

#endif
