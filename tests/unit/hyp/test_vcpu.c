/* SPDX-License-Identifier: BSD-3-Clause */
/* core/vcpu.c, run.c, psci.c, sched/ and ipc/: vCPUs run, sleep, wake, stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <core/psci.h>
#include <el2/debugarch.h>
#include <el2/sysreg.h>
#include <sched/timer.h>
#include "machine.h"

static struct guest guest;

static int setup(void **state)
{
	(void)state;
	machine_boot();
	machine_add_guest(&guest, 0, 2, 64);
	return rm_call(vm_start, NULL, guest.rm) == HYP_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	machine_remove_guest(&guest);
	machine_check();
	return 0;
}

static struct vcpu *host(void)
{
	return machine_host_vm->vcpus[1];
}

static void run_guest(void)
{
	(void)host_call(vcpu_run, NULL, guest.vcpu[0], HYP_RUN_RESUME);
}

static void a_proxy_runs_sleeps_and_is_woken(void **state)
{
	u64 doorbell, flags;

	(void)state;
	assert_int_equal(host_call(doorbell_create, &doorbell, 0), HYP_OK);
	assert_int_equal(host_call(vcpu_wake, NULL, guest.vcpu[0], doorbell, 64), HYP_E_INVAL);
	assert_int_equal(host_call(vcpu_wake, NULL, guest.vcpu[0], doorbell, 5), HYP_OK);
	run_guest();
	assert_ptr_equal(fake_loaded(HOST_CORE), guest.vm->vcpus[0]);
	machine_wfi(HOST_CORE);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[0], HYP_OK);
	assert_int_equal(host()->regs.x[1], HYP_EXIT_WFI);
	assert_int_equal(guest.vm->vcpus[0]->state, VCPU_BLOCKED);
	assert_int_equal(host_call(vcpu_kick, NULL, guest.vcpu[0]), HYP_OK);
	assert_int_equal(guest.vm->vcpus[0]->state, VCPU_READY);
	assert_int_equal(host_call(doorbell_recv, &flags, doorbell, ~0ull), HYP_OK);
	assert_int_equal(flags, 1u << 5);
	/* the kick came before the run: it returns at once */
	run_guest();
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[1], HYP_EXIT_INTR);
	assert_int_equal(host_call(handle_delete, NULL, doorbell), HYP_OK);
}

/* A timer that is armed for the end of all time does not wake its vCPU over and over. */
static void a_distant_timer_is_not_due(void **state)
{
	struct vcpu *vcpu = guest.vm->vcpus[0];
	static const struct {
		u64 offset, cval, deadline;
	} cases[] = {
		{5000, ~0ull, TIMER_NEVER}, {0, BIT(63), TIMER_NEVER}, {5000, 7000, 12000},
		{-5000ull, 7000, 2000},     {-5000ull, 3000, 0}, /* before the counter started */
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_COUNT(cases); i++) {
		guest.vm->cntvoff = cases[i].offset;
		assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_CNTV_CVAL,
					   cases[i].cval),
				 HYP_OK);
		assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_CNTV_CTL, 1),
				 HYP_OK);
		assert_int_equal(timer_vcpu_deadline(vcpu), cases[i].deadline);
	}
}

static void a_stopped_vm_does_not_run(void **state)
{
	(void)state;
	run_guest();
	assert_ptr_equal(fake_loaded(HOST_CORE)->vm, guest.vm);
	assert_int_equal(rm_call(vm_reset, NULL, guest.rm), HYP_E_BUSY);
	/* that stopped it: the core was kicked out of the guest */
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[1], HYP_EXIT_OFF);
	run_guest();
	assert_int_equal((int64_t)host()->regs.x[0], HYP_E_STATE);
	assert_int_equal(rm_call(vm_start, NULL, guest.rm), HYP_E_STATE);
	assert_int_equal(rm_call(vm_reset, NULL, guest.rm), HYP_OK);
	assert_int_equal(rm_call(vm_start, NULL, guest.rm), HYP_OK);
}

