// SPDX-License-Identifier: BSD-3-Clause
/*
 * fp.c - floating-point arithmetic and comparison, exactly as the Arm pseudocode does them.
 *
 * Numbers are unpacked into a sign, a 128-bit significand and an exponent; sums, products,
 * quotients and roots are computed exactly, or with all lost bits ORed into the lowest one, and
 * rounded once by fp_round(). Tininess is detected before rounding, as in FPRound. Conversions are
 * in fp_convert.c.
 */
#include "fp_internal.h"

const struct fp_format fp_formats[4] = {
	[FP_HALF] = {16, 5, 10, 15},
	[FP_SINGLE] = {32, 8, 23, 127},
	[FP_DOUBLE] = {64, 11, 52, 1023},
};

/* Where a significand's top bit is put before it meets a smaller one: room for a carry and a sign.
 */
#define WORK_MSB 125

struct fp_num fp_unpack(struct fp_env *env, const struct fp_format *f, uint64_t bits)
{
	uint64_t frac = bits & ((1ull << f->frac_bits) - 1);
	uint64_t exp = bits >> f->frac_bits & fp_max_exp(f);
	struct fp_num n = {.sign = bits >> (f->bits - 1) & 1};
	bool half = f->bits == 16;

	if (exp == 0) {
		if (frac && !half && (env->fpcr & FPCR_FZ)) {
			env->fpsr |= FPSR_IDC;
			frac = 0;
		}
		n.type = frac ? FP_TYPE_NONZERO : FP_TYPE_ZERO;
		n.sig = frac;
		n.exp = 1 - f->bias - (int)f->frac_bits;
	} else if (exp == fp_max_exp(f) && !(half && (env->fpcr & FPCR_AHP))) {
		if (frac == 0) {
			n.type = FP_TYPE_INFINITY;
		} else {
			n.type = frac >> (f->frac_bits - 1) ? FP_TYPE_QNAN : FP_TYPE_SNAN;
		}
	} else {
		n.type = FP_TYPE_NONZERO;
		n.sig = frac | 1ull << f->frac_bits;
		n.exp = (int)exp - f->bias - (int)f->frac_bits;
	}
	return n;
}

u128 fp_shift_right(u128 sig, unsigned int shift, enum fp_error *error)
{
	u128 lost, half;

	if (shift == 0) {
		*error = FP_ERROR_NONE;
		return sig;
	}
	if (shift > 128) {
		*error = sig ? FP_ERROR_BELOW_HALF : FP_ERROR_NONE;
		return 0;
	}
	half = (u128)1 << (shift - 1);
	lost = shift == 128 ? sig : sig & ((half << 1) - 1);
	if (lost == 0) {
		*error = FP_ERROR_NONE;
	} else if (lost == half) {
		*error = FP_ERROR_HALF;
	} else {
		*error = lost < half ? FP_ERROR_BELOW_HALF : FP_ERROR_ABOVE_HALF;
	}
	return shift == 128 ? 0 : sig >> shift;
}

bool fp_rounds_up(enum fp_rounding rounding, bool sign, bool odd, enum fp_error error)
{
	switch (rounding) {
	case FP_TIE_EVEN:
		return error == FP_ERROR_ABOVE_HALF || (error == FP_ERROR_HALF && odd);
	case FP_POS_INF:
		return error != FP_ERROR_NONE && !sign;
	case FP_NEG_INF:
		return error != FP_ERROR_NONE && sign;
	case FP_TIE_AWAY:
		return error >= FP_ERROR_HALF;
	default:
		return false;
	}
}

static bool overflows_to_infinity(enum fp_rounding rounding, bool sign)
{
	switch (rounding) {
	case FP_POS_INF:
		return !sign;
	case FP_NEG_INF:
		return sign;
	case FP_ZERO:
	case FP_ODD:
		return false;
	default:
		return true;
	}
}

static uint64_t overflow(struct fp_env *env, const struct fp_format *f, bool sign,
			 enum fp_rounding rounding)
{
	env->fpsr |= FPSR_OFC | FPSR_IXC;
	return overflows_to_infinity(rounding, sign) ? fp_infinity(f, sign)
						     : fp_max_normal(f, sign);
}

