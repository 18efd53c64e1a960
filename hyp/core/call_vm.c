/* SPDX-License-Identifier: BSD-3-Clause */
/* The HANDLE_* and VM_* calls. */
#include <core/call.h>
#include <core/vm.h>
#include <hyp/error.h>

static struct vm *get_vm(struct vcpu *vcpu, u64 handle, u32 right, int *error)
{
	return handle_get(vcpu->vm, handle, HYP_OBJECT_VM, right, error);
}

static bool is_platform(struct vcpu *vcpu)
{
	return vcpu->vm->id == VMID_RM;
}

int call_handle_copy(struct vcpu *vcpu, u64 *x)
{
	struct handle source;
	struct vm *to = NULL;
	int error;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	/* Under the lock: a handle that is revoked meanwhile must not live on in its copy. */
	error = handle_read(vcpu->vm, x[1], &source);
	if (!error && (source.rights & (HYP_RIGHT_COPY | x[3])) != (HYP_RIGHT_COPY | x[3])) {
		error = HYP_E_RIGHT;
	}
	if (!error) {
		to = get_vm(vcpu, x[2], HYP_RIGHT_GRANT, &error);
	}
	if (to) {
		error = handle_put(to, source.type, source.object, (u32)x[3]);
	}
	spin_unlock(&vm_table_lock);
	if (error < 0) {
		return error;
	}
	x[1] = (u64)error;
	return HYP_OK;
}

int call_handle_delete(struct vcpu *vcpu, u64 *x)
{
	struct handle handle;
	int error;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	error = handle_read(vcpu->vm, x[1], &handle);
	if (!error && x[1] <= HYP_HANDLE_PLATFORM) {
		error = HYP_E_DENIED;
	}
	if (!error) {
		handle_delete(vcpu->vm, (u32)x[1]);
	}
	spin_unlock(&vm_table_lock);
	return error;
}

int call_handle_revoke(struct vcpu *vcpu, u64 *x)
{
	struct handle handle;
	int error;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	error = handle_read(vcpu->vm, x[1], &handle);
	if (!error && !(handle.rights & HYP_RIGHT_REVOKE)) {
		error = HYP_E_RIGHT;
	}
	if (!error) {
		x[1] = handle_revoke(handle.object, vcpu->vm, (u32)x[1]);
	}
	spin_unlock(&vm_table_lock);
	return error;
}

static u64 object_id(const struct handle *handle)
{
	switch (handle->type) {
	case HYP_OBJECT_VM:
		return ((const struct vm *)handle->object)->id;
	case HYP_OBJECT_VCPU:
		return ((const struct vcpu *)handle->object)->index;
	default:
		return 0;
	}
}

int call_handle_info(struct vcpu *vcpu, u64 *x)
{
	struct handle handle;
	int error = handle_read(vcpu->vm, x[1], &handle);

	if (error) {
		return error;
	}
	x[1] = handle.type;
	x[2] = handle.rights;
	x[3] = object_id(&handle);
	return HYP_OK;
}

int call_vm_create(struct vcpu *vcpu, u64 *x)
{
	struct vm *vm;
	u32 handle;
	int error;

	if (!is_platform(vcpu)) {
		return HYP_E_RIGHT;
	}
	error = vm_create(vcpu->vm, ipa_init(x[1]), x[2], x[3], x[4], &vm, &handle);
	if (error) {
		return error;
	}
	x[1] = handle;
	x[2] = vm->id;
	return HYP_OK;
}

int call_vm_pool_add(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = get_vm(vcpu, x[1], HYP_RIGHT_MEM, &error);

	if (!vm) {
		return error;
	}
	return is_platform(vcpu) ? vm_pool_add(vcpu->vm, vm, ipa_init(x[2]), x[3]) : HYP_E_RIGHT;
}

int call_vm_start(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = get_vm(vcpu, x[1], HYP_RIGHT_CONTROL, &error);

	return vm ? vm_start(vm) : error;
}

int call_vm_stop(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = get_vm(vcpu, x[1], HYP_RIGHT_CONTROL, &error);

	if (!vm) {
		return error;
	}
	vm_stop(vm);
	return HYP_OK;
}

int call_vm_reset(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = get_vm(vcpu, x[1], HYP_RIGHT_CONTROL, &error);

	if (!vm) {
		return error;
	}
	return vm == vcpu->vm ? HYP_E_DENIED : vm_reset(vm);
}

int call_vm_destroy(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = get_vm(vcpu, x[1], HYP_RIGHT_DESTROY, &error);

	if (!vm) {
		return error;
	}
	return is_platform(vcpu) ? vm_destroy(vcpu->vm, vm) : HYP_E_RIGHT;
}

int call_vm_info(struct vcpu *vcpu, u64 *x)
{
	int error;
	const struct vm *vm = get_vm(vcpu, x[1], 0, &error);

	if (!vm) {
		return error;
	}
	x[1] = atomic_load(&vm->state);
	x[2] = vm->pool.nr_pages;
	x[3] = vm->pool.nr_free;
	x[4] = vm->mem_pages;
	x[5] = atomic_load(&vm->nr_vcpus);
	return HYP_OK;
}
