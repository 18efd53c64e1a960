// SPDX-License-Identifier: BSD-3-Clause
/*
 * exec_fp.c - scalar floating point: arithmetic, comparison, conversion, moves (Arm ARM C4.1.90).
 */
#include "exec_simd.h"

/* ftype: 0 single, 1 double, 3 half. */
static enum fp_size ftype_size(unsigned int ftype)
{
	return ftype == 3 ? FP_HALF : (enum fp_size)(FP_SINGLE + ftype);
}

static uint64_t operand(const struct jit_cpu *cpu, enum fp_size size, unsigned int n)
{
	return elem_get(&cpu->v[n], size, 0);
}

typedef uint64_t (*fp_op1)(struct fp_env *env, enum fp_size size, uint64_t a);
typedef uint64_t (*fp_op2)(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b);

static enum exec_result two_sources(struct jit_cpu *cpu, uint32_t insn, fp_op2 op)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	struct fp_env env = fp_begin(cpu);
	uint64_t val =
		op(&env, size, operand(cpu, size, f_rn(insn)), operand(cpu, size, f_rm(insn)));

	vreg_set_scalar(cpu, f_rd(insn), size, val);
	fp_end(cpu, &env);
	return EXEC_NEXT;
}

static uint64_t fp_nmul(struct fp_env *env, enum fp_size size, uint64_t a, uint64_t b)
{
	return fp_neg(size, fp_mul(env, size, a, b));
}

#define EXEC_TWO_SOURCES(name, op)                                                                 \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		return two_sources(cpu, insn, op);                                                 \
	}

EXEC_TWO_SOURCES(fmul_f, fp_mul)
EXEC_TWO_SOURCES(fdiv_f, fp_div)
EXEC_TWO_SOURCES(fadd_f, fp_add)
EXEC_TWO_SOURCES(fsub_f, fp_sub)
EXEC_TWO_SOURCES(fmax_f, fp_max)
EXEC_TWO_SOURCES(fmin_f, fp_min)
EXEC_TWO_SOURCES(fmaxnm_f, fp_maxnum)
EXEC_TWO_SOURCES(fminnm_f, fp_minnum)
EXEC_TWO_SOURCES(fnmul_f, fp_nmul)

/* FMADD and relatives: the product, the addend, or both are negated before the one rounding. */
static enum exec_result three_sources(struct jit_cpu *cpu, uint32_t insn, bool neg_addend,
				      bool neg_product)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	struct fp_env env = fp_begin(cpu);
	uint64_t a = operand(cpu, size, f_rn(insn)), b = operand(cpu, size, f_rm(insn));
	uint64_t addend = operand(cpu, size, f_ra(insn));

	a = neg_product ? fp_neg(size, a) : a;
	addend = neg_addend ? fp_neg(size, addend) : addend;
	vreg_set_scalar(cpu, f_rd(insn), size, fp_muladd(&env, size, addend, a, b));
	fp_end(cpu, &env);
	return EXEC_NEXT;
}

enum exec_result exec_fmadd(struct jit_cpu *cpu, uint32_t insn)
{
	return three_sources(cpu, insn, false, false);
}

enum exec_result exec_fmsub(struct jit_cpu *cpu, uint32_t insn)
{
	return three_sources(cpu, insn, false, true);
}

enum exec_result exec_fnmadd(struct jit_cpu *cpu, uint32_t insn)
{
	return three_sources(cpu, insn, true, true);
}

enum exec_result exec_fnmsub(struct jit_cpu *cpu, uint32_t insn)
{
	return three_sources(cpu, insn, true, false);
}

static enum exec_result one_source(struct jit_cpu *cpu, uint32_t insn, fp_op1 op)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	struct fp_env env = fp_begin(cpu);

	vreg_set_scalar(cpu, f_rd(insn), size, op(&env, size, operand(cpu, size, f_rn(insn))));
	fp_end(cpu, &env);
	return EXEC_NEXT;
}

/* Moves and sign changes: no NaN is quietened, no exception is raised. */
static uint64_t op_mov(struct fp_env *env, enum fp_size size, uint64_t a)
{
	(void)env;
	(void)size;
	return a;
}

static uint64_t op_abs(struct fp_env *env, enum fp_size size, uint64_t a)
{
	(void)env;
	return fp_abs(size, a);
}

static uint64_t op_neg(struct fp_env *env, enum fp_size size, uint64_t a)
{
	(void)env;
	return fp_neg(size, a);
}

