/* SPDX-License-Identifier: BSD-3-Clause */
/* Breakpoints, watchpoints, single step. See debug.h. */
#include <core/debug.h>
#include <core/idreg.h>
#include <core/inject.h>
#include <core/run.h>
#include <core/vm.h>
#include <el2/debugarch.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <hyp/error.h>

/* MDSCR_EL1 (D19.3.20): what a VM may set; the rest is for external debuggers. */
#define MDSCR_SS       BIT(0)
#define MDSCR_TDCC     BIT(12)
#define MDSCR_KDE      BIT(13)
#define MDSCR_MDE      BIT(15)
#define MDSCR_WRITABLE (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE | MDSCR_MDE)

static u32 nr_breakpoints(void)
{
	return (u32)FIELD(idreg_read(5, 0), 15, 12) + 1;
}

static u32 nr_watchpoints(void)
{
	return (u32)FIELD(idreg_read(5, 0), 23, 20) + 1;
}

u64 *debug_register(struct vcpu *vcpu, u32 kind, u32 n)
{
	if (n >= (kind < DEBUG_WVR ? nr_breakpoints() : nr_watchpoints())) {
		return NULL;
	}
	return &vcpu->debug.own.reg[kind][n];
}

void debug_write_mdscr(struct vcpu *vcpu, u64 value)
{
	vcpu->debug.mdscr = value & MDSCR_WRITABLE;
	debug_update(vcpu);
}

void debug_update(struct vcpu *vcpu)
{
	struct vcpu_debug *debug = &vcpu->debug;
	u64 mdscr = debug->mdscr;

	vcpu->mdcr &= ~MDCR_TDE;
	if (debug->control) {
		vcpu->mdcr |= MDCR_TDE;
		mdscr &= ~MDSCR_SS;
		mdscr |= debug->control & HYP_DEBUG_STEP ? MDSCR_SS : 0;
		mdscr |= debug->control & HYP_DEBUG_HW ? MDSCR_MDE : 0;
	}
	debug->live = NULL;
	if (mdscr & MDSCR_MDE) {
		debug->live = debug->control & HYP_DEBUG_HW ? &debug->host : &debug->own;
	}
	vcpu->sys.mdscr_el1 = mdscr;
	if (vcpu_is_loaded(vcpu)) {
		write_sysreg(vcpu->mdcr, mdcr_el2);
		write_sysreg(mdscr, mdscr_el1);
		if (debug->live) {
			debug_load(vcpu);
		}
	}
}

void debug_load(const struct vcpu *vcpu)
{
	debugarch_load_breakpoints(vcpu->debug.live, nr_breakpoints());
	debugarch_load_watchpoints(vcpu->debug.live, nr_watchpoints());
}

int debug_control(struct vcpu *vcpu, u64 control)
{
	if (control & ~(u64)HYP_DEBUG_ALL || !vcpu_is_proxy(vcpu) ||
	    (vcpu->vm->flags & HYP_VM_PROTECTED)) {
		return HYP_E_INVAL;
	}
	if (control & HYP_DEBUG_STEP) {
		vcpu->regs.pstate |= PSTATE_SS;
	} else if (vcpu->debug.control & HYP_DEBUG_STEP) {
		vcpu->regs.pstate &= ~PSTATE_SS;
	}
	vcpu->debug.control = control;
	debug_update(vcpu);
	return HYP_OK;
}

struct vcpu *debug_exception(struct vcpu *vcpu, u64 esr)
{
	if (!vcpu->parent || !vcpu->debug.control) {
		inject_undefined(vcpu); /* not without MDCR_EL2.TDE, says the architecture */
		return vcpu;
	}
	if (vcpu->debug.control & HYP_DEBUG_STEP) {
		vcpu->regs.pstate |= PSTATE_SS; /* the next run is the next step */
	}
	return run_exit_debug(vcpu, esr, read_sysreg(far_el2));
}
