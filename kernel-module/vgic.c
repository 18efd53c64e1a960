// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_CREATE_DEVICE's VGICv3: where the guest's interrupt controller lies, and its registers.
 *
 * The controller itself is the hypervisor's. KVM lets user space say things in nearly any order
 * (addresses, number of interrupts, "initialize", vCPUs); the hypervisor wants to hear them once.
 * So they are collected in vm->vgic and passed on when they are complete: when the VM starts, or
 * when somebody wants to read or write a register before. From then on vCPUs cannot be added.
 *
 * vm->lock guards vm->vgic. A register access needs every vCPU at rest, as with KVM: EBUSY else.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "errors.h"
#include "module.h"
#include "vgic_attr.h"

#define VGIC_DEFAULT_IRQS 256u

/* Tells the hypervisor. vm->lock held. -ENXIO: an address is missing. */
static int vgic_configure(struct vm *vm)
{
	struct vgic *vgic = &vm->vgic;
	struct hyp_result result;
	unsigned int attempt = 0;
	u64 bytes = (u64)vm->nr_vcpus * VGIC_ATTR_REDIST_BYTES;

	if (vgic->configured) {
		return 0;
	}
	if (vgic->dist_base == VGIC_NO_ADDR || vgic->redist_base == VGIC_NO_ADDR) {
		return -ENXIO;
	}
	if (vgic->redist_count && vgic->redist_count < vm->nr_vcpus) {
		return -EINVAL;
	}
	if (vgic_attr_check_frame(vgic->redist_base, bytes, vm->ipa_bits) ||
	    (vgic->dist_base < vgic->redist_base + bytes &&
	     vgic->redist_base < vgic->dist_base + VGIC_ATTR_DIST_BYTES)) {
		return -EINVAL;
	}
	if (!vgic->nr_irqs) {
		vgic->nr_irqs = VGIC_DEFAULT_IRQS;
	}
	do {
		result = hyp_vgic_config(vm->handle, vgic->dist_base, vgic->redist_base,
					 vgic->nr_irqs);
	} while (result.error == HYP_E_NOMEM && vm_buy_pool(vm, attempt++, false));
	vgic->configured = !result.error;
	return errors_to_errno(result.error);
}

int vgic_start(struct vm *vm)
{
	if (!vm->vgic.created) {
		return 0; /* a guest without interrupts */
	}
	return vm->vgic.init ? vgic_configure(vm) : -ENXIO;
}

/* vm->lock held. */
static int vgic_place(struct vm *vm, u64 *base, u64 addr, u64 bytes)
{
	int rc;

	if (*base != VGIC_NO_ADDR) {
		return -EEXIST;
	}
	rc = vgic_attr_check_frame(addr, bytes, vm->ipa_bits);
	if (!rc) {
		*base = addr;
	}
	return rc;
}

static int vgic_set_region(struct vm *vm, u64 value)
{
	struct vgic *vgic = &vm->vgic;
	u32 count;
	u64 base;
	int rc = vgic_attr_parse_region(value, &base, &count);

	if (!rc) {
		rc = vgic_place(vm, &vgic->redist_base, base, (u64)count * VGIC_ATTR_REDIST_BYTES);
	}
	if (!rc) {
		vgic->redist_count = count;
		vgic->redist_is_region = true;
	}
	return rc;
}

static int vgic_set_addr_locked(struct vm *vm, u64 type, u64 addr)
{
	struct vgic *vgic = &vm->vgic;

	switch (type) {
	case KVM_VGIC_V3_ADDR_TYPE_DIST:
		return vgic_place(vm, &vgic->dist_base, addr, VGIC_ATTR_DIST_BYTES);
	case KVM_VGIC_V3_ADDR_TYPE_REDIST:
		return vgic_place(vm, &vgic->redist_base, addr, VGIC_ATTR_REDIST_BYTES);
	case KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION:
		return vgic_set_region(vm, addr);
	default:
		return -ENXIO;
	}
}

