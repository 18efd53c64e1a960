/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exception.h - raising, taking and returning from exceptions (Arm ARM D1.3, D17.2.37 ESR_EL1).
 *
 * Two steps. The instruction that finds an exception *raises* it: the syndrome is recorded in
 * cpu->exc and nothing else changes. The run loop then *takes* it: saves PSTATE, enters EL1.
 * All exception_raise_* functions return EXEC_EXCEPTION, so a semantic function can end with
 * `return exception_raise_undefined(cpu);`. cpu->pc must be the instruction's address.
 */
#ifndef VMM_JIT_EXCEPTION_H
#define VMM_JIT_EXCEPTION_H

#include "cpu.h"

/* ESR_ELx.EC */
enum exception_class {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_FP_ACCESS = 0x07,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SVC64 = 0x15,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_INSN_ABORT_EL0 = 0x20,
	EC_INSN_ABORT_EL1 = 0x21,
	EC_PC_ALIGN = 0x22,
	EC_DATA_ABORT_EL0 = 0x24,
	EC_DATA_ABORT_EL1 = 0x25,
	EC_SP_ALIGN = 0x26,
	EC_FP_EXCEPTION = 0x2c,
	EC_BREAKPOINT_EL0 = 0x30,
	EC_BREAKPOINT_EL1 = 0x31,
	EC_STEP_EL0 = 0x32,
	EC_STEP_EL1 = 0x33,
	EC_WATCHPOINT_EL0 = 0x34,
	EC_WATCHPOINT_EL1 = 0x35,
	EC_BRK64 = 0x3c,
};

#define ESR_EC_SHIFT 26
#define ESR_IL       (1u << 25)

enum exec_result exception_raise(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss);
enum exec_result exception_raise_far(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss,
				     uint64_t far);

/* Unallocated encodings, UDF, HLT and HVC where disabled: EC 0. */
enum exec_result exception_raise_undefined(struct jit_cpu *cpu);
enum exec_result exception_raise_svc(struct jit_cpu *cpu, uint16_t imm);
enum exec_result exception_raise_hvc(struct jit_cpu *cpu, uint16_t imm); /* PSCI conduit */
enum exec_result exception_raise_smc(struct jit_cpu *cpu, uint16_t imm);
enum exec_result exception_raise_brk(struct jit_cpu *cpu, uint16_t imm);
enum exec_result exception_raise_sp_align(struct jit_cpu *cpu);
/* FP or SIMD instruction while !cpu->fp_enabled. */
enum exec_result exception_raise_fp_access(struct jit_cpu *cpu);

/* True when the base register is SP, misaligned, and the check is on (SCTLR_EL1.SA, SA0). */
bool exception_sp_misaligned(const struct jit_cpu *cpu);

/* ERET: sets pc and PSTATE, EXEC_JUMP; undefined at EL0. */
enum exec_result exception_eret(struct jit_cpu *cpu);

/* Takes what is recorded in cpu->exc: to EL1's vector, or to PSCI for HVC. pc is moved. */
void exception_take(struct jit_cpu *cpu);
/* Takes the IRQ (or FIQ) that is pending and not masked, if any; true when one was taken. */
bool exception_take_interrupt(struct jit_cpu *cpu);

/* Moves to exception level el with PSTATE.SP = spsel, switching banked SPs. */
void exception_select_sp(struct jit_cpu *cpu, unsigned int el, unsigned int spsel);
/* Brings everything derived from PSTATE and CPACR_EL1 up to date. */
void exception_update_state(struct jit_cpu *cpu);
/* Asks for attention if an interrupt is pending and not masked. */
void exception_check_interrupts(struct jit_cpu *cpu);
/* Is software step on at the current exception level (D2.12)? */
bool exception_step_active(const struct jit_cpu *cpu);

/* PSTATE as SPSR_EL1 holds it (M, DAIF, IL, SS, PAN, UAO, SSBS, DIT, NZCV). */
uint32_t exception_pstate(const struct jit_cpu *cpu);
void exception_set_pstate(struct jit_cpu *cpu, uint32_t spsr);

#endif
