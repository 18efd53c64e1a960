// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_arith.c - integer arithmetic: moves, ALU, multiplication, division, selection.
 *
 * A 32-bit x86 operation clears the upper half of its destination as A64 does, so `wide` maps to
 * REX.W and nothing more. Hosts have LZCNT and BMI2 (accel_jit.c checks).
 */
#include "debug.h"
#include "x64_emit.h"

#define OP_IMUL   (X64_0F | 0xaf)
#define OP_MULX   (X64_F2 | X64_0F38 | 0xf6)
#define OP_MOVZX8 (X64_0F | 0xb6)
#define OP_MOVSXD 0x63

static bool fits_imm32(int64_t imm, bool wide)
{
	return !wide || imm == (int32_t)imm;
}

/* op dst, b where b is an immediate, a register or in memory. Uses rcx for large immediates. */
static void alu_operand(struct emit *e, bool wide, enum x64_alu alu, enum x64_reg dst,
			const struct ir_op *op)
{
	enum x64_reg b;

	if (op->b == IR_IMM) {
		if (fits_imm32(op->imm, wide)) {
			x64_alu_ri(e->b, wide, alu, dst, (int32_t)op->imm);
		} else {
			x64_mov_imm(e->b, RCX, (uint64_t)op->imm);
			x64_alu_rr(e->b, wide, alu, dst, RCX);
		}
		return;
	}
	b = emit_pinned(op->b);
	if (b != X64_NO_REG) {
		x64_alu_rr(e->b, wide, alu, dst, b);
	} else if (op->b == IR_ZR) {
		x64_alu_ri(e->b, wide, alu, dst, 0);
	} else {
		x64_alu_rm(e->b, wide, alu, dst, emit_guest_reg(op->b));
	}
}

/* Comparisons: only the flags are wanted, `a` may stay where it is. */
static void alu_compare(struct emit *e, const struct ir_op *op, enum x64_alu alu)
{
	enum x64_reg a = emit_use(e, op->a, RAX);
	bool no_result = alu == ALU_AND && !emit_flags_want_origin(op);

	if (alu != ALU_AND) {
		emit_flags_from_operands(e, op, a, alu == ALU_ADD);
	}
	if (alu == ALU_SUB) {
		alu_operand(e, op->wide, ALU_CMP, a, op);
	} else if (alu == ALU_AND && op->b == op->a) {
		x64_test_rr(e->b, op->wide, a, a);
		emit_flags_from_result(e, op, a);
	} else if (no_result && op->b != IR_IMM) {
		x64_test_rr(e->b, op->wide, a, emit_use(e, op->b, RCX));
	} else if (no_result && fits_imm32(op->imm, op->wide)) {
		x64_rr(e->b, op->wide, 0xf7, 0, a);
		x64_u32(e->b, (uint32_t)op->imm);
	} else {
		emit_load(e, RAX, op->a, true);
		alu_operand(e, op->wide, alu, RAX, op);
		if (alu == ALU_AND) {
			emit_flags_from_result(e, op, RAX);
		}
	}
}

static bool is_commutative(enum x64_alu alu)
{
	return alu != ALU_SUB && alu != ALU_SBB;
}

/* By LEA, which is shorter if the operands are in registers and the result is elsewhere, and keeps
 * the flags. */
static bool add_by_lea(struct emit *e, const struct ir_op *op, enum x64_reg dst)
{
	enum x64_reg a = emit_pinned(op->a), b = emit_pinned(op->b);
	int64_t imm = op->op == IR_SUB ? -op->imm : op->imm;
	int32_t negative = 0;

	if (!op->keep_flags && (op->op == IR_SUB || op->set_flags || a == X64_NO_REG || dst == a ||
				(op->b != IR_IMM && (b == X64_NO_REG || b == dst)))) {
		return false;
	}
	a = emit_use(e, op->a, RAX);
	if (op->b == IR_IMM && fits_imm32(imm, true)) {
		x64_lea(e->b, op->wide, dst, x64_at(a, (int32_t)imm));
		return true;
	}
	if (op->b == IR_IMM) {
		b = RCX;
		x64_mov_imm(e->b, b, (uint64_t)imm);
	} else if (op->op == IR_SUB) {
		b = RCX;
		emit_load(e, b, op->b, true);
		x64_rr(e->b, true, 0xf7, 2, b); /* not */
		negative = 1;
	} else {
		b = emit_use(e, op->b, RCX);
	}
	x64_lea(e->b, op->wide, dst, x64_at_index(a, b, negative));
	return true;
}

