// SPDX-License-Identifier: BSD-3-Clause
/*
 * accel_kvm.c: the accelerator for hosts with KVM's arm64 ioctls: `kvm` on /dev/kvm and `shim` on
 * /dev/hyp.
 *
 * Linux's Documentation/virt/kvm/api.rst is the specification of both. Only the path of the device
 * differs; what a host can do is asked with KVM_CHECK_EXTENSION, never assumed from its name.
 *
 * Kicking: vcpu_kick() sets kvm_run.immediate_exit, which makes the next KVM_RUN return at once,
 * then sends a signal, which makes the current one return. Whichever comes first, the kick is seen.
 */
#include "accel.h"

#include "accel_kvm.h"
#include "bus.h"
#include "log.h"
#include "options/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uapi/hyp.h>

#define KVM_KICK_SIGNAL SIGUSR1

static int kvm_ioctl(int fd, unsigned long request, void *argument)
{
	int result = ioctl(fd, request, argument);

	return result < 0 ? -errno : result;
}

int kvm_vm_ioctl(struct kvm_accel *kvm, unsigned long request, void *argument)
{
	return kvm_ioctl(kvm->vm_fd, request, argument);
}

int kvm_vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long request, void *argument)
{
	return kvm_ioctl(vcpu->fd, request, argument);
}

/* The value of a capability, 0 when absent; asked of the VM if there is one. */
int kvm_check(struct kvm_accel *kvm, unsigned long capability)
{
	int fd = kvm->vm_fd >= 0 ? kvm->vm_fd : kvm->dev_fd;
	int result = ioctl(fd, KVM_CHECK_EXTENSION, capability);

	return result < 0 ? 0 : result;
}

/* Opened by the probe and never closed: in the sandbox, which begins before the first machine, it
 * could not be opened. */
static int kvm_device = -1;

static int kvm_open(const char *path, char *why, size_t size)
{
	int fd, version;

	if (kvm_device >= 0) {
		return kvm_device;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		int error = -errno;

		snprintf(why, size, "cannot open %s: %s", path, strerror(-error));
		return error;
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		snprintf(why, size, "%s does not speak version %d of KVM's interface", path,
			 KVM_API_VERSION);
		close(fd);
		return -ENOTTY;
	}
	kvm_device = fd;
	return fd;
}

static int kvm_probe(const struct opt_values *options, char *why, size_t size)
{
	int fd = kvm_open(opt_text(options, "device"), why, size);

	return fd < 0 ? fd : 0;
}

static void kvm_on_kick_signal(int signal)
{
	(void)signal; /* interrupting KVM_RUN is all it is for */
}

/* Accesses without a syndrome, outside memory, come to kvm_handle_exit(). */
static void kvm_ask_for_nisv(struct kvm_accel *kvm)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};

	if (kvm_check(kvm, KVM_CAP_ARM_INJECT_EXT_DABT)) {
		(void)kvm_vm_ioctl(kvm, KVM_ENABLE_CAP, &cap); /* or they end the VM */
	}
}

/* A guest's SYSTEM_SUSPEND comes to kvm_handle_event(). */
static void kvm_ask_for_suspend(struct kvm_accel *kvm)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_SYSTEM_SUSPEND};

	if (kvm_check(kvm, KVM_CAP_ARM_SYSTEM_SUSPEND)) {
		(void)kvm_vm_ioctl(kvm, KVM_ENABLE_CAP, &cap); /* or guests are not offered it */
	}
}

