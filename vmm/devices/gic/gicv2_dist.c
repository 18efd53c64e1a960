// SPDX-License-Identifier: BSD-3-Clause
/*
 * gicv2_dist.c - MMIO of a GICv2's distributor (IHI 0048B 4.3).
 *
 * The registers of interrupts 0 to 31 are banked: each CPU sees its own. An SGI is pending once for
 * each CPU that sent it; the pending bit is the sum of these.
 */
#include "gic_internal.h"

#define GICD_CTLR      0x000
#define GICD_TYPER     0x004
#define GICD_IIDR      0x008
#define GICD_ISPENDR0  0x200
#define GICD_ICPENDR0  0x280
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR     0xc00
#define GICD_SGIR      0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_SPENDSGIR 0xf20
#define GICD_SGI_END   0xf30
#define GICD_PIDR2     0xfe8

#define NO_REGISTER 0xffc

#define NR_SGIS      16
#define CTLR_ENABLES 3u
#define IIDR_VALUE   0x0000043bu
#define PIDR2_V2     0x2bu

enum sgi_filter {
	SGI_TO_LIST,
	SGI_TO_OTHERS,
	SGI_TO_SELF,
};

static struct gic_frame private_frame(struct gic_cpu *cpu)
{
	return (struct gic_frame){.bank = &cpu->private, .nr = GIC_NR_PRIVATE};
}

static struct gic_frame shared_frame(struct gic *gic)
{
	return (struct gic_frame){
		.bank = &gic->shared,
		.first = GIC_NR_PRIVATE,
		.nr = gic->config.nr_irqs - GIC_NR_PRIVATE,
	};
}

static unsigned int cpu_index(const struct gic *gic, const struct gic_cpu *cpu)
{
	return (unsigned int)(cpu - gic->cpus);
}

/* GICD_ITARGETSR<n>: one CPU alone needs no targets; private interrupts have their own CPU. */
static uint32_t read_target(const struct gic *gic, const struct gic_cpu *cpu, unsigned int intid)
{
	if (gic->config.nr_cpus == 1 || intid >= gic->config.nr_irqs) {
		return 0;
	}
	return intid < GIC_NR_PRIVATE ? 1u << cpu_index(gic, cpu) : gic->targets[intid];
}

static void write_target(struct gic *gic, unsigned int intid, uint8_t cpus)
{
	if (gic->config.nr_cpus > 1 && intid >= GIC_NR_PRIVATE && intid < gic->config.nr_irqs) {
		gic->targets[intid] = cpus & ((1u << gic->config.nr_cpus) - 1);
	}
}

static void set_sgi(struct gic_cpu *cpu, unsigned int intid, unsigned int sources)
{
	cpu->sgi_sources[intid] = (uint8_t)sources;
	if (sources) {
		cpu->private.latch[0] |= 1u << intid;
	} else {
		cpu->private.latch[0] &= ~(1u << intid);
	}
}

/* GICD_SGIR: filter in 25:24, targets in 23:16, the interrupt in 3:0. */
static void send_sgi(struct gic *gic, unsigned int sender, uint32_t val)
{
	unsigned int intid = val % NR_SGIS;
	unsigned int filter = val >> 24 & 3;

	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		struct gic_cpu *cpu = &gic->cpus[i];

		if ((filter == SGI_TO_LIST && (val >> (16 + i) & 1)) ||
		    (filter == SGI_TO_OTHERS && i != sender) ||
		    (filter == SGI_TO_SELF && i == sender)) {
			set_sgi(cpu, intid, cpu->sgi_sources[intid] | 1u << sender);
		}
	}
}

/* The registers of one byte for each interrupt that only a GICv2 has. */
static bool is_bytes(unsigned int offset)
{
	return (offset >= GICD_ITARGETSR && offset < GICD_ICFGR) ||
	       (offset >= GICD_CPENDSGIR && offset < GICD_SGI_END);
}

