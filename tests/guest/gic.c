/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A GICv3 and the generic timers, tested from inside a guest: the rules of Arm IHI 0069 that
 * operating systems rely on, on one CPU and between CPUs. Meant to pass on any hypervisor, and on
 * the bare board.
 *
 * Each test starts with the GIC as after gic_init(), and returns NULL or what went wrong. The
 * interrupt handler keeps a list of what was acknowledged, per CPU.
 */
#include "lib/gic.h"

#define MAX_LOG    64u
#define VTIMER     27u
#define PTIMER     30u
#define FIRST_TEST 40u /* SPIs that no device of the machine drives */

#define TIMER_ENABLE 1u
#define TIMER_IMASK  2u

static volatile u32 nr_taken[GUEST_CPUS];
static volatile u32 taken[GUEST_CPUS][MAX_LOG];
static volatile u32 stage[GUEST_CPUS]; /* each CPU writes its own */
static u32 nr_cpus;

/* Ends what it takes; timers are switched off, as their line stays high otherwise. */
static void take(bool fiq)
{
	u32 cpu = cpu_this();
	u32 intid = gic_ack();
	u32 n = nr_taken[cpu];

	if (fiq || intid == NONE) {
		return;
	}
	taken[cpu][n % MAX_LOG] = intid;
	if (intid == VTIMER) {
		write_sysreg(0, cntv_ctl_el0);
	} else if (intid == PTIMER) {
		write_sysreg(0, cntp_ctl_el0);
	}
	gic_eoi(intid);
	dsb();
	nr_taken[cpu] = n + 1;
}

static void start(void)
{
	gic_init();
	gic_cpu_init();
	guest_irq_handler = take;
	for (u32 cpu = 0; cpu < GUEST_CPUS; cpu++) {
		nr_taken[cpu] = 0;
		stage[cpu] = 0;
	}
}

/* Lets interrupts through for a moment. */
static void breathe(void)
{
	irq_on();
	delay_us(200);
	irq_off();
}

/* Lets interrupts through until this CPU has taken n; however long the host keeps a core from us.
 */
static void expect(u32 n)
{
	irq_on();
	(void)wait_for(&nr_taken[cpu_this()], n);
	irq_off();
	breathe();
}

static bool took(u32 cpu, u32 n, u32 intid)
{
	return nr_taken[cpu] > n && taken[cpu][n] == intid;
}

static void enable(u32 intid, u32 priority, bool edge)
{
	gic_set_priority(intid, priority);
	if (intid >= 32) {
		gic_set_edge(intid, edge);
	}
	gic_set(intid, ISENABLER);
}

static const char *test_identification(void)
{
	u32 typer = mmio_read32(GICD + 4);

	if ((mmio_read32(GICD + 0xffe8) >> 4 & 0xf) != 3) {
		return "GICD_PIDR2 names no GICv3";
	}
	if ((mmio_read32(GICD) & 0x50) != 0x50) {
		return "GICD_CTLR: ARE and DS";
	}
	if (gic_nr_irqs() < 64 || (typer >> 19 & 0x1f) < 9) {
		return "GICD_TYPER";
	}
	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		u64 redist = mmio_read(gic_redist(cpu) + 8, 8);

		if (redist >> 32 != cpu || (redist >> 8 & 0xffff) != cpu) {
			return "GICR_TYPER";
		}
		if ((redist >> 4 & 1) != (cpu == nr_cpus - 1)) {
			return "GICR_TYPER.Last";
		}
		if (redist >> 32 != mmio_read32(gic_redist(cpu) + 12)) {
			return "upper half of GICR_TYPER";
		}
	}
	return NULL;
}

