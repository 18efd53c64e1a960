// SPDX-License-Identifier: BSD-3-Clause
/*
 * interp.c - one step of the interpreter: fetch, decode, check, execute, move on.
 */
#include "debug.h"
#include "exec.h"
#include "mem.h"
#include "mmu.h"
#include "pmu.h"

enum exec_result interp_execute(struct jit_cpu *cpu, uint32_t insn)
{
	enum a64_op op = a64_decode(insn);
	const struct a64_info *info = &a64_infos[op];
	bool counts = pmu_counts_insns(cpu), first = interp_retires_first(op);
	enum exec_result result;

	if (!(A64_FEATURES_PRESENT >> info->feature & 1)) {
		return exception_raise_undefined(cpu);
	}
	if (info->fp && !cpu->fp_enabled) {
		return exception_raise_fp_access(cpu);
	}
	cpu->insns += counts && first;
	result = a64_exec[op](cpu, insn);
	cpu->insns += counts && !first && result != EXEC_EXCEPTION;
	if (result == EXEC_NEXT) {
		cpu->pc += 4;
	}
	return result;
}

enum exec_result interp_step(struct jit_cpu *cpu)
{
	uint32_t insn;

	if (!mem_fetch(cpu, cpu->pc, &insn)) {
		return EXEC_EXCEPTION;
	}
	if (debug_breaks(cpu)) {
		return exception_raise(cpu, cpu->el ? EC_BREAKPOINT_EL1 : EC_BREAKPOINT_EL0,
				       MMU_FAULT_DEBUG);
	}
	cpu_count(cpu, CPU_STAT_INTERPRETED);
	return interp_execute(cpu, insn);
}
