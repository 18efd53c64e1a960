/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x64_vector.h - what the files that emit SIMD share: x64_vector_*.c, by group like front_simd_*.c.
 */
#ifndef VMM_JIT_X64_VECTOR_H
#define VMM_JIT_X64_VECTOR_H

#include "x64_emit.h"

#define V(opcode)   (X64_66 | X64_0F | (opcode))
#define V38(opcode) (X64_66 | X64_0F38 | (opcode))
#define NO          0 /* in tables: the host has none */

#define OP_PAND       V(0xdb)
#define OP_PANDN      V(0xdf)
#define OP_POR        V(0xeb)
#define OP_PXOR       V(0xef)
#define OP_PSHUFB     V38(0x00)
#define OP_PADDB      V(0xfc)
#define OP_PADDUSB    V(0xdc)
#define OP_PALIGNR    (X64_66 | X64_0F3A | 0x0f)
#define OP_PSHUFD     V(0x70)
#define OP_PTEST      (X64_66 | X64_0F38 | 0x17)
#define OP_MOVQ       (X64_F3 | X64_0F | 0x7e)
#define OP_MOVD       V(0x6e)
#define OP_MOVAPS     (X64_0F | 0x28)
#define OP_INSERTPS   (X64_66 | X64_0F3A | 0x21)
#define OP_CMPP       (X64_0F | 0xc2)
#define CMP_UNORDERED 3

#define EMIT_CONSTANT(field) emit_cpu(EMIT_CPU(constants.field))

/* Three operands, VEX.128, W = 0. */
static inline void emit_vex(struct emit *e, unsigned int opcode, unsigned int dst, unsigned int a,
			    unsigned int b)
{
	x64_vex_rr(e->b, false, opcode, dst, a, b);
}

/* The last operand from memory, which needs no alignment. */
static inline void emit_vex_mem(struct emit *e, unsigned int opcode, unsigned int dst,
				unsigned int a, struct x64_mem mem)
{
	x64_vex_rm(e->b, false, opcode, dst, a, mem);
}

/* All bits set. */
static inline void emit_vector_ones(struct emit *e, unsigned int xmm)
{
	emit_vex(e, V(0x76), xmm, xmm, xmm); /* equal to itself */
}

/* The result of the operation: its upper half is cleared for the 8-byte forms. */
void emit_vector_result(struct emit *e, const struct ir_op *op, unsigned int xmm);
/* dst = a op b in one host instruction. */
void emit_vector_three(struct emit *e, const struct ir_op *op, unsigned int opcode);

void emit_vector_int(struct emit *e, const struct ir_op *op);
void emit_vector_float(struct emit *e, const struct ir_op *op);
void emit_vector_lanes(struct emit *e, const struct ir_op *op);
void emit_vector_pairs(struct emit *e, const struct ir_op *op);
void emit_vector_crypto(struct emit *e, const struct ir_op *op);
/* xmm0 = the even, xmm1 = the odd lanes of operands a and b in a row. Uses xmm2 and xmm3. */
void emit_vector_split(struct emit *e, const struct ir_op *op);

#endif
