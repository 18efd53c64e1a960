/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fast_lanes.h - a vector register as arrays of every element type, for the fast_*.c files.
 */
#ifndef VMM_JIT_FAST_LANES_H
#define VMM_JIT_FAST_LANES_H

#include "exec_simd.h"
#include "fast.h"

union lanes {
	uint8_t u8[16];
	int8_t s8[16];
	uint16_t u16[8];
	int16_t s16[8];
	uint32_t u32[4];
	int32_t s32[4];
	uint64_t u64[2];
	int64_t s64[2];
	float f32[4];
	double f64[2];
	union vreg v;
};

static inline union lanes lanes_get(const struct jit_cpu *cpu, unsigned int n)
{
	return (union lanes){.v = cpu->v[n]};
}

/* Writes the result; with q clear the upper half becomes zero. */
static inline enum exec_result lanes_set(struct jit_cpu *cpu, uint32_t insn, union lanes out)
{
	if (!f_q(insn)) {
		out.u64[1] = 0;
	}
	cpu->v[f_rd(insn)] = out.v;
	return EXEC_NEXT;
}

/* Writes the result of a narrowing: the lower half, or with q the upper one, keeping the other. */
static inline enum exec_result lanes_set_narrow(struct jit_cpu *cpu, uint32_t insn, uint64_t out)
{
	union vreg *vd = &cpu->v[f_rd(insn)];

	vd->d[f_q(insn)] = out;
	if (!f_q(insn)) {
		vd->d[1] = 0;
	}
	return EXEC_NEXT;
}

/* out.field[i] = expr of a, b and d for all lanes of the type */
#define LANES_LOOP(type, field, expr)                                                              \
	for (unsigned int i = 0; i < 16 / sizeof(type); i++) {                                     \
		type a = n.field[i], b = m.field[i], d = old.field[i];                             \
                                                                                                   \
		(void)a, (void)b, (void)d;                                                         \
		out.field[i] = (type)(expr);                                                       \
	}

/* A fast_<name> over lanes of vsize, signed or unsigned (s or u). */
#define FAST_LANES(name, s, expr)                                                                  \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = lanes_get(cpu, f_rm(insn));        \
		union lanes old = lanes_get(cpu, f_rd(insn)), out;                                 \
                                                                                                   \
		LANES_BY_SIZE(f_vsize(insn), s, expr)                                              \
		return lanes_set(cpu, insn, out);                                                  \
	}

#define LANES_TYPE_s(bits) int##bits##_t
#define LANES_TYPE_u(bits) uint##bits##_t

#define LANES_BY_SIZE(lg, s, expr)                                                                 \
	switch (lg) {                                                                              \
	case 0:                                                                                    \
		LANES_LOOP(LANES_TYPE_##s(8), s##8, expr)                                          \
		break;                                                                             \
	case 1:                                                                                    \
		LANES_LOOP(LANES_TYPE_##s(16), s##16, expr)                                        \
		break;                                                                             \
	case 2:                                                                                    \
		LANES_LOOP(LANES_TYPE_##s(32), s##32, expr)                                        \
		break;                                                                             \
	default:                                                                                   \
		LANES_LOOP(LANES_TYPE_##s(64), s##64, expr)                                        \
		break;                                                                             \
	}

#endif
