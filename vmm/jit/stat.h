/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stat.h - what `vmm stat` shows of a translated machine. docs/translator.md explains the lines.
 */
#ifndef VMM_JIT_STAT_H
#define VMM_JIT_STAT_H

#include <stdio.h>

struct jit_vm;

/* `name value` lines. Any thread, while the machine runs: each number is right, their sum is not
 * of one moment. */
void stat_print(struct jit_vm *vm, FILE *out);

#endif
