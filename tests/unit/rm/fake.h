/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake.h: a hypervisor for unit tests of the RM: enough of the calls' rules to notice when pages
 * are given twice, forgotten, or taken back while somebody uses them.
 */
#ifndef TESTS_UNIT_RM_FAKE_H
#define TESTS_UNIT_RM_FAKE_H

#include "ranges.h"

#include <hyp/rm_msg.h>
#include <hyp/stubs.h>
#include <stddef.h>

#define FAKE_VMS      300
#define FAKE_REQUESTS 64
#define FAKE_NR_IRQS  96 /* HYP_INFO_NR_IRQS */
#define FAKE_RM       1  /* id of the RM */

struct fake_vm {
	bool used, started;
	uint32_t id, flags;
	struct ranges pool;   /* pages donated to its pool */
	struct ranges memory; /* owned, kept as they were */
	uint64_t ipa;         /* of the lowest; the host's are in place */
	struct ranges devices;
	uint32_t nr_vcpus, nr_irqs, nr_handles;
	uint64_t vcpus; /* bit n: vCPU n has been made */
	uint64_t pc, x0, pstate, priority;
	uint64_t gicd, gicr, gic_irqs;
};

extern struct fake {
	struct fake_vm vms[FAKE_VMS]; /* handle of vms[i] in the RM's table: 100 + i */
	uint32_t busy;                /* VM_DESTROY says BUSY this often */
	long calls;                   /* so far */
	long fail_at;                 /* this call fails ... */
	long fail_with;               /* ... with this error; 0: none does */
	enum hyp_call failed;         /* which it was */
	uint32_t nr_objects;          /* doorbells, queues */
	uint32_t nr_vcpu_handles;     /* of the RM's */
	char requests[FAKE_REQUESTS][RM_MSG_BYTES];
	uint64_t request_bytes[FAKE_REQUESTS];
	uint32_t nr_requests, next_request;
	struct rm_answer answers[FAKE_REQUESTS];
	uint32_t nr_answers, room; /* answers that still fit */
	char log[4096];
} fake;

/* An empty machine. */
void fake_reset(void);

/* The VM behind an RM's handle; fails the test when there is none. */
struct fake_vm *fake_vm(uint64_t handle);

/* Puts a message of the host into the queue. */
void fake_request(const void *message, size_t bytes);

#endif
