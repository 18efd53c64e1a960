// SPDX-License-Identifier: BSD-3-Clause
/* Ends of VMs in unusual orders, and hostile calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev_hyp.h"
#include "state.h"

#define FORK_BASE  0x80000000ul
#define FORK_BYTES (8ul << 20)

/* A vCPU's descriptor keeps the VM. */
static void test_close_vm_first(void)
{
	struct vm vm;

	vm_make(&vm, 1, GUEST(mmio));
	vm_add_gic(&vm);
	close(vm.fd);
	vm.fd = -1;
	close(vm.gic_fd);
	vm.gic_fd = -1;
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 1), 0x11);
	vm_free(&vm);
}

/* A mapping of kvm_run outlives everything else. */
static void test_run_page_outlives(void)
{
	struct kvm_run *run;
	struct vm vm;

	vm_make(&vm, 1, GUEST(off));
	run = vm.run[0];
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	close(vm.vcpu_fd[0]);
	close(vm.fd);
	CHECK_EQ(run->exit_reason, KVM_EXIT_SYSTEM_EVENT);
	run->immediate_exit = 1;
}

static void *run_thread(void *arg)
{
	struct vm *vm = arg;

	ioctl(vm->vcpu_fd[0], KVM_RUN, 0);
	return NULL;
}

/* The process ends while its vCPU runs. */
static void test_killed_while_running(void)
{
	pthread_t thread;
	struct vm vm;
	int status;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (!pid) {
		vm_make(&vm, 1, GUEST(spin));
		pthread_create(&thread, NULL, run_thread, &vm);
		pause();
	}
	usleep(100000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status));
}

/* The same for one that sleeps. */
static void test_killed_while_waiting(void)
{
	pthread_t thread;
	struct vm vm;
	int status;
	pid_t pid = fork();

	CHECK_OK(pid);
	if (!pid) {
		vm_make(&vm, 1, GUEST(wfi));
		vm_add_gic(&vm);
		pthread_create(&thread, NULL, run_thread, &vm);
		pause();
	}
	usleep(100000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status));
}

/* A guest that has touched memory (7 is its first word), in a process that ends without closing
 * anything; its child goes on when go is closed. */
static void make_guest_and_child(struct vm *vm, uint64_t *memory,
				 void (*child)(struct vm *, uint64_t *), int go)
{
	char c;

	vm_make(vm, 1, GUEST(fill));
	vm_add_gic(vm);
	CHECK_OK(vm_set_slot(vm, 1, 0, FORK_BASE, FORK_BYTES, memory));
	reg_set_x(vm, 0, 0, FORK_BASE);
	reg_set_x(vm, 0, 1, 7);
	reg_set_x(vm, 0, 2, FORK_BYTES / 4096);
	reg_set_x(vm, 0, 3, 4096);
	CHECK_EQ(vcpu_run_to_write(vm, 0, MMIO_BASE, 8), 0);
	if (!fork()) {
		CHECK_EQ(read(go, &c, 1), 0);
		child(vm, memory);
		_exit(0);
	}
	_exit(0);
}

/* Runs a guest on that memory in this process. */
static int run_own_guest(uint64_t *memory)
{
	struct vm vm;
	int rc;

	vm_make(&vm, 1, GUEST(peek));
	CHECK_OK(vm_set_slot(&vm, 1, 0, FORK_BASE, FORK_BYTES, memory));
	reg_set_x(&vm, 0, 0, FORK_BASE);
	rc = vcpu_run(&vm, 0);
	vm_free(&vm);
	return rc;
}

static void use_inherited(struct vm *vm, uint64_t *memory)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct kvm_irqfd irqfd = {.fd = (uint32_t)eventfd(0, 0)};
	uint64_t value;

	CHECK_ERRNO(vcpu_run(vm, 0), EIO);
	CHECK_ERRNO(reg_get_id(vm->vcpu_fd[0], reg_core_id(0), &value), EIO);
	CHECK_ERRNO(ioctl(vm->fd, KVM_CREATE_VCPU, 1), EIO);
	CHECK_ERRNO(ioctl(vm->fd, KVM_CREATE_DEVICE, &device), EIO);
	CHECK_ERRNO(ioctl(vm->fd, KVM_IRQFD, &irqfd), EIO);
	CHECK_ERRNO(vm_set_slot(vm, 1, 0, FORK_BASE, 0, NULL), EIO);
	CHECK_ERRNO(device_attr(vm->gic_fd, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0,
				&value),
		    EIO);
	CHECK_EQ(*memory, 7);
	if (dev_is_hyp) { /* the pages are still with the other guest */
		CHECK_ERRNO(run_own_guest(memory), EACCES);
	}
	close(vm->fd);
	close(vm->gic_fd);
	close(vm->vcpu_fd[0]);
	munmap(vm->run[0], 4096);
	CHECK_OK(run_own_guest(memory));
}