static const char *test_registers(void)
{
	static const u16 pairs[][2] = {
		{ISENABLER, ICENABLER}, {ISPENDR, ICPENDR}, {ISACTIVER, ICACTIVER}};
	u64 priorities = GICD + IPRIORITYR + FIRST_TEST;

	for (u32 p = 0; p < 3; p++) {
		gic_set(FIRST_TEST, pairs[p][0]);
		gic_set(FIRST_TEST + 2, pairs[p][0]);
		if (!gic_get(FIRST_TEST, pairs[p][0]) || gic_get(FIRST_TEST + 1, pairs[p][0]) ||
		    !gic_get(FIRST_TEST + 2, pairs[p][1])) {
			return "a bit that was set is not, or another is";
		}
		gic_set(FIRST_TEST, pairs[p][1]);
		if (gic_get(FIRST_TEST, pairs[p][0]) || !gic_get(FIRST_TEST + 2, pairs[p][0])) {
			return "a bit that was cleared is not, or another is";
		}
		gic_set(FIRST_TEST + 2, pairs[p][1]);
	}
	mmio_write32(priorities, 0x80a0c0e0);
	mmio_write(priorities + 1, 1, 0x40);
	if (mmio_read32(priorities) != 0x80a040e0 || mmio_read(priorities + 3, 1) != 0x80) {
		return "GICD_IPRIORITYR by bytes and words";
	}
	gic_route(FIRST_TEST, 0x123456);
	if (mmio_read(GICD + IROUTER + 8 * FIRST_TEST, 8) != 0x123456 ||
	    mmio_read32(GICD + IROUTER + 8 * FIRST_TEST) != 0x123456) {
		return "GICD_IROUTER";
	}
	gic_set_edge(FIRST_TEST, true);
	if ((mmio_read32(GICD + ICFGR + FIRST_TEST / 16 * 4) >> FIRST_TEST % 16 * 2 & 2) == 0) {
		return "GICD_ICFGR";
	}
	if (mmio_read32(GICD + ISENABLER) != 0 || mmio_read32(GICD + IPRIORITYR) != 0) {
		return "the distributor shows private interrupts";
	}
	return NULL;
}

static const char *test_pending_spi(void)
{
	enable(FIRST_TEST, 0xa0, true);
	gic_set(FIRST_TEST, ISPENDR);
	if (!gic_get(FIRST_TEST, ISPENDR)) {
		return "not pending";
	}
	expect(1);
	if (nr_taken[0] != 1 || !took(0, 0, FIRST_TEST)) {
		return "not taken once";
	}
	if (gic_get(FIRST_TEST, ISPENDR) || gic_get(FIRST_TEST, ISACTIVER)) {
		return "pending or active after its end";
	}
	gic_set(FIRST_TEST, ISPENDR);
	gic_set(FIRST_TEST, ICPENDR);
	breathe();
	return nr_taken[0] == 1 ? NULL : "taken although no longer pending";
}

static const char *test_disabled(void)
{
	gic_set_edge(FIRST_TEST, true);
	gic_set(FIRST_TEST, ISPENDR);
	breathe();
	if (nr_taken[0] != 0) {
		return "taken while disabled";
	}
	gic_set(FIRST_TEST, ISENABLER);
	gic_set(FIRST_TEST, ICENABLER);
	breathe();
	if (nr_taken[0] != 0 || !gic_get(FIRST_TEST, ISPENDR)) {
		return "lost or taken when disabled while pending";
	}
	gic_set(FIRST_TEST, ISENABLER);
	expect(1);
	return took(0, 0, FIRST_TEST) ? NULL : "not taken when enabled";
}

static const char *test_active(void)
{
	enable(FIRST_TEST, 0xa0, true);
	gic_set(FIRST_TEST, ISPENDR);
	if (gic_ack() != FIRST_TEST) {
		return "not acknowledged";
	}
	if (!gic_get(FIRST_TEST, ISACTIVER) || gic_get(FIRST_TEST, ISPENDR)) {
		return "not active, or still pending";
	}
	gic_set(FIRST_TEST, ISPENDR);
	if (!gic_get(FIRST_TEST, ISPENDR) || gic_ack() != NONE) {
		return "not pending and active";
	}
	gic_eoi(FIRST_TEST);
	if (gic_ack() != FIRST_TEST) {
		return "the second one is lost";
	}
	gic_eoi(FIRST_TEST);
	/* Active by register: held back until it is not. */
	gic_set(FIRST_TEST, ISACTIVER);
	gic_set(FIRST_TEST, ISPENDR);
	if (gic_ack() != NONE) {
		return "taken while active";
	}
	gic_set(FIRST_TEST, ICACTIVER);
	if (gic_ack() != FIRST_TEST) {
		return "not taken after ICACTIVER";
	}
	gic_eoi(FIRST_TEST);
	return NULL;
}

/* More at once than any CPU interface has list registers, most urgent first. */
static const char *test_many(void)
{
	for (u32 i = 0; i < 24; i++) {
		enable(FIRST_TEST + i, 0xf0 - 8 * (i * 7 % 24), true);
		gic_set(FIRST_TEST + i, ISPENDR);
	}
	expect(24);
	if (nr_taken[0] != 24) {
		return "not all taken";
	}
	for (u32 n = 0; n < 24; n++) {
		u32 i = taken[0][n] - FIRST_TEST;

		if (i >= 24 || i * 7 % 24 != 23 - n) {
			return "not in the order of priorities";
		}
	}
	return NULL;
}

