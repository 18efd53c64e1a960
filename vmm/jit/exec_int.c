// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_int.c - integer data processing (Arm ARM C4.1.86, C4.1.89).
 *
 * Nothing here can fault. Arithmetic is done on 64 bits; `sf` says whether the result and the flags
 * are those of 64 or of 32 bits.
 */
#include "exec.h"

#include <stddef.h>

uint64_t extend_reg(uint64_t val, unsigned int option, unsigned int shift)
{
	unsigned int bits = 8u << (option & 3);
	uint64_t ext = option & 4 ? (uint64_t)sign_extend(val, bits) : val & low_mask(bits);

	return ext << shift;
}

uint64_t bitmask_imm(uint32_t insn)
{
	unsigned int imms = f_imms(insn), immr = f_immr(insn);
	unsigned int key = f_nbit(insn) << 6 | (~imms & 63);
	unsigned int esize = 1u << (31 - __builtin_clz(key));
	unsigned int s = imms & (esize - 1), r = immr & (esize - 1);
	uint64_t elem = low_mask(s + 1);

	if (r) {
		elem = (elem >> r | elem << (esize - r)) & low_mask(esize);
	}
	for (; esize < 64; esize *= 2) {
		elem |= elem << esize;
	}
	return elem;
}

bool cond_holds(const struct jit_cpu *cpu, unsigned int cond)
{
	unsigned int nzcv = cpu_nzcv(cpu);
	bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1;
	bool result;

	switch (cond >> 1) {
	case 0:
		result = z;
		break;
	case 1:
		result = c;
		break;
	case 2:
		result = n;
		break;
	case 3:
		result = v;
		break;
	case 4:
		result = c && !z;
		break;
	case 5:
		result = n == v;
		break;
	case 6:
		result = n == v && !z;
		break;
	default:
		return true;
	}
	return cond & 1 ? !result : result;
}

/* AddWithCarry; sets the flags when `flags`. */
static uint64_t add_carry(struct jit_cpu *cpu, bool sf, uint64_t a, uint64_t b, bool carry,
			  bool flags)
{
	unsigned int top = sf ? 63 : 31;
	uint64_t sum = a + b + carry;

	if (flags) {
		bool c = sf ? (sum < a || (carry && sum == a)) : sum >> 32 & 1;
		bool v = ((a ^ sum) & (b ^ sum)) >> top & 1;

		cpu_set_flags(cpu, sum >> top & 1, (sf ? sum : (uint32_t)sum) == 0, c, v);
	}
	return sum;
}

static uint64_t subtract(struct jit_cpu *cpu, bool sf, uint64_t a, uint64_t b, bool flags)
{
	return add_carry(cpu, sf, a, sf ? ~b : (uint32_t)~b, true, flags);
}

static void set_logic_flags(struct jit_cpu *cpu, bool sf, uint64_t val)
{
	val = sf ? val : (uint32_t)val;
	cpu_set_flags(cpu, val >> (sf ? 63 : 31) & 1, val == 0, false, false);
}

/* ShiftReg: LSL, LSR, ASR, ROR by 0 to datasize - 1. */
static uint64_t shift_reg(uint64_t val, bool sf, unsigned int type, unsigned int amount)
{
	unsigned int bits = sf ? 64 : 32;

	switch (type) {
	case 0:
		return val << amount;
	case 1:
		return val >> amount;
	case 2:
		return (uint64_t)(sign_extend(val, bits) >> amount);
	default:
		return amount ? val >> amount | val << (bits - amount) : val;
	}
}

enum exec_result exec_adr(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn),
		  cpu->pc + (uint64_t)sign_extend(f_immhi(insn) << 2 | f_immlo(insn), 21));
	return EXEC_NEXT;
}

enum exec_result exec_adrp(struct jit_cpu *cpu, uint32_t insn)
{
	int64_t pages = sign_extend(f_immhi(insn) << 2 | f_immlo(insn), 21);

	reg_set_x(cpu, f_rd(insn), (cpu->pc & ~0xfffull) + ((uint64_t)pages << 12));
	return EXEC_NEXT;
}

static uint64_t imm12_shifted(uint32_t insn)
{
	return (uint64_t)f_imm12(insn) << (f_sh(insn) ? 12 : 0);
}

enum exec_result exec_add_imm(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);

	reg_set_sp(cpu, f_rd(insn), sf, reg_sp(cpu, f_rn(insn), sf) + imm12_shifted(insn));
	return EXEC_NEXT;
}

