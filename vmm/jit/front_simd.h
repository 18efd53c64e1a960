/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * front_simd.h - what the files of the SIMD classes share. Each handles a group and refuses the
 * rest, see front.h.
 */
#ifndef VMM_JIT_FRONT_SIMD_H
#define VMM_JIT_FRONT_SIMD_H

#include "exec.h"
#include "front.h"

/* An operation on the registers that the instruction's Rd, Rn and Rm fields name. */
struct ir_op *front_simd_append(struct front *f, enum ir_vec kind, unsigned int size);

bool front_simd_int(struct front *f);
bool front_simd_float(struct front *f);
bool front_simd_lanes(struct front *f);
bool front_simd_pairs(struct front *f);

#endif