static uint32_t read_byte(const struct gic *gic, const struct gic_cpu *cpu, unsigned int offset)
{
	return offset < GICD_ICFGR ? read_target(gic, cpu, offset - GICD_ITARGETSR)
				   : cpu->sgi_sources[offset % NR_SGIS];
}

static void write_byte(struct gic *gic, struct gic_cpu *cpu, unsigned int offset, uint8_t val)
{
	unsigned int intid = offset % NR_SGIS;

	if (offset < GICD_ICFGR) {
		write_target(gic, offset - GICD_ITARGETSR, val);
	} else if (offset < GICD_SPENDSGIR) {
		set_sgi(cpu, intid, cpu->sgi_sources[intid] & ~val);
	} else {
		set_sgi(cpu, intid,
			cpu->sgi_sources[intid] | (val & ((1u << gic->config.nr_cpus) - 1)));
	}
}

static uint64_t dist_read_locked(struct gic *gic, unsigned int offset, unsigned int size)
{
	struct gic_cpu *cpu = gic_banked_cpu(gic);
	struct gic_frame private = private_frame(cpu), shared = shared_frame(gic);
	uint64_t val = 0;

	if (is_bytes(offset)) {
		for (unsigned int i = 0; i < size; i++) {
			val |= (uint64_t)read_byte(gic, cpu, offset + i) << (8 * i);
		}
		return val;
	}
	switch (size == 4 ? offset : NO_REGISTER) {
	case GICD_CTLR:
		return gic->ctlr;
	case GICD_TYPER:
		return (gic->config.nr_irqs / 32 - 1) | (gic->config.nr_cpus - 1) << 5;
	case GICD_IIDR:
		return IIDR_VALUE;
	case GICD_PIDR2:
		return PIDR2_V2;
	default: /* neither has what the other shows */
		return gic_frame_read(&private, offset, size) |
		       gic_frame_read(&shared, offset, size);
	}
}

static void dist_write_locked(struct gic *gic, unsigned int offset, uint64_t val, unsigned int size)
{
	struct gic_cpu *cpu = gic_banked_cpu(gic);
	struct gic_frame private = private_frame(cpu), shared = shared_frame(gic);

	if (is_bytes(offset)) {
		for (unsigned int i = 0; i < size; i++) {
			write_byte(gic, cpu, offset + i, (uint8_t)(val >> (8 * i)));
		}
		return;
	}
	switch (size == 4 ? offset : NO_REGISTER) {
	case GICD_CTLR:
		gic->ctlr = val & CTLR_ENABLES;
		break;
	case GICD_SGIR:
		send_sgi(gic, cpu_index(gic, cpu), (uint32_t)val);
		break;
	case GICD_ISPENDR0: /* read-only for SGIs */
	case GICD_ICPENDR0:
		gic_frame_write(&private, offset, val & ~0xffffull, size);
		break;
	default:
		gic_frame_write(&private, offset, val, size);
		gic_frame_write(&shared, offset, val, size);
		break;
	}
}

static bool access_valid(uint64_t offset, unsigned int size)
{
	return offset < GICV2_DIST_SIZE && size <= 4 && !(offset % size);
}

static uint64_t dist_read(void *device, uint64_t offset, unsigned int size)
{
	struct gic *gic = device;
	uint64_t val = 0;

	if (access_valid(offset, size)) {
		pthread_mutex_lock(&gic->lock);
		val = dist_read_locked(gic, (unsigned int)offset, size);
		pthread_mutex_unlock(&gic->lock);
	}
	return val;
}

static void dist_write(void *device, uint64_t offset, uint64_t val, unsigned int size)
{
	struct gic *gic = device;

	if (access_valid(offset, size)) {
		pthread_mutex_lock(&gic->lock);
		dist_write_locked(gic, (unsigned int)offset, val, size);
		gic_update_all(gic);
		pthread_mutex_unlock(&gic->lock);
	}
}

const struct bus_ops gicv2_dist_ops = {
	.read = dist_read,
	.write = dist_write,
};
