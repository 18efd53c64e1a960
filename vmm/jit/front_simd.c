// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_simd.c - SIMD: the instructions that map to a few of the host's, by group.
 */
#include "front_simd.h"

/* Scalar forms have bit 28 set, and bit 30, which is Q in the others. */
static bool simd_wide(uint32_t insn)
{
	return f_q(insn) && !(insn >> 28 & 1);
}

struct ir_op *front_simd_op(struct front *f, enum ir_vec kind, unsigned int size, unsigned int dst,
			    unsigned int a, unsigned int b)
{
	struct ir_op *o = ir_append(f->block, IR_VEC);

	o->aux = kind;
	o->dst = (uint8_t)dst;
	o->a = (uint8_t)a;
	o->b = (uint8_t)b;
	o->size = (uint8_t)size;
	o->wide = dst >= IR_VT0 || simd_wide(f->insn);
	return o;
}

struct ir_op *front_simd_append(struct front *f, enum ir_vec kind, unsigned int size)
{
	uint32_t i = f->insn;

	return front_simd_op(f, kind, size, f_rd(i), f_rn(i), f_rm(i));
}

void front_simd_by_element(struct front *f, unsigned int size, unsigned int dst)
{
	uint32_t i = f->insn;
	unsigned int high_low = f_idxh(i) << 1 | f_idxl(i);
	unsigned int m = f_idxm(i) << 4 | f_rm4(i), index = high_low;

	if (size == 1) {
		m = f_rm4(i);
		index = high_low << 1 | f_idxm(i);
	} else if (size == 3) {
		index = f_idxh(i);
	}
	front_simd_op(f, IR_VEC_DUP_ELEMENT, size, dst, m, IR_NONE)->imm = index;
}

bool front_simd(struct front *f)
{
	return front_simd_int(f) || front_simd_float(f) || front_simd_lanes(f) ||
	       front_simd_pairs(f);
}
