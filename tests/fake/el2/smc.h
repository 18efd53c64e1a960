/* SPDX-License-Identifier: BSD-3-Clause */
/* hyp/el2/smc.h for the build machine: the firmware is a function of tests/fake/el2.c. */
#ifndef EL2_SMC_H
#define EL2_SMC_H

#include <core/types.h>

u64 smc_call(u64 function, u64 a, u64 b, u64 c);

#endif
