// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_structs.c - loads and stores of lists of vector registers: LD1 to LD4, ST1 to ST4.
 *
 * One access of the whole list. Structures are taken apart and put together in scratch registers;
 * single lanes of more than one member are left to the interpreter.
 */
#include "front_simd.h"

static struct ir_op *structs_access(struct front *f, enum ir_opcode op, unsigned int first,
				    unsigned int size)
{
	struct ir_op *o = ir_append(f->block, op);

	o->dst = (uint8_t)first;
	o->size = (uint8_t)size;
	o->a = (uint8_t)f_rn(f->insn);
	o->b = IR_IMM;
	return o;
}

/* Post-index, by Xm or by what was accessed. */
static void structs_finish(struct front *f, unsigned int bytes)
{
	uint32_t i = f->insn;

	if (!f_wb(i)) {
		return;
	}
	if (f_rm(i) == 31) {
		front_op_imm(f, IR_ADD, true, f_rn(i), f_rn(i), bytes);
	} else {
		front_op3(f, IR_ADD, true, f_rn(i), f_rn(i), f_rm(i));
	}
}

/* The n-th register of the list. */
static unsigned int structs_member(const struct front *f, unsigned int n)
{
	return (f_rt(f->insn) + n) & 31;
}

static void structs_shuffle(struct front *f, enum ir_vec kind, unsigned int dst, unsigned int a,
			    unsigned int b)
{
	front_simd_op(f, kind, f_vls(f->insn), dst, a, b)->wide = f_q(f->insn);
}

static bool structs_whole(struct front *f, bool load)
{
	static const uint8_t counts[16] = {[2] = 4, [6] = 3, [7] = 1, [10] = 2};
	unsigned int nr = counts[f_vop(f->insn)], size = 3 + f_q(f->insn);

	structs_access(f, load ? IR_VLOAD_LIST : IR_VSTORE_LIST, f_rt(f->insn), size)->c =
		(uint8_t)nr;
	structs_finish(f, nr << size);
	return true;
}

/* The two halves of scratch vector n become registers. */
static void structs_halves(struct front *f, unsigned int n, unsigned int low, unsigned int high)
{
	front_simd_op(f, IR_VEC_DUP_ELEMENT, 3, low, n, IR_NONE);
	front_simd_op(f, IR_VEC_DUP_ELEMENT, 3, high, n, IR_NONE)->imm = 1;
}

/* Elements in the order of their members, which are `nr`, in each of scratch vectors 0 to last. */
static void structs_by_member(struct front *f, unsigned int nr, unsigned int last)
{
	for (unsigned int n = IR_VT0; n <= last; n++) {
		front_simd_op(f, IR_VEC_BY_MEMBER, f_vls(f->insn), n, n, IR_NONE)->imm = nr;
	}
}

static bool structs_load_two(struct front *f)
{
	unsigned int m0 = structs_member(f, 0), m1 = structs_member(f, 1), nr = 1 + f_q(f->insn);

	structs_access(f, IR_VLOAD_LIST, IR_VT0, 4)->c = (uint8_t)nr;
	structs_by_member(f, 2, IR_VT0 + f_q(f->insn));
	if (f_q(f->insn)) {
		front_simd_op(f, IR_VEC_ZIP1, 3, m0, IR_VT0, IR_VT1);
		front_simd_op(f, IR_VEC_ZIP2, 3, m1, IR_VT0, IR_VT1);
	} else {
		structs_halves(f, IR_VT0, m0, m1);
	}
	structs_finish(f, 16 * nr);
	return true;
}

static bool structs_store_two(struct front *f)
{
	unsigned int size = 3 + f_q(f->insn);

	structs_shuffle(f, IR_VEC_ZIP1, IR_VT0, structs_member(f, 0), structs_member(f, 1));
	structs_shuffle(f, IR_VEC_ZIP2, IR_VT1, structs_member(f, 0), structs_member(f, 1));
	structs_access(f, IR_VSTORE_LIST, IR_VT0, size)->c = 2;
	structs_finish(f, 2u << size);
	return true;
}

static void structs_three(struct front *f, unsigned int dst, unsigned int a, unsigned int n,
			  bool join)
{
	struct ir_op *o = front_simd_op(f, IR_VEC_THREE, f_vls(f->insn), dst, a, IR_NONE);

	o->wide = f_q(f->insn);
	o->imm = n;
	o->c = join;
}

static bool structs_load_three(struct front *f)
{
	unsigned int size = 3 + f_q(f->insn);

	structs_access(f, IR_VLOAD_LIST, IR_VT0, size)->c = 3;
	for (unsigned int n = 0; n < 3; n++) {
		structs_three(f, structs_member(f, n), IR_VT0, n, false);
	}
	structs_finish(f, 3u << size);
	return true;
}

static bool structs_store_three(struct front *f)
{
	unsigned int size = 3 + f_q(f->insn);

	for (unsigned int n = 0; n < 3; n++) {
		structs_three(f, IR_VT0 + n, structs_member(f, 0), n, true);
	}
	structs_access(f, IR_VSTORE_LIST, IR_VT0, size)->c = 3;
	structs_finish(f, 3u << size);
	return true;
}

/* Two registers with four members of four bytes each: two members to VT4, two to VT5. */
static void structs_pairs_of_members(struct front *f)
{
	front_simd_op(f, IR_VEC_ZIP1, 2, IR_VT4, IR_VT0, IR_VT1);
	front_simd_op(f, IR_VEC_ZIP2, 2, IR_VT5, IR_VT0, IR_VT1);
}

