// SPDX-License-Identifier: BSD-3-Clause
/* Ends of VMs in unusual orders, and hostile calls. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev_hyp.h"

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
	{"many_vms", test_many_vms},
	{"fuzz", test_fuzz},
	{},
};
