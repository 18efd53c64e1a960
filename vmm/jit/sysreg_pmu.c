// SPDX-License-Identifier: BSD-3-Clause
/*
 * sysreg_pmu.c - the registers of the performance monitors (Arm ARM D17.5).
 *
 * Event counters have 32 bits (PMUVer = 1), the cycle counter 64 (PMCR_EL0.LC is one, as there is
 * no AArch32). Counters beyond the last are undefined by their number, and zero by PMSELR_EL0.
 */
#include "context.h"
#include "exception.h"
#include "pmu.h"
#include "sysreg.h"
#include "sysreg_internal.h"
#include "timer.h"

#define PMINTENSET SYSREG(3, 0, 9, 14, 1)
#define PMINTENCLR SYSREG(3, 0, 9, 14, 2)
#define PMCR       SYSREG(3, 3, 9, 12, 0)
#define PMCNTENSET SYSREG(3, 3, 9, 12, 1)
#define PMCNTENCLR SYSREG(3, 3, 9, 12, 2)
#define PMOVSCLR   SYSREG(3, 3, 9, 12, 3)
#define PMSWINC    SYSREG(3, 3, 9, 12, 4)
#define PMSELR     SYSREG(3, 3, 9, 12, 5)
#define PMCEID0    SYSREG(3, 3, 9, 12, 6)
#define PMCEID1    SYSREG(3, 3, 9, 12, 7)
#define PMCCNTR    SYSREG(3, 3, 9, 13, 0)
#define PMXEVTYPER SYSREG(3, 3, 9, 13, 1)
#define PMXEVCNTR  SYSREG(3, 3, 9, 13, 2)
#define PMUSERENR  SYSREG(3, 3, 9, 14, 0)
#define PMOVSSET   SYSREG(3, 3, 9, 14, 3)
#define PMEVCNTR0  SYSREG(3, 3, 14, 8, 0)
#define PMEVTYPER0 SYSREG(3, 3, 14, 12, 0)
#define PMCCFILTR  SYSREG(3, 3, 14, 15, 7)

#define PMCR_E  1u
#define PMCR_P  2u
#define PMCR_C  4u
#define PMCR_LC (1u << 6)

#define PMUSERENR_EN 1u
#define PMUSERENR_SW 2u
#define PMUSERENR_CR 4u
#define PMUSERENR_ER 8u

#define SELECT_CYCLES 31u

#define COUNTERS     (PMU_CYCLE_BIT | ((1u << CPU_NR_EVENT_COUNTERS) - 1))
#define TYPE_FILTERS 0xc0000000u /* P, U */
#define TYPE_EVENT   0x000003ffu

static bool reg_is_event(uint16_t reg)
{
	return (reg & ~0x7fu) == SYSREG(3, 3, 14, 0, 0);
}

bool sysreg_is_pmu(uint16_t reg)
{
	return reg == PMINTENSET || reg == PMINTENCLR || (reg >= PMCR && reg <= PMOVSSET) ||
	       (reg_is_event(reg) && (reg >> 3 & 15) >= 8);
}

/* PMEVCNTR<n> and PMEVTYPER<n> have n in the lowest five bits. */
static unsigned int reg_counter(const struct cpu_pmu *pmu, uint16_t reg)
{
	if (reg == PMXEVTYPER || reg == PMXEVCNTR) {
		return pmu->select == SELECT_CYCLES ? CPU_CYCLE_COUNTER : pmu->select;
	}
	if (reg == PMCCFILTR || reg == PMCCNTR) {
		return CPU_CYCLE_COUNTER;
	}
	return reg & 31;
}

/* PMXEVTYPER and PMEVTYPER<n>, with PMCCFILTR as the last. */
static bool reg_is_type(uint16_t reg)
{
	return reg == PMXEVTYPER || (reg_is_event(reg) && (reg >> 3 & 15) >= 12);
}

static bool reg_exists(uint16_t reg, bool read)
{
	if (reg_is_event(reg)) {
		return reg == PMCCFILTR || (reg & 31) < CPU_NR_EVENT_COUNTERS;
	}
	switch (reg) {
	case PMSWINC:
		return !read;
	case PMCEID0:
	case PMCEID1:
		return read;
	case PMINTENSET:
	case PMINTENCLR:
	case PMCR:
	case PMCNTENSET:
	case PMCNTENCLR:
	case PMOVSCLR:
	case PMSELR:
	case PMCCNTR:
	case PMXEVTYPER:
	case PMXEVCNTR:
	case PMUSERENR:
	case PMOVSSET:
		return true;
	default:
		return false;
	}
}

/* The bits of PMUSERENR_EL0 of which one must be set for EL0. */
static unsigned int reg_user_enable(uint16_t reg, bool read)
{
	bool event_counter = reg == PMXEVCNTR || (reg_is_event(reg) && !reg_is_type(reg));

	if (reg == PMSWINC) {
		return PMUSERENR_EN | PMUSERENR_SW;
	}
	if (reg == PMSELR || (event_counter && read)) {
		return PMUSERENR_EN | PMUSERENR_ER;
	}
	if (reg == PMCCNTR && read) {
		return PMUSERENR_EN | PMUSERENR_CR;
	}
	return PMUSERENR_EN;
}

