// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_its_commands.c - the ITS's commands and tables (IHI 0069 5.2, 5.3).
 *
 * A command that names what is not mapped, or is out of range, does nothing.
 */
#include "gic_its.h"

enum its_opcode {
	ITS_MOVI = 0x01,
	ITS_INT = 0x03,
	ITS_CLEAR = 0x04,
	ITS_SYNC = 0x05,
	ITS_MAPD = 0x08,
	ITS_MAPC = 0x09,
	ITS_MAPTI = 0x0a,
	ITS_MAPI = 0x0b,
	ITS_INV = 0x0c,
	ITS_INVALL = 0x0d,
	ITS_MOVALL = 0x0e,
	ITS_DISCARD = 0x0f,
};

/*
 * Entries. A device: ITT address in 51:8, number of EventID bits - 1 in 4:0. A collection: CPU in
 * 15:0. An event: ICID in 47:32, INTID in 31:0.
 */
#define DEVICE_ITT  0x000fffffffffff00ull
#define DEVICE_BITS 0x1full

static uint32_t command_device(const struct its_command *c)
{
	return (uint32_t)(c->words[0] >> 32);
}

static uint32_t command_event(const struct its_command *c)
{
	return (uint32_t)c->words[1];
}

static uint32_t command_icid(const struct its_command *c)
{
	return c->words[2] & 0xffff;
}

/* RDbase: a CPU's number, GITS_TYPER.PTA being 0. */
static struct gic_cpu *command_cpu(struct gic_its *its, uint64_t word)
{
	uint64_t index = word >> 16 & 0x7ffffffffull;

	return index < its->gic->config.nr_cpus ? &its->gic->cpus[index] : NULL;
}

/* Where an entry lies; false: the table is not that large. */
static bool table_entry(const struct gic_its *its, enum its_table n, uint32_t index, uint64_t *gpa)
{
	uint64_t table = its->tables[n];
	unsigned int page_bits = (table >> 8 & 3) == 0 ? 12 : (table >> 8 & 3) == 1 ? 14 : 16;
	uint64_t size = ((table & 0xff) + 1) << page_bits;

	*gpa = (table & 0x0000fffffffff000ull & ~((1ull << page_bits) - 1)) +
	       index * ITS_ENTRY_SIZE;
	return (table & ITS_VALID) && index >> ITS_ID_BITS == 0 && index < size / ITS_ENTRY_SIZE;
}

static bool read_valid(const struct gic_its *its, uint64_t gpa, uint64_t *entry)
{
	return gic_read_memory(its->gic, gpa, entry, sizeof(*entry)) && (*entry & ITS_VALID);
}

static void write_entry(const struct gic_its *its, uint64_t gpa, uint64_t entry)
{
	gic_write_memory(its->gic, gpa, &entry, sizeof(entry));
}

static struct gic_cpu *find_collection(struct gic_its *its, uint32_t icid)
{
	uint64_t gpa, entry;

	if (!table_entry(its, ITS_TABLE_COLLECTIONS, icid, &gpa) || !read_valid(its, gpa, &entry) ||
	    (entry & 0xffff) >= its->gic->config.nr_cpus) {
		return NULL;
	}
	return &its->gic->cpus[entry & 0xffff];
}

/* Where a device's entry for an event lies. */
static bool event_entry(const struct gic_its *its, uint32_t device, uint32_t event, uint64_t *gpa)
{
	uint64_t table, entry;

	if (!table_entry(its, ITS_TABLE_DEVICES, device, &table) ||
	    !read_valid(its, table, &entry) || (entry & DEVICE_BITS) >= ITS_ID_BITS ||
	    event >> ((entry & DEVICE_BITS) + 1)) {
		return false;
	}
	*gpa = (entry & DEVICE_ITT) + event * ITS_ENTRY_SIZE;
	return true;
}

/* What an event is mapped to. */
struct its_event {
	uint64_t gpa; /* of the entry */
	uint32_t intid;
	struct gic_cpu *cpu;
};

static bool find_event(struct gic_its *its, uint32_t device, uint32_t event,
		       struct its_event *found)
{
	uint64_t entry;

	if (!event_entry(its, device, event, &found->gpa) || !read_valid(its, found->gpa, &entry)) {
		return false;
	}
	found->intid = (uint32_t)entry;
	found->cpu = find_collection(its, entry >> 32 & 0xffff);
	return found->cpu && gic_is_lpi(found->intid);
}

