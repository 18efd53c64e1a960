/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pl011.h: Arm PrimeCell UART (PL011) r1p5, Arm DDI 0183G.
 */
#ifndef VMM_DEVICES_PL011_H
#define VMM_DEVICES_PL011_H

#include "devices/device.h"

struct chardev;
struct pl011;

extern const struct device_class pl011_class;

/* @chardev outlives the device. Main thread. NULL when there is no memory. */
struct pl011 *pl011_create(struct chardev *chardev, const struct irq_line *irq);

#endif
