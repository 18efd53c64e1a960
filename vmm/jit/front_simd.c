// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd.c - SIMD: the instructions that map to a few of the host's, by group.
 */
#include "front_simd.h"

struct ir_op *front_simd_append(struct front *f, enum ir_vec kind, unsigned int size)
{
	uint32_t i = f->insn;
	struct ir_op *o = ir_append(f->block, IR_VEC);

	o->aux = kind;
	o->dst = (uint8_t)f_rd(i);
	o->a = (uint8_t)f_rn(i);
	o->b = (uint8_t)f_rm(i);
	o->size = (uint8_t)size;
	o->wide = f_q(i);
	return o;
}

bool front_simd(struct front *f)
{
	return front_simd_int(f) || front_simd_float(f) || front_simd_lanes(f) ||
	       front_simd_pairs(f);
}
