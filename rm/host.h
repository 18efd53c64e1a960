/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host.h: makes the host VM, which gets the board: all memory the hypervisor and the RM do not
 * keep, every device, every hardware interrupt, one vCPU on each core.
 */
#ifndef RM_HOST_H
#define RM_HOST_H

#include "server.h"

#include <hyp/boot.h>

/* Creates and starts it, and fills in its side of the RM's message queues. 0, or HYP_E_*, logged.
 */
int host_start(const struct boot_info *boot, struct ledger *ledger, struct client *client);

#endif
