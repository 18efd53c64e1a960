// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_gicv2.c - the user-space GICv2: targets, SGIs and their senders, banked registers, groups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "devices/gic/gic.h"

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ISPENDR    0x200
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICD_CPENDSGIR  0xf10
#define GICD_SPENDSGIR  0xf20
#define GICD_PIDR2      0xfe8

#define GICC_CTLR  0x0000
#define GICC_PMR   0x0004
#define GICC_IAR   0x000c
#define GICC_EOIR  0x0010
#define GICC_RPR   0x0014
#define GICC_HPPIR 0x0018
#define GICC_AIAR  0x0020
#define GICC_AEOIR 0x0024
#define GICC_IIDR  0x00fc
#define GICC_DIR   0x1000

#define SPURIOUS    1023
#define OTHER_GROUP 1022
#define ACK_CTL     (1u << 2)
#define FIQ_EN      (1u << 3)
#define EOI_MODE    (1u << 9)

static uint32_t lines[GICV2_MAX_CPUS];

static void set_lines(void *context, unsigned int cpu, uint32_t value)
{
	(void)context;
	lines[cpu] = value;
}

static void dist_write(struct gic *gic, unsigned int cpu, uint64_t offset, uint64_t val,
		       unsigned int size)
{
	gic_set_this_cpu(cpu);
	gicv2_dist_ops.write(gic, offset, val, size);
}

static uint64_t dist_read(struct gic *gic, unsigned int cpu, uint64_t offset, unsigned int size)
{
	gic_set_this_cpu(cpu);
	return gicv2_dist_ops.read(gic, offset, size);
}

static void cpu_write(struct gic *gic, unsigned int cpu, uint64_t offset, uint64_t val)
{
	gic_set_this_cpu(cpu);
	gicv2_cpu_ops.write(gic, offset, val, 4);
}

static uint64_t cpu_read(struct gic *gic, unsigned int cpu, uint64_t offset)
{
	gic_set_this_cpu(cpu);
	return gicv2_cpu_ops.read(gic, offset, 4);
}

static struct gic *create(unsigned int nr_cpus)
{
	static const uint64_t mpidrs[GICV2_MAX_CPUS + 1];
	const struct gic_config config = {
		.version = 2,
		.nr_cpus = nr_cpus,
		.nr_irqs = 96,
		.mpidrs = mpidrs,
		.set_lines = set_lines,
	};

	return gic_create(&config);
}

/* Three CPUs, all on, nothing masked, interrupts in group 0; SPI 0 (INTID 32) is for CPU 0. */
static int setup(void **state)
{
	struct gic *gic = create(3);

	assert_non_null(gic);
	dist_write(gic, 0, GICD_CTLR, 3, 4);
	dist_write(gic, 0, GICD_ISENABLER + 4, 3, 4);
	dist_write(gic, 0, GICD_ITARGETSR + 32, 1, 1);
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		lines[cpu] = 0;
		dist_write(gic, cpu, GICD_ISENABLER, 0xffffffff, 4);
		cpu_write(gic, cpu, GICC_PMR, 0xff);
		cpu_write(gic, cpu, GICC_CTLR, 3);
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
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 32);
	assert_int_equal(lines[0], 0);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), SPURIOUS);
	cpu_write(gic, 0, GICC_EOIR, 32);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	gic_set_spi(gic, 0, false);
	assert_int_equal(lines[0], 0);
}

static void edge_spi_is_taken_once(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0, GICD_ICFGR + 8, 2, 4);
	gic_set_spi(gic, 0, true);
	gic_set_spi(gic, 0, false);
	assert_int_equal(cpu_read(gic, 0, GICC_HPPIR), 32);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 32);
	cpu_write(gic, 0, GICC_EOIR, 32);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), SPURIOUS);
}

/* The first of several targets to look has it. */
static void one_of_the_targets_takes_it(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0, GICD_ITARGETSR + 32, 0xfe, 1);
	assert_int_equal(dist_read(gic, 0, GICD_ITARGETSR + 32, 1), 6); /* there are three CPUs */
	gic_set_spi(gic, 0, true);
	assert_int_equal(lines[0], 0);
	assert_int_equal(lines[1], GIC_LINE_IRQ);
	assert_int_equal(lines[2], GIC_LINE_IRQ);
	assert_int_equal(cpu_read(gic, 2, GICC_IAR), 32);
	assert_int_equal(lines[1], 0);
	assert_int_equal(cpu_read(gic, 1, GICC_IAR), SPURIOUS);
	cpu_write(gic, 2, GICC_EOIR, 32);
	assert_int_equal(lines[1], GIC_LINE_IRQ);
}

