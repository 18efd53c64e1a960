// SPDX-License-Identifier: BSD-3-Clause
/*
 * cache.c - translated blocks: memory, tables, invalidation.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "context.h"
#include "cpu.h"
#include "front.h"
#include "loop.h"
#include "pmu.h"
#include "tlb.h"
#include "vm.h"
#include "x64_emit.h"

#define CACHE_BLOCK_ROOM    131072 /* more than any block can need */
#define CACHE_STALE_JUMP    0xe9
#define CACHE_GRANULE_SHIFT 6 /* 64 of them in a page: bits of cache_block.granules */
/* Blocks to look at for the number of their page: pages may share their place in cache->pages[]. */
#define CACHE_NUMBER_SEARCH 64

static int cache_map(struct jit_cache *cache, size_t size)
{
	int fd = memfd_create("vmm-jit", MFD_CLOEXEC);
	void *writable, *executable;

	if (fd < 0) {
		return -1;
	}
	if (ftruncate(fd, (off_t)size)) {
		close(fd);
		return -1;
	}
	writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	executable = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	close(fd);
	if (writable == MAP_FAILED || executable == MAP_FAILED) {
		if (writable != MAP_FAILED) {
			munmap(writable, size);
		}
		if (executable != MAP_FAILED) {
			munmap(executable, size);
		}
		return -1;
	}
	cache->base = writable;
	cache->size = size;
	cache->buf = (struct x64_buf){
		.start = writable,
		.p = writable,
		.end = (uint8_t *)writable + size,
		.exec_delta = (uint8_t *)executable - (uint8_t *)writable,
	};
	return 0;
}

struct jit_cache *cache_create(struct jit_vm *vm, size_t size, unsigned int nr_blocks)
{
	struct jit_cache *cache = calloc(1, sizeof(*cache));

	if (!cache) {
		return NULL;
	}
	cache->vm = vm;
	cache->max_insns = IR_MAX_INSNS;
	cache->arena_size = nr_blocks;
	cache->buckets = calloc(CACHE_NR_BUCKETS, sizeof(*cache->buckets));
	cache->pages = calloc(CACHE_NR_PAGES, sizeof(*cache->pages));
	cache->arena = calloc(cache->arena_size, sizeof(*cache->arena));
	if (!cache->buckets || !cache->pages || !cache->arena || cache_map(cache, size)) {
		free((void *)cache->buckets);
		free(cache->pages);
		free(cache->arena);
		free(cache);
		return NULL;
	}
	pthread_mutex_init(&cache->lock, NULL);
	emit_stubs(&cache->buf, &cache->stubs);
	cache->blocks_start = cache->buf.p;
	return cache;
}

void cache_destroy(struct jit_cache *cache)
{
	if (cache) {
		munmap(cache->base, cache->size);
		munmap(cache->base + cache->buf.exec_delta, cache->size);
		pthread_mutex_destroy(&cache->lock);
		if (cache->perf_map) {
			fclose(cache->perf_map);
		}
		free((void *)cache->buckets);
		free(cache->pages);
		free(cache->arena);
		free(cache);
	}
}

void cache_run_alone(struct jit_cache *cache)
{
	cache->no_chain = true;
	cache->stubs.exec = cache->stubs.exec_alone;
}

uint32_t cache_mode(const struct jit_cpu *cpu)
{
	return cpu->bank | (cpu->uao ? CACHE_MODE_UAO : 0) |
	       (pmu_counts_insns(cpu) ? CACHE_MODE_COUNTS : 0);
}

static unsigned int cache_hash(uint64_t pa, uint32_t mode)
{
	return (unsigned int)((pa ^ (uint64_t)mode << 50) * 0x9e3779b97f4a7c15ull >> 40);
}

static _Atomic uint32_t *cache_bucket(struct jit_cache *cache, const struct cache_key *key)
{
	return &cache->buckets[cache_hash(key->pa, key->mode) % CACHE_NR_BUCKETS];
}

static uint32_t *cache_page(struct jit_cache *cache, uint64_t pa)
{
	return &cache->pages[cache_hash(pa & ~(TLB_PAGE_SIZE - 1), 0) % CACHE_NR_PAGES];
}

static bool cache_key_equal(const struct cache_key *a, const struct cache_key *b)
{
	return a->pa == b->pa && a->mode == b->mode;
}

