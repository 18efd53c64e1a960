// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_exception.c - exceptions, returns from them and masks of interrupts, in translated code.
 *
 * A program makes calls or faults, and comes back from the handler in between; the handler ends the
 * run at a call with a number. Everything runs twice at least, so that the second time nothing is
 * left to be translated.
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
#include "tlb.h"

#define MDSCR       SYSREG(2, 0, 0, 2, 2)
#define OSLAR       SYSREG(2, 0, 1, 0, 4)
#define PMCR        SYSREG(3, 3, 9, 12, 0)
#define PMCNTENSET  SYSREG(3, 3, 9, 12, 1)
#define PMEVCNTR0   SYSREG(3, 3, 14, 8, 0)
#define PMEVTYPER0  SYSREG(3, 3, 14, 12, 0)
#define INSTS       0x08u
#define NO_EL1      (1u << 31)
#define NO_EL0      (1u << 30)
#define MDSCR_SS    1u
#define MDSCR_KDE   (1u << 13)
#define TCR_TBI0    (1ull << 37)
#define DAIF_D      (1ull << 9)
#define DAIF_MASKED (0xfull << 6)
#define SPSR_SS     (1ull << 21)
#define SPSR_IL     (1ull << 20)
#define EL0         0ull
#define EL1         5ull /* with SP_EL1 */

/* Memory once more, for both levels: to be executed and read, and to be written. */
#define CODE_VIEW (2ull << 30)
#define DATA_VIEW (3ull << 30)
#define VECTORS   (RAM_BASE + 0x10000)
#define CODE      (RAM_BASE + 0x20000)
#define STACK     (RAM_BASE + DATA_VIEW + 0x100000)

/* Counts itself in x20. Goes back after SVC #0, and where x2 did not point to memory, now to x3. */
static const uint32_t handler[] = {
	0xd5385209, /* mrs   x9, esr_el1 */
	0x531a7d2a, /* lsr   w10, w9, #26 */
	0x91000694, /* add   x20, x20, #1 */
	0x7100555f, /* cmp   w10, #0x15 */
	0x540000c0, /* b.eq  the tst */
	0x5100914a, /* sub   w10, w10, #0x24 */
	0x7100055f, /* cmp   w10, #1 */
	0x540000c8, /* b.hi  the end */
	0xaa0303e2, /* mov   x2, x3 */
	0xd69f03e0, /* eret */
	0x72003d3f, /* tst   w9, #0xffff */
	0x54000041, /* b.ne  the end */
	0xd69f03e0, /* eret */
	0x52800100, /* mov   w0, #8 */
	0x72b08000, /* movk  w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc   #0: PSCI SYSTEM_OFF */
};

#define HANDLER_CALL 8u  /* its instructions for SVC #0 */
#define HANDLER_END  10u /* for SVC #1 */

static const uint32_t program[] = {
	/* CALLS */
	0xd4000001, /* svc   #0 */
	0xd1000673, /* sub   x19, x19, #1 */
	0xb5ffffd3, /* cbnz  x19, calls */
	0xd4000021, /* svc   #1 */
	/* RECURSE */
	0xb40000f3, /* cbz   x19, the ldr */
	0xa9bf7bfd, /* stp   x29, x30, [sp, #-16]! */
	0xd1000673, /* sub   x19, x19, #1 */
	0x97fffffd, /* bl    recurse */
	0x91000508, /* add   x8, x8, #1 */
	0xa8c17bfd, /* ldp   x29, x30, [sp], #16 */
	0xd65f03c0, /* ret */
	0xf9400047, /* ldr   x7, [x2] */
	0xd65f03c0, /* ret */
	/* DEEP */
	0x97fffff7, /* bl    recurse */
	0xd4000021, /* svc   #1 */
	/* RETURN: at EL1, to FIRST or wherever */
	0x910004a5, /* add   x5, x5, #1 */
	0xd69f03e0, /* eret */
	/* FIRST */
	0x10000004, /* adr   x4, first */
	0x91000673, /* add   x19, x19, #1 */
	0xd4000021, /* svc   #1 */
	/* UNMASK */
	0xd50343df, /* msr   daifset, #3 */
	0x910004a5, /* add   x5, x5, #1 */
	0xd50343ff, /* msr   daifclr, #3 */
	0x910004a5, /* add   x5, x5, #1 */
	0xd50348df, /* msr   daifset, #8 */
	0xd51b4226, /* msr   daif, x6 */
	0x910004a5, /* add   x5, x5, #1 */
	0xd53b4227, /* mrs   x7, daif */
	0xd4000021, /* svc   #1 */
};

#define INSN(n)  (CODE + 4 * (n))
#define CALLS    INSN(0)
#define DEEP     INSN(13)
#define RETURN   INSN(15)
#define FIRST    INSN(17)
#define UNMASK   INSN(20)
#define UNMASKED INSN(23)
#define WRITTEN  INSN(26)
#define USER(va) ((va) + CODE_VIEW)

static struct machine m;

