/* SPDX-License-Identifier: BSD-3-Clause */
/* The MEM_* calls: arguments and rights; stage2/mem.c does the work. */
#include <core/call.h>
#include <core/vm.h>
#include <hyp/error.h>
#include <stage2/mem.h>

static struct vm *target_vm(struct vcpu *vcpu, u64 handle, int *error)
{
	return handle_get(vcpu->vm, handle, HYP_OBJECT_VM, HYP_RIGHT_MEM, error);
}

static bool is_platform(struct vcpu *vcpu)
{
	return vcpu->vm->id == VMID_RM;
}

int call_mem_donate(struct vcpu *vcpu, u64 *x)
{
	bool keep = (x[5] & HYP_MEM_KEEP) != 0;
	bool nomem_own = false;
	int error;
	struct vm *to = target_vm(vcpu, x[1], &error);

	if (!to) {
		return error;
	}
	if (x[5] & ~(u64)HYP_MEM_KEEP) {
		return HYP_E_INVAL;
	}
	if (keep && !is_platform(vcpu)) {
		return HYP_E_DENIED;
	}
	if (x[4] > (keep ? HYP_MEM_MAX_PAGES : HYP_WIPE_MAX_PAGES)) {
		return HYP_E_SIZE;
	}
	error = mem_donate(vcpu->vm, ipa_init(x[2]), to, ipa_init(x[3]), x[4], keep, &nomem_own);
	x[1] = nomem_own;
	return error;
}

/* LEND and SHARE take the same arguments. */
static int give(struct vcpu *vcpu, u64 *x, bool lend)
{
	u64 prot = x[5];
	bool nomem_own = false;
	int error;
	struct vm *to = target_vm(vcpu, x[1], &error);

	if (!to) {
		return error;
	}
	if (prot & ~(u64)(HYP_PROT_R | HYP_PROT_W | HYP_PROT_X) || !(prot & HYP_PROT_R)) {
		return HYP_E_INVAL;
	}
	if (x[4] > HYP_MEM_MAX_PAGES) {
		return HYP_E_SIZE;
	}
	/* What comes back is mapped where IPA = PA, so only who lives there can lend. */
	if (lend && !(vcpu->vm->flags & HYP_VM_HOST)) {
		return HYP_E_DENIED;
	}
	if (!lend && (to->flags & HYP_VM_PROTECTED)) {
		return HYP_E_DENIED;
	}
	error = (lend ? mem_lend : mem_share)(vcpu->vm, ipa_init(x[2]), to, ipa_init(x[3]), x[4],
					      (u32)prot, &nomem_own);
	x[1] = nomem_own;
	return error;
}

int call_mem_lend(struct vcpu *vcpu, u64 *x)
{
	return give(vcpu, x, true);
}

int call_mem_share(struct vcpu *vcpu, u64 *x)
{
	return give(vcpu, x, false);
}

int call_mem_reclaim(struct vcpu *vcpu, u64 *x)
{
	bool nomem_own = false;
	u64 done = 0;
	int error;
	struct vm *user = target_vm(vcpu, x[1], &error);

	if (!user) {
		return error;
	}
	if (x[3] > HYP_MEM_MAX_PAGES) {
		return HYP_E_SIZE;
	}
	error = mem_reclaim(vcpu->vm, user, ipa_init(x[2]), x[3], &done, &nomem_own);
	x[1] = done;
	x[2] = nomem_own;
	return error;
}

int call_mem_map_device(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct vm *vm = target_vm(vcpu, x[1], &error);

	if (!vm) {
		return error;
	}
	return is_platform(vcpu) ? mem_map_device(vm, pa_init(x[2]), ipa_init(x[3]), x[4])
				 : HYP_E_RIGHT;
}

int call_mem_info(struct vcpu *vcpu, u64 *x)
{
	return mem_info(vcpu->vm, ipa_init(x[1]), &x[1], &x[2]);
}
