/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * insn_test.h - what the parts of the instruction tester share; insn_test.c explains it.
 */
#ifndef TESTS_JIT_INSN_TEST_H
#define TESTS_JIT_INSN_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every register of EL0; insn_enter.S knows the offsets. */
struct insn_state {
	uint64_t x[32]; /* 31: SP */
	uint64_t v[32][2];
	uint64_t nzcv;
	uint64_t fpcr;
	uint64_t fpsr;
	uint64_t taken;
	uint64_t host_sp;
};

extern struct insn_state insn_state;

/*
 * Where a tested instruction lies. `before` is a NOP or prepares the monitor; a branch under test
 * goes to `taken`.
 */
struct insn_slot {
	uint32_t load_x30; /* LDR X30, x30 */
	uint32_t before;
	uint32_t insn;
	uint32_t not_taken; /* B insn_leave */
	uint32_t taken;     /* B insn_leave_taken */
	uint32_t pad;
	uint64_t x30;
};

void insn_enter(struct insn_slot *slot);
void insn_leave(void);
void insn_leave_taken(void);

/* xorshift64*: the same numbers under every runner. */
uint64_t insn_random(void);
void insn_random_seed(uint64_t seed);

/* A random allocated word of pattern `op` that a test may execute; false if there is none. */
bool insn_pick_word(unsigned int op, uint32_t *word);
/* Random contents for the registers that the word reads, addresses where it accesses memory. */
void insn_fill_state(unsigned int op, uint32_t word, const struct insn_slot *slot);
/*
 * Corner values instead of random ones, for FP instructions: all pairs for the two operands, with
 * all rounding modes, FZ and DN; false when `index` is past the last combination.
 */
bool insn_fill_vectors(unsigned int op, uint32_t word, uint64_t index);
/* Random contents for all registers. */
void insn_fill_all(void);
/* The instruction that goes before it: NOP, or LDXR of the same address for a store-exclusive. */
uint32_t insn_before(unsigned int op, uint32_t word);

#define INSN_MEMORY_SIZE 4096
extern uint8_t insn_memory[INSN_MEMORY_SIZE];
bool insn_accesses_memory(unsigned int op);

#endif
