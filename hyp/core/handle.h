/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handles: a VM names an object (VM, vCPU, doorbell, message queue) by an index into its own
 * table; the entry carries the rights. An object that goes away first deletes every handle to it
 * (handle_revoke), so that a handle never dangles.
 *
 * vm_table_lock is held to change a table. A look-up needs no lock: an object whose handles were
 * revoked stays intact until every core has left EL2 once (cpu_wait_others()).
 */
#ifndef CORE_HANDLE_H
#define CORE_HANDLE_H

#include <core/types.h>
#include <hyp/calls.h>

struct vm;

struct handle {
	enum hyp_object_type type;
	u32 rights;
	void *object;
};

/*
 * One page of the VM's pool. An entry is one word, so that a look-up beside a change sees the old
 * handle or the new one, never one's type and the other's object: objects begin on a page, and the
 * twelve bits below hold the type and the rights. 0: no handle.
 */
struct handle_table {
	_Atomic u64 *entries; /* [MAX_HANDLES] */
};

/* The object behind handle if it has that type and at least those rights; else NULL and
 * *error = HYP_E_HANDLE or HYP_E_RIGHT. */
void *handle_get(struct vm *vm, u64 handle, enum hyp_object_type type, u32 rights, int *error);

/* The handle, of any type; HYP_E_HANDLE. */
int handle_read(struct vm *vm, u64 handle, struct handle *out) __must_check;

/* Whether handle_put() will find room. */
bool handle_has_room(const struct vm *vm);
/* Puts an object into vm's table. Returns the handle or HYP_E_LIMIT. */
int handle_put(struct vm *vm, enum hyp_object_type type, void *object, u32 rights) __must_check;
/* At a fixed index, for the handles a VM is born with. */
void handle_put_at(struct vm *vm, u32 handle, enum hyp_object_type type, void *object, u32 rights);

void handle_delete(struct vm *vm, u32 handle);

/* Deletes every handle to object in every VM, except keep of except_vm and those that VMs are born
 * with. Returns the count. */
u32 handle_revoke(const void *object, const struct vm *except_vm, u32 keep);

#endif