static void psci_powers_vcpus(void **state)
{
	(void)state;
	run_guest();
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_VERSION, 0, 0, 0), 0x10001);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 7, 0, 0), PSCI_INVALID);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 0, 0, 0),
			 PSCI_ALREADY_ON);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_AFFINITY_INFO | PSCI_64BIT, 1, 0, 0), 1);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 1, 0x1234, 99),
			 PSCI_SUCCESS);
	assert_int_equal(guest.vm->vcpus[1]->regs.pc, 0x1234);
	assert_int_equal(guest.vm->vcpus[1]->regs.x[0], 99);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_AFFINITY_INFO | PSCI_64BIT, 1, 0, 0), 0);
	(void)machine_smccc(HOST_CORE, PSCI_SYSTEM_OFF, 0, 0, 0);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[1], HYP_EXIT_SYSTEM);
	assert_int_equal(host()->regs.x[2], PSCI_SYSTEM_OFF);
}

/* While a call has the target for itself, PSCI makes its caller call again: it said ALREADY_ON. */
static void psci_waits_for_other_calls(void **state)
{
	struct vcpu *caller = guest.vm->vcpus[0];
	struct vcpu *target = guest.vm->vcpus[1];
	u32 old;
	u64 pc;

	(void)state;
	run_guest();
	assert_int_equal(vcpu_claim(target, &old), HYP_OK);
	assert_int_equal(old, VCPU_OFF);
	pc = caller->regs.pc;
	(void)machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 1, 0x1234, 99);
	assert_int_equal(caller->regs.x[0], PSCI_CPU_ON | PSCI_64BIT);
	assert_int_equal(caller->regs.pc, pc - 4);
	(void)machine_smccc(HOST_CORE, PSCI_AFFINITY_INFO | PSCI_64BIT, 1, 0, 0);
	assert_int_equal(caller->regs.x[0], PSCI_AFFINITY_INFO | PSCI_64BIT);
	vcpu_release(target, old);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 1, 0x1234, 99),
			 PSCI_SUCCESS);
}

static void a_guest_suspends_itself(void **state)
{
	u64 features = PSCI_SYSTEM_SUSPEND | PSCI_64BIT;

	(void)state;
	run_guest();
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_FEATURES, features, 0, 0), -1);
	assert_int_equal(machine_smccc(HOST_CORE, features, 0x4000, 7, 0), PSCI_NOT_SUPPORTED);
	machine_wfi(HOST_CORE);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_SUSPEND, 2),
			 HYP_E_INVAL);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_SUSPEND, 1), HYP_OK);
	assert_int_equal(host_call(vcpu_power, NULL, guest.vcpu[1], 1), HYP_OK);
	run_guest();
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_FEATURES, features, 0, 0), 0);
	assert_int_equal(machine_smccc(HOST_CORE, features, 0x4000, 7, 0), PSCI_DENIED);
	machine_wfi(HOST_CORE);
	assert_int_equal(host_call(vcpu_power, NULL, guest.vcpu[1], 0), HYP_OK);
	run_guest();
	(void)machine_smccc(HOST_CORE, features, 0x4000, 7, 0);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[1], HYP_EXIT_SYSTEM);
	assert_int_equal(host()->regs.x[2], features);
	assert_int_equal(host()->regs.x[3], 0x4000);
	assert_int_equal(host()->regs.x[4], 7);
	/* asleep: nothing of it runs */
	(void)host_call(vcpu_run, NULL, guest.vcpu[0], HYP_RUN_WAIT);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[1], HYP_EXIT_WFI);
}

/* The last core on asks; the firmware refuses, or takes everything the core knew. */
static void the_host_suspends_the_machine(void **state)
{
	u64 function = PSCI_SYSTEM_SUSPEND | PSCI_64BIT;
	struct vcpu *other = machine_host_vm->vcpus[0];

	(void)state;
	atomic_store(&other->state, VCPU_OFF); /* it waits below the RM, and runs nothing here */
	fake_smc_result = PSCI_NOT_SUPPORTED;
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_FEATURES, function, 0, 0),
			 PSCI_NOT_SUPPORTED);
	assert_int_equal(machine_smccc(HOST_CORE, function, 0x80000, 5, 0), PSCI_NOT_SUPPORTED);
	fake_smc_result = 0;
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 2, 0x80000, 0),
			 PSCI_SUCCESS);
	assert_int_equal(machine_smccc(HOST_CORE, function, 0x80000, 5, 0), PSCI_DENIED);
	(void)machine_smccc(2, PSCI_CPU_OFF, 0, 0, 0);
	host()->regs.x[20] = 1234;
	(void)machine_smccc(HOST_CORE, function, 0x80000, 5, 0);
	fake_settle();
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(fake_smc_function, function);
	assert_int_equal(host()->regs.pc, 0x80000);
	assert_int_equal(host()->regs.x[0], 5);
	assert_int_equal(host()->regs.x[20], 0);
	assert_false(cpus[HOST_CORE].suspended);
	assert_int_equal(atomic_load(&host()->state), VCPU_RUNNING);
	atomic_store(&other->state, VCPU_READY);
}

