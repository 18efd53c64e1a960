/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exec_simd.h - elements of vector registers, and the one loop that SIMD instructions share.
 *
 * Almost every SIMD instruction applies one function to each lane. A *shape* says where the lanes'
 * operands come from (which elements, how wide, one fixed element, an immediate), an *element
 * function* computes one lane, and simd_map() joins them. Scalar forms are shapes with one lane.
 */
#ifndef VMM_JIT_EXEC_SIMD_H
#define VMM_JIT_EXEC_SIMD_H

#include <string.h>

#include "exec.h"
#include "fp.h"

/* Element `index` of 1 << lg bytes, zero-extended. */
static inline uint64_t elem_get(const union vreg *v, unsigned int lg, unsigned int index)
{
	switch (lg) {
	case 0:
		return v->b[index];
	case 1:
		return v->h[index];
	case 2:
		return v->s[index];
	default:
		return v->d[index];
	}
}

static inline void elem_set(union vreg *v, unsigned int lg, unsigned int index, uint64_t val)
{
	switch (lg) {
	case 0:
		v->b[index] = (uint8_t)val;
		break;
	case 1:
		v->h[index] = (uint16_t)val;
		break;
	case 2:
		v->s[index] = (uint32_t)val;
		break;
	default:
		v->d[index] = val;
		break;
	}
}

/* A scalar result: the rest of the register becomes zero. */
static inline void vreg_set_scalar(struct jit_cpu *cpu, unsigned int n, unsigned int lg,
				   uint64_t val)
{
	cpu->v[n].d[0] = val & low_mask(8u << lg);
	cpu->v[n].d[1] = 0;
}

static inline struct fp_env fp_begin(const struct jit_cpu *cpu)
{
	return (struct fp_env){.fpcr = cpu->fpcr};
}

static inline void fp_end(struct jit_cpu *cpu, const struct fp_env *env)
{
	cpu->fpsr |= env->fpsr;
}

/*
 * One lane: d is the destination's old element, a and b the operands' (b may be the immediate), all
 * zero-extended from their own widths; bits is 8 << size of the instruction. Result bits above the
 * destination element are ignored.
 */
typedef uint64_t (*elem_fn)(struct jit_cpu *cpu, uint64_t d, uint64_t a, uint64_t b,
			    unsigned int bits);

struct simd_shape {
	unsigned int bits;     /* passed on to the element function */
	unsigned int nr;       /* lanes */
	uint8_t lgd, lgn, lgm; /* log2 bytes of the elements */
	uint8_t d0, n0, m0;    /* index of the first element of each */
	uint8_t m;             /* register of operand b */
	bool fixed;            /* operand b is element m0 for all lanes */
	bool has_imm;          /* operand b is imm */
	unsigned int imm;
};

/* Applies fn to all lanes. Lanes of the destination below d0 stay, others not written become zero.
 */
enum exec_result simd_map(struct jit_cpu *cpu, uint32_t insn, struct simd_shape shape, elem_fn fn);

/* Vd.T, Vn.T, Vm.T by vsize and q; and the scalar of vsize. */
static inline struct simd_shape shape_same(uint32_t insn)
{
	uint8_t lg = (uint8_t)f_vsize(insn);

	return (struct simd_shape){.bits = 8u << lg,
				   .nr = (8u << f_q(insn)) >> lg,
				   .lgd = lg,
				   .lgn = lg,
				   .lgm = lg,
				   .m = (uint8_t)f_rm(insn)};
}

static inline struct simd_shape shape_scalar(uint32_t insn)
{
	struct simd_shape s = shape_same(insn);

	s.nr = 1;
	return s;
}

/* The same for FP elements: single or double by sz. */
static inline struct simd_shape shape_fp(uint32_t insn)
{
	uint8_t lg = (uint8_t)(2 + f_sz(insn));

	return (struct simd_shape){.bits = 8u << lg,
				   .nr = (8u << f_q(insn)) >> lg,
				   .lgd = lg,
				   .lgn = lg,
				   .lgm = lg,
				   .m = (uint8_t)f_rm(insn)};
}

