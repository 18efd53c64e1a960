// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_vldst.c - loads and stores of SIMD and FP registers (Arm ARM C4.1.88).
 *
 * Structure accesses are one memory access of up to 64 bytes that is done whole or not at all; the
 * (de)interleaving happens in a buffer.
 */
#include <string.h>

#include "exec_ldst.h"

/* log2 of the access size: size is b, h, s, d, and vq makes it q. */
static unsigned int vector_lg(uint32_t insn)
{
	return f_vq(insn) ? 4 : f_size(insn);
}

static enum exec_result vector_store(struct jit_cpu *cpu, uint32_t insn, struct ldst_address a)
{
	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_write_vector(cpu, a.va, 1u << vector_lg(insn), &cpu->v[f_rt(insn)])) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

static enum exec_result vector_load(struct jit_cpu *cpu, uint32_t insn, struct ldst_address a)
{
	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_vector(cpu, a.va, 1u << vector_lg(insn), &cpu->v[f_rt(insn)])) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_str_v_uimm(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_store(cpu, insn, ldst_unsigned(cpu, insn, vector_lg(insn)));
}

enum exec_result exec_ldr_v_uimm(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_load(cpu, insn, ldst_unsigned(cpu, insn, vector_lg(insn)));
}

enum exec_result exec_str_v_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_store(cpu, insn, ldst_register(cpu, insn, vector_lg(insn)));
}

enum exec_result exec_ldr_v_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_load(cpu, insn, ldst_register(cpu, insn, vector_lg(insn)));
}

enum exec_result exec_stur_v(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_store(cpu, insn, ldst_unscaled(cpu, insn));
}

enum exec_result exec_ldur_v(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_load(cpu, insn, ldst_unscaled(cpu, insn));
}

enum exec_result exec_str_v_wb(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_store(cpu, insn, ldst_indexed(cpu, insn));
}

enum exec_result exec_ldr_v_wb(struct jit_cpu *cpu, uint32_t insn)
{
	return vector_load(cpu, insn, ldst_indexed(cpu, insn));
}

enum exec_result exec_ldr_vlit(struct jit_cpu *cpu, uint32_t insn)
{
	if (!mem_read_vector(cpu, ldst_literal(cpu, insn), 4u << f_opcl(insn),
			     &cpu->v[f_rt(insn)])) {
		return EXEC_EXCEPTION;
	}
	return EXEC_NEXT;
}

