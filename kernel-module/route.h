/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ROUTE_H
#define ROUTE_H

#include "pure.h"

#define ROUTE_MAX   1024u /* KVM_CAP_IRQ_ROUTING: entries of one table */
#define ROUTE_FIRST 32u	  /* INTID of SPI 0 */
#define ROUTE_NONE  0u	  /* INTID of a GSI that leads nowhere */

/* Where each GSI leads. Immutable once published. */
struct route_table {
	u32 nr;	     /* GSIs from 0 */
	u16 intid[]; /* ROUTE_NONE, or the SPI's INTID */
};

/*
 * Checks user space's table. Returns how many GSIs it spans, or -EINVAL: a kind of route that is
 * not offered (MSI: there is no ITS), a pin that no GIC has, a GSI beyond the limit or named twice.
 */
int route_check(const struct kvm_irq_routing_entry *entries, u32 nr);

/* Fills a table with room for what route_check() returned. */
void route_fill(struct route_table *table, u32 nr_gsi, const struct kvm_irq_routing_entry *entries,
		u32 nr);

/* The INTID a GSI leads to, or ROUTE_NONE. Without a table (NULL), GSI n is SPI n. */
u32 route_find(const struct route_table *table, u32 gsi);

/*
 * Takes KVM_IRQ_LINE's irq apart (api.rst 4.25). 0, or -EINVAL. *vcpu is meaningful for a PPI.
 */
int route_parse_line(u32 irq, u32 *intid, u32 *vcpu);

#endif
