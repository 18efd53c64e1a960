/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bare-metal program in the place of the host's Linux: it owns the board's memory and may ask the
 * resource manager for VMs. Its MMU is off, as all of this library's.
 */
#ifndef TESTS_GUEST_HOST_H
#define TESTS_GUEST_HOST_H

#include "guest.h"
#include <hyp/error.h>
#include <hyp/rm_msg.h>
#include <hyp/stubs.h>

#define HOST_PAGE 4096ull

/* The first property of that name in the device tree; NULL: none. Big endian. */
const u8 *host_property(const char *name, u32 *bytes);

/* Handles of the queues to and from the RM. */
extern u64 host_rm_tx, host_rm_rx;

/* Finds the RM; false: the device tree does not tell. */
bool host_init(void);

/* One request and its answer, whose error is returned. */
s64 host_ask(struct rm_request *request, struct rm_answer *answer);
s64 host_ask4(u32 type, struct rm_answer *answer, u64 a, u64 b, u64 c, u64 d);

/* nr adjacent pages of the host's own that neither this program nor the device tree is in, aligned
 * to 2 MiB; 0: there are not so many. */
u64 host_find_memory(u64 nr);

#endif