uint64_t fp_round(struct fp_env *env, const struct fp_format *f, const struct fp_num *n,
		  enum fp_rounding rounding)
{
	int min_exp = 1 - f->bias;
	int exponent = n->exp + (int)fp_msb(n->sig);
	bool half = f->bits == 16, ahp = half && (env->fpcr & FPCR_AHP);
	unsigned int biased;
	enum fp_error error = FP_ERROR_NONE;
	uint64_t mant;
	int shift;

	if (!half && (env->fpcr & FPCR_FZ) && exponent < min_exp) {
		env->fpsr |= FPSR_UFC;
		return fp_zero(f, n->sign);
	}
	biased = exponent < min_exp ? 0 : (unsigned int)(exponent - min_exp) + 1;
	shift = (biased ? exponent : min_exp) - (int)f->frac_bits - n->exp;
	if (shift < 0) {
		mant = (uint64_t)(n->sig << -shift);
	} else {
		mant = (uint64_t)fp_shift_right(n->sig, (unsigned int)shift, &error);
	}
	if (biased == 0 && error != FP_ERROR_NONE) {
		env->fpsr |= FPSR_UFC;
	}
	if (fp_rounds_up(rounding, n->sign, mant & 1, error)) {
		mant++;
		if (mant == 1ull << f->frac_bits) {
			biased = 1; /* the largest denormal became normal */
		} else if (mant == 2ull << f->frac_bits) {
			biased++;
			mant >>= 1;
		}
	}
	if (error != FP_ERROR_NONE && rounding == FP_ODD) {
		mant |= 1;
	}
	if (ahp && biased > fp_max_exp(f)) {
		env->fpsr |= FPSR_IOC;
		return (uint64_t)n->sign << 15 | 0x7fff;
	}
	if (!ahp && biased >= fp_max_exp(f)) {
		return overflow(env, f, n->sign, rounding);
	}
	if (error != FP_ERROR_NONE) {
		env->fpsr |= FPSR_IXC;
	}
	return fp_pack(f, n->sign, biased, mant & ((1ull << f->frac_bits) - 1));
}

uint64_t fp_process_nan(struct fp_env *env, const struct fp_format *f, const struct fp_num *n,
			uint64_t bits)
{
	if (n->type == FP_TYPE_SNAN) {
		env->fpsr |= FPSR_IOC;
	}
	if (env->fpcr & FPCR_DN) {
		return fp_default_nan(f);
	}
	return bits | 1ull << (f->frac_bits - 1);
}

static uint64_t invalid(struct fp_env *env, const struct fp_format *f)
{
	env->fpsr |= FPSR_IOC;
	return fp_default_nan(f);
}

/* FPProcessNaNs: signalling NaNs first, then quiet ones, each in operand order. */
static bool process_nans(struct fp_env *env, const struct fp_format *f, const struct fp_num *num,
			 const uint64_t *bits, unsigned int nr, uint64_t *result)
{
	for (enum fp_type type = FP_TYPE_SNAN; type >= FP_TYPE_QNAN; type--) {
		for (unsigned int i = 0; i < nr; i++) {
			if (num[i].type == type) {
				*result = fp_process_nan(env, f, &num[i], bits[i]);
				return true;
			}
		}
	}
	return false;
}

/* Two operands, unpacked. */
struct operands {
	const struct fp_format *f;
	struct fp_num n[2];
};

/* Unpacks both; true when a NaN decides the result. */
static bool unpack_two(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
		       struct operands *op, uint64_t *result)
{
	uint64_t bits[2] = {a, b};

	op->f = fp_format(size);
	op->n[0] = fp_unpack(env, op->f, a);
	op->n[1] = fp_unpack(env, op->f, b);
	return process_nans(env, op->f, op->n, bits, 2, result);
}

/* Brings the top bit to WORK_MSB. */
static void normalise(struct fp_num *n)
{
	int shift = WORK_MSB - (int)fp_msb(n->sig);

	n->sig = shift >= 0 ? n->sig << shift : n->sig >> -shift;
	n->exp -= shift;
}

/*
 * The sum of two nonzero numbers, lost bits of the smaller in the lowest bit. Bits are lost only
 * where the exponents differ so much that at most one leading bit cancels.
 */
