/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The objects of the module and what its files offer each other.
 *
 * Lifetimes. A VM (struct vm) lives while a file descriptor leads to it: its own, a vCPU's, a
 * device's; each holds one reference. vCPUs live exactly as long as their VM. When the last
 * reference goes, vm_release() stops the VM, takes every page back and has the RM destroy it; no
 * ioctl can be under way then, because each runs under a reference of its file.
 *
 * Locks, outer before inner (none is taken in the opposite order anywhere):
 *
 *   vcpu->lock        one ioctl at a time on a vCPU; KVM_RUN holds it throughout
 *   vm->lock          vCPUs coming to exist, the GIC, start of the VM
 *   mem->slots_lock   (rwsem) the slot table; read by faults of memory, written by a change of slots
 *   mem->pages_lock   which pages the VM has; held around the calls that give and take them
 *   mm->mmap_lock     the kernel's own, taken inside pinning and accounting
 *   rm->lock          one request to the resource manager at a time
 *   irqfds->lock      irqfds, routes and ioeventfds coming and going
 *   an eventfd's wait queue lock, then irqfds->list_lock; wake.c's lock: interrupts off, no sleep
 *
 * vm->lock and vcpu->lock are the one exception that looks like one: a device access wants all
 * vCPUs at rest while it holds vm->lock, and gets them with trylock only.
 */
#ifndef MODULE_H
#define MODULE_H

#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/kvm.h>
#include <linux/mutex.h>
#include <linux/rcuwait.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/types.h>

#include <hyp/calls.h>
#include <hyp/rm_msg.h>
#include <hyp/stubs.h>

#include "exit.h"
#include "pages.h"
#include "slots.h"

/* Limits, in one place. */
#define MODULE_MAX_VCPUS   HYP_MAX_VCPUS
#define MODULE_IPA_DEFAULT 40u	/* KVM_CREATE_VM with type 0 */
#define MODULE_IPA_MIN	   32u
#define MODULE_IPA_MAX	   48u

struct platform_device;
struct route_table;
struct ioevents;
struct vm;

/* mem.c: a VM's memory. */
struct mem {
	struct rw_semaphore slots_lock;
	struct slots __rcu *slots; /* changed with slots_lock; mem_has_slot() goes without */
	struct mutex pages_lock;
	struct pages pages;
	unsigned long charged;	/* pages charged to RLIMIT_MEMLOCK; pages_lock */
	unsigned long nr_pages; /* pages given to the VM; pages_lock */
};

/* vgic.c: what user space said of the GIC before the hypervisor could be told. */
struct vgic {
	bool created;
	bool init; /* KVM_DEV_ARM_VGIC_CTRL_INIT was asked for */
	bool configured; /* the hypervisor knows */
	u32 nr_irqs;
	u64 dist_base; /* VGIC_NO_ADDR until set */
	u64 redist_base;
	u32 redist_count; /* 0: as many as there are vCPUs */
	bool redist_is_region;
};
#define VGIC_NO_ADDR (~0ULL)

/* irqfd.c and ioeventfd.c: eventfds of a VM. */
struct irqfds {
	struct mutex lock; /* changes of anything here */
	spinlock_t list_lock;
	struct list_head list;
	struct route_table __rcu *routes; /* NULL: GSI n is SPI n */
	struct ioevents __rcu *ioevents;
};

/* wake.c: a vCPU thread that waits for its guest. */
struct wake {
	struct hlist_node node; /* in the list of its flag */
	unsigned int flag;
	bool woken; /* set by whoever wakes, cleared by the thread before it enters the guest */
	struct rcuwait wait;
	struct hrtimer timer;
	bool timer_fired;
	u64 advance; /* CNTPCT ticks by which the timer is set early */
};

/* stolen.c: how long the vCPU's thread has waited for a core. */
struct stolen {
	u64 ipa; /* where the guest reads it; HYP_NO_STOLEN: nowhere */
	u64 ns;	 /* so far, since KVM_ARM_VCPU_INIT */
	u64 run_delay; /* the thread's, as last looked at */
};

struct vcpu {
	struct vm *vm;
	u32 index;
	u32 handle;
	u64 mpidr;
	struct mutex lock;
	struct kvm_run *run; /* one page, also user space's */

