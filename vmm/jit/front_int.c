// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_int.c - integer data processing.
 */
#include "exec.h"
#include "front.h"

static uint8_t rd_zr(uint32_t i)
{
	return (uint8_t)front_zr(f_rd(i));
}

/* ADD, SUB and relatives of (immediate): SP where register 31 does not set flags. */
static bool int_add_imm(struct front *f, enum ir_opcode op, bool flags)
{
	uint32_t i = f->insn;
	unsigned int dst = flags ? rd_zr(i) : f_rd(i);
	int64_t imm = (int64_t)f_imm12(i) << (f_sh(i) ? 12 : 0);
	struct ir_op *last;

	if (dst == f_rn(i) && !flags && op == IR_ADD && f_sf(i) &&
	    (last = front_last(f, IR_ADDRESS)) && last->dst == dst) {
		last->imm += imm; /* ADRP and ADD */
		return true;
	}
	if (imm == 0 && !flags && op == IR_ADD) {
		front_op3(f, IR_MOV, f_sf(i), dst, f_rn(i), IR_NONE);
		return true;
	}
	front_op_imm(f, op, f_sf(i), dst, f_rn(i), imm)->set_flags = flags;
	return true;
}

static bool int_logic_imm(struct front *f, enum ir_opcode op, bool flags)
{
	uint32_t i = f->insn;
	unsigned int dst = flags ? rd_zr(i) : f_rd(i);
	uint64_t imm = bitmask_imm(i);

	if (!f_sf(i)) {
		imm = (uint32_t)imm;
	}
	if (f_rn(i) == 31 && !flags && op == IR_OR) {
		front_op_imm(f, IR_MOVI, true, dst, IR_NONE, (int64_t)imm);
	} else {
		front_op_imm(f, op, f_sf(i), dst, front_zr(f_rn(i)), (int64_t)imm)->set_flags =
			flags;
	}
	return true;
}

/* MOVK: mostly a part of the constant that the instruction before has begun. */
static bool int_move_keep(struct front *f, unsigned int shift, uint64_t imm)
{
	uint32_t i = f->insn;
	struct ir_op *o = front_last(f, IR_MOVI);

	if (o && o->dst == f_rd(i)) {
		uint64_t value = ((uint64_t)o->imm & ~(0xffffull << shift)) | imm;

		o->imm = (int64_t)(f_sf(i) ? value : (uint32_t)value);
		return true;
	}
	front_op_imm(f, IR_MOVI, true, IR_T0, IR_NONE, f_imm16(i));
	o = front_op3(f, IR_INSERT, f_sf(i), f_rd(i), IR_T0, IR_NONE);
	o->aux = (uint8_t)shift;
	o->imm = 16;
	return true;
}

static bool int_move_wide(struct front *f)
{
	uint32_t i = f->insn;
	unsigned int shift = f_hw(i) * 16;
	uint64_t imm = (uint64_t)f_imm16(i) << shift;

	if (rd_zr(i) == IR_ZR) {
		return true;
	}
	if (f->op == A64_MOVK) {
		return int_move_keep(f, shift, imm);
	}
	if (f->op == A64_MOVN) {
		imm = f_sf(i) ? ~imm : (uint32_t)~imm;
	}
	front_op_imm(f, IR_MOVI, true, f_rd(i), IR_NONE, (int64_t)imm);
	return true;
}

/* Operand 2 of the shifted-register forms. */
static unsigned int int_shifted(struct front *f)
{
	static const enum ir_opcode shifts[] = {IR_SHL, IR_SHR, IR_SAR, IR_ROR};
	uint32_t i = f->insn;
	unsigned int rm = front_zr(f_rm(i));

	if (f_imm6(i) == 0 || rm == IR_ZR) {
		return rm;
	}
	front_op_imm(f, shifts[f_shift(i)], f_sf(i), IR_T0, rm, f_imm6(i));
	return IR_T0;
}

static bool int_shifted_op(struct front *f, enum ir_opcode op, bool invert, bool flags)
{
	uint32_t i = f->insn;
	unsigned int rn = front_zr(f_rn(i));
	unsigned int b = int_shifted(f);

	if (invert) {
		front_op3(f, IR_NOT, f_sf(i), IR_T0, b, IR_NONE);
		b = IR_T0;
	}
	if (rn == IR_ZR && !flags && (op == IR_OR || op == IR_ADD || op == IR_XOR)) {
		front_op3(f, IR_MOV, f_sf(i), rd_zr(i), b, IR_NONE);
		return true;
	}
	front_op3(f, op, f_sf(i), rd_zr(i), rn, b)->set_flags = flags;
	return true;
}

