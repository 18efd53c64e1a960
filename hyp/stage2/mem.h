/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page transitions. Each function is one edge between page states (frame.h): it checks
 * everything, prepares every table the change needs, then commits in steps that cannot fail.
 *
 * All take mem_lock themselves. Ranges are in pages of 4 KiB, at most HYP_MEM_MAX_PAGES, and
 * physically adjacent on the giving side. nomem_own, where present, tells a caller that got
 * HYP_E_NOMEM whose pool is empty: true, the giver's; false, the other VM's.
 */
#ifndef STAGE2_MEM_H
#define STAGE2_MEM_H

#include <core/types.h>

struct vm;
struct pool;

int mem_donate(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr,
	       bool keep, bool *nomem_own) __must_check;
int mem_lend(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr, u32 prot,
	     bool *nomem_own) __must_check;
int mem_share(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr, u32 prot,
	      bool *nomem_own) __must_check;

/* Takes owner's pages back from user. *done: pages looked at before it stopped; the caller goes
 * on behind them. Lent pages are wiped, and at most HYP_WIPE_MAX_PAGES in one call. */
int mem_reclaim(struct vm *owner, struct vm *user, ipaddr_t user_ipa, u64 nr, u64 *done,
		bool *nomem_own) __must_check;

/* The RM's pages become pool pages of the VM user, in EL2's direct map; and back, wiped. */
int mem_pool_take(struct vm *rm, paddr_t base, u64 nr, vmid_t user) __must_check;
void mem_pool_return(struct vm *rm, paddr_t base, u64 nr);

/* Takes the pages that user owns (donated to it) away, wipes them and gives them to the RM.
 * The VM is being destroyed. At most one block's worth a call; false: nothing was left. */
bool mem_strip_owned(struct vm *rm, struct vm *user);
/* Whether any memory is mapped in vm, its own or others'. */
bool mem_has_pages(struct vm *vm);
/* Whether pages of other VMs are mapped in vm, or its pages are lent to or shared with others. */
bool mem_has_ties(struct vm *vm);

int mem_map_device(struct vm *vm, paddr_t pa, ipaddr_t ipa, u64 nr) __must_check;

/* enum hyp_page_state of a page mapped in vm, and the other VM's id. */
int mem_info(struct vm *vm, ipaddr_t ipa, u64 *state, u64 *other) __must_check;

/* Bounded copies; HYP_E_ADDR if part of the range is not mapped with that access. */
int mem_copy_from_vm(struct vm *vm, ipaddr_t from, void *to, u64 bytes) __must_check;
int mem_copy_to_vm(struct vm *vm, ipaddr_t to, const void *from, u64 bytes) __must_check;

#define HYP_WIPE_MAX_PAGES 512u

#endif
