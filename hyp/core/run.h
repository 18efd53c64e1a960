/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proxy vCPUs: VCPU_RUN switches from the caller's vCPU to the proxy, and every exit switches
 * back, with the reason in the caller's registers. All functions return the vCPU to enter next,
 * loaded.
 */
#ifndef CORE_RUN_H
#define CORE_RUN_H

#include <core/vcpu.h>

/* The call VCPU_RUN by host, for a vCPU it may run; sets host's result if it cannot. */
struct vcpu *run_enter(struct vcpu *host, struct vcpu *vcpu, u64 action, u64 data);

/* Ends the access in vcpu->mmio: a read's data goes to its register, the PC moves on. */
void run_finish_mmio(struct vcpu *vcpu, u64 data);

struct vcpu *run_exit_intr(struct vcpu *vcpu);
struct vcpu *run_exit_fault(struct vcpu *vcpu, u64 ipa, u64 prot, u64 esr, u64 mmio, u64 data);
struct vcpu *run_exit_wfi(struct vcpu *vcpu);
struct vcpu *run_exit_off(struct vcpu *vcpu);
struct vcpu *run_exit_system(struct vcpu *vcpu, u64 function, u64 a, u64 b);
struct vcpu *run_exit_debug(struct vcpu *vcpu, u64 esr, u64 far);
struct vcpu *run_exit_error(struct vcpu *vcpu);

#endif