/* MRS x5 or MSR from x5, by the guest. */
static void guest_sysreg(u32 encoding, bool write)
{
	fake_on(HOST_CORE);
	fake_trap((u64)EC_SYS64 << 26 | ESR_IL | encoding | 5u << 5 | !write);
}

#define MDSCR_EL1     SYS_ISS(2, 0, 0, 2, 2)
#define DBGBVR_EL1(n) SYS_ISS(2, 0, 0, n, 4)
#define DBGWCR_EL1(n) SYS_ISS(2, 0, 0, n, 7)
#define MDSCR_MDE     0x8000u

/* The hardware has a VM's breakpoints only while it runs and has them enabled. */
static void debug_registers_are_lazy(void **state)
{
	struct vcpu *vcpu = guest.vm->vcpus[0];
	u64 reg = HYP_REG_SYS(2u, 0u, 0u, 5u, 4u);
	u64 value;

	(void)state;
	run_guest();
	vcpu->regs.x[5] = 0x1234;
	guest_sysreg(DBGBVR_EL1(5), true);
	vcpu->regs.x[5] = 0;
	guest_sysreg(DBGBVR_EL1(5), false);
	assert_int_equal(vcpu->regs.x[5], 0x1234);
	assert_int_equal(fake_debug.reg[DEBUG_BVR][5], 0);
	vcpu->regs.x[5] = MDSCR_MDE | 2; /* and a bit that is not its */
	guest_sysreg(MDSCR_EL1, true);
	assert_int_equal(fake_debug.reg[DEBUG_BVR][5], 0x1234);
	assert_int_equal(fake_regs()->mdscr_el1, MDSCR_MDE);
	machine_wfi(HOST_CORE);
	assert_int_equal(fake_regs()->mdscr_el1, 0);
	assert_int_equal(host_call(vcpu_reg_get, &value, guest.vcpu[0], reg), HYP_OK);
	assert_int_equal(value, 0x1234);
	memset(&fake_debug, 0, sizeof(fake_debug));
	run_guest();
	assert_int_equal(fake_debug.reg[DEBUG_BVR][5], 0x1234);
	/* four watchpoints there are, and no fifth */
	value = vcpu->regs.pc;
	guest_sysreg(DBGWCR_EL1(3), false);
	assert_int_equal(vcpu->regs.pc, value + 4);
	fake_regs()->vbar_el1 = 0x8000;
	guest_sysreg(DBGWCR_EL1(4), false);
	assert_int_equal(vcpu->regs.pc & ~0x7ffull, 0x8000);
	memset(&fake_debug, 0, sizeof(fake_debug));
}

