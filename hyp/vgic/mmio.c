/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of the distributor and of the redistributors (Arm IHI 0069H, 12.8-12.12), for a
 * GIC with affinity routing, one security state (GICD_CTLR.ARE = DS = 1), SPIs up to 1019, no
 * LPIs and no extended ranges.
 *
 * Registers are found by a switch on 128-byte groups of offsets: the architecture gives each kind
 * of register one or more whole groups. Sizes (12.1.3): 32 bits; 8 as well for priorities; 64 as
 * well for IROUTER and TYPER. Whatever else a guest tries reads 0 and writes nothing.
 */
#include <el2/ich.h>
#include <vgic/internal.h>

#define GROUP(offset) ((offset) >> 7)

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IIDR       0x008
#define CTLR_ARE        BIT(4)
#define CTLR_DS         BIT(6)
#define TYPER_A3V       BIT(24)
#define TYPER_RSS       BIT(26)
#define TYPER_IDBITS_10 (9u << 19)

#define GICR_CTLR    0x000
#define GICR_IIDR    0x004
#define GICR_TYPER   0x008
#define GICR_WAKER   0x014
#define WAKER_SLEEP  BIT(1)
#define WAKER_ASLEEP BIT(2)
#define GICR_SGI     0x10000

#define PIDR_GROUP GROUP(0xff80)
#define PIDR0      0xffe0
#define PIDR1      0xffe4
#define PIDR2      0xffe8
#define PIDR4      0xffd0

#define IIDR 0x0000043bu /* product 0, variant 0, revision 0, implementer Arm */

/* Identification registers (12.1.1); PIDR2.ArchRev 3: GICv3. */
static u32 read_id(u32 offset)
{
	switch (offset) {
	case PIDR4:
		return 0x44; /* 64 KiB frame, JEP106 continuation 4 */
	case PIDR0:
		return 0x92;
	case PIDR1:
		return 0xb4;
	case PIDR2:
		return 0x3b;
	case 0xfff0:
		return 0x0d;
	case 0xfff4:
		return 0xf0;
	case 0xfff8:
		return 0x05;
	case 0xfffc:
		return 0xb1;
	default:
		return 0;
	}
}

/* The registers with one bit an interrupt are groups 1 to 7 in both kinds of frames. */
static enum vgic_word word_of(u32 group)
{
	return (enum vgic_word)(VGIC_GROUP + group - 1);
}

static u64 read_priority(const struct vgic_bank *bank, u32 i, u32 bytes)
{
	u64 value = 0;

	if (bytes != 1 && bytes != 4) {
		return 0;
	}
	for (u32 n = 0; n < bytes; n++) {
		value |= (u64)bank->priority[i + n] << 8 * n;
	}
	return value;
}

static void write_priority(const struct vgic_view *v, u32 i, u32 bytes, u64 value)
{
	if (bytes != 1 && bytes != 4) {
		return;
	}
	for (u32 n = 0; n < bytes; n++) {
		if (v->nr * 32 + i + n < VGIC_FIRST_BAD) {
			vgic_write_priority(v, i + n, (u32)FIELD(value, 8 * n + 7, 8 * n));
		}
	}
}

/* GICD_ICFGR<n>: bit 1 of two of each of 16 interrupts from bit first on says edge. */
static u32 read_config(const struct vgic_bank *bank, u32 first)
{
	u32 edge = vgic_peek(&bank->edge) >> first;
	u32 value = 0;

	for (u32 i = 0; i < 16; i++) {
		value |= (edge >> i & 1) << (2 * i + 1);
	}
	return value;
}

static void write_config(const struct vgic_view *v, u32 first, u32 value)
{
	u32 edge = 0;

	for (u32 i = 0; i < 16; i++) {
		edge |= (value >> (2 * i + 1) & 1) << i;
	}
	vgic_write_edge(v, 0xffffu << first, edge << first);
}

static u32 dist_read_control(const struct vm *vm, u32 offset)
{
	switch (offset) {
	case GICD_CTLR:
		return vm->vgic.ctlr | (u32)(CTLR_ARE | CTLR_DS);
	case GICD_TYPER:
		return (vm->vgic.nr_irqs / 32 - 1) | TYPER_IDBITS_10 | (u32)TYPER_RSS |
		       ((ich_read_vtr() & ICH_VTR_A3V) != 0 ? (u32)TYPER_A3V : 0);
	case GICD_IIDR:
		return IIDR;
	default:
		return 0;
	}
}

/* Bank of a register with one 32-bit word a bank; 0 if it is not one of the VM's SPI banks: with
 * affinity routing those of private interrupts are reserved here. */
static u32 dist_word_bank(const struct vm *vm, u32 offset)
{
	u32 nr = offset % 0x80 / 4;

	return nr < vm->vgic.nr_irqs / 32 ? nr : 0;
}

