// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_asm.c - x86-64 instruction encodings (Intel SDM volume 2, chapter 2).
 */
#include <string.h>

#include "x64_asm.h"

void x64_byte(struct x64_buf *b, uint8_t value)
{
	if (b->p < b->end) {
		*b->p++ = value;
	} else {
		b->overflow = true;
	}
}

static void x64_bytes(struct x64_buf *b, const void *data, unsigned int size)
{
	if ((uint64_t)(b->end - b->p) >= size) {
		memcpy(b->p, data, size);
		b->p += size;
	} else {
		b->overflow = true;
	}
}

void x64_u32(struct x64_buf *b, uint32_t value)
{
	x64_bytes(b, &value, 4);
}

void x64_u64(struct x64_buf *b, uint64_t value)
{
	x64_bytes(b, &value, 8);
}

static void x64_prefix(struct x64_buf *b, unsigned int opcode)
{
	static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};

	if (opcode >> 12) {
		x64_byte(b, prefixes[opcode >> 12]);
	}
}

static void x64_rex(struct x64_buf *b, bool wide, bool force, unsigned int reg, unsigned int index,
		    unsigned int base)
{
	unsigned int rex =
		(wide ? 8u : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);

	if (rex || force) {
		x64_byte(b, (uint8_t)(0x40 | rex));
	}
}

static void x64_opcode(struct x64_buf *b, unsigned int opcode)
{
	b->nr_insns++;
	switch (opcode & 0xf00) {
	case X64_0F:
		x64_byte(b, 0x0f);
		break;
	case X64_0F38:
		x64_byte(b, 0x0f);
		x64_byte(b, 0x38);
		break;
	case X64_0F3A:
		x64_byte(b, 0x0f);
		x64_byte(b, 0x3a);
		break;
	default:
		break;
	}
	x64_byte(b, (uint8_t)opcode);
}

static void x64_modrm(struct x64_buf *b, unsigned int mod, unsigned int reg, unsigned int rm)
{
	x64_byte(b, (uint8_t)(mod << 6 | (reg & 7) << 3 | (rm & 7)));
}

static void x64_operand_mem(struct x64_buf *b, unsigned int reg, struct x64_mem mem)
{
	unsigned int base = (unsigned int)mem.base;
	bool sib = mem.index != X64_NO_REG || (base & 7) == RSP;
	unsigned int mod;

	if (mem.disp == 0 && (base & 7) != RBP) {
		mod = 0;
	} else if (mem.disp >= -128 && mem.disp <= 127) {
		mod = 1;
	} else {
		mod = 2;
	}
	x64_modrm(b, mod, reg, sib ? RSP : base);
	if (sib) {
		unsigned int index = mem.index == X64_NO_REG ? RSP : (unsigned int)mem.index;

		x64_modrm(b, mem.scale, index, base);
	}
	if (mod == 1) {
		x64_byte(b, (uint8_t)mem.disp);
	} else if (mod == 2) {
		x64_u32(b, (uint32_t)mem.disp);
	}
}

void x64_rr(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg, unsigned int rm)
{
	x64_prefix(b, opcode);
	x64_rex(b, wide, false, reg, 0, rm);
	x64_opcode(b, opcode);
	x64_modrm(b, 3, reg, rm);
}

static void x64_rm_force(struct x64_buf *b, bool wide, bool force, unsigned int opcode,
			 unsigned int reg, struct x64_mem mem)
{
	x64_prefix(b, opcode);
	x64_rex(b, wide, force, reg, mem.index == X64_NO_REG ? 0 : (unsigned int)mem.index,
		(unsigned int)mem.base);
	x64_opcode(b, opcode);
	x64_operand_mem(b, reg, mem);
}

void x64_rm(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg, struct x64_mem mem)
{
	x64_rm_force(b, wide, false, opcode, reg, mem);
}

void x64_rr8(struct x64_buf *b, unsigned int opcode, unsigned int reg, unsigned int rm)
{
	x64_prefix(b, opcode);
	x64_rex(b, false, true, reg, 0, rm);
	x64_opcode(b, opcode);
	x64_modrm(b, 3, reg, rm);
}

void x64_rm8(struct x64_buf *b, unsigned int opcode, unsigned int reg, struct x64_mem mem)
{
	x64_rm_force(b, false, true, opcode, reg, mem);
}