static void emit_alu(struct emit *e, const struct ir_op *op, enum x64_alu alu, enum emit_flags how)
{
	struct ir_op o = *op;
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (op->dst == IR_ZR) {
		if (op->set_flags) {
			alu_compare(e, op, alu);
			emit_flags_set(e, op, how, true);
		}
		return;
	}
	if ((alu == ALU_ADD || alu == ALU_SUB) && add_by_lea(e, op, dst)) {
		emit_commit(e, op->dst, dst);
		return;
	}
	if (o.b != IR_IMM && emit_pinned(o.b) == dst && emit_pinned(o.a) != dst) {
		if (is_commutative(alu)) {
			o.b = op->a;
			o.a = op->b;
		} else {
			dst = RAX;
		}
	}
	if (emit_pinned(o.a) != dst) {
		emit_load(e, dst, o.a, true);
	}
	if (op->set_flags && alu != ALU_AND) {
		emit_flags_from_operands(e, &o, dst, alu == ALU_ADD);
	}
	alu_operand(e, o.wide, alu, dst, &o);
	emit_commit(e, op->dst, dst);
	if (op->set_flags) {
		if (alu == ALU_AND) {
			emit_flags_from_result(e, op, dst);
		}
		emit_flags_set(e, op, how, true);
	} else {
		e->host_flags = EMIT_FLAGS_NONE;
	}
}

/* C to CF, or its inverse, as `how` says. */
static void emit_carry(struct emit *e, const struct ir_op *op, enum emit_flags how)
{
	if (e->host_flags == EMIT_FLAGS_NONE) {
		emit_flags_to_memory(e, op);
		x64_rm(e->b, false, OP_MOVZX8, RAX, emit_cpu(EMIT_CPU(flags) + 1));
		x64_shift_ri(e->b, false, SHIFT_SHR, RAX, 1);
		e->host_flags = EMIT_FLAGS_DIRECT;
	}
	if (e->host_flags != how) {
		x64_byte(e->b, 0xf5); /* cmc */
	}
}

/* ADC and SBC. To store flags takes rax, so the result is never there. */
static void emit_with_carry(struct emit *e, const struct ir_op *op)
{
	bool subtract = op->op == IR_SBC;
	enum emit_flags how = subtract ? EMIT_FLAGS_SUB : EMIT_FLAGS_DIRECT;
	enum x64_reg dst = emit_def(op->dst, RCX);

	emit_carry(e, op, how);
	if (op->b != op->a && emit_pinned(op->b) == dst) {
		dst = RCX;
	}
	emit_load(e, dst, op->a, true);
	alu_operand(e, op->wide, subtract ? ALU_SBB : ALU_ADC, dst, op);
	emit_commit(e, op->dst, dst);
	if (op->set_flags) {
		emit_flags_set(e, op, how, false);
	} else {
		e->host_flags = EMIT_FLAGS_NONE;
	}
}

static void emit_mov(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (op->dst == IR_ZR || (op->dst == op->a && op->wide)) {
		return;
	}
	if (emit_pinned(op->dst) == X64_NO_REG && emit_pinned(op->a) != X64_NO_REG && op->wide) {
		dst = emit_pinned(op->a);
	} else {
		emit_load(e, dst, op->a, op->wide);
	}
	emit_commit(e, op->dst, dst);
}

static void emit_movi(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (op->dst == IR_ZR) {
		return;
	}
	if (emit_pinned(op->dst) == X64_NO_REG && op->imm == (int32_t)op->imm) {
		x64_mov_store_imm(e->b, true, emit_guest_reg(op->dst), (int32_t)op->imm);
		return;
	}
	x64_mov_imm(e->b, dst, (uint64_t)op->imm);
	emit_commit(e, op->dst, dst);
}