u64 vgic_dist_read(struct vm *vm, struct vcpu *self, u32 offset, u32 bytes)
{
	struct vgic_view v;
	u32 nr;

	if (offset % bytes != 0) {
		return 0;
	}
	switch (GROUP(offset)) {
	case GROUP(0x000):
		return bytes == 4 ? dist_read_control(vm, offset) : 0;
	case GROUP(0x080)... GROUP(0x380):
		nr = dist_word_bank(vm, offset);
		if (nr == 0 || bytes != 4) {
			return 0;
		}
		v = vgic_spi_view(vm, nr);
		return vgic_read_word(&v, word_of(GROUP(offset)), self);
	case GROUP(0x400)... GROUP(0x780):
		nr = (offset - 0x400) / 32;
		if (nr == 0 || nr >= vm->vgic.nr_irqs / 32) {
			return 0;
		}
		return read_priority(&vgic_spis(vm, nr)->bank, offset % 32, bytes);
	case GROUP(0xc00)... GROUP(0xc80):
		nr = (offset - 0xc00) / 8;
		if (nr == 0 || nr >= vm->vgic.nr_irqs / 32 || bytes != 4) {
			return 0;
		}
		return read_config(&vgic_spis(vm, nr)->bank, offset % 8 * 4);
	case GROUP(0x6000)... GROUP(0x7f80):
		nr = (offset - 0x6000) / 256;
		if (nr == 0 || nr >= vm->vgic.nr_irqs / 32 || bytes < 4) {
			return 0;
		}
		return vgic_spis(vm, nr)->router[offset % 256 / 8] >> offset % 8 * 8 &
		       (bytes == 8 ? ~0ull : 0xffffffffull);
	case PIDR_GROUP:
		return bytes == 4 ? read_id(offset) : 0;
	default:
		return 0;
	}
}

/* GICD_CTLR: which groups reach the vCPUs; all of them look at everything they have. */
static void write_ctlr(struct vm *vm, u32 value)
{
	struct vgic_dist *dist = &vm->vgic;
	u32 nr_redists = atomic_load_explicit(&dist->nr_redists, memory_order_acquire);
	u32 banks = (u32)(BIT(dist->nr_irqs / 32) - 1);
	struct vgic_kicks kicks = VGIC_NO_KICKS;

	value &= VGIC_CTLR_GRP0 | VGIC_CTLR_GRP1;
	spin_lock(&dist->lock);
	if (dist->ctlr == value) {
		spin_unlock(&dist->lock);
		return;
	}
	__atomic_store_n(&dist->ctlr, value, __ATOMIC_RELAXED);
	spin_unlock(&dist->lock);

	for (u32 index = 0; index < nr_redists; index++) {
		struct vcpu *vcpu = vm_vcpu(vm, index);

		if (vcpu != NULL) {
			/* Its lock: a flush that saw the old value must not clear bank 0's bit
			 * after this. */
			spin_lock(&vcpu->vgic.lock);
			vgic_resync(vcpu, banks, &kicks);
			spin_unlock(&vcpu->vgic.lock);
		}
	}
	vgic_kick(vm, &kicks);
}

static void write_router(struct vm *vm, u32 offset, u32 bytes, u64 value)
{
	struct vgic_view v;
	u32 nr = (offset - 0x6000) / 256;
	u32 i = offset % 256 / 8;

	if (nr == 0 || nr >= vm->vgic.nr_irqs / 32 || bytes < 4) {
		return;
	}
	v = vgic_spi_view(vm, nr);
	if (bytes == 4) {
		u64 old = v.spis->router[i];

		value &= 0xffffffff;
		value = offset % 8 == 0 ? (old & ~0xffffffffull) | value
					: (old & 0xffffffffull) | value << 32;
	}
	vgic_write_router(&v, i, value);
}

void vgic_dist_write(struct vm *vm, u32 offset, u32 bytes, u64 value)
{
	struct vgic_view v;
	u32 nr;

	if (offset % bytes != 0) {
		return;
	}
	switch (GROUP(offset)) {
	case GROUP(0x000):
		if (offset == GICD_CTLR && bytes == 4) {
			write_ctlr(vm, (u32)value);
		}
		break;
	case GROUP(0x080)... GROUP(0x380):
		nr = dist_word_bank(vm, offset);
		if (nr != 0 && bytes == 4) {
			v = vgic_spi_view(vm, nr);
			vgic_write_word(&v, word_of(GROUP(offset)), (u32)value);
		}
		break;
	case GROUP(0x400)... GROUP(0x780):
		nr = (offset - 0x400) / 32;
		if (nr != 0 && nr < vm->vgic.nr_irqs / 32) {
			v = vgic_spi_view(vm, nr);
			write_priority(&v, offset % 32, bytes, value);
		}
		break;
	case GROUP(0xc00)... GROUP(0xc80):
		nr = (offset - 0xc00) / 8;
		if (nr != 0 && nr < vm->vgic.nr_irqs / 32 && bytes == 4) {
			v = vgic_spi_view(vm, nr);
			write_config(&v, offset % 8 * 4, (u32)value);
		}
		break;
	case GROUP(0x6000)... GROUP(0x7f80):
		write_router(vm, offset, bytes, value);
		break;
	default:
		break;
	}
}

