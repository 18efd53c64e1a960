// SPDX-License-Identifier: BSD-3-Clause
/*
 * fast_fp.c - quick floating point on the host's FPU, exact by sending doubtful cases to exec_*.
 *
 * When is the host's result the Arm result?
 *  - FPCR asks for nothing special: round to nearest, no FZ, no DN.
 *  - The result is a normal number greater than the smallest one, or a zero that is exact. NaNs,
 *    infinities (overflow, division by zero) and denormals (underflow, and whether tininess is
 *    detected before or after rounding) all show in the result.
 * Denormal operands are ordinary numbers on both sides. Comparisons and conversions need less. The
 * host rounds to nearest here, as C code always does.
 *
 * Flags wait in MXCSR's sticky bits, as those of inline FP do, and are folded into FPSR by fpsr.h.
 * A doubtful case is computed twice; what the host raises the first time is always part of what
 * exec_* raises: the host finds fewer underflows (after rounding) and otherwise the same.
 */
#include <smmintrin.h>

#include "fast_lanes.h"

#define FPCR_SPECIAL (FPCR_FZ | FPCR_DN | 3u << FPCR_RMODE_SHIFT)

static inline bool arithmetic_is_plain(const struct jit_cpu *cpu)
{
	return !(cpu->fpcr & FPCR_SPECIAL);
}

static inline bool no_flush(const struct jit_cpu *cpu)
{
	return !(cpu->fpcr & FPCR_FZ);
}

static inline uint32_t bits_of_float(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static inline uint64_t bits_of_double(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u;
}

/* Strictly between the smallest normal number and infinity. */
#define SAFE32(r) ((bits_of_float(r) << 1) - 0x01000001u < 0xff000000u - 0x01000001u)
#define SAFE64(r)                                                                                  \
	((bits_of_double(r) << 1) - 0x0020000000000001ull <                                        \
	 0xffe0000000000000ull - 0x0020000000000001ull)
#define NAN32(r) ((bits_of_float(r) << 1) > 0xff000000u)
#define NAN64(r) ((bits_of_double(r) << 1) > 0xffe0000000000000ull)

static inline float get_float(const struct jit_cpu *cpu, unsigned int n)
{
	float f;

	memcpy(&f, &cpu->v[n], sizeof(f));
	return f;
}

static inline double get_double(const struct jit_cpu *cpu, unsigned int n)
{
	double d;

	memcpy(&d, &cpu->v[n], sizeof(d));
	return d;
}

static inline enum exec_result set_float(struct jit_cpu *cpu, uint32_t insn, float r)
{
	cpu->v[f_rd(insn)].d[0] = bits_of_float(r);
	cpu->v[f_rd(insn)].d[1] = 0;
	return EXEC_NEXT;
}

static inline enum exec_result set_double(struct jit_cpu *cpu, uint32_t insn, double r)
{
	cpu->v[f_rd(insn)].d[0] = bits_of_double(r);
	cpu->v[f_rd(insn)].d[1] = 0;
	return EXEC_NEXT;
}

/* Two operands; `zero_ok` says when a zero result is exact. */
#define FAST_TWO(name, expr, zero_ok)                                                              \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		if (!arithmetic_is_plain(cpu)) {                                                   \
			return exec_##name(cpu, insn);                                             \
		}                                                                                  \
		if (f_ftype(insn)) {                                                               \
			double a = get_double(cpu, f_rn(insn)), b = get_double(cpu, f_rm(insn));   \
			double r = expr;                                                           \
                                                                                                   \
			if (SAFE64(r) || (r == 0 && (zero_ok))) {                                  \
				return set_double(cpu, insn, r);                                   \
			}                                                                          \
		} else {                                                                           \
			float a = get_float(cpu, f_rn(insn)), b = get_float(cpu, f_rm(insn));      \
			float r = expr;                                                            \
                                                                                                   \
			if (SAFE32(r) || (r == 0 && (zero_ok))) {                                  \
				return set_float(cpu, insn, r);                                    \
			}                                                                          \
		}                                                                                  \
		return exec_##name(cpu, insn);                                                     \
	}