#define OP_RINT(name, rounding, exact)                                                             \
	static uint64_t op_##name(struct fp_env *env, enum fp_size size, uint64_t a)               \
	{                                                                                          \
		return fp_round_int(env, size, a, rounding, exact);                                \
	}

OP_RINT(rintn, FP_TIE_EVEN, false)
OP_RINT(rintp, FP_POS_INF, false)
OP_RINT(rintm, FP_NEG_INF, false)
OP_RINT(rintz, FP_ZERO, false)
OP_RINT(rinta, FP_TIE_AWAY, false)
OP_RINT(rintx, fp_env_rounding(env), true)
OP_RINT(rinti, fp_env_rounding(env), false)

#define EXEC_ONE_SOURCE(name, op)                                                                  \
	enum exec_result exec_##name(struct jit_cpu *cpu, uint32_t insn)                           \
	{                                                                                          \
		return one_source(cpu, insn, op);                                                  \
	}

EXEC_ONE_SOURCE(fmov_f, op_mov)
EXEC_ONE_SOURCE(fabs_f, op_abs)
EXEC_ONE_SOURCE(fneg_f, op_neg)
EXEC_ONE_SOURCE(fsqrt_f, fp_sqrt)
EXEC_ONE_SOURCE(frintn_f, op_rintn)
EXEC_ONE_SOURCE(frintp_f, op_rintp)
EXEC_ONE_SOURCE(frintm_f, op_rintm)
EXEC_ONE_SOURCE(frintz_f, op_rintz)
EXEC_ONE_SOURCE(frinta_f, op_rinta)
EXEC_ONE_SOURCE(frintx_f, op_rintx)
EXEC_ONE_SOURCE(frinti_f, op_rinti)

enum exec_result exec_fcvt(struct jit_cpu *cpu, uint32_t insn)
{
	enum fp_size from = ftype_size(f_ftype(insn)), to = ftype_size(f_cvtop(insn));
	struct fp_env env = fp_begin(cpu);
	uint64_t val =
		fp_convert(&env, to, from, operand(cpu, from, f_rn(insn)), fp_env_rounding(&env));

	vreg_set_scalar(cpu, f_rd(insn), to, val);
	fp_end(cpu, &env);
	return EXEC_NEXT;
}

/* Comparison with Vm or zero. */
static void compare(struct jit_cpu *cpu, uint32_t insn, bool with_zero, bool signal_nans)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	struct fp_env env = fp_begin(cpu);
	uint64_t b = with_zero ? 0 : operand(cpu, size, f_rm(insn));

	cpu_set_nzcv(cpu, fp_compare(&env, size, operand(cpu, size, f_rn(insn)), b, signal_nans));
	fp_end(cpu, &env);
}

enum exec_result exec_fcmp(struct jit_cpu *cpu, uint32_t insn)
{
	compare(cpu, insn, false, false);
	return EXEC_NEXT;
}

enum exec_result exec_fcmp_zero(struct jit_cpu *cpu, uint32_t insn)
{
	compare(cpu, insn, true, false);
	return EXEC_NEXT;
}

enum exec_result exec_fcmpe(struct jit_cpu *cpu, uint32_t insn)
{
	compare(cpu, insn, false, true);
	return EXEC_NEXT;
}

enum exec_result exec_fcmpe_zero(struct jit_cpu *cpu, uint32_t insn)
{
	compare(cpu, insn, true, true);
	return EXEC_NEXT;
}

static enum exec_result cond_compare(struct jit_cpu *cpu, uint32_t insn, bool signal_nans)
{
	if (cond_holds(cpu, f_cond(insn))) {
		compare(cpu, insn, false, signal_nans);
	} else {
		cpu_set_nzcv(cpu, f_nzcv(insn));
	}
	return EXEC_NEXT;
}

enum exec_result exec_fccmp(struct jit_cpu *cpu, uint32_t insn)
{
	return cond_compare(cpu, insn, false);
}

enum exec_result exec_fccmpe(struct jit_cpu *cpu, uint32_t insn)
{
	return cond_compare(cpu, insn, true);
}

enum exec_result exec_fcsel(struct jit_cpu *cpu, uint32_t insn)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	unsigned int n = cond_holds(cpu, f_cond(insn)) ? f_rn(insn) : f_rm(insn);

	vreg_set_scalar(cpu, f_rd(insn), size, operand(cpu, size, n));
	return EXEC_NEXT;
}

enum exec_result exec_fmov_fimm(struct jit_cpu *cpu, uint32_t insn)
{
	enum fp_size size = ftype_size(f_ftype(insn));

