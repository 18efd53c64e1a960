// SPDX-License-Identifier: BSD-3-Clause
/*
 * accel_kvm_vcpu.c: registers and virtual time of vCPUs, through KVM_GET_ONE_REG and
 * KVM_SET_ONE_REG.
 */
#include "accel_kvm.h"

#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#define KVM_PSTATE_EL1H_DAIF 0x3c5u
#define KVM_MPIDR_AFFINITY   0xff00ffffffULL

#define KVM_CORE_REG(field)                                                                        \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |                                     \
	 (offsetof(struct kvm_regs, field) / sizeof(uint32_t)))
#define KVM_REG_MPIDR_EL1 ARM64_SYS_REG(3, 0, 0, 0, 5)

static int kvm_get_one(struct kvm_vcpu *vcpu, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)value};

	return kvm_vcpu_ioctl(vcpu, KVM_GET_ONE_REG, &reg);
}

static int kvm_set_one(struct kvm_vcpu *vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)&value};

	return kvm_vcpu_ioctl(vcpu, KVM_SET_ONE_REG, &reg);
}

int kvm_vcpu_power_on(struct kvm_vcpu *vcpu, bool powered_off)
{
	struct kvm_accel *kvm = kvm_of(vcpu->base.accel);
	struct kvm_vcpu_init init;
	int result = kvm_vm_ioctl(kvm, KVM_ARM_PREFERRED_TARGET, &init);
	uint64_t mpidr = 0;

	if (result < 0) {
		return result;
	}
	init.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2;
	if (powered_off) {
		init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
	}
	if (kvm_check(kvm, KVM_CAP_ARM_PTRAUTH_ADDRESS) &&
	    kvm_check(kvm, KVM_CAP_ARM_PTRAUTH_GENERIC)) {
		init.features[0] |=
			1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC;
	}
	result = kvm_vcpu_ioctl(vcpu, KVM_ARM_VCPU_INIT, &init);
	result = result ?: kvm_get_one(vcpu, KVM_REG_MPIDR_EL1, &mpidr);
	vcpu->base.mpidr = mpidr & KVM_MPIDR_AFFINITY;
	return result;
}

int kvm_vcpu_init(struct accel_vcpu *base, const struct accel_vcpu_init *init)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	int result;

	if (init->powered_off) {
		return 0; /* said at KVM_ARM_VCPU_INIT already */
	}
	result = kvm_set_one(vcpu, KVM_CORE_REG(regs.pstate), KVM_PSTATE_EL1H_DAIF);
	result = result ?: kvm_set_one(vcpu, KVM_CORE_REG(regs.regs[0]), init->x0);
	return result ?: kvm_set_one(vcpu, KVM_CORE_REG(regs.pc), init->pc);
}

int kvm_vcpu_suspend(struct kvm_vcpu *vcpu)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_SUSPENDED};
	int result = kvm_get_one(vcpu, KVM_CORE_REG(regs.regs[1]), &vcpu->resume_pc);

	result = result ?: kvm_get_one(vcpu, KVM_CORE_REG(regs.regs[2]), &vcpu->resume_x0);
	if (result == 0) {
		log_info("the guest has suspended itself; an interrupt of a device wakes it");
		result = kvm_vcpu_ioctl(vcpu, KVM_SET_MP_STATE, &state);
	}
	return result;
}

int kvm_vcpu_wake(struct kvm_vcpu *vcpu)
{
	const struct accel_vcpu_init init = {.pc = vcpu->resume_pc, .x0 = vcpu->resume_x0};
	int result = kvm_vcpu_power_on(vcpu, false);

	return result ?: kvm_vcpu_init(&vcpu->base, &init);
}

/* The register that SP names at the current exception level: SP_EL0, or SP_EL1 in EL1h. */
static uint64_t kvm_sp_id(uint64_t pstate)
{
	return (pstate & 0xf) == 5 ? KVM_CORE_REG(sp_el1) : KVM_CORE_REG(regs.sp);
}

int kvm_vcpu_get_regs(struct accel_vcpu *base, struct accel_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	int result = 0;

	for (unsigned int i = 0; i < 31 && result == 0; i++) {
		result = kvm_get_one(vcpu, KVM_CORE_REG(regs.regs[0]) + 2 * i, &regs->x[i]);
	}
	result = result ?: kvm_get_one(vcpu, KVM_CORE_REG(regs.pc), &regs->pc);
	result = result ?: kvm_get_one(vcpu, KVM_CORE_REG(regs.pstate), &regs->pstate);
	return result ?: kvm_get_one(vcpu, kvm_sp_id(regs->pstate), &regs->sp);
}

int kvm_vcpu_set_regs(struct accel_vcpu *base, const struct accel_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	int result = 0;

	for (unsigned int i = 0; i < 31 && result == 0; i++) {
		result = kvm_set_one(vcpu, KVM_CORE_REG(regs.regs[0]) + 2 * i, regs->x[i]);
	}
	result = result ?: kvm_set_one(vcpu, KVM_CORE_REG(regs.pc), regs->pc);
	result = result ?: kvm_set_one(vcpu, KVM_CORE_REG(regs.pstate), regs->pstate);
	return result ?: kvm_set_one(vcpu, kvm_sp_id(regs->pstate), regs->sp);
}

int kvm_vcpu_inject_abort(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu_events events = {.exception.ext_dabt_pending = 1};

	return kvm_vcpu_ioctl(vcpu, KVM_SET_VCPU_EVENTS, &events);
}

void kvm_vcpu_log_state(struct kvm_vcpu *vcpu)
{
	struct accel_regs regs;

	if (kvm_vcpu_get_regs(&vcpu->base, &regs) == 0) {
		log_error("vCPU %u: pc 0x%" PRIx64 " pstate 0x%" PRIx64 " sp 0x%" PRIx64
			  " lr 0x%" PRIx64,
			  vcpu->base.index, regs.pc, regs.pstate, regs.sp, regs.x[30]);
	}
}

/*
 * The virtual counter belongs to the VM; setting it on one vCPU sets it for all. A host that does
 * not let it be set has guests whose clock jumps over a pause, no more.
 */
void kvm_pause(struct accel *accel)
{
	struct kvm_accel *kvm = kvm_of(accel);

	if (kvm_get_one(kvm->vcpus[0], KVM_REG_ARM_TIMER_CNT, &kvm->paused_count) < 0) {
		kvm->paused_count = 0;
	}
}

void kvm_resume(struct accel *accel)
{
	struct kvm_accel *kvm = kvm_of(accel);

	if (kvm->paused_count) {
		kvm_set_one(kvm->vcpus[0], KVM_REG_ARM_TIMER_CNT, kvm->paused_count);
	}
}
