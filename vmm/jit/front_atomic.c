// SPDX-License-Identifier: BSD-3-Clause
/*
 * front_atomic.c - exclusives, acquire and release, and LSE atomics.
 *
 * Everything is sequentially consistent on the host, so the acquire and release bits do not matter.
 * Exclusive pairs are left to the interpreter.
 */
#include "front.h"

static struct ir_op *atomic_append(struct front *f, enum ir_atomic kind, unsigned int dst,
				   unsigned int operand)
{
	uint32_t i = f->insn;
	struct ir_op *o = ir_append(f->block, IR_ATOMIC);

	o->aux = kind;
	o->a = (uint8_t)f_rn(i);
	o->b = IR_IMM;
	o->dst = (uint8_t)dst;
	o->c = (uint8_t)operand;
	o->size = (uint8_t)f_size(i);
	return o;
}

static bool atomic_read(struct front *f, enum ir_atomic kind)
{
	atomic_append(f, kind, front_zr(f_rt(f->insn)), IR_NONE);
	return true;
}

static bool atomic_write(struct front *f)
{
	atomic_append(f, IR_ATOMIC_STORE, IR_NONE, front_zr(f_rt(f->insn)));
	return true;
}

static bool atomic_write_exclusive(struct front *f)
{
	uint32_t i = f->insn;

	atomic_append(f, IR_ATOMIC_STORE_EXCLUSIVE, front_zr(f_rs(i)), front_zr(f_rt(i)));
	return true;
}

/* LD<op>, SWP: Rs is the operand, Rt gets what was there. */
static bool atomic_modify(struct front *f, enum ir_atomic kind)
{
	uint32_t i = f->insn;

	atomic_append(f, kind, front_zr(f_rt(i)), front_zr(f_rs(i)));
	return true;
}

static bool atomic_compare(struct front *f)
{
	uint32_t i = f->insn;

	atomic_append(f, IR_ATOMIC_CAS, front_zr(f_rs(i)), front_zr(f_rt(i)));
	return true;
}

/* Of doublewords only. Register numbers are even; after 30 comes zero, not SP. */
static bool atomic_compare_pair(struct front *f)
{
	uint32_t i = f->insn;

	if (!f_lsz(i)) {
		return false;
	}
	atomic_append(f, IR_ATOMIC_CAS_PAIR, f_rs(i), f_rt(i))->size = 4;
	return true;
}

static bool atomic_lse(struct front *f)
{
	switch (f->op) {
	case A64_LDADD:
		return atomic_modify(f, IR_ATOMIC_ADD);
	case A64_LDCLR:
		return atomic_modify(f, IR_ATOMIC_CLR);
	case A64_LDEOR:
		return atomic_modify(f, IR_ATOMIC_EOR);
	case A64_LDSET:
		return atomic_modify(f, IR_ATOMIC_SET);
	case A64_LDSMAX:
		return atomic_modify(f, IR_ATOMIC_SMAX);
	case A64_LDSMIN:
		return atomic_modify(f, IR_ATOMIC_SMIN);
	case A64_LDUMAX:
		return atomic_modify(f, IR_ATOMIC_UMAX);
	case A64_LDUMIN:
		return atomic_modify(f, IR_ATOMIC_UMIN);
	case A64_SWP:
		return atomic_modify(f, IR_ATOMIC_SWAP);
	case A64_CAS:
		return atomic_compare(f);
	case A64_CASP:
		return atomic_compare_pair(f);
	default:
		return false;
	}
}

bool front_atomic(struct front *f)
{
	switch (f->op) {
	case A64_LDAR:
	case A64_LDAPR:
		return atomic_read(f, IR_ATOMIC_LOAD);
	case A64_STLR:
		return atomic_write(f);
	case A64_LDXR:
	case A64_LDAXR:
		return atomic_read(f, IR_ATOMIC_LOAD_EXCLUSIVE);
	case A64_STXR:
	case A64_STLXR:
		return atomic_write_exclusive(f);
	default:
		return atomic_lse(f);
	}
}
