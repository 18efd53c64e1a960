/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A GICv2, tested from inside a guest (Arm IHI 0048B): SGIs and their senders, targets, groups,
 * priorities, EOImode. Meant to pass on the bare board, too. Interrupts are masked; CPUs other than
 * the first do what it asks for.
 */
#include "lib/guest.h"

#define GICD 0x08000000ull
#define GICC 0x08010000ull

#define GICD_CTLR       (GICD + 0x000)
#define GICD_TYPER      (GICD + 0x004)
#define GICD_IGROUPR    (GICD + 0x080)
#define GICD_ISENABLER  (GICD + 0x100)
#define GICD_ISPENDR    (GICD + 0x200)
#define GICD_ICPENDR    (GICD + 0x280)
#define GICD_ISACTIVER  (GICD + 0x300)
#define GICD_IPRIORITYR (GICD + 0x400)
#define GICD_ITARGETSR  (GICD + 0x800)
#define GICD_ICFGR      (GICD + 0xc00)
#define GICD_SGIR       (GICD + 0xf00)

#define GICC_CTLR  (GICC + 0x00)
#define GICC_PMR   (GICC + 0x04)
#define GICC_BPR   (GICC + 0x08)
#define GICC_IAR   (GICC + 0x0c)
#define GICC_EOIR  (GICC + 0x10)
#define GICC_RPR   (GICC + 0x14)
#define GICC_HPPIR (GICC + 0x18)
#define GICC_DIR   (GICC + 0x1000)

#define CTLR_BOTH     3u
#define CTLR_ACK_CTL  4u
#define CTLR_EOI_MODE 0x200u
#define SPURIOUS      1023u
#define OTHER_GROUP   1022u
#define SPI           40u /* no device of the machine drives this one and the next */

static volatile u32 asked[GUEST_CPUS]; /* counts; what to do is in `what` */
static volatile u32 done[GUEST_CPUS];
static volatile u32 what;
static volatile u32 answer;

enum request {
	SEND_SGI_3_TO_CPU_0 = 1,
	ACKNOWLEDGE,
};

static void cpu_init(void)
{
	mmio_write32(GICD_ISENABLER, 0xffff);
	for (u32 i = 0; i < 16; i += 4) {
		mmio_write32(GICD_IPRIORITYR + i, 0xa0a0a0a0);
	}
	mmio_write32(GICC_PMR, 0xff);
	mmio_write32(GICC_BPR, 0);
	mmio_write32(GICC_CTLR, CTLR_BOTH);
}

static void other_cpu(u32 cpu)
{
	cpu_init();
	for (u32 n = 1;; n++) {
		done[cpu] = n;
		while (asked[cpu] < n) {
		}
		if (what == SEND_SGI_3_TO_CPU_0) {
			mmio_write32(GICD_SGIR, 1u << 16 | 3);
		} else {
			answer = mmio_read32(GICC_IAR);
			mmio_write32(GICC_EOIR, answer);
		}
		dsb();
	}
}

static bool ask(u32 cpu, enum request request)
{
	what = request;
	dsb();
	asked[cpu]++;
	return wait_for(&done[cpu], asked[cpu] + 1);
}

static const char *test_sgi_self(void)
{
	mmio_write32(GICD_SGIR, 2u << 24 | 5);
	if (mmio_read32(GICC_HPPIR) != 5 || mmio_read32(GICC_IAR) != 5) {
		return "not delivered";
	}
	if (mmio_read32(GICC_RPR) != 0xa0) {
		return "another priority";
	}
	mmio_write32(GICC_EOIR, 5);
	return mmio_read32(GICC_IAR) == SPURIOUS ? NULL : "delivered twice";
}

