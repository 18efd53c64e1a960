// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of memory slots: which guest frame shows which page of the user's memory.
 *
 * A table is an immutable sorted array. A change makes a new one (mem.c publishes it), so that the
 * fault path searches without a lock of its own. A VM has a handful of slots, KVM_SET_USER_MEMORY_
 * REGION is rare, the search is not: an array beats a tree.
 */
#include "slots.h"

#define SLOTS_MAX_PAGES ((1ULL << 31) - 1) /* as KVM: a slot's page count fits an int */

size_t slots_bytes(u32 nr)
{
	return sizeof(struct slots) + nr * sizeof(struct slot);
}

static const struct slot *slots_by_id(const struct slots *slots, u32 id)
{
	u32 i;

	for (i = 0; i < slots->nr; i++) {
		if (slots->slot[i].id == id) {
			return &slots->slot[i];
		}
	}
	return NULL;
}

static bool slots_overlap(const struct slots *slots, const struct slot *new)
{
	u32 i;

	for (i = 0; i < slots->nr; i++) {
		const struct slot *slot = &slots->slot[i];

		if (slot->id != new->id && slot->gfn < new->gfn + new->nr_pages &&
		    new->gfn < slot->gfn + slot->nr_pages) {
			return true;
		}
	}
	return false;
}

/* What can be said of a region without looking at the others. */
static int slots_check_region(const struct kvm_userspace_memory_region *region,
			      unsigned int ipa_bits)
{
	u64 mask = PAGE_SIZE - 1;

	if (region->slot >= SLOTS_MAX || (region->flags & ~(__u32)KVM_MEM_READONLY)) {
		return -EINVAL;
	}
	if ((region->memory_size | region->guest_phys_addr | region->userspace_addr) & mask) {
		return -EINVAL;
	}
	if ((region->memory_size >> PAGE_SHIFT) > SLOTS_MAX_PAGES) {
		return -EINVAL;
	}
	if (region->guest_phys_addr + region->memory_size < region->guest_phys_addr ||
	    region->userspace_addr + region->memory_size < region->userspace_addr) {
		return -EINVAL;
	}
	if (region->memory_size && region->guest_phys_addr + region->memory_size > 1ULL << ipa_bits) {
		return -EFAULT;
	}
	return 0;
}

int slots_check(const struct slots *slots, const struct kvm_userspace_memory_region *region,
		unsigned int ipa_bits, struct slot *old, struct slot *new)
{
	const struct slot *found;
	int rc = slots_check_region(region, ipa_bits);

	if (rc) {
		return rc;
	}
	new->id = region->slot;
	new->readonly = region->flags & KVM_MEM_READONLY;
	new->gfn = region->guest_phys_addr >> PAGE_SHIFT;
	new->nr_pages = region->memory_size >> PAGE_SHIFT;
	new->hva = region->userspace_addr;
	new->file = false;

	found = slots_by_id(slots, region->slot);
	if (found) {
		*old = *found;
	}
	if (!new->nr_pages) {
		return found ? SLOTS_DELETE : -EINVAL;
	}
	if (found && (found->nr_pages != new->nr_pages || found->hva != new->hva ||
		      found->readonly != new->readonly)) {
		return -EINVAL;
	}
	if (found && found->gfn == new->gfn) {
		return SLOTS_NONE;
	}
	if (slots_overlap(slots, new)) {
		return -EEXIST;
	}
	return found ? SLOTS_MOVE : SLOTS_CREATE;
}

void slots_apply(const struct slots *from, enum slots_change change, const struct slot *old,
		 const struct slot *new, struct slots *to)
{
	bool remove = change == SLOTS_DELETE || change == SLOTS_MOVE;
	bool insert = change == SLOTS_CREATE || change == SLOTS_MOVE;
	u32 i;

	to->nr = 0;
	for (i = 0; i < from->nr; i++) {
		if (remove && from->slot[i].id == old->id) {
			continue;
		}
		if (insert && from->slot[i].gfn > new->gfn) {
			to->slot[to->nr++] = *new;
			insert = false;
		}
		to->slot[to->nr++] = from->slot[i];
	}
	if (insert) {
		to->slot[to->nr++] = *new;
	}
}

const struct slot *slots_find(const struct slots *slots, u64 gfn)
{
	u32 low = 0;
	u32 high = slots->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct slot *slot = &slots->slot[middle];

		if (gfn < slot->gfn) {
			high = middle;
		} else if (gfn - slot->gfn >= slot->nr_pages) {
			low = middle + 1;
		} else {
			return slot;
		}
	}
	return NULL;
}
