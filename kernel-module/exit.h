/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXIT_H
#define EXIT_H

#include <hyp/calls.h>
#include "pure.h"

/* A stage-2 fault as the hypervisor reports it (HYP_EXIT_FAULT). */
struct exit_fault {
	u64 ipa;
	u64 prot;   /* HYP_PROT_* wanted */
	u64 esr;    /* ESR_EL2 */
	u64 access; /* HYP_MMIO_* */
	u64 data;   /* of a write */
};

/* What becomes of a fault that no memory slot serves. */
enum exit_class {
	EXIT_MMIO,  /* a load or store that user space emulates */
	EXIT_SKIP,  /* cache maintenance: nothing to do */
	EXIT_ABORT, /* instruction fetch, page table walk: the guest takes an external abort */
	EXIT_NISV,  /* no syndrome: user space may know what to do */
};

/* Whether the access writes a register when it is done. */
static inline bool exit_is_load(const struct exit_fault *fault)
{
	return (fault->access & (HYP_MMIO_WRITE | HYP_MMIO_VALID)) == HYP_MMIO_VALID;
}

enum exit_class exit_classify(const struct exit_fault *fault);

/* run->exit_reason and its fields for a fault, or for another HYP_EXIT_*. */
void exit_fill_mmio(struct kvm_run *run, const struct exit_fault *fault);
void exit_fill_nisv(struct kvm_run *run, const struct exit_fault *fault);
void exit_fill_debug(struct kvm_run *run, u64 esr, u64 far);
void exit_fill_error(struct kvm_run *run, u64 esr, u64 far, u64 elr);

/* A PSCI call that ends, resets or suspends the VM. False: not one of those. */
bool exit_fill_system(struct kvm_run *run, u64 function);

/* A suspended vCPU has an interrupt. */
void exit_fill_wakeup(struct kvm_run *run);

/* The bytes user space left for a read, as the low bits of a register. */
u64 exit_mmio_data(const struct kvm_run *run, u32 bytes);

/* The register a load writes (31: none), and its value, extended as the syndrome says. */
u32 exit_load_register(u64 esr);
u64 exit_load_value(u64 esr, u32 bytes, u64 data);

#endif
