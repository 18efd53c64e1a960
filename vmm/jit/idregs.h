/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idregs.h - the identification registers: exactly what this CPU can do.
 */
#ifndef VMM_JIT_IDREGS_H
#define VMM_JIT_IDREGS_H

#include "cpu.h"

/*
 * op0 = 3, op1 = 0, CRn = 0, CRm = 1 to 7: the feature registers. Unassigned ones read as zero.
 */
uint64_t idregs_read_feature(const struct jit_vm *vm, unsigned int crm, unsigned int op2);

uint64_t idregs_midr(void);
uint64_t idregs_ctr(void);
uint64_t idregs_clidr(void);
/* The cache that CSSELR selects. */
uint64_t idregs_ccsidr(uint64_t csselr);

#endif
