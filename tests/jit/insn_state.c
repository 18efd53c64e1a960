// SPDX-License-Identifier: BSD-3-Clause
/*
 * insn_state.c - random instruction words and random register contents for insn_test.c.
 *
 * Contents are random, but biased: small numbers, powers of two and their neighbours, all ones; as
 * floating point zeros, denormals, infinities, NaNs, numbers near each other and near powers of
 * two. Words that are CONSTRAINED UNPREDICTABLE, that leave EL0 or that depend on time are not
 * made.
 */
#include "decode.h"
#include "insn_test.h"

#define NOP 0xd503201fu

uint8_t insn_memory[INSN_MEMORY_SIZE] __attribute__((aligned(64)));

static uint64_t random_state;

void insn_random_seed(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull + 0x1234567;
	for (int i = 0; i < 4; i++) {
		insn_random();
	}
}

uint64_t insn_random(void)
{
	if (random_state == 0) {
		random_state = 1;
	}
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static uint64_t random_integer(void)
{
	uint64_t r = insn_random();
	uint64_t power = 1ull << (r >> 8 & 63);

	switch (r & 7) {
	case 0:
		return power;
	case 1:
		return power - 1;
	case 2:
		return 0 - power;
	case 3:
		return (uint64_t)(int64_t)(int8_t)(r >> 16);
	case 4:
		return (uint64_t)(int64_t)(int32_t)(r >> 16);
	default:
		return insn_random();
	}
}

#define NR_CORNERS 48

static const uint64_t double_corners[NR_CORNERS] = {
	0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000,
	0x0010000000000001, 0x001fffffffffffff, 0x0020000000000000, 0x3ca0000000000000,
	0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fe0000000000001, 0x3fefffffffffffff,
	0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000, 0x4000000000000000,
	0x4004000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000,
	0x41efffffffe00000, 0x41efffffffffffff, 0x41f0000000000000, 0x43dfffffffffffff,
	0x43e0000000000000, 0x43efffffffffffff, 0x43f0000000000000, 0x3810000000000000,
	0x380fffffffffffff, 0x36a0000000000000, 0x3690000000000001, 0x47efffffe0000000,
	0x47effffff0000000, 0x47efffffefffffff, 0x7fd0000000000000, 0x7fe0000000000000,
	0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001, 0x7ff4000000000000,
	0x7ff8000000000000, 0x7ff8000000000001, 0x7fffffffffffffff, 0x7ffc000012345678,
	0x3f00000000000000, 0x3e6fffffffffffff, 0x40efffe000000000, 0x40f0000000000000};

static const uint32_t single_corners[NR_CORNERS] = {
	0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x00800001, 0x00ffffff, 0x01000000,
	0x33800000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001,
	0x3fc00000, 0x40000000, 0x40200000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000,
	0x5effffff, 0x5f000000, 0x5f7fffff, 0x5f800000, 0x33000000, 0x33000001, 0x387fe000,
	0x38800000, 0x387fffff, 0x477fe000, 0x477fefff, 0x477ff000, 0x47800000, 0x7e800000,
	0x7f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fa00000, 0x7fc00000, 0x7fc00001,
	0x7fffffff, 0x7fe12345, 0x1f800000, 0x20000000, 0x00200000, 0x00400000};

static uint64_t random_double(void)
{
	uint64_t r = insn_random(), sign = r & 1ull << 63;

	switch (r & 3) {
	case 0:
		return sign | double_corners[(r >> 8) % NR_CORNERS];
	case 1: /* near one, few bits */
		return sign | (0x3ff0000000000000 + ((r >> 8 & 0x3f) << 52) - (32ull << 52)) |
		       (insn_random() & insn_random() & 0xfffff00000000);
	case 2: /* exponent near the ends */
		return sign | (r >> 8 & 1 ? 0x7e00000000000000 : 0) |
		       (insn_random() & 0x03ffffffffffffff);
	default:
		return sign | (0x3c00000000000000 + (insn_random() & 0x07ffffffffffffff));
	}
}

static uint32_t random_single(void)
{
	uint64_t r = insn_random();
	uint32_t sign = (uint32_t)r & 1u << 31, low = (uint32_t)(r >> 32);

	switch (r & 3) {
	case 0:
		return sign | single_corners[(r >> 8 & 0xffff) % NR_CORNERS];
	case 1:
		return sign | (0x3f800000 + ((low & 0x1f) << 23) - (16u << 23)) |
		       (low & low >> 3 & 0x7fff00);
	case 2:
		return sign | (r >> 8 & 1 ? 0x7e000000 : 0) | (low & 0x01ffffff);
	default:
		return sign | (0x3c000000 + (low & 0x07ffffff));
	}
}

static uint32_t random_half_pair(void)
{
	static const uint16_t corners[] = {0x0000, 0x0001, 0x03ff, 0x0400, 0x3bff, 0x3c00,
					   0x3c01, 0x7bff, 0x7c00, 0x7c01, 0x7d00, 0x7e00,
					   0x7e01, 0x7fff, 0x0200, 0x4000};
	uint64_t r = insn_random();

	return (uint32_t)(corners[r & 15] | (r >> 4 & 0x8000)) << 16 |
	       (uint32_t)(corners[r >> 8 & 15] | (r >> 40 & 0x8000));
}

static uint64_t random_vector_half(void)
{
	switch (insn_random() >> 33 & 7) {
	case 0:
		return insn_random();
	case 1:
		return random_integer();
	case 2: /* the same small number in all bytes or all halfwords */
		return (uint8_t)random_integer() * 0x0101010101010101ull;
	case 3:
		return (uint64_t)random_half_pair() << 32 | random_half_pair();
	case 4:
	case 5:
		return random_double();
	default:
		return (uint64_t)random_single() << 32 | random_single();
	}
}

static void fill_vector(unsigned int n)
{
	insn_state.v[n & 31][0] = random_vector_half();
	insn_state.v[n & 31][1] = random_vector_half();
}

static void fill_control(void)
{
	uint64_t r = insn_random();

	insn_state.nzcv = r & 0xf0000000;
	insn_state.fpcr = r >> 32 & 0x00c00000;
	if (r & 1) {
		insn_state.fpcr |= 1u << 24; /* FZ */
	}
	if (r & 2) {
		insn_state.fpcr |= 1u << 25; /* DN */
	}
	if (r & 4) {
		insn_state.fpcr |= 1u << 26; /* AHP */
	}
	insn_state.fpsr = r & 8 ? 0x0800009f : 0;
	if (!(r & 0x30)) { /* what programs have: the defaults, and IXC set */
		insn_state.fpcr = 0;
		insn_state.fpsr = 0x10;
	}
}

void insn_fill_all(void)
{
	for (unsigned int n = 0; n < 31; n++) {
		insn_state.x[n] = random_integer();
	}
	for (unsigned int n = 0; n < 32; n++) {
		fill_vector(n);
	}
	for (unsigned int i = 0; i < INSN_MEMORY_SIZE / 8; i++) {
		((uint64_t *)insn_memory)[i] = insn_random();
	}
	insn_state.x[31] = (uint64_t)insn_memory + INSN_MEMORY_SIZE / 2;
	fill_control();
}

bool insn_accesses_memory(unsigned int op)
{
	switch (op) {
	case A64_PRFM_UIMM:
	case A64_PRFM_REG:
	case A64_PRFUM:
	case A64_PRFM_LIT:
		return false;
	}
	return a64_infos[op].class == A64_CLASS_LDST || a64_infos[op].class == A64_CLASS_ATOMIC ||
	       a64_infos[op].class == A64_CLASS_VLDST;
}

static bool is_one_of(unsigned int op, const uint16_t *list)
{
	for (; *list; list++) {
		if (op == *list) {
			return true;
		}
	}
	return false;
}

static const uint16_t literal_ops[] = {A64_LDR_LIT, A64_LDRSW_LIT, A64_PRFM_LIT, A64_LDR_VLIT, 0};
static const uint16_t pair_ops[] = {A64_STNP,   A64_LDNP,   A64_STP,   A64_LDP,   A64_LDPSW,
				    A64_STNP_V, A64_LDNP_V, A64_STP_V, A64_LDP_V, 0};
static const uint16_t exclusive_pair_ops[] = {A64_STXP, A64_STLXP, A64_LDXP, A64_LDAXP, 0};
static const uint16_t store_exclusive_ops[] = {A64_STXR, A64_STLXR, A64_STXP, A64_STLXP, 0};
static const uint16_t write_back_ops[] = {A64_STR_WB,   A64_LDR_WB,   A64_LDRS_WB,
					  A64_STR_V_WB, A64_LDR_V_WB, 0};
static const uint16_t unsigned_ops[] = {A64_STR_UIMM,   A64_LDR_UIMM,   A64_LDRS_UIMM,
					A64_STR_V_UIMM, A64_LDR_V_UIMM, 0};
static const uint16_t unscaled_ops[] = {A64_STUR,  A64_LDUR,   A64_LDURS,  A64_STTR, A64_LDTR,
					A64_LDTRS, A64_STUR_V, A64_LDUR_V, 0};
static const uint16_t register_ops[] = {A64_STR_REG,   A64_LDR_REG,   A64_LDRS_REG,
					A64_STR_V_REG, A64_LDR_V_REG, 0};
static const uint16_t structure_ops[] = {A64_LD1,     A64_LD2,     A64_LD3,    A64_LD4,
					 A64_ST1,     A64_ST2,     A64_ST3,    A64_ST4,
					 A64_LD_LANE, A64_ST_LANE, A64_LD_REP, 0};
/* ldr_vlit's data would be outside the program; the others leave EL0 or wait. */
static const uint16_t untested_ops[] = {A64_UDF, A64_SVC,   A64_HVC,   A64_SMC,  A64_BRK,
					A64_HLT, A64_ERET,  A64_SYS,   A64_SYSL, A64_MSR_IMM,
					A64_SB,  A64_STLLR, A64_LDLAR, 0};

/* A branch of ours goes two instructions on: to insn_slot.taken. */
static uint32_t fix_branch(unsigned int op, uint32_t word)
{
	switch (op) {
	case A64_B:
	case A64_BL:
		return (word & ~0x03ffffffu) | 2;
	case A64_CBZ:
	case A64_CBNZ:
	case A64_B_COND:
		return (word & ~0x00ffffe0u) | 2 << 5;
	case A64_TBZ:
	case A64_TBNZ:
		return (word & ~0x0007ffe0u) | 2 << 5;
	default:
		return word;
	}
}

/* NZCV, FPCR and FPSR are all the system registers a test touches: o0 op1 CRn CRm op2. */
#define REG_NZCV 0x5a10
#define REG_FPCR 0x5a20
#define REG_FPSR 0x5a21

/* The bits that every AArch64-only CPU has. */
static uint64_t writable_bits(unsigned int sysreg)
{
	switch (sysreg) {
	case REG_NZCV:
		return 0xf0000000;
	case REG_FPCR:
		return 0x07c00000;
	default:
		return 0x0800009f;
	}
}

static uint32_t fix_system(unsigned int op, uint32_t word)
{
	static const uint16_t regs[] = {REG_NZCV, REG_FPCR, REG_FPSR};

	if (op == A64_MRS || op == A64_MSR_REG) {
		return (word & ~0x000fffe0u) | (uint32_t)regs[insn_random() % 3] << 5;
	}
	if (op == A64_HINT) {
		return (word & ~0x00000fe0u) |
		       (insn_random() & 1 ? 6u + (uint32_t)(insn_random() % 2) * 14 : 0) << 5;
	}
	return word;
}

static bool predictable(unsigned int op, uint32_t w)
{
	unsigned int rt = f_rt(w), rt2 = f_rt2(w), rn = f_rn(w), rm = f_rm(w), rs = f_rs(w);
	bool load_pair = op == A64_LDP || op == A64_LDPSW || op == A64_LDNP || op == A64_LDP_V ||
			 op == A64_LDNP_V || op == A64_LDXP || op == A64_LDAXP;

	if (load_pair && rt == rt2) {
		return false;
	}
	if (is_one_of(op, write_back_ops) && a64_infos[op].class == A64_CLASS_LDST && rn == rt &&
	    rn != 31) {
		return false;
	}
	if (is_one_of(op, pair_ops) && a64_infos[op].class == A64_CLASS_LDST && (f_pidx(w) & 1) &&
	    (rn == rt || rn == rt2) && rn != 31) {
		return false;
	}
	if ((op == A64_BR || op == A64_BLR || op == A64_RET) && rn == 31) {
		return false; /* to address zero */
	}
	if (is_one_of(op, store_exclusive_ops) &&
	    (rs == rt || rs == rn || (is_one_of(op, exclusive_pair_ops) && rs == rt2))) {
		return false;
	}
	if ((is_one_of(op, register_ops) || is_one_of(op, structure_ops)) && rm == rn) {
		return false;
	}
	return true;
}

bool insn_pick_word(unsigned int op, uint32_t *word)
{
	const struct a64_info *info = &a64_infos[op];

	if (is_one_of(op, untested_ops) || is_one_of(op, literal_ops)) {
		return false;
	}
	for (unsigned int attempt = 0; attempt < 1000; attempt++) {
		uint32_t w = info->value | ((uint32_t)(insn_random() >> 16) & ~info->mask);

		w = fix_system(op, fix_branch(op, w));
		if (a64_check(info->check, w) && predictable(op, w)) {
			*word = w;
			return true;
		}
	}
	return false;
}

uint32_t insn_before(unsigned int op, uint32_t word)
{
	if (!is_one_of(op, store_exclusive_ops) || (insn_random() & 1)) {
		return NOP;
	}
	/* LDXR into XZR, LDXP into XZR and X0 or X1, not the base: bit 22 is L. */
	if (is_one_of(op, exclusive_pair_ops)) {
		return (word & ~0x001ffc1fu) | 1u << 22 | 0x1f0000 | (f_rn(word) ? 0u : 1u) << 10 |
		       31;
	}
	return (word & ~0x001f801fu) | 1u << 22 | 0x1f7c00 | 31;
}

static unsigned int access_lg(unsigned int op, uint32_t w)
{
	if (is_one_of(op, pair_ops)) {
		if (a64_infos[op].class == A64_CLASS_VLDST) {
			return 2 + f_opcl(w);
		}
		return op == A64_LDPSW ? 2 : 2 + f_sf(w);
	}
	if (a64_infos[op].class == A64_CLASS_VLDST && f_vq(w)) {
		return 4;
	}
	return f_size(w);
}

static int64_t extend(uint64_t val, unsigned int bits)
{
	return (int64_t)(val << (64 - bits)) >> (64 - bits);
}

/* The offset that the word adds to its base before the access. */
static uint64_t offset_of(unsigned int op, uint32_t w)
{
	unsigned int lg = access_lg(op, w);
	uint64_t rm = f_rm(w) == 31 ? 0 : insn_state.x[f_rm(w)];

	if (is_one_of(op, unsigned_ops)) {
		return (uint64_t)f_imm12(w) << lg;
	}
	if (is_one_of(op, unscaled_ops) || (is_one_of(op, write_back_ops) && f_pre(w))) {
		return (uint64_t)extend(f_imm9(w), 9);
	}
	if (is_one_of(op, pair_ops)) {
		return f_pidx(w) == 1 ? 0 : (uint64_t)extend(f_imm7(w), 7) << lg;
	}
	if (is_one_of(op, register_ops)) {
		unsigned int shift = f_scaled(w) ? lg : 0;

		switch (f_option(w)) {
		case 2:
			return (rm & 0xffffffff) << shift;
		case 6:
			return (uint64_t)extend(rm, 32) << shift;
		default:
			return rm << shift;
		}
	}
	return 0;
}

/* Points the base so that the access falls into insn_memory. */
static void fill_address(unsigned int op, uint32_t w)
{
	uint64_t target = (uint64_t)insn_memory + 1024 + (insn_random() & 0x3f8);
	uint64_t base;
	bool aligned = a64_infos[op].class == A64_CLASS_ATOMIC ||
		       a64_infos[op].feature != A64_FEATURE_BASE ||
		       (w & 0x3f000000) == 0x08000000; /* exclusive and ordered */

	target &= ~15ull;
	if (!aligned && (insn_random() & 1)) {
		target += insn_random() & 15;
	}
	if (f_rn(w) == 31) { /* SP stays aligned */
		base = (target - offset_of(op, w)) & ~15ull;
	} else {
		base = target - offset_of(op, w);
	}
	insn_state.x[f_rn(w)] = base;
	/* Half of the compare-and-swaps shall succeed. */
	if ((op == A64_CAS || op == A64_CASP) && (insn_random() & 1) && f_rs(w) < 30 &&
	    f_rs(w) != f_rn(w) && f_rs(w) + 1 != f_rn(w)) {
		insn_state.x[f_rs(w)] = *(uint64_t *)target;
		if (op == A64_CASP) {
			insn_state.x[f_rs(w) + 1] =
				f_lsz(w) ? *(uint64_t *)(target + 8) : *(uint64_t *)target >> 32;
		}
	}
}

void insn_fill_state(unsigned int op, uint32_t w, const struct insn_slot *slot)
{
	const unsigned int used[] = {f_rd(w), f_rn(w), f_rm(w), f_ra(w)};

	for (unsigned int i = 0; i < 4; i++) {
		if (used[i] != 31) {
			insn_state.x[used[i]] = random_integer();
		}
		if (a64_infos[op].fp) {
			fill_vector(used[i]);
		}
	}
	/* Equal and nearly equal operands are interesting. */
	if (!(insn_random() & 7)) {
		insn_state.v[f_rm(w)][0] = insn_state.v[f_rn(w)][0];
		insn_state.v[f_rm(w)][1] = insn_state.v[f_rn(w)][1] ^ (insn_random() & 1);
		if (f_rm(w) != 31 && f_rn(w) != 31) {
			insn_state.x[f_rm(w)] = insn_state.x[f_rn(w)];
		}
	}
	fill_control();
	insn_state.x[31] = (uint64_t)insn_memory + 1024 + (insn_random() & 0x3f0);
	if (insn_accesses_memory(op)) {
		fill_address(op, w);
	}
	if (op == A64_BR || op == A64_BLR || op == A64_RET) {
		insn_state.x[f_rn(w)] = (uint64_t)&slot->taken;
	}
	if (op == A64_MSR_REG && f_rt(w) != 31) {
		insn_state.x[f_rt(w)] &= writable_bits(f_sysreg(w));
	}
}

/* A register of corner values: all lanes different, the first one `which` (below 2 * NR_CORNERS).
 */
static void fill_corners(unsigned int n, unsigned int which, bool is_double)
{
	uint64_t *half = insn_state.v[n];

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int at = (which + 13 * i) % (2 * NR_CORNERS), sign = at >= NR_CORNERS;

		at %= NR_CORNERS;
		if (is_double && i < 2) {
			half[i] = double_corners[at] | (uint64_t)sign << 63;
		} else if (!is_double) {
			uint64_t lane = single_corners[at] | (uint32_t)sign << 31;

			half[i / 2] = i & 1 ? half[i / 2] | lane << 32 : lane;
		}
	}
}

bool insn_fill_vectors(unsigned int op, uint32_t w, uint64_t index)
{
	unsigned int nr = 2 * NR_CORNERS;
	unsigned int control = (unsigned int)(index % 16), a = (unsigned int)(index / 16 % nr);
	uint64_t b = index / 16 / nr;
	bool is_double = a64_infos[op].class == A64_CLASS_FP ? f_ftype(w) == 1 : f_sz(w);

	if (b >= nr) {
		return false;
	}
	fill_corners(f_ra(w), (unsigned int)(a * 7 + b * 3) % nr, is_double);
	fill_corners(f_rd(w), (unsigned int)(a * 5 + b * 11) % nr, is_double);
	fill_corners(f_rm(w), (unsigned int)b, is_double);
	fill_corners(f_rn(w), a, is_double);
	insn_state.fpcr = (control & 3) << 22 | (control >> 2) << 24 | ((a ^ b) & 1) << 26;
	insn_state.fpsr = (a + b) & 2 ? 0x10 : 0; /* IXC */
	insn_state.nzcv = index << 28 & 0xf0000000;
	return true;
}
