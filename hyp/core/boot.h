/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loader handed over, kept in EL2's own memory; constant after boot. */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include <core/types.h>
#include <hyp/boot.h>

extern const struct boot_info *boot_info;
/* Where the loader put it: in the RM's region, at the same IPA. */
extern u64 boot_info_pa;
/* CNTPCT when the host VM was first entered, or 0. */
extern u64 boot_host_entry_time;

#endif
