// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_translate.c - the translator against the interpreter, on random blocks of random
 * instructions.
 *
 *	test_translate [BLOCKS [SEED]]
 *
 * Two machines with the same memory contents and the same registers: one interprets, the other
 * translates and runs the block once. All state must then be equal: registers, flags, vectors,
 * FPSR, the exclusive monitor, the exception raised if any, memory, and in half of the blocks the
 * number of instructions that a counter was told. Instructions come from a64.isa; one block in four
 * is a loop of vector instructions that is run three times; some of the others are made of what
 * multiplies long numbers, comparisons of floats, conversions, or ciphers. Many go on elsewhere by
 * a B. About half of the registers point into the data window, so that most accesses hit, some
 *where it can only be read. On a difference the block is printed, and repeated runs with the same
 *seed reproduce it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "exception.h"
#include "fp.h"
#include "fpsr.h"
#include "front.h"
#include "interp.h"
#include "machine.h"
#include "mem.h"
#include "vm.h"

#define CODE_BASE    (RAM_BASE + (1ull << 20))
#define CODE_SIZE    (256u << 10)
#define DATA_BASE    (RAM_BASE + (4ull << 20))
#define DATA_SIZE    16384u
#define MAX_BLOCK    8
#define DEFAULT_RUNS 60000
#define COUNTER      28
#define ROUNDS       3

/* Where a block lies, in up to three runs of instructions, in any order. */
#define SLOT_SIZE 128u
#define MAX_RUNS  3u
#define RUN_WORDS 10u

#define B_TO(words) (0x14000000u | ((uint32_t)(words)&0x3ffffff))

static uint64_t seed;
static unsigned long nr_excepted;
static struct ir_block path; /* the current block's instructions */
static uint64_t path_page;   /* and the address of their page */

