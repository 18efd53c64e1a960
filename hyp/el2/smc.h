/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls to the firmware at EL3 (SMCCC, DEN0028). */
#ifndef EL2_SMC_H
#define EL2_SMC_H

#include <core/types.h>

static inline u64 smc_call(u64 function, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = function;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	/* SMCCC 1.0 firmware may change x4-x17. */
	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return x0;
}

#endif