static int vgic_get_addr_locked(struct vm *vm, u64 type, u64 *addr)
{
	struct vgic *vgic = &vm->vgic;

	switch (type) {
	case KVM_VGIC_V3_ADDR_TYPE_DIST:
		*addr = vgic->dist_base;
		return 0;
	case KVM_VGIC_V3_ADDR_TYPE_REDIST:
		*addr = vgic->redist_is_region ? VGIC_NO_ADDR : vgic->redist_base;
		return vgic->redist_is_region ? -EINVAL : 0;
	case KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION:
		if (!vgic->redist_is_region || (*addr & 0xfff)) {
			return -ENOENT;
		}
		*addr = vgic->redist_base | (u64)vgic->redist_count << 52;
		return 0;
	default:
		return -ENXIO;
	}
}

/* One register of the GIC. vm->lock held. */
static int vgic_access(struct vm *vm, const struct vgic_attr_reg *reg, bool write, u64 *value)
{
	struct hyp_result result;
	int rc = vm->vgic.init ? vgic_configure(vm) : -EBUSY;

	if (!rc) {
		rc = vm_lock_vcpus(vm);
	}
	if (rc) {
		return rc;
	}
	if (write) {
		result = PATIENTLY(hyp_vgic_reg_set(vm->handle, reg->group, reg->mpidr,
						    reg->reg, *value));
	} else {
		result = PATIENTLY(
			hyp_vgic_reg_get(vm->handle, reg->group, reg->mpidr, reg->reg));
		*value = result.v[0];
	}
	vm_unlock_vcpus(vm);
	return result.error == HYP_E_ADDR ? -ENXIO : errors_to_errno(result.error);
}

static int vgic_attr_reg(struct vm *vm, const struct kvm_device_attr *attr, bool write)
{
	void __user *user = u64_to_user_ptr(attr->addr);
	struct vgic_attr_reg reg;
	u64 value = 0;
	int rc = vgic_attr_parse_reg(attr->group, attr->attr, &reg);

	if (!rc && write && copy_from_user(&value, user, reg.bytes)) {
		rc = -EFAULT;
	}
	if (rc) {
		return rc;
	}
	mutex_lock(&vm->lock);
	rc = vgic_access(vm, &reg, write, &value);
	mutex_unlock(&vm->lock);
	if (!rc && !write && copy_to_user(user, &value, reg.bytes)) {
		rc = -EFAULT;
	}
	return rc;
}

static int vgic_set_nr_irqs(struct vm *vm, u64 addr)
{
	u32 nr;
	int rc = COPY_IN(nr, addr);

	if (!rc) {
		rc = vgic_attr_check_nr_irqs(nr);
	}
	if (rc) {
		return rc;
	}
	mutex_lock(&vm->lock);
	if (vm->vgic.nr_irqs || vm->vgic.init) {
		rc = -EBUSY;
	} else {
		vm->vgic.nr_irqs = nr;
	}
	mutex_unlock(&vm->lock);
	return rc;
}

/* KVM_DEV_ARM_VGIC_CTRL_INIT. Addresses may still be missing. */
static int vgic_init(struct vm *vm)
{
	struct vgic *vgic = &vm->vgic;
	int rc = 0;

	mutex_lock(&vm->lock);
	if (!vm->nr_vcpus) {
		rc = -ENODEV;
	} else {
		vgic->init = true;
	}
	if (!rc && vgic->dist_base != VGIC_NO_ADDR && vgic->redist_base != VGIC_NO_ADDR) {
		rc = vgic_configure(vm);
	}
	mutex_unlock(&vm->lock);
	return rc;
}

