/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cache.h - the code cache: translated blocks and where to find them.
 */
#ifndef VMM_JIT_CACHE_H
#define VMM_JIT_CACHE_H

#include <stdint.h>

struct jit_cache;

/* Guest memory [pa, pa + size), within one page, has changed: its blocks must not run again. */
void cache_invalidate(struct jit_cache *cache, uint64_t pa, uint64_t size);
/* Drops every block. */
void cache_flush(struct jit_cache *cache);

#endif
