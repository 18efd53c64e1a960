// SPDX-License-Identifier: BSD-3-Clause
/*
 * litmus.c - the memory model between two vCPUs, from inside a Linux guest.
 *
 *	litmus [MILLISECONDS]
 *
 * Two threads, one on each CPU, run the two parts of a litmus test on the same cell, over an array
 * of cells, between two barriers; then one of them looks for the outcome that the Arm ARM (B2.3)
 * forbids. Each test goes on for MILLISECONDS (100). The first test has no ordering, so its outcome
 * is allowed: it shows whether such reorderings can be seen here at all. Then counters that both
 * increment, which must not lose anything, and values of 8 and 16 bytes, which must not tear.
 * Prints PASS or FAIL lines.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NR_CELLS  1024u
#define NR_COUNTS 200000u
#define LINE      64

/* What a test is about: two locations in cache lines of their own, and what each part has read. */
struct cell {
	uint64_t x __attribute__((aligned(LINE)));
	uint64_t y __attribute__((aligned(LINE)));
	struct {
		uint64_t a, b;
	} seen[2] __attribute__((aligned(LINE)));
};

static struct cell cells[NR_CELLS];
static unsigned int milliseconds = 100;

/* A part of a test: assembly that uses x and y (addresses), one, two, and sets a and b. */
#define PART(name, p, text)                                                                        \
	static void name(struct cell *cell)                                                        \
	{                                                                                          \
		uint64_t a = 0, b = 0;                                                             \
                                                                                                   \
		__asm__ volatile(                                                                  \
			text                                                                       \
			: [a] "+&r"(a), [b] "+&r"(b)                                               \
			: [x] "r"(&cell->x), [y] "r"(&cell->y), [one] "r"(1ull), [two] "r"(2ull)   \
			: "memory", "x16");                                                        \
		cell->seen[p].a = a;                                                               \
		cell->seen[p].b = b;                                                               \
	}

#define LSE ".arch_extension lse\n"

/* MP: who sees the flag y sees the message x. */
PART(mp_dmb_0, 0, "str %[one], [%[x]]\n dmb ishst\n str %[one], [%[y]]")
PART(mp_dmb_1, 1, "ldr %[a], [%[y]]\n dmb ishld\n ldr %[b], [%[x]]")
PART(mp_ordered_0, 0, "str %[one], [%[x]]\n stlr %[one], [%[y]]")
PART(mp_ordered_1, 1, "ldar %[a], [%[y]]\n ldr %[b], [%[x]]")
PART(mp_address_1, 1, "ldr %[a], [%[y]]\n eor x16, %[a], %[a]\n ldr %[b], [%[x], x16]")
PART(mp_exclusive_0, 0,
     "str %[one], [%[x]]\n 1: ldxr x16, [%[y]]\n stlxr w16, %[one], [%[y]]\n cbnz w16, 1b")
PART(mp_exclusive_1, 1, "ldaxr %[a], [%[y]]\n ldr %[b], [%[x]]\n clrex")
PART(mp_lse_0, 0, LSE "str %[one], [%[x]]\n ldaddl %[one], x16, [%[y]]")
PART(mp_lse_1, 1, LSE "ldadda xzr, %[a], [%[y]]\n ldr %[b], [%[x]]")

static bool mp_forbidden(const struct cell *c)
{
	return c->seen[1].a == 1 && c->seen[1].b == 0;
}

/* SB: both write, then read what the other wrote. One of them must see it. */
PART(sb_plain_0, 0, "str %[one], [%[x]]\n ldr %[a], [%[y]]")
PART(sb_plain_1, 1, "str %[one], [%[y]]\n ldr %[a], [%[x]]")
PART(sb_dmb_0, 0, "str %[one], [%[x]]\n dmb ish\n ldr %[a], [%[y]]")
PART(sb_dmb_1, 1, "str %[one], [%[y]]\n dmb sy\n ldr %[a], [%[x]]")
PART(sb_dsb_1, 1, "str %[one], [%[y]]\n dsb ish\n ldr %[a], [%[x]]")
PART(sb_ordered_0, 0, "stlr %[one], [%[x]]\n ldar %[a], [%[y]]")
PART(sb_ordered_1, 1, "stlr %[one], [%[y]]\n ldar %[a], [%[x]]")
PART(sb_lse_0, 0, LSE "swpal %[one], x16, [%[x]]\n ldar %[a], [%[y]]")
PART(sb_lse_1, 1, LSE "swpal %[one], x16, [%[y]]\n ldar %[a], [%[x]]")
PART(sb_exclusive_0, 0,
     "1: ldxr x16, [%[x]]\n stlxr w16, %[one], [%[x]]\n cbnz w16, 1b\n ldar %[a], [%[y]]")