static void sgis_know_their_sender(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0, GICD_SGIR, 4u << 16 | 5, 4); /* CPU 2 */
	dist_write(gic, 1, GICD_SGIR, 4u << 16 | 5, 4);
	assert_int_equal(lines[0] | lines[1], 0);
	assert_int_equal(dist_read(gic, 2, GICD_SPENDSGIR + 5, 1), 3);
	assert_int_equal(cpu_read(gic, 2, GICC_HPPIR), 5);
	assert_int_equal(cpu_read(gic, 2, GICC_IAR), 5);
	assert_int_equal(lines[2], 0);
	cpu_write(gic, 2, GICC_EOIR, 5);
	assert_int_equal(lines[2], GIC_LINE_IRQ);
	assert_int_equal(cpu_read(gic, 2, GICC_IAR), 1u << 10 | 5);
	cpu_write(gic, 2, GICC_EOIR, 1u << 10 | 5);
	assert_int_equal(lines[2], 0);
	assert_int_equal(cpu_read(gic, 2, GICC_IAR), SPURIOUS);
}

static void sgis_go_to_all_others_or_to_self(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 1, GICD_SGIR, 1u << 24 | 0xff << 16 | 3, 4);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(lines[1], 0);
	assert_int_equal(lines[2], GIC_LINE_IRQ);
	dist_write(gic, 0, GICD_CPENDSGIR, 0xffffffff, 4);
	assert_int_equal(lines[0], 0);
	dist_write(gic, 1, GICD_SGIR, 2u << 24 | 3, 4);
	assert_int_equal(cpu_read(gic, 1, GICC_IAR), 1u << 10 | 3);
	/* Pending bits of SGIs are not to be written otherwise. */
	dist_write(gic, 0, GICD_ISPENDR, 1u << 7, 4);
	assert_int_equal(lines[0], 0);
	dist_write(gic, 0, GICD_SPENDSGIR + 7, 4, 1);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 2u << 10 | 7);
}

static void private_registers_are_banked(void **state)
{
	struct gic *gic = *state;

	assert_int_equal(dist_read(gic, 1, GICD_ITARGETSR, 4), 0x02020202);
	assert_int_equal(dist_read(gic, 2, GICD_ITARGETSR + 31, 1), 4);
	dist_write(gic, 1, GICD_IPRIORITYR + 27, 0x48, 1);
	assert_int_equal(dist_read(gic, 1, GICD_IPRIORITYR + 24, 4), 0x48000000);
	assert_int_equal(dist_read(gic, 0, GICD_IPRIORITYR + 24, 4), 0);
	gic_set_ppi(gic, 1, 27, true);
	assert_int_equal(lines[0], 0);
	assert_int_equal(cpu_read(gic, 1, GICC_IAR), 27);
	assert_int_equal(cpu_read(gic, 1, GICC_RPR), 0x48);
	assert_int_equal(cpu_read(gic, 0, GICC_RPR), 0xff);
}

static void higher_priority_preempts_lower(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0, GICD_ITARGETSR + 33, 1, 1);
	dist_write(gic, 0, GICD_IPRIORITYR + 32, 0x40a0, 2);
	gic_set_spi(gic, 0, true);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 32);
	gic_set_spi(gic, 1, true);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 33);
	assert_int_equal(cpu_read(gic, 0, GICC_RPR), 0x40);
	cpu_write(gic, 0, GICC_EOIR, 33);
	assert_int_equal(cpu_read(gic, 0, GICC_RPR), 0xa0);
	cpu_write(gic, 0, GICC_PMR, 0x40);
	assert_int_equal(lines[0], 0);
	cpu_write(gic, 0, GICC_PMR, 0x48);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
}

static void group_1_has_registers_of_its_own(void **state)
{
	struct gic *gic = *state;

	dist_write(gic, 0, GICD_IGROUPR + 4, 1, 4);
	gic_set_spi(gic, 0, true);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(cpu_read(gic, 0, GICC_HPPIR), OTHER_GROUP);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), OTHER_GROUP);
	assert_int_equal(cpu_read(gic, 0, GICC_AIAR), 32);
	cpu_write(gic, 0, GICC_AEOIR, 32);
	assert_int_equal(cpu_read(gic, 0, GICC_RPR), 0xff);
	cpu_write(gic, 0, GICC_CTLR, 3 | ACK_CTL);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 32);
	cpu_write(gic, 0, GICC_EOIR, 32);
	assert_int_equal(cpu_read(gic, 0, GICC_RPR), 0xff);
	cpu_write(gic, 0, GICC_CTLR, 1);
	assert_int_equal(lines[0], 0);
}