static const char *test_preemption(void)
{
	for (u32 i = 0; i < 12; i++) {
		enable(FIRST_TEST + i, 0xe0 - 8 * i, true);
		gic_set(FIRST_TEST + i, ISPENDR);
		if (gic_ack() != FIRST_TEST + i) {
			return "a more urgent one does not preempt";
		}
		if (read_sysreg(icc_rpr_el1) != 0xe0 - 8 * i) {
			return "running priority";
		}
	}
	enable(FIRST_TEST + 12, 0xe8, true);
	gic_set(FIRST_TEST + 12, ISPENDR);
	for (u32 i = 12; i-- > 0;) {
		if (gic_ack() != NONE) {
			return "a less urgent one preempts";
		}
		gic_eoi(FIRST_TEST + i);
		if (gic_get(FIRST_TEST + i, ISACTIVER)) {
			return "active after its end";
		}
	}
	if (gic_ack() != FIRST_TEST + 12) {
		return "the least urgent one is lost";
	}
	gic_eoi(FIRST_TEST + 12);
	return read_sysreg(icc_rpr_el1) == 0xff ? NULL : "running priority at the end";
}

static const char *test_mask(void)
{
	enable(FIRST_TEST, 0x80, true);
	write_sysreg(0x80, icc_pmr_el1);
	gic_set(FIRST_TEST, ISPENDR);
	if (gic_ack() != NONE) {
		return "taken at the masked priority";
	}
	write_sysreg(0x88, icc_pmr_el1);
	if (gic_ack() != FIRST_TEST) {
		return "not taken above the mask";
	}
	gic_eoi(FIRST_TEST);
	return NULL;
}

/* EOImode 1: many active at once after their priority drops, deactivated in another order. */
static const char *test_split_end(void)
{
	write_sysreg(2, icc_ctlr_el1);
	for (u32 i = 0; i < 12; i++) {
		enable(FIRST_TEST + i, 0xa0, true);
		gic_set(FIRST_TEST + i, ISPENDR);
		if (gic_ack() != FIRST_TEST + i) {
			return "not taken while others are active";
		}
		gic_eoi(FIRST_TEST + i);
	}
	for (u32 i = 0; i < 12; i++) {
		u32 intid = FIRST_TEST + i * 5 % 12;

		if (!gic_get(intid, ISACTIVER)) {
			return "not active before its deactivation";
		}
		gic_dir(intid);
		if (gic_get(intid, ISACTIVER)) {
			return "active after its deactivation";
		}
	}
	return NULL;
}

static const char *test_sgi_self(void)
{
	gic_set_priority(3, 0x80);
	gic_set_priority(4, 0x40);
	gic_sgi(3, 1);
	gic_sgi(4, 1);
	expect(2);
	if (nr_taken[0] != 2 || !took(0, 0, 4) || !took(0, 1, 3)) {
		return "not both in the order of priorities";
	}
	gic_sgi(3, 2 << 6); /* nobody */
	gic_sgi_others(3);
	breathe();
	return nr_taken[0] == 2 ? NULL : "taken although others were meant";
}

static const char *test_virtual_timer(void)
{
	u64 frequency = read_sysreg(cntfrq_el0);

	enable(VTIMER, 0xa0, false);
	write_sysreg(counter() + frequency / 1000, cntv_cval_el0);
	write_sysreg(TIMER_ENABLE, cntv_ctl_el0);
	breathe();
	irq_on();
	if (!wait_for(&nr_taken[0], 1)) {
		irq_off();
		return "does not come";
	}
	irq_off();
	/* Its line stays high until the timer is quiet: it comes again after an end. */
	write_sysreg(counter(), cntv_cval_el0);
	write_sysreg(TIMER_ENABLE, cntv_ctl_el0);
	for (u32 i = 0; i < 3; i++) {
		u32 intid = NONE;

		for (u32 tries = 0; tries < 1000 && intid == NONE; tries++) {
			intid = gic_ack();
		}
		if (intid != VTIMER) {
			return "does not come again while the condition holds";
		}
		gic_eoi(VTIMER);
	}
	write_sysreg(TIMER_ENABLE | TIMER_IMASK, cntv_ctl_el0);
	breathe();
	return nr_taken[0] <= 2 ? NULL : "comes while masked";
}

