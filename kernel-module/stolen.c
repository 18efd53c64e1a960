// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stolen time (Arm DEN0057A): for how long a vCPU could have run, but its thread waited for a core.
 *
 * User space names a place in the guest's memory (KVM_ARM_VCPU_PVTIME_CTRL), the hypervisor tells it to
 * a guest that asks, and the time is counted here, as Linux's scheduler knows it. It is written through
 * the process's own mapping of that memory, before the guest is entered. A protected VM's memory cannot
 * be written, and EL2 does not know which waits were wanted: there it is not offered.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>
#include <linux/uaccess.h>

#include <asm/pvclock-abi.h>

#include "errors.h"
#include "module.h"

#define STOLEN_UNKNOWN (~0ULL)

bool stolen_is_offered(const struct vm *vm)
{
	return sched_info_on() && !(vm && vm->protected);
}

void stolen_reset(struct vcpu *vcpu)
{
	vcpu->stolen.ns = 0;
	vcpu->stolen.run_delay = STOLEN_UNKNOWN;
}

void stolen_init(struct vcpu *vcpu)
{
	vcpu->stolen.ipa = HYP_NO_STOLEN;
	stolen_reset(vcpu);
}

/* What cannot be written the guest is not told; its VMM took the memory away. */
static void stolen_store(struct vcpu *vcpu, bool first)
{
	unsigned long hva = mem_user_address(vcpu->vm, vcpu->stolen.ipa);
	struct pvclock_vcpu_stolen_time __user *to = (void __user *)hva;
	unsigned long failed = 0;

	if (hva && first) {
		failed = clear_user(to, sizeof(*to));
	}
	if (hva && !failed) {
		/* One aligned store: the guest never sees half of it. */
		put_user(cpu_to_le64(vcpu->stolen.ns), (__le64 __user *)&to->stolen_time);
	}
}

void stolen_write(struct vcpu *vcpu)
{
	struct stolen *stolen = &vcpu->stolen;
	u64 run_delay = current->sched_info.run_delay;
	bool first = stolen->run_delay == STOLEN_UNKNOWN;

	if (!first && run_delay > stolen->run_delay) { /* else another thread has taken over */
		stolen->ns += run_delay - stolen->run_delay;
	}
	stolen->run_delay = run_delay;
	if (stolen->ipa != HYP_NO_STOLEN) {
		stolen_store(vcpu, first);
	}
}

/* As KVM: once, 64-byte aligned, in a slot. */
static int stolen_set(struct vcpu *vcpu, u64 ipa)
{
	int rc;

	if (!IS_ALIGNED(ipa, sizeof(struct pvclock_vcpu_stolen_time))) {
		return -EINVAL;
	}
	if (vcpu->stolen.ipa != HYP_NO_STOLEN) {
		return -EEXIST;
	}
	if (!mem_user_address(vcpu->vm, ipa)) {
		return -EINVAL;
	}
	rc = errors_to_errno(
		PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, HYP_REG_STOLEN, ipa)).error);
	if (!rc) {
		vcpu->stolen.ipa = ipa;
		stolen_reset(vcpu);
	}
	return rc;
}

int stolen_attr(struct vcpu *vcpu, unsigned int cmd, const struct kvm_device_attr *attr)
{
	u64 ipa;

	if (!stolen_is_offered(vcpu->vm) || attr->attr != KVM_ARM_VCPU_PVTIME_IPA) {
		return -ENXIO;
	}
	switch (cmd) {
	case KVM_HAS_DEVICE_ATTR:
		return 0;
	case KVM_GET_DEVICE_ATTR:
		return COPY_OUT(attr->addr, vcpu->stolen.ipa);
	default:
		return COPY_IN(ipa, attr->addr) ?: stolen_set(vcpu, ipa);
	}
}
