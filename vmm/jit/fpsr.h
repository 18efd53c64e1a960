/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fpsr.h - the guest's cumulative FP exception bits while translated code runs.
 *
 * Inline FP instructions leave their exceptions in the sticky bits of the host's MXCSR. They are
 * added to cpu->fpsr when somebody looks: on MRS and MSR of FPSR, and when the CPU's thread leaves
 * the dispatcher. The VMM itself does no FP arithmetic on a vCPU's thread in between. The
 * interpreter (fp.c) uses integers only.
 */
#ifndef VMM_JIT_FPSR_H
#define VMM_JIT_FPSR_H

#include <xmmintrin.h>

#include "cpu.h"

#define FPSR_MXCSR_DEFAULT 0x1f80u /* all exceptions masked, round to nearest, no flushing */

static inline void fpsr_begin(void)
{
	_mm_setcsr(FPSR_MXCSR_DEFAULT);
}

/* MXCSR: bit 0 invalid, 2 division by zero, 3 overflow, 4 underflow, 5 inexact. Bit 1, a denormal
 * operand, has no counterpart: IDC is about flushed inputs. */
static inline void fpsr_fold(struct jit_cpu *cpu)
{
	uint32_t csr = _mm_getcsr();

	cpu->fpsr |= (csr & 1) | (csr >> 1 & 0x1e);
	_mm_setcsr(FPSR_MXCSR_DEFAULT);
}

#endif
