// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_pmu.c - the performance monitors: registers, who may use them, what is counted, overflow.
 *
 * Programs of a few instructions run under the interpreter and as translated code; both must be
 * counted exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "exception.h"
#include "interp.h"
#include "loop.h"
#include "machine.h"
#include "pmu.h"
#include "sysreg.h"
#include "timer.h"
#include "translate.h"
#include "cache.h"

#define PMINTENSET   SYSREG(3, 0, 9, 14, 1)
#define PMCR         SYSREG(3, 3, 9, 12, 0)
#define PMCNTENSET   SYSREG(3, 3, 9, 12, 1)
#define PMCNTENCLR   SYSREG(3, 3, 9, 12, 2)
#define PMOVSCLR     SYSREG(3, 3, 9, 12, 3)
#define PMSWINC      SYSREG(3, 3, 9, 12, 4)
#define PMSELR       SYSREG(3, 3, 9, 12, 5)
#define PMCEID0      SYSREG(3, 3, 9, 12, 6)
#define PMCCNTR      SYSREG(3, 3, 9, 13, 0)
#define PMXEVTYPER   SYSREG(3, 3, 9, 13, 1)
#define PMXEVCNTR    SYSREG(3, 3, 9, 13, 2)
#define PMUSERENR    SYSREG(3, 3, 9, 14, 0)
#define PMOVSSET     SYSREG(3, 3, 9, 14, 3)
#define PMCCFILTR    SYSREG(3, 3, 14, 15, 7)
#define PMEVCNTR(n)  ((uint16_t)(SYSREG(3, 3, 14, 8, 0) + (n)))
#define PMEVTYPER(n) ((uint16_t)(SYSREG(3, 3, 14, 12, 0) + (n)))

#define CYCLES  (1u << 31)
#define NO_EL1  (1u << 31)
#define NO_EL0  (1u << 30)
#define INSTS   0x08u
#define CODE    (RAM_BASE + (1u << 20))
#define CODE_PA (1u << 20)
#define ROUNDS  1000u

#define SUB_X0    0xd1000400 /* sub x0, x0, #1 */
#define CBNZ_BACK 0xb5ffffe0 /* cbnz x0, the instruction before */
#define LDR_X1    0xf9400041 /* ldr x1, [x2] */
#define TBZ_SKIP  0x36000040 /* tbz w0, #0, over the next one */
#define NOP       0xd503201f
#define STOP      0xd50342ff /* msr daifclr, #2: takes the interrupt that waits */

static void write_reg(struct jit_cpu *cpu, uint16_t reg, uint64_t val)
{
	assert_int_equal(sysreg_write(cpu, reg, 0, val), EXEC_NEXT);
}

static uint64_t read_reg(struct jit_cpu *cpu, uint16_t reg)
{
	uint64_t val = ~0ull;

	assert_int_equal(sysreg_read(cpu, reg, 0, &val), EXEC_NEXT);
	return val;
}

static int setup(void **state)
{
	static struct machine m;

	machine_init(&m);
	atomic_store(&m.cpu->attention, 0);
	*state = &m;
	return 0;
}

static int setup_translator(void **state)
{
	setup(state);
	machine_translate(*state);
	((struct machine *)*state)->vm.cache->no_chain = false;
	((struct machine *)*state)->vm.cache->max_insns = 64;
	return 0;
}

static int teardown(void **state)
{
	machine_destroy(*state);
	return 0;
}

/* From CODE until STOP; interrupts are masked, and one waits. */
static void run(struct machine *m, const uint32_t *insns, size_t size)
{
	struct jit_cpu *cpu = m->cpu;

	memcpy(m->ram + CODE_PA, insns, size);
	cpu->pc = CODE;
	cpu->daif = 2;
	atomic_store(&cpu->irq_lines, 1);
	atomic_store(&cpu->attention, 0);
	if (m->vm.cache) {
		translate_run(cpu);
	}
	while (!atomic_load(&cpu->attention)) {
		loop_step(cpu);
	}
	assert_int_equal(cpu->pc, CODE + size);
}

static void count_insns(struct jit_cpu *cpu, unsigned int n, uint32_t filters)
{
	write_reg(cpu, PMEVTYPER(n), INSTS | filters);
	write_reg(cpu, PMEVCNTR(n), 0);
	write_reg(cpu, PMCNTENSET, 1u << n);
	write_reg(cpu, PMCR, 1);
}

