/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop.h - a vCPU's run loop, its sleep, and how others get its attention.
 */
#ifndef VMM_JIT_LOOP_H
#define VMM_JIT_LOOP_H

#include "cpu.h"

/* Why loop_run() came back. */
enum loop_exit {
	LOOP_KICKED, /* CPU_ATTN_STOP was set; cleared now */
	LOOP_ENDED,  /* vm->end says how */
};

/* Puts a new CPU into its reset state: EL1h, MMU off, all masked. */
void loop_reset_cpu(struct jit_cpu *cpu);

/* Runs guest code on the calling thread until there is something for the machine to do. */
enum loop_exit loop_run(struct jit_cpu *cpu);

/* Sets a bit of enum cpu_attention and wakes the CPU if it sleeps. Any thread. */
void loop_attention(struct jit_cpu *cpu, uint32_t bit);

/* WFI: sleeps until an interrupt is pending (masked or not), a timer fires or attention is asked
 * for. The CPU's own thread. */
void loop_wait(struct jit_cpu *cpu);

/* Steps one instruction with the interpreter, takes what it raises. For lock-step and debugging. */
void loop_step(struct jit_cpu *cpu);

#endif
