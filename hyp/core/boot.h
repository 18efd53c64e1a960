/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loader handed over, kept in EL2's own memory; constant after boot. */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include <hyp/boot.h>

extern const struct boot_info *boot_info;

#endif
