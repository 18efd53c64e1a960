/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pool.h: the pages that the RM gives away.
 *
 * Every page of the pool has an owner: a slot of the ledger, or nobody. What a VM was given can
 * therefore never be forgotten: when it is destroyed, all pages with its number return, and the
 * sums per owner are exact at any time. The pages themselves are not touched here; most of the time
 * they belong to the hypervisor and are not even mapped.
 */
#ifndef RM_POOL_H
#define RM_POOL_H

#include <stdint.h>

#define POOL_FREE 0u /* owner of a page nobody has */

struct pool {
	uint64_t base; /* address of page 0 */
	uint32_t nr_pages, nr_free;
	uint16_t *owner; /* [nr_pages] */
};

/* Bytes that pool_init() needs for the owners of @nr_pages. */
uint64_t pool_table_bytes(uint64_t nr_pages);

/* A pool whose pages are all free; @owner has pool_table_bytes(). */
void pool_init(struct pool *pool, uint64_t base, uint32_t nr_pages, uint16_t *owner);

/*
 * Gives @owner (not POOL_FREE) at most @most pages in one piece: as many as asked for if there is a
 * gap of that length, else the longest gap. Returns how many, and the address of the first; 0:
 * none.
 */
uint32_t pool_take(struct pool *pool, uint16_t owner, uint32_t most, uint64_t *base);

/* Pages [base, +nr), taken before, are free again. */
void pool_give(struct pool *pool, uint64_t base, uint32_t nr);

/* All pages of an owner are free again. Returns how many. */
uint32_t pool_give_all(struct pool *pool, uint16_t owner);

/* How many pages an owner has. */
uint32_t pool_count(const struct pool *pool, uint16_t owner);

#endif
