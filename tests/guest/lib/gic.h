/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's driver of its GICv3 (Arm IHI 0069): all group 1, at QEMU virt's addresses. */
#ifndef TESTS_GUEST_GIC_H
#define TESTS_GUEST_GIC_H

#include "guest.h"

#define GICD 0x08000000ull
#define GICR 0x080a0000ull
#define NONE 1023u

#define IGROUPR    0x080u
#define ISENABLER  0x100u
#define ICENABLER  0x180u
#define ISPENDR    0x200u
#define ICPENDR    0x280u
#define ISACTIVER  0x300u
#define ICACTIVER  0x380u
#define IPRIORITYR 0x400u
#define ICFGR      0xc00u
#define IROUTER    0x6000u

/* The distributor, once; then each CPU's own. */
void gic_init(void);
void gic_cpu_init(void);
u32 gic_nr_irqs(void);
u32 gic_nr_cpus(void);

static inline u64 gic_redist(u32 cpu)
{
	return GICR + cpu * 0x20000ull;
}

/* Where the register with one bit an interrupt, at offset, is for an INTID; private ones: cpu's. */
u64 gic_word(u32 cpu, u32 intid, u32 offset);
void gic_set(u32 intid, u32 offset); /* this CPU's, if private */
bool gic_get(u32 intid, u32 offset);
void gic_set_of(u32 cpu, u32 intid, u32 offset);
bool gic_get_of(u32 cpu, u32 intid, u32 offset);
void gic_set_priority(u32 intid, u32 priority);
void gic_set_edge(u32 intid, bool edge);
void gic_route(u32 intid, u64 affinity);

u32 gic_ack(void);
void gic_eoi(u32 intid);
void gic_dir(u32 intid);
/* Affinity 0.0.0.n, n in list; or all but this CPU. */
void gic_sgi(u32 intid, u32 list);
void gic_sgi_others(u32 intid);

#endif
