/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hardware's breakpoint and watchpoint registers (Arm ARM D2, D19.3). tests/fake/ has its own.
 */
#ifndef EL2_DEBUGARCH_H
#define EL2_DEBUGARCH_H

#include <core/vcpu.h>
#include <el2/sysreg.h>

#define DEBUGARCH_EACH(X)                                                                          \
	X(15) X(14) X(13) X(12) X(11) X(10) X(9) X(8) X(7) X(6) X(5) X(4) X(3) X(2) X(1) X(0)

/* The OS locks come locked out of reset, and keep every debug exception away while they are. */
static inline void debugarch_unlock(void)
{
	write_sysreg(0, oslar_el1);
	write_sysreg(0, osdlr_el1);
}

/* The first nr of each; nr is 1 to 16. */
static inline void debugarch_load_breakpoints(const struct debug_bank *bank, u32 nr)
{
	switch (nr - 1) {
#define DEBUGARCH_LOAD(n)                                                                          \
	case n:                                                                                    \
		write_sysreg(bank->reg[DEBUG_BVR][n], dbgbvr##n##_el1);                            \
		write_sysreg(bank->reg[DEBUG_BCR][n], dbgbcr##n##_el1);                            \
		__attribute__((fallthrough));
		DEBUGARCH_EACH(DEBUGARCH_LOAD)
#undef DEBUGARCH_LOAD
	default:
		break;
	}
}

static inline void debugarch_load_watchpoints(const struct debug_bank *bank, u32 nr)
{
	switch (nr - 1) {
#define DEBUGARCH_LOAD(n)                                                                          \
	case n:                                                                                    \
		write_sysreg(bank->reg[DEBUG_WVR][n], dbgwvr##n##_el1);                            \
		write_sysreg(bank->reg[DEBUG_WCR][n], dbgwcr##n##_el1);                            \
		__attribute__((fallthrough));
		DEBUGARCH_EACH(DEBUGARCH_LOAD)
#undef DEBUGARCH_LOAD
	default:
		break;
	}
}

#endif
