/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ir.h - the translator's intermediate form: a straight list of small operations.
 *
 * A front end appends operations for one block of guest code; ir_analyse() walks them backwards
 * once and marks which NZCV results must reach memory; a back end walks them forwards once and
 * emits. Everything is O(n) in a fixed arena, nothing is allocated.
 *
 * Operands are guest registers (0 to 30, IR_SP), IR_ZR, or IR_T0, a scratch value that lives until
 * the end of its guest instruction. Vector operands are numbers 0 to 31 in their own space, and
 * IR_VT0 to IR_VT5, scratch values like IR_T0. An operation with a slow path comes after everything
 * that its instruction has in common with it: it must not find a register half written.
 * Addresses of instructions, of what they name, and of where they go are relative to the page that
 * the block lies in.
 *
 * A block is entered at the top and left at any exit. Between guest instructions all guest state
 * is in its home, so any instruction may be executed by the interpreter instead: that is the slow
 * path of all memory accesses (IR_LOAD ...), of FP results that need care, and of IR_CALL.
 */
#ifndef VMM_JIT_IR_H
#define VMM_JIT_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

#define IR_MAX_INSNS 64
#define IR_MAX_OPS   512

enum {
	IR_SP = 31,
	IR_ZR = 32,
	IR_T0 = 33,
	IR_IMM = 34, /* as operand b: the value is in imm */
	IR_NONE = 35,
};

/* Vector operands. */
enum {
	IR_VT0 = 32,
	IR_VT1,
	IR_VT2,
	IR_VT3,
	IR_VT4,
	IR_VT5,
	IR_NR_VECTORS,
};

enum ir_opcode {
	IR_INSN, /* the next guest instruction begins; index tells which */
	IR_MOV,
	IR_MOVI,
	IR_ADDRESS, /* dst = the page's address + imm */
	/* dst = a op b; set_flags possible */
	IR_ADD,
	IR_SUB,
	IR_AND,
	IR_OR,
	IR_XOR,
	IR_ADC, /* a + b + C */
	IR_SBC, /* a - b - !C */
	IR_NOT,
	/* by b, modulo the width; no flags */
	IR_SHL,
	IR_SHR,
	IR_SAR,
	IR_ROR,
	IR_EXTRACT, /* low part of a:b shifted right by imm (EXTR) */
	IR_INSERT,  /* bits of dst from aux, imm of them, = low bits of a */
	IR_SEXT,    /* from 8 << size bits */
	IR_ZEXT,
	IR_MUL, /* aux: both are zero- (1) or sign-extended (2) from 32 bits */
	IR_MUL_HIGH_U,
	IR_MUL_HIGH_S,
	IR_DIV_U,
	IR_DIV_S,
	IR_CLZ,
	IR_RBIT,   /* uses T0 */
	IR_BSWAP,  /* within units of 1 << size bytes */
	IR_SELECT, /* dst = cond ? a : b, aux: enum ir_select applied to b */
	IR_CCMP,   /* if cond: flags of a - b (aux 0) or a + b (aux 1), else flags = imm >> 32 */
	/* [a + (b << scale)] or [a + imm], in which a may be IR_ZR: the page's address; the slow
	 * path interprets the guest instruction */
	IR_LOAD,      /* aux: sign-extend; wide: to 64 bits */
	IR_STORE,     /* dst is the data */
	IR_LOAD_PAIR, /* dst, c; aux as above */
	IR_STORE_PAIR,
	IR_VLOAD, /* dst is a vector; size up to 4 (16 bytes) */
	IR_VSTORE,
	IR_VLOAD_PAIR,
	IR_VSTORE_PAIR,
	IR_VLOAD_LIST, /* c vectors from dst on, after 31 comes 0; size 3 or 4 */
	IR_VSTORE_LIST,
	IR_ATOMIC,     /* [a], aligned; aux: enum ir_atomic */
	IR_ZERO_CACHE, /* the 64 bytes at [a], which is a multiple of that */
	IR_FENCE,
	IR_READ_CPU,   /* dst = 64 bits of struct jit_cpu at imm; aux: only if PSTATE.SP is set */
	IR_WRITE_CPU,  /* the other way, from a */
	IR_WRITE_DAIF, /* PSTATE.DAIF = a; aux: may clear bits, which something may wait for */
	/* the guest instruction as a whole, by its exec_ function */
	IR_CALL,
	/* exits; imm is the guest address where it is known, relative to the page's */
	IR_BRANCH,      /* if cond */
	IR_BRANCH_ZERO, /* if a is zero (aux 0) or not (aux 1) */
	IR_BRANCH_BIT,  /* if bit c of a is clear (aux 0) or set (aux 1) */
	IR_JUMP,        /* aux: enum ir_jump */
	IR_JUMP_REG,    /* to a; aux: the same */
	IR_LEAVE,       /* back to the dispatcher, pc is already set */
	IR_FP_CHECK,    /* leave if FP is trapped, or (aux) FPCR is not all default */
	IR_FP,          /* aux: enum ir_fp */
	IR_VEC,         /* aux: enum ir_vec */
};