/* The newest block for key: when it is stale, all are. */
static struct cache_block *cache_newest(struct jit_cache *cache, const struct cache_key *key)
{
	/* Pairs with cache_insert(): what is reached this way is complete. */
	uint32_t n = atomic_load_explicit(cache_bucket(cache, key), memory_order_acquire);

	while (n && !cache_key_equal(&cache->arena[n - 1].key, key)) {
		n = cache->arena[n - 1].next;
	}
	return n ? &cache->arena[n - 1] : NULL;
}

const struct cache_block *cache_find(struct jit_cache *cache, const struct cache_key *key)
{
	const struct cache_block *block = cache_newest(cache, key);

	return block && !atomic_load_explicit(&block->stale, memory_order_relaxed) ? block : NULL;
}

const void *cache_code(const struct jit_cache *cache, const struct cache_block *block)
{
	return block->entry + cache->buf.exec_delta;
}

void cache_enter(struct jit_cpu *cpu)
{
	struct jit_cache *cache = cpu->vm->cache;

	for (;;) {
		/* Pairs with cache_stop_others(): it sees in_code, or we see exclusive. */
		atomic_store(&cpu->in_code, true);
		if (!atomic_load(&cache->exclusive)) {
			return;
		}
		atomic_store(&cpu->in_code, false);
		tlb_drain(cpu);
		sched_yield();
	}
}

void cache_leave(struct jit_cpu *cpu)
{
	atomic_store_explicit(&cpu->in_code, false, memory_order_release);
}

/*
 * Takes the lock from outside translated code. Whoever holds it may be waiting for a CPU that waits
 * in tlb_sync() for this one, so TLB requests are served meanwhile.
 */
static void cache_lock(struct jit_cpu *cpu)
{
	while (pthread_mutex_trylock(&cpu->vm->cache->lock)) {
		tlb_drain(cpu);
		sched_yield();
	}
}

/*
 * Takes the lock from anywhere, also from a helper of translated code, where the holder may be
 * waiting for this very CPU to leave. False: all blocks are being dropped, nothing is left to do.
 */
static bool cache_lock_unless_dropped(struct jit_cache *cache)
{
	while (pthread_mutex_trylock(&cache->lock)) {
		if (atomic_load(&cache->exclusive)) {
			return false;
		}
		sched_yield();
	}
	return true;
}

/* Waits until no CPU runs translated code. Lock held; the caller's CPU is outside. */
static void cache_stop_others(struct jit_cpu *self)
{
	struct jit_cache *cache = self->vm->cache;

	atomic_store(&cache->exclusive, true);
	for (unsigned int i = 0; i < cache->vm->nr_cpus; i++) {
		struct jit_cpu *cpu = cache->vm->cpus[i];

		while (atomic_load(&cpu->in_code)) {
			loop_attention(cpu, CPU_ATTN_IRQ);
			tlb_drain(self);
			sched_yield();
		}
	}
}

/* Drops every block. Lock held. */
static void cache_drop(struct jit_cpu *self)
{
	struct jit_cache *cache = self->vm->cache;

	cache_stop_others(self);
	for (unsigned int i = 0; i < cache->arena_used; i++) {
		vm_clear_page_has_code(cache->vm, cache->arena[i].key.pa);
	}
	memset((void *)cache->buckets, 0, CACHE_NR_BUCKETS * sizeof(*cache->buckets));
	memset(cache->pages, 0, CACHE_NR_PAGES * sizeof(*cache->pages));
	cache->arena_used = 0;
	cache->nr_page_numbers = 0;
	cache->buf.p = cache->blocks_start;
	cache->buf.overflow = false;
	cache->generation++;
	cache->stats.flushes++;
	for (unsigned int i = 0; i < cache->vm->nr_cpus; i++) {
		context_forget_code(cache->vm->cpus[i]);
	}
	atomic_store(&cache->exclusive, false);
}

/* Overwrites a block's entry with a jump: eight aligned bytes, seen whole or not at all. Those
 * behind the jump stay: a CPU may be between the first instruction and the next. */
