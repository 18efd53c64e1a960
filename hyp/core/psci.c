/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI. See psci.h. */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/psci.h>
#include <core/run.h>
#include <core/vm.h>
#include <el2/smc.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <sched/sched.h>

#define AFFINITY_ON         0
#define AFFINITY_OFF        1
#define AFFINITY_ON_PENDING 2
#define MIGRATE_NOT_NEEDED  2

/* A call has the target for itself, for less than it takes the caller to make its call again. */
#define TRY_AGAIN -100

static bool is_host(const struct vcpu *vcpu)
{
	return (vcpu->vm->flags & HYP_VM_HOST) != 0;
}

/* The affinity argument: MPIDR fields, everything else zero; 32-bit calls have no Aff3. */
static struct vcpu *target_of(struct vcpu *vcpu, u32 function, u64 affinity)
{
	if (!(function & PSCI_64BIT)) {
		affinity = (u32)affinity;
	}
	return affinity & ~MPIDR_AFFINITY ? NULL : vm_vcpu_by_mpidr(vcpu->vm, affinity);
}

/* As after reset, at the address and with the argument that the call gave. */
static void start_at(struct vcpu *vcpu, u32 function, u64 entry, u64 context)
{
	vcpu_reset(vcpu);
	vcpu->regs.pc = function & PSCI_64BIT ? entry : (u32)entry;
	vcpu->regs.x[0] = function & PSCI_64BIT ? context : (u32)context;
}

static s64 cpu_on(struct vcpu *vcpu, u32 function, const u64 *x)
{
	struct vcpu *target = target_of(vcpu, function, x[1]);
	u32 old;
	int error;

	if (!target) {
		return PSCI_INVALID;
	}
	/* Keeps everybody else away until the registers are set. */
	old = VCPU_OFF;
	if (!atomic_compare_exchange_strong(&target->state, &old, VCPU_CLAIMED)) {
		return old == VCPU_CLAIMED ? TRY_AGAIN : PSCI_ALREADY_ON;
	}
	start_at(target, function, x[2], x[3]);
	atomic_store(&target->state, VCPU_OFF);
	error = vcpu_power_on(target);
	return error ? PSCI_INTERNAL : PSCI_SUCCESS;
}

static s64 affinity_info(struct vcpu *vcpu, u32 function, const u64 *x)
{
	const struct vcpu *target = target_of(vcpu, function, x[1]);
	u32 state;

	if (!target || x[2] > 0) {
		return PSCI_INVALID; /* levels above a core are optional (5.7.1) */
	}
	state = atomic_load(&target->state);
	if (state == VCPU_CLAIMED) {
		return TRY_AGAIN;
	}
	return state == VCPU_OFF ? AFFINITY_OFF : AFFINITY_ON;
}

/* What the firmware says of a function. */
static s64 firmware_features(u32 asked)
{
	return boot_info->psci == BOOT_PSCI_NONE ? PSCI_NOT_SUPPORTED
						 : (s64)smc_call(PSCI_FEATURES, asked, 0, 0);
}

static s64 features(const struct vcpu *vcpu, u32 asked)
{
	switch (asked & ~PSCI_64BIT) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return PSCI_SUCCESS;
	case PSCI_SYSTEM_RESET2:
		return is_host(vcpu) ? firmware_features(asked) : PSCI_SUCCESS;
	case PSCI_SYSTEM_SUSPEND:
		if (is_host(vcpu)) {
			return firmware_features(asked);
		}
		return vcpu->may_suspend ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
	default:
		return asked == 0x80000000u ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
	}
}

/* SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2. */
static struct vcpu *system_call(struct vcpu *vcpu, u32 function)
{
	u64 *x = vcpu->regs.x;

	if (is_host(vcpu)) {
		x[0] = smc_call(function, x[1], x[2], x[3]);
		return vcpu;
	}
	if (vcpu->parent) {
		return run_exit_system(vcpu, function, x[1], x[2]);
	}
	vm_stop(vcpu->vm);
	return vcpu;
}

static bool is_last_on(const struct vcpu *vcpu)
{
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		const struct vcpu *other = vcpu->vm->vcpus[i];

		if (other && other != vcpu && atomic_load(&other->state) != VCPU_OFF) {
			return false;
		}
	}
	return true;
}

/*
 * The machine's SYSTEM_SUSPEND. The vCPU is off the core when the firmware takes its state away,
 * and waits in the queue for the core to come back. What the GIC's distributor and redistributors
 * hold the firmware keeps, as it would for a Linux without a hypervisor.
 */
static struct vcpu *suspend_machine(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->cpu;
	s64 result;

	switch_vcpu(&cpu->idle);
	atomic_store(&vcpu->state, VCPU_READY);
	sched_wake(vcpu);
	result = cpu_suspend_system();
	vcpu->regs.x[0] = (u64)result;
	return sched_next(&cpu->idle);
}

void psci_resume(struct vcpu *vcpu)
{
	const u64 *x = vcpu->regs.x;

	start_at(vcpu, (u32)x[0], x[1], x[2]);
}

/* SYSTEM_SUSPEND (5.20), offered or not. */
static struct vcpu *system_suspend(struct vcpu *vcpu, u32 function)
{
	u64 *x = vcpu->regs.x;

	if (features(vcpu, function) != PSCI_SUCCESS) {
		x[0] = (u64)PSCI_NOT_SUPPORTED;
		return vcpu;
	}
	if (!is_last_on(vcpu)) {
		x[0] = (u64)PSCI_DENIED;
		return vcpu;
	}
	return is_host(vcpu) ? suspend_machine(vcpu) : run_exit_system(vcpu, function, x[1], x[2]);
}

/* A suspended vCPU keeps its state: a standby that any interrupt ends (5.4). */
static struct vcpu *cpu_suspend(struct vcpu *vcpu)
{
	vcpu->regs.x[0] = PSCI_SUCCESS;
	if (vgic_has_pending(vcpu) || read_sysreg(isr_el1)) {
		return vcpu;
	}
	return vcpu->parent ? run_exit_wfi(vcpu) : sched_block(vcpu);
}

static struct vcpu *cpu_off(struct vcpu *vcpu)
{
	if (vcpu->parent) {
		return run_exit_off(vcpu);
	}
	atomic_store(&vcpu->state, VCPU_OFF);
	return sched_next(vcpu);
}

struct vcpu *psci_call(struct vcpu *vcpu)
{
	u64 *x = vcpu->regs.x;
	u32 function = (u32)x[0];
	s64 result;

	switch (function & ~PSCI_64BIT) {
	case PSCI_VERSION:
		result = 0x10001;
		break;
	case PSCI_CPU_ON:
		result = cpu_on(vcpu, function, x);
		break;
	case PSCI_AFFINITY_INFO:
		result = affinity_info(vcpu, function, x);
		break;
	case PSCI_MIGRATE_INFO_TYPE:
		result = MIGRATE_NOT_NEEDED;
		break;
	case PSCI_FEATURES:
		result = features(vcpu, (u32)x[1]);
		break;
	case PSCI_CPU_OFF:
		return cpu_off(vcpu);
	case PSCI_CPU_SUSPEND:
		return cpu_suspend(vcpu);
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
		return system_call(vcpu, function);
	case PSCI_SYSTEM_SUSPEND:
		return system_suspend(vcpu, function);
	default:
		result = PSCI_NOT_SUPPORTED;
	}
	if (result == TRY_AGAIN) {
		vcpu->regs.pc -= 4;
		return vcpu;
	}
	x[0] = (u64)result;
	return vcpu;
}
