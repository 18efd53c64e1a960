/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exec.h - what the exec_*.c files share: register access and small bit arithmetic.
 *
 * Register number 31 is the stack pointer or zero, depending on the operand: reg_x() and reg_w()
 * read XZR and WZR, reg_sp() reads SP. All values are 64 bits wide; a 32-bit result is
 * zero-extended by whoever writes it (reg_set()).
 */
#ifndef VMM_JIT_EXEC_H
#define VMM_JIT_EXEC_H

#include "cpu.h"
#include "exception.h"
#include "interp.h"

#define ZR 31

static inline uint64_t reg_x(const struct jit_cpu *cpu, unsigned int n)
{
	return n == ZR ? 0 : cpu->x[n];
}

static inline uint32_t reg_w(const struct jit_cpu *cpu, unsigned int n)
{
	return (uint32_t)reg_x(cpu, n);
}

/* Xn or Wn, as `sf` says. */
static inline uint64_t reg(const struct jit_cpu *cpu, unsigned int n, bool sf)
{
	return sf ? reg_x(cpu, n) : reg_w(cpu, n);
}

static inline uint64_t reg_sp(const struct jit_cpu *cpu, unsigned int n, bool sf)
{
	return sf ? cpu->x[n] : (uint32_t)cpu->x[n];
}

static inline void reg_set_x(struct jit_cpu *cpu, unsigned int n, uint64_t val)
{
	if (n != ZR) {
		cpu->x[n] = val;
	}
}

static inline void reg_set(struct jit_cpu *cpu, unsigned int n, bool sf, uint64_t val)
{
	reg_set_x(cpu, n, sf ? val : (uint32_t)val);
}

static inline void reg_set_sp(struct jit_cpu *cpu, unsigned int n, bool sf, uint64_t val)
{
	cpu->x[n] = sf ? val : (uint32_t)val;
}

/* The low `bits` (1 to 64) of val, sign-extended. */
static inline int64_t sign_extend(uint64_t val, unsigned int bits)
{
	return (int64_t)(val << (64 - bits)) >> (64 - bits);
}

static inline uint64_t low_mask(unsigned int bits)
{
	return bits >= 64 ? ~0ull : (1ull << bits) - 1;
}

/* ConditionHolds (Arm ARM shared/functions/system). */
bool cond_holds(const struct jit_cpu *cpu, unsigned int cond);
/* ExtendReg: option is UXTB .. SXTX, shift 0 to 4. */
uint64_t extend_reg(uint64_t val, unsigned int option, unsigned int shift);
/* DecodeBitMasks, the immediate: for a word whose N, immr, imms fields are valid. */
uint64_t bitmask_imm(uint32_t insn);
/* AdvSIMDExpandImm and VFPExpandImm. */
uint64_t simd_expand_imm(uint32_t insn);
uint64_t fp_expand_imm(unsigned int imm8, bool is_double);

#endif
