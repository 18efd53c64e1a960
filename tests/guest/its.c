/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ITS and LPIs, tested from inside a guest: mapping, INT, configuration, moving to another CPU
 * (Arm IHI 0069 5.1 to 5.3). Meant to pass on the bare board, too. Interrupts are masked, and
 * acknowledged by polling.
 */
#include "lib/gic.h"

#define GITS 0x08080000ull

#define GITS_CTLR    0x00u
#define GITS_TYPER   0x08u
#define GITS_CBASER  0x80u
#define GITS_CWRITER 0x88u
#define GITS_CREADR  0x90u
#define GITS_BASER   0x100u
#define VALID        (1ull << 63)
#define PAGE_64K     (2u << 8)
#define TYPE_DEVICES 1u
#define TYPE_CPUS    4u /* collections */

#define GICR_CTLR      0x00u
#define GICR_TYPER     0x08u
#define GICR_PROPBASER 0x70u
#define GICR_PENDBASER 0x78u
#define PENDING_ZERO   (1ull << 62)

#define MOVI    0x01u
#define INT     0x03u
#define CLEAR   0x04u
#define SYNC    0x05u
#define MAPD    0x08u
#define MAPC    0x09u
#define MAPTI   0x0au
#define INV     0x0cu
#define INVALL  0x0du
#define DISCARD 0x0fu

#define ID_BITS   14u /* INTIDs below 16384 */
#define FIRST_LPI 8192u
#define LPI       8195u
#define DEVICE    2ull
#define EVENT     5ull
#define ENABLED   1u

/* What the GIC reads and writes. */
static volatile u8 config[0x10000] __attribute__((aligned(0x10000)));
static volatile u8 pending[GUEST_CPUS][0x10000] __attribute__((aligned(0x10000)));
static volatile u8 tables[8][0x10000] __attribute__((aligned(0x10000)));
static volatile u64 queue[0x1000 / 8] __attribute__((aligned(0x10000)));
static volatile u8 itt[0x1000] __attribute__((aligned(0x100)));

static volatile u32 taken[GUEST_CPUS];
static u32 nr_cpus;

/* Adds a command and waits until it is done. */
static bool command(u64 w0, u64 w1, u64 w2)
{
	u64 offset = mmio_read(GITS + GITS_CWRITER, 8);
	volatile u64 *at = &queue[offset / 8];

	at[0] = w0;
	at[1] = w1;
	at[2] = w2;
	at[3] = 0;
	dsb();
	offset = (offset + 32) % sizeof(queue);
	mmio_write(GITS + GITS_CWRITER, 8, offset);
	for (u32 i = 0; i < 1000; i++) {
		if (mmio_read(GITS + GITS_CREADR, 8) == offset) {
			return true;
		}
		delay_us(100);
	}
	return false;
}

/* What commands call a CPU: its number, or its redistributor's address. */
static u64 target(u32 cpu)
{
	if ((mmio_read(GITS + GITS_TYPER, 8) >> 19 & 1) != 0) {
		return gic_redist(cpu);
	}
	return (mmio_read(gic_redist(cpu) + GICR_TYPER, 8) >> 8 & 0xffff) << 16;
}

static void set_config(u32 intid, u32 priority, u32 enabled)
{
	config[intid - FIRST_LPI] = (u8)(priority | enabled);
	dsb();
}

static void start_redistributor(u32 cpu)
{
	u64 rd = gic_redist(cpu);

	mmio_write(rd + GICR_PROPBASER, 8, (u64)config | (ID_BITS - 1));
	mmio_write(rd + GICR_PENDBASER, 8, (u64)pending[cpu] | PENDING_ZERO);
	mmio_write32(rd + GICR_CTLR, 1);
}

static void start_its(void)
{
	for (u32 i = 0; i < 8; i++) {
		u64 base = mmio_read(GITS + GITS_BASER + 8 * i, 8);
		u32 type = base >> 56 & 7;

		if (type == TYPE_DEVICES || type == TYPE_CPUS) {
			mmio_write(GITS + GITS_BASER + 8 * i, 8, VALID | (u64)tables[i] | PAGE_64K);
		}
	}
	mmio_write(GITS + GITS_CBASER, 8, VALID | (u64)queue);
	mmio_write(GITS + GITS_CWRITER, 8, 0);
	mmio_write32(GITS + GITS_CTLR, 1);
}