enum ir_jump {
	IR_JUMP_PLAIN,
	IR_JUMP_UNCHAINED, /* what the target's address means may have changed */
	IR_JUMP_CALL,      /* sets X30; likely to return behind this instruction */
	IR_JUMP_RETURN,
};

/* Exclusive, ordered and atomic accesses: dst is what was in memory, c the operand. All are
 * sequentially consistent, which costs nothing more. */
enum ir_atomic {
	IR_ATOMIC_LOAD, /* these two do not write */
	IR_ATOMIC_LOAD_EXCLUSIVE,
	IR_ATOMIC_STORE,
	IR_ATOMIC_STORE_EXCLUSIVE, /* dst: 0 if stored, else 1 */
	IR_ATOMIC_ADD,
	IR_ATOMIC_CLR, /* and with the operand's inverse */
	IR_ATOMIC_EOR,
	IR_ATOMIC_SET,
	IR_ATOMIC_SMAX,
	IR_ATOMIC_SMIN,
	IR_ATOMIC_UMAX,
	IR_ATOMIC_UMIN,
	IR_ATOMIC_SWAP,
	IR_ATOMIC_CAS,      /* if memory is dst, store c */
	IR_ATOMIC_CAS_PAIR, /* the same with registers dst, dst + 1; c, c + 1 */
};

/* Scalar FP on vector registers dst, a, b, c; size 2 single, 3 double. */
enum ir_fp {
	IR_FP_ADD,
	IR_FP_SUB,
	IR_FP_MUL,
	IR_FP_DIV,
	IR_FP_NMUL,
	IR_FP_SQRT,
	IR_FP_MADD, /* c + a * b and its three relatives */
	IR_FP_MSUB,
	IR_FP_NMADD,
	IR_FP_NMSUB,
	IR_FP_MAX, /* no operand is a NaN, so these are FMAXNM and FMINNM too */
	IR_FP_MIN,
	IR_FP_CMP,  /* sets NZCV; b IR_ZR: zero; cond: see ir_analyse() */
	IR_FP_CMPE, /* the same, signalling on quiet NaNs */
	IR_FP_CCMP, /* if cond: like IR_FP_CMP, else flags = imm, as in cpu->flags */
	IR_FP_CCMPE,
	IR_FP_MOV,
	IR_FP_ABS,
	IR_FP_NEG,
	IR_FP_SELECT,
	IR_FP_MOVI,     /* imm is the pattern */
	IR_FP_FROM_REG, /* a is a general register */
	IR_FP_TO_REG,   /* dst is one */
	IR_FP_FROM_INT, /* a is a signed integer of `wide` */
	IR_FP_FROM_U32,
	IR_FP_FROM_U64,
	IR_FP_TO_INT, /* signed, dst of `wide`; imm: enum ir_round */
	IR_FP_TO_UNSIGNED,
	IR_FP_ROUND, /* to an integral value; imm as above */
	IR_FP_TO_SINGLE,
	IR_FP_TO_DOUBLE,
};

/* SIMD; size is the element's, wide means all 16 bytes, else 8 and the rest is zeroed. Scratch
 * values are better wide: it saves the zeroing. */
