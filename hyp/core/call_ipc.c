/* SPDX-License-Identifier: BSD-3-Clause */
/* The DOORBELL_* and MSGQ_* calls. */
#include <core/call.h>
#include <core/vm.h>
#include <hyp/error.h>

static struct doorbell *get_doorbell(struct vcpu *vcpu, u64 handle, u32 right, int *error)
{
	return handle_get(vcpu->vm, handle, HYP_OBJECT_DOORBELL, right, error);
}

static struct msgq *get_msgq(struct vcpu *vcpu, u64 handle, u32 right, int *error)
{
	return handle_get(vcpu->vm, handle, HYP_OBJECT_MSGQ, right, error);
}

/* Lists a new object of so many pages under its owner and gives the owner a handle. */
static int publish(struct vm *owner, struct ipc_object *object, u32 pages, u64 *handle)
{
	int result;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	/* The rest of the pool is for what its host needs to run it. */
	result = owner->ipc_pages + pages > HYP_IPC_PAGES
			 ? HYP_E_LIMIT
			 : handle_put(owner, object->type, object, HYP_RIGHT_ALL);
	if (result >= 0) {
		owner->ipc_pages += pages;
		object->next = owner->ipc;
		owner->ipc = object;
		*handle = (u64)result;
		result = HYP_OK;
	}
	spin_unlock(&vm_table_lock);
	return result;
}

int call_doorbell_create(struct vcpu *vcpu, u64 *x)
{
	struct doorbell *doorbell;
	int error = doorbell_create(vcpu->vm, &doorbell);

	if (error) {
		return error;
	}
	error = publish(vcpu->vm, &doorbell->object, 1, &x[1]);
	if (error) {
		pool_free(&vcpu->vm->pool, doorbell);
	}
	return error;
}

int call_doorbell_bind(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct doorbell *doorbell = get_doorbell(vcpu, x[1], HYP_RIGHT_RECV, &error);

	return doorbell ? doorbell_bind(doorbell, vcpu->vm, (u32)x[2]) : error;
}

int call_doorbell_send(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct doorbell *doorbell = get_doorbell(vcpu, x[1], HYP_RIGHT_SEND, &error);

	if (doorbell) {
		x[1] = doorbell_send(doorbell, x[2]);
	}
	return error;
}

int call_doorbell_recv(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct doorbell *doorbell = get_doorbell(vcpu, x[1], HYP_RIGHT_RECV, &error);

	if (doorbell) {
		x[1] = doorbell_recv(doorbell, x[2]);
	}
	return error;
}

int call_doorbell_mask(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct doorbell *doorbell = get_doorbell(vcpu, x[1], HYP_RIGHT_RECV, &error);

	if (doorbell) {
		doorbell_set_mask(doorbell, x[2]);
	}
	return error;
}

int call_msgq_create(struct vcpu *vcpu, u64 *x)
{
	struct msgq *msgq;
	int error = msgq_create(vcpu->vm, x[1], x[2], &msgq);

	if (error) {
		return error;
	}
	error = publish(vcpu->vm, &msgq->object, msgq_nr_pages(msgq), &x[1]);
	if (error) {
		msgq_free(vcpu->vm, msgq);
	}
	return error;
}

int call_msgq_bind(struct vcpu *vcpu, u64 *x)
{
	u32 end = (u32)x[2];
	int error;
	struct msgq *msgq;

	if (x[2] > MSGQ_END_SEND) {
		return HYP_E_INVAL;
	}
	msgq = get_msgq(vcpu, x[1], end == MSGQ_END_RECV ? HYP_RIGHT_RECV : HYP_RIGHT_SEND, &error);
	return msgq ? msgq_bind(msgq, vcpu->vm, end, (u32)x[3]) : error;
}

int call_msgq_send(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct msgq *msgq = get_msgq(vcpu, x[1], HYP_RIGHT_SEND, &error);

	return msgq ? msgq_send(msgq, vcpu->vm, ipa_init(x[2]), x[3]) : error;
}

int call_msgq_recv(struct vcpu *vcpu, u64 *x)
{
	int error;
	struct msgq *msgq = get_msgq(vcpu, x[1], HYP_RIGHT_RECV, &error);
	int result;

	if (!msgq) {
		return error;
	}
	result = msgq_recv(msgq, vcpu->vm, ipa_init(x[2]), x[3]);
	if (result < 0) {
		return result;
	}
	x[1] = (u64)result;
	return HYP_OK;
}
