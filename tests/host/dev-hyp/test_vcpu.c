// SPDX-License-Identifier: BSD-3-Clause
/* vCPUs: life, registers, exits, signals, PSCI. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dev_hyp.h"

static void test_vcpu_life(void)
{
	int max = ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	struct kvm_vcpu_init init;
	struct vm vm;
	int fd;

	vm_make_empty(&vm);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0x7fffffff), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, max), EINVAL);
	CHECK_OK(fd = ioctl(vm.fd, KVM_CREATE_VCPU, 0));
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0), EEXIST);
	CHECK_ERRNO(ioctl(fd, KVM_RUN, 0), ENOEXEC);
	CHECK_ERRNO(ioctl(fd, KVM_RUN, 1), EINVAL);
	CHECK_ERRNO(ioctl(fd, 0x1234, 0), EINVAL);
	CHECK_OK(ioctl(vm.fd, KVM_ARM_PREFERRED_TARGET, &init));
	init.target = 0x1234;
	CHECK_ERRNO(ioctl(fd, KVM_ARM_VCPU_INIT, &init), EINVAL);
	CHECK_OK(ioctl(vm.fd, KVM_ARM_PREFERRED_TARGET, &init));
	init.features[0] = 1u << 31;
	CHECK_ERRNO(ioctl(fd, KVM_ARM_VCPU_INIT, &init), ENOENT);
	init.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2;
	CHECK_OK(ioctl(fd, KVM_ARM_VCPU_INIT, &init));
	CHECK_OK(ioctl(fd, KVM_ARM_VCPU_INIT, &init)); /* a reset */
	close(fd);
	vm_free(&vm);
}

/* No descriptor is left: then nothing is made, and the next attempt makes it. */
static void test_no_descriptor(void)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct rlimit limit;
	struct rlimit none;
	struct vm vm;

	vm_make_empty(&vm);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &none));
	CHECK_ERRNO(ioctl(dev_fd, KVM_CREATE_VM, 0), EMFILE);
	CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_VCPU, 0), EMFILE);
	if (dev_is_hyp) { /* KVM's device stays without one */
		CHECK_ERRNO(ioctl(vm.fd, KVM_CREATE_DEVICE, &device), EMFILE);
	}
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	vm_add_vcpu(&vm, 0);
	vm_add_gic(&vm);
	vm_free(&vm);
}

/* The host's table of handles is full: the vCPU that found no room is there when there is some. */
static void test_no_handle(void)
{
	int fds[5][128];
	int vms[5];
	int fd = 0;
	int nr = 0;
	int i = 0;

	if (!dev_is_hyp) {
		test_skip("KVM has no handles");
	}
	for (; nr < 5 && fd >= 0; nr++) {
		vms[nr] = ioctl(dev_fd, KVM_CREATE_VM, 0);
		CHECK_OK(vms[nr]);
		for (i = 0; i < 128 && fd >= 0; i++) {
			fd = ioctl(vms[nr], KVM_CREATE_VCPU, i);
			fds[nr][i] = fd;
		}
	}
	CHECK(fd < 0);
	CHECK_EQ(errno, ENOSPC);
	CHECK(i > 1); /* there was room for some of this VM's */
	for (int n = 0; n < 128; n++) {
		close(fds[0][n]);
	}
	close(vms[0]);
	CHECK_OK(ioctl(vms[nr - 1], KVM_CREATE_VCPU, i - 1));
	CHECK_OK(ioctl(vms[nr - 1], KVM_CREATE_VCPU, i));
	CHECK_ERRNO(ioctl(vms[nr - 1], KVM_CREATE_VCPU, i - 1), EEXIST);
}

