// SPDX-License-Identifier: BSD-3-Clause
/*
 * Everything at once: see storm.h.
 *
 * Each round is a process with a VM, protected in every fourth, and a thread for each kind of work,
 * which does it over and over with random arguments: two run vCPUs, while the main thread sends
 * them signals, the others change slots, eventfds, vCPUs and other VMs. What such a call may answer
 * depends on what the others do, but it never is an error that says something was lost
 * (storm_check()).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dev_hyp.h"
#include "state.h"
#include "storm.h"

#define OTHER_BASE  0x80000000ul
#define PAGE        4096ul
#define BLOCK       (2ul << 20)
#define OTHER_BYTES (4 * BLOCK)
#define NR_EVENTFDS 4
#define NR_RUNNERS  2
#define SPI         8

static struct storm {
	struct vm vm;
	uint8_t *memory; /* twice OTHER_BYTES: anonymous and of a file, or all of a file */
	int eventfds[NR_EVENTFDS];
	pthread_t runners[NR_RUNNERS];
	unsigned int seed;
	bool stop;
} storm;

/* A thread's own random numbers. */
struct dice {
	unsigned int state;
};

static unsigned int roll(struct dice *dice, unsigned int sides)
{
	return (unsigned int)rand_r(&dice->state) / 7 % sides;
}

/* A call's result: what cannot be right, whatever the other threads do, ends the round. */
static int storm_check(const char *what, int result)
{
	static const int wrong[] = {ENODEV, EIO,    EPROTO, ETIMEDOUT, ENOSYS,
				    EPERM,  ENOTTY, EBADF,  ENOMEM};
	size_t i;

	for (i = 0; result < 0 && i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (errno == wrong[i]) {
			test_fail(__FILE__, __LINE__, "%s: %s", what, strerror(errno));
		}
	}
	return result;
}

#define CALL(fd, cmd, arg) storm_check(#cmd, ioctl(fd, cmd, arg))

static void set_up_vcpu(unsigned int i)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8,
				     .features = {1u << KVM_ARM_VCPU_PSCI_0_2}};
	const uint64_t values[][2] = {{0, OTHER_BASE},         {1, 0},          {3, 3 * PAGE + 8},
				      {4, OTHER_BYTES - PAGE}, {20, MMIO_BASE}, {REG_PC, RAM_BASE}};
	int fd = storm.vm.vcpu_fd[i];
	size_t n;

	if (CALL(fd, KVM_ARM_VCPU_INIT, &init) < 0) {
		return;
	}
	for (n = 0; n < sizeof(values) / sizeof(values[0]); n++) {
		storm_check("KVM_SET_ONE_REG",
			    reg_set_id(fd, reg_core_id((unsigned int)values[n][0]), &values[n][1]));
	}
}

static void do_run(struct dice *dice)
{
	unsigned int i = roll(dice, VM_MAX_VCPUS);

	storm.vm.run[i]->immediate_exit = roll(dice, 8) == 0;
	CALL(storm.vm.vcpu_fd[i], KVM_RUN, 0);
}

static void do_slot(struct dice *dice)
{
	unsigned int slot = 1 + roll(dice, 4);
	uint64_t pages = 1 + roll(dice, roll(dice, 2) ? 8 : 1024);
	uint64_t at = roll(dice, roll(dice, 2) ? 4 : 1024) * PAGE;
	uint64_t from = roll(dice, 2) * OTHER_BYTES + roll(dice, 4) * BLOCK / 2;
	struct kvm_userspace_memory_region region = {
		slot, roll(dice, 8) ? 0 : KVM_MEM_READONLY, OTHER_BASE + at,
		roll(dice, 3) ? pages * PAGE : 0, (uintptr_t)storm.memory + from};

	CALL(storm.vm.fd, KVM_SET_USER_MEMORY_REGION, &region);
	if (!roll(dice, 8)) { /* what the guest has stays; what it has not goes */
		madvise(storm.memory + from, pages * PAGE, MADV_DONTNEED);
	}
}

