/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tlb.h - filling, flushing and cross-CPU maintenance of the software TLB.
 *
 * A CPU's tables are touched by its own thread only. TLBI ...IS, and the discovery that a page now
 * holds translated code, become requests in the other CPUs' queues; the CPU that asked waits for
 * them in tlb_sync() (DSB). A CPU outside guest code counts as having answered, because it drains
 * its queue before it runs guest code again.
 */
#ifndef VMM_JIT_TLB_H
#define VMM_JIT_TLB_H

#include "context.h"
#include "cpu.h"
#include "mmu.h"
#include "vm.h"

/* Returns 0 or -ENOMEM. tlb_destroy() is correct after a failure. */
int tlb_init(struct jit_cpu *cpu);
void tlb_destroy(struct jit_cpu *cpu);

/* PSTATE.EL or PAN changed: ordinary accesses use another table now. */
static inline void tlb_select_bank(struct jit_cpu *cpu)
{
	cpu->bank = cpu->el == 0 ? TLB_BANK_EL0 : cpu->pan ? TLB_BANK_EL1_PAN : TLB_BANK_EL1;
	cpu->fetch_size = 0;
	context_select(cpu);
}

/* Enters the page of va (untagged). `region` is where result->pa lies. */
void tlb_fill(struct jit_cpu *cpu, unsigned int bank, uint64_t va, const struct mmu_result *result,
	      struct vm_region *region);
void tlb_fill_code(struct jit_cpu *cpu, uint64_t va, const struct mmu_result *result,
		   struct vm_region *region);

static inline struct tlb_code_entry *tlb_code_entry(struct jit_cpu *cpu, uint64_t va)
{
	return &cpu->code_tlb[cpu->el][va >> TLB_PAGE_SHIFT & (TLB_CODE_NR_ENTRIES - 1)];
}

void tlb_flush_all(struct jit_cpu *cpu);
/* TLBI by ASID: everything that is not global. */
void tlb_flush_address_space(struct jit_cpu *cpu);
/* TTBR0_EL1 or the ASID was switched. */
void tlb_switch_address_space(struct jit_cpu *cpu);
/* The page at va, whatever its ASID. */
void tlb_flush_page(struct jit_cpu *cpu, uint64_t va);

enum tlb_request_type {
	TLB_REQUEST_ALL,
	TLB_REQUEST_ADDRESS_SPACE,
	TLB_REQUEST_PAGE,    /* address = va */
	TLB_REQUEST_PROTECT, /* address = pa of a page that now holds code: no more fast writes */
};

/* Does it here, and asks all other CPUs to do it. */
void tlb_broadcast(struct jit_cpu *cpu, enum tlb_request_type type, uint64_t address);
/* Waits until every other CPU has done what this one asked for. */
void tlb_sync(struct jit_cpu *cpu);
/* Serves the own queue. */
void tlb_drain(struct jit_cpu *cpu);
/* Around guest code; leaving also serves as the answer to requests until the next enter. */
void tlb_enter_guest(struct jit_cpu *cpu);
void tlb_leave_guest(struct jit_cpu *cpu);

#endif
