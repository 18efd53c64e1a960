/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The booted system that tests of the hypervisor start from: the RM on core 0, a host VM whose
 * vCPUs 0 and 1 are fixed to cores 0 and 1 (it runs on core 1; core 2 stays off), and guests made
 * as the RM and the host make them. Calls go through the front door: HVC on the core that has the
 * caller's vCPU loaded.
 */
#ifndef TESTS_UNIT_HYP_MACHINE_H
#define TESTS_UNIT_HYP_MACHINE_H

#include <core/vm.h>
#include <hyp/calls.h>
#include <hyp/error.h>
#include "fake.h"

#define RM_CORE   0u
#define HOST_CORE 1u
#define HOST_POOL 256u /* pages */

/* Boots, once a program, and makes the host. */
void machine_boot(void);

extern u64 machine_host; /* RM's handle of the host VM */
extern struct vm *machine_host_vm;

/* The call nr by whom core runs; x[1..6] are the arguments, x[1..7] the results. Returns x0. */
s64 machine_call(u32 core, enum hyp_call nr, u64 x[8]);
/* With arguments given, and x[1] as *result if that is not NULL. */
s64 machine_call6(u32 core, enum hyp_call nr, u64 *result, u64 a, u64 b, u64 c, u64 d, u64 e);
#define rm_call(nr, result, ...)   machine_call_(RM_CORE, nr, result, __VA_ARGS__, 0, 0, 0, 0, 0)
#define host_call(nr, result, ...) machine_call_(HOST_CORE, nr, result, __VA_ARGS__, 0, 0, 0, 0, 0)
#define machine_call_(core, nr, result, a, b, c, d, e, ...)                                        \
	machine_call6(core, HYP_CALL_##nr, result, a, b, c, d, e)

/* A PSCI or SMCCC call by whom core runs. Returns x0. */
s64 machine_smccc(u32 core, u64 function, u64 a, u64 b, u64 c);
/* WFI by whom core runs. */
void machine_wfi(u32 core);

struct guest {
	struct vm *vm;
	u64 rm;       /* RM's handle */
	u64 host;     /* the host's, MEM and CONTROL */
	u64 vcpu[4];  /* the host's, CONTROL and RUN; 0: none */
	u64 pool_ipa; /* pages of the RM's */
	u64 pool_nr;
};

/* A VM of the RM's with nr_vcpus proxies (the first is on), its virtual GIC configured, handles
 * given to the host. */
void machine_add_guest(struct guest *guest, u64 flags, u32 nr_vcpus, u64 pool_pages);
/* Reclaims all that the host gave it, and destroys it. */
void machine_remove_guest(struct guest *guest);
/* nr free pages of the RM's region, never given out before by this; the RM owns them. */
u64 machine_rm_pages(u64 nr);

/* Page table pages in use and whether every pool is whole: what the VM keeps and what is free
 * make up its pool. Fails the test otherwise. */
void machine_check_pool(struct vm *vm);
/* What every VM's tables say agrees with the frame table. */
void machine_check(void);

/* A snapshot to compare with later: who owns what, and which VMs there are. */
u64 machine_digest(void);

#endif
