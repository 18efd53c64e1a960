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

/* Any type: what handle_get() does, less the type. */
static int lookup(struct vcpu *vcpu, u64 handle, struct handle *out)
{
	if (handle == HYP_HANDLE_INVALID || handle >= HANDLE_MAX) {
		return HYP_E_HANDLE;
	}
	*out = vcpu->vm->handles.entries[handle];
	return out->type == HYP_OBJECT_NONE ? HYP_E_HANDLE : HYP_OK;
}

int call_handle_copy(struct vcpu *vcpu, u64 *x)
{
	struct handle source;
	struct vm *to;
	int error = lookup(vcpu, x[1], &source);

	if (error) {
		return error;
	}
	if ((source.rights & (HYP_RIGHT_COPY | x[3])) != (HYP_RIGHT_COPY | x[3])) {
		return HYP_E_RIGHT;
	}
	if (!spin_trylock(&vm_table_lock)) {
		return HYP_E_BUSY;
	}
	to = get_vm(vcpu, x[2], HYP_RIGHT_GRANT, &error);
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
	int error = lookup(vcpu, x[1], &handle);

	if (error) {
		return error;
	}
	if (x[1] <= HYP_HANDLE_PLATFORM) {
		return HYP_E_DENIED;
	}
	if (!spin_trylock(&vm_table_lock)) {
		return HYP_E_BUSY;
	}
	handle_delete(vcpu->vm, (u32)x[1]);
	spin_unlock(&vm_table_lock);
	return HYP_OK;
}

int call_handle_revoke(struct vcpu *vcpu, u64 *x)
{
	struct handle handle;
	int error = lookup(vcpu, x[1], &handle);

	if (error) {
		return error;
	}
	if (!(handle.rights & HYP_RIGHT_REVOKE)) {
		return HYP_E_RIGHT;
	}
	if (!spin_trylock(&vm_table_lock)) {
		return HYP_E_BUSY;
	}
	x[1] = handle_revoke(handle.object, vcpu->vm, (u32)x[1]);
	spin_unlock(&vm_table_lock);
	return HYP_OK;
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
	int error = lookup(vcpu, x[1], &handle);

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
	int error;

	if (!is_platform(vcpu)) {
		return HYP_E_RIGHT;
	}
	error = vm_create(vcpu->vm, ipa_init(x[1]), x[2], x[3], x[4], &vm);
	if (error) {
		return error;
	}
	error = handle_put(vcpu->vm, HYP_OBJECT_VM, vm, HYP_RIGHT_ALL);
	if (error < 0) {
		/* Without a handle nobody could destroy it. */
		return vm_destroy(vcpu->vm, vm) ? HYP_E_BUSY : error;
	}
	x[1] = (u64)error;
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
