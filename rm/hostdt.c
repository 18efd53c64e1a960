// SPDX-License-Identifier: BSD-3-Clause
/*
 * hostdt.c: one function for each change of hostdt.h, all with the same signature, and a table that
 * names them. Bindings are those of Linux's Documentation/devicetree/bindings.
 */
#include "hostdt.h"
#include "dtreg.h"

#include <stdio.h>
#include <string.h>

#define GIC_DT_SPI        0
#define IRQ_EDGE_RISING   1
#define IRQ_LEVEL_HIGH    4
#define MAX_CELLS_PER_IRQ 8u

/* A property that is being put together. */
struct cells {
	fdt32_t cell[4 * RANGES_MAX];
	int nr;
};

static void cells_add(struct cells *cells, uint64_t value, int width)
{
	while (width--) {
		cells->cell[cells->nr++] =
			cpu_to_fdt32((uint32_t)(width >= 2 ? 0 : value >> 32 * width));
	}
}

static int cells_set(const struct cells *cells, void *fdt, int node, const char *name)
{
	return fdt_setprop(fdt, node, name, cells->cell, cells->nr * 4);
}

static int hostdt_set_text(void *fdt, int node, const char *name, const char *text)
{
	return fdt_setprop(fdt, node, name, text, (int)strlen(text) + 1);
}

/* Absent is as good as deleted. */
static int hostdt_delete(void *fdt, int node, const char *name)
{
	int error = fdt_delprop(fdt, node, name);

	return error == -FDT_ERR_NOTFOUND ? 0 : error;
}

/* The GIC's node: boot_info comes from the same tree, so it exists. */
static int hostdt_gic(const void *fdt)
{
	return dtreg_find_compatible(fdt, -1, "arm,gic-v3");
}

static bool hostdt_is_memory(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);

	return type && strcmp(type, "memory") == 0;
}

static int hostdt_set_memory(const struct hostdt *host, void *fdt)
{
	int address = fdt_address_cells(fdt, 0), size = fdt_size_cells(fdt, 0);
	struct cells reg = {.nr = 0};
	char name[32];
	int node, next;

	for (node = fdt_first_subnode(fdt, 0); node >= 0; node = next) {
		if (!hostdt_is_memory(fdt, node)) {
			next = fdt_next_subnode(fdt, node);
			continue;
		}
		if (fdt_del_node(fdt, node) < 0) {
			return -FDT_ERR_INTERNAL;
		}
		next = fdt_first_subnode(fdt, 0);
	}
	if (address < 1 || address > 2 || size < 1 || size > 2 || !host->memory->nr) {
		return -FDT_ERR_BADNCELLS;
	}
	for (uint32_t i = 0; i < host->memory->nr; i++) {
		cells_add(&reg, host->memory->r[i].base, address);
		cells_add(&reg, host->memory->r[i].bytes, size);
	}
	snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)host->memory->r[0].base);
	node = fdt_add_subnode(fdt, 0, name);
	if (node < 0) {
		return node;
	}
	if (hostdt_set_text(fdt, node, "device_type", "memory") < 0) {
		return -FDT_ERR_NOSPACE;
	}
	return cells_set(&reg, fdt, node, "reg");
}

static int hostdt_set_chosen(const struct hostdt *host, void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen"), error;
	const struct boot_range *initrd = &host->boot->initrd;

	if (node == -FDT_ERR_NOTFOUND) {
		node = fdt_add_subnode(fdt, 0, "chosen");
	}
	if (node < 0) {
		return node;
	}
	error = hostdt_set_text(fdt, node, "bootargs", host->boot->cmdline);
	if (!error) {
		error = hostdt_delete(fdt, node, "linux,initrd-start");
	}
	if (!error) {
		error = hostdt_delete(fdt, node, "linux,initrd-end");
	}
	if (!error && initrd->bytes) {
		error = fdt_setprop_u64(fdt, node, "linux,initrd-start", initrd->base);
	}
	if (!error && initrd->bytes) {
		error = fdt_setprop_u64(fdt, node, "linux,initrd-end",
					initrd->base + initrd->bytes);
	}
	return error;
}

