// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts from the host: KVM_IRQ_LINE, KVM_IRQFD, KVM_SET_GSI_ROUTING.
 *
 * An irqfd makes an edge on an SPI when its eventfd is written. The hypercall that does it does not
 * sleep, so it is made right there, under the eventfd's wait queue lock, in the writer's context.
 *
 * An irqfd ends in one of three ways: user space takes it away, the VM's descriptor is closed, or
 * the eventfd's last reference goes (EPOLLHUP, in atomic context). All three unlink it from the list
 * under irqfds->list_lock; who unlinks it queues its shutdown work, which leaves the wait queue and
 * frees it. The VM's descriptor waits for all of those, so an irqfd never outlives its VM.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "errors.h"
#include "module.h"
#include "route.h"

struct irqfd {
	struct list_head node; /* empty once unlinked */
	struct vm *vm;
	struct eventfd_ctx *eventfd;
	u32 gsi;
	wait_queue_entry_t wait;
	poll_table poll;
	struct work_struct shutdown;
};

static struct workqueue_struct *irqfd_workqueue;

static void irqfd_pulse(struct irqfd *irqfd)
{
	struct vm *vm = irqfd->vm;
	u32 intid;

	rcu_read_lock();
	intid = route_find(rcu_dereference(vm->irqfds.routes), irqfd->gsi);
	rcu_read_unlock();
	if (intid != ROUTE_NONE) {
		hyp_irq_set(vm->handle, intid, 0, 1);
		hyp_irq_set(vm->handle, intid, 0, 0);
	}
}

/* irqfds->list_lock held. False: somebody else has unlinked it. */
static bool irqfd_unlink(struct irqfd *irqfd)
{
	if (list_empty(&irqfd->node)) {
		return false;
	}
	list_del_init(&irqfd->node);
	queue_work(irqfd_workqueue, &irqfd->shutdown);
	return true;
}

/* Somebody wrote the eventfd, or it goes away. Its wait queue lock is held, interrupts are off. */
static int irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	struct irqfds *irqfds = &irqfd->vm->irqfds;
	__poll_t events = key_to_poll(key);
	unsigned long irq_flags;
	int taken = 0;

	if (events & EPOLLIN) {
		u64 count;

		eventfd_ctx_do_read(irqfd->eventfd, &count);
		irqfd_pulse(irqfd);
		taken = 1;
	}
	if (events & EPOLLHUP) {
		spin_lock_irqsave(&irqfds->list_lock, irq_flags);
		irqfd_unlink(irqfd);
		spin_unlock_irqrestore(&irqfds->list_lock, irq_flags);
	}
	return taken;
}

static void irqfd_queue(struct file *file, wait_queue_head_t *head, poll_table *poll)
{
	struct irqfd *irqfd = container_of(poll, struct irqfd, poll);

	add_wait_queue_priority(head, &irqfd->wait);
}

static void irqfd_shutdown(struct work_struct *work)
{
	struct irqfd *irqfd = container_of(work, struct irqfd, shutdown);
	u64 count;

	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

/* An eventfd drives at most one line of a VM. */
static int irqfd_link(struct irqfds *irqfds, struct irqfd *new)
{
	struct irqfd *irqfd;
	int rc = 0;

	spin_lock_irq(&irqfds->list_lock);
	list_for_each_entry(irqfd, &irqfds->list, node) {
		if (irqfd->eventfd == new->eventfd) {
			rc = -EBUSY;
		}
	}
	if (!rc) {
		list_add_tail(&new->node, &irqfds->list);
	}
	spin_unlock_irq(&irqfds->list_lock);
	return rc;
}

static int irqfd_assign(struct vm *vm, const struct kvm_irqfd *args)
{
	struct irqfd *irqfd;
	struct file *file;
	int rc;

	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd) {
		return -ENOMEM;
	}
	file = eventfd_fget(args->fd);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		goto free;
	}
	irqfd->vm = vm;
	irqfd->gsi = args->gsi;
	irqfd->eventfd = eventfd_ctx_fileget(file);
	INIT_LIST_HEAD(&irqfd->node);
	INIT_WORK(&irqfd->shutdown, irqfd_shutdown);
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wakeup);
	init_poll_funcptr(&irqfd->poll, irqfd_queue);
	rc = irqfd_link(&vm->irqfds, irqfd);
	if (rc) {
		eventfd_ctx_put(irqfd->eventfd);
		goto put;
	}
	/*
	 * We hold the file: it cannot hang up before it is in the wait queue. (It may be taken away
	 * again by another thread as soon as it is linked; irqfds->lock keeps those out.) What was
	 * written before is seen here.
	 */
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN) {
		irqfd_pulse(irqfd);
	}
	fput(file);
	return 0;

put:
	fput(file);
free:
	kfree(irqfd);
	return rc;
}

