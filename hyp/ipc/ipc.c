/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of doorbells and message queues when a VM goes away. See ipc.h. */
#include <core/vm.h>
#include <ipc/ipc.h>

static void unbind(struct ipc_binding *binding, const struct vm *vm)
{
	if (binding->vm == vm) {
		binding->vm = NULL;
	}
}

static void unbind_object(struct ipc_object *object, const struct vm *vm)
{
	spin_lock(&object->lock);
	if (object->type == HYP_OBJECT_DOORBELL) {
		unbind(&container_of(object, struct doorbell, object)->receiver, vm);
	} else {
		struct msgq *msgq = container_of(object, struct msgq, object);

		unbind(&msgq->ends[MSGQ_END_RECV], vm);
		unbind(&msgq->ends[MSGQ_END_SEND], vm);
	}
	spin_unlock(&object->lock);
}

static bool owns(const struct vm *vm, const struct doorbell *doorbell)
{
	for (const struct ipc_object *o = vm->ipc; o; o = o->next) {
		if (doorbell && o == &doorbell->object) {
			return true;
		}
	}
	return false;
}

/* Level lines that objects of the dying VM hold up in others fall. */
static void silence(struct vm *vm)
{
	for (struct ipc_object *o = vm->ipc; o; o = o->next) {
		if (o->type == HYP_OBJECT_DOORBELL) {
			struct doorbell *d = container_of(o, struct doorbell, object);

			(void)doorbell_recv(d, ~0ull);
		}
	}
}

void ipc_vm_gone(struct vm *vm)
{
	silence(vm);
	for (u32 id = 1; id < MAX_VMS; id++) {
		struct vm *other = vm_by_id((vmid_t)id);

		if (!other || other == vm) {
			continue;
		}
		for (struct ipc_object *o = other->ipc; o; o = o->next) {
			unbind_object(o, vm);
		}
		for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
			struct vcpu *vcpu = other->vcpus[i];

			if (vcpu && owns(vm, atomic_load(&vcpu->wake_doorbell))) {
				atomic_store(&vcpu->wake_doorbell, NULL);
			}
		}
	}
}
