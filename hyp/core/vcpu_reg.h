/* SPDX-License-Identifier: BSD-3-Clause */
/* Register access for VCPU_REG_GET and VCPU_REG_SET. The vCPU is claimed: loaded nowhere. */
#ifndef CORE_VCPU_REG_H
#define CORE_VCPU_REG_H

#include <core/vcpu.h>

/* reg: HYP_REG_*. HYP_E_INVAL: no such register, or a value it cannot take. */
int vcpu_reg_get(struct vcpu *vcpu, u64 reg, u64 *value) __must_check;
int vcpu_reg_set(struct vcpu *vcpu, u64 reg, u64 value) __must_check;

#endif
