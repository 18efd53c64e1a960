/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of page ownership, written down a second time: what each call may answer, and what it
 * changes. Knows nothing of tables, blocks or locks; a VM's memory is an array of pages.
 *
 * A question gives a set of refusals (REFUSE(HYP_E_...)), each of which would be right; an empty
 * set means that the call must succeed, or find a pool empty. model_apply_*() then changes the
 * state.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <core/types.h>

#define MODEL_PAGES  6144u /* of memory, and of every VM's address space, from the same address */
#define MODEL_VMS    16u   /* ids */
#define MODEL_DEVICE 0xffffu
#define REFUSE(e)    (1u << -(e))

enum model_state { MODEL_OWNED, MODEL_LENT, MODEL_SHARED, MODEL_POOL };

struct model_page {
	u8 owner, user, state, count;
	u8 tag; /* what its first byte holds */
};

struct model_vm {
	bool exists, host, is_protected, stopped;
	u16 map[MODEL_PAGES]; /* page + 1, MODEL_DEVICE, or 0: nothing */
	u8 prot[MODEL_PAGES];
};

extern struct model_page model_pages[MODEL_PAGES];
extern struct model_vm model_vms[MODEL_VMS];

enum model_give { MODEL_DONATE, MODEL_KEEP, MODEL_LEND, MODEL_SHARE };

/* from gives to nr pages; addresses are page numbers in the array. */
u32 model_may_give(enum model_give how, u32 from, u64 from_page, u32 to, u64 to_page, u64 nr);
void model_apply_give(enum model_give how, u32 from, u32 from_page, u32 to, u32 to_page, u32 nr,
		      u8 prot);

/* owner takes one page back from user; a hole is fine. */
u32 model_may_reclaim(u32 owner, u32 user, u32 user_page);
void model_apply_reclaim(u32 owner, u32 user, u32 user_page);

u32 model_may_take_pool(u64 page, u64 nr, u64 first_possible, u64 end_possible);
void model_apply_take_pool(u32 page, u32 nr, u32 user);

u32 model_may_map_device(u32 vm, u64 vm_page, u64 nr);
void model_apply_map_device(u32 vm, u32 vm_page, u32 nr);

/* Whether any memory is mapped in it, which a protected VM must have lost before VM_RESET. */
bool model_has_memory(u32 vm);
/* Whether VM_DESTROY must wait for others. */
bool model_has_ties(u32 vm);
bool model_owns_pages(u32 vm);
/* The page was taken from the dying VM and given to the RM. */
void model_apply_strip(u32 vm, u32 page);
/* The VM is gone; its pool returns to the RM. */
void model_apply_destroy(u32 vm);

#endif