static void test_mmio(void)
{
	struct kvm_run *run;
	struct vm vm;
	size_t i;
	static const struct {
		uint32_t offset, bytes;
		uint64_t data;
	} writes[] = {{0, 1, 0x11}, {2, 2, 0x2222}, {4, 4, 0x3333}, {8, 8, 0x4444444444444444}},
	  reads[] = {{16, 1, 0x81},
		     {17, 1, 0x82},
		     {18, 2, 0x8383},
		     {20, 4, 0x84848484},
		     {24, 8, 0x8585858585858585}};
	static const uint64_t extended[] = {0x81, 0x82, 0x8383, 0x84848484, 0x8585858585858585, 0};

	vm_make(&vm, 1, GUEST(mmio));
	run = vm.run[0];
	for (i = 0; i < 4; i++) {
		CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE + writes[i].offset, writes[i].bytes),
			 writes[i].data);
	}
	for (i = 0; i < 5; i++) {
		CHECK_OK(vcpu_run(&vm, 0));
		CHECK_EQ(run->exit_reason, KVM_EXIT_MMIO);
		CHECK_EQ(run->mmio.phys_addr, MMIO_BASE + reads[i].offset);
		CHECK_EQ(run->mmio.len, reads[i].bytes);
		CHECK(!run->mmio.is_write);
		/* Bytes beyond the access must not matter. */
		memset(run->mmio.data, 0xee, sizeof(run->mmio.data));
		memcpy(run->mmio.data, &reads[i].data, reads[i].bytes);
	}
	for (i = 0; i < 6; i++) {
		CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE + 32, 8), extended[i]);
	}
	CHECK_OK(vcpu_run(&vm, 0)); /* a load to xzr */
	CHECK_EQ(run->mmio.phys_addr, MMIO_BASE + 40);
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

static void test_mmio_signed(void)
{
	static const uint64_t reads[] = {0x82, 0x8383, 0x84848484};
	static const uint64_t extended[] = {0xffffffffffffff82, 0xffff8383, 0xffffffff84848484};
	struct vm vm;
	int i;

	vm_make(&vm, 1, GUEST(mmio_signed));
	for (i = 0; i < 3; i++) {
		CHECK_OK(vcpu_run(&vm, 0));
		CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_MMIO);
		memcpy(vm.run[0]->mmio.data, &reads[i], sizeof(reads[i]));
	}
	for (i = 0; i < 3; i++) {
		uint64_t value = vcpu_run_to_write(&vm, 0, MMIO_BASE + 32, 8);

		/* QEMU before 8.1 puts its flag into the wrong bit of ESR_EL2. */
		if (value == reads[i]) {
			test_skip("this CPU's syndrome has no SSE");
		}
		CHECK_EQ(value, extended[i]);
	}
	vm_free(&vm);
}

/* immediate_exit finishes the access and runs nothing. */
static void test_immediate_exit(void)
{
	uint64_t value = 0x99;
	struct vm vm;
	int i;

	vm_make(&vm, 1, GUEST(mmio));
	vm.run[0]->immediate_exit = 1;
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	CHECK_EQ(reg_x(&vm, 0, REG_PC), RAM_BASE);
	vm.run[0]->immediate_exit = 0;
	for (i = 0; i < 5; i++) {
		CHECK_OK(vcpu_run(&vm, 0));
	}
	CHECK_EQ(vm.run[0]->mmio.phys_addr, MMIO_BASE + 16);
	memcpy(vm.run[0]->mmio.data, &value, 8);
	value = reg_x(&vm, 0, REG_PC);
	vm.run[0]->immediate_exit = 1;
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	CHECK_EQ(reg_x(&vm, 0, 2), 0x99);
	CHECK_EQ(reg_x(&vm, 0, REG_PC), value + 4);
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR); /* not twice */
	CHECK_EQ(reg_x(&vm, 0, REG_PC), value + 4);
	vm.run[0]->immediate_exit = 0;
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->mmio.phys_addr, MMIO_BASE + 17);
	vm_free(&vm);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Signals end KVM_RUN, and let the guest get on. */
static void test_signal(void)
{
	struct sigaction action = {.sa_handler = nothing};
	struct vm vm;
	uint64_t count;
	int i;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	vm_make(&vm, 1, GUEST(spin));
	signals_begin(SIGUSR1, 20);
	for (i = 0; i < 5; i++) {
		count = reg_x(&vm, 0, 0);
		do { /* one may come before the guest is entered */
			CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
			CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_INTR);
		} while (reg_x(&vm, 0, 0) == count);
	}
	signals_end();
	vm_free(&vm);
}

