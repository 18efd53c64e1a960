// SPDX-License-Identifier: BSD-3-Clause
/*
 * cpu.c - the constants that translated code takes as memory operands.
 */
#include <string.h>

#include "cpu.h"

/* Bits of the x86 flags register as LAHF gives them. */
#define HOST_CF 0x01
#define HOST_PF 0x04
#define HOST_ZF 0x40

static void fill64(union vreg *v, uint64_t value)
{
	v->d[0] = value;
	v->d[1] = value;
}

void cpu_init_constants(struct cpu_constants *c)
{
	static const uint8_t popcount[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};

	fill64(&c->ones, ~0ull);
	fill64(&c->abs[0], 0x7fffffff7fffffffull);
	fill64(&c->abs[1], 0x7fffffffffffffffull);
	fill64(&c->min_normal[0], 0x0080000000800000ull);
	fill64(&c->min_normal[1], 0x0010000000000000ull);
	fill64(&c->tbl_bias, 0x7070707070707070ull);
	fill64(&c->nibbles, 0x0f0f0f0f0f0f0f0full);
	memcpy(c->popcount.b, popcount, sizeof(popcount));
	c->twice_nan[0] = 0xff000000u;
	c->twice_nan[1] = 0xffe0000000000000ull;
	c->twice_min_normal[0] = 0x01000000u;
	c->twice_min_normal[1] = 0x0020000000000000ull;
	/* (U)COMISx: greater 0, less CF, equal ZF, unordered all three. */
	c->fcmp_flags[0] = CPU_FLAG_C;
	c->fcmp_flags[HOST_CF] = (uint16_t)CPU_FLAG_N;
	c->fcmp_flags[HOST_ZF] = CPU_FLAG_Z | CPU_FLAG_C;
	c->fcmp_flags[HOST_ZF | HOST_PF | HOST_CF] = CPU_FLAG_C | CPU_FLAG_V;
}
