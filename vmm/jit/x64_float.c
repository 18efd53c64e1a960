// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_float.c - floating point and SIMD.
 */
#include "x64_emit.h"

void emit_float(struct emit *e, const struct ir_op *op)
{
	(void)e;
	(void)op;
}
