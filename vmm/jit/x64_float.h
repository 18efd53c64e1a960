/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x64_float.h - what the two files that emit scalar floating point share.
 */
#ifndef VMM_JIT_X64_FLOAT_H
#define VMM_JIT_X64_FLOAT_H

#include "x64_emit.h"

#define OP_ADD      (X64_0F | 0x58)
#define OP_SUB      (X64_0F | 0x5c)
#define OP_UCOMIS   (X64_0F | 0x2e)
#define OP_XORPS    (X64_0F | 0x57)
#define OP_MOVAPS   (X64_0F | 0x28)
#define OP_MOVD     (X64_66 | X64_0F | 0x6e)
#define OP_MOVD_OUT (X64_66 | X64_0F | 0x7e)
#define OP_MOVQ     (X64_F3 | X64_0F | 0x7e)
#define OP_PAND     (X64_66 | X64_0F | 0xdb)
#define OP_POR      (X64_66 | X64_0F | 0xeb)
#define OP_CMPS     (X64_0F | 0xc2)

#define EMIT_CONSTANT(field) emit_cpu(EMIT_CPU(constants.field))

/* Of xxxSS and xxxSD. */
static inline unsigned int scalar_prefix(const struct ir_op *op)
{
	return op->size == 3 ? X64_F2 : X64_F3;
}

/* Of UCOMISS and UCOMISD. */
static inline unsigned int ucomis(const struct ir_op *op)
{
	return (op->size == 3 ? X64_66 : 0) | OP_UCOMIS;
}

static inline unsigned int scalar_use(struct emit *e, const struct ir_op *op, unsigned int n)
{
	return emit_vector_use_scalar(e, n, op->size);
}

/* A copy of src without what lies above the scalar. MOVAPS costs no time. */
void emit_scalar_copy(struct emit *e, const struct ir_op *op, unsigned int dst, unsigned int src);
/* For the result of dst = first op ...: the host's scalar operations keep what lies above in
 * `first`. */
void emit_scalar_clear(struct emit *e, const struct ir_op *op, unsigned int dst,
		       unsigned int first);
/* The lowest lane of a constant, alone. */
void emit_scalar_constant(struct emit *e, const struct ir_op *op, unsigned int xmm,
			  struct x64_mem constant);

/* False: no conversion. */
bool emit_float_convert(struct emit *e, const struct ir_op *op);

#endif
