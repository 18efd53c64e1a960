// SPDX-License-Identifier: BSD-3-Clause
/*
 * insn_test.c - executes random instructions on random operands and prints hashes of the results.
 *
 *	insn_test SEED FIRST COUNT RUNS random|vectors [verbose]
 *
 * One static arm64 program, no libc, meant to run under two emulators whose output is compared
 * (insn_compare). Batch b is one random word of the (b mod number of patterns)'th line of a64.isa,
 * executed RUNS times on different register contents; its line of output is
 *
 *	BATCH NAME WORD HASH
 *
 * With `vectors` only FP instructions are executed, on every RUNS'th combination of two corner
 *values and the settings of FPCR.
 *
 * Each batch depends on SEED and its number alone. With `verbose` the state before and after each
 *run is printed too: the way to look at a batch that differs.
 */
#include "decode.h"
#include "insn_test.h"

#define SYS_WRITE 64
#define SYS_EXIT  94

struct insn_state insn_state;

static struct insn_slot slot __attribute__((section(".slots,\"awx\",%nobits//"), aligned(64)));

static char out[4096];
static size_t out_used;

static long syscall3(long nr, long a, long b, long c)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

static void flush(void)
{
	syscall3(SYS_WRITE, 1, (long)out, (long)out_used);
	out_used = 0;
}

static void put(const char *s)
{
	for (; *s; s++) {
		out[out_used++] = *s;
		if (out_used == sizeof(out)) {
			flush();
		}
	}
}

static void put_hex(uint64_t val, unsigned int digits)
{
	char buf[17];

	for (unsigned int i = 0; i < digits; i++) {
		buf[i] = "0123456789abcdef"[val >> 4 * (digits - 1 - i) & 15];
	}
	buf[digits] = '\0';
	put(buf);
}

static void put_decimal(uint64_t val)
{
	char buf[21];
	unsigned int i = 20;

	buf[i] = '\0';
	do {
		buf[--i] = (char)('0' + val % 10);
		val /= 10;
	} while (val);
	put(buf + i);
}

/* The functions that GCC expects of every environment. */
void *memcpy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((char *)to)[i] = ((const char *)from)[i];
	}
	return to;
}

void *memset(void *to, int c, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((char *)to)[i] = (char)c;
	}
	return to;
}

static uint64_t mix(uint64_t hash, uint64_t val)
{
	hash = (hash ^ val) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static uint64_t hash_state(uint64_t hash, bool memory)
{
	for (unsigned int i = 0; i < 32; i++) {
		hash = mix(hash, insn_state.x[i]);
	}
	for (unsigned int i = 0; i < 32; i++) {
		hash = mix(hash, insn_state.v[i][0]);
		hash = mix(hash, insn_state.v[i][1]);
	}
	hash = mix(hash, insn_state.nzcv | insn_state.taken << 63);
	hash = mix(hash, insn_state.fpcr << 32 | insn_state.fpsr);
	if (memory) {
		for (unsigned int i = 0; i < INSN_MEMORY_SIZE / 8; i++) {
			hash = mix(hash, ((uint64_t *)insn_memory)[i]);
		}
	}
	return hash;
}

static void put_state(const char *title)
{
	put(title);
	for (unsigned int i = 0; i < 32; i++) {
		put(i % 4 ? " " : "\n  x");
		put_hex(insn_state.x[i], 16);
	}
	for (unsigned int i = 0; i < 32; i++) {
		put(i % 2 ? " " : "\n  v");
		put_hex(insn_state.v[i][1], 16);
		put("_");
		put_hex(insn_state.v[i][0], 16);
	}
	put("\n  nzcv ");
	put_hex(insn_state.nzcv, 8);
	put(" fpcr ");
	put_hex(insn_state.fpcr, 8);
	put(" fpsr ");
	put_hex(insn_state.fpsr, 8);
	put(insn_state.taken ? " taken\n" : "\n");
}

static uint32_t branch_to(const uint32_t *from, void (*to)(void))
{
	return 0x14000000 | ((uint32_t)(((uint64_t)to - (uint64_t)from) >> 2) & 0x03ffffff);
}

/* The slot fits into one 64-byte line. */
static void make_executable(void)
{
	__asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb"
			 :
			 : "r"(&slot)
			 : "memory");
}

static void make_slot(uint32_t word, uint32_t before)
{
	slot.load_x30 = 0x5800001e | (offsetof(struct insn_slot, x30) / 4) << 5;
	slot.before = before;
	slot.insn = word;
	slot.not_taken = branch_to(&slot.not_taken, insn_leave);
	slot.taken = branch_to(&slot.taken, insn_leave_taken);
	make_executable();
}

struct options {
	uint64_t seed;
	uint64_t runs;
	bool vectors;
	bool verbose;
};

/* Run number `run` of the slot; the combined hash, or false when there is no such run. */
static bool run_once(const struct options *options, unsigned int op, uint64_t run, uint64_t *hash)
{
	if (options->vectors) {
		if (!insn_fill_vectors(op, slot.insn, run * options->runs)) {
			return false;
		}
	} else {
		if (run >= options->runs) {
			return false;
		}
		insn_fill_state(op, slot.insn, &slot);
	}
	slot.x30 = insn_state.x[30];
	if (options->verbose) {
		put_state("before");
	}
	insn_enter(&slot);
	if (options->verbose) {
		put_state("after");
	}
	*hash = hash_state(*hash, insn_accesses_memory(op));
	return true;
}

static void run_batch(const struct options *options, uint64_t batch)
{
	unsigned int op = 1 + batch % (A64_NR_OPS - 1);
	unsigned int class = a64_infos[op].class;
	uint64_t hash = 0, run = 0;
	uint32_t word;

	insn_random_seed(options->seed << 32 ^ batch);
	if ((options->vectors && class != A64_CLASS_FP && class != A64_CLASS_SIMD_FP) ||
	    !insn_pick_word(op, &word)) {
		return;
	}
	insn_fill_all();
	make_slot(word, insn_before(op, word));
	while (run_once(options, op, run, &hash)) {
		run++;
	}
	put_decimal(batch);
	put(" ");
	put(a64_infos[op].name);
	put(" ");
	put_hex(word, 8);
	put(" ");
	put_hex(hash, 16);
	put("\n");
	flush();
}

static uint64_t parse_number(const char *s)
{
	uint64_t val = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		val = val * 10 + (uint64_t)(*s - '0');
	}
	return val;
}

int insn_main(uint64_t *stack)
{
	uint64_t argc = stack[0];
	char **argv = (char **)&stack[1];
	struct options options;
	uint64_t first, count;

	if (argc < 6) {
		put("usage: insn_test SEED FIRST COUNT RUNS random|vectors [verbose]\n");
		flush();
		return 2;
	}
	options.seed = parse_number(argv[1]);
	first = parse_number(argv[2]);
	count = parse_number(argv[3]);
	options.runs = parse_number(argv[4]);
	options.vectors = argv[5][0] == 'v';
	options.verbose = argc > 6;
	if (options.runs == 0) {
		options.runs = 1;
	}
	for (uint64_t batch = first; batch < first + count; batch++) {
		run_batch(&options, batch);
	}
	flush();
	return 0;
}
