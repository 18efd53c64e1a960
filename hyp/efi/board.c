// SPDX-License-Identifier: BSD-3-Clause
/*
 * board.c: the device tree, read once while the firmware can still show a message.
 */
#include "board.h"
#include "dtreg.h"
#include "fail.h"

#include <string.h>

int board_check(const void *fdt, size_t bytes, const char *name)
{
	int error = bytes < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_header(fdt);

	if (error == -FDT_ERR_BADMAGIC) {
		return loader_fail("%s: not a device tree blob (no d00dfeed at its start)", name);
	}
	if (error == 0 && fdt_totalsize(fdt) > bytes) {
		return loader_fail("%s: damaged: %u bytes by its header, but only %zu are there",
				   name, fdt_totalsize(fdt), bytes);
	}
	if (error == 0) {
		error = fdt_check_full(fdt, bytes);
	}
	if (error) {
		return loader_fail("%s: damaged device tree: %s", name, fdt_strerror(error));
	}
	return 0;
}

static bool board_has_text(const void *fdt, int node, const char *name, const char *text)
{
	const char *value = fdt_getprop(fdt, node, name, NULL);

	return value && strcmp(value, text) == 0;
}

/* Cores that PSCI can start, and the one we run on. */
static int board_read_cpus(const void *fdt, uint64_t mpidr, const char *name,
			   struct boot_info *info)
{
	int node, cpus = fdt_path_offset(fdt, "/cpus");
	int cells = cpus < 0 ? cpus : fdt_address_cells(fdt, cpus);
	bool found = false;

	if (cells < 1 || cells > 2) {
		return loader_fail("%s: no usable /cpus node", name);
	}
	info->nr_cpus = 1;
	info->cpu_mpidr[0] = mpidr;
	fdt_for_each_subnode(node, fdt, cpus)
	{
		int length;
		const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);
		uint64_t id;

		if (!board_has_text(fdt, node, "device_type", "cpu") || !reg ||
		    length != cells * 4 || !dtreg_enabled(fdt, node)) {
			continue;
		}
		id = dtreg_cells(reg, cells) & BOARD_MPIDR_MASK;
		if (id == mpidr) {
			found = true;
		} else if (board_has_text(fdt, node, "enable-method", "psci") &&
			   info->nr_cpus < BOOT_MAX_CPUS) {
			info->cpu_mpidr[info->nr_cpus++] = id;
		}
	}
	if (!found) {
		return loader_fail("%s: /cpus does not list the core we run on (MPIDR 0x%llx)",
				   name, (unsigned long long)mpidr);
	}
	return 0;
}

static int board_read_gic(const void *fdt, const char *name, struct boot_info *info, int *gic)
{
	const fdt32_t *stride;
	int length;

	*gic = dtreg_find_compatible(fdt, -1, "arm,gic-v3");
	if (*gic < 0) {
		return loader_fail("%s: no GICv3 (\"arm,gic-v3\"); other interrupt controllers are "
				   "not supported%s",
				   name,
				   dtreg_find_compatible(fdt, -1, "arm,cortex-a15-gic") >= 0
					   ? " (QEMU: -machine gic-version=3)"
					   : "");
	}
	info->nr_redists = dtreg_u32(fdt, *gic, "#redistributor-regions", 1);
	stride = fdt_getprop(fdt, *gic, "redistributor-stride", &length);
	info->gicr_stride = stride && length <= 8 ? dtreg_cells(stride, length / 4) : 0;
	if (!dtreg_get(fdt, *gic, 0, &info->gicd) || info->nr_redists > BOOT_MAX_REDISTS) {
		return loader_fail("%s: GIC node: no usable 'reg'", name);
	}
	for (uint32_t i = 0; i < info->nr_redists; i++) {
		if (!dtreg_get(fdt, *gic, 1 + i, &info->gicr[i])) {
			return loader_fail("%s: GIC node: 'reg' has no redistributor region %u",
					   name, i);
		}
	}
	info->gic_maint_irq = dtreg_gic_irq(fdt, *gic, *gic, 0);
	if (!info->gic_maint_irq) {
		return loader_fail(
			"%s: GIC node: no maintenance interrupt; the hypervisor needs it "
			"(QEMU: -machine virtualization=on)",
			name);
	}
	return 0;
}

/*
 * "interrupts" of arm,armv8-timer: secure, non-secure physical, virtual, hypervisor; or named by
 * "interrupt-names" (Linux: Documentation/devicetree/bindings/timer/arm,arch_timer.yaml).
 */
static uint32_t board_timer_irq(const void *fdt, int node, int gic, const char *name, int position)
{
	if (fdt_getprop(fdt, node, "interrupt-names", NULL)) {
		position = fdt_stringlist_search(fdt, node, "interrupt-names", name);
	}
	return position < 0 ? 0 : dtreg_gic_irq(fdt, node, gic, (unsigned int)position);
}