static void write_register(uint16_t reg, uint64_t val)
{
	assert_int_equal(sysreg_write(m.cpu, reg, 0, val), EXEC_NEXT);
}

static uint64_t read_register(uint16_t reg)
{
	uint64_t val = 0;

	assert_int_equal(sysreg_read(m.cpu, reg, 0, &val), EXEC_NEXT);
	return val;
}

static int set_up(void **state)
{
	uint64_t *table;

	(void)state;
	machine_init(&m);
	machine_translate(&m);
	m.vm.cache->no_chain = false;
	table = (uint64_t *)(m.ram + (TABLE_BASE - RAM_BASE));
	table[(RAM_BASE + CODE_VIEW) >> 30] = RAM_BASE | 1 << 10 | 3 << 6 | 1;
	table[(RAM_BASE + DATA_VIEW) >> 30] = RAM_BASE | 1 << 10 | 1 << 6 | 1;
	memcpy(m.ram + (CODE - RAM_BASE), program, sizeof(program));
	for (unsigned int i = 0; i < 16; i++) {
		memcpy(m.ram + (VECTORS - RAM_BASE) + 0x80 * i, handler, sizeof(handler));
	}
	m.cpu->sys.vbar = VECTORS;
	m.cpu->sys.sctlr &= ~(1ull << 23); /* SPAN: handlers run with another bank */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	machine_destroy(&m);
	return 0;
}

/* Until the handler ends it. Interrupts are masked at EL1. */
static void run(uint64_t pc, uint64_t mode)
{
	m.cpu->x[20] = 0;
	m.cpu->pc = pc;
	m.vm.end = VM_END_NONE;
	exception_set_pstate(m.cpu, (uint32_t)(mode | (mode & 4 ? DAIF_MASKED : 0)));
	m.cpu->x[CPU_REG_SP] = STACK;
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
}

/* What ended it: EC, and where. */
static void assert_ended(unsigned int ec, uint64_t elr)
{
	assert_int_equal(m.cpu->sys.esr >> ESR_EC_SHIFT, ec);
	assert_int_equal(m.cpu->sys.elr, elr);
}

static uint64_t nr_exits(void)
{
	uint64_t sum = 0;

	for (unsigned int i = CPU_STAT_EXITS; i <= CPU_STAT_EXITS_LAST; i++) {
		sum += atomic_load(&m.cpu->stats[i]);
	}
	return sum;
}

static void call(uint64_t pc, uint64_t mode, uint64_t nr)
{
	m.cpu->x[19] = nr;
	run(pc, mode);
	assert_int_equal(m.cpu->x[20], nr + 1);
	assert_ended(EC_SVC64, pc + 16);
}

/* Many calls leave translated code as often as one. */
static void calls_do_not_leave(uint64_t pc, uint64_t mode)
{
	uint64_t before, few, many;

	call(pc, mode, 10);
	before = nr_exits();
	call(pc, mode, 1);
	few = nr_exits();
	call(pc, mode, 100000);
	many = nr_exits();
	assert_int_equal(many - few, few - before);
}

static void calls(void **state)
{
	(void)state;
	calls_do_not_leave(USER(CALLS), EL0);
	calls_do_not_leave(CALLS, EL1);
}

static void recurse(uint64_t pc, uint64_t mode, uint64_t depth, uint64_t address)
{
	m.cpu->x[19] = depth;
	m.cpu->x[8] = 0;
	m.cpu->x[2] = address;
	m.cpu->x[3] = RAM_BASE + CODE_VIEW;
	run(pc, mode);
	assert_int_equal(m.cpu->x[8], depth);
	assert_int_equal(m.cpu->x[20], address ? 1 : 2);
	assert_int_equal(m.cpu->x[CPU_REG_SP], mode == EL0 ? m.cpu->sp_el[1] : STACK);
	assert_ended(EC_SVC64, pc + 8);
}

/* The calls that the program is in are returned from, whatever became of their frames. */
static void faults_below_calls(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		for (uint64_t depth = 0; depth < 2000; depth = 2 * depth + 1) {
			recurse(USER(DEEP), EL0, depth, 0);
			recurse(USER(DEEP), EL0, depth, RAM_BASE + CODE_VIEW);
			recurse(DEEP, EL1, depth, 0);
		}
	}
	assert_int_equal(m.cpu->sys.far, 0);
}

static void return_from(uint64_t elr, uint64_t spsr)
{
	m.cpu->x[19] = 0;
	m.cpu->sys.elr = elr;
	m.cpu->sys.spsr = spsr;
	run(RETURN, EL1);
}

static void interrupt_waits_for_return(void **state)
{
	(void)state;
	return_from(USER(FIRST), EL0);
	assert_ended(EC_SVC64, USER(FIRST) + 12);
	atomic_store(&m.cpu->irq_lines, 1);
	for (unsigned int i = 0; i < 3; i++) {
		return_from(USER(FIRST), EL0);
		assert_int_equal(m.cpu->x[19], 0);
		assert_int_equal(m.cpu->sys.elr, USER(FIRST));
		return_from(USER(FIRST), EL0 | 1ull << 7);
		assert_int_equal(m.cpu->x[19], 1);
		assert_ended(EC_SVC64, USER(FIRST) + 12);
	}
}

