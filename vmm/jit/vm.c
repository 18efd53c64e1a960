// SPDX-License-Identifier: BSD-3-Clause
/*
 * vm.c - which pages of guest memory have been translated.
 */
#include "cache.h"
#include "vm.h"

static _Atomic uint64_t *vm_code_word(struct jit_vm *vm, uint64_t pa, uint64_t *bit)
{
	struct vm_region *r = vm_find_region(vm, pa, 1);
	uint64_t page;

	if (!r || !r->code_pages) {
		return NULL;
	}
	page = (pa - r->base) >> 12;
	*bit = 1ull << (page & 63);
	return &r->code_pages[page / 64];
}

bool vm_page_has_code(struct jit_vm *vm, uint64_t pa)
{
	uint64_t bit;
	_Atomic uint64_t *word = vm_code_word(vm, pa, &bit);

	return word && (atomic_load_explicit(word, memory_order_acquire) & bit);
}

bool vm_set_page_has_code(struct jit_vm *vm, uint64_t pa)
{
	uint64_t bit;
	_Atomic uint64_t *word = vm_code_word(vm, pa, &bit);

	return word && !(atomic_fetch_or(word, bit) & bit);
}

void vm_clear_page_has_code(struct jit_vm *vm, uint64_t pa)
{
	uint64_t bit;
	_Atomic uint64_t *word = vm_code_word(vm, pa, &bit);

	if (word) {
		atomic_fetch_and(word, ~bit);
	}
}

void vm_memory_written(struct jit_vm *vm, uint64_t pa, uint64_t size)
{
	uint64_t end = pa + size;

	for (uint64_t page = pa & ~0xfffull; vm->cache && page < end; page += 0x1000) {
		if (vm_page_has_code(vm, page)) {
			uint64_t from = page > pa ? page : pa;
			uint64_t to = page + 0x1000 < end ? page + 0x1000 : end;

			cache_invalidate(vm->cache, from, to - from);
		}
	}
}

void vm_all_code_stale(struct jit_vm *vm)
{
	if (vm->cache) {
		cache_invalidate_all(vm->cache);
	}
}
