/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions for EL1. See inject.h. */
#include <core/inject.h>
#include <el2/sysreg.h>

#define VECTOR_CURRENT_SP0 0x000
#define VECTOR_CURRENT_SPX 0x200
#define VECTOR_LOWER_64    0x400
#define VECTOR_LOWER_32    0x600
#define FSC_SYNC_EXTERNAL  0x10
#define FSC_ALIGNMENT      0x21
#define SCTLR_SPAN         BIT(23)
#define SCTLR_DSSBS        BIT(44)

static u64 vector_offset(u64 pstate)
{
	if (pstate & BIT(4)) {
		return VECTOR_LOWER_32;
	}
	switch (pstate & 0xf) {
	case PSTATE_EL1h:
		return VECTOR_CURRENT_SPX;
	case PSTATE_EL1t:
		return VECTOR_CURRENT_SP0;
	default:
		return VECTOR_LOWER_64;
	}
}

/* PSTATE on entry to EL1 (D1.3.4, and the fields' own descriptions for PAN and SSBS). */
static u64 entry_pstate(u64 old, u64 sctlr)
{
	u64 new = PSTATE_EL1h | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;

	new |= old &(PSTATE_NZCV | PSTATE_PAN | PSTATE_DIT);
	if (!(sctlr & SCTLR_SPAN) && FIELD(read_sysreg(id_aa64mmfr1_el1), 23, 20)) {
		new |= PSTATE_PAN;
	}
	if ((sctlr & SCTLR_DSSBS) && FIELD(read_sysreg(id_aa64pfr1_el1), 7, 4)) {
		new |= PSTATE_SSBS;
	}
	return new;
}

static void inject(struct vcpu *vcpu, u64 esr)
{
	u64 old = vcpu->regs.pstate;

	write_sysreg(vcpu->regs.pc, elr_el1);
	write_sysreg(old, spsr_el1);
	write_sysreg(esr, esr_el1);
	vcpu->regs.pc = read_sysreg(vbar_el1) + vector_offset(old);
	vcpu->regs.pstate = entry_pstate(old, read_sysreg(sctlr_el1));
}

void inject_undefined(struct vcpu *vcpu)
{
	inject(vcpu, (u64)EC_UNKNOWN << 26 | ESR_IL);
}

static bool at_el1(const struct vcpu *vcpu)
{
	return (vcpu->regs.pstate & 0xc) == 0x4;
}

static void inject_abort(struct vcpu *vcpu, u64 va, bool fetch, u64 fsc)
{
	u64 ec = fetch ? (at_el1(vcpu) ? EC_IABT_CUR : EC_IABT_LOW)
		       : (at_el1(vcpu) ? EC_DABT_CUR : EC_DABT_LOW);

	write_sysreg(va, far_el1);
	inject(vcpu, ec << 26 | ESR_IL | fsc);
}

void inject_external_abort(struct vcpu *vcpu, u64 va, bool fetch)
{
	inject_abort(vcpu, va, fetch, FSC_SYNC_EXTERNAL);
}

void inject_host_abort(struct vcpu *vcpu, u64 va, bool fetch)
{
	inject_abort(vcpu, va, fetch, at_el1(vcpu) && !fetch ? FSC_ALIGNMENT : FSC_SYNC_EXTERNAL);
}
