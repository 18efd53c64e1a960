/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REGID_H
#define REGID_H

#include "pure.h"

enum regid_kind {
	REGID_REG,    /* nr is a HYP_REG_*; 8 bytes */
	REGID_REG32,  /* the same; 4 bytes for user space */
	REGID_FP,     /* nr is n of V<n>; 16 bytes */
	REGID_SHADOW, /* nr is 1 to 4: spsr[nr], AArch32's, which no guest has; the module keeps it */
	REGID_PSCI,   /* KVM_REG_ARM_PSCI_VERSION */
};

struct regid {
	enum regid_kind kind;
	u32 nr;
	u32 bytes;
};

/*
 * Takes a KVM_REG_* id apart. 0, or -ENOENT: no such register; -EINVAL: wrong size bits,
 * or another architecture's.
 */
int regid_parse(u64 id, struct regid *reg);

/*
 * The ids that KVM_GET_REG_LIST may name, by index from 0; 0 past the last. Some system registers
 * among them may be hidden from the guest: reg.c asks the hypervisor.
 */
u64 regid_list(u32 index);

/* Whether the id names a system register. */
bool regid_is_sysreg(u64 id);

#endif