static int board_read_timer(const void *fdt, const char *name, int gic, struct boot_info *info)
{
	int node = dtreg_find_compatible(fdt, -1, "arm,armv8-timer");

	if (node < 0) {
		node = dtreg_find_compatible(fdt, -1, "arm,armv7-timer");
	}
	if (node < 0) {
		return loader_fail("%s: no \"arm,armv8-timer\" node", name);
	}
	info->timer_phys_irq = board_timer_irq(fdt, node, gic, "phys", 1);
	info->timer_virt_irq = board_timer_irq(fdt, node, gic, "virt", 2);
	info->timer_hyp_irq = board_timer_irq(fdt, node, gic, "hyp-phys", 3);
	if (!info->timer_phys_irq || !info->timer_virt_irq || !info->timer_hyp_irq) {
		return loader_fail("%s: timer node: the physical, virtual and hypervisor timers' "
				   "interrupts must be there",
				   name);
	}
	return 0;
}

/* Without PSCI the machine runs on the boot core alone and cannot power itself off. */
static int board_read_psci(const void *fdt, const char *name, struct boot_info *info)
{
	int node = dtreg_find_compatible(fdt, -1, "arm,psci-1.0");

	if (node < 0) {
		node = dtreg_find_compatible(fdt, -1, "arm,psci-0.2");
	}
	info->psci = BOOT_PSCI_NONE;
	if (node < 0) {
		info->nr_cpus = 1;
		return 0;
	}
	if (!board_has_text(fdt, node, "method", "smc")) {
		return loader_fail("%s: PSCI node: method is not \"smc\": something else already "
				   "runs at EL2",
				   name);
	}
	info->psci = BOOT_PSCI_SMC;
	return 0;
}

/* The node of /chosen/stdout-path, an alias or a path with ":options" behind it; or negative. */
static int board_find_console(const void *fdt)
{
	int length, chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", &length);
	const char *end;

	if (!path || length < 1) {
		return -FDT_ERR_NOTFOUND;
	}
	end = memchr(path, ':', (size_t)length);
	end = end ? end : path + strnlen(path, (size_t)length);
	return fdt_path_offset_namelen(fdt, path, (int)(end - path));
}

/* No console is no error: the log is also kept in memory. */
static void board_read_uart(const void *fdt, struct boot_info *info)
{
	static const struct {
		const char *compatible;
		enum boot_uart_kind kind;
	} kinds[] = {
		{"arm,pl011", BOOT_UART_PL011},
		{"arm,sbsa-uart", BOOT_UART_PL011},
		{"snps,dw-apb-uart", BOOT_UART_8250},
		{"ns16550a", BOOT_UART_8250},
		{"ns16550", BOOT_UART_8250},
		{"brcm,bcm2835-aux-uart", BOOT_UART_8250},
		{"nvidia,tegra20-uart", BOOT_UART_8250},
	};
	int node = board_find_console(fdt);

	info->uart_kind = BOOT_UART_NONE;
	if (node < 0 || !dtreg_enabled(fdt, node) || !dtreg_get(fdt, node, 0, &info->uart)) {
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (fdt_node_check_compatible(fdt, node, kinds[i].compatible) == 0) {
			info->uart_kind = kinds[i].kind;
			info->uart_shift = dtreg_u32(fdt, node, "reg-shift", 0);
			return;
		}
	}
}

int board_read(const void *fdt, uint64_t mpidr, const char *name, struct boot_info *info)
{
	int gic;

	if (board_read_cpus(fdt, mpidr, name, info) < 0 ||
	    board_read_gic(fdt, name, info, &gic) < 0 ||
	    board_read_timer(fdt, name, gic, info) < 0 || board_read_psci(fdt, name, info) < 0) {
		return -1;
	}
	board_read_uart(fdt, info);
	return 0;
}

/* Takes the children of /reserved-memory and the /memreserve/ list out. */
static void board_remove_reserved(const void *fdt, struct ranges *ram, struct ranges *place)
{
	int node, parent = fdt_path_offset(fdt, "/reserved-memory");
	struct boot_range range;

	if (parent >= 0) {
		fdt_for_each_subnode(node, fdt, parent)
		{
			bool no_map = fdt_getprop(fdt, node, "no-map", NULL) != NULL;

			for (unsigned int i = 0;
			     dtreg_enabled(fdt, node) && dtreg_get(fdt, node, i, &range); i++) {
				ranges_remove(place, range.base, range.bytes);
				if (no_map) {
					ranges_remove(ram, range.base, range.bytes);
				}
			}
		}
	}
	for (int i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		if (fdt_get_mem_rsv(fdt, i, &range.base, &range.bytes) == 0) {
			ranges_remove(place, range.base, range.bytes);
		}
	}
}

int board_read_memory(const void *fdt, const char *name, struct ranges *ram, struct ranges *place)
{
	struct boot_range range;
	int node;

	ram->nr = 0;
	ram->overflow = false;
	fdt_for_each_subnode(node, fdt, 0)
	{
		if (!board_has_text(fdt, node, "device_type", "memory")) {
			continue;
		}
		for (unsigned int i = 0;
		     dtreg_enabled(fdt, node) && dtreg_get(fdt, node, i, &range); i++) {
			ranges_add(ram, range.base, range.bytes);
		}
	}
	if (!ram->nr) {
		return loader_fail("%s: no /memory node with an address", name);
	}
	*place = *ram;
	board_remove_reserved(fdt, ram, place);
	ranges_align_in(ram, 4096);
	ranges_align_in(place, 4096);
	return 0;
}
