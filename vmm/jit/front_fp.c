// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_fp.c - floating point and SIMD.
 */
#include "front.h"

bool front_fp(struct front *f)
{
	(void)f;
	return false;
}

bool front_simd(struct front *f)
{
	(void)f;
	return false;
}
