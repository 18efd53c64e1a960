/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devices.h: which physical addresses are devices, according to the board's device tree.
 */
#ifndef RM_DEVICES_H
#define RM_DEVICES_H

#include <hyp/boot.h>

#include "ranges.h"

/*
 * Fills @devices with the page-rounded registers of every enabled node that the CPU can reach, and
 * the windows of PCI host bridges; without memory and without the GIC, which EL2 emulates.
 */
void devices_find(struct ranges *devices, const void *fdt, const struct boot_info *boot);

#endif
