// SPDX-License-Identifier: BSD-3-Clause
/*
 * pool.c: pages with owners; see pool.h. A pool is 3/1024 of memory, so the table is short (768
 * entries for each GiB of memory) and is simply searched.
 */
#include "pool.h"

#include <string.h>

#define PAGE 4096u

uint64_t pool_table_bytes(uint64_t nr_pages)
{
	return nr_pages * sizeof(uint16_t);
}

void pool_init(struct pool *pool, uint64_t base, uint32_t nr_pages, uint16_t *owner)
{
	*pool = (struct pool){base, nr_pages, nr_pages, owner};
	memset(owner, 0, pool_table_bytes(nr_pages));
}

uint32_t pool_take(struct pool *pool, uint16_t owner, uint32_t most, uint64_t *base)
{
	uint32_t best = 0, best_at = 0, run = 0;

	for (uint32_t i = 0; i < pool->nr_pages && best < most; i++) {
		run = pool->owner[i] == POOL_FREE ? run + 1 : 0;
		if (run > best) {
			best = run;
			best_at = i + 1 - run;
		}
	}
	for (uint32_t i = 0; i < best; i++) {
		pool->owner[best_at + i] = owner;
	}
	pool->nr_free -= best;
	*base = pool->base + (uint64_t)best_at * PAGE;
	return best;
}

void pool_give(struct pool *pool, uint64_t base, uint32_t nr)
{
	uint64_t first = (base - pool->base) / PAGE;

	for (uint32_t i = 0; i < nr && first + i < pool->nr_pages; i++) {
		if (pool->owner[first + i] != POOL_FREE) {
			pool->owner[first + i] = POOL_FREE;
			pool->nr_free++;
		}
	}
}

uint32_t pool_give_all(struct pool *pool, uint16_t owner)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < pool->nr_pages; i++) {
		if (pool->owner[i] == owner) {
			pool->owner[i] = POOL_FREE;
			nr++;
		}
	}
	pool->nr_free += nr;
	return nr;
}

uint32_t pool_count(const struct pool *pool, uint16_t owner)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < pool->nr_pages; i++) {
		nr += pool->owner[i] == owner;
	}
	return nr;
}
