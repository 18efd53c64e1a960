// SPDX-License-Identifier: BSD-3-Clause
/*
 * tlb.c - the software TLB's tables.
 *
 * The first level holds pages of the current address space and global ones. A switch moves nothing
 * but names: what is tied to the old ASID leaves the first level and stays in the second, and the
 * pages that the new one was left with come back from there. Maintenance therefore looks at the
 * first level, where the ASID is current or the page global, and at the second.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "debug.h"
#include "tlb.h"

int tlb_init(struct jit_cpu *cpu)
{
	cpu->tlb_l2 = calloc(TLB_L2_NR_ENTRIES, sizeof(*cpu->tlb_l2));
	if (!cpu->tlb_l2 || tlb_queue_init(cpu)) {
		tlb_destroy(cpu);
		return -ENOMEM;
	}
	cpu->tlb_filled[0].nr = TLB_NR_FILLED;
	tlb_flush_all(cpu);
	return 0;
}

void tlb_destroy(struct jit_cpu *cpu)
{
	free(cpu->tlb_l2);
	cpu->tlb_l2 = NULL;
	tlb_queue_destroy(cpu);
}

/* n counts through all banks; an entry's index within its bank is the low part. */
static uint64_t tlb_data_invalid(unsigned int n)
{
	return tlb_invalid_tag(n % TLB_L1_NR_ENTRIES);
}

static struct tlb_entry *tlb_data_entry(struct jit_cpu *cpu, unsigned int n)
{
	return &cpu->tlb[n / TLB_L1_NR_ENTRIES][n % TLB_L1_NR_ENTRIES];
}

static void tlb_invalidate_entry(struct jit_cpu *cpu, unsigned int n)
{
	struct tlb_entry *e = tlb_data_entry(cpu, n);

	e->read = tlb_data_invalid(n);
	e->write = tlb_data_invalid(n);
}

static bool tlb_entry_valid(struct jit_cpu *cpu, unsigned int n)
{
	const struct tlb_entry *e = tlb_data_entry(cpu, n);

	return e->read != tlb_data_invalid(n) || e->write != tlb_data_invalid(n);
}

/*
 * A block is entered page by page, but TLBI names any one address in it. A filter by 2 MiB says
 * where such pages may be; maintenance there looks at every entry, each of which knows the size of
 * the block it came from.
 */
static uint64_t *tlb_block_word(struct jit_cpu *cpu, uint64_t va, uint64_t *bit)
{
	uint64_t block = va >> TLB_BLOCK_SHIFT;
	unsigned int hash = (unsigned int)(block ^ block >> 12) & (TLB_NR_BLOCK_BITS - 1);

	*bit = 1ull << (hash & 63);
	return &cpu->tlb_blocks[hash / 64];
}

static bool tlb_in_block(struct jit_cpu *cpu, uint64_t va)
{
	uint64_t bit;
	const uint64_t *word = tlb_block_word(cpu, va, &bit);

	return cpu->tlb_huge_blocks || (*word & bit);
}

static bool tlb_blocks_crowded(const struct jit_cpu *cpu)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < TLB_NR_BLOCK_BITS / 64; i++) {
		nr += (unsigned int)__builtin_popcountll(cpu->tlb_blocks[i]);
	}
	return nr > TLB_NR_BLOCK_BITS / 2;
}

static struct tlb_flushed *tlb_flushed_place(struct jit_cpu *cpu, uint64_t va)
{
	return &cpu->tlb_flushed[va >> TLB_BLOCK_SHIFT & (TLB_NR_FLUSHED - 1)];
}

/*
 * Where a huge page was, Linux goes on with single ones: the huge zero page becomes other pages one
 * by one, with a TLBI for each. Once the block is gone, and until a page of it is entered again,
 * all that such a TLBI can find is that page on its own.
 */
static bool tlb_block_flushed(struct jit_cpu *cpu, uint64_t va, unsigned int asid)
{
	const struct tlb_flushed *f = tlb_flushed_place(cpu, va);

	return f->block == (va >> TLB_BLOCK_SHIFT) + 1 && f->asid == asid && !cpu->tlb_huge_blocks;
}

