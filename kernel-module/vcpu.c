// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU as a file descriptor: its ioctls, apart from KVM_RUN (run.c) and registers (reg.c).
 *
 * The descriptor holds a reference to the VM; the vCPU itself lives as long as the VM. One ioctl at
 * a time runs on a vCPU (vcpu->lock). The kvm_run page is allocated with the vCPU and mapped into
 * user space page by page on fault, each mapping holding a reference of the page.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "errors.h"
#include "module.h"

/* Interrupts of the generic timers as seen by every guest of the hypervisor. */
#define VCPU_VTIMER_INTID 27
#define VCPU_PTIMER_INTID 30

#define VCPU_FEATURES (BIT(KVM_ARM_VCPU_POWER_OFF) | BIT(KVM_ARM_VCPU_PSCI_0_2))

/*
 * KVM_ARM_VCPU_INIT: registers as after reset. Features that are not offered are refused with
 * EINVAL, those nobody knows with ENOENT, as KVM does.
 */
static int vcpu_init(struct vcpu *vcpu, const struct kvm_vcpu_init *init)
{
	u32 features = init->features[0];
	struct hyp_result result;
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(init->features); i++) {
		if (init->features[i]) {
			return -ENOENT;
		}
	}
	if (features & ~(BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC + 1) - 1)) {
		return -ENOENT;
	}
	if (init->target != KVM_ARM_TARGET_GENERIC_V8 || (features & ~VCPU_FEATURES)) {
		return -EINVAL;
	}
	if (vcpu->initialized && vcpu->features != (features & ~BIT(KVM_ARM_VCPU_POWER_OFF))) {
		return -EINVAL;
	}
	result = PATIENTLY(hyp_vcpu_reset(vcpu->handle));
	if (!result.error) {
		result = PATIENTLY(
			hyp_vcpu_power(vcpu->handle, !(features & BIT(KVM_ARM_VCPU_POWER_OFF))));
	}
	if (result.error) {
		return errors_to_errno(result.error);
	}
	vcpu->features = features & ~BIT(KVM_ARM_VCPU_POWER_OFF);
	vcpu->action = HYP_RUN_RESUME;
	vcpu->next_action = HYP_RUN_RESUME;
	vcpu->mmio_pending = false;
	memset(vcpu->spsr, 0, sizeof(vcpu->spsr));
	stolen_reset(vcpu);
	vcpu->initialized = true;
	WRITE_ONCE(vcpu->halted, false);
	return 0;
}

int vcpu_allow_suspend(struct vcpu *vcpu)
{
	return errors_to_errno(
		PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, HYP_REG_SUSPEND, 1)).error);
}

static int vcpu_get_mp_state(struct vcpu *vcpu, unsigned long arg)
{
	struct hyp_result power = PATIENTLY(hyp_vcpu_reg_get(vcpu->handle, HYP_REG_POWER));
	struct kvm_mp_state state;

	if (power.error) {
		return errors_to_errno(power.error);
	}
	if (!power.v[0] || READ_ONCE(vcpu->halted)) {
		state.mp_state = KVM_MP_STATE_STOPPED;
	} else if (vcpu->next_action == HYP_RUN_WAIT) {
		state.mp_state = KVM_MP_STATE_SUSPENDED;
	} else {
		state.mp_state = KVM_MP_STATE_RUNNABLE;
	}
	return COPY_OUT(arg, state);
}

static int vcpu_set_mp_state(struct vcpu *vcpu, unsigned long arg)
{
	struct kvm_mp_state state;
	bool on;
	int rc;

	if (COPY_IN(state, arg)) {
		return -EFAULT;
	}
	if (state.mp_state != KVM_MP_STATE_RUNNABLE && state.mp_state != KVM_MP_STATE_STOPPED &&
	    state.mp_state != KVM_MP_STATE_SUSPENDED) {
		return -EINVAL;
	}
	on = state.mp_state != KVM_MP_STATE_STOPPED;
	rc = errors_to_errno(PATIENTLY(hyp_vcpu_power(vcpu->handle, on)).error);
	if (!rc) {
		WRITE_ONCE(vcpu->halted, false);
		vcpu->next_action = state.mp_state == KVM_MP_STATE_SUSPENDED ? HYP_RUN_WAIT :
									       HYP_RUN_RESUME;
		vcpu->action = vcpu->next_action;
	}
	return rc;
}

/* The mask that holds while KVM_RUN waits or runs; no mask if arg is NULL. */
static int vcpu_set_sigmask(struct vcpu *vcpu, unsigned long arg)
{
	struct kvm_signal_mask mask;
	sigset_t set;

	if (!arg) {
		vcpu->sigset_active = false;
		return 0;
	}
	if (COPY_IN(mask, arg)) {
		return -EFAULT;
	}
	if (mask.len != sizeof(set)) {
		return -EINVAL;
	}
	if (COPY_IN(set, arg + sizeof(mask))) {
		return -EFAULT;
	}
	sigdelsetmask(&set, sigmask(SIGKILL) | sigmask(SIGSTOP));
	vcpu->sigset = set;
	vcpu->sigset_active = true;
	return 0;
}

