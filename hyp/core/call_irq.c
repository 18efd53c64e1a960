/* SPDX-License-Identifier: BSD-3-Clause */
/* The VGIC_* and IRQ_* calls. */
#include <core/call.h>
#include <core/vm.h>
#include <hyp/error.h>

static struct vm *control(struct vcpu *vcpu, u64 handle, int *error)
{
	return handle_get(vcpu->vm, handle, HYP_OBJECT_VM, HYP_RIGHT_CONTROL, error);
}

int call_vgic_config(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = control(vcpu, x[1], &error);

	if (!vm) {
		return error;
	}
	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	if (atomic_load(&vm->state) != HYP_VM_NEW) {
		error = HYP_E_STATE;
	} else {
		error = vgic_vm_config(vm, ipa_init(x[2]), ipa_init(x[3]), (u32)x[4]);
	}
	spin_unlock(&vm_table_lock);
	return error;
}

/* GIC registers are consistent only while no vCPU runs: all are claimed for the access. */
static int vgic_reg(struct vcpu *vcpu, u64 *x, bool write)
{
	u32 old[HYP_MAX_VCPUS];
	int error;
	struct vm *vm = control(vcpu, x[1], &error);

	if (!vm) {
		return error;
	}
	if (vm == vcpu->vm || (vm->flags & HYP_VM_HOST)) {
		return HYP_E_DENIED;
	}
	error = vm_claim_vcpus(vm, old);
	if (error) {
		return error;
	}
	error = write ? vgic_reg_set(vm, (u32)x[2], x[3], (u32)x[4], x[5])
		      : vgic_reg_get(vm, (u32)x[2], x[3], (u32)x[4], &x[1]);
	vm_release_vcpus(vm, old);
	return error;
}

int call_vgic_reg_get(struct vcpu *vcpu, u64 *x)
{
	return vgic_reg(vcpu, x, false);
}

int call_vgic_reg_set(struct vcpu *vcpu, u64 *x)
{
	return vgic_reg(vcpu, x, true);
}

int call_irq_set(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vcpu *target;
	struct vm *vm = control(vcpu, x[1], &error);

	if (!vm) {
		return error;
	}
	target = vm_vcpu(vm, x[3]);
	if (x[2] > 1023 || x[4] > 1 || (x[2] < 32 && !target)) {
		return HYP_E_INVAL;
	}
	return vgic_set_line(vm, target, (u32)x[2], x[4] != 0);
}

int call_irq_forward(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = control(vcpu, x[1], &error);

	if (!vm) {
		return error;
	}
	if (vcpu->vm->id != VMID_RM) {
		return HYP_E_RIGHT;
	}
	if (x[2] > 1023 || x[3] > 1023 || x[4] > HYP_IRQ_EDGE) {
		return HYP_E_INVAL;
	}
	return vgic_forward(vm, (u32)x[2], (u32)x[3]);
}

int call_irq_release(struct vcpu *vcpu, u64 *x)
{
	if (vcpu->vm->id != VMID_RM) {
		return HYP_E_RIGHT;
	}
	return x[1] > 1023 ? HYP_E_INVAL : vgic_release((u32)x[1]);
}
