// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_gic.c - the user-space GICv3: routing, priorities, acknowledge and end, SGIs, registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "devices/gic/gic.h"

#define REG(crn, crm, op2) ((uint16_t)(3u << 14 | (crn) << 7 | (crm) << 3 | (op2)))
#define PMR                REG(4u, 6u, 0u)
#define RPR                REG(12u, 11u, 3u)
#define DIR                REG(12u, 11u, 1u)
#define SGI1R              REG(12u, 11u, 5u)
#define IAR1               REG(12u, 12u, 0u)
#define EOIR1              REG(12u, 12u, 1u)
#define HPPIR1             REG(12u, 12u, 2u)
#define CTLR               REG(12u, 12u, 4u)
#define IGRPEN1            REG(12u, 12u, 7u)

#define SPURIOUS 1023

static uint32_t lines[2];

static void set_lines(void *context, unsigned int cpu, uint32_t value)
{
	(void)context;
	lines[cpu] = value;
}

static void dist_write(struct gic *gic, uint64_t offset, uint64_t val, unsigned int size)
{
	gic_dist_ops.write(gic, offset, val, size);
}

static void redist_write(struct gic *gic, unsigned int cpu, uint64_t offset, uint64_t val)
{
	gic_redist_ops.write(gic, cpu * GIC_REDIST_SIZE + offset, val, 4);
}

static uint64_t read_reg(struct gic *gic, unsigned int cpu, uint16_t reg)
{
	uint64_t val = 0;

	assert_true(gic_cpu_read(gic, cpu, reg, &val));
	return val;
}

static void write_reg(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t val)
{
	assert_true(gic_cpu_write(gic, cpu, reg, val));
}

/* Two CPUs, group 1 on everywhere, nothing masked; SPI 0 (INTID 32) enabled, to CPU 0. */
static int setup(void **state)
{
	static const uint64_t mpidrs[] = {0, 1};
	struct gic_config config = {.version = 3,
				    .nr_cpus = 2,
				    .nr_irqs = 96,
				    .mpidrs = mpidrs,
				    .set_lines = set_lines};
	struct gic *gic = gic_create(&config);

	assert_non_null(gic);
	lines[0] = lines[1] = 0;
	dist_write(gic, 0x0000, 2, 4);
	dist_write(gic, 0x0084, 0xffffffff, 4);
	dist_write(gic, 0x0104, 1, 4);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		redist_write(gic, cpu, 0x10080, 0xffffffff);
		redist_write(gic, cpu, 0x10100, 0xffffffff);
		write_reg(gic, cpu, PMR, 0xff);
		write_reg(gic, cpu, IGRPEN1, 1);
	}
	*state = gic;
	return 0;
}

static int teardown(void **state)
{
	gic_destroy(*state);
	return 0;
}

static void level_spi_stays_pending_until_lowered(void **state)
{
	struct gic *gic = *state;

	gic_set_spi(gic, 0, true);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(lines[1], 0);
	assert_int_equal(read_reg(gic, 0, IAR1), 32);
	assert_int_equal(lines[0], 0);
	assert_int_equal(read_reg(gic, 0, IAR1), SPURIOUS);
	write_reg(gic, 0, EOIR1, 32);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	gic_set_spi(gic, 0, false);
	assert_int_equal(lines[0], 0);
}

static void edge_spi_is_taken_once(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0x0c08, 2, 4); /* ICFGR2: INTID 32 is edge-triggered */
	gic_set_spi(gic, 0, true);
	gic_set_spi(gic, 0, false);
	assert_int_equal(read_reg(gic, 0, HPPIR1), 32);
	assert_int_equal(read_reg(gic, 0, IAR1), 32);
	write_reg(gic, 0, EOIR1, 32);
	assert_int_equal(read_reg(gic, 0, IAR1), SPURIOUS);
}

static void route_chooses_the_cpu(void **state)
{
	struct gic *gic = *state;

	gic_set_spi(gic, 0, true);
	dist_write(gic, 0x6100, 1, 8);
	assert_int_equal(lines[0], 0);
	assert_int_equal(lines[1], GIC_LINE_IRQ);
	dist_write(gic, 0x6100, 77, 8); /* nobody has this affinity */
	assert_int_equal(lines[1], 0);
}