/* Rm extended by option, shifted by up to 4: into T0 (or the register itself). */
static unsigned int int_extended(struct front *f, unsigned int rm, unsigned int option,
				 unsigned int shift)
{
	unsigned int value = front_zr(rm);

	if ((option & 3) != 3) {
		struct ir_op *o =
			front_op3(f, option & 4 ? IR_SEXT : IR_ZEXT, true, IR_T0, value, IR_NONE);

		o->size = option & 3;
		value = IR_T0;
	}
	if (shift) {
		front_op_imm(f, IR_SHL, true, IR_T0, value, shift);
		value = IR_T0;
	}
	return value;
}

static bool int_extended_op(struct front *f, enum ir_opcode op, bool flags)
{
	uint32_t i = f->insn;
	unsigned int b = int_extended(f, f_rm(i), f_option(i), f_imm3(i));
	unsigned int dst = flags ? rd_zr(i) : f_rd(i);

	front_op3(f, op, f_sf(i), dst, f_rn(i), b)->set_flags = flags;
	return true;
}

/* UBFM and SBFM: a shift, an extension, or two shifts. */
static bool int_bitfield(struct front *f, bool sign)
{
	uint32_t i = f->insn;
	unsigned int width = f_sf(i) ? 64 : 32;
	unsigned int r = f_immr(i), s = f_imms(i);
	unsigned int rd = rd_zr(i), rn = front_zr(f_rn(i));
	enum ir_opcode right = sign ? IR_SAR : IR_SHR;

	if (s == width - 1) {
		front_op_imm(f, right, f_sf(i), rd, rn, r);
	} else if (s + 1 == r && !sign) {
		front_op_imm(f, IR_SHL, f_sf(i), rd, rn, width - r);
	} else if (r == 0 && (s == 7 || s == 15 || s == 31)) {
		front_op3(f, sign ? IR_SEXT : IR_ZEXT, f_sf(i), rd, rn, IR_NONE)->size =
			s == 7    ? 0
			: s == 15 ? 1
				  : 2;
	} else if (s >= r && !sign && s - r < 31) {
		/* UBFX */
		unsigned int from = rn;

		if (r) {
			front_op_imm(f, IR_SHR, f_sf(i), IR_T0, rn, r);
			from = IR_T0;
		}
		front_op_imm(f, IR_AND, f_sf(i), rd, from, (1ll << (s - r + 1)) - 1);
	} else {
		/* The field to the top, then down to where it belongs. */
		unsigned int down = s >= r ? width - 1 - (s - r) : width - 1 - s - (width - r);

		front_op_imm(f, IR_SHL, f_sf(i), IR_T0, rn, width - 1 - s);
		front_op_imm(f, right, f_sf(i), rd, IR_T0, down);
	}
	return true;
}

static bool int_insert(struct front *f)
{
	uint32_t i = f->insn;
	unsigned int width = f_sf(i) ? 64 : 32;
	unsigned int r = f_immr(i), s = f_imms(i);
	unsigned int from = front_zr(f_rn(i));
	struct ir_op *o;

	if (rd_zr(i) == IR_ZR) {
		return true;
	}
	if (s >= r && r) { /* BFXIL */
		front_op_imm(f, IR_SHR, f_sf(i), IR_T0, from, r);
		from = IR_T0;
	}
	o = front_op3(f, IR_INSERT, f_sf(i), f_rd(i), from, IR_NONE);
	o->aux = (uint8_t)(s >= r ? 0 : width - r);
	o->imm = s >= r ? s - r + 1 : s + 1;
	return true;
}

static bool int_extract(struct front *f)
{
	uint32_t i = f->insn;
	unsigned int rn = front_zr(f_rn(i)), rm = front_zr(f_rm(i));

	if (rn == rm) {
		front_op_imm(f, IR_ROR, f_sf(i), rd_zr(i), rn, f_imms(i));
	} else if (f_imms(i) == 0) {
		front_op3(f, IR_MOV, f_sf(i), rd_zr(i), rm, IR_NONE);
	} else {
		front_op3(f, IR_EXTRACT, f_sf(i), rd_zr(i), rn, rm)->imm = f_imms(i);
	}
	return true;
}

static bool int_simple(struct front *f, enum ir_opcode op)
{
	uint32_t i = f->insn;

	front_op3(f, op, f_sf(i), rd_zr(i), front_zr(f_rn(i)), front_zr(f_rm(i)));
	return true;
}

