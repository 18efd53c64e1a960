// SPDX-License-Identifier: BSD-3-Clause
/*
 * machine_fdt.c: the device tree of the machine, written with libfdt from the machine's own tables.
 *
 * Bindings: arm/cpus.yaml, arm/psci.yaml, arm/pmu.yaml, timer/arm,arch_timer.yaml,
 * interrupt-controller/arm,gic-v3.yaml, arm,gic.yaml and each device's own (its describe()). Node
 * names follow QEMU's board, which guests' scripts may rely on.
 */
#include "machine_private.h"

#include "fdt_node.h"
#include "log.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * Random numbers for the guest's KASLR and its entropy pool. Early after the host's own boot there
 * may be none yet: waiting could take seconds, so KASLR then gets what there is, and the pool,
 * which would trust it, gets nothing.
 */
static int machine_fdt_seeds(void *fdt)
{
	uint8_t seed[64];
	uint64_t kaslr;
	int result = 0;

	if (getrandom(&kaslr, sizeof(kaslr), GRND_INSECURE) == sizeof(kaslr)) {
		result = fdt_property_u64(fdt, "kaslr-seed", kaslr);
	}
	if (result == 0 && getrandom(seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed)) {
		result = fdt_property(fdt, "rng-seed", seed, sizeof(seed));
	}
	return result;
}

static bool machine_has_uart(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->config->nr_serials; i++) {
		if (machine->config->serials[i].hardware == SERIAL_PL011) {
			return true;
		}
	}
	return false;
}