static void cache_redirect(struct cache_block *block, const uint8_t *target)
{
	uint64_t *entry = (uint64_t *)block->entry;
	uint64_t bytes = CACHE_STALE_JUMP | (uint64_t)(uint32_t)(target - (block->entry + 5)) << 8;

	__atomic_store_n(entry, bytes | (*entry & ~0ull << 40), __ATOMIC_RELEASE);
}

static void cache_make_stale(struct jit_cache *cache, struct cache_block *block)
{
	atomic_store_explicit(&block->stale, true, memory_order_relaxed);
	cache_redirect(block, block->entry + block->leave);
	cache->stats.invalidated++;
}

/* Under the address at which it was met first. */
static void cache_perf_note(struct jit_cache *cache, const struct cache_block *block, size_t bytes,
			    uint64_t va)
{
	if (cache->perf_map) {
		fprintf(cache->perf_map, "%llx %zx guest_%llx\n",
			(unsigned long long)(uintptr_t)cache_code(cache, block), bytes,
			(unsigned long long)va);
		fflush(cache->perf_map);
	}
}

static uint64_t cache_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void cache_note_translated(struct jit_cache *cache, const struct ir_block *ir,
				  const struct emit_result *result, uint64_t nanoseconds)
{
	struct cache_stats *s = &cache->stats;

	s->blocks++;
	s->guest_insns += ir->nr_insns;
	s->host_bytes += (uint64_t)(cache->buf.p - result->entry);
	s->hot_insns += result->nr_hot_insns;
	s->cold_insns += result->nr_cold_insns;
	s->sites += result->nr_sites;
	s->links += result->nr_self_links;
	s->nanoseconds += nanoseconds;
}

static bool cache_same_page(const struct cache_key *a, const struct cache_key *b)
{
	return !((a->pa ^ b->pa) >> TLB_PAGE_SHIFT) && a->mode == b->mode;
}

/* Lock held. The number that the page's latest blocks have, or a new one. */
static uint32_t cache_number_page(struct jit_cache *cache, const struct cache_key *key)
{
	uint32_t n = *cache_page(cache, key->pa);

	for (unsigned int i = 0; n && i < CACHE_NUMBER_SEARCH; i++) {
		const struct cache_block *block = &cache->arena[n - 1];

		if (cache_same_page(&block->key, key)) {
			return block->page_number;
		}
		n = block->page_next;
	}
	return cache->nr_page_numbers++;
}

static uint64_t cache_granules(const struct ir_block *ir)
{
	uint64_t granules = 0;

	for (unsigned int i = 0; i < ir->nr_insns; i++) {
		granules |= 1ull << (ir->offsets[i] >> CACHE_GRANULE_SHIFT);
	}
	return granules;
}

/* Those of [pa, pa + size), which lies within a page. */
static uint64_t cache_granules_of(uint64_t pa, uint64_t size)
{
	unsigned int first = (pa & (TLB_PAGE_SIZE - 1)) >> CACHE_GRANULE_SHIFT;
	unsigned int last = ((pa + size - 1) & (TLB_PAGE_SIZE - 1)) >> CACHE_GRANULE_SHIFT;

	return ~0ull << first & ~0ull >> (63 - last);
}

/* Lock held. */
static struct cache_block *cache_insert(struct jit_cache *cache, const struct cache_key *key,
					const struct ir_block *ir, const struct emit_result *result)
{
	struct cache_block *block = &cache->arena[cache->arena_used++];
	_Atomic uint32_t *bucket = cache_bucket(cache, key);
	uint32_t *page = cache_page(cache, key->pa);

	*block = (struct cache_block){
		.key = *key,
		.page_number = cache_number_page(cache, key),
		.granules = cache_granules(ir),
		.nr_insns = (uint8_t)ir->nr_insns,
		.next = atomic_load_explicit(bucket, memory_order_relaxed),
		.page_next = *page,
		.leave = (uint32_t)(result->leave - result->entry),
		.entry = result->entry,
	};
	*page = cache->arena_used;
	atomic_store_explicit(bucket, cache->arena_used, memory_order_release);
	return block;
}

