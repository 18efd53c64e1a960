// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which eventfd does a guest's write signal (KVM_IOEVENTFD, api.rst 4.59)?
 *
 * This is on the path of every guest write to a device, so it is a binary search in a sorted array
 * that is replaced as a whole when it changes.
 */
#include "ioevent_match.h"

int ioevent_match_parse(const struct kvm_ioeventfd *args, struct ioevent *event)
{
	u32 known = KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_DEASSIGN;
	bool datamatch = args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH;

	if (args->flags & ~known) { /* PIO and CCW are other architectures' */
		return -EINVAL;
	}
	switch (args->len) {
	case 0:
	case 1:
	case 2:
	case 4:
	case 8:
		break;
	default:
		return -EINVAL;
	}
	if (args->addr + args->len < args->addr || (!args->len && datamatch)) {
		return -EINVAL;
	}
	*event = (struct ioevent){
		.addr = args->addr,
		.length = args->len,
		.wildcard = !datamatch,
		.data = datamatch ? args->datamatch : 0,
	};
	return 0;
}

bool ioevent_match_collides(const struct ioevent *a, const struct ioevent *b)
{
	return a->addr == b->addr && (!a->length || !b->length || a->length == b->length) &&
	       (a->wildcard || b->wildcard || a->data == b->data);
}

struct eventfd_ctx *ioevent_match_find(const struct ioevents *events, u64 addr, u32 length,
				       u64 data)
{
	u32 low = 0;
	u32 high = events->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (events->event[middle].addr < addr) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (; low < events->nr && events->event[low].addr == addr; low++) {
		const struct ioevent *event = &events->event[low];

		if ((!event->length || event->length == length) &&
		    (event->wildcard || event->data == data)) {
			return event->eventfd;
		}
	}
	return NULL;
}
