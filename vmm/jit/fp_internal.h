/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fp_internal.h - unpacked numbers and rounding, shared by fp.c and fp_convert.c.
 */
#ifndef VMM_JIT_FP_INTERNAL_H
#define VMM_JIT_FP_INTERNAL_H

#include "fp.h"

typedef unsigned __int128 u128;

enum fp_type { FP_TYPE_ZERO, FP_TYPE_NONZERO, FP_TYPE_INFINITY, FP_TYPE_QNAN, FP_TYPE_SNAN };

/* A nonzero number is (-1)^sign * sig * 2^exp, exactly. */
struct fp_num {
	enum fp_type type;
	bool sign;
	int exp;
	u128 sig;
};

struct fp_format {
	unsigned int bits;
	unsigned int exp_bits;
	unsigned int frac_bits;
	int bias;
};

extern const struct fp_format fp_formats[4];

static inline const struct fp_format *fp_format(enum fp_size size)
{
	return &fp_formats[size];
}

static inline uint64_t fp_pack(const struct fp_format *f, bool sign, uint64_t exp, uint64_t frac)
{
	return (uint64_t)sign << (f->bits - 1) | exp << f->frac_bits | frac;
}

static inline uint64_t fp_max_exp(const struct fp_format *f)
{
	return (1ull << f->exp_bits) - 1;
}

static inline uint64_t fp_infinity(const struct fp_format *f, bool sign)
{
	return fp_pack(f, sign, fp_max_exp(f), 0);
}

static inline uint64_t fp_zero(const struct fp_format *f, bool sign)
{
	return fp_pack(f, sign, 0, 0);
}

static inline uint64_t fp_max_normal(const struct fp_format *f, bool sign)
{
	return fp_pack(f, sign, fp_max_exp(f) - 1, (1ull << f->frac_bits) - 1);
}

static inline uint64_t fp_default_nan(const struct fp_format *f)
{
	return fp_pack(f, false, fp_max_exp(f), 1ull << (f->frac_bits - 1));
}

static inline bool fp_num_is_nan(const struct fp_num *n)
{
	return n->type >= FP_TYPE_QNAN;
}

/* FPUnpack: denormal inputs become zero under FZ (never half precision ones) and raise IDC. */
struct fp_num fp_unpack(struct fp_env *env, const struct fp_format *f, uint64_t bits);
/* FPProcessNaN: the quiet form of a NaN, or the default NaN; a signalling one raises IOC. */
uint64_t fp_process_nan(struct fp_env *env, const struct fp_format *f, const struct fp_num *n,
			uint64_t bits);

/*
 * FPRound of a nonzero number. `sig` may have its low bit set as a stand-in for lost lower bits
 * ("sticky"), if it has at least three bits more than the format's significand.
 */
uint64_t fp_round(struct fp_env *env, const struct fp_format *f, const struct fp_num *n,
		  enum fp_rounding rounding);

/* What is lost by a right shift, in units of the last place. */
enum fp_error { FP_ERROR_NONE, FP_ERROR_BELOW_HALF, FP_ERROR_HALF, FP_ERROR_ABOVE_HALF };

/* sig >> shift (any shift >= 0), and what was lost. */
u128 fp_shift_right(u128 sig, unsigned int shift, enum fp_error *error);
/* Is a magnitude with this error rounded away from zero? */
bool fp_rounds_up(enum fp_rounding rounding, bool sign, bool odd, enum fp_error error);

static inline unsigned int fp_msb(u128 sig)
{
	uint64_t hi = (uint64_t)(sig >> 64);

	return hi ? 127 - (unsigned int)__builtin_clzll(hi)
		  : 63 - (unsigned int)__builtin_clzll((uint64_t)sig);
}

#endif
