// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_lpi.c - LPIs in the redistributors: their registers, configuration, which one is best
 * (IHI 0069 5.1).
 *
 * LPIs are INTIDs from 8192 up, of group 1, edges without an active state. The tables that the
 * guest gives are read when LPIs are switched on and when an ITS is told that they changed; in
 * between the configuration is gic->lpi_config, one for all redistributors, and what is pending is
 * a bitmap for each. Addresses that are not memory read as zeros, and what is written there is
 * lost.
 */
#include <stdlib.h>
#include <string.h>

#include "gic_internal.h"

#define GICR_CTLR      0x0000
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078

#define CTLR_ENABLE_LPIS 1u
#define CTLR_CES         2u /* EnableLPIs can be cleared */

#define PROPBASER_MASK 0x070fffffffffff9full
#define PENDBASER_MASK 0x070fffffffff0f80ull
#define PENDBASER_PTZ  (1ull << 62) /* the table is zero */
#define ID_BITS_MASK   0x1full

#define CONFIG_ENABLED 1u

bool gic_lpi_create(struct gic *gic)
{
	gic->lpi_config = calloc(1, GIC_NR_LPIS);
	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		gic->cpus[i].lpis = calloc(1, sizeof(*gic->cpus[i].lpis));
		if (!gic->cpus[i].lpis) {
			return false;
		}
		gic->cpus[i].lpis->best = GIC_SPURIOUS;
	}
	return gic->lpi_config;
}

void gic_lpi_destroy(struct gic *gic)
{
	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		free(gic->cpus[i].lpis);
	}
	free(gic->lpi_config);
}

unsigned int gic_lpi_priority(const struct gic *gic, unsigned int intid)
{
	return gic->lpi_config[intid - GIC_FIRST_LPI] & GIC_PRIORITY_MASK;
}

/* How many of them the guest's tables have room for. */
static unsigned int lpi_count(const struct gic_lpis *lpis)
{
	uint64_t end = 2ull << (lpis->propbaser & ID_BITS_MASK);

	if (end <= GIC_FIRST_LPI) {
		return 0;
	}
	return end < GIC_END_LPI ? (unsigned int)end - GIC_FIRST_LPI : GIC_NR_LPIS;
}

static void lpi_find_best(struct gic *gic, struct gic_lpis *lpis)
{
	unsigned int best_priority = GIC_IDLE_PRIORITY;

	lpis->best = GIC_SPURIOUS;
	lpis->stale = false;
	for (unsigned int word = 0; word < GIC_NR_LPIS / 32; word++) {
		for (uint32_t bits = lpis->pending[word]; bits; bits &= bits - 1) {
			unsigned int n = word * 32 + (unsigned int)__builtin_ctz(bits);
			uint8_t config = gic->lpi_config[n];

			if ((config & CONFIG_ENABLED) &&
			    (config & GIC_PRIORITY_MASK) < best_priority) {
				best_priority = config & GIC_PRIORITY_MASK;
				lpis->best = GIC_FIRST_LPI + n;
			}
		}
	}
}

unsigned int gic_lpi_best(struct gic *gic, struct gic_cpu *cpu)
{
	if (!cpu->lpis || !cpu->lpis->enabled) {
		return GIC_SPURIOUS;
	}
	if (cpu->lpis->stale) {
		lpi_find_best(gic, cpu->lpis);
	}
	return cpu->lpis->best;
}

bool gic_lpi_is_pending(const struct gic_cpu *cpu, unsigned int intid)
{
	unsigned int n = intid - GIC_FIRST_LPI;

	return cpu->lpis->pending[n / 32] >> (n % 32) & 1;
}

void gic_lpi_set_pending(struct gic_cpu *cpu, unsigned int intid, bool pending)
{
	unsigned int n = intid - GIC_FIRST_LPI;

	if (!cpu->lpis->enabled || n >= lpi_count(cpu->lpis)) {
		return;
	}
	if (pending) {
		cpu->lpis->pending[n / 32] |= 1u << (n % 32);
	} else {
		cpu->lpis->pending[n / 32] &= ~(1u << (n % 32));
	}
	cpu->lpis->stale = true;
}

