// SPDX-License-Identifier: BSD-3-Clause
/*
 * fast_permute.c - quick permutes, table look-ups, cryptography and CRCs, with the host's own
 * instructions (SSE4.2 always; AES and PCLMULQDQ where the host has them).
 */
#include <immintrin.h>

#include "fast_lanes.h"

static __m128i load(const struct jit_cpu *cpu, unsigned int n)
{
	return _mm_load_si128((const __m128i *)&cpu->v[n]);
}

static enum exec_result store(struct jit_cpu *cpu, uint32_t insn, __m128i val)
{
	if (!f_q(insn)) {
		val = _mm_move_epi64(val);
	}
	_mm_store_si128((__m128i *)&cpu->v[f_rd(insn)], val);
	return EXEC_NEXT;
}

static __m128i interleave_low(__m128i n, __m128i m, unsigned int lg)
{
	switch (lg) {
	case 0:
		return _mm_unpacklo_epi8(n, m);
	case 1:
		return _mm_unpacklo_epi16(n, m);
	case 2:
		return _mm_unpacklo_epi32(n, m);
	default:
		return _mm_unpacklo_epi64(n, m);
	}
}

static __m128i interleave_high(__m128i n, __m128i m, unsigned int lg)
{
	switch (lg) {
	case 0:
		return _mm_unpackhi_epi8(n, m);
	case 1:
		return _mm_unpackhi_epi16(n, m);
	case 2:
		return _mm_unpackhi_epi32(n, m);
	default:
		return _mm_unpackhi_epi64(n, m);
	}
}

enum exec_result fast_zip1(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn,
		     interleave_low(load(cpu, f_rn(insn)), load(cpu, f_rm(insn)), f_vsize(insn)));
}

enum exec_result fast_zip2(struct jit_cpu *cpu, uint32_t insn)
{
	__m128i n = load(cpu, f_rn(insn)), m = load(cpu, f_rm(insn));

	if (f_q(insn)) {
		return store(cpu, insn, interleave_high(n, m, f_vsize(insn)));
	}
	return store(cpu, insn, _mm_srli_si128(interleave_low(n, m, f_vsize(insn)), 8));
}

/* Byte shuffles that gather the even elements into the lower half and the odd ones into the upper.
 */
static const uint8_t gather[4][16] __attribute__((aligned(16))) = {
	{0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15},
	{0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15},
	{0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15},
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
};

static enum exec_result unzip(struct jit_cpu *cpu, uint32_t insn, bool odd)
{
	__m128i order = _mm_load_si128((const __m128i *)gather[f_vsize(insn)]);
	__m128i n = load(cpu, f_rn(insn)), m = load(cpu, f_rm(insn));

	if (!f_q(insn)) {
		n = _mm_shuffle_epi8(_mm_unpacklo_epi64(n, m), order);
		return store(cpu, insn, odd ? _mm_srli_si128(n, 8) : n);
	}
	n = _mm_shuffle_epi8(n, order);
	m = _mm_shuffle_epi8(m, order);
	return store(cpu, insn, odd ? _mm_unpackhi_epi64(n, m) : _mm_unpacklo_epi64(n, m));
}

enum exec_result fast_uzp1(struct jit_cpu *cpu, uint32_t insn)
{
	return unzip(cpu, insn, false);
}

enum exec_result fast_uzp2(struct jit_cpu *cpu, uint32_t insn)
{
	return unzip(cpu, insn, true);
}

/* TRN: the even (or odd) elements of both, side by side. */
static enum exec_result transpose(struct jit_cpu *cpu, uint32_t insn, bool odd)
{
	unsigned int lg = f_vsize(insn);
	__m128i n = load(cpu, f_rn(insn)), m = load(cpu, f_rm(insn)), low;

