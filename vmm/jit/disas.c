// SPDX-License-Identifier: BSD-3-Clause
/*
 * disas.c - prints instructions for logs, from the templates of a64.isa.
 *
 * A template is text with {tokens}; each token is a row of the table below: a printing function and
 * two small numbers for it, mostly the register field's lowest bit and a rule for its width or
 * arrangement. Never called on a hot path.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "exec.h"

struct text {
	char *at;
	size_t left; /* with the terminator */
	uint32_t insn;
	uint64_t pc;
};

struct token {
	const char *name;
	void (*print)(struct text *t, const struct token *token);
	uint8_t lo;   /* lowest bit of the field */
	uint8_t rule; /* what it means: see the function */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (length > 0) {
		size_t used = (size_t)length < t->left ? (size_t)length : t->left - 1;

		t->at += used;
		t->left -= used;
	}
}

static unsigned int bits(const struct text *t, unsigned int lo, unsigned int width)
{
	return t->insn >> lo & ((1u << width) - 1);
}

/* How wide a general register is, as log2 of bytes / 4; SP in place of ZR; one number further. */
enum gpr_rule {
	GPR_W,
	GPR_X,
	GPR_SF,
	GPR_LSZ,
	GPR_SIZE,
	GPR_SX32,
	GPR_Q,
	GPR_IMM5,
	GPR_SP = 0x10,
	GPR_NEXT = 0x20,
};

static bool gpr_is_x(const struct text *t, unsigned int rule)
{
	switch (rule & 15) {
	case GPR_W:
		return false;
	case GPR_X:
		return true;
	case GPR_SF:
		return f_sf(t->insn);
	case GPR_LSZ:
	case GPR_Q:
		return f_lsz(t->insn);
	case GPR_SIZE:
		return f_size(t->insn) == 3;
	case GPR_SX32:
		return !f_sx32(t->insn);
	default:
		return (f_imm5(t->insn) & 15) == 8;
	}
}

static void put_gpr(struct text *t, unsigned int n, bool x, bool sp)
{
	if (n == 31) {
		put(t, sp ? (x ? "sp" : "wsp") : (x ? "xzr" : "wzr"));
	} else {
		put(t, "%c%u", x ? 'x' : 'w', n);
	}
}

static void print_gpr(struct text *t, const struct token *token)
{
	unsigned int n = bits(t, token->lo, 5) + (token->rule & GPR_NEXT ? 1 : 0);

	put_gpr(t, n, gpr_is_x(t, token->rule), token->rule & GPR_SP);
}

/* Where an element's size comes from, and whether it is doubled, halved, or the register whole. */
enum vector_rule {
	VECTOR_SIZE, /* vsize */
	VECTOR_SZ,   /* sz: single or double */
	VECTOR_IMMH, /* top bit of immh */
	VECTOR_BYTE,
	VECTOR_HALF,
	VECTOR_SINGLE,
	VECTOR_DOUBLE,
	VECTOR_QUAD,
	VECTOR_FTYPE,    /* of scalars: ftype */
	VECTOR_FTYPE_TO, /* cvtop */
	VECTOR_IMM5,
	VECTOR_ACCESS, /* of a load or store: size and vq */
	VECTOR_OPC,    /* of pairs and literals */
	VECTOR_WIDER = 0x10,
	VECTOR_NARROWER = 0x20,
	VECTOR_FULL = 0x40, /* 128 bits whatever q says */
};

static unsigned int ftype_lg(unsigned int ftype)
{
	return ftype == 3 ? 1 : 2 + ftype;
}

