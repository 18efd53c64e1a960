/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 tables: one descent routine, and the commits built on it. See stage2.h.
 *
 * A level-n entry covers 4 KiB << 9 * (3 - n). The hardware may start at level 1 with up to 16
 * concatenated root tables (Arm ARM D8.2.2); they are one array here, so that the walk does not
 * care. Entries are written whole; break-before-make (D8.14.1) is kept when a block becomes a
 * table or the other way round.
 */
#include <core/log.h>
#include <el2/mmu.h>
#include <el2/s2arch.h>
#include <hyp/calls.h>
#include <hyp/error.h>
#include <stage2/stage2.h>

#define PTE_VALID        BIT(0)
#define PTE_TABLE        BIT(1) /* levels 0-2; at level 3: a page */
#define PTE_ADDRESS      MASK(47, 12)
#define PTE_MEMATTR_MASK MASK(5, 2)
#define PTE_S2AP_R       BIT(6)
#define PTE_S2AP_W       BIT(7)
#define PTE_SH_INNER     (3ull << 8)
#define PTE_AF           BIT(10)
#define PTE_XN           BIT(54)

#define ENTRIES    512u
#define LAST_LEVEL 3u

static u32 level_shift(u32 level)
{
	return PAGE_SHIFT + 9 * (LAST_LEVEL - level);
}

static u64 level_bytes(u32 level)
{
	return 1ull << level_shift(level);
}

