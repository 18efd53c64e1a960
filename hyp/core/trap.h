/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries from vectors.S, and the taking of interrupts while EL2 idles. */
#ifndef CORE_TRAP_H
#define CORE_TRAP_H

#include <core/vcpu.h>

struct vcpu *trap_sync(struct vcpu *vcpu);
struct vcpu *trap_irq(struct vcpu *vcpu);
struct vcpu *trap_serror(struct vcpu *vcpu);
struct vcpu *trap_aarch32(struct vcpu *vcpu);

void trap_take_irqs(struct vcpu *vcpu);

#endif
