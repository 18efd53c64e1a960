/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * primecell.h: the device tree node that Arm PrimeCell peripherals share.
 */
#ifndef VMM_DEVICES_PRIMECELL_H
#define VMM_DEVICES_PRIMECELL_H

#include "devices/device.h"

/*
 * Writes node `name@base` with @compatible ("arm,primecell" is added), the names of its @nr_clocks
 * clocks (all are the machine's one fixed clock), reg and a level interrupt. Returns 0 or a
 * negative libfdt error.
 */
int primecell_describe(const struct device *device, void *fdt, const char *name,
		       const char *compatible, const char *const *clock_names,
		       unsigned int nr_clocks);

#endif
