// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_branch.c - branches, and the system instructions that concern the shape of a block.
 */
#include "front.h"
#include "sysreg.h"

#define SYSREG_DAIF SYSREG(3, 3, 4, 2, 1)
#define SYSREG_FPCR SYSREG(3, 3, 4, 4, 0)

static bool branch_jump(struct front *f, int64_t offset, enum ir_jump kind)
{
	struct ir_op *o;

	o = ir_append(f->block, IR_JUMP);
	o->aux = kind;
	o->imm = f->offset + offset;
	f->end = true;
	return true;
}

static bool branch_register(struct front *f, enum ir_jump kind)
{
	unsigned int target = front_zr(f_rn(f->insn));
	struct ir_op *o;

	if (kind == IR_JUMP_CALL && target == 30) {
		front_op3(f, IR_MOV, true, IR_T0, target, IR_NONE);
		target = IR_T0;
	}
	o = ir_append(f->block, IR_JUMP_REG);
	o->a = (uint8_t)target;
	o->aux = kind;
	f->end = true;
	return true;
}

/* Where a conditional branch leaves the block: where it goes, or, if the block does, behind it. */
static int64_t branch_exit(const struct front *f, int64_t distance, bool *inverted)
{
	*inverted = f->next != f->offset + 4;
	return f->offset + (*inverted ? 4 : distance);
}

static bool branch_condition(struct front *f, int64_t distance)
{
	struct ir_op *o = ir_append(f->block, IR_BRANCH);
	bool inverted;

	o->imm = branch_exit(f, distance, &inverted);
	o->cond = (uint8_t)(f_bcond(f->insn) ^ inverted);
	return true;
}

static bool branch_zero(struct front *f, int64_t distance, bool nonzero)
{
	uint32_t i = f->insn;
	struct ir_op *o = ir_append(f->block, IR_BRANCH_ZERO);
	bool inverted;

	o->a = (uint8_t)front_zr(f_rt(i));
	o->wide = f_sf(i);
	o->imm = branch_exit(f, distance, &inverted);
	o->aux = nonzero ^ inverted;
	return true;
}

static bool branch_bit(struct front *f, int64_t distance, bool set)
{
	uint32_t i = f->insn;
	struct ir_op *o = ir_append(f->block, IR_BRANCH_BIT);
	bool inverted;

	o->a = (uint8_t)front_zr(f_rt(i));
	o->c = (uint8_t)(f_b5(i) << 5 | f_b40(i));
	o->imm = branch_exit(f, distance, &inverted);
	o->aux = set ^ inverted;
	return true;
}

bool front_branch(struct front *f)
{
	int64_t distance = 0;
	uint32_t i = f->insn;

	if (front_always_branches(f->op, i)) {
		return true; /* as the block goes on, or ends */
	}
	if (front_branches(f->op, i, &distance) && distance == 4) {
		return true; /* the next instruction, one way or the other */
	}
	switch (f->op) {
	case A64_BL:
		return branch_jump(f, front_sext(f_imm26(i), 26) * 4, IR_JUMP_CALL);
	case A64_B_COND:
		return branch_condition(f, distance);
	case A64_CBZ:
		return branch_zero(f, distance, false);
	case A64_CBNZ:
		return branch_zero(f, distance, true);
	case A64_TBZ:
		return branch_bit(f, distance, false);
	case A64_TBNZ:
		return branch_bit(f, distance, true);
	case A64_BR:
		return branch_register(f, IR_JUMP_PLAIN);
	case A64_RET:
		return branch_register(f, IR_JUMP_RETURN);
	case A64_BLR:
		return branch_register(f, IR_JUMP_CALL);
	default:
		return false;
	}
}

/* The interpreter's function, and then whatever block is next under the changed state. */
static bool system_call_and_leave(struct front *f)
{
	ir_append(f->block, IR_CALL)->imm = f->op;
	return branch_jump(f, 4, IR_JUMP_UNCHAINED);
}

/* DC ZVA; Rt holds the address, not a base: SP does not come into it. */
static bool system_zero_cache(struct front *f)
{
	uint32_t i = f->insn;

	if (f_op1(i) != 3 || f_crn(i) != 7 || f_crm(i) != 4 || f_op2(i) != 1) {
		return false;
	}
	front_op_imm(f, IR_AND, true, IR_T0, front_zr(f_rt(i)), -64);
	front_op_imm(f, IR_ZERO_CACHE, true, IR_NONE, IR_T0, 0);
	return true;
}

