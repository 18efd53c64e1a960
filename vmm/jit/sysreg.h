/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysreg.h - MRS, MSR, SYS, hints and barriers, as the interpreter calls them.
 *
 * A register or operation is named by bits 20:5 of its instruction (op0 op1 CRn CRm op2), which is
 * how SYSREG() packs it. All functions return EXEC_NEXT, EXEC_JUMP or EXEC_EXCEPTION; pc is the
 * instruction's address. Access rights (EL0, traps of SCTLR, CNTKCTL, CPACR) are checked inside.
 */
#ifndef VMM_JIT_SYSREG_H
#define VMM_JIT_SYSREG_H

#include "cpu.h"

#define SYSREG(op0, op1, crn, crm, op2)                                                            \
	((uint16_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))
#define SYSREG_OF_INSN(insn) ((uint16_t)((insn) >> 5))

/* MRS Xt: *val is the value. `rt` goes into the syndrome of a trap. */
enum exec_result sysreg_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t *val);
/* Where a register lies in struct jit_cpu that is nothing but storage to a read (write) at this EL:
 * no check, no effect. 0: it is more than that. */
unsigned int sysreg_storage_offset(uint16_t reg, bool el1, bool write);
/* MSR (register). */
enum exec_result sysreg_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t val);
/* SYS: TLBI, AT, DC, IC (op0 = 1). */
enum exec_result sysreg_sys(struct jit_cpu *cpu, uint16_t op, unsigned int rt, uint64_t val);
/* MSR (immediate): DAIFSet, DAIFClr, SPSel, PAN, UAO, SSBS, DIT; `imm` is CRm. */
enum exec_result sysreg_write_pstate(struct jit_cpu *cpu, unsigned int op1, unsigned int op2,
				     unsigned int imm);
/* HINT #imm: YIELD, WFE, WFI, SEV, SEVL; all others do nothing. */
enum exec_result sysreg_hint(struct jit_cpu *cpu, unsigned int imm);
/* ISB, DSB, DMB, SB; CLREX is mem_clear_exclusive(). */
enum exec_result sysreg_isb(struct jit_cpu *cpu);
enum exec_result sysreg_dsb(struct jit_cpu *cpu);

#endif
