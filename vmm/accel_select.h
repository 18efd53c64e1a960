/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accel_select.h: settles which accelerator a VM runs on.
 */
#ifndef VMM_ACCEL_SELECT_H
#define VMM_ACCEL_SELECT_H

struct vm_config;

/*
 * With config->accel NULL (`auto`) takes the first accelerator of accel_list whose probe succeeds,
 * and logs which and why not the others; else probes the one given. Returns 0 or a negative errno
 * after logging the reason.
 */
int accel_select(struct vm_config *config);

#endif
