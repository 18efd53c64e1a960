/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exec_ldst.h - address forms shared by the loads and stores of general and of vector registers.
 */
#ifndef VMM_JIT_EXEC_LDST_H
#define VMM_JIT_EXEC_LDST_H

#include "exec.h"
#include "mem.h"

/*
 * An address and what write-back makes of the base. The base register changes only after the access
 * succeeded: ldst_write_back().
 */
struct ldst_address {
	uint64_t va;
	uint64_t new_base;
	bool write_back;
};

/* CheckSPAlignment: returns false when the base is SP and it faults; the caller raises that. */
static inline bool ldst_base_ok(const struct jit_cpu *cpu, uint32_t insn)
{
	return f_rn(insn) != CPU_REG_SP || !(cpu->x[CPU_REG_SP] & 15) ||
	       !exception_sp_misaligned(cpu);
}

static inline void ldst_write_back(struct jit_cpu *cpu, uint32_t insn, const struct ldst_address *a)
{
	if (a->write_back) {
		cpu->x[f_rn(insn)] = a->new_base;
	}
}

/* imm12, scaled by the access size. */
static inline struct ldst_address ldst_unsigned(const struct jit_cpu *cpu, uint32_t insn,
						unsigned int lg)
{
	return (struct ldst_address){.va = cpu->x[f_rn(insn)] + ((uint64_t)f_imm12(insn) << lg)};
}

/* imm9, not scaled. */
static inline struct ldst_address ldst_unscaled(const struct jit_cpu *cpu, uint32_t insn)
{
	return (struct ldst_address){.va = cpu->x[f_rn(insn)] +
					   (uint64_t)sign_extend(f_imm9(insn), 9)};
}

/* imm9 with write-back, pre- or post-index. */
static inline struct ldst_address ldst_indexed(const struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t base = cpu->x[f_rn(insn)];
	uint64_t moved = base + (uint64_t)sign_extend(f_imm9(insn), 9);

	return (struct ldst_address){f_pre(insn) ? moved : base, moved, true};
}

/* Extended or shifted register. */
static inline struct ldst_address ldst_register(const struct jit_cpu *cpu, uint32_t insn,
						unsigned int lg)
{
	unsigned int shift = f_scaled(insn) ? lg : 0;

	return (struct ldst_address){.va = cpu->x[f_rn(insn)] + extend_reg(reg_x(cpu, f_rm(insn)),
									   f_option(insn), shift)};
}

/* Pairs: imm7 scaled; pidx is 0 no-allocate, 1 post-index, 2 offset, 3 pre-index. */
static inline struct ldst_address ldst_pair(const struct jit_cpu *cpu, uint32_t insn,
					    unsigned int lg)
{
	uint64_t base = cpu->x[f_rn(insn)];
	uint64_t moved = base + ((uint64_t)sign_extend(f_imm7(insn), 7) << lg);

	return (struct ldst_address){f_pidx(insn) == 1 ? base : moved, moved, f_pidx(insn) & 1};
}

/* PC-relative literal. */
static inline uint64_t ldst_literal(const struct jit_cpu *cpu, uint32_t insn)
{
	return cpu->pc + ((uint64_t)sign_extend(f_imm19(insn), 19) << 2);
}

#endif
