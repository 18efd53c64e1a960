// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_simd_misc.c - SIMD shifts by immediate, modified immediates, permutes, table look-up, and
 * copies between elements and general registers (Arm ARM C4.1.90).
 */
#include "exec_simd.h"

/*
 * Shift by immediate: the top set bit of immh gives the element size, immh:immb the amount: shifts
 * left count up from the size, shifts right down from twice the size.
 */
static unsigned int immh_lg(uint32_t insn)
{
	return 31 - (unsigned int)__builtin_clz(f_immh(insn));
}

static struct simd_shape shape_imm(uint32_t insn, bool left)
{
	uint8_t lg = (uint8_t)immh_lg(insn);
	unsigned int bits = 8u << lg, immhb = f_immh(insn) << 3 | f_immb(insn);

	return (struct simd_shape){.bits = bits,
				   .nr = (8u << f_q(insn)) >> lg,
				   .lgd = lg,
				   .lgn = lg,
				   .has_imm = true,
				   .imm = left ? immhb - bits : 2 * bits - immhb};
}

static struct simd_shape shape_right(uint32_t insn)
{
	return shape_imm(insn, false);
}

static struct simd_shape shape_left(uint32_t insn)
{
	return shape_imm(insn, true);
}

static struct simd_shape shape_right_scalar(uint32_t insn)
{
	struct simd_shape s = shape_imm(insn, false);

	s.nr = 1;
	return s;
}

static struct simd_shape shape_left_scalar(uint32_t insn)
{
	struct simd_shape s = shape_imm(insn, true);

	s.nr = 1;
	return s;
}

static struct simd_shape shape_right_narrow(uint32_t insn)
{
	struct simd_shape s = shape_imm(insn, false);

	s.lgn++;
	s.nr = 8u >> s.lgd;
	s.d0 = (uint8_t)(f_q(insn) ? s.nr : 0);
	return s;
}

static struct simd_shape shape_right_narrow_scalar(uint32_t insn)
{
	struct simd_shape s = shape_right_scalar(insn);

	s.lgn++;
	return s;
}

static struct simd_shape shape_left_long(uint32_t insn)
{
	struct simd_shape s = shape_imm(insn, true);

	s.lgd++;
	s.nr = 8u >> s.lgn;
	s.n0 = (uint8_t)(f_q(insn) ? s.nr : 0);
	return s;
}

/* Here b is the amount: right 1 to bits, left 0 to bits - 1. */
#define RIGHT (-(int)b)

ELEM(sshr, simd_shift(sa, RIGHT, false))
ELEM(ushr, simd_shift(a, RIGHT, false))
ELEM(ssra, d + (uint64_t)simd_shift(sa, RIGHT, false))
ELEM(usra, d + (uint64_t)simd_shift(a, RIGHT, false))
ELEM(srshr, simd_shift(sa, RIGHT, true))
ELEM(urshr, simd_shift(a, RIGHT, true))
ELEM(srsra, d + (uint64_t)simd_shift(sa, RIGHT, true))
ELEM(ursra, d + (uint64_t)simd_shift(a, RIGHT, true))
ELEM(sri, (d & ~low_mask(bits - (unsigned int)b)) | (uint64_t)simd_shift(a, RIGHT, false))
ELEM(shl, a << b)
ELEM(sli, (d & low_mask((unsigned int)b)) | a << b)
ELEM(sqshl, simd_saturate_signed(cpu, simd_shift(sa, (int)b, false), bits))
ELEM(uqshl, simd_saturate_unsigned(cpu, simd_shift(a, (int)b, false), bits))
ELEM(sqshlu, simd_saturate_unsigned(cpu, simd_shift(sa, (int)b, false), bits))

