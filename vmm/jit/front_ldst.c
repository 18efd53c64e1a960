// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_ldst.c - loads and stores of general and vector registers.
 *
 * An access is one IR operation followed by the base's write-back; the access faults before
 * anything is changed. Forms whose registers overlap are left to the interpreter; exclusives and
 * ordered accesses are in front_atomic.c.
 */
#include "front.h"

struct address {
	unsigned int base;
	unsigned int index; /* IR_IMM: offset; else a register added to the base */
	unsigned int scale;
	int64_t offset;
	bool write_back;
	int64_t step; /* what write-back adds */
};

static void ldst_set_address(struct ir_op *o, const struct address *a)
{
	o->a = (uint8_t)a->base;
	o->b = (uint8_t)a->index;
	o->scale = (uint8_t)a->scale;
	o->imm = a->offset;
}

static void ldst_finish(struct front *f, const struct address *a)
{
	if (a->write_back) {
		front_op_imm(f, IR_ADD, true, a->base, a->base, a->step);
	}
}

static struct address ldst_offset(struct front *f, int64_t offset)
{
	return (struct address){.base = f_rn(f->insn), .index = IR_IMM, .offset = offset};
}

static struct address ldst_indexed(struct front *f, bool pre, int64_t step)
{
	return (struct address){
		.base = f_rn(f->insn),
		.index = IR_IMM,
		.offset = pre ? step : 0,
		.write_back = true,
		.step = step,
	};
}

/* Register offset: the index is extended, and shifted if that is too far for x86, into T0. */
static struct address ldst_register(struct front *f, unsigned int lg)
{
	uint32_t i = f->insn;
	unsigned int option = f_option(i), value = front_zr(f_rm(i));
	unsigned int scale = f_scaled(i) ? lg : 0;

	if (option != 3 && option != 7) {
		front_op3(f, option & 4 ? IR_SEXT : IR_ZEXT, true, IR_T0, value, IR_NONE)->size = 2;
		value = IR_T0;
	}
	if (scale > 3) {
		front_op_imm(f, IR_SHL, true, IR_T0, value, scale);
		value = IR_T0;
		scale = 0;
	}
	return (struct address){.base = f_rn(i), .index = value, .scale = scale};
}

/* Kinds of a single access of the general registers. */
enum ldst_kind {
	KIND_STORE,
	KIND_LOAD,
	KIND_LOAD_SIGNED,
};

static bool ldst_single(struct front *f, const struct address *a, enum ldst_kind kind,
			bool unprivileged)
{
	uint32_t i = f->insn;
	struct ir_op *o = ir_append(f->block, kind == KIND_STORE ? IR_STORE : IR_LOAD);

	ldst_set_address(o, a);
	o->dst = (uint8_t)front_zr(f_rt(i));
	o->size = (uint8_t)f_size(i);
	o->aux = kind == KIND_LOAD_SIGNED;
	o->wide = kind == KIND_LOAD_SIGNED ? !f_sx32(i) : true;
	o->unprivileged = unprivileged;
	ldst_finish(f, a);
	return true;
}

static bool ldst_write_back_overlaps(uint32_t i)
{
	return f_rn(i) == f_rt(i) && f_rn(i) != 31;
}

static bool ldst_pair(struct front *f, bool load, bool sign)
{
	uint32_t i = f->insn;
	unsigned int lg = sign ? 2 : f_sf(i) ? 3 : 2;
	unsigned int mode = f_pidx(i);
	int64_t offset = front_sext(f_imm7(i), 7) * (1 << lg);
	struct address a = mode & 1 ? ldst_indexed(f, mode == 3, offset) : ldst_offset(f, offset);
	struct ir_op *o;

	if ((a.write_back && (ldst_write_back_overlaps(i) || f_rn(i) == f_rt2(i))) ||
	    (load && f_rt(i) == f_rt2(i))) {
		return false;
	}
	o = ir_append(f->block, load ? IR_LOAD_PAIR : IR_STORE_PAIR);
	ldst_set_address(o, &a);
	o->dst = (uint8_t)front_zr(f_rt(i));
	o->c = (uint8_t)front_zr(f_rt2(i));
	o->size = (uint8_t)lg;
	o->aux = sign;
	o->wide = true;
	ldst_finish(f, &a);
	return true;
}

static bool ldst_literal(struct front *f, unsigned int lg, bool sign)
{
	struct address a = {
		.base = IR_ZR,
		.index = IR_IMM,
		.offset = f->offset + front_sext(f_imm19(f->insn), 19) * 4,
	};
	struct ir_op *o = ir_append(f->block, IR_LOAD);

	ldst_set_address(o, &a);
	o->dst = (uint8_t)front_zr(f_rt(f->insn));
	o->size = (uint8_t)lg;
	o->aux = sign;
	o->wide = true;
	return true;
}

static bool ldst_unscaled(struct front *f, enum ldst_kind kind, bool unprivileged)
{
	struct address a = ldst_offset(f, front_sext(f_imm9(f->insn), 9));

	return ldst_single(f, &a, kind, unprivileged);
}

static bool ldst_scaled(struct front *f, enum ldst_kind kind)
{
	struct address a = ldst_offset(f, (int64_t)f_imm12(f->insn) << f_size(f->insn));

	return ldst_single(f, &a, kind, false);
}

