// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual machine as a file descriptor.
 *
 * KVM_CREATE_VM asks the resource manager for a VM and gets a handle, with which everything else is
 * a direct call to the hypervisor. A struct vm is freed when the last descriptor that leads to it is
 * closed, by whatever way: vm_release() stops the VM, takes back every page, lets go of the pages,
 * and has the RM destroy what is left. Should the RM be dead, the host still gets its memory back.
 *
 * Only the process that made the VM may use it (as with KVM: the slots show its memory).
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/hyp.h>
#include "errors.h"
#include "module.h"

/* Buying pool pages: what to ask the RM for at a time, as memory that the pool is to serve. */
#define VM_QUOTA_BYTES	(64ULL << 20)
#define VM_BUY_ATTEMPTS 4

void vm_get(struct vm *vm)
{
	kref_get(&vm->kref);
}

bool vm_buy_pool(struct vm *vm, unsigned int attempt, bool own)
{
	/* A pool is made of few ranges, so a large VM buys in larger steps. */
	u64 bytes = max_t(u64, VM_QUOTA_BYTES, (u64)READ_ONCE(vm->mem.nr_pages) << PAGE_SHIFT);
	int rc;

	if (attempt >= VM_BUY_ATTEMPTS) {
		return false;
	}
	rc = own ? rm_self_quota(VM_QUOTA_BYTES) : rm_vm_quota(vm->id, bytes);
	if (rc) {
		pr_warn_ratelimited("hyp: VM %llu: no more memory for tables: %d\n", vm->id, rc);
	}
	return !rc;
}

static void vm_release(struct kref *kref)
{
	struct vm *vm = container_of(kref, struct vm, kref);
	u32 i;
	int rc;

	irqfd_release(vm);
	irqfd_free_routes(vm);
	ioeventfd_release(vm);
	hyp_vm_stop(vm->handle);
	for (i = 0; i < MODULE_MAX_VCPUS; i++) {
		if (vm->vcpus[i]) {
			wake_exit_vcpu(vm->vcpus[i]);
		}
	}
	mem_release(vm);
	rc = rm_vm_destroy(vm->id);
	if (rc) {
		pr_warn("hyp: VM %llu could not be destroyed: %d\n", vm->id, rc);
	}
	for (i = 0; i < MODULE_MAX_VCPUS; i++) {
		if (vm->vcpus[i]) {
			vcpu_free(vm->vcpus[i]);
		}
	}
	mutex_destroy(&vm->lock);
	mmdrop(vm->mm);
	kfree(vm);
}

void vm_put(struct vm *vm)
{
	kref_put(&vm->kref, vm_release);
}

int vm_start(struct vm *vm)
{
	int rc = 0;

	if (READ_ONCE(vm->started)) {
		return 0;
	}
	mutex_lock(&vm->lock);
	if (!vm->started) {
		rc = vgic_start(vm);
		if (!rc) {
			rc = errors_to_errno(PATIENTLY(hyp_vm_start(vm->handle)).error);
		}
		if (!rc) {
			WRITE_ONCE(vm->started, true);
		}
	}
	mutex_unlock(&vm->lock);
	return rc;
}

void vm_halt(struct vm *vm)
{
	u32 i;

	for (i = 0; i < MODULE_MAX_VCPUS; i++) {
		struct vcpu *vcpu = READ_ONCE(vm->vcpus[i]);

		if (vcpu) {
			WRITE_ONCE(vcpu->halted, true);
			hyp_vcpu_kick(vcpu->handle);
		}
	}
}

static void vm_unlock_first_vcpus(struct vm *vm, u32 nr)
{
	while (nr--) {
		if (vm->vcpus[nr]) {
			mutex_unlock(&vm->vcpus[nr]->lock);
		}
	}
}

int vm_lock_vcpus(struct vm *vm)
{
	u32 i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; i < MODULE_MAX_VCPUS; i++) {
		if (vm->vcpus[i] && !mutex_trylock(&vm->vcpus[i]->lock)) {
			vm_unlock_first_vcpus(vm, i);
			return -EBUSY;
		}
	}
	return 0;
}

void vm_unlock_vcpus(struct vm *vm)
{
	vm_unlock_first_vcpus(vm, MODULE_MAX_VCPUS);
}

static long vm_ioctl_region(struct vm *vm, unsigned long arg)
{
	struct kvm_userspace_memory_region region;

	return COPY_IN(region, arg) ?: mem_set_region(vm, &region);
}

static long vm_ioctl_irqfd(struct vm *vm, unsigned long arg)
{
	struct kvm_irqfd args;

	return COPY_IN(args, arg) ?: irqfd_ioctl(vm, &args);
}

static long vm_ioctl_ioeventfd(struct vm *vm, unsigned long arg)
{
	struct kvm_ioeventfd args;

	return COPY_IN(args, arg) ?: ioeventfd_ioctl(vm, &args);
}

static long vm_ioctl_irq_line(struct vm *vm, unsigned long arg)
{
	struct kvm_irq_level args;

	return COPY_IN(args, arg) ?: irqfd_set_line(vm, &args);
}

static long vm_ioctl_create_device(struct vm *vm, unsigned long arg)
{
	struct kvm_create_device args;

	return COPY_IN(args, arg) ?: vgic_create(vm, &args) ?: COPY_OUT(arg, args);
}

