/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vm.h - what the vCPUs of one translated virtual machine share.
 *
 * Built by accel_jit.c before the first vCPU runs and constant from then on, except for what is
 * marked. Guest physical memory is a handful of regions; everything else goes to the bus.
 */
#ifndef VMM_JIT_VM_H
#define VMM_JIT_VM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_MAX_REGIONS 8
#define VM_MAX_CPUS    64
#define VM_PA_BITS     44

struct bus;
struct gic;
struct gic_its;
struct jit_cpu;
struct jit_cache;
struct lockstep;
struct timer_thread;

struct vm_region {
	uint64_t base;
	uint64_t size;
	uint8_t *host;
	bool read_only;
	/* One bit per 4 KiB page: code was translated from it, so stores must be seen. */
	_Atomic uint64_t *code_pages;
};

/* How a machine ends, as its accelerator reports it. */
enum vm_end {
	VM_END_NONE,
	VM_END_POWEROFF,
	VM_END_RESET,
	VM_END_FAULT, /* the translator did something else than the interpreter */
};

struct jit_vm {
	struct vm_region regions[VM_MAX_REGIONS];
	unsigned int nr_regions;

	struct jit_cpu *cpus[VM_MAX_CPUS];
	unsigned int nr_cpus;

	struct bus *bus;
	struct gic *gic;
	struct gic_its *its; /* NULL: none */
	uint64_t its_base;
	struct timer_thread *timer;
	struct jit_cache *cache;   /* translated code; NULL: interpret */
	struct lockstep *lockstep; /* compare what the cache's code does; NULL: trust it */
	bool slow_memory;          /* no TLB: every access is a walk */
	bool gicv2;                /* no system registers of the GIC */

	_Atomic int64_t time_offset; /* guest counter = host clock + this (nanoseconds) */
	_Atomic int end;             /* enum vm_end */
};

/* The region that holds [pa, pa + size), or NULL. */
static inline struct vm_region *vm_find_region(struct jit_vm *vm, uint64_t pa, uint64_t size)
{
	for (unsigned int i = 0; i < vm->nr_regions; i++) {
		struct vm_region *r = &vm->regions[i];

		if (pa - r->base < r->size && r->size - (pa - r->base) >= size) {
			return r;
		}
	}
	return NULL;
}

/* Host address of [pa, pa + size) if all of it is memory, else NULL. */
static inline void *vm_host_address(struct jit_vm *vm, uint64_t pa, uint64_t size)
{
	struct vm_region *r = vm_find_region(vm, pa, size);

	return r ? r->host + (pa - r->base) : NULL;
}

/* Has code been translated from the page that holds pa? */
bool vm_page_has_code(struct jit_vm *vm, uint64_t pa);

/* True when it had none before. */
bool vm_set_page_has_code(struct jit_vm *vm, uint64_t pa);
void vm_clear_page_has_code(struct jit_vm *vm, uint64_t pa);

/* Guest memory [pa, pa + size) was or is being changed: drops what was translated from it. */
void vm_memory_written(struct jit_vm *vm, uint64_t pa, uint64_t size);
/* Everything translated so far may be stale (IC IALLU). */
void vm_all_code_stale(struct jit_vm *vm);

#endif