static void the_host_debugs_a_guest(void **state)
{
	struct vcpu *vcpu = guest.vm->vcpus[0];
	struct guest secret = {0};
	u64 point = HYP_REG_DEBUG_POINT(DEBUG_WVR, 3);
	u64 pc;

	(void)state;
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_DEBUG, 8),
			 HYP_E_INVAL);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], point, 0x5678), HYP_OK);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_DEBUG,
				   HYP_DEBUG_TRAP | HYP_DEBUG_STEP | HYP_DEBUG_HW),
			 HYP_OK);
	run_guest();
	assert_int_equal(fake_debug.reg[DEBUG_WVR][3], 0x5678);
	assert_int_equal(fake_regs()->mdscr_el1, MDSCR_MDE | 1);
	assert_true(fake_regs()->mdcr_el2 & MDCR_TDE);
	assert_true(vcpu->regs.pstate & PSTATE_SS);
	guest_sysreg(MDSCR_EL1, false);
	assert_int_equal(vcpu->regs.x[5], 0);        /* its own is as it left it */
	assert_false(vcpu->regs.pstate & PSTATE_SS); /* that was a step */
	fake_trap((u64)EC_STEP_LOW << 26);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(host()->regs.x[1], HYP_EXIT_DEBUG);
	assert_true(vcpu->regs.pstate & PSTATE_SS);
	assert_false(fake_regs()->mdcr_el2 & MDCR_TDE);
	/* who writes the registers it read before does not lose the step */
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_PSTATE, 0x3c5),
			 HYP_OK);
	assert_int_equal(vcpu->regs.pstate, 0x3c5 | PSTATE_SS);
	/* an instruction that was emulated is a step, too */
	pc = vcpu->regs.pc;
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_SKIP, 1),
			 HYP_E_INVAL);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_SKIP, 0), HYP_OK);
	assert_int_equal(vcpu->regs.pc, pc + 4);
	assert_int_equal(vcpu->regs.pstate, 0x3c5);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_DEBUG,
				   HYP_DEBUG_TRAP | HYP_DEBUG_STEP),
			 HYP_OK);
	assert_true(vcpu->regs.pstate & PSTATE_SS);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_DEBUG, 0), HYP_OK);
	assert_false(vcpu->regs.pstate & PSTATE_SS);
	machine_add_guest(&secret, HYP_VM_PROTECTED, 1, 32);
	assert_int_equal(host_call(vcpu_reg_set, NULL, secret.vcpu[0], HYP_REG_DEBUG, 1),
			 HYP_E_INVAL);
	machine_remove_guest(&secret);
	memset(&fake_debug, 0, sizeof(fake_debug));
}

#define PV_TIME_FEATURES 0xc5000020u
#define PV_TIME_ST       0xc5000021u
#define SMCCC_FEATURES   0x80000001u

static void stolen_time_is_where_the_host_says(void **state)
{
	struct guest secret = {0};

	(void)state;
	run_guest();
	assert_int_equal(machine_smccc(HOST_CORE, SMCCC_FEATURES, PV_TIME_FEATURES, 0, 0), -1);
	assert_int_equal(machine_smccc(HOST_CORE, PV_TIME_FEATURES, PV_TIME_ST, 0, 0), -1);
	assert_int_equal(machine_smccc(HOST_CORE, PV_TIME_ST, 0, 0, 0), -1);
	machine_wfi(HOST_CORE);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_STOLEN, 0x1020),
			 HYP_E_INVAL);
	assert_int_equal(host_call(vcpu_reg_set, NULL, guest.vcpu[0], HYP_REG_STOLEN, 0x1040),
			 HYP_OK);
	run_guest();
	assert_int_equal(machine_smccc(HOST_CORE, SMCCC_FEATURES, PV_TIME_FEATURES, 0, 0), 0);
	assert_int_equal(machine_smccc(HOST_CORE, PV_TIME_FEATURES, PV_TIME_ST, 0, 0), 0);
	assert_int_equal(machine_smccc(HOST_CORE, PV_TIME_FEATURES, PV_TIME_ST + 1, 0, 0), -1);
	assert_int_equal(machine_smccc(HOST_CORE, PV_TIME_ST, 0, 0, 0), 0x1040);
	machine_wfi(HOST_CORE);
	machine_add_guest(&secret, HYP_VM_PROTECTED, 1, 32);
	assert_int_equal(host_call(vcpu_reg_set, NULL, secret.vcpu[0], HYP_REG_STOLEN, 0x1040),
			 HYP_E_INVAL);
	machine_remove_guest(&secret);
}

static void a_protected_vms_registers(void **state)
{
	struct guest secret = {0};
	u64 value;

	(void)state;
	machine_add_guest(&secret, HYP_VM_PROTECTED, 1, 32);
	assert_int_equal(host_call(vcpu_reg_set, NULL, secret.vcpu[0], HYP_REG_PC, 0x8000), HYP_OK);
	assert_int_equal(host_call(vcpu_reg_get, &value, secret.vcpu[0], HYP_REG_PC), HYP_OK);
	assert_int_equal(value, 0x8000);
	assert_int_equal(rm_call(vm_start, NULL, secret.rm), HYP_OK);
	assert_int_equal(host_call(vcpu_reg_get, NULL, secret.vcpu[0], HYP_REG_PC), HYP_E_DENIED);
	assert_int_equal(host_call(vcpu_fpreg_get, NULL, secret.vcpu[0], 3), HYP_E_DENIED);
	assert_int_equal(secret.vm->vcpus[0]->state, VCPU_READY);
	machine_remove_guest(&secret);
}

