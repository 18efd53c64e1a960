// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_its.c - the ITS and LPIs: commands, tables in guest memory, delivery, hostile contents.
 *
 * Two CPUs and 1 MiB of guest memory with the tables. DeviceID 1 has 32 events, of which EVENT is
 * mapped to LPI by collection 3, which is CPU 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/gic/gic.h"

#define REG(crn, crm, op2) ((uint16_t)(3u << 14 | (crn) << 7 | (crm) << 3 | (op2)))
#define PMR                REG(4u, 6u, 0u)
#define RPR                REG(12u, 11u, 3u)
#define IAR1               REG(12u, 12u, 0u)
#define EOIR1              REG(12u, 12u, 1u)
#define HPPIR1             REG(12u, 12u, 2u)
#define IGRPEN1            REG(12u, 12u, 7u)

#define GICR_CTLR      0x00
#define GICR_TYPER     0x08
#define GICR_PROPBASER 0x70
#define GICR_PENDBASER 0x78
#define PTZ            (1ull << 62)

#define GITS_CTLR    0x00
#define GITS_TYPER   0x08
#define GITS_CBASER  0x80
#define GITS_CWRITER 0x88
#define GITS_CREADR  0x90
#define GITS_BASER0  0x100
#define GITS_BASER1  0x108
#define VALID        (1ull << 63)

#define MEMORY      0x40000000ull
#define MEMORY_SIZE 0x100000u
#define CONFIG      0x00000 /* offsets in it */
#define PENDING     0x10000 /* and 64 KiB behind that, of CPU 1 */
#define DEVICES     0x30000 /* one page: 512 */
#define COLLECTIONS 0x31000
#define QUEUE       0x32000 /* one page: 128 commands */
#define ITT         0x40000

#define MOVI    0x01
#define INT     0x03
#define CLEAR   0x04
#define SYNC    0x05
#define MAPD    0x08
#define MAPC    0x09
#define MAPTI   0x0a
#define MAPI    0x0b
#define INV     0x0c
#define INVALL  0x0d
#define MOVALL  0x0e
#define DISCARD 0x0f

#define LPI      8200u
#define DEVICE   1ull
#define EVENT    7ull
#define SPURIOUS 1023

static uint8_t memory[MEMORY_SIZE];
static uint32_t lines[2];
static struct gic *gic;
static struct gic_its *its;

static void set_lines(void *context, unsigned int cpu, uint32_t value)
{
	(void)context;
	lines[cpu] = value;
}

static uint8_t *place(uint64_t gpa, size_t size)
{
	return gpa >= MEMORY && gpa - MEMORY < MEMORY_SIZE && size <= MEMORY_SIZE - (gpa - MEMORY)
		       ? memory + (gpa - MEMORY)
		       : NULL;
}

static bool read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	const uint8_t *from = place(gpa, size);

	(void)context;
	if (from) {
		memcpy(to, from, size);
	}
	return from;
}

static bool write_memory(void *context, uint64_t gpa, const void *from, size_t size)
{
	uint8_t *to = place(gpa, size);

	(void)context;
	if (to) {
		memcpy(to, from, size);
	}
	return to;
}

static void its_write(uint64_t offset, uint64_t val)
{
	gic_its_ops.write(its, offset, val, 8);
}

static uint64_t its_read(uint64_t offset)
{
	return gic_its_ops.read(its, offset, 8);
}

static void redist_write(unsigned int cpu, uint64_t offset, uint64_t val, unsigned int size)
{
	gic_redist_ops.write(gic, cpu * GIC_REDIST_SIZE + offset, val, size);
}

static uint64_t redist_read(unsigned int cpu, uint64_t offset, unsigned int size)
{
	return gic_redist_ops.read(gic, cpu * GIC_REDIST_SIZE + offset, size);
}

static uint64_t read_reg(unsigned int cpu, uint16_t reg)
{
	uint64_t val = 0;

	assert_true(gic_cpu_read(gic, cpu, reg, &val));
	return val;
}