/* Blocked outside, let in by the mask of KVM_RUN: pending when KVM_RUN begins. */
static void test_signal_mask(void)
{
	struct sigaction action = {.sa_handler = nothing};
	struct {
		struct kvm_signal_mask mask;
		uint64_t set;
	} __attribute__((packed)) arg = {.mask = {.len = 8}};
	sigset_t blocked;
	sigset_t pending;
	struct vm vm;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &blocked, NULL));
	vm_make(&vm, 1, GUEST(spin));
	arg.mask.len = 7;
	CHECK_ERRNO(ioctl(vm.vcpu_fd[0], KVM_SET_SIGNAL_MASK, &arg), EINVAL);
	arg.mask.len = 8;
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_SIGNAL_MASK, &arg)); /* nothing blocked */
	raise(SIGUSR1);
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	CHECK_OK(sigpending(&pending));
	signal_me_later(SIGUSR1, 20);
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_SIGNAL_MASK, NULL));
	vm_free(&vm);
}

/* A guest that waits for nothing lets its thread sleep, and a signal still gets it out. */
static void test_wfi_signal(void)
{
	struct sigaction action = {.sa_handler = nothing};
	struct vm vm;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	vm_make(&vm, 1, GUEST(wfi));
	vm_add_gic(&vm);
	signals_begin(SIGUSR1, 50);
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	signals_end();
	vm_free(&vm);
}

static int stolen_attr(struct vm *vm, unsigned long cmd, uint64_t *ipa)
{
	return device_attr(vm->vcpu_fd[0], cmd, KVM_ARM_VCPU_PVTIME_CTRL, KVM_ARM_VCPU_PVTIME_IPA,
			   ipa);
}

/* Another process that wants the same core for ever, both of them tied to it. */
static pid_t share_core(void)
{
	cpu_set_t cpus;
	pid_t pid;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	pid = fork();
	CHECK_OK(pid);
	while (!pid) {
	}
	return pid;
}

/* The guest reads how long its thread has waited for a core. */
static void test_stolen_time(void)
{
	struct sigaction action = {.sa_handler = nothing};
	uint64_t ipa = RAM_BASE + 0x10000 + 0x20;
	volatile uint64_t *stolen;
	struct timespec begin;
	struct timespec end;
	struct vm vm;
	pid_t other;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	CHECK_EQ(ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_STEAL_TIME), 1);
	vm_make(&vm, 1, GUEST(stolen));
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), ~0ul);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8), ~0ul);
	vm_free(&vm);
	vm_make(&vm, 1, GUEST(stolen));
	CHECK_ERRNO(stolen_attr(&vm, KVM_SET_DEVICE_ATTR, &ipa), EINVAL);
	ipa = RAM_BASE + RAM_BYTES;
	CHECK_ERRNO(stolen_attr(&vm, KVM_SET_DEVICE_ATTR, &ipa), EINVAL);
	CHECK_OK(stolen_attr(&vm, KVM_HAS_DEVICE_ATTR, NULL));
	ipa = RAM_BASE + 0x10040;
	CHECK_OK(stolen_attr(&vm, KVM_SET_DEVICE_ATTR, &ipa));
	CHECK_ERRNO(stolen_attr(&vm, KVM_SET_DEVICE_ATTR, &ipa), EEXIST);
	ipa = 0;
	CHECK_OK(stolen_attr(&vm, KVM_GET_DEVICE_ATTR, &ipa));
	CHECK_EQ(ipa, RAM_BASE + 0x10040);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8), ipa);
	stolen = (volatile uint64_t *)(vm.ram + 0x10048);
	other = share_core();
	signals_begin(SIGUSR1, 200);
	do {
		CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	} while (*stolen < 20000000);
	signals_end();
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	CHECK(*stolen < (uint64_t)(end.tv_sec - begin.tv_sec + 1) * 1000000000);
	CHECK_EQ(stolen[-1], 0); /* revision and attributes */
	vm_free(&vm);
}

