/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries from vectors.S, and the taking of interrupts while EL2 idles. */
#ifndef CORE_TRAP_H
#define CORE_TRAP_H

#include <core/vcpu.h>
#include <el2/sysreg.h>

struct vcpu *trap_sync(struct vcpu *vcpu);
struct vcpu *trap_irq(struct vcpu *vcpu);
struct vcpu *trap_serror(struct vcpu *vcpu);
struct vcpu *trap_aarch32(struct vcpu *vcpu);

void trap_take_irqs(struct vcpu *vcpu);

/* The instruction that trapped is done: the next, which is a step if the VM is stepped (D2.12). */
static inline void trap_skip(struct vcpu *vcpu)
{
	vcpu->regs.pc += 4;
	vcpu->regs.pstate &= ~PSTATE_SS;
}

#endif