static void higher_priority_preempts_lower(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0x0104, 3, 4);
	dist_write(gic, 0x0420, 0xa0, 1);
	dist_write(gic, 0x0421, 0x40, 1);
	gic_set_spi(gic, 0, true);
	assert_int_equal(read_reg(gic, 0, IAR1), 32);
	assert_int_equal(read_reg(gic, 0, RPR), 0xa0);
	gic_set_spi(gic, 1, true);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(read_reg(gic, 0, IAR1), 33);
	assert_int_equal(read_reg(gic, 0, RPR), 0x40);
	write_reg(gic, 0, EOIR1, 33);
	assert_int_equal(read_reg(gic, 0, RPR), 0xa0);
	write_reg(gic, 0, EOIR1, 32);
	assert_int_equal(read_reg(gic, 0, RPR), 0xff);
}

static void priority_mask_hides(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0x0420, 0x80, 1);
	gic_set_spi(gic, 0, true);
	write_reg(gic, 0, PMR, 0x80);
	assert_int_equal(lines[0], 0);
	assert_int_equal(read_reg(gic, 0, IAR1), SPURIOUS);
	write_reg(gic, 0, PMR, 0x88);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
}

static void sgi_reaches_its_targets(void **state)
{
	struct gic *gic = *state;

	write_reg(gic, 0, SGI1R, 5ull << 24 | 2);
	assert_int_equal(lines[0], 0);
	assert_int_equal(read_reg(gic, 1, IAR1), 5);
	write_reg(gic, 1, EOIR1, 5);
	write_reg(gic, 0, SGI1R, 1ull << 40 | 6ull << 24); /* all but self */
	assert_int_equal(lines[0], 0);
	assert_int_equal(read_reg(gic, 1, IAR1), 6);
}

static void eoi_mode_splits_drop_and_deactivation(void **state)
{
	struct gic *gic = *state;

	write_reg(gic, 0, CTLR, 2);
	gic_set_ppi(gic, 0, 27, true);
	assert_int_equal(read_reg(gic, 0, IAR1), 27);
	write_reg(gic, 0, EOIR1, 27);
	assert_int_equal(read_reg(gic, 0, RPR), 0xff);
	assert_int_equal(lines[0], 0); /* still active */
	write_reg(gic, 0, DIR, 27);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
}

static void identification(void **state)
{
	struct gic *gic = *state;

	assert_int_equal(gic_dist_ops.read(gic, 0x0004, 4) & 0x1f, 2); /* 96 interrupts */
	assert_int_equal(gic_dist_ops.read(gic, 0xffe8, 4), 0x3b);
	assert_int_equal(gic_redist_ops.read(gic, 0x0008, 8), 0);
	assert_int_equal(gic_redist_ops.read(gic, GIC_REDIST_SIZE + 8, 8),
			 1ull << 32 | 1 << 8 | 1 << 4);
}

/* Whatever a guest does to the registers, nothing outside the state is touched (ASan looks). */
static void any_access_is_survived(void **state)
{
	struct gic *gic = *state;
	uint64_t x = 88172645463325252ull;

	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int size = 1u << (x & 3);
		uint64_t val;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		gic_dist_ops.write(gic, (x >> 8) % (GIC_DIST_SIZE - 8), x >> 16, size);
		gic_redist_ops.write(gic, (x >> 8) % (2 * GIC_REDIST_SIZE - 8), x >> 20, size);
		gic_dist_ops.read(gic, (x >> 9) % (GIC_DIST_SIZE - 8), size);
		gic_redist_ops.read(gic, (x >> 9) % (2 * GIC_REDIST_SIZE - 8), size);
		gic_cpu_write(gic, x & 1, (uint16_t)(3u << 14 | (x >> 30 & 0x7ff)), x >> 3);
		gic_cpu_read(gic, x & 1, (uint16_t)(3u << 14 | (x >> 31 & 0x7ff)), &val);
		gic_set_spi(gic, x >> 40 & 0x3ff, x & 2);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(level_spi_stays_pending_until_lowered),
		TEST(edge_spi_is_taken_once),
		TEST(route_chooses_the_cpu),
		TEST(higher_priority_preempts_lower),
		TEST(priority_mask_hides),
		TEST(sgi_reaches_its_targets),
		TEST(eoi_mode_splits_drop_and_deactivation),
		TEST(identification),
		TEST(any_access_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