static struct fp_num sum(struct fp_num a, struct fp_num b)
{
	enum fp_error error;

	normalise(&a);
	normalise(&b);
	if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
		struct fp_num t = a;

		a = b;
		b = t;
	}
	b.sig = fp_shift_right(b.sig, (unsigned int)(a.exp - b.exp), &error);
	b.sig |= error != FP_ERROR_NONE;
	a.sig = a.sign == b.sign ? a.sig + b.sig : a.sig - b.sig;
	return a;
}

/* Rounds the sum, whose exact zero takes its sign from the rounding mode. */
static uint64_t round_sum(struct fp_env *env, const struct fp_format *f, const struct fp_num *n)
{
	if (n->sig == 0) {
		return fp_zero(f, fp_env_rounding(env) == FP_NEG_INF);
	}
	return fp_round(env, f, n, fp_env_rounding(env));
}

static uint64_t add_signed(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
			   bool subtract)
{
	struct operands op;
	const struct fp_num *x = &op.n[0], *y = &op.n[1];
	struct fp_num total;
	uint64_t result;

	if (unpack_two(env, size, a, b, &op, &result)) {
		return result;
	}
	op.n[1].sign ^= subtract;
	if (x->type == FP_TYPE_INFINITY || y->type == FP_TYPE_INFINITY) {
		if (x->type == y->type && x->sign != y->sign) {
			return invalid(env, op.f);
		}
		return fp_infinity(op.f, x->type == FP_TYPE_INFINITY ? x->sign : y->sign);
	}
	if (x->type == FP_TYPE_ZERO && y->type == FP_TYPE_ZERO && x->sign == y->sign) {
		return fp_zero(op.f, x->sign);
	}
	if (x->type == FP_TYPE_ZERO) {
		total = *y;
	} else {
		total = y->type == FP_TYPE_ZERO ? *x : sum(*x, *y);
	}
	return round_sum(env, op.f, &total);
}

uint64_t fp_add(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return add_signed(env, size, a, b, false);
}

uint64_t fp_sub(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return add_signed(env, size, a, b, true);
}

static struct fp_num product(const struct fp_num *a, const struct fp_num *b)
{
	return (struct fp_num){FP_TYPE_NONZERO, a->sign != b->sign, a->exp + b->exp,
			       a->sig * b->sig};
}

static bool inf_times_zero(const struct fp_num *a, const struct fp_num *b)
{
	return (a->type == FP_TYPE_INFINITY && b->type == FP_TYPE_ZERO) ||
	       (a->type == FP_TYPE_ZERO && b->type == FP_TYPE_INFINITY);
}

/* FPMul, and FPMulX where infinity times zero is two. */
static uint64_t multiply(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
			 bool extended)
{
	struct operands op;
	const struct fp_num *x = &op.n[0], *y = &op.n[1];
	struct fp_num p;
	uint64_t result;
	bool sign;

	if (unpack_two(env, size, a, b, &op, &result)) {
		return result;
	}
	sign = x->sign != y->sign;
	if (inf_times_zero(x, y)) {
		return extended ? fp_pack(op.f, sign, (uint64_t)op.f->bias + 1, 0)
				: invalid(env, op.f);
	}
	if (x->type == FP_TYPE_INFINITY || y->type == FP_TYPE_INFINITY) {
		return fp_infinity(op.f, sign);
	}
	if (x->type == FP_TYPE_ZERO || y->type == FP_TYPE_ZERO) {
		return fp_zero(op.f, sign);
	}
	p = product(x, y);
	return fp_round(env, op.f, &p, fp_env_rounding(env));
}

uint64_t fp_mul(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return multiply(env, size, a, b, false);
}

uint64_t fp_mulx(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return multiply(env, size, a, b, true);
}