enum exec_result exec_sub_imm(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);

	reg_set_sp(cpu, f_rd(insn), sf, reg_sp(cpu, f_rn(insn), sf) - imm12_shifted(insn));
	return EXEC_NEXT;
}

enum exec_result exec_adds_imm(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	uint64_t a = reg_sp(cpu, f_rn(insn), sf);

	reg_set(cpu, f_rd(insn), sf, add_carry(cpu, sf, a, imm12_shifted(insn), false, true));
	return EXEC_NEXT;
}

enum exec_result exec_subs_imm(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	uint64_t a = reg_sp(cpu, f_rn(insn), sf);

	reg_set(cpu, f_rd(insn), sf, subtract(cpu, sf, a, imm12_shifted(insn), true));
	return EXEC_NEXT;
}

enum exec_result exec_and_imm(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_sp(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_rn(insn)) & bitmask_imm(insn));
	return EXEC_NEXT;
}

enum exec_result exec_orr_imm(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_sp(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_rn(insn)) | bitmask_imm(insn));
	return EXEC_NEXT;
}

enum exec_result exec_eor_imm(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_sp(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_rn(insn)) ^ bitmask_imm(insn));
	return EXEC_NEXT;
}

enum exec_result exec_ands_imm(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = reg_x(cpu, f_rn(insn)) & bitmask_imm(insn);

	set_logic_flags(cpu, f_sf(insn), val);
	reg_set(cpu, f_rd(insn), f_sf(insn), val);
	return EXEC_NEXT;
}

enum exec_result exec_movz(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), (uint64_t)f_imm16(insn) << 16 * f_hw(insn));
	return EXEC_NEXT;
}

enum exec_result exec_movn(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn), ~((uint64_t)f_imm16(insn) << 16 * f_hw(insn)));
	return EXEC_NEXT;
}

enum exec_result exec_movk(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned int pos = 16 * f_hw(insn);
	uint64_t old = reg_x(cpu, f_rd(insn)) & ~(0xffffull << pos);

	reg_set(cpu, f_rd(insn), f_sf(insn), old | (uint64_t)f_imm16(insn) << pos);
	return EXEC_NEXT;
}

/*
 * SBFM, BFM, UBFM: with imms >= immr, bits imms:immr of the source go to the bottom; otherwise its
 * bits imms:0 go up to bit (datasize - immr). The rest comes from the sign, the destination or
 * zero.
 */
enum bitfield { BITFIELD_SIGNED, BITFIELD_INSERT, BITFIELD_UNSIGNED };

static enum exec_result exec_bitfield(struct jit_cpu *cpu, uint32_t insn, enum bitfield kind)
{
	bool sf = f_sf(insn);
	unsigned int immr = f_immr(insn), imms = f_imms(insn);
	unsigned int width = imms >= immr ? imms - immr + 1 : imms + 1;
	unsigned int pos = imms >= immr ? 0 : (sf ? 64 : 32) - immr;
	uint64_t src = reg(cpu, f_rn(insn), sf);
	uint64_t field = (imms >= immr ? src >> immr : src) & low_mask(width);
	uint64_t val;

	if (kind == BITFIELD_SIGNED) {
		val = (uint64_t)sign_extend(field, width) << pos;
	} else if (kind == BITFIELD_INSERT) {
		val = (reg_x(cpu, f_rd(insn)) & ~(low_mask(width) << pos)) | field << pos;
	} else {
		val = field << pos;
	}
	reg_set(cpu, f_rd(insn), sf, val);
	return EXEC_NEXT;
}

enum exec_result exec_sbfm(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_bitfield(cpu, insn, BITFIELD_SIGNED);
}

enum exec_result exec_bfm(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_bitfield(cpu, insn, BITFIELD_INSERT);
}

enum exec_result exec_ubfm(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_bitfield(cpu, insn, BITFIELD_UNSIGNED);
}

enum exec_result exec_extr(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	unsigned int lsb = f_imms(insn);
	uint64_t lo = reg(cpu, f_rm(insn), sf), hi = reg(cpu, f_rn(insn), sf);

	reg_set(cpu, f_rd(insn), sf, lsb ? lo >> lsb | hi << ((sf ? 64 : 32) - lsb) : lo);
	return EXEC_NEXT;
}

