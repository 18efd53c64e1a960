/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * staticvm.h: the VMs that hyp.conf names, for example an RTOS beside Linux.
 *
 * A static VM owns its memory, which the host never sees. EL2 schedules its vCPUs by the priority
 * it was given, so it runs whatever becomes of the host. It has what EL2 itself serves: GIC,
 * timers, PSCI, and a console by CONSOLE_WRITE. Only the RM has a handle to it.
 */
#ifndef RM_STATICVM_H
#define RM_STATICVM_H

#include "ledger.h"

#include <hyp/boot.h>

/* Makes and starts them all; one that fails is logged, and the others and the host go on. */
void staticvm_start_all(const struct boot_info *boot, struct ledger *ledger);

#endif