FAST_TWO(fadd_f, a + b, true)
FAST_TWO(fsub_f, a - b, true)
FAST_TWO(fmul_f, a *b, a == 0 || b == 0)
FAST_TWO(fnmul_f, -(a *b), a == 0 || b == 0)
FAST_TWO(fdiv_f, a / b, a == 0)

enum exec_result fast_fsqrt_f(struct jit_cpu *cpu, uint32_t insn)
{
	if (!arithmetic_is_plain(cpu)) {
		return exec_fsqrt_f(cpu, insn);
	}
	if (f_ftype(insn)) {
		__m128d a = _mm_set_sd(get_double(cpu, f_rn(insn)));
		double r = _mm_cvtsd_f64(_mm_sqrt_sd(a, a));

		if (SAFE64(r) || r == 0) {
			return set_double(cpu, insn, r);
		}
	} else {
		float r = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(get_float(cpu, f_rn(insn)))));

		if (SAFE32(r) || r == 0) {
			return set_float(cpu, insn, r);
		}
	}
	return exec_fsqrt_f(cpu, insn);
}

/* Maximum and minimum: without NaNs the four kinds are two; equal numbers may be zeros of two
 * signs. */
#define FAST_EXTREME(name, better, zeros)                                                          \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		const union vreg *n = &cpu->v[f_rn(insn)], *m = &cpu->v[f_rm(insn)];               \
                                                                                                   \
		if (f_ftype(insn)) {                                                               \
			double a = n->f64[0], b = m->f64[0];                                       \
                                                                                                   \
			if (no_flush(cpu) && !NAN64(a) && !NAN64(b)) {                             \
				vreg_set_scalar(cpu, f_rd(insn), 3,                                \
						a == b       ? (n->d[0] zeros m->d[0])             \
						: a better b ? n->d[0]                             \
							     : m->d[0]);                           \
				return EXEC_NEXT;                                                  \
			}                                                                          \
		} else {                                                                           \
			float a = n->f32[0], b = m->f32[0];                                        \
                                                                                                   \
			if (no_flush(cpu) && !NAN32(a) && !NAN32(b)) {                             \
				vreg_set_scalar(cpu, f_rd(insn), 2,                                \
						a == b       ? (n->s[0] zeros m->s[0])             \
						: a better b ? n->s[0]                             \
							     : m->s[0]);                           \
				return EXEC_NEXT;                                                  \
			}                                                                          \
		}                                                                                  \
		return exec_##name(cpu, insn);                                                     \
	}

FAST_EXTREME(fmax_f, >, &)
FAST_EXTREME(fmin_f, <, |)
FAST_EXTREME(fmaxnm_f, >, &)
FAST_EXTREME(fminnm_f, <, |)

/* Fused multiply-add, where the host has it. */
#define HOST_FMA __attribute__((target("fma")))

static HOST_FMA bool fma_double(double addend, double a, double b, double *r)
{
	*r = __builtin_fma(a, b, addend);
	return SAFE64(*r) || (*r == 0 && (a == 0 || b == 0));
}

static HOST_FMA bool fma_float(float addend, float a, float b, float *r)
{
	*r = __builtin_fmaf(a, b, addend);
	return SAFE32(*r) || (*r == 0 && (a == 0 || b == 0));
}

static inline bool fma_is_plain(const struct jit_cpu *cpu)
{
	return arithmetic_is_plain(cpu) && __builtin_cpu_supports("fma");
}

