/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gic_internal.h - state of the GIC, shared by its files.
 *
 * Private interrupts (0 to 31) live in the CPU's bank, shared ones in the distributor's bank, both
 * as the same structure: bitmaps by INTID, a priority byte each.
 */
#ifndef VMM_DEVICES_GIC_INTERNAL_H
#define VMM_DEVICES_GIC_INTERNAL_H

#include <pthread.h>

#include "gic.h"

#define GIC_SPURIOUS      1023u
#define GIC_IDLE_PRIORITY 0xffu
#define GIC_PRIORITY_MASK 0xf8u /* 32 levels */
#define GIC_MIN_BPR       2u    /* five priority bits: groups of 8 and more */

#define GIC_NR_WORDS (1024 / 32)

/* Interrupts by word of 32 and bit. Only word 0 is used in a CPU's bank, 1 up in the distributor's.
 */
struct gic_bank {
	uint32_t group[GIC_NR_WORDS]; /* 1: group 1 */
	uint32_t enabled[GIC_NR_WORDS];
	uint32_t latch[GIC_NR_WORDS]; /* pending by edge or by software */
	uint32_t level[GIC_NR_WORDS]; /* input line */
	uint32_t active[GIC_NR_WORDS];
	uint32_t edge[GIC_NR_WORDS]; /* 1: edge-triggered */
	uint8_t priority[GIC_NR_WORDS * 32];
};

/* LPIs have no bank: there is room for 16 bits of INTID. */
#define GIC_FIRST_LPI 8192u
#define GIC_END_LPI   65536u
#define GIC_NR_LPIS   (GIC_END_LPI - GIC_FIRST_LPI)

static inline bool gic_is_lpi(unsigned int intid)
{
	return intid >= GIC_FIRST_LPI && intid < GIC_END_LPI;
}

/* Of a redistributor. By number: INTID - GIC_FIRST_LPI. */
struct gic_lpis {
	uint64_t propbaser;
	uint64_t pendbaser;
	bool enabled;
	bool stale;        /* best is to be found anew */
	unsigned int best; /* enabled and pending; INTID or GIC_SPURIOUS */
	uint32_t pending[GIC_NR_LPIS / 32];
};

struct gic_cpu {
	uint64_t mpidr;
	struct gic_bank private;
	struct gic_lpis *lpis; /* NULL: there are none */
	uint32_t waker;
	/* CPU interface. active_priorities: bit n is priority n * 8, as ICC_AP<g>R0_EL1. */
	uint32_t pmr;
	uint32_t bpr[2];
	uint32_t active_priorities[2];
	bool group_enabled[2];
	bool eoi_mode;
	bool cbpr;
	bool ack_ctl;            /* GICv2: GICC_IAR and GICC_EOIR are for group 1, too */
	bool fiq;                /* group 0 is signalled as FIQ */
	uint8_t sgi_sources[16]; /* GICv2: who sent it, as a mask; pending while not 0 */
	uint32_t lines;
};

struct gic {
	pthread_mutex_t lock; /* taken before what the functions in config take */
	struct gic_config config;
	uint32_t ctlr; /* GICD_CTLR.EnableGrp0, EnableGrp1 */
	struct gic_bank shared;
	uint64_t route[GIC_NR_WORDS * 32];  /* GICD_IROUTER<n> */
	uint8_t target[GIC_NR_WORDS * 32];  /* CPU index it resolves to, or GIC_NO_TARGET */
	uint8_t targets[GIC_NR_WORDS * 32]; /* GICv2: GICD_ITARGETSR<n>, a mask of CPUs */
	struct gic_cpu *cpus;
	uint8_t *lpi_config; /* priority, and enabled in bit 0; NULL: there are no LPIs */
};

#define GIC_NO_TARGET 0xff

/* Interrupts [first, first + nr) of a bank are the ones that a frame of registers shows. */
struct gic_frame {
	struct gic_bank *bank;
	unsigned int first;
	unsigned int nr;
};

/* All with the lock held. */

/* A naturally aligned access of up to 8 bytes. Zero, or ignored, where the frame has nothing. */
uint64_t gic_frame_read(const struct gic_frame *frame, unsigned int offset, unsigned int size);
void gic_frame_write(const struct gic_frame *frame, unsigned int offset, uint64_t val,
		     unsigned int size);

static inline uint32_t gic_pending_word(const struct gic_bank *bank, unsigned int word)
{
	return bank->latch[word] | (bank->level[word] & ~bank->edge[word]);
}

