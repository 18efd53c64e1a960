// SPDX-License-Identifier: BSD-3-Clause
/*
 * tlb.c - the software TLB's tables and their maintenance across CPUs.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "debug.h"
#include "tlb.h"

#define TLB_QUEUE_LENGTH 64

struct tlb_request {
	enum tlb_request_type type;
	uint64_t address;
};

/*
 * Lock: `lock` guards requests and nr; nothing else is taken under it. posted counts all requests
 * ever entered, done those that are served; a waiter compares the two.
 */
struct tlb_queue {
	pthread_mutex_t lock;
	struct tlb_request requests[TLB_QUEUE_LENGTH];
	unsigned int nr; /* more than the length: flush everything instead */
	_Atomic uint64_t posted;
	_Atomic uint64_t done;
	_Atomic bool in_guest;
};

int tlb_init(struct jit_cpu *cpu)
{
	cpu->tlb_queue = calloc(1, sizeof(*cpu->tlb_queue));
	if (!cpu->tlb_queue) {
		return -ENOMEM;
	}
	pthread_mutex_init(&cpu->tlb_queue->lock, NULL);
	cpu->tlb_nr_filled = TLB_NR_FILLED;
	tlb_flush_all(cpu);
	return 0;
}

void tlb_destroy(struct jit_cpu *cpu)
{
	if (cpu->tlb_queue) {
		pthread_mutex_destroy(&cpu->tlb_queue->lock);
		free(cpu->tlb_queue);
		cpu->tlb_queue = NULL;
	}
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

static struct tlb_code_entry *tlb_code_nth(struct jit_cpu *cpu, unsigned int n)
{
	return &cpu->code_tlb[n / TLB_CODE_NR_ENTRIES][n % TLB_CODE_NR_ENTRIES];
}

static void tlb_invalidate_code(struct jit_cpu *cpu, unsigned int n)
{
	tlb_code_nth(cpu, n)->va = tlb_invalid_tag(n % TLB_CODE_NR_ENTRIES);
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

static void tlb_note_mapping(struct jit_cpu *cpu, uint64_t va, const struct mmu_result *result)
{
	if (result->size > TLB_PAGE_SIZE) {
		uint64_t bit;
		uint64_t *word = tlb_block_word(cpu, va, &bit);

		*word |= bit;
		cpu->tlb_huge_blocks |= result->size > 1ull << TLB_BLOCK_SHIFT;
	}
	if (!result->global && va >> 63) {
		cpu->tlb_high_nonglobal = true;
	}
}

static uint64_t tlb_pa_and_size(const struct mmu_result *result)
{
	return (result->pa & ~(TLB_PAGE_SIZE - 1)) | (uint64_t)__builtin_ctzll(result->size);
}

/*
 * Do page (of an entry with this pa field) and va lie in the same block? Also true by chance for an
 * invalid entry, which then is made invalid again.
 */
static bool tlb_same_block(uint64_t page, uint64_t pa, uint64_t va)
{
	return !((page ^ va) >> (pa & 63));
}

void tlb_fill(struct jit_cpu *cpu, unsigned int bank, uint64_t va, const struct mmu_result *result,
	      struct vm_region *region)
{
	uint64_t page = va & ~(TLB_PAGE_SIZE - 1);
	unsigned int n =
		bank * TLB_L1_NR_ENTRIES + (va >> TLB_PAGE_SHIFT & (TLB_L1_NR_ENTRIES - 1));
	struct tlb_entry *e = tlb_data_entry(cpu, n);
	uint64_t pa = result->pa & ~(TLB_PAGE_SIZE - 1), invalid = tlb_data_invalid(n);
	bool write = result->write && !region->read_only && !vm_page_has_code(cpu->vm, pa);

	if (debug_watches_page(cpu, page)) {
		return;
	}
	if (cpu->tlb_nr_filled < TLB_NR_FILLED && e->read == invalid && e->write == invalid) {
		cpu->tlb_filled[cpu->tlb_nr_filled++] = (uint16_t)n;
	}
	e->read = result->read ? page : invalid;
	e->write = write ? page : invalid;
	e->addend = (uint64_t)(uintptr_t)(region->host + (pa - region->base)) - page;
	e->pa = tlb_pa_and_size(result);
	tlb_note_mapping(cpu, va, result);
}

void tlb_fill_code(struct jit_cpu *cpu, uint64_t va, const struct mmu_result *result,
		   struct vm_region *region)
{
	struct tlb_code_entry *e = tlb_code_entry(cpu, va);

	e->va = va & ~(TLB_PAGE_SIZE - 1);
	e->pa = tlb_pa_and_size(result);
	e->addend = (uint64_t)(uintptr_t)(region->host +
					  ((result->pa & ~(TLB_PAGE_SIZE - 1)) - region->base)) -
		    e->va;
	tlb_note_mapping(cpu, va, result);
}

static void tlb_flush_code(struct jit_cpu *cpu, bool low_only)
{
	for (unsigned int n = 0; n < 2 * TLB_CODE_NR_ENTRIES; n++) {
		if (!low_only || !(tlb_code_nth(cpu, n)->va >> 63)) {
			tlb_invalidate_code(cpu, n);
		}
	}
	cpu->fetch_size = 0;
}

static void tlb_invalidate_slot(struct tlb_slot *slot)
{
	slot->read_limit = 0;
	slot->write_limit = 0;
}

/* The slots of translated code may hold any page. */
static void tlb_flush_slots(struct jit_cpu *cpu)
{
	for (unsigned int n = 0; n < TLB_NR_BANKS * 32; n++) {
		tlb_invalidate_slot(&cpu->slots[n / 32][n % 32]);
	}
}

static void tlb_flush_slots_page(struct jit_cpu *cpu, uint64_t page)
{
	for (unsigned int n = 0; n < TLB_NR_BANKS * 32; n++) {
		if (cpu->slots[n / 32][n % 32].page == page) {
			tlb_invalidate_slot(&cpu->slots[n / 32][n % 32]);
		}
	}
}

void tlb_flush_all(struct jit_cpu *cpu)
{
	cpu_count(cpu, CPU_STAT_FLUSHES_ALL);
	if (cpu->tlb_nr_filled == TLB_NR_FILLED) {
		for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
			tlb_invalidate_entry(cpu, n);
		}
	} else {
		for (unsigned int i = 0; i < cpu->tlb_nr_filled; i++) {
			tlb_invalidate_entry(cpu, cpu->tlb_filled[i]);
		}
	}
	cpu->tlb_nr_filled = 0;
	tlb_flush_slots(cpu);
	tlb_flush_code(cpu, false);
	context_renew_all(cpu);
	memset(cpu->tlb_blocks, 0, sizeof(cpu->tlb_blocks));
	cpu->tlb_huge_blocks = false;
	cpu->tlb_high_nonglobal = false;
}

/* Drops all that is not global, from the data tables and the code table. */
static void tlb_drop_address_space(struct jit_cpu *cpu)
{
	unsigned int kept = 0;

	if (cpu->tlb_nr_filled == TLB_NR_FILLED || cpu->tlb_high_nonglobal) {
		tlb_flush_all(cpu);
		return;
	}
	tlb_flush_slots(cpu);
	for (unsigned int i = 0; i < cpu->tlb_nr_filled; i++) {
		unsigned int n = cpu->tlb_filled[i];
		const struct tlb_entry *e = tlb_data_entry(cpu, n);

		/* Invalid tags are in the lower half. */
		if (e->read >> 63 || e->write >> 63) {
			cpu->tlb_filled[kept++] = (uint16_t)n;
		} else {
			tlb_invalidate_entry(cpu, n);
		}
	}
	cpu->tlb_nr_filled = kept;
	tlb_flush_code(cpu, true);
}

void tlb_flush_address_space(struct jit_cpu *cpu)
{
	cpu_count(cpu, CPU_STAT_FLUSHES_SPACE);
	tlb_drop_address_space(cpu);
	context_renew_el0(cpu);
}

void tlb_switch_address_space(struct jit_cpu *cpu)
{
	cpu_count(cpu, CPU_STAT_SWITCHES);
	tlb_drop_address_space(cpu);
	context_switch(cpu);
}

/* Every page of the block (of whatever size) that holds va. */
static void tlb_flush_block(struct jit_cpu *cpu, uint64_t va)
{
	cpu_count(cpu, CPU_STAT_FLUSHES_BLOCK);
	for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
		const struct tlb_entry *e = tlb_data_entry(cpu, n);

		if (tlb_same_block(e->read, e->pa, va) || tlb_same_block(e->write, e->pa, va)) {
			tlb_invalidate_entry(cpu, n);
		}
	}
	for (unsigned int n = 0; n < 2 * TLB_CODE_NR_ENTRIES; n++) {
		const struct tlb_code_entry *e = tlb_code_nth(cpu, n);

		if (tlb_same_block(e->va, e->pa, va)) {
			tlb_invalidate_code(cpu, n);
		}
	}
	tlb_flush_slots(cpu);
	cpu->fetch_size = 0;
	context_renew_block(cpu, va);
}