static void test_core_registers(void)
{
	unsigned int fp = offsetof(struct kvm_regs, fp_regs) / 4;
	uint64_t core = KVM_REG_ARM64 | KVM_REG_ARM_CORE;
	__uint128_t in, out = 0;
	uint64_t value;
	uint32_t word;
	struct vm vm;
	unsigned int i;

	vm_make(&vm, 1, GUEST(off));
	for (i = 0; i <= 32; i++) { /* x0-x30, sp, pc */
		reg_set_x(&vm, 0, i, 0x1234567800000000 + i);
	}
	for (i = 0; i <= 32; i++) {
		CHECK_EQ(reg_x(&vm, 0, i), 0x1234567800000000 + i);
	}
	CHECK_EQ(reg_x(&vm, 0, REG_PSTATE), 0x3c5);
	for (i = 0; i < 32; i++) {
		in = (__uint128_t)(0x1111 * i) << 64 | i;
		CHECK_OK(reg_set_id(vm.vcpu_fd[0], core | KVM_REG_SIZE_U128 | (fp + 4 * i), &in));
		CHECK_OK(reg_get_id(vm.vcpu_fd[0], core | KVM_REG_SIZE_U128 | (fp + 4 * i), &out));
		CHECK(in == out);
	}
	word = 0x10;
	CHECK_OK(reg_set_id(vm.vcpu_fd[0], core | KVM_REG_SIZE_U32 | (fp + 128), &word));
	word = 0;
	CHECK_OK(reg_get_id(vm.vcpu_fd[0], core | KVM_REG_SIZE_U32 | (fp + 128), &word));
	CHECK_EQ(word, 0x10);
	CHECK_ERRNO(reg_get_id(vm.vcpu_fd[0], core | KVM_REG_SIZE_U64 | 0xfff0, &value), ENOENT);
	CHECK_ERRNO(reg_get_id(vm.vcpu_fd[0], core | KVM_REG_SIZE_U32 | 0, &word), EINVAL);
	CHECK_ERRNO(reg_get_id(vm.vcpu_fd[0], KVM_REG_X86 | KVM_REG_SIZE_U64, &value), EINVAL);
	CHECK_ERRNO(reg_get_id(vm.vcpu_fd[0], reg_core_id(0), NULL), EFAULT);
	vm_free(&vm);
}

/* Every register of the list can be read, and set to what it is. */
static void test_register_list(void)
{
	struct kvm_reg_list small = {.n = 1};
	struct kvm_reg_list *list;
	uint64_t value[32];
	struct vm vm;
	uint64_t i;

	vm_make(&vm, 1, GUEST(off));
	CHECK_ERRNO(ioctl(vm.vcpu_fd[0], KVM_GET_REG_LIST, &(struct kvm_reg_list){.n = 0}), E2BIG);
	small.n = 0;
	ioctl(vm.vcpu_fd[0], KVM_GET_REG_LIST, &small);
	CHECK(small.n > 80 && small.n < 1000);
	list = calloc(1, sizeof(*list) + small.n * 8);
	list->n = small.n;
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_GET_REG_LIST, list));
	CHECK_EQ(list->n, small.n);
	for (i = 0; i < list->n; i++) {
		if (reg_get_id(vm.vcpu_fd[0], list->reg[i], value) < 0 ||
		    reg_set_id(vm.vcpu_fd[0], list->reg[i], value) < 0) {
			test_fail(__FILE__, __LINE__, "register %#llx: %s", list->reg[i],
				  strerror(errno));
		}
	}
	CHECK_ERRNO(ioctl(vm.vcpu_fd[0], KVM_GET_REG_LIST, NULL), EFAULT);
	vm_free(&vm);
}

