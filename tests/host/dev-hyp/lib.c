// SPDX-License-Identifier: BSD-3-Clause
/* Making VMs, registers, running: the vocabulary of the tests. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <uapi/hyp.h>

#include "dev_hyp.h"

unsigned long vm_type;

void *memory_map(size_t bytes, size_t align)
{
	uint8_t *raw = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t skip;

	CHECK(raw != MAP_FAILED);
	skip = (align - (uintptr_t)raw % align) % align;
	if (skip) {
		munmap(raw, skip);
	}
	munmap(raw + skip + bytes, align - skip);
	return raw + skip;
}

void memory_replace_by_file(void *memory, size_t bytes)
{
	struct hyp_memory file = {.size = bytes};
	int fd = ioctl(dev_fd, HYP_CREATE_MEMORY, &file);

	CHECK_OK(fd);
	CHECK(mmap(memory, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == memory);
	close(fd); /* the mapping keeps it */
}

void *memory_map_file(size_t bytes, size_t align)
{
	void *memory = memory_map(bytes, align);

	memory_replace_by_file(memory, bytes);
	return memory;
}

int vm_set_slot(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t bytes,
		void *memory)
{
	struct kvm_userspace_memory_region region = {slot, flags, gpa, bytes, (uintptr_t)memory};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

void vm_make_empty(struct vm *vm)
{
	*vm = (struct vm){.fd = ioctl(dev_fd, KVM_CREATE_VM, vm_type), .gic_fd = -1};
	CHECK_OK(vm->fd);
}

void vm_add_vcpu(struct vm *vm, uint32_t features)
{
	struct kvm_vcpu_init init;
	unsigned int i = vm->nr_vcpus;
	int bytes = ioctl(dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	vm->vcpu_fd[i] = ioctl(vm->fd, KVM_CREATE_VCPU, i);
	CHECK_OK(vm->vcpu_fd[i]);
	vm->nr_vcpus++;
	vm->run[i] =
		mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu_fd[i], 0);
	CHECK(vm->run[i] != MAP_FAILED);
	memset(&init, 0, sizeof(init));
	CHECK_OK(ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init));
	init.features[0] = features | 1u << KVM_ARM_VCPU_PSCI_0_2;
	CHECK_OK(ioctl(vm->vcpu_fd[i], KVM_ARM_VCPU_INIT, &init));
}

void vm_load(struct vm *vm, struct guest guest)
{
	memcpy(vm->ram, guest.code, guest.bytes);
	reg_set_x(vm, 0, REG_PC, RAM_BASE);
	reg_set_x(vm, 0, 20, MMIO_BASE);
}

void vm_make(struct vm *vm, unsigned int nr_vcpus, struct guest guest)
{
	unsigned int i;

	vm_make_empty(vm);
	vm->ram_bytes = RAM_BYTES;
	vm->ram = vm_type & HYP_VM_TYPE_PROTECTED ? memory_map_file(vm->ram_bytes, 2ul << 20)
						  : memory_map(vm->ram_bytes, 2ul << 20);
	CHECK_OK(vm_set_slot(vm, 0, 0, RAM_BASE, vm->ram_bytes, vm->ram));
	for (i = 0; i < nr_vcpus; i++) {
		vm_add_vcpu(vm, i ? 1u << KVM_ARM_VCPU_POWER_OFF : 0);
	}
	vm_load(vm, guest);
}

int device_attr(int fd, unsigned long cmd, uint32_t group, uint64_t attr, void *value)
{
	struct kvm_device_attr args = {0, group, attr, (uintptr_t)value};

	return ioctl(fd, cmd, &args);
}

void vm_add_gic(struct vm *vm)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t dist = GICD_BASE;
	uint64_t redist = GICR_BASE;
	uint32_t nr_irqs = 128;

	CHECK_OK(ioctl(vm->fd, KVM_CREATE_DEVICE, &device));
	vm->gic_fd = (int)device.fd;
	CHECK_OK(device_attr(vm->gic_fd, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0,
			     &nr_irqs));
	CHECK_OK(device_attr(vm->gic_fd, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR,
			     KVM_VGIC_V3_ADDR_TYPE_DIST, &dist));
	CHECK_OK(device_attr(vm->gic_fd, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR,
			     KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist));
	CHECK_OK(device_attr(vm->gic_fd, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL,
			     KVM_DEV_ARM_VGIC_CTRL_INIT, NULL));
	reg_set_x(vm, 0, 21, GICD_BASE);
	reg_set_x(vm, 0, 22, GICR_BASE);
}

