// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_fp.c - fp.c against the FPU of the machine that builds, which knows IEEE 754 independently.
 *
 *	test_fp [OPERANDS [SEED]]
 *
 * Each operation, in single and double precision, in the four rounding modes, with and without FZ
 * and DN, on corner values and random numbers near them: result and all of FPSR's bits. The host
 * rounds and raises flags; what Arm does differently is added here from the Arm ARM (A1.5):
 *   - which NaN is the result, and that the default one is positive;
 *   - FZ flushes operands (IDC) and results (UFC alone);
 *   - tininess is detected before rounding. The same operation rounded towards zero tells.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fp.h"

#define DEFAULT_OPERANDS 20000u

#define MXCSR_MASKS 0x1f80u
#define MXCSR_IE    0x01u
#define MXCSR_ZE    0x04u
#define MXCSR_OE    0x08u
#define MXCSR_UE    0x10u
#define MXCSR_PE    0x20u

enum op { ADD, SUB, MUL, DIV, SQRT, MULADD, RINTX, CONVERT, NR_OPS };

static const char *const op_names[NR_OPS] = {"add",  "sub",    "mul",   "div",
					     "sqrt", "muladd", "rintx", "convert"};

static uint64_t seed;

static uint64_t rnd(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

static unsigned int frac_bits(enum fp_size size)
{
	return size == FP_SINGLE ? 23 : 52;
}

static uint64_t infinity(enum fp_size size)
{
	return size == FP_SINGLE ? 0x7f800000 : 0x7ff0000000000000;
}

static uint64_t quiet_bit(enum fp_size size)
{
	return 1ull << (frac_bits(size) - 1);
}

static uint64_t min_normal(enum fp_size size)
{
	return 1ull << frac_bits(size);
}

static bool is_nan(enum fp_size size, uint64_t a)
{
	return fp_abs(size, a) > infinity(size);
}

static bool is_snan(enum fp_size size, uint64_t a)
{
	return is_nan(size, a) && !(a & quiet_bit(size));
}

static bool is_denormal(enum fp_size size, uint64_t a)
{
	return fp_abs(size, a) && fp_abs(size, a) < min_normal(size);
}

#define HOST(suffix, x, y, z)                                                                      \
	switch (op) {                                                                              \
	case ADD:                                                                                  \
		__asm__ volatile("adds" suffix " %1, %0" : "+x"(x) : "x"(y));                      \
		break;                                                                             \
	case SUB:                                                                                  \
		__asm__ volatile("subs" suffix " %1, %0" : "+x"(x) : "x"(y));                      \
		break;                                                                             \
	case MUL:                                                                                  \
		__asm__ volatile("muls" suffix " %1, %0" : "+x"(x) : "x"(y));                      \
		break;                                                                             \
	case DIV:                                                                                  \
		__asm__ volatile("divs" suffix " %1, %0" : "+x"(x) : "x"(y));                      \
		break;                                                                             \
	case SQRT:                                                                                 \
		__asm__ volatile("sqrts" suffix " %0, %0" : "+x"(x));                              \
		break;                                                                             \
	case MULADD:                                                                               \
		__asm__ volatile("vfmadd231s" suffix " %2, %1, %0" : "+x"(x) : "x"(y), "x"(z));    \
		break;                                                                             \
	default: /* RINTX, in the current rounding mode */                                         \
		__asm__ volatile("rounds" suffix " $4, %0, %0" : "+x"(x));                         \
		break;                                                                             \
	}

/* A conversion to the other size. */
static uint64_t host_convert(enum fp_size size, uint64_t a)
{
	double d;
	float f;

	if (size == FP_DOUBLE) {
		memcpy(&d, &a, 8);
		__asm__ volatile("cvtsd2ss %1, %0" : "=x"(f) : "x"(d));
		a = 0;
		memcpy(&a, &f, 4);
	} else {
		memcpy(&f, &a, 4);
		__asm__ volatile("cvtss2sd %1, %0" : "=x"(d) : "x"(f));
		memcpy(&a, &d, 8);
	}
	return a;
}

static uint64_t host_arithmetic(enum op op, enum fp_size size, const uint64_t v[3])
{
	double d[3];
	float f[3];
	uint64_t r = 0;

	for (unsigned int i = 0; i < 3; i++) {
		memcpy(&d[i], &v[i], 8);
		memcpy(&f[i], &v[i], 4);
	}
	if (size == FP_DOUBLE) {
		HOST("d", d[0], d[1], d[2])
		memcpy(&r, &d[0], 8);
	} else {
		HOST("s", f[0], f[1], f[2])
		memcpy(&r, &f[0], 4);
	}
	return r;
}

/* What the host computes; *flags: MXCSR's. */
static uint64_t host(enum op op, enum fp_size size, enum fp_rounding rounding, const uint64_t v[3],
		     uint32_t *flags)
{
	static const uint32_t modes[4] = {0, 2, 1, 3}; /* x86: nearest, down, up, zero */
	uint32_t control = MXCSR_MASKS | modes[rounding] << 13, normal = MXCSR_MASKS;
	uint64_t r;

	__asm__ volatile("ldmxcsr %0" : : "m"(control));
	r = op == CONVERT ? host_convert(size, v[0]) : host_arithmetic(op, size, v);
	__asm__ volatile("stmxcsr %0" : "=m"(*flags));
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	return r;
}

/* FPProcessNaNs: a signalling one first, then the first. False when there is none. */
static bool nan_result(struct fp_env *env, enum fp_size size, unsigned int nr, const uint64_t v[3],
		       uint64_t *result)
{
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int i = 0; i < nr; i++) {
			if (pass == 0 ? is_snan(size, v[i]) : is_nan(size, v[i])) {
				env->fpsr |= pass == 0 ? FPSR_IOC : 0;
				*result = env->fpcr & FPCR_DN ? infinity(size) | quiet_bit(size)
							      : v[i] | quiet_bit(size);
				return true;
			}
		}
	}
	return false;
}