static void emit_address_of(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (op->dst != IR_ZR) {
		emit_address(e, dst, op->imm);
		emit_commit(e, op->dst, dst);
	}
}

static void emit_not(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	emit_load(e, dst, op->a, op->wide);
	x64_rr(e->b, op->wide, 0xf7, 2, dst);
	emit_commit(e, op->dst, dst);
}

/* opcode reg, value. Uses rcx for zero. */
static void emit_operand(struct emit *e, bool wide, unsigned int opcode, enum x64_reg reg,
			 unsigned int value)
{
	if (value == IR_ZR || emit_pinned(value) != X64_NO_REG) {
		x64_rr(e->b, wide, opcode, reg, emit_use(e, value, RCX));
	} else {
		x64_rm(e->b, wide, opcode, reg, emit_guest_reg(value));
	}
}

/* An operand of IR_MUL: op->aux says that it is zero- (1) or sign-extended (2) from 32 bits. */
static void load_extended(struct emit *e, const struct ir_op *op, enum x64_reg to,
			  unsigned int value)
{
	if (op->aux == 2) {
		emit_operand(e, true, OP_MOVSXD, to, value);
	} else {
		emit_load(e, to, value, op->aux == 0);
	}
}

/* a * b without touching the flags. With one destination for both that is the upper half. */
static void emit_mulx(struct emit *e, const struct ir_op *op, enum x64_reg high, enum x64_reg low)
{
	load_extended(e, op, RDX, op->a);
	if (op->aux || op->b == IR_ZR || emit_pinned(op->b) != X64_NO_REG) {
		enum x64_reg b = op->aux ? RCX : emit_use(e, op->b, RCX);

		if (op->aux) {
			load_extended(e, op, b, op->b);
		}
		x64_vex_rr(e->b, op->wide, OP_MULX, high, low, b);
	} else {
		x64_vex_rm(e->b, op->wide, OP_MULX, high, low, emit_guest_reg(op->b));
	}
	emit_commit(e, op->dst, low);
}

static void emit_mul(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);
	unsigned int a = op->a, b = op->b;

	if (op->keep_flags) {
		emit_mulx(e, op, RCX, dst);
		return;
	}
	e->host_flags = EMIT_FLAGS_NONE;
	if (op->aux) {
		load_extended(e, op, RAX, a);
		load_extended(e, op, RCX, b);
		x64_rr(e->b, true, OP_IMUL, RAX, RCX);
		dst = RAX;
	} else {
		if (emit_pinned(b) == dst) {
			a = op->b;
			b = op->a;
		}
		emit_load(e, dst, a, true);
		emit_operand(e, op->wide, OP_IMUL, dst, b);
	}
	emit_commit(e, op->dst, dst);
}

static void emit_mul_high(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (op->op == IR_MUL_HIGH_S) {
		e->host_flags = EMIT_FLAGS_NONE;
		emit_load(e, RAX, op->a, true);
		x64_rr(e->b, true, 0xf7, 5, emit_use(e, op->b, RCX)); /* imul */
		emit_commit(e, op->dst, RDX);
		return;
	}
	emit_mulx(e, op, dst, dst);
}

