/* SPDX-License-Identifier: BSD-3-Clause */
/* hyp/el2/entropy.h for the build machine: as many words as the test allows, all ones. */
#ifndef EL2_ENTROPY_H
#define EL2_ENTROPY_H

#include <core/types.h>

extern bool fake_entropy;
extern u32 fake_entropy_words;

static inline bool entropy_available(void)
{
	return fake_entropy;
}

static inline bool entropy_read(u64 *value)
{
	*value = ~0ull;
	return fake_entropy_words && fake_entropy_words--;
}

#endif
