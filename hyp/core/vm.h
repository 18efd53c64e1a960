/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual machine: its memory, vCPUs, interrupt controller, handles, and the pool of pages
 * that pays for everything kept for it.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include <stdatomic.h>
#include <core/handle.h>
#include <core/lock.h>
#include <core/pool.h>
#include <core/types.h>
#include <core/vcpu.h>
#include <stage2/stage2.h>
#include <vgic/vgic.h>

struct vm {
	vmid_t id;
	u32 flags; /* HYP_VM_* */
	char name[16];
	_Atomic u32 state; /* enum hyp_vm_state */
	struct pool pool;
	struct stage2 s2;
	u64 mem_pages;	    /* pages mapped from other VMs or owned; LOCK_MEM */
	_Atomic u32 nr_vcpus;
	struct vcpu *vcpus[MAX_VCPUS]; /* written once by VCPU_CREATE, index < nr may be NULL */
	struct handle_table handles;
	struct vgic_dist vgic;
	u64 cntvoff;
};

/* VM by id, or NULL. The caller holds vm_table_lock or knows that the VM stays. */
struct vm *vm_by_id(vmid_t id);
extern struct spinlock vm_table_lock;

/* vCPU by index, or NULL. */
static inline struct vcpu *vm_vcpu(struct vm *vm, u32 index)
{
	return index < MAX_VCPUS ? vm->vcpus[index] : NULL;
}

/* The vCPU with that affinity (MPIDR format), or NULL. */
struct vcpu *vm_vcpu_by_mpidr(struct vm *vm, u64 mpidr);

#endif