static uint64_t rnd(void)
{
	/* xorshift64* */
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

#define DC_ZVA 0xd50b7420

/* MRS and MSR of registers that are but storage, SP_EL0, which is not always, and DAIF. */
static uint32_t random_register_access(void)
{
	static const uint32_t words[] = {
		0xd538d080, /* MRS TPIDR_EL1 */
		0xd518d080, /* MSR */
		0xd53bd040, /* MRS TPIDR_EL0 */
		0xd51bd040, /* MSR */
		0xd5384100, /* MRS SP_EL0 */
		0xd5184100, /* MSR */
		0xd5384000, /* MRS SPSR_EL1 */
		0xd5184000, /* MSR */
		0xd53b4220, /* MRS DAIF */
		0xd51b4220, /* MSR */
		0xd5386000, /* MRS FAR_EL1 */
		0xd53b4400, /* MRS FPCR */
	};

	return words[rnd() % (sizeof(words) / sizeof(words[0]))] | (uint32_t)(rnd() % 32);
}

/* MSR DAIFSet or DAIFClr. */
static uint32_t random_mask(void)
{
	return 0xd50340df | (uint32_t)(rnd() & 15) << 8 | (uint32_t)(rnd() & 1) << 5;
}

static bool may_unmask(uint32_t insn)
{
	return (insn & ~(15u << 8)) == 0xd50340ff || (insn & ~31u) == 0xd51b4220;
}

/* Exclusives and atomics on X3, so that some belong together. */
static uint32_t with_common_base(uint32_t insn)
{
	return (insn & ~(31u << 5)) | 3u << 5;
}

static bool is_exclusive(enum a64_op op)
{
	return op >= A64_STXR && op <= A64_LDAXP;
}

static enum a64_op random_op(void)
{
	return rnd() % 16 ? 1 + rnd() % (A64_NR_OPS - 1)
			  : A64_STXR + rnd() % (A64_LDAXP - A64_STXR + 1);
}

/* A word of a random instruction; of class system only a few. */
static uint32_t random_insn(void)
{
	if (rnd() % 128 == 0) {
		return DC_ZVA | (uint32_t)(rnd() % 32);
	}
	if (rnd() % 32 == 0) {
		return rnd() % 4 ? random_register_access() : random_mask();
	}
	for (;;) {
		const struct a64_info *info = &a64_infos[random_op()];
		uint32_t insn = (info->value & info->mask) | ((uint32_t)rnd() & ~info->mask);
		enum a64_op op = a64_decode(insn);

		if (info->class == A64_CLASS_SYSTEM || op == A64_UNALLOCATED ||
		    (rnd() & 1 && info->class >= A64_CLASS_FP)) {
			continue;
		}
		return is_exclusive(op) || (info->class == A64_CLASS_ATOMIC && rnd() & 1)
			       ? with_common_base(insn)
			       : insn;
	}
}

/* What long numbers are added and multiplied with: the carry lives through many of these. */
static const enum a64_op carry_ops[] = {
	A64_ADDS_SH, A64_ADCS,    A64_ADCS,  A64_ADC,   A64_SUBS_SH, A64_SBCS,   A64_SBC,
	A64_MADD,    A64_MSUB,    A64_UMULH, A64_SMULH, A64_UMADDL,  A64_SMADDL, A64_EXTR,
	A64_SUB_SH,  A64_ADD_IMM, A64_UBFM,  A64_LSLV,  A64_CSINC,   A64_LDP,
};

/* Comparisons of floats, those who ask for their result, and what comes between. */
static const enum a64_op float_ops[] = {
	A64_FCCMP,    A64_FCCMPE,  A64_FCMP,   A64_FCMPE,     A64_FCMP_ZERO,  A64_FCMPE_ZERO,
	A64_FCSEL,    A64_FCSEL,   A64_B_COND, A64_CSEL,      A64_CSINC,      A64_CCMP_IMM,
	A64_FMOV_F,   A64_FABS_F,  A64_FNEG_F, A64_FMOV_FIMM, A64_FADD_F,     A64_FMUL_F,
	A64_FMADD,    A64_FNMUL_F, A64_FSUB_F, A64_SCVTF,     A64_FMOV_FROMF, A64_FCVT,
	A64_FMOV_TOF, A64_ADC,     A64_DUP_E,  A64_ZIP1,
};

static const enum a64_op conversion_ops[] = {
	A64_FCVTNS,   A64_FCVTNU,   A64_FCVTPS,   A64_FCVTPU,   A64_FCVTMS,   A64_FCVTMU,
	A64_FCVTZS,   A64_FCVTZU,   A64_FCVTAS,   A64_FCVTAU,   A64_FRINTN_F, A64_FRINTP_F,
	A64_FRINTM_F, A64_FRINTZ_F, A64_FRINTX_F, A64_FRINTI_F, A64_FRINTA_F, A64_SCVTF,
	A64_UCVTF,    A64_FCVT,     A64_FMAX_F,   A64_FMIN_F,   A64_FMAXNM_F, A64_FMINNM_F,
};

static const enum a64_op crypto_ops[] = {
	A64_AESE,    A64_AESMC,   A64_AESD,     A64_AESIMC,    A64_PMULL_1Q,
	A64_SHA1C,   A64_SHA1P,   A64_SHA1M,    A64_SHA1H,     A64_SHA1SU0,
	A64_SHA1SU1, A64_SHA256H, A64_SHA256H2, A64_SHA256SU0, A64_SHA256SU1,
};

/* Constants in parts, in two registers. */
static const enum a64_op constant_ops[] = {A64_MOVZ, A64_MOVN, A64_MOVK,    A64_MOVK,
					   A64_ADR,  A64_ADRP, A64_ADD_IMM, A64_SUB_IMM};

/* AESMC or AESIMC of one of two registers, after the other half of its round. */
static uint32_t random_aes(void)
{
	return 0x4e284800 | (uint32_t)(rnd() & 3) << 12 | (uint32_t)(rnd() & 1) << 5 |
	       (uint32_t)(rnd() & 1);
}

static uint32_t random_of(const enum a64_op *ops, size_t nr)
{
	for (;;) {
		const struct a64_info *info = &a64_infos[ops[rnd() % nr]];
		uint32_t insn = (info->value & info->mask) | ((uint32_t)rnd() & ~info->mask);

		if (a64_decode(insn) != A64_UNALLOCATED) {
			return insn;
		}
	}
}

/* Most blocks are of all kinds of instructions, some of those that go together. */
static uint32_t random_of_theme(unsigned int theme)
{
	switch (theme) {
	case 0:
		return random_of(carry_ops, sizeof(carry_ops) / sizeof(carry_ops[0]));
	case 1:
		return random_of(float_ops, sizeof(float_ops) / sizeof(float_ops[0]));
	case 2:
		return random_of(conversion_ops,
				 sizeof(conversion_ops) / sizeof(conversion_ops[0]));
	case 3:
		return rnd() & 1 ? random_of(crypto_ops, sizeof(crypto_ops) / sizeof(crypto_ops[0]))
				 : random_aes();
	case 4:
		return random_of(constant_ops, sizeof(constant_ops) / sizeof(constant_ops[0])) &
		       ~(15u | 15u << 5);
	default:
		return random_insn();
	}
}

/* A number of `bits` whose exponent is at, or next to, one where something happens. */
static uint64_t random_float(unsigned int bits)
{
	unsigned int mantissa = bits == 32 ? 23 : 52;
	uint64_t low = (1ull << mantissa) - 1, max = (1ull << (bits - 1 - mantissa)) - 1;
	uint64_t exponents[] = {
		0, 1, mantissa, max / 2, max / 2 + mantissa, max / 2 + 31, max / 2 + 63, max};
	/* The last but one makes 1.5, the one before it 2.5. */
	uint64_t fractions[] = {0, 1, low, low >> 1, (low >> 2) + 1, (low >> 1) + 1, rnd() & low};
	uint64_t exponent = exponents[rnd() % 8] + rnd() % 3 - 1;

	return (rnd() & 1) << (bits - 1) | (exponent & max) << mantissa | fractions[rnd() % 7];
}

static uint64_t random_value(void)
{
	static const uint64_t values[] = {
		0,
		1,
		~0ull,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x7fffffffffffffffull,
		0x8000000000000000ull,
		0x3ff0000000000000ull,
		0x7ff0000000000000ull,
		0x7ff8000000000001ull,
		0x7ff0000000000001ull,
		0x3f8000007f800000ull,
		0x7fc0000000000001ull,
		0x0010000000000000ull,
		0x000fffffffffffffull,
		1ull << 54, /* once a tag that stood for "invalid" */
	};

	switch (rnd() % 6) {
	case 4:
		return random_float(64);
	case 5:
		return random_float(32) << 32 | random_float(32);
	case 0:
		return values[rnd() % (sizeof(values) / sizeof(values[0]))];
	case 1:
		return rnd() % 128;
	default:
		return rnd();
	}
}

static void random_state(struct jit_cpu *cpu)
{
	for (unsigned int i = 0; i < 32; i++) {
		cpu->x[i] = rnd() & 1
				    ? DATA_BASE + DATA_SIZE / 2 + rnd() % 512 * (rnd() % 2 ? 8 : 16)
				    : random_value();
		if (rnd() % 16 == 0) {
			cpu->x[i] += RAM_READ_ONLY - RAM_BASE;
		}
		cpu->v[i].d[0] = random_value();
		cpu->v[i].d[1] = random_value();
	}
	cpu->x[CPU_REG_SP] = DATA_BASE + DATA_SIZE / 2 + rnd() % 256 * (rnd() % 8 ? 16 : 8);
	cpu_set_nzcv(cpu, rnd() & 15);
	cpu->fpsr = rnd() & 1 ? 0 : rnd() & (FPSR_QC | FPSR_IDC | 0x1f);
	cpu->fpcr = rnd() & 3 ? 0 : rnd() & (FPCR_AHP | FPCR_DN | FPCR_FZ | 3u << FPCR_RMODE_SHIFT);
	cpu->spsel = rnd() % 8 != 0;
	cpu->daif = rnd() & 15;
	cpu->pmu.counts = rnd() % 2 ? 2 : 0; /* at EL1 */
	cpu->insns = rnd();
	cpu->sp_el[0] = rnd();
	cpu->sys.tpidr_el0 = rnd();
	cpu->sys.tpidr_el1 = rnd();
	cpu->monitor.size = 0;
	memset(&cpu->exc, 0, sizeof(cpu->exc));
}

static void copy_state(struct jit_cpu *to, const struct jit_cpu *from)
{
	memcpy(to->x, from->x, sizeof(to->x));
	memcpy(to->v, from->v, sizeof(to->v));
	to->flags = from->flags;
	to->pc = from->pc;
	to->fpsr = from->fpsr;
	to->fpcr = from->fpcr;
	to->spsel = from->spsel;
	to->daif = from->daif;
	to->pmu = from->pmu;
	to->insns = from->insns;
	to->sp_el[0] = from->sp_el[0];
	to->sys = from->sys;
	to->monitor = from->monitor;
	to->exc = from->exc;
}

/* What comes next on the path, as long as that is what is executed next. */
static enum exec_result run_interpreter(struct jit_cpu *cpu)
{
	enum exec_result result = EXEC_NEXT;

	for (unsigned int i = 0; i < path.nr_insns && cpu->pc == path_page + path.offsets[i]; i++) {
		result = interp_step(cpu);
		if (result == EXEC_EXCEPTION) {
			break;
		}
	}
	return result;
}

/* Instructions that write integer or vector registers, and X28 as the counter of ROUNDS, which none
 * of them writes. Counting sets the flags in some. */
static unsigned int random_loop(uint32_t *insns)
{
	unsigned int nr = 1 + rnd() % (MAX_BLOCK - 2);

	for (unsigned int i = 0; i < nr;) {
		uint32_t insn = random_insn();
		unsigned int class = a64_infos[a64_decode(insn)].class;

		if ((class == A64_CLASS_INT || class >= A64_CLASS_VLDST) &&
		    (insn & 31) != COUNTER && (insn >> 5 & 31) != COUNTER) {
			insns[i++] = insn;
		}
	}
	/* lay_out() says how far the branch goes. */
	if (rnd() & 1) {
		insns[nr] = 0xf1000400 | COUNTER << 5 | COUNTER; /* subs */
		insns[nr + 1] = 0x54000001;                      /* b.ne */
	} else {
		insns[nr] = 0xd1000400 | COUNTER << 5 | COUNTER; /* sub */
		insns[nr + 1] = 0xb5000000 | COUNTER;            /* cbnz */
	}
	return nr + 2;
}

/* Backwards on a condition, maybe, or B. */
static uint32_t random_branch(unsigned int words)
{
	uint32_t bits = (uint32_t)rnd();

	switch ((int)words < 0 ? rnd() % 4 : 3) {
	case 0:
		return 0x54000000 | (words & 0x7ffff) << 5 | bits % 14; /* b.cond */
	case 1:
		return 0x34000000 | (bits & 0x8100001f) | (words & 0x7ffff) << 5; /* cbz, cbnz */
	case 2:
		return 0x36000000 | (bits & 0x81f8001f) | (words & 0x3fff) << 5; /* tbz, tbnz */
	default:
		return 0x14000000 | (words & 0x3ffffff);
	}
}

/* Puts them into the slot, in runs; a loop's last one goes back to *start, the place of the first.
 * Returns how many they are with the branches between runs. */
static unsigned int lay_out(uint32_t slot[SLOT_SIZE / 4], const uint32_t *insns, unsigned int nr,
			    bool loop, unsigned int *start)
{
	unsigned int nr_runs = nr < MAX_RUNS ? 1 : 1 + rnd() % MAX_RUNS, run = 0;
	unsigned int first = rnd() % MAX_RUNS, step = 1 + rnd() % (MAX_RUNS - 1);
	unsigned int p = first * RUN_WORDS;

	memset(slot, 0, SLOT_SIZE);
	*start = p;
	for (unsigned int i = 0; i < nr; i++) {
		if (run + 1 < nr_runs && i == (run + 1) * (nr / nr_runs)) {
			unsigned int to = (first + ++run * step) % MAX_RUNS * RUN_WORDS;

			slot[p] = random_branch(to - p);
			p = to;
		}
		slot[p++] = insns[i];
	}
	if (loop) {
		slot[p - 1] |= ((*start - (p - 1)) & 0x7ffff) << 5;
	}
	return nr + run;
}

/* The way that a block goes from there. */
static void find_path(const struct machine *m, uint64_t pc, unsigned int max_insns)
{
	int64_t offset = (int64_t)(pc & (TLB_PAGE_SIZE - 1));
	bool goes_on = true;

	path_page = pc - (uint64_t)offset;
	path.nr_insns = 0;
	while (goes_on && path.nr_insns < max_insns) {
		goes_on = front_fetch(&path, m->ram + (path_page - RAM_BASE), &offset);
	}
}

/* How many instructions of it there are from cpu->pc on. */
static unsigned int left_on_path(const struct jit_cpu *cpu)
{
	unsigned int i = 0;

	while (i < path.nr_insns && path_page + path.offsets[i] != cpu->pc) {
		i++;
	}
	return path.nr_insns - i;
}

static enum exec_result interpret_loop(struct jit_cpu *cpu)
{
	enum exec_result result;

	do {
		result = interp_step(cpu);
	} while (result != EXEC_EXCEPTION && left_on_path(cpu));
	return result;
}

/* Runs translated code from cpu->pc; returns why it came back. */
static unsigned int run_block(struct machine *m, unsigned int nr)
{
	struct cache_key key = {.pa = m->cpu->pc, .mode = cache_mode(m->cpu)};
	struct cache_block *block;
	uint64_t generation;

	m->vm.cache->max_insns = nr;
	block = cache_get(m->cpu, &key, m->ram + (m->cpu->pc - RAM_BASE), &generation);
	atomic_store(&m->cpu->attention, 0);
	return m->vm.cache->stubs.enter(m->cpu, cache_code(m->vm.cache, block));
}

/* As translate_run() does: what FPCR forbids translated code is interpreted. A loop then comes in
 * several blocks. */
static enum exec_result run_translator(struct machine *m, bool loop)
{
	enum exec_result result = EXEC_NEXT;
	unsigned int reason;

	exception_update_state(m->cpu);
	fpsr_begin();
	do {
		reason = run_block(m, left_on_path(m->cpu));
		if (reason == TRANSLATE_EXCEPTION) {
			result = EXEC_EXCEPTION;
		} else if (reason == TRANSLATE_INTERPRET) {
			result = interp_step(m->cpu);
		}
	} while ((reason == TRANSLATE_INTERPRET || loop) && result != EXEC_EXCEPTION &&
		 left_on_path(m->cpu));
	fpsr_fold(m->cpu);
	return result == EXEC_EXCEPTION ? EXEC_EXCEPTION : EXEC_NEXT;
}

static bool same_exception(const struct cpu_exception *a, const struct cpu_exception *b)
{
	return a->esr == b->esr && a->has_far == b->has_far && (!a->has_far || a->far == b->far) &&
	       a->return_offset == b->return_offset;
}

/* Prints what differs; returns the number of differences. */
static int compare(const struct jit_cpu *a, const struct jit_cpu *b, bool excepted)
{
	int nr = 0;

	for (unsigned int i = 0; i < 32; i++) {
		if (a->x[i] != b->x[i]) {
			printf("  x%u: interpreter %" PRIx64 ", translator %" PRIx64 "\n", i,
			       a->x[i], b->x[i]);
			nr++;
		}
		if (memcmp(&a->v[i], &b->v[i], 16)) {
			printf("  v%u: interpreter %016" PRIx64 "%016" PRIx64
			       ", translator %016" PRIx64 "%016" PRIx64 "\n",
			       i, a->v[i].d[1], a->v[i].d[0], b->v[i].d[1], b->v[i].d[0]);
			nr++;
		}
	}
	if (a->pc != b->pc || cpu_nzcv(a) != cpu_nzcv(b) || a->fpsr != b->fpsr) {
		printf("  pc %" PRIx64 ", %" PRIx64 "; nzcv %x, %x; fpsr %x, %x\n", a->pc, b->pc,
		       cpu_nzcv(a), cpu_nzcv(b), a->fpsr, b->fpsr);
		nr++;
	}
	if (a->daif != b->daif || a->sp_el[0] != b->sp_el[0]) {
		printf("  daif %x, %x; sp_el0 %" PRIx64 ", %" PRIx64 "\n", a->daif, b->daif,
		       a->sp_el[0], b->sp_el[0]);
		nr++;
	}
	if (a->insns != b->insns) {
		printf("  counted: interpreter %" PRIu64 ", translator %" PRIu64 "\n", a->insns,
		       b->insns);
		nr++;
	}
	if (memcmp(&a->sys, &b->sys, sizeof(a->sys))) {
		printf("  tpidr_el0 %" PRIx64 ", %" PRIx64 "; tpidr_el1 %" PRIx64 ", %" PRIx64
		       "; or another system register\n",
		       a->sys.tpidr_el0, b->sys.tpidr_el0, a->sys.tpidr_el1, b->sys.tpidr_el1);
		nr++;
	}
	if (a->monitor.size != b->monitor.size ||
	    (a->monitor.size && memcmp(&a->monitor, &b->monitor, sizeof(a->monitor)))) {
		printf("  monitor: size %u, %u; va %" PRIx64 ", %" PRIx64 "; value %" PRIx64
		       ", %" PRIx64 "\n",
		       a->monitor.size, b->monitor.size, a->monitor.va, b->monitor.va,
		       a->monitor.value[0], b->monitor.value[0]);
		nr++;
	}
	if (excepted && !same_exception(&a->exc, &b->exc)) {
		printf("  esr %x, %x; far %" PRIx64 ", %" PRIx64 "\n", a->exc.esr, b->exc.esr,
		       a->exc.far, b->exc.far);
		nr++;
	}
	return nr;
}

static void print_block(void)
{
	char text[128];

	for (unsigned int i = 0; i < path.nr_insns; i++) {
		uint64_t pc = path_page + path.offsets[i];

		a64_disassemble(path.insns[i], pc, text, sizeof(text));
		printf("  %" PRIx64 "  %08x  %s\n", pc, path.insns[i], text);
	}
}

static int run_once(struct machine *a, struct machine *b, uint64_t code)
{
	uint32_t insns[MAX_BLOCK], slot[SLOT_SIZE / 4];
	unsigned int nr = 1 + rnd() % MAX_BLOCK, start;
	uint64_t start_seed = seed;
	bool loop = rnd() % 4 == 0;
	unsigned int theme = rnd() % 12;
	enum exec_result ra, rb;
	int differences;

	for (unsigned int i = 0; i < nr; i++) {
		insns[i] = random_of_theme(theme);
		if (may_unmask(insns[i])) {
			nr = i + 1; /* a block ends there */
		}
	}
	if (loop) {
		nr = random_loop(insns);
	}
	nr = lay_out(slot, insns, nr, loop, &start);
	memcpy(a->ram + (code - RAM_BASE), slot, SLOT_SIZE);
	memcpy(b->ram + (code - RAM_BASE), slot, SLOT_SIZE);
	find_path(a, code + 4 * start, nr);
	for (unsigned int i = 0; i < DATA_SIZE; i += 8) {
		uint64_t value = rnd();

		memcpy(a->ram + (DATA_BASE - RAM_BASE) + i, &value, 8);
	}
	memcpy(b->ram + (DATA_BASE - RAM_BASE), a->ram + (DATA_BASE - RAM_BASE), DATA_SIZE);
	random_state(a->cpu);
	if (loop) {
		a->cpu->x[COUNTER] = ROUNDS;
	}
	a->cpu->pc = code + 4 * start;
	copy_state(b->cpu, a->cpu);
	ra = loop ? interpret_loop(a->cpu) : run_interpreter(a->cpu);
	b->vm.cache->no_chain = !loop;
	rb = run_translator(b, loop);
	nr_excepted += ra == EXEC_EXCEPTION;
	differences = compare(a->cpu, b->cpu, ra == EXEC_EXCEPTION);
	if ((ra == EXEC_EXCEPTION) != (rb == EXEC_EXCEPTION)) {
		printf("  exception: interpreter %d, translator %d\n", ra == EXEC_EXCEPTION,
		       rb == EXEC_EXCEPTION);
		differences++;
	}
	if (memcmp(a->ram + (DATA_BASE - RAM_BASE), b->ram + (DATA_BASE - RAM_BASE), DATA_SIZE)) {
		printf("  memory differs\n");
		differences++;
	}
	if (differences) {
		printf("  block at seed %" PRIu64 ":\n", start_seed);
		print_block();
	}
	return differences;
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 0) : DEFAULT_RUNS;
	uint64_t first_seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260101;
	unsigned long failed = 0;
	static struct machine a, b;
	uint64_t code = CODE_BASE;

	seed = first_seed;
	machine_init(&a);
	machine_init(&b);
	machine_translate(&b);
	cache_run_alone(b.vm.cache);
	for (unsigned long i = 0; i < runs && failed < 10; i++) {
		if (run_once(&a, &b, code)) {
			failed++;
		}
		code += SLOT_SIZE;
		if (code == CODE_BASE + CODE_SIZE) {
			code = CODE_BASE;
			cache_invalidate_all(b.vm.cache);
		}
	}
	if (failed) {
		printf("FAIL: %lu random blocks, translator like interpreter (seed %" PRIu64 ")\n",
		       runs, first_seed);
		return 1;
	}
	printf("# %lu of %lu blocks ended with an exception\n", nr_excepted, runs);
	printf("PASS: %lu random blocks, translator like interpreter\n", runs);
	return 0;
}