EXEC_MAP(sshr_v, shape_right, elem_sshr)
EXEC_MAP(ushr_v, shape_right, elem_ushr)
EXEC_MAP(ssra_v, shape_right, elem_ssra)
EXEC_MAP(usra_v, shape_right, elem_usra)
EXEC_MAP(srshr_v, shape_right, elem_srshr)
EXEC_MAP(urshr_v, shape_right, elem_urshr)
EXEC_MAP(srsra_v, shape_right, elem_srsra)
EXEC_MAP(ursra_v, shape_right, elem_ursra)
EXEC_MAP(sri_v, shape_right, elem_sri)
EXEC_MAP(shl_v, shape_left, elem_shl)
EXEC_MAP(sli_v, shape_left, elem_sli)
EXEC_MAP(sqshl_vi, shape_left, elem_sqshl)
EXEC_MAP(uqshl_vi, shape_left, elem_uqshl)
EXEC_MAP(sqshlu_vi, shape_left, elem_sqshlu)
EXEC_MAP(sshr_s, shape_right_scalar, elem_sshr)
EXEC_MAP(ushr_s, shape_right_scalar, elem_ushr)
EXEC_MAP(ssra_s, shape_right_scalar, elem_ssra)
EXEC_MAP(usra_s, shape_right_scalar, elem_usra)
EXEC_MAP(srshr_s, shape_right_scalar, elem_srshr)
EXEC_MAP(urshr_s, shape_right_scalar, elem_urshr)
EXEC_MAP(srsra_s, shape_right_scalar, elem_srsra)
EXEC_MAP(ursra_s, shape_right_scalar, elem_ursra)
EXEC_MAP(sri_s, shape_right_scalar, elem_sri)
EXEC_MAP(shl_s, shape_left_scalar, elem_shl)
EXEC_MAP(sli_s, shape_left_scalar, elem_sli)
EXEC_MAP(sqshl_si, shape_left_scalar, elem_sqshl)
EXEC_MAP(uqshl_si, shape_left_scalar, elem_uqshl)
EXEC_MAP(sqshlu_si, shape_left_scalar, elem_sqshlu)

/* Narrowing: a is 2 * bits wide. */
ELEM(shrn, simd_shift(a, RIGHT, false))
ELEM(rshrn, simd_shift(a, RIGHT, true))
ELEM(sqshrn, simd_saturate_signed(cpu, simd_shift(sign_extend(a, 2 * bits), RIGHT, false), bits))
ELEM(sqrshrn, simd_saturate_signed(cpu, simd_shift(sign_extend(a, 2 * bits), RIGHT, true), bits))
ELEM(uqshrn, simd_saturate_unsigned(cpu, simd_shift(a, RIGHT, false), bits))
ELEM(uqrshrn, simd_saturate_unsigned(cpu, simd_shift(a, RIGHT, true), bits))
ELEM(sqshrun, simd_saturate_unsigned(cpu, simd_shift(sign_extend(a, 2 * bits), RIGHT, false), bits))
ELEM(sqrshrun, simd_saturate_unsigned(cpu, simd_shift(sign_extend(a, 2 * bits), RIGHT, true), bits))
ELEM(sshll, (uint64_t)sa << b)

EXEC_MAP(shrn_v, shape_right_narrow, elem_shrn)
EXEC_MAP(rshrn_v, shape_right_narrow, elem_rshrn)
EXEC_MAP(sqshrn_v, shape_right_narrow, elem_sqshrn)
EXEC_MAP(sqrshrn_v, shape_right_narrow, elem_sqrshrn)
EXEC_MAP(uqshrn_v, shape_right_narrow, elem_uqshrn)
EXEC_MAP(uqrshrn_v, shape_right_narrow, elem_uqrshrn)
EXEC_MAP(sqshrun_v, shape_right_narrow, elem_sqshrun)
EXEC_MAP(sqrshrun_v, shape_right_narrow, elem_sqrshrun)
EXEC_MAP(sqshrn_s, shape_right_narrow_scalar, elem_sqshrn)
EXEC_MAP(sqrshrn_s, shape_right_narrow_scalar, elem_sqrshrn)
EXEC_MAP(uqshrn_s, shape_right_narrow_scalar, elem_uqshrn)
EXEC_MAP(uqrshrn_s, shape_right_narrow_scalar, elem_uqrshrn)
EXEC_MAP(sqshrun_s, shape_right_narrow_scalar, elem_sqshrun)
EXEC_MAP(sqrshrun_s, shape_right_narrow_scalar, elem_sqrshrun)
EXEC_MAP(sshll_v, shape_left_long, elem_sshll)
EXEC_MAP(ushll_v, shape_left_long, elem_shl)

/* VFPExpandImm: aBbbbbbb:bbcdefgh:0... for single, with two more b's than a half's exponent has. */
uint64_t fp_expand_imm(unsigned int imm8, bool is_double)
{
	uint64_t sign = imm8 >> 7, frac = imm8 & 15, exp;

	if (is_double) {
		exp = (imm8 & 0x40 ? 0x3fcull : 0x400ull) | (imm8 >> 4 & 3);
		return sign << 63 | exp << 52 | frac << 48;
	}
	exp = (imm8 & 0x40 ? 0x7cull : 0x80ull) | (imm8 >> 4 & 3);
	return sign << 31 | exp << 23 | frac << 19;
}

