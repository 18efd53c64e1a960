// SPDX-License-Identifier: BSD-3-Clause
/*
 * fast_width.c - quick SIMD integer instructions that change the width of lanes, or fold them.
 */
#include "fast_lanes.h"

/*
 * Long: out.wide = expr of narrow lanes a, b (extended to the wide type) and the wide d, from the
 * upper halves of the operands when q.
 */
#define LONG_LOOP(narrow, wide, nfield, wfield, expr)                                              \
	for (unsigned int i = 0, base = f_q(insn) * 8 / sizeof(narrow); i < 8 / sizeof(narrow);    \
	     i++) {                                                                                \
		wide a = n.nfield[base + i], b = m.nfield[base + i], d = old.wfield[i];            \
                                                                                                   \
		(void)a, (void)b, (void)d;                                                         \
		out.wfield[i] = (wide)(expr);                                                      \
	}

#define LONG_BY_SIZE(lg, s, expr)                                                                  \
	switch (lg) {                                                                              \
	case 0:                                                                                    \
		LONG_LOOP(LANES_TYPE_##s(8), LANES_TYPE_##s(16), s##8, s##16, expr)                \
		break;                                                                             \
	case 1:                                                                                    \
		LONG_LOOP(LANES_TYPE_##s(16), LANES_TYPE_##s(32), s##16, s##32, expr)              \
		break;                                                                             \
	default:                                                                                   \
		LONG_LOOP(LANES_TYPE_##s(32), LANES_TYPE_##s(64), s##32, s##64, expr)              \
		break;                                                                             \
	}

#define FAST_LONG(name, s, expr)                                                                   \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = lanes_get(cpu, f_rm(insn));        \
		union lanes old = lanes_get(cpu, f_rd(insn)), out;                                 \
                                                                                                   \
		LONG_BY_SIZE(f_vsize(insn), s, expr)                                               \
		cpu->v[f_rd(insn)] = out.v;                                                        \
		return EXEC_NEXT;                                                                  \
	}

/* Sums wrap; do them unsigned. Products of the narrow types fit. */
#define U(x) ((uint64_t)(x))

FAST_LONG(saddl_v, s, U(a) + U(b))
FAST_LONG(uaddl_v, u, a + b)
FAST_LONG(ssubl_v, s, U(a) - U(b))
FAST_LONG(usubl_v, u, a - b)
FAST_LONG(smull_v, s, a *b)
FAST_LONG(umull_v, u, U(a) * b)
FAST_LONG(smlal_v, s, U(d) + U(a * b))
FAST_LONG(umlal_v, u, d + U(a) * b)
FAST_LONG(smlsl_v, s, U(d) - U(a * b))
FAST_LONG(umlsl_v, u, d - U(a) * b)
FAST_LONG(sabdl_v, s, a > b ? a - b : b - a)
FAST_LONG(uabdl_v, u, a > b ? a - b : b - a)
FAST_LONG(sabal_v, s, U(d) + U(a > b ? a - b : b - a))
FAST_LONG(uabal_v, u, d + (a > b ? a - b : b - a))

/* Wide: the first operand is wide already. */
#define WIDE_LOOP(narrow, wide, nfield, wfield, op)                                                \
	for (unsigned int i = 0, base = f_q(insn) * 8 / sizeof(narrow); i < 8 / sizeof(narrow);    \
	     i++) {                                                                                \
		out.wfield[i] = (wide)(U(n.wfield[i]) op U(m.nfield[base + i]));                   \
	}

#define FAST_WIDE(name, s, op)                                                                     \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = lanes_get(cpu, f_rm(insn)), out;   \
                                                                                                   \
		switch (f_vsize(insn)) {                                                           \
		case 0:                                                                            \
			WIDE_LOOP(LANES_TYPE_##s(8), LANES_TYPE_##s(16), s##8, s##16, op)          \
			break;                                                                     \
		case 1:                                                                            \
			WIDE_LOOP(LANES_TYPE_##s(16), LANES_TYPE_##s(32), s##16, s##32, op)        \
			break;                                                                     \
		default:                                                                           \
			WIDE_LOOP(LANES_TYPE_##s(32), LANES_TYPE_##s(64), s##32, s##64, op)        \
			break;                                                                     \
		}                                                                                  \
		cpu->v[f_rd(insn)] = out.v;                                                        \
		return EXEC_NEXT;                                                                  \
	}

FAST_WIDE(saddw_v, s, +)
FAST_WIDE(uaddw_v, u, +)
FAST_WIDE(ssubw_v, s, -)
FAST_WIDE(usubw_v, u, -)

/* By element, long: halfwords or words. */
#define FAST_LONG_BY_ELEMENT(name, s, expr)                                                        \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		struct simd_shape shape = shape_by_element(shape_long(insn), insn);                \
		union lanes n = lanes_get(cpu, f_rn(insn)), old = lanes_get(cpu, f_rd(insn));      \
		union lanes m, out;                                                                \
		uint64_t element = elem_get(&cpu->v[shape.m], shape.lgm, shape.m0);                \
                                                                                                   \
		for (unsigned int i = 0; i < 16u >> shape.lgm; i++) {                              \
			elem_set(&m.v, shape.lgm, i, element);                                     \
		}                                                                                  \
		LONG_BY_SIZE(shape.lgm, s, expr)                                                   \
		cpu->v[f_rd(insn)] = out.v;                                                        \
		return EXEC_NEXT;                                                                  \
	}

FAST_LONG_BY_ELEMENT(smull_e, s, a *b)
FAST_LONG_BY_ELEMENT(umull_e, u, U(a) * b)
FAST_LONG_BY_ELEMENT(smlal_e, s, U(d) + U(a * b))
FAST_LONG_BY_ELEMENT(umlal_e, u, d + U(a) * b)
FAST_LONG_BY_ELEMENT(smlsl_e, s, U(d) - U(a * b))
FAST_LONG_BY_ELEMENT(umlsl_e, u, d - U(a) * b)

/* Lengthening shifts. */
#define FAST_SHIFT_LONG(name, s)                                                                   \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		unsigned int lg = 31 - (unsigned int)__builtin_clz(f_immh(insn));                  \
		unsigned int by = (f_immh(insn) << 3 | f_immb(insn)) - (8u << lg);                 \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = n, old = n, out;                   \
                                                                                                   \
		LONG_BY_SIZE(lg, s, U(a) << by)                                                    \
		cpu->v[f_rd(insn)] = out.v;                                                        \
		return EXEC_NEXT;                                                                  \
	}

FAST_SHIFT_LONG(sshll_v, s)
FAST_SHIFT_LONG(ushll_v, u)

/* Neighbours added into lanes of twice the width. */
#define PAIR_LOOP(narrow, wide, nfield, wfield, acc)                                               \
	for (unsigned int i = 0; i < 8 / sizeof(narrow); i++) {                                    \
		out.wfield[i] = (wide)(U(n.nfield[2 * i]) + U(n.nfield[2 * i + 1]) +               \
				       (acc ? U(old.wfield[i]) : 0));                              \
	}

#define FAST_PAIR_LONG(name, s, acc)                                                               \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), old = lanes_get(cpu, f_rd(insn)), out; \
                                                                                                   \
		switch (f_vsize(insn)) {                                                           \
		case 0:                                                                            \
			PAIR_LOOP(LANES_TYPE_##s(8), LANES_TYPE_##s(16), s##8, s##16, acc)         \
			break;                                                                     \
		case 1:                                                                            \
			PAIR_LOOP(LANES_TYPE_##s(16), LANES_TYPE_##s(32), s##16, s##32, acc)       \
			break;                                                                     \
		default:                                                                           \
			PAIR_LOOP(LANES_TYPE_##s(32), LANES_TYPE_##s(64), s##32, s##64, acc)       \
			break;                                                                     \
		}                                                                                  \
		return lanes_set(cpu, insn, out);                                                  \
	}

FAST_PAIR_LONG(saddlp_v, s, false)
FAST_PAIR_LONG(uaddlp_v, u, false)
FAST_PAIR_LONG(sadalp_v, s, true)
FAST_PAIR_LONG(uadalp_v, u, true)

/* Narrowing: expr of wide unsigned lanes a and b, kept in its low bits; bits is the narrow width.
 */
#define NARROW_LOOP(narrow, wide, nfield, wfield, expr)                                            \
	for (unsigned int i = 0; i < 8 / sizeof(narrow); i++) {                                    \
		uint64_t a = n.wfield[i], b = m.wfield[i];                                         \
		const unsigned int bits = 8 * sizeof(narrow);                                      \
                                                                                                   \
		(void)b, (void)bits;                                                               \
		out.nfield[i] = (narrow)(expr);                                                    \
	}

#define NARROW_BY_SIZE(lg, expr)                                                                   \
	switch (lg) {                                                                              \
	case 0:                                                                                    \
		NARROW_LOOP(uint8_t, uint16_t, u8, u16, expr)                                      \
		break;                                                                             \
	case 1:                                                                                    \
		NARROW_LOOP(uint16_t, uint32_t, u16, u32, expr)                                    \
		break;                                                                             \
	default:                                                                                   \
		NARROW_LOOP(uint32_t, uint64_t, u32, u64, expr)                                    \
		break;                                                                             \
	}

#define FAST_NARROW(name, lg, expr)                                                                \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = lanes_get(cpu, f_rm(insn)), out;   \
		unsigned int lg_narrow = lg;                                                       \
		unsigned int by = (16u << lg_narrow) - (f_immh(insn) << 3 | f_immb(insn));         \
                                                                                                   \
		(void)by;                                                                          \
		NARROW_BY_SIZE(lg_narrow, expr)                                                    \
		return lanes_set_narrow(cpu, insn, out.u64[0]);                                    \
	}

#define LG_OF_IMMH (31 - (unsigned int)__builtin_clz(f_immh(insn)))

FAST_NARROW(xtn_v, f_vsize(insn), a)
FAST_NARROW(addhn_v, f_vsize(insn), (a + b) >> bits)
FAST_NARROW(subhn_v, f_vsize(insn), (a - b) >> bits)
FAST_NARROW(shrn_v, LG_OF_IMMH, a >> by)
FAST_NARROW(rshrn_v, LG_OF_IMMH, ((a >> (by - 1)) + 1) >> 1)

/* Across lanes. */
#define FOLD_LOOP(type, field, expr)                                                               \
	{                                                                                          \
		type a = n.field[0];                                                               \
                                                                                                   \
		for (unsigned int i = 1; i < (8u << f_q(insn)) / sizeof(type); i++) {              \
			type b = n.field[i];                                                       \
                                                                                                   \
			a = (type)(expr);                                                          \
		}                                                                                  \
		val = (uint64_t)a;                                                                 \
	}

#define FAST_FOLD(name, s, expr)                                                                   \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn));                                        \
		uint64_t val;                                                                      \
                                                                                                   \
		if (f_vsize(insn) == 0) {                                                          \
			FOLD_LOOP(LANES_TYPE_##s(8), s##8, expr)                                   \
		} else if (f_vsize(insn) == 1) {                                                   \
			FOLD_LOOP(LANES_TYPE_##s(16), s##16, expr)                                 \
		} else {                                                                           \
			FOLD_LOOP(LANES_TYPE_##s(32), s##32, expr)                                 \
		}                                                                                  \
		vreg_set_scalar(cpu, f_rd(insn), f_vsize(insn), val);                              \
		return EXEC_NEXT;                                                                  \
	}

FAST_FOLD(addv, u, a + b)
FAST_FOLD(smaxv, s, a > b ? a : b)
FAST_FOLD(sminv, s, a < b ? a : b)
FAST_FOLD(umaxv, u, a > b ? a : b)
FAST_FOLD(uminv, u, a < b ? a : b)

#define SUM_LOOP(type, field)                                                                      \
	for (unsigned int i = 0; i < (8u << f_q(insn)) / sizeof(type); i++) {                      \
		sum += U(n.field[i]);                                                              \
	}

#define FAST_SUM(name, s)                                                                          \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn));                                        \
		uint64_t sum = 0;                                                                  \
                                                                                                   \
		if (f_vsize(insn) == 0) {                                                          \
			SUM_LOOP(LANES_TYPE_##s(8), s##8)                                          \
		} else if (f_vsize(insn) == 1) {                                                   \
			SUM_LOOP(LANES_TYPE_##s(16), s##16)                                        \
		} else {                                                                           \
			SUM_LOOP(LANES_TYPE_##s(32), s##32)                                        \
		}                                                                                  \
		vreg_set_scalar(cpu, f_rd(insn), f_vsize(insn) + 1, sum);                          \
		return EXEC_NEXT;                                                                  \
	}

FAST_SUM(saddlv, s)
FAST_SUM(uaddlv, u)

/* Dot products of four bytes. */
#define FAST_DOT(name, field)                                                                      \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		union lanes n = lanes_get(cpu, f_rn(insn)), m = lanes_get(cpu, f_rm(insn));        \
		union lanes out = lanes_get(cpu, f_rd(insn));                                      \
                                                                                                   \
		for (unsigned int i = 0; i < 16; i++) {                                            \
			out.u32[i / 4] += (uint32_t)(n.field[i] * m.field[i]);                     \
		}                                                                                  \
		return lanes_set(cpu, insn, out);                                                  \
	}

FAST_DOT(sdot_v, s8)
FAST_DOT(udot_v, u8)
