/* SPDX-License-Identifier: BSD-3-Clause */
/* Page pools. See pool.h. */
#include <core/pool.h>
#include <core/string.h>
#include <el2/mmu.h>
#include <hyp/error.h>
#include <stage2/frame.h>

void pool_init(struct pool *pool)
{
	memset(pool, 0, sizeof(*pool));
}

static void push(struct pool *pool, void *page)
{
	*(void **)page = pool->free;
	pool->free = page;
}

/* Moves the rest of the fresh run to the list, so that a new run can take its place. */
static void retire_fresh(struct pool *pool)
{
	while (pool->fresh < pool->fresh_end) {
		push(pool, (void *)pool->fresh);
		pool->fresh += PAGE_BYTES;
	}
}

int pool_add_locked(struct pool *pool, paddr_t base, u64 nr_pages)
{
	struct pool_range *last = pool->nr_ranges ? &pool->ranges[pool->nr_ranges - 1] : NULL;

	if (last && last->base.pa + last->nr_pages * PAGE_BYTES == base.pa) {
		last->nr_pages += nr_pages;
	} else if (pool->nr_ranges < MAX_POOL_RANGES) {
		pool->ranges[pool->nr_ranges++] = (struct pool_range){base, nr_pages};
	} else {
		return HYP_E_LIMIT;
	}
	retire_fresh(pool);
	pool->fresh = (u64)mmu_pa_to_va(base);
	pool->fresh_end = pool->fresh + nr_pages * PAGE_BYTES;
	pool->nr_pages += nr_pages;
	pool->nr_free += nr_pages;
	return HYP_OK;
}

void *pool_alloc_aligned_locked(struct pool *pool, u64 nr_pages)
{
	u64 start = ALIGN_UP(pool->fresh, nr_pages * PAGE_BYTES);
	u64 bytes = nr_pages * PAGE_BYTES;

	if (start > pool->fresh_end || pool->fresh_end - start < bytes) {
		return NULL;
	}
	while (pool->fresh < start) {
		push(pool, (void *)pool->fresh);
		pool->fresh += PAGE_BYTES;
	}
	pool->fresh += bytes;
	pool->nr_free -= nr_pages;
	return memset((void *)start, 0, bytes);
}

void *pool_alloc_locked(struct pool *pool)
{
	void *page = pool->free;

	if (!page) {
		return pool_alloc_aligned_locked(pool, 1);
	}
	pool->free = *(void **)page;
	pool->nr_free--;
	return memset(page, 0, PAGE_BYTES);
}

void *pool_alloc(struct pool *pool)
{
	void *page;

	spin_lock(&mem_lock);
	page = pool_alloc_locked(pool);
	spin_unlock(&mem_lock);
	return page;
}

void pool_free_locked(struct pool *pool, void *page)
{
	push(pool, page);
	pool->nr_free++;
}

void pool_free(struct pool *pool, void *page)
{
	spin_lock(&mem_lock);
	pool_free_locked(pool, page);
	spin_unlock(&mem_lock);
}