static int irqfd_deassign(struct vm *vm, const struct kvm_irqfd *args)
{
	struct irqfds *irqfds = &vm->irqfds;
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(args->fd);
	struct irqfd *irqfd;
	struct irqfd *next;

	if (IS_ERR(eventfd)) {
		return PTR_ERR(eventfd);
	}
	spin_lock_irq(&irqfds->list_lock);
	list_for_each_entry_safe(irqfd, next, &irqfds->list, node) {
		if (irqfd->eventfd == eventfd && irqfd->gsi == args->gsi) {
			irqfd_unlink(irqfd);
		}
	}
	spin_unlock_irq(&irqfds->list_lock);
	eventfd_ctx_put(eventfd);
	/* When the ioctl returns, a write makes no interrupt any more. */
	flush_workqueue(irqfd_workqueue);
	return 0;
}

int irqfd_ioctl(struct vm *vm, const struct kvm_irqfd *args)
{
	int rc;

	/* The end of an interrupt is not reported to Linux: no KVM_IRQFD_FLAG_RESAMPLE. */
	if ((args->flags & ~KVM_IRQFD_FLAG_DEASSIGN) || args->gsi >= ROUTE_MAX) {
		return -EINVAL;
	}
	mutex_lock(&vm->irqfds.lock);
	if (args->flags & KVM_IRQFD_FLAG_DEASSIGN) {
		rc = irqfd_deassign(vm, args);
	} else {
		rc = irqfd_assign(vm, args);
	}
	mutex_unlock(&vm->irqfds.lock);
	return rc;
}

int irqfd_set_line(struct vm *vm, const struct kvm_irq_level *args)
{
	u32 intid;
	u32 vcpu;
	int rc;

	if (!READ_ONCE(vm->vgic.created)) {
		return -ENXIO;
	}
	rc = route_parse_line(args->irq, &intid, &vcpu);
	if (rc) {
		return rc;
	}
	return errors_to_errno(hyp_irq_set(vm->handle, intid, vcpu, args->level != 0).error);
}

static struct route_table *irqfd_make_routes(const struct kvm_irq_routing_entry *entries, u32 nr)
{
	struct route_table *table;
	int nr_gsi = route_check(entries, nr);

	if (nr_gsi < 0) {
		return ERR_PTR(nr_gsi);
	}
	table = kzalloc(struct_size(table, intid, nr_gsi), GFP_KERNEL_ACCOUNT);
	if (!table) {
		return ERR_PTR(-ENOMEM);
	}
	route_fill(table, nr_gsi, entries, nr);
	return table;
}

int irqfd_set_routing(struct vm *vm, const struct kvm_irq_routing __user *user)
{
	struct kvm_irq_routing_entry *entries = NULL;
	struct kvm_irq_routing routing;
	struct route_table *table;

	if (copy_from_user(&routing, user, sizeof(routing))) {
		return -EFAULT;
	}
	if (routing.flags || routing.nr > ROUTE_MAX) {
		return -EINVAL;
	}
	if (routing.nr) {
		entries = vmemdup_user(user->entries, array_size(sizeof(*entries), routing.nr));
		if (IS_ERR(entries)) {
			return PTR_ERR(entries);
		}
	}
	table = irqfd_make_routes(entries, routing.nr);
	kvfree(entries);
	if (IS_ERR(table)) {
		return PTR_ERR(table);
	}
	mutex_lock(&vm->irqfds.lock);
	table = rcu_replace_pointer(vm->irqfds.routes, table, lockdep_is_held(&vm->irqfds.lock));
	mutex_unlock(&vm->irqfds.lock);
	synchronize_rcu();
	kfree(table);
	return 0;
}

void irqfd_init(struct irqfds *irqfds)
{
	mutex_init(&irqfds->lock);
	spin_lock_init(&irqfds->list_lock);
	INIT_LIST_HEAD(&irqfds->list);
}

void irqfd_release(struct vm *vm)
{
	struct irqfds *irqfds = &vm->irqfds;
	struct irqfd *irqfd;
	struct irqfd *next;

	spin_lock_irq(&irqfds->list_lock);
	list_for_each_entry_safe(irqfd, next, &irqfds->list, node) {
		irqfd_unlink(irqfd);
	}
	spin_unlock_irq(&irqfds->list_lock);
	flush_workqueue(irqfd_workqueue);
}

/* Nobody can reach the VM any more. */
void irqfd_free_routes(struct vm *vm)
{
	kfree(rcu_dereference_protected(vm->irqfds.routes, true));
}

int irqfd_module_init(void)
{
	irqfd_workqueue = alloc_workqueue("hyp-irqfd", 0, 0);
	return irqfd_workqueue ? 0 : -ENOMEM;
}

void irqfd_module_exit(void)
{
	destroy_workqueue(irqfd_workqueue);
}