static void illegal_return(void **state)
{
	(void)state;
	return_from(FIRST, EL1);
	for (unsigned int i = 0; i < 3; i++) {
		return_from(FIRST, 3); /* EL0 with SP_EL1 */
		assert_ended(EC_ILLEGAL_STATE, FIRST);
		assert_int_equal(m.cpu->x[19], 0);
		return_from(USER(FIRST), EL0 | SPSR_IL);
		assert_ended(EC_ILLEGAL_STATE, USER(FIRST));
		assert_int_equal(m.cpu->x[19], 0);
	}
}

/* The PC never has a tag, and without TBI there are none. */
static void return_to_tagged_address(void **state)
{
	uint64_t tag = 0x5aull << 56;

	(void)state;
	return_from(USER(FIRST), EL0);
	for (unsigned int i = 0; i < 3; i++) {
		m.cpu->sys.tcr |= TCR_TBI0;
		tlb_flush_all(m.cpu);
		for (unsigned int j = 0; j < 3; j++) {
			return_from(USER(FIRST) | tag, EL0);
			assert_int_equal(m.cpu->x[4], USER(FIRST));
			assert_ended(EC_SVC64, USER(FIRST) + 12);
		}
		m.cpu->sys.tcr &= ~TCR_TBI0;
		tlb_flush_all(m.cpu);
		return_from(USER(FIRST) | tag, EL0);
		assert_ended(EC_INSN_ABORT_EL0, USER(FIRST) | tag);
	}
}

/* EL1 is not stepped: the call is one step, and the next one ends at its return (D2.12.4). */
static void step_over_call(void **state)
{
	(void)state;
	call(USER(CALLS), EL0, 3);
	return_from(USER(FIRST), EL0);
	write_register(OSLAR, 0);
	write_register(MDSCR, MDSCR_SS);
	return_from(USER(CALLS), EL0 | SPSR_SS);
	assert_ended(EC_STEP_EL0, USER(CALLS) + 4);
	assert_int_equal(m.cpu->x[20], 2);
	return_from(USER(CALLS) + 4, EL0 | SPSR_SS);
	assert_ended(EC_STEP_EL0, USER(CALLS) + 8);
	assert_int_equal(m.cpu->x[20], 1);
}

static void calls_are_counted(void **state)
{
	(void)state;
	call(USER(CALLS), EL0, 3);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t nr = 1000;

		write_register(PMEVTYPER0, INSTS | NO_EL1);
		write_register((uint16_t)(PMEVTYPER0 + 1), INSTS | NO_EL0);
		write_register((uint16_t)(PMEVTYPER0 + 2), INSTS);
		write_register(PMCNTENSET, i == 1 ? 2 : 7);
		write_register(PMCR, 3);
		call(USER(CALLS), EL0, nr);
		write_register(PMCR, 0);
		if (i != 1) {
			assert_int_equal(read_register(PMEVCNTR0), 3 * nr + 1);
		}
		assert_int_equal(read_register((uint16_t)(PMEVCNTR0 + 1)),
				 HANDLER_CALL * nr + HANDLER_END);
	}
}

static void unmask(uint64_t daif)
{
	m.cpu->x[5] = 0;
	m.cpu->x[6] = daif;
	run(UNMASK, EL1);
}

/* At once, and not before. */
static void interrupt_waits_for_mask(void **state)
{
	uint64_t before;

	(void)state;
	unmask(DAIF_D);
	before = nr_exits();
	unmask(DAIF_D);
	assert_ended(EC_SVC64, WRITTEN + 12);
	assert_int_equal(m.cpu->x[5], 3);
	assert_int_equal(m.cpu->x[7], DAIF_D);
	assert_in_range(nr_exits() - before, 1, 2);
	for (uint32_t lines = 1; lines <= 2; lines++) {
		atomic_store(&m.cpu->irq_lines, lines);
		unmask(DAIF_D);
		assert_int_equal(m.cpu->sys.elr, UNMASKED);
		assert_int_equal(m.cpu->sys.spsr & DAIF_MASKED, 0xcull << 6);
		assert_int_equal(m.cpu->x[5], 1);
	}
}

static void step_waits_for_mask(void **state)
{
	(void)state;
	unmask(DAIF_D);
	write_register(OSLAR, 0);
	write_register(MDSCR, MDSCR_SS | MDSCR_KDE);
	unmask(DAIF_D);
	assert_ended(EC_SVC64, WRITTEN + 12);
	unmask(0);
	assert_ended(EC_STEP_EL1, WRITTEN);
	assert_int_equal(m.cpu->x[5], 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(calls),
		TEST(faults_below_calls),
		TEST(interrupt_waits_for_return),
		TEST(illegal_return),
		TEST(return_to_tagged_address),
		TEST(step_over_call),
		TEST(calls_are_counted),
		TEST(interrupt_waits_for_mask),
		TEST(step_waits_for_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