/* Collection n is CPU n. The event is CPU 0's. */
static const char *test_map(void)
{
	bool done = command(MAPD | DEVICE << 32, 3, VALID | (u64)itt);

	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		done = done && command(MAPC, 0, VALID | target(cpu) | cpu);
		done = done && command(SYNC, 0, target(cpu));
	}
	set_config(LPI, 0x80, ENABLED);
	done = done && command(MAPTI | DEVICE << 32, EVENT | (u64)LPI << 32, 0);
	done = done && command(INV | DEVICE << 32, EVENT, 0);
	return done ? NULL : "commands are not executed";
}

static bool event_command(u32 opcode)
{
	return command(opcode | DEVICE << 32, EVENT, 0) && command(SYNC, 0, target(0));
}

static u32 ack(void)
{
	u32 intid = NONE;

	for (u32 i = 0; i < 100 && intid == NONE; i++) {
		intid = gic_ack();
		delay_us(intid == NONE ? 10 : 0);
	}
	return intid;
}

static const char *test_int(void)
{
	event_command(INT);
	if (ack() != LPI) {
		return "not delivered";
	}
	event_command(INT);
	gic_eoi(LPI);
	if (ack() != LPI) {
		return "not delivered again";
	}
	gic_eoi(LPI);
	return gic_ack() == NONE ? NULL : "delivered too often";
}

static const char *test_config(void)
{
	set_config(LPI, 0x80, 0);
	event_command(INV);
	event_command(INT);
	if (gic_ack() != NONE) {
		return "delivered while disabled";
	}
	set_config(LPI, 0x40, ENABLED);
	command(INVALL, 0, 0);
	if (ack() != LPI) {
		return "not delivered when enabled";
	}
	if (read_sysreg(icc_rpr_el1) != 0x40) {
		return "another priority";
	}
	gic_eoi(LPI);
	set_config(LPI, 0x80, ENABLED);
	event_command(INV);
	return NULL;
}

static const char *test_clear(void)
{
	write_sysreg(0, icc_pmr_el1);
	event_command(INT);
	event_command(CLEAR);
	write_sysreg(0xff, icc_pmr_el1);
	return gic_ack() == NONE ? NULL : "delivered though cleared";
}

/* CPU 1 waits for it. */
static void other_cpu(u32 cpu)
{
	u32 intid = NONE;

	gic_cpu_init();
	start_redistributor(cpu);
	taken[cpu] = 1;
	while (intid == NONE) {
		intid = gic_ack();
	}
	gic_eoi(intid);
	taken[cpu] = intid;
}

static const char *test_move(void)
{
	if (!cpu_start(1, other_cpu) || !wait_for(&taken[1], 1)) {
		return "no other CPU";
	}
	command(INVALL, 0, 1);
	write_sysreg(0, icc_pmr_el1);
	event_command(INT);
	command(MOVI | DEVICE << 32, EVENT, 1);
	command(SYNC, 0, target(1));
	write_sysreg(0xff, icc_pmr_el1);
	if (gic_ack() != NONE) {
		return "it stayed";
	}
	return wait_for(&taken[1], LPI) ? NULL : "it did not arrive";
}

static const char *test_discard(void)
{
	event_command(DISCARD);
	event_command(INT);
	return gic_ack() == NONE ? NULL : "delivered though not mapped";
}

int main(void)
{
	nr_cpus = gic_nr_cpus();
	gic_init();
	gic_cpu_init();
	start_redistributor(0);
	start_its();
	report("mapping", test_map());
	report("INT, twice", test_int());
	report("configuration at INV and INVALL", test_config());
	report("CLEAR", test_clear());
	if (nr_cpus > 1) {
		report("MOVI takes along what is pending", test_move());
	}
	report("DISCARD", test_discard());
	return 0;
}
