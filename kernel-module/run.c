// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_RUN: the loop that lends a thread's time to a vCPU.
 *
 * VCPU_RUN is called with this core's interrupts masked. The hypervisor returns HYP_EXIT_INTR when
 * one is pending for Linux; unmasking takes it. A signal for the thread arrives as an interrupt (the
 * scheduler's IPI) and is seen by the check before the next entry, with interrupts masked: between
 * that check and the guest nothing gets lost.
 *
 * What the guest waits for is a sleep (wake.c), a fault in a memory slot is served here (mem.c), a
 * write that somebody registered an eventfd for as well (ioeventfd.c); the rest goes to user space.
 *
 * Handlers return 1 to go on, 0 to return to user space with kvm_run filled in, or an errno.
 */
#include <linux/context_tracking.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/task_work.h>
#include <linux/vtime.h>

#include <uapi/linux/psci.h>

#include "errors.h"
#include "module.h"

enum run_next { RUN_TO_USER = 0, RUN_AGAIN = 1 };

/* Whether the thread has something to do outside the guest; interrupts are masked. */
static bool run_has_work(void)
{
	return signal_pending(current) || need_resched() || task_work_pending(current);
}

/*
 * The guest itself. Time is the guest's in Linux's books, and RCU does not wait for this core
 * (which may be in the guest until the next tick).
 */
static noinstr struct hyp_result run_enter(struct vcpu *vcpu)
{
	struct hyp_result result;

	vtime_account_guest_enter();
	if (!context_tracking_guest_enter()) {
		instrumentation_begin();
		rcu_virt_note_context_switch(raw_smp_processor_id());
		instrumentation_end();
	}
	result = hyp_vcpu_run(vcpu->handle, vcpu->action, vcpu->data);
	context_tracking_guest_exit();
	return result;
}

/* Leaves the guest's books; a tick that ended the run is still on the guest's bill. */
static void run_leave(const struct hyp_result *result)
{
	if (result->v[0] == HYP_EXIT_INTR) {
		local_irq_enable();
		isb(); /* interrupts are taken here */
		local_irq_disable();
	}
	vtime_account_guest_exit();
	local_irq_enable();
}

/* Work that had to wait for a moment outside the guest. */
static int run_do_work(void)
{
	if (signal_pending(current) || task_work_pending(current)) {
		return -EINTR;
	}
	cond_resched();
	return RUN_AGAIN;
}

static int run_fault_user(struct vcpu *vcpu, enum exit_class class)
{
	if (class == EXIT_MMIO) {
		exit_fill_mmio(vcpu->run, &vcpu->fault);
		vcpu->mmio_pending = true;
		return RUN_TO_USER;
	}
	if (!READ_ONCE(vcpu->vm->nisv_to_user)) {
		return -ENOSYS;
	}
	exit_fill_nisv(vcpu->run, &vcpu->fault);
	return RUN_TO_USER;
}

/* Over an instruction that has no effect here. A protected VM's is its own affair. */
static int run_skip(struct vcpu *vcpu)
{
	if (vcpu->vm->protected) {
		vcpu->action = HYP_RUN_ABORT;
		return 0;
	}
	return errors_to_errno(PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, HYP_REG_SKIP, 0)).error);
}

static int run_exit_fault(struct vcpu *vcpu, const struct hyp_result *result)
{
	struct exit_fault *fault = &vcpu->fault;
	enum exit_class class;
	int rc;

	*fault = (struct exit_fault){
		.ipa = result->v[1],
		.prot = result->v[2],
		.esr = result->v[3],
		.access = result->v[4],
		.data = result->v[5],
	};
	rc = mem_fault(vcpu->vm, fault->ipa, fault->prot);
	if (rc != -ENOENT) {
		return rc ? rc : RUN_AGAIN;
	}
	class = exit_classify(fault);
	switch (class) {
	case EXIT_ABORT:
		vcpu->action = HYP_RUN_ABORT;
		return RUN_AGAIN;
	case EXIT_SKIP:
		return run_skip(vcpu) ?: RUN_AGAIN;
	case EXIT_MMIO:
		if ((fault->access & HYP_MMIO_WRITE) && ioeventfd_signal_write(vcpu->vm, fault)) {
			vcpu->action = HYP_RUN_MMIO_DONE;
			return RUN_AGAIN;
		}
		break;
	case EXIT_NISV:
		break;
	}
	return run_fault_user(vcpu, class);
}

static int run_exit_system(struct vcpu *vcpu, u64 function)
{
	if (!exit_fill_system(vcpu->run, function)) {
		exit_fill_error(vcpu->run, function, 0, 0);
	} else if (function != PSCI_1_0_FN_SYSTEM_SUSPEND &&
		   function != PSCI_1_0_FN64_SYSTEM_SUSPEND) {
		vm_halt(vcpu->vm);
	}
	return RUN_TO_USER;
}