/* AdvSIMDExpandImm, without the inversion of MVNI and BIC. */
uint64_t simd_expand_imm(uint32_t insn)
{
	unsigned int cmode = f_cmode(insn);
	uint64_t imm8 = f_abc(insn) << 5 | f_defgh(insn), val;

	switch (cmode >> 1) {
	case 4:
	case 5:
		return (imm8 << (cmode & 2 ? 8 : 0)) * 0x0001000100010001ull;
	case 6:
		val = cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff;
		break;
	case 7:
		if (cmode & 1) {
			val = fp_expand_imm((unsigned int)imm8, f_opbit(insn));
			return f_opbit(insn) ? val : val * 0x0000000100000001ull;
		}
		if (!f_opbit(insn)) {
			return imm8 * 0x0101010101010101ull;
		}
		val = 0;
		for (unsigned int i = 0; i < 8; i++) {
			val |= imm8 >> i & 1 ? 0xffull << 8 * i : 0;
		}
		return val;
	default:
		val = imm8 << 8 * (cmode >> 1);
		break;
	}
	return val * 0x0000000100000001ull;
}

static enum exec_result set_both_halves(struct jit_cpu *cpu, uint32_t insn, uint64_t low,
					uint64_t high)
{
	cpu->v[f_rd(insn)].d[0] = low;
	cpu->v[f_rd(insn)].d[1] = f_q(insn) ? high : 0;
	return EXEC_NEXT;
}

enum exec_result exec_movi_v(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = simd_expand_imm(insn);

	return set_both_halves(cpu, insn, val, val);
}

enum exec_result exec_movi_d(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_movi_v(cpu, insn);
}

enum exec_result exec_fmov_vi(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_movi_v(cpu, insn);
}

enum exec_result exec_fmov_vid(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_movi_v(cpu, insn);
}

enum exec_result exec_mvni_v(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = ~simd_expand_imm(insn);

	return set_both_halves(cpu, insn, val, val);
}

enum exec_result exec_orr_vi(struct jit_cpu *cpu, uint32_t insn)
{
	const union vreg *vd = &cpu->v[f_rd(insn)];
	uint64_t val = simd_expand_imm(insn);

	return set_both_halves(cpu, insn, vd->d[0] | val, vd->d[1] | val);
}

enum exec_result exec_bic_vi(struct jit_cpu *cpu, uint32_t insn)
{
	const union vreg *vd = &cpu->v[f_rd(insn)];
	uint64_t val = simd_expand_imm(insn);

	return set_both_halves(cpu, insn, vd->d[0] & ~val, vd->d[1] & ~val);
}

/*
 * Permutes. Each lane of the result is one element of the 2 * nr elements of Vm:Vn; `pick` says
 * which, `part` is 0 for UZP1, TRN1, ZIP1 and 1 for the others.
 */
typedef unsigned int (*pick_fn)(unsigned int e, unsigned int nr, unsigned int part);

static enum exec_result permute(struct jit_cpu *cpu, uint32_t insn, unsigned int part, pick_fn pick)
{
	unsigned int lg = f_vsize(insn), nr = (8u << f_q(insn)) >> lg;
	union vreg out = {.d = {0, 0}};

	for (unsigned int e = 0; e < nr; e++) {
		unsigned int from = pick(e, nr, part);
		const union vreg *v = &cpu->v[from < nr ? f_rn(insn) : f_rm(insn)];

		elem_set(&out, lg, e, elem_get(v, lg, from % nr));
	}
	cpu->v[f_rd(insn)] = out;
	return EXEC_NEXT;
}

static unsigned int pick_uzp(unsigned int e, unsigned int nr, unsigned int part)
{
	(void)nr;
	return 2 * e + part;
}

static unsigned int pick_trn(unsigned int e, unsigned int nr, unsigned int part)
{
	return (e & ~1u) + part + (e & 1 ? nr : 0);
}

static unsigned int pick_zip(unsigned int e, unsigned int nr, unsigned int part)
{
	return part * nr / 2 + e / 2 + (e & 1 ? nr : 0);
}