static void test_system_registers(void)
{
	uint64_t mpidr_id = ARM64_SYS_REG(3, 0, 0, 0, 5);
	uint64_t mmfr0_id = ARM64_SYS_REG(3, 0, 0, 7, 0);
	uint64_t tpidr_id = ARM64_SYS_REG(3, 0, 13, 0, 4);
	uint64_t value;
	struct vm vm;

	vm_make(&vm, 2, GUEST(off));
	CHECK_OK(reg_get_id(vm.vcpu_fd[1], mpidr_id, &value));
	CHECK_EQ(value & 0xff00ffffff, 1);
	CHECK(value >> 31 & 1);
	CHECK_OK(reg_get_id(vm.vcpu_fd[0], mmfr0_id, &value));
	value ^= 0xf; /* another physical address size */
	CHECK(reg_set_id(vm.vcpu_fd[0], mmfr0_id, &value) < 0);
	value = 0x1122334455667788;
	CHECK_OK(reg_set_id(vm.vcpu_fd[0], tpidr_id, &value));
	value = 0;
	CHECK_OK(reg_get_id(vm.vcpu_fd[0], tpidr_id, &value));
	CHECK_EQ(value, 0x1122334455667788);
	CHECK_OK(reg_get_id(vm.vcpu_fd[0], KVM_REG_ARM_TIMER_CNT, &value));
	CHECK_OK(reg_get_id(vm.vcpu_fd[0], KVM_REG_ARM_PSCI_VERSION, &value));
	CHECK(value >= 0x10000);
	CHECK_ERRNO(reg_get_id(vm.vcpu_fd[0], ARM64_SYS_REG(3, 7, 15, 15, 7), &value), ENOENT);
	vm_free(&vm);
}

static void run_to_debug(struct vm *vm, uint32_t ec, uint64_t pc)
{
	CHECK_OK(vcpu_run(vm, 0));
	CHECK_EQ(vm->run[0]->exit_reason, KVM_EXIT_DEBUG);
	CHECK_EQ(vm->run[0]->debug.arch.hsr >> 26, ec);
	CHECK_EQ(reg_x(vm, 0, REG_PC), pc);
}

#define EC_BREAKPOINT 0x30
#define EC_STEP       0x32
#define EC_WATCHPOINT 0x34
#define EC_BRK        0x3c

/* A breakpoint, a watchpoint, BRK; each is passed with debugging off or moved on by hand. */
static void test_guest_debug(void)
{
	struct kvm_guest_debug debug = {.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW};
	struct kvm_guest_debug off = {0};
	uint64_t word = RAM_BASE + 0x1000;
	struct vm vm;

	CHECK_EQ(ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG), 1);
	CHECK(ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_DEBUG_HW_BPS) >= 2);
	CHECK(ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_DEBUG_HW_WPS) >= 2);
	vm_make(&vm, 1, GUEST(debug));
	reg_set_x(&vm, 0, 0, 99);
	reg_set_x(&vm, 0, 1, word);
	debug.arch.dbg_bvr[1] = RAM_BASE + 4;
	debug.arch.dbg_bcr[1] = 0x1e7; /* BAS, PMC: EL0 and EL1, E */
	debug.arch.dbg_wvr[1] = word;
	debug.arch.dbg_wcr[1] = 0x1fff; /* BAS, loads and stores, EL0 and EL1, E */
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &debug));
	run_to_debug(&vm, EC_BREAKPOINT, RAM_BASE + 4);
	debug.arch.dbg_bcr[1] = 0;
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &debug));
	run_to_debug(&vm, EC_WATCHPOINT, RAM_BASE + 8);
	CHECK_EQ(vm.run[0]->debug.arch.far, word);
	CHECK_EQ(*(uint64_t *)(vm.ram + 0x1000), 0);
	debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &debug));
	run_to_debug(&vm, EC_BRK, RAM_BASE + 12);
	CHECK_EQ(*(uint64_t *)(vm.ram + 0x1000), 99);
	reg_set_x(&vm, 0, REG_PC, RAM_BASE + 16);
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &off));
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_MMIO);
	debug.control = 1u << 31;
	CHECK_ERRNO(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &debug), EINVAL);
	vm_free(&vm);
}

/* One instruction a KVM_RUN, also one that user space emulates, and has not finished when KVM_RUN
 * is interrupted. */