static inline struct simd_shape shape_fp_scalar(uint32_t insn)
{
	struct simd_shape s = shape_fp(insn);

	s.nr = 1;
	return s;
}

/* Long: Vd wide, Vn and Vm narrow, the upper halves when q. */
static inline struct simd_shape shape_long(uint32_t insn)
{
	struct simd_shape s = shape_same(insn);

	s.nr = 8u >> f_vsize(insn);
	s.lgd++;
	s.n0 = s.m0 = (uint8_t)(f_q(insn) ? s.nr : 0);
	return s;
}

static inline struct simd_shape shape_long_scalar(uint32_t insn)
{
	struct simd_shape s = shape_scalar(insn);

	s.lgd++;
	return s;
}

/* Wide: Vd and Vn wide, Vm narrow. */
static inline struct simd_shape shape_wide(uint32_t insn)
{
	struct simd_shape s = shape_long(insn);

	s.lgn++;
	s.n0 = 0;
	return s;
}

/* Narrow: Vn and Vm wide; Vd's lower half, or (q) its upper half with the lower one kept. */
static inline struct simd_shape shape_narrow(uint32_t insn)
{
	struct simd_shape s = shape_same(insn);

	s.nr = 8u >> f_vsize(insn);
	s.lgn++;
	s.lgm++;
	s.d0 = (uint8_t)(f_q(insn) ? s.nr : 0);
	return s;
}

static inline struct simd_shape shape_narrow_scalar(uint32_t insn)
{
	struct simd_shape s = shape_scalar(insn);

	s.lgn++;
	return s;
}

/* Makes operand b one element of Vm, as the vector-by-element encodings name it (H:L:M). */
static inline struct simd_shape shape_by_element(struct simd_shape s, uint32_t insn)
{
	unsigned int hl = f_idxh(insn) << 1 | f_idxl(insn);

	s.fixed = true;
	switch (s.lgm) {
	case 1:
		s.m = (uint8_t)f_rm4(insn);
		s.m0 = (uint8_t)(hl << 1 | f_idxm(insn));
		break;
	case 2:
		s.m = (uint8_t)f_rm(insn);
		s.m0 = (uint8_t)hl;
		break;
	default:
		s.m = (uint8_t)f_rm(insn);
		s.m0 = (uint8_t)f_idxh(insn);
		break;
	}
	return s;
}

/* Defines exec_<name> as fn over shape. */
#define EXEC_MAP(name, shape, fn)                                                                  \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		return simd_map(cpu, insn, shape(insn), fn);                                       \
	}

/* Defines elem_<name>; s* are the operands sign-extended from `bits`. */
#define ELEM(name, expr)                                                                           \
	static uint64_t elem_##name(struct jit_cpu *cpu, uint64_t d, uint64_t a, uint64_t b,       \
				    unsigned int bits)                                             \
	{                                                                                          \
		int64_t sd = sign_extend(d, bits), sa = sign_extend(a, bits);                      \
		int64_t sb = sign_extend(b, bits);                                                 \
                                                                                                   \
		(void)cpu, (void)d, (void)a, (void)b, (void)sd, (void)sa, (void)sb;                \
		return (uint64_t)(expr);                                                           \
	}

/* SatQ: val as a signed or unsigned number of `bits`; QC when it does not fit. */
uint64_t simd_saturate_signed(struct jit_cpu *cpu, __int128 val, unsigned int bits);
uint64_t simd_saturate_unsigned(struct jit_cpu *cpu, __int128 val, unsigned int bits);
/* val shifted left by shift, or right by -shift, rounding to nearest if `round`. */
__int128 simd_shift(__int128 val, int shift, bool round);
/* SQDMULL's product: 2 * a * b saturated to 2 * bits. */
uint64_t simd_double_product(struct jit_cpu *cpu, int64_t a, int64_t b, unsigned int bits);
/* SQDMULH, SQRDMULH and SQRDMLAH, SQRDMLSH (acc is the old destination). */
uint64_t simd_double_product_high(struct jit_cpu *cpu, int64_t acc, int64_t product, bool round,
				  unsigned int bits);

#endif
