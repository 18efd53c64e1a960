/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What VMs read from the ID registers. An allow-list: a feature is shown only if EL2 needs to do
 * nothing for it, or does it; anything newer reads as absent.
 */
#ifndef CORE_IDREG_H
#define CORE_IDREG_H

#include <core/types.h>

/* Register Op0=3, Op1=0, CRn=0, CRm, Op2: CRm 1 to 7. Unassigned ones read as zero. */
u64 idreg_read(u32 crm, u32 op2);

#endif
