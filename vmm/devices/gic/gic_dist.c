// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_dist.c - MMIO of the distributor and the redistributors (IHI 0069 12.9 to 12.11).
 *
 * Registers by interrupt are in gic_frame.c. Reserved registers read as
 * zero and ignore writes; so do accesses that are misaligned or of an unsupported size.
 */
#include "gic_internal.h"

#define GICD_CTLR       0x0000
#define GICD_TYPER      0x0004
#define GICD_IIDR       0x0008
#define GICD_SETSPI_NSR 0x0040
#define GICD_CLRSPI_NSR 0x0048
#define GICD_IROUTER    0x6000
#define GIC_PIDR2       0xffe8

#define GICR_IIDR     0x0004
#define GICR_TYPER    0x0008
#define GICR_WAKER    0x0014
#define GICR_SGI_BASE 0x10000

#define NO_REGISTER 0xfffc

#define CTLR_ENABLES 3u
#define CTLR_FIXED   0x50u /* DS, ARE */
#define IIDR_VALUE   0x0000043bu
#define PIDR2_V3     0x3bu

#define TYPER_MBIS    (1u << 16)
#define TYPER_ID_BITS (9u << 19)
#define TYPER_LPIS    (1u << 17 | 15u << 19) /* instead: LPIs, 16 bits of INTID */
#define TYPER_NO_1N   (1u << 25)

/* Is this an access the architecture defines? Bytes only for priorities, 8 bytes for 64-bit ones.
 */
static bool access_valid(uint64_t offset, unsigned int size)
{
	return !(offset % size);
}

static struct gic_frame dist_frame(struct gic *gic)
{
	return (struct gic_frame){
		.bank = &gic->shared,
		.first = GIC_NR_PRIVATE,
		.nr = gic->config.nr_irqs - GIC_NR_PRIVATE,
	};
}

static bool dist_is_router(unsigned int offset)
{
	return offset >= GICD_IROUTER + 8 * GIC_NR_PRIVATE &&
	       offset < GICD_IROUTER + 8 * GIC_MAX_IRQS;
}

static uint64_t dist_read_locked(struct gic *gic, unsigned int offset, unsigned int size)
{
	struct gic_frame frame = dist_frame(gic);

	if (dist_is_router(offset) && size >= 4) {
		uint64_t route = gic->route[(offset - GICD_IROUTER) / 8];

		return gic_get_part(route, offset, size);
	}
	switch (size == 4 ? offset : NO_REGISTER) {
	case GICD_CTLR:
		return gic->ctlr | CTLR_FIXED;
	case GICD_TYPER:
		return (gic->config.nr_irqs / 32 - 1) | TYPER_MBIS | TYPER_NO_1N |
		       (gic->lpi_config ? TYPER_LPIS : TYPER_ID_BITS);
	case GICD_IIDR:
		return IIDR_VALUE;
	case GIC_PIDR2:
		return PIDR2_V3;
	default:
		return gic_frame_read(&frame, offset, size);
	}
}

/* Message-based SPIs: an edge, or a level held until CLRSPI (IHI 0069 12.9.24). */
static void dist_message(struct gic *gic, unsigned int intid, bool set)
{
	uint32_t bit = 1u << (intid % 32);

	if (intid < GIC_NR_PRIVATE || intid >= gic->config.nr_irqs || intid >= GIC_MAX_IRQS) {
		return;
	}
	if (set) {
		gic->shared.latch[intid / 32] |= bit;
	} else {
		gic->shared.latch[intid / 32] &= ~bit;
	}
}

static void dist_write_route(struct gic *gic, unsigned int offset, uint64_t val, unsigned int size)
{
	unsigned int intid = (offset - GICD_IROUTER) / 8;

	gic_set_part(&gic->route[intid], offset, val, size);
	gic->route[intid] &= 0xff80ffffffull;
	gic_update_route(gic, intid);
}