static void tlb_note_block_flushed(struct jit_cpu *cpu, uint64_t va, unsigned int asid)
{
	*tlb_flushed_place(cpu, va) =
		(struct tlb_flushed){.block = (va >> TLB_BLOCK_SHIFT) + 1, .asid = asid};
}

static void tlb_note_block(struct jit_cpu *cpu, uint64_t va, const struct mmu_result *result)
{
	uint64_t bit;
	uint64_t *word = tlb_block_word(cpu, va, &bit);

	if (result->size == TLB_PAGE_SIZE) {
		return;
	}
	if (!(*word & bit) && tlb_blocks_crowded(cpu)) {
		tlb_flush_all(cpu); /* the filter says yes too often: it starts afresh */
	}
	*word |= bit;
	cpu->tlb_huge_blocks |= result->size > 1ull << TLB_BLOCK_SHIFT;
	tlb_flushed_place(cpu, va)->block = 0;
}

/*
 * Do page (of an entry with this pa field) and va lie in the same block? Also true by chance for an
 * invalid entry, which then is made invalid again.
 */
static bool tlb_same_block(uint64_t page, uint64_t pa, uint64_t va)
{
	return !((page ^ va) >> (pa & 63));
}

/* The second level. `page` is without offset. */

static struct tlb_l2_entry *tlb_l2_slot(struct jit_cpu *cpu, uint64_t page, unsigned int bank,
					uint64_t name)
{
	uint64_t hash = (page >> TLB_PAGE_SHIFT) + name * 0x9e37u + bank * 0x5bdu;

	return &cpu->tlb_l2[(hash ^ hash >> TLB_L2_SHIFT) & (TLB_L2_NR_ENTRIES - 1)];
}

static struct tlb_l2_entry *tlb_l2_find(struct jit_cpu *cpu, uint64_t page, unsigned int bank)
{
	/* Where it is likely first: kernels map themselves globally, in the upper half. */
	uint64_t names[2] = {cpu->context->pages, cpu->context_global};

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t name = names[i ^ page >> 63];
		struct tlb_l2_entry *e = tlb_l2_slot(cpu, page, bank, name);

		if (e->page == (page | bank) && e->name == name) {
			return e;
		}
	}
	return NULL;
}

static struct tlb_l2_entry *tlb_l2_enter(struct jit_cpu *cpu, unsigned int bank, uint64_t page,
					 const struct mmu_result *result, struct vm_region *region)
{
	uint64_t pa = result->pa & ~(TLB_PAGE_SIZE - 1), name;
	struct tlb_l2_entry *e;

	tlb_note_block(cpu, page, result);
	name = result->global ? cpu->context_global : cpu->context->pages;
	e = tlb_l2_slot(cpu, page, bank, name);
	*e = (struct tlb_l2_entry){
		.page = page | bank,
		.name = name,
		.addend = (uint64_t)(uintptr_t)(region->host + (pa - region->base)) - page,
		.pa = pa | (uint64_t)__builtin_ctzll(result->size) |
		      (result->global ? TLB_PA_GLOBAL : 0) | (result->read ? TLB_PA_READ : 0) |
		      (result->write && !region->read_only ? TLB_PA_WRITE : 0),
	};
	return e;
}

static void tlb_l2_drop(struct jit_cpu *cpu, uint64_t page, uint64_t name)
{
	for (unsigned int bank = 0; bank < TLB_L2_NR_BANKS; bank++) {
		struct tlb_l2_entry *e = tlb_l2_slot(cpu, page, bank, name);

		if (e->page == (page | bank) && e->name == name) {
			e->name = 0;
		}
	}
}

/* The first level. */

static void tlb_note_filled(struct jit_cpu *cpu, unsigned int n, bool global)
{
	struct tlb_filled *filled = &cpu->tlb_filled[global];

	if (filled->nr < TLB_NR_FILLED) {
		filled->entries[filled->nr++] = (uint16_t)n;
	}
}

