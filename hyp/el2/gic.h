/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The physical GICv3 as EL2 uses it (Arm IHI 0069): interrupts are routed to EL2, acknowledged
 * here with EOImode 1, and either ended here or linked to a virtual interrupt whose
 * deactivation by the guest ends them.
 *
 * Physical SGIs belong to EL2 alone: GIC_SGI_KICK makes another core look at its work.
 */
#ifndef EL2_GIC_H
#define EL2_GIC_H

#include <core/types.h>

struct cpu;

#define GIC_SGI_KICK   0u
#define GIC_INTID_NONE 1020u /* 1020..1023: nothing to take */
#define GIC_FIRST_SPI  32u

/* Distributor: maps it, disables and configures every SPI; once. 0 or HYP_E_*. */
int gic_init(paddr_t gicd, u64 gicd_bytes) __must_check;
/* This core's redistributor and CPU interface; ICH_* cleared; enables the kick SGI, the
 * maintenance, EL2-timer and virtual-timer PPIs. Finds the frame by GICR_TYPER affinity in
 * boot_info's regions. */
int gic_cpu_init(struct cpu *cpu) __must_check;
/* The core is about to be powered off. */
void gic_cpu_exit(struct cpu *cpu);

/* Whether [pa, +bytes) touches a frame of the GIC. */
bool gic_owns(paddr_t pa, u64 bytes);

u32 gic_nr_irqs(void); /* first INTID past the last SPI */
u32 gic_nr_lrs(void);

u32 gic_ack(void);              /* ICC_IAR1_EL1 */
void gic_eoi(u32 intid);        /* priority drop */
void gic_deactivate(u32 intid); /* DIR */
void gic_send_sgi(const struct cpu *target, u32 sgi);

/* SPIs; from any core. */
void gic_spi_enable(u32 intid);
void gic_spi_disable(u32 intid);
void gic_spi_set_edge(u32 intid, bool edge);
void gic_spi_route(u32 intid, u64 mpidr);
void gic_spi_set_active(u32 intid, bool active);
void gic_spi_set_pending(u32 intid, bool pending);
bool gic_spi_is_pending(u32 intid);

/* This core's PPIs. */
void gic_ppi_enable(u32 intid);
void gic_ppi_disable(u32 intid);
void gic_ppi_set_active(u32 intid, bool active);

#endif