void tlb_flush_page(struct jit_cpu *cpu, uint64_t va)
{
	uint64_t page = va & ~(TLB_PAGE_SIZE - 1);
	unsigned int index = (unsigned int)(va >> TLB_PAGE_SHIFT);

	if (tlb_in_block(cpu, va)) {
		tlb_flush_block(cpu, va);
		return;
	}
	cpu_count(cpu, CPU_STAT_FLUSHES_PAGE);
	tlb_flush_slots_page(cpu, page);
	context_renew_page(cpu, va);
	for (unsigned int bank = 0; bank < TLB_NR_BANKS; bank++) {
		unsigned int n = bank * TLB_L1_NR_ENTRIES + (index & (TLB_L1_NR_ENTRIES - 1));
		const struct tlb_entry *e = tlb_data_entry(cpu, n);

		if (e->read == page || e->write == page) {
			/* It stays in tlb_filled[]; entering it twice is harmless. */
			tlb_invalidate_entry(cpu, n);
		}
	}
	for (unsigned int el = 0; el < 2; el++) {
		unsigned int n = el * TLB_CODE_NR_ENTRIES + (index & (TLB_CODE_NR_ENTRIES - 1));

		if (tlb_code_nth(cpu, n)->va == page) {
			tlb_invalidate_code(cpu, n);
		}
	}
	cpu->fetch_size = 0;
}