#define FAST_FMA(name, addend_sign, product_sign)                                                  \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		double d;                                                                          \
		float f;                                                                           \
                                                                                                   \
		if (!fma_is_plain(cpu)) {                                                          \
			return exec_##name(cpu, insn);                                             \
		}                                                                                  \
		if (f_ftype(insn)) {                                                               \
			if (fma_double(addend_sign get_double(cpu, f_ra(insn)),                    \
				       product_sign get_double(cpu, f_rn(insn)),                   \
				       get_double(cpu, f_rm(insn)), &d)) {                         \
				return set_double(cpu, insn, d);                                   \
			}                                                                          \
		} else if (fma_float(addend_sign get_float(cpu, f_ra(insn)),                       \
				     product_sign get_float(cpu, f_rn(insn)),                      \
				     get_float(cpu, f_rm(insn)), &f)) {                            \
			return set_float(cpu, insn, f);                                            \
		}                                                                                  \
		return exec_##name(cpu, insn);                                                     \
	}

FAST_FMA(fmadd, +, +)
FAST_FMA(fmsub, +, -)
FAST_FMA(fnmadd, -, -)
FAST_FMA(fnmsub, -, +)

/* Comparisons of numbers raise nothing. */
static bool compare_numbers(struct jit_cpu *cpu, uint32_t insn, bool with_zero)
{
	double a, b;

	if (!no_flush(cpu)) {
		return false;
	}
	if (f_ftype(insn)) {
		a = get_double(cpu, f_rn(insn));
		b = with_zero ? 0 : get_double(cpu, f_rm(insn));
		if (NAN64(a) || NAN64(b)) {
			return false;
		}
	} else {
		float fa = get_float(cpu, f_rn(insn)),
		      fb = with_zero ? 0 : get_float(cpu, f_rm(insn));

		if (NAN32(fa) || NAN32(fb)) {
			return false;
		}
		a = fa;
		b = fb;
	}
	cpu_set_flags(cpu, a < b, a == b, a >= b, false);
	return true;
}

#define FAST_COMPARE(name, with_zero)                                                              \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		return compare_numbers(cpu, insn, with_zero) ? EXEC_NEXT : exec_##name(cpu, insn); \
	}

FAST_COMPARE(fcmp, false)
FAST_COMPARE(fcmpe, false)
FAST_COMPARE(fcmp_zero, true)
FAST_COMPARE(fcmpe_zero, true)

#define FAST_COND_COMPARE(name)                                                                    \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		if (cond_holds(cpu, f_cond(insn)) && compare_numbers(cpu, insn, false)) {          \
			return EXEC_NEXT;                                                          \
		}                                                                                  \
		return exec_##name(cpu, insn);                                                     \
	}

FAST_COND_COMPARE(fccmp)
FAST_COND_COMPARE(fccmpe)

/* Between single and double precision; half precision is rare. */
enum exec_result fast_fcvt(struct jit_cpu *cpu, uint32_t insn)
{
	if (f_ftype(insn) == 0 && f_cvtop(insn) == 1) {
		float a = get_float(cpu, f_rn(insn));

		if (no_flush(cpu) && !NAN32(a)) {
			return set_double(cpu, insn, a);
		}
	} else if (f_ftype(insn) == 1 && f_cvtop(insn) == 0 && arithmetic_is_plain(cpu)) {
		double a = get_double(cpu, f_rn(insn));

		if (!NAN64(a)) {
			float r = (float)a;

			if (SAFE32(r) || a == 0) {
				return set_float(cpu, insn, r);
			}
		}
	}
	return exec_fcvt(cpu, insn);
}

/*
 * To integers, towards zero: whatever is in range; a single is exact as a double. With XZR as the
 * destination the compiler would leave the conversion out, and its flags.
 */
static bool truncation_operand(const struct jit_cpu *cpu, uint32_t insn, double *a)
{
	if (!no_flush(cpu) || f_rd(insn) == ZR) {
		return false;
	}
	if (f_ftype(insn)) {
		*a = get_double(cpu, f_rn(insn));
	} else {
		float f = get_float(cpu, f_rn(insn));

		if (NAN32(f)) {
			return false;
		}
		*a = f;
	}
	return !NAN64(*a);
}

enum exec_result fast_fcvtzs(struct jit_cpu *cpu, uint32_t insn)
{
	double limit = f_sf(insn) ? 0x1p63 : 0x1p31, a;

