// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_its.c - registers and command queue of the ITS (IHI 0069 5.3, 12.18).
 *
 * Commands are executed when they are written, one after the other, with the GIC's lock held; so
 * SYNC has nothing to wait for, and at most one turn of the queue is done at a time. A queue that
 * is not memory stalls the ITS.
 */
#include <stdlib.h>

#include "gic_its.h"

#define GITS_CTLR    0x0000
#define GITS_IIDR    0x0004
#define GITS_TYPER   0x0008
#define GITS_CBASER  0x0080
#define GITS_CWRITER 0x0088
#define GITS_CREADR  0x0090
#define GITS_BASER   0x0100
#define GITS_PIDR2   0xffe8

#define CTLR_ENABLED   1u
#define CTLR_QUIESCENT (1u << 31)
#define CREADR_STALLED 1ull
#define QUEUE_OFFSET   0xfffe0ull
#define IIDR_VALUE     0x0000043bu
#define PIDR2_V3       0x3bu

/* Physical LPIs; sizes of ITT entries, EventIDs, DeviceIDs, ICIDs are 16 bits; no collections that
 * need no table. */
#define TYPER_VALUE                                                                                \
	(1ull | (ITS_ENTRY_SIZE - 1) << 4 | (ITS_ID_BITS - 1ull) << 8 | (ITS_ID_BITS - 1ull) << 13)

#define CBASER_MASK 0xb8effffffffffcffull
#define BASER_MASK  0xb8e0ffffffffffffull /* flat tables only; type and entry size are fixed */

static const uint64_t its_table_types[ITS_NR_TABLES] = {
	[ITS_TABLE_DEVICES] = 1ull << 56 | (ITS_ENTRY_SIZE - 1) << 48,
	[ITS_TABLE_COLLECTIONS] = 4ull << 56 | (ITS_ENTRY_SIZE - 1) << 48,
};

struct gic_its *gic_its_create(struct gic *gic)
{
	struct gic_its *its = gic->lpi_config ? calloc(1, sizeof(*its)) : NULL;

	if (its) {
		its->gic = gic;
		for (unsigned int i = 0; i < ITS_NR_TABLES; i++) {
			its->tables[i] = its_table_types[i];
		}
	}
	return its;
}

void gic_its_destroy(struct gic_its *its)
{
	free(its);
}

static uint64_t its_queue_size(const struct gic_its *its)
{
	return ((its->cbaser & 0xff) + 1) << 12;
}

/* Does what is in the queue. */
static void its_run(struct gic_its *its)
{
	uint64_t size = its_queue_size(its), base = its->cbaser & 0x000ffffffffff000ull;

	if (!its->enabled || !(its->cbaser & ITS_VALID) || its->cwriter >= size) {
		return;
	}
	its->stalled = false;
	for (uint64_t nr = size / ITS_COMMAND_SIZE; its->creadr != its->cwriter && nr; nr--) {
		struct its_command command;

		if (!gic_read_memory(its->gic, base + its->creadr, &command, sizeof(command))) {
			its->stalled = true;
			break;
		}
		its_execute(its, &command);
		its->creadr = (its->creadr + ITS_COMMAND_SIZE) % size;
	}
	gic_update_all(its->gic);
}

static uint64_t *its_table_register(struct gic_its *its, unsigned int offset)
{
	unsigned int n = (offset - GITS_BASER) / 8;

	return offset >= GITS_BASER && n < ITS_NR_TABLES ? &its->tables[n] : NULL;
}

/* The 64-bit register around offset. */
static uint64_t its_register(struct gic_its *its, unsigned int offset)
{
	const uint64_t *table = its_table_register(its, offset);

	switch (offset & ~7u) {
	case GITS_CTLR:
		return (its->enabled ? CTLR_ENABLED : CTLR_QUIESCENT) | (uint64_t)IIDR_VALUE << 32;
	case GITS_TYPER:
		return TYPER_VALUE;
	case GITS_CBASER:
		return its->cbaser;
	case GITS_CWRITER:
		return its->cwriter;
	case GITS_CREADR:
		return its->creadr | (its->stalled ? CREADR_STALLED : 0);
	case GITS_PIDR2:
		return PIDR2_V3;
	default:
		return table ? *table : 0;
	}
}

static void its_write_queue(struct gic_its *its, unsigned int offset, uint64_t val,
			    unsigned int size)
{
	if (!its->enabled) { /* else UNPREDICTABLE */
		gic_set_part(&its->cbaser, offset, val, size);
		its->cbaser &= CBASER_MASK;
		its->creadr = 0;
		its->stalled = false;
	}
}

static void its_write_locked(struct gic_its *its, unsigned int offset, uint64_t val,
			     unsigned int size)
{
	uint64_t *table = its_table_register(its, offset);

	switch (offset & ~7u) {
	case GITS_CTLR:
		if (offset == GITS_CTLR) {
			its->enabled = val & CTLR_ENABLED;
			its_run(its);
		}
		break;
	case GITS_CBASER:
		its_write_queue(its, offset, val, size);
		break;
	case GITS_CWRITER:
		gic_set_part(&its->cwriter, offset, val, size);
		its->cwriter &= QUEUE_OFFSET;
		its_run(its);
		break;
	default:
		if (table && !its->enabled) {
			gic_set_part(table, offset, val, size);
			*table = (*table & BASER_MASK) | its_table_types[table - its->tables];
		}
		break;
	}
}

static uint64_t its_read(void *device, uint64_t offset, unsigned int size)
{
	struct gic_its *its = device;
	uint64_t val = 0;

	if (offset < ITS_CONTROL_SIZE && size >= 4 && !(offset % size)) {
		pthread_mutex_lock(&its->gic->lock);
		val = gic_get_part(its_register(its, (unsigned int)offset), (unsigned int)offset,
				   size);
		pthread_mutex_unlock(&its->gic->lock);
	}
	return val;
}

/* GITS_TRANSLATER is for devices, which say who they are by gic_its_signal(): a CPU is none. */
static void its_write(void *device, uint64_t offset, uint64_t val, unsigned int size)
{
	struct gic_its *its = device;

	if (offset < ITS_CONTROL_SIZE && size >= 4 && !(offset % size)) {
		pthread_mutex_lock(&its->gic->lock);
		its_write_locked(its, (unsigned int)offset, val, size);
		pthread_mutex_unlock(&its->gic->lock);
	}
}

const struct bus_ops gic_its_ops = {
	.read = its_read,
	.write = its_write,
};

void gic_its_signal(struct gic_its *its, uint32_t device, uint32_t event)
{
	pthread_mutex_lock(&its->gic->lock);
	if (its->enabled) {
		its_signal(its, device, event);
		gic_update_all(its->gic);
	}
	pthread_mutex_unlock(&its->gic->lock);
}
