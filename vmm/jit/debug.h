/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * debug.h - breakpoints, watchpoints, and when debug exceptions are enabled (Arm ARM D2).
 *
 * Nothing is checked while none is armed. An armed breakpoint makes its page one that is never
 * translated (the interpreter looks at each instruction), and an armed watchpoint keeps its pages
 * out of the TLB, so that every access there comes to mem.c, which asks here.
 */
#ifndef VMM_JIT_DEBUG_H
#define VMM_JIT_DEBUG_H

#include "cpu.h"

#define DEBUG_MDSCR_SS 1u /* MDSCR_EL1: software step */

/* Are debug exceptions other than BRK enabled at this exception level (D2.4)? */
bool debug_enabled(const struct jit_cpu *cpu);

/* A debug register changed. */
void debug_update(struct jit_cpu *cpu);

bool debug_find_breakpoint(const struct jit_cpu *cpu);
bool debug_page_breaks(const struct jit_cpu *cpu, uint64_t va);
bool debug_page_watched(const struct jit_cpu *cpu, uint64_t page);
bool debug_find_watchpoint(const struct jit_cpu *cpu, uint64_t address, unsigned int size,
			   bool write, unsigned int el, uint64_t *first);

/* Is there an enabled breakpoint at cpu->pc? */
static inline bool debug_breaks(const struct jit_cpu *cpu)
{
	return cpu->debug.nr_breakpoints && debug_find_breakpoint(cpu);
}

/* May code of va's page not be translated? */
static inline bool debug_breaks_in_page(const struct jit_cpu *cpu, uint64_t va)
{
	return cpu->debug.nr_breakpoints && debug_page_breaks(cpu, va);
}

/* May the page not be entered in the TLB? */
static inline bool debug_watches_page(const struct jit_cpu *cpu, uint64_t page)
{
	return cpu->debug.nr_watchpoints && debug_page_watched(cpu, page);
}

/* Does an access with the rights of `el` hit an enabled watchpoint, and at which byte? `address` is
 * without tag. */
static inline bool debug_watches(const struct jit_cpu *cpu, uint64_t address, unsigned int size,
				 bool write, unsigned int el, uint64_t *first)
{
	return cpu->debug.nr_watchpoints &&
	       debug_find_watchpoint(cpu, address, size, write, el, first);
}

#endif