PART(sb_exclusive_1, 1,
     "1: ldxr x16, [%[y]]\n stlxr w16, %[one], [%[y]]\n cbnz w16, 1b\n ldar %[a], [%[x]]")

static bool sb_forbidden(const struct cell *c)
{
	return c->seen[0].a == 0 && c->seen[1].a == 0;
}

/* LB: both read, then write what the other reads. Not both read it. */
PART(lb_data_0, 0, "ldr %[a], [%[x]]\n eor x16, %[a], %[a]\n add x16, x16, #1\n str x16, [%[y]]")
PART(lb_data_1, 1, "ldr %[a], [%[y]]\n eor x16, %[a], %[a]\n add x16, x16, #1\n str x16, [%[x]]")
PART(lb_ordered_0, 0, "ldar %[a], [%[x]]\n str %[one], [%[y]]")
PART(lb_ordered_1, 1, "ldr %[a], [%[y]]\n stlr %[one], [%[x]]")

static bool lb_forbidden(const struct cell *c)
{
	return c->seen[0].a == 1 && c->seen[1].a == 1;
}

/* 2+2W: both write both, in opposite order. Not both first writes are the last. */
PART(ww_dmb_0, 0, "str %[one], [%[x]]\n dmb ishst\n str %[two], [%[y]]")
PART(ww_dmb_1, 1, "str %[one], [%[y]]\n dmb ish\n str %[two], [%[x]]")
PART(ww_ordered_0, 0, "str %[one], [%[x]]\n stlr %[two], [%[y]]")
PART(ww_ordered_1, 1, "str %[one], [%[y]]\n stlr %[two], [%[x]]")

static bool ww_forbidden(const struct cell *c)
{
	return c->x == 1 && c->y == 1;
}

/* R: a write that comes before another's, whose writer then does not see what went before it. */
PART(r_dmb_0, 0, "str %[one], [%[x]]\n dmb ish\n str %[one], [%[y]]")
PART(r_dmb_1, 1, "str %[two], [%[y]]\n dmb ish\n ldr %[a], [%[x]]")
PART(r_ordered_0, 0, "str %[one], [%[x]]\n stlr %[one], [%[y]]")
PART(r_ordered_1, 1, "stlr %[two], [%[y]]\n ldar %[a], [%[x]]")

static bool r_forbidden(const struct cell *c)
{
	return c->y == 2 && c->seen[1].a == 0;
}

/* CoRR: reads of one location do not go back in time. */
PART(corr_0, 0, "str %[one], [%[x]]")
PART(corr_1, 1, "ldr %[a], [%[x]]\n ldr %[b], [%[x]]")

struct litmus {
	const char *name;
	void (*part[2])(struct cell *cell);
	bool (*forbidden)(const struct cell *cell);
	bool allowed; /* only shows that it can be seen */
};

static const struct litmus tests[] = {
	{"SB, plain", {sb_plain_0, sb_plain_1}, sb_forbidden, true},
	{"SB, DMB", {sb_dmb_0, sb_dmb_1}, sb_forbidden, false},
	{"SB, DMB and DSB", {sb_dmb_0, sb_dsb_1}, sb_forbidden, false},
	{"SB, STLR and LDAR", {sb_ordered_0, sb_ordered_1}, sb_forbidden, false},
	{"SB, SWPAL and LDAR", {sb_lse_0, sb_lse_1}, sb_forbidden, false},
	{"SB, STLXR and LDAR", {sb_exclusive_0, sb_exclusive_1}, sb_forbidden, false},
	{"MP, DMB", {mp_dmb_0, mp_dmb_1}, mp_forbidden, false},
	{"MP, STLR and LDAR", {mp_ordered_0, mp_ordered_1}, mp_forbidden, false},
	{"MP, STLR and address", {mp_ordered_0, mp_address_1}, mp_forbidden, false},
	{"MP, STLXR and LDAXR", {mp_exclusive_0, mp_exclusive_1}, mp_forbidden, false},
	{"MP, LDADDL and LDADDA", {mp_lse_0, mp_lse_1}, mp_forbidden, false},
	{"LB, data", {lb_data_0, lb_data_1}, lb_forbidden, false},
	{"LB, LDAR and STLR", {lb_ordered_0, lb_ordered_1}, lb_forbidden, false},
	{"2+2W, DMB", {ww_dmb_0, ww_dmb_1}, ww_forbidden, false},
	{"2+2W, STLR", {ww_ordered_0, ww_ordered_1}, ww_forbidden, false},
	{"R, DMB", {r_dmb_0, r_dmb_1}, r_forbidden, false},
	{"R, STLR and LDAR", {r_ordered_0, r_ordered_1}, r_forbidden, false},
	{"CoRR", {corr_0, corr_1}, mp_forbidden, false},
};