/* The two-byte form where it can say everything. `index` and `base` are bits X and B. */
static void x64_vex(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg,
		    unsigned int vvvv, unsigned int index, unsigned int base)
{
	unsigned int map = opcode >> 8 & 3, pp = opcode >> 12;

	b->nr_insns++;
	if (map == 1 && !wide && !(index & 8) && !(base & 8)) {
		x64_byte(b, 0xc5);
		x64_byte(b, (uint8_t)((~reg >> 3 & 1) << 7 | (~vvvv & 15) << 3 | pp));
	} else {
		x64_byte(b, 0xc4);
		x64_byte(b, (uint8_t)((~reg >> 3 & 1) << 7 | (~index >> 3 & 1) << 6 |
				      (~base >> 3 & 1) << 5 | map));
		x64_byte(b, (uint8_t)((wide ? 0x80u : 0) | (~vvvv & 15) << 3 | pp));
	}
	x64_byte(b, (uint8_t)opcode);
}

void x64_vex_rr(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg,
		unsigned int vvvv, unsigned int rm)
{
	x64_vex(b, wide, opcode, reg, vvvv, 0, rm);
	x64_modrm(b, 3, reg, rm);
}

void x64_vex_rm(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg,
		unsigned int vvvv, struct x64_mem mem)
{
	x64_vex(b, wide, opcode, reg, vvvv, mem.index == X64_NO_REG ? 0 : (unsigned int)mem.index,
		(unsigned int)mem.base);
	x64_operand_mem(b, reg, mem);
}

void x64_mov_rr(struct x64_buf *b, bool wide, enum x64_reg dst, enum x64_reg src)
{
	x64_rr(b, wide, 0x8b, dst, src);
}

void x64_mov_load(struct x64_buf *b, bool wide, enum x64_reg dst, struct x64_mem mem)
{
	x64_rm(b, wide, 0x8b, dst, mem);
}

void x64_mov_store(struct x64_buf *b, bool wide, struct x64_mem mem, enum x64_reg src)
{
	x64_rm(b, wide, 0x89, src, mem);
}

void x64_mov_imm(struct x64_buf *b, enum x64_reg dst, uint64_t imm)
{
	if (imm <= 0xffffffffu) {
		x64_rex(b, false, false, 0, 0, dst);
		x64_opcode(b, 0xb8 | (dst & 7));
		x64_u32(b, (uint32_t)imm);
	} else if ((int64_t)imm == (int32_t)imm) {
		x64_rr(b, true, 0xc7, 0, dst);
		x64_u32(b, (uint32_t)imm);
	} else {
		x64_rex(b, true, false, 0, 0, dst);
		x64_opcode(b, 0xb8 | (dst & 7));
		x64_u64(b, imm);
	}
}

void x64_mov_store_imm(struct x64_buf *b, bool wide, struct x64_mem mem, int32_t imm)
{
	x64_rm(b, wide, 0xc7, 0, mem);
	x64_u32(b, (uint32_t)imm);
}

void x64_alu_rr(struct x64_buf *b, bool wide, enum x64_alu op, enum x64_reg dst, enum x64_reg src)
{
	x64_rr(b, wide, op * 8 + 3, dst, src);
}

void x64_alu_rm(struct x64_buf *b, bool wide, enum x64_alu op, enum x64_reg dst, struct x64_mem mem)
{
	x64_rm(b, wide, op * 8 + 3, dst, mem);
}

void x64_alu_mr(struct x64_buf *b, bool wide, enum x64_alu op, struct x64_mem mem, enum x64_reg src)
{
	x64_rm(b, wide, op * 8 + 1, src, mem);
}

void x64_alu_ri(struct x64_buf *b, bool wide, enum x64_alu op, enum x64_reg dst, int32_t imm)
{
	if (imm >= -128 && imm <= 127) {
		x64_rr(b, wide, 0x83, op, dst);
		x64_byte(b, (uint8_t)imm);
	} else {
		x64_rr(b, wide, 0x81, op, dst);
		x64_u32(b, (uint32_t)imm);
	}
}

void x64_alu_mi(struct x64_buf *b, bool wide, enum x64_alu op, struct x64_mem mem, int32_t imm)
{
	if (imm >= -128 && imm <= 127) {
		x64_rm(b, wide, 0x83, op, mem);
		x64_byte(b, (uint8_t)imm);
	} else {
		x64_rm(b, wide, 0x81, op, mem);
		x64_u32(b, (uint32_t)imm);
	}
}

void x64_test_rr(struct x64_buf *b, bool wide, enum x64_reg a, enum x64_reg c)
{
	x64_rr(b, wide, 0x85, a, c);
}

