/* SPDX-License-Identifier: BSD-3-Clause */
/* The VCPU_* calls, except VCPU_RUN (run.c). */
#include <core/call.h>
#include <core/vcpu_reg.h>
#include <core/vm.h>
#include <hyp/error.h>
#include <sched/sched.h>

static struct vcpu *get_vcpu(struct vcpu *vcpu, u64 handle, u32 right, int *error)
{
	return handle_get(vcpu->vm, handle, HYP_OBJECT_VCPU, right, error);
}

int call_vcpu_run(struct vcpu *vcpu, u64 *x)
{
	(void)vcpu;
	(void)x;
	return HYP_E_NOSYS; /* call.c never comes here with it */
}

int call_vcpu_create(struct vcpu *vcpu, u64 *x)
{
	struct vcpu *new;
	struct vm *vm;
	int error;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	vm = handle_get(vcpu->vm, x[1], HYP_OBJECT_VM, HYP_RIGHT_CONTROL, &error);
	if (vm && vm_is_sealed(vm)) {
		error = HYP_E_DENIED;
	} else if (vm) {
		/* Without a handle the vCPU would be out of reach. */
		error = handle_has_room(vcpu->vm) ? vcpu_create_locked(vm, x[2], x[3], x[4], &new)
						  : HYP_E_LIMIT;
	}
	if (!error) {
		x[1] = (u64)handle_put(vcpu->vm, HYP_OBJECT_VCPU, new, HYP_RIGHT_ALL);
	}
	spin_unlock(&vm_table_lock);
	return error;
}

/* A vCPU whose registers the caller may see and change, claimed. */
static struct vcpu *claim_for_regs(struct vcpu *vcpu, u64 handle, u32 *old, int *error)
{
	struct vcpu *target = get_vcpu(vcpu, handle, HYP_RIGHT_CONTROL, error);

	if (!target) {
		return NULL;
	}
	*error = vcpu_claim(target, old);
	if (*error) {
		return NULL;
	}
	/* Asked only now: a claimed vCPU cannot start to run. */
	if (vm_is_sealed(target->vm)) {
		vcpu_release(target, *old);
		*error = HYP_E_DENIED;
		return NULL;
	}
	return target;
}

int call_vcpu_reg_get(struct vcpu *vcpu, u64 *x)
{
	u32 old;
	int error;
	struct vcpu *target = claim_for_regs(vcpu, x[1], &old, &error);

	if (!target) {
		return error;
	}
	if (x[2] == HYP_REG_POWER) {
		x[1] = old != VCPU_OFF;
	} else {
		error = vcpu_reg_get(target, x[2], &x[1]);
	}
	vcpu_release(target, old);
	return error;
}

int call_vcpu_reg_set(struct vcpu *vcpu, u64 *x)
{
	u32 old;
	int error;
	struct vcpu *target = claim_for_regs(vcpu, x[1], &old, &error);

	if (!target) {
		return error;
	}
	error = vcpu_reg_set(target, x[2], x[3]);
	vcpu_release(target, old);
	return error;
}

/* The same for V<x[2]>. */
static struct vcpu *claim_for_fpreg(struct vcpu *vcpu, const u64 *x, u32 *old, int *error)
{
	*error = HYP_E_INVAL;
	return x[2] < 32 ? claim_for_regs(vcpu, x[1], old, error) : NULL;
}

int call_vcpu_fpreg_get(struct vcpu *vcpu, u64 *x)
{
	u32 old;
	int error;
	struct vcpu *target = claim_for_fpreg(vcpu, x, &old, &error);

	if (!target) {
		return error;
	}
	__uint128_t value = target->fp.v[x[2]];

	x[1] = (u64)value;
	x[2] = (u64)(value >> 64);
	vcpu_release(target, old);
	return HYP_OK;
}

int call_vcpu_fpreg_set(struct vcpu *vcpu, u64 *x)
{
	u32 old;
	int error;
	struct vcpu *target = claim_for_fpreg(vcpu, x, &old, &error);

	if (!target) {
		return error;
	}
	target->fp.v[x[2]] = (__uint128_t)x[4] << 64 | x[3];
	target->fp_cpu = NULL;
	vcpu_release(target, old);
	return HYP_OK;
}

int call_vcpu_kick(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vcpu *target = get_vcpu(vcpu, x[1], HYP_RIGHT_RUN, &error);

	if (!target) {
		return error;
	}
	vcpu_request(target, VCPU_REQ_EXIT);
	return HYP_OK;
}

int call_vcpu_wake(struct vcpu *vcpu, u64 *x)
{
	struct doorbell *doorbell = NULL;
	struct vcpu *target;
	int error;

	if (x[3] >= 64) {
		return HYP_E_INVAL;
	}
	/* ipc_vm_gone() clears what names a dying VM's doorbells, and nothing may come after it. */
	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	target = get_vcpu(vcpu, x[1], HYP_RIGHT_CONTROL, &error);
	if (target) {
		doorbell = handle_get(vcpu->vm, x[2], HYP_OBJECT_DOORBELL, HYP_RIGHT_SEND, &error);
	}
	if (doorbell) {
		error = doorbell_use_as_wake(doorbell);
	}
	if (!error) {
		target->wake_flag = BIT(x[3]);
		atomic_store(&target->wake_doorbell, doorbell);
	}
	spin_unlock(&vm_table_lock);
	return error;
}

int call_vcpu_sched(struct vcpu *vcpu, u64 *x)
{
	int error;
	u32 old;
	struct vcpu *target = get_vcpu(vcpu, x[1], HYP_RIGHT_CONTROL, &error);

	if (!target) {
		return error;
	}
	if (x[2] >= SCHED_PRIORITIES || x[3] < 100000 || x[3] > 1000000000) {
		return HYP_E_INVAL;
	}
	error = vcpu_claim(target, &old);
	if (error) {
		return error;
	}
	target->priority = (u32)x[2];
	target->slice_ns = x[3];
	vcpu_release(target, old);
	return HYP_OK;
}

int call_vcpu_power(struct vcpu *vcpu, u64 *x)
{
	int error;
	u32 old;
	struct vcpu *target = claim_for_regs(vcpu, x[1], &old, &error);

	if (!target) {
		return error;
	}
	if (x[2] > 1 || !vcpu_is_proxy(target)) {
		vcpu_release(target, old);
		return HYP_E_INVAL;
	}
	if (!x[2]) {
		vcpu_release(target, VCPU_OFF);
	} else if (old != VCPU_OFF) {
		vcpu_release(target, old);
	} else {
		atomic_store(&target->state, VCPU_OFF);
		error = vcpu_power_on(target);
	}
	return error;
}

int call_vcpu_reset(struct vcpu *vcpu, u64 *x)
{
	int error;
	u32 old;
	struct vcpu *target = claim_for_regs(vcpu, x[1], &old, &error);

	if (!target) {
		return error;
	}
	/* In WFI it is in its core's list; and only its VM can power it on again. */
	if (!vcpu_is_proxy(target) && old != VCPU_OFF) {
		vcpu_release(target, old);
		return HYP_E_BUSY;
	}
	vcpu_reset(target);
	vcpu_release(target, vcpu_initial_state(target));
	return HYP_OK;
}