/* The transpose of what is in VT0 to VT3, in units of four bytes, or, if the elements are
 * doublewords, of these. */
static void structs_transpose(struct front *f)
{
	unsigned int low[2] = {IR_VT4, IR_VT5}, high[2] = {IR_VT0, IR_VT1};

	if (f_vls(f->insn) == 3) {
		low[0] = IR_VT0;
		low[1] = IR_VT1;
		high[0] = IR_VT2;
		high[1] = IR_VT3;
	} else {
		structs_pairs_of_members(f);
		front_simd_op(f, IR_VEC_ZIP1, 2, IR_VT0, IR_VT2, IR_VT3);
		front_simd_op(f, IR_VEC_ZIP2, 2, IR_VT1, IR_VT2, IR_VT3);
	}
	for (unsigned int n = 0; n < 4; n++) {
		front_simd_op(f, n & 1 ? IR_VEC_ZIP2 : IR_VEC_ZIP1, 3, structs_member(f, n),
			      low[n / 2], high[n / 2]);
	}
}

static bool structs_load_four(struct front *f)
{
	unsigned int nr = 2u << f_q(f->insn);

	structs_access(f, IR_VLOAD_LIST, IR_VT0, 4)->c = (uint8_t)nr;
	structs_by_member(f, 4, IR_VT0 + nr - 1);
	if (f_q(f->insn)) {
		structs_transpose(f);
	} else {
		structs_pairs_of_members(f);
		structs_halves(f, IR_VT4, structs_member(f, 0), structs_member(f, 1));
		structs_halves(f, IR_VT5, structs_member(f, 2), structs_member(f, 3));
	}
	structs_finish(f, 16 * nr);
	return true;
}

static bool structs_store_four(struct front *f)
{
	unsigned int size = 3 + f_q(f->insn);

	structs_shuffle(f, IR_VEC_ZIP1, IR_VT4, structs_member(f, 0), structs_member(f, 2));
	structs_shuffle(f, IR_VEC_ZIP1, IR_VT5, structs_member(f, 1), structs_member(f, 3));
	structs_shuffle(f, IR_VEC_ZIP1, IR_VT0, IR_VT4, IR_VT5);
	structs_shuffle(f, IR_VEC_ZIP2, IR_VT1, IR_VT4, IR_VT5);
	structs_shuffle(f, IR_VEC_ZIP2, IR_VT4, structs_member(f, 0), structs_member(f, 2));
	structs_shuffle(f, IR_VEC_ZIP2, IR_VT5, structs_member(f, 1), structs_member(f, 3));
	structs_shuffle(f, IR_VEC_ZIP1, IR_VT2, IR_VT4, IR_VT5);
	structs_shuffle(f, IR_VEC_ZIP2, IR_VT3, IR_VT4, IR_VT5);
	structs_access(f, IR_VSTORE_LIST, IR_VT0, size)->c = 4;
	structs_finish(f, 4u << size);
	return true;
}

/* log2 of the bytes of the one lane that is accessed; see decode_lane() in exec_vldst.c. */
static unsigned int structs_lane_size(uint32_t i)
{
	unsigned int size = f_sop(i) >> 1;

	return size == 2 && f_vls(i) & 1 ? 3 : size;
}

/* More than one member? */
static bool structs_many(uint32_t i)
{
	return (f_sop(i) & 1) || f_rr(i);
}

static bool structs_lane(struct front *f, bool load)
{
	uint32_t i = f->insn;
	unsigned int size = structs_lane_size(i);
	unsigned int lane = (f_q(i) << 3 | f_sbit(i) << 2 | f_vls(i)) >> size;
	struct ir_op *o;

	if (structs_many(i)) {
		return false;
	}
	if (load) {
		structs_access(f, IR_LOAD, IR_T0, size)->wide = true;
		o = front_simd_op(f, IR_VEC_INSERT, size, f_rt(i), IR_T0, IR_NONE);
		o->imm = lane;
	} else {
		o = front_simd_op(f, IR_VEC_EXT, 0, IR_VT0, f_rt(i), f_rt(i));
		o->imm = lane << size;
		structs_access(f, IR_VSTORE, IR_VT0, size);
	}
	structs_finish(f, 1u << size);
	return true;
}

static bool structs_replicate(struct front *f)
{
	unsigned int size = f_vls(f->insn);

	if (structs_many(f->insn)) {
		return false;
	}
	structs_access(f, IR_VLOAD, IR_VT0, size);
	front_simd_op(f, IR_VEC_DUP_ELEMENT, size, f_rt(f->insn), IR_VT0, IR_NONE);
	structs_finish(f, 1u << size);
	return true;
}

bool front_structs(struct front *f)
{
	switch (f->op) {
	case A64_LD1:
		return structs_whole(f, true);
	case A64_ST1:
		return structs_whole(f, false);
	case A64_LD2:
		return structs_load_two(f);
	case A64_ST2:
		return structs_store_two(f);
	case A64_LD3:
		return structs_load_three(f);
	case A64_ST3:
		return structs_store_three(f);
	case A64_LD4:
		return structs_load_four(f);
	case A64_ST4:
		return structs_store_four(f);
	case A64_LD_LANE:
		return structs_lane(f, true);
	case A64_ST_LANE:
		return structs_lane(f, false);
	case A64_LD_REP:
		return structs_replicate(f);
	default:
		return false;
	}
}
