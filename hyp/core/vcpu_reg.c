/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register numbers to fields. System registers: those the switch saves can be read and written; ID
 * registers can be read, and written with the value they have (as KVM allows, so that a VMM may
 * restore what it saved).
 */
#include <core/debug.h>
#include <core/idreg.h>
#include <core/trap.h>
#include <core/vcpu_reg.h>
#include <core/vm.h>
#include <el2/sysreg.h>
#include <hyp/error.h>
#include <sched/timer.h>

#define STOLEN_BYTES 64 /* of the structure that holds it (DEN0057, 3.2.2) */

#define SYSREG(op0, op1, crn, crm, op2, name)                                                      \
	{                                                                                          \
		HYP_REG_SYS(op0, op1, crn, crm, op2), offsetof(struct vcpu, name)                  \
	}

static const struct {
	u32 reg;
	u32 offset; /* of a u64 in struct vcpu */
} sysregs[] = {
	SYSREG(3, 0, 1, 0, 0, sys.sctlr_el1),
	SYSREG(3, 0, 1, 0, 1, sys.actlr_el1),
	SYSREG(3, 0, 1, 0, 2, sys.cpacr_el1),
	SYSREG(3, 0, 2, 0, 0, sys.ttbr0_el1),
	SYSREG(3, 0, 2, 0, 1, sys.ttbr1_el1),
	SYSREG(3, 0, 2, 0, 2, sys.tcr_el1),
	SYSREG(3, 0, 5, 1, 0, sys.afsr0_el1),
	SYSREG(3, 0, 5, 1, 1, sys.afsr1_el1),
	SYSREG(3, 0, 5, 2, 0, sys.esr_el1),
	SYSREG(3, 0, 6, 0, 0, sys.far_el1),
	SYSREG(3, 0, 7, 4, 0, sys.par_el1),
	SYSREG(3, 0, 10, 2, 0, sys.mair_el1),
	SYSREG(3, 0, 10, 3, 0, sys.amair_el1),
	SYSREG(3, 0, 12, 0, 0, sys.vbar_el1),
	SYSREG(3, 0, 13, 0, 1, sys.contextidr_el1),
	SYSREG(3, 0, 13, 0, 4, sys.tpidr_el1),
	SYSREG(3, 0, 14, 1, 0, sys.cntkctl_el1),
	SYSREG(3, 2, 0, 0, 0, sys.csselr_el1),
	SYSREG(3, 3, 13, 0, 2, sys.tpidr_el0),
	SYSREG(3, 3, 13, 0, 3, sys.tpidrro_el0),
	SYSREG(2, 0, 0, 2, 2, debug.mdscr),
	SYSREG(3, 0, 0, 0, 5, mpidr),
	{HYP_REG_SP_EL0, offsetof(struct vcpu, sys.sp_el0)},
	{HYP_REG_SP_EL1, offsetof(struct vcpu, sys.sp_el1)},
	{HYP_REG_ELR_EL1, offsetof(struct vcpu, sys.elr_el1)},
	{HYP_REG_SPSR_EL1, offsetof(struct vcpu, sys.spsr_el1)},
	{HYP_REG_PC, offsetof(struct vcpu, regs.pc)},
	{HYP_REG_PSTATE, offsetof(struct vcpu, regs.pstate)},
	{HYP_REG_FPSR, offsetof(struct vcpu, fp.fpsr)},
	{HYP_REG_FPCR, offsetof(struct vcpu, fp.fpcr)},
	{HYP_REG_SUSPEND, offsetof(struct vcpu, may_suspend)},
	{HYP_REG_DEBUG, offsetof(struct vcpu, debug.control)},
	{HYP_REG_STOLEN, offsetof(struct vcpu, stolen_ipa)},
	{HYP_REG_CNTV_CTL, offsetof(struct vcpu, timer.cntv_ctl)},
	{HYP_REG_CNTV_CVAL, offsetof(struct vcpu, timer.cntv_cval)},
};

/* DBGBVR<n>_EL1 and so on, n in CRm and the kind in op2: the VM's own, and its debugger's. */
static u64 *debug_point(struct vcpu *vcpu, u64 reg)
{
	u64 point = reg - HYP_REG_DEBUG_POINT(0, 0);

	if (point < DEBUG_KINDS * 16) {
		return &vcpu->debug.host.reg[point / 16][point % 16];
	}
	if ((reg & ~0x7bull) == HYP_REG_SYS(2u, 0u, 0u, 0u, 4u)) {
		return debug_register(vcpu, (u32)reg & 3, (u32)(reg >> 3) & 0xf);
	}
	return NULL;
}