static void group_0_can_be_fiq(void **state)
{
	struct gic *gic = *state;

	cpu_write(gic, 0, GICC_CTLR, 3 | FIQ_EN);
	assert_int_equal(cpu_read(gic, 0, GICC_CTLR), 3 | FIQ_EN);
	gic_set_spi(gic, 0, true);
	assert_int_equal(lines[0], GIC_LINE_FIQ);
	assert_int_equal(cpu_read(gic, 0, GICC_AIAR), SPURIOUS);
	dist_write(gic, 0, GICD_IGROUPR + 4, 1, 4);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
}

static void eoi_mode_splits_drop_and_deactivation(void **state)
{
	struct gic *gic = *state;

	cpu_write(gic, 0, GICC_CTLR, 1 | EOI_MODE);
	gic_set_ppi(gic, 0, 27, true);
	assert_int_equal(cpu_read(gic, 0, GICC_IAR), 27);
	cpu_write(gic, 0, GICC_EOIR, 27);
	assert_int_equal(cpu_read(gic, 0, GICC_RPR), 0xff);
	assert_int_equal(lines[0], 0); /* still active */
	cpu_write(gic, 0, GICC_DIR, 27);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
}

static void one_cpu_needs_no_targets(void **state)
{
	struct gic *gic = create(1);

	(void)state;
	dist_write(gic, 0, GICD_CTLR, 1, 4);
	dist_write(gic, 0, GICD_ISENABLER + 4, 1, 4);
	dist_write(gic, 0, GICD_ITARGETSR + 32, 0, 1);
	assert_int_equal(dist_read(gic, 0, GICD_ITARGETSR, 4), 0);
	cpu_write(gic, 0, GICC_PMR, 0xff);
	cpu_write(gic, 0, GICC_CTLR, 1);
	gic_set_spi(gic, 0, true);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	gic_destroy(gic);
}

static void identification(void **state)
{
	struct gic *gic = *state;
	uint64_t val;

	assert_int_equal(dist_read(gic, 0, GICD_TYPER, 4), 2u << 5 | 2);
	assert_int_equal(dist_read(gic, 0, GICD_PIDR2, 4), 0x2b);
	assert_int_equal(cpu_read(gic, 0, GICC_IIDR) >> 16, 2);
	assert_false(gic_cpu_read(gic, 0, 3u << 14 | 12u << 7 | 12u << 3, &val)); /* ICC_IAR1 */
	assert_null(create(9));
}

/* Whatever a guest does to the registers, nothing outside the state is touched (ASan looks). */
static void any_access_is_survived(void **state)
{
	struct gic *gic = *state;
	uint64_t x = 88172645463325252ull;

	for (unsigned int i = 0; i < 400000; i++) {
		unsigned int size = 1u << (x & 3);
		unsigned int cpu = (x >> 4 & 7) % 3;
		uint64_t dist, interface;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		dist = (x >> 8) % GICV2_DIST_SIZE & ~(uint64_t)(size - 1);
		interface = x >> 60 ? (x >> 8) % 0x100 & ~3ull : GICC_DIR;
		dist_write(gic, cpu, dist, x >> 16, size);
		dist_read(gic, cpu, dist, size);
		cpu_write(gic, cpu, interface, x >> 20 & (x >> 58 & 1 ? 0x3ff : 0xffffffff));
		cpu_read(gic, cpu, interface);
		gic_set_spi(gic, x >> 40 & 0x3ff, x & 2);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(level_spi_stays_pending_until_lowered),
		TEST(edge_spi_is_taken_once),
		TEST(one_of_the_targets_takes_it),
		TEST(sgis_know_their_sender),
		TEST(sgis_go_to_all_others_or_to_self),
		TEST(private_registers_are_banked),
		TEST(higher_priority_preempts_lower),
		TEST(group_1_has_registers_of_its_own),
		TEST(group_0_can_be_fiq),
		TEST(eoi_mode_splits_drop_and_deactivation),
		TEST(one_cpu_needs_no_targets),
		TEST(identification),
		TEST(any_access_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
