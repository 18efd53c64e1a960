// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_cpu.c - the CPU interface of a GICv3: its system registers, SGIs (IHI 0069 12.2).
 */
#include "gic_internal.h"

#define REG(op1, crn, crm, op2) (3u << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

#define ICC_PMR     REG(0u, 4u, 6u, 0u)
#define ICC_IAR0    REG(0u, 12u, 8u, 0u)
#define ICC_EOIR0   REG(0u, 12u, 8u, 1u)
#define ICC_HPPIR0  REG(0u, 12u, 8u, 2u)
#define ICC_BPR0    REG(0u, 12u, 8u, 3u)
#define ICC_AP0R0   REG(0u, 12u, 8u, 4u)
#define ICC_AP1R0   REG(0u, 12u, 9u, 0u)
#define ICC_DIR     REG(0u, 12u, 11u, 1u)
#define ICC_RPR     REG(0u, 12u, 11u, 3u)
#define ICC_SGI1R   REG(0u, 12u, 11u, 5u)
#define ICC_ASGI1R  REG(0u, 12u, 11u, 6u)
#define ICC_SGI0R   REG(0u, 12u, 11u, 7u)
#define ICC_IAR1    REG(0u, 12u, 12u, 0u)
#define ICC_EOIR1   REG(0u, 12u, 12u, 1u)
#define ICC_HPPIR1  REG(0u, 12u, 12u, 2u)
#define ICC_BPR1    REG(0u, 12u, 12u, 3u)
#define ICC_CTLR    REG(0u, 12u, 12u, 4u)
#define ICC_SRE     REG(0u, 12u, 12u, 5u)
#define ICC_IGRPEN0 REG(0u, 12u, 12u, 6u)
#define ICC_IGRPEN1 REG(0u, 12u, 12u, 7u)

#define CTLR_CBPR       1u
#define CTLR_EOI_MODE   2u
#define CTLR_PRI_BITS   (4u << 8) /* five bits */
#define CTLR_ID_BITS_16 (0u << 11)
#define CTLR_A3V        (1u << 15)

/* ICC_SGI1R_EL1: INTID 27:24, IRM 40, target list 15:0, RS 47:44, affinities. */
static void cpu_send_sgi(struct gic *gic, unsigned int sender, uint64_t val, unsigned int group)
{
	unsigned int intid = val >> 24 & 15;
	uint64_t cluster =
		(val >> 16 & 0xff) << 8 | (val >> 32 & 0xff) << 16 | (val >> 48 & 0xff) << 32;
	unsigned int first = (val >> 44 & 15) * 16;

	for (unsigned int i = 0; i < gic->config.nr_cpus; i++) {
		struct gic_cpu *cpu = &gic->cpus[i];
		unsigned int aff0 = cpu->mpidr & 0xff;
		bool hit;

		if (val >> 40 & 1) {
			hit = i != sender;
		} else {
			hit = (cpu->mpidr & ~0xffull) == cluster && aff0 >= first &&
			      aff0 < first + 16 && (val >> (aff0 - first) & 1);
		}
		/* An SGI register reaches interrupts of its own group only (8.2). */
		if (hit && (cpu->private.group[0] >> intid & 1) == group) {
			cpu->private.latch[0] |= 1u << intid;
			gic_update_cpu(gic, cpu);
		}
	}
}

