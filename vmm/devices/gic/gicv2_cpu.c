// SPDX-License-Identifier: BSD-3-Clause
/*
 * gicv2_cpu.c - MMIO of a GICv2's CPU interfaces (IHI 0048B 4.4), without Security Extensions.
 *
 * All are at the same address: each CPU sees its own. GICC_IAR and its relatives are for group 0,
 * and with GICC_CTLR.AckCtl for any; their aliases are for group 1.
 */
#include "gic_internal.h"

#define GICC_CTLR   0x0000
#define GICC_PMR    0x0004
#define GICC_BPR    0x0008
#define GICC_IAR    0x000c
#define GICC_EOIR   0x0010
#define GICC_RPR    0x0014
#define GICC_HPPIR  0x0018
#define GICC_ABPR   0x001c
#define GICC_AIAR   0x0020
#define GICC_AEOIR  0x0024
#define GICC_AHPPIR 0x0028
#define GICC_APR0   0x00d0
#define GICC_NSAPR0 0x00e0
#define GICC_IIDR   0x00fc
#define GICC_DIR    0x1000

#define CTLR_GROUP0   (1u << 0)
#define CTLR_GROUP1   (1u << 1)
#define CTLR_ACK_CTL  (1u << 2)
#define CTLR_FIQ_EN   (1u << 3)
#define CTLR_CBPR     (1u << 4)
#define CTLR_EOI_MODE (1u << 9)

#define IIDR_VALUE   0x0002043bu /* architecture version 2 */
#define OTHER_GROUP  1022u /* an interrupt of group 1 is pending, and this is not its register */
#define NR_SGIS      16u
#define INTID_MASK   0x3ffu
#define SOURCE_SHIFT 10

/* A CPU's own number, and for an SGI the sender's. */
static uint32_t take_source(struct gic_cpu *cpu, unsigned int intid)
{
	unsigned int source;

	if (intid >= NR_SGIS || !cpu->sgi_sources[intid]) {
		return intid;
	}
	source = (unsigned int)__builtin_ctz(cpu->sgi_sources[intid]);
	cpu->sgi_sources[intid] &= (uint8_t)(cpu->sgi_sources[intid] - 1);
	if (cpu->sgi_sources[intid]) {
		cpu->private.latch[0] |= 1u << intid;
	}
	return intid | source << SOURCE_SHIFT;
}

/* Is it to be reported, by a register or its alias, that `group` has the highest interrupt? */
static bool group_visible(const struct gic_cpu *cpu, unsigned int group, bool alias)
{
	return alias ? group == 1 : group == 0 || cpu->ack_ctl;
}

static uint32_t acknowledge(struct gic *gic, struct gic_cpu *cpu, bool alias)
{
	unsigned int group = 0;
	unsigned int intid = gic_best_pending(gic, cpu, &group);

	if (intid == GIC_SPURIOUS || !gic_can_preempt(cpu, gic_priority(gic, cpu, intid), group)) {
		return GIC_SPURIOUS;
	}
	if (!group_visible(cpu, group, alias)) {
		return alias ? GIC_SPURIOUS : OTHER_GROUP;
	}
	return take_source(cpu, gic_acknowledge(gic, cpu, group));
}

static uint32_t highest_pending(struct gic *gic, struct gic_cpu *cpu, bool alias)
{
	unsigned int group = 0;
	unsigned int intid = gic_best_pending(gic, cpu, &group);

	if (intid == GIC_SPURIOUS) {
		return GIC_SPURIOUS;
	}
	if (!group_visible(cpu, group, alias)) {
		return alias ? GIC_SPURIOUS : OTHER_GROUP;
	}
	if (intid < NR_SGIS && cpu->sgi_sources[intid]) {
		return intid | (uint32_t)__builtin_ctz(cpu->sgi_sources[intid]) << SOURCE_SHIFT;
	}
	return intid;
}

/* Of which group is the highest active priority? */
static unsigned int active_group(const struct gic_cpu *cpu)
{
	uint32_t group0 = cpu->active_priorities[0], group1 = cpu->active_priorities[1];

	return group1 && (!group0 || __builtin_ctz(group1) < __builtin_ctz(group0));
}

