/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysreg_internal.h - what the files behind sysreg.h share.
 */
#ifndef VMM_JIT_SYSREG_INTERNAL_H
#define VMM_JIT_SYSREG_INTERNAL_H

#include "cpu.h"

#define SCTLR_UMA  (1ull << 9)
#define SCTLR_DZE  (1ull << 14)
#define SCTLR_UCT  (1ull << 15)
#define SCTLR_NTWI (1ull << 16)
#define SCTLR_NTWE (1ull << 18)
#define SCTLR_UCI  (1ull << 26)

/* Raises the trap of a system register access, EC 0x18. */
enum exec_result sysreg_trap(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, bool read);

/* The debug registers, op0 = 2; sysreg_debug.c. */
enum exec_result sysreg_debug_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt,
				   uint64_t *val);
enum exec_result sysreg_debug_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt,
				    uint64_t val);

/* The performance monitors; sysreg_pmu.c. */
bool sysreg_is_pmu(uint16_t reg);
enum exec_result sysreg_pmu_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t *val);
enum exec_result sysreg_pmu_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t val);

#endif
