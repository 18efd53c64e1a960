// SPDX-License-Identifier: BSD-3-Clause
/*
 * x64_flags.c - NZCV: in the host's flags, in memory, or not worked out yet.
 *
 * What follows an operation at once takes NZCV from the host's flags. Most flags are then dead, but
 * still part of the guest's state until they are overwritten. So what is stored is not NZCV but
 * what it comes from (cpu->flags_from): two or three plain stores. Whoever then reads cpu->flags
 * first looks at flags_from: a stub works them out.
 */
#include "x64_emit.h"

#define OP_CMC     0xf5
#define OP_LAHF    0x9f
#define OP_SAHF    0x9e
#define OP_MOV_AH  0x8a /* as register 4 of the byte forms */
#define OP_MOV_TO  0x88
#define OP_MOVZX8  (X64_0F | 0xb6)
#define OP_TEST_RI 0xf7 /* /0 */
#define OP_UCOMIS  (X64_0F | 0x2e)
#define OP_MOVQ    (X64_F3 | X64_0F | 0x7e)
#define OP_MOVQ_TO (X64_66 | X64_0F | 0xd6)

/* From the host's flags, with CF as C, to cpu->flags. Byte by byte: to join AH and AL costs more
 * than a store. */
static void store_flags(struct x64_buf *b)
{
	x64_setcc_mem(b, CC_O, emit_cpu(EMIT_CPU(flags)));
	x64_byte(b, OP_LAHF);
	x64_rm(b, false, OP_MOV_TO, 4, emit_cpu(EMIT_CPU(flags) + 1));
}

/* The host's flags survive, in EMIT_FLAGS_DIRECT form. */
static void emit_store_flags(struct emit *e)
{
	if (e->host_flags == EMIT_FLAGS_SUB) {
		x64_byte(e->b, OP_CMC);
		e->host_flags = EMIT_FLAGS_DIRECT;
	}
	store_flags(e->b);
	emit_flags_written(e);
}

void emit_flags_written(struct emit *e)
{
	if (!e->flags_stored) {
		x64_mov_store_imm(e->b, false, emit_cpu(EMIT_CPU(flags_from)), 0);
	}
	emit_flags_in_memory(e);
}

void emit_flags_in_memory(struct emit *e)
{
	e->flags_stored = true;
	e->kept_cond = IR_NONE;
}

static void emit_origin(struct emit *e, const struct ir_op *op, uint32_t from)
{
	from |= CPU_FLAGS_FROM | (op->wide ? CPU_FLAGS_FROM_WIDE : 0);
	x64_mov_store_imm(e->b, false, emit_cpu(EMIT_CPU(flags_from)), (int32_t)from);
	e->flags_stored = false;
}

void emit_flags_from_operands(struct emit *e, const struct ir_op *op, enum x64_reg a, bool add)
{
	uint32_t from = add ? CPU_FLAGS_FROM_ADD : 0;
	uint64_t imm = op->b == IR_IMM ? (uint64_t)op->imm : 0;

	if (!emit_flags_want_origin(op)) {
		return;
	}
	x64_mov_store(e->b, op->wide, emit_cpu(EMIT_CPU(flags_a)), a);
	if (op->b != IR_IMM && op->b != IR_ZR) {
		x64_mov_store(e->b, op->wide, emit_cpu(EMIT_CPU(flags_b)), emit_use(e, op->b, RCX));
	} else if (imm >> (32 - CPU_FLAGS_FROM_SHIFT)) {
		x64_mov_imm(e->b, RCX, imm);
		x64_mov_store(e->b, true, emit_cpu(EMIT_CPU(flags_b)), RCX);
	} else {
		from |= CPU_FLAGS_FROM_IMM | (uint32_t)imm << CPU_FLAGS_FROM_SHIFT;
	}
	emit_origin(e, op, from);
}

void emit_flags_from_result(struct emit *e, const struct ir_op *op, enum x64_reg result)
{
	if (emit_flags_want_origin(op)) {
		x64_mov_store(e->b, op->wide, emit_cpu(EMIT_CPU(flags_a)), result);
		emit_origin(e, op, CPU_FLAGS_FROM_TEST);
	}
}

void emit_flags_from_floats(struct emit *e, const struct ir_op *op)
{
	if (!op->flags_live) {
		return;
	}
	x64_rm(e->b, false, OP_MOVQ_TO, emit_vector_use_scalar(e, op->a, op->size),
	       emit_cpu(EMIT_CPU(flags_a)));
	if (op->b == IR_ZR) {
		x64_mov_store_imm(e->b, true, emit_cpu(EMIT_CPU(flags_b)), 0);
	} else {
		x64_rm(e->b, false, OP_MOVQ_TO, emit_vector_use_scalar(e, op->b, op->size),
		       emit_cpu(EMIT_CPU(flags_b)));
	}
	emit_origin(e, op, CPU_FLAGS_FROM_FLOAT | (op->size == 3 ? CPU_FLAGS_FROM_WIDE : 0));
}

