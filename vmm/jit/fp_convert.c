// SPDX-License-Identifier: BSD-3-Clause
/*
 * fp_convert.c - conversions between floating-point formats, and to and from integers.
 */
#include "fp_internal.h"

/* The magnitude of n * 2^fbits rounded to an integer; *inexact when that changed it. */
static u128 round_magnitude(const struct fp_num *n, unsigned int fbits, enum fp_rounding rounding,
			    bool *inexact)
{
	int exp = n->exp + (int)fbits;
	enum fp_error error;
	u128 val;

	*inexact = false;
	if (exp >= 0) {
		/* Anything at or above 2^64 saturates; do not lose it in the shift. */
		return exp > 65 ? (u128)1 << 127 : n->sig << exp;
	}
	val = fp_shift_right(n->sig, (unsigned int)-exp, &error);
	*inexact = error != FP_ERROR_NONE;
	return val + fp_rounds_up(rounding, n->sign, val & 1, error);
}

uint64_t fp_round_int(struct fp_env *env, enum fp_size size, uint64_t a, enum fp_rounding rounding,
		      bool exact)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num n = fp_unpack(env, f, a);
	bool inexact;

	if (fp_num_is_nan(&n)) {
		return fp_process_nan(env, f, &n, a);
	}
	if (n.type == FP_TYPE_INFINITY) {
		return fp_infinity(f, n.sign);
	}
	if (n.type == FP_TYPE_ZERO) {
		return fp_zero(f, n.sign);
	}
	if (n.exp >= 0) {
		return a;
	}
	n.sig = round_magnitude(&n, 0, rounding, &inexact);
	n.exp = 0;
	if (inexact && exact) {
		env->fpsr |= FPSR_IXC;
	}
	return n.sig ? fp_round(env, f, &n, FP_ZERO) : fp_zero(f, n.sign);
}

uint64_t fp_to_fixed(struct fp_env *env, enum fp_size size, uint64_t a, unsigned int fbits,
		     bool is_unsigned, enum fp_rounding rounding, unsigned int bits)
{
	struct fp_num n = fp_unpack(env, fp_format(size), a);
	uint64_t mask = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	u128 limit, val = 0;
	bool inexact = false;

	if (fp_num_is_nan(&n)) {
		env->fpsr |= FPSR_IOC;
		return 0;
	}
	if (n.type == FP_TYPE_INFINITY) {
		val = (u128)1 << 127;
	} else if (n.type == FP_TYPE_NONZERO) {
		val = round_magnitude(&n, fbits, rounding, &inexact);
	}
	/* The largest magnitude that this sign allows. */
	if (is_unsigned) {
		limit = n.sign ? 0 : mask;
	} else {
		limit = (mask >> 1) + n.sign;
	}
	if (val > limit) {
		env->fpsr |= FPSR_IOC;
		val = limit;
	} else if (inexact) {
		env->fpsr |= FPSR_IXC;
	}
	return (n.sign ? 0 - (uint64_t)val : (uint64_t)val) & mask;
}

uint64_t fp_from_fixed(struct fp_env *env, enum fp_size size, uint64_t val, unsigned int fbits,
		       bool is_unsigned, enum fp_rounding rounding)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num n = {FP_TYPE_NONZERO, !is_unsigned && val >> 63, -(int)fbits, val};

	if (val == 0) {
		return fp_zero(f, false);
	}
	if (n.sign) {
		n.sig = 0 - val;
	}
	return fp_round(env, f, &n, rounding);
}

/* FPConvertNaN: sign and the top of the payload are kept, the result is quiet. */
static uint64_t convert_nan(const struct fp_format *to, const struct fp_format *from, uint64_t a)
{
	uint64_t frac = (a & ((1ull << from->frac_bits) - 1)) << (52 - from->frac_bits) >>
			(52 - to->frac_bits);

	return fp_pack(to, a >> (from->bits - 1) & 1, fp_max_exp(to),
		       frac | 1ull << (to->frac_bits - 1));
}

uint64_t fp_convert(struct fp_env *env, enum fp_size to_size, enum fp_size from_size, uint64_t a,
		    enum fp_rounding rounding)
{
	const struct fp_format *to = fp_format(to_size), *from = fp_format(from_size);
	struct fp_num n = fp_unpack(env, from, a);
	bool ahp = to_size == FP_HALF && (env->fpcr & FPCR_AHP);

	if (fp_num_is_nan(&n)) {
		if (n.type == FP_TYPE_SNAN || ahp) {
			env->fpsr |= FPSR_IOC;
		}
		if (ahp) {
			return fp_zero(to, n.sign);
		}
		return env->fpcr & FPCR_DN ? fp_default_nan(to) : convert_nan(to, from, a);
	}
	if (n.type == FP_TYPE_INFINITY) {
		if (ahp) {
			env->fpsr |= FPSR_IOC;
			return (uint64_t)n.sign << 15 | 0x7fff;
		}
		return fp_infinity(to, n.sign);
	}
	if (n.type == FP_TYPE_ZERO) {
		return fp_zero(to, n.sign);
	}
	return fp_round(env, to, &n, rounding);
}