static bool int_unary(struct front *f, enum ir_opcode op, unsigned int size)
{
	uint32_t i = f->insn;

	front_op3(f, op, f_sf(i), rd_zr(i), front_zr(f_rn(i)), IR_NONE)->size = (uint8_t)size;
	return true;
}

/* Leading bits equal to the sign bit, without it. */
static bool int_cls(struct front *f)
{
	uint32_t i = f->insn;
	bool wide = f_sf(i);
	unsigned int rn = front_zr(f_rn(i));

	front_op_imm(f, IR_SAR, wide, IR_T0, rn, 1);
	front_op3(f, IR_XOR, wide, IR_T0, IR_T0, rn);
	front_op3(f, IR_CLZ, wide, IR_T0, IR_T0, IR_NONE);
	front_op_imm(f, IR_SUB, wide, rd_zr(i), IR_T0, 1);
	return true;
}

static bool int_multiply_add(struct front *f, bool wide, int extend, bool subtract)
{
	uint32_t i = f->insn;
	unsigned int n = front_zr(f_rn(i)), m = front_zr(f_rm(i)), a = front_zr(f_ra(i));
	bool no_sum = a == IR_ZR && !subtract;

	front_op3(f, IR_MUL, wide, no_sum ? rd_zr(i) : IR_T0, n, m)->aux = (uint8_t)extend;
	if (!no_sum) {
		front_op3(f, subtract ? IR_SUB : IR_ADD, wide, rd_zr(i), a, IR_T0);
	}
	return true;
}

static bool int_select(struct front *f, enum ir_select mode)
{
	uint32_t i = f->insn;
	struct ir_op *o;

	if (f_cond(i) >= 14) {
		return false;
	}
	o = front_op3(f, IR_SELECT, f_sf(i), rd_zr(i), front_zr(f_rn(i)), front_zr(f_rm(i)));
	o->cond = (uint8_t)f_cond(i);
	o->aux = mode;
	return true;
}

static bool int_compare(struct front *f, bool add, bool imm)
{
	uint32_t i = f->insn;
	struct ir_op *o;

	if (f_cond(i) >= 14) {
		return false;
	}
	o = front_op3(f, IR_CCMP, f_sf(i), IR_NONE, front_zr(f_rn(i)),
		      imm ? IR_IMM : front_zr(f_rm(i)));
	o->cond = (uint8_t)f_cond(i);
	o->aux = add;
	o->imm = imm ? f_imm5(i) : 0;
	o->size = (uint8_t)f_nzcv(i);
	o->set_flags = true;
	return true;
}

static bool int_with_carry(struct front *f, enum ir_opcode op, bool flags)
{
	uint32_t i = f->insn;

	front_op3(f, op, f_sf(i), rd_zr(i), front_zr(f_rn(i)), front_zr(f_rm(i)))->set_flags =
		flags;
	return true;
}

static bool int_address(struct front *f)
{
	uint32_t i = f->insn;
	int64_t imm = front_sext((uint64_t)f_immhi(i) << 2 | f_immlo(i), 21);
	int64_t offset = f->op == A64_ADRP ? imm * (1 << 12) : f->offset + imm;

	front_op_imm(f, IR_ADDRESS, true, rd_zr(i), IR_NONE, offset);
	return true;
}

