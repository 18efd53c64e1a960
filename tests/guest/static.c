/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A static VM of hyp.conf, as tests/boot/test_rm_crash starts it twice. It has a GIC, timers, PSCI
 * and its console (CONSOLE_WRITE). With two CPUs it says a line a second for ever, by timer
 * interrupts on both; with one it touches memory that is not its own, which is an abort and harms
 * nobody, and powers off.
 */
#include "lib/gic.h"

#define CONSOLE_WRITE 0xC6000048ull
#define VTIMER        27u
#define TIMER_ENABLE  1u
#define NOT_MINE      0x09000000ull

static volatile u32 nr_ticks[2]; /* each CPU writes its own */

static void say(const char *text)
{
	while (*text != 0) {
		u64 word = 0;
		u32 nr = 0;

		for (; nr < 8 && text[nr] != 0; nr++) {
			word |= (u64)(u8)text[nr] << (8 * nr);
		}
		hvc(CONSOLE_WRITE, nr, word, 0);
		text += nr;
	}
}

static void next_second(void)
{
	write_sysreg(counter() + read_sysreg(cntfrq_el0), cntv_cval_el0);
}

static void take(bool fiq)
{
	u32 intid = gic_ack();

	if (fiq || intid != VTIMER) {
		return;
	}
	nr_ticks[cpu_this()]++;
	next_second();
	gic_eoi(intid);
}

static void tick_for_ever(u32 cpu)
{
	gic_cpu_init();
	gic_set_priority(VTIMER, 0xa0);
	gic_set(VTIMER, ISENABLER);
	next_second();
	write_sysreg(TIMER_ENABLE, cntv_ctl_el0);
	irq_on();
	for (u32 seen = 0;; seen++) {
		while (nr_ticks[cpu] == seen) {
			wfi();
		}
		say(cpu == 0 ? "tick of CPU 0\n" : "tick of CPU 1\n");
	}
}

int main(void)
{
	guest_irq_handler = take;
	gic_init();
	if (cpu_start(1, tick_for_ever)) {
		say("two CPUs\n");
		tick_for_ever(0);
	}
	guest_abort_expected = true;
	(void)mmio_read32(NOT_MINE);
	say(guest_nr_aborts == 1 ? "an abort\n" : "no abort\n");
	guest_power_off();
	say("still here\n");
	return 0;
}