/* The timers' interrupts can be asked for, and set to what they are. */
static int vcpu_timer_attr(unsigned int cmd, const struct kvm_device_attr *attr)
{
	u32 want;
	u32 intid;

	switch (attr->attr) {
	case KVM_ARM_VCPU_TIMER_IRQ_VTIMER:
		intid = VCPU_VTIMER_INTID;
		break;
	case KVM_ARM_VCPU_TIMER_IRQ_PTIMER:
		intid = VCPU_PTIMER_INTID;
		break;
	default:
		return -ENXIO;
	}
	switch (cmd) {
	case KVM_HAS_DEVICE_ATTR:
		return 0;
	case KVM_GET_DEVICE_ATTR:
		return COPY_OUT(attr->addr, intid);
	default:
		return COPY_IN(want, attr->addr) ?: want == intid ? 0 : -EINVAL;
	}
}

static int vcpu_device_attr(struct vcpu *vcpu, unsigned int cmd, unsigned long arg)
{
	struct kvm_device_attr attr;

	if (COPY_IN(attr, arg)) {
		return -EFAULT;
	}
	if (attr.flags) {
		return -ENXIO;
	}
	switch (attr.group) {
	case KVM_ARM_VCPU_TIMER_CTRL:
		return vcpu_timer_attr(cmd, &attr);
	case KVM_ARM_VCPU_PVTIME_CTRL:
		return stolen_attr(vcpu, cmd, &attr);
	default:
		return -ENXIO;
	}
}

static int vcpu_ioctl_reg(struct vcpu *vcpu, unsigned int cmd, unsigned long arg)
{
	struct kvm_one_reg reg;

	if (!vcpu->initialized) {
		return -ENOEXEC;
	}
	if (cmd == KVM_GET_REG_LIST) {
		return reg_list(vcpu, (void __user *)arg);
	}
	if (COPY_IN(reg, arg)) {
		return -EFAULT;
	}
	return cmd == KVM_GET_ONE_REG ? reg_get(vcpu, &reg) : reg_set(vcpu, &reg);
}

static int vcpu_ioctl_init(struct vcpu *vcpu, unsigned long arg)
{
	struct kvm_vcpu_init init;

	return COPY_IN(init, arg) ?: vcpu_init(vcpu, &init);
}

static long vcpu_set_debug_points(struct vcpu *vcpu, const struct kvm_guest_debug_arch *points)
{
	const __u64 *const kinds[] = {points->dbg_bvr, points->dbg_bcr, points->dbg_wvr,
				      points->dbg_wcr};
	long error = 0;
	u32 kind;
	u32 n;

	for (kind = 0; kind < ARRAY_SIZE(kinds) && !error; kind++) {
		for (n = 0; n < KVM_ARM_MAX_DBG_REGS && !error; n++) {
			u32 reg = HYP_REG_DEBUG_POINT(kind, n);

			error = PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, reg, kinds[kind][n])).error;
		}
	}
	return error;
}

#define VCPU_DEBUG_FLAGS                                                                          \
	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW)

/* While it is on, debug exceptions of any kind end KVM_RUN, as with KVM. */
static int vcpu_ioctl_debug(struct vcpu *vcpu, unsigned long arg)
{
	struct kvm_guest_debug debug;
	long error = 0;
	u64 control = 0;

	if (COPY_IN(debug, arg)) {
		return -EFAULT;
	}
	if ((debug.control & ~VCPU_DEBUG_FLAGS) || vcpu->vm->protected) {
		return -EINVAL;
	}
	if (debug.control & KVM_GUESTDBG_ENABLE) {
		control = HYP_DEBUG_TRAP;
		control |= debug.control & KVM_GUESTDBG_SINGLESTEP ? HYP_DEBUG_STEP : 0;
		control |= debug.control & KVM_GUESTDBG_USE_HW ? HYP_DEBUG_HW : 0;
	}
	if (control & HYP_DEBUG_HW) {
		error = vcpu_set_debug_points(vcpu, &debug.arch);
	}
	if (!error) {
		error = PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, HYP_REG_DEBUG, control)).error;
	}
	return errors_to_errno(error);
}

/* Nothing is ever pending: an abort that is asked for comes with the next KVM_RUN. */
static long vcpu_get_events(unsigned long arg)
{
	const struct kvm_vcpu_events events = {};

	return COPY_OUT(arg, events);
}

/* An external abort answers the access that user space was shown last; there are no others. */
static long vcpu_set_events(struct vcpu *vcpu, unsigned long arg)
{
	struct kvm_vcpu_events events;

	if (COPY_IN(events, arg)) {
		return -EFAULT;
	}
	if (events.exception.serror_pending || events.exception.ext_dabt_pending > 1) {
		return -EINVAL;
	}
	if (events.exception.ext_dabt_pending) {
		vcpu->mmio_pending = false;
		vcpu->action = HYP_RUN_ABORT;
	}
	return 0;
}

