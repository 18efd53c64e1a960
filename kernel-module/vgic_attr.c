// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of KVM's VGICv3 device (Documentation/virt/kvm/devices/arm-vgic-v3.rst), taken
 * apart: where the frames lie, and which register of which vCPU an access means.
 */
#include <hyp/calls.h>
#include "vgic_attr.h"

#define REGION_INDEX(v) ((v) & 0xfff)
#define REGION_FLAGS(v) (((v) >> 12) & 0xf)
#define REGION_BASE(v)	((v) & 0x000fffffffff0000ULL)
#define REGION_COUNT(v) ((u32)((v) >> 52))

/* The attribute has Aff3..Aff0 in bits 63:32; MPIDR_EL1 has Aff3 in 39:32. */
static u64 vgic_attr_mpidr(u64 attr)
{
	u64 packed = attr >> KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT;

	return (packed & 0xff000000) << 8 | (packed & 0x00ffffff);
}

int vgic_attr_parse_reg(u32 group, u64 attr, struct vgic_attr_reg *reg)
{
	u32 low = (u32)(attr & KVM_DEV_ARM_VGIC_OFFSET_MASK);

	*reg = (struct vgic_attr_reg){.mpidr = vgic_attr_mpidr(attr), .reg = low, .bytes = 4};
	switch (group) {
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
		reg->group = HYP_VGIC_DIST;
		return low < VGIC_ATTR_DIST_BYTES && low % 4 == 0 ? 0 : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
		reg->group = HYP_VGIC_REDIST;
		return low < VGIC_ATTR_REDIST_BYTES && low % 4 == 0 ? 0 : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS:
		reg->group = HYP_VGIC_CPU;
		reg->reg = 0x10000u | (low & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK);
		reg->bytes = 8;
		return low <= KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK ? 0 : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		reg->group = HYP_VGIC_LEVEL;
		reg->reg = low & KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK;
		if (low >> KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT !=
		    VGIC_LEVEL_INFO_LINE_LEVEL) {
			return -ENXIO;
		}
		return reg->reg % 32 == 0 ? 0 : -ENXIO;
	default:
		return -ENXIO;
	}
}

int vgic_attr_check_frame(u64 base, u64 bytes, unsigned int ipa_bits)
{
	u64 end = base + bytes;

	if (base & 0xffff) {
		return -EINVAL;
	}
	return end < base || end > 1ULL << ipa_bits ? -E2BIG : 0;
}

int vgic_attr_parse_region(u64 value, u64 *base, u32 *count)
{
	*base = REGION_BASE(value);
	*count = REGION_COUNT(value);
	return REGION_INDEX(value) || REGION_FLAGS(value) || !*count ? -EINVAL : 0;
}

int vgic_attr_check_nr_irqs(u32 nr)
{
	return nr < VGIC_ATTR_MIN_IRQS || nr > VGIC_ATTR_MAX_IRQS || nr % 32 ? -EINVAL : 0;
}