/* A64 division: by zero gives zero, the most negative number by -1 itself. */
static void emit_div(struct emit *e, const struct ir_op *op)
{
	bool sign = op->op == IR_DIV_S;
	uint8_t *zero, *minus_one = NULL, *done, *done_negated = NULL;

	e->host_flags = EMIT_FLAGS_NONE;
	emit_load(e, RCX, op->b, op->wide);
	emit_load(e, RAX, op->a, op->wide);
	x64_test_rr(e->b, op->wide, RCX, RCX);
	zero = x64_jcc_fwd(e->b, CC_E);
	if (sign) {
		x64_alu_ri(e->b, op->wide, ALU_CMP, RCX, -1);
		minus_one = x64_jcc_fwd(e->b, CC_E);
		if (op->wide) {
			x64_byte(e->b, 0x48);
		}
		x64_byte(e->b, 0x99); /* cqo, cdq */
	} else {
		x64_alu_rr(e->b, false, ALU_XOR, RDX, RDX);
	}
	x64_rr(e->b, op->wide, 0xf7, sign ? 7 : 6, RCX);
	done = x64_jmp_fwd(e->b);
	if (sign) {
		x64_patch_here(e->b, minus_one);
		x64_rr(e->b, op->wide, 0xf7, 3, RAX); /* neg */
		done_negated = x64_jmp_fwd(e->b);
	}
	x64_patch_here(e->b, zero);
	x64_alu_rr(e->b, false, ALU_XOR, RAX, RAX);
	x64_patch_here(e->b, done);
	x64_patch_here(e->b, done_negated);
	emit_commit(e, op->dst, RAX);
}

/* dst = cond ? a : f(b). None of the instructions touches the flags. */
static void emit_select(struct emit *e, const struct ir_op *op)
{
	enum x64_cond cc = emit_condition(e, op, op->cond);
	enum x64_reg a;

	if (op->a == IR_ZR && op->b == IR_ZR && op->aux == IR_SELECT_INC) {
		x64_setcc(e->b, cc ^ 1, RAX); /* CSET */
		x64_rr8(e->b, OP_MOVZX8, RAX, RAX);
		emit_commit(e, op->dst, RAX);
		return;
	}
	emit_load(e, RAX, op->b, true);
	if (op->aux == IR_SELECT_NOT || op->aux == IR_SELECT_NEG) {
		x64_rr(e->b, true, 0xf7, 2, RAX);
	}
	if (op->aux == IR_SELECT_INC || op->aux == IR_SELECT_NEG) {
		x64_lea(e->b, true, RAX, x64_at(RAX, 1));
	}
	a = emit_use(e, op->a, RCX);
	x64_cmov(e->b, op->wide, cc, RAX, a); /* 32 bits: clears the upper half either way */
	emit_commit(e, op->dst, RAX);
}

/* The other branch of a CCMP: NZCV from the immediate, in the form the compare would leave. */
static void emit_flags_constant(struct emit *e, const struct ir_op *op, enum emit_flags how)
{
	unsigned int nzcv = op->size;
	unsigned int bits =
		(nzcv >> 3 & 1) << 15 | (nzcv >> 2 & 1) << 14 | (nzcv >> 1 & 1) << 8 | (nzcv & 1);

	if (emit_flags_want_origin(op)) {
		x64_mov_store_imm(e->b, false, emit_cpu(EMIT_CPU(flags)), (int32_t)bits);
		x64_mov_store_imm(e->b, false, emit_cpu(EMIT_CPU(flags_from)), 0);
	}
	x64_mov_imm(e->b, RAX, how == EMIT_FLAGS_SUB ? bits ^ CPU_FLAG_C : bits);
	x64_byte(e->b, 0x04); /* add al, 127 */
	x64_byte(e->b, 127);
	x64_byte(e->b, 0x9e); /* sahf */
}

static void emit_ccmp(struct emit *e, const struct ir_op *op)
{
	enum x64_cond cc = emit_condition(e, op, op->cond);
	enum emit_flags how = op->aux ? EMIT_FLAGS_DIRECT : EMIT_FLAGS_SUB;
	uint8_t *otherwise = x64_jcc_fwd(e->b, cc ^ 1);
	uint8_t *done;

	alu_compare(e, op, op->aux ? ALU_ADD : ALU_SUB);
	done = x64_jmp_fwd(e->b);
	x64_patch_here(e->b, otherwise);
	emit_flags_constant(e, op, how);
	x64_patch_here(e->b, done);
	emit_flags_set(e, op, how, true);
}

static void emit_check_spsel(struct emit *e, const struct ir_op *op)
{
	if (op->aux) {
		x64_test_mi8(e->b, emit_cpu(EMIT_CPU(spsel)), 0xff);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_E), emit_cold_interpret);
		e->host_flags = EMIT_FLAGS_NONE;
	}
}

