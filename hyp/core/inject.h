/* SPDX-License-Identifier: BSD-3-Clause */
/* Synchronous exceptions that EL2 makes a loaded vCPU take at EL1 (Arm ARM D1.3.4). */
#ifndef CORE_INJECT_H
#define CORE_INJECT_H

#include <core/vcpu.h>

/* The instruction at the vCPU's PC is Undefined. */
void inject_undefined(struct vcpu *vcpu);
/* A synchronous external abort on a data access to va, or on an instruction fetch from it. */
void inject_external_abort(struct vcpu *vcpu, u64 va, bool fetch);

/*
 * The host touched what it may not. From EL0 as above: Linux signals SIGBUS. A data access from EL1
 * takes an Alignment fault instead: Linux sends that one, and not an external abort, through its
 * exception tables, so that a system call given such a buffer fails with EFAULT.
 */
void inject_host_abort(struct vcpu *vcpu, u64 va, bool fetch);

#endif
