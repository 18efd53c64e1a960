/* SPDX-License-Identifier: BSD-3-Clause */
/* See gic.h. */
#include "gic.h"

#define GICD_CTLR    (GICD + 0x0)
#define GICD_TYPER   (GICD + 0x4)
#define GICR_WAKER   0x14u
#define GICR_SGI     0x10000u
#define CTLR_RWP     (1u << 31)
#define CTLR_ARE     (1u << 4)
#define CTLR_GRP1    (1u << 1)
#define WAKER_SLEEP  (1u << 1)
#define WAKER_ASLEEP (1u << 2)

static void wait_rwp(void)
{
	for (u32 i = 0; i < 1000 && (mmio_read32(GICD_CTLR) & CTLR_RWP) != 0; i++) {
	}
}

u32 gic_nr_irqs(void)
{
	u32 nr = ((mmio_read32(GICD_TYPER) & 0x1f) + 1) * 32;

	return nr > 1020 ? 1020 : nr;
}

void gic_init(void)
{
	mmio_write32(GICD_CTLR, 0);
	wait_rwp();
	for (u32 i = 32; i < gic_nr_irqs(); i += 32) {
		mmio_write32(GICD + ICENABLER + i / 8, ~0u);
		mmio_write32(GICD + ICPENDR + i / 8, ~0u);
		mmio_write32(GICD + ICACTIVER + i / 8, ~0u);
		mmio_write32(GICD + IGROUPR + i / 8, ~0u);
		mmio_write32(GICD + ICFGR + i / 4, 0);
		mmio_write32(GICD + ICFGR + i / 4 + 4, 0);
	}
	for (u32 i = 32; i < gic_nr_irqs(); i++) {
		mmio_write(GICD + IPRIORITYR + i, 1, 0xa0);
		mmio_write(GICD + IROUTER + 8 * i, 8, 0);
	}
	wait_rwp();
	mmio_write32(GICD_CTLR, CTLR_ARE | CTLR_GRP1);
}

void gic_cpu_init(void)
{
	u64 rd = gic_redist(cpu_this());
	u64 sgi = rd + GICR_SGI;

	mmio_write32(rd + GICR_WAKER, mmio_read32(rd + GICR_WAKER) & ~WAKER_SLEEP);
	for (u32 i = 0; i < 1000 && (mmio_read32(rd + GICR_WAKER) & WAKER_ASLEEP) != 0; i++) {
	}
	mmio_write32(sgi + ICENABLER, 0xffff0000);
	mmio_write32(sgi + ISENABLER, 0xffff);
	mmio_write32(sgi + ICPENDR, ~0u);
	mmio_write32(sgi + ICACTIVER, ~0u);
	mmio_write32(sgi + IGROUPR, ~0u);
	for (u32 i = 0; i < 32; i += 4) {
		mmio_write32(sgi + IPRIORITYR + i, 0xa0a0a0a0);
	}
	write_sysreg(7, icc_sre_el1);
	write_sysreg(0xff, icc_pmr_el1);
	write_sysreg(0, icc_bpr1_el1);
	write_sysreg(0, icc_ctlr_el1);
	write_sysreg(1, icc_igrpen1_el1);
}

u32 gic_nr_cpus(void)
{
	u32 cpu = 0;

	while (cpu < GUEST_CPUS - 1 && (mmio_read(gic_redist(cpu) + 8, 8) >> 4 & 1) == 0) {
		cpu++;
	}
	return cpu + 1;
}

u64 gic_word(u32 cpu, u32 intid, u32 offset)
{
	return (intid < 32 ? gic_redist(cpu) + GICR_SGI : GICD + intid / 32 * 4) + offset;
}

void gic_set_of(u32 cpu, u32 intid, u32 offset)
{
	mmio_write32(gic_word(cpu, intid, offset), 1u << intid % 32);
}

bool gic_get_of(u32 cpu, u32 intid, u32 offset)
{
	return (mmio_read32(gic_word(cpu, intid, offset)) >> intid % 32 & 1) != 0;
}

void gic_set(u32 intid, u32 offset)
{
	gic_set_of(cpu_this(), intid, offset);
}

bool gic_get(u32 intid, u32 offset)
{
	return gic_get_of(cpu_this(), intid, offset);
}

void gic_set_priority(u32 intid, u32 priority)
{
	u64 frame = intid < 32 ? gic_redist(cpu_this()) + GICR_SGI : GICD;

	mmio_write(frame + IPRIORITYR + intid, 1, priority);
}

void gic_set_edge(u32 intid, bool edge)
{
	u64 address = GICD + ICFGR + intid / 16 * 4;
	u32 bit = 2u << intid % 16 * 2;
	u32 value = mmio_read32(address);

	mmio_write32(address, edge ? value | bit : value & ~bit);
}

void gic_route(u32 intid, u64 affinity)
{
	mmio_write(GICD + IROUTER + 8 * intid, 8, affinity);
}

u32 gic_ack(void)
{
	u32 intid = (u32)read_sysreg(icc_iar1_el1);

	dsb();
	return intid;
}

void gic_eoi(u32 intid)
{
	write_sysreg(intid, icc_eoir1_el1);
}

void gic_dir(u32 intid)
{
	write_sysreg(intid, icc_dir_el1);
}

void gic_sgi(u32 intid, u32 list)
{
	dsb();
	write_sysreg((u64)intid << 24 | list, icc_sgi1r_el1);
}

void gic_sgi_others(u32 intid)
{
	dsb();
	write_sysreg((u64)intid << 24 | 1ull << 40, icc_sgi1r_el1);
}
