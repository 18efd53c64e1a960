/* SPDX-License-Identifier: BSD-3-Clause */
/* The core's random number generator (FEAT_RNG, Arm ARM D19.2.119). */
#ifndef EL2_ENTROPY_H
#define EL2_ENTROPY_H

#include <el2/sysreg.h>

static inline bool entropy_available(void)
{
	return FIELD(read_sysreg(id_aa64isar0_el1), 63, 60) != 0;
}

/* 64 bits from RNDRRS; false if it had none just now. */
static inline bool entropy_read(u64 *value)
{
	u64 word;
	u64 failed;

	__asm__ volatile("mrs %0, s3_3_c2_c4_1\n\tcset %1, eq" : "=r"(word), "=r"(failed) : : "cc");
	*value = word;
	return !failed;
}

#endif
