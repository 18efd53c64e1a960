// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_branch.c - branches (Arm ARM C4.1.87).
 *
 * A misaligned target is not an exception of the branch: the fetch that follows finds it.
 */
#include "exec.h"

#define TCR_TBI0 (1ull << 37)
#define TCR_TBI1 (1ull << 38)

static enum exec_result branch_relative(struct jit_cpu *cpu, unsigned int imm, unsigned int bits)
{
	cpu->pc += (uint64_t)sign_extend(imm, bits) << 2;
	return EXEC_JUMP;
}

/* AArch64.BranchAddr for EL0 and EL1: where the top byte is ignored, the PC does not keep it. */
static enum exec_result branch_absolute(struct jit_cpu *cpu, uint64_t target)
{
	bool high = target >> 55 & 1;

	if (cpu->sys.tcr & (high ? TCR_TBI1 : TCR_TBI0)) {
		target = (uint64_t)sign_extend(target, 56);
	}
	cpu->pc = target;
	return EXEC_JUMP;
}

enum exec_result exec_b(struct jit_cpu *cpu, uint32_t insn)
{
	return branch_relative(cpu, f_imm26(insn), 26);
}

enum exec_result exec_bl(struct jit_cpu *cpu, uint32_t insn)
{
	cpu->x[30] = cpu->pc + 4;
	return branch_relative(cpu, f_imm26(insn), 26);
}

enum exec_result exec_cbz(struct jit_cpu *cpu, uint32_t insn)
{
	if (reg(cpu, f_rt(insn), f_sf(insn)) != 0) {
		return EXEC_NEXT;
	}
	return branch_relative(cpu, f_imm19(insn), 19);
}

enum exec_result exec_cbnz(struct jit_cpu *cpu, uint32_t insn)
{
	if (reg(cpu, f_rt(insn), f_sf(insn)) == 0) {
		return EXEC_NEXT;
	}
	return branch_relative(cpu, f_imm19(insn), 19);
}

static bool tested_bit(const struct jit_cpu *cpu, uint32_t insn)
{
	return reg_x(cpu, f_rt(insn)) >> (f_b5(insn) << 5 | f_b40(insn)) & 1;
}

enum exec_result exec_tbz(struct jit_cpu *cpu, uint32_t insn)
{
	return tested_bit(cpu, insn) ? EXEC_NEXT : branch_relative(cpu, f_imm14(insn), 14);
}

enum exec_result exec_tbnz(struct jit_cpu *cpu, uint32_t insn)
{
	return tested_bit(cpu, insn) ? branch_relative(cpu, f_imm14(insn), 14) : EXEC_NEXT;
}

enum exec_result exec_b_cond(struct jit_cpu *cpu, uint32_t insn)
{
	if (!cond_holds(cpu, f_bcond(insn))) {
		return EXEC_NEXT;
	}
	return branch_relative(cpu, f_imm19(insn), 19);
}

enum exec_result exec_br(struct jit_cpu *cpu, uint32_t insn)
{
	return branch_absolute(cpu, reg_x(cpu, f_rn(insn)));
}

enum exec_result exec_blr(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t target = reg_x(cpu, f_rn(insn));

	cpu->x[30] = cpu->pc + 4;
	return branch_absolute(cpu, target);
}

enum exec_result exec_ret(struct jit_cpu *cpu, uint32_t insn)
{
	return branch_absolute(cpu, reg_x(cpu, f_rn(insn)));
}