static int hostdt_set_psci(const struct hostdt *host, void *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int node = fdt_path_offset(fdt, "/psci"), error;

	(void)host;
	if (node == -FDT_ERR_NOTFOUND) {
		node = dtreg_find_compatible(fdt, -1, "arm,psci-0.2");
	}
	if (node == -FDT_ERR_NOTFOUND) {
		node = dtreg_find_compatible(fdt, -1, "arm,psci-1.0");
	}
	if (node == -FDT_ERR_NOTFOUND) {
		node = fdt_add_subnode(fdt, 0, "psci");
	}
	if (node < 0) {
		return node;
	}
	error = fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
	return error ? error : hostdt_set_text(fdt, node, "method", "hvc");
}

static bool hostdt_has_cpu(const struct boot_info *boot, uint64_t mpidr)
{
	for (uint32_t i = 0; i < boot->nr_cpus; i++) {
		if (boot->cpu_mpidr[i] == mpidr) {
			return true;
		}
	}
	return false;
}

/* Cores are started with PSCI; one that the hypervisor does not run is disabled. */
static int hostdt_set_cpus(const struct hostdt *host, void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), node, error = 0;
	int width = cpus < 0 ? cpus : fdt_address_cells(fdt, cpus);

	fdt_for_each_subnode(node, fdt, cpus)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		int length;
		const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);

		if (!type || strcmp(type, "cpu") != 0 || !reg || length != width * 4) {
			continue;
		}
		error = hostdt_has_cpu(host->boot, dtreg_cells(reg, width))
				? hostdt_set_text(fdt, node, "enable-method", "psci")
				: hostdt_set_text(fdt, node, "status", "disabled");
		if (error) {
			return error;
		}
	}
	return 0;
}

/* timer/arm,arch_timer.yaml: hypervisor interrupts come last, or are named. */
static int hostdt_set_timer(const struct hostdt *host, void *fdt)
{
	static const char names[] = "phys\0virt";
	int node = dtreg_find_compatible(fdt, -1, "arm,armv8-timer"), gic = hostdt_gic(fdt), length;
	uint32_t width = dtreg_u32(fdt, gic, "#interrupt-cells", 3);
	const fdt32_t *irqs;
	struct cells kept = {.nr = 0};
	uint32_t nr;
	int error;

	if (node == -FDT_ERR_NOTFOUND) {
		node = dtreg_find_compatible(fdt, -1, "arm,armv7-timer");
	}
	irqs = fdt_getprop(fdt, node, "interrupts", &length);
	if (!irqs || width < 3 || width > MAX_CELLS_PER_IRQ) {
		return -FDT_ERR_BADVALUE;
	}
	nr = (uint32_t)length / 4 / width;
	for (uint32_t i = 0; i < nr && kept.nr < 16 * (int)MAX_CELLS_PER_IRQ; i++) {
		uint32_t intid = dtreg_gic_irq(fdt, node, gic, i);

		if (intid != host->boot->timer_phys_irq && intid != host->boot->timer_virt_irq) {
			continue;
		}
		for (uint32_t c = 0; c < width; c++) {
			cells_add(&kept, fdt32_ld(&irqs[i * width + c]), 1);
		}
	}
	error = cells_set(&kept, fdt, node, "interrupts");
	return error ? error : fdt_setprop(fdt, node, "interrupt-names", names, sizeof(names));
}

/* interrupt-controller/arm,gic-v3.yaml */
static int hostdt_set_gic(const struct hostdt *host, void *fdt)
{
	static const char *const gone[] = {"interrupts",           "#redistributor-regions",
					   "redistributor-stride", "msi-controller",
					   "mbi-ranges",           "mbi-alias"};
	int gic = hostdt_gic(fdt), above = fdt_parent_offset(fdt, gic), child, error;
	struct cells reg = {.nr = 0};
	int address, size;

	if (above != 0) {
		return -FDT_ERR_BADPATH; /* addresses below a bus would have to be mapped back */
	}
	address = fdt_address_cells(fdt, above);
	size = fdt_size_cells(fdt, above);
	cells_add(&reg, host->boot->gicd.base, address);
	cells_add(&reg, host->boot->gicd.bytes, size);
	cells_add(&reg, host->boot->gicr[0].base, address);
	cells_add(&reg, host->gicr_bytes, size);
	error = cells_set(&reg, fdt, gic, "reg");
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]) && !error; i++) {
		error = hostdt_delete(fdt, gic, gone[i]);
	}
	while (!error && (child = fdt_first_subnode(fdt, gic)) >= 0) {
		error = fdt_del_node(fdt, child);
	}
	return error;
}