enum ir_vec {
	/* Integers. dst = a op b */
	IR_VEC_ADD,
	IR_VEC_SUB,
	IR_VEC_MUL,
	IR_VEC_AND,
	IR_VEC_BIC,
	IR_VEC_OR,
	IR_VEC_XOR,
	IR_VEC_CMEQ,
	IR_VEC_CMGT,
	IR_VEC_CMGE,
	IR_VEC_CMHI,
	IR_VEC_CMHS,
	IR_VEC_SMAX,
	IR_VEC_SMIN,
	IR_VEC_UMAX,
	IR_VEC_UMIN,
	IR_VEC_URHADD,
	IR_VEC_SQADD, /* these six note saturation in FPSR.QC */
	IR_VEC_UQADD,
	IR_VEC_SQSUB,
	IR_VEC_UQSUB,
	IR_VEC_SQDMULH,
	IR_VEC_SQRDMULH,
	IR_VEC_SMULL, /* the result's elements are twice as wide; c: the upper halves of a and b */
	IR_VEC_UMULL,
	IR_VEC_SDOT, /* sums of four products of bytes */
	IR_VEC_UDOT,
	IR_VEC_SSHL, /* by the low byte of b's element, to the right if it is negative */
	IR_VEC_USHL,
	/* others */
	IR_VEC_BSL, /* by the mask dst: a where set, b where clear */
	IR_VEC_BIT, /* dst = a where b is set */
	IR_VEC_BIF, /* dst = a where b is clear */
	IR_VEC_NOT,
	IR_VEC_NEG,
	IR_VEC_ABS,
	IR_VEC_SHL, /* by imm */
	IR_VEC_USHR,
	IR_VEC_SSHR,
	IR_VEC_USHLL, /* c: the upper half of a */
	IR_VEC_SSHLL,
	IR_VEC_SADDLP, /* sums of neighbours, twice as wide */
	IR_VEC_UADDLP,
	IR_VEC_CNT,
	/* Floating point. dst = a op b */
	IR_VEC_FIRST_FLOAT,
	IR_VEC_FADD = IR_VEC_FIRST_FLOAT,
	IR_VEC_FSUB,
	IR_VEC_FMUL,
	IR_VEC_FDIV,
	IR_VEC_FABD,
	IR_VEC_FMAX, /* no operand is a NaN, so these are FMAXNM and FMINNM too */
	IR_VEC_FMIN,
	IR_VEC_FCMEQ,
	IR_VEC_FCMGE,
	IR_VEC_FCMGT,
	IR_VEC_FACGE,
	IR_VEC_FACGT,
	IR_VEC_FADDP,
	IR_VEC_FMAXP,
	IR_VEC_FMINP,
	IR_VEC_FMLA, /* dst + a * b */
	IR_VEC_FMLS,
	/* of a */
	IR_VEC_FABS,
	IR_VEC_FNEG,
	IR_VEC_FSQRT,
	IR_VEC_FRINT, /* imm: enum ir_round */
	IR_VEC_FMAXV, /* across four singles */
	IR_VEC_FMINV,
	IR_VEC_SCVTF,
	IR_VEC_UCVTF,
	IR_VEC_FCVTS, /* to signed integers; imm: enum ir_round */
	IR_VEC_FCVTL, /* single to double; c: the upper half */
	IR_VEC_FCVTN, /* double to single; c: to the upper half */
	/* Moves of lanes. dst = a op b */
	IR_VEC_FIRST_LANES,
	IR_VEC_ZIP1 = IR_VEC_FIRST_LANES,
	IR_VEC_ZIP2,
	IR_VEC_UZP1,
	IR_VEC_UZP2,
	IR_VEC_TRN1,
	IR_VEC_TRN2,
	IR_VEC_EXT,         /* from byte imm of b:a on */
	IR_VEC_BY_MEMBER,   /* elements of structures of imm (2 or 4) members, members in turn */
	IR_VEC_THREE,       /* of three registers from a on, which hold structures of three members
			       as they are in memory: member imm; or (c) they hold the members:
			       register imm of what is in memory */
	IR_VEC_REVERSE,     /* elements of a within groups of 1 << imm bytes */
	IR_VEC_MOVI,        /* imm in both halves */
	IR_VEC_DUP,         /* general register a */
	IR_VEC_DUP_ELEMENT, /* element imm of a */
	IR_VEC_ELEMENT,     /* the same to the lowest lane alone; words and doublewords */
	IR_VEC_UMOV,        /* general register dst = element imm of a */
	IR_VEC_SMOV,
	IR_VEC_INSERT, /* element imm of dst = general register a */
	IR_VEC_TBL,    /* table of imm registers from a on; c: keep dst where b is out of range */
	/* Lanes of one register, or of two in a row, with each other. */
	IR_VEC_FIRST_PAIRS,
	IR_VEC_PAIRS = IR_VEC_FIRST_PAIRS, /* c: enum ir_vec of what is done with neighbours */
	IR_VEC_ACROSS,                     /* with all lanes of a: a scalar */
	IR_VEC_UADDLV,                     /* sum of bytes */
	/* Lanes of twice the size to half a register: the lower, or (wide) the upper one. */
	IR_VEC_NARROW,
	IR_VEC_NARROW_ROUND,
	IR_VEC_SATURATE, /* c: enum ir_saturate */
	/* Ciphers and hashes. dst = a op b, unless it says otherwise. */
	IR_VEC_FIRST_CRYPTO,
	IR_VEC_AESE = IR_VEC_FIRST_CRYPTO,
	IR_VEC_AESE_AESMC, /* the second of the result of the first */
	IR_VEC_AESD,
	IR_VEC_AESD_AESIMC,
	IR_VEC_AESMC, /* of a */
	IR_VEC_AESIMC,
	IR_VEC_PMULL,    /* of the lower doublewords, or (c) the upper ones */
	IR_VEC_SHA1,     /* of dst, a, b; imm: 0 SHA1C, 1 SHA1P, 2 SHA1M */
	IR_VEC_SHA256H,  /* dst = the first half of what comes of dst:a, b */
	IR_VEC_SHA256H2, /* dst = the second half of what comes of a:dst, b */
	IR_VEC_SHA256SU0,
	IR_VEC_SHA256SU1, /* of dst, a, b */
};

