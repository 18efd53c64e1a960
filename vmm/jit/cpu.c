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

/* Byte i of element `element` comes from where `from` says its element lies. */
static void fill_order(union vreg *v, unsigned int lg,
		       unsigned int (*from)(unsigned int element, unsigned int param),
		       unsigned int param)
{
	for (unsigned int i = 0; i < 16; i++) {
		v->b[i] = (uint8_t)(from(i >> lg, param) << lg | (i & ((1u << lg) - 1)));
	}
}

static unsigned int even_then_odd(unsigned int element, unsigned int nr)
{
	return element < nr / 2 ? 2 * element : 2 * element - nr + 1;
}

/* Structures of four members: each member's elements side by side. */
static unsigned int by_member(unsigned int element, unsigned int nr_structures)
{
	return element % nr_structures * 4 + element / nr_structures;
}

static unsigned int reversed(unsigned int element, unsigned int nr_in_group)
{
	return element ^ (nr_in_group - 1);
}

static void fill_orders(struct cpu_constants *c)
{
	for (unsigned int lg = 0; lg < 2; lg++) {
		fill_order(&c->gather[lg], lg, even_then_odd, 16u >> lg);
		fill_order(&c->by_member[lg], lg, by_member, 4u >> lg);
		for (unsigned int lg_group = lg + 1; lg_group <= 3; lg_group++) {
			fill_order(&c->reverse[lg_group - 1][lg], lg, reversed,
				   1u << (lg_group - lg));
		}
	}
}

/* Three registers of `part` bytes and structures of three members: where byte n of a register lies
 * in memory, and the other way round. */
static unsigned int byte_of_member(unsigned int lg, unsigned int member, unsigned int n)
{
	return ((n >> lg) * 3 + member) << lg | (n & ((1u << lg) - 1));
}

static void fill_three(union vreg taken[3][3], union vreg joined[3][3], unsigned int lg,
		       unsigned int part)
{
	memset(taken, 0x80, 9 * sizeof(union vreg));
	memset(joined, 0x80, 9 * sizeof(union vreg));
	for (unsigned int member = 0; member < 3; member++) {
		for (unsigned int n = 0; n < part; n++) {
			unsigned int at = byte_of_member(lg, member, n);

			taken[member][at / part].b[n] = (uint8_t)(at % part);
			joined[at / part][member].b[at % part] = (uint8_t)n;
		}
	}
}

static void fill_threes(struct cpu_constants *c)
{
	for (unsigned int wide = 0; wide < 2; wide++) {
		for (unsigned int lg = 0; lg < 4; lg++) {
			fill_three(c->three[0][wide][lg], c->three[1][wide][lg], lg, 8u << wide);
		}
	}
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
	fill64(&c->tbl_size, 0x1010101010101010ull);
	fill64(&c->half[0], 0x0080008000800080ull);
	fill64(&c->half[1], 0x0000800000008000ull);
	fill64(&c->half[2], 0x0000000080000000ull);
	fill_orders(c);
	fill_threes(c);
	fill64(&c->nibbles, 0x0f0f0f0f0f0f0f0full);
	memcpy(c->popcount.b, popcount, sizeof(popcount));
	for (unsigned int n = 0; n <= 8; n++) {
		fill64(&c->byte_low[n], 0x0101010101010101ull * (0xffu >> n));
	}
	fill64(&c->sign[0], 0x8000000080000000ull);
	fill64(&c->sign[1], 0x8000000000000000ull);
	fill64(&c->u32_high, 0x5300000053000000ull);
	fill64(&c->u32_low, 0x4b0000004b000000ull);
	fill64(&c->u32_bias, 0x5300008053000080ull);
	/* (U)COMISx: greater 0, less CF, equal ZF, unordered all three. */
	c->fcmp_flags[0] = CPU_FLAG_C;
	c->fcmp_flags[HOST_CF] = (uint16_t)CPU_FLAG_N;
	c->fcmp_flags[HOST_ZF] = CPU_FLAG_Z | CPU_FLAG_C;
	c->fcmp_flags[HOST_ZF | HOST_PF | HOST_CF] = CPU_FLAG_C | CPU_FLAG_V;
}
