// SPDX-License-Identifier: BSD-3-Clause
/*
 * machine.c - a CPU with memory, and the functions of a GIC that the translator's parts want.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bus.h"
#include "cache.h"
#include "devices/gic/gic.h"
#include "exception.h"
#include "lockstep.h"
#include "loop.h"
#include "tlb.h"

void gic_set_ppi(struct gic *gic, unsigned int cpu, unsigned int intid, bool level)
{
	(void)gic, (void)cpu, (void)intid, (void)level;
}

void gic_reset_cpu(struct gic *gic, unsigned int cpu)
{
	(void)gic, (void)cpu;
}

bool gic_cpu_read(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t *val)
{
	(void)gic, (void)cpu, (void)reg, (void)val;
	return false;
}

bool gic_cpu_write(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t val)
{
	(void)gic, (void)cpu, (void)reg, (void)val;
	return false;
}

void machine_init(struct machine *m)
{
	struct jit_cpu *cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~63ul);
	uint64_t *table;

	memset(m, 0, sizeof(*m));
	m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->vm.regions[0] = (struct vm_region){.base = RAM_BASE, .size = RAM_SIZE, .host = m->ram};
	m->vm.regions[0].code_pages = calloc(RAM_SIZE / TLB_PAGE_SIZE / 64, 8);
	m->vm.nr_regions = 1;
	m->vm.bus = bus_create();
	memset(cpu, 0, sizeof(*cpu));
	tlb_init(cpu);
	cpu->vm = &m->vm;
	m->cpu = cpu;
	m->vm.cpus[0] = cpu;
	m->vm.nr_cpus = 1;
	loop_reset_cpu(cpu);
	atomic_store(&cpu->power, CPU_POWER_ON);
	/* Blocks of 1 GiB map RAM: Normal, EL1 only, and read-only. 39-bit addresses start at
	 * level 1. */
	table = (uint64_t *)(m->ram + (TABLE_BASE - RAM_BASE));
	table[RAM_BASE >> 30] = RAM_BASE | 1 << 10 | 1;
	table[RAM_READ_ONLY >> 30] = RAM_BASE | 1 << 10 | 1 << 7 | 1;
	cpu->sys.mair = 0xff;
	cpu->sys.tcr = 25 | 25ull << 16 | 2ull << 30 | 1ull << 23 | 2ull << 32;
	cpu->sys.ttbr[0] = TABLE_BASE;
	cpu->sys.sctlr |= 1;
	cpu->sys.cpacr = 3u << 20;
	tlb_flush_all(cpu);
	exception_update_state(cpu);
}

void machine_translate(struct machine *m)
{
	m->vm.cache = cache_create(&m->vm, 16 << 20, CACHE_MAX_BLOCKS);
	m->vm.cache->no_chain = true;
}

void machine_destroy(struct machine *m)
{
	lockstep_destroy(m->vm.lockstep);
	cache_destroy(m->vm.cache);
	tlb_destroy(m->cpu);
	free(m->cpu);
	bus_destroy(m->vm.bus);
	free((void *)m->vm.regions[0].code_pages);
	munmap(m->ram, RAM_SIZE);
}
