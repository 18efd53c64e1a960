/* SPDX-License-Identifier: BSD-3-Clause */
/* Physical cores: coming, going, idling, and finding one another. See cpu.h. */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/psci.h>
#include <core/string.h>
#include <core/trap.h>
#include <core/vm.h>
#include <el2/gic.h>
#include <el2/mmu.h>
#include <el2/smc.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <hyp/error.h>
#include <sched/sched.h>
#include <sched/timer.h>

struct cpu *cpus;
u32 nr_cpus;

extern char secondary_entry[];
void vcpu_enter_first(u64 stack_top, struct vcpu *vcpu) __noreturn;
void cpu_secondary_main(u64 id) __noreturn;

struct vcpu *vcpu_current(void)
{
	return (struct vcpu *)read_sysreg(tpidr_el2);
}

struct cpu *cpu_this(void)
{
	return vcpu_current()->cpu;
}

struct cpu *cpu_by_mpidr(u64 mpidr)
{
	for (u32 i = 0; i < nr_cpus; i++) {
		if (cpus[i].mpidr == (mpidr & MPIDR_AFFINITY)) {
			return &cpus[i];
		}
	}
	return NULL;
}

void cpu_init_all(void)
{
	nr_cpus = boot_info->nr_cpus;
	cpus = mmu_alloc_boot(nr_cpus * sizeof(struct cpu));
	for (u32 i = 0; i < nr_cpus; i++) {
		struct cpu *cpu = &cpus[i];

		cpu->id = i;
		cpu->mpidr = boot_info->cpu_mpidr[i];
		cpu->idle.cpu = cpu;
		cpu->current = &cpu->idle;
		cpu->timer_deadline = TIMER_NEVER;
		sched_queue_init(&cpu->queue);
		if (i > 0) {
			mmu_map_stack(i);
		}
	}
}

void cpu_init_this(struct cpu *cpu)
{
	write_sysreg((u64)&cpu->idle, tpidr_el2);
	cpu->current = &cpu->idle;
	cpu->fp_owner = NULL;
	cpu->timer_deadline = TIMER_NEVER;
	cpu->call_seq |= 1; /* in EL2 until the first entry of a VM */
	switch_cpu_init();
	if (gic_cpu_init(cpu)) {
		panic("core %u (mpidr 0x%lx): no redistributor", cpu->id, cpu->mpidr);
	}
	atomic_store(&cpu->online, true);
}

void cpu_run(struct cpu *cpu)
{
	struct vcpu *vcpu = sched_next(&cpu->idle);

	atomic_store_explicit(&cpu->call_seq, cpu->call_seq + 1, memory_order_release);
	vcpu_enter_first(MMU_STACK_BASE + ((u64)(cpu->id + 1) << MMU_STACK_SHIFT), vcpu);
}

void cpu_secondary_main(u64 id)
{
	struct cpu *cpu = &cpus[id];

	cpu_init_this(cpu);
	if (cpu->suspended) {
		cpu->suspended = false;
		psci_resume(cpu->host_vcpu);
	}
	cpu_run(cpu);
}

void cpu_kick(struct cpu *cpu)
{
	if (atomic_load(&cpu->online)) {
		gic_send_sgi(cpu, GIC_SGI_KICK);
	}
}

/* Between these two the core looks at no VM's data. Pairs with cpu_wait_others(). */
static void leave_el2(struct cpu *cpu)
{
	atomic_store_explicit(&cpu->call_seq, cpu->call_seq + 1, memory_order_release);
}

static void enter_el2(struct cpu *cpu)
{
	atomic_store_explicit(&cpu->call_seq, cpu->call_seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

int cpu_power_on(struct cpu *cpu)
{
	s64 result;

	/* A core on its way out of cpu_power_off() still counts as on, until it is off or has seen
	 * that it is wanted. */
	do {
		result = (s64)smc_call(PSCI_CPU_ON | PSCI_64BIT, cpu->mpidr,
				       mmu_image_pa(secondary_entry).pa, cpu->id);
	} while (result == PSCI_ALREADY_ON && !atomic_load(&cpu->online));

	if (result == PSCI_SUCCESS || result == PSCI_ALREADY_ON || result == PSCI_ON_PENDING) {
		return HYP_OK;
	}
	log_warn("core %u: the firmware refused to power it on (%ld)\n", cpu->id, (long)result);
	return HYP_E_DENIED;
}

static bool may_power_off(const struct cpu *cpu)
{
	return cpu->host_vcpu && atomic_load(&cpu->host_vcpu->state) == VCPU_OFF &&
	       !cpu->queue.blocked && boot_info->psci != BOOT_PSCI_NONE;
}

void cpu_power_off(void)
{
	struct cpu *cpu = cpu_this();

	atomic_store(&cpu->online, false);
	/* vcpu_power_on() makes the vCPU READY and then looks at .online; here it is the other way
	 * round, so one of the two sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (may_power_off(cpu) && !sched_contended(cpu)) {
		gic_cpu_exit(cpu);
		leave_el2(cpu);
		(void)smc_call(PSCI_CPU_OFF, 0, 0, 0);
		enter_el2(cpu);
		if (gic_cpu_init(cpu)) {
			panic("core %u: redistributor lost", cpu->id);
		}
	}
	atomic_store(&cpu->online, true);
}

s64 cpu_suspend_system(void)
{
	struct cpu *cpu = cpu_this();
	s64 result;

	cpu->suspended = true;
	result = (s64)smc_call(PSCI_SYSTEM_SUSPEND | PSCI_64BIT, mmu_image_pa(secondary_entry).pa,
			       cpu->id, 0);
	cpu->suspended = false;
	return result;
}

void cpu_idle(struct cpu *cpu)
{
	if (may_power_off(cpu)) {
		cpu_power_off();
		return;
	}
	timer_program(cpu);
	leave_el2(cpu);
	dsb(sy);
	wfi();
	cpu_idle_end(cpu);
}

void cpu_idle_end(struct cpu *cpu)
{
	enter_el2(cpu);
	trap_take_irqs(&cpu->idle);
}

void cpu_wait_others(void)
{
	const struct cpu *self = cpu_this();

	for (u32 i = 0; i < nr_cpus; i++) {
		u32 seq = atomic_load(&cpus[i].call_seq);

		/* Pairs with trap_begin(), trap_exit() and the two functions above. */
		while (&cpus[i] != self && (seq & 1) && atomic_load(&cpus[i].call_seq) == seq) {
		}
	}
}
