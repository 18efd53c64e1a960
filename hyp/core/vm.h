/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual machine: its memory, vCPUs, interrupt controller, handles, and the pool of pages
 * that pays for everything kept for it.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <stdatomic.h>
#include <core/console.h>
#include <core/handle.h>
#include <core/lock.h>
#include <core/pool.h>
#include <core/types.h>
#include <core/vcpu.h>
#include <ipc/ipc.h>
#include <stage2/stage2.h>
#include <vgic/vgic.h>

struct vm {
	vmid_t id;
	u32 flags;         /* HYP_VM_* */
	_Atomic u32 state; /* enum hyp_vm_state */
	struct pool pool;
	struct stage2 s2;
	u64 mem_pages;      /* pages mapped from other VMs or owned; LOCK_MEM, as the next two */
	u64 borrowed_pages; /* mappings of other VMs' pages here */
	u64 given_pages;    /* mappings of its pages elsewhere */
	_Atomic u32 nr_vcpus;
	struct vcpu *vcpus[HYP_MAX_VCPUS]; /* written once by VCPU_CREATE, index < nr may be NULL */
	struct handle_table handles;
	struct ipc_object *ipc; /* what it owns; vm_table_lock, as the next */
	u32 ipc_pages;          /* of its pool, at most HYP_IPC_PAGES */
	struct console console;
	struct vgic_dist vgic;
	u64 cntvoff;
};

extern struct spinlock vm_table_lock;

/* Takes vm_table_lock, but not at any price: VM_DESTROY holds it while it waits for the other cores
 * to leave EL2. False: the caller answers HYP_E_BUSY. */
bool vm_table_enter(void) __must_check;

/* vcpu_claim() of all vCPUs (HYP_E_BUSY: none), and their release to the states in old. */
#define VM_NOT_CLAIMED (~0u)
int vm_claim_vcpus(struct vm *vm, u32 *old) __must_check;
void vm_release_vcpus(struct vm *vm, const u32 *old);

/* VM by id, or NULL. The caller holds vm_table_lock or knows that the VM stays. */
struct vm *vm_by_id(vmid_t id);
u32 vm_count(void);

/* The RM and, once it exists, the host. */
struct vm *vm_rm(void);

/* Makes the RM's VM from boot memory: pool pages at pool (direct map). Panics if that fails. */
struct vm *vm_create_rm(void *pool, u64 nr_pages);

/* The calls VM_*. Errors as in <hyp/calls.h>; vm_table_lock is taken inside (BUSY if contended). */
int vm_create(struct vm *rm, ipaddr_t base, u64 nr, u64 flags, u64 ipa_bits, struct vm **out,
	      u32 *handle) __must_check;
int vm_start(struct vm *vm) __must_check;
void vm_stop(struct vm *vm);
int vm_reset(struct vm *vm) __must_check;
int vm_destroy(struct vm *rm, struct vm *vm) __must_check;
int vm_pool_add(struct vm *rm, struct vm *vm, ipaddr_t base, u64 nr) __must_check;

/* Something the VM did makes going on impossible (an access that cannot be served, AArch32). Logs
 * why; a VM that EL2 schedules is stopped. Returns the vCPU to run next. */
struct vcpu *vm_fault(struct vcpu *vcpu, const char *why);

/* A protected VM that was started goes its own way: nobody sees or sets its registers, or gives it
 * another vCPU, which would run wherever its host lends memory. */
static inline bool vm_is_sealed(const struct vm *vm)
{
	return (vm->flags & HYP_VM_PROTECTED) && atomic_load(&vm->state) != HYP_VM_NEW;
}

/* vCPU by index, or NULL. */
static inline struct vcpu *vm_vcpu(struct vm *vm, u64 index)
{
	return index < HYP_MAX_VCPUS ? vm->vcpus[index] : NULL;
}

/* The vCPU with the affinity fields of mpidr, or NULL. */
struct vcpu *vm_vcpu_by_mpidr(struct vm *vm, u64 mpidr);

#endif