static void test_single_step(void)
{
	struct kvm_guest_debug debug = {.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP};
	struct kvm_guest_debug off = {0};
	struct vm vm;

	vm_make(&vm, 1, GUEST(debug));
	reg_set_x(&vm, 0, 1, RAM_BASE + 0x1000);
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &debug));
	run_to_debug(&vm, EC_STEP, RAM_BASE + 4);
	run_to_debug(&vm, EC_STEP, RAM_BASE + 8);
	run_to_debug(&vm, EC_STEP, RAM_BASE + 12);
	reg_set_x(&vm, 0, REG_PC, RAM_BASE + 16);
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_MMIO);
	vm.run[0]->mmio.data[0] = 42;
	if (dev_is_hyp) { /* KVM of Linux 6.1 forgets the step */
		vm.run[0]->immediate_exit = 1;
		CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
		vm.run[0]->immediate_exit = 0;
		CHECK_EQ(reg_x(&vm, 0, REG_PC), RAM_BASE + 20);
	}
	run_to_debug(&vm, EC_STEP, RAM_BASE + 20);
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_GUEST_DEBUG, &off));
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8) & 0xff, 42);
	vm_free(&vm);
}

static void test_psci_reset(void)
{
	struct vm vm;

	vm_make(&vm, 1, GUEST(reset));
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_RESET);
	vm_free(&vm);
}

/* Only where user space asked for it, which then finds the call's arguments in the registers. */
static void test_system_suspend(void)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_SYSTEM_SUSPEND};
	struct vm vm;

	vm_make(&vm, 1, GUEST(suspend));
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), ~0ul); /* not supported */
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SUSPEND);
	CHECK_EQ(reg_x(&vm, 0, 0), 0xc400000e);
	CHECK_EQ(reg_x(&vm, 0, 1), 0x1234);
	CHECK_EQ(reg_x(&vm, 0, 2), 0x5678);
	reg_set_x(&vm, 0, 0, 55); /* denied, with any answer */
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 55);
	vm_free(&vm);
}

/* As QEMU does it: the VM stays, vCPUs are initialized anew, and it runs again. */
static void test_reset_in_place(void)
{
	struct kvm_vcpu_init init;
	struct vm vm;
	int i;

	vm_make(&vm, 2, GUEST(reset));
	CHECK_OK(ioctl(vm.fd, KVM_ARM_PREFERRED_TARGET, &init));
	for (i = 0; i < 3; i++) {
		vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_RESET);
		init.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2;
		CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_ARM_VCPU_INIT, &init));
		init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
		CHECK_OK(ioctl(vm.vcpu_fd[1], KVM_ARM_VCPU_INIT, &init));
		CHECK_EQ(reg_x(&vm, 0, 20), 0);
		vm_load(&vm, GUEST(reset));
	}
	vm_load(&vm, GUEST(off));
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

static void test_mp_state(void)
{
	struct kvm_mp_state state;
	struct vm vm;

	vm_make(&vm, 2, GUEST(off));
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_GET_MP_STATE, &state));
	CHECK_EQ(state.mp_state, KVM_MP_STATE_RUNNABLE);
	CHECK_OK(ioctl(vm.vcpu_fd[1], KVM_GET_MP_STATE, &state));
	CHECK_EQ(state.mp_state, KVM_MP_STATE_STOPPED);
	state.mp_state = KVM_MP_STATE_RUNNABLE;
	CHECK_OK(ioctl(vm.vcpu_fd[1], KVM_SET_MP_STATE, &state));
	CHECK_OK(ioctl(vm.vcpu_fd[1], KVM_GET_MP_STATE, &state));
	CHECK_EQ(state.mp_state, KVM_MP_STATE_RUNNABLE);
	state.mp_state = 0x1234;
	CHECK_ERRNO(ioctl(vm.vcpu_fd[1], KVM_SET_MP_STATE, &state), EINVAL);
	vm_free(&vm);
}