	if (lg == 3) {
		return store(cpu, insn, odd ? _mm_unpackhi_epi64(n, m) : _mm_unpacklo_epi64(n, m));
	}
	/* The even elements as the low halves of elements twice as wide. */
	low = _mm_set1_epi64x(lg == 0   ? 0x00ff00ff00ff00ff
			      : lg == 1 ? 0x0000ffff0000ffff
					: 0xffffffff);
	if (odd) {
		n = _mm_srli_epi64(_mm_andnot_si128(low, n), 8 << lg);
		m = _mm_andnot_si128(low, m);
	} else {
		n = _mm_and_si128(low, n);
		m = _mm_slli_epi64(_mm_and_si128(low, m), 8 << lg);
	}
	return store(cpu, insn, _mm_or_si128(n, m));
}

enum exec_result fast_trn1(struct jit_cpu *cpu, uint32_t insn)
{
	return transpose(cpu, insn, false);
}

enum exec_result fast_trn2(struct jit_cpu *cpu, uint32_t insn)
{
	return transpose(cpu, insn, true);
}

enum exec_result fast_ext(struct jit_cpu *cpu, uint32_t insn)
{
	uint8_t both[32];
	__m128i n = load(cpu, f_rn(insn)), m = load(cpu, f_rm(insn));

	if (!f_q(insn)) {
		n = _mm_unpacklo_epi64(n, m);
	}
	_mm_storeu_si128((__m128i *)both, n);
	_mm_storeu_si128((__m128i *)(both + 16), m);
	return store(cpu, insn, _mm_loadu_si128((const __m128i *)(both + f_imm4(insn))));
}

/* Bytes of one table register: PSHUFB gives zero where the index's top bit is set. */
static __m128i look_up(__m128i table, __m128i index)
{
	return _mm_shuffle_epi8(table, _mm_adds_epu8(index, _mm_set1_epi8(0x70)));
}

static __m128i look_up_all(const struct jit_cpu *cpu, uint32_t insn, __m128i index)
{
	__m128i out = _mm_setzero_si128();

	for (unsigned int r = 0; r <= f_len(insn); r++) {
		out = _mm_or_si128(out, look_up(load(cpu, (f_rn(insn) + r) & 31), index));
		index = _mm_sub_epi8(index, _mm_set1_epi8(16));
	}
	return out;
}

enum exec_result fast_tbl(struct jit_cpu *cpu, uint32_t insn)
{
	return store(cpu, insn, look_up_all(cpu, insn, load(cpu, f_rm(insn))));
}

enum exec_result fast_tbx(struct jit_cpu *cpu, uint32_t insn)
{
	__m128i index = load(cpu, f_rm(insn));
	__m128i last = _mm_set1_epi8((char)(16 * f_len(insn) + 15));
	__m128i inside = _mm_cmpeq_epi8(_mm_max_epu8(index, last), last);
	__m128i out = look_up_all(cpu, insn, index);

	return store(cpu, insn, _mm_blendv_epi8(load(cpu, f_rd(insn)), out, inside));
}

static enum exec_result duplicate(struct jit_cpu *cpu, uint32_t insn, uint64_t val)
{
	switch (__builtin_ctz(f_imm5(insn))) {
	case 0:
		return store(cpu, insn, _mm_set1_epi8((char)val));
	case 1:
		return store(cpu, insn, _mm_set1_epi16((short)val));
	case 2:
		return store(cpu, insn, _mm_set1_epi32((int)val));
	default:
		return store(cpu, insn, _mm_set1_epi64x((long long)val));
	}
}

enum exec_result fast_dup_r(struct jit_cpu *cpu, uint32_t insn)
{
	return duplicate(cpu, insn, reg_x(cpu, f_rn(insn)));
}

enum exec_result fast_dup_e(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int lg = (unsigned int)__builtin_ctz(f_imm5(insn));

	return duplicate(cpu, insn, elem_get(&cpu->v[f_rn(insn)], lg, f_imm5(insn) >> (lg + 1)));
}

/* AES. AESE is AESENCLAST with the key added before instead of after; AESMC is what remains. */
#define HOST_AES __attribute__((target("aes")))