static void registers_hold_what_exists(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;

	write_reg(cpu, PMCR, ~0ull);
	assert_int_equal(read_reg(cpu, PMCR), 6u << 11 | 1u << 6 | 1);
	write_reg(cpu, PMCNTENSET, ~0ull);
	assert_int_equal(read_reg(cpu, PMCNTENCLR), 0x8000003f);
	write_reg(cpu, PMCNTENCLR, 0x8000000f);
	assert_int_equal(read_reg(cpu, PMCNTENSET), 0x30);
	write_reg(cpu, PMEVTYPER(5), ~0ull);
	assert_int_equal(read_reg(cpu, PMEVTYPER(5)), 0xc00003ff);
	write_reg(cpu, PMSELR, 5);
	assert_int_equal(read_reg(cpu, PMXEVTYPER), 0xc00003ff);
	write_reg(cpu, PMXEVCNTR, 0x123456789);
	assert_int_equal(read_reg(cpu, PMEVCNTR(5)), 0x23456789);
	write_reg(cpu, PMSELR, 31);
	write_reg(cpu, PMXEVTYPER, ~0ull);
	assert_int_equal(read_reg(cpu, PMCCFILTR), 0xc0000000);
	write_reg(cpu, PMSELR, 6);
	write_reg(cpu, PMXEVCNTR, 1);
	assert_int_equal(read_reg(cpu, PMXEVCNTR), 0);
	assert_int_equal(read_reg(cpu, PMCEID0), 1 | 1u << 8 | 1u << 0x11 | 1u << 0x1e);
	write_reg(cpu, PMCR, 2);
	assert_int_equal(read_reg(cpu, PMEVCNTR(5)), 0);
}

static void what_does_not_exist_is_undefined(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;
	uint64_t val;

	assert_int_equal(sysreg_read(cpu, PMEVCNTR(6), 0, &val), EXEC_EXCEPTION);
	assert_int_equal(cpu->exc.esr >> ESR_EC_SHIFT, EC_UNKNOWN);
	assert_int_equal(sysreg_read(cpu, PMEVTYPER(30), 0, &val), EXEC_EXCEPTION);
	assert_int_equal(sysreg_read(cpu, PMSWINC, 0, &val), EXEC_EXCEPTION);
	assert_int_equal(sysreg_write(cpu, PMCEID0, 0, 0), EXEC_EXCEPTION);
	assert_int_equal(sysreg_read(cpu, SYSREG(3, 3, 9, 14, 4), 0, &val), EXEC_EXCEPTION);
}

static void user_may(struct jit_cpu *cpu, uint32_t enables, uint16_t reg, bool read, bool allowed)
{
	uint64_t val = 0;
	enum exec_result result;

	exception_select_sp(cpu, 1, 1);
	write_reg(cpu, PMUSERENR, enables);
	exception_select_sp(cpu, 0, 0);
	result = read ? sysreg_read(cpu, reg, 3, &val) : sysreg_write(cpu, reg, 3, val);
	assert_int_equal(result, allowed ? EXEC_NEXT : EXEC_EXCEPTION);
	if (!allowed) {
		assert_int_equal(cpu->exc.esr >> ESR_EC_SHIFT, EC_SYSREG);
		assert_int_equal(cpu->exc.esr >> 5 & 31, 3);
	}
}

static void el0_needs_permission(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;
	uint64_t val;

	user_may(cpu, 0, PMCCNTR, true, false);
	user_may(cpu, 4, PMCCNTR, true, true);
	user_may(cpu, 4, PMCCNTR, false, false);
	user_may(cpu, 1, PMCCNTR, false, true);
	user_may(cpu, 4, PMEVCNTR(2), true, false);
	user_may(cpu, 8, PMEVCNTR(2), true, true);
	user_may(cpu, 8, PMEVCNTR(2), false, false);
	user_may(cpu, 8, PMEVTYPER(2), true, false);
	user_may(cpu, 8, PMSELR, false, true);
	user_may(cpu, 8, PMXEVCNTR, true, true);
	user_may(cpu, 8, PMSWINC, false, false);
	user_may(cpu, 2, PMSWINC, false, true);
	user_may(cpu, 14, PMCR, true, false);
	user_may(cpu, 1, PMCNTENSET, false, true);
	user_may(cpu, 0, PMUSERENR, true, true);
	assert_int_equal(sysreg_write(cpu, PMUSERENR, 0, 1), EXEC_EXCEPTION);
	assert_int_equal(cpu->exc.esr >> ESR_EC_SHIFT, EC_UNKNOWN);
	assert_int_equal(sysreg_read(cpu, PMINTENSET, 0, &val), EXEC_EXCEPTION);
	assert_int_equal(cpu->exc.esr >> ESR_EC_SHIFT, EC_UNKNOWN);
}