void emit_flags_keep(struct emit *e, const struct ir_op *op)
{
	e->kept_cond = op->kept_cond;
	if (op->kept_cond != IR_NONE) {
		x64_setcc_mem(e->b, emit_condition(e, op, op->kept_cond),
			      emit_cpu(EMIT_CPU(kept_cond)));
	}
}

void emit_flags_set(struct emit *e, const struct ir_op *op, enum emit_flags how, bool has_origin)
{
	e->host_flags = how;
	if (op->flags_live && !(has_origin && emit_flags_want_origin(op))) {
		emit_store_flags(e);
	}
	emit_flags_keep(e, op);
}

static void emit_cold_resolve(struct emit *e, const struct emit_cold *cold)
{
	x64_call_to(e->b, e->stubs->resolve_flags);
	x64_patch(x64_jmp_fwd(e->b), cold->back);
}

void emit_flags_to_memory(struct emit *e, const struct ir_op *op)
{
	if (!e->flags_stored) {
		x64_alu_mi(e->b, false, ALU_CMP, emit_cpu(EMIT_CPU(flags_from)), 0);
		emit_add_cold(e, op, x64_jcc_fwd(e->b, CC_NE), emit_cold_resolve)->back = e->b->p;
		e->flags_stored = true;
	}
}

/* A condition on one flag is a test of its bit in memory. */
static enum x64_cond emit_test_stored_flag(struct emit *e, unsigned int cond)
{
	static const uint16_t bits[] = {CPU_FLAG_Z, CPU_FLAG_C, CPU_FLAG_N, CPU_FLAG_V};
	uint16_t bit = bits[cond >> 1];

	x64_test_mi8(e->b, emit_cpu(EMIT_CPU(flags) + (bit > 0xff)),
		     (uint8_t)(bit > 0xff ? bit >> 8 : bit));
	return cond & 1 ? CC_E : CC_NE;
}

/* The condition that was kept when the flags were lost. */
static enum x64_cond emit_test_kept(struct emit *e, unsigned int cond)
{
	x64_test_mi8(e->b, emit_cpu(EMIT_CPU(kept_cond)), 1);
	return cond & 1 ? CC_E : CC_NE;
}

static void emit_load_flags(struct emit *e)
{
	x64_rm(e->b, false, OP_MOVZX8, RAX, emit_cpu(EMIT_CPU(flags)));
	x64_rm(e->b, false, OP_MOV_AH, 4, emit_cpu(EMIT_CPU(flags) + 1));
	x64_byte(e->b, 0x04); /* add al, 127: OF = V */
	x64_byte(e->b, 127);
	x64_byte(e->b, OP_SAHF);
	e->host_flags = EMIT_FLAGS_DIRECT;
}

/* By condition without its lowest bit, which inverts. Unordered sets CF, ZF and PF. */
static const uint8_t after_float[] = {[6] = CC_P, [10] = CC_AE, [12] = CC_A};
static const uint8_t after_float_swapped[] = {[2] = CC_BE, [4] = CC_A, [8] = CC_B};

static enum x64_cond emit_float_condition(const struct emit *e, unsigned int cond)
{
	unsigned int cc = CC_E;

	if (e->host_flags == EMIT_FLAGS_FLOAT) {
		cc = after_float[cond & 0xeu];
	} else if (e->host_flags == EMIT_FLAGS_FLOAT_SWAPPED) {
		cc = after_float_swapped[cond & 0xeu];
	}
	return (enum x64_cond)(cc ^ (cond & 1));
}

enum x64_cond emit_condition(struct emit *e, const struct ir_op *op, unsigned int cond)
{
	static const uint8_t after_sub[] = {
		CC_E,  CC_NE, CC_AE, CC_B,  CC_S, CC_NS, CC_O,
		CC_NO, CC_A,  CC_BE, CC_GE, CC_L, CC_G,  CC_LE,
	};
	bool unsigned_order = cond == 8 || cond == 9; /* HI, LS: C and Z together */

	if (e->host_flags == EMIT_FLAGS_NONE) {
		if (e->kept_cond == (cond & 0xeu)) {
			return emit_test_kept(e, cond);
		}
		emit_flags_to_memory(e, op);
		if (cond < 8) {
			return emit_test_stored_flag(e, cond);
		}
		emit_load_flags(e);
	}
	if (e->host_flags >= EMIT_FLAGS_FLOAT) {
		return emit_float_condition(e, cond);
	}
	if (e->host_flags == EMIT_FLAGS_DIRECT) {
		if (cond == 2 || cond == 3) {
			return cond == 2 ? CC_B : CC_AE;
		}
		if (unsigned_order) {
			x64_byte(e->b, OP_CMC);
			e->host_flags = EMIT_FLAGS_SUB;
		}
	}
	return (enum x64_cond)after_sub[cond];
}

