/* SPDX-License-Identifier: BSD-3-Clause */
/* Synchronous exceptions that EL2 makes a loaded vCPU take at EL1 (Arm ARM D1.3.4). */
#ifndef CORE_INJECT_H
#define CORE_INJECT_H

#include <core/vcpu.h>

/* The instruction at the vCPU's PC is Undefined. */
void inject_undefined(struct vcpu *vcpu);
/* A synchronous external abort on a data access to va, or on an instruction fetch from it. */
void inject_external_abort(struct vcpu *vcpu, u64 va, bool fetch);

#endif