static void instructions_are_counted_exactly(void **state)
{
	static const uint32_t program[] = {LDR_X1, SUB_X0, CBNZ_BACK, NOP, LDR_X1, STOP};
	struct machine *m = *state;

	m->cpu->x[0] = ROUNDS;
	m->cpu->x[2] = RAM_BASE;
	count_insns(m->cpu, 3, 0);
	run(m, program, sizeof(program));
	assert_int_equal(read_reg(m->cpu, PMEVCNTR(3)), 4 + 2 * ROUNDS);
	write_reg(m->cpu, PMCNTENCLR, 1u << 3);
	m->cpu->x[0] = ROUNDS;
	run(m, program, sizeof(program));
	assert_int_equal(read_reg(m->cpu, PMEVCNTR(3)), 4 + 2 * ROUNDS);
}

/* What a branch skips, and what follows an instruction that faults, is not. */
static void what_is_not_executed_is_not_counted(void **state)
{
	static const uint32_t skips[] = {NOP, TBZ_SKIP, NOP, NOP, STOP};
	static const uint32_t faults[] = {NOP, NOP, LDR_X1, NOP};
	struct machine *m = *state;

	m->cpu->x[0] = 0;
	count_insns(m->cpu, 0, 0);
	run(m, skips, sizeof(skips));
	assert_int_equal(read_reg(m->cpu, PMEVCNTR(0)), 4);
	memcpy(m->ram + CODE_PA + 0x1000, faults, sizeof(faults));
	memcpy(m->ram + CODE_PA + 0x2200, (const uint32_t[]){NOP, STOP}, 8);
	m->cpu->sys.vbar = CODE + 0x2000;
	m->cpu->x[2] = 0;
	write_reg(m->cpu, PMCR, 3);
	m->cpu->daif = 2;
	m->cpu->pc = CODE + 0x1000;
	atomic_store(&m->cpu->attention, 0);
	if (m->vm.cache) {
		translate_run(m->cpu);
	}
	while (!atomic_load(&m->cpu->attention)) {
		loop_step(m->cpu);
	}
	assert_int_equal(m->cpu->sys.far, 0);
	assert_int_equal(read_reg(m->cpu, PMEVCNTR(0)), 4);
}

/* The line rises while the loop runs, without anybody looking. */
static void overflow_of_instructions_interrupts(void **state)
{
	static const uint32_t program[] = {SUB_X0, CBNZ_BACK, STOP};
	struct machine *m = *state;

	m->cpu->x[0] = ROUNDS;
	count_insns(m->cpu, 1, 0);
	write_reg(m->cpu, PMEVCNTR(1), (uint32_t)-500);
	write_reg(m->cpu, PMINTENSET, 2);
	assert_false(m->cpu->pmu_line);
	run(m, program, sizeof(program));
	assert_true(m->cpu->pmu_line);
	assert_int_equal(read_reg(m->cpu, PMOVSSET), 2);
	assert_int_equal(read_reg(m->cpu, PMEVCNTR(1)), 2 * ROUNDS + 1 - 500);
	write_reg(m->cpu, PMOVSCLR, 2);
	assert_false(m->cpu->pmu_line);
}

static void filters_choose_the_exception_level(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;

	count_insns(cpu, 0, NO_EL1);
	count_insns(cpu, 1, NO_EL0);
	count_insns(cpu, 2, 0);
	cpu->insns += 10;
	exception_select_sp(cpu, 0, 0);
	assert_true(pmu_counts_insns(cpu));
	cpu->insns += 300;
	exception_select_sp(cpu, 1, 1);
	assert_int_equal(read_reg(cpu, PMEVCNTR(0)), 300);
	assert_int_equal(read_reg(cpu, PMEVCNTR(1)), 10);
	assert_int_equal(read_reg(cpu, PMEVCNTR(2)), 310);
	write_reg(cpu, PMCNTENCLR, 6);
	assert_false(pmu_counts_insns(cpu)); /* nobody counts at EL1 */
}