static void tlb_load(struct jit_cpu *cpu, unsigned int bank, const struct tlb_l2_entry *from)
{
	uint64_t page = from->page & ~(TLB_PAGE_SIZE - 1), pa = from->pa;
	unsigned int n = bank * TLB_L1_NR_ENTRIES + tlb_index(page);
	struct tlb_entry *e = tlb_data_entry(cpu, n);
	uint64_t invalid = tlb_data_invalid(n);
	bool write = (pa & TLB_PA_WRITE) && !vm_page_has_code(cpu->vm, pa);

	if (!tlb_entry_valid(cpu, n) || ((e->pa ^ pa) & TLB_PA_GLOBAL)) {
		tlb_note_filled(cpu, n, pa & TLB_PA_GLOBAL);
	}
	*e = (struct tlb_entry){
		.read = pa & TLB_PA_READ ? page : invalid,
		.write = write ? page : invalid,
		.addend = from->addend,
		.pa = pa | (e->pa & TLB_PA_SLOTS),
	};
	cpu->tlb_el1_local |= bank != TLB_BANK_EL0 && !(pa & TLB_PA_GLOBAL);
}

void tlb_fill(struct jit_cpu *cpu, unsigned int bank, uint64_t va, const struct mmu_result *result,
	      struct vm_region *region)
{
	uint64_t page = va & ~(TLB_PAGE_SIZE - 1);

	if (!debug_watches_page(cpu, page)) {
		tlb_load(cpu, bank, tlb_l2_enter(cpu, bank, page, result, region));
	}
}

bool tlb_refill(struct jit_cpu *cpu, unsigned int bank, uint64_t va)
{
	const struct tlb_l2_entry *e = NULL;

	if (!cpu->slow_memory) {
		e = tlb_l2_find(cpu, va & ~(TLB_PAGE_SIZE - 1), bank);
	}
	if (e) {
		cpu_count(cpu, CPU_STAT_L2_HITS);
		tlb_load(cpu, bank, e);
	}
	return e;
}

const struct tlb_l2_entry *tlb_find_code(struct jit_cpu *cpu, uint64_t va)
{
	const struct tlb_l2_entry *e =
		tlb_l2_find(cpu, va & ~(TLB_PAGE_SIZE - 1), TLB_BANK_CODE + cpu->el);

	if (e) {
		cpu_count(cpu, CPU_STAT_L2_HITS);
	}
	return e;
}

const struct tlb_l2_entry *tlb_fill_code(struct jit_cpu *cpu, uint64_t va,
					 const struct mmu_result *result, struct vm_region *region)
{
	return tlb_l2_enter(cpu, TLB_BANK_CODE + cpu->el, va & ~(TLB_PAGE_SIZE - 1), result,
			    region);
}

static void tlb_invalidate_slot(struct tlb_slot *slot)
{
	slot->read_limit = 0;
	slot->write_limit = 0;
}

/* The slots of translated code in banks up to `last` may hold any page. */
static void tlb_flush_slots(struct jit_cpu *cpu, enum tlb_bank last)
{
	for (unsigned int n = 0; n < (last + 1) * TLB_NR_SLOTS; n++) {
		tlb_invalidate_slot(&cpu->slots[n / TLB_NR_SLOTS][n % TLB_NR_SLOTS]);
	}
}

/*
 * A slot may hold a page that its level-1 entry has lost. So the entry, whatever page it holds,
 * also says whether a slot was filled from it since this was last looked at: few pages that are
 * flushed are in any.
 */
static void tlb_flush_slots_page(struct jit_cpu *cpu, unsigned int n, uint64_t page)
{
	struct tlb_entry *e = tlb_data_entry(cpu, n);
	struct tlb_slot *slots = cpu->slots[n / TLB_L1_NR_ENTRIES];
	uint64_t others = 0;

	if (!(e->pa & TLB_PA_SLOTS)) {
		return;
	}
	for (unsigned int i = 0; i < TLB_NR_SLOTS; i++) {
		if (slots[i].page == page) {
			tlb_invalidate_slot(&slots[i]);
		} else if (tlb_index(slots[i].page) == tlb_index(page)) {
			others |= slots[i].read_limit | slots[i].write_limit;
		}
	}
	if (!others) {
		e->pa &= ~(uint64_t)TLB_PA_SLOTS;
	}
}