uint64_t fp_div(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	struct operands op;
	struct fp_num *x = &op.n[0], *y = &op.n[1], q;
	uint64_t result;
	bool sign;

	if (unpack_two(env, size, a, b, &op, &result)) {
		return result;
	}
	sign = x->sign != y->sign;
	if (x->type == y->type && (x->type == FP_TYPE_INFINITY || x->type == FP_TYPE_ZERO)) {
		return invalid(env, op.f);
	}
	if (x->type == FP_TYPE_INFINITY || y->type == FP_TYPE_ZERO) {
		if (x->type != FP_TYPE_INFINITY) {
			env->fpsr |= FPSR_DZC;
		}
		return fp_infinity(op.f, sign);
	}
	if (x->type == FP_TYPE_ZERO || y->type == FP_TYPE_INFINITY) {
		return fp_zero(op.f, sign);
	}
	normalise(x);
	q = (struct fp_num){FP_TYPE_NONZERO, sign, x->exp - y->exp, x->sig / y->sig};
	q.sig |= x->sig % y->sig != 0;
	return fp_round(env, op.f, &q, fp_env_rounding(env));
}

/* floor(sqrt(val)), one bit at a time. */
static u128 integer_sqrt(u128 val)
{
	u128 root = 0;

	for (u128 bit = (u128)1 << WORK_MSB / 2 * 2; bit; bit >>= 2) {
		if (val >= root + bit) {
			val -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

uint64_t fp_sqrt(struct fp_env *env, enum fp_size size, uint64_t a)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num n = fp_unpack(env, f, a), root;

	if (fp_num_is_nan(&n)) {
		return fp_process_nan(env, f, &n, a);
	}
	if (n.type == FP_TYPE_ZERO) {
		return fp_zero(f, n.sign);
	}
	if (n.sign) {
		return invalid(env, f);
	}
	if (n.type == FP_TYPE_INFINITY) {
		return fp_infinity(f, false);
	}
	normalise(&n);
	if (n.exp & 1) {
		n.sig >>= 1; /* shifts out a zero: significands have at most 53 bits */
		n.exp++;
	}
	root = (struct fp_num){FP_TYPE_NONZERO, false, n.exp / 2, integer_sqrt(n.sig)};
	root.sig = root.sig << 1 | (root.sig * root.sig != n.sig);
	root.exp--;
	return fp_round(env, f, &root, fp_env_rounding(env));
}

uint64_t fp_muladd(struct fp_env *env, enum fp_size size, uint64_t addend, uint64_t a, uint64_t b)
{
	const struct fp_format *f = fp_format(size);
	uint64_t bits[3] = {addend, a, b}, result;
	struct fp_num n[3], p, total;
	bool sign, invalid_product, inf;

	for (unsigned int i = 0; i < 3; i++) {
		n[i] = fp_unpack(env, f, bits[i]);
	}
	invalid_product = inf_times_zero(&n[1], &n[2]);
	if (process_nans(env, f, n, bits, 3, &result)) {
		return n[0].type == FP_TYPE_QNAN && invalid_product ? invalid(env, f) : result;
	}
	sign = n[1].sign != n[2].sign;
	inf = n[1].type == FP_TYPE_INFINITY || n[2].type == FP_TYPE_INFINITY;
	if (invalid_product || (n[0].type == FP_TYPE_INFINITY && inf && n[0].sign != sign)) {
		return invalid(env, f);
	}
	if (inf || n[0].type == FP_TYPE_INFINITY) {
		return fp_infinity(f, inf ? sign : n[0].sign);
	}
	if (n[1].type == FP_TYPE_ZERO || n[2].type == FP_TYPE_ZERO) {
		if (n[0].type == FP_TYPE_ZERO && n[0].sign == sign) {
			return fp_zero(f, sign);
		}
		return round_sum(env, f, &n[0]);
	}
	p = product(&n[1], &n[2]);
	total = n[0].type == FP_TYPE_ZERO ? p : sum(n[0], p);
	return round_sum(env, f, &total);
}

/* A denormal input as FPUnpack sees it under FZ: zero. */
static uint64_t flush_input(struct fp_env *env, const struct fp_format *f, uint64_t bits)
{
	return fp_unpack(env, f, bits).type == FP_TYPE_ZERO ? bits & 1ull << (f->bits - 1) : bits;
}

/* A key that orders all numbers but NaNs as their values; -0 and +0 are equal. */
static int64_t order_key(const struct fp_format *f, uint64_t bits)
{
	uint64_t sign = 1ull << (f->bits - 1);

	return bits & sign ? -(int64_t)(bits & ~sign) : (int64_t)bits;
}

static uint64_t max_or_min(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b, bool min)
{
	struct operands op;
	uint64_t result;

	if (unpack_two(env, size, a, b, &op, &result)) {
		return result;
	}
	if (op.n[0].type == FP_TYPE_ZERO && op.n[1].type == FP_TYPE_ZERO) {
		return fp_zero(op.f,
			       min ? op.n[0].sign || op.n[1].sign : op.n[0].sign && op.n[1].sign);
	}
	a = flush_input(env, op.f, a);
	b = flush_input(env, op.f, b);
	return (order_key(op.f, a) > order_key(op.f, b)) != min ? a : b;
}

uint64_t fp_max(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return max_or_min(env, size, a, b, false);
}

uint64_t fp_min(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return max_or_min(env, size, a, b, true);
}

/* FPMaxNum, FPMinNum: a quiet NaN loses against a number. */
static uint64_t max_or_min_num(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
			       bool min)
{
	const struct fp_format *f = fp_format(size);
	enum fp_type ta = fp_unpack(env, f, a).type, tb = fp_unpack(env, f, b).type;

	if (ta == FP_TYPE_QNAN && tb != FP_TYPE_QNAN) {
		a = fp_infinity(f, !min);
	} else if (ta != FP_TYPE_QNAN && tb == FP_TYPE_QNAN) {
		b = fp_infinity(f, !min);
	}
	return max_or_min(env, size, a, b, min);
}

uint64_t fp_maxnum(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return max_or_min_num(env, size, a, b, false);
}

uint64_t fp_minnum(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return max_or_min_num(env, size, a, b, true);
}

unsigned int fp_compare(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
			bool signal_nans)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num x = fp_unpack(env, f, a), y = fp_unpack(env, f, b);
	int64_t ka, kb;

	if (fp_num_is_nan(&x) || fp_num_is_nan(&y)) {
		if (x.type == FP_TYPE_SNAN || y.type == FP_TYPE_SNAN || signal_nans) {
			env->fpsr |= FPSR_IOC;
		}
		return FP_CMP_UNORDERED;
	}
	ka = order_key(f, flush_input(env, f, a));
	kb = order_key(f, flush_input(env, f, b));
	if (ka == kb) {
		return FP_CMP_EQUAL;
	}
	return ka < kb ? FP_CMP_LESS : FP_CMP_GREATER;
}

bool fp_compare_eq(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return fp_compare(env, size, a, b, false) == FP_CMP_EQUAL;
}

bool fp_compare_ge(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	unsigned int nzcv = fp_compare(env, size, a, b, true);

	return nzcv == FP_CMP_EQUAL || nzcv == FP_CMP_GREATER;
}

bool fp_compare_gt(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return fp_compare(env, size, a, b, true) == FP_CMP_GREATER;
}

/* constant - a * b, rounded once and scaled by 2^scale; the core of FRECPS and FRSQRTS. */
static uint64_t fused_step(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b,
			   unsigned int constant, int scale)
{
	struct fp_num c = {FP_TYPE_NONZERO, false, scale, constant}, p;
	struct operands op;
	uint64_t result;

	if (unpack_two(env, size, fp_neg(size, a), b, &op, &result)) {
		return result;
	}
	if (op.n[0].type == FP_TYPE_ZERO || op.n[1].type == FP_TYPE_ZERO) {
		return fp_round(env, op.f, &c, FP_ZERO); /* also infinity times zero */
	}
	if (op.n[0].type == FP_TYPE_INFINITY || op.n[1].type == FP_TYPE_INFINITY) {
		return fp_infinity(op.f, op.n[0].sign != op.n[1].sign);
	}
	p = product(&op.n[0], &op.n[1]);
	p.exp += scale;
	c = sum(c, p);
	return round_sum(env, op.f, &c);
}

uint64_t fp_recip_step(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return fused_step(env, size, a, b, 2, 0);
}

uint64_t fp_rsqrt_step(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return fused_step(env, size, a, b, 3, -1);
}

/* RecipEstimate: a in 256..511 stands for 0.5 .. 1; the result for 1 .. 2. */
static unsigned int recip_estimate_table(unsigned int a)
{
	return ((1u << 19) / (a * 2 + 1) + 1) / 2;
}

/* RecipSqrtEstimate: a in 128..511. */
static unsigned int rsqrt_estimate_table(unsigned int a)
{
	unsigned int b = 512;

	a = a < 256 ? a * 2 + 1 : ((a & ~1u) + 1) * 2;
	while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28) {
		b++;
	}
	return (b + 1) / 2;
}