/* Saturating narrowings: of what, to what; a flag for rounding. imm is a shift right before. */
enum ir_saturate {
	IR_SATURATE_SS,
	IR_SATURATE_SU,
	IR_SATURATE_UU,
	IR_SATURATE_ROUND = 4,
};

/* Rounding to integers and integral values: FPCR is at its default. */
enum ir_round {
	IR_ROUND_NEAREST,
	IR_ROUND_DOWN,
	IR_ROUND_UP,
	IR_ROUND_ZERO,
	IR_ROUND_EXACT, /* to nearest, and report an inexact result */
	IR_ROUND_AWAY,  /* to nearest, halves away from zero; scalars only */
};

enum ir_select {
	IR_SELECT_PLAIN,
	IR_SELECT_INC,
	IR_SELECT_NOT,
	IR_SELECT_NEG,
};

struct ir_op {
	uint8_t op;
	uint8_t dst;
	uint8_t a;
	uint8_t b;
	uint8_t c;
	uint8_t cond; /* A64 condition */
	uint8_t size; /* log2 of bytes */
	uint8_t aux;
	bool wide;       /* 64-bit operation; else the result is zero-extended from 32 */
	bool set_flags;  /* produces NZCV */
	bool flags_live; /* ... which are part of the guest's state at some later operation */
	bool flags_read; /* ... and which that operation wants to read: cpu->flags must have them */
	uint8_t kept_cond; /* a condition that must be kept for when they are lost, or IR_NONE */
	bool keep_flags;   /* the host's flags hold NZCV for a later operation */
	bool unprivileged;
	bool scalar;   /* IR_VEC: the first element only, the others of the result are zero */
	uint8_t scale; /* memory: b is shifted left by so much, up to 3 */
	uint8_t index; /* guest instruction */
	int64_t imm;
};

struct ir_block {
	uint8_t bank;       /* enum tlb_bank of its memory accesses */
	bool user_override; /* PSTATE.UAO: unprivileged accesses are not */
	bool counts;        /* adds its instructions to cpu->insns */
	unsigned int nr_insns;
	uint32_t insns[IR_MAX_INSNS];
	uint16_t offsets[IR_MAX_INSNS]; /* where they are in the page; not always in a row */
	unsigned int nr_ops;
	struct ir_op ops[IR_MAX_OPS];
};

/* Appends an operation, zeroed but for these, and returns it. The arena never runs over: the front
 * end ends a block while IR_MAX_OPS_PER_INSN are left. */
#define IR_MAX_OPS_PER_INSN 16
struct ir_op *ir_append(struct ir_block *block, enum ir_opcode op);

/* Operations at which all guest state, flags too, must be where the interpreter looks for it. */
bool ir_needs_state(const struct ir_op *op);

/* Liveness of flags. A comparison of floats also learns which condition (the one of a pair without
 * bit 0) is all that is asked of it, if it is not asked for cpu->flags; IR_NONE: nothing. */
void ir_analyse(struct ir_block *block);

#endif