static void write_reg(unsigned int cpu, uint16_t reg, uint64_t val)
{
	assert_true(gic_cpu_write(gic, cpu, reg, val));
}

static void command(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
	const uint64_t words[] = {w0, w1, w2, w3};
	uint64_t offset = its_read(GITS_CWRITER);

	memcpy(memory + QUEUE + offset, words, sizeof(words));
	offset = (offset + sizeof(words)) % 0x1000;
	its_write(GITS_CWRITER, offset);
	assert_int_equal(its_read(GITS_CREADR), offset);
}

static void event_command(unsigned int opcode, uint64_t device, uint64_t event)
{
	command(opcode | device << 32, event, 0, 0);
}

static void configure(unsigned int intid, unsigned int priority, bool enabled)
{
	memory[CONFIG + intid - 8192] = (uint8_t)(priority | enabled);
}

static void map(void)
{
	command(MAPC, 0, VALID | 0ull << 16 | 3, 0);
	command(MAPC, 0, VALID | 1ull << 16 | 4, 0);
	command(MAPD | DEVICE << 32, 4, VALID | (MEMORY + ITT), 0); /* five bits of EventID */
	command(MAPTI | DEVICE << 32, EVENT | (uint64_t)LPI << 32, 3, 0);
	command(SYNC, 0, 0, 0);
}

static int setup(void **state)
{
	static const uint64_t mpidrs[] = {0, 1};
	const struct gic_config config = {
		.version = 3,
		.nr_cpus = 2,
		.nr_irqs = 64,
		.mpidrs = mpidrs,
		.set_lines = set_lines,
		.read_memory = read_memory,
		.write_memory = write_memory,
	};

	(void)state;
	memset(memory, 0, sizeof(memory));
	gic = gic_create(&config);
	its = gic_its_create(gic);
	assert_non_null(its);
	gic_dist_ops.write(gic, 0, 2, 4);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		lines[cpu] = 0;
		write_reg(cpu, PMR, 0xff);
		write_reg(cpu, IGRPEN1, 1);
		redist_write(cpu, GICR_PROPBASER, MEMORY + CONFIG + 15, 8);
		redist_write(cpu, GICR_PENDBASER, MEMORY + PENDING + 0x10000ull * cpu, 8);
		redist_write(cpu, GICR_CTLR, 1, 4);
	}
	its_write(GITS_BASER0, VALID | (MEMORY + DEVICES));
	its_write(GITS_BASER1, VALID | (MEMORY + COLLECTIONS));
	its_write(GITS_CBASER, VALID | (MEMORY + QUEUE));
	gic_its_ops.write(its, GITS_CTLR, 1, 4);
	return 0;
}

