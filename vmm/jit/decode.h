/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decode.h - from an instruction word to the line of a64.isa that describes it.
 *
 * Used by the interpreter, the translator, the disassembler and the tests. Everything here is pure:
 * no CPU state, no allocation, safe from any thread.
 */
#ifndef VMM_JIT_DECODE_H
#define VMM_JIT_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "a64_gen.h"

/* One line of a64.isa. */
struct a64_info {
	const char *name;   /* unique; exec_<name> executes it */
	const char *format; /* for a64_disassemble() */
	uint32_t mask;      /* the literal bits */
	uint32_t value;
	uint16_t check;  /* for a64_check(); 0: no constraint */
	uint8_t class;   /* enum a64_class */
	uint8_t feature; /* enum a64_feature */
	bool fp;         /* traps when CPACR_EL1.FPEN says so */
};

/* A line as the decoder's lists hold it; a list ends with mask 0. */
struct a64_candidate {
	uint32_t mask;
	uint32_t value;
	uint16_t op;
	uint16_t check;
};

extern const struct a64_info a64_infos[A64_NR_OPS];
/* The decoder: a64_first by bits 31:21 gives a row, the row by bits 15:10 a candidate list. */
extern const uint16_t a64_first[2048];
extern const uint16_t a64_rows[][64];
extern const struct a64_candidate a64_candidates[];

/* Does the word satisfy constraint number `check` of a64.isa? */
bool a64_check(unsigned int check, uint32_t insn);

/* The instruction that `insn` is, or A64_UNALLOCATED. */
static inline enum a64_op a64_decode(uint32_t insn)
{
	const struct a64_candidate *c =
		&a64_candidates[a64_rows[a64_first[insn >> 21]][insn >> 10 & 63]];

	while ((insn & c->mask) != c->value || (c->check && !a64_check(c->check, insn))) {
		c++;
	}
	return (enum a64_op)c->op;
}

/*
 * Writes the assembly text of `insn` at address `pc` to `buf`, as much as fits in `size` bytes,
 * always terminated. Architectural mnemonics, no aliases, except that condition and shift names are
 * spelled.
 */
void a64_disassemble(uint32_t insn, uint64_t pc, char *buf, size_t size);

#endif
