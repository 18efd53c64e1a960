/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fdt_node.h: the few helpers that device tree nodes are made with; thin layers over libfdt's
 * sequential writer.
 *
 * Each returns 0 or a negative libfdt error (-FDT_ERR_NOSPACE when the buffer is full), like
 * libfdt's own functions. Bindings: Devicetree Specification 0.4 and Linux's
 * Documentation/devicetree/bindings.
 */
#ifndef VMM_FDT_NODE_H
#define VMM_FDT_NODE_H

#include <stddef.h>
#include <stdint.h>

/* Interrupt specifiers of the GIC binding: type, number, flags. */
#define FDT_IRQ_SPI         0
#define FDT_IRQ_PPI         1
#define FDT_IRQ_EDGE_RISING 1
#define FDT_IRQ_LEVEL_HIGH  4

/* Opens node `name@unit`. */
int fdt_begin_unit(void *fdt, const char *name, uint64_t unit);
/* An array of 32-bit cells. */
int fdt_property_cells(void *fdt, const char *name, const uint32_t *cells, size_t nr_cells);
/* A list of strings, ended by NULL. */
int fdt_property_strings(void *fdt, const char *name, const char *const *strings);
/* `reg` of one range, two cells each for address and size. */
int fdt_property_reg(void *fdt, uint64_t base, uint64_t size);
/* `interrupts` of one shared peripheral interrupt. */
int fdt_property_spi(void *fdt, uint32_t spi, uint32_t flags);

#endif
