/* SPDX-License-Identifier: BSD-3-Clause */
/* hyp/el2/debugarch.h for the build machine: one set of registers, whatever the core. */
#ifndef EL2_DEBUGARCH_H
#define EL2_DEBUGARCH_H

#include <core/vcpu.h>

extern struct debug_bank fake_debug;

static inline void debugarch_unlock(void)
{
}

static inline void debugarch_load_breakpoints(const struct debug_bank *bank, u32 nr)
{
	for (u32 n = 0; n < nr; n++) {
		fake_debug.reg[DEBUG_BVR][n] = bank->reg[DEBUG_BVR][n];
		fake_debug.reg[DEBUG_BCR][n] = bank->reg[DEBUG_BCR][n];
	}
}

static inline void debugarch_load_watchpoints(const struct debug_bank *bank, u32 nr)
{
	for (u32 n = 0; n < nr; n++) {
		fake_debug.reg[DEBUG_WVR][n] = bank->reg[DEBUG_WVR][n];
		fake_debug.reg[DEBUG_WCR][n] = bank->reg[DEBUG_WCR][n];
	}
}

#endif