void vm_free(struct vm *vm)
{
	int bytes = ioctl(dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		munmap(vm->run[i], (size_t)bytes);
		close(vm->vcpu_fd[i]);
	}
	if (vm->gic_fd >= 0) {
		close(vm->gic_fd);
	}
	if (vm->fd >= 0) {
		close(vm->fd);
	}
	if (vm->ram) {
		munmap(vm->ram, vm->ram_bytes);
	}
}

int reg_get_id(int vcpu_fd, uint64_t id, void *value)
{
	struct kvm_one_reg reg = {id, (uintptr_t)value};

	return ioctl(vcpu_fd, KVM_GET_ONE_REG, &reg);
}

int reg_set_id(int vcpu_fd, uint64_t id, const void *value)
{
	struct kvm_one_reg reg = {id, (uintptr_t)value};

	return ioctl(vcpu_fd, KVM_SET_ONE_REG, &reg);
}

uint64_t reg_core_id(unsigned int n)
{
	return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
	       (offsetof(struct kvm_regs, regs) / 4 + 2 * n);
}

uint64_t reg_x(struct vm *vm, unsigned int vcpu, unsigned int n)
{
	uint64_t value = 0;

	CHECK_OK(reg_get_id(vm->vcpu_fd[vcpu], reg_core_id(n), &value));
	return value;
}

void reg_set_x(struct vm *vm, unsigned int vcpu, unsigned int n, uint64_t value)
{
	CHECK_OK(reg_set_id(vm->vcpu_fd[vcpu], reg_core_id(n), &value));
}

int vcpu_run(struct vm *vm, unsigned int vcpu)
{
	int rc;

	/* A tick, a page's migration: what a VMM sees as EINTR without a signal of its own. */
	do {
		rc = ioctl(vm->vcpu_fd[vcpu], KVM_RUN, 0);
	} while (rc < 0 && errno == EAGAIN);
	return rc;
}

uint64_t vcpu_run_to_write(struct vm *vm, unsigned int vcpu, uint64_t addr, uint32_t bytes)
{
	struct kvm_run *run = vm->run[vcpu];
	uint64_t data = 0;

	CHECK_OK(vcpu_run(vm, vcpu));
	CHECK_EQ(run->exit_reason, KVM_EXIT_MMIO);
	CHECK_EQ(run->mmio.phys_addr, addr);
	CHECK_EQ(run->mmio.len, bytes);
	CHECK(run->mmio.is_write);
	memcpy(&data, run->mmio.data, bytes);
	return data;
}

void vcpu_run_to_event(struct vm *vm, unsigned int vcpu, uint32_t type)
{
	CHECK_OK(vcpu_run(vm, vcpu));
	CHECK_EQ(vm->run[vcpu]->exit_reason, KVM_EXIT_SYSTEM_EVENT);
	CHECK_EQ(vm->run[vcpu]->system_event.type, type);
}

struct later {
	pthread_t target;
	int sig;
	unsigned int ms;
};

static void *later_main(void *arg)
{
	static struct later later;
	struct timespec delay;

	later = *(struct later *)arg;
	delay = (struct timespec){later.ms / 1000, (long)(later.ms % 1000) * 1000000};
	nanosleep(&delay, NULL);
	pthread_kill(later.target, later.sig);
	return NULL;
}

void signal_me_later(int sig, unsigned int ms)
{
	static struct later later;
	pthread_t thread;

	later = (struct later){pthread_self(), sig, ms};
	CHECK_EQ(pthread_create(&thread, NULL, later_main, &later), 0);
	pthread_detach(thread);
}

static struct {
	struct later later;
	pthread_t thread;
	bool stop;
} signals;

static void *signals_main(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&signals.stop, __ATOMIC_RELAXED)) {
		usleep(signals.later.ms * 1000);
		pthread_kill(signals.later.target, signals.later.sig);
	}
	return NULL;
}

void signals_begin(int sig, unsigned int ms)
{
	signals.later = (struct later){pthread_self(), sig, ms};
	signals.stop = false;
	CHECK_EQ(pthread_create(&signals.thread, NULL, signals_main, NULL), 0);
}

void signals_end(void)
{
	__atomic_store_n(&signals.stop, true, __ATOMIC_RELAXED);
	pthread_join(signals.thread, NULL);
	sched_yield(); /* the last one has come when this returns */
}