static bool pte_is_table(u64 pte, u32 level)
{
	return level < LAST_LEVEL && (pte & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static bool pte_is_leaf(u64 pte, u32 level)
{
	return (pte & PTE_VALID) && !pte_is_table(pte, level);
}

static u64 *pte_table(u64 pte)
{
	return mmu_pa_to_va(pa_init(pte & PTE_ADDRESS));
}

static u64 pte_leaf(paddr_t pa, u32 level, u64 attributes)
{
	return pa.pa | attributes | PTE_AF | PTE_VALID | (level == LAST_LEVEL ? PTE_TABLE : 0);
}

static u64 pte_attributes(u32 prot, enum s2_memory memory)
{
	u64 pte = memory == S2_DEVICE ? s2arch_memattr_device()
				      : s2arch_memattr_normal() | PTE_SH_INNER;

	pte |= prot & HYP_PROT_R ? PTE_S2AP_R : 0;
	pte |= prot & HYP_PROT_W ? PTE_S2AP_W : 0;
	pte |= prot & HYP_PROT_X ? 0 : PTE_XN;
	return pte;
}

static u32 root_index(const struct stage2 *s2, ipaddr_t ipa)
{
	return (u32)(ipa.ipa >> level_shift(s2->root_level));
}

static u32 table_index(ipaddr_t ipa, u32 level)
{
	return (ipa.ipa >> level_shift(level)) & (ENTRIES - 1);
}

/* The entry for ipa at the deepest level that exists, at most to_level; *level says which. */
static u64 *descend(const struct stage2 *s2, ipaddr_t ipa, u32 to_level, u32 *level)
{
	u32 at = s2->root_level;
	u64 *entry = &s2->root[root_index(s2, ipa)];

	while (at < to_level && pte_is_table(*entry, at)) {
		at++;
		entry = &pte_table(*entry)[table_index(ipa, at)];
	}
	*level = at;
	return entry;
}

/* Replaces a block by a table of the next level that maps the same. table: a zeroed page. */
static void split_block(struct stage2 *s2, u64 *entry, u32 level, ipaddr_t ipa, u64 *table)
{
	u64 old = *entry;
	u64 attributes = old & ~(PTE_ADDRESS | PTE_VALID | PTE_TABLE | PTE_AF);
	u64 step = level_bytes(level + 1);

	for (u32 i = 0; i < ENTRIES; i++) {
		table[i] = pte_leaf(pa_init((old & PTE_ADDRESS) + i * step), level + 1, attributes);
	}
	*entry = 0;
	s2arch_tlbi_range(s2, ipa_init(ALIGN_DOWN(ipa.ipa, level_bytes(level))),
			  level_bytes(level));
	*entry = mmu_va_to_pa(table).pa | PTE_VALID | PTE_TABLE;
	s2arch_sync();
}

/* Makes tables exist down to level for ipa, splitting blocks on the way. */
static int prepare_level(struct stage2 *s2, ipaddr_t ipa, u32 to_level)
{
	for (;;) {
		u32 level;
		u64 *entry = descend(s2, ipa, to_level, &level);
		u64 *table;

		if (level == to_level) {
			return HYP_OK;
		}
		table = pool_alloc_locked(s2->pool);
		if (!table) {
			return HYP_E_NOMEM;
		}
		if (*entry & PTE_VALID) {
			split_block(s2, entry, level, ipa, table);
		} else {
			s2arch_sync();
			*entry = mmu_va_to_pa(table).pa | PTE_VALID | PTE_TABLE;
		}
	}
}

/* The highest level whose entries can map from ipa to pa without passing end. */
static u32 map_level(const struct stage2 *s2, ipaddr_t ipa, paddr_t pa, u64 bytes)
{
	u32 level = s2->root_level > 1 ? s2->root_level : 1;

	while (level < LAST_LEVEL &&
	       (!IS_ALIGNED(ipa.ipa | pa.pa, level_bytes(level)) || bytes < level_bytes(level))) {
		level++;
	}
	return level;
}

int s2_prepare_map(struct stage2 *s2, ipaddr_t ipa, paddr_t pa, u64 bytes)
{
	u64 done = 0;

	while (done < bytes) {
		ipaddr_t at = ipa_add(ipa, done);
		u32 level = map_level(s2, at, pa_add(pa, done), bytes - done);
		int error = prepare_level(s2, at, level);

		if (error) {
			return error;
		}
		/* One table serves everything up to its end. */
		done += level == LAST_LEVEL ? BLOCK_BYTES - (at.ipa & (BLOCK_BYTES - 1))
					    : level_bytes(level);
	}
	return HYP_OK;
}

int s2_prepare_unmap(struct stage2 *s2, ipaddr_t ipa, u64 bytes)
{
	u64 end = ipa.ipa + bytes;

	/* Only a block that straddles an end of the range has to be split. */
	for (u32 i = 0; i < 2; i++) {
		ipaddr_t edge = ipa_init(i == 0 ? ipa.ipa : end);

		while (edge.ipa < 1ull << s2->ipa_bits) {
			u32 level;
			u64 *entry = descend(s2, edge, LAST_LEVEL, &level);
			int error;

			if (!pte_is_leaf(*entry, level) ||
			    IS_ALIGNED(edge.ipa, level_bytes(level))) {
				break;
			}
			error = prepare_level(s2, edge, level + 1);
			if (error) {
				return error;
			}
		}
	}
	return HYP_OK;
}

/* If table (level, the one that holds ipa) maps a whole block alike, its parent's entry, pointing
 * at it, becomes that block. */
static bool join_table(struct stage2 *s2, u64 *parent, u32 parent_level, ipaddr_t ipa)
{
	u64 *table = pte_table(*parent);
	u32 level = parent_level + 1;
	u64 first = table[0];

	if (!pte_is_leaf(first, level) ||
	    !IS_ALIGNED(first & PTE_ADDRESS, level_bytes(parent_level)) || parent_level < 1) {
		return false;
	}
	for (u32 i = 1; i < ENTRIES; i++) {
		if (table[i] != first + i * level_bytes(level)) {
			return false;
		}
	}
	*parent = 0;
	s2arch_tlbi_range(s2, ipa_init(ALIGN_DOWN(ipa.ipa, level_bytes(parent_level))),
			  level_bytes(parent_level));
	*parent = level == LAST_LEVEL ? first & ~PTE_TABLE : first;
	s2arch_sync();
	pool_free_locked(s2->pool, table);
	return true;
}

static bool free_empty_table(struct stage2 *s2, u64 *parent)
{
	u64 *table = pte_table(*parent);

	for (u32 i = 0; i < ENTRIES; i++) {
		if (table[i] & PTE_VALID) {
			return false;
		}
	}
	*parent = 0;
	s2arch_tlbi_walk(s2);
	pool_free_locked(s2->pool, table);
	return true;
}

/* Joins, or frees, the tables above ipa's leaf of leaf_level as far as they allow, upwards. */
static void tidy(struct stage2 *s2, ipaddr_t ipa, u32 leaf_level, bool joining)
{
	for (u32 to = leaf_level - 1; to + 1 > s2->root_level; to--) {
		u32 level;
		u64 *entry = descend(s2, ipa, to, &level);

		if (level != to || !pte_is_table(*entry, level)) {
			continue;
		}
		if (joining ? !join_table(s2, entry, level, ipa) : !free_empty_table(s2, entry)) {
			return;
		}
	}
}

/* How many entries of one level-3 table a range has from at on. */
static u64 pages_in_table(ipaddr_t at, u64 bytes)
{
	u64 rest = BLOCK_BYTES - (at.ipa & (BLOCK_BYTES - 1));

	return (bytes < rest ? bytes : rest) >> PAGE_SHIFT;
}

void s2_map(struct stage2 *s2, ipaddr_t ipa, paddr_t pa, u64 bytes, u32 prot, enum s2_memory memory)
{
	u64 attributes = pte_attributes(prot, memory);
	u64 done = 0;

	while (done < bytes) {
		ipaddr_t at = ipa_add(ipa, done);
		u32 want = map_level(s2, at, pa_add(pa, done), bytes - done);
		u32 level;
		u64 *entry = descend(s2, at, LAST_LEVEL, &level);
		u64 nr = level == LAST_LEVEL ? pages_in_table(at, bytes - done) : 1;

		/* A table that prepare found here stays: the range may be part of it. */
		if (level < want) {
			panic("stage2: map of %lx was not prepared", at.ipa);
		}
		for (u64 i = 0; i < nr; i++) {
			BUG_ON(entry[i] & PTE_VALID);
			entry[i] = pte_leaf(pa_add(pa, done), level, attributes);
			done += level_bytes(level);
		}
		/* At the end of each table that was written to, if it can be a block at all. */
		if (level > 1 && IS_ALIGNED(ipa.ipa ^ pa.pa, level_bytes(level - 1)) &&
		    (done >= bytes || IS_ALIGNED(ipa.ipa + done, level_bytes(level - 1)))) {
			tidy(s2, at, level, true);
		}
	}
	s2arch_sync();
}

void s2_unmap(struct stage2 *s2, ipaddr_t ipa, u64 bytes)
{
	u64 end = ipa.ipa + bytes;
	u64 at = ipa.ipa;
	bool changed = false;

	while (at < end) {
		u32 level;
		u64 *entry = descend(s2, ipa_init(at), LAST_LEVEL, &level);
		u64 covers = level_bytes(level);

		if (*entry & PTE_VALID) {
			BUG_ON(!IS_ALIGNED(at, covers) || end - at < covers);
			*entry = 0;
			changed = true;
		}
		at = ALIGN_DOWN(at, covers) + covers;
	}
	if (!changed) {
		return;
	}
	s2arch_tlbi_range(s2, ipa, bytes);
	for (at = ipa.ipa; at < end; at = ALIGN_DOWN(at, BLOCK_BYTES) + BLOCK_BYTES) {
		tidy(s2, ipa_init(at), LAST_LEVEL, false);
	}
}

bool s2_lookup(const struct stage2 *s2, ipaddr_t ipa, struct s2_leaf *leaf)
{
	u32 level;
	u64 pte;

	if (ipa.ipa >> s2->ipa_bits) {
		return false;
	}
	pte = *descend(s2, ipa, LAST_LEVEL, &level);
	if (!(pte & PTE_VALID)) {
		return false;
	}
	leaf->bytes = level_bytes(level);
	leaf->pa = pa_init((pte & PTE_ADDRESS) | (ipa.ipa & (leaf->bytes - 1) & ~(PAGE_BYTES - 1)));
	leaf->prot = (pte & PTE_S2AP_R ? HYP_PROT_R : 0) | (pte & PTE_S2AP_W ? HYP_PROT_W : 0) |
		     (pte & PTE_XN ? 0 : HYP_PROT_X);
	leaf->device = (pte & PTE_MEMATTR_MASK) != s2arch_memattr_normal();
	return true;
}

bool s2_next(const struct stage2 *s2, ipaddr_t *ipa, struct s2_leaf *leaf)
{
	u64 limit = 1ull << s2->ipa_bits;

	while (ipa->ipa < limit) {
		u32 level;
		u64 pte = *descend(s2, *ipa, LAST_LEVEL, &level);

		if (pte & PTE_VALID) {
			return s2_lookup(s2, *ipa, leaf);
		}
		ipa->ipa = ALIGN_DOWN(ipa->ipa, level_bytes(level)) + level_bytes(level);
	}
	return false;
}

bool s2_range_valid(const struct stage2 *s2, ipaddr_t ipa, u64 bytes)
{
	u64 limit = 1ull << s2->ipa_bits;

	return bytes <= limit && ipa.ipa <= limit - bytes;
}

bool s2_range_free(const struct stage2 *s2, ipaddr_t ipa, u64 bytes)
{
	u64 end = ipa.ipa + bytes;
	u64 at = ipa.ipa;

	while (at < end) {
		u32 level;
		const u64 *entry = descend(s2, ipa_init(at), LAST_LEVEL, &level);
		u64 nr = level == LAST_LEVEL ? pages_in_table(ipa_init(at), end - at) : 1;

		for (u64 i = 0; i < nr; i++) {
			if (entry[i] & PTE_VALID) {
				return false;
			}
		}
		at = ALIGN_DOWN(at, level_bytes(level)) + nr * level_bytes(level);
	}
	return true;
}

static u32 bits_to_root(u32 ipa_bits, u32 *level)
{
	/* Start at level 1 while 16 concatenated tables reach, else at level 0. */
	*level = ipa_bits <= level_shift(1) + 9 + 4 ? 1 : 0;
	u32 index_bits = ipa_bits - level_shift(*level);

	return index_bits <= 9 ? 1 : 1u << (index_bits - 9);
}

int s2_init(struct stage2 *s2, struct pool *pool, vmid_t vmid, u32 ipa_bits)
{
	u32 most = s2arch_max_ipa_bits();
	u32 nr_tables;

	if (ipa_bits == 0) {
		ipa_bits = most;
	}
	if (ipa_bits < 32 || ipa_bits > most) {
		return HYP_E_INVAL;
	}
	nr_tables = bits_to_root(ipa_bits, &s2->root_level);
	s2->pool = pool;
	s2->ipa_bits = ipa_bits;
	s2->root_entries = nr_tables * ENTRIES;
	s2->root = pool_alloc_aligned_locked(pool, nr_tables);
	if (!s2->root) {
		return HYP_E_NOMEM;
	}
	s2->vttbr = mmu_va_to_pa(s2->root).pa | (u64)vmid << 48;
	s2->vtcr = s2arch_vtcr(ipa_bits, s2->root_level);
	s2arch_tlbi_all(s2);
	return HYP_OK;
}

static void free_tables(struct stage2 *s2, u64 *table, u32 entries, u32 level)
{
	for (u32 i = 0; i < entries; i++) {
		if (pte_is_table(table[i], level)) {
			free_tables(s2, pte_table(table[i]), ENTRIES, level + 1);
			pool_free_locked(s2->pool, pte_table(table[i]));
		}
		table[i] = 0;
	}
}

void s2_destroy(struct stage2 *s2)
{
	if (!s2->root) {
		return;
	}
	free_tables(s2, s2->root, s2->root_entries, s2->root_level);
	s2arch_tlbi_all(s2);
	for (u32 i = 0; i < s2->root_entries / ENTRIES; i++) {
		pool_free_locked(s2->pool, s2->root + i * ENTRIES);
	}
	s2->root = NULL;
}