static bool cpu_read_locked(struct gic *gic, struct gic_cpu *cpu, uint16_t reg, uint64_t *val)
{
	switch (reg) {
	case ICC_PMR:
		*val = cpu->pmr;
		return true;
	case ICC_IAR0:
		*val = gic_acknowledge(gic, cpu, 0);
		return true;
	case ICC_IAR1:
		*val = gic_acknowledge(gic, cpu, 1);
		return true;
	case ICC_HPPIR0:
		*val = gic_highest(gic, cpu, 0);
		return true;
	case ICC_HPPIR1:
		*val = gic_highest(gic, cpu, 1);
		return true;
	case ICC_BPR0:
		*val = cpu->bpr[0];
		return true;
	case ICC_BPR1:
		*val = cpu->cbpr ? (cpu->bpr[0] < 7 ? cpu->bpr[0] + 1 : 7) : cpu->bpr[1];
		return true;
	case ICC_AP0R0:
		*val = cpu->active_priorities[0];
		return true;
	case ICC_AP1R0:
		*val = cpu->active_priorities[1];
		return true;
	case ICC_RPR:
		*val = gic_running_priority(cpu);
		return true;
	case ICC_CTLR:
		*val = (cpu->cbpr ? CTLR_CBPR : 0) | (cpu->eoi_mode ? CTLR_EOI_MODE : 0) |
		       CTLR_PRI_BITS | CTLR_ID_BITS_16 | CTLR_A3V;
		return true;
	case ICC_SRE:
		*val = 7;
		return true;
	case ICC_IGRPEN0:
		*val = cpu->group_enabled[0];
		return true;
	case ICC_IGRPEN1:
		*val = cpu->group_enabled[1];
		return true;
	default:
		return false;
	}
}

/* Registers whose write can change what is signalled to this CPU. */
static bool cpu_write_control(struct gic_cpu *cpu, uint16_t reg, uint64_t val)
{
	switch (reg) {
	case ICC_PMR:
		cpu->pmr = val & GIC_PRIORITY_MASK;
		return true;
	case ICC_BPR0:
		cpu->bpr[0] = gic_clamp_bpr(val, GIC_MIN_BPR);
		return true;
	case ICC_BPR1:
		if (!cpu->cbpr) {
			cpu->bpr[1] = gic_clamp_bpr(val, GIC_MIN_BPR + 1);
		}
		return true;
	case ICC_AP0R0:
		cpu->active_priorities[0] = (uint32_t)val;
		return true;
	case ICC_AP1R0:
		cpu->active_priorities[1] = (uint32_t)val;
		return true;
	case ICC_CTLR:
		cpu->cbpr = val & CTLR_CBPR;
		cpu->eoi_mode = val & CTLR_EOI_MODE;
		return true;
	case ICC_SRE:
		return true;
	case ICC_IGRPEN0:
		cpu->group_enabled[0] = val & 1;
		return true;
	case ICC_IGRPEN1:
		cpu->group_enabled[1] = val & 1;
		return true;
	default:
		return false;
	}
}

static bool cpu_write_locked(struct gic *gic, unsigned int index, uint16_t reg, uint64_t val)
{
	struct gic_cpu *cpu = &gic->cpus[index];

	if (cpu_write_control(cpu, reg, val)) {
		gic_update_cpu(gic, cpu);
		return true;
	}
	switch (reg) {
	case ICC_EOIR0:
		gic_end(gic, cpu, val & 0xffffff, 0);
		return true;
	case ICC_EOIR1:
		gic_end(gic, cpu, val & 0xffffff, 1);
		return true;
	case ICC_DIR:
		gic_deactivate(gic, cpu, val & 0xffffff);
		gic_update_cpu(gic, cpu);
		return true;
	case ICC_SGI0R:
		cpu_send_sgi(gic, index, val, 0);
		return true;
	case ICC_SGI1R:
		cpu_send_sgi(gic, index, val, 1);
		return true;
	case ICC_ASGI1R: /* the other security state's group 1: there is none */
		return true;
	default:
		return false;
	}
}

bool gic_cpu_read(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t *val)
{
	bool found;

	if (gic->config.version == 2) {
		return false;
	}
	pthread_mutex_lock(&gic->lock);
	found = cpu_read_locked(gic, &gic->cpus[cpu], reg, val);
	pthread_mutex_unlock(&gic->lock);
	return found;
}

bool gic_cpu_write(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t val)
{
	bool found;

	if (gic->config.version == 2) {
		return false;
	}
	pthread_mutex_lock(&gic->lock);
	found = cpu_write_locked(gic, cpu, reg, val);
	pthread_mutex_unlock(&gic->lock);
	return found;
}
