/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dtreg.h: what libfdt leaves to its callers: "reg" as physical addresses, status, interrupts.
 *
 * Used by the loader and by the RM. Nothing in a device tree is trusted to be well formed: every
 * length is checked; a wrong property reads as absent. Devicetree Specification 0.3, section 2.3.
 */
#ifndef HYP_EFI_DTREG_H
#define HYP_EFI_DTREG_H

#include <hyp/boot.h>
#include <libfdt.h>
#include <stdbool.h>

/* Of @nr (1 or 2; of more the last two count) big-endian cells. */
uint64_t dtreg_cells(const fdt32_t *cell, int nr);

/* A property of one cell, or @otherwise. */
uint32_t dtreg_u32(const void *fdt, int node, const char *name, uint32_t otherwise);

/* Neither the node nor one above it has a status other than "okay". */
bool dtreg_enabled(const void *fdt, int node);

/* As fdt_node_offset_by_compatible(), but enabled nodes only. */
int dtreg_find_compatible(const void *fdt, int start, const char *compatible);

/*
 * Entry @index of "reg" as a CPU physical address, through the "ranges" of every bus above.
 * false: there is no such entry, or the CPU cannot reach it.
 */
bool dtreg_get(const void *fdt, int node, unsigned int index, struct boot_range *out);

/* Translates an address on the bus that @bus provides for its children; false: not mapped. */
bool dtreg_translate(const void *fdt, int bus, uint64_t *address, uint64_t bytes);

/* INTID of entry @index of "interrupts" when its parent is a GIC; 0: none. */
uint32_t dtreg_gic_irq(const void *fdt, int node, int gic, unsigned int index);

#endif
