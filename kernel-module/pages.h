/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PAGES_H
#define PAGES_H

#include <linux/types.h>
#include <linux/xarray.h>

#define PAGES_REGION 512ul /* frames of a region: what a level-2 block maps */

/* Physically contiguous host pages that show at guest frames from gfn on. */
struct pages_run {
	u64 gfn;
	unsigned long pfn;
	unsigned long nr;
	bool block; /* a huge page, PAGES_REGION frames, recorded and pinned as one */
};

/* Which host page each guest frame has. See pages.c. */
struct pages {
	struct xarray regions;
};

void pages_init(struct pages *pages);
void pages_exit(struct pages *pages);

/* How many of nr frames from gfn on have no page, up to the first that has one. In one region. *whole:
 * a block could take it. */
unsigned long pages_gap(struct pages *pages, u64 gfn, unsigned long nr, bool *whole);

/*
 * Makes room for a run, so that pages_set() cannot fail; the frames are a gap, within one region. A
 * block is recorded at once; -EAGAIN: there is something in its region. pages_cancel(): it did not come
 * to that.
 */
int pages_prepare(struct pages *pages, const struct pages_run *run);
void pages_cancel(struct pages *pages, const struct pages_run *run);
void pages_set(struct pages *pages, const struct pages_run *run);

/* The first run that begins in [first, last]. False: there is none. */
bool pages_first(struct pages *pages, u64 first, u64 last, struct pages_run *run);
void pages_clear(struct pages *pages, const struct pages_run *run);
/* Frees the records of regions around [first, last] that have become empty. */
void pages_trim(struct pages *pages, u64 first, u64 last);

#endif
