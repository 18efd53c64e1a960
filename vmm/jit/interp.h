/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * interp.h - the interpreter: one function per instruction, and the step that decodes and calls it.
 *
 * The exec_* functions (declared in a64_gen.h) are the meaning of every instruction. The
 * interpreter calls them through a64_exec[], the translator calls them for whatever it does not
 * emit inline. The contract is that of enum exec_result in cpu.h: on EXEC_NEXT the caller moves pc
 * on by 4, on EXEC_JUMP pc is the target, on EXEC_EXCEPTION no register and no memory has changed
 * and the exception is recorded in cpu->exc. The caller has checked the feature and, for
 * a64_info.fp, that cpu->fp_enabled.
 */
#ifndef VMM_JIT_INTERP_H
#define VMM_JIT_INTERP_H

#include "cpu.h"
#include "decode.h"

typedef enum exec_result (*a64_exec_fn)(struct jit_cpu *cpu, uint32_t insn);

extern const a64_exec_fn a64_exec[A64_NR_OPS];

/* Bits (1 << enum a64_feature) of the features the emulated CPU has; ID registers must agree. */
#define A64_FEATURES_PRESENT                                                                       \
	(1u << A64_FEATURE_BASE | 1u << A64_FEATURE_CRC | 1u << A64_FEATURE_LSE |                  \
	 1u << A64_FEATURE_RDM | 1u << A64_FEATURE_DOTPROD | 1u << A64_FEATURE_AES |               \
	 1u << A64_FEATURE_PMULL | 1u << A64_FEATURE_SHA1 | 1u << A64_FEATURE_SHA256 |             \
	 1u << A64_FEATURE_LRCPC)

/*
 * Executes the already fetched word at cpu->pc and moves pc on. An exception is recorded in
 * cpu->exc and EXEC_EXCEPTION returned with pc unchanged; taking it is the caller's
 * (exception_take()).
 */
enum exec_result interp_execute(struct jit_cpu *cpu, uint32_t insn);

/* Has it retired before it takes the CPU elsewhere? Others have when they are done. */
static inline bool interp_retires_first(enum a64_op op)
{
	return op == A64_SVC || op == A64_HVC || op == A64_ERET;
}

/* Fetches and executes the instruction at cpu->pc, as above. Illegal state and software step are
 * the caller's to check. */
enum exec_result interp_step(struct jit_cpu *cpu);

#endif