static bool int_arithmetic(struct front *f)
{
	switch (f->op) {
	case A64_ADD_IMM:
		return int_add_imm(f, IR_ADD, false);
	case A64_ADDS_IMM:
		return int_add_imm(f, IR_ADD, true);
	case A64_SUB_IMM:
		return int_add_imm(f, IR_SUB, false);
	case A64_SUBS_IMM:
		return int_add_imm(f, IR_SUB, true);
	case A64_ADD_SH:
		return int_shifted_op(f, IR_ADD, false, false);
	case A64_ADDS_SH:
		return int_shifted_op(f, IR_ADD, false, true);
	case A64_SUB_SH:
		return int_shifted_op(f, IR_SUB, false, false);
	case A64_SUBS_SH:
		return int_shifted_op(f, IR_SUB, false, true);
	case A64_ADD_EXT:
		return int_extended_op(f, IR_ADD, false);
	case A64_ADDS_EXT:
		return int_extended_op(f, IR_ADD, true);
	case A64_SUB_EXT:
		return int_extended_op(f, IR_SUB, false);
	case A64_SUBS_EXT:
		return int_extended_op(f, IR_SUB, true);
	case A64_ADC:
		return int_with_carry(f, IR_ADC, false);
	case A64_ADCS:
		return int_with_carry(f, IR_ADC, true);
	case A64_SBC:
		return int_with_carry(f, IR_SBC, false);
	case A64_SBCS:
		return int_with_carry(f, IR_SBC, true);
	case A64_MADD:
		return int_multiply_add(f, f_sf(f->insn), 0, false);
	case A64_MSUB:
		return int_multiply_add(f, f_sf(f->insn), 0, true);
	case A64_SMADDL:
		return int_multiply_add(f, true, 2, false);
	case A64_SMSUBL:
		return int_multiply_add(f, true, 2, true);
	case A64_UMADDL:
		return int_multiply_add(f, true, 1, false);
	case A64_UMSUBL:
		return int_multiply_add(f, true, 1, true);
	case A64_SMULH:
		return int_simple(f, IR_MUL_HIGH_S);
	case A64_UMULH:
		return int_simple(f, IR_MUL_HIGH_U);
	case A64_UDIV:
		return int_simple(f, IR_DIV_U);
	case A64_SDIV:
		return int_simple(f, IR_DIV_S);
	default:
		return false;
	}
}

static bool int_logic(struct front *f)
{
	switch (f->op) {
	case A64_AND_IMM:
		return int_logic_imm(f, IR_AND, false);
	case A64_ORR_IMM:
		return int_logic_imm(f, IR_OR, false);
	case A64_EOR_IMM:
		return int_logic_imm(f, IR_XOR, false);
	case A64_ANDS_IMM:
		return int_logic_imm(f, IR_AND, true);
	case A64_AND_SH:
		return int_shifted_op(f, IR_AND, false, false);
	case A64_BIC_SH:
		return int_shifted_op(f, IR_AND, true, false);
	case A64_ORR_SH:
		return int_shifted_op(f, IR_OR, false, false);
	case A64_ORN_SH:
		return int_shifted_op(f, IR_OR, true, false);
	case A64_EOR_SH:
		return int_shifted_op(f, IR_XOR, false, false);
	case A64_EON_SH:
		return int_shifted_op(f, IR_XOR, true, false);
	case A64_ANDS_SH:
		return int_shifted_op(f, IR_AND, false, true);
	case A64_BICS_SH:
		return int_shifted_op(f, IR_AND, true, true);
	default:
		return false;
	}
}

static bool int_bits(struct front *f)
{
	switch (f->op) {
	case A64_SBFM:
		return int_bitfield(f, true);
	case A64_UBFM:
		return int_bitfield(f, false);
	case A64_BFM:
		return int_insert(f);
	case A64_EXTR:
		return int_extract(f);
	case A64_LSLV:
		return int_simple(f, IR_SHL);
	case A64_LSRV:
		return int_simple(f, IR_SHR);
	case A64_ASRV:
		return int_simple(f, IR_SAR);
	case A64_RORV:
		return int_simple(f, IR_ROR);
	case A64_CLZ:
		return int_unary(f, IR_CLZ, 0);
	case A64_CLS:
		return int_cls(f);
	case A64_RBIT:
		return int_unary(f, IR_RBIT, 0);
	case A64_REV16:
		return int_unary(f, IR_BSWAP, 1);
	case A64_REV32:
		return int_unary(f, IR_BSWAP, 2);
	case A64_REV64:
		return int_unary(f, IR_BSWAP, 3);
	default:
		return false;
	}
}

bool front_int(struct front *f)
{
	switch (f->op) {
	case A64_ADR:
	case A64_ADRP:
		return int_address(f);
	case A64_MOVN:
	case A64_MOVZ:
	case A64_MOVK:
		return int_move_wide(f);
	case A64_CSEL:
		return int_select(f, IR_SELECT_PLAIN);
	case A64_CSINC:
		return int_select(f, IR_SELECT_INC);
	case A64_CSINV:
		return int_select(f, IR_SELECT_NOT);
	case A64_CSNEG:
		return int_select(f, IR_SELECT_NEG);
	case A64_CCMN_REG:
		return int_compare(f, true, false);
	case A64_CCMP_REG:
		return int_compare(f, false, false);
	case A64_CCMN_IMM:
		return int_compare(f, true, true);
	case A64_CCMP_IMM:
		return int_compare(f, false, true);
	default:
		return int_arithmetic(f) || int_logic(f) || int_bits(f);
	}
}