static const char *test_physical_timer(void)
{
	enable(PTIMER, 0xa0, false);
	write_sysreg(1000, cntp_tval_el0);
	write_sysreg(TIMER_ENABLE, cntp_ctl_el0);
	irq_on();
	if (!wait_for(&nr_taken[0], 1)) {
		irq_off();
		return "does not come";
	}
	irq_off();
	if (!took(0, 0, PTIMER)) {
		return "something else comes";
	}
	breathe();
	return nr_taken[0] == 1 ? NULL : "comes twice";
}

static const char *test_wfi(void)
{
	enable(VTIMER, 0xa0, false);
	for (u32 i = 1; i <= 5; i++) {
		write_sysreg(read_sysreg(cntfrq_el0) / 500, cntv_tval_el0);
		write_sysreg(TIMER_ENABLE, cntv_ctl_el0);
		/* An interrupt wakes WFI whether or not PSTATE.I lets it through. */
		wfi();
		expect(i);
		if (nr_taken[0] != i) {
			return "no interrupt after WFI";
		}
	}
	return NULL;
}

/* CPU 1 takes interrupts until stage[0] is 99. */
static void serve(u32 cpu)
{
	gic_cpu_init();
	irq_on();
	stage[cpu] = 1;
	while (stage[0] != 99) {
		__asm__ volatile("yield");
	}
	irq_off();
}

static void serve_in_wfi(u32 cpu)
{
	gic_cpu_init();
	stage[cpu] = 1;
	while (stage[0] != 99) {
		wfi();
		irq_on();
		isb();
		irq_off();
	}
}

static const char *with_cpu1(void (*function)(u32 cpu), const char *(*test)(void))
{
	const char *why;

	if (!cpu_start(1, function) || !wait_for(&stage[1], 1)) {
		return "CPU 1 does not start";
	}
	why = test();
	stage[0] = 99;
	dsb();
	gic_sgi(15, 1 << 1);
	return cpu_wait_off(1) ? why : why != NULL ? why : "CPU 1 does not end";
}

static const char *do_sgis(void)
{
	for (u32 i = 0; i < 50; i++) {
		gic_sgi(i % 8, 1 << 1);
		if (!wait_for(&nr_taken[1], i + 1)) {
			return "an SGI does not arrive";
		}
		if (!took(1, i, i % 8)) {
			return "another SGI arrives";
		}
	}
	gic_sgi_others(9);
	return wait_for(&nr_taken[1], 51) && took(1, 50, 9) ? NULL : "SGI to all others";
}

static const char *test_sgi_between(void)
{
	return with_cpu1(serve, do_sgis);
}

static const char *test_sgi_wakes(void)
{
	return with_cpu1(serve_in_wfi, do_sgis);
}

static const char *do_routing(void)
{
	enable(FIRST_TEST, 0xa0, true);
	gic_route(FIRST_TEST, 1);
	gic_set(FIRST_TEST, ISPENDR);
	if (!wait_for(&nr_taken[1], 1) || !took(1, 0, FIRST_TEST)) {
		return "not taken where it was routed";
	}
	gic_route(FIRST_TEST, 0);
	gic_set(FIRST_TEST, ISPENDR);
	expect(1);
	if (nr_taken[0] != 1 || nr_taken[1] != 1) {
		return "not taken where it was routed next";
	}
	/* Nobody there: waits until it is routed to someone. */
	gic_route(FIRST_TEST, 0x77);
	gic_set(FIRST_TEST, ISPENDR);
	breathe();
	if (nr_taken[0] != 1 || nr_taken[1] != 1 || !gic_get(FIRST_TEST, ISPENDR)) {
		return "taken although routed nowhere";
	}
	gic_route(FIRST_TEST, 1);
	return wait_for(&nr_taken[1], 2) ? NULL : "lost";
}

static const char *test_routing(void)
{
	return with_cpu1(serve, do_routing);
}

/* CPU 1 holds an interrupt active while CPU 0 looks at it and changes it. */
static void hold(u32 cpu)
{
	u32 intid = NONE;

	gic_cpu_init();
	stage[cpu] = 1;
	while (intid == NONE && stage[0] != 99) {
		intid = gic_ack();
	}
	stage[cpu] = 2;
	while (stage[0] == 0) {
		__asm__ volatile("yield");
	}
	if (intid != NONE) {
		gic_eoi(intid);
	}
	stage[cpu] = 3;
	while (stage[0] != 99) {
		__asm__ volatile("yield");
	}
}

