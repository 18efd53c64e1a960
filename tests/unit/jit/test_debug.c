// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_debug.c - breakpoints, watchpoints and software step, in translated and in interpreted code.
 *
 * A program runs at EL1 until an exception takes it to its vector, which switches the machine off:
 * ESR, FAR and ELR then tell what happened. Every program has run before without debugging, so that
 * it is translated and its pages are in the TLB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cache.h"
#include "exception.h"
#include "loop.h"
#include "machine.h"
#include "sysreg.h"

#define CODE    (RAM_BASE + 0x1000)
#define VECTORS (RAM_BASE + 0x2000)
#define DATA    (RAM_BASE + 0x4000)

#define MDSCR SYSREG(2, 0, 0, 2, 2)
#define OSLAR SYSREG(2, 0, 1, 0, 4)
#define BVR   SYSREG(2, 0, 0, 0, 4)
#define BCR   SYSREG(2, 0, 0, 0, 5)
#define WVR   SYSREG(2, 0, 0, 0, 6)
#define WCR   SYSREG(2, 0, 0, 0, 7)
#define N(n)  ((n) << 3) /* of a numbered register */

#define MDE     (1u << 15)
#define KDE     (1u << 13)
#define SS      1u
#define EL1     (1u << 1)
#define EL0     (2u << 1)
#define LOAD    (1u << 3)
#define STORE   (2u << 3)
#define BYTES   5
#define MASK    24
#define WNR     (1u << 6)
#define ENABLED 1u

static const uint32_t program[] = {
	0xd2800140, /* mov   x0, #10 */
	0x91000421, /* add   x1, x1, #1 */
	0xd1000400, /* sub   x0, x0, #1 */
	0xb5ffffc0, /* cbnz  x0, back to the add */
	0xf9400043, /* ldr   x3, [x2] */
	0xa9010c43, /* stp   x3, x3, [x2, #16] */
	0x39002043, /* strb  w3, [x2, #8] */
	0xf80fc043, /* stur  x3, [x2, #252] */
	0xf8200044, /* ldadd x0, x4, [x2] */
	0xc85f7c44, /* ldxr  x4, [x2] */
	0xc8057c44, /* stxr  w5, x4, [x2] */
	0xd50b7422, /* dc    zva, x2 */
	0xf8000843, /* sttr  x3, [x2] */
	0x52800100, /* mov   w0, #8 */
	0x72b08000, /* movk  w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc   #0: PSCI SYSTEM_OFF */
};

#define INSN(n) (CODE + 4 * (n))

static struct machine m;
static bool translated;

static void run(void)
{
	m.cpu->pc = CODE;
	m.cpu->x[1] = 0;
	m.cpu->x[2] = DATA;
	m.cpu->sys.esr = 0;
	m.cpu->sys.elr = 0;
	m.vm.end = VM_END_NONE;
	exception_set_pstate(m.cpu, 0x5); /* EL1h, nothing masked */
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
}

static void write_register(uint16_t reg, uint64_t val)
{
	assert_int_equal(sysreg_write(m.cpu, reg, 0, val), EXEC_NEXT);
}

