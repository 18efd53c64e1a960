/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the virtual GIC keeps for a VM and for a vCPU.
 *
 * Interrupts are kept in banks of 32, one word of 32 bits a property, so that a register of the
 * distributor is one load and "what is deliverable" is a few logical operations on words.
 *
 * An interrupt is *listed* while it sits in a list register of a loaded vCPU. What the guest
 * did with it since the vCPU's last sync is then known to the hardware only; .active and
 * .lr_pending say what the list register held at that sync. A vCPU that is not loaded has
 * nothing listed: the words say everything.
 *
 * Locks: bank 0 (private interrupts) is under vgic_cpu.lock, SPI banks are under vgic_dist.lock
 * (rank LOCK_VGIC_DIST before LOCK_VGIC_CPU); a bit of .ready is changed under its bank's lock.
 * Words may be read without a lock where a register read needs no more than one of them. What
 * describes list registers belongs to the core that has the vCPU loaded.
 */
#ifndef VGIC_STATE_H
#define VGIC_STATE_H

#include <stdatomic.h>
#include <core/lock.h>
#include <core/types.h>

#define VGIC_NR_PRIVATE 32u
#define VGIC_MAX_IRQS   1024u /* INTIDs 1020..1023 are special and stay unused */
#define VGIC_MAX_BANKS  (VGIC_MAX_IRQS / 32u)
#define VGIC_MAX_LRS    16u
#define VGIC_VCPU_NONE  0xffu /* no vCPU: HYP_MAX_VCPUS is smaller */
#define VGIC_GICD_BYTES 0x10000u
#define VGIC_GICR_BYTES 0x20000u /* RD frame, SGI frame */

/* 32 interrupts; bit i of each word is INTID 32 * bank + i. */
struct vgic_bank {
	u32 group; /* 1: group 1 */
	u32 enabled;
	u32 latch;      /* pending by an edge, a write of ISPENDR, an SGI, or by the hardware */
	u32 line;       /* input level; makes level-triggered ones pending */
	u32 active;     /* listed: as of the last sync */
	u32 edge;       /* edge-triggered */
	u32 hw;         /* linked to a physical interrupt */
	u32 phys;       /* .hw: that one is active, on behalf of this one */
	u32 listed;     /* in a list register */
	u32 lr_pending; /* listed, and pending there as of the last sync */
	u32 unpend;     /* listed: the next sync drops its pending state */
	u32 unactive;   /* listed: the next sync drops its active state */
	u32 setactive;  /* listed: the next sync makes it active */
	u8 priority[32];
};

/* A bank of SPIs. */
struct vgic_spis {
	struct vgic_bank bank;
	u8 target[32];  /* vCPU index IROUTER resolves to, or VGIC_VCPU_NONE */
	u8 owner[32];   /* vCPU index where it is listed or active, or VGIC_VCPU_NONE */
	u16 pirq[32];   /* .hw: the physical SPI */
	u64 router[32]; /* GICD_IROUTER<n> as written */
};

#define VGIC_SPIS_PER_PAGE (PAGE_BYTES / sizeof(struct vgic_spis))
#define VGIC_SPI_PAGES     4u /* (VGIC_MAX_BANKS - 1) / VGIC_SPIS_PER_PAGE, rounded up */

/* A VM's distributor; nr_irqs 0: it has none. */
struct vgic_dist {
	struct spinlock lock;
	u32 nr_irqs;
	u32 ctlr;               /* GICD_CTLR.EnableGrp0, EnableGrp1 */
	_Atomic u32 nr_redists; /* highest vCPU index so far + 1 */
	ipaddr_t gicd;
	ipaddr_t gicr;
	struct vgic_spis *pages[VGIC_SPI_PAGES]; /* from the VM's pool */
};

/* A vCPU's redistributor and CPU interface. */
struct vgic_cpu {
	struct spinlock lock;
	_Atomic u32 ready;  /* bit b: bank b may hold something for this vCPU to see to */
	_Atomic u32 synced; /* counts syncs, for those who wait for one */
	_Atomic bool loaded;
	_Atomic bool resync; /* the next flush takes the list registers back */
	bool overflow;       /* more to list than list registers; under the owner core */
	u8 nr_used;          /* list registers 0 .. nr_used - 1 are ours */
	u16 lr_soft;         /* bit n: list register n's pending state came from .latch */
	u16 lr_intid[VGIC_MAX_LRS];
	u32 waker;   /* GICR_WAKER.ProcessorSleep */
	u32 ap0r[4]; /* ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2 while not loaded */
	u32 ap1r[4];
	u64 vmcr; /* ICH_VMCR_EL2 while not loaded */
	struct vgic_bank bank;
};

#endif
