/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Message queues: a ring of slots in whole pages, each slot a length and the bytes. A slot never
 * crosses a page. Messages are copied from and to the VMs' memory by mem_copy_*(), once.
 */
#include <core/string.h>
#include <core/vm.h>
#include <hyp/error.h>
#include <ipc/ipc.h>
#include <stage2/mem.h>

struct slot {
	u64 bytes;
	u8 data[];
};

static u32 slots_per_page(const struct msgq *msgq)
{
	return (u32)(PAGE_BYTES / msgq->stride);
}

static struct slot *slot_at(struct msgq *msgq, u32 index)
{
	u32 n = slots_per_page(msgq);

	return (struct slot *)(void *)(msgq->pages[index / n] + (index % n) * msgq->stride);
}

u32 msgq_nr_pages(const struct msgq *msgq)
{
	u32 nr = 1;

	for (u32 i = 0; i < ARRAY_COUNT(msgq->pages); i++) {
		nr += msgq->pages[i] != NULL;
	}
	return nr;
}

void msgq_free(struct vm *owner, struct msgq *msgq)
{
	for (u32 i = 0; i < ARRAY_COUNT(msgq->pages); i++) {
		if (msgq->pages[i]) {
			pool_free(&owner->pool, msgq->pages[i]);
		}
	}
	pool_free(&owner->pool, msgq);
}

int msgq_create(struct vm *owner, u64 nr_msgs, u64 msg_bytes, struct msgq **out)
{
	struct msgq *msgq;
	u64 stride = ALIGN_UP(msg_bytes + sizeof(struct slot), 8);
	u64 nr_pages;

	if (nr_msgs == 0 || msg_bytes == 0) {
		return HYP_E_INVAL;
	}
	if (msg_bytes > HYP_MSG_MAX_BYTES || nr_msgs > HYP_MSGQ_BYTES) {
		return HYP_E_SIZE;
	}
	nr_pages = (nr_msgs + PAGE_BYTES / stride - 1) / (PAGE_BYTES / stride);
	if (nr_pages > ARRAY_COUNT(msgq->pages)) {
		return HYP_E_SIZE;
	}
	msgq = pool_alloc(&owner->pool);
	if (!msgq) {
		return HYP_E_NOMEM;
	}
	spin_init(&msgq->object.lock, LOCK_IPC);
	msgq->object.type = HYP_OBJECT_MSGQ;
	msgq->nr_slots = (u32)nr_msgs;
	msgq->slot_bytes = (u32)msg_bytes;
	msgq->stride = (u32)stride;
	for (u64 i = 0; i < nr_pages; i++) {
		msgq->pages[i] = pool_alloc(&owner->pool);
		if (!msgq->pages[i]) {
			msgq_free(owner, msgq);
			return HYP_E_NOMEM;
		}
	}
	*out = msgq;
	return HYP_OK;
}

/* An edge: the line goes up and at once down again. */
static int pulse(const struct ipc_binding *to)
{
	int error;

	if (!to->vm) {
		return HYP_OK;
	}
	error = vgic_set_line(to->vm, NULL, to->virq, true);
	if (!error) {
		error = vgic_set_line(to->vm, NULL, to->virq, false);
	}
	return error;
}

int msgq_bind(struct msgq *msgq, struct vm *vm, u32 end, u32 virq)
{
	int error = HYP_OK;
	struct ipc_binding *binding = &msgq->ends[end];

	spin_lock(&msgq->object.lock);
	if (virq == 0) {
		binding->vm = NULL;
	} else if (binding->vm) {
		error = HYP_E_EXIST;
	} else {
		*binding = (struct ipc_binding){vm, virq};
		/* What is true already is told at once; this also checks the number. */
		if (end == MSGQ_END_RECV ? msgq->count > 0 : msgq->count < msgq->nr_slots) {
			error = pulse(binding);
		} else {
			error = vgic_set_line(vm, NULL, virq, false);
		}
		if (error) {
			binding->vm = NULL;
		}
	}
	spin_unlock(&msgq->object.lock);
	return error;
}

int msgq_send(struct msgq *msgq, struct vm *from, ipaddr_t from_ipa, u64 bytes)
{
	u8 copy[HYP_MSG_MAX_BYTES];
	struct slot *slot;
	int error;

	if (bytes == 0 || bytes > msgq->slot_bytes || bytes > sizeof(copy)) {
		return HYP_E_SIZE;
	}
	error = mem_copy_from_vm(from, from_ipa, copy, bytes);
	if (error) {
		return error;
	}
	spin_lock(&msgq->object.lock);
	if (msgq->count == msgq->nr_slots) {
		error = HYP_E_AGAIN;
	} else {
		slot = slot_at(msgq, (msgq->head + msgq->count) % msgq->nr_slots);
		slot->bytes = bytes;
		memcpy(slot->data, copy, bytes);
		if (msgq->count++ == 0) {
			(void)pulse(&msgq->ends[MSGQ_END_RECV]);
		}
	}
	spin_unlock(&msgq->object.lock);
	return error;
}

/* Copies the oldest message; nr_taken tells it from later ones. */
static int peek(struct msgq *msgq, u8 *copy, u64 bytes, u64 *length, u64 *nr_taken)
{
	int error = HYP_E_AGAIN;

	spin_lock(&msgq->object.lock);
	if (msgq->count) {
		const struct slot *slot = slot_at(msgq, msgq->head);

		*length = slot->bytes;
		*nr_taken = msgq->nr_taken;
		memcpy(copy, slot->data, *length);
		error = *length > bytes ? HYP_E_SIZE : HYP_OK;
	}
	spin_unlock(&msgq->object.lock);
	return error;
}

/* Removes the message that peek() saw, unless somebody else was faster. */
static int take(struct msgq *msgq, u64 nr_taken)
{
	int error = HYP_E_BUSY;

	spin_lock(&msgq->object.lock);
	if (msgq->nr_taken == nr_taken) {
		error = HYP_OK;
		msgq->nr_taken++;
		msgq->head = (msgq->head + 1) % msgq->nr_slots;
		if (msgq->count-- == msgq->nr_slots) {
			(void)pulse(&msgq->ends[MSGQ_END_SEND]);
		}
	}
	spin_unlock(&msgq->object.lock);
	return error;
}

/* The message leaves the queue only once it has arrived: the buffer may be bad. mem_lock comes
 * before the queue's lock. */
int msgq_recv(struct msgq *msgq, struct vm *to, ipaddr_t to_ipa, u64 bytes)
{
	u8 copy[HYP_MSG_MAX_BYTES];
	u64 length;
	u64 nr_taken;
	int error = peek(msgq, copy, bytes, &length, &nr_taken);

	if (!error) {
		error = mem_copy_to_vm(to, to_ipa, copy, length);
	}
	if (!error) {
		error = take(msgq, nr_taken);
	}
	return error ? error : (int)length;
}
