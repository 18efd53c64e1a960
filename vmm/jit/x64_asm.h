/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x64_asm.h - an x86-64 assembler: one function call, one instruction.
 *
 * Knows encodings, nothing about guests. Bytes go to a buffer that may be executed at another
 * address than it is written at (W^X by double mapping); `exec_delta` is the distance. Running out
 * of space sets `overflow` and drops bytes; the caller checks once at the end.
 */
#ifndef VMM_JIT_X64_ASM_H
#define VMM_JIT_X64_ASM_H

#include <stdbool.h>
#include <stdint.h>

enum x64_reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	X64_NO_REG = -1,
};

/* Condition codes as in Jcc, SETcc, CMOVcc. */
enum x64_cond {
	CC_O,
	CC_NO,
	CC_B,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G,
};

/* [base + index * 2^scale + disp]; index may be X64_NO_REG. */
struct x64_mem {
	int8_t base;
	int8_t index;
	uint8_t scale;
	int32_t disp;
};

struct x64_buf {
	uint8_t *start;
	uint8_t *p;
	uint8_t *end;
	int64_t exec_delta;
	uint64_t nr_insns; /* written; one-byte ones by x64_byte() are not counted */
	bool overflow;
};

static inline struct x64_mem x64_at(enum x64_reg base, int32_t disp)
{
	return (struct x64_mem){.base = (int8_t)base, .index = X64_NO_REG, .disp = disp};
}

static inline struct x64_mem x64_at_index(enum x64_reg base, enum x64_reg index, int32_t disp)
{
	return (struct x64_mem){.base = (int8_t)base, .index = (int8_t)index, .disp = disp};
}

/* The eight ALU operations in encoding order. */
enum x64_alu {
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR,
	ALU_CMP,
};

enum x64_shift {
	SHIFT_ROL = 0,
	SHIFT_ROR = 1,
	SHIFT_SHL = 4,
	SHIFT_SHR = 5,
	SHIFT_SAR = 7,
};

/* Opcodes for x64_rr and x64_rm: the second byte after 0F is OR-ed with X64_0F. */
#define X64_0F   0x100
#define X64_0F38 0x200
#define X64_0F3A 0x300
/* Mandatory prefixes. */
#define X64_66 0x1000
#define X64_F3 0x2000
#define X64_F2 0x3000

void x64_byte(struct x64_buf *b, uint8_t value);
void x64_u32(struct x64_buf *b, uint32_t value);
void x64_u64(struct x64_buf *b, uint64_t value);

/* Any instruction with a ModRM byte; `wide` sets REX.W. `reg` is the ModRM reg field. */
void x64_rr(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg, unsigned int rm);
void x64_rm(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg,
	    struct x64_mem mem);
/* The same for byte registers: forces a REX so that SIL, DIL are meant. */
void x64_rr8(struct x64_buf *b, unsigned int opcode, unsigned int reg, unsigned int rm);
void x64_rm8(struct x64_buf *b, unsigned int opcode, unsigned int reg, struct x64_mem mem);
/* VEX.128, `wide` is VEX.W: three operands. */
void x64_vex_rr(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg,
		unsigned int vvvv, unsigned int rm);
void x64_vex_rm(struct x64_buf *b, bool wide, unsigned int opcode, unsigned int reg,
		unsigned int vvvv, struct x64_mem mem);

void x64_mov_rr(struct x64_buf *b, bool wide, enum x64_reg dst, enum x64_reg src);
void x64_mov_load(struct x64_buf *b, bool wide, enum x64_reg dst, struct x64_mem mem);
void x64_mov_store(struct x64_buf *b, bool wide, struct x64_mem mem, enum x64_reg src);
/* The shortest form; flags are kept. */
void x64_mov_imm(struct x64_buf *b, enum x64_reg dst, uint64_t imm);
/* A 32-bit sign-extended immediate to memory. */
void x64_mov_store_imm(struct x64_buf *b, bool wide, struct x64_mem mem, int32_t imm);
void x64_alu_rr(struct x64_buf *b, bool wide, enum x64_alu op, enum x64_reg dst, enum x64_reg src);
void x64_alu_rm(struct x64_buf *b, bool wide, enum x64_alu op, enum x64_reg dst,
		struct x64_mem mem);
void x64_alu_mr(struct x64_buf *b, bool wide, enum x64_alu op, struct x64_mem mem,
		enum x64_reg src);
void x64_alu_ri(struct x64_buf *b, bool wide, enum x64_alu op, enum x64_reg dst, int32_t imm);
void x64_alu_mi(struct x64_buf *b, bool wide, enum x64_alu op, struct x64_mem mem, int32_t imm);
void x64_test_rr(struct x64_buf *b, bool wide, enum x64_reg a, enum x64_reg c);
void x64_test_mi8(struct x64_buf *b, struct x64_mem mem, uint8_t imm);
void x64_shift_ri(struct x64_buf *b, bool wide, enum x64_shift op, enum x64_reg dst, uint8_t count);
void x64_shift_cl(struct x64_buf *b, bool wide, enum x64_shift op, enum x64_reg dst);
void x64_lea(struct x64_buf *b, bool wide, enum x64_reg dst, struct x64_mem mem);
void x64_push(struct x64_buf *b, enum x64_reg reg);
void x64_pop(struct x64_buf *b, enum x64_reg reg);
void x64_ret(struct x64_buf *b);
void x64_call_reg(struct x64_buf *b, enum x64_reg reg);
void x64_jmp_reg(struct x64_buf *b, enum x64_reg reg);
void x64_jmp_mem(struct x64_buf *b, struct x64_mem mem);
void x64_cmov(struct x64_buf *b, bool wide, enum x64_cond cond, enum x64_reg dst, enum x64_reg src);
void x64_setcc(struct x64_buf *b, enum x64_cond cond, enum x64_reg dst);
void x64_setcc_mem(struct x64_buf *b, enum x64_cond cond, struct x64_mem mem);

/*
 * Jumps with 32-bit displacements. The _fwd forms return where the displacement lies, for
 * x64_patch(); the others know their target (an address in the executable view).
 */
uint8_t *x64_jmp_fwd(struct x64_buf *b);
uint8_t *x64_jcc_fwd(struct x64_buf *b, enum x64_cond cond);
uint8_t *x64_call_fwd(struct x64_buf *b);
void x64_jmp_to(struct x64_buf *b, const void *target);
void x64_jcc_to(struct x64_buf *b, enum x64_cond cond, const void *target);
void x64_call_to(struct x64_buf *b, const void *target);
/* Lets the jump whose displacement is at `site` (writable view) go to `target` (writable view). */
void x64_patch(uint8_t *site, const uint8_t *target);
static inline void x64_patch_here(struct x64_buf *b, uint8_t *site)
{
	x64_patch(site, b->p);
}

/* Where the next byte will be executed. */
static inline void *x64_exec_here(const struct x64_buf *b)
{
	return b->p + b->exec_delta;
}

/* One-byte NOPs until (p + offset) is a multiple of align. */
void x64_align(struct x64_buf *b, unsigned int offset, unsigned int align);

#endif
