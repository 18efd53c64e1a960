/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's pool: the pages that were donated to pay for what EL2 keeps for the VM (the VM itself,
 * vCPUs, tables, doorbells, queues). Whole pages only; EL2 has no other allocator.
 *
 * Pages in the pool are mapped in EL2's direct map (el2/mmu.h). Pages never handed out yet are a
 * run [fresh, fresh_end); freed ones form a list through their first word. mem_lock guards a pool.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <core/types.h>

struct pool_range {
	paddr_t base;
	u64 nr_pages;
};

struct pool {
	void *free; /* list */
	u64 fresh;  /* addresses in the direct map */
	u64 fresh_end;
	u64 nr_pages;
	u64 nr_free;
	u32 nr_ranges;
	struct pool_range ranges[MAX_POOL_RANGES];
};

void pool_init(struct pool *pool);

/* Adds pages that the caller made EL2's and mapped. HYP_E_LIMIT: too many separate ranges. */
int pool_add_locked(struct pool *pool, paddr_t base, u64 nr_pages) __must_check;

/* nr_pages adjacent pages of zeroes, aligned to their size (a power of two), or NULL. More than
 * one only while the pool is new. _locked: the caller holds mem_lock. */
void *pool_alloc(struct pool *pool) __must_check;
void *pool_alloc_locked(struct pool *pool) __must_check;
void *pool_alloc_aligned_locked(struct pool *pool, u64 nr_pages) __must_check;
void pool_free(struct pool *pool, void *page);
void pool_free_locked(struct pool *pool, void *page);

#endif