static unsigned int vector_lg(const struct text *t, unsigned int rule)
{
	unsigned int lg;

	switch (rule & 15) {
	case VECTOR_SIZE:
		lg = f_vsize(t->insn);
		break;
	case VECTOR_SZ:
		lg = 2 + f_sz(t->insn);
		break;
	case VECTOR_IMMH:
		lg = f_immh(t->insn) ? 31 - (unsigned int)__builtin_clz(f_immh(t->insn)) : 0;
		break;
	case VECTOR_FTYPE:
		lg = ftype_lg(f_ftype(t->insn));
		break;
	case VECTOR_FTYPE_TO:
		lg = ftype_lg(f_cvtop(t->insn));
		break;
	case VECTOR_IMM5:
		lg = (unsigned int)__builtin_ctz(f_imm5(t->insn) | 16);
		break;
	case VECTOR_ACCESS:
		lg = f_vq(t->insn) ? 4 : f_size(t->insn);
		break;
	case VECTOR_OPC:
		lg = 2 + f_opcl(t->insn);
		break;
	default:
		lg = (rule & 15) - VECTOR_BYTE;
		break;
	}
	return lg + (rule & VECTOR_WIDER ? 1 : 0) - (rule & VECTOR_NARROWER ? 1 : 0);
}

static void put_vector(struct text *t, unsigned int n, unsigned int lg, bool full)
{
	put(t, "v%u.%u%c", n & 31, (full ? 16u : 8u) >> lg, "bhsdq"[lg]);
}

static void print_vector(struct text *t, const struct token *token)
{
	bool full = token->rule & (VECTOR_FULL | VECTOR_WIDER) || f_q(t->insn);

	put_vector(t, bits(t, token->lo, 5), vector_lg(t, token->rule), full);
}

static void print_scalar(struct text *t, const struct token *token)
{
	put(t, "%c%u", "bhsdq"[vector_lg(t, token->rule)], bits(t, token->lo, 5));
}

/* SADDLP's destination: half as many lanes of twice the width. */
static void print_vector_pairs(struct text *t, const struct token *token)
{
	put_vector(t, bits(t, token->lo, 5), f_vsize(t->insn) + 1, f_q(t->insn));
}

/* Both lanes of a register, of the scalar pairwise FP instructions. */
static void print_two_lanes(struct text *t, const struct token *token)
{
	put_vector(t, bits(t, token->lo, 5), 2 + f_sz(t->insn), f_sz(t->insn));
}

/* The upper half, of FMOV. */
static void print_top(struct text *t, const struct token *token)
{
	put(t, "v%u.d[1]", bits(t, token->lo, 5));
}

/* Vm.T[index] of the by-element forms. */
static void print_element(struct text *t, const struct token *token)
{
	unsigned int lg = vector_lg(t, token->rule), hl = f_idxh(t->insn) << 1 | f_idxl(t->insn);

	if (lg == 1) {
		put(t, "v%u.h[%u]", f_rm4(t->insn), hl << 1 | f_idxm(t->insn));
	} else if (lg == 2) {
		put(t, "v%u.s[%u]", f_rm(t->insn), hl);
	} else {
		put(t, "v%u.d[%u]", f_rm(t->insn), f_idxh(t->insn));
	}
}

static void print_element_4b(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "v%u.4b[%u]", f_rm(t->insn), f_idxh(t->insn) << 1 | f_idxl(t->insn));
}

/* Elements of DUP, INS, SMOV, UMOV: rule 5 takes the index from imm5, 4 from imm4. */
static void print_copy_element(struct text *t, const struct token *token)
{
	unsigned int lg = vector_lg(t, VECTOR_IMM5);
	unsigned int index = token->rule == 5 ? f_imm5(t->insn) >> (lg + 1) : f_imm4(t->insn) >> lg;

	put(t, "v%u.%c[%u]", bits(t, token->lo, 5), "bhsdq"[lg], index);
}

/* A list of registers in braces, wrapping after 31. */
static void put_list(struct text *t, unsigned int nr, unsigned int lg, const char *suffix)
{
	put(t, "{");
	for (unsigned int i = 0; i < nr; i++) {
		put(t, i ? ", v%u.%s%c" : " v%u.%s%c", (f_rt(t->insn) + i) & 31, suffix,
		    "bhsdq"[lg]);
	}
	put(t, " }");
}