	if (truncation_operand(cpu, insn, &a) && a >= -limit && a < limit) {
		reg_set(cpu, f_rd(insn), f_sf(insn), (uint64_t)(int64_t)a);
		return EXEC_NEXT;
	}
	return exec_fcvtzs(cpu, insn);
}

enum exec_result fast_fcvtzu(struct jit_cpu *cpu, uint32_t insn)
{
	double limit = f_sf(insn) ? 0x1p64 : 0x1p32, a;

	if (truncation_operand(cpu, insn, &a) && a > -1 && a < limit) {
		reg_set_x(cpu, f_rd(insn), (uint64_t)a);
		return EXEC_NEXT;
	}
	return exec_fcvtzu(cpu, insn);
}

enum exec_result fast_scvtf(struct jit_cpu *cpu, uint32_t insn)
{
	int64_t val = sign_extend(reg_x(cpu, f_rn(insn)), f_sf(insn) ? 64 : 32);

	if (f_ftype(insn) && !f_sf(insn)) { /* exact */
		return set_double(cpu, insn, (double)val);
	}
	if (!arithmetic_is_plain(cpu)) {
		return exec_scvtf(cpu, insn);
	}
	return f_ftype(insn) ? set_double(cpu, insn, (double)val)
			     : set_float(cpu, insn, (float)val);
}

enum exec_result fast_ucvtf(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = reg(cpu, f_rn(insn), f_sf(insn));

	if (f_ftype(insn) && !f_sf(insn)) {
		return set_double(cpu, insn, (double)val);
	}
	if (!arithmetic_is_plain(cpu)) {
		return exec_ucvtf(cpu, insn);
	}
	return f_ftype(insn) ? set_double(cpu, insn, (double)val)
			     : set_float(cpu, insn, (float)val);
}

/* To integral values; these never raise IXC. */
#define FAST_ROUND(name, mode)                                                                     \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		if (!no_flush(cpu)) {                                                              \
			return exec_##name(cpu, insn);                                             \
		}                                                                                  \
		if (f_ftype(insn)) {                                                               \
			double a = get_double(cpu, f_rn(insn));                                    \
			__m128d v = _mm_set_sd(a);                                                 \
                                                                                                   \
			if (!NAN64(a)) {                                                           \
				v = _mm_round_sd(v, v, (mode) | _MM_FROUND_NO_EXC);                \
				return set_double(cpu, insn, _mm_cvtsd_f64(v));                    \
			}                                                                          \
		} else {                                                                           \
			float a = get_float(cpu, f_rn(insn));                                      \
			__m128 v = _mm_set_ss(a);                                                  \
                                                                                                   \
			if (!NAN32(a)) {                                                           \
				v = _mm_round_ss(v, v, (mode) | _MM_FROUND_NO_EXC);                \
				return set_float(cpu, insn, _mm_cvtss_f32(v));                     \
			}                                                                          \
		}                                                                                  \
		return exec_##name(cpu, insn);                                                     \
	}

FAST_ROUND(frintn_f, _MM_FROUND_TO_NEAREST_INT)
FAST_ROUND(frintp_f, _MM_FROUND_TO_POS_INF)
FAST_ROUND(frintm_f, _MM_FROUND_TO_NEG_INF)
FAST_ROUND(frintz_f, _MM_FROUND_TO_ZERO)

/*
 * Vectors: all lanes are computed, then all are checked; one bad lane sends the instruction to
 * exec_*. Lanes that do not count (the upper half when q is clear) are made harmless first.
 */
struct fp_operands {
	union lanes n, m, d;
};

static inline struct fp_operands fp_operands(const struct jit_cpu *cpu, uint32_t insn,
					     uint64_t m_filler)
{
	struct fp_operands op = {lanes_get(cpu, f_rn(insn)), lanes_get(cpu, f_rm(insn)),
				 lanes_get(cpu, f_rd(insn))};

	if (!f_q(insn)) {
		op.n.u64[1] = op.d.u64[1] = 0;
		op.m.u64[1] = m_filler;
	}
	return op;
}