/* The highest-priority pending interrupt a CPU could take; its INTID or GIC_SPURIOUS. */
unsigned int gic_best_pending(struct gic *gic, struct gic_cpu *cpu, unsigned int *group);
/* Can it preempt what the CPU does now? */
bool gic_can_preempt(const struct gic_cpu *cpu, unsigned int intid_priority, unsigned int group);
unsigned int gic_running_priority(const struct gic_cpu *cpu);
unsigned int gic_priority(struct gic *gic, struct gic_cpu *cpu, unsigned int intid);
struct gic_bank *gic_bank_of(struct gic *gic, struct gic_cpu *cpu, unsigned int intid);
/* Recomputes a CPU's lines, or all CPUs'. */
void gic_update_cpu(struct gic *gic, struct gic_cpu *cpu);
void gic_update_all(struct gic *gic);
/* Those who may take the interrupt: in a GICv3 one CPU, in a GICv2 several. */
void gic_update_targets(struct gic *gic, struct gic_cpu *cpu, unsigned int intid);
/* The CPU whose banked registers the calling thread sees. */
struct gic_cpu *gic_banked_cpu(struct gic *gic);
/* Sets target[] of one interrupt from route[]. */
void gic_update_route(struct gic *gic, unsigned int intid);

/* Guest memory; false if not all of it is. */
static inline bool gic_read_memory(const struct gic *gic, uint64_t gpa, void *to, size_t size)
{
	return gic->config.read_memory(gic->config.context, gpa, to, size);
}

static inline bool gic_write_memory(const struct gic *gic, uint64_t gpa, const void *from,
				    size_t size)
{
	return gic->config.write_memory(gic->config.context, gpa, from, size);
}

/* The part of a 64-bit register at an access of 4 or 8 bytes. */
static inline uint64_t gic_get_part(uint64_t reg, unsigned int offset, unsigned int size)
{
	return size == 8 ? reg : (uint32_t)(reg >> (offset % 8 * 8));
}

static inline void gic_set_part(uint64_t *reg, unsigned int offset, uint64_t val, unsigned int size)
{
	unsigned int shift = offset % 8 * 8;
	uint64_t mask = size == 8 ? ~0ull : 0xffffffffull << shift;

	*reg = (*reg & ~mask) | ((val << shift) & mask);
}

/* LPIs; gic_lpi.c. None of these updates lines. */
bool gic_lpi_create(struct gic *gic); /* false: no memory */
void gic_lpi_destroy(struct gic *gic);
unsigned int gic_lpi_priority(const struct gic *gic, unsigned int intid);
/* The highest-priority one that is enabled and pending, or GIC_SPURIOUS. */
unsigned int gic_lpi_best(struct gic *gic, struct gic_cpu *cpu);
bool gic_lpi_is_pending(const struct gic_cpu *cpu, unsigned int intid);
void gic_lpi_set_pending(struct gic_cpu *cpu, unsigned int intid, bool pending);
void gic_lpi_move_all(struct gic_cpu *from, struct gic_cpu *to);
/* Reads the configuration of one, or of all, by the CPU's tables. */
void gic_lpi_reload(struct gic *gic, struct gic_cpu *cpu, unsigned int intid);
void gic_lpi_reload_all(struct gic *gic, struct gic_cpu *cpu);
/* GICR_CTLR, GICR_PROPBASER, GICR_PENDBASER; others are zero. */
uint64_t gic_lpi_read(struct gic_cpu *cpu, unsigned int offset, unsigned int size);
void gic_lpi_write(struct gic *gic, struct gic_cpu *cpu, unsigned int offset, uint64_t val,
		   unsigned int size);

/* A binary point that was written. */
static inline uint32_t gic_clamp_bpr(uint64_t val, uint32_t minimum)
{
	uint32_t bpr = val & 7;

	return bpr < minimum ? minimum : bpr;
}

/* The highest pending interrupt, if it is of `group`, or GIC_SPURIOUS. */
unsigned int gic_highest(struct gic *gic, struct gic_cpu *cpu, unsigned int group);
/* The same, which becomes active, if the CPU would be interrupted by it. */
unsigned int gic_acknowledge(struct gic *gic, struct gic_cpu *cpu, unsigned int group);
void gic_deactivate(struct gic *gic, struct gic_cpu *cpu, unsigned int intid);
/* Priority drop: the highest active priority, whatever the INTID (4.8.1); then deactivation. */
void gic_end(struct gic *gic, struct gic_cpu *cpu, unsigned int intid, unsigned int group);

#endif