void x64_test_mi8(struct x64_buf *b, struct x64_mem mem, uint8_t imm)
{
	x64_rm(b, false, 0xf6, 0, mem);
	x64_byte(b, imm);
}

void x64_shift_ri(struct x64_buf *b, bool wide, enum x64_shift op, enum x64_reg dst, uint8_t count)
{
	x64_rr(b, wide, 0xc1, op, dst);
	x64_byte(b, count);
}

void x64_shift_cl(struct x64_buf *b, bool wide, enum x64_shift op, enum x64_reg dst)
{
	x64_rr(b, wide, 0xd3, op, dst);
}

void x64_lea(struct x64_buf *b, bool wide, enum x64_reg dst, struct x64_mem mem)
{
	x64_rm(b, wide, 0x8d, dst, mem);
}

void x64_push(struct x64_buf *b, enum x64_reg reg)
{
	x64_rex(b, false, false, 0, 0, reg);
	x64_opcode(b, 0x50 | (reg & 7));
}

void x64_pop(struct x64_buf *b, enum x64_reg reg)
{
	x64_rex(b, false, false, 0, 0, reg);
	x64_opcode(b, 0x58 | (reg & 7));
}

void x64_ret(struct x64_buf *b)
{
	x64_opcode(b, 0xc3);
}

void x64_call_reg(struct x64_buf *b, enum x64_reg reg)
{
	x64_rr(b, false, 0xff, 2, reg);
}

void x64_jmp_reg(struct x64_buf *b, enum x64_reg reg)
{
	x64_rr(b, false, 0xff, 4, reg);
}

void x64_jmp_mem(struct x64_buf *b, struct x64_mem mem)
{
	x64_rm(b, false, 0xff, 4, mem);
}

void x64_cmov(struct x64_buf *b, bool wide, enum x64_cond cond, enum x64_reg dst, enum x64_reg src)
{
	x64_rr(b, wide, X64_0F | 0x40 | cond, dst, src);
}

void x64_setcc(struct x64_buf *b, enum x64_cond cond, enum x64_reg dst)
{
	x64_rr8(b, X64_0F | 0x90 | cond, 0, dst);
}

void x64_setcc_mem(struct x64_buf *b, enum x64_cond cond, struct x64_mem mem)
{
	x64_rm(b, false, X64_0F | 0x90 | cond, 0, mem);
}

static uint8_t *x64_displacement(struct x64_buf *b)
{
	uint8_t *site = b->p;

	x64_u32(b, 0);
	return b->overflow ? NULL : site;
}

uint8_t *x64_jmp_fwd(struct x64_buf *b)
{
	x64_opcode(b, 0xe9);
	return x64_displacement(b);
}

uint8_t *x64_jcc_fwd(struct x64_buf *b, enum x64_cond cond)
{
	x64_opcode(b, X64_0F | 0x80 | cond);
	return x64_displacement(b);
}

uint8_t *x64_call_fwd(struct x64_buf *b)
{
	x64_opcode(b, 0xe8);
	return x64_displacement(b);
}

static void x64_displacement_to(struct x64_buf *b, const void *target)
{
	const uint8_t *next = (const uint8_t *)x64_exec_here(b) + 4;

	x64_u32(b, (uint32_t)((const uint8_t *)target - next));
}

void x64_jmp_to(struct x64_buf *b, const void *target)
{
	x64_opcode(b, 0xe9);
	x64_displacement_to(b, target);
}

void x64_jcc_to(struct x64_buf *b, enum x64_cond cond, const void *target)
{
	x64_opcode(b, X64_0F | 0x80 | cond);
	x64_displacement_to(b, target);
}

void x64_call_to(struct x64_buf *b, const void *target)
{
	x64_opcode(b, 0xe8);
	x64_displacement_to(b, target);
}

void x64_patch(uint8_t *site, const uint8_t *target)
{
	if (site) {
		/* One aligned store where it matters: other CPUs may be executing the jump. */
		__atomic_store_n((uint32_t *)site, (uint32_t)(target - (site + 4)),
				 __ATOMIC_RELEASE);
	}
}

void x64_align(struct x64_buf *b, unsigned int offset, unsigned int align)
{
	static const uint8_t nops[8][7] = {
		{0},
		{0x90},
		{0x66, 0x90},
		{0x0f, 0x1f, 0x00},
		{0x0f, 0x1f, 0x40, 0x00},
		{0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	};
	unsigned int nr = (unsigned int)(0u - ((uintptr_t)b->p + offset)) % align;

	for (unsigned int i = 0; i < nr; i++) {
		x64_byte(b, nops[nr][i]);
	}
}
