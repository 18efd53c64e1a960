/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * translate.h - the translator as the run loop sees it.
 */
#ifndef VMM_JIT_TRANSLATE_H
#define VMM_JIT_TRANSLATE_H

#include "cpu.h"

/* Runs translated code until attention is asked for. The VM has a code cache. */
void translate_run(struct jit_cpu *cpu);

#endif