static int kvm_create_vm(struct kvm_accel *kvm)
{
	struct sigaction action = {.sa_handler = kvm_on_kick_signal};
	unsigned long type = 0;
	int fd;

	kvm->bits = (unsigned int)kvm_check(kvm, KVM_CAP_ARM_VM_IPA_SIZE);
	if (kvm->bits) {
		type = KVM_VM_TYPE_ARM_IPA_SIZE(kvm->bits);
	} else {
		kvm->bits = 40; /* the fixed size of kernels that do not offer a choice */
	}
	fd = ioctl(kvm->dev_fd, KVM_CREATE_VM, type);
	if (fd < 0) {
		return -errno;
	}
	kvm->vm_fd = fd;
	kvm_ask_for_nisv(kvm);
	kvm_ask_for_suspend(kvm);
	kvm->run_size = ioctl(kvm->dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (kvm->run_size < (int)sizeof(struct kvm_run)) {
		return -EINVAL;
	}
	sigemptyset(&action.sa_mask);
	return sigaction(KVM_KICK_SIGNAL, &action, NULL) < 0 ? -errno : 0;
}

static int kvm_create(const struct accel_config *config, struct accel **accel)
{
	struct kvm_accel *kvm = calloc(1, sizeof(*kvm));
	char why[256];
	int result;

	if (!kvm) {
		return -ENOMEM;
	}
	kvm->base.ops = config->ops;
	kvm->bus = config->bus;
	kvm->vm_fd = -1;
	kvm->gic_fd = -1;
	kvm->dev_fd = kvm_open(opt_text(config->options, "device"), why, sizeof(why));
	kvm->vcpus = calloc(config->nr_vcpus, sizeof(*kvm->vcpus));
	kvm->nr_vcpus = config->nr_vcpus;
	result = kvm->dev_fd < 0 ? kvm->dev_fd : kvm->vcpus ? kvm_create_vm(kvm) : -ENOMEM;
	if (kvm->dev_fd < 0) {
		log_error("%s", why);
	}
	if (result) {
		config->ops->destroy(&kvm->base);
		return result;
	}
	*accel = &kvm->base;
	return 0;
}

static void kvm_destroy(struct accel *accel)
{
	struct kvm_accel *kvm = kvm_of(accel);

	for (unsigned int i = 0; kvm->vcpus && i < kvm->nr_vcpus; i++) {
		struct kvm_vcpu *vcpu = kvm->vcpus[i];

		if (vcpu) {
			munmap(vcpu->run, (size_t)kvm->run_size);
			close(vcpu->fd);
			free(vcpu);
		}
	}
	if (kvm->gic_fd >= 0) {
		close(kvm->gic_fd);
	}
	if (kvm->vm_fd >= 0) {
		close(kvm->vm_fd);
	}
	free(kvm->vcpus);
	free(kvm);
}

static unsigned int kvm_max_vcpus(struct accel *accel)
{
	int max = kvm_check(kvm_of(accel), KVM_CAP_MAX_VCPUS);

	return max > 0 ? (unsigned int)max : 1;
}

static unsigned int kvm_ipa_bits(struct accel *accel)
{
	return kvm_of(accel)->bits;
}

static int kvm_create_memory(struct accel *accel, uint64_t size)
{
	struct kvm_accel *kvm = kvm_of(accel);
	struct hyp_memory memory = {.size = size};

	if (!kvm_check(kvm, HYP_CAP_MEMORY)) {
		return -ENOTSUP;
	}
	return kvm_ioctl(kvm->dev_fd, HYP_CREATE_MEMORY, &memory);
}

static int kvm_add_memory(struct accel *accel, const struct accel_region *region)
{
	struct kvm_userspace_memory_region slot = {
		.slot = region->slot,
		.flags = region->read_only ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = region->gpa,
		.memory_size = region->size,
		.userspace_addr = (uint64_t)(uintptr_t)region->host,
	};

	return kvm_vm_ioctl(kvm_of(accel), KVM_SET_USER_MEMORY_REGION, &slot);
}

static int kvm_add_stolen_time(struct accel *accel, const struct accel_region *region)
{
	struct kvm_accel *kvm = kvm_of(accel);
	int result;

	if (!kvm_check(kvm, KVM_CAP_STEAL_TIME)) {
		return -ENOTSUP;
	}
	result = kvm_add_memory(accel, region);
	for (unsigned int i = 0; i < kvm->nr_vcpus && result == 0; i++) {
		uint64_t gpa = region->gpa + i * ACCEL_STOLEN_TIME_SIZE;
		struct kvm_device_attr attr = {
			.group = KVM_ARM_VCPU_PVTIME_CTRL,
			.attr = KVM_ARM_VCPU_PVTIME_IPA,
			.addr = (uint64_t)(uintptr_t)&gpa,
		};

		result = kvm_vcpu_ioctl(kvm->vcpus[i], KVM_SET_DEVICE_ATTR, &attr);
	}
	return result;
}

static int kvm_create_vcpu(struct accel *accel, unsigned int index, struct accel_vcpu **out)
{
	struct kvm_accel *kvm = kvm_of(accel);
	struct kvm_vcpu *vcpu = calloc(1, sizeof(*vcpu));
	int result;

	if (!vcpu) {
		return -ENOMEM;
	}
	vcpu->fd = ioctl(kvm->vm_fd, KVM_CREATE_VCPU, (unsigned long)index);
	if (vcpu->fd < 0) {
		result = -errno;
		goto fail;
	}
	vcpu->run =
		mmap(NULL, (size_t)kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		result = -errno;
		close(vcpu->fd);
		goto fail;
	}
	vcpu->base = (struct accel_vcpu){.accel = accel, .index = index};
	kvm->vcpus[index] = vcpu;
	result = kvm_vcpu_power_on(vcpu, index != 0);
	if (result) {
		return result; /* destroy() frees it */
	}
	*out = &vcpu->base;
	return 0;
fail:
	free(vcpu);
	return result;
}

static int kvm_gic_set(struct kvm_accel *kvm, uint32_t group, uint64_t attribute, const void *value)
{
	struct kvm_device_attr attr = {
		.group = group, .attr = attribute, .addr = (uint64_t)(uintptr_t)value};

	return kvm_ioctl(kvm->gic_fd, KVM_SET_DEVICE_ATTR, &attr);
}

static int kvm_create_gic(struct accel *accel, const struct accel_gic *gic)
{
	struct kvm_accel *kvm = kvm_of(accel);
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint32_t nr_irqs = gic->nr_irqs;
	int result = kvm_vm_ioctl(kvm, KVM_CREATE_DEVICE, &device);

	if (result) {
		return result;
	}
	kvm->gic_fd = (int)device.fd;
	result = kvm_gic_set(kvm, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST,
			     &gic->dist_base);
	result = result
			 ?: kvm_gic_set(kvm, KVM_DEV_ARM_VGIC_GRP_ADDR,
					KVM_VGIC_V3_ADDR_TYPE_REDIST, &gic->redist_base);
	result = result ?: kvm_gic_set(kvm, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &nr_irqs);
	return result
		       ?: kvm_gic_set(kvm, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT,
				      NULL);
}

/* Whether the level is news. One device drives a line, under its own lock. */
static bool kvm_spi_changes(struct kvm_accel *kvm, unsigned int spi, bool level)
{
	_Atomic uint32_t *word = &kvm->spi_levels[spi / 32 % 32];
	uint32_t bit = 1u << spi % 32;
	uint32_t old = level ? atomic_fetch_or(word, bit) : atomic_fetch_and(word, ~bit);

	return ((old & bit) != 0) != level;
}

static int kvm_set_irq(struct accel *accel, unsigned int spi, bool level)
{
	struct kvm_irq_level line = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (32 + spi),
		.level = level,
	};

	return kvm_spi_changes(kvm_of(accel), spi, level)
		       ? kvm_vm_ioctl(kvm_of(accel), KVM_IRQ_LINE, &line)
		       : 0;
}