#define EXEC_PERMUTE(name, part)                                                                   \
	enum exec_result exec_##name##part(struct jit_cpu *cpu, uint32_t insn)                     \
	{                                                                                          \
		return permute(cpu, insn, part - 1, pick_##name);                                  \
	}

EXEC_PERMUTE(uzp, 1)
EXEC_PERMUTE(uzp, 2)
EXEC_PERMUTE(trn, 1)
EXEC_PERMUTE(trn, 2)
EXEC_PERMUTE(zip, 1)
EXEC_PERMUTE(zip, 2)

/* EXT: bytes from position imm4 of Vm:Vn. */
enum exec_result exec_ext(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int bytes = 8u << f_q(insn);
	union vreg out = {.d = {0, 0}};
	uint8_t both[32];

	memcpy(both, &cpu->v[f_rn(insn)], bytes);
	memcpy(both + bytes, &cpu->v[f_rm(insn)], bytes);
	memcpy(&out, both + f_imm4(insn), bytes);
	cpu->v[f_rd(insn)] = out;
	return EXEC_NEXT;
}

/* TBL and TBX: an index beyond the table gives zero, or leaves the destination's byte. */
static enum exec_result table_lookup(struct jit_cpu *cpu, uint32_t insn, bool keep)
{
	unsigned int nr = f_len(insn) + 1;
	const union vreg *index = &cpu->v[f_rm(insn)];
	union vreg table[4], out = {.d = {0, 0}};

	for (unsigned int r = 0; r < nr; r++) {
		table[r] = cpu->v[(f_rn(insn) + r) & 31];
	}
	for (unsigned int i = 0; i < 8u << f_q(insn); i++) {
		unsigned int at = index->b[i];

		if (at < 16 * nr) {
			out.b[i] = table[at / 16].b[at % 16];
		} else if (keep) {
			out.b[i] = cpu->v[f_rd(insn)].b[i];
		}
	}
	cpu->v[f_rd(insn)] = out;
	return EXEC_NEXT;
}

enum exec_result exec_tbl(struct jit_cpu *cpu, uint32_t insn)
{
	return table_lookup(cpu, insn, false);
}

enum exec_result exec_tbx(struct jit_cpu *cpu, uint32_t insn)
{
	return table_lookup(cpu, insn, true);
}

/* Copies: the lowest set bit of imm5 gives the element size, the bits above it the index. */
static unsigned int imm5_lg(uint32_t insn)
{
	return (unsigned int)__builtin_ctz(f_imm5(insn));
}

static unsigned int imm5_index(uint32_t insn)
{
	return f_imm5(insn) >> (imm5_lg(insn) + 1);
}

static uint64_t imm5_element(const struct jit_cpu *cpu, uint32_t insn)
{
	return elem_get(&cpu->v[f_rn(insn)], imm5_lg(insn), imm5_index(insn));
}

static enum exec_result duplicate(struct jit_cpu *cpu, uint32_t insn, uint64_t val)
{
	unsigned int lg = imm5_lg(insn);
	union vreg out = {.d = {0, 0}};

	for (unsigned int e = 0; e < (8u << f_q(insn)) >> lg; e++) {
		elem_set(&out, lg, e, val);
	}
	cpu->v[f_rd(insn)] = out;
	return EXEC_NEXT;
}

enum exec_result exec_dup_e(struct jit_cpu *cpu, uint32_t insn)
{
	return duplicate(cpu, insn, imm5_element(cpu, insn));
}

enum exec_result exec_dup_r(struct jit_cpu *cpu, uint32_t insn)
{
	return duplicate(cpu, insn, reg_x(cpu, f_rn(insn)));
}

enum exec_result exec_dup_s(struct jit_cpu *cpu, uint32_t insn)
{
	vreg_set_scalar(cpu, f_rd(insn), imm5_lg(insn), imm5_element(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_smov(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = (uint64_t)sign_extend(imm5_element(cpu, insn), 8u << imm5_lg(insn));

	reg_set(cpu, f_rd(insn), f_q(insn), val);
	return EXEC_NEXT;
}

enum exec_result exec_umov(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), imm5_element(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_ins_r(struct jit_cpu *cpu, uint32_t insn)
{
	elem_set(&cpu->v[f_rd(insn)], imm5_lg(insn), imm5_index(insn), reg_x(cpu, f_rn(insn)));
	return EXEC_NEXT;
}

enum exec_result exec_ins_e(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int lg = imm5_lg(insn);
	uint64_t val = elem_get(&cpu->v[f_rn(insn)], lg, f_imm4(insn) >> lg);

	elem_set(&cpu->v[f_rd(insn)], lg, imm5_index(insn), val);
	return EXEC_NEXT;
}
