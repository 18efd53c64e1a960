// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_ack.c - acknowledge, priority drop, deactivation: what a CPU does with an interrupt.
 */
#include "gic_internal.h"

unsigned int gic_highest(struct gic *gic, struct gic_cpu *cpu, unsigned int group)
{
	unsigned int found = 0;
	unsigned int intid = gic_best_pending(gic, cpu, &found);

	return intid != GIC_SPURIOUS && found == group ? intid : GIC_SPURIOUS;
}

/* The part of a priority that decides about preemption. */
static unsigned int gic_group_priority(const struct gic_cpu *cpu, unsigned int priority,
				       unsigned int group)
{
	unsigned int bpr = group == 0 || cpu->cbpr ? cpu->bpr[0] : cpu->bpr[1] - 1;

	return priority & ~((2u << bpr) - 1) & 0xff;
}

/* Only the group priority decides about preemption (IHI 0069 4.8.4). */
bool gic_can_preempt(const struct gic_cpu *cpu, unsigned int priority, unsigned int group)
{
	return priority < cpu->pmr &&
	       gic_group_priority(cpu, priority, group) < gic_running_priority(cpu);
}

/* LPIs have no active state. */
static void gic_activate(struct gic *gic, struct gic_cpu *cpu, unsigned int intid)
{
	uint32_t bit = 1u << (intid % 32);

	if (gic_is_lpi(intid)) {
		gic_lpi_set_pending(cpu, intid, false);
	} else {
		gic_bank_of(gic, cpu, intid)->active[intid / 32] |= bit;
		gic_bank_of(gic, cpu, intid)->latch[intid / 32] &= ~bit;
	}
}

unsigned int gic_acknowledge(struct gic *gic, struct gic_cpu *cpu, unsigned int group)
{
	unsigned int intid = gic_highest(gic, cpu, group);
	unsigned int priority;

	if (intid == GIC_SPURIOUS) {
		return GIC_SPURIOUS;
	}
	priority = gic_priority(gic, cpu, intid);
	if (!gic_can_preempt(cpu, priority, group)) {
		return GIC_SPURIOUS;
	}
	gic_activate(gic, cpu, intid);
	cpu->active_priorities[group] |= 1u << (gic_group_priority(cpu, priority, group) >> 3);
	gic_update_targets(gic, cpu, intid);
	return intid;
}

void gic_deactivate(struct gic *gic, struct gic_cpu *cpu, unsigned int intid)
{
	if (intid >= gic->config.nr_irqs) {
		return;
	}
	gic_bank_of(gic, cpu, intid)->active[intid / 32] &= ~(1u << (intid % 32));
	if (intid >= GIC_NR_PRIVATE) {
		gic_update_all(gic); /* it may be routed elsewhere by now */
	}
}

void gic_end(struct gic *gic, struct gic_cpu *cpu, unsigned int intid, unsigned int group)
{
	uint32_t *active = &cpu->active_priorities[group];

	if (intid >= GIC_MAX_IRQS && !gic_is_lpi(intid)) {
		return;
	}
	*active &= *active - 1;
	if (!cpu->eoi_mode) {
		gic_deactivate(gic, cpu, intid);
	}
	gic_update_cpu(gic, cpu);
}