static int kvm_ioeventfd(struct accel *accel, int fd, uint64_t gpa, uint32_t value)
{
	struct kvm_ioeventfd ioeventfd = {
		.datamatch = value,
		.addr = gpa,
		.len = 4,
		.fd = fd,
		.flags = KVM_IOEVENTFD_FLAG_DATAMATCH,
	};

	if (!kvm_check(kvm_of(accel), KVM_CAP_IOEVENTFD)) {
		return -ENOTSUP;
	}
	return kvm_vm_ioctl(kvm_of(accel), KVM_IOEVENTFD, &ioeventfd);
}

static uint64_t kvm_low_bytes(uint64_t value, unsigned int size)
{
	return size < 8 ? value & ((UINT64_C(1) << 8 * size) - 1) : value;
}

static void kvm_handle_mmio(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	const struct bus *bus = kvm_of(vcpu->base.accel)->bus;
	unsigned int size = run->mmio.len <= 8 ? run->mmio.len : 8;
	uint64_t value;

	/* All eight bytes, which is one access; those beyond the size are nobody's. */
	if (run->mmio.is_write) {
		memcpy(&value, run->mmio.data, sizeof(value));
		bus_write(bus, run->mmio.phys_addr, size, kvm_low_bytes(value, size));
	} else {
		bus_read(bus, run->mmio.phys_addr, size, &value);
		memcpy(run->mmio.data, &value, sizeof(value));
	}
}

static enum accel_exit_reason kvm_final_event(const struct kvm_run *run)
{
	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		return ACCEL_EXIT_POWEROFF;
	case KVM_SYSTEM_EVENT_RESET:
		return ACCEL_EXIT_RESET;
	case KVM_SYSTEM_EVENT_CRASH:
		return ACCEL_EXIT_CRASH;
	default:
		log_error("unknown system event %u from the host kernel", run->system_event.type);
		return ACCEL_EXIT_FAULT;
	}
}

/* True when the guest can go on: it sleeps inside KVM_RUN, or has woken. */
static bool kvm_handle_event(struct kvm_vcpu *vcpu, struct accel_exit *exit)
{
	int result;

	switch (vcpu->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SUSPEND:
		result = kvm_vcpu_suspend(vcpu);
		break;
	case KVM_SYSTEM_EVENT_WAKEUP:
		result = kvm_vcpu_wake(vcpu);
		break;
	default:
		exit->reason = kvm_final_event(vcpu->run);
		return false;
	}
	if (result) {
		log_error("cannot suspend or wake the guest: %s", strerror(-result));
		exit->reason = ACCEL_EXIT_FAULT;
	}
	return result == 0;
}

