// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_ldst.c - loads and stores of general registers (Arm ARM C4.1.88).
 *
 * Order within one instruction: SP alignment check, access, destination registers, write-back. So
 * nothing has changed when the access faults. Where the architecture leaves a choice (CONSTRAINED
 * UNPREDICTABLE), we take what that order gives: a load with write-back to its own base leaves the
 * new base, LDP of twice the same register leaves the second value.
 */
#include "exec_ldst.h"

/* What a load does with a value narrower than its register. */
enum load_extend { LOAD_ZERO, LOAD_SIGN_X, LOAD_SIGN_W };

static enum exec_result store(struct jit_cpu *cpu, uint32_t insn, struct ldst_address a,
			      unsigned int access)
{
	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_write(cpu, a.va, f_size(insn), access, reg_x(cpu, f_rt(insn)))) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

static enum exec_result load(struct jit_cpu *cpu, uint32_t insn, struct ldst_address a,
			     unsigned int access, enum load_extend extend)
{
	unsigned int lg = f_size(insn);
	uint64_t val;

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read(cpu, a.va, lg, access, &val)) {
		return EXEC_EXCEPTION;
	}
	if (extend != LOAD_ZERO) {
		val = (uint64_t)sign_extend(val, 8u << lg);
	}
	reg_set(cpu, f_rt(insn), extend != LOAD_SIGN_W, val);
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

/* Of LDRS*: sx32 selects the 32-bit destination. */
static enum load_extend signed_extend(uint32_t insn)
{
	return f_sx32(insn) ? LOAD_SIGN_W : LOAD_SIGN_X;
}

enum exec_result exec_str_uimm(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn, ldst_unsigned(cpu, insn, f_size(insn)), MEM_PLAIN);
}

enum exec_result exec_ldr_uimm(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_unsigned(cpu, insn, f_size(insn)), MEM_PLAIN, LOAD_ZERO);
}

enum exec_result exec_ldrs_uimm(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_unsigned(cpu, insn, f_size(insn)), MEM_PLAIN,
		    signed_extend(insn));
}

enum exec_result exec_str_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn, ldst_register(cpu, insn, f_size(insn)), MEM_PLAIN);
}

enum exec_result exec_ldr_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_register(cpu, insn, f_size(insn)), MEM_PLAIN, LOAD_ZERO);
}

enum exec_result exec_ldrs_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_register(cpu, insn, f_size(insn)), MEM_PLAIN,
		    signed_extend(insn));
}

enum exec_result exec_stur(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn, ldst_unscaled(cpu, insn), MEM_PLAIN);
}

enum exec_result exec_ldur(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_unscaled(cpu, insn), MEM_PLAIN, LOAD_ZERO);
}

enum exec_result exec_ldurs(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_unscaled(cpu, insn), MEM_PLAIN, signed_extend(insn));
}

enum exec_result exec_sttr(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn, ldst_unscaled(cpu, insn), MEM_UNPRIV);
}

enum exec_result exec_ldtr(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_unscaled(cpu, insn), MEM_UNPRIV, LOAD_ZERO);
}

enum exec_result exec_ldtrs(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_unscaled(cpu, insn), MEM_UNPRIV, signed_extend(insn));
}

enum exec_result exec_str_wb(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn, ldst_indexed(cpu, insn), MEM_PLAIN);
}

enum exec_result exec_ldr_wb(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_indexed(cpu, insn), MEM_PLAIN, LOAD_ZERO);
}

enum exec_result exec_ldrs_wb(struct jit_cpu *cpu, uint32_t insn)
{
	return load(cpu, insn, ldst_indexed(cpu, insn), MEM_PLAIN, signed_extend(insn));
}

/* Prefetches are hints; they check nothing and never fault. */
static enum exec_result prefetch(void)
{
	return EXEC_NEXT;
}

enum exec_result exec_prfm_uimm(struct jit_cpu *cpu, uint32_t insn)
{
	(void)cpu;
	(void)insn;
	return prefetch();
}

enum exec_result exec_prfm_reg(struct jit_cpu *cpu, uint32_t insn)
{
	(void)cpu;
	(void)insn;
	return prefetch();
}

enum exec_result exec_prfm_lit(struct jit_cpu *cpu, uint32_t insn)
{
	(void)cpu;
	(void)insn;
	return prefetch();
}

enum exec_result exec_prfum(struct jit_cpu *cpu, uint32_t insn)
{
	(void)cpu;
	(void)insn;
	return prefetch();
}

enum exec_result exec_ldr_lit(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val;

	if (!mem_read(cpu, ldst_literal(cpu, insn), 2 + f_lsz(insn), MEM_PLAIN, &val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), val);
	return EXEC_NEXT;
}

enum exec_result exec_ldrsw_lit(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val;

	if (!mem_read(cpu, ldst_literal(cpu, insn), 2, MEM_PLAIN, &val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), (uint64_t)sign_extend(val, 32));
	return EXEC_NEXT;
}

/* Pairs. The memory functions take the elements packed, as they lie in memory. */
union pair {
	uint64_t x[2];
	uint32_t w[2];
};

enum exec_result exec_stp(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	struct ldst_address a = ldst_pair(cpu, insn, sf ? 3 : 2);
	union pair val;

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (sf) {
		val.x[0] = reg_x(cpu, f_rt(insn));
		val.x[1] = reg_x(cpu, f_rt2(insn));
	} else {
		val.w[0] = reg_w(cpu, f_rt(insn));
		val.w[1] = reg_w(cpu, f_rt2(insn));
	}
	if (!mem_write_pair(cpu, a.va, sf ? 8 : 4, MEM_PLAIN, &val)) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_ldp(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	struct ldst_address a = ldst_pair(cpu, insn, sf ? 3 : 2);
	union pair val;

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_pair(cpu, a.va, sf ? 8 : 4, MEM_PLAIN, &val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), sf ? val.x[0] : val.w[0]);
	reg_set_x(cpu, f_rt2(insn), sf ? val.x[1] : val.w[1]);
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_stnp(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_stp(cpu, insn);
}

enum exec_result exec_ldnp(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_ldp(cpu, insn);
}

enum exec_result exec_ldpsw(struct jit_cpu *cpu, uint32_t insn)
{
	struct ldst_address a = ldst_pair(cpu, insn, 2);
	uint32_t val[2];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_pair(cpu, a.va, 4, MEM_PLAIN, val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), (uint64_t)sign_extend(val[0], 32));
	reg_set_x(cpu, f_rt2(insn), (uint64_t)sign_extend(val[1], 32));
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}
