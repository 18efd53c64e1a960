/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Messages between the resource manager and the VMs that may ask it for something.
 *
 * Two message queues a client: requests to the RM, answers from it. One request, one answer with
 * the same seq, in the order of arrival. All fields little-endian. A message is at most
 * RM_MSG_BYTES. The RM checks every field; an unknown type is answered with HYP_E_NOSYS.
 *
 * The host VM finds its queues in its device tree's /hypervisor node:
 *   compatible = "armhyp,hypervisor";
 *   armhyp,rm-tx = <handle>;  armhyp,rm-rx = <handle>;  armhyp,wake = <handle of a doorbell>;
 *   interrupts = <GIC_SPI rx EDGE>, <GIC_SPI wake LEVEL>;
 */
#ifndef HYP_RM_MSG_H
#define HYP_RM_MSG_H

#define RM_MSG_VERSION 1u
#define RM_MSG_BYTES   128u
#define RM_NAME_BYTES  32u

/*    name        nr    what it asks; what the answer's fields mean */
#define RM_MSGS(X)                                                                                 \
	X(version, 1, "a0 = RM_MSG_VERSION")                                                       \
	X(vm_create, 2,                                                                            \
	  "flags, ipa_bits, nr_vcpus, bytes of memory expected, name -> a0 = vm handle, a1 = id")  \
	X(vm_quota, 3, "vm id, bytes of memory more: donates pool pages to the VM. LIMIT")         \
	X(vcpu_create, 4, "vm id, index, mpidr -> a0 = vcpu handle")                               \
	X(vm_destroy, 5, "vm id; BUSY while pages are lent or shared")                             \
	X(ledger, 6,                                                                               \
	  "index -> a0..: vm id, pool pages, free, memory, vcpus, irqs; name. Index 0 is the "     \
	  "RM's "                                                                                  \
	  "own pool, 1 the host; INVAL past the last")                                             \
	X(self_quota, 7,                                                                           \
	  "bytes of memory the caller will lend: pool pages for its own tables. LIMIT")

#define RM_MSG_ENUM(name, nr, doc) RM_MSG_##name = (nr),
enum rm_msg_type { RM_MSGS(RM_MSG_ENUM) };
#undef RM_MSG_ENUM

#ifndef __ASSEMBLER__
#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

struct rm_request {
	uint32_t type; /* enum rm_msg_type */
	uint32_t seq;
	uint64_t a[6]; /* the arguments in the order of the table */
	char name[RM_NAME_BYTES];
};

struct rm_answer {
	uint32_t type;
	uint32_t seq;
	int64_t error; /* 0 or a negative HYP_E_* */
	uint64_t a[6];
	char name[RM_NAME_BYTES];
};
#endif
#endif