static int setup_mapped(void **state)
{
	setup(state);
	map();
	configure(LPI, 0x80, true);
	event_command(INV, DEVICE, EVENT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gic_its_destroy(its);
	gic_destroy(gic);
	return 0;
}

static void an_event_is_delivered_once(void **state)
{
	(void)state;
	assert_int_equal(lines[0], 0);
	event_command(INT, DEVICE, EVENT);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(lines[1], 0);
	assert_int_equal(read_reg(0, HPPIR1), LPI);
	assert_int_equal(read_reg(0, IAR1), LPI);
	assert_int_equal(read_reg(0, RPR), 0x80);
	assert_int_equal(lines[0], 0);
	write_reg(0, EOIR1, LPI);
	assert_int_equal(read_reg(0, RPR), 0xff);
	assert_int_equal(read_reg(0, IAR1), SPURIOUS);
}

/* It has no active state: it can be pending again while it is handled. */
static void an_event_comes_again_while_handled(void **state)
{
	(void)state;
	gic_its_signal(its, DEVICE, EVENT);
	assert_int_equal(read_reg(0, IAR1), LPI);
	gic_its_signal(its, DEVICE, EVENT);
	gic_its_signal(its, DEVICE, EVENT);
	assert_int_equal(lines[0], 0); /* of the running priority */
	write_reg(0, EOIR1, LPI);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(read_reg(0, IAR1), LPI);
	write_reg(0, EOIR1, LPI);
	assert_int_equal(lines[0], 0);
}

static void what_is_not_mapped_is_ignored(void **state)
{
	(void)state;
	gic_its_signal(its, DEVICE, EVENT + 1);
	gic_its_signal(its, DEVICE, 32 + EVENT); /* there are 32 */
	gic_its_signal(its, DEVICE + 1, EVENT);
	gic_its_signal(its, 512 + DEVICE, EVENT); /* behind the table */
	gic_its_signal(its, 0x10000 + DEVICE, EVENT);
	gic_its_ops.write(its, 0x10040, EVENT, 4); /* a CPU is no device */
	assert_int_equal(lines[0], 0);
	command(MAPTI | DEVICE << 32, 1 | 8191ull << 32, 3, 0);
	command(MAPTI | DEVICE << 32, 2 | 65536ull << 32, 3, 0);
	command(MAPC, 0, VALID | 2ull << 16 | 5, 0); /* there is no CPU 2 */
	command(MAPTI | DEVICE << 32, 3 | (uint64_t)LPI << 32, 5, 0);
	for (unsigned int event = 1; event <= 3; event++) {
		gic_its_signal(its, DEVICE, event);
	}
	assert_int_equal(lines[0] | lines[1], 0);
	gic_its_ops.write(its, GITS_CTLR, 0, 4);
	gic_its_signal(its, DEVICE, EVENT);
	assert_int_equal(lines[0], 0);
}

static void put(uint64_t offset, uint64_t entry)
{
	memcpy(memory + offset, &entry, sizeof(entry));
}

/* The guest writes its tables itself, to what no command would. */
static void entries_are_checked(void **state)
{
	uint64_t entry;

	(void)state;
	memcpy(&entry, memory + ITT + 8 * EVENT, 8);
	put(ITT + 8 * (32 + EVENT), entry); /* there are 32 */
	event_command(INT, DEVICE, 32 + EVENT);
	memcpy(&entry, memory + DEVICES + 8 * DEVICE, 8);
	put(DEVICES + 8 * 512, entry); /* there are 512; collections come next */
	event_command(INT, 512, EVENT);
	assert_int_equal(lines[0], 0);
	put(ITT + 8 * 1, VALID | 3ull << 32 | 40);
	put(ITT + 8 * 2, VALID | 3ull << 32 | 65536);
	put(ITT + 8 * 3, VALID | 3ull << 32 | 0xffffffff);
	put(ITT + 8 * 4, VALID | 0xffffull << 32 | LPI);
	put(COLLECTIONS + 8 * 5, VALID | 2); /* there is no CPU 2 */
	put(ITT + 8 * 5, VALID | 5ull << 32 | LPI);
	for (unsigned int event = 1; event <= 3; event++) {
		command(MOVI | DEVICE << 32, event, 4, 0);
	}
	for (unsigned int event = 1; event <= 5; event++) {
		for (unsigned int opcode = 1; opcode <= DISCARD; opcode++) {
			if (opcode < MAPD || opcode > MAPI) {
				event_command(opcode, DEVICE, event);
			}
		}
	}
	command(INVALL, 0, 5, 0);
	put(DEVICES + 8 * 2, ~0ull);
	event_command(INT, 2, EVENT);
	assert_int_equal(lines[0] | lines[1], 0);
}

static void configuration_is_read_when_told(void **state)
{
	(void)state;
	configure(LPI, 0x80, false);
	event_command(INT, DEVICE, EVENT);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	event_command(INV, DEVICE, EVENT);
	assert_int_equal(lines[0], 0);
	configure(LPI, 0x40, true);
	assert_int_equal(lines[0], 0);
	command(INVALL, 0, 3, 0);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(read_reg(0, IAR1), LPI);
	assert_int_equal(read_reg(0, RPR), 0x40);
}

static void priorities_are_compared_with_those_of_others(void **state)
{
	(void)state;
	gic_dist_ops.write(gic, 0x0084, 0xffffffff, 4);
	gic_dist_ops.write(gic, 0x0104, 1, 4);
	gic_dist_ops.write(gic, 0x0420, 0x80, 1);
	command(MAPI | DEVICE << 32, 30, 3, 0); /* its INTID would be 30 */
	command(MAPTI | DEVICE << 32, 8 | (LPI + 1ull) << 32, 3, 0);
	configure(LPI + 1, 0x78, true);
	command(INVALL, 0, 3, 0);
	gic_set_spi(gic, 0, true);
	event_command(INT, DEVICE, EVENT);
	event_command(INT, DEVICE, 8);
	event_command(INT, DEVICE, 30);
	assert_int_equal(read_reg(0, IAR1), LPI + 1);
	assert_int_equal(read_reg(0, HPPIR1), 32); /* as the LPI, and has the smaller INTID */
	gic_set_spi(gic, 0, false);
	assert_int_equal(read_reg(0, HPPIR1), LPI);
	write_reg(0, EOIR1, LPI + 1);
	write_reg(0, PMR, 0x80);
	assert_int_equal(lines[0], 0);
}

static void what_is_pending_moves_along(void **state)
{
	(void)state;
	event_command(INT, DEVICE, EVENT);
	command(MOVI | DEVICE << 32, EVENT, 4, 0);
	assert_int_equal(lines[0], 0);
	assert_int_equal(lines[1], GIC_LINE_IRQ);
	command(MOVALL, 0, 1ull << 16, 0ull << 16);
	assert_int_equal(lines[0], GIC_LINE_IRQ);
	assert_int_equal(lines[1], 0);
	assert_int_equal(read_reg(0, IAR1), LPI);
	event_command(INT, DEVICE, EVENT);
	assert_int_equal(lines[1], GIC_LINE_IRQ);
	command(MOVALL, 0, 1ull << 16, 7ull << 16);
	assert_int_equal(lines[1], GIC_LINE_IRQ);
}

static void events_are_cleared_and_discarded(void **state)
{
	(void)state;
	event_command(INT, DEVICE, EVENT);
	event_command(CLEAR, DEVICE, EVENT);
	assert_int_equal(lines[0], 0);
	event_command(INT, DEVICE, EVENT);
	event_command(DISCARD, DEVICE, EVENT);
	assert_int_equal(lines[0], 0);
	event_command(INT, DEVICE, EVENT);
	assert_int_equal(lines[0], 0);
	map();
	command(MAPD | DEVICE << 32, 4, MEMORY + ITT, 0); /* not valid */
	event_command(INT, DEVICE, EVENT);
	map();
	command(MAPC, 0, 3, 0);
	event_command(INT, DEVICE, EVENT);
	assert_int_equal(lines[0], 0);
}

static void pending_tables_are_loaded_and_stored(void **state)
{
	(void)state;
	event_command(INT, DEVICE, EVENT);
	redist_write(0, GICR_CTLR, 0, 4);
	assert_int_equal(lines[0], 0);
	assert_int_equal(memory[PENDING + LPI / 8], 1u << LPI % 8);
	event_command(INT, DEVICE, EVENT); /* nobody is there */
	command(MOVI | DEVICE << 32, EVENT, 4, 0);
	assert_int_equal(lines[1], 0); /* nothing is left to take along */
	command(MOVI | DEVICE << 32, EVENT, 3, 0);
	memory[PENDING + LPI / 8] = 0;
	memory[PENDING + (LPI + 9) / 8] = 1u << (LPI + 9) % 8;
	configure(LPI + 9, 0x80, true);
	redist_write(0, GICR_CTLR, 1, 4);
	assert_int_equal(read_reg(0, IAR1), LPI + 9);
	write_reg(0, EOIR1, LPI + 9);
	assert_int_equal(read_reg(0, IAR1), SPURIOUS);
	redist_write(0, GICR_CTLR, 0, 4);
	memory[PENDING + LPI / 8] = 0xff;
	redist_write(0, GICR_PENDBASER, (MEMORY + PENDING) | PTZ, 8);
	redist_write(0, GICR_CTLR, 1, 4);
	assert_int_equal(read_reg(0, IAR1), SPURIOUS);
}

/* PROPBASER.IDbits 13: INTIDs below 16384. */
static void there_are_as_many_as_the_table_has(void **state)
{
	(void)state;
	configure(16383, 0x80, true);
	configure(16384, 0x80, true);
	command(INVALL, 0, 3, 0);
	redist_write(0, GICR_CTLR, 0, 4);
	redist_write(0, GICR_PROPBASER, MEMORY + CONFIG + 13, 8);
	redist_write(0, GICR_CTLR, 1, 4);
	command(MAPTI | DEVICE << 32, 1 | 16384ull << 32, 3, 0);
	event_command(INT, DEVICE, 1);
	assert_int_equal(lines[0], 0);
	command(MAPTI | DEVICE << 32, 1 | 16383ull << 32, 3, 0);
	event_command(INT, DEVICE, 1);
	assert_int_equal(read_reg(0, IAR1), 16383);
}

static void the_queue_is_a_ring(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++) { /* 128 fit */
		event_command(INT, DEVICE, EVENT);
		assert_int_equal(read_reg(0, IAR1), LPI);
		write_reg(0, EOIR1, LPI);
	}
	its_write(GITS_CWRITER, 0x2000); /* behind the end */
	assert_int_equal(its_read(GITS_CREADR), 206 * 32 % 0x1000);
	assert_int_equal(lines[0], 0);
	gic_its_ops.write(its, GITS_CTLR, 0, 4);
	assert_int_equal(its_read(GITS_CTLR) & 0xffffffff, 1u << 31); /* quiescent */
	its_write(GITS_CBASER, VALID | (MEMORY + MEMORY_SIZE));
	its_write(GITS_CWRITER, 32);
	gic_its_ops.write(its, GITS_CTLR, 1, 4);
	assert_int_equal(its_read(GITS_CREADR), 1); /* stalled: there is no memory */
}