	/* All below: lock. */
	bool initialized; /* KVM_ARM_VCPU_INIT */
	u32 features;
	u64 action; /* what the next VCPU_RUN does first: HYP_RUN_*, and its data */
	u64 data;
	u64 next_action; /* and what the one after it: _RESUME, or _WAIT while it is suspended */
	bool mmio_pending; /* user space has a HYP_EXIT_FAULT to answer */
	struct exit_fault fault;
	bool sigset_active;
	sigset_t sigset;
	struct stolen stolen;
	u64 spsr[KVM_NR_SPSR]; /* AArch32's, kept for user space only */

	/* The VM is off: set by any vCPU, cleared by KVM_ARM_VCPU_INIT or KVM_SET_MP_STATE. */
	bool halted;

	struct wake wake;
};

struct vm {
	struct kref kref;
	struct mm_struct *mm; /* whose memory the slots show */
	u32 handle;
	u64 id; /* as the RM and the log name it */
	bool protected;
	bool nisv_to_user;
	bool may_suspend; /* KVM_CAP_ARM_SYSTEM_SUSPEND; lock */
	unsigned int ipa_bits;

	struct mutex lock;
	bool started;
	u32 nr_vcpus;
	struct vcpu *vcpus[MODULE_MAX_VCPUS]; /* never taken away before vm_release() */
	struct vgic vgic;

	struct mem mem;
	struct irqfds irqfds;
};

/* main.c */
u32 main_intid(unsigned int irq); /* the GIC's number of a Linux interrupt */

/* caps.c */
/* KVM_CHECK_EXTENSION, of a VM or (NULL) of the device. */
long caps_check(const struct vm *vm, unsigned long cap);

/* host.c: ioctls about the system (include/uapi/hyp.h). */
long host_ioctl(unsigned int cmd, unsigned long arg); /* -ENOTTY: not one of them */

/* rm.c */
int rm_start(u32 tx, u32 rx, unsigned int irq);
void rm_stop(unsigned int irq);
/* One request and its answer. 0 or negative errno; the answer's fields are valid with 0. */
int rm_call(struct rm_request *request, struct rm_answer *answer);
int rm_vm_create(bool protected, unsigned int ipa_bits, const char *name, u32 *handle, u64 *id);
int rm_vm_quota(u64 id, u64 bytes);
int rm_self_quota(u64 bytes);
int rm_vcpu_create(u64 id, u32 index, u64 mpidr, u32 *handle);
int rm_vm_destroy(u64 id);

/* wake.c */
int wake_start(u32 doorbell, unsigned int irq);
void wake_stop(unsigned int irq);
int wake_init_vcpu(struct vcpu *vcpu);
void wake_exit_vcpu(struct vcpu *vcpu);
/* Before the guest is entered: only what happens from now on counts. */
static inline void wake_clear(struct wake *wake)
{
	WRITE_ONCE(wake->woken, false);
}
/* Sleeps until woken, until CNTPCT reaches deadline (~0: never), or -EINTR. */
int wake_wait(struct wake *wake, u64 deadline);

/* vm.c */
int vm_create(unsigned long type); /* returns a file descriptor */
void vm_get(struct vm *vm);
void vm_put(struct vm *vm);
int vm_start(struct vm *vm); /* before a vCPU first runs */
/* Locks every vCPU, or -EBUSY if one is in an ioctl. Caller holds vm->lock. */
int vm_lock_vcpus(struct vm *vm);
void vm_unlock_vcpus(struct vm *vm);
/*
 * A call failed for want of pool pages: buys some. own: the host VM's pool is dry, not the VM's.
 * False: it is no use to try the call again.
 */
bool vm_buy_pool(struct vm *vm, unsigned int attempt, bool own);
/* The guest has switched itself off or asked for a reset: no vCPU runs on until it is told to. */
void vm_halt(struct vm *vm);

/* vcpu.c */
int vcpu_create(struct vm *vm, unsigned long id); /* returns a file descriptor */
/* PSCI SYSTEM_SUSPEND is offered to the guest, and goes to user space. */
int vcpu_allow_suspend(struct vcpu *vcpu);
void vcpu_free(struct vcpu *vcpu);

/* run.c */
int run_vcpu(struct vcpu *vcpu); /* KVM_RUN */