static void a_chain_counts_overflows(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;

	count_insns(cpu, 2, 0);
	write_reg(cpu, PMEVTYPER(3), 0x1e);
	write_reg(cpu, PMEVCNTR(3), 0xffffffff);
	write_reg(cpu, PMEVCNTR(2), 0xfffffff0);
	write_reg(cpu, PMCNTENSET, 1u << 3);
	write_reg(cpu, PMINTENSET, 1u << 3);
	assert_int_equal(cpu->insns_limit - cpu->insns, 16);
	cpu->insns += 17;
	assert_int_equal(read_reg(cpu, PMEVCNTR(3)), 0);
	assert_int_equal(read_reg(cpu, PMEVCNTR(2)), 1);
	assert_int_equal(read_reg(cpu, PMOVSSET), 0xc);
}

static void software_increments(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;

	write_reg(cpu, PMEVTYPER(4), 0);
	write_reg(cpu, PMCNTENSET, 0x30);
	write_reg(cpu, PMSWINC, 0x30);
	assert_int_equal(read_reg(cpu, PMEVCNTR(4)), 0); /* PMCR.E is 0 */
	write_reg(cpu, PMCNTENCLR, 0x20);
	write_reg(cpu, PMCR, 1);
	write_reg(cpu, PMSWINC, 0x30);
	assert_int_equal(read_reg(cpu, PMEVCNTR(4)), 1);
	assert_int_equal(read_reg(cpu, PMEVCNTR(5)), 0);
}

static void cycles_are_nanoseconds(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;
	uint64_t before, cycles, begin = timer_now(cpu->vm);

	write_reg(cpu, PMCNTENSET, CYCLES);
	write_reg(cpu, PMCR, 1 | 4);
	before = timer_now(cpu->vm);
	usleep(2000);
	cycles = read_reg(cpu, PMCCNTR);
	assert_true(cycles >= 2000000 && cycles <= timer_now(cpu->vm) - begin);
	assert_true(before >= begin);
	write_reg(cpu, PMCCFILTR, NO_EL1);
	cycles = read_reg(cpu, PMCCNTR);
	usleep(2000);
	assert_int_equal(read_reg(cpu, PMCCNTR), cycles);
}

static void overflow_of_cycles_has_a_deadline(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;

	write_reg(cpu, PMCNTENSET, CYCLES);
	write_reg(cpu, PMINTENSET, CYCLES);
	write_reg(cpu, PMCCNTR, 0ull - 5000000);
	assert_true(atomic_load(&cpu->deadline) == UINT64_MAX);
	write_reg(cpu, PMCR, 1);
	assert_in_range(atomic_load(&cpu->deadline) - timer_now(cpu->vm), 1, 5000000);
	assert_false(cpu->pmu_line);
	usleep(6000);
	timer_update(cpu);
	assert_true(cpu->pmu_line);
	assert_true(atomic_load(&cpu->deadline) > timer_now(cpu->vm) + 1000000000ull);
	write_reg(cpu, PMCR, 0);
	assert_false(cpu->pmu_line);
}

/* A counter of EL0's cycles gets its deadline on the way there. */
static void deadlines_follow_the_exception_level(void **state)
{
	struct jit_cpu *cpu = ((struct machine *)*state)->cpu;

	write_reg(cpu, PMCCFILTR, NO_EL1);
	write_reg(cpu, PMCNTENSET, CYCLES);
	write_reg(cpu, PMINTENSET, CYCLES);
	write_reg(cpu, PMCCNTR, 0ull - 5000000);
	write_reg(cpu, PMCR, 1);
	assert_true(atomic_load(&cpu->deadline) == UINT64_MAX);
	atomic_store(&cpu->attention, 0);
	exception_select_sp(cpu, 0, 0);
	assert_int_equal(atomic_load(&cpu->attention), CPU_ATTN_IRQ);
	timer_update(cpu);
	assert_in_range(atomic_load(&cpu->deadline) - timer_now(cpu->vm), 1, 5000000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TRANSLATED(f)                                                                              \
	{                                                                                          \
#f " (translated)", f, setup_translator, teardown, NULL                            \
	}
	const struct CMUnitTest tests[] = {
		TEST(registers_hold_what_exists),
		TEST(what_does_not_exist_is_undefined),
		TEST(el0_needs_permission),
		TEST(instructions_are_counted_exactly),
		TRANSLATED(instructions_are_counted_exactly),
		TEST(what_is_not_executed_is_not_counted),
		TRANSLATED(what_is_not_executed_is_not_counted),
		TEST(overflow_of_instructions_interrupts),
		TRANSLATED(overflow_of_instructions_interrupts),
		TEST(filters_choose_the_exception_level),
		TEST(a_chain_counts_overflows),
		TEST(software_increments),
		TEST(cycles_are_nanoseconds),
		TEST(overflow_of_cycles_has_a_deadline),
		TEST(deadlines_follow_the_exception_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
