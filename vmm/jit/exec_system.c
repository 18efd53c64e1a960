// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_system.c - exceptions, hints, barriers and system registers (Arm ARM C4.1.87).
 *
 * Only the way in: what registers and operations mean is in sysreg.c and exception.c.
 */
#include "exec.h"
#include "mem.h"
#include "sysreg.h"

/* UDF, and HLT as halting debug is never enabled. */
enum exec_result exec_udf(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return exception_raise_undefined(cpu);
}

enum exec_result exec_hlt(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return exception_raise_undefined(cpu);
}

enum exec_result exec_svc(struct jit_cpu *cpu, uint32_t insn)
{
	return exception_raise_svc(cpu, (uint16_t)f_imm16(insn));
}

enum exec_result exec_hvc(struct jit_cpu *cpu, uint32_t insn)
{
	return exception_raise_hvc(cpu, (uint16_t)f_imm16(insn));
}

enum exec_result exec_smc(struct jit_cpu *cpu, uint32_t insn)
{
	return exception_raise_smc(cpu, (uint16_t)f_imm16(insn));
}

enum exec_result exec_brk(struct jit_cpu *cpu, uint32_t insn)
{
	return exception_raise_brk(cpu, (uint16_t)f_imm16(insn));
}

enum exec_result exec_eret(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return exception_eret(cpu);
}

enum exec_result exec_hint(struct jit_cpu *cpu, uint32_t insn)
{
	return sysreg_hint(cpu, f_hintimm(insn));
}

enum exec_result exec_clrex(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	mem_clear_exclusive(cpu);
	return EXEC_NEXT;
}

enum exec_result exec_dsb(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return sysreg_dsb(cpu);
}

enum exec_result exec_dmb(struct jit_cpu *cpu, uint32_t insn)
{
	(void)cpu;
	(void)insn;
	mem_barrier();
	return EXEC_NEXT;
}

enum exec_result exec_isb(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return sysreg_isb(cpu);
}

enum exec_result exec_sb(struct jit_cpu *cpu, uint32_t insn)
{
	(void)cpu;
	(void)insn;
	return EXEC_NEXT;
}

enum exec_result exec_msr_imm(struct jit_cpu *cpu, uint32_t insn)
{
	return sysreg_write_pstate(cpu, f_op1(insn), f_op2(insn), f_crm(insn));
}

enum exec_result exec_sys(struct jit_cpu *cpu, uint32_t insn)
{
	return sysreg_sys(cpu, SYSREG_OF_INSN(insn), f_rt(insn), reg_x(cpu, f_rt(insn)));
}

/* No SYSL operation exists in what we implement. */
enum exec_result exec_sysl(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return exception_raise_undefined(cpu);
}

enum exec_result exec_msr_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return sysreg_write(cpu, SYSREG_OF_INSN(insn), f_rt(insn), reg_x(cpu, f_rt(insn)));
}

enum exec_result exec_mrs(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = 0;
	enum exec_result result = sysreg_read(cpu, SYSREG_OF_INSN(insn), f_rt(insn), &val);

	if (result != EXEC_EXCEPTION) {
		reg_set_x(cpu, f_rt(insn), val);
	}
	return result;
}
