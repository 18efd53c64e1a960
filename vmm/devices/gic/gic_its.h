/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gic_its.h - state of the ITS, shared by its two files.
 *
 * What is mapped to what lies in tables that the guest gives, in entries of ours of 8 bytes. The
 * guest can write anything there: an entry is read once, checked, and used at once.
 */
#ifndef VMM_DEVICES_GIC_ITS_H
#define VMM_DEVICES_GIC_ITS_H

#include "gic_internal.h"

#define ITS_ENTRY_SIZE   8ull
#define ITS_COMMAND_SIZE 32u
#define ITS_ID_BITS      16u /* of EventIDs, DeviceIDs, ICIDs */
#define ITS_CONTROL_SIZE 0x10000u
#define ITS_VALID        (1ull << 63) /* GITS_CBASER, GITS_BASER<n>, and the entries of tables */

enum its_table {
	ITS_TABLE_DEVICES,
	ITS_TABLE_COLLECTIONS,
	ITS_NR_TABLES,
};

struct its_command {
	uint64_t words[4];
};

struct gic_its {
	struct gic *gic; /* whose lock guards this, too */
	bool enabled;
	bool stalled;
	uint64_t cbaser;
	uint64_t cwriter; /* offsets in the queue */
	uint64_t creadr;
	uint64_t tables[ITS_NR_TABLES]; /* GITS_BASER<n> */
};

/* With the lock held. Lines are updated by the caller, when all is done. */
void its_execute(struct gic_its *its, const struct its_command *command);
void its_signal(struct gic_its *its, uint32_t device, uint32_t event);

#endif