static bool ldst_by_register(struct front *f, enum ldst_kind kind)
{
	struct address a = ldst_register(f, f_size(f->insn));

	return ldst_single(f, &a, kind, false);
}

static bool ldst_write_back(struct front *f, enum ldst_kind kind)
{
	struct address a = ldst_indexed(f, f_pre(f->insn), front_sext(f_imm9(f->insn), 9));

	if (ldst_write_back_overlaps(f->insn)) {
		return false;
	}
	return ldst_single(f, &a, kind, false);
}

bool front_ldst(struct front *f)
{
	switch (f->op) {
	case A64_STR_UIMM:
		return ldst_scaled(f, KIND_STORE);
	case A64_LDR_UIMM:
		return ldst_scaled(f, KIND_LOAD);
	case A64_LDRS_UIMM:
		return ldst_scaled(f, KIND_LOAD_SIGNED);
	case A64_STR_REG:
		return ldst_by_register(f, KIND_STORE);
	case A64_LDR_REG:
		return ldst_by_register(f, KIND_LOAD);
	case A64_LDRS_REG:
		return ldst_by_register(f, KIND_LOAD_SIGNED);
	case A64_STUR:
		return ldst_unscaled(f, KIND_STORE, false);
	case A64_LDUR:
		return ldst_unscaled(f, KIND_LOAD, false);
	case A64_LDURS:
		return ldst_unscaled(f, KIND_LOAD_SIGNED, false);
	case A64_STTR:
		return ldst_unscaled(f, KIND_STORE, true);
	case A64_LDTR:
		return ldst_unscaled(f, KIND_LOAD, true);
	case A64_LDTRS:
		return ldst_unscaled(f, KIND_LOAD_SIGNED, true);
	case A64_STR_WB:
		return ldst_write_back(f, KIND_STORE);
	case A64_LDR_WB:
		return ldst_write_back(f, KIND_LOAD);
	case A64_LDRS_WB:
		return ldst_write_back(f, KIND_LOAD_SIGNED);
	case A64_STP:
	case A64_STNP:
		return ldst_pair(f, false, false);
	case A64_LDP:
	case A64_LDNP:
		return ldst_pair(f, true, false);
	case A64_LDPSW:
		return ldst_pair(f, true, true);
	case A64_LDR_LIT:
		return ldst_literal(f, f_lsz(f->insn) ? 3 : 2, false);
	case A64_LDRSW_LIT:
		return ldst_literal(f, 2, true);
	case A64_PRFM_LIT:
	case A64_PRFM_UIMM:
	case A64_PRFM_REG:
	case A64_PRFUM:
		return true;
	default:
		return front_atomic(f);
	}
}

static bool vldst_single(struct front *f, const struct address *a, unsigned int lg, bool load)
{
	struct ir_op *o = ir_append(f->block, load ? IR_VLOAD : IR_VSTORE);

	ldst_set_address(o, a);
	o->dst = (uint8_t)f_rt(f->insn);
	o->size = (uint8_t)lg;
	ldst_finish(f, a);
	return true;
}

static bool vldst_pair(struct front *f, bool load)
{
	uint32_t i = f->insn;
	unsigned int lg = f_opcl(i) + 2;
	unsigned int mode = f_pidx(i);
	int64_t offset = front_sext(f_imm7(i), 7) * (1 << lg);
	struct address a = mode & 1 ? ldst_indexed(f, mode == 3, offset) : ldst_offset(f, offset);
	struct ir_op *o;

	if (load && f_rt(i) == f_rt2(i)) {
		return false;
	}
	o = ir_append(f->block, load ? IR_VLOAD_PAIR : IR_VSTORE_PAIR);
	ldst_set_address(o, &a);
	o->dst = (uint8_t)f_rt(i);
	o->c = (uint8_t)f_rt2(i);
	o->size = (uint8_t)lg;
	ldst_finish(f, &a);
	return true;
}

bool front_vldst(struct front *f)
{
	uint32_t i = f->insn;
	unsigned int lg = f_vq(i) ? 4 : f_size(i);
	struct address a;

	switch (f->op) {
	case A64_STR_V_UIMM:
	case A64_LDR_V_UIMM:
		a = ldst_offset(f, (int64_t)f_imm12(i) << lg);
		return vldst_single(f, &a, lg, f->op == A64_LDR_V_UIMM);
	case A64_STUR_V:
	case A64_LDUR_V:
		a = ldst_offset(f, front_sext(f_imm9(i), 9));
		return vldst_single(f, &a, lg, f->op == A64_LDUR_V);
	case A64_STR_V_WB:
	case A64_LDR_V_WB:
		a = ldst_indexed(f, f_pre(i), front_sext(f_imm9(i), 9));
		return vldst_single(f, &a, lg, f->op == A64_LDR_V_WB);
	case A64_STR_V_REG:
	case A64_LDR_V_REG:
		a = ldst_register(f, lg);
		return vldst_single(f, &a, lg, f->op == A64_LDR_V_REG);
	case A64_STP_V:
	case A64_STNP_V:
		return vldst_pair(f, false);
	case A64_LDP_V:
	case A64_LDNP_V:
		return vldst_pair(f, true);
	default:
		return front_structs(f);
	}
}