/* Takes the write tags from every mapping of a page that now holds code. */
static void tlb_protect_page(struct jit_cpu *cpu, uint64_t pa)
{
	for (unsigned int n = 0; n < TLB_NR_BANKS * TLB_L1_NR_ENTRIES; n++) {
		struct tlb_entry *e = tlb_data_entry(cpu, n);

		if ((e->pa & ~(TLB_PAGE_SIZE - 1)) == pa) {
			e->write = tlb_data_invalid(n);
		}
	}
	tlb_flush_slots(cpu);
}

static void tlb_serve(struct jit_cpu *cpu, const struct tlb_request *request)
{
	switch (request->type) {
	case TLB_REQUEST_ALL:
		tlb_flush_all(cpu);
		break;
	case TLB_REQUEST_ADDRESS_SPACE:
		tlb_flush_address_space(cpu);
		break;
	case TLB_REQUEST_PAGE:
		tlb_flush_page(cpu, request->address);
		break;
	case TLB_REQUEST_PROTECT:
		tlb_protect_page(cpu, request->address);
		break;
	}
}

static void tlb_post(struct jit_cpu *to, const struct tlb_request *request)
{
	struct tlb_queue *q = to->tlb_queue;

	pthread_mutex_lock(&q->lock);
	if (q->nr < TLB_QUEUE_LENGTH) {
		q->requests[q->nr] = *request;
	}
	if (q->nr <= TLB_QUEUE_LENGTH) {
		q->nr++;
	}
	atomic_fetch_add(&q->posted, 1);
	pthread_mutex_unlock(&q->lock);
	atomic_fetch_or(&to->attention, CPU_ATTN_TLBI);
}

void tlb_broadcast(struct jit_cpu *cpu, enum tlb_request_type type, uint64_t address)
{
	struct tlb_request request = {.type = type, .address = address};

	tlb_serve(cpu, &request);
	for (unsigned int i = 0; i < cpu->vm->nr_cpus; i++) {
		if (cpu->vm->cpus[i] && cpu->vm->cpus[i] != cpu) {
			tlb_post(cpu->vm->cpus[i], &request);
		}
	}
}

void tlb_drain(struct jit_cpu *cpu)
{
	struct tlb_queue *q = cpu->tlb_queue;
	uint64_t posted;

	if (atomic_load(&q->posted) == atomic_load(&q->done)) {
		return;
	}
	pthread_mutex_lock(&q->lock);
	if (q->nr > TLB_QUEUE_LENGTH) {
		tlb_flush_all(cpu);
		/* A full flush also takes away all write tags: protect requests are served too. */
	} else {
		for (unsigned int i = 0; i < q->nr; i++) {
			tlb_serve(cpu, &q->requests[i]);
		}
	}
	q->nr = 0;
	posted = atomic_load(&q->posted);
	pthread_mutex_unlock(&q->lock);
	atomic_store(&q->done, posted);
}

void tlb_sync(struct jit_cpu *cpu)
{
	for (unsigned int i = 0; i < cpu->vm->nr_cpus; i++) {
		struct jit_cpu *other = cpu->vm->cpus[i];
		unsigned int spins = 0;
		uint64_t target;

		if (!other || other == cpu) {
			continue;
		}
		target = atomic_load(&other->tlb_queue->posted);
		while (atomic_load(&other->tlb_queue->done) < target &&
		       atomic_load(&other->tlb_queue->in_guest)) {
			/* The other may be waiting for us in the same way. */
			tlb_drain(cpu);
			if (++spins > 100) {
				sched_yield();
			}
		}
	}
}

void tlb_enter_guest(struct jit_cpu *cpu)
{
	/* Sequentially consistent: either the asker sees in_guest, or we see its request. */
	atomic_store(&cpu->tlb_queue->in_guest, true);
	tlb_drain(cpu);
}

void tlb_leave_guest(struct jit_cpu *cpu)
{
	atomic_store(&cpu->tlb_queue->in_guest, false);
}
