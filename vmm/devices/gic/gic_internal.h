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

struct gic_cpu {
	uint64_t mpidr;
	struct gic_bank private;
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
	pthread_mutex_t lock; /* leaf but for config.set_lines() */
	struct gic_config config;
	uint32_t ctlr; /* GICD_CTLR.EnableGrp0, EnableGrp1 */
	struct gic_bank shared;
	uint64_t route[GIC_NR_WORDS * 32];  /* GICD_IROUTER<n> */
	uint8_t target[GIC_NR_WORDS * 32];  /* CPU index it resolves to, or GIC_NO_TARGET */
	uint8_t targets[GIC_NR_WORDS * 32]; /* GICv2: GICD_ITARGETSR<n>, a mask of CPUs */
	struct gic_cpu *cpus;
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
