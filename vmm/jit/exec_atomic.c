// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_atomic.c - exclusives, acquire and release, and LSE atomics (Arm ARM C4.1.88).
 *
 * The memory functions do the ordering: MEM_ORDERED for acquire and release, and atomics are always
 * sequentially consistent, which satisfies every combination of the acquire and release bits.
 */
#include "exec_ldst.h"

static enum exec_result load_ordered(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val;

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read(cpu, cpu->x[f_rn(insn)], f_size(insn), MEM_ORDERED, &val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), val);
	return EXEC_NEXT;
}

static enum exec_result store_ordered(struct jit_cpu *cpu, uint32_t insn)
{
	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_write(cpu, cpu->x[f_rn(insn)], f_size(insn), MEM_ORDERED,
		       reg_x(cpu, f_rt(insn)))) {
		return EXEC_EXCEPTION;
	}
	return EXEC_NEXT;
}

enum exec_result exec_ldar(struct jit_cpu *cpu, uint32_t insn)
{
	return load_ordered(cpu, insn);
}

enum exec_result exec_ldlar(struct jit_cpu *cpu, uint32_t insn)
{
	return load_ordered(cpu, insn);
}

enum exec_result exec_ldapr(struct jit_cpu *cpu, uint32_t insn)
{
	return load_ordered(cpu, insn);
}

enum exec_result exec_stlr(struct jit_cpu *cpu, uint32_t insn)
{
	return store_ordered(cpu, insn);
}

enum exec_result exec_stllr(struct jit_cpu *cpu, uint32_t insn)
{
	return store_ordered(cpu, insn);
}

enum exec_result exec_ldxr(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val[2];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_load_exclusive(cpu, cpu->x[f_rn(insn)], 1u << f_size(insn), false, val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), val[0]);
	return EXEC_NEXT;
}

enum exec_result exec_ldaxr(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_ldxr(cpu, insn);
}

enum exec_result exec_ldxp(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val[2];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_load_exclusive(cpu, cpu->x[f_rn(insn)], 8u << f_lsz(insn), true, val)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), val[0]);
	reg_set_x(cpu, f_rt2(insn), val[1]);
	return EXEC_NEXT;
}

enum exec_result exec_ldaxp(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_ldxp(cpu, insn);
}

static enum exec_result store_exclusive(struct jit_cpu *cpu, uint32_t insn, unsigned int size,
					bool pair)
{
	uint64_t val[2] = {reg_x(cpu, f_rt(insn)), pair ? reg_x(cpu, f_rt2(insn)) : 0};
	uint32_t failed;

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_store_exclusive(cpu, cpu->x[f_rn(insn)], size, pair, val, &failed)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rs(insn), failed);
	return EXEC_NEXT;
}

enum exec_result exec_stxr(struct jit_cpu *cpu, uint32_t insn)
{
	return store_exclusive(cpu, insn, 1u << f_size(insn), false);
}

enum exec_result exec_stlxr(struct jit_cpu *cpu, uint32_t insn)
{
	return store_exclusive(cpu, insn, 1u << f_size(insn), false);
}

enum exec_result exec_stxp(struct jit_cpu *cpu, uint32_t insn)
{
	return store_exclusive(cpu, insn, 8u << f_lsz(insn), true);
}

enum exec_result exec_stlxp(struct jit_cpu *cpu, uint32_t insn)
{
	return store_exclusive(cpu, insn, 8u << f_lsz(insn), true);
}

enum exec_result exec_cas(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int size = 1u << f_size(insn);
	uint64_t expected[2] = {reg_x(cpu, f_rs(insn)) & low_mask(8 * size), 0};
	uint64_t desired[2] = {reg_x(cpu, f_rt(insn)) & low_mask(8 * size), 0};
	uint64_t old[2];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_compare_swap(cpu, cpu->x[f_rn(insn)], size, false, expected, desired, old)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rs(insn), old[0]);
	return EXEC_NEXT;
}

/* CASP: even registers and the next; 30 pairs with XZR. */
enum exec_result exec_casp(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_lsz(insn);
	unsigned int s = f_rs(insn), t = f_rt(insn);
	uint64_t expected[2] = {reg(cpu, s, sf), reg(cpu, s + 1, sf)};
	uint64_t desired[2] = {reg(cpu, t, sf), reg(cpu, t + 1, sf)};
	uint64_t old[2];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_compare_swap(cpu, cpu->x[f_rn(insn)], sf ? 16 : 8, true, expected, desired, old)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, s, old[0]);
	reg_set_x(cpu, s + 1, old[1]);
	return EXEC_NEXT;
}

static enum exec_result atomic(struct jit_cpu *cpu, uint32_t insn, enum mem_atomic_op op)
{
	unsigned int lg = f_size(insn);
	uint64_t operand = reg_x(cpu, f_rs(insn)) & low_mask(8u << lg);
	uint64_t old;

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_atomic(cpu, cpu->x[f_rn(insn)], lg, op, operand, &old)) {
		return EXEC_EXCEPTION;
	}
	reg_set_x(cpu, f_rt(insn), old);
	return EXEC_NEXT;
}

enum exec_result exec_ldadd(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_ADD);
}

enum exec_result exec_ldclr(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_CLR);
}

enum exec_result exec_ldeor(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_EOR);
}

enum exec_result exec_ldset(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_SET);
}

enum exec_result exec_ldsmax(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_SMAX);
}

enum exec_result exec_ldsmin(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_SMIN);
}

enum exec_result exec_ldumax(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_UMAX);
}

enum exec_result exec_ldumin(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_UMIN);
}

enum exec_result exec_swp(struct jit_cpu *cpu, uint32_t insn)
{
	return atomic(cpu, insn, MEM_ATOMIC_SWP);
}