/* A NaN of one size in the other: sign, and the fraction's upper bits. */
static uint64_t nan_convert(enum fp_size from, uint64_t a)
{
	return from == FP_DOUBLE
		       ? (a >> 32 & 0x80000000) | 0x7fc00000 | (a >> 29 & 0x3fffff)
		       : (a & 0x80000000) << 32 | 0x7ff8000000000000 | (a & 0x3fffff) << 29;
}

/* Before rounding the result is not zero and below the smallest normal number. */
static bool is_tiny(enum op op, enum fp_size size, enum fp_size to, const uint64_t v[3])
{
	uint32_t flags;
	uint64_t r = fp_abs(to, host(op, size, FP_ZERO, v, &flags));

	return r < min_normal(to) && (r || (flags & MXCSR_PE));
}

/* An infinity times zero. */
static bool is_invalid_product(enum fp_size size, uint64_t a, uint64_t b)
{
	return (fp_abs(size, a) == infinity(size) && fp_abs(size, b) == 0) ||
	       (fp_abs(size, b) == infinity(size) && fp_abs(size, a) == 0);
}

static uint64_t expected(struct fp_env *env, enum op op, enum fp_size size, const uint64_t in[3])
{
	unsigned int nr = op < SQRT ? 2 : op == MULADD ? 3 : 1;
	enum fp_size to = op != CONVERT ? size : size == FP_SINGLE ? FP_DOUBLE : FP_SINGLE;
	uint64_t v[3] = {in[0], in[1], in[2]}, r;
	uint32_t flags;

	for (unsigned int i = 0; i < nr; i++) {
		if ((env->fpcr & FPCR_FZ) && is_denormal(size, v[i])) {
			v[i] &= fp_sign_bit(size);
			env->fpsr |= FPSR_IDC;
		}
	}
	if (nan_result(env, size, nr, v, &r)) {
		if (op == MULADD && is_nan(size, v[0]) && !is_snan(size, v[0]) &&
		    is_invalid_product(size, v[1], v[2])) {
			env->fpsr |= FPSR_IOC;
			return infinity(size) | quiet_bit(size);
		}
		return op == CONVERT ? nan_convert(size, r) : r;
	}
	r = host(op, size, fp_env_rounding(env), v, &flags);
	if (flags & MXCSR_IE) {
		env->fpsr |= FPSR_IOC;
		return infinity(to) | quiet_bit(to);
	}
	if (op != RINTX && is_tiny(op, size, to, v)) {
		if (env->fpcr & FPCR_FZ) {
			env->fpsr |= FPSR_UFC;
			return r & fp_sign_bit(to);
		}
		env->fpsr |= flags & MXCSR_PE ? FPSR_UFC : 0;
	}
	env->fpsr |= (flags & MXCSR_ZE ? FPSR_DZC : 0) | (flags & MXCSR_OE ? FPSR_OFC : 0) |
		     (flags & MXCSR_PE ? FPSR_IXC : 0);
	return r;
}

