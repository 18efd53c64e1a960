/* SPDX-License-Identifier: BSD-3-Clause */
/* The hardware's ID registers, as core/idreg.c reads them. tests/fake/ has its own. */
#ifndef EL2_IDARCH_H
#define EL2_IDARCH_H

#include <el2/sysreg.h>

#define IDARCH(name)                                                                               \
	static inline u64 idarch_##name(void)                                                      \
	{                                                                                          \
		return read_sysreg(id_aa64##name##_el1);                                           \
	}

IDARCH(pfr0)
IDARCH(pfr1)
IDARCH(dfr0)
IDARCH(isar0)
IDARCH(isar1)
IDARCH(mmfr0)
IDARCH(mmfr1)
IDARCH(mmfr2)

#undef IDARCH

#endif