/* The significand of a number, left-justified in 53 bits (bit 52 set), and its biased exponent. */
static uint64_t justified(const struct fp_format *f, const struct fp_num *n, int *biased)
{
	int msb = (int)fp_msb(n->sig);

	*biased = n->exp + msb + f->bias;
	return (uint64_t)n->sig << (52 - msb);
}

uint64_t fp_recip_estimate(struct fp_env *env, enum fp_size size, uint64_t a)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num n = fp_unpack(env, f, a);
	uint64_t mant;
	unsigned int frac;
	int biased, exp;

	if (fp_num_is_nan(&n)) {
		return fp_process_nan(env, f, &n, a);
	}
	if (n.type == FP_TYPE_INFINITY) {
		return fp_zero(f, n.sign);
	}
	if (n.type == FP_TYPE_ZERO) {
		env->fpsr |= FPSR_DZC;
		return fp_infinity(f, n.sign);
	}
	mant = justified(f, &n, &biased);
	if (biased < -1) { /* |a| < 2^-128 or 2^-1024: the reciprocal is too large */
		return overflow(env, f, n.sign, fp_env_rounding(env));
	}
	exp = 2 * f->bias - 1 - biased;
	if ((env->fpcr & FPCR_FZ) && exp <= 0) {
		env->fpsr |= FPSR_UFC;
		return fp_zero(f, n.sign);
	}
	frac = recip_estimate_table((unsigned int)(mant >> 44)) & 0xff;
	mant = (uint64_t)frac << 44;
	if (exp == 0) {
		mant = 1ull << 51 | mant >> 1;
	} else if (exp == -1) {
		mant = 1ull << 50 | mant >> 2;
		exp = 0;
	}
	return fp_pack(f, n.sign, (uint64_t)exp, mant >> (52 - f->frac_bits));
}

