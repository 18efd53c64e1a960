/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci.h - PSCI 1.1 and the SMCCC calls a translated guest can make, by HVC.
 */
#ifndef VMM_JIT_PSCI_H
#define VMM_JIT_PSCI_H

#include "cpu.h"

/* Serves the call in x0 to x3; the result goes to x0. pc is already past the HVC. */
void psci_call(struct jit_cpu *cpu);

#endif