/* The second vCPU waits powered off inside KVM_RUN until the first powers it on. */
static void test_cpu_on(void)
{
	struct sigaction action = {.sa_handler = nothing};
	struct kvm_mp_state state;
	struct vm vm;
	uint64_t mpidr;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	vm_make(&vm, 2, GUEST(cpu_on));
	CHECK_OK(reg_get_id(vm.vcpu_fd[1], ARM64_SYS_REG(3, 0, 0, 0, 5), &mpidr));
	reg_set_x(&vm, 0, 19, mpidr & 0xff00ffffff);
	signals_begin(SIGUSR1, 20);
	CHECK_ERRNO(vcpu_run(&vm, 1), EINTR);
	signals_end();
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);                 /* PSCI: success */
	CHECK_EQ(vcpu_run_to_write(&vm, 1, MMIO_BASE + 0x100, 8), MMIO_BASE); /* context id */
	signals_begin(SIGUSR1, 20);
	do { /* it powers itself off, sooner or later */
		CHECK_ERRNO(vcpu_run(&vm, 1), EINTR);
		CHECK_OK(ioctl(vm.vcpu_fd[1], KVM_GET_MP_STATE, &state));
	} while (state.mp_state != KVM_MP_STATE_STOPPED);
	signals_end();
	vm_free(&vm);
}

/* Powers a vCPU off and looks at it while its guest powers it on, then ends who runs that guest. */
static struct stopper {
	struct vm *vm;
	pthread_t runner;
	const char *what; /* that failed */
	int error;
	bool stopped;
} stopper;

static void *stop_and_look(void *unused)
{
	struct kvm_mp_state state = {KVM_MP_STATE_STOPPED};
	int fd = stopper.vm->vcpu_fd[1];
	uint64_t value;

	(void)unused;
	usleep(10000);
	for (int i = 0; i < 3000 && !stopper.what; i++) {
		if (ioctl(fd, KVM_SET_MP_STATE, &state) < 0) {
			stopper.what = "KVM_SET_MP_STATE";
		} else if (ioctl(fd, KVM_GET_MP_STATE, &(struct kvm_mp_state){0}) < 0) {
			stopper.what = "KVM_GET_MP_STATE";
		} else if (reg_get_id(fd, reg_core_id(0), &value) < 0) {
			stopper.what = "KVM_GET_ONE_REG";
		} else {
			continue;
		}
		stopper.error = errno;
	}
	while (!__atomic_load_n(&stopper.stopped, __ATOMIC_RELAXED)) {
		pthread_kill(stopper.runner, SIGUSR1);
		usleep(1000);
	}
	return NULL;
}

/* What the guest does at the same moment is no reason for an error. */
static void test_cpu_on_race(void)
{
	struct sigaction action = {.sa_handler = nothing};
	pthread_t thread;
	uint64_t mpidr;
	struct vm vm;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	vm_make(&vm, 2, GUEST(cpu_on_forever));
	CHECK_OK(reg_get_id(vm.vcpu_fd[1], ARM64_SYS_REG(3, 0, 0, 0, 5), &mpidr));
	reg_set_x(&vm, 0, 19, mpidr & 0xff00ffffff);
	stopper = (struct stopper){.vm = &vm, .runner = pthread_self()};
	CHECK_EQ(pthread_create(&thread, NULL, stop_and_look, NULL), 0);
	CHECK_ERRNO(vcpu_run(&vm, 0), EINTR);
	__atomic_store_n(&stopper.stopped, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	if (stopper.what) {
		test_fail(__FILE__, __LINE__, "%s: %s", stopper.what, strerror(stopper.error));
	}
	vm_free(&vm);
}

static void test_no_syndrome(void)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};
	struct vm vm;

	vm_make(&vm, 1, GUEST(pair));
	reg_set_x(&vm, 0, 0, MMIO_BASE + 0x40);
	CHECK_ERRNO(vcpu_run(&vm, 0), ENOSYS);
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_ARM_NISV);
	CHECK_EQ(vm.run[0]->arm_nisv.fault_ipa, MMIO_BASE + 0x40);
	reg_set_x(&vm, 0, REG_PC, reg_x(&vm, 0, REG_PC) + 4);
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