#define ONES_32 0x3f8000003f800000ull /* two singles 1.0 */

/* out = expr of a, b, d in all lanes; false if any is unsafe. */
#define FP_LANES(type, field, safe, expr, zero_ok)                                                 \
	{                                                                                          \
		unsigned int bad = 0;                                                              \
                                                                                                   \
		for (unsigned int i = 0; i < 16 / sizeof(type); i++) {                             \
			type a = op->n.field[i], b = op->m.field[i], d = op->d.field[i];           \
			type r = expr;                                                             \
                                                                                                   \
			(void)a, (void)b, (void)d;                                                 \
			bad |= !(safe(r) | ((r == 0) & (zero_ok)));                                \
			out->field[i] = r;                                                         \
		}                                                                                  \
		return !bad;                                                                       \
	}

#define FP_LANES_BOTH(name, attribute, expr32, expr64, zero_ok)                                    \
	static attribute bool name##_f32(const struct fp_operands *op, union lanes *out)           \
		FP_LANES(float, f32, SAFE32, expr32, zero_ok) static attribute bool name##_f64(    \
			const struct fp_operands *op, union lanes *out)                            \
			FP_LANES(double, f64, SAFE64, expr64, zero_ok)

#define NO_ATTRIBUTE

/* clang-format off */
FP_LANES_BOTH(lanes_add, NO_ATTRIBUTE, a + b, a + b, 1)
FP_LANES_BOTH(lanes_sub, NO_ATTRIBUTE, a - b, a - b, 1)
FP_LANES_BOTH(lanes_mul, NO_ATTRIBUTE, a * b, a * b, (a == 0) | (b == 0))
FP_LANES_BOTH(lanes_div, NO_ATTRIBUTE, a / b, a / b, a == 0)
FP_LANES_BOTH(lanes_mla, HOST_FMA, __builtin_fmaf(a, b, d), __builtin_fma(a, b, d), (a == 0) | (b == 0))
FP_LANES_BOTH(lanes_mls, HOST_FMA, __builtin_fmaf(-a, b, d), __builtin_fma(-a, b, d), (a == 0) | (b == 0))
/* clang-format on */

#define FAST_FP_VECTOR(name, plain, compute, filler)                                               \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		struct fp_operands op = fp_operands(cpu, insn, filler);                            \
		union lanes out;                                                                   \
                                                                                                   \
		if (plain(cpu) &&                                                                  \
		    (f_sz(insn) ? compute##_f64(&op, &out) : compute##_f32(&op, &out))) {          \
			return lanes_set(cpu, insn, out);                                          \
		}                                                                                  \
		return exec_##name(cpu, insn);                                                     \
	}

FAST_FP_VECTOR(fadd_v, arithmetic_is_plain, lanes_add, 0)
FAST_FP_VECTOR(fsub_v, arithmetic_is_plain, lanes_sub, 0)
FAST_FP_VECTOR(fmul_v, arithmetic_is_plain, lanes_mul, 0)
FAST_FP_VECTOR(fdiv_v, arithmetic_is_plain, lanes_div, ONES_32)
FAST_FP_VECTOR(fmla_v, fma_is_plain, lanes_mla, 0)
FAST_FP_VECTOR(fmls_v, fma_is_plain, lanes_mls, 0)

/* By element: operand b is one element in all lanes. Scalars: one lane, the others zero. */
static void spread_element(const struct jit_cpu *cpu, uint32_t insn, struct fp_operands *op)
{
	struct simd_shape shape = shape_by_element(shape_fp(insn), insn);
	uint64_t element = elem_get(&cpu->v[shape.m], shape.lgm, shape.m0);

	op->m.u64[0] = f_sz(insn) ? element : element << 32 | element;
	op->m.u64[1] = f_q(insn) ? op->m.u64[0] : 0;
}

