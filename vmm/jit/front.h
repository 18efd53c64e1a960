/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * front.h - the A64 front end: from guest instructions to IR.
 *
 * front_translate() fills one block. Each front_*.c handles one class; what a class does not
 * express as IR it refuses (false), and the instruction becomes an IR_CALL of its interpreter
 * function. A refusal must not have appended anything.
 */
#ifndef VMM_JIT_FRONT_H
#define VMM_JIT_FRONT_H

#include "cpu.h"
#include "decode.h"
#include "ir.h"

/* What must hold for an instruction of the FP and SIMD classes. */
enum front_fp_need {
	FRONT_FP_ENABLED = 1, /* not trapped */
	FRONT_FP_DEFAULT = 2, /* and FPCR asks for nothing special: arithmetic */
};

struct front {
	struct ir_block *block;
	int64_t offset; /* of the instruction, in the page */
	int64_t next;   /* where the block goes on behind it, or jumps to if it ends there */
	uint32_t insn;
	enum a64_op op;
	bool end;                /* set by a handler: the block ends after this instruction */
	unsigned int fp_checked; /* what the IR_FP_CHECKs so far allow: enum front_fp_need */
};

/*
 * Translates from `offset` in the page of guest memory at `host` on, at most max_insns
 * instructions. Never fails; a block has at least one.
 */
void front_translate(struct ir_block *block, const uint8_t *host, unsigned int offset,
		     unsigned int max_insns);

/*
 * Appends the instruction at *offset in the page at `host`, but none of its operations, and moves
 * *offset on to the next one as the block goes. False: the block ends in between, if the
 * instruction itself does not end it.
 */
bool front_fetch(struct ir_block *block, const uint8_t *host, int64_t *offset);

/* Does it go to an address that it names, maybe on a condition, and nothing else? *distance is from
 * its own. */
bool front_branches(enum a64_op op, uint32_t insn, int64_t *distance);
/* And on none: B, and B.cond with AL or NV (C1.2.4). */
bool front_always_branches(enum a64_op op, uint32_t insn);

bool front_int(struct front *f);
bool front_branch(struct front *f);
bool front_system(struct front *f);
bool front_ldst(struct front *f);
bool front_atomic(struct front *f);
bool front_vldst(struct front *f);
bool front_structs(struct front *f);
bool front_fp(struct front *f);
bool front_simd(struct front *f);
bool front_crypto(struct front *f);

/* Shorthands for appending; all return the operation for further settings. */
struct ir_op *front_op3(struct front *f, enum ir_opcode op, bool wide, unsigned int dst,
			unsigned int a, unsigned int b);
struct ir_op *front_op_imm(struct front *f, enum ir_opcode op, bool wide, unsigned int dst,
			   unsigned int a, int64_t imm);
/* What the instructions before this one did last, if it is this kind of operation; else NULL. The
 * two may then become one: nobody can see the state between them if neither leaves the block. */
struct ir_op *front_last(struct front *f, enum ir_opcode op);
/* Makes sure the right IR_FP_CHECK precedes in this block. */
void front_need_fp(struct front *f, enum front_fp_need need);

/* Register number as a value operand (31 is zero) or as a base (31 is SP). */
static inline unsigned int front_zr(unsigned int n)
{
	return n == 31 ? IR_ZR : n;
}

static inline int64_t front_sext(uint64_t val, unsigned int bits)
{
	return (int64_t)(val << (64 - bits)) >> (64 - bits);
}

#endif