/* Second operand of the shifted-register forms. */
static uint64_t shifted_rm(const struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);

	return shift_reg(reg(cpu, f_rm(insn), sf), sf, f_shift(insn), f_imm6(insn));
}

#define EXEC_LOGIC(name, expr)                                                                     \
	enum exec_result exec_##name##_sh(struct jit_cpu *cpu, uint32_t insn)                      \
	{                                                                                          \
		uint64_t a = reg_x(cpu, f_rn(insn)), b = shifted_rm(cpu, insn);                    \
                                                                                                   \
		reg_set(cpu, f_rd(insn), f_sf(insn), expr);                                        \
		return EXEC_NEXT;                                                                  \
	}

EXEC_LOGIC(and, a &b)
EXEC_LOGIC(bic, a & ~b)
EXEC_LOGIC(orr, a | b)
EXEC_LOGIC(orn, a | ~b)
EXEC_LOGIC(eor, a ^ b)
EXEC_LOGIC(eon, a ^ ~b)

enum exec_result exec_ands_sh(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = reg_x(cpu, f_rn(insn)) & shifted_rm(cpu, insn);

	set_logic_flags(cpu, f_sf(insn), val);
	reg_set(cpu, f_rd(insn), f_sf(insn), val);
	return EXEC_NEXT;
}

enum exec_result exec_bics_sh(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t val = reg_x(cpu, f_rn(insn)) & ~shifted_rm(cpu, insn);

	set_logic_flags(cpu, f_sf(insn), val);
	reg_set(cpu, f_rd(insn), f_sf(insn), val);
	return EXEC_NEXT;
}

enum exec_result exec_add_sh(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_rn(insn)) + shifted_rm(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_sub_sh(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_rn(insn)) - shifted_rm(cpu, insn));
	return EXEC_NEXT;
}

/* The second operand as 32 bits where the operation is. */
static uint64_t narrow(uint64_t val, bool sf)
{
	return sf ? val : (uint32_t)val;
}

enum exec_result exec_adds_sh(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	uint64_t a = reg(cpu, f_rn(insn), sf), b = narrow(shifted_rm(cpu, insn), sf);

	reg_set(cpu, f_rd(insn), sf, add_carry(cpu, sf, a, b, false, true));
	return EXEC_NEXT;
}

enum exec_result exec_subs_sh(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);

	reg_set(cpu, f_rd(insn), sf,
		subtract(cpu, sf, reg(cpu, f_rn(insn), sf), shifted_rm(cpu, insn), true));
	return EXEC_NEXT;
}

static uint64_t extended_rm(const struct jit_cpu *cpu, uint32_t insn)
{
	return extend_reg(reg_x(cpu, f_rm(insn)), f_option(insn), f_imm3(insn));
}

