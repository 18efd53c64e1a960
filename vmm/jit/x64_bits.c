// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_bits.c - integer operations on bits: shifts, fields, extensions, orders of bits and bytes.
 */
#include "x64_emit.h"

#define OP_MOVZX8 (X64_0F | 0xb6)
#define OP_MOVSX8 (X64_0F | 0xbe)
#define OP_MOVSXD 0x63
#define OP_LZCNT  (X64_F3 | X64_0F | 0xbd)
#define OP_SHLX   (X64_66 | X64_0F38 | 0xf7)
#define OP_SARX   (X64_F3 | X64_0F38 | 0xf7)
#define OP_SHRX   (X64_F2 | X64_0F38 | 0xf7)
#define OP_RORX   (X64_F2 | X64_0F3A | 0xf0)
#define OP_SHRD   (X64_0F | 0xac)

/* SHLX and its relatives read another register, or memory, than they write, and keep the flags.
 * `count` is rcx or a guest's register. */
static void shift_by_register(struct emit *e, bool wide, unsigned int opcode, enum x64_reg dst,
			      unsigned int value, enum x64_reg count)
{
	if (value == IR_ZR || emit_pinned(value) != X64_NO_REG) {
		x64_vex_rr(e->b, wide, opcode, dst, count, emit_use(e, value, RAX));
	} else {
		x64_vex_rm(e->b, wide, opcode, dst, count, emit_guest_reg(value));
	}
}

static void emit_shift_imm(struct emit *e, const struct ir_op *op, enum x64_reg dst,
			   unsigned int by_register)
{
	static const uint8_t shifts[] = {SHIFT_SHL, SHIFT_SHR, SHIFT_SAR};

	if (op->imm == 0) {
		emit_load(e, dst, op->a, op->wide);
	} else if (op->op == IR_ROR) {
		x64_vex_rr(e->b, op->wide, OP_RORX, dst, 0, emit_use(e, op->a, RAX));
		x64_byte(e->b, (uint8_t)op->imm);
	} else if (op->keep_flags || (emit_pinned(op->a) != dst && dst != RAX)) {
		x64_mov_imm(e->b, RCX, (uint64_t)op->imm);
		shift_by_register(e, op->wide, by_register, dst, op->a, RCX);
	} else {
		emit_load(e, dst, op->a, true);
		x64_shift_ri(e->b, op->wide, (enum x64_shift)shifts[op->op - IR_SHL], dst,
			     (uint8_t)op->imm);
	}
}

static void emit_shift(struct emit *e, const struct ir_op *op)
{
	static const uint16_t by_register[] = {OP_SHLX, OP_SHRX, OP_SARX, 0};
	unsigned int kind = op->op - IR_SHL;
	enum x64_reg dst = emit_def(op->dst, RAX);

	if (!op->keep_flags) {
		e->host_flags = EMIT_FLAGS_NONE;
	}
	if (op->b == IR_IMM) {
		emit_shift_imm(e, op, dst, by_register[kind]);
	} else if (op->op == IR_ROR) {
		emit_load(e, RCX, op->b, true);
		emit_load(e, RAX, op->a, op->wide);
		x64_shift_cl(e->b, op->wide, SHIFT_ROR, RAX);
		dst = RAX;
	} else {
		shift_by_register(e, op->wide, by_register[kind], dst, op->a,
				  emit_use(e, op->b, RCX));
	}
	emit_commit(e, op->dst, dst);
}

/* SHRD writes the flags; these do not. The parts have no bit in common: LEA joins them. */
static void extract_keeping_flags(struct emit *e, const struct ir_op *op)
{
	int64_t left = (op->wide ? 64 : 32) - op->imm;
	enum x64_reg dst = emit_def(op->dst, RAX);
	struct x64_mem sum;

	x64_mov_imm(e->b, RCX, (uint64_t)op->imm);
	shift_by_register(e, op->wide, OP_SHRX, RDX, op->b, RCX);
	if (left <= 3) {
		sum = x64_at_index(RDX, emit_use(e, op->a, RCX), 0);
		sum.scale = (uint8_t)left;
	} else {
		x64_mov_imm(e->b, RCX, (uint64_t)left);
		shift_by_register(e, op->wide, OP_SHLX, RCX, op->a, RCX);
		sum = x64_at_index(RDX, RCX, 0);
	}
	x64_lea(e->b, op->wide, dst, sum);
	emit_commit(e, op->dst, dst);
}

static void emit_extract(struct emit *e, const struct ir_op *op)
{
	enum x64_reg high;

	if (op->keep_flags) {
		extract_keeping_flags(e, op);
		return;
	}
	e->host_flags = EMIT_FLAGS_NONE;
	emit_load(e, RAX, op->b, op->wide);
	high = emit_use(e, op->a, RCX);
	x64_rr(e->b, op->wide, OP_SHRD, high, RAX);
	x64_byte(e->b, (uint8_t)op->imm);
	emit_commit(e, op->dst, RAX);
}

static void and_mask(struct emit *e, bool wide, enum x64_reg reg, uint64_t mask)
{
	if (!wide) {
		mask = (uint64_t)(int64_t)(int32_t)(uint32_t)mask;
	}
	if ((int64_t)mask == (int32_t)mask) {
		x64_alu_ri(e->b, wide, ALU_AND, reg, (int32_t)mask);
	} else {
		x64_mov_imm(e->b, RCX, mask);
		x64_alu_rr(e->b, wide, ALU_AND, reg, RCX);
	}
}

