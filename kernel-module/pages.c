// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of which host page each guest frame has.
 *
 * Frames are grouped in regions of 512 (2 MiB). A region's entry in the xarray is one of
 *
 *   absent              no frame has a page
 *   a value             a block: the whole region is one huge page, the value is its first frame
 *   a pointer           a table, one page: for each frame the host frame with PAGES_PRESENT, or 0
 *
 * so that a guest backed by huge pages costs eight bytes per 2 MiB, and one backed by single pages what
 * a page table costs. Writers hold mem->pages_lock; tables go away only while nobody else can look
 * (mem->slots_lock held for writing, or the VM ends), so readers need no more than slots_lock.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "pages.h"

#define PAGES_PRESENT 1ul

static u64 pages_index(u64 gfn)
{
	return gfn / PAGES_REGION;
}

void pages_init(struct pages *pages)
{
	xa_init(&pages->regions);
}

void pages_exit(struct pages *pages)
{
	unsigned long index;
	void *entry;

	/* Tables are left only if the hypervisor did not give pages back. */
	xa_for_each(&pages->regions, index, entry) {
		if (!xa_is_value(entry)) {
			free_page((unsigned long)entry);
		}
	}
	xa_destroy(&pages->regions);
}

unsigned long pages_gap(struct pages *pages, u64 gfn, unsigned long nr, bool *whole)
{
	unsigned long at = gfn % PAGES_REGION;
	unsigned long *table = xa_load(&pages->regions, pages_index(gfn));
	unsigned long i;

	nr = min(nr, PAGES_REGION - at);
	*whole = !table;
	if (!table) {
		return nr;
	}
	if (xa_is_value(table)) {
		return 0;
	}
	for (i = 0; i < nr && !READ_ONCE(table[at + i]); i++) {
	}
	return i;
}

int pages_prepare(struct pages *pages, const struct pages_run *run)
{
	u64 index = pages_index(run->gfn);
	unsigned long table;
	int rc;

	if (run->block) {
		rc = xa_insert(&pages->regions, index, xa_mk_value(run->pfn), GFP_KERNEL_ACCOUNT);
		return rc == -EBUSY ? -EAGAIN : rc;
	}
	if (xa_load(&pages->regions, index)) {
		return 0;
	}
	table = get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!table) {
		return -ENOMEM;
	}
	rc = xa_err(xa_store(&pages->regions, index, (void *)table, GFP_KERNEL_ACCOUNT));
	if (rc) {
		free_page(table);
	}
	return rc;
}

void pages_cancel(struct pages *pages, const struct pages_run *run)
{
	if (run->block) {
		xa_erase(&pages->regions, pages_index(run->gfn));
	} /* an empty table may stay */
}

void pages_set(struct pages *pages, const struct pages_run *run)
{
	unsigned long *table;
	unsigned long i;

	if (run->block) {
		return;
	}
	table = xa_load(&pages->regions, pages_index(run->gfn));
	for (i = 0; i < run->nr; i++) {
		WRITE_ONCE(table[run->gfn % PAGES_REGION + i],
			   (run->pfn + i) << 1 | PAGES_PRESENT);
	}
}

/* The first run of a table within its frames [at, end). */
static bool pages_first_in_table(const unsigned long *table, unsigned long at, unsigned long end,
				 struct pages_run *run)
{
	for (; at < end && !table[at]; at++) {
	}
	if (at == end) {
		return false;
	}
	run->gfn = at;
	run->pfn = table[at] >> 1;
	run->block = false;
	for (run->nr = 1; at + run->nr < end; run->nr++) {
		if (table[at + run->nr] != ((run->pfn + run->nr) << 1 | PAGES_PRESENT)) {
			break;
		}
	}
	return true;
}

bool pages_first(struct pages *pages, u64 first, u64 last, struct pages_run *run)
{
	unsigned long index = pages_index(first);
	void *entry;

	xa_for_each_range(&pages->regions, index, entry, pages_index(first), pages_index(last)) {
		u64 start = (u64)index * PAGES_REGION;
		unsigned long at = first > start ? first - start : 0;
		unsigned long end = min_t(u64, last - start, PAGES_REGION - 1) + 1;

		if (xa_is_value(entry)) {
			*run = (struct pages_run){start, xa_to_value(entry), PAGES_REGION, true};
			return true;
		}
		if (pages_first_in_table(entry, at, end, run)) {
			run->gfn += start;
			return true;
		}
	}
	return false;
}

void pages_clear(struct pages *pages, const struct pages_run *run)
{
	u64 index = pages_index(run->gfn);
	unsigned long *table = xa_load(&pages->regions, index);

	if (xa_is_value(table)) {
		xa_erase(&pages->regions, index);
	} else {
		memset(&table[run->gfn % PAGES_REGION], 0, run->nr * sizeof(*table));
	}
}

void pages_trim(struct pages *pages, u64 first, u64 last)
{
	unsigned long index;
	void *entry;

	xa_for_each_range(&pages->regions, index, entry, pages_index(first), pages_index(last)) {
		if (!xa_is_value(entry) && !memchr_inv(entry, 0, PAGE_SIZE)) {
			xa_erase(&pages->regions, index);
			free_page((unsigned long)entry);
		}
	}
}
