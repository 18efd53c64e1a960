// SPDX-License-Identifier: BSD-3-Clause
/*
 * probe.c: stands where the hypervisor will, and prints what the loader handed over, as key=value
 * lines on a PL011, then powers the machine off. The boot test compares the lines.
 */
#include <hyp/boot.h>
#include <stdbool.h>

static volatile uint32_t *uart;

static void put(char c)
{
	*uart = (unsigned char)c;
}

static void put_text(const char *text)
{
	while (*text) {
		put(*text++);
	}
}

static void put_hex(const char *key, uint64_t value)
{
	int shift = 60;

	put_text(key);
	put_text("=0x");
	while (shift && !(value >> shift)) {
		shift -= 4;
	}
	for (; shift >= 0; shift -= 4) {
		put("0123456789abcdef"[value >> shift & 15]);
	}
	put_text("\r\n");
}

static void put_range(const char *key, const struct boot_range *r)
{
	put_text(key);
	put_hex(".base", r->base);
	put_text(key);
	put_hex(".bytes", r->bytes);
}

static uint64_t sum(const struct boot_range *r)
{
	const unsigned char *byte = (const unsigned char *)r->base;
	uint64_t total = 0;

	for (uint64_t i = 0; i < r->bytes; i++) {
		total += byte[i];
	}
	return total;
}

static void put_state(void)
{
	uint64_t sctlr, level, daif;

	__asm__("mrs %0, sctlr_el2" : "=r"(sctlr));
	__asm__("mrs %0, CurrentEL" : "=r"(level));
	__asm__("mrs %0, daif" : "=r"(daif));
	put_hex("el", level >> 2);
	put_hex("sctlr.mci", sctlr & 0x1005);
	put_hex("daif", daif >> 6);
}

static void power_off(void)
{
	register uint64_t x0 __asm__("x0") = 0x84000008;

	__asm__ volatile("smc #0" : "+r"(x0) : : "memory");
}

void probe_main(const struct boot_info *info);

void probe_main(const struct boot_info *info)
{
	uart = (volatile uint32_t *)(info->uart_kind == BOOT_UART_PL011 ? info->uart.base
									: 0x09000000);
	put_text("\r\nprobe: begin\r\n");
	put_state();
	put_hex("info", (uint64_t)info);
	put_hex("magic_ok", info->magic == BOOT_INFO_MAGIC && info->bytes == sizeof(*info));
	put_hex("entry_time_ok", info->entry_time != 0);
	put_range("hyp", &info->hyp);
	put_range("rm", &info->rm);
	put_range("rm_image", &info->rm_image);
	put_range("dtb", &info->dtb);
	put_hex("dtb.magic", *(const uint32_t *)info->dtb.base);
	put_range("rm_pool", &info->rm_pool);
	put_range("kernel", &info->kernel);
	put_hex("kernel.sum", sum(&info->kernel));
	put_range("initrd", &info->initrd);
	put_hex("initrd.sum", sum(&info->initrd));
	put_hex("rm_image.sum", sum(&info->rm_image));
	for (uint32_t i = 0; i < info->nr_vms; i++) {
		put_text("vm=");
		put_text(info->vms[i].name);
		put_text("\r\n");
		put_range("vm", &info->vms[i].memory);
		put_hex("vm.sum", sum(&info->vms[i].memory));
		put_hex("vm.entry", info->vms[i].entry);
		put_hex("vm.cpus", info->vms[i].nr_cpus);
		put_hex("vm.priority", info->vms[i].priority);
	}
	for (uint32_t i = 0; i < info->nr_ram; i++) {
		put_range("ram", &info->ram[i]);
	}
	for (uint32_t i = 0; i < info->nr_cpus; i++) {
		put_hex("cpu", info->cpu_mpidr[i]);
	}
	put_range("gicd", &info->gicd);
	for (uint32_t i = 0; i < info->nr_redists; i++) {
		put_range("gicr", &info->gicr[i]);
	}
	put_hex("maint", info->gic_maint_irq);
	put_hex("timer_virt", info->timer_virt_irq);
	put_hex("timer_phys", info->timer_phys_irq);
	put_hex("timer_hyp", info->timer_hyp_irq);
	put_hex("psci", info->psci);
	put_hex("psci_version", info->psci_version);
	put_hex("uart_kind", info->uart_kind);
	put_range("uart", &info->uart);
	put_hex("log_level", info->log_level);
	put_text("cmdline=");
	put_text(info->cmdline);
	put_text("\r\nprobe: end\r\n");
	power_off();
}