static void do_irqfd(struct dice *dice)
{
	int *fd = &storm.eventfds[roll(dice, NR_EVENTFDS)];
	int new;
	struct kvm_irqfd args = {.fd = (uint32_t)*fd, .gsi = SPI + roll(dice, 2)};
	struct kvm_irq_level line = {.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT |
					    (32 + SPI),
				     .level = roll(dice, 2)};
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} routing = {{.nr = roll(dice, 2)},
		     {.gsi = SPI, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, SPI}}};

	switch (roll(dice, 6)) {
	case 0:
		args.flags = KVM_IRQFD_FLAG_DEASSIGN;
		/* fall through */
	case 1:
		CALL(storm.vm.fd, KVM_IRQFD, &args);
		break;
	case 2:
		CALL(storm.vm.fd, KVM_IRQ_LINE, &line);
		break;
	case 3:
		CALL(storm.vm.fd, KVM_SET_GSI_ROUTING, &routing);
		break;
	case 4: /* one hangs up, assigned or not */
		new = eventfd(0, EFD_NONBLOCK);
		CHECK_OK(dup2(new, *fd));
		close(new);
		break;
	default:
		eventfd_write(*fd, 1);
	}
}

static void do_ioeventfd(struct dice *dice)
{
	struct kvm_ioeventfd args = {.datamatch = roll(dice, 4),
				     .addr = MMIO_BASE + 0x100 + 4 * roll(dice, 8),
				     .len = 4,
				     .fd = storm.eventfds[roll(dice, NR_EVENTFDS)],
				     .flags = roll(dice, 2) ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0};

	args.datamatch = args.flags ? args.datamatch : 0;
	args.flags |= roll(dice, 2) ? KVM_IOEVENTFD_FLAG_DEASSIGN : 0;
	CALL(storm.vm.fd, KVM_IOEVENTFD, &args);
}

static void do_vcpu(struct dice *dice)
{
	unsigned int i = roll(dice, VM_MAX_VCPUS);
	struct kvm_mp_state state = {roll(dice, 2) ? KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_STOPPED};
	uint64_t value;

	/* A protected VM that has run keeps its vCPUs to itself. */
	switch (roll(dice, vm_type ? 2 : 6)) {
	case 0:
		CALL(storm.vm.fd, KVM_CREATE_VCPU, (long)i);
		break;
	case 1: /* every vCPU must be at rest */
		storm_check("KVM_GET_DEVICE_ATTR",
			    device_attr(storm.vm.gic_fd, KVM_GET_DEVICE_ATTR,
					KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, &value));
		break;
	case 2:
		set_up_vcpu(i);
		break;
	case 3:
		CALL(storm.vm.vcpu_fd[i], KVM_GET_MP_STATE, &state);
		break;
	case 4:
		CALL(storm.vm.vcpu_fd[i], KVM_SET_MP_STATE, &state);
		break;
	default:
		storm_check("KVM_GET_ONE_REG",
			    reg_get_id(storm.vm.vcpu_fd[i], reg_core_id(0), &value));
	}
}

/* Other VMs come and go beside it. */
static void do_other_vm(struct dice *dice)
{
	struct kvm_create_device gic = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	int fd = CALL(dev_fd, KVM_CREATE_VM, vm_type);
	int vcpu = -1;

	if (fd >= 0 && roll(dice, 2)) {
		vcpu = CALL(fd, KVM_CREATE_VCPU, (long)roll(dice, 128));
	}
	if (fd >= 0 && roll(dice, 2) && CALL(fd, KVM_CREATE_DEVICE, &gic) == 0) {
		close((int)gic.fd);
	}
	close(fd);
	close(vcpu);
	usleep(roll(dice, 5000));
}

static void (*const works[])(struct dice *dice) = {
	do_run, do_run, do_slot, do_irqfd, do_ioeventfd, do_vcpu, do_other_vm,
};
#define NR_WORKS (sizeof(works) / sizeof(works[0]))

