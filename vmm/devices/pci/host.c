// SPDX-License-Identifier: BSD-3-Clause
/*
 * host.c: finds the function that an access is for. See host.h.
 *
 * The list of functions is constant once the vCPUs run, and functions lock for themselves, so there
 * is no lock here. Bindings: pci/host-generic-pci.yaml and pci/pci-msi.txt of Linux, IEEE 1275's
 * for PCI.
 */
#include "devices/pci/host.h"

#include "fdt_node.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define HOST_VENDOR     0x1b36 /* the bridge of QEMU's board */
#define HOST_DEVICE     0x0008
#define HOST_SUBSYSTEM  0x1100
#define HOST_CLASS_CODE 0x060000

#define HOST_DEVICE_SIZE 0x8000u /* of ECAM: eight functions, of which there is the first */

#define HOST_FDT_MEMORY32 0x02000000u /* phys.hi of a range */

struct pci_host {
	struct pci_host_config config;
	struct pci_function bridge;
	struct pci_function *functions[PCI_HOST_MAX_DEVICES]; /* by device number */
	unsigned int nr_functions;
};

static const struct pci_function_ops host_bridge_ops = {0};

struct pci_host *pci_host_create(const struct pci_host_config *config)
{
	static const struct pci_identity identity = {
		.vendor = HOST_VENDOR,
		.device = HOST_DEVICE,
		.subsystem = HOST_SUBSYSTEM,
		.class_code = HOST_CLASS_CODE,
	};
	struct pci_host *host = calloc(1, sizeof(*host));

	if (!host) {
		return NULL;
	}
	host->config = *config;
	pci_function_init(&host->bridge, &host_bridge_ops, &identity, NULL);
	host->functions[host->nr_functions++] = &host->bridge;
	return host;
}

int pci_host_add(struct pci_host *host, struct pci_function *function)
{
	if (!function) {
		return -ENOMEM;
	}
	if (host->nr_functions == PCI_HOST_MAX_DEVICES) {
		function->ops->destroy(function);
		return -ENOSPC;
	}
	function->requester_id = (uint16_t)(host->nr_functions << 3);
	function->intx = host->config.intx;
	function->intx.number += host->nr_functions;
	host->functions[host->nr_functions++] = function;
	return 0;
}

static void host_destroy(void *state)
{
	struct pci_host *host = state;

	for (unsigned int i = 1; i < host->nr_functions; i++) {
		host->functions[i]->ops->destroy(host->functions[i]);
	}
	pci_function_release(&host->bridge);
	free(host);
}