static void registers(void **state)
{
	(void)state;
	assert_int_equal(gic_dist_ops.read(gic, 4, 4) >> 17 & 0x7f, 1 | 15u << 2);
	assert_int_equal(redist_read(0, GICR_TYPER, 4) & 1, 1);
	assert_int_equal(redist_read(0, GICR_CTLR, 4) & 1, 1);
	redist_write(0, GICR_PROPBASER, 0, 8); /* not while LPIs are on */
	assert_int_equal(redist_read(0, GICR_PROPBASER, 8), MEMORY + CONFIG + 15);
	assert_int_equal(its_read(GITS_TYPER), 1 | 7u << 4 | 15u << 8 | 15u << 13);
	assert_int_equal(gic_its_ops.read(its, 0xffe8, 4), 0x3b);
	its_write(GITS_BASER0, ~0ull);
	assert_int_equal(its_read(GITS_BASER0) & 0xffffffff, MEMORY + DEVICES);
	gic_its_ops.write(its, GITS_CTLR, 0, 4);
	its_write(GITS_BASER0, ~0ull);
	its_write(GITS_BASER1, 0);
	its_write(GITS_BASER1 + 8, ~0ull);
	assert_int_equal(its_read(GITS_BASER0) >> 48, 0xb9e7);
	assert_int_equal(its_read(GITS_BASER1) >> 48, 0x0407);
	assert_int_equal(its_read(GITS_BASER1 + 8), 0);
	gic_its_ops.write(its, GITS_CBASER + 4, 0x80000000, 4);
	assert_int_equal(its_read(GITS_CBASER), VALID | (MEMORY + QUEUE));
}

