// SPDX-License-Identifier: BSD-3-Clause
/*
 * fast.c - the table of helpers: exec_* for every instruction, fast_* in its place where there is
 * one.
 */
#include "fast.h"

#include "exception.h"

static enum exec_result unallocated(struct jit_cpu *cpu, uint32_t insn)
{
	(void)insn;
	return exception_raise_undefined(cpu);
}

/* The later initialisers replace the earlier ones on purpose. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define EXEC_ENTRY(upper, name) [A64_##upper] = exec_##name,
#define FAST_ENTRY(upper, name) [A64_##upper] = fast_##name,

const a64_exec_fn a64_helper[A64_NR_OPS] = {
	[A64_UNALLOCATED] = unallocated,
	A64_OPS(EXEC_ENTRY) FAST_LANE_OPS(FAST_ENTRY) FAST_WIDTH_OPS(FAST_ENTRY)
		FAST_PERMUTE_OPS(FAST_ENTRY) FAST_FP_OPS(FAST_ENTRY)};