#define FAST_FP_BY_ELEMENT(name, plain, compute)                                                   \
	enum exec_result fast_##name##_e(struct jit_cpu *cpu, uint32_t insn)                       \
	{                                                                                          \
		struct fp_operands op = fp_operands(cpu, insn, 0);                                 \
		union lanes out;                                                                   \
                                                                                                   \
		spread_element(cpu, insn, &op);                                                    \
		if (plain(cpu) &&                                                                  \
		    (f_sz(insn) ? compute##_f64(&op, &out) : compute##_f32(&op, &out))) {          \
			return lanes_set(cpu, insn, out);                                          \
		}                                                                                  \
		return exec_##name##_e(cpu, insn);                                                 \
	}                                                                                          \
	enum exec_result fast_##name##_se(struct jit_cpu *cpu, uint32_t insn)                      \
	{                                                                                          \
		struct fp_operands op = fp_operands(cpu, insn, 0);                                 \
		uint64_t one_lane = f_sz(insn) ? UINT64_MAX : UINT32_MAX;                          \
		union lanes out;                                                                   \
                                                                                                   \
		spread_element(cpu, insn, &op);                                                    \
		op.n.u64[0] &= one_lane;                                                           \
		op.d.u64[0] &= one_lane;                                                           \
		op.m.u64[0] &= one_lane;                                                           \
		op.n.u64[1] = op.d.u64[1] = op.m.u64[1] = 0;                                       \
		if (plain(cpu) &&                                                                  \
		    (f_sz(insn) ? compute##_f64(&op, &out) : compute##_f32(&op, &out))) {          \
			cpu->v[f_rd(insn)].d[0] = out.u64[0] & one_lane;                           \
			cpu->v[f_rd(insn)].d[1] = 0;                                               \
			return EXEC_NEXT;                                                          \
		}                                                                                  \
		return exec_##name##_se(cpu, insn);                                                \
	}

FAST_FP_BY_ELEMENT(fmul, arithmetic_is_plain, lanes_mul)
FAST_FP_BY_ELEMENT(fmla, fma_is_plain, lanes_mla)
FAST_FP_BY_ELEMENT(fmls, fma_is_plain, lanes_mls)

enum exec_result fast_fsqrt_v(struct jit_cpu *cpu, uint32_t insn)
{
	struct fp_operands op = fp_operands(cpu, insn, 0);
	union lanes out;
	bool bad = false;

	if (!arithmetic_is_plain(cpu)) {
		return exec_fsqrt_v(cpu, insn);
	}
	if (f_sz(insn)) {
		_mm_storeu_pd(out.f64, _mm_sqrt_pd(_mm_loadu_pd(op.n.f64)));
		for (unsigned int i = 0; i < 2; i++) {
			bad |= !(SAFE64(out.f64[i]) | (out.f64[i] == 0));
		}
	} else {
		_mm_storeu_ps(out.f32, _mm_sqrt_ps(_mm_loadu_ps(op.n.f32)));
		for (unsigned int i = 0; i < 4; i++) {
			bad |= !(SAFE32(out.f32[i]) | (out.f32[i] == 0));
		}
	}
	return bad ? exec_fsqrt_v(cpu, insn) : lanes_set(cpu, insn, out);
}

/* No lane of either operand is a NaN, and denormals are numbers. */
static bool lanes_are_numbers(const struct jit_cpu *cpu, uint32_t insn,
			      const struct fp_operands *op)
{
	bool nan = false;

	if (f_sz(insn)) {
		for (unsigned int i = 0; i < 2; i++) {
			nan |= NAN64(op->n.f64[i]) | NAN64(op->m.f64[i]);
		}
	} else {
		for (unsigned int i = 0; i < 4; i++) {
			nan |= NAN32(op->n.f32[i]) | NAN32(op->m.f32[i]);
		}
	}
	return !nan && no_flush(cpu);
}

/* Comparisons, maximum and minimum. */
#define FAST_FP_PICK(name, expr)                                                                   \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		struct fp_operands op = fp_operands(cpu, insn, 0);                                 \
		union lanes out;                                                                   \
                                                                                                   \
		if (!lanes_are_numbers(cpu, insn, &op)) {                                          \
			return exec_##name(cpu, insn);                                             \
		}                                                                                  \
		if (f_sz(insn)) {                                                                  \
			for (unsigned int i = 0; i < 2; i++) {                                     \
				double a = op.n.f64[i], b = op.m.f64[i];                           \
				uint64_t x = op.n.u64[i], y = op.m.u64[i];                         \
                                                                                                   \
				(void)x, (void)y;                                                  \
				out.u64[i] = (uint64_t)(expr);                                     \
			}                                                                          \
		} else {                                                                           \
			for (unsigned int i = 0; i < 4; i++) {                                     \
				float a = op.n.f32[i], b = op.m.f32[i];                            \
				uint32_t x = op.n.u32[i], y = op.m.u32[i];                         \
                                                                                                   \
				(void)x, (void)y;                                                  \
				out.u32[i] = (uint32_t)(expr);                                     \
			}                                                                          \
		}                                                                                  \
		return lanes_set(cpu, insn, out);                                                  \
	}

FAST_FP_PICK(fcmeq_v, a == b ? -1 : 0)
FAST_FP_PICK(fcmge_v, a >= b ? -1 : 0)
FAST_FP_PICK(fcmgt_v, a > b ? -1 : 0)
FAST_FP_PICK(fmax_v, a == b ? x & y : a > b ? x : y)
FAST_FP_PICK(fmin_v, a == b ? x | y : a < b ? x : y)
FAST_FP_PICK(fmaxnm_v, a == b ? x & y : a > b ? x : y)
FAST_FP_PICK(fminnm_v, a == b ? x | y : a < b ? x : y)

/* Sign changes touch bits only. */
static uint64_t sign_bits(uint32_t insn)
{
	return f_sz(insn) ? 0x8000000000000000 : 0x8000000080000000;
}

enum exec_result fast_fabs_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes v = lanes_get(cpu, f_rn(insn));

	v.u64[0] &= ~sign_bits(insn);
	v.u64[1] &= ~sign_bits(insn);
	return lanes_set(cpu, insn, v);
}

