/* SPDX-License-Identifier: BSD-3-Clause */
/* Trapped system register accesses (ESR_EL2.EC 0x18) of the loaded vCPU. */
#ifndef CORE_SYSEMU_H
#define CORE_SYSEMU_H

#include <core/vcpu.h>

/* Emulates the access and moves the PC on, or injects an Undefined exception. */
void sysemu_handle(struct vcpu *vcpu, u64 esr);

#endif
