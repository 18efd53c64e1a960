/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLOTS_H
#define SLOTS_H

#include "pure.h"

/* KVM_CAP_NR_MEMSLOTS. Slot ids are below it. */
#define SLOTS_MAX 512u

/* One memory slot: nr_pages guest frames from gfn show the user's memory from hva. */
struct slot {
	u32 id;
	bool readonly;
	u64 gfn;
	u64 nr_pages;
	u64 hva;
	bool file; /* hva was of a memory file (memfile.c) when the slot was made: where to look first */
};

/* All slots of a VM, sorted by gfn, never overlapping. Immutable once published. */
struct slots {
	u32 nr;
	struct slot slot[];
};

/* What KVM_SET_USER_MEMORY_REGION asks for, compared with what is there. */
enum slots_change {
	SLOTS_NONE, /* nothing would change */
	SLOTS_CREATE,
	SLOTS_DELETE,
	SLOTS_MOVE, /* same memory, other guest address: the old frames go away first */
};

/*
 * Checks a request. On success stores the slot as asked for in *new and, unless it is created, as
 * it is in *old, and returns an enum slots_change. Else -EINVAL, -EEXIST (overlaps another slot)
 * or -EFAULT (beyond the guest's address space). As KVM, a slot's size, memory and flags never
 * change; dirty logging is not offered, so its flag is refused.
 */
int slots_check(const struct slots *slots, const struct kvm_userspace_memory_region *region,
		unsigned int ipa_bits, struct slot *old, struct slot *new);

/* Room for a table of nr slots. */
size_t slots_bytes(u32 nr);

/*
 * Writes to *to what *from becomes by the change; to has room for from->nr + 1 slots. (old and new
 * as slots_check() left them.)
 */
void slots_apply(const struct slots *from, enum slots_change change, const struct slot *old,
		 const struct slot *new, struct slots *to);

/* The slot a guest frame lies in, or NULL. */
const struct slot *slots_find(const struct slots *slots, u64 gfn);

#endif