static void print_struct_list(struct text *t, const struct token *token)
{
	static const uint8_t nr[16] = {
		[0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2};
	char lanes[4];

	(void)token;
	snprintf(lanes, sizeof(lanes), "%u", (8u << f_q(t->insn)) >> f_vls(t->insn));
	put_list(t, nr[f_vop(t->insn)], f_vls(t->insn), lanes);
}

static unsigned int lane_nr(uint32_t insn)
{
	return ((f_sop(insn) & 1) << 1 | f_rr(insn)) + 1;
}

static unsigned int lane_lg(uint32_t insn)
{
	unsigned int lg = f_sop(insn) >> 1;

	if (lg == 3) {
		return f_vls(insn);
	}
	return lg == 2 && (f_vls(insn) & 1) ? 3 : lg;
}

static void print_lane(struct text *t, const struct token *token)
{
	unsigned int index = f_q(t->insn) << 3 | f_sbit(t->insn) << 2 | f_vls(t->insn);

	(void)token;
	put_list(t, lane_nr(t->insn), lane_lg(t->insn), "");
	put(t, "[%u]", index >> lane_lg(t->insn));
}

static void print_replicated(struct text *t, const struct token *token)
{
	char lanes[4];

	(void)token;
	snprintf(lanes, sizeof(lanes), "%u", (8u << f_q(t->insn)) >> f_vls(t->insn));
	put_list(t, lane_nr(t->insn), f_vls(t->insn), lanes);
}

static void print_table(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "{");
	for (unsigned int i = 0; i <= f_len(t->insn); i++) {
		put(t, i ? ", v%u.16b" : " v%u.16b", (f_rn(t->insn) + i) & 31);
	}
	put(t, " }");
}

/* Immediates: rule is the width, 0x80 prints hexadecimal. */
static void print_imm(struct text *t, const struct token *token)
{
	put(t, token->rule & 0x80 ? "#0x%x" : "#%u", bits(t, token->lo, token->rule & 0x7f));
}

static void print_imm12(struct text *t, const struct token *token)
{
	(void)token;
	put(t, f_sh(t->insn) ? "#0x%x, lsl #12" : "#0x%x", f_imm12(t->insn));
}

static void print_bitmask(struct text *t, const struct token *token)
{
	uint64_t imm = bitmask_imm(t->insn);

	(void)token;
	put(t, "#0x%llx", (unsigned long long)(f_sf(t->insn) ? imm : (uint32_t)imm));
}

static void print_movsh(struct text *t, const struct token *token)
{
	(void)token;
	if (f_hw(t->insn)) {
		put(t, ", lsl #%u", 16 * f_hw(t->insn));
	}
}

static const char *const shift_names[] = {"lsl", "lsr", "asr", "ror"};
static const char *const extend_names[] = {"uxtb", "uxth", "uxtw", "uxtx",
					   "sxtb", "sxth", "sxtw", "sxtx"};

static void print_regsh(struct text *t, const struct token *token)
{
	(void)token;
	if (f_imm6(t->insn)) {
		put(t, ", %s #%u", shift_names[f_shift(t->insn)], f_imm6(t->insn));
	}
}

static void print_extended(struct text *t, const struct token *token)
{
	(void)token;
	put_gpr(t, f_rm(t->insn), (f_option(t->insn) & 3) == 3, false);
	put(t, ", %s #%u", extend_names[f_option(t->insn)], f_imm3(t->insn));
}

static void print_cond(struct text *t, const struct token *token)
{
	static const char *const names[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
					    "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};

	put(t, "%s", names[bits(t, token->lo, 4)]);
}

/* PC-relative: rule is the width of the offset in words. */
static void print_label(struct text *t, const struct token *token)
{
	int64_t offset = sign_extend(bits(t, token->lo, token->rule), token->rule);

	put(t, "0x%llx", (unsigned long long)(t->pc + (uint64_t)offset * 4));
}

/* ADR, and ADRP where rule is 12. */
static void print_adr(struct text *t, const struct token *token)
{
	int64_t offset = sign_extend(f_immhi(t->insn) << 2 | f_immlo(t->insn), 21);
	uint64_t base = token->rule ? t->pc & ~0xfffull : t->pc;

	put(t, "0x%llx", (unsigned long long)(base + ((uint64_t)offset << token->rule)));
}

static void print_tbit(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "#%u", f_b5(t->insn) << 5 | f_b40(t->insn));
}

