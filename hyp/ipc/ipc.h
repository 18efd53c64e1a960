/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells and message queues: how VMs reach each other.
 *
 * Both live in pages of the VM that made them and die with it. A binding gives one VM a virtual
 * interrupt; ipc_vm_gone() removes every trace of a VM that goes away.
 */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include <core/lock.h>
#include <core/types.h>
#include <hyp/calls.h>

struct vm;
struct vcpu;

/* What both kinds share; first member of each, so that a VM can list what it owns. */
struct ipc_object {
	struct ipc_object *next; /* of the owner; vm_table_lock */
	struct spinlock lock;
	enum hyp_object_type type;
};

struct ipc_binding {
	struct vm *vm; /* NULL: unbound */
	u32 virq;
};

struct doorbell {
	struct ipc_object object;
	u64 flags;
	u64 mask;
	bool wakes; /* wakes proxy vCPUs: only the host may receive it */
	struct ipc_binding receiver;
};

enum { MSGQ_END_RECV, MSGQ_END_SEND };

struct msgq {
	struct ipc_object object;
	u32 nr_slots;
	u32 slot_bytes; /* longest message */
	u32 stride;     /* slot_bytes and the length word, rounded up to 8; divides no page */
	u32 head;       /* next to receive */
	u32 count;
	u64 nr_taken; /* since it exists */
	struct ipc_binding ends[2];
	u8 *pages[HYP_MSGQ_BYTES / PAGE_BYTES];
};

int doorbell_create(struct vm *owner, struct doorbell **out) __must_check;
int doorbell_bind(struct doorbell *doorbell, struct vm *vm, u32 virq) __must_check;
u64 doorbell_send(struct doorbell *doorbell, u64 flags); /* flags before */
u64 doorbell_recv(struct doorbell *doorbell, u64 mask);  /* flags taken */
/* From now on this doorbell wakes proxy vCPUs, which happens inside whatever made one ready,
 * another doorbell's lock held perhaps; so it must end at the host. HYP_E_DENIED: it does not. */
int doorbell_use_as_wake(struct doorbell *doorbell) __must_check;
void doorbell_set_mask(struct doorbell *doorbell, u64 mask);

u32 msgq_nr_pages(const struct msgq *msgq); /* of its owner's pool */
int msgq_create(struct vm *owner, u64 nr_msgs, u64 msg_bytes, struct msgq **out) __must_check;
/* A queue that nobody has a handle to yet. */
void msgq_free(struct vm *owner, struct msgq *msgq);
int msgq_bind(struct msgq *msgq, struct vm *vm, u32 end, u32 virq) __must_check;
int msgq_send(struct msgq *msgq, struct vm *from, ipaddr_t from_ipa, u64 bytes) __must_check;
/* Returns the message's length, or HYP_E_*. */
int msgq_recv(struct msgq *msgq, struct vm *to, ipaddr_t to_ipa, u64 bytes) __must_check;

/* vm is being destroyed: unbinds it everywhere, and silences what it owned. The caller holds
 * vm_table_lock and has revoked the handles. */
void ipc_vm_gone(struct vm *vm);

#endif