static uint32_t read_control(const struct gic_cpu *cpu)
{
	return (cpu->group_enabled[0] ? CTLR_GROUP0 : 0) |
	       (cpu->group_enabled[1] ? CTLR_GROUP1 : 0) | (cpu->ack_ctl ? CTLR_ACK_CTL : 0) |
	       (cpu->fiq ? CTLR_FIQ_EN : 0) | (cpu->cbpr ? CTLR_CBPR : 0) |
	       (cpu->eoi_mode ? CTLR_EOI_MODE : 0);
}

static void write_control(struct gic_cpu *cpu, uint32_t val)
{
	cpu->group_enabled[0] = val & CTLR_GROUP0;
	cpu->group_enabled[1] = val & CTLR_GROUP1;
	cpu->ack_ctl = val & CTLR_ACK_CTL;
	cpu->fiq = val & CTLR_FIQ_EN;
	cpu->cbpr = val & CTLR_CBPR;
	cpu->eoi_mode = val & CTLR_EOI_MODE;
}

static uint32_t cpu_read_locked(struct gic *gic, struct gic_cpu *cpu, unsigned int offset)
{
	switch (offset) {
	case GICC_CTLR:
		return read_control(cpu);
	case GICC_PMR:
		return cpu->pmr;
	case GICC_BPR:
		return cpu->bpr[0];
	case GICC_IAR:
		return acknowledge(gic, cpu, false);
	case GICC_RPR:
		return gic_running_priority(cpu);
	case GICC_HPPIR:
		return highest_pending(gic, cpu, false);
	case GICC_ABPR:
		return cpu->bpr[1];
	case GICC_AIAR:
		return acknowledge(gic, cpu, true);
	case GICC_AHPPIR:
		return highest_pending(gic, cpu, true);
	case GICC_APR0:
		return cpu->active_priorities[0];
	case GICC_NSAPR0:
		return cpu->active_priorities[1];
	case GICC_IIDR:
		return IIDR_VALUE;
	default:
		return 0;
	}
}

static void cpu_write_locked(struct gic *gic, struct gic_cpu *cpu, unsigned int offset,
			     uint32_t val)
{
	switch (offset) {
	case GICC_CTLR:
		write_control(cpu, val);
		break;
	case GICC_PMR:
		cpu->pmr = val & GIC_PRIORITY_MASK;
		break;
	case GICC_BPR:
		cpu->bpr[0] = gic_clamp_bpr(val, GIC_MIN_BPR);
		break;
	case GICC_EOIR:
		gic_end(gic, cpu, val & INTID_MASK, cpu->ack_ctl ? active_group(cpu) : 0);
		break;
	case GICC_ABPR:
		cpu->bpr[1] = gic_clamp_bpr(val, GIC_MIN_BPR + 1);
		break;
	case GICC_AEOIR:
		gic_end(gic, cpu, val & INTID_MASK, 1);
		break;
	case GICC_APR0:
		cpu->active_priorities[0] = val;
		break;
	case GICC_NSAPR0:
		cpu->active_priorities[1] = val;
		break;
	case GICC_DIR:
		gic_deactivate(gic, cpu, val & INTID_MASK);
		break;
	default:
		break;
	}
	gic_update_cpu(gic, cpu);
}

static uint64_t cpu_read(void *device, uint64_t offset, unsigned int size)
{
	struct gic *gic = device;
	uint64_t val = 0;

	if (size == 4 && !(offset % 4)) {
		pthread_mutex_lock(&gic->lock);
		val = cpu_read_locked(gic, gic_banked_cpu(gic), (unsigned int)offset);
		pthread_mutex_unlock(&gic->lock);
	}
	return val;
}

static void cpu_write(void *device, uint64_t offset, uint64_t val, unsigned int size)
{
	struct gic *gic = device;

	if (size == 4 && !(offset % 4)) {
		pthread_mutex_lock(&gic->lock);
		cpu_write_locked(gic, gic_banked_cpu(gic), (unsigned int)offset, (uint32_t)val);
		pthread_mutex_unlock(&gic->lock);
	}
}

const struct bus_ops gicv2_cpu_ops = {
	.read = cpu_read,
	.write = cpu_write,
};