static void a_gic_without_memory_has_none(void **state)
{
	static const uint64_t mpidr;
	const struct gic_config config = {.version = 3,
					  .nr_cpus = 1,
					  .nr_irqs = 64,
					  .mpidrs = &mpidr,
					  .set_lines = set_lines};
	struct gic *plain = gic_create(&config);

	(void)state;
	assert_null(gic_its_create(plain));
	assert_int_equal(gic_dist_ops.read(plain, 4, 4) >> 17 & 1, 0);
	gic_redist_ops.write(plain, GICR_CTLR, 1, 4);
	assert_int_equal(gic_redist_ops.read(plain, GICR_CTLR, 4), 0);
	gic_destroy(plain);
}

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* An address in guest memory mostly, with attributes and sizes. */
static uint64_t random_base(void)
{
	return (rnd() & 3 ? MEMORY + rnd() % MEMORY_SIZE : rnd()) | (rnd() & 7 ? VALID : 0);
}

static void random_command(void)
{
	uint64_t device = rnd() & 15 ? rnd() & 3 : rnd();
	uint64_t event = rnd() & 15 ? rnd() & 31 : rnd();

	command((rnd() & 15) | device << 32,
		(uint32_t)event | (rnd() & 3 ? 8192 + rnd() % 64 : rnd()) << 32,
		rnd() & 1 ? random_base() : VALID | (rnd() & 3) << 16 | (rnd() & 7),
		rnd() & 3 ? (rnd() & 3) << 16 : rnd());
}