/* Lock held. A stale predecessor with the same key is sent on to the new block. */
static struct cache_block *cache_translate(struct jit_cpu *cpu, const struct cache_key *key,
					   const uint8_t *host, struct cache_block *stale)
{
	struct jit_cache *cache = cpu->vm->cache;
	unsigned int offset = key->pa & (TLB_PAGE_SIZE - 1);
	uint64_t begin = cache_clock();
	struct cache_block *block;
	struct emit_result result;
	struct ir_block ir; /* kilobytes: front_translate() fills in what it uses */

	ir.bank = key->mode & CACHE_MODE_BANK;
	ir.user_override = key->mode & CACHE_MODE_UAO;
	ir.counts = key->mode & CACHE_MODE_COUNTS;
	/* Stores must be seen from before the code is read. */
	if (vm_set_page_has_code(cache->vm, key->pa)) {
		struct tlb_request protect = {.type = TLB_REQUEST_PROTECT,
					      .address = key->pa & ~(TLB_PAGE_SIZE - 1)};

		tlb_broadcast(cpu, &protect);
	}
	front_translate(&ir, host - offset, offset, cache->max_insns);
	emit_block(&cache->buf, &cache->stubs, &ir, cache->no_chain, &result);
	block = cache_insert(cache, key, &ir, &result);
	if (stale) {
		cache_redirect(stale, block->entry);
	}
	cache_note_translated(cache, &ir, &result, cache_clock() - begin);
	cache_perf_note(cache, block, (size_t)(cache->buf.p - result.entry), cpu->pc);
	return block;
}

struct cache_block *cache_get(struct jit_cpu *cpu, const struct cache_key *key, const uint8_t *host,
			      uint64_t *generation)
{
	struct jit_cache *cache = cpu->vm->cache;
	struct cache_block *block;

	cache_lock(cpu);
	block = cache_newest(cache, key);
	if (!block || block->stale) {
		if (cache->arena_used == cache->arena_size ||
		    cache->buf.end - cache->buf.p < CACHE_BLOCK_ROOM) {
			cache_drop(cpu);
			block = NULL;
		}
		block = cache_translate(cpu, key, host, block);
	}
	*generation = cache->generation;
	pthread_mutex_unlock(&cache->lock);
	return block;
}

/* False: somebody else did, and the jump may lead to another block with the same address. */
static bool cache_patch(struct jit_cache *cache, uint64_t site, const struct cache_block *block)
{
	bool guarded = site & CACHE_SITE_GUARDED;
	uint8_t *place = cache->base + (site - guarded);

	if (guarded) {
		return emit_link_guard(place, block->page_number, block->entry);
	}
	x64_patch(place, block->entry);
	return true;
}

void cache_link(struct jit_cpu *cpu, uint64_t generation, uint64_t site,
		const struct cache_block *block)
{
	struct jit_cache *cache = cpu->vm->cache;

	cache_lock(cpu);
	if (generation == cache->generation && !block->stale && !cache->no_chain) {
		cache->stats.links += cache_patch(cache, site, block);
	}
	pthread_mutex_unlock(&cache->lock);
}

void cache_invalidate(struct jit_cache *cache, uint64_t pa, uint64_t size)
{
	uint64_t page = pa & ~(TLB_PAGE_SIZE - 1), granules = cache_granules_of(pa, size);
	bool left = false;
	uint32_t *link;

	if (!cache_lock_unless_dropped(cache)) {
		return;
	}
	link = cache_page(cache, pa);
	while (*link) {
		struct cache_block *block = &cache->arena[*link - 1];

		if ((block->key.pa & ~(TLB_PAGE_SIZE - 1)) != page) {
			link = &block->page_next;
		} else if (block->granules & granules) {
			cache_make_stale(cache, block);
			*link = block->page_next;
		} else {
			left = true;
			link = &block->page_next;
		}
	}
	if (!left) {
		vm_clear_page_has_code(cache->vm, page);
	}
	pthread_mutex_unlock(&cache->lock);
}

void cache_invalidate_all(struct jit_cache *cache)
{
	if (!cache_lock_unless_dropped(cache)) {
		return;
	}
	for (unsigned int i = 0; i < cache->arena_used; i++) {
		if (!cache->arena[i].stale) {
			cache_make_stale(cache, &cache->arena[i]);
			vm_clear_page_has_code(cache->vm, cache->arena[i].key.pa);
		}
	}
	memset(cache->pages, 0, CACHE_NR_PAGES * sizeof(*cache->pages));
	pthread_mutex_unlock(&cache->lock);
}
