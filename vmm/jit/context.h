/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * context.h - names for what a translated jump depends on besides its virtual address.
 *
 * cpu->jumps[] maps guest addresses to code. Its entries carry the name of the context they were
 * made in: exception level, PAN and UAO (memory accesses differ), and the address space. Switching
 * address spaces selects another name and flushes nothing; TLB maintenance that may concern code
 * takes names out of use. A name is never used twice.
 */
#ifndef VMM_JIT_CONTEXT_H
#define VMM_JIT_CONTEXT_H

#include "cpu.h"

/* EL, PAN or UAO changed: cpu->code_context follows. */
void context_select(struct jit_cpu *cpu);
/* TTBR0_EL1 or the ASID changed. */
void context_switch(struct jit_cpu *cpu);
/* All translations, or all of EL0's, may have changed. */
void context_renew_all(struct jit_cpu *cpu);
void context_renew_el0(struct jit_cpu *cpu);
/* The page at va may be mapped differently. */
void context_renew_page(struct jit_cpu *cpu, uint64_t va);
/* The same for a block of up to 2 MiB around va. Larger ones renew everything. */
void context_renew_block(struct jit_cpu *cpu, uint64_t va);
/* Remembers code at va in the current context. */
void context_add_jump(struct jit_cpu *cpu, uint64_t va, const void *code);

#endif