static void map_device(struct gic_its *its, const struct its_command *c)
{
	uint64_t gpa, bits = c->words[1] & DEVICE_BITS;

	if (!table_entry(its, ITS_TABLE_DEVICES, command_device(c), &gpa) || bits >= ITS_ID_BITS) {
		return;
	}
	write_entry(its, gpa,
		    c->words[2] & ITS_VALID ? ITS_VALID | (c->words[2] & DEVICE_ITT) | bits : 0);
}

static void map_collection(struct gic_its *its, const struct its_command *c)
{
	const struct gic_cpu *cpu = command_cpu(its, c->words[2]);
	uint64_t gpa;

	if (!table_entry(its, ITS_TABLE_COLLECTIONS, command_icid(c), &gpa)) {
		return;
	}
	if (!(c->words[2] & ITS_VALID)) {
		write_entry(its, gpa, 0);
	} else if (cpu) {
		write_entry(its, gpa, ITS_VALID | (uint64_t)(cpu - its->gic->cpus));
	}
}

static void map_event(struct gic_its *its, const struct its_command *c, uint32_t intid)
{
	uint64_t gpa;

	if (gic_is_lpi(intid) && event_entry(its, command_device(c), command_event(c), &gpa)) {
		write_entry(its, gpa, ITS_VALID | (uint64_t)command_icid(c) << 32 | intid);
	}
}

/* Something pending goes along. */
static void move_event(struct gic_its *its, const struct its_command *c)
{
	struct gic_cpu *cpu = find_collection(its, command_icid(c));
	struct its_event event;

	if (!cpu || !find_event(its, command_device(c), command_event(c), &event)) {
		return;
	}
	write_entry(its, event.gpa, ITS_VALID | (uint64_t)command_icid(c) << 32 | event.intid);
	if (cpu != event.cpu && gic_lpi_is_pending(event.cpu, event.intid)) {
		gic_lpi_set_pending(event.cpu, event.intid, false);
		gic_lpi_set_pending(cpu, event.intid, true);
	}
}

static void move_all(struct gic_its *its, const struct its_command *c)
{
	struct gic_cpu *from = command_cpu(its, c->words[2]), *to = command_cpu(its, c->words[3]);

	if (from && to) {
		gic_lpi_move_all(from, to);
	}
}

static void change_event(struct gic_its *its, const struct its_command *c, enum its_opcode opcode)
{
	struct its_event event;

	if (!find_event(its, command_device(c), command_event(c), &event)) {
		return;
	}
	switch (opcode) {
	case ITS_INT:
		gic_lpi_set_pending(event.cpu, event.intid, true);
		break;
	case ITS_INV:
		gic_lpi_reload(its->gic, event.cpu, event.intid);
		break;
	default: /* CLEAR, DISCARD */
		gic_lpi_set_pending(event.cpu, event.intid, false);
		break;
	}
	if (opcode == ITS_DISCARD) {
		write_entry(its, event.gpa, 0);
	}
}

static void invalidate_collection(struct gic_its *its, const struct its_command *c)
{
	struct gic_cpu *cpu = find_collection(its, command_icid(c));

	if (cpu) {
		gic_lpi_reload_all(its->gic, cpu);
	}
}

void its_execute(struct gic_its *its, const struct its_command *c)
{
	enum its_opcode opcode = c->words[0] & 0xff;

	switch (opcode) {
	case ITS_MOVI:
		move_event(its, c);
		break;
	case ITS_MAPD:
		map_device(its, c);
		break;
	case ITS_MAPC:
		map_collection(its, c);
		break;
	case ITS_MAPTI:
		map_event(its, c, (uint32_t)(c->words[1] >> 32));
		break;
	case ITS_MAPI:
		map_event(its, c, command_event(c));
		break;
	case ITS_INVALL:
		invalidate_collection(its, c);
		break;
	case ITS_MOVALL:
		move_all(its, c);
		break;
	case ITS_INT:
	case ITS_CLEAR:
	case ITS_INV:
	case ITS_DISCARD:
		change_event(its, c, opcode);
		break;
	case ITS_SYNC:
	default:
		break;
	}
}

void its_signal(struct gic_its *its, uint32_t device, uint32_t event)
{
	struct its_event found;

	if (find_event(its, device, event, &found)) {
		gic_lpi_set_pending(found.cpu, found.intid, true);
	}
}
