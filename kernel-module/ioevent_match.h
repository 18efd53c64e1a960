/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IOEVENT_MATCH_H
#define IOEVENT_MATCH_H

#include "pure.h"

struct eventfd_ctx;

/* A write of length bytes (0: of any length) to addr, of one value or (wildcard) of any. */
struct ioevent {
	u64 addr;
	u32 length;
	bool wildcard;
	u64 data;
	struct eventfd_ctx *eventfd;
};

/* All of a VM's, sorted by address. Immutable once published. */
struct ioevents {
	u32 nr;
	struct ioevent event[];
};

/* What user space asks for (the eventfd stays NULL). 0 or -EINVAL. */
int ioevent_match_parse(const struct kvm_ioeventfd *args, struct ioevent *event);

/* Whether some write would match both. Such a pair may not exist. */
bool ioevent_match_collides(const struct ioevent *a, const struct ioevent *b);

/* The eventfd a write signals, or NULL. */
struct eventfd_ctx *ioevent_match_find(const struct ioevents *events, u64 addr, u32 length,
				       u64 data);

#endif