enum exec_result exec_add_ext(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_sp(cpu, f_rd(insn), f_sf(insn), cpu->x[f_rn(insn)] + extended_rm(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_sub_ext(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_sp(cpu, f_rd(insn), f_sf(insn), cpu->x[f_rn(insn)] - extended_rm(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_adds_ext(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	uint64_t a = reg_sp(cpu, f_rn(insn), sf), b = narrow(extended_rm(cpu, insn), sf);

	reg_set(cpu, f_rd(insn), sf, add_carry(cpu, sf, a, b, false, true));
	return EXEC_NEXT;
}

enum exec_result exec_subs_ext(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	uint64_t a = reg_sp(cpu, f_rn(insn), sf);

	reg_set(cpu, f_rd(insn), sf, subtract(cpu, sf, a, extended_rm(cpu, insn), true));
	return EXEC_NEXT;
}

/* ADC, SBC and the flag-setting forms; bits 30 and 29 tell them apart. */
static enum exec_result exec_with_carry(struct jit_cpu *cpu, uint32_t insn, bool sub, bool flags)
{
	bool sf = f_sf(insn);
	uint64_t b = reg_x(cpu, f_rm(insn));

	b = narrow(sub ? ~b : b, sf);
	reg_set(cpu, f_rd(insn), sf,
		add_carry(cpu, sf, reg(cpu, f_rn(insn), sf), b, cpu_flag_c(cpu), flags));
	return EXEC_NEXT;
}

enum exec_result exec_adc(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_with_carry(cpu, insn, false, false);
}

enum exec_result exec_adcs(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_with_carry(cpu, insn, false, true);
}

enum exec_result exec_sbc(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_with_carry(cpu, insn, true, false);
}

enum exec_result exec_sbcs(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_with_carry(cpu, insn, true, true);
}

static enum exec_result exec_cond_compare(struct jit_cpu *cpu, uint32_t insn, uint64_t b, bool sub)
{
	bool sf = f_sf(insn);
	uint64_t a = reg(cpu, f_rn(insn), sf);

	if (!cond_holds(cpu, f_cond(insn))) {
		cpu_set_nzcv(cpu, f_nzcv(insn));
	} else if (sub) {
		subtract(cpu, sf, a, b, true);
	} else {
		add_carry(cpu, sf, a, b, false, true);
	}
	return EXEC_NEXT;
}

enum exec_result exec_ccmn_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_cond_compare(cpu, insn, reg(cpu, f_rm(insn), f_sf(insn)), false);
}

enum exec_result exec_ccmp_reg(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_cond_compare(cpu, insn, reg(cpu, f_rm(insn), f_sf(insn)), true);
}

enum exec_result exec_ccmn_imm(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_cond_compare(cpu, insn, f_imm5(insn), false);
}

enum exec_result exec_ccmp_imm(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_cond_compare(cpu, insn, f_imm5(insn), true);
}

#define EXEC_SELECT(name, otherwise)                                                               \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		uint64_t a = reg_x(cpu, f_rn(insn)), b = reg_x(cpu, f_rm(insn));                   \
                                                                                                   \
		reg_set(cpu, f_rd(insn), f_sf(insn),                                               \
			cond_holds(cpu, f_cond(insn)) ? a : (otherwise));                          \
		return EXEC_NEXT;                                                                  \
	}

EXEC_SELECT(csel, b)
EXEC_SELECT(csinc, b + 1)
EXEC_SELECT(csinv, ~b)
EXEC_SELECT(csneg, 0 - b)

enum exec_result exec_udiv(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	uint64_t a = reg(cpu, f_rn(insn), sf), b = reg(cpu, f_rm(insn), sf);

	reg_set(cpu, f_rd(insn), sf, b ? a / b : 0);
	return EXEC_NEXT;
}

enum exec_result exec_sdiv(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	unsigned int bits = sf ? 64 : 32;
	int64_t a = sign_extend(reg_x(cpu, f_rn(insn)), bits);
	int64_t b = sign_extend(reg_x(cpu, f_rm(insn)), bits);
	uint64_t val = 0;

	if (b == -1) { /* INT64_MIN / -1 wraps */
		val = 0 - (uint64_t)a;
	} else if (b) {
		val = (uint64_t)(a / b);
	}
	reg_set(cpu, f_rd(insn), sf, val);
	return EXEC_NEXT;
}

static enum exec_result exec_shift_variable(struct jit_cpu *cpu, uint32_t insn, unsigned int type)
{
	bool sf = f_sf(insn);
	unsigned int amount = reg_x(cpu, f_rm(insn)) & (sf ? 63 : 31);

	reg_set(cpu, f_rd(insn), sf, shift_reg(reg(cpu, f_rn(insn), sf), sf, type, amount));
	return EXEC_NEXT;
}

enum exec_result exec_lslv(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_shift_variable(cpu, insn, 0);
}

enum exec_result exec_lsrv(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_shift_variable(cpu, insn, 1);
}

enum exec_result exec_asrv(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_shift_variable(cpu, insn, 2);
}

enum exec_result exec_rorv(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_shift_variable(cpu, insn, 3);
}

/* Both polynomials bit-reversed: the CRC is kept least significant bit first. */
static uint32_t crc_update(uint32_t crc, uint64_t val, unsigned int bytes, uint32_t poly)
{
	for (unsigned int i = 0; i < bytes; i++, val >>= 8) {
		crc ^= val & 0xff;
		for (unsigned int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? poly : 0);
		}
	}
	return crc;
}

static enum exec_result exec_crc(struct jit_cpu *cpu, uint32_t insn, uint32_t poly)
{
	uint32_t crc = reg_w(cpu, f_rn(insn));

	reg_set_x(cpu, f_rd(insn),
		  crc_update(crc, reg_x(cpu, f_rm(insn)), 1u << f_crcsz(insn), poly));
	return EXEC_NEXT;
}

enum exec_result exec_crc32(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_crc(cpu, insn, 0xedb88320);
}

enum exec_result exec_crc32c(struct jit_cpu *cpu, uint32_t insn)
{
	return exec_crc(cpu, insn, 0x82f63b78);
}

/* Swaps neighbouring groups of `n` bits for each bit of `steps`: the classic reversal network. */
static uint64_t swap_groups(uint64_t val, unsigned int steps)
{
	static const uint64_t mask[] = {0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
					0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff};

	for (unsigned int i = 0; i < 6; i++) {
		if (steps & 1u << i) {
			val = (val >> (1u << i) & mask[i]) | (val & mask[i]) << (1u << i);
		}
	}
	return val;
}

enum exec_result exec_rbit(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn),
		swap_groups(reg_x(cpu, f_rn(insn)), f_sf(insn) ? 63 : 31));
	return EXEC_NEXT;
}

enum exec_result exec_rev16(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn), swap_groups(reg_x(cpu, f_rn(insn)), 1 << 3));
	return EXEC_NEXT;
}

