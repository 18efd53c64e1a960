// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic.c - the GIC's core: which interrupt is pending for whom, and the lines to the CPUs.
 */
#include <stdlib.h>
#include <string.h>

#include "gic_internal.h"

#define AFFINITY_MASK 0xff00ffffffull
#define ROUTE_ANY     (1ull << 31) /* GICD_IROUTER.Interrupt_Routing_Mode */

struct gic_bank *gic_bank_of(struct gic *gic, struct gic_cpu *cpu, unsigned int intid)
{
	return intid < GIC_NR_PRIVATE ? &cpu->private : &gic->shared;
}

unsigned int gic_priority(struct gic *gic, struct gic_cpu *cpu, unsigned int intid)
{
	return gic_is_lpi(intid) ? gic_lpi_priority(gic, intid)
				 : gic_bank_of(gic, cpu, intid)->priority[intid];
}

/* May the CPU take this shared interrupt? */
static bool gic_is_target(const struct gic *gic, unsigned int intid, unsigned int cpu)
{
	return gic->config.version == 2 ? gic->targets[intid] >> cpu & 1
					: gic->target[intid] == cpu;
}

/* Interrupts of one word that could be signalled, by what the distributor enables. */
static uint32_t gic_candidates(const struct gic *gic, const struct gic_cpu *cpu,
			       const struct gic_bank *bank, unsigned int word)
{
	uint32_t groups = 0;

	if ((gic->ctlr & 1) && cpu->group_enabled[0]) {
		groups |= ~bank->group[word];
	}
	if ((gic->ctlr & 2) && cpu->group_enabled[1]) {
		groups |= bank->group[word];
	}
	return gic_pending_word(bank, word) & bank->enabled[word] & ~bank->active[word] & groups;
}

/* gic_best_pending() among interrupts that have a bank. */
static unsigned int gic_best_banked(struct gic *gic, struct gic_cpu *cpu, unsigned int *group)
{
	unsigned int index = (unsigned int)(cpu - gic->cpus);
	unsigned int best = GIC_SPURIOUS;
	unsigned int best_priority = GIC_IDLE_PRIORITY;

	for (unsigned int word = 0; word < gic->config.nr_irqs / 32; word++) {
		const struct gic_bank *bank = word ? &gic->shared : &cpu->private;
		uint32_t bits = gic_candidates(gic, cpu, bank, word);

		for (; bits; bits &= bits - 1) {
			unsigned int bit = (unsigned int)__builtin_ctz(bits);
			unsigned int intid = word * 32 + bit;

			if (word && !gic_is_target(gic, intid, index)) {
				continue;
			}
			if (bank->priority[intid] < best_priority) {
				best_priority = bank->priority[intid];
				best = intid;
				*group = bank->group[word] >> bit & 1;
			}
		}
	}
	return best;
}

unsigned int gic_best_pending(struct gic *gic, struct gic_cpu *cpu, unsigned int *group)
{
	unsigned int best = gic_best_banked(gic, cpu, group);
	unsigned int lpi = GIC_SPURIOUS;

	if ((gic->ctlr & 2) && cpu->group_enabled[1]) {
		lpi = gic_lpi_best(gic, cpu);
	}
	if (lpi == GIC_SPURIOUS ||
	    (best != GIC_SPURIOUS && gic_priority(gic, cpu, best) <= gic_lpi_priority(gic, lpi))) {
		return best;
	}
	*group = 1;
	return lpi;
}

unsigned int gic_running_priority(const struct gic_cpu *cpu)
{
	uint32_t active = cpu->active_priorities[0] | cpu->active_priorities[1];

	return active ? (unsigned int)__builtin_ctz(active) * 8 : GIC_IDLE_PRIORITY;
}

void gic_update_cpu(struct gic *gic, struct gic_cpu *cpu)
{
	unsigned int group = 0;
	unsigned int intid = gic_best_pending(gic, cpu, &group);
	uint32_t lines = 0;

	if (intid != GIC_SPURIOUS && gic_can_preempt(cpu, gic_priority(gic, cpu, intid), group)) {
		lines = group == 0 && cpu->fiq ? GIC_LINE_FIQ : GIC_LINE_IRQ;
	}
	if (lines != cpu->lines) {
		cpu->lines = lines;
		gic->config.set_lines(gic->config.context, (unsigned int)(cpu - gic->cpus), lines);
	}
}

void gic_update_all(struct gic *gic)
{
	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		gic_update_cpu(gic, &gic->cpus[i]);
	}
}

void gic_update_targets(struct gic *gic, struct gic_cpu *cpu, unsigned int intid)
{
	if (gic->config.version == 2 && intid >= GIC_NR_PRIVATE) {
		gic_update_all(gic);
	} else {
		gic_update_cpu(gic, cpu);
	}
}

void gic_update_route(struct gic *gic, unsigned int intid)
{
	gic->target[intid] = GIC_NO_TARGET;
	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		if ((gic->route[intid] & ROUTE_ANY) ||
		    gic->cpus[i].mpidr == (gic->route[intid] & AFFINITY_MASK)) {
			gic->target[intid] = (uint8_t)i;
			return;
		}
	}
}