/* GICR_TYPER (12.11.35): affinity, processor number, and whether it is the last one. */
static u64 redist_typer(const struct vcpu *vcpu)
{
	u32 nr = atomic_load_explicit(&vcpu->vm->vgic.nr_redists, memory_order_acquire);
	u64 affinity = FIELD(vcpu->mpidr, 39, 32) << 24 | FIELD(vcpu->mpidr, 23, 0);

	return affinity << 32 | (u64)vcpu->index << 8 | (vcpu->index + 1 == nr ? BIT(4) : 0);
}

static u64 redist_read_control(const struct vcpu *vcpu, u32 offset, u32 bytes)
{
	if ((offset & ~4u) == GICR_TYPER && bytes >= 4) {
		u64 typer = redist_typer(vcpu) >> offset % 8 * 8;

		return bytes == 8 ? typer : typer & 0xffffffff;
	}
	if (bytes != 4) {
		return 0;
	}
	switch (offset) {
	case GICR_IIDR:
		return IIDR;
	case GICR_WAKER:
		return vcpu->vgic.waker != 0 ? WAKER_SLEEP | WAKER_ASLEEP : 0;
	default:
		return 0; /* GICR_CTLR: no LPIs, no write pending */
	}
}

u64 vgic_redist_read(struct vcpu *vcpu, struct vcpu *self, u32 offset, u32 bytes)
{
	struct vgic_view v = vgic_private_view(vcpu);
	u32 group = GROUP(offset % GICR_SGI);

	if (offset % bytes != 0) {
		return 0;
	}
	if (group == PIDR_GROUP) {
		return bytes == 4 ? read_id(offset % GICR_SGI) : 0;
	}
	if (offset < GICR_SGI) {
		return group == 0 ? redist_read_control(vcpu, offset, bytes) : 0;
	}
	offset -= GICR_SGI;
	switch (group) {
	case GROUP(0x080)... GROUP(0x380):
		return offset % 0x80 == 0 && bytes == 4 ? vgic_read_word(&v, word_of(group), self)
							: 0;
	case GROUP(0x400):
		return offset < 0x420 ? read_priority(v.bank, offset % 32, bytes) : 0;
	case GROUP(0xc00):
		return offset < 0xc08 && bytes == 4 ? read_config(v.bank, offset % 8 * 4) : 0;
	default:
		return 0;
	}
}

void vgic_redist_write(struct vcpu *vcpu, u32 offset, u32 bytes, u64 value)
{
	struct vgic_view v = vgic_private_view(vcpu);

	if (offset % bytes != 0) {
		return;
	}
	if (offset == GICR_WAKER && bytes == 4) {
		__atomic_store_n(&vcpu->vgic.waker, (value & WAKER_SLEEP) != 0, __ATOMIC_RELAXED);
		return;
	}
	if (offset < GICR_SGI) {
		return;
	}
	offset -= GICR_SGI;
	/* The trigger modes of SGIs and PPIs are fixed, so GICR_ICFGR<n> ignores writes. */
	switch (GROUP(offset)) {
	case GROUP(0x080)... GROUP(0x380):
		if (offset % 0x80 == 0 && bytes == 4) {
			vgic_write_word(&v, word_of(GROUP(offset)), (u32)value);
		}
		break;
	case GROUP(0x400):
		if (offset < 0x420) {
			write_priority(&v, offset % 32, bytes, value);
		}
		break;
	default:
		break;
	}
}

bool vgic_mmio(struct vcpu *vcpu, ipaddr_t ipa, bool write, u32 bytes, u64 *value)
{
	struct vm *vm = vcpu->vm;
	struct vgic_dist *dist = &vm->vgic;
	u64 offset = ipa.ipa - dist->gicd.ipa;
	struct vcpu *of;
	u64 index;

	if (dist->nr_irqs == 0) {
		return false;
	}
	if (offset < VGIC_GICD_BYTES) {
		if (write) {
			vgic_dist_write(vm, (u32)offset, bytes, *value);
		} else {
			*value = vgic_dist_read(vm, vcpu, (u32)offset, bytes);
		}
		return true;
	}

	offset = ipa.ipa - dist->gicr.ipa;
	index = offset / VGIC_GICR_BYTES;
	if (index >= atomic_load_explicit(&dist->nr_redists, memory_order_relaxed)) {
		return false;
	}
	offset %= VGIC_GICR_BYTES;
	of = vm_vcpu(vm, (u32)index);
	if (of == NULL) {
		*value = 0;
	} else if (write) {
		vgic_redist_write(of, (u32)offset, bytes, *value);
	} else {
		*value = vgic_redist_read(of, vcpu, (u32)offset, bytes);
	}
	return true;
}
