/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VGIC_ATTR_H
#define VGIC_ATTR_H

#include "pure.h"

/* INTIDs a VM's GIC may have. */
#define VGIC_ATTR_MIN_IRQS 64u
#define VGIC_ATTR_MAX_IRQS 1024u

#define VGIC_ATTR_DIST_BYTES   0x10000u
#define VGIC_ATTR_REDIST_BYTES 0x20000u /* of one vCPU */

/* A register access, as VGIC_REG_GET and SET want it. */
struct vgic_attr_reg {
	u32 group; /* enum hyp_vgic_group */
	u64 mpidr; /* MPIDR_EL1's affinity fields */
	u32 reg;
	u32 bytes; /* of the value in user space */
};

/* Takes a register attribute apart. 0, or -ENXIO: no such group or attribute. */
int vgic_attr_parse_reg(u32 group, u64 attr, struct vgic_attr_reg *reg);

/* Checks the place of a frame. 0, -EINVAL (not aligned to 64 KiB) or -E2BIG (outside the VM's
 * address space). */
int vgic_attr_check_frame(u64 base, u64 bytes, unsigned int ipa_bits);

/*
 * KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION's value. The hypervisor keeps one region, so index must be
 * 0. 0 or -EINVAL; *count is how many redistributors fit.
 */
int vgic_attr_parse_region(u64 value, u64 *base, u32 *count);

int vgic_attr_check_nr_irqs(u32 nr);

#endif
