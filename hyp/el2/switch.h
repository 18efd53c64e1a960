/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loading a vCPU onto the core and taking it off: EL1 system registers, stage 2, timers, trap
 * configuration, virtual interrupts; FP/SIMD lazily.
 */
#ifndef EL2_SWITCH_H
#define EL2_SWITCH_H

#include <core/vcpu.h>

/* Replaces the loaded vCPU by to (which may be the core's idle vCPU). Both are this core's. */
void switch_vcpu(struct vcpu *to);

/* Sets up what every vCPU shares on this core: vectors, traps, timer access. */
void switch_cpu_init(void);

/* The loaded vCPU touched FP/SIMD: gives it the registers. */
void switch_fp(struct vcpu *vcpu);
/* A host vCPU's WFI reaches the core, unless another vCPU waits for it. */
void switch_trap_wfi(struct vcpu *vcpu, bool contended);

/* HCR_EL2, MDCR_EL2 and initial system registers of a new vCPU. */
void switch_vcpu_init(struct vcpu *vcpu);

/* A system register of the loaded vCPU lives in hardware; of any other in .sys. */
static inline bool vcpu_is_loaded(const struct vcpu *vcpu)
{
	return vcpu == vcpu_current();
}

#endif
