/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 translation tables (Arm ARM D8.2; 4 KiB granule) of one VM.
 *
 * A change has two phases. s2_prepare() allocates every table the change can need, from the VM's
 * pool, and may fail; the commits s2_map() and s2_unmap() then cannot. Blocks are used wherever
 * alignment allows and split when part of one changes; s2_unmap() frees tables that became empty
 * and s2_map() joins a full table into a block again. All under mem_lock.
 */
#ifndef STAGE2_STAGE2_H
#define STAGE2_STAGE2_H

#include <core/pool.h>
#include <core/types.h>

struct stage2 {
	u64 *root; /* 1 to 16 concatenated tables, or one level-0 table */
	struct pool *pool;
	u64 vttbr; /* VTTBR_EL2: root and VMID */
	u64 vtcr;  /* VTCR_EL2 */
	u32 ipa_bits;
	u32 root_level;
	u32 root_entries;
};

enum s2_memory { S2_NORMAL, S2_DEVICE };

struct s2_leaf {
	paddr_t pa; /* of the page asked for, not of the block it lies in */
	u32 prot;   /* HYP_PROT_* */
	u64 bytes;  /* of the mapping: 4 KiB, 2 MiB or 1 GiB */
	bool device;
};

/* ipa_bits 0: the most the machine has. Allocates the root from pool. HYP_E_NOMEM, HYP_E_INVAL. */
int s2_init(struct stage2 *s2, struct pool *pool, vmid_t vmid, u32 ipa_bits) __must_check;
/* Returns every table to the pool. The VM does not run. */
void s2_destroy(struct stage2 *s2);

/* Makes sure that [ipa, +bytes) can be mapped to physical address pa (alignment decides about
 * blocks), or, with pages, unmapped page by page. HYP_E_NOMEM. */
int s2_prepare_map(struct stage2 *s2, ipaddr_t ipa, paddr_t pa, u64 bytes) __must_check;
int s2_prepare_unmap(struct stage2 *s2, ipaddr_t ipa, u64 bytes) __must_check;

/* Commits. s2_map: the range is unmapped (the caller checked). s2_unmap: holes are fine; stale
 * TLB entries are gone when it returns. */
void s2_map(struct stage2 *s2, ipaddr_t ipa, paddr_t pa, u64 bytes, u32 prot,
	    enum s2_memory memory);
void s2_unmap(struct stage2 *s2, ipaddr_t ipa, u64 bytes);

/* What ipa maps to. False: nothing, or outside the address space. */
bool s2_lookup(const struct stage2 *s2, ipaddr_t ipa, struct s2_leaf *leaf);
/* The first mapping at or behind *ipa, which moves to where the mapping begins. False: none. */
bool s2_next(const struct stage2 *s2, ipaddr_t *ipa, struct s2_leaf *leaf);
/* Whether nothing in [ipa, +bytes) is mapped. */
bool s2_range_free(const struct stage2 *s2, ipaddr_t ipa, u64 bytes);
/* Whether [ipa, +bytes) lies in the address space. */
bool s2_range_valid(const struct stage2 *s2, ipaddr_t ipa, u64 bytes);

#endif
