/* SPDX-License-Identifier: BSD-3-Clause */
/* VCPU_RUN. See run.h and HYP_EXIT_* in <hyp/calls.h>. */
#include <core/cpu.h>
#include <core/inject.h>
#include <core/run.h>
#include <core/trap.h>
#include <core/vm.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <hyp/error.h>
#include <sched/timer.h>

/* Back to the caller. The proxy's state is stored last: from then on any core may take it. */
static struct vcpu *leave(struct vcpu *vcpu, enum vcpu_state state, u64 reason)
{
	struct vcpu *host = vcpu->parent;

	vcpu->parent = NULL;
	switch_vcpu(host);
	atomic_store(&vcpu->state, state);
	host->regs.x[0] = HYP_OK;
	host->regs.x[1] = reason;
	return host;
}

struct vcpu *run_exit_intr(struct vcpu *vcpu)
{
	return leave(vcpu, VCPU_READY, HYP_EXIT_INTR);
}

struct vcpu *run_exit_fault(struct vcpu *vcpu, u64 ipa, u64 prot, u64 esr, u64 mmio, u64 data)
{
	struct vcpu *host = leave(vcpu, VCPU_READY, HYP_EXIT_FAULT);

	host->regs.x[2] = ipa;
	host->regs.x[3] = prot;
	host->regs.x[4] = esr;
	host->regs.x[5] = mmio;
	host->regs.x[6] = data;
	return host;
}

struct vcpu *run_exit_wfi(struct vcpu *vcpu)
{
	u32 blocked = VCPU_BLOCKED;
	struct vcpu *host = leave(vcpu, VCPU_BLOCKED, HYP_EXIT_WFI);

	host->regs.x[2] = timer_vcpu_deadline(vcpu);
	/* Pairs with vcpu_request(), which sets its bit before it looks for BLOCKED. */
	if (atomic_load(&vcpu->requests) &&
	    atomic_compare_exchange_strong(&vcpu->state, &blocked, VCPU_READY)) {
		host->regs.x[1] = HYP_EXIT_INTR;
	}
	return host;
}

struct vcpu *run_exit_off(struct vcpu *vcpu)
{
	return leave(vcpu, VCPU_OFF, HYP_EXIT_OFF);
}

struct vcpu *run_exit_system(struct vcpu *vcpu, u64 function, u64 a, u64 b)
{
	struct vcpu *host = leave(vcpu, VCPU_READY, HYP_EXIT_SYSTEM);

	host->regs.x[2] = function;
	host->regs.x[3] = a;
	host->regs.x[4] = b;
	return host;
}

struct vcpu *run_exit_debug(struct vcpu *vcpu, u64 esr, u64 far)
{
	struct vcpu *host = leave(vcpu, VCPU_READY, HYP_EXIT_DEBUG);

	host->regs.x[2] = esr;
	host->regs.x[3] = far;
	return host;
}

struct vcpu *run_exit_error(struct vcpu *vcpu)
{
	u64 esr = read_sysreg(esr_el2);
	u64 far = read_sysreg(far_el2);
	struct vcpu *host = leave(vcpu, VCPU_READY, HYP_EXIT_ERROR);

	host->regs.x[2] = esr;
	host->regs.x[3] = far;
	host->regs.x[4] = vcpu->regs.pc;
	return host;
}

static u64 extend(const struct vcpu_mmio *mmio, u64 data)
{
	u32 unused = 64 - 8 * mmio->bytes;

	if (mmio->sign_extend) {
		data = (u64)((s64)(data << unused) >> unused);
	} else {
		data = data << unused >> unused;
	}
	return mmio->is_64bit ? data : (u32)data;
}

void run_finish_mmio(struct vcpu *vcpu, u64 data)
{
	if (!vcpu->mmio.write && vcpu->mmio.rt != 31) {
		vcpu->regs.x[vcpu->mmio.rt] = extend(&vcpu->mmio, data);
	}
	trap_skip(vcpu);
}

static int check_action(const struct vcpu *vcpu, u64 action)
{
	if (action > HYP_RUN_WAIT) {
		return HYP_E_INVAL;
	}
	return action == HYP_RUN_MMIO_DONE && !vcpu->mmio.pending ? HYP_E_STATE : HYP_OK;
}

/* From READY or BLOCKED to RUNNING. HYP_E_STATE: powered off. */
static int take(struct vcpu *vcpu, u32 *state)
{
	*state = atomic_load(&vcpu->state);
	do {
		if (*state == VCPU_OFF) {
			return HYP_E_STATE;
		}
		if (*state == VCPU_RUNNING || *state == VCPU_CLAIMED) {
			return HYP_E_BUSY;
		}
	} while (!atomic_compare_exchange_weak(&vcpu->state, state, VCPU_RUNNING));
	return HYP_OK;
}

static struct vcpu *refuse(struct vcpu *host, int error, u64 reason)
{
	host->regs.x[0] = (u64)(s64)error;
	host->regs.x[1] = reason;
	return host;
}

/* The loaded proxy is suspended: nothing of it runs, but an interrupt for it ends its sleep. */
static struct vcpu *wait(struct vcpu *vcpu)
{
	trap_take_irqs(vcpu);
	return vgic_wakes(vcpu) ? leave(vcpu, VCPU_READY, HYP_EXIT_WAKEUP) : run_exit_wfi(vcpu);
}

struct vcpu *run_enter(struct vcpu *host, struct vcpu *vcpu, u64 action, u64 data)
{
	bool interrupted;
	u32 state;
	int error;

	if (!vcpu_is_proxy(vcpu) || atomic_load(&vcpu->vm->state) != HYP_VM_RUNNING) {
		return refuse(host, HYP_E_STATE, 0);
	}
	error = take(vcpu, &state);
	if (error == HYP_E_STATE) {
		return refuse(host, HYP_OK, HYP_EXIT_OFF);
	}
	if (!error) {
		error = check_action(vcpu, action);
		if (error) {
			atomic_store(&vcpu->state, VCPU_READY);
		}
	}
	if (error) {
		return refuse(host, error, 0);
	}
	if (action == HYP_RUN_MMIO_DONE) {
		run_finish_mmio(vcpu, data);
	}
	vcpu->mmio.pending = false;
	interrupted = vgic_has_pending(host);
	if (interrupted && action != HYP_RUN_ABORT) {
		/* What the action said is done; only the run itself is put off. */
		atomic_store(&vcpu->state, VCPU_READY);
		return refuse(host, HYP_OK, HYP_EXIT_INTR);
	}
	vcpu->parent = host;
	switch_vcpu(vcpu);
	if (action == HYP_RUN_WAIT) {
		return wait(vcpu);
	}
	if (action == HYP_RUN_ABORT) {
		inject_external_abort(vcpu, vcpu->fault_va, vcpu->fault_is_fetch);
	}
	return interrupted ? run_exit_intr(vcpu) : vcpu;
}