static void emit_read_cpu(struct emit *e, const struct ir_op *op)
{
	enum x64_reg to = emit_def(op->dst, RAX);

	emit_check_spsel(e, op);
	if (op->dst != IR_ZR) {
		x64_mov_load(e->b, true, to, emit_cpu((int32_t)op->imm - JIT_CPU_BIAS));
		emit_commit(e, op->dst, to);
	}
}

static void emit_write_cpu(struct emit *e, const struct ir_op *op)
{
	emit_check_spsel(e, op);
	x64_mov_store(e->b, true, emit_cpu((int32_t)op->imm - JIT_CPU_BIAS),
		      emit_use(e, op->a, RAX));
}

/* C code takes over if an interrupt, or a software step, could be what was masked. */
static void emit_write_daif(struct emit *e, const struct ir_op *op)
{
	if (op->aux) {
		x64_alu_mi(e->b, false, ALU_CMP, emit_cpu(EMIT_CPU(irq_lines)), 0);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
		x64_test_mi8(e->b, emit_cpu(EMIT_CPU(debug.mdscr)), DEBUG_MDSCR_SS);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_interpret);
	}
	x64_rm8(e->b, 0x88, emit_use(e, op->a, RAX), emit_cpu(EMIT_CPU(daif)));
	e->host_flags = EMIT_FLAGS_NONE;
}

/* A locked operation on the stack is the cheapest full fence. */
static void emit_fence(struct emit *e)
{
	x64_byte(e->b, 0xf0);
	x64_rm(e->b, false, 0x83, ALU_OR, x64_at(RSP, 0));
	x64_byte(e->b, 0);
	e->host_flags = EMIT_FLAGS_NONE;
}

static bool emit_sum(struct emit *e, const struct ir_op *op)
{
	switch (op->op) {
	case IR_ADD:
		emit_alu(e, op, ALU_ADD, EMIT_FLAGS_DIRECT);
		return true;
	case IR_SUB:
		emit_alu(e, op, ALU_SUB, EMIT_FLAGS_SUB);
		return true;
	case IR_ADC:
	case IR_SBC:
		emit_with_carry(e, op);
		return true;
	case IR_MUL:
		emit_mul(e, op);
		return true;
	case IR_MUL_HIGH_U:
	case IR_MUL_HIGH_S:
		emit_mul_high(e, op);
		return true;
	case IR_DIV_U:
	case IR_DIV_S:
		emit_div(e, op);
		return true;
	default:
		return false;
	}
}

static bool emit_logic(struct emit *e, const struct ir_op *op)
{
	switch (op->op) {
	case IR_AND:
		emit_alu(e, op, ALU_AND, EMIT_FLAGS_DIRECT);
		return true;
	case IR_OR:
		emit_alu(e, op, ALU_OR, EMIT_FLAGS_DIRECT);
		return true;
	case IR_XOR:
		emit_alu(e, op, ALU_XOR, EMIT_FLAGS_DIRECT);
		return true;
	case IR_NOT:
		emit_not(e, op);
		return true;
	case IR_SELECT:
		emit_select(e, op);
		return true;
	case IR_CCMP:
		emit_ccmp(e, op);
		return true;
	default:
		return false;
	}
}

static void emit_move(struct emit *e, const struct ir_op *op)
{
	switch (op->op) {
	case IR_MOV:
		emit_mov(e, op);
		break;
	case IR_MOVI:
		emit_movi(e, op);
		break;
	case IR_ADDRESS:
		emit_address_of(e, op);
		break;
	case IR_READ_CPU:
		emit_read_cpu(e, op);
		break;
	case IR_WRITE_CPU:
		emit_write_cpu(e, op);
		break;
	case IR_WRITE_DAIF:
		emit_write_daif(e, op);
		break;
	case IR_FENCE:
		emit_fence(e);
		break;
	default:
		break;
	}
}

void emit_arithmetic(struct emit *e, const struct ir_op *op)
{
	if (!emit_sum(e, op) && !emit_logic(e, op) && !emit_bits(e, op)) {
		emit_move(e, op);
	}
}