static enum exec_result pmu_check(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, bool read)
{
	bool el1_only = reg == PMINTENSET || reg == PMINTENCLR || (reg == PMUSERENR && !read);

	if (!reg_exists(reg, read) || (cpu->el == 0 && el1_only)) {
		return exception_raise_undefined(cpu);
	}
	if (cpu->el == 0 && reg != PMUSERENR && !(cpu->pmu.userenr & reg_user_enable(reg, read))) {
		return sysreg_trap(cpu, reg, rt, read);
	}
	return EXEC_NEXT;
}

static uint64_t read_counter(const struct cpu_pmu *pmu, uint16_t reg)
{
	unsigned int n = reg_counter(pmu, reg);

	if (reg_is_type(reg)) {
		return n < CPU_NR_COUNTERS ? pmu->type[n] : 0;
	}
	return n < CPU_NR_EVENT_COUNTERS || reg == PMCCNTR ? pmu->count[n] : 0;
}

static uint64_t read_register(const struct cpu_pmu *pmu, uint16_t reg)
{
	switch (reg) {
	case PMCR:
		return CPU_NR_EVENT_COUNTERS << 11 | PMCR_LC | (pmu->on ? PMCR_E : 0);
	case PMCNTENSET:
	case PMCNTENCLR:
		return pmu->enabled;
	case PMOVSSET:
	case PMOVSCLR:
		return pmu->overflown;
	case PMINTENSET:
	case PMINTENCLR:
		return pmu->interrupts;
	case PMSELR:
		return pmu->select;
	case PMCEID0:
		return 1u << PMU_EVENT_SW_INCR | 1u << PMU_EVENT_INST_RETIRED |
		       1u << PMU_EVENT_CPU_CYCLES | 1u << PMU_EVENT_CHAIN;
	case PMCEID1:
		return 0;
	case PMUSERENR:
		return pmu->userenr;
	default:
		return read_counter(pmu, reg);
	}
}

static void write_counter(struct cpu_pmu *pmu, uint16_t reg, uint64_t val)
{
	unsigned int n = reg_counter(pmu, reg);

	if (reg_is_type(reg)) {
		if (n < CPU_NR_COUNTERS) {
			pmu->type[n] =
				(uint32_t)val &
				(n == CPU_CYCLE_COUNTER ? TYPE_FILTERS : TYPE_FILTERS | TYPE_EVENT);
		}
	} else if (reg == PMCCNTR) {
		pmu->count[n] = val;
	} else if (n < CPU_NR_EVENT_COUNTERS) {
		pmu->count[n] = (uint32_t)val;
	}
}

static void write_control(struct cpu_pmu *pmu, uint64_t val)
{
	pmu->on = val & PMCR_E;
	for (unsigned int n = 0; n < CPU_NR_COUNTERS; n++) {
		if (val & (n == CPU_CYCLE_COUNTER ? PMCR_C : PMCR_P)) {
			pmu->count[n] = 0;
		}
	}
}

static void write_register(struct jit_cpu *cpu, uint16_t reg, uint64_t val)
{
	struct cpu_pmu *pmu = &cpu->pmu;
	uint32_t counters = (uint32_t)val & COUNTERS;

	switch (reg) {
	case PMCR:
		write_control(pmu, val);
		break;
	case PMCNTENSET:
		pmu->enabled |= counters;
		break;
	case PMCNTENCLR:
		pmu->enabled &= ~counters;
		break;
	case PMOVSSET:
		pmu->overflown |= counters;
		break;
	case PMOVSCLR:
		pmu->overflown &= ~counters;
		break;
	case PMINTENSET:
		pmu->interrupts |= counters;
		break;
	case PMINTENCLR:
		pmu->interrupts &= ~counters;
		break;
	case PMSWINC:
		pmu_increment(cpu, counters);
		break;
	case PMSELR:
		pmu->select = val & 31;
		break;
	case PMUSERENR:
		pmu->userenr = val & (PMUSERENR_EN | PMUSERENR_SW | PMUSERENR_CR | PMUSERENR_ER);
		break;
	default:
		write_counter(pmu, reg, val);
		break;
	}
}

enum exec_result sysreg_pmu_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t *val)
{
	enum exec_result result = pmu_check(cpu, reg, rt, true);

	if (result == EXEC_NEXT) {
		pmu_sync(cpu);
		*val = read_register(&cpu->pmu, reg);
	}
	return result;
}

enum exec_result sysreg_pmu_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t val)
{
	enum exec_result result = pmu_check(cpu, reg, rt, false);

	if (result == EXEC_NEXT) {
		pmu_sync(cpu);
		write_register(cpu, reg, val);
		pmu_changed(cpu);
		context_select(cpu);
		timer_update(cpu);
	}
	return result;
}
