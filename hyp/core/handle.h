/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handles: a VM names an object (VM, vCPU, doorbell, message queue) by an index into its own
 * table; the entry carries the rights. Objects are named by (owner VM, slot) rather than by
 * pointer, so that a handle can never dangle: destroying an object bumps its generation, and
 * every handle to it stops resolving at once.
 *
 * Guarded by vm_table_lock for writing; looked up under it as well, except VCPU_RUN's.
 */
#ifndef CORE_HANDLE_H
#define CORE_HANDLE_H

#include <core/types.h>
#include <hyp/calls.h>

struct vm;

struct handle {
	u8 type; /* enum hyp_object_type */
	u16 rights;
	void *object;
};

/* One page of the VM's pool. */
struct handle_table {
	struct handle *entries; /* [HANDLE_MAX] */
};

#define HANDLE_MAX (PAGE_BYTES / sizeof(struct handle))

/* The object behind handle if it has that type and at least those rights; else NULL and
 * *error = HYP_E_HANDLE or HYP_E_RIGHT. Caller holds vm_table_lock. */
void *handle_get(struct vm *vm, u64 handle, enum hyp_object_type type, u32 rights, int *error);

/* Puts an object into vm's table. Returns the handle or HYP_E_LIMIT. */
int handle_put(struct vm *vm, enum hyp_object_type type, void *object, u32 rights) __must_check;
/* At a fixed index, for the handles a VM is born with. */
void handle_put_at(struct vm *vm, u32 handle, enum hyp_object_type type, void *object, u32 rights);

/* Deletes every handle to object in every VM, except keep of except_vm. Returns the count. */
u32 handle_revoke(const void *object, const struct vm *except_vm, u32 keep);

#endif
