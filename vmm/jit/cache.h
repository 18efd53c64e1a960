/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cache.h - the code cache: translated blocks, where to find them, when they go.
 *
 * A block is identified by the physical address of its first instruction and by what its code takes
 * for granted (the TLB bank of its accesses, PSTATE.UAO, whether instructions are counted). It runs
 * at any virtual address: that of its page is in cpu->page, before its entry is reached, and all
 * addresses that it makes are relative to that. One lock guards the tables; running translated code
 * takes no lock, and neither does finding a block.
 *
 * A block whose guest code changed is never freed alone: its entry is overwritten with a jump to
 * the dispatcher, and, once translated again, to its successor. Memory comes back when the cache is
 * full and all of it is dropped, which waits until no CPU runs translated code (cpu->in_code).
 *
 * A page of guest code, seen in one mode, has a number. (It may get several, one after the other,
 * but never shares one.) A jump to another page is linked behind a guard, which asks whether the
 * current address space has the page with the target's number at the address wanted: cpu->mapped[].
 *
 * The memory is mapped twice, writable and executable, never both at one address.
 */
#ifndef VMM_JIT_CACHE_H
#define VMM_JIT_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cpu.h"
#include "x64_asm.h"

#define CACHE_NR_BUCKETS (1u << 17)
#define CACHE_NR_PAGES   (1u << 14)

struct cache_key {
	uint64_t pa;
	uint32_t mode; /* CACHE_MODE_... */
};

#define CACHE_MODE_BANK   3u
#define CACHE_MODE_UAO    4u
#define CACHE_MODE_COUNTS 8u /* it counts its instructions */

/* What code for the CPU takes for granted now. */
uint32_t cache_mode(const struct jit_cpu *cpu);

/* Other blocks are named by their index in the arena + 1; 0: none. */
struct cache_block {
	struct cache_key key;
	uint64_t granules; /* of 64 bytes, of its page, that its guest code lies in */
	uint32_t page_number;
	uint8_t nr_insns; /* of the guest */
	_Atomic bool stale;
	uint32_t next;      /* same bucket, older */
	uint32_t page_next; /* same page of guest memory */
	uint32_t leave;     /* bytes from the entry to what leaves for the dispatcher here */
	uint8_t *entry;     /* writable view */
};

/*
 * Code shared by all blocks; addresses in the executable view. Blocks pass addresses of the guest
 * in eax, as signed distances from cpu->page, or whole in rax, where it says so.
 */
struct cache_stubs {
	unsigned int (*enter)(struct jit_cpu *cpu, const void *code); /* enum translate_exit */
	const void *leave;           /* reason in eax, at cpu->pc */
	const void *leave_entry;     /* TRANSLATE_ENTRY, at eax */
	const void *leave_interpret; /* TRANSLATE_INTERPRET, at eax */
	const void *link;            /* target in eax; jump site in ecx, from the cache's start */
	const void *guard;  /* the same, and it is a guarded one that may be linked already */
	const void *lookup; /* target in rax: through jumps[] */
	const void *frame_dropped; /* the same; these two are returned to (x64_return.c) */
	const void *no_frame;
	const void *lookup_again;  /* target in rax, context in rdx: it is not where it should be */
	const void *exec;          /* insn in eax; function number and offset in the page in ecx */
	const void *exec_alone;    /* the same for blocks that run alone */
	const void *resolve_flags; /* cpu->flags from cpu->flags_from */
	const void *refill[3][2];  /* by bank, and read or write */
	const void *find[3][2];
};

/* How translated code comes back to C. */
enum translate_exit {
	TRANSLATE_DISPATCH,  /* go on at cpu->pc */
	TRANSLATE_ENTRY,     /* the same; left a block at its entry: attention, or it is stale */
	TRANSLATE_LINK,      /* the same, and cpu->link_site may jump there directly */
	TRANSLATE_INTERPRET, /* the instruction at cpu->pc cannot be executed inline now */
	TRANSLATE_EXCEPTION, /* of blocks that run alone: cpu->exc is to be taken */
};

struct cache_stats {
	uint64_t blocks; /* translated, ever */
	uint64_t guest_insns;
	uint64_t host_bytes;
	uint64_t hot_insns;  /* of the host, on a block's straight path */
	uint64_t cold_insns; /* out of line */
	uint64_t flushes;
	uint64_t invalidated;
	uint64_t sites;       /* jumps that could link blocks */
	uint64_t links;       /* those that do, or did until their block was dropped */
	uint64_t nanoseconds; /* spent translating */
};

struct jit_cache {
	pthread_mutex_t lock;
	struct jit_vm *vm;
	struct x64_buf buf; /* writable view; buf.exec_delta gives the other */
	uint8_t *base;
	size_t size;
	uint8_t *blocks_start; /* behind the stubs */
	struct cache_stubs stubs;
	_Atomic uint32_t *buckets;
	uint32_t *pages; /* hash by guest page */
	struct cache_block *arena;
	unsigned int arena_used;
	unsigned int arena_size;
	uint32_t nr_page_numbers;
	_Atomic uint64_t generation; /* counts drops; changed under the lock */
	_Atomic bool exclusive;      /* someone waits for all CPUs to leave translated code */
	struct cache_stats stats;
	unsigned int max_insns; /* of a block */
	bool no_chain;
	FILE *perf_map;
};

#define CACHE_MAX_BLOCKS CPU_MAX_MAPPED /* each may be in a page of its own */

/* For up to nr_blocks at a time. NULL: no memory, or the host forbids executable mappings. */
struct jit_cache *cache_create(struct jit_vm *vm, size_t size, unsigned int nr_blocks);
void cache_destroy(struct jit_cache *cache);
/* All blocks from now on are for running one at a time: their jumps are not linked, and they leave
 * with exceptions instead of taking them. */
void cache_run_alone(struct jit_cache *cache);

/* The block for key, or NULL. The caller's CPU is in translated code, so that blocks stay. */
const struct cache_block *cache_find(struct jit_cache *cache, const struct cache_key *key);
/* Where the block is executed. */
const void *cache_code(const struct jit_cache *cache, const struct cache_block *block);

/*
 * The block for key, which is that of cpu->pc, translated if need be from guest code at `host`; not
 * NULL. It is gone when cache->generation is no longer *generation.
 */
struct cache_block *cache_get(struct jit_cpu *cpu, const struct cache_key *key, const uint8_t *host,
			      uint64_t *generation);

#define CACHE_SITE_GUARDED 1u /* bit of a site */

/* Lets the jump at `site` (bytes from the cache's start) go to the block, unless the cache was
 * dropped since `generation`. */
void cache_link(struct jit_cpu *cpu, uint64_t generation, uint64_t site,
		const struct cache_block *block);

/* Guest memory [pa, pa + size), within one page, has changed: its blocks must not run again. */
void cache_invalidate(struct jit_cache *cache, uint64_t pa, uint64_t size);
/* No block may be entered again; none is freed. */
void cache_invalidate_all(struct jit_cache *cache);

/* cpu->code_context is another one: calls that translated code is in are returned from by a lookup.
 */
void frames_drop(struct jit_cpu *cpu);

/* Around translated code. cache_enter() waits while the cache is being dropped. */
void cache_enter(struct jit_cpu *cpu);
void cache_leave(struct jit_cpu *cpu);

#endif