/* stolen.c: with vcpu->lock held. KVM_ARM_VCPU_PVTIME_CTRL, and the count. */
bool stolen_is_offered(const struct vm *vm);
void stolen_init(struct vcpu *vcpu);
void stolen_reset(struct vcpu *vcpu);
int stolen_attr(struct vcpu *vcpu, unsigned int cmd, const struct kvm_device_attr *attr);
void stolen_write(struct vcpu *vcpu);
/* Before the guest is entered, where a page fault can be served. */
static inline void stolen_update(struct vcpu *vcpu)
{
	if (unlikely(vcpu->stolen.run_delay != current->sched_info.run_delay)) {
		stolen_write(vcpu);
	}
}

/* reg.c: with vcpu->lock held */
int reg_get(struct vcpu *vcpu, const struct kvm_one_reg *args);
int reg_set(struct vcpu *vcpu, const struct kvm_one_reg *args);
int reg_list(struct vcpu *vcpu, struct kvm_reg_list __user *list);

/* mem.c */
int mem_prepare(struct mem *mem);
int mem_set_region(struct vm *vm, const struct kvm_userspace_memory_region *region);
/* Gives the VM what belongs at ipa. 0; -ENOENT: nothing does (or it may not be written). */
int mem_fault(struct vm *vm, u64 ipa, u64 prot);
/* Where the process sees the guest's byte at ipa, or 0. */
unsigned long mem_user_address(struct vm *vm, u64 ipa);
/* Takes everything back and frees the slots; the VM has been stopped. */
void mem_release(struct vm *vm);

/* memfile.c: files of guest memory */
int memfile_create(unsigned long arg); /* HYP_CREATE_MEMORY; a file descriptor, or an error */
/* Whether the page, pinned by the caller, is such a file's. */
bool memfile_owns(struct page *page);
/* Whether all that the process maps there is of such files. */
bool memfile_is_mapped(struct mm_struct *mm, unsigned long hva, unsigned long bytes);
/*
 * The huge pages that the process maps from such a file from hva on, the whole of them, at most nr. The
 * first is made if it is not there yet, and is alone then; write: only where it may write. Returns of
 * how many pages[] has the first page, with a reference (put_page()).
 */
unsigned long memfile_get_blocks(struct mm_struct *mm, unsigned long hva, bool write,
				 struct page **pages, unsigned long nr);
/*
 * The same for single pages, at most nr from hva on, which are made. Returns for how many there are
 * references in pages[]; 0: no such file is there, or a protected guest has the first page.
 */
unsigned long memfile_get_pages(struct mm_struct *mm, unsigned long hva, bool write,
				struct page **pages, unsigned long nr);
/*
 * The page that the process maps from such a file at hva, made if need be, with a reference
 * (put_page()), for a protected guest: out of reach of all processes until that reference is gone.
 * *block: the whole huge page around hva would do, and whether it is that (its first page then).
 * -EFAULT: no such file is there, -EACCES: a protected guest has it, -EBUSY: somebody else does.
 */
struct page *memfile_take(struct mm_struct *mm, unsigned long hva, bool write, bool *block);

/* vgic.c */
int vgic_create(struct vm *vm, struct kvm_create_device *args);
int vgic_start(struct vm *vm); /* vm->lock held: the VM is about to run */

/* irqfd.c */
void irqfd_init(struct irqfds *irqfds);
int irqfd_ioctl(struct vm *vm, const struct kvm_irqfd *args);
int irqfd_set_line(struct vm *vm, const struct kvm_irq_level *args);
int irqfd_set_routing(struct vm *vm, const struct kvm_irq_routing __user *routing);
/* After it no eventfd makes an interrupt any more. May be called again. */
void irqfd_release(struct vm *vm);
void irqfd_free_routes(struct vm *vm);
int irqfd_module_init(void);
void irqfd_module_exit(void);

/* ioeventfd.c */
int ioeventfd_ioctl(struct vm *vm, const struct kvm_ioeventfd *args);
bool ioeventfd_signal_write(struct vm *vm, const struct exit_fault *fault);
void ioeventfd_release(struct vm *vm);

/*
 * A call that must not fail because another core is busy with the same VM or with the table of VMs
 * for a moment: user space sees EBUSY only where KVM has it. May sleep, for a fifth of a second.
 */
#define PATIENTLY(call) hyp_while_busy(call, usleep_range(20, 100))

/* Debug aid that every file uses: an ioctl's structure, copied whole. */
#define COPY_IN(to, arg) (copy_from_user(&(to), (void __user *)(arg), sizeof(to)) ? -EFAULT : 0)
#define COPY_OUT(arg, from) (copy_to_user((void __user *)(arg), &(from), sizeof(from)) ? -EFAULT : 0)

#endif