/* Its host could reset it, or add a vCPU, and go on at address 0, with memory of the host's there.
 */
static void a_protected_vm_stays_on_its_path(void **state)
{
	struct guest secret = {0};
	u64 handle;

	(void)state;
	machine_add_guest(&secret, HYP_VM_PROTECTED, 2, 32);
	assert_int_equal(host_call(vcpu_reset, NULL, secret.vcpu[0]), HYP_OK);
	assert_int_equal(host_call(vcpu_power, NULL, secret.vcpu[0], 1), HYP_OK);
	assert_int_equal(host_call(mem_lend, NULL, secret.host, FAKE_HOST, 0x1000, 1, HYP_PROT_R),
			 HYP_OK);
	assert_int_equal(rm_call(vm_start, NULL, secret.rm), HYP_OK);
	assert_int_equal(host_call(vcpu_reset, NULL, secret.vcpu[0]), HYP_E_DENIED);
	assert_int_equal(host_call(vcpu_power, NULL, secret.vcpu[1], 1), HYP_E_DENIED);
	assert_int_equal(secret.vm->vcpus[1]->state, VCPU_OFF);
	assert_int_equal(
		host_call(vcpu_create, &handle, secret.host, 3, 3, HYP_VCPU_PROXY | HYP_VCPU_ON),
		HYP_E_DENIED);
	/* as good as new only without its memory */
	assert_int_equal(host_call(vm_reset, NULL, secret.host), HYP_E_STATE);
	assert_int_equal(host_call(vcpu_reg_set, NULL, secret.vcpu[0], HYP_REG_PC, 0x1000),
			 HYP_E_DENIED);
	assert_int_equal(host_call(mem_reclaim, NULL, secret.host, 0x1000, 1), HYP_OK);
	assert_int_equal(host_call(vm_reset, NULL, secret.host), HYP_OK);
	assert_int_equal(host_call(vcpu_reg_set, NULL, secret.vcpu[0], HYP_REG_PC, 0x1000), HYP_OK);
	machine_remove_guest(&secret);
}

/* A vCPU that EL2 schedules, in WFI with a timer: it stayed in the core's list after a reset. */
static void reset_of_a_sleeping_vcpu(void **state)
{
	u64 handle;
	struct vcpu *vcpu;

	(void)state;
	assert_int_equal(rm_call(vm_reset, NULL, guest.rm), HYP_OK);
	assert_int_equal(host_call(vcpu_create, &handle, guest.host, 2, 2, HYP_VCPU_ON), HYP_OK);
	vcpu = guest.vm->vcpus[2];
	assert_int_equal(host_call(vcpu_sched, NULL, handle, 40, 1000000), HYP_OK);
	assert_int_equal(host_call(vm_start, NULL, guest.host), HYP_OK);
	assert_ptr_equal(fake_loaded(HOST_CORE), vcpu); /* more urgent than the host */
	fake_on(HOST_CORE);
	vcpu->timer.cntp_ctl = 1;
	vcpu->timer.cntp_cval = fake_time() + 1000;
	machine_wfi(HOST_CORE);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
	assert_int_equal(vcpu->state, VCPU_BLOCKED);
	assert_ptr_equal(cpus[HOST_CORE].queue.blocked, vcpu);
	assert_int_equal(host_call(vcpu_reset, NULL, handle), HYP_E_BUSY);
	assert_int_equal(vcpu->state, VCPU_BLOCKED);
	fake_set_time(fake_time() + 2000);
	fake_settle();
	assert_ptr_equal(fake_loaded(HOST_CORE), vcpu);
	assert_null(cpus[HOST_CORE].queue.blocked);
	assert_int_equal(rm_call(vm_stop, NULL, guest.rm), HYP_OK);
	assert_int_equal(vcpu->state, VCPU_OFF);
	assert_ptr_equal(fake_loaded(HOST_CORE), host());
}

