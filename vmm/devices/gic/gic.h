/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gic.h - an interrupt controller in user space: GICv3 (Arm IHI 0069) or GICv2 (IHI 0048B).
 *
 * One security state (GICD_CTLR.DS = 1). Used by accelerators without one in the kernel.
 * GICv3: affinity routing only; LPIs and an ITS if wanted. Distributor and redistributors are bus
 * devices; the CPU interface is reached by system registers through gic_cpu_read() and
 * gic_cpu_write(). GICv2: distributor and CPU interfaces are bus devices. Any function may be
 * called from any thread; one lock guards everything.
 */
#ifndef VMM_DEVICES_GIC_H
#define VMM_DEVICES_GIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus.h"

#define GIC_MAX_IRQS   1020 /* INTIDs 0 to 1019 */
#define GIC_NR_PRIVATE 32   /* SGIs and PPIs */

#define GIC_DIST_SIZE   0x10000u
#define GIC_REDIST_SIZE 0x20000u /* for each CPU */

#define GICV2_MAX_CPUS  8
#define GICV2_DIST_SIZE 0x1000u
#define GICV2_CPU_SIZE  0x2000u

/* Bits of the lines argument below. */
#define GIC_LINE_IRQ 1u
#define GIC_LINE_FIQ 2u

struct gic;

struct gic_config {
	unsigned int version; /* 2 or 3 */
	unsigned int nr_cpus;
	unsigned int nr_irqs;   /* with the private ones; multiple of 32, at most 1024 */
	const uint64_t *mpidrs; /* affinity of each CPU; copied */
	/* A CPU's interrupt lines changed. Called with the lock held: must not call back. */
	void (*set_lines)(void *context, unsigned int cpu, uint32_t lines);
	/* Guest memory, of which all must be there: false if not. Called with the lock held. NULL:
	 * there are no LPIs. */
	bool (*read_memory)(void *context, uint64_t gpa, void *to, size_t size);
	bool (*write_memory)(void *context, uint64_t gpa, const void *from, size_t size);
	void *context;
};

/* NULL: no memory, or the configuration is impossible. */
struct gic *gic_create(const struct gic_config *config);
void gic_destroy(struct gic *gic);

/* The CPU interface and the private interrupts of a CPU return to their reset state. */
void gic_reset_cpu(struct gic *gic, unsigned int cpu);

/* Level of a private peripheral interrupt (INTID 16 to 31). */
void gic_set_ppi(struct gic *gic, unsigned int cpu, unsigned int intid, bool level);
/* Level of INTID 32 + spi; out of range is ignored. */
void gic_set_spi(struct gic *gic, unsigned int spi, bool level);

/*
 * ICC_*_EL1 by bits 20:5 of the MRS or MSR. False: no such register, or not this direction, or a
 * GICv2.
 */
bool gic_cpu_read(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t *val);
bool gic_cpu_write(struct gic *gic, unsigned int cpu, uint16_t reg, uint64_t val);

/* Bus devices; `device` is the struct gic. The redistributors are one region, in CPU order. */
extern const struct bus_ops gic_dist_ops;
extern const struct bus_ops gic_redist_ops;

/* Those of a GICv2. Registers of which each CPU has its own are those of the calling thread's. */
extern const struct bus_ops gicv2_dist_ops;
extern const struct bus_ops gicv2_cpu_ops;
void gic_set_this_cpu(unsigned int cpu);

/*
 * The ITS of a GICv3 with LPIs, a bus device. gic_its_signal() is a device's write of `event` to
 * GITS_TRANSLATER. NULL: no memory, or the GIC has no LPIs.
 */
#define GIC_ITS_SIZE       0x20000u
#define GIC_ITS_TRANSLATER 0x10040u /* offset of the register */

struct gic_its;

struct gic_its *gic_its_create(struct gic *gic);
void gic_its_destroy(struct gic_its *its);
void gic_its_signal(struct gic_its *its, uint32_t device, uint32_t event);

extern const struct bus_ops gic_its_ops;

#endif
