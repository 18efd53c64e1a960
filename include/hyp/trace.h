/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Records of the hypervisor's trace ring, as TRACE_READ returns them. */
#ifndef HYP_TRACE_H
#define HYP_TRACE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

/*    name     what a and b are */
#define HYP_TRACE_EVENTS(X)                                                                        \
	X(CALL, "function", "x1")                                                                  \
	X(FAULT, "ESR_EL2", "IPA of the page, if it is a translation fault")                       \
	X(TRAP, "ESR_EL2", "0")                                                                    \
	X(IRQ, "INTID", "0")

#define HYP_TRACE_ENUM(name, a, b) TRACE_##name,
enum trace_event { HYP_TRACE_EVENTS(HYP_TRACE_ENUM) };
#undef HYP_TRACE_ENUM

struct trace_record {
	uint64_t time; /* CNTPCT */
	uint32_t event;
	uint32_t vm_vcpu; /* VM id << 16 | vCPU index */
	uint64_t pc;
	uint64_t a;
	uint64_t b;
};

#endif