static long vcpu_ioctl_locked(struct vcpu *vcpu, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KVM_RUN:
		return arg ? -EINVAL : run_vcpu(vcpu);
	case KVM_ARM_VCPU_INIT:
		return vcpu_ioctl_init(vcpu, arg);
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
	case KVM_GET_REG_LIST:
		return vcpu_ioctl_reg(vcpu, cmd, arg);
	case KVM_GET_MP_STATE:
		return vcpu_get_mp_state(vcpu, arg);
	case KVM_SET_MP_STATE:
		return vcpu_set_mp_state(vcpu, arg);
	case KVM_GET_VCPU_EVENTS:
		return vcpu_get_events(arg);
	case KVM_SET_VCPU_EVENTS:
		return vcpu_set_events(vcpu, arg);
	case KVM_SET_SIGNAL_MASK:
		return vcpu_set_sigmask(vcpu, arg);
	case KVM_SET_GUEST_DEBUG:
		return vcpu_ioctl_debug(vcpu, arg);
	case KVM_HAS_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_SET_DEVICE_ATTR:
		return vcpu_device_attr(vcpu, cmd, arg);
	default:
		return -ENOTTY;
	}
}

static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vcpu *vcpu = file->private_data;
	long rc;

	if (unlikely(vcpu->vm->mm != current->mm)) {
		return -EIO;
	}
	if (unlikely(_IOC_TYPE(cmd) != KVMIO)) {
		return -EINVAL;
	}
	if (unlikely(!mutex_trylock(&vcpu->lock)) && mutex_lock_killable(&vcpu->lock)) {
		return -EINTR;
	}
	rc = vcpu_ioctl_locked(vcpu, cmd, arg);
	mutex_unlock(&vcpu->lock);
	return rc;
}

static vm_fault_t vcpu_mmap_fault(struct vm_fault *fault)
{
	struct vcpu *vcpu = fault->vma->vm_file->private_data;

	if (fault->pgoff) {
		return VM_FAULT_SIGBUS;
	}
	fault->page = virt_to_page(vcpu->run);
	get_page(fault->page);
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_mmap_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

static int vcpu_release_file(struct inode *inode, struct file *file)
{
	struct vcpu *vcpu = file->private_data;

	if (vcpu) { /* else it did not come to that */
		vm_put(vcpu->vm);
	}
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.release = vcpu_release_file,
	.llseek = noop_llseek,
};

/* Affinity of vCPU n as KVM's guests know it: 16 to a cluster, which is what a GICv3 SGI reaches. */
static u64 vcpu_mpidr(u32 index)
{
	return (index & 0xf) | (u64)(index >> 4) << 8;
}

static struct vcpu *vcpu_alloc(struct vm *vm, u32 index)
{
	struct vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);

	if (!vcpu) {
		return NULL;
	}
	vcpu->run = (struct kvm_run *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vcpu->run) {
		kfree(vcpu);
		return NULL;
	}
	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->mpidr = vcpu_mpidr(index);
	mutex_init(&vcpu->lock);
	stolen_init(vcpu);
	return vcpu;
}

/* The vCPU in the hypervisor: it goes with the VM, not before. */
static int vcpu_make(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	unsigned int attempt = 0;
	int rc;

	do {
		rc = rm_vcpu_create(vm->id, vcpu->index, vcpu->mpidr, &vcpu->handle);
	} while (rc == -ENOMEM && vm_buy_pool(vm, attempt++, false));
	if (!rc && vm->may_suspend) {
		rc = vcpu_allow_suspend(vcpu);
	}
	return rc ? rc : wake_init_vcpu(vcpu);
}

void vcpu_free(struct vcpu *vcpu)
{
	free_page((unsigned long)vcpu->run);
	kfree(vcpu);
}

/* A vCPU with its file. What the hypervisor has made stays made, so what else can fail comes first. */
static struct file *vcpu_make_file(struct vm *vm, u32 index)
{
	struct vcpu *vcpu = vcpu_alloc(vm, index);
	struct file *file;
	int rc;

	if (!vcpu) {
		return ERR_PTR(-ENOMEM);
	}
	file = anon_inode_getfile("hyp-vcpu", &vcpu_fops, vcpu, O_RDWR);
	if (IS_ERR(file)) {
		vcpu_free(vcpu);
		return file;
	}
	rc = vcpu_make(vcpu);
	if (rc) {
		file->private_data = NULL;
		fput(file);
		vcpu_free(vcpu);
		return ERR_PTR(rc);
	}
	vm_get(vm);
	vm->vcpus[index] = vcpu;
	vm->nr_vcpus++;
	return file;
}

static int vcpu_create_locked(struct vm *vm, u32 index)
{
	struct file *file;
	int fd;

	if (vm->vcpus[index]) {
		return -EEXIST;
	}
	if (vm->vgic.configured) {
		return -EBUSY; /* its redistributors are placed, none for this vCPU */
	}
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		return fd;
	}
	file = vcpu_make_file(vm, index);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

int vcpu_create(struct vm *vm, unsigned long id)
{
	int rc;

	if (id >= MODULE_MAX_VCPUS) {
		return -EINVAL;
	}
	mutex_lock(&vm->lock);
	rc = vcpu_create_locked(vm, (u32)id);
	mutex_unlock(&vm->lock);
	return rc;
}