/* Additions of one, of which none may be lost. */
#define ADD(name, text)                                                                            \
	static void name(struct cell *cell)                                                        \
	{                                                                                          \
		__asm__ volatile(text                                                              \
				 :                                                                 \
				 : [p] "r"(&cell->x), [one] "r"(1ull)                              \
				 : "memory", "x14", "x15", "x16", "x17", "cc");                    \
	}

ADD(add_ldadd, LSE "ldadd %[one], x16, [%[p]]")
ADD(add_stadd, LSE "stadd %[one], [%[p]]")
ADD(add_exclusive, "1: ldxr x16, [%[p]]\n add x16, x16, #1\n stxr w17, x16, [%[p]]\n cbnz w17, 1b")
ADD(add_ordered, "1: ldaxr w16, [%[p]]\n add w16, w16, #1\n stlxr w17, w16, [%[p]]\n cbnz w17, 1b")
ADD(add_cas, LSE "1: ldr x16, [%[p]]\n mov x15, x16\n add x17, x16, #1\n cas x16, x17, [%[p]]\n"
		 "cmp x15, x16\n b.ne 1b")
ADD(add_pair, "1: ldxp x14, x15, [%[p]]\n add x14, x14, #1\n mov x15, x14\n"
	      "stxp w17, x14, x15, [%[p]]\n cbnz w17, 1b")
ADD(add_byte, LSE "ldaddb %w[one], w16, [%[p]]\n cbnz w16, 2f\n"
		  "2: and w16, w16, #255\n cmp w16, #255\n b.ne 3f\n"
		  "add x17, %[p], #8\n ldaddal %[one], x16, [x17]\n 3:")
ADD(add_locked, "1: add x17, %[p], #64\n 2: ldaxr w16, [x17]\n cbnz w16, 2b\n"
		"stxr w16, %w[one], [x17]\n cbnz w16, 2b\n"
		"ldr x16, [%[p]]\n add x16, x16, #1\n str x16, [%[p]]\n stlr wzr, [x17]")

static uint64_t count_x(const struct cell *c)
{
	return c->x;
}

static uint64_t count_pair(const struct cell *c)
{
	return c->x == (&c->x)[1] ? c->x : 0;
}

/* The byte at x, and in the next word how often it went round. */
static uint64_t count_byte(const struct cell *c)
{
	return (uint8_t)c->x + 256 * (&c->x)[1];
}

static const struct counter {
	const char *name;
	void (*add)(struct cell *cell);
	uint64_t (*count)(const struct cell *cell);
} counters[] = {
	{"LDADD", add_ldadd, count_x},
	{"STADD", add_stadd, count_x},
	{"LDXR and STXR", add_exclusive, count_x},
	{"LDAXR and STLXR, word", add_ordered, count_x},
	{"CAS", add_cas, count_x},
	{"LDXP and STXP", add_pair, count_pair},
	{"LDADDB", add_byte, count_byte},
	{"a lock", add_locked, count_x},
};