static void test_from(struct x64_buf *b, uint32_t bit)
{
	x64_rr(b, false, OP_TEST_RI, 0, RCX);
	x64_u32(b, bit);
}

/* rax, rdx: the operands, moved to the top if they are of 32 bits: the flags are the same there. */
static void stub_load_operands(struct x64_buf *b)
{
	uint8_t *in_memory, *wide;

	x64_mov_load(b, true, RAX, emit_cpu(EMIT_CPU(flags_a)));
	x64_mov_load(b, true, RDX, emit_cpu(EMIT_CPU(flags_b)));
	test_from(b, CPU_FLAGS_FROM_IMM);
	in_memory = x64_jcc_fwd(b, CC_E);
	x64_mov_rr(b, false, RDX, RCX);
	x64_shift_ri(b, false, SHIFT_SHR, RDX, CPU_FLAGS_FROM_SHIFT);
	x64_patch_here(b, in_memory);
	test_from(b, CPU_FLAGS_FROM_WIDE);
	wide = x64_jcc_fwd(b, CC_NE);
	x64_shift_ri(b, true, SHIFT_SHL, RAX, 32);
	x64_shift_ri(b, true, SHIFT_SHL, RDX, 32);
	x64_patch_here(b, wide);
}

void emit_flags_of_floats(struct x64_buf *b)
{
	x64_byte(b, OP_LAHF);
	x64_byte(b, 0x0f); /* movzx eax, ah */
	x64_byte(b, 0xb6);
	x64_byte(b, 0xc4);
	x64_alu_ri(b, false, ALU_AND, RAX, 0x45);
	x64_rm(b, false, X64_0F | 0xb7, RAX,
	       (struct x64_mem){.base = RBP,
				.index = RAX,
				.scale = 1,
				.disp = EMIT_CPU(constants.fcmp_flags)});
	x64_mov_store(b, false, emit_cpu(EMIT_CPU(flags)), RAX);
}

/* What this reports of NaNs has been reported by the comparison itself. */
static void stub_compare_floats(struct x64_buf *b)
{
	uint8_t *wide, *done;

	x64_rm(b, false, OP_MOVQ, 0, emit_cpu(EMIT_CPU(flags_a)));
	test_from(b, CPU_FLAGS_FROM_WIDE);
	wide = x64_jcc_fwd(b, CC_NE);
	x64_rm(b, false, OP_UCOMIS, 0, emit_cpu(EMIT_CPU(flags_b)));
	done = x64_jmp_fwd(b);
	x64_patch_here(b, wide);
	x64_rm(b, false, X64_66 | OP_UCOMIS, 0, emit_cpu(EMIT_CPU(flags_b)));
	x64_patch_here(b, done);
	emit_flags_of_floats(b);
}

static void stub_resolve_integers(struct x64_buf *b)
{
	uint8_t *add, *test, *done_sub, *done_add;

	stub_load_operands(b);
	test_from(b, CPU_FLAGS_FROM_ADD);
	add = x64_jcc_fwd(b, CC_NE);
	test_from(b, CPU_FLAGS_FROM_TEST);
	test = x64_jcc_fwd(b, CC_NE);
	x64_alu_rr(b, true, ALU_CMP, RAX, RDX);
	x64_byte(b, OP_CMC);
	done_sub = x64_jmp_fwd(b);
	x64_patch_here(b, add);
	x64_alu_rr(b, true, ALU_ADD, RAX, RDX);
	done_add = x64_jmp_fwd(b);
	x64_patch_here(b, test);
	x64_test_rr(b, true, RAX, RAX);
	x64_patch_here(b, done_sub);
	x64_patch_here(b, done_add);
	store_flags(b);
}

void emit_stub_resolve_flags(struct x64_buf *b)
{
	uint8_t *floats, *done;

	x64_push(b, RAX);
	x64_push(b, RCX);
	x64_push(b, RDX);
	x64_mov_load(b, false, RCX, emit_cpu(EMIT_CPU(flags_from)));
	test_from(b, CPU_FLAGS_FROM_FLOAT);
	floats = x64_jcc_fwd(b, CC_NE);
	stub_resolve_integers(b);
	done = x64_jmp_fwd(b);
	x64_patch_here(b, floats);
	stub_compare_floats(b);
	x64_patch_here(b, done);
	x64_mov_store_imm(b, false, emit_cpu(EMIT_CPU(flags_from)), 0);
	x64_pop(b, RDX);
	x64_pop(b, RCX);
	x64_pop(b, RAX);
	x64_ret(b);
}