/* Mnemonic suffixes. rule: B, H or nothing; signed loads also W. */
static void print_size_suffix(struct text *t, const struct token *token)
{
	static const char *const names[] = {"b", "h", "w", ""};
	unsigned int size = f_size(t->insn);

	put(t, "%s", size == 2 && !token->rule ? "" : names[size]);
}

static void print_crc_suffix(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "%c", "bhwx"[f_crcsz(t->insn)]);
}

/* A and L of atomics: two single bits, acquire at lo, release at rule. */
static void print_order_suffix(struct text *t, const struct token *token)
{
	put(t, "%s%s", bits(t, token->lo, 1) ? "a" : "", bits(t, token->rule, 1) ? "l" : "");
}

static void print_second_half(struct text *t, const struct token *token)
{
	(void)token;
	put(t, f_q(t->insn) ? "2" : "");
}

static void print_lane_nr(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "%u", lane_nr(t->insn));
}

/* Addresses. */
static void put_base(struct text *t)
{
	put(t, "[");
	put_gpr(t, f_rn(t->insn), true, true);
}

static void put_offset(struct text *t, int64_t offset)
{
	put_base(t);
	put(t, offset ? ", #%lld]" : "]", (long long)offset);
}

static void put_indexed(struct text *t, int64_t offset, bool pre)
{
	put_base(t);
	put(t, pre ? ", #%lld]!" : "], #%lld", (long long)offset);
}

static void print_base(struct text *t, const struct token *token)
{
	(void)token;
	put_offset(t, 0);
}

/* In the following rule is the vector_rule of the accessed size, or 0xff for general registers. */
static unsigned int access_lg(const struct text *t, const struct token *token)
{
	return token->rule == 0xff ? f_size(t->insn) : vector_lg(t, token->rule);
}

static void print_unsigned_address(struct text *t, const struct token *token)
{
	put_offset(t, (int64_t)f_imm12(t->insn) << access_lg(t, token));
}

static void print_register_address(struct text *t, const struct token *token)
{
	unsigned int shift = f_scaled(t->insn) ? access_lg(t, token) : 0,
		     option = f_option(t->insn);

	put_base(t);
	put(t, ", ");
	put_gpr(t, f_rm(t->insn), option & 1, false);
	if (option != 3) {
		put(t, ", %s", extend_names[option]);
	} else if (f_scaled(t->insn)) {
		put(t, ", lsl");
	}
	put(t, f_scaled(t->insn) ? " #%u]" : "]", shift);
}

static void print_unscaled_address(struct text *t, const struct token *token)
{
	(void)token;
	put_offset(t, sign_extend(f_imm9(t->insn), 9));
}

static void print_write_back_address(struct text *t, const struct token *token)
{
	(void)token;
	put_indexed(t, sign_extend(f_imm9(t->insn), 9), f_pre(t->insn));
}

static void print_pair_address(struct text *t, const struct token *token)
{
	unsigned int lg =
		token->rule == 0xff ? (f_size(t->insn) == 2 ? 3 : 2) : vector_lg(t, token->rule);
	int64_t offset = sign_extend(f_imm7(t->insn), 7) * (1 << lg);

	if (f_pidx(t->insn) & 1) {
		put_indexed(t, offset, f_pidx(t->insn) == 3);
	} else {
		put_offset(t, offset);
	}
}

static void put_struct_address(struct text *t, unsigned int size)
{
	put_offset(t, 0);
	if (f_wb(t->insn) && f_rm(t->insn) == 31) {
		put(t, ", #%u", size);
	} else if (f_wb(t->insn)) {
		put(t, ", x%u", f_rm(t->insn));
	}
}

static void print_struct_address(struct text *t, const struct token *token)
{
	static const uint8_t nr[16] = {
		[0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2};

	(void)token;
	put_struct_address(t, nr[f_vop(t->insn)] * (8u << f_q(t->insn)));
}

static void print_lane_address(struct text *t, const struct token *token)
{
	(void)token;
	put_struct_address(t, lane_nr(t->insn) << lane_lg(t->insn));
}

/* Shift amounts of the immediate shifts; rule 1: to the left. */
static void print_vector_shift(struct text *t, const struct token *token)
{
	unsigned int size = 8u << vector_lg(t, VECTOR_IMMH),
		     amount = f_immh(t->insn) << 3 | f_immb(t->insn);

	put(t, "#%u", token->rule ? amount - size : 2 * size - amount);
}

static void print_shll(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "#%u", 8u << f_vsize(t->insn));
}

