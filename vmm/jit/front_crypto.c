// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_crypto.c - AES, PMULL, SHA1 and SHA256, where the host has instructions for them.
 */
#include "front_simd.h"

static bool crypto_append(struct front *f, enum ir_vec kind)
{
	front_simd_append(f, kind, 2);
	return true;
}

static bool crypto_unary(struct front *f, enum ir_vec kind)
{
	front_simd_op(f, kind, 0, f_rd(f->insn), f_rn(f->insn), IR_NONE);
	return true;
}

/* AESE and AESD: Rd is data, Rn the key. */
static bool crypto_round(struct front *f, enum ir_vec kind)
{
	front_simd_op(f, kind, 0, f_rd(f->insn), f_rd(f->insn), f_rn(f->insn));
	return true;
}

/* AESMC and AESIMC mostly follow the other half of their round at once, which the host does at one
 * go. */
static bool crypto_mix(struct front *f, enum ir_vec kind, enum ir_vec half, enum ir_vec round)
{
	struct ir_op *last = front_last(f, IR_VEC);
	uint32_t i = f->insn;

	if (last && last->aux == half && last->dst == f_rn(i) && f_rd(i) == f_rn(i)) {
		last->aux = (uint8_t)round;
		return true;
	}
	return crypto_unary(f, kind);
}

static bool crypto_aes(struct front *f)
{
	switch (f->op) {
	case A64_AESE:
		return crypto_round(f, IR_VEC_AESE);
	case A64_AESD:
		return crypto_round(f, IR_VEC_AESD);
	case A64_AESMC:
		return crypto_mix(f, IR_VEC_AESMC, IR_VEC_AESE, IR_VEC_AESE_AESMC);
	default:
		return crypto_mix(f, IR_VEC_AESIMC, IR_VEC_AESD, IR_VEC_AESD_AESIMC);
	}
}

static bool crypto_pmull(struct front *f)
{
	uint32_t i = f->insn;

	front_simd_op(f, IR_VEC_PMULL, 0, f_rd(i), f_rn(i), f_rm(i))->c = f_q(i);
	return true;
}

/* to = the words of `from`, rotated to the left by n. */
static void crypto_rotate(struct front *f, unsigned int to, unsigned int from, unsigned int n)
{
	front_simd_op(f, IR_VEC_USHR, 2, IR_VT1, from, IR_NONE)->imm = 32 - n;
	front_simd_op(f, IR_VEC_SHL, 2, IR_VT2, from, IR_NONE)->imm = n;
	front_simd_op(f, IR_VEC_OR, 2, to, IR_VT1, IR_VT2);
}

static bool crypto_sha1h(struct front *f)
{
	crypto_rotate(f, IR_VT0, f_rn(f->insn), 30);
	front_simd_op(f, IR_VEC_ELEMENT, 2, f_rd(f->insn), IR_VT0, IR_NONE);
	return true;
}

static bool crypto_sha1su0(struct front *f)
{
	unsigned int d = f_rd(f->insn);

	front_simd_op(f, IR_VEC_EXT, 0, IR_VT0, d, f_rn(f->insn))->imm = 8;
	front_simd_op(f, IR_VEC_XOR, 0, IR_VT0, IR_VT0, f_rm(f->insn));
	front_simd_op(f, IR_VEC_XOR, 0, IR_VT0, IR_VT0, d);
	front_simd_op(f, IR_VEC_OR, 0, d, IR_VT0, IR_VT0)->wide = true;
	return true;
}

/* The last word depends on the first one's result. */
static bool crypto_sha1su1(struct front *f)
{
	unsigned int d = f_rd(f->insn);

	front_simd_op(f, IR_VEC_MOVI, 3, IR_VT3, IR_NONE, IR_NONE);
	front_simd_op(f, IR_VEC_EXT, 0, IR_VT0, f_rn(f->insn), IR_VT3)->imm = 4;
	front_simd_op(f, IR_VEC_XOR, 0, IR_VT0, IR_VT0, d);
	crypto_rotate(f, IR_VT0, IR_VT0, 1);
	front_simd_op(f, IR_VEC_EXT, 0, IR_VT3, IR_VT3, IR_VT0)->imm = 4;
	crypto_rotate(f, IR_VT3, IR_VT3, 1);
	front_simd_op(f, IR_VEC_XOR, 0, d, IR_VT0, IR_VT3)->wide = true;
	return true;
}

static bool crypto_sha1(struct front *f)
{
	switch (f->op) {
	case A64_SHA1C:
	case A64_SHA1P:
	case A64_SHA1M:
		front_simd_append(f, IR_VEC_SHA1, 2)->imm = f->op == A64_SHA1C   ? 0
							    : f->op == A64_SHA1P ? 1
										 : 2;
		return true;
	case A64_SHA1H:
		return crypto_sha1h(f);
	case A64_SHA1SU0:
		return crypto_sha1su0(f);
	default:
		return crypto_sha1su1(f);
	}
}

bool front_crypto(struct front *f)
{
	switch (f->op) {
	case A64_AESE:
	case A64_AESD:
	case A64_AESMC:
	case A64_AESIMC:
		return __builtin_cpu_supports("aes") && crypto_aes(f);
	case A64_PMULL_1Q:
		return __builtin_cpu_supports("pclmul") && crypto_pmull(f);
	case A64_SHA256H:
		return __builtin_cpu_supports("sha") && crypto_append(f, IR_VEC_SHA256H);
	case A64_SHA256H2:
		return __builtin_cpu_supports("sha") && crypto_append(f, IR_VEC_SHA256H2);
	case A64_SHA256SU0:
		return __builtin_cpu_supports("sha") && crypto_unary(f, IR_VEC_SHA256SU0);
	case A64_SHA256SU1:
		return __builtin_cpu_supports("sha") && crypto_append(f, IR_VEC_SHA256SU1);
	default:
		return __builtin_cpu_supports("sha") && crypto_sha1(f);
	}
}