/* User space answers such an access with an external abort. */
static void test_external_abort(void)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};
	struct kvm_vcpu_events events = {.exception.ext_dabt_pending = 1};
	struct vm vm;
	uint64_t esr;

	vm_make(&vm, 1, GUEST(abort_pair));
	CHECK_OK(ioctl(vm.fd, KVM_ENABLE_CAP, &cap));
	reg_set_x(&vm, 0, 0, MMIO_BASE + 0x40);
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_ARM_NISV);
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_SET_VCPU_EVENTS, &events));
	esr = vcpu_run_to_write(&vm, 0, MMIO_BASE, 8);
	CHECK_EQ(esr >> 26 & 0x3f, 0x25); /* data abort, same EL */
	CHECK_EQ(esr & 0x3f, 0x10);       /* synchronous external */
	CHECK_OK(ioctl(vm.vcpu_fd[0], KVM_GET_VCPU_EVENTS, &events));
	CHECK_EQ(events.exception.ext_dabt_pending, 0);
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

/* The guest jumps into nothing: its own problem. */
static void test_fetch_abort(void)
{
	struct vm vm;
	uint64_t esr;

	vm_make(&vm, 1, GUEST(abort));
	reg_set_x(&vm, 0, 0, 0x1000);
	esr = vcpu_run_to_write(&vm, 0, MMIO_BASE, 8);
	CHECK_EQ(esr >> 26 & 0x3f, 0x21); /* instruction abort, same EL */
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

static void test_timer_attributes(void)
{
	uint32_t intid = 0;
	struct vm vm;

	vm_make(&vm, 1, GUEST(off));
	vm_add_gic(&vm);
	CHECK_OK(device_attr(vm.vcpu_fd[0], KVM_GET_DEVICE_ATTR, KVM_ARM_VCPU_TIMER_CTRL,
			     KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &intid));
	CHECK_EQ(intid, 27);
	CHECK_OK(device_attr(vm.vcpu_fd[0], KVM_SET_DEVICE_ATTR, KVM_ARM_VCPU_TIMER_CTRL,
			     KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &intid));
	CHECK_ERRNO(device_attr(vm.vcpu_fd[0], KVM_HAS_DEVICE_ATTR, 77, 0, &intid), ENXIO);
	vm_free(&vm);
}

/* Only the process whose memory the guest has may touch it. */
static void test_other_process(void)
{
	struct vm vm;
	int status;
	pid_t pid;

	vm_make(&vm, 1, GUEST(off));
	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		bool ok = ioctl(vm.vcpu_fd[0], KVM_RUN, 0) < 0 && errno == EIO &&
			  ioctl(vm.fd, KVM_CREATE_VCPU, 1) < 0 && errno == EIO;

		_exit(ok ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

const struct test tests_vcpu[] = {
	{"vcpu_life", test_vcpu_life},
	{"no_descriptor", test_no_descriptor},
	{"no_handle", test_no_handle},
	{"mmio", test_mmio},
	{"mmio_signed", test_mmio_signed},
	{"immediate_exit", test_immediate_exit},
	{"signal", test_signal},
	{"signal_mask", test_signal_mask},
	{"wfi_signal", test_wfi_signal},
	{"stolen_time", test_stolen_time},
	{"core_registers", test_core_registers},
	{"register_list", test_register_list},
	{"system_registers", test_system_registers},
	{"guest_debug", test_guest_debug},
	{"single_step", test_single_step},
	{"psci_reset", test_psci_reset},
	{"system_suspend", test_system_suspend},
	{"reset_in_place", test_reset_in_place},
	{"mp_state", test_mp_state},
	{"cpu_on", test_cpu_on},
	{"cpu_on_race", test_cpu_on_race},
	{"no_syndrome", test_no_syndrome},
	{"external_abort", test_external_abort},
	{"fetch_abort", test_fetch_abort},
	{"timer_attributes", test_timer_attributes},
	{"other_process", test_other_process},
	{},
};
