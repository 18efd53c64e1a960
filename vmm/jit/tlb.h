/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tlb.h - filling, flushing (tlb.c) and cross-CPU maintenance (tlb_queue.c) of the software TLB.
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

/* Enters the page of va (untagged) in both levels. `region` is where result->pa lies. */
void tlb_fill(struct jit_cpu *cpu, unsigned int bank, uint64_t va, const struct mmu_result *result,
	      struct vm_region *region);
/* From the second level into the first; false: it is not there. */
bool tlb_refill(struct jit_cpu *cpu, unsigned int bank, uint64_t va);

/* The page of va, for fetches at the current exception level; NULL: not known. */
const struct tlb_l2_entry *tlb_find_code(struct jit_cpu *cpu, uint64_t va);
const struct tlb_l2_entry *tlb_fill_code(struct jit_cpu *cpu, uint64_t va,
					 const struct mmu_result *result, struct vm_region *region);

/* The current ASID may be another one: TTBR0_EL1 or TTBR1_EL1 was written. */
void tlb_switch_asid(struct jit_cpu *cpu);

void tlb_flush_all(struct jit_cpu *cpu);
/* What is tied to an ASID. */
void tlb_flush_asid(struct jit_cpu *cpu, unsigned int asid);
/* The page at va: the ASID's (CONTEXT_ANY_ASID: everyone's), and the global one. */
void tlb_flush_page(struct jit_cpu *cpu, uint64_t va, unsigned int asid);
/* Takes the write tags from every mapping of a page that now holds code. */
void tlb_protect_page(struct jit_cpu *cpu, uint64_t pa);

enum tlb_request_type {
	TLB_REQUEST_ALL,
	TLB_REQUEST_ASID,
	TLB_REQUEST_PAGE,    /* address = va */
	TLB_REQUEST_PROTECT, /* address = pa */
};

struct tlb_request {
	enum tlb_request_type type;
	unsigned int asid; /* or, with TLB_REQUEST_PAGE, CONTEXT_ANY_ASID */
	uint64_t address;
};

int tlb_queue_init(struct jit_cpu *cpu);
void tlb_queue_destroy(struct jit_cpu *cpu);

/* Does it here. */
void tlb_serve(struct jit_cpu *cpu, const struct tlb_request *request);
/* Does it here, and asks all other CPUs to do it. */
void tlb_broadcast(struct jit_cpu *cpu, const struct tlb_request *request);
/* Waits until every other CPU has done what this one asked for. */
void tlb_sync(struct jit_cpu *cpu);
/* Serves the own queue. */
void tlb_drain(struct jit_cpu *cpu);
/* Another number than before if requests were served since. */
uint64_t tlb_served(const struct jit_cpu *cpu);
/* Around guest code; leaving also serves as the answer to requests until the next enter. */
void tlb_enter_guest(struct jit_cpu *cpu);
void tlb_leave_guest(struct jit_cpu *cpu);

#endif