static HOST_AES void aes_encrypt(struct jit_cpu *cpu, uint32_t insn)
{
	__m128i v = _mm_xor_si128(load(cpu, f_rd(insn)), load(cpu, f_rn(insn)));

	v = _mm_aesenclast_si128(v, _mm_setzero_si128());
	_mm_store_si128((__m128i *)&cpu->v[f_rd(insn)], v);
}

static HOST_AES void aes_decrypt(struct jit_cpu *cpu, uint32_t insn)
{
	__m128i v = _mm_xor_si128(load(cpu, f_rd(insn)), load(cpu, f_rn(insn)));

	v = _mm_aesdeclast_si128(v, _mm_setzero_si128());
	_mm_store_si128((__m128i *)&cpu->v[f_rd(insn)], v);
}

/* MixColumns alone: AESDECLAST undoes the SubBytes and ShiftRows of AESENC. */
static HOST_AES void aes_mix(struct jit_cpu *cpu, uint32_t insn)
{
	__m128i zero = _mm_setzero_si128(), v = _mm_aesdeclast_si128(load(cpu, f_rn(insn)), zero);

	_mm_store_si128((__m128i *)&cpu->v[f_rd(insn)], _mm_aesenc_si128(v, zero));
}

static HOST_AES void aes_inverse_mix(struct jit_cpu *cpu, uint32_t insn)
{
	_mm_store_si128((__m128i *)&cpu->v[f_rd(insn)], _mm_aesimc_si128(load(cpu, f_rn(insn))));
}

#define FAST_AES(name, quick)                                                                      \
	enum exec_result fast_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		if (!__builtin_cpu_supports("aes")) {                                              \
			return exec_##name(cpu, insn);                                             \
		}                                                                                  \
		quick(cpu, insn);                                                                  \
		return EXEC_NEXT;                                                                  \
	}

FAST_AES(aese, aes_encrypt)
FAST_AES(aesd, aes_decrypt)
FAST_AES(aesmc, aes_mix)
FAST_AES(aesimc, aes_inverse_mix)

static __attribute__((target("pclmul"))) __m128i polynomial_product(__m128i n, __m128i m, bool high)
{
	return high ? _mm_clmulepi64_si128(n, m, 0x11) : _mm_clmulepi64_si128(n, m, 0);
}

enum exec_result fast_pmull_1q(struct jit_cpu *cpu, uint32_t insn)
{
	if (!__builtin_cpu_supports("pclmul")) {
		return exec_pmull_1q(cpu, insn);
	}
	_mm_store_si128(
		(__m128i *)&cpu->v[f_rd(insn)],
		polynomial_product(load(cpu, f_rn(insn)), load(cpu, f_rm(insn)), f_q(insn)));
	return EXEC_NEXT;
}

/* CRC-32C has an instruction; CRC-32 a table of nibbles. */
enum exec_result fast_crc32c(struct jit_cpu *cpu, uint32_t insn)
{
	uint32_t crc = reg_w(cpu, f_rn(insn));
	uint64_t val = reg_x(cpu, f_rm(insn));

	switch (f_crcsz(insn)) {
	case 0:
		crc = _mm_crc32_u8(crc, (uint8_t)val);
		break;
	case 1:
		crc = _mm_crc32_u16(crc, (uint16_t)val);
		break;
	case 2:
		crc = _mm_crc32_u32(crc, (uint32_t)val);
		break;
	default:
		crc = (uint32_t)_mm_crc32_u64(crc, val);
		break;
	}
	reg_set_x(cpu, f_rd(insn), crc);
	return EXEC_NEXT;
}

enum exec_result fast_crc32(struct jit_cpu *cpu, uint32_t insn)
{
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
					   0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
					   0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
					   0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = reg_w(cpu, f_rn(insn));
	uint64_t val = reg_x(cpu, f_rm(insn));

	for (unsigned int i = 0; i < 2u << f_crcsz(insn); i++, val >>= 4) {
		crc = crc >> 4 ^ table[(crc ^ val) & 15];
	}
	reg_set_x(cpu, f_rd(insn), crc);
	return EXEC_NEXT;
}
