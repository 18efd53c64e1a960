/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * context.h - address spaces by ASID, and names for what is known about them.
 *
 * The second-level TLB and cpu->jumps[] keep what they know under names. A name stands for one
 * address space as it was at some time: selecting an ASID selects its names and flushes nothing,
 * and maintenance by ASID, or of everything, gives new ones, which leaves all that is known under
 * the old ones to be overwritten. A name is never used twice; 0 is nobody's.
 *
 * What cannot have a name of its own, cpu->mapped[], is cleared when jumps[]'s name changes.
 *
 * Global entries of the TLB have a name of their own. So have EL1's jumps, until EL1 executes a
 * page that is not global; from then on they are kept by address space too.
 */
#ifndef VMM_JIT_CONTEXT_H
#define VMM_JIT_CONTEXT_H

#include "cpu.h"

#define CONTEXT_ANY_ASID 0x10000u

/*
 * Bits of cpu->code_context: TLB bank in 1:0, UAO, a number that spreads the jumps of one program
 * in different address spaces over jumps[] (CPU_JUMP_INDEX()), the name, and at the top whether
 * instructions are counted.
 */
#define CONTEXT_UAO          4u
#define CONTEXT_SPREAD_SHIFT 3
#define CONTEXT_NAME_SHIFT   (CPU_JUMP_SHIFT + 2)
#define CONTEXT_COUNTS       (1ull << 63)

/* EL, PAN, UAO or what is counted changed: cpu->code_context follows. */
void context_select(struct jit_cpu *cpu);
/* The current ASID may be another one. */
void context_switch(struct jit_cpu *cpu);

/* Everything may be mapped differently, or everything that an ASID's entries say. */
void context_renew_all(struct jit_cpu *cpu);
void context_renew_asid(struct jit_cpu *cpu, unsigned int asid);
/* New names for pages of an ASID, and of global ones, in the TLB alone. */
void context_renew_pages(struct jit_cpu *cpu, unsigned int asid);
/* All known jumps are to be looked up again. */
void context_renew_jumps(struct jit_cpu *cpu);
/* Those to the page at va; to the block of up to 2 MiB around va (larger ones renew everything). */
void context_renew_jumps_page(struct jit_cpu *cpu, uint64_t va, unsigned int asid);
void context_renew_jumps_block(struct jit_cpu *cpu, uint64_t va, unsigned int asid);

/* The entry for va in cpu->jumps[] if there is one, of whatever context. */
const struct cpu_jump *context_find_jump(const struct jit_cpu *cpu, uint64_t va);
/* Remembers code for va in the current context, and that its page is there, which has this number
 * and may be global. */
void context_add_jump(struct jit_cpu *cpu, uint64_t va, bool global, const void *code,
		      uint32_t page_number);
/* There is no code any more, and its pages will be numbered anew. */
void context_forget_code(struct jit_cpu *cpu);

#endif