static int set_up(void **state)
{
	(void)state;
	machine_init(&m);
	if (translated) {
		machine_translate(&m);
		m.vm.cache->no_chain = false;
	}
	memcpy(m.ram + (CODE - RAM_BASE), program, sizeof(program));
	/* All vectors: off. */
	for (unsigned int i = 0; i < 16; i++) {
		memcpy(m.ram + (VECTORS - RAM_BASE) + 0x80 * i, &program[13], 12);
	}
	m.cpu->sys.vbar = VECTORS;
	for (unsigned int i = 0; i < 3; i++) {
		run();
		assert_int_equal(m.cpu->sys.esr >> 26, 0x24 + 1); /* STTR: no page for EL0 */
		assert_int_equal(m.cpu->sys.elr, INSN(12));
	}
	write_register(OSLAR, 0);
	write_register(MDSCR, MDE | KDE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	machine_destroy(&m);
	return 0;
}

static void expect(unsigned int ec, unsigned int insn)
{
	run();
	assert_int_equal(m.cpu->sys.esr >> 26, ec);
	assert_int_equal(m.cpu->sys.elr, INSN(insn));
}

static void expect_none(void)
{
	expect(EC_DATA_ABORT_EL1, 12);
}

static void breakpoint(void **state)
{
	(void)state;
	write_register(BVR | N(5), INSN(2));
	write_register(BCR | N(5), EL1 | 0x1e0 | ENABLED);
	expect(EC_BREAKPOINT_EL1, 2);
	assert_int_equal(m.cpu->sys.esr, 0xc6000022); /* IL, "debug" */
	assert_int_equal(m.cpu->x[1], 1);
	write_register(BVR | N(5), INSN(4));
	expect(EC_BREAKPOINT_EL1, 4);
	assert_int_equal(m.cpu->x[1], 10);
	write_register(BVR | N(5), INSN(0) + 4096);
	expect_none();
}

static void breakpoint_conditions(void **state)
{
	(void)state;
	write_register(BVR, INSN(2));
	write_register(BCR, EL0 | 0x1e0 | ENABLED);
	expect_none();
	write_register(BCR, EL1 | 0x1e0);
	expect_none();
	write_register(BCR, EL1 | 0x1e0 | ENABLED);
	write_register(MDSCR, MDE);
	expect_none();
	write_register(MDSCR, KDE);
	expect_none();
	write_register(MDSCR, MDE | KDE);
	write_register(OSLAR, 1);
	expect_none();
	write_register(OSLAR, 0);
	expect(EC_BREAKPOINT_EL1, 2);
}

static void breakpoint_linked_to_context(void **state)
{
	(void)state;
	write_register(BVR, INSN(2));
	write_register(BCR, 1u << 20 | 5u << 16 | EL1 | 0x1e0 | ENABLED);
	write_register(BVR | N(5), 77);
	write_register(BCR | N(5), 3u << 20 | 0x1e0 | ENABLED);
	m.cpu->sys.contextidr = 76;
	expect_none();
	m.cpu->sys.contextidr = 77;
	expect(EC_BREAKPOINT_EL1, 2);
	/* By context alone: the first instruction. */
	write_register(BCR | N(5), 2u << 20 | EL1 | 0x1e0 | ENABLED);
	write_register(BCR, 0);
	expect(EC_BREAKPOINT_EL1, 0);
}

static void watch(uint64_t address, uint32_t control)
{
	write_register(WVR | N(3), address);
	write_register(WCR | N(3), control | ENABLED);
}

static void expect_watch(unsigned int insn, uint64_t far, uint32_t wnr)
{
	expect(EC_WATCHPOINT_EL1, insn);
	assert_int_equal(m.cpu->sys.esr & 0x1ffffff, 0x22 | wnr);
	assert_int_equal(m.cpu->sys.far, far);
}

static void watchpoint(void **state)
{
	uint64_t before;

	(void)state;
	watch(DATA, EL1 | LOAD | 0xff << BYTES);
	expect_watch(4, DATA, 0);
	/* One byte in the second register of a pair; nothing is stored. */
	memset(m.ram + (DATA - RAM_BASE) + 16, 0x33, 16);
	memcpy(&before, m.ram + (DATA - RAM_BASE) + 16, 8);
	watch(DATA + 24, EL1 | STORE | 0x08 << BYTES);
	expect_watch(5, DATA + 27, WNR);
	assert_int_equal(*(uint64_t *)(m.ram + (DATA - RAM_BASE) + 16), before);
	/* The upper half of a double word, named by bit 2 of the address. */
	watch(DATA + 20, EL1 | LOAD | STORE | 0x01 << BYTES);
	expect_watch(5, DATA + 20, WNR);
	watch(DATA + 8, EL1 | STORE | 0xff << BYTES);
	expect_watch(6, DATA + 8, WNR);
	/* Neighbours only, but for the 64 bytes of DC ZVA. */
	watch(DATA + 8, EL1 | STORE | 0xfe << BYTES);
	expect_watch(11, DATA + 9, WNR);
	watch(DATA + 32, EL1 | LOAD | 0xff << BYTES);
	expect_none();
}

static void watchpoint_of_atomics(void **state)
{
	(void)state;
	watch(DATA, EL1 | STORE | 0xff << BYTES);
	expect_watch(8, DATA, WNR);
	write_register(WCR | N(3), 0);
	expect_none();
	/* A range: 256 bytes, and an access that only ends in it. */
	watch(DATA + 256, EL1 | LOAD | STORE | 8u << MASK | 0xff << BYTES);
	expect_watch(7, DATA + 256, WNR);
}

static void watchpoint_conditions(void **state)
{
	(void)state;
	watch(DATA, EL0 | LOAD | 0xff << BYTES);
	expect_none();
	watch(DATA, EL1 | LOAD | 0xff << BYTES);
	write_register(MDSCR, MDE);
	expect_none();
	write_register(MDSCR, 0);
	expect_none();
	write_register(OSLAR, 1);
	write_register(MDSCR, MDE | KDE);
	expect_none();
}

/* PSTATE.SS set: one instruction, then the exception; clear: the exception at once (D2.12). */
static void software_step(void **state)
{
	(void)state;
	write_register(MDSCR, KDE | SS);
	expect(EC_STEP_EL1, 0);
	assert_int_equal(m.cpu->sys.esr, 0xce000022);
	m.cpu->pc = CODE;
	m.vm.end = VM_END_NONE;
	exception_set_pstate(m.cpu, 0x5 | 1u << 21);
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	assert_int_equal(m.cpu->sys.elr, INSN(1));
}

static void registers_keep_what_exists(void **state)
{
	uint64_t val;

	(void)state;
	write_register(BVR, ~0ull);
	write_register(BCR, ~0ull & ~ENABLED);
	write_register(WVR, ~0ull);
	write_register(WCR, ~0ull & ~ENABLED);
	sysreg_read(m.cpu, BVR, 0, &val);
	assert_int_equal(val, ~0ull);
	sysreg_read(m.cpu, BCR, 0, &val);
	assert_int_equal(val, 0x00ffe1e6);
	sysreg_read(m.cpu, WVR, 0, &val);
	assert_int_equal(val, ~3ull);
	sysreg_read(m.cpu, WCR, 0, &val);
	assert_int_equal(val, 0x1f1ffffe);
	/* As many as ID_AA64DFR0_EL1 says. */
	sysreg_read(m.cpu, SYSREG(3, 0, 0, 5, 0), 0, &val);
	assert_int_equal(sysreg_read(m.cpu, BVR | N((val >> 12 & 15)), 0, &val), EXEC_NEXT);
	assert_int_equal(sysreg_read(m.cpu, BVR | N(CPU_NR_BREAKPOINTS), 0, &val), EXEC_EXCEPTION);
	assert_int_equal(sysreg_read(m.cpu, WVR | N(CPU_NR_WATCHPOINTS), 0, &val), EXEC_EXCEPTION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(breakpoint),
		TEST(breakpoint_conditions),
		TEST(breakpoint_linked_to_context),
		TEST(watchpoint),
		TEST(watchpoint_of_atomics),
		TEST(watchpoint_conditions),
		TEST(software_step),
		TEST(registers_keep_what_exists),
	};
	int failed = cmocka_run_group_tests_name("interpreted", tests, NULL, NULL);

	translated = true;
	return failed + cmocka_run_group_tests_name("translated", tests, NULL, NULL);
}
