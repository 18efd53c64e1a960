// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_blocks.c - blocks that go on at the target of a B: what they execute, what makes them stale,
 * what they count. By the interpreter, translated, and in lock-step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <signal.h>
#include <cmocka.h>

#include "cache.h"
#include "exception.h"
#include "lockstep.h"
#include "loop.h"
#include "machine.h"
#include "sysreg.h"

#define PMCR       SYSREG(3, 3, 9, 12, 0)
#define PMCNTENSET SYSREG(3, 3, 9, 12, 1)
#define PMEVCNTR0  SYSREG(3, 3, 14, 8, 0)
#define PMEVTYPER0 SYSREG(3, 3, 14, 12, 0)
#define INSTS      0x08u

#define CODE        (RAM_BASE + 0x20000)
#define INSN(n)     (CODE + 4ull * (n))
#define LAST        1023u /* of the page */
#define PATCH       64u
#define PATCHED     (PATCH + 66)
#define LOOP        256u
#define ROTATED     320u
#define B(words)    (0x14000000u | ((uint32_t)(words)&0x3ffffffu))
#define B_AL(words) (0x5400000eu | ((uint32_t)(words)&0x7ffffu) << 5)
#define ADD(n)      (0x910000a5u | (uint32_t)(n) << 10) /* add x5, x5, #n */
#define SUBS_X6     0xf10004c6u                         /* subs x6, x6, #1 */
#define B_NE        0x54000001u

static const uint32_t off[] = {
	0x52800100, /* mov   w0, #8 */
	0x72b08000, /* movk  w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc   #0: PSCI SYSTEM_OFF */
};

#define NR_OFF 3u

/* Entered in the middle: backwards, forwards, and back behind where it began. */
#define ENTRY 4u
static const uint32_t zigzag[] = {
	ADD(1),      /* 0 */
	B(6),        /* 1: to 7 */
	0xd503201f,  /* nop */
	0xd503201f,  /* nop */
	ADD(2),      /* 4 */
	B_AL(-5),    /* 5: to 0 */
	0xd503201f,  /* nop */
	ADD(4),      /* 7 */
	B(LAST - 8), /* 8: to the page's last instruction */
	[LAST] = ADD(8),
	[LAST + 1] = 0x52800100,
	0x72b08000,
	0xd4000002,
};

#define ZIGZAG_INSNS (7u + NR_OFF)

static const uint32_t patch[] = {
	0xb9000041, /* str   w1, [x2] */
	0xd5033fdf, /* isb */
	B(64),
};

/* Round a loop that goes on elsewhere and comes back, n times. */
static const uint32_t loop[] = {
	ADD(1),  B(3),
	ADD(64),                         /* not executed */
	B(5),                            /* out of the loop: to 8 */
	SUBS_X6, B_NE | (0x7fffbu << 5), /* to 0 */
	B(-3),   ADD(64),                /* not executed */
	ADD(16),
};

/* Entered at the second instruction; n - 1 times round by the first one. */
static const uint32_t rotated[] = {
	ADD(1),
	SUBS_X6,
	B_NE | 1 << 5,       /* the next one, anyway */
	B_NE | 0x7fffd << 5, /* to 0 */
	ADD(16),
};

enum mode {
	INTERPRETED,
	TRANSLATED,
	LOCKSTEP,
};

static enum mode mode;
static struct machine m;

static void put(uint64_t va, const uint32_t *insns, size_t size)
{
	memcpy(m.ram + (va - RAM_BASE), insns, size);
}

static int set_up(void **state)
{
	(void)state;
	machine_init(&m);
	if (mode != INTERPRETED) {
		machine_translate(&m);
		m.vm.cache->no_chain = false;
	}
	if (mode == LOCKSTEP) {
		m.vm.lockstep = lockstep_create(&m.vm);
		assert_non_null(m.vm.lockstep);
	}
	put(CODE, zigzag, sizeof(zigzag));
	put(INSN(PATCH), patch, sizeof(patch));
	put(INSN(PATCHED), (const uint32_t[]){ADD(1)}, 4);
	put(INSN(PATCHED + 1), off, sizeof(off));
	put(INSN(LOOP), loop, sizeof(loop));
	put(INSN(LOOP + 9), off, sizeof(off));
	put(INSN(ROTATED), rotated, sizeof(rotated));
	put(INSN(ROTATED + 5), off, sizeof(off));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	machine_destroy(&m);
	return 0;
}

/* What x5 is when the machine goes off. */
static uint64_t run(uint64_t pc)
{
	m.cpu->pc = pc;
	m.cpu->x[5] = 0;
	m.vm.end = VM_END_NONE;
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	assert_int_equal(m.vm.end, VM_END_POWEROFF);
	return m.cpu->x[5];
}

static void goes_on(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(run(INSN(ENTRY)), 15);
	}
	if (mode == TRANSLATED) {
		/* To the page's end, and what is in the next one. */
		assert_int_equal(m.vm.cache->stats.blocks, 2);
		assert_int_equal(m.vm.cache->stats.guest_insns, ZIGZAG_INSNS);
	}
}