static void dist_write_locked(struct gic *gic, unsigned int offset, uint64_t val, unsigned int size)
{
	struct gic_frame frame = dist_frame(gic);

	if (dist_is_router(offset)) {
		if (size >= 4) {
			dist_write_route(gic, offset, val, size);
		}
		return;
	}
	switch (size == 4 ? offset : NO_REGISTER) {
	case GICD_CTLR:
		gic->ctlr = val & CTLR_ENABLES;
		break;
	case GICD_SETSPI_NSR:
		dist_message(gic, val & 0x3ff, true);
		break;
	case GICD_CLRSPI_NSR:
		dist_message(gic, val & 0x3ff, false);
		break;
	default:
		gic_frame_write(&frame, offset, val, size);
		break;
	}
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

const struct bus_ops gic_dist_ops = {
	.read = dist_read,
	.write = dist_write,
};

/* Affinity in 63:32, processor number in 23:8, Last in bit 4, LPIs in bit 0. */
static uint64_t redist_typer(const struct gic *gic, const struct gic_cpu *cpu)
{
	uint64_t index = (uint64_t)(cpu - gic->cpus);
	uint64_t affinity = (cpu->mpidr >> 8 & 0xff000000u) | (cpu->mpidr & 0xffffffu);

	return affinity << 32 | index << 8 | (index == gic->config.nr_cpus - 1 ? 1u << 4 : 0) |
	       (cpu->lpis ? 1 : 0);
}

static uint64_t redist_read_locked(struct gic *gic, struct gic_cpu *cpu, unsigned int offset,
				   unsigned int size)
{
	struct gic_frame frame = {.bank = &cpu->private, .first = 0, .nr = GIC_NR_PRIVATE};

	if (offset >= GICR_SGI_BASE) {
		return gic_frame_read(&frame, offset - GICR_SGI_BASE, size);
	}
	if (offset == GICR_TYPER && size == 8) {
		return redist_typer(gic, cpu);
	}
	switch (size == 4 ? offset : NO_REGISTER) {
	case GICR_IIDR:
		return IIDR_VALUE;
	case GICR_TYPER:
		return (uint32_t)redist_typer(gic, cpu);
	case GICR_TYPER + 4:
		return redist_typer(gic, cpu) >> 32;
	case GICR_WAKER:
		return cpu->waker;
	case GIC_PIDR2:
		return PIDR2_V3;
	default:
		return gic_lpi_read(cpu, offset, size);
	}
}

static void redist_write_locked(struct gic *gic, struct gic_cpu *cpu, unsigned int offset,
				uint64_t val, unsigned int size)
{
	struct gic_frame frame = {.bank = &cpu->private, .first = 0, .nr = GIC_NR_PRIVATE};

	if (offset >= GICR_SGI_BASE) {
		gic_frame_write(&frame, offset - GICR_SGI_BASE, val, size);
	} else if (offset == GICR_WAKER && size == 4) {
		/* ChildrenAsleep follows ProcessorSleep at once. */
		cpu->waker = val & 2 ? 6 : 0;
	} else {
		gic_lpi_write(gic, cpu, offset, val, size);
	}
}

static uint64_t redist_read(void *device, uint64_t offset, unsigned int size)
{
	struct gic *gic = device;
	uint64_t index = offset / GIC_REDIST_SIZE;
	uint64_t val = 0;

	if (index < gic->config.nr_cpus && access_valid(offset, size)) {
		pthread_mutex_lock(&gic->lock);
		val = redist_read_locked(gic, &gic->cpus[index],
					 (unsigned int)(offset % GIC_REDIST_SIZE), size);
		pthread_mutex_unlock(&gic->lock);
	}
	return val;
}

static void redist_write(void *device, uint64_t offset, uint64_t val, unsigned int size)
{
	struct gic *gic = device;
	uint64_t index = offset / GIC_REDIST_SIZE;

	if (index < gic->config.nr_cpus && access_valid(offset, size)) {
		pthread_mutex_lock(&gic->lock);
		redist_write_locked(gic, &gic->cpus[index],
				    (unsigned int)(offset % GIC_REDIST_SIZE), val, size);
		gic_update_cpu(gic, &gic->cpus[index]);
		pthread_mutex_unlock(&gic->lock);
	}
}

const struct bus_ops gic_redist_ops = {
	.read = redist_read,
	.write = redist_write,
};