static void print_fbits(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "#%u", 64 - f_scale(t->insn));
}

static void print_fp_imm(struct text *t, const struct token *token)
{
	union {
		uint64_t bits;
		double val;
	} u = {.bits = fp_expand_imm(f_imm8(t->insn), true)};

	(void)token;
	put(t, "#%.8f", u.val);
}

static void print_modified_imm(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "v%u, #0x%llx, q=%u", f_rd(t->insn), (unsigned long long)simd_expand_imm(t->insn),
	    f_q(t->insn));
}

static void print_sysreg(struct text *t, const struct token *token)
{
	uint32_t i = t->insn;

	(void)token;
	put(t, "s%u_%u_c%u_c%u_%u", 2 + (i >> 19 & 1), f_op1(i), f_crn(i), f_crm(i), f_op2(i));
}

static void print_sysop(struct text *t, const struct token *token)
{
	uint32_t i = t->insn;

	(void)token;
	put(t, "#%u, c%u, c%u, #%u", f_op1(i), f_crn(i), f_crm(i), f_op2(i));
}

static void print_pstate(struct text *t, const struct token *token)
{
	(void)token;
	put(t, "pstate%u_%u", f_op1(t->insn), f_op2(t->insn));
}

enum { RD = 0, RT = 0, RN = 5, RA = 10, RT2 = 10, RM = 16, RS = 16 };