enum exec_result exec_stp_v(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int size = 4u << f_opcl(insn);
	struct ldst_address a = ldst_pair(cpu, insn, 2 + f_opcl(insn));
	uint8_t buf[32];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	memcpy(buf, &cpu->v[f_rt(insn)], size);
	memcpy(buf + size, &cpu->v[f_rt2(insn)], size);
	if (!mem_write_pair(cpu, a.va, size, MEM_PLAIN, buf)) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_ldp_v(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int size = 4u << f_opcl(insn);
	struct ldst_address a = ldst_pair(cpu, insn, 2 + f_opcl(insn));
	union vreg first = {.d = {0, 0}}, second = {.d = {0, 0}};
	uint8_t buf[32];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_pair(cpu, a.va, size, MEM_PLAIN, buf)) {
		return EXEC_EXCEPTION;
	}
	memcpy(&first, buf, size);
	memcpy(&second, buf + size, size);
	cpu->v[f_rt(insn)] = first;
	cpu->v[f_rt2(insn)] = second;
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_stnp_v(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_stp_v(cpu, insn);
}

enum exec_result exec_ldnp_v(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_ldp_v(cpu, insn);
}

/* The address of a structure access of `bytes`; post-index by Xm, or by the size where m is 31. */
static struct ldst_address struct_address(const struct jit_cpu *cpu, uint32_t insn,
					  unsigned int bytes)
{
	uint64_t base = cpu->x[f_rn(insn)];
	uint64_t step = f_rm(insn) == 31 ? bytes : cpu->x[f_rm(insn)];

	return (struct ldst_address){base, base + step, f_wb(insn)};
}

static unsigned int next_reg(unsigned int t, unsigned int n)
{
	return (t + n) & 31;
}

/* LD1, ST1 (multiple): `nr` whole registers one after the other. */
static unsigned int ld1_nr_regs(uint32_t insn)
{
	switch (f_vop(insn)) {
	case 2:
		return 4;
	case 6:
		return 3;
	case 7:
		return 1;
	default:
		return 2;
	}
}

enum exec_result exec_ld1(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int nr = ld1_nr_regs(insn), bytes = 8u << f_q(insn);
	struct ldst_address a = struct_address(cpu, insn, nr * bytes);
	uint8_t buf[64];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_block(cpu, a.va, nr * bytes, f_vls(insn), buf)) {
		return EXEC_EXCEPTION;
	}
	for (unsigned int r = 0; r < nr; r++) {
		union vreg *v = &cpu->v[next_reg(f_rt(insn), r)];

		v->d[1] = 0;
		memcpy(v, buf + r * bytes, bytes);
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_st1(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int nr = ld1_nr_regs(insn), bytes = 8u << f_q(insn);
	struct ldst_address a = struct_address(cpu, insn, nr * bytes);
	uint8_t buf[64];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	for (unsigned int r = 0; r < nr; r++) {
		memcpy(buf + r * bytes, &cpu->v[next_reg(f_rt(insn), r)], bytes);
	}
	if (!mem_write_block(cpu, a.va, nr * bytes, f_vls(insn), buf)) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

/* LD2..LD4: element e of structure member r lies at (e * nr + r). */
static enum exec_result load_interleaved(struct jit_cpu *cpu, uint32_t insn, unsigned int nr)
{
	unsigned int bytes = 8u << f_q(insn), esize = 1u << f_vls(insn);
	struct ldst_address a = struct_address(cpu, insn, nr * bytes);
	uint8_t buf[64];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_block(cpu, a.va, nr * bytes, f_vls(insn), buf)) {
		return EXEC_EXCEPTION;
	}
	for (unsigned int r = 0; r < nr; r++) {
		union vreg *v = &cpu->v[next_reg(f_rt(insn), r)];

		v->d[1] = 0;
		for (unsigned int e = 0; e < bytes / esize; e++) {
			memcpy(v->b + e * esize, buf + (e * nr + r) * esize, esize);
		}
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

static enum exec_result store_interleaved(struct jit_cpu *cpu, uint32_t insn, unsigned int nr)
{
	unsigned int bytes = 8u << f_q(insn), esize = 1u << f_vls(insn);
	struct ldst_address a = struct_address(cpu, insn, nr * bytes);
	uint8_t buf[64];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	for (unsigned int r = 0; r < nr; r++) {
		const union vreg *v = &cpu->v[next_reg(f_rt(insn), r)];

		for (unsigned int e = 0; e < bytes / esize; e++) {
			memcpy(buf + (e * nr + r) * esize, v->b + e * esize, esize);
		}
	}
	if (!mem_write_block(cpu, a.va, nr * bytes, f_vls(insn), buf)) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_ld2(struct jit_cpu *cpu, uint32_t insn)
{
	return load_interleaved(cpu, insn, 2);
}

enum exec_result exec_ld3(struct jit_cpu *cpu, uint32_t insn)
{
	return load_interleaved(cpu, insn, 3);
}

enum exec_result exec_ld4(struct jit_cpu *cpu, uint32_t insn)
{
	return load_interleaved(cpu, insn, 4);
}

enum exec_result exec_st2(struct jit_cpu *cpu, uint32_t insn)
{
	return store_interleaved(cpu, insn, 2);
}

enum exec_result exec_st3(struct jit_cpu *cpu, uint32_t insn)
{
	return store_interleaved(cpu, insn, 3);
}

enum exec_result exec_st4(struct jit_cpu *cpu, uint32_t insn)
{
	return store_interleaved(cpu, insn, 4);
}

/* One structure: its number of members, log2 of the element size, and which lane. */
struct lane {
	unsigned int nr;
	unsigned int lg;
	unsigned int index;
};

static struct lane decode_lane(uint32_t insn)
{
	unsigned int index = f_q(insn) << 3 | f_sbit(insn) << 2 | f_vls(insn);
	struct lane lane = {.nr = ((f_sop(insn) & 1) << 1 | f_rr(insn)) + 1};

	switch (f_sop(insn) >> 1) {
	case 0:
		lane.lg = 0;
		break;
	case 1:
		lane.lg = 1;
		break;
	case 2:
		lane.lg = f_vls(insn) & 1 ? 3 : 2;
		break;
	default: /* load and replicate: all lanes */
		lane.lg = f_vls(insn);
		break;
	}
	lane.index = index >> lane.lg;
	return lane;
}

enum exec_result exec_ld_lane(struct jit_cpu *cpu, uint32_t insn)
{
	struct lane lane = decode_lane(insn);
	unsigned int esize = 1u << lane.lg;
	struct ldst_address a = struct_address(cpu, insn, lane.nr * esize);
	uint8_t buf[32];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_block(cpu, a.va, lane.nr * esize, lane.lg, buf)) {
		return EXEC_EXCEPTION;
	}
	for (unsigned int r = 0; r < lane.nr; r++) {
		union vreg *v = &cpu->v[next_reg(f_rt(insn), r)];

		memcpy(v->b + lane.index * esize, buf + r * esize, esize);
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_st_lane(struct jit_cpu *cpu, uint32_t insn)
{
	struct lane lane = decode_lane(insn);
	unsigned int esize = 1u << lane.lg;
	struct ldst_address a = struct_address(cpu, insn, lane.nr * esize);
	uint8_t buf[32];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	for (unsigned int r = 0; r < lane.nr; r++) {
		const union vreg *v = &cpu->v[next_reg(f_rt(insn), r)];

		memcpy(buf + r * esize, v->b + lane.index * esize, esize);
	}
	if (!mem_write_block(cpu, a.va, lane.nr * esize, lane.lg, buf)) {
		return EXEC_EXCEPTION;
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}

enum exec_result exec_ld_rep(struct jit_cpu *cpu, uint32_t insn)
{
	struct lane lane = decode_lane(insn);
	unsigned int esize = 1u << lane.lg;
	struct ldst_address a = struct_address(cpu, insn, lane.nr * esize);
	uint8_t buf[32];

	if (!ldst_base_ok(cpu, insn)) {
		return exception_raise_sp_align(cpu);
	}
	if (!mem_read_block(cpu, a.va, lane.nr * esize, lane.lg, buf)) {
		return EXEC_EXCEPTION;
	}
	for (unsigned int r = 0; r < lane.nr; r++) {
		union vreg *v = &cpu->v[next_reg(f_rt(insn), r)];

		v->d[1] = 0;
		for (unsigned int pos = 0; pos < 8u << f_q(insn); pos += esize) {
			memcpy(v->b + pos, buf + r * esize, esize);
		}
	}
	ldst_write_back(cpu, insn, &a);
	return EXEC_NEXT;
}