uint64_t fp_rsqrt_estimate(struct fp_env *env, enum fp_size size, uint64_t a)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num n = fp_unpack(env, f, a);
	unsigned int scaled, frac;
	uint64_t mant;
	int biased, exp;

	if (fp_num_is_nan(&n)) {
		return fp_process_nan(env, f, &n, a);
	}
	if (n.type == FP_TYPE_ZERO) {
		env->fpsr |= FPSR_DZC;
		return fp_infinity(f, n.sign);
	}
	if (n.sign) {
		return invalid(env, f);
	}
	if (n.type == FP_TYPE_INFINITY) {
		return fp_zero(f, false);
	}
	mant = justified(f, &n, &biased);
	scaled = (unsigned int)(mant >> (biased & 1 ? 45 : 44));
	exp = (3 * f->bias - 1 - biased) / 2;
	frac = rsqrt_estimate_table(scaled) & 0xff;
	return fp_pack(f, false, (uint64_t)exp, (uint64_t)frac << (f->frac_bits - 8));
}

uint64_t fp_recip_exponent(struct fp_env *env, enum fp_size size, uint64_t a)
{
	const struct fp_format *f = fp_format(size);
	struct fp_num n = fp_unpack(env, f, a);
	uint64_t exp = a >> f->frac_bits & fp_max_exp(f);

	if (fp_num_is_nan(&n)) {
		return fp_process_nan(env, f, &n, a);
	}
	return fp_pack(f, n.sign, exp ? ~exp & fp_max_exp(f) : fp_max_exp(f) - 1, 0);
}

uint32_t fp_unsigned_recip_estimate(uint32_t a)
{
	return a >> 31 ? recip_estimate_table(a >> 23) << 23 : UINT32_MAX;
}

uint32_t fp_unsigned_rsqrt_estimate(uint32_t a)
{
	return a >> 30 ? rsqrt_estimate_table(a >> 23) << 23 : UINT32_MAX;
}
