/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instruction that may do anything: change PSTATE, the stack pointer or the vectors, take any
 * exception, branch to where nothing is. Afterwards the CPU is as before, but for memory and
 * registers that other code of the guest need not have.
 */
#ifndef TESTS_GUEST_ATTACK_H
#define TESTS_GUEST_ATTACK_H

#include "guest.h"

#define ATTACK_REGS    18u
#define ATTACK_OK      0ull
#define ATTACK_IRQ     1ull         /* an interrupt was taken */
#define ATTACK_SYNC    (1ull << 63) /* with the ESR in bits 31:0 */
#define ATTACK_RET     0xd65f03c0u
#define ATTACK_EC(how) ((how) >> 26 & 0x3f)

/* Runs code, which ends with RET, with x0-x17 from x; what is in them then goes back to x. Returns
 * how it ended. Interrupts are masked before and after. */
u64 attack(u64 x[ATTACK_REGS], const void *code);

/* Makes what was written to memory before executable. */
void attack_sync(void);

#endif
