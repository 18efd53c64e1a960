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
/* The same with other registers. What goes to a scratch vector is wide. */
struct ir_op *front_simd_op(struct front *f, enum ir_vec kind, unsigned int size, unsigned int dst,
			    unsigned int a, unsigned int b);
/* The element of Vm that an instruction by element names, in all lanes of scratch vector dst. */
void front_simd_by_element(struct front *f, unsigned int size, unsigned int dst);

bool front_simd_int(struct front *f);
bool front_simd_float(struct front *f);
bool front_simd_lanes(struct front *f);
bool front_simd_pairs(struct front *f);

#endif