static void goes_round(void **state)
{
	(void)state;
	for (uint64_t rounds = 1; rounds < 1000; rounds *= 9) {
		m.cpu->x[6] = rounds;
		assert_int_equal(run(INSN(LOOP)), rounds + 16);
	}
	if (mode == TRANSLATED) {
		/* From the loop to the HVC. */
		assert_int_equal(m.vm.cache->stats.blocks, 1);
		assert_int_equal(m.vm.cache->stats.guest_insns, 4 + 3 + NR_OFF);
	}
}

/* The loop is one block, whose last jump is to its start. */
static void goes_round_from_the_middle(void **state)
{
	(void)state;
	for (uint64_t rounds = 1; rounds < 1000; rounds *= 9) {
		m.cpu->x[6] = rounds;
		assert_int_equal(run(INSN(ROTATED + 1)), rounds - 1 + 16);
	}
	if (mode == TRANSLATED) {
		assert_int_equal(m.vm.cache->stats.blocks, 2);
		assert_int_equal(m.vm.cache->stats.guest_insns, 4 + 1 + NR_OFF);
	}
}

/* Only where the block goes on, by the guest itself and by a device. */
static void changes(void **state)
{
	(void)state;
	m.cpu->x[2] = INSN(PATCHED);
	for (uint32_t i = 1; i < 10; i++) {
		m.cpu->x[1] = ADD(i % 4);
		assert_int_equal(run(INSN(PATCH)), i % 4);
	}
	assert_int_equal(run(INSN(PATCH + 2)), 1);
	put(INSN(PATCHED), (const uint32_t[]){ADD(5)}, 4);
	vm_memory_written(&m.vm, INSN(PATCHED), 4);
	assert_int_equal(run(INSN(PATCH + 2)), 5);
}

/* A store beside it leaves the block alone. */
static void neighbours_stay(void **state)
{
	uint64_t invalidated;

	(void)state;
	run(INSN(ENTRY));
	if (mode == TRANSLATED) {
		invalidated = m.vm.cache->stats.invalidated;
		vm_memory_written(&m.vm, INSN(16), 4);
		vm_memory_written(&m.vm, INSN(LAST - 16), 4);
		assert_int_equal(m.vm.cache->stats.invalidated, invalidated);
		vm_memory_written(&m.vm, INSN(LAST), 4);
		assert_int_equal(m.vm.cache->stats.invalidated, invalidated + 1);
	}
}

static void stop(int signal)
{
	(void)signal;
	loop_attention(m.cpu, CPU_ATTN_STOP);
}

static void goes_nowhere(void **state)
{
	struct itimerval soon = {.it_value = {.tv_usec = 20000}};

	(void)state;
	put(CODE, (const uint32_t[]){B(1), B(0)}, 8);
	m.cpu->pc = CODE;
	signal(SIGALRM, stop);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(loop_run(m.cpu), LOOP_KICKED);
	assert_int_equal(m.cpu->pc, CODE + 4);
	if (mode == TRANSLATED) {
		assert_int_equal(m.vm.cache->stats.guest_insns, 2 + 1);
	}
}

static void write_register(uint16_t reg, uint64_t val)
{
	assert_int_equal(sysreg_write(m.cpu, reg, 0, val), EXEC_NEXT);
}

static void counts(void **state)
{
	uint64_t val = 0;

	(void)state;
	write_register(PMEVTYPER0, INSTS);
	write_register(PMCNTENSET, 1);
	for (unsigned int i = 0; i < 3; i++) {
		write_register(PMCR, 3);
		run(INSN(ENTRY));
		assert_int_equal(sysreg_read(m.cpu, PMEVCNTR0, 0, &val), EXEC_NEXT);
		assert_int_equal(val, ZIGZAG_INSNS);
		write_register(PMCR, 3);
		m.cpu->x[6] = 100;
		run(INSN(LOOP));
		assert_int_equal(sysreg_read(m.cpu, PMEVCNTR0, 0, &val), EXEC_NEXT);
		assert_int_equal(val, 4 * 100 + 3 + NR_OFF);
		write_register(PMCR, 3);
		m.cpu->x[6] = 100;
		run(INSN(ROTATED + 1));
		assert_int_equal(sysreg_read(m.cpu, PMEVCNTR0, 0, &val), EXEC_NEXT);
		assert_int_equal(val, 4 * 100 - 1 + 1 + NR_OFF);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const char *const names[] = {"interpreted", "translated", "in lock-step"};
	const struct CMUnitTest tests[] = {
		TEST(goes_on), TEST(goes_round),      TEST(goes_round_from_the_middle),
		TEST(changes), TEST(neighbours_stay), TEST(goes_nowhere),
		TEST(counts),
	};
	int failed = 0;

	for (mode = INTERPRETED; mode <= LOCKSTEP; mode++) {
		failed += cmocka_run_group_tests_name(names[mode], tests, NULL, NULL);
	}
	return failed;
}
