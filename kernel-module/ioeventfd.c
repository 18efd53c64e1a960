// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_IOEVENTFD: a guest's write to a device that only means "look at your queue" signals an eventfd
 * and lets the guest go on, without a trip to user space.
 *
 * The VM's table (ioevent_match.c) is read under RCU in the fault path and replaced as a whole under
 * irqfds->lock. Each entry holds a reference of its eventfd.
 */
#include <linux/eventfd.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "errors.h"
#include "ioevent_match.h"
#include "module.h"

#define IOEVENTFD_MAX 1024u /* of one VM */

bool ioeventfd_signal_write(struct vm *vm, const struct exit_fault *fault)
{
	const struct ioevents *events;
	struct eventfd_ctx *eventfd = NULL;

	if (!rcu_access_pointer(vm->irqfds.ioevents)) {
		return false;
	}
	rcu_read_lock();
	events = rcu_dereference(vm->irqfds.ioevents);
	if (events) {
		eventfd = ioevent_match_find(events, fault->ipa, HYP_MMIO_BYTES(fault->access),
					     fault->data);
	}
	if (eventfd) {
		eventfd_signal(eventfd, 1);
	}
	rcu_read_unlock();
	return eventfd;
}

static struct ioevents *ioeventfd_table(struct vm *vm)
{
	return rcu_dereference_protected(vm->irqfds.ioevents, lockdep_is_held(&vm->irqfds.lock));
}

static void ioeventfd_publish(struct vm *vm, struct ioevents *new)
{
	struct ioevents *old = ioeventfd_table(vm);

	rcu_assign_pointer(vm->irqfds.ioevents, new);
	synchronize_rcu();
	kfree(old);
}

static int ioeventfd_check_new(const struct ioevents *events, const struct ioevent *new)
{
	u32 i;

	if (events && events->nr >= IOEVENTFD_MAX) {
		return -ENOSPC;
	}
	for (i = 0; events && i < events->nr; i++) {
		if (ioevent_match_collides(&events->event[i], new)) {
			return -EEXIST;
		}
	}
	return 0;
}

/* The table with one more entry, sorted. irqfds->lock held. */
static int ioeventfd_add(struct vm *vm, const struct ioevent *new)
{
	const struct ioevents *old = ioeventfd_table(vm);
	u32 nr = old ? old->nr : 0;
	struct ioevents *events;
	u32 i;
	int rc = ioeventfd_check_new(old, new);

	if (rc) {
		return rc;
	}
	events = kzalloc(struct_size(events, event, nr + 1), GFP_KERNEL_ACCOUNT);
	if (!events) {
		return -ENOMEM;
	}
	for (i = 0; i < nr && old->event[i].addr <= new->addr; i++) {
		events->event[i] = old->event[i];
	}
	events->event[i] = *new;
	for (; i < nr; i++) {
		events->event[i + 1] = old->event[i];
	}
	events->nr = nr + 1;
	ioeventfd_publish(vm, events);
	return 0;
}

static bool ioeventfd_same(const struct ioevent *a, const struct ioevent *b)
{
	return a->addr == b->addr && a->length == b->length && a->eventfd == b->eventfd &&
	       a->wildcard == b->wildcard && a->data == b->data;
}

/* The table without one entry. irqfds->lock held. */
static int ioeventfd_remove(struct vm *vm, const struct ioevent *gone)
{
	const struct ioevents *old = ioeventfd_table(vm);
	struct ioevents *events;
	u32 i;

	for (i = 0; old && i < old->nr && !ioeventfd_same(&old->event[i], gone); i++) {
	}
	if (!old || i == old->nr) {
		return -ENOENT;
	}
	events = kzalloc(struct_size(events, event, old->nr), GFP_KERNEL_ACCOUNT);
	if (!events) {
		return -ENOMEM;
	}
	memcpy(&events->event[0], &old->event[0], i * sizeof(*gone));
	memcpy(&events->event[i], &old->event[i + 1], (old->nr - i - 1) * sizeof(*gone));
	events->nr = old->nr - 1;
	ioeventfd_publish(vm, events);
	eventfd_ctx_put(gone->eventfd); /* the entry's reference */
	return 0;
}

int ioeventfd_ioctl(struct vm *vm, const struct kvm_ioeventfd *args)
{
	struct ioevent event;
	bool remove = args->flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
	int rc = ioevent_match_parse(args, &event);

	if (rc) {
		return rc;
	}
	event.eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(event.eventfd)) {
		return PTR_ERR(event.eventfd);
	}
	mutex_lock(&vm->irqfds.lock);
	rc = remove ? ioeventfd_remove(vm, &event) : ioeventfd_add(vm, &event);
	mutex_unlock(&vm->irqfds.lock);
	if (rc || remove) {
		eventfd_ctx_put(event.eventfd); /* ours */
	}
	return rc;
}

/* Nobody can reach the VM any more. */
void ioeventfd_release(struct vm *vm)
{
	struct ioevents *events = rcu_dereference_protected(vm->irqfds.ioevents, true);
	u32 i;

	for (i = 0; events && i < events->nr; i++) {
		eventfd_ctx_put(events->event[i].eventfd);
	}
	kfree(events);
}