static uint64_t computed(struct fp_env *env, enum op op, enum fp_size size, const uint64_t v[3])
{
	switch (op) {
	case ADD:
		return fp_add(env, size, v[0], v[1]);
	case SUB:
		return fp_sub(env, size, v[0], v[1]);
	case MUL:
		return fp_mul(env, size, v[0], v[1]);
	case DIV:
		return fp_div(env, size, v[0], v[1]);
	case SQRT:
		return fp_sqrt(env, size, v[0]);
	case MULADD:
		return fp_muladd(env, size, v[0], v[1], v[2]);
	case RINTX:
		return fp_round_int(env, size, v[0], fp_env_rounding(env), true);
	default:
		return fp_convert(env, size == FP_SINGLE ? FP_DOUBLE : FP_SINGLE, size, v[0],
				  fp_env_rounding(env));
	}
}

/* Exponents where something happens, or the neighbour of another operand; few fraction bits, or
 * many. */
static uint64_t operand(enum fp_size size, uint64_t other)
{
	unsigned int frac = frac_bits(size);
	uint64_t low = min_normal(size) - 1, max = infinity(size) >> frac, bias = max / 2;
	const uint64_t exponents[] = {0,          1,    frac,        bias - frac,     bias / 2,
				      bias - 127, bias, bias + frac, bias + bias / 2, bias + 127,
				      max - 1,    max};
	const uint64_t fractions[] = {0,
				      1,
				      low,
				      low >> 1,
				      (low >> 1) + 1,
				      low - 1,
				      rnd() & low,
				      rnd() & low,
				      rnd() & rnd() & rnd() & low};
	uint64_t exponent = exponents[rnd() % 12] + rnd() % 3 - 1;

	if (rnd() % 8 == 0) {
		return other ^ (rnd() % 4) ^ (rnd() & fp_sign_bit(size));
	}
	if (rnd() % 4 == 0) {
		exponent = rnd();
	}
	return (rnd() & fp_sign_bit(size)) | (exponent & max) << frac | fractions[rnd() % 9];
}

static bool check(enum op op, enum fp_size size, uint32_t fpcr, const uint64_t v[3])
{
	struct fp_env want = {.fpcr = fpcr}, got = {.fpcr = fpcr};
	uint64_t want_result = expected(&want, op, size, v);
	uint64_t got_result = computed(&got, op, size, v);

	if (want_result == got_result && want.fpsr == got.fpsr) {
		return true;
	}
	printf("  %s of %u bits, FPCR %08x: %" PRIx64 " %" PRIx64 " %" PRIx64 "\n"
	       "    expected %" PRIx64 ", FPSR %02x; fp.c %" PRIx64 ", FPSR %02x\n",
	       op_names[op], 8u << size, fpcr, v[0], v[1], v[2], want_result, want.fpsr, got_result,
	       got.fpsr);
	return false;
}

/* All controls on many operands; returns how many differ. */
static unsigned int check_op(enum op op, enum fp_size size, unsigned long operands)
{
	unsigned int failed = 0;

	for (unsigned long i = 0; i < operands && failed < 5; i++) {
		uint64_t v[3];

		v[0] = operand(size, 0);
		v[1] = operand(size, v[0]);
		v[2] = operand(size, v[1]);
		for (uint32_t control = 0; control < 16; control++) {
			failed += !check(op, size, control << FPCR_RMODE_SHIFT, v);
		}
	}
	return failed;
}

int main(int argc, char **argv)
{
	unsigned long operands = argc > 1 ? strtoul(argv[1], NULL, 0) : DEFAULT_OPERANDS;
	bool passed = true;

	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260102;
	__builtin_cpu_init();
	for (enum op op = ADD; op < NR_OPS; op++) {
		if (op == MULADD && !__builtin_cpu_supports("fma")) {
			printf("SKIP: fp.c like the host's FPU: muladd (no FMA here)\n");
			continue;
		}
		if (check_op(op, FP_SINGLE, operands) + check_op(op, FP_DOUBLE, operands)) {
			printf("FAIL: fp.c like the host's FPU: %s\n", op_names[op]);
			passed = false;
		} else {
			printf("PASS: fp.c like the host's FPU: %s\n", op_names[op]);
		}
	}
	return passed ? 0 : 1;
}