enum exec_result fast_fneg_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes v = lanes_get(cpu, f_rn(insn));

	v.u64[0] ^= sign_bits(insn);
	v.u64[1] ^= sign_bits(insn);
	return lanes_set(cpu, insn, v);
}

/* Pairwise sums: the even elements of Vm:Vn plus the odd ones. */
enum exec_result fast_faddp_v(struct jit_cpu *cpu, uint32_t insn)
{
	struct fp_operands op = fp_operands(cpu, insn, 0), pairs = {.d = {.u64 = {0, 0}}};
	union lanes out;
	bool ok;

	if (!arithmetic_is_plain(cpu)) {
		return exec_faddp_v(cpu, insn);
	}
	if (f_sz(insn)) {
		pairs.n = (union lanes){.f64 = {op.n.f64[0], op.m.f64[0]}};
		pairs.m = (union lanes){.f64 = {op.n.f64[1], op.m.f64[1]}};
		ok = lanes_add_f64(&pairs, &out);
	} else {
		const uint32_t *second = f_q(insn) ? &op.n.u32[2] : &op.m.u32[0];
		uint32_t upper = f_q(insn) ? UINT32_MAX : 0;

		pairs.n = (union lanes){
			.u32 = {op.n.u32[0], second[0], op.m.u32[0] & upper, op.m.u32[2] & upper}};
		pairs.m = (union lanes){
			.u32 = {op.n.u32[1], second[1], op.m.u32[1] & upper, op.m.u32[3] & upper}};
		ok = lanes_add_f32(&pairs, &out);
	}
	return ok ? lanes_set(cpu, insn, out) : exec_faddp_v(cpu, insn);
}

enum exec_result fast_faddp_s(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes n = lanes_get(cpu, f_rn(insn));

	if (arithmetic_is_plain(cpu)) {
		if (f_sz(insn)) {
			double r = n.f64[0] + n.f64[1];

			if (SAFE64(r) || r == 0) {
				return set_double(cpu, insn, r);
			}
		} else {
			float r = n.f32[0] + n.f32[1];

			if (SAFE32(r) || r == 0) {
				return set_float(cpu, insn, r);
			}
		}
	}
	return exec_faddp_s(cpu, insn);
}

