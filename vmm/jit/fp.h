/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fp.h - exact Arm floating point in integer arithmetic (Arm ARM J1.3, shared/functions/float).
 *
 * The oracle: each function is its namesake of the Arm pseudocode (fp_add is FPAdd, ...), bit for
 * bit, with NaN propagation, FPCR's rounding mode, FZ, DN and AHP, and FPSR's cumulative bits. No
 * host floating point is used, so the host's rounding mode and exceptions do not matter.
 *
 * Operands and results are bit patterns in the low bits of a uint64_t, `size` is the binary
 * logarithm of their bytes. Half precision is supported in conversions only.
 */
#ifndef VMM_JIT_FP_H
#define VMM_JIT_FP_H

#include <stdbool.h>
#include <stdint.h>

enum fp_size { FP_HALF = 1, FP_SINGLE = 2, FP_DOUBLE = 3 };

/* The first four are FPCR.RMode's. */
enum fp_rounding {
	FP_TIE_EVEN,
	FP_POS_INF,
	FP_NEG_INF,
	FP_ZERO,
	FP_TIE_AWAY,
	FP_ODD,
};

#define FPCR_AHP         (1u << 26)
#define FPCR_DN          (1u << 25)
#define FPCR_FZ          (1u << 24)
#define FPCR_RMODE_SHIFT 22

#define FPSR_QC  (1u << 27)
#define FPSR_IDC (1u << 7)
#define FPSR_IXC (1u << 4)
#define FPSR_UFC (1u << 3)
#define FPSR_OFC (1u << 2)
#define FPSR_DZC (1u << 1)
#define FPSR_IOC (1u << 0)

/* Control in, cumulative exception bits (to be ORed into FPSR) out. */
struct fp_env {
	uint32_t fpcr;
	uint32_t fpsr;
};

/* NZCV as FCMP sets it. */
#define FP_CMP_LESS      0x8
#define FP_CMP_EQUAL     0x6
#define FP_CMP_GREATER   0x2
#define FP_CMP_UNORDERED 0x3

static inline enum fp_rounding fp_env_rounding(const struct fp_env *env)
{
	return (enum fp_rounding)(env->fpcr >> FPCR_RMODE_SHIFT & 3);
}

uint64_t fp_add(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_sub(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_mul(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_mulx(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_div(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_sqrt(struct fp_env *env, enum fp_size size, uint64_t a);
/* addend + a * b, one rounding */
uint64_t fp_muladd(struct fp_env *env, enum fp_size size, uint64_t addend, uint64_t a, uint64_t b);
uint64_t fp_max(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_min(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_maxnum(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_minnum(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);

/* 2 - a * b and (3 - a * b) / 2, fused; FRECPS, FRSQRTS */
uint64_t fp_recip_step(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_rsqrt_step(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
uint64_t fp_recip_estimate(struct fp_env *env, enum fp_size size, uint64_t a);
uint64_t fp_rsqrt_estimate(struct fp_env *env, enum fp_size size, uint64_t a);
uint64_t fp_recip_exponent(struct fp_env *env, enum fp_size size, uint64_t a);
uint32_t fp_unsigned_recip_estimate(uint32_t a);
uint32_t fp_unsigned_rsqrt_estimate(uint32_t a);

/* NZCV; with signal_nans a quiet NaN raises IOC too (FCMPE). */
unsigned int fp_compare(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
			bool signal_nans);
bool fp_compare_eq(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
bool fp_compare_ge(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);
bool fp_compare_gt(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);

/* To an integral value in the same format; `exact` raises IXC where the value changes. */
uint64_t fp_round_int(struct fp_env *env, enum fp_size size, uint64_t a, enum fp_rounding rounding,
		      bool exact);
/* To a (saturated) integer of `bits`, after multiplication by 2^fbits; zero-extended. */
uint64_t fp_to_fixed(struct fp_env *env, enum fp_size size, uint64_t a, unsigned int fbits,
		     bool is_unsigned, enum fp_rounding rounding, unsigned int bits);
/* From an integer, divided by 2^fbits. A signed one comes sign-extended to 64 bits. */
uint64_t fp_from_fixed(struct fp_env *env, enum fp_size size, uint64_t val, unsigned int fbits,
		       bool is_unsigned, enum fp_rounding rounding);
uint64_t fp_convert(struct fp_env *env, enum fp_size to, enum fp_size from, uint64_t a,
		    enum fp_rounding rounding);

static inline uint64_t fp_sign_bit(enum fp_size size)
{
	return 1ull << ((8u << size) - 1);
}

static inline uint64_t fp_neg(enum fp_size size, uint64_t a)
{
	return a ^ fp_sign_bit(size);
}

static inline uint64_t fp_abs(enum fp_size size, uint64_t a)
{
	return a & ~fp_sign_bit(size);
}

#endif