static void set_spi(u32 intid, u32 priority, u32 targets)
{
	mmio_write32(GICD_ICFGR + intid / 16 * 4, 0xaaaaaaaa); /* edges */
	mmio_write(GICD_IPRIORITYR + intid, 1, priority);
	mmio_write(GICD_ITARGETSR + intid, 1, targets);
	mmio_write32(GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

static void raise(u32 intid)
{
	mmio_write32(GICD_ISPENDR + intid / 32 * 4, 1u << intid % 32);
}

static const char *test_preemption(void)
{
	set_spi(SPI, 0xa0, 1);
	set_spi(SPI + 1, 0x40, 1);
	raise(SPI);
	if (mmio_read32(GICC_IAR) != SPI) {
		return "not delivered";
	}
	if (mmio_read32(GICC_IAR) != SPURIOUS) {
		return "delivered while active";
	}
	raise(SPI + 1);
	if (mmio_read32(GICC_IAR) != SPI + 1 || mmio_read32(GICC_RPR) != 0x40) {
		return "not preempted";
	}
	mmio_write32(GICC_EOIR, SPI + 1);
	if (mmio_read32(GICC_RPR) != 0xa0) {
		return "not back at the lower priority";
	}
	mmio_write32(GICC_EOIR, SPI);
	mmio_write32(GICC_PMR, 0x40);
	raise(SPI + 1);
	if (mmio_read32(GICC_IAR) != SPURIOUS) {
		return "not masked";
	}
	mmio_write32(GICC_PMR, 0xff);
	mmio_write32(GICD_ICPENDR + SPI / 32 * 4, 2u << SPI % 32);
	return mmio_read32(GICC_IAR) == SPURIOUS ? NULL : "pending after ICPENDR";
}

static const char *test_eoi_mode(void)
{
	mmio_write32(GICC_CTLR, CTLR_BOTH | CTLR_EOI_MODE);
	raise(SPI);
	if (mmio_read32(GICC_IAR) != SPI) {
		return "not delivered";
	}
	mmio_write32(GICC_EOIR, SPI);
	if (mmio_read32(GICC_RPR) != 0xff) {
		return "priority not dropped";
	}
	if ((mmio_read32(GICD_ISACTIVER + SPI / 32 * 4) >> SPI % 32 & 1) == 0) {
		return "not active any more";
	}
	mmio_write32(GICC_DIR, SPI);
	mmio_write32(GICC_CTLR, CTLR_BOTH);
	return (mmio_read32(GICD_ISACTIVER + SPI / 32 * 4) >> SPI % 32 & 1) == 0 ? NULL
										 : "still active";
}

/* QEMU's GICv2 lacks the registers that are group 1's own; with AckCtl there is no need for them.
 */
static const char *test_groups(void)
{
	u32 hidden, shown;

	mmio_write32(GICD_IGROUPR + SPI / 32 * 4, 1u << SPI % 32);
	raise(SPI);
	hidden = mmio_read32(GICC_IAR);
	mmio_write32(GICC_CTLR, CTLR_BOTH | CTLR_ACK_CTL);
	shown = mmio_read32(GICC_IAR);
	mmio_write32(GICC_EOIR, shown);
	mmio_write32(GICC_CTLR, CTLR_BOTH);
	mmio_write32(GICD_IGROUPR + SPI / 32 * 4, 0);
	if (hidden != OTHER_GROUP) {
		return "shown without AckCtl";
	}
	return shown == SPI ? NULL : "not delivered with AckCtl";
}

static const char *test_targets(void)
{
	if (mmio_read32(GICD_ITARGETSR) != 0x01010101) {
		return "CPU 0 is not its own target";
	}
	set_spi(SPI, 0xa0, 2);
	raise(SPI);
	if (mmio_read32(GICC_IAR) != SPURIOUS) {
		return "delivered to another CPU";
	}
	if (!ask(1, ACKNOWLEDGE) || answer != SPI) {
		return "not delivered to its target";
	}
	return NULL;
}

/* Each CPU has it on QEMU's board, where it is not left out. */
static const char *test_two_targets(void)
{
	set_spi(SPI, 0xa0, 3);
	raise(SPI);
	if (mmio_read32(GICC_IAR) != SPI) {
		return "not delivered to the first of two targets";
	}
	if (!ask(1, ACKNOWLEDGE) || answer != SPURIOUS) {
		return "delivered to both targets";
	}
	mmio_write32(GICC_EOIR, SPI);
	return NULL;
}

static const char *test_senders(void)
{
	u32 first, second;

	mmio_write32(GICD_SGIR, 1u << 16 | 3);
	if (!ask(1, SEND_SGI_3_TO_CPU_0)) {
		return "no other CPU";
	}
	first = mmio_read32(GICC_IAR);
	mmio_write32(GICC_EOIR, first);
	second = mmio_read32(GICC_IAR);
	mmio_write32(GICC_EOIR, second);
	if (first != 3 || second != (1u << 10 | 3)) {
		return "senders are wrong";
	}
	mmio_write32(GICD_SGIR, 1u << 24 | 6);
	if (mmio_read32(GICC_IAR) != SPURIOUS) {
		return "to all others, and itself";
	}
	return ask(1, ACKNOWLEDGE) && answer == 6 ? NULL : "not to the others";
}

int main(void)
{
	mmio_write32(GICD_CTLR, CTLR_BOTH);
	cpu_init();
	report("SGI to itself", test_sgi_self());
	report("priorities of SPIs", test_preemption());
	report("EOImode 1", test_eoi_mode());
	report("groups", test_groups());
	if (!cpu_start(1, other_cpu) || !wait_for(&done[1], 1)) {
		report("second CPU", "it does not start");
		return 1;
	}
	report("targets of SPIs", test_targets());
	report("senders of SGIs", test_senders());
	if (guest_parameter("qemu", 0) == 0) {
		report("two targets of an SPI", test_two_targets());
	}
	return 0;
}