void tlb_flush_all(struct jit_cpu *cpu)
{
	cpu_count(cpu, CPU_STAT_FLUSHES_ALL);
	if (cpu->tlb_filled[0].nr == TLB_NR_FILLED || cpu->tlb_filled[1].nr == TLB_NR_FILLED) {
		for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
			tlb_invalidate_entry(cpu, n);
		}
	}
	for (unsigned int global = 0; global < 2; global++) {
		struct tlb_filled *filled = &cpu->tlb_filled[global];

		for (unsigned int i = 0; filled->nr < TLB_NR_FILLED && i < filled->nr; i++) {
			tlb_invalidate_entry(cpu, filled->entries[i]);
		}
		filled->nr = 0;
	}
	tlb_flush_slots(cpu, TLB_BANK_EL1_PAN);
	cpu->fetch_size = 0;
	context_renew_all(cpu);
	memset(cpu->tlb_blocks, 0, sizeof(cpu->tlb_blocks));
	cpu->tlb_huge_blocks = false;
	cpu->tlb_el1_local = false;
}

static void tlb_drop_local_entry(struct jit_cpu *cpu, unsigned int n)
{
	if (!(tlb_data_entry(cpu, n)->pa & TLB_PA_GLOBAL)) {
		tlb_invalidate_entry(cpu, n);
	}
}

/* Takes what is tied to the current ASID out of the first level. */
static void tlb_drop_local(struct jit_cpu *cpu)
{
	struct tlb_filled *filled = &cpu->tlb_filled[0];

	if (filled->nr == TLB_NR_FILLED) {
		for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
			tlb_drop_local_entry(cpu, n);
		}
	} else {
		for (unsigned int i = 0; i < filled->nr; i++) {
			tlb_drop_local_entry(cpu, filled->entries[i]);
		}
	}
	filled->nr = 0;
	tlb_flush_slots(cpu, cpu->tlb_el1_local ? TLB_BANK_EL1_PAN : TLB_BANK_EL0);
	cpu->tlb_el1_local = false;
	cpu->fetch_size = 0;
}

void tlb_flush_asid(struct jit_cpu *cpu, unsigned int asid)
{
	cpu_count(cpu, CPU_STAT_FLUSHES_ASID);
	if (cpu->context->asid == asid) {
		tlb_drop_local(cpu);
	}
	context_renew_asid(cpu, asid);
}

/* Notes which pages the current address space has in the first level: the last ones entered. */
static void tlb_remember(struct jit_cpu *cpu)
{
	const struct tlb_filled *filled = &cpu->tlb_filled[0];
	struct cpu_context *c = cpu->context;

	c->nr_recent = 0;
	for (unsigned int i = filled->nr; i-- > 0 && c->nr_recent < CPU_NR_RECENT;) {
		unsigned int n = filled->entries[i];
		const struct tlb_entry *e = tlb_data_entry(cpu, n);

		if (tlb_entry_valid(cpu, n) && !(e->pa & TLB_PA_GLOBAL)) {
			c->recent[c->nr_recent++] =
				(e->read != tlb_data_invalid(n) ? e->read : e->write) |
				n / TLB_L1_NR_ENTRIES;
		}
	}
}

/* Brings them back, as far as the second level still has them; the latest ones last. */
static void tlb_restore(struct jit_cpu *cpu)
{
	const struct cpu_context *c = cpu->context;

	for (unsigned int i = c->nr_recent; i-- > 0;) {
		unsigned int bank = c->recent[i] & 7;
		uint64_t page = c->recent[i] - bank;
		const struct tlb_l2_entry *e = tlb_l2_slot(cpu, page, bank, c->pages);

		if (e->page == c->recent[i] && e->name == c->pages) {
			cpu_count(cpu, CPU_STAT_RESTORED);
			tlb_load(cpu, bank, e);
		}
	}
}

void tlb_switch_asid(struct jit_cpu *cpu)
{
	if (cpu->context->asid == mmu_asid(cpu)) {
		return;
	}
	cpu_count(cpu, CPU_STAT_SWITCHES);
	tlb_remember(cpu);
	tlb_drop_local(cpu);
	context_switch(cpu);
	tlb_restore(cpu);
}

