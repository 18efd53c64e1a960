// SPDX-License-Identifier: BSD-3-Clause
/*
 * ranges.c: sets of addresses; see ranges.h. Lists are short (tens), so everything is linear.
 */
#include "ranges.h"

#include <string.h>

static uint64_t range_end(uint64_t base, uint64_t bytes)
{
	return bytes > ~0ull - base ? ~0ull : base + bytes;
}

static void ranges_insert_at(struct ranges *set, uint32_t at, uint64_t base, uint64_t end)
{
	if (set->nr == RANGES_MAX) {
		set->overflow = true;
		return;
	}
	memmove(&set->r[at + 1], &set->r[at], (set->nr - at) * sizeof(set->r[0]));
	set->r[at] = (struct boot_range){base, end - base};
	set->nr++;
}

static void ranges_delete(struct ranges *set, uint32_t at, uint32_t nr)
{
	memmove(&set->r[at], &set->r[at + nr], (set->nr - at - nr) * sizeof(set->r[0]));
	set->nr -= nr;
}

void ranges_add(struct ranges *set, uint64_t base, uint64_t bytes)
{
	uint64_t end = range_end(base, bytes);
	uint32_t first = 0, last;

	if (!bytes) {
		return;
	}
	while (first < set->nr && set->r[first].base + set->r[first].bytes < base) {
		first++;
	}
	for (last = first; last < set->nr && set->r[last].base <= end; last++) {
		uint64_t last_end = set->r[last].base + set->r[last].bytes;

		base = set->r[last].base < base ? set->r[last].base : base;
		end = last_end > end ? last_end : end;
	}
	ranges_delete(set, first, last - first);
	ranges_insert_at(set, first, base, end);
}

void ranges_remove(struct ranges *set, uint64_t base, uint64_t bytes)
{
	uint64_t end = range_end(base, bytes);

	for (uint32_t i = 0; bytes && i < set->nr;) {
		uint64_t from = set->r[i].base, to = from + set->r[i].bytes;

		if (to <= base || from >= end) {
			i++;
			continue;
		}
		ranges_delete(set, i, 1);
		if (from < base) {
			ranges_insert_at(set, i++, from, base);
		}
		if (to > end) {
			ranges_insert_at(set, i++, end, to);
		}
	}
}

void ranges_intersect(struct ranges *set, const struct ranges *with, struct ranges *scratch)
{
	uint64_t from = 0;

	scratch->nr = 0;
	scratch->overflow = set->overflow;
	for (uint32_t i = 0; i < set->nr; i++) {
		ranges_add(scratch, set->r[i].base, set->r[i].bytes);
	}
	for (uint32_t i = 0; i < with->nr; i++) {
		ranges_remove(scratch, from, with->r[i].base - from);
		from = with->r[i].base + with->r[i].bytes;
	}
	ranges_remove(scratch, from, ~0ull - from);
	*set = *scratch;
}

void ranges_align_out(struct ranges *set, uint64_t unit)
{
	uint32_t nr = set->nr;

	/* A range only ever takes in its right neighbour, so walking backwards is enough. */
	while (nr--) {
		uint64_t base = set->r[nr].base & ~(unit - 1);
		uint64_t end = (set->r[nr].base + set->r[nr].bytes + unit - 1) & ~(unit - 1);

		ranges_add(set, base, end - base);
	}
}

void ranges_align_in(struct ranges *set, uint64_t unit)
{
	for (uint32_t i = 0; i < set->nr;) {
		uint64_t base = (set->r[i].base + unit - 1) & ~(unit - 1);
		uint64_t end = (set->r[i].base + set->r[i].bytes) & ~(unit - 1);

		if (base < end) {
			set->r[i++] = (struct boot_range){base, end - base};
		} else {
			ranges_delete(set, i, 1);
		}
	}
}

bool ranges_contain(const struct ranges *set, uint64_t base, uint64_t bytes)
{
	for (uint32_t i = 0; i < set->nr; i++) {
		if (base >= set->r[i].base && bytes <= set->r[i].bytes &&
		    base - set->r[i].base <= set->r[i].bytes - bytes) {
			return true;
		}
	}
	return false;
}

uint64_t ranges_bytes(const struct ranges *set)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < set->nr; i++) {
		bytes += set->r[i].bytes;
	}
	return bytes;
}

uint64_t ranges_place_low(const struct ranges *set, uint64_t bytes, uint64_t unit, uint64_t offset,
			  uint64_t min)
{
	for (uint32_t i = 0; i < set->nr; i++) {
		uint64_t from = set->r[i].base, to = from + set->r[i].bytes;
		uint64_t base = from > min ? from : min;

		base = base > offset ? (base - offset + unit - 1) & ~(unit - 1) : 0;
		if (base + offset < to && bytes <= to - base - offset) {
			return base;
		}
	}
	return ~0ull;
}

uint64_t ranges_place_high(const struct ranges *set, uint64_t bytes, uint64_t unit)
{
	for (uint32_t i = set->nr; i--;) {
		uint64_t from = set->r[i].base, to = from + set->r[i].bytes;
		uint64_t base = bytes <= to - from ? (to - bytes) & ~(unit - 1) : 0;

		if (base >= from && bytes <= to - from) {
			return base;
		}
	}
	return ~0ull;
}