static const char *do_remote(void)
{
	enable(FIRST_TEST, 0xa0, true);
	gic_route(FIRST_TEST, 1);
	gic_set(FIRST_TEST, ISPENDR);
	if (!wait_for(&stage[1], 2)) {
		return "not taken";
	}
	if (!gic_get(FIRST_TEST, ISACTIVER) || gic_get(FIRST_TEST, ISPENDR)) {
		return "not seen active from the other CPU";
	}
	/* Rerouted while active: stays there until its end. */
	gic_route(FIRST_TEST, 0);
	gic_set(FIRST_TEST, ISPENDR);
	if (gic_ack() != NONE) {
		return "taken while active elsewhere";
	}
	stage[0] = 1;
	if (!wait_for(&stage[1], 3)) {
		return "not ended";
	}
	expect(1);
	if (!took(0, 0, FIRST_TEST)) {
		return "lost when rerouted while active";
	}
	return gic_get(FIRST_TEST, ISACTIVER) ? "active after its end" : NULL;
}

static const char *test_remote(void)
{
	return with_cpu1(hold, do_remote);
}

/* Registers of another CPU's redistributor. */
static const char *do_remote_private(void)
{
	gic_set_of(1, 20, ICPENDR);
	gic_set_of(1, 20, ISPENDR);
	if (!gic_get_of(1, 20, ISPENDR) || gic_get_of(0, 20, ISPENDR)) {
		return "pending at the wrong CPU";
	}
	if (nr_taken[1] != 0) {
		return "taken while disabled";
	}
	gic_set_of(1, 20, ISENABLER);
	return wait_for(&nr_taken[1], 1) && took(1, 0, 20) ? NULL : "not taken";
}

static const char *test_remote_private(void)
{
	return with_cpu1(serve, do_remote_private);
}

static u64 state = 88172645463325252ull;

static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Random accesses: the GIC must be usable afterwards, the rest is the guest's own fault. */
static const char *test_hammer(void)
{
	guest_abort_expected = true;
	for (u32 i = 0; i < 20000; i++) {
		u64 r = rnd();
		u64 base = (r & 1) != 0 ? GICD : GICR + (r >> 1 & 1) * 0x10000;
		u32 bytes = 1u << (r >> 2 & 3);
		u64 address = base + (r >> 8 & 0xffff);

		if ((r >> 4 & 7) != 0) {
			address &= ~0xf000ull;
		}
		address &= ~(u64)(bytes - 1);
		if ((r >> 7 & 1) != 0) {
			mmio_write(address, bytes, rnd());
		} else {
			mmio_read(address, bytes);
		}
		if (i % 16 == 0) {
			write_sysreg(rnd() & 0xff000fffffull, icc_sgi1r_el1);
		}
	}
	guest_abort_expected = false;
	/* As after reset, as far as it goes; what is active without being acknowledged is dropped.
	 */
	start();
	for (u32 i = 0; i < 64 && gic_ack() != NONE; i++) {
	}
	start();
	return test_pending_spi();
}

int main(void)
{
	static const struct {
		const char *name;
		u32 nr_cpus;
		const char *(*run)(void);
	} tests[] = {
		{"identification registers", 1, test_identification},
		{"registers read what was written", 1, test_registers},
		{"an SPI made pending", 1, test_pending_spi},
		{"an SPI disabled while pending", 1, test_disabled},
		{"active, pending and both", 1, test_active},
		{"24 pending at once", 1, test_many},
		{"12 nested", 1, test_preemption},
		{"priority mask", 1, test_mask},
		{"EOImode 1", 1, test_split_end},
		{"SGI to itself", 1, test_sgi_self},
		{"virtual timer", 1, test_virtual_timer},
		{"physical timer", 1, test_physical_timer},
		{"WFI ends with an interrupt", 1, test_wfi},
		{"SGI between CPUs", 2, test_sgi_between},
		{"SGI wakes a CPU", 2, test_sgi_wakes},
		{"routing of an SPI", 2, test_routing},
		{"active on another CPU", 2, test_remote},
		{"another CPU's private interrupts", 2, test_remote_private},
		{"random accesses", 1, test_hammer},
	};

	nr_cpus = gic_nr_cpus();
	for (u32 i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (tests[i].nr_cpus > nr_cpus) {
			continue;
		}
		start();
		report(tests[i].name, tests[i].run());
	}
	return 0;
}