static int vgic_set_attr(struct vm *vm, const struct kvm_device_attr *attr)
{
	u64 addr;
	int rc;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		if (COPY_IN(addr, attr->addr)) {
			return -EFAULT;
		}
		mutex_lock(&vm->lock);
		rc = vgic_set_addr_locked(vm, attr->attr, addr);
		mutex_unlock(&vm->lock);
		return rc;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return vgic_set_nr_irqs(vm, attr->addr);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ? vgic_init(vm) : -ENXIO;
	default:
		return vgic_attr_reg(vm, attr, true);
	}
}

static int vgic_get_attr(struct vm *vm, const struct kvm_device_attr *attr)
{
	u64 addr;
	u32 nr;
	int rc;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		if (COPY_IN(addr, attr->addr)) {
			return -EFAULT;
		}
		mutex_lock(&vm->lock);
		rc = vgic_get_addr_locked(vm, attr->attr, &addr);
		mutex_unlock(&vm->lock);
		return rc ? rc : COPY_OUT(attr->addr, addr);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		nr = READ_ONCE(vm->vgic.nr_irqs);
		return COPY_OUT(attr->addr, nr);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return -ENXIO;
	default:
		return vgic_attr_reg(vm, attr, false);
	}
}

static int vgic_has_attr(const struct kvm_device_attr *attr)
{
	struct vgic_attr_reg reg;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		switch (attr->attr) {
		case KVM_VGIC_V3_ADDR_TYPE_DIST:
		case KVM_VGIC_V3_ADDR_TYPE_REDIST:
		case KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION:
			return 0;
		}
		return -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ? 0 : -ENXIO;
	default:
		return vgic_attr_parse_reg(attr->group, attr->attr, &reg);
	}
}

static long vgic_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vm *vm = file->private_data;
	struct kvm_device_attr attr;

	if (vm->mm != current->mm) {
		return -EIO;
	}
	if (cmd != KVM_SET_DEVICE_ATTR && cmd != KVM_GET_DEVICE_ATTR && cmd != KVM_HAS_DEVICE_ATTR) {
		return -ENOTTY;
	}
	if (COPY_IN(attr, arg)) {
		return -EFAULT;
	}
	if (attr.flags) {
		return -EINVAL;
	}
	switch (cmd) {
	case KVM_SET_DEVICE_ATTR:
		return vgic_set_attr(vm, &attr);
	case KVM_GET_DEVICE_ATTR:
		return vgic_get_attr(vm, &attr);
	default:
		return vgic_has_attr(&attr);
	}
}

static int vgic_release_file(struct inode *inode, struct file *file)
{
	vm_put(file->private_data);
	return 0;
}

static const struct file_operations vgic_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vgic_ioctl,
	.release = vgic_release_file,
	.llseek = noop_llseek,
};

static int vgic_create_locked(struct vm *vm)
{
	if (vm->vgic.created) {
		return -EEXIST;
	}
	if (vm->started) {
		return -EBUSY;
	}
	vm->vgic = (struct vgic){
		.created = true,
		.dist_base = VGIC_NO_ADDR,
		.redist_base = VGIC_NO_ADDR,
	};
	return 0;
}

int vgic_create(struct vm *vm, struct kvm_create_device *args)
{
	int rc;
	int fd;

	if (args->type != KVM_DEV_TYPE_ARM_VGIC_V3) {
		return -ENODEV;
	}
	if (args->flags & ~KVM_CREATE_DEVICE_TEST) {
		return -EINVAL;
	}
	if (args->flags & KVM_CREATE_DEVICE_TEST) {
		return 0;
	}
	mutex_lock(&vm->lock);
	rc = vgic_create_locked(vm);
	mutex_unlock(&vm->lock);
	if (rc) {
		return rc;
	}
	vm_get(vm);
	fd = anon_inode_getfd("hyp-vgic", &vgic_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		vm_put(vm);
		mutex_lock(&vm->lock);
		vm->vgic.created = false;
		mutex_unlock(&vm->lock);
		return fd;
	}
	args->fd = fd;
	return 0;
}
