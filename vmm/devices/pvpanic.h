/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pvpanic.h: the register a guest kernel reports its panic to (QEMU docs/specs/pvpanic.rst, MMIO
 * form).
 */
#ifndef VMM_DEVICES_PVPANIC_H
#define VMM_DEVICES_PVPANIC_H

#include "devices/device.h"

struct pvpanic;

extern const struct device_class pvpanic_class;

/* @panicked is called on a vCPU thread. NULL when there is no memory. */
struct pvpanic *pvpanic_create(void (*panicked)(void *context), void *context);

#endif