/* The ITS is gone, and PPIs other than the timers' do not reach the host: so are their users. */
static int hostdt_delete_users(const struct hostdt *host, void *fdt)
{
	static const char *const counters[] = {"arm,armv8-pmuv3", "arm,cortex-a53-pmu",
					       "arm,cortex-a57-pmu", "arm,cortex-a72-pmu",
					       "arm,cortex-a76-pmu"};
	int node, error = 0;

	(void)host;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]) && !error; i++) {
		while (!error &&
		       (node = fdt_node_offset_by_compatible(fdt, -1, counters[i])) >= 0) {
			error = fdt_del_node(fdt, node);
		}
	}
	for (node = fdt_next_node(fdt, -1, NULL); node >= 0 && !error;
	     node = fdt_next_node(fdt, node, NULL)) {
		error = hostdt_delete(fdt, node, "msi-parent");
		error = error ? error : hostdt_delete(fdt, node, "msi-map");
	}
	return error;
}

static int hostdt_add_hypervisor(const struct hostdt *host, void *fdt)
{
	int gic = hostdt_gic(fdt), node, error;
	uint32_t phandle = fdt_get_phandle(fdt, gic);
	uint32_t width = dtreg_u32(fdt, gic, "#interrupt-cells", 3);
	struct cells irqs = {.nr = 0};

	if (!phandle || width < 3 || width > MAX_CELLS_PER_IRQ) {
		return -FDT_ERR_BADPHANDLE;
	}
	cells_add(&irqs, GIC_DT_SPI, 1);
	cells_add(&irqs, host->rm_rx_intid - 32, 1);
	cells_add(&irqs, IRQ_EDGE_RISING, 1);
	cells_add(&irqs, 0, (int)width - 3);
	cells_add(&irqs, GIC_DT_SPI, 1);
	cells_add(&irqs, host->wake_intid - 32, 1);
	cells_add(&irqs, IRQ_LEVEL_HIGH, 1);
	cells_add(&irqs, 0, (int)width - 3);
	node = fdt_add_subnode(fdt, 0, "hypervisor");
	if (node < 0) {
		return node;
	}
	error = hostdt_set_text(fdt, node, "compatible", "armhyp,hypervisor");
	error = error ? error : fdt_setprop_u32(fdt, node, "interrupt-parent", phandle);
	error = error ? error : cells_set(&irqs, fdt, node, "interrupts");
	error = error ? error : fdt_setprop_u32(fdt, node, "armhyp,rm-tx", (uint32_t)host->rm_tx);
	error = error ? error : fdt_setprop_u32(fdt, node, "armhyp,rm-rx", (uint32_t)host->rm_rx);
	return error ? error : fdt_setprop_u32(fdt, node, "armhyp,wake", (uint32_t)host->wake);
}

int hostdt_make(const struct hostdt *host, const void *board, void *to, size_t bytes,
		const char **step)
{
	static const struct {
		const char *name;
		int (*change)(const struct hostdt *host, void *fdt);
	} steps[] = {
		{"memory", hostdt_set_memory},
		{"chosen", hostdt_set_chosen},
		{"psci", hostdt_set_psci},
		{"cpus", hostdt_set_cpus},
		{"timer", hostdt_set_timer},
		{"gic", hostdt_set_gic},
		{"pmu and msi", hostdt_delete_users},
		{"hypervisor", hostdt_add_hypervisor},
	};
	int error = fdt_open_into(board, to, (int)bytes);

	*step = "copy";
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !error; i++) {
		*step = steps[i].name;
		error = steps[i].change(host, to);
	}
	return error ? error : fdt_pack(to);
}
