/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lockstep.h - every block by the interpreter and by the translator, and the results compared.
 *
 * For one vCPU, during any run. The interpreter goes first, on a CPU of its own; its stores are
 * taken back, then translated code does the block for real. What differs ends the machine
 * (VM_END_FAULT) after both states and the block have been printed.
 *
 * Instructions of class system (they are C functions in both engines, and read clocks and devices)
 * end blocks and are not compared; nor are blocks that do MMIO.
 */
#ifndef VMM_JIT_LOCKSTEP_H
#define VMM_JIT_LOCKSTEP_H

#include "cpu.h"

struct jit_vm;
struct lockstep;

/* The VM has a cache. NULL: no memory. */
struct lockstep *lockstep_create(struct jit_vm *vm);
void lockstep_destroy(struct lockstep *l);

/* As translate_run(). */
void lockstep_run(struct jit_cpu *cpu);

#endif