	vreg_set_scalar(cpu, f_rd(insn), size, fp_expand_imm(f_imm8(insn), size == FP_DOUBLE));
	return EXEC_NEXT;
}

/* Moves of bits between register files. */
enum exec_result exec_fmov_fromf(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set(cpu, f_rd(insn), f_sf(insn), cpu->v[f_rn(insn)].d[0]);
	return EXEC_NEXT;
}

enum exec_result exec_fmov_tof(struct jit_cpu *cpu, uint32_t insn)
{
	vreg_set_scalar(cpu, f_rd(insn), f_sf(insn) ? 3 : 2, reg_x(cpu, f_rn(insn)));
	return EXEC_NEXT;
}

enum exec_result exec_fmov_fromtop(struct jit_cpu *cpu, uint32_t insn)
{
	reg_set_x(cpu, f_rd(insn), cpu->v[f_rn(insn)].d[1]);
	return EXEC_NEXT;
}

enum exec_result exec_fmov_totop(struct jit_cpu *cpu, uint32_t insn)
{
	cpu->v[f_rd(insn)].d[1] = reg_x(cpu, f_rn(insn));
	return EXEC_NEXT;
}

/* To an integer in a general register; fbits is 0 but for the fixed-point forms. */
static enum exec_result to_integer(struct jit_cpu *cpu, uint32_t insn, bool is_unsigned,
				   enum fp_rounding rounding, unsigned int fbits)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	struct fp_env env = fp_begin(cpu);

	reg_set_x(cpu, f_rd(insn),
		  fp_to_fixed(&env, size, operand(cpu, size, f_rn(insn)), fbits, is_unsigned,
			      rounding, f_sf(insn) ? 64 : 32));
	fp_end(cpu, &env);
	return EXEC_NEXT;
}

static enum exec_result from_integer(struct jit_cpu *cpu, uint32_t insn, bool is_unsigned,
				     unsigned int fbits)
{
	enum fp_size size = ftype_size(f_ftype(insn));
	struct fp_env env = fp_begin(cpu);
	uint64_t val = reg(cpu, f_rn(insn), f_sf(insn));

	if (!is_unsigned && !f_sf(insn)) {
		val = (uint64_t)sign_extend(val, 32);
	}
	val = fp_from_fixed(&env, size, val, fbits, is_unsigned, fp_env_rounding(&env));
	vreg_set_scalar(cpu, f_rd(insn), size, val);
	fp_end(cpu, &env);
	return EXEC_NEXT;
}

#define EXEC_TO_INTEGER(name, rounding)                                                            \
	enum exec_result exec_##name##s(struct jit_cpu *cpu, uint32_t insn)                        \
	{                                                                                          \
		return to_integer(cpu, insn, false, rounding, 0);                                  \
	}                                                                                          \
	enum exec_result exec_##name##u(struct jit_cpu *cpu, uint32_t insn)                        \
	{                                                                                          \
		return to_integer(cpu, insn, true, rounding, 0);                                   \
	}

EXEC_TO_INTEGER(fcvtn, FP_TIE_EVEN)
EXEC_TO_INTEGER(fcvtp, FP_POS_INF)
EXEC_TO_INTEGER(fcvtm, FP_NEG_INF)
EXEC_TO_INTEGER(fcvtz, FP_ZERO)
EXEC_TO_INTEGER(fcvta, FP_TIE_AWAY)

enum exec_result exec_fcvtzs_fix(struct jit_cpu *cpu, uint32_t insn)
{
	return to_integer(cpu, insn, false, FP_ZERO, 64 - f_scale(insn));
}

enum exec_result exec_fcvtzu_fix(struct jit_cpu *cpu, uint32_t insn)
{
	return to_integer(cpu, insn, true, FP_ZERO, 64 - f_scale(insn));
}

enum exec_result exec_scvtf(struct jit_cpu *cpu, uint32_t insn)
{
	return from_integer(cpu, insn, false, 0);
}

enum exec_result exec_ucvtf(struct jit_cpu *cpu, uint32_t insn)
{
	return from_integer(cpu, insn, true, 0);
}

enum exec_result exec_scvtf_fix(struct jit_cpu *cpu, uint32_t insn)
{
	return from_integer(cpu, insn, false, 64 - f_scale(insn));
}

enum exec_result exec_ucvtf_fix(struct jit_cpu *cpu, uint32_t insn)
{
	return from_integer(cpu, insn, true, 64 - f_scale(insn));
}