static long vm_ioctl_preferred_target(unsigned long arg)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8};

	return COPY_OUT(arg, init);
}

/* For the vCPUs there are, and those to come. */
static int vm_allow_suspend(struct vm *vm)
{
	int rc = 0;
	u32 i;

	mutex_lock(&vm->lock);
	vm->may_suspend = true;
	for (i = 0; i < MODULE_MAX_VCPUS && !rc; i++) {
		rc = vm->vcpus[i] ? vcpu_allow_suspend(vm->vcpus[i]) : 0;
	}
	mutex_unlock(&vm->lock);
	return rc;
}

static long vm_ioctl_enable_cap(struct vm *vm, unsigned long arg)
{
	struct kvm_enable_cap cap;

	if (COPY_IN(cap, arg)) {
		return -EFAULT;
	}
	if (cap.flags) {
		return -EINVAL;
	}
	switch (cap.cap) {
	case KVM_CAP_ARM_NISV_TO_USER:
		WRITE_ONCE(vm->nisv_to_user, true);
		return 0;
	case KVM_CAP_ARM_SYSTEM_SUSPEND:
		return vm_allow_suspend(vm);
	default:
		return -EINVAL;
	}
}

static long vm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vm *vm = file->private_data;

	if (vm->mm != current->mm) {
		return -EIO;
	}
	switch (cmd) {
	case KVM_SET_USER_MEMORY_REGION:
		return vm_ioctl_region(vm, arg);
	case KVM_CREATE_VCPU:
		return vcpu_create(vm, arg);
	case KVM_CHECK_EXTENSION:
		return caps_check(vm, arg);
	case KVM_CREATE_DEVICE:
		return vm_ioctl_create_device(vm, arg);
	case KVM_ARM_PREFERRED_TARGET:
		return vm_ioctl_preferred_target(arg);
	case KVM_ENABLE_CAP:
		return vm_ioctl_enable_cap(vm, arg);
	case KVM_IRQ_LINE:
		return vm_ioctl_irq_line(vm, arg);
	case KVM_IRQFD:
		return vm_ioctl_irqfd(vm, arg);
	case KVM_IOEVENTFD:
		return vm_ioctl_ioeventfd(vm, arg);
	case KVM_SET_GSI_ROUTING:
		return irqfd_set_routing(vm, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

/*
 * irqfds hold no reference; they go with the VM's own descriptor, so that a writer of an eventfd
 * finds no VM that is being torn down.
 */
static int vm_release_file(struct inode *inode, struct file *file)
{
	struct vm *vm = file->private_data;

	irqfd_release(vm);
	vm_put(vm);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vm_ioctl,
	.release = vm_release_file,
	.llseek = noop_llseek,
};

/* KVM_CREATE_VM's type: IPA size in bits 7:0 (0: 40), and HYP_VM_TYPE_PROTECTED. */
static int vm_parse_type(unsigned long type, unsigned int *ipa_bits, bool *protected)
{
	*protected = type & HYP_VM_TYPE_PROTECTED;
	*ipa_bits = type & KVM_VM_TYPE_ARM_IPA_SIZE_MASK;
	if (type & ~(HYP_VM_TYPE_PROTECTED | KVM_VM_TYPE_ARM_IPA_SIZE_MASK)) {
		return -EINVAL;
	}
	if (!*ipa_bits) {
		*ipa_bits = MODULE_IPA_DEFAULT;
	}
	if (*ipa_bits < MODULE_IPA_MIN || *ipa_bits > caps_check(NULL, KVM_CAP_ARM_VM_IPA_SIZE)) {
		return -EINVAL;
	}
	return 0;
}

/* A name for the RM's ledger: process and number. The RM takes printable ASCII. */
static void vm_make_name(char name[RM_NAME_BYTES])
{
	char *c;

	snprintf(name, RM_NAME_BYTES, "%s:%d", current->comm, task_tgid_nr(current));
	for (c = name; *c; c++) {
		if (*c < ' ' || *c > '~') {
			*c = '?';
		}
	}
}

static struct vm *vm_alloc(unsigned long type)
{
	struct vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	char name[RM_NAME_BYTES];
	int rc;

	if (!vm) {
		return ERR_PTR(-ENOMEM);
	}
	rc = vm_parse_type(type, &vm->ipa_bits, &vm->protected);
	if (rc) {
		goto free;
	}
	rc = mem_prepare(&vm->mem);
	if (rc) {
		goto free;
	}
	vm_make_name(name);
	rc = rm_vm_create(vm->protected, vm->ipa_bits, name, &vm->handle, &vm->id);
	if (rc) {
		kvfree(vm->mem.slots);
		goto free;
	}
	kref_init(&vm->kref);
	mutex_init(&vm->lock);
	irqfd_init(&vm->irqfds);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	return vm;

free:
	kfree(vm);
	return ERR_PTR(rc);
}

int vm_create(unsigned long type)
{
	struct vm *vm = vm_alloc(type);
	int fd;

	if (IS_ERR(vm)) {
		return PTR_ERR(vm);
	}
	fd = anon_inode_getfd("hyp-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		vm_put(vm);
	}
	return fd;
}
