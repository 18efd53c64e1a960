// SPDX-License-Identifier: BSD-3-Clause
/*
 * psci.c - PSCI 1.1 (Arm DEN 0022) and SMCCC 1.1 (Arm DEN 0028) over HVC.
 */
#include "loop.h"
#include "psci.h"
#include "vm.h"

#define PSCI_VERSION            0x84000000u
#define PSCI_CPU_SUSPEND_32     0x84000001u
#define PSCI_CPU_SUSPEND_64     0xc4000001u
#define PSCI_CPU_OFF            0x84000002u
#define PSCI_CPU_ON_32          0x84000003u
#define PSCI_CPU_ON_64          0xc4000003u
#define PSCI_AFFINITY_INFO_32   0x84000004u
#define PSCI_AFFINITY_INFO_64   0xc4000004u
#define PSCI_MIGRATE_INFO_TYPE  0x84000006u
#define PSCI_SYSTEM_OFF         0x84000008u
#define PSCI_SYSTEM_RESET       0x84000009u
#define PSCI_FEATURES           0x8400000au
#define PSCI_SYSTEM_RESET2_32   0x84000012u
#define PSCI_SYSTEM_RESET2_64   0xc4000012u
#define SMCCC_VERSION           0x80000000u
#define SMCCC_ARCH_FEATURES     0x80000001u
#define SMCCC_ARCH_WORKAROUND_1 0x80008000u
#define SMCCC_ARCH_WORKAROUND_2 0x80007fffu
#define SMCCC_ARCH_WORKAROUND_3 0x80003fffu

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_ON_PENDING         (-5)
#define PSCI_INVALID_ADDRESS    (-9)

#define PSCI_AFFINITY_MASK 0xff00ffffffull

static struct jit_cpu *psci_find_cpu(struct jit_vm *vm, uint64_t affinity)
{
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		if (vm->cpus[i] && (vm->cpus[i]->mpidr & PSCI_AFFINITY_MASK) == affinity) {
			return vm->cpus[i];
		}
	}
	return NULL;
}

static int64_t psci_cpu_on(struct jit_cpu *cpu, uint64_t affinity, uint64_t entry, uint64_t context)
{
	struct jit_cpu *target = psci_find_cpu(cpu->vm, affinity);
	uint32_t expected = CPU_POWER_OFF;

	if (!target) {
		return PSCI_INVALID_PARAMETERS;
	}
	if (!vm_find_region(cpu->vm, entry, 4)) {
		return PSCI_INVALID_ADDRESS;
	}
	if (!atomic_compare_exchange_strong(&target->power, &expected, CPU_POWER_ON_SETUP)) {
		return expected == CPU_POWER_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
	}
	target->start_pc = entry;
	target->start_x0 = context;
	atomic_store(&target->power, CPU_POWER_ON_PENDING);
	loop_attention(target, CPU_ATTN_STATE);
	return PSCI_SUCCESS;
}

static int64_t psci_affinity_info(struct jit_cpu *cpu, uint64_t affinity, uint64_t level)
{
	struct jit_cpu *target = psci_find_cpu(cpu->vm, affinity);

	if (!target || level != 0) {
		return PSCI_INVALID_PARAMETERS;
	}
	switch (atomic_load(&target->power)) {
	case CPU_POWER_ON:
		return 0;
	case CPU_POWER_OFF:
		return 1;
	default:
		return 2; /* ON_PENDING */
	}
}

static void psci_end(struct jit_cpu *cpu, enum vm_end end)
{
	atomic_store(&cpu->vm->end, end);
	for (unsigned int i = 0; i < cpu->vm->nr_cpus; i++) {
		loop_attention(cpu->vm->cpus[i], CPU_ATTN_STOP);
	}
}

static int64_t psci_features(uint32_t function)
{
	switch (function) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
	case PSCI_AFFINITY_INFO_32:
	case PSCI_AFFINITY_INFO_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2_32:
	case PSCI_SYSTEM_RESET2_64:
	case PSCI_FEATURES:
	case SMCCC_VERSION:
		return 0;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

/* No speculation side channel of the guest's is there to be mitigated by us: "not required". */
static int64_t psci_arch_features(uint32_t function)
{
	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return 0;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		return 1;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

static int64_t psci_dispatch(struct jit_cpu *cpu, uint32_t function)
{
	bool is_64 = function & 0x40000000u;
	uint64_t mask = is_64 ? ~0ull : 0xffffffffull;
	uint64_t a1 = cpu->x[1] & mask, a2 = cpu->x[2] & mask, a3 = cpu->x[3] & mask;

	switch (function) {
	case PSCI_VERSION:
	case SMCCC_VERSION:
		return 0x10001;
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
		loop_wait(cpu); /* standby: context is kept */
		return PSCI_SUCCESS;
	case PSCI_CPU_OFF:
		atomic_store(&cpu->power, CPU_POWER_OFF);
		loop_attention(cpu, CPU_ATTN_STATE);
		return PSCI_SUCCESS;
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
		return psci_cpu_on(cpu, a1 & PSCI_AFFINITY_MASK, a2, a3);
	case PSCI_AFFINITY_INFO_32:
	case PSCI_AFFINITY_INFO_64:
		return psci_affinity_info(cpu, a1 & PSCI_AFFINITY_MASK, a2);
	case PSCI_MIGRATE_INFO_TYPE:
		return 2; /* no trusted OS that would need migration */
	case PSCI_SYSTEM_OFF:
		psci_end(cpu, VM_END_POWEROFF);
		return PSCI_SUCCESS;
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2_32:
	case PSCI_SYSTEM_RESET2_64:
		psci_end(cpu, VM_END_RESET);
		return PSCI_SUCCESS;
	case PSCI_FEATURES:
		return psci_features((uint32_t)a1);
	case SMCCC_ARCH_FEATURES:
		return psci_arch_features((uint32_t)a1);
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		return PSCI_SUCCESS;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

void psci_call(struct jit_cpu *cpu)
{
	cpu->x[0] = (uint64_t)psci_dispatch(cpu, (uint32_t)cpu->x[0]);
}
