/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine.h - one CPU and 16 MiB of memory without devices, for tests of the translator's parts.
 *
 * The CPU is at EL1 with the MMU on; virtual addresses of memory are physical ones, but at
 * RAM_READ_ONLY it can be read too. The GIC has no registers. Of memory the tests have all but the
 * page at TABLE_BASE.
 */
#ifndef TEST_JIT_MACHINE_H
#define TEST_JIT_MACHINE_H

#include "cpu.h"
#include "vm.h"

#define RAM_BASE      0x40000000ull
#define RAM_SIZE      (16ull << 20)
#define RAM_READ_ONLY (RAM_BASE + (1ull << 30))
#define TABLE_BASE    (RAM_BASE + (8ull << 20))

struct machine {
	struct jit_vm vm;
	struct jit_cpu *cpu;
	uint8_t *ram;
};

void machine_init(struct machine *m);
void machine_destroy(struct machine *m);
/* Gives it a code cache, whose blocks are not linked. */
void machine_translate(struct machine *m);

#endif