static int machine_fdt_chosen(const struct machine *machine, void *fdt)
{
	const struct machine_boot *boot = &machine->boot;
	int result = fdt_begin_node(fdt, "chosen");

	result = result ?: fdt_property_string(fdt, "bootargs", machine->config->params);
	if (result == 0 && machine_has_uart(machine)) {
		result = fdt_property_string(fdt, "stdout-path", "/pl011@9000000");
	}
	if (result == 0 && boot->initrd_size) {
		result = fdt_property_u64(fdt, "linux,initrd-start", boot->initrd);
		result = result
				 ?: fdt_property_u64(fdt, "linux,initrd-end",
						     boot->initrd + boot->initrd_size);
	}
	result = result ?: machine_fdt_seeds(fdt);
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_memory(const struct machine *machine, void *fdt)
{
	int result = 0;

	for (unsigned int i = 0; i < machine->memory.nr_regions; i++) {
		const struct guest_region *region = &machine->memory.regions[i];

		result = result ?: fdt_begin_unit(fdt, "memory", region->gpa);
		result = result ?: fdt_property_string(fdt, "device_type", "memory");
		result = result ?: fdt_property_reg(fdt, region->gpa, region->size);
		result = result ?: fdt_end_node(fdt);
	}
	return result;
}

static int machine_fdt_cpus(const struct machine *machine, void *fdt)
{
	int result = fdt_begin_node(fdt, "cpus");

	result = result ?: fdt_property_u32(fdt, "#address-cells", 2);
	result = result ?: fdt_property_u32(fdt, "#size-cells", 0);
	for (unsigned int i = 0; i < machine->config->nr_cpus; i++) {
		uint64_t mpidr = machine->vcpus[i].vcpu->mpidr;

		result = result ?: fdt_begin_unit(fdt, "cpu", mpidr);
		result = result ?: fdt_property_string(fdt, "device_type", "cpu");
		result = result ?: fdt_property_string(fdt, "compatible", "arm,armv8");
		result = result ?: fdt_property_string(fdt, "enable-method", "psci");
		result = result ?: fdt_property_u64(fdt, "reg", mpidr);
		result = result ?: fdt_end_node(fdt);
	}
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_psci(void *fdt)
{
	static const char *const compatible[] = {"arm,psci-1.0", "arm,psci-0.2", NULL};
	int result = fdt_begin_node(fdt, "psci");

	result = result ?: fdt_property_strings(fdt, "compatible", compatible);
	result = result ?: fdt_property_string(fdt, "method", "hvc");
	return result ?: fdt_end_node(fdt);
}

/* Third cell of a private interrupt. That of a GICv2 names the CPUs it is wired to. */
static uint32_t machine_ppi_flags(const struct machine *machine)
{
	if (!machine->config->gicv2) {
		return FDT_IRQ_LEVEL_HIGH;
	}
	return FDT_IRQ_LEVEL_HIGH | ((1u << machine->config->nr_cpus) - 1) << 8;
}

static int machine_fdt_timer(const struct machine *machine, void *fdt)
{
	/* Secure, non-secure, virtual and hypervisor timer, in the order of the binding. */
	const uint32_t flags = machine_ppi_flags(machine);
	const uint32_t cells[] = {
		FDT_IRQ_PPI, 13, flags, FDT_IRQ_PPI, 14, flags,
		FDT_IRQ_PPI, 11, flags, FDT_IRQ_PPI, 10, flags,
	};
	int result = fdt_begin_node(fdt, "timer");

	result = result ?: fdt_property_string(fdt, "compatible", "arm,armv8-timer");
	result = result ?: fdt_property(fdt, "always-on", NULL, 0);
	result = result ?: fdt_property_cells(fdt, "interrupts", cells, 12);
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_pmu(const struct machine *machine, void *fdt)
{
	const uint32_t cells[] = {FDT_IRQ_PPI, ACCEL_PMU_PPI, machine_ppi_flags(machine)};
	int result;

	if (!machine->accel->ops->has_pmu) {
		return 0;
	}
	result = fdt_begin_node(fdt, "pmu");
	result = result ?: fdt_property_string(fdt, "compatible", "arm,armv8-pmuv3");
	result = result ?: fdt_property_cells(fdt, "interrupts", cells, 3);
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_gicv2(void *fdt)
{
	const uint32_t reg[] = {0, VIRT_GIC_DIST, 0, VIRT_GIC_DIST_SIZE,
				0, VIRT_GIC_CPU,  0, VIRT_GIC_CPU_SIZE};
	int result = fdt_begin_unit(fdt, "intc", VIRT_GIC_DIST);

	result = result ?: fdt_property_string(fdt, "compatible", "arm,cortex-a15-gic");
	result = result ?: fdt_property_u32(fdt, "#interrupt-cells", 3);
	result = result ?: fdt_property(fdt, "interrupt-controller", NULL, 0);
	result = result ?: fdt_property_cells(fdt, "reg", reg, 8);
	result = result ?: fdt_property_u32(fdt, "#address-cells", 2);
	result = result ?: fdt_property_u32(fdt, "phandle", MACHINE_PHANDLE_GIC);
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_its(void *fdt)
{
	int result = fdt_begin_unit(fdt, "its", VIRT_ITS);

	result = result ?: fdt_property_string(fdt, "compatible", "arm,gic-v3-its");
	result = result ?: fdt_property(fdt, "msi-controller", NULL, 0);
	result = result ?: fdt_property_u32(fdt, "#msi-cells", 1);
	result = result ?: fdt_property_reg(fdt, VIRT_ITS, VIRT_ITS_SIZE);
	result = result ?: fdt_property_u32(fdt, "phandle", MACHINE_PHANDLE_ITS);
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_gicv3(const struct machine *machine, void *fdt)
{
	const uint32_t redist_size = (uint32_t)VIRT_GIC_REDIST_SIZE * machine->config->nr_cpus;
	const uint32_t reg[] = {0, VIRT_GIC_DIST,   0, VIRT_GIC_DIST_SIZE,
				0, VIRT_GIC_REDIST, 0, redist_size};
	int result = fdt_begin_unit(fdt, "intc", VIRT_GIC_DIST);

	result = result ?: fdt_property_string(fdt, "compatible", "arm,gic-v3");
	result = result ?: fdt_property_u32(fdt, "#interrupt-cells", 3);
	result = result ?: fdt_property(fdt, "interrupt-controller", NULL, 0);
	result = result ?: fdt_property_u32(fdt, "#redistributor-regions", 1);
	result = result ?: fdt_property_cells(fdt, "reg", reg, 8);
	result = result ?: fdt_property_u32(fdt, "#address-cells", 2);
	result = result ?: fdt_property_u32(fdt, "#size-cells", 2);
	result = result ?: fdt_property(fdt, "ranges", NULL, 0);
	result = result ?: fdt_property_u32(fdt, "phandle", MACHINE_PHANDLE_GIC);
	if (result == 0 && machine_has_its(machine)) {
		result = machine_fdt_its(fdt);
	}
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_clock(void *fdt)
{
	int result = fdt_begin_node(fdt, "apb-pclk");

	result = result ?: fdt_property_string(fdt, "compatible", "fixed-clock");
	result = result ?: fdt_property_u32(fdt, "#clock-cells", 0);
	result = result ?: fdt_property_u32(fdt, "clock-frequency", 24000000);
	result = result ?: fdt_property_string(fdt, "clock-output-names", "clk24mhz");
	result = result ?: fdt_property_u32(fdt, "phandle", MACHINE_PHANDLE_CLOCK);
	return result ?: fdt_end_node(fdt);
}

static int machine_fdt_root(const struct machine *machine, void *fdt)
{
	int result = fdt_begin_node(fdt, "");

	result = result ?: fdt_property_string(fdt, "compatible", "linux,dummy-virt");
	result = result ?: fdt_property_string(fdt, "model", "vmm,virt");
	result = result ?: fdt_property_u32(fdt, "#address-cells", 2);
	result = result ?: fdt_property_u32(fdt, "#size-cells", 2);
	result = result ?: fdt_property_u32(fdt, "interrupt-parent", MACHINE_PHANDLE_GIC);
	result = result ?: machine_fdt_chosen(machine, fdt);
	result = result ?: machine_fdt_memory(machine, fdt);
	result = result ?: machine_fdt_cpus(machine, fdt);
	result = result ?: machine_fdt_psci(fdt);
	result = result ?: machine_fdt_timer(machine, fdt);
	result = result ?: machine_fdt_pmu(machine, fdt);
	result = result
			 ?: (machine->config->gicv2 ? machine_fdt_gicv2(fdt)
						    : machine_fdt_gicv3(machine, fdt));
	result = result ?: machine_fdt_clock(fdt);
	for (unsigned int i = 0; i < machine->nr_devices; i++) {
		const struct device *device = &machine->devices[i];

		result = result ?: device->class->describe(device, fdt);
	}
	return result ?: fdt_end_node(fdt);
}

int machine_build_fdt(struct machine *machine)
{
	int result;

	machine->fdt = malloc(VIRT_FDT_MAX_SIZE);
	if (!machine->fdt) {
		return -ENOMEM;
	}
	result = fdt_create(machine->fdt, VIRT_FDT_MAX_SIZE);
	result = result ?: fdt_finish_reservemap(machine->fdt);
	result = result ?: machine_fdt_root(machine, machine->fdt);
	result = result ?: fdt_finish(machine->fdt);
	if (result) {
		log_error("cannot write the device tree: %s", fdt_strerror(result));
		return -EINVAL;
	}
	machine->fdt_size = fdt_totalsize(machine->fdt);
	return 0;
}
