/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hypervisor costs a VM: prints "BENCH: name ticks count hz" lines, ticks being the
 * counter's for count repetitions. Under QEMU's -icount shift=0 a nanosecond is an instruction, so
 * that ticks * 1e9 / hz / count is instructions each. tests/bench/hyp runs it and does that sum.
 *
 * A guest of a VMM with QEMU virt's memory map, or the host VM itself. One CPU is enough; the
 * interrupt between CPUs is measured when there are two.
 */
#include "lib/gic.h"
#include "lib/guest.h"

#define SMCCC_VERSION 0x80000000u
#define GICD_IIDR     (GICD + 0x8)
#define PL011_FR      0x09000018ull
#define REPEAT        1000u
#define SGI_THERE     1u
#define SGI_BACK      2u
#define TIMER_PPI     27u
#define TIMER_ROUNDS  8u
#define TIMER_US      10000u
/* Memory that nothing has touched: past the image, within the smallest guest that runs this. */
#define TOUCH_BYTES (96ull << 20)
#define BLOCK_BYTES (2ull << 20)
#define PAGE_BYTES  4096ull

static volatile u32 nr_replies;
static volatile u64 handler_entry;
static volatile u32 nr_ticks;
static volatile bool partner_stop;

/* Under -icount QEMU runs one core at a time; this hands over to the next at once. */
static void yield(void)
{
	__asm__ volatile("yield" : : : "memory");
}

static void result(const char *name, u64 ticks, u64 count)
{
	print("BENCH: ");
	print(name);
	print(" ");
	print_number(ticks);
	print(" ");
	print_number(count);
	print(" ");
	print_number(read_sysreg(cntfrq_el0));
	print("\n");
}

static void bench_hypercall(void)
{
	u64 start = counter();

	for (u32 i = 0; i < REPEAT; i++) {
		(void)hvc(SMCCC_VERSION, 0, 0, 0);
	}
	result("hypercall", counter() - start, REPEAT);
}

static void bench_read(const char *name, u64 address)
{
	u64 start = counter();

	for (u32 i = 0; i < REPEAT; i++) {
		(void)mmio_read32(address);
	}
	result(name, counter() - start, REPEAT);
}

static void ipi_handler(bool fiq)
{
	u32 intid = gic_ack();

	(void)fiq;
	if (intid == SGI_THERE) {
		gic_sgi(SGI_BACK, 1u << 0);
	} else {
		nr_replies++;
	}
	gic_eoi(intid);
}

static void ipi_partner(u32 cpu)
{
	(void)cpu;
	gic_cpu_init();
	gic_set(SGI_THERE, ISENABLER);
	irq_on();
	while (!partner_stop) {
		yield();
	}
	irq_off();
}

static void bench_ipi(void)
{
	u64 start;

	guest_irq_handler = ipi_handler;
	if (!cpu_start(1, ipi_partner)) {
		return;
	}
	gic_set(SGI_BACK, ISENABLER);
	irq_on();
	delay_us(2000);
	/* Both warm: the first ones find the other CPU still coming up. */
	for (u32 i = 0, before; i < 8; i++) {
		before = nr_replies;
		gic_sgi(SGI_THERE, 1u << 1);
		(void)wait_for(&nr_replies, before + 1);
	}
	start = counter();
	for (u32 i = 0, before; i < REPEAT; i++) {
		before = nr_replies;
		gic_sgi(SGI_THERE, 1u << 1);
		while (nr_replies == before) {
			yield();
		}
	}
	result("ipi", counter() - start, REPEAT);
	irq_off();
	partner_stop = true;
	(void)cpu_wait_off(1);
}

static void timer_handler(bool fiq)
{
	u64 now = counter();
	u32 intid = gic_ack();

	(void)fiq;
	handler_entry = now;
	nr_ticks++;
	write_sysreg(0, cntv_ctl_el0);
	gic_eoi(intid);
}

static void bench_timer(const char *name, bool sleep)
{
	u64 late = 0;

	guest_irq_handler = timer_handler;
	gic_set(TIMER_PPI, ISENABLER);
	for (u32 i = 0; i < TIMER_ROUNDS; i++) {
		u64 due = counter() + read_sysreg(cntfrq_el0) / 1000000 * TIMER_US;
		u32 before = nr_ticks;

		write_sysreg(due, cntv_cval_el0);
		write_sysreg(1, cntv_ctl_el0);
		if (sleep) {
			irq_off();
			wfi();
			irq_on();
		} else {
			irq_on();
		}
		while (nr_ticks == before) {
		}
		irq_off();
		late += handler_entry - due;
	}
	result(name, late, TIMER_ROUNDS);
}

static u64 touch(u64 base)
{
	u64 start = counter();

	for (u64 at = 0; at < TOUCH_BYTES; at += PAGE_BYTES) {
		*(volatile u8 *)(base + at) = 1;
	}
	return counter() - start;
}

/* What the first touches cost more than the second ones: the loop is not the hypervisor's. */
static void bench_touch(void)
{
	u64 base = ((u64)&bench_touch + BLOCK_BYTES) & ~(BLOCK_BYTES - 1);
	u64 first = touch(base);
	u64 second = touch(base);

	result("touch", first - second, TOUCH_BYTES / PAGE_BYTES);
}

int main(void)
{
	gic_init();
	gic_cpu_init();
	bench_hypercall();
	bench_read("gicd", GICD_IIDR);
	bench_read("mmio", PL011_FR);
	bench_touch();
	bench_timer("timer", false);
	bench_timer("timer-wfi", true);
	bench_ipi();
	return 0;
}