static int run_exit(struct vcpu *vcpu, const struct hyp_result *result)
{
	switch (result->v[0]) {
	case HYP_EXIT_INTR:
		return RUN_AGAIN;
	case HYP_EXIT_FAULT:
		return run_exit_fault(vcpu, result);
	case HYP_EXIT_WFI:
		return wake_wait(&vcpu->wake, result->v[1]) ?: RUN_AGAIN;
	case HYP_EXIT_OFF:
		return wake_wait(&vcpu->wake, ~0ULL) ?: RUN_AGAIN;
	case HYP_EXIT_SYSTEM:
		return run_exit_system(vcpu, result->v[1]);
	case HYP_EXIT_WAKEUP:
		exit_fill_wakeup(vcpu->run);
		return RUN_TO_USER;
	case HYP_EXIT_DEBUG:
		exit_fill_debug(vcpu->run, result->v[1], result->v[2]);
		return RUN_TO_USER;
	default:
		exit_fill_error(vcpu->run, result->v[1], result->v[2], result->v[3]);
		return RUN_TO_USER;
	}
}

/* The guest runs, interrupts masked before, and what came of it. */
static int run_guest(struct vcpu *vcpu)
{
	struct hyp_result result = run_enter(vcpu);

	run_leave(&result);
	if (unlikely(result.error == HYP_E_BUSY)) {
		/* Another vCPU of the guest's is powering this one on, which takes a moment. */
		cond_resched();
		return RUN_AGAIN;
	}
	if (unlikely(result.error)) {
		return errors_to_errno(result.error);
	}
	vcpu->action = vcpu->next_action;
	return run_exit(vcpu, &result);
}

/* One entry, unless there is a reason against it. */
static int run_once(struct vcpu *vcpu)
{
	stolen_update(vcpu);
	local_irq_disable();
	if (unlikely(run_has_work())) {
		local_irq_enable();
		return run_do_work();
	}
	wake_clear(&vcpu->wake);
	if (unlikely(READ_ONCE(vcpu->halted))) {
		local_irq_enable();
		return wake_wait(&vcpu->wake, ~0ULL) ?: RUN_AGAIN;
	}
	return run_guest(vcpu);
}

/* User space has served the access it was told about: the next VCPU_RUN finishes it. */
static void run_finish_mmio(struct vcpu *vcpu)
{
	const struct exit_fault *fault = &vcpu->fault;

	vcpu->mmio_pending = false;
	vcpu->action = HYP_RUN_MMIO_DONE;
	vcpu->data = 0;
	if (!(fault->access & HYP_MMIO_WRITE)) {
		vcpu->data = exit_mmio_data(vcpu->run, HYP_MMIO_BYTES(fault->access));
	}
}

/*
 * The thread leaves before a finished access has reached the vCPU. User space may now look at the
 * registers (KVM promises that they are whole after immediate_exit), so it is finished here instead.
 * A protected VM's registers are nobody's to see: there the next VCPU_RUN does it.
 */
static int run_settle_mmio(struct vcpu *vcpu)
{
	const struct exit_fault *fault = &vcpu->fault;
	u32 nr = exit_load_register(fault->esr);
	struct hyp_result result;

	if (vcpu->action != HYP_RUN_MMIO_DONE || vcpu->vm->protected) {
		return 0;
	}
	if (exit_is_load(fault) && nr < 31) {
		u64 value = exit_load_value(fault->esr, HYP_MMIO_BYTES(fault->access), vcpu->data);

		result = PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, HYP_REG_X(nr), value));
		if (result.error) {
			return errors_to_errno(result.error);
		}
	}
	vcpu->action = HYP_RUN_RESUME;
	return run_skip(vcpu);
}

/* KVM_SET_SIGNAL_MASK's mask holds from here on, and nothing is lost in between. */
static void run_set_sigmask(struct vcpu *vcpu)
{
	if (vcpu->sigset_active) {
		/* real_blocked keeps the old mask: the same trick as sigtimedwait()'s. */
		sigprocmask(SIG_SETMASK, &vcpu->sigset, &current->real_blocked);
	}
}

static void run_reset_sigmask(struct vcpu *vcpu)
{
	if (vcpu->sigset_active) {
		sigprocmask(SIG_SETMASK, &current->real_blocked, NULL);
		sigemptyset(&current->real_blocked);
	}
}

/* Back to user space because of a signal, or because it wants that itself. */
static int run_interrupted(struct vcpu *vcpu)
{
	vcpu->run->exit_reason = KVM_EXIT_INTR;
	return run_settle_mmio(vcpu) ?: -EINTR;
}

int run_vcpu(struct vcpu *vcpu)
{
	int rc;

	if (unlikely(!vcpu->initialized)) {
		return -ENOEXEC;
	}
	rc = vm_start(vcpu->vm);
	if (rc) {
		return rc;
	}
	if (vcpu->mmio_pending) {
		run_finish_mmio(vcpu);
	}
	if (READ_ONCE(vcpu->run->immediate_exit)) {
		return run_interrupted(vcpu);
	}
	vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	run_set_sigmask(vcpu);
	do {
		rc = run_once(vcpu);
	} while (rc == RUN_AGAIN);
	run_reset_sigmask(vcpu);
	return rc == -EINTR ? run_interrupted(vcpu) : rc;
}
