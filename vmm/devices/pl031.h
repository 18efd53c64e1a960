/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pl031.h: Arm PrimeCell real-time clock (PL031), Arm DDI 0224C.
 */
#ifndef VMM_DEVICES_PL031_H
#define VMM_DEVICES_PL031_H

#include "devices/device.h"

struct event_loop;
struct pl031;

extern const struct device_class pl031_class;

/* @loop runs the alarm. Main thread. NULL when there is no memory or no timer. */
struct pl031 *pl031_create(struct event_loop *loop, const struct irq_line *irq);

#endif