void gic_lpi_move_all(struct gic_cpu *from, struct gic_cpu *to)
{
	if (from == to || !from->lpis->enabled || !to->lpis->enabled) {
		return;
	}
	for (unsigned int word = 0; word < GIC_NR_LPIS / 32; word++) {
		to->lpis->pending[word] |= from->lpis->pending[word];
		from->lpis->pending[word] = 0;
	}
	from->lpis->stale = true;
	to->lpis->stale = true;
}

static void lpi_config_changed(struct gic *gic)
{
	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		gic->cpus[i].lpis->stale = true;
	}
}

static uint64_t lpi_config_address(const struct gic_lpis *lpis)
{
	return lpis->propbaser & 0x000ffffffffff000ull; /* of INTID 8192 */
}

void gic_lpi_reload(struct gic *gic, struct gic_cpu *cpu, unsigned int intid)
{
	unsigned int n = intid - GIC_FIRST_LPI;

	if (cpu->lpis->enabled && n < lpi_count(cpu->lpis) &&
	    gic_read_memory(gic, lpi_config_address(cpu->lpis) + n, &gic->lpi_config[n], 1)) {
		lpi_config_changed(gic);
	}
}

void gic_lpi_reload_all(struct gic *gic, struct gic_cpu *cpu)
{
	if (cpu->lpis->enabled && gic_read_memory(gic, lpi_config_address(cpu->lpis),
						  gic->lpi_config, lpi_count(cpu->lpis))) {
		lpi_config_changed(gic);
	}
}

/* A bit for each INTID; what lies before LPIs is not used. */
static uint64_t lpi_pending_address(const struct gic_lpis *lpis)
{
	return (lpis->pendbaser & 0x000fffffffff0000ull) + GIC_FIRST_LPI / 8;
}

static void lpi_enable(struct gic *gic, struct gic_cpu *cpu)
{
	struct gic_lpis *lpis = cpu->lpis;

	lpis->enabled = true;
	if (!(lpis->pendbaser & PENDBASER_PTZ)) {
		gic_read_memory(gic, lpi_pending_address(lpis), lpis->pending, lpi_count(lpis) / 8);
	}
	gic_lpi_reload_all(gic, cpu);
	lpis->stale = true;
}

static void lpi_disable(struct gic *gic, struct gic_cpu *cpu)
{
	struct gic_lpis *lpis = cpu->lpis;

	gic_write_memory(gic, lpi_pending_address(lpis), lpis->pending, lpi_count(lpis) / 8);
	memset(lpis->pending, 0, sizeof(lpis->pending));
	lpis->enabled = false;
	lpis->pendbaser &= ~PENDBASER_PTZ;
}

/* The register that holds this offset, or NULL. */
static uint64_t *lpi_register(struct gic_lpis *lpis, unsigned int offset)
{
	switch (offset & ~7u) {
	case GICR_PROPBASER:
		return &lpis->propbaser;
	case GICR_PENDBASER:
		return &lpis->pendbaser;
	default:
		return NULL;
	}
}

uint64_t gic_lpi_read(struct gic_cpu *cpu, unsigned int offset, unsigned int size)
{
	const uint64_t *reg = cpu->lpis ? lpi_register(cpu->lpis, offset) : NULL;

	if (reg && size >= 4) {
		return gic_get_part(*reg & ~PENDBASER_PTZ, offset, size);
	}
	if (cpu->lpis && offset == GICR_CTLR && size == 4) {
		return CTLR_CES | (cpu->lpis->enabled ? CTLR_ENABLE_LPIS : 0);
	}
	return 0;
}

void gic_lpi_write(struct gic *gic, struct gic_cpu *cpu, unsigned int offset, uint64_t val,
		   unsigned int size)
{
	uint64_t *reg = cpu->lpis ? lpi_register(cpu->lpis, offset) : NULL;

	if (reg && size >= 4 && !cpu->lpis->enabled) {
		gic_set_part(reg, offset, val, size);
		*reg &= reg == &cpu->lpis->propbaser ? PROPBASER_MASK
						     : PENDBASER_MASK | PENDBASER_PTZ;
	} else if (cpu->lpis && offset == GICR_CTLR && size == 4 &&
		   !!(val & CTLR_ENABLE_LPIS) != cpu->lpis->enabled) {
		if (val & CTLR_ENABLE_LPIS) {
			lpi_enable(gic, cpu);
		} else {
			lpi_disable(gic, cpu);
		}
	}
}
