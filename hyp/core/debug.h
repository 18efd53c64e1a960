/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Self-hosted debug of VMs (Arm ARM D2): breakpoints, watchpoints, single step; by the VM itself,
 * or by whoever runs it (HYP_REG_DEBUG).
 *
 * MDCR_EL2.TDA is always set: debug registers are the VM's values in memory, every access traps,
 * and the hardware's are loaded only on the switch to a vCPU that has some enabled. A VM that uses
 * none pays nothing for them, and none ever finds another's. EL2 runs with PSTATE.D set: whatever
 * the hardware's registers hold, they do nothing to it.
 */
#ifndef CORE_DEBUG_H
#define CORE_DEBUG_H

#include <core/vcpu.h>

/* The VM's own register; NULL: this core has not that many. */
u64 *debug_register(struct vcpu *vcpu, u32 kind, u32 n);

/* MDSCR_EL1 by the VM; vcpu->debug.mdscr is what it reads. */
void debug_write_mdscr(struct vcpu *vcpu, u64 value);

/* HYP_REG_DEBUG by whoever runs the vCPU, which is claimed. HYP_E_INVAL: not for this one. */
int debug_control(struct vcpu *vcpu, u64 control) __must_check;

/* The VM's registers were written: they take effect; at once if the vCPU is loaded. */
void debug_update(struct vcpu *vcpu);
/* On a load of a vCPU that has .debug.live. */
void debug_load(const struct vcpu *vcpu);

/* A debug exception, which MDCR_EL2.TDE routes here. */
struct vcpu *debug_exception(struct vcpu *vcpu, u64 esr);

#endif