/* Bits aux .. aux + imm - 1 of dst become the low bits of a. */
static void emit_insert(struct emit *e, const struct ir_op *op)
{
	uint64_t mask = op->imm >= 64 ? ~0ull : (1ull << op->imm) - 1;
	enum x64_reg dst = emit_pinned(op->dst);

	e->host_flags = EMIT_FLAGS_NONE;
	emit_load(e, RAX, op->a, true);
	and_mask(e, true, RAX, mask);
	if (op->aux) {
		x64_shift_ri(e->b, true, SHIFT_SHL, RAX, op->aux);
	}
	if (dst == X64_NO_REG) {
		x64_mov_imm(e->b, RCX, ~(mask << op->aux));
		x64_alu_rm(e->b, op->wide, ALU_AND, RCX, emit_guest_reg(op->dst));
		x64_alu_rr(e->b, op->wide, ALU_OR, RAX, RCX);
		emit_commit(e, op->dst, RAX);
	} else {
		and_mask(e, op->wide, dst, ~(mask << op->aux));
		x64_alu_rr(e->b, op->wide, ALU_OR, dst, RAX);
	}
}

static void emit_extend(struct emit *e, const struct ir_op *op)
{
	bool sign = op->op == IR_SEXT;
	enum x64_reg dst = emit_def(op->dst, RAX);
	enum x64_reg a = emit_use(e, op->a, RAX);

	if (op->size == 2) {
		if (sign && op->wide) {
			x64_rr(e->b, true, OP_MOVSXD, dst, a);
		} else {
			x64_mov_rr(e->b, false, dst, a);
		}
	} else {
		unsigned int opcode = (sign ? OP_MOVSX8 : OP_MOVZX8) | op->size;

		if (sign && op->wide) {
			x64_rr(e->b, true, opcode, dst, a);
		} else {
			x64_rr8(e->b, opcode, dst, a);
		}
	}
	emit_commit(e, op->dst, dst);
}

static void emit_clz(struct emit *e, const struct ir_op *op)
{
	enum x64_reg dst = emit_def(op->dst, RAX);

	e->host_flags = EMIT_FLAGS_NONE;
	x64_rr(e->b, op->wide, OP_LZCNT, dst, emit_use(e, op->a, RAX));
	emit_commit(e, op->dst, dst);
}

static void emit_bswap_reg(struct emit *e, bool wide, enum x64_reg reg)
{
	x64_byte(e->b, (uint8_t)((wide ? 0x48 : 0x40) | (reg >> 3 & 1)));
	x64_byte(e->b, 0x0f);
	x64_byte(e->b, (uint8_t)(0xc8 | (reg & 7)));
}

/* Swapping bytes within halfwords of 64 bits: (x >> 8 & m) | (x & m) << 8. */
static void emit_bswap16_wide(struct emit *e)
{
	x64_mov_rr(e->b, true, RDX, RAX);
	x64_shift_ri(e->b, true, SHIFT_SHR, RDX, 8);
	x64_mov_imm(e->b, RCX, 0x00ff00ff00ff00ffull);
	x64_alu_rr(e->b, true, ALU_AND, RDX, RCX);
	x64_alu_rr(e->b, true, ALU_AND, RAX, RCX);
	x64_shift_ri(e->b, true, SHIFT_SHL, RAX, 8);
	x64_alu_rr(e->b, true, ALU_OR, RAX, RDX);
}

static void emit_bswap(struct emit *e, const struct ir_op *op)
{
	e->host_flags = EMIT_FLAGS_NONE;
	emit_load(e, RAX, op->a, true);
	if (op->size == 1 && op->wide) {
		emit_bswap16_wide(e);
	} else {
		emit_bswap_reg(e, op->wide, RAX);
		if (op->size == 1) {
			x64_shift_ri(e->b, false, SHIFT_ROR, RAX, 16);
		} else if (op->size == 2 && op->wide) {
			x64_shift_ri(e->b, true, SHIFT_ROR, RAX, 32);
		}
	}
	emit_commit(e, op->dst, RAX);
}

/* Bytes backwards, then nibbles, pairs and bits within them. Uses rcx and T0. */
static void emit_rbit(struct emit *e, const struct ir_op *op)
{
	static const uint64_t masks[] = {0x5555555555555555ull, 0x3333333333333333ull,
					 0x0f0f0f0f0f0f0f0full};
	uint64_t width = op->wide ? ~0ull : 0xffffffffu;

	e->host_flags = EMIT_FLAGS_NONE;
	emit_load(e, RAX, op->a, true);
	emit_bswap_reg(e, op->wide, RAX);
	for (unsigned int i = 3; i-- > 0;) {
		uint8_t distance = (uint8_t)(1u << i);

		x64_mov_imm(e->b, RCX, masks[i] & width);
		x64_mov_rr(e->b, op->wide, EMIT_T0, RAX);
		x64_shift_ri(e->b, op->wide, SHIFT_SHR, EMIT_T0, distance);
		x64_alu_rr(e->b, op->wide, ALU_AND, EMIT_T0, RCX);
		x64_alu_rr(e->b, op->wide, ALU_AND, RAX, RCX);
		x64_shift_ri(e->b, op->wide, SHIFT_SHL, RAX, distance);
		x64_alu_rr(e->b, op->wide, ALU_OR, RAX, EMIT_T0);
	}
	emit_commit(e, op->dst, RAX);
}

bool emit_bits(struct emit *e, const struct ir_op *op)
{
	switch (op->op) {
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROR:
		emit_shift(e, op);
		return true;
	case IR_EXTRACT:
		emit_extract(e, op);
		return true;
	case IR_INSERT:
		emit_insert(e, op);
		return true;
	case IR_SEXT:
	case IR_ZEXT:
		emit_extend(e, op);
		return true;
	case IR_CLZ:
		emit_clz(e, op);
		return true;
	case IR_RBIT:
		emit_rbit(e, op);
		return true;
	case IR_BSWAP:
		emit_bswap(e, op);
		return true;
	default:
		return false;
	}
}
