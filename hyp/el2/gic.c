/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver of the physical GICv3 (Arm IHI 0069H; section and register numbers are that document's).
 *
 * All interrupts are non-secure group 1 with one priority: EL2 runs with interrupts masked, so
 * nothing nests. EOImode is 1: the acknowledgement drops the running priority at once
 * (gic_eoi()), and the interrupt stays active until EL2 (gic_deactivate()) or the guest it was
 * linked to (ICH_LR<n>.HW) deactivates it.
 *
 * Written for a distributor with one security state (GICD_CTLR.DS = 1, as QEMU's virt with
 * secure=off) as well as for the non-secure view of one with two. Waits for hardware are
 * bounded: a GIC that never answers is reported at boot and costs no lock-up later.
 */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <core/log.h>
#include <el2/gic.h>
#include <el2/ich.h>
#include <el2/mmu.h>
#include <el2/sysreg.h>
#include <hyp/error.h>

/* Distributor (12.9) */
#define GICD_CTLR            0x0000
#define GICD_CTLR_ENABLE_G1  BIT(1) /* EnableGrp1 (DS = 1), EnableGrp1A (non-secure view) */
#define GICD_CTLR_ARE        BIT(4) /* ARE (DS = 1), ARE_NS (non-secure view) */
#define GICD_CTLR_RWP        BIT(31)
#define GICD_TYPER           0x0004
#define GICD_IGROUPR         0x0080
#define GICD_ISENABLER       0x0100
#define GICD_ICENABLER       0x0180
#define GICD_ISPENDR         0x0200
#define GICD_ICPENDR         0x0280
#define GICD_ISACTIVER       0x0300
#define GICD_ICACTIVER       0x0380
#define GICD_IPRIORITYR      0x0400
#define GICD_ICFGR           0x0c00
#define GICD_IROUTER         0x6000
#define GICD_PIDR2           0xffe8
#define PIDR2_ARCH_REV(pidr) FIELD(pidr, 7, 4)

/* Redistributor: RD frame (12.11), then SGI frame (12.12) with the distributor's offsets */
#define GICR_CTLR         0x0000
#define GICR_CTLR_RWP     BIT(3)
#define GICR_TYPER        0x0008
#define GICR_TYPER_VLPIS  BIT(1)
#define GICR_TYPER_LAST   BIT(4)
#define GICR_WAKER        0x0014
#define GICR_WAKER_SLEEP  BIT(1)
#define GICR_WAKER_ASLEEP BIT(2)
#define GICR_SGI          0x10000
#define GICR_FRAMES_BYTES 0x20000 /* twice that with VLPIs */

#define PRIORITY     0xa0u
#define PRIORITIES   (PRIORITY * 0x01010101u)
#define WAIT_SPINS   1000000u
#define GIC_MAX_IRQS 1020u

#define ICC_SRE_SRE    BIT(0)
#define ICC_SRE_DFB    BIT(1)
#define ICC_SRE_DIB    BIT(2)
#define ICC_SRE_ENABLE BIT(3)
#define ICC_CTLR_EOI1  BIT(1)

static volatile u8 *gicd;
static u32 nr_irqs;
static u32 nr_regions;
static struct {
	volatile u8 *base;
	u64 bytes;
} regions[BOOT_MAX_REDISTS];

/* GICD_ICFGR<n> holds 16 interrupts and has no set and clear halves. */
static struct spinlock icfgr_lock = SPINLOCK(LOCK_GIC);

static inline u32 mmio_read32(const volatile u8 *base, u64 offset)
{
	return *(const volatile u32 *)(base + offset);
}

static inline void mmio_write32(volatile u8 *base, u64 offset, u32 value)
{
	*(volatile u32 *)(base + offset) = value;
}

static inline u64 mmio_read64(const volatile u8 *base, u64 offset)
{
	return *(const volatile u64 *)(base + offset);
}

static inline void mmio_write64(volatile u8 *base, u64 offset, u64 value)
{
	*(volatile u64 *)(base + offset) = value;
}

/* Writes a one to the interrupt's bit of a register that has one bit an interrupt. */
static inline void write_bit(volatile u8 *base, u64 offset, u32 intid)
{
	mmio_write32(base, offset + intid / 32 * 4, 1u << (intid % 32));
}

/* Waits until all bits in a register are clear. */
static bool wait_clear(const volatile u8 *base, u64 offset, u64 bits)
{
	for (u32 i = 0; i < WAIT_SPINS; i++) {
		if ((mmio_read32(base, offset) & bits) == 0) {
			return true;
		}
	}
	return false;
}

static inline volatile u8 *sgi_frame(const struct cpu *cpu)
{
	return (volatile u8 *)cpu->gicr + GICR_SGI;
}

static int map_redists(void)
{
	for (u32 i = 0; i < boot_info->nr_redists; i++) {
		const struct boot_range *range = &boot_info->gicr[i];

		regions[i].base = mmu_map_device(pa_init(range->base), range->bytes);
		if (regions[i].base == NULL) {
			return HYP_E_ADDR;
		}
		regions[i].bytes = range->bytes;
	}
	nr_regions = boot_info->nr_redists;
	return HYP_OK;
}

int gic_init(paddr_t gicd_pa, u64 gicd_bytes)
{
	u32 typer;

	gicd = mmu_map_device(gicd_pa, gicd_bytes);
	if (gicd == NULL) {
		return HYP_E_ADDR;
	}
	if (PIDR2_ARCH_REV(mmio_read32(gicd, GICD_PIDR2)) < 3) {
		log_error("gic: the interrupt controller at 0x%lx is not a GICv3\n", gicd_pa.pa);
		return HYP_E_NOSYS;
	}

	mmio_write32(gicd, GICD_CTLR, 0);
	if (!wait_clear(gicd, GICD_CTLR, GICD_CTLR_RWP)) {
		log_error("gic: the distributor does not finish a register write\n");
		return HYP_E_BUSY;
	}
	mmio_write32(gicd, GICD_CTLR, GICD_CTLR_ARE);

	typer = mmio_read32(gicd, GICD_TYPER);
	nr_irqs = 32 * ((typer & 0x1f) + 1);
	nr_irqs = nr_irqs > GIC_MAX_IRQS ? GIC_MAX_IRQS : nr_irqs;
	for (u32 i = 32; i < nr_irqs; i += 32) {
		mmio_write32(gicd, GICD_ICENABLER + i / 8, ~0u);
		mmio_write32(gicd, GICD_ICPENDR + i / 8, ~0u);
		mmio_write32(gicd, GICD_ICACTIVER + i / 8, ~0u);
		mmio_write32(gicd, GICD_IGROUPR + i / 8, ~0u);
	}
	for (u32 i = 32; i < nr_irqs; i += 4) {
		mmio_write32(gicd, GICD_IPRIORITYR + i, PRIORITIES);
	}
	for (u32 i = 32; i < nr_irqs; i++) {
		mmio_write64(gicd, GICD_IROUTER + 8ull * i, boot_info->cpu_mpidr[0]);
	}
	if (!wait_clear(gicd, GICD_CTLR, GICD_CTLR_RWP)) {
		return HYP_E_BUSY;
	}
	mmio_write32(gicd, GICD_CTLR, (u32)(GICD_CTLR_ARE | GICD_CTLR_ENABLE_G1));
	return map_redists();
}

/* The redistributor whose GICR_TYPER.Affinity_Value (63:32) is the core's, or NULL. */
static volatile u8 *find_redist(u64 mpidr)
{
	u32 affinity = (u32)(FIELD(mpidr, 39, 32) << 24 | FIELD(mpidr, 23, 0));

	for (u32 i = 0; i < nr_regions; i++) {
		u64 offset = 0;

		while (offset + GICR_FRAMES_BYTES <= regions[i].bytes) {
			volatile u8 *rd = regions[i].base + offset;
			u64 typer = mmio_read64(rd, GICR_TYPER);

			if (typer >> 32 == affinity) {
				return rd;
			}
			if ((typer & GICR_TYPER_LAST) != 0) {
				break;
			}
			offset += (typer & GICR_TYPER_VLPIS) != 0 ? 2 * GICR_FRAMES_BYTES
								  : GICR_FRAMES_BYTES;
		}
	}
	return NULL;
}

static int redist_init(struct cpu *cpu)
{
	volatile u8 *rd = find_redist(cpu->mpidr);
	volatile u8 *sgi;

	if (rd == NULL) {
		log_error("gic: no redistributor for core %u\n", cpu->id);
		return HYP_E_ADDR;
	}
	cpu->gicr = rd;
	sgi = sgi_frame(cpu);

	mmio_write32(rd, GICR_WAKER, mmio_read32(rd, GICR_WAKER) & ~(u32)GICR_WAKER_SLEEP);
	if (!wait_clear(rd, GICR_WAKER, GICR_WAKER_ASLEEP)) {
		log_error("gic: the redistributor of core %u does not wake\n", cpu->id);
		return HYP_E_BUSY;
	}
	mmio_write32(sgi, GICD_ICENABLER, ~0u);
	mmio_write32(sgi, GICD_ICPENDR, ~0u);
	mmio_write32(sgi, GICD_ICACTIVER, ~0u);
	mmio_write32(sgi, GICD_IGROUPR, ~0u);
	for (u32 i = 0; i < 32; i += 4) {
		mmio_write32(sgi, GICD_IPRIORITYR + i, PRIORITIES);
	}
	if (!wait_clear(rd, GICR_CTLR, GICR_CTLR_RWP)) {
		return HYP_E_BUSY;
	}
	return HYP_OK;
}

static void cpu_interface_init(void)
{
	write_sysreg(ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB | ICC_SRE_ENABLE, icc_sre_el2);
	isb();
	write_sysreg(0xff, icc_pmr_el1);
	write_sysreg(0, icc_bpr1_el1);
	write_sysreg(ICC_CTLR_EOI1, icc_ctlr_el1);
	ich_reset();
	write_sysreg(1, icc_igrpen1_el1);
	isb();
}

int gic_cpu_init(struct cpu *cpu)
{
	int error = redist_init(cpu);

	if (error != HYP_OK) {
		return error;
	}
	cpu_interface_init();
	cpu->vtimer_active_hw = 0;
	mmio_write32(sgi_frame(cpu), GICD_ISENABLER,
		     1u << GIC_SGI_KICK | 1u << boot_info->gic_maint_irq |
			     1u << boot_info->timer_hyp_irq | 1u << boot_info->timer_virt_irq);
	return HYP_OK;
}

void gic_cpu_exit(struct cpu *cpu)
{
	volatile u8 *rd = cpu->gicr;

	write_sysreg(0, icc_igrpen1_el1);
	isb();
	mmio_write32(sgi_frame(cpu), GICD_ICENABLER, ~0u);
	/* Where the firmware owns GICR_WAKER this does nothing, and the firmware does it. */
	mmio_write32(rd, GICR_WAKER, mmio_read32(rd, GICR_WAKER) | (u32)GICR_WAKER_SLEEP);
}

static bool overlap(const struct boot_range *range, paddr_t pa, u64 bytes)
{
	return pa.pa < range->base + range->bytes && range->base < pa.pa + bytes;
}

bool gic_owns(paddr_t pa, u64 bytes)
{
	bool owns = overlap(&boot_info->gicd, pa, bytes);

	for (u32 i = 0; i < boot_info->nr_redists; i++) {
		owns = owns || overlap(&boot_info->gicr[i], pa, bytes);
	}
	return owns;
}

u32 gic_nr_irqs(void)
{
	return nr_irqs;
}

u32 gic_nr_lrs(void)
{
	return ich_nr_lrs();
}

u32 gic_ack(void)
{
	u64 intid = read_sysreg(icc_iar1_el1);

	/* What the sender of an SGI stored before it is read after the acknowledgement. */
	dsb(sy);
	return (u32)FIELD(intid, 23, 0);
}

void gic_eoi(u32 intid)
{
	write_sysreg(intid, icc_eoir1_el1);
}

void gic_deactivate(u32 intid)
{
	write_sysreg(intid, icc_dir_el1);
}

void gic_send_sgi(const struct cpu *target, u32 sgi)
{
	u64 aff0 = FIELD(target->mpidr, 7, 0);
	u64 value = FIELD(target->mpidr, 39, 32) << 48 | (aff0 / 16) << 44 |
		    FIELD(target->mpidr, 23, 16) << 32 | (u64)sgi << 24 |
		    FIELD(target->mpidr, 15, 8) << 16 | BIT(aff0 % 16);

	/* What this core stored is seen by the target once it takes the interrupt. */
	dsb(ishst);
	write_sysreg(value, icc_sgi1r_el1);
	isb();
}

void gic_spi_enable(u32 intid)
{
	write_bit(gicd, GICD_ISENABLER, intid);
}

void gic_spi_disable(u32 intid)
{
	write_bit(gicd, GICD_ICENABLER, intid);
	(void)wait_clear(gicd, GICD_CTLR, GICD_CTLR_RWP);
}

/* Int_config may change only while the interrupt is disabled (12.9.9). */
void gic_spi_set_edge(u32 intid, bool edge)
{
	u64 offset = GICD_ICFGR + intid / 16 * 4;
	u32 bit = 2u << (intid % 16 * 2);
	u32 enabled = mmio_read32(gicd, GICD_ISENABLER + intid / 32 * 4) & (1u << intid % 32);
	u32 old;

	spin_lock(&icfgr_lock);
	old = mmio_read32(gicd, offset);
	if (((old & bit) != 0) != edge) {
		if (enabled != 0) {
			gic_spi_disable(intid);
		}
		mmio_write32(gicd, offset, edge ? old | bit : old & ~bit);
		if (enabled != 0) {
			gic_spi_enable(intid);
		}
	}
	spin_unlock(&icfgr_lock);
}

void gic_spi_route(u32 intid, u64 mpidr)
{
	mmio_write64(gicd, GICD_IROUTER + 8ull * intid, mpidr);
}

void gic_spi_set_active(u32 intid, bool active)
{
	write_bit(gicd, active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}

void gic_spi_set_pending(u32 intid, bool pending)
{
	write_bit(gicd, pending ? GICD_ISPENDR : GICD_ICPENDR, intid);
}

bool gic_spi_is_pending(u32 intid)
{
	return (mmio_read32(gicd, GICD_ISPENDR + intid / 32 * 4) & 1u << intid % 32) != 0;
}

void gic_ppi_enable(u32 intid)
{
	write_bit(sgi_frame(cpu_this()), GICD_ISENABLER, intid);
}

void gic_ppi_disable(u32 intid)
{
	write_bit(sgi_frame(cpu_this()), GICD_ICENABLER, intid);
}

void gic_ppi_set_active(u32 intid, bool active)
{
	write_bit(sgi_frame(cpu_this()), active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}
