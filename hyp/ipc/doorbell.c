/* SPDX-License-Identifier: BSD-3-Clause */
/* Doorbells: 64 flags and a level interrupt while an unmasked one is set. See ipc.h. */
#include <core/vm.h>
#include <hyp/error.h>
#include <ipc/ipc.h>

int doorbell_create(struct vm *owner, struct doorbell **out)
{
	struct doorbell *doorbell = pool_alloc(&owner->pool);

	if (!doorbell) {
		return HYP_E_NOMEM;
	}
	spin_init(&doorbell->object.lock, LOCK_IPC);
	doorbell->object.type = HYP_OBJECT_DOORBELL;
	doorbell->mask = ~0ull;
	*out = doorbell;
	return HYP_OK;
}

static void update_line(struct doorbell *doorbell)
{
	const struct ipc_binding *to = &doorbell->receiver;

	if (to->vm) {
		vgic_set_line(to->vm, NULL, to->virq, (doorbell->flags & doorbell->mask) != 0);
	}
}

int doorbell_bind(struct doorbell *doorbell, struct vm *vm, u32 virq)
{
	int error = HYP_OK;

	spin_lock(&doorbell->object.lock);
	if (virq == 0) {
		if (doorbell->receiver.vm) {
			vgic_set_line(doorbell->receiver.vm, NULL, doorbell->receiver.virq, false);
		}
		doorbell->receiver.vm = NULL;
	} else if (doorbell->receiver.vm) {
		error = HYP_E_EXIST;
	} else if (doorbell->wakes && !(vm->flags & HYP_VM_HOST)) {
		error = HYP_E_DENIED;
	} else {
		/* The first update also checks the number. */
		error = vgic_set_line(vm, NULL, virq, (doorbell->flags & doorbell->mask) != 0);
		if (!error) {
			doorbell->receiver = (struct ipc_binding){vm, virq};
		}
	}
	spin_unlock(&doorbell->object.lock);
	return error;
}

int doorbell_use_as_wake(struct doorbell *doorbell)
{
	int error = HYP_OK;

	spin_lock(&doorbell->object.lock);
	if (doorbell->receiver.vm && !(doorbell->receiver.vm->flags & HYP_VM_HOST)) {
		error = HYP_E_DENIED;
	} else {
		doorbell->wakes = true;
	}
	spin_unlock(&doorbell->object.lock);
	return error;
}

u64 doorbell_send(struct doorbell *doorbell, u64 flags)
{
	u64 old;

	spin_lock(&doorbell->object.lock);
	old = doorbell->flags;
	doorbell->flags |= flags;
	if (doorbell->flags != old) {
		update_line(doorbell);
	}
	spin_unlock(&doorbell->object.lock);
	return old;
}

u64 doorbell_recv(struct doorbell *doorbell, u64 mask)
{
	u64 taken;

	spin_lock(&doorbell->object.lock);
	taken = doorbell->flags & mask;
	doorbell->flags &= ~taken;
	if (taken) {
		update_line(doorbell);
	}
	spin_unlock(&doorbell->object.lock);
	return taken;
}

void doorbell_set_mask(struct doorbell *doorbell, u64 mask)
{
	spin_lock(&doorbell->object.lock);
	doorbell->mask = mask;
	update_line(doorbell);
	spin_unlock(&doorbell->object.lock);
}
