/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hostdt.h: the host's device tree, made from the board's.
 *
 * The host sees the board as it is, less what the hypervisor keeps for itself: memory is what the
 * host was given, the GIC has no virtualization parts (and no ITS, which is not supported yet),
 * the timer no hypervisor interrupt, PSCI is called with HVC, performance counters are gone, and a
 * /hypervisor node tells hyp.ko how to reach the RM (<hyp/rm_msg.h>).
 */
#ifndef RM_HOSTDT_H
#define RM_HOSTDT_H

#include "ranges.h"

#include <stddef.h>

struct hostdt {
	const struct boot_info *boot;
	const struct ranges *memory;      /* the host's */
	uint64_t rm_tx, rm_rx, wake;      /* handles in the host's table */
	uint32_t rm_rx_intid, wake_intid; /* virtual SPIs */
	uint64_t gicr_bytes;              /* of the virtual redistributors, all in one region */
};

/*
 * Writes the tree into @to (@bytes of room), packed. 0, or a negative FDT_ERR_* (fdt_strerror());
 * *step then names what was being changed.
 */
int hostdt_make(const struct hostdt *host, const void *board, void *to, size_t bytes,
		const char **step);

#endif
