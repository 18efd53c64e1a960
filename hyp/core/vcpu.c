/* SPDX-License-Identifier: BSD-3-Clause */
/* vCPU life and wake-ups. See vcpu.h. */
#include <core/cpu.h>
#include <core/log.h>
#include <core/vm.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <hyp/error.h>
#include <sched/sched.h>
#include <sched/timer.h>

_Static_assert(sizeof(struct vcpu) <= PAGE_BYTES, "a vCPU is one page of its VM's pool");
_Static_assert(offsetof(struct vcpu, regs) == 0, "vectors.S");

/* BLOCKED became READY: whoever runs the vCPU learns it. */
static void wake(struct vcpu *vcpu)
{
	struct doorbell *doorbell = atomic_load(&vcpu->wake_doorbell);

	if (!vcpu_is_proxy(vcpu)) {
		sched_unblock(vcpu);
	} else if (doorbell) {
		(void)doorbell_send(doorbell, vcpu->wake_flag);
	}
}

void vcpu_request(struct vcpu *vcpu, u64 requests)
{
	u32 state = VCPU_BLOCKED;
	struct cpu *cpu;

	/* Pairs with sched_block() and run_exit_wfi(): they set BLOCKED before they look here. */
	atomic_fetch_or(&vcpu->requests, requests);
	if (atomic_compare_exchange_strong(&vcpu->state, &state, VCPU_READY)) {
		wake(vcpu);
		return;
	}
	if (state != VCPU_RUNNING) {
		return; /* looks at its requests when it is next loaded */
	}
	cpu = vcpu->cpu;
	if (cpu) {
		atomic_store(&cpu->attention, true);
		if (cpu != cpu_this()) {
			cpu_kick(cpu);
		}
	}
}

static int check_flags(const struct vm *vm, u64 flags)
{
	bool host = (vm->flags & HYP_VM_HOST) != 0;
	u64 known = HYP_VCPU_ON | HYP_VCPU_PROXY | HYP_VCPU_FIXED | 0xffff0000u;
	u32 core = HYP_VCPU_CORE_OF((u32)flags);

	if (flags & ~known || ((flags & HYP_VCPU_FIXED) && (flags & HYP_VCPU_PROXY))) {
		return HYP_E_INVAL;
	}
	/* The host has one vCPU on each core, and nobody else is tied to one. */
	if (host != ((flags & HYP_VCPU_FIXED) != 0) || core >= nr_cpus || (!host && core)) {
		return HYP_E_INVAL;
	}
	return host && cpus[core].host_vcpu ? HYP_E_EXIST : HYP_OK;
}

int vcpu_create_locked(struct vm *vm, u64 index, u64 mpidr, u64 flags, struct vcpu **out)
{
	struct vcpu *vcpu;
	int error;

	if (index >= HYP_MAX_VCPUS || (mpidr & ~MPIDR_AFFINITY)) {
		return HYP_E_INVAL;
	}
	error = check_flags(vm, flags);
	if (error) {
		return error;
	}
	if (vm->vcpus[index] || vm_vcpu_by_mpidr(vm, mpidr)) {
		return HYP_E_EXIST;
	}
	vcpu = pool_alloc(&vm->pool);
	if (!vcpu) {
		return HYP_E_NOMEM;
	}
	vcpu->vm = vm;
	vcpu->index = (u32)index;
	vcpu->flags = (u32)flags;
	vcpu->mpidr = BIT(31) | mpidr;
	vcpu->priority = SCHED_PRIORITY_VM;
	vcpu->slice_ns = SCHED_SLICE_NS;
	vcpu->stolen_ipa = HYP_NO_STOLEN;
	vcpu->cpu = flags & HYP_VCPU_FIXED ? &cpus[HYP_VCPU_CORE_OF((u32)flags)] : NULL;
	error = vgic_vcpu_init(vcpu);
	if (error) {
		pool_free(&vm->pool, vcpu);
		return error;
	}
	vcpu_reset(vcpu);
	atomic_store(&vcpu->state, vcpu_initial_state(vcpu));
	if (vcpu->cpu) {
		vcpu->cpu->host_vcpu = vcpu;
	}
	/* Release: who finds it without a lock (an SGI, PSCI) finds it complete. */
	__atomic_store_n(&vm->vcpus[index], vcpu, __ATOMIC_RELEASE);
	vm->nr_vcpus++;
	*out = vcpu;
	return HYP_OK;
}

void vcpu_reset(struct vcpu *vcpu)
{
	switch_vcpu_init(vcpu);
	vcpu->timer = (struct vcpu_timer){0};
	vcpu->mmio.pending = false;
	vcpu->fp_cpu = NULL;
	vgic_vcpu_reset(vcpu);
	atomic_store(&vcpu->requests, 0);
}

/* A proxy that is on may be run; what EL2 schedules starts with the VM. */
u32 vcpu_initial_state(const struct vcpu *vcpu)
{
	return vcpu_is_proxy(vcpu) && (vcpu->flags & HYP_VCPU_ON) ? VCPU_READY : VCPU_OFF;
}

int vcpu_power_on(struct vcpu *vcpu)
{
	u32 off = VCPU_OFF;

	if (!atomic_compare_exchange_strong(&vcpu->state, &off, VCPU_READY)) {
		return HYP_E_STATE;
	}
	if (vcpu_is_proxy(vcpu)) {
		wake(vcpu);
		return HYP_OK;
	}
	if (vcpu->cpu && !atomic_load(&vcpu->cpu->online)) {
		int error = cpu_power_on(vcpu->cpu);

		if (error) {
			atomic_store(&vcpu->state, VCPU_OFF);
			return error;
		}
	}
	sched_wake(vcpu);
	return HYP_OK;
}

int vcpu_claim(struct vcpu *vcpu, u32 *old)
{
	*old = atomic_load(&vcpu->state);
	while (*old != VCPU_RUNNING && *old != VCPU_CLAIMED) {
		if (*old == VCPU_READY && !vcpu_is_proxy(vcpu)) {
			break; /* in a run queue */
		}
		if (atomic_compare_exchange_weak(&vcpu->state, old, VCPU_CLAIMED)) {
			return HYP_OK;
		}
	}
	return HYP_E_BUSY;
}

void vcpu_release(struct vcpu *vcpu, u32 old)
{
	atomic_store(&vcpu->state, old);
	/* A wake-up in between saw CLAIMED and did nothing. */
	if (old == VCPU_BLOCKED && atomic_load(&vcpu->requests) &&
	    atomic_compare_exchange_strong(&vcpu->state, &old, VCPU_READY)) {
		wake(vcpu);
	}
}