/* One writer: a plain increment whose result others may read. */
static void kvm_count(atomic_ulong *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* True when the exit was dealt with and the guest can go on. */
static bool kvm_handle_exit(struct kvm_vcpu *vcpu, struct accel_exit *exit)
{
	const struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		kvm_count(&vcpu->nr_mmio);
		kvm_handle_mmio(vcpu);
		return true;
	case KVM_EXIT_ARM_NISV:
		if (kvm_vcpu_inject_abort(vcpu) == 0) {
			return true;
		}
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		kvm_count(&vcpu->nr_other);
		return kvm_handle_event(vcpu, exit);
	case KVM_EXIT_FAIL_ENTRY:
		log_error("vCPU %u: the hardware refuses to enter the guest (reason 0x%llx)",
			  vcpu->base.index, run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		log_error("vCPU %u: internal error %u of the host kernel", vcpu->base.index,
			  run->internal.suberror);
		break;
	default:
		log_error("vCPU %u: unexpected exit reason %u", vcpu->base.index, run->exit_reason);
		break;
	}
	exit->reason = ACCEL_EXIT_FAULT;
	return false;
}

static int kvm_vcpu_run(struct accel_vcpu *base, struct accel_exit *exit)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;

	vcpu->thread = pthread_self();
	atomic_store(&vcpu->has_thread, true);
	do {
		int result = kvm_vcpu_ioctl(vcpu, KVM_RUN, NULL);

		if (result == -EINTR || result == -EAGAIN) {
			kvm_count(&vcpu->nr_kicked);
			/* Cleared before the machine looks at why it kicked: a later kick sets it
			 * again. */
			__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
			exit->reason = ACCEL_EXIT_KICKED;
			return 0;
		}
		if (result < 0) {
			kvm_vcpu_log_state(vcpu);
			return result;
		}
	} while (kvm_handle_exit(vcpu, exit));
	if (exit->reason == ACCEL_EXIT_FAULT) {
		kvm_vcpu_log_state(vcpu);
	}
	return 0;
}

static void kvm_vcpu_kick(struct accel_vcpu *base)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;

	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (atomic_load(&vcpu->has_thread)) {
		pthread_kill(vcpu->thread, KVM_KICK_SIGNAL);
	}
}

static void kvm_stat(struct accel *accel, FILE *out)
{
	const struct kvm_accel *kvm = kvm_of(accel);

	for (unsigned int i = 0; i < kvm->nr_vcpus; i++) {
		const struct kvm_vcpu *vcpu = kvm->vcpus[i];

		fprintf(out, "vcpu%u.exits.mmio %lu\n", i,
			atomic_load_explicit(&vcpu->nr_mmio, memory_order_relaxed));
		fprintf(out, "vcpu%u.exits.kicked %lu\n", i,
			atomic_load_explicit(&vcpu->nr_kicked, memory_order_relaxed));
		fprintf(out, "vcpu%u.exits.other %lu\n", i,
			atomic_load_explicit(&vcpu->nr_other, memory_order_relaxed));
	}
}

static const struct opt_key kvm_options[] = {
	{.name = "device", .type = OPT_STRING, .deflt = "/dev/kvm", .help = "the device to open"},
	{0},
};

static const struct opt_key shim_options[] = {
	{.name = "device", .type = OPT_STRING, .deflt = "/dev/hyp", .help = "the device to open"},
	{0},
};

#define KVM_OPERATIONS                                                                             \
	.probe = kvm_probe, .create = kvm_create, .destroy = kvm_destroy,                          \
	.max_vcpus = kvm_max_vcpus, .ipa_bits = kvm_ipa_bits, .create_memory = kvm_create_memory,  \
	.add_memory = kvm_add_memory, .add_stolen_time = kvm_add_stolen_time,                      \
	.create_vcpu = kvm_create_vcpu, .create_gic = kvm_create_gic, .vcpu_init = kvm_vcpu_init,  \
	.vcpu_run = kvm_vcpu_run, .vcpu_kick = kvm_vcpu_kick, .vcpu_get_regs = kvm_vcpu_get_regs,  \
	.vcpu_set_regs = kvm_vcpu_set_regs, .set_irq = kvm_set_irq, .ioeventfd = kvm_ioeventfd,    \
	.pause = kvm_pause, .resume = kvm_resume, .stat = kvm_stat

const struct accel_ops accel_kvm = {
	.name = "kvm",
	.summary = "Linux's KVM, where Linux runs at EL2",
	.options = kvm_options,
	KVM_OPERATIONS,
};

const struct accel_ops accel_shim = {
	.name = "shim",
	.summary = "this project's hypervisor, through hyp.ko",
	.options = shim_options,
	KVM_OPERATIONS,
};