static void *work(void *arg)
{
	size_t n = (size_t)(uintptr_t)arg;
	struct dice dice = {storm.seed * 16 + (unsigned int)n};

	while (!__atomic_load_n(&storm.stop, __ATOMIC_RELAXED)) {
		works[n](&dice);
	}
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

static void make_vm(void)
{
	struct sigaction action = {.sa_handler = nothing};
	unsigned int i;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	vm_type = dev_is_hyp && storm.seed % 4 == 0 ? HYP_VM_TYPE_PROTECTED : 0;
	if (vm_type) {
		storm.memory = memory_map_file(2 * OTHER_BYTES, BLOCK);
	} else {
		storm.memory = memory_map(2 * OTHER_BYTES, BLOCK);
		if (dev_is_hyp) {
			CHECK(mremap(memory_map_file(OTHER_BYTES, BLOCK), OTHER_BYTES, OTHER_BYTES,
				     MREMAP_MAYMOVE | MREMAP_FIXED, storm.memory) == storm.memory);
		}
	}
	vm_make(&storm.vm, VM_MAX_VCPUS, GUEST(storm));
	for (i = 0; i < NR_EVENTFDS; i++) {
		storm.eventfds[i] = eventfd(0, EFD_NONBLOCK);
	}
	for (i = 1; i < VM_MAX_VCPUS; i++) {
		set_up_vcpu(i);
	}
	vm_add_gic(&storm.vm);
	set_up_vcpu(0);
}

/* Runners that sleep wake up, those in the guest leave it. first: those before have ended. */
static void signal_runners(size_t first)
{
	for (size_t i = first; i < NR_RUNNERS; i++) {
		pthread_kill(storm.runners[i], SIGUSR1);
	}
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The process of a round; ends in order, or leaves it to the kernel. */
static void run_round(unsigned int ms, bool in_order)
{
	struct dice dice = {storm.seed};
	pthread_t threads[NR_WORKS];
	uint64_t end;
	size_t i;

	make_vm();
	for (i = 0; i < NR_WORKS; i++) {
		CHECK_EQ(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i), 0);
		if (i < NR_RUNNERS) {
			storm.runners[i] = threads[i];
		}
	}
	for (end = now_ms() + ms; now_ms() < end;) {
		usleep(roll(&dice, 500));
		signal_runners(roll(&dice, NR_RUNNERS));
	}
	if (!in_order) {
		_exit(0);
	}
	__atomic_store_n(&storm.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < NR_WORKS; i++) {
		while (pthread_tryjoin_np(threads[i], NULL) == EBUSY) {
			signal_runners(i);
			usleep(1000);
		}
	}
	vm_free(&storm.vm);
	_exit(0);
}

static bool one_round(unsigned int seed)
{
	struct dice dice = {seed};
	unsigned int ms = 100 + roll(&dice, 500);
	unsigned int how = roll(&dice, 3);
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(60);
		storm.seed = seed;
		dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
		run_round(how == 0 ? 60000 : ms, how == 1);
	}
	if (pid < 0) {
		return false;
	}
	if (how == 0) {
		usleep(ms * 1000);
		kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) != pid) {
		return false;
	}
	return how == 0 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
			: WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int storm_main(unsigned int seconds, unsigned int seed)
{
	static struct state before;
	static struct state after;
	unsigned int i;
	uint64_t end;
	bool ok = true;

	dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
	for (i = 0; ok && i < 4; i++) { /* everything that is made once gets made */
		ok = one_round(seed + i);
	}
	state_take(&before);
	end = now_ms() + seconds * 1000;
	while (ok && now_ms() < end) {
		ok = one_round(seed + i++);
	}
	state_take(&after);
	printf("storm: seed %u, %u rounds%s\n", seed, i, ok ? "" : ", the last one failed");
	return state_report("storm", ok, &before, &after);
}