/* Descriptors that a child of fork() inherits: it may not use the guest, but keeps it in being. */
static void test_fork(void)
{
	static struct state before, between, after;
	uint64_t *memory;
	struct vm vm;
	int fds[2];
	int status;
	pid_t pid;

	state_take(&before);
	memory = dev_is_hyp ? memory_map_file(FORK_BYTES, 2ul << 20)
			    : mmap(NULL, FORK_BYTES, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	CHECK_OK(pipe2(fds, O_CLOEXEC));
	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		close(fds[1]);
		make_guest_and_child(&vm, memory, use_inherited, fds[0]);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	state_take(&between);
	CHECK_EQ(between.nr_rows, before.nr_rows + dev_is_hyp);
	close(fds[1]);
	CHECK_OK(wait(&status));
	CHECK_EQ(status, 0);
	munmap(memory, FORK_BYTES);
	state_take(&after);
	if (state_differs(&before, &after)) {
		test_fail(__FILE__, __LINE__, "%s", state_differs(&before, &after));
	}
}

static void test_many_vms(void)
{
	static struct vm vms[8];
	int i;

	for (i = 0; i < 8; i++) {
		vm_make(&vms[i], 1, GUEST(mmio));
	}
	for (i = 0; i < 8; i++) {
		CHECK_EQ(vcpu_run_to_write(&vms[i], 0, MMIO_BASE, 1), 0x11);
	}
	for (i = 0; i < 8; i++) {
		CHECK_EQ(vcpu_run_to_write(&vms[7 - i], 0, MMIO_BASE + 2, 2), 0x2222);
		vm_free(&vms[7 - i]);
	}
}

/* KVM's ioctls with random numbers in random structures: nothing but errors may come of it. */
static void test_fuzz(void)
{
	static const unsigned long cmds[] = {
		KVM_SET_USER_MEMORY_REGION,
		KVM_CREATE_VCPU,
		KVM_CREATE_DEVICE,
		KVM_ARM_SET_DEVICE_ADDR,
		KVM_ENABLE_CAP,
		KVM_IRQ_LINE,
		KVM_IRQFD,
		KVM_IOEVENTFD,
		KVM_SET_GSI_ROUTING,
		KVM_GET_ONE_REG,
		KVM_SET_ONE_REG,
		KVM_GET_REG_LIST,
		KVM_SET_MP_STATE,
		KVM_SET_SIGNAL_MASK,
		KVM_SET_DEVICE_ATTR,
		KVM_GET_DEVICE_ATTR,
		KVM_HAS_DEVICE_ATTR,
		KVM_SET_GUEST_DEBUG,
	};
	size_t nr_cmds = sizeof(cmds) / sizeof(cmds[0]);
	uint8_t *args = memory_map(8192, 4096);
	int fds[3];
	struct vm vm;
	int i;

	vm_make(&vm, 1, GUEST(off));
	vm_add_gic(&vm);
	fds[0] = vm.fd;
	fds[1] = vm.vcpu_fd[0];
	fds[2] = vm.gic_fd;
	srandom(1);
	for (i = 0; i < 20000; i++) {
		unsigned long cmd = cmds[(size_t)random() % nr_cmds];
		/* Small numbers find more than large ones. */
		long mask = random() % 2 ? 0xff : -1;
		size_t word;
		int fd;

		for (word = 0; word < 16; word++) {
			((uint32_t *)args)[word] =
				(uint32_t)(random() & mask) * (random() % 4 ? 1 : 4096);
		}
		if (random() % 2) { /* a pointer where many structures have one */
			((uint64_t *)args)[random() % 4] = (uintptr_t)args + 4096;
		}
		fd = ioctl(fds[random() % 3], cmd, random() % 16 ? (uintptr_t)args : 4096ul);
		if (fd > 2 && fd != fds[0] && fd != fds[1] && fd != fds[2]) {
			close(fd);
		}
	}
	close(vm.vcpu_fd[0]);
	/* And the device is still there. */
	vm_make(&vm, 1, GUEST(off));
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
}

const struct test tests_life[] = {
	{"close_vm_first", test_close_vm_first},
	{"run_page_outlives", test_run_page_outlives},
	{"killed_while_running", test_killed_while_running},
	{"killed_while_waiting", test_killed_while_waiting},
	{"fork", test_fork},
	{"many_vms", test_many_vms},
	{"fuzz", test_fuzz},
	{},
};