static uint64_t host_all_ones(unsigned int size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

/* The function whose register at @offset of ECAM is meant, or NULL. What PCI Express adds above 256
 * bytes nobody has. */
static struct pci_function *host_find_config(const struct pci_host *host, uint64_t offset,
					     unsigned int size)
{
	uint64_t device = offset / HOST_DEVICE_SIZE;

	if (device >= host->nr_functions || offset % HOST_DEVICE_SIZE >= PCI_CFG_SPACE_SIZE ||
	    size > 4 || offset % size) {
		return NULL;
	}
	return host->functions[device];
}

static uint64_t host_read_config(void *state, uint64_t offset, unsigned int size)
{
	struct pci_function *function = host_find_config(state, offset, size);

	return function ? pci_function_read(function, offset % HOST_DEVICE_SIZE, size)
			: host_all_ones(size);
}

static void host_write_config(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	struct pci_function *function = host_find_config(state, offset, size);

	if (function) {
		pci_function_write(function, offset % HOST_DEVICE_SIZE, (uint32_t)value, size);
	}
}

/* The function whose BAR is at @gpa, or NULL. Of several that overlap it is the first. */
static struct pci_function *host_find_bar(const struct pci_host *host, uint64_t gpa,
					  unsigned int size)
{
	for (unsigned int i = 0; i < host->nr_functions; i++) {
		if (pci_function_decodes(host->functions[i], gpa, size)) {
			return host->functions[i];
		}
	}
	return NULL;
}

/*
 * The BAR may move between the look-up and the access: then this one came before, and still finds
 * its register, since offsets are taken from the address and the alignment of BARs.
 */
static uint64_t host_read_memory(void *state, uint64_t offset, unsigned int size)
{
	const struct pci_host *host = state;
	uint64_t gpa = host->config.window_base + offset;
	struct pci_function *function = host_find_bar(host, gpa, size);

	return function ? function->ops->read_bar(function, gpa & (function->bar_size - 1), size)
			: host_all_ones(size);
}

static void host_write_memory(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	const struct pci_host *host = state;
	uint64_t gpa = host->config.window_base + offset;
	struct pci_function *function = host_find_bar(host, gpa, size);

	if (function) {
		function->ops->write_bar(function, gpa & (function->bar_size - 1), value, size);
	}
}

/* INTA of each device: unit address and pin, then the controller, its unit address and interrupt.
 */
static int host_describe_interrupts(const struct pci_host *host, void *fdt)
{
	const uint32_t mask[] = {0x1fu << 11, 0, 0, 7};
	uint32_t cells[PCI_HOST_MAX_DEVICES * 10];
	size_t nr = 0;
	int result;

	for (uint32_t i = 1; i < host->nr_functions; i++) {
		const uint32_t entry[] = {
			i << 11,
			0,
			0,
			1,
			host->config.gic_phandle,
			0,
			0,
			FDT_IRQ_SPI,
			host->functions[i]->intx.number,
			FDT_IRQ_LEVEL_HIGH,
		};

		memcpy(cells + nr, entry, sizeof(entry));
		nr += 10;
	}
	result = fdt_property_u32(fdt, "#interrupt-cells", 1);
	result = result ?: fdt_property_cells(fdt, "interrupt-map-mask", mask, 4);
	return result ?: fdt_property_cells(fdt, "interrupt-map", cells, nr);
}

/* The ITS is told the requester ID as it is. */
static int host_describe_msi(const struct pci_host *host, void *fdt)
{
	const uint32_t map[] = {0, host->config.its_phandle, 0, 0x100};

	return host->config.its_phandle ? fdt_property_cells(fdt, "msi-map", map, 4) : 0;
}

static int host_describe(const struct device *device, void *fdt)
{
	const struct pci_host *host = device->state;
	const struct pci_host_config *config = &host->config;
	const uint32_t buses[] = {0, 0};
	const uint32_t ranges[] = {HOST_FDT_MEMORY32,   0, config->window_base, 0,
				   config->window_base, 0, config->window_size};
	int result = fdt_begin_unit(fdt, "pcie", device->base);

	result = result ?: fdt_property_string(fdt, "compatible", "pci-host-ecam-generic");
	result = result ?: fdt_property_string(fdt, "device_type", "pci");
	result = result ?: fdt_property_u32(fdt, "#address-cells", 3);
	result = result ?: fdt_property_u32(fdt, "#size-cells", 2);
	result = result ?: fdt_property_reg(fdt, device->base, device->size);
	result = result ?: fdt_property_cells(fdt, "bus-range", buses, 2);
	result = result ?: fdt_property_cells(fdt, "ranges", ranges, 7);
	result = result ?: fdt_property_u32(fdt, "linux,pci-domain", 0);
	result = result ?: fdt_property(fdt, "dma-coherent", NULL, 0);
	result = result ?: host_describe_interrupts(host, fdt);
	result = result ?: host_describe_msi(host, fdt);
	return result ?: fdt_end_node(fdt);
}

const struct device_class pci_host_class = {
	.name = "pci-config",
	.bus = {.read = host_read_config, .write = host_write_config},
	.describe = host_describe,
	.destroy = host_destroy,
};

const struct bus_ops pci_host_window = {
	.read = host_read_memory,
	.write = host_write_memory,
};
