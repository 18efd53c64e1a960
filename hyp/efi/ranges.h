/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ranges.h: sets of physical addresses, as sorted lists of ranges that neither touch nor overlap.
 *
 * The loader computes with them which memory the host may have and where things fit; the RM which
 * addresses are devices. A set that would need more than RANGES_MAX ranges loses some and says so
 * in .overflow.
 */
#ifndef HYP_EFI_RANGES_H
#define HYP_EFI_RANGES_H

#include <hyp/boot.h>
#include <stdbool.h>

#define RANGES_MAX 256

struct ranges {
	uint32_t nr;
	bool overflow;
	struct boot_range r[RANGES_MAX];
};

/* Adds [base, base + bytes); an end past 2^64 is cut. */
void ranges_add(struct ranges *set, uint64_t base, uint64_t bytes);
void ranges_remove(struct ranges *set, uint64_t base, uint64_t bytes);

/* Keeps what is in @with too. @scratch is overwritten. */
void ranges_intersect(struct ranges *set, const struct ranges *with, struct ranges *scratch);

/* Grows (outward) or shrinks every range to multiples of @unit, a power of two. */
void ranges_align_out(struct ranges *set, uint64_t unit);
void ranges_align_in(struct ranges *set, uint64_t unit);

bool ranges_contain(const struct ranges *set, uint64_t base, uint64_t bytes);
uint64_t ranges_bytes(const struct ranges *set);

/*
 * Base of @bytes free bytes at a multiple of @unit plus @offset; the lowest at or above @min, or
 * the highest. ~0 when nothing fits. The result is a multiple of @unit: @offset is not added.
 */
uint64_t ranges_place_low(const struct ranges *set, uint64_t bytes, uint64_t unit, uint64_t offset,
			  uint64_t min);
uint64_t ranges_place_high(const struct ranges *set, uint64_t bytes, uint64_t unit);

#endif