enum exec_result exec_rev32(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn), swap_groups(reg_x(cpu, f_rn(insn)), 1 << 3 | 1 << 4));
	return EXEC_NEXT;
}

enum exec_result exec_rev64(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), __builtin_bswap64(reg_x(cpu, f_rn(insn))));
	return EXEC_NEXT;
}

static unsigned int count_leading_zeros(uint64_t val, unsigned int bits)
{
	return val ? (unsigned int)__builtin_clzll(val) - (64 - bits) : bits;
}

enum exec_result exec_clz(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);

	reg_set_x(cpu, f_rd(insn), count_leading_zeros(reg(cpu, f_rn(insn), sf), sf ? 64 : 32));
	return EXEC_NEXT;
}

enum exec_result exec_cls(struct jit_cpu *cpu, uint32_t insn)
{
	bool sf = f_sf(insn);
	unsigned int bits = sf ? 64 : 32;
	uint64_t val = reg(cpu, f_rn(insn), sf);
	uint64_t changes = (val ^ (uint64_t)(sign_extend(val, bits) >> 1)) & low_mask(bits - 1);

	reg_set_x(cpu, f_rd(insn), count_leading_zeros(changes, bits - 1));
	return EXEC_NEXT;
}

enum exec_result exec_madd(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t product = reg_x(cpu, f_rn(insn)) * reg_x(cpu, f_rm(insn));

	reg_set(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_ra(insn)) + product);
	return EXEC_NEXT;
}

enum exec_result exec_msub(struct jit_cpu *cpu, uint32_t insn)
{
	uint64_t product = reg_x(cpu, f_rn(insn)) * reg_x(cpu, f_rm(insn));

	reg_set(cpu, f_rd(insn), f_sf(insn), reg_x(cpu, f_ra(insn)) - product);
	return EXEC_NEXT;
}

static uint64_t product_signed(const struct jit_cpu *cpu, uint32_t insn)
{
	return (uint64_t)((int64_t)(int32_t)reg_w(cpu, f_rn(insn)) *
			  (int32_t)reg_w(cpu, f_rm(insn)));
}

static uint64_t product_unsigned(const struct jit_cpu *cpu, uint32_t insn)
{
	return (uint64_t)reg_w(cpu, f_rn(insn)) * reg_w(cpu, f_rm(insn));
}

enum exec_result exec_smaddl(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), reg_x(cpu, f_ra(insn)) + product_signed(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_smsubl(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), reg_x(cpu, f_ra(insn)) - product_signed(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_umaddl(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), reg_x(cpu, f_ra(insn)) + product_unsigned(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_umsubl(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), reg_x(cpu, f_ra(insn)) - product_unsigned(cpu, insn));
	return EXEC_NEXT;
}

enum exec_result exec_smulh(struct jit_cpu *cpu, uint32_t insn)
{
	__int128 product =
		(__int128)(int64_t)reg_x(cpu, f_rn(insn)) * (int64_t)reg_x(cpu, f_rm(insn));

	reg_set_x(cpu, f_rd(insn), (uint64_t)(product >> 64));
	return EXEC_NEXT;
}

enum exec_result exec_umulh(struct jit_cpu *cpu, uint32_t insn)
{
	unsigned __int128 product =
		(unsigned __int128)reg_x(cpu, f_rn(insn)) * reg_x(cpu, f_rm(insn));

	reg_set_x(cpu, f_rd(insn), (uint64_t)(product >> 64));
	return EXEC_NEXT;
}
