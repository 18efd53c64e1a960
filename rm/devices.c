// SPDX-License-Identifier: BSD-3-Clause
/*
 * devices.c: walks the device tree for addresses of devices; see devices.h.
 *
 * Disabled nodes are left out: a board disables what the secure world owns. So are the nodes that
 * describe memory (their "reg" is no device) and cores.
 */
#include "devices.h"
#include "dtreg.h"

#include <string.h>

#define PAGE 4096u

/* PCI host bridges: "ranges" maps bus addresses (3 cells) to ours (bindings: PCI bus, section 2).
 */
static void devices_add_windows(struct ranges *devices, const void *fdt, int node)
{
	int above = fdt_parent_offset(fdt, node), length;
	int child = fdt_address_cells(fdt, node), sizes = fdt_size_cells(fdt, node);
	int parent = above < 0 ? -1 : fdt_address_cells(fdt, above);
	const fdt32_t *window = fdt_getprop(fdt, node, "ranges", &length);
	int entry = child + parent + sizes;

	if (!window || child < 1 || parent < 1 || sizes < 1) {
		return;
	}
	for (; length >= entry * 4; length -= entry * 4, window += entry) {
		uint64_t base = dtreg_cells(window + child, parent);
		uint64_t bytes = dtreg_cells(window + child + parent, sizes);

		if (dtreg_translate(fdt, above, &base, bytes)) {
			ranges_add(devices, base, bytes);
		}
	}
}

static void devices_add_node(struct ranges *devices, const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);
	struct boot_range range;

	for (unsigned int i = 0; dtreg_get(fdt, node, i, &range); i++) {
		ranges_add(devices, range.base, range.bytes);
	}
	if (type && strcmp(type, "pci") == 0) {
		devices_add_windows(devices, fdt, node);
	}
}

/* Nodes whose whole subtree describes something else than devices. */
static bool devices_skip(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);
	const char *status = fdt_getprop(fdt, node, "status", NULL);
	const char *name = fdt_get_name(fdt, node, NULL);

	return (type && (strcmp(type, "memory") == 0 || strcmp(type, "cpu") == 0)) ||
	       (status && strcmp(status, "okay") != 0 && strcmp(status, "ok") != 0) ||
	       (name && strcmp(name, "reserved-memory") == 0) ||
	       fdt_node_check_compatible(fdt, node, "arm,gic-v3") == 0;
}

void devices_find(struct ranges *devices, const void *fdt, const struct boot_info *boot)
{
	int depth = 0, skip = 0; /* skip: depth of the subtree being skipped; 0: none */

	devices->nr = 0;
	devices->overflow = false;
	for (int node = fdt_next_node(fdt, -1, &depth); node >= 0 && depth > 0;
	     node = fdt_next_node(fdt, node, &depth)) {
		if (skip && depth > skip) {
			continue;
		}
		skip = devices_skip(fdt, node) ? depth : 0;
		if (!skip) {
			devices_add_node(devices, fdt, node);
		}
	}
	ranges_align_out(devices, PAGE);
	for (uint32_t i = 0; i < boot->nr_ram; i++) {
		ranges_remove(devices, boot->ram[i].base, boot->ram[i].bytes);
	}
	ranges_remove(devices, boot->gicd.base, boot->gicd.bytes);
	for (uint32_t i = 0; i < boot->nr_redists; i++) {
		ranges_remove(devices, boot->gicr[i].base, boot->gicr[i].bytes);
	}
}