/* Conversions of lanes. */
enum exec_result fast_scvtf_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes n = lanes_get(cpu, f_rn(insn)), out;

	if (!arithmetic_is_plain(cpu)) {
		return exec_scvtf_v(cpu, insn);
	}
	if (!f_q(insn)) {
		n.u64[1] = 0;
	}
	if (f_sz(insn)) {
		for (unsigned int i = 0; i < 2; i++) {
			out.f64[i] = (double)n.s64[i];
		}
	} else {
		for (unsigned int i = 0; i < 4; i++) {
			out.f32[i] = (float)n.s32[i];
		}
	}
	return lanes_set(cpu, insn, out);
}

enum exec_result fast_scvtf_s(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes n = lanes_get(cpu, f_rn(insn));

	if (!arithmetic_is_plain(cpu)) {
		return exec_scvtf_s(cpu, insn);
	}
	return f_sz(insn) ? set_double(cpu, insn, (double)n.s64[0])
			  : set_float(cpu, insn, (float)n.s32[0]);
}

/* nr lanes towards zero; false if any is out of range. */
static bool truncate_lanes(const struct jit_cpu *cpu, uint32_t insn, unsigned int nr,
			   union lanes *v)
{
	if (!no_flush(cpu)) {
		return false;
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (f_sz(insn)) {
			if (NAN64(v->f64[i]) || !(v->f64[i] >= -0x1p63 && v->f64[i] < 0x1p63)) {
				return false;
			}
			v->s64[i] = (int64_t)v->f64[i];
		} else {
			if (NAN32(v->f32[i]) || !(v->f32[i] >= -0x1p31f && v->f32[i] < 0x1p31f)) {
				return false;
			}
			v->s32[i] = (int32_t)v->f32[i];
		}
	}
	return true;
}

enum exec_result fast_fcvtzs_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes v = lanes_get(cpu, f_rn(insn));

	if (!truncate_lanes(cpu, insn, (2u << f_q(insn)) >> f_sz(insn), &v)) {
		return exec_fcvtzs_v(cpu, insn);
	}
	return lanes_set(cpu, insn, v);
}

enum exec_result fast_fcvtzs_s(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes v = lanes_get(cpu, f_rn(insn));

	if (!truncate_lanes(cpu, insn, 1, &v)) {
		return exec_fcvtzs_s(cpu, insn);
	}
	vreg_set_scalar(cpu, f_rd(insn), 2 + f_sz(insn), v.u64[0]);
	return EXEC_NEXT;
}

enum exec_result fast_fcvtl_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes n = lanes_get(cpu, f_rn(insn)), out;
	const float *from = &n.f32[2 * f_q(insn)];

	if (!f_sz(insn) || !no_flush(cpu) || NAN32(from[0]) || NAN32(from[1])) {
		return exec_fcvtl_v(cpu, insn);
	}
	out.f64[0] = from[0];
	out.f64[1] = from[1];
	cpu->v[f_rd(insn)] = out.v;
	return EXEC_NEXT;
}

enum exec_result fast_fcvtn_v(struct jit_cpu *cpu, uint32_t insn)
{
	union lanes n = lanes_get(cpu, f_rn(insn)), out;

	if (!f_sz(insn) || !arithmetic_is_plain(cpu) || NAN64(n.f64[0]) || NAN64(n.f64[1])) {
		return exec_fcvtn_v(cpu, insn);
	}
	for (unsigned int i = 0; i < 2; i++) {
		out.f32[i] = (float)n.f64[i];
		if (!SAFE32(out.f32[i]) && n.f64[i] != 0) {
			return exec_fcvtn_v(cpu, insn);
		}
	}
	return lanes_set_narrow(cpu, insn, out.u64[0]);
}