/* clang-format off */
static const struct token tokens[] = {
	{"Rd", print_gpr, RD, GPR_SF}, {"RdSP", print_gpr, RD, GPR_SF | GPR_SP},
	{"Rn", print_gpr, RN, GPR_SF}, {"RnSP", print_gpr, RN, GPR_SF | GPR_SP},
	{"Rm", print_gpr, RM, GPR_SF}, {"Ra", print_gpr, RA, GPR_SF},
	{"Rt", print_gpr, RT, GPR_SF}, {"Rt2", print_gpr, RT2, GPR_SF},
	{"Rdq", print_gpr, RD, GPR_Q}, {"Rn5", print_gpr, RN, GPR_IMM5},
	{"Xd", print_gpr, RD, GPR_X}, {"Xn", print_gpr, RN, GPR_X}, {"Xm", print_gpr, RM, GPR_X},
	{"Xa", print_gpr, RA, GPR_X}, {"Xt", print_gpr, RT, GPR_X}, {"Xt2", print_gpr, RT2, GPR_X},
	{"Wd", print_gpr, RD, GPR_W}, {"Wn", print_gpr, RN, GPR_W}, {"Wm", print_gpr, RM, GPR_W},
	{"Ws", print_gpr, RS, GPR_W},
	{"Ts", print_gpr, RT, GPR_SIZE}, {"Ss", print_gpr, RS, GPR_SIZE},
	{"Tsx", print_gpr, RT, GPR_SX32},
	{"Tp", print_gpr, RT, GPR_LSZ}, {"Tp2", print_gpr, RT2, GPR_LSZ},
	{"Tp+", print_gpr, RT, GPR_LSZ | GPR_NEXT},
	{"Tps", print_gpr, RS, GPR_LSZ}, {"Tps+", print_gpr, RS, GPR_LSZ | GPR_NEXT},

	{"Vd", print_vector, RD, VECTOR_SIZE}, {"Vn", print_vector, RN, VECTOR_SIZE},
	{"Vm", print_vector, RM, VECTOR_SIZE},
	{"VdW", print_vector, RD, VECTOR_SIZE | VECTOR_WIDER},
	{"VnW", print_vector, RN, VECTOR_SIZE | VECTOR_WIDER},
	{"VmW", print_vector, RM, VECTOR_SIZE | VECTOR_WIDER},
	{"VdP", print_vector_pairs, RD, 0},
	{"VdB", print_vector, RD, VECTOR_BYTE}, {"VnB", print_vector, RN, VECTOR_BYTE},
	{"VmB", print_vector, RM, VECTOR_BYTE},
	{"Vd16B", print_vector, RD, VECTOR_BYTE | VECTOR_FULL},
	{"Vn16B", print_vector, RN, VECTOR_BYTE | VECTOR_FULL},
	{"VdF", print_vector, RD, VECTOR_SZ}, {"VnF", print_vector, RN, VECTOR_SZ},
	{"VmF", print_vector, RM, VECTOR_SZ},
	{"VdFN", print_vector, RD, VECTOR_SZ | VECTOR_NARROWER},
	{"VnFN", print_vector, RN, VECTOR_SZ | VECTOR_NARROWER},
	{"VdFW", print_vector, RD, VECTOR_SZ | VECTOR_FULL},
	{"VnFW", print_vector, RN, VECTOR_SZ | VECTOR_FULL},
	{"VnFP", print_two_lanes, RN, 0},
	{"Id", print_vector, RD, VECTOR_IMMH}, {"In", print_vector, RN, VECTOR_IMMH},
	{"IdN", print_vector, RD, VECTOR_IMMH}, {"InN", print_vector, RN, VECTOR_IMMH},
	{"IdW", print_vector, RD, VECTOR_IMMH | VECTOR_WIDER},
	{"InW", print_vector, RN, VECTOR_IMMH | VECTOR_WIDER},
	{"Vd4S", print_vector, RD, VECTOR_SINGLE | VECTOR_FULL},
	{"Vn4S", print_vector, RN, VECTOR_SINGLE | VECTOR_FULL},
	{"Vm4S", print_vector, RM, VECTOR_SINGLE | VECTOR_FULL},
	{"Vn2D", print_vector, RN, VECTOR_DOUBLE | VECTOR_FULL},
	{"Vd1Q", print_vector, RD, VECTOR_QUAD | VECTOR_FULL},
	{"Vd5", print_vector, RD, VECTOR_IMM5},

	{"Sd", print_scalar, RD, VECTOR_SIZE}, {"Sn", print_scalar, RN, VECTOR_SIZE},
	{"Sm", print_scalar, RM, VECTOR_SIZE},
	{"SdW", print_scalar, RD, VECTOR_SIZE | VECTOR_WIDER},
	{"SnW", print_scalar, RN, VECTOR_SIZE | VECTOR_WIDER},
	{"Sd32", print_scalar, RD, VECTOR_SINGLE}, {"Sn32", print_scalar, RN, VECTOR_SINGLE},
	{"Sd5", print_scalar, RD, VECTOR_IMM5},
	{"Ed", print_scalar, RD, VECTOR_SZ}, {"En", print_scalar, RN, VECTOR_SZ},
	{"Em", print_scalar, RM, VECTOR_SZ}, {"EdN", print_scalar, RD, VECTOR_SZ | VECTOR_NARROWER},
	{"ISd", print_scalar, RD, VECTOR_IMMH}, {"ISn", print_scalar, RN, VECTOR_IMMH},
	{"ISnW", print_scalar, RN, VECTOR_IMMH | VECTOR_WIDER},
	{"Fd", print_scalar, RD, VECTOR_FTYPE}, {"Fn", print_scalar, RN, VECTOR_FTYPE},
	{"Fm", print_scalar, RM, VECTOR_FTYPE}, {"Fa", print_scalar, RA, VECTOR_FTYPE},
	{"FdC", print_scalar, RD, VECTOR_FTYPE_TO},
	{"Qd", print_scalar, RD, VECTOR_QUAD}, {"Qn", print_scalar, RN, VECTOR_QUAD},
	{"Vt", print_scalar, RT, VECTOR_ACCESS},
	{"Vp", print_scalar, RT, VECTOR_OPC}, {"Vp2", print_scalar, RT2, VECTOR_OPC},
	{"Vlit", print_scalar, RT, VECTOR_OPC},

	{"VmE", print_element, 0, VECTOR_SIZE}, {"VmFE", print_element, 0, VECTOR_SZ},
	{"Vm4B", print_element_4b, 0, 0},
	{"VdTop", print_top, RD, 0}, {"VnTop", print_top, RN, 0},
	{"Vn5", print_copy_element, RN, 5}, {"Vd5e", print_copy_element, RD, 5},
	{"Vn4e", print_copy_element, RN, 4},
	{"Vlist", print_struct_list, 0, 0}, {"Vlane", print_lane, 0, 0},
	{"Vrep", print_replicated, 0, 0}, {"Vtbl", print_table, 0, 0},

	{"imm16", print_imm, 5, 0x80 | 16}, {"udfimm", print_imm, 0, 0x80 | 16},
	{"immr", print_imm, 16, 6}, {"imms", print_imm, 10, 6}, {"imm5", print_imm, 16, 0x80 | 5},
	{"imm4", print_imm, 11, 4}, {"nzcv", print_imm, 0, 4}, {"crm", print_imm, 8, 4},
	{"hint", print_imm, 5, 7}, {"prfop", print_imm, 0, 5},
	{"imm12sh", print_imm12, 0, 0}, {"bitmask", print_bitmask, 0, 0}, {"movsh", print_movsh, 0, 0},
	{"regsh", print_regsh, 0, 0}, {"Rmext", print_extended, 0, 0},
	{"cond", print_cond, 12, 0}, {"bcond", print_cond, 0, 0},
	{"label26", print_label, 0, 26}, {"label19", print_label, 5, 19}, {"label14", print_label, 5, 14},
	{"adr", print_adr, 0, 0}, {"adrp", print_adr, 0, 12}, {"tbit", print_tbit, 0, 0},
	{"bh", print_size_suffix, 0, 0}, {"bhw", print_size_suffix, 0, 1},
	{"crc", print_crc_suffix, 0, 0},
	{"casal", print_order_suffix, 22, 15}, {"al", print_order_suffix, 23, 22},
	{"2", print_second_half, 0, 0}, {"nst", print_lane_nr, 0, 0},

	{"base", print_base, 0, 0},
	{"uaddr", print_unsigned_address, 0, 0xff},
	{"vuaddr", print_unsigned_address, 0, VECTOR_ACCESS},
	{"raddr", print_register_address, 0, 0xff},
	{"vraddr", print_register_address, 0, VECTOR_ACCESS},
	{"saddr", print_unscaled_address, 0, 0}, {"waddr", print_write_back_address, 0, 0},
	{"paddr", print_pair_address, 0, 0xff}, {"vpaddr", print_pair_address, 0, VECTOR_OPC},
	{"vmaddr", print_struct_address, 0, 0}, {"vlmaddr", print_lane_address, 0, 0},

	{"shr", print_vector_shift, 0, 0}, {"shl", print_vector_shift, 0, 1},
	{"shll", print_shll, 0, 0}, {"fbits", print_fbits, 0, 0}, {"fimm8", print_fp_imm, 0, 0},
	{"Vmi", print_modified_imm, 0, 0},
	{"sysreg", print_sysreg, 0, 0}, {"sysop", print_sysop, 0, 0}, {"pstate", print_pstate, 0, 0},
};
/* clang-format on */

static const struct token *find_token(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		if (strlen(tokens[i].name) == length && memcmp(tokens[i].name, name, length) == 0) {
			return &tokens[i];
		}
	}
	return NULL;
}

void a64_disassemble(uint32_t insn, uint64_t pc, char *buf, size_t size)
{
	struct text t = {.at = buf, .left = size, .insn = insn, .pc = pc};
	const char *format = a64_infos[a64_decode(insn)].format;

	if (size == 0) {
		return;
	}
	*buf = '\0';
	while (*format) {
		size_t length = strcspn(format, "{}");

		put(&t, "%.*s", (int)length, format);
		format += length;
		if (*format == '{') {
			const char *end = strchr(format, '}');
			const struct token *token =
				find_token(format + 1, (size_t)(end - format) - 1);

			if (token) {
				token->print(&t, token);
			} else {
				put(&t, "%.*s", (int)(end - format) + 1, format);
			}
			format = end + 1;
		}
	}
}