static void gic_reset_cpu_locked(const struct gic *gic, struct gic_cpu *cpu)
{
	uint32_t level = cpu->private.level[0];

	memset(&cpu->private, 0, sizeof(cpu->private));
	cpu->private.level[0] = level;
	cpu->private.edge[0] = 0xffff; /* SGIs */
	cpu->waker = 6;                /* ProcessorSleep, ChildrenAsleep */
	cpu->pmr = 0;
	cpu->bpr[0] = GIC_MIN_BPR;
	cpu->bpr[1] = GIC_MIN_BPR + 1;
	memset(cpu->active_priorities, 0, sizeof(cpu->active_priorities));
	memset(cpu->group_enabled, 0, sizeof(cpu->group_enabled));
	memset(cpu->sgi_sources, 0, sizeof(cpu->sgi_sources));
	cpu->eoi_mode = false;
	cpu->cbpr = false;
	cpu->ack_ctl = false;
	cpu->fiq = gic->config.version == 3;
}

void gic_reset_cpu(struct gic *gic, unsigned int cpu)
{
	pthread_mutex_lock(&gic->lock);
	gic_reset_cpu_locked(gic, &gic->cpus[cpu]);
	gic_update_cpu(gic, &gic->cpus[cpu]);
	pthread_mutex_unlock(&gic->lock);
}

/* The CPU whose thread this is: banked registers are its own. */
static _Thread_local unsigned int gic_this_cpu;

void gic_set_this_cpu(unsigned int cpu)
{
	gic_this_cpu = cpu;
}

struct gic_cpu *gic_banked_cpu(struct gic *gic)
{
	return &gic->cpus[gic_this_cpu < gic->config.nr_cpus ? gic_this_cpu : 0];
}

struct gic *gic_create(const struct gic_config *config)
{
	struct gic *gic;

	if (config->nr_cpus == 0 ||
	    config->nr_cpus > (config->version == 2 ? GICV2_MAX_CPUS : GIC_NO_TARGET - 1) ||
	    config->nr_irqs < GIC_NR_PRIVATE || config->nr_irqs > 1024 || config->nr_irqs % 32) {
		return NULL;
	}
	gic = calloc(1, sizeof(*gic));
	if (!gic) {
		return NULL;
	}
	gic->cpus = calloc(config->nr_cpus, sizeof(*gic->cpus));
	if (!gic->cpus) {
		free(gic);
		return NULL;
	}
	gic->config = *config;
	gic->config.mpidrs = NULL;
	pthread_mutex_init(&gic->lock, NULL);
	for (unsigned int i = 0; i < config->nr_cpus; i++) {
		gic->cpus[i].mpidr = config->mpidrs[i] & AFFINITY_MASK;
		gic_reset_cpu_locked(gic, &gic->cpus[i]);
	}
	if (config->read_memory && !gic_lpi_create(gic)) {
		gic_destroy(gic);
		return NULL;
	}
	for (unsigned int intid = GIC_NR_PRIVATE; intid < config->nr_irqs; intid++) {
		gic->targets[intid] = config->nr_cpus == 1;
		gic_update_route(gic, intid);
	}
	return gic;
}

void gic_destroy(struct gic *gic)
{
	if (gic) {
		pthread_mutex_destroy(&gic->lock);
		gic_lpi_destroy(gic);
		free(gic->cpus);
		free(gic);
	}
}

/* An input line changed: an edge-triggered interrupt latches the rise. True if anything changed. */
static bool gic_set_level(struct gic_bank *bank, unsigned int intid, bool level)
{
	unsigned int word = intid / 32;
	uint32_t bit = 1u << (intid % 32);

	if (!!(bank->level[word] & bit) == level) {
		return false;
	}
	bank->level[word] ^= bit;
	if (level && (bank->edge[word] & bit)) {
		bank->latch[word] |= bit;
	}
	return true;
}

void gic_set_ppi(struct gic *gic, unsigned int cpu, unsigned int intid, bool level)
{
	pthread_mutex_lock(&gic->lock);
	if (gic_set_level(&gic->cpus[cpu].private, intid, level)) {
		gic_update_cpu(gic, &gic->cpus[cpu]);
	}
	pthread_mutex_unlock(&gic->lock);
}

void gic_set_spi(struct gic *gic, unsigned int spi, bool level)
{
	unsigned int intid = GIC_NR_PRIVATE + spi;

	if (spi >= gic->config.nr_irqs - GIC_NR_PRIVATE || intid >= GIC_MAX_IRQS) {
		return;
	}
	pthread_mutex_lock(&gic->lock);
	if (gic_set_level(&gic->shared, intid, level)) {
		if (gic->config.version == 2) {
			gic_update_all(gic);
		} else if (gic->target[intid] != GIC_NO_TARGET) {
			gic_update_cpu(gic, &gic->cpus[gic->target[intid]]);
		}
	}
	pthread_mutex_unlock(&gic->lock);
}