static bool tlb_same_region(uint64_t page, uint64_t va)
{
	return !((page ^ va) >> TLB_BLOCK_SHIFT);
}

static bool tlb_entry_near(const struct tlb_entry *e, uint64_t va)
{
	return tlb_same_block(e->read, e->pa, va) || tlb_same_block(e->write, e->pa, va) ||
	       tlb_same_region(e->read, va) || tlb_same_region(e->write, va);
}

/* Every page of the block (of whatever size) that holds va, and of others in its 2 MiB, which then
 * hold none but single ones. */
static void tlb_flush_block(struct jit_cpu *cpu, uint64_t va, unsigned int asid)
{
	cpu_count(cpu, CPU_STAT_FLUSHES_BLOCK);
	for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
		if (tlb_entry_near(tlb_data_entry(cpu, n), va)) {
			tlb_invalidate_entry(cpu, n);
		}
	}
	tlb_flush_slots(cpu, TLB_BANK_EL1_PAN);
	cpu->fetch_size = 0;
	context_renew_pages(cpu, asid);
	context_renew_jumps_block(cpu, va, asid);
	tlb_note_block_flushed(cpu, va, asid);
}

static bool tlb_matches_asid(const struct cpu_context *c, unsigned int asid)
{
	return c->asid == asid || asid == CONTEXT_ANY_ASID;
}

/* From the second level: whatever is global there, too (D8.13.2). */
static void tlb_l2_flush_page(struct jit_cpu *cpu, uint64_t page, unsigned int asid)
{
	tlb_l2_drop(cpu, page, cpu->context_global);
	for (unsigned int i = 0; i < CPU_NR_CONTEXTS; i++) {
		if (cpu->contexts[i].pages && tlb_matches_asid(&cpu->contexts[i], asid)) {
			tlb_l2_drop(cpu, page, cpu->contexts[i].pages);
		}
	}
}

void tlb_flush_page(struct jit_cpu *cpu, uint64_t va, unsigned int asid)
{
	uint64_t page = va & ~(TLB_PAGE_SIZE - 1);
	bool current = tlb_matches_asid(cpu->context, asid);

	if (tlb_in_block(cpu, va) && !tlb_block_flushed(cpu, va, asid)) {
		tlb_flush_block(cpu, va, asid);
		return;
	}
	cpu_count(cpu, CPU_STAT_FLUSHES_PAGE);
	context_renew_jumps_page(cpu, va, asid);
	tlb_l2_flush_page(cpu, page, asid);
	for (unsigned int bank = 0; bank < TLB_NR_BANKS; bank++) {
		unsigned int n = bank * TLB_L1_NR_ENTRIES + tlb_index(va);
		const struct tlb_entry *e = tlb_data_entry(cpu, n);

		tlb_flush_slots_page(cpu, n, page);
		if ((e->read == page || e->write == page) && (current || (e->pa & TLB_PA_GLOBAL))) {
			/* It stays in tlb_filled; entering it twice is harmless. */
			tlb_invalidate_entry(cpu, n);
		}
	}
	cpu->fetch_size = 0;
}

/* Slots do not say which physical page theirs is, but where it lies on the host. */
static void tlb_protect_slots(struct jit_cpu *cpu, uint64_t host)
{
	for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_NR_SLOTS; n++) {
		struct tlb_slot *slot = &cpu->slots[n / TLB_NR_SLOTS][n % TLB_NR_SLOTS];

		if (slot->page + slot->addend == host) {
			slot->write_limit = 0;
		}
	}
}

/* The first levels alone have write tags: tlb_load() looks whether there is code. */
void tlb_protect_page(struct jit_cpu *cpu, uint64_t pa)
{
	for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
		struct tlb_entry *e = tlb_data_entry(cpu, n);

		if ((e->pa & ~(TLB_PAGE_SIZE - 1)) == pa) {
			e->write = tlb_data_invalid(n);
		}
	}
	tlb_protect_slots(cpu, (uint64_t)(uintptr_t)vm_host_address(cpu->vm, pa, TLB_PAGE_SIZE));
}