static void messages_are_bounded(void **state)
{
	u64 queue, nr;
	char text[8] = "hello";

	(void)state;
	assert_int_equal(host_call(msgq_create, NULL, 0, 8), HYP_E_INVAL);
	assert_int_equal(host_call(msgq_create, NULL, 4, ~0ull), HYP_E_SIZE);
	assert_int_equal(host_call(msgq_create, NULL, ~0ull, 8), HYP_E_SIZE);
	assert_int_equal(host_call(msgq_create, &queue, 2, 8), HYP_OK);
	fake_write(FAKE_HOST, text, sizeof(text));
	assert_int_equal(host_call(msgq_recv, NULL, queue, FAKE_HOST, 8), HYP_E_AGAIN);
	assert_int_equal(host_call(msgq_send, NULL, queue, FAKE_HOST, 9), HYP_E_SIZE);
	assert_int_equal(host_call(msgq_send, NULL, queue, 0x1000, 8), HYP_E_ADDR);
	assert_int_equal(host_call(msgq_send, NULL, queue, FAKE_HOST + PAGE_BYTES - 3, 6), HYP_OK);
	assert_int_equal(host_call(msgq_send, NULL, queue, FAKE_HOST, 6), HYP_OK);
	assert_int_equal(host_call(msgq_send, NULL, queue, FAKE_HOST, 6), HYP_E_AGAIN);
	assert_int_equal(host_call(msgq_recv, NULL, queue, FAKE_HOST + 4096, 5), HYP_E_SIZE);
	/* a bad buffer took the message with it */
	assert_int_equal(host_call(msgq_recv, NULL, queue, 0x1000, 8), HYP_E_ADDR);
	assert_int_equal(host_call(msgq_recv, &nr, queue, FAKE_HOST + 4096, 8), HYP_OK);
	assert_int_equal(nr, 6);
	assert_int_equal(host_call(msgq_recv, &nr, queue, FAKE_HOST + 4096, 8), HYP_OK);
	fake_read(FAKE_HOST + 4096, text, sizeof(text));
	assert_string_equal(text, "hello");
	assert_int_equal(host_call(handle_delete, NULL, queue), HYP_OK);
}

/* A guest could turn its whole pool into doorbells, and what was added to it too. */
static void objects_are_bounded(void **state)
{
	struct vm *vm = guest.vm;
	u64 free = vm->pool.nr_free;
	u64 queue;
	u32 nr = 0;
	int error;

	(void)state;
	run_guest();
	do {
		error = host_call(doorbell_create, NULL, 0);
		nr++;
	} while (!error && nr < HYP_IPC_PAGES + 10);
	assert_int_equal(error, HYP_E_LIMIT);
	assert_int_equal(host_call(msgq_create, &queue, 16, 1024), HYP_E_LIMIT);
	assert_int_equal(free - vm->pool.nr_free, HYP_IPC_PAGES);
	machine_wfi(HOST_CORE);
}

static void a_host_core_goes_off_and_on(void **state)
{
	(void)state;
	assert_null(fake_loaded(2));
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 2, 0x80000, 0),
			 PSCI_SUCCESS);
	assert_ptr_equal(fake_loaded(2), machine_host_vm->vcpus[2]);
	(void)machine_smccc(2, PSCI_CPU_OFF, 0, 0, 0);
	assert_null(fake_loaded(2));
	assert_false(atomic_load(&cpus[2].online));
	assert_int_equal(atomic_load(&cpus[2].call_seq) & 1, 0);
	assert_int_equal(machine_smccc(HOST_CORE, PSCI_CPU_ON | PSCI_64BIT, 2, 0x80000, 0),
			 PSCI_SUCCESS);
	assert_ptr_equal(fake_loaded(2), machine_host_vm->vcpus[2]);
	(void)machine_smccc(2, PSCI_CPU_OFF, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_proxy_runs_sleeps_and_is_woken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_distant_timer_is_not_due, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stopped_vm_does_not_run, setup, teardown),
		cmocka_unit_test_setup_teardown(psci_powers_vcpus, setup, teardown),
		cmocka_unit_test_setup_teardown(debug_registers_are_lazy, setup, teardown),
		cmocka_unit_test_setup_teardown(the_host_debugs_a_guest, setup, teardown),
		cmocka_unit_test_setup_teardown(psci_waits_for_other_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_suspends_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(the_host_suspends_the_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(stolen_time_is_where_the_host_says, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_protected_vms_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_protected_vm_stays_on_its_path, setup, teardown),
		cmocka_unit_test_setup_teardown(objects_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_of_a_sleeping_vcpu, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_host_core_goes_off_and_on, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
