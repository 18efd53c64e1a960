// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the numbers user space has for interrupts to the guest's INTIDs.
 *
 * An irqfd names a GSI. Unless KVM_SET_GSI_ROUTING says otherwise, GSI n is SPI n. KVM_IRQ_LINE has
 * a numbering of its own, with a type, a vCPU and an INTID in one word.
 */
#include "route.h"

#define ROUTE_SPIS (1020u - ROUTE_FIRST)

int route_check(const struct kvm_irq_routing_entry *entries, u32 nr)
{
	u32 nr_gsi = 0;
	u32 i;
	u32 j;

	if (nr > ROUTE_MAX) {
		return -EINVAL;
	}
	for (i = 0; i < nr; i++) {
		const struct kvm_irq_routing_entry *entry = &entries[i];

		if (entry->gsi >= ROUTE_MAX || entry->flags ||
		    entry->type != KVM_IRQ_ROUTING_IRQCHIP || entry->u.irqchip.irqchip != 0 ||
		    entry->u.irqchip.pin >= ROUTE_SPIS) {
			return -EINVAL;
		}
		for (j = 0; j < i; j++) {
			if (entries[j].gsi == entry->gsi) {
				return -EINVAL;
			}
		}
		if (entry->gsi >= nr_gsi) {
			nr_gsi = entry->gsi + 1;
		}
	}
	return (int)nr_gsi;
}

void route_fill(struct route_table *table, u32 nr_gsi, const struct kvm_irq_routing_entry *entries,
		u32 nr)
{
	u32 i;

	table->nr = nr_gsi;
	for (i = 0; i < nr_gsi; i++) {
		table->intid[i] = ROUTE_NONE;
	}
	for (i = 0; i < nr; i++) {
		table->intid[entries[i].gsi] = (u16)(ROUTE_FIRST + entries[i].u.irqchip.pin);
	}
}

u32 route_find(const struct route_table *table, u32 gsi)
{
	if (!table) {
		return gsi < ROUTE_SPIS ? ROUTE_FIRST + gsi : ROUTE_NONE;
	}
	return gsi < table->nr ? table->intid[gsi] : ROUTE_NONE;
}

int route_parse_line(u32 irq, u32 *intid, u32 *vcpu)
{
	u32 type = (irq >> KVM_ARM_IRQ_TYPE_SHIFT) & KVM_ARM_IRQ_TYPE_MASK;

	*vcpu = (irq >> KVM_ARM_IRQ_VCPU_SHIFT) & KVM_ARM_IRQ_VCPU_MASK;
	*vcpu += ((irq >> KVM_ARM_IRQ_VCPU2_SHIFT) & KVM_ARM_IRQ_VCPU2_MASK) *
		 (KVM_ARM_IRQ_VCPU_MASK + 1);
	*intid = (irq >> KVM_ARM_IRQ_NUM_SHIFT) & KVM_ARM_IRQ_NUM_MASK;

	switch (type) {
	case KVM_ARM_IRQ_TYPE_PPI:
		return *intid >= 16 && *intid < ROUTE_FIRST ? 0 : -EINVAL;
	case KVM_ARM_IRQ_TYPE_SPI:
		return *intid >= ROUTE_FIRST && *intid < 1020 ? 0 : -EINVAL;
	default: /* KVM_ARM_IRQ_TYPE_CPU: only for an interrupt controller in user space */
		return -EINVAL;
	}
}