static u64 *field_of(struct vcpu *vcpu, u64 reg)
{
	if (reg >= HYP_REG_X(0) && reg <= HYP_REG_X(30)) {
		return &vcpu->regs.x[reg - HYP_REG_X(0)];
	}
	for (size_t i = 0; i < ARRAY_COUNT(sysregs); i++) {
		if (sysregs[i].reg == reg) {
			return (u64 *)(void *)((char *)vcpu + sysregs[i].offset);
		}
	}
	return debug_point(vcpu, reg);
}

static bool id_value(u64 reg, u64 *value)
{
	if ((reg & ~0x7ful) != HYP_REG_SYS(3u, 0u, 0u, 0u, 0u)) {
		return false;
	}
	if (reg == HYP_REG_SYS(3u, 0u, 0u, 0u, 0u)) {
		*value = read_sysreg(midr_el1);
	} else if (reg == HYP_REG_SYS(3u, 0u, 0u, 0u, 6u)) {
		*value = read_sysreg(revidr_el1);
	} else if ((reg & 0x7f) >= 8) {
		*value = idreg_read((u32)(reg >> 3) & 0xf, (u32)reg & 7);
	} else {
		return false;
	}
	return true;
}

int vcpu_reg_get(struct vcpu *vcpu, u64 reg, u64 *value)
{
	const u64 *field = field_of(vcpu, reg);

	if (field) {
		*value = *field;
	} else if (reg == HYP_REG_CNTVCT) {
		*value = timer_now() - vcpu->vm->cntvoff;
	} else if (reg == HYP_REG_POWER) {
		*value = atomic_load(&vcpu->state) != VCPU_OFF;
	} else if (!id_value(reg, value)) {
		return HYP_E_INVAL;
	}
	return HYP_OK;
}

/* AArch64 EL0 or EL1, and nothing that the architecture would call illegal (D1.3.6). */
static bool pstate_valid(u64 pstate)
{
	u64 mode = pstate & PSTATE_MODE;

	return mode == PSTATE_EL0t || mode == PSTATE_EL1t || mode == PSTATE_EL1h;
}

/* A protected VM does not believe the host's count of its time. */
static bool stolen_valid(const struct vcpu *vcpu, u64 ipa)
{
	return ipa == HYP_NO_STOLEN || (IS_ALIGNED(ipa, STOLEN_BYTES) && vcpu_is_proxy(vcpu) &&
					!(vcpu->vm->flags & HYP_VM_PROTECTED));
}

int vcpu_reg_set(struct vcpu *vcpu, u64 reg, u64 value)
{
	u64 *field = field_of(vcpu, reg);
	u64 have;

	if (field == &vcpu->mpidr) {
		return value == *field ? HYP_OK : HYP_E_INVAL;
	}
	if (field == &vcpu->regs.pstate && !pstate_valid(value)) {
		return HYP_E_INVAL;
	}
	if (field == &vcpu->may_suspend && (value > 1 || !vcpu_is_proxy(vcpu))) {
		return HYP_E_INVAL;
	}
	if (field == &vcpu->stolen_ipa && !stolen_valid(vcpu, value)) {
		return HYP_E_INVAL;
	}
	if (field == &vcpu->regs.pstate && vcpu->debug.control & HYP_DEBUG_STEP) {
		/* Whether the step is done is not the writer's to say. */
		value = (value & ~PSTATE_SS) | (*field & PSTATE_SS);
	}
	if (field == &vcpu->debug.mdscr) {
		debug_write_mdscr(vcpu, value);
		return HYP_OK;
	}
	if (field == &vcpu->debug.control) {
		return debug_control(vcpu, value);
	}
	if (field) {
		vcpu->fp_cpu = NULL; /* what the registers hold is old, if this was one of theirs */
		*field = value;
		return HYP_OK;
	}
	if (reg == HYP_REG_CNTVCT) {
		vcpu->vm->cntvoff = timer_now() - value;
		return HYP_OK;
	}
	if (reg == HYP_REG_SKIP && value == 0) {
		trap_skip(vcpu);
		return HYP_OK;
	}
	return id_value(reg, &have) && have == value ? HYP_OK : HYP_E_INVAL;
}
