/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls from VMs: SMCCC (DEN0028) by HVC and SMC, PSCI, and the hypervisor's own (calls.h). */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include <core/vcpu.h>

/* Answers a call that needs no lock and changes nothing but x0-x3. False: not one of those. */
bool call_fast(struct vcpu *vcpu);

/* Any call, function in x0. Returns the vCPU to enter next, loaded. */
struct vcpu *call_smccc(struct vcpu *vcpu);

/* One call of the table: x[1..6] are the arguments, x[1..7] take the results. HYP_OK or HYP_E_*.
 * They live in call_*.c by subject. */
typedef int (*call_t)(struct vcpu *vcpu, u64 *x);

#define CALL_DECLARE(name, nr, nr_args, args, doc) int call_##name(struct vcpu *vcpu, u64 *x);
HYP_CALLS(CALL_DECLARE)
#undef CALL_DECLARE

#endif