/* MRS and MSR of what is nothing but storage. SP_EL0 is, unless it is the current stack pointer. */
static bool system_storage(struct front *f, bool write)
{
	uint16_t reg = SYSREG_OF_INSN(f->insn);
	bool el1 = f->block->bank != TLB_BANK_EL0;
	bool sp_el0 = el1 && reg == SYSREG(3, 0, 4, 1, 0);
	unsigned int place = sp_el0 ? offsetof(struct jit_cpu, sp_el[0])
				    : sysreg_storage_offset(reg, el1, write);
	struct ir_op *o;

	if (!place) {
		return write ? system_call_and_leave(f) : false;
	}
	o = ir_append(f->block, write ? IR_WRITE_CPU : IR_READ_CPU);
	o->imm = (int64_t)place;
	o->aux = sp_el0;
	*(write ? &o->a : &o->dst) = (uint8_t)front_zr(f_rt(f->insn));
	return true;
}

/* At EL1 masking is a store, and so is allowing what nothing waits for; the next block looks for
 * what does. */
static void daif_write(struct front *f, unsigned int value, bool clears)
{
	struct ir_op *o = ir_append(f->block, IR_WRITE_DAIF);

	o->a = (uint8_t)value;
	o->aux = clears;
	f->end |= clears;
}

static void daif_read(struct front *f)
{
	front_op_imm(f, IR_READ_CPU, true, IR_T0, IR_NONE, offsetof(struct jit_cpu, daif));
	front_op_imm(f, IR_AND, false, IR_T0, IR_T0, 15);
}

static bool system_read_daif(struct front *f)
{
	daif_read(f);
	front_op_imm(f, IR_SHL, true, front_zr(f_rt(f->insn)), IR_T0, 6);
	return true;
}

static bool system_write_daif(struct front *f)
{
	front_op_imm(f, IR_SHR, true, IR_T0, front_zr(f_rt(f->insn)), 6);
	front_op_imm(f, IR_AND, false, IR_T0, IR_T0, 15);
	daif_write(f, IR_T0, true);
	return true;
}

/* MSR DAIFSet and DAIFClr. */
static bool system_write_pstate(struct front *f)
{
	bool clears = f_op2(f->insn) == 7;
	int64_t bits = f_crm(f->insn);

	if (f->block->bank == TLB_BANK_EL0 || f_op1(f->insn) != 3 || f_op2(f->insn) < 6) {
		return system_call_and_leave(f);
	}
	daif_read(f);
	front_op_imm(f, clears ? IR_AND : IR_OR, false, IR_T0, IR_T0, clears ? ~bits & 15 : bits);
	daif_write(f, IR_T0, clears);
	return true;
}

/* MRS FPCR: the math library looks at it in each function. */
static bool system_fpcr(struct front *f)
{
	unsigned int rt = front_zr(f_rt(f->insn));

	front_need_fp(f, FRONT_FP_ENABLED);
	front_op_imm(f, IR_READ_CPU, true, rt, IR_NONE, offsetof(struct jit_cpu, fpcr));
	front_op3(f, IR_ZEXT, true, rt, rt, IR_NONE)->size = 2;
	return true;
}

static bool system_register(struct front *f, bool write)
{
	uint16_t reg = SYSREG_OF_INSN(f->insn);

	if (reg == SYSREG_DAIF && f->block->bank != TLB_BANK_EL0) {
		return write ? system_write_daif(f) : system_read_daif(f);
	}
	return reg == SYSREG_FPCR && !write ? system_fpcr(f) : system_storage(f, write);
}

bool front_system(struct front *f)
{
	switch (f->op) {
	case A64_HINT:
		if (f_hintimm(f->insn) == 0 || f_hintimm(f->insn) > 5) {
			return true; /* NOP, and hints of absent features */
		}
		return system_call_and_leave(f);
	case A64_DMB:
		/* TSO keeps all but store-load order; CRm<1:0> = 01 orders loads with later
		 * accesses, 10 orders stores with stores. */
		if ((f_crm(f->insn) & 3) == 3 || (f_crm(f->insn) & 3) == 0) {
			ir_append(f->block, IR_FENCE);
		}
		return true;
	case A64_CLREX:
		return false;
	case A64_DSB: /* may serve other CPUs' TLBI */
		return system_call_and_leave(f);
	case A64_MRS:
	case A64_MSR_REG:
		return system_register(f, f->op == A64_MSR_REG);
	case A64_MSR_IMM:
		return system_write_pstate(f);
	case A64_SYS:
		/* TLBI: what follows is mapped as it says afterwards (x64_return.c). */
		return f_crn(f->insn) == 8 ? system_call_and_leave(f) : system_zero_cache(f);
	default:
		return system_call_and_leave(f);
	}
}