/* Two threads meet here; it turns over by itself. */
static void barrier_wait(void)
{
	static _Atomic unsigned int arrived, turn;
	unsigned int mine = atomic_load(&turn);

	if (atomic_fetch_add(&arrived, 1) == 1) {
		atomic_store(&arrived, 0);
		atomic_store(&turn, mine + 1);
		return;
	}
	for (unsigned int spins = 0; atomic_load(&turn) == mine; spins++) {
		if (spins % 4096 == 4095) {
			sched_yield();
		}
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static _Atomic bool stop;
static bool failed;

static void litmus_look(const struct litmus *test, uint64_t *rounds, uint64_t *seen)
{
	for (unsigned int i = 0; i < NR_CELLS; i++) {
		*seen += test->forbidden(&cells[i]);
	}
	*rounds += NR_CELLS;
	memset(cells, 0, sizeof(cells));
}

static void litmus_run(const struct litmus *test, unsigned int self)
{
	uint64_t end = now_ms() + milliseconds, rounds = 0, seen = 0;

	do {
		barrier_wait();
		for (unsigned int i = 0; i < NR_CELLS; i++) {
			test->part[self](&cells[i]);
		}
		barrier_wait();
		if (self == 0) {
			litmus_look(test, &rounds, &seen);
			atomic_store(&stop, now_ms() >= end);
		}
		barrier_wait();
	} while (!atomic_load(&stop));
	if (self == 0) {
		printf("%s: litmus %s (%llu of %llu%s)\n", seen && !test->allowed ? "FAIL" : "PASS",
		       test->name, (unsigned long long)seen, (unsigned long long)rounds,
		       test->allowed ? ", allowed" : "");
		failed |= seen && !test->allowed;
	}
}

static void counter_run(const struct counter *counter, unsigned int self)
{
	barrier_wait();
	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		counter->add(&cells[0]);
	}
	barrier_wait();
	if (self == 0) {
		uint64_t count = counter->count(&cells[0]);
		bool good = count == 2 * NR_COUNTS;

		printf("%s: litmus counter, %s (%llu of %u)\n", good ? "PASS" : "FAIL",
		       counter->name, (unsigned long long)count, 2 * NR_COUNTS);
		failed |= !good;
		memset(cells, 0, sizeof(cells));
	}
	barrier_wait();
}

/* One writes values whose halves agree, the other one looks. */
static void tear_run(bool pair, unsigned int self)
{
	uint64_t *p = &cells[0].x, torn = 0;

	barrier_wait();
	for (uint64_t i = 0; i < NR_COUNTS; i++) {
		uint64_t lo, hi, v = i << 32 | i;

		if (self == 1 && pair) {
			__asm__ volatile("1: ldxp %0, %1, [%3]\n stxp %w0, %2, %2, [%3]\n"
					 "cbnz %w0, 1b"
					 : "=&r"(lo), "=&r"(hi)
					 : "r"(v), "r"(p)
					 : "memory");
		} else if (self == 1) {
			__asm__ volatile("str %0, [%1]" : : "r"(v), "r"(p) : "memory");
		} else if (pair) {
			/* Only a load that an exclusive store follows is known not to tear. */
			__asm__ volatile("1: ldxp %0, %1, [%2]\n stxp w16, %0, %1, [%2]\n"
					 "cbnz w16, 1b"
					 : "=&r"(lo), "=&r"(hi)
					 : "r"(p)
					 : "memory", "x16");
			torn += lo != hi;
		} else {
			__asm__ volatile("ldr %0, [%1]" : "=r"(lo) : "r"(p) : "memory");
			torn += (uint32_t)lo != lo >> 32;
		}
	}
	barrier_wait();
	if (self == 0) {
		printf("%s: litmus %u bytes at once (%llu torn)\n", torn ? "FAIL" : "PASS",
		       pair ? 16 : 8, (unsigned long long)torn);
		failed |= torn != 0;
		memset(cells, 0, sizeof(cells));
	}
	barrier_wait();
}

static void *thread_main(void *argument)
{
	unsigned int self = (unsigned int)(uintptr_t)argument;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(self, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("litmus: needs two CPUs");
		exit(2);
	}
	for (unsigned int i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		litmus_run(&tests[i], self);
	}
	for (unsigned int i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		counter_run(&counters[i], self);
	}
	tear_run(false, self);
	tear_run(true, self);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t other;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		milliseconds = (unsigned int)atoi(argv[1]);
	}
	if (pthread_create(&other, NULL, thread_main, (void *)1)) {
		return 2;
	}
	thread_main((void *)0);
	pthread_join(other, NULL);
	return failed;
}