/* In one of the tables, where it is looked at. */
static void random_entry(void)
{
	static const uint64_t tables[] = {DEVICES, COLLECTIONS, ITT, CONFIG, PENDING + 1024};
	static const uint64_t masks[] = {0x1f, 0x7, 0x700003fff, ~0ull};

	put(tables[rnd() % 5] + 8 * (rnd() & 31),
	    VALID | (rnd() & masks[rnd() & 3]) | (rnd() & 1 ? MEMORY + ITT : 0));
}

static void random_register(void)
{
	static const unsigned int redist[] = {GICR_CTLR, GICR_PROPBASER, GICR_PENDBASER};
	unsigned int offset = redist[rnd() % 3];

	if (rnd() & 1) {
		redist_write(rnd() & 1, offset, offset == GICR_CTLR ? rnd() & 1 : random_base(),
			     offset == GICR_CTLR ? 4 : 8);
	} else {
		gic_its_ops.write(its, rnd() & 1 ? GITS_BASER0 + (rnd() & 12) : rnd() % 0x20000,
				  random_base(), rnd() & 1 ? 8 : 4);
	}
}

/* Rubbish in all tables, the queue, registers: nothing outside is touched (ASan looks), and it
 * comes to an end. */
static void anything_is_survived(void **state)
{
	for (unsigned int round = 0; round < 3000; round++) {
		for (unsigned int i = 0; i < 100; i++) {
			random_command();
			random_entry();
			gic_its_signal(its, rnd() & 3, rnd() & 31);
			write_reg(rnd() & 1, EOIR1, read_reg(rnd() & 1, IAR1));
		}
		for (unsigned int i = 0; i < 100; i++) {
			random_register();
			gic_its_signal(its, (uint32_t)rnd() & 0x1ffff, (uint32_t)rnd() & 0xfff);
			memcpy(memory + rnd() % (MEMORY_SIZE - 8), &seed, 8);
			write_reg(rnd() & 1, EOIR1, read_reg(rnd() & 1, IAR1));
		}
		teardown(state);
		setup(state);
	}
}

int main(void)
{
#define TEST(f)   cmocka_unit_test_setup_teardown(f, setup, teardown)
#define MAPPED(f) cmocka_unit_test_setup_teardown(f, setup_mapped, teardown)
	const struct CMUnitTest tests[] = {
		MAPPED(an_event_is_delivered_once),
		MAPPED(an_event_comes_again_while_handled),
		MAPPED(what_is_not_mapped_is_ignored),
		MAPPED(entries_are_checked),
		MAPPED(configuration_is_read_when_told),
		MAPPED(priorities_are_compared_with_those_of_others),
		MAPPED(what_is_pending_moves_along),
		MAPPED(events_are_cleared_and_discarded),
		MAPPED(pending_tables_are_loaded_and_stored),
		MAPPED(there_are_as_many_as_the_table_has),
		MAPPED(the_queue_is_a_ring),
		TEST(registers),
		TEST(a_gic_without_memory_has_none),
		TEST(anything_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
