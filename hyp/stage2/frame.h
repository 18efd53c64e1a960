/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame table: who owns each 4 KiB frame of the machine's memory, and who else may use it.
 * It is the only record of ownership; page tables follow from it, never the other way round.
 *
 *   state     owner may access   user may access   mapped in user
 *   OWNED     yes                -                 -
 *   LENT      no                 yes               once
 *   SHARED    yes                yes               count times
 *   POOL      no (EL2 only)      -                 user = VM whose pool it is
 *
 * Frames of EL2's own region are OWNED by VMID_HYP. Guarded by mem_lock.
 */
#ifndef STAGE2_FRAME_H
#define STAGE2_FRAME_H

#include <core/lock.h>
#include <core/types.h>

enum frame_state { FRAME_NONE, FRAME_OWNED, FRAME_LENT, FRAME_SHARED, FRAME_POOL };

struct frame {
	vmid_t owner;
	vmid_t user; /* INVALID_VMID: none */
	u8 state;    /* enum frame_state; NONE: a hole, not memory */
	u8 count;    /* SHARED: mappings in user */
} __aligned(4);      /* copied and compared as one word */

extern struct spinlock mem_lock;

/* Bytes of table for memory in [base, base + bytes). */
u64 frame_table_bytes(u64 base, u64 bytes);

/* table: zeroed, frame_table_bytes() long. Then each range of memory is declared. */
void frame_init(void *table, u64 base, u64 bytes);
void frame_declare(u64 base, u64 bytes, vmid_t owner);

/* The frame of a physical address; state NONE if that is not memory. */
struct frame frame_get(paddr_t pa);

/* How many of the nr_pages frames from pa on are what the first is (*frame): at least one. */
u64 frame_run(paddr_t pa, u64 nr_pages, struct frame *frame);

/* All of the range, which lies in the table, becomes value. */
void frame_set(paddr_t pa, u64 nr_pages, struct frame value);

/* Whether [pa, +nr) is memory, all of it owner's and in state. */
bool frame_all(paddr_t pa, u64 nr_pages, vmid_t owner, enum frame_state state);
/* Whether [pa, +nr) holds no memory at all. */
bool frame_none(paddr_t pa, u64 nr_pages);

#endif
