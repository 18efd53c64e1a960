/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The GIC's state by register, for save and restore, with the meaning KVM gives it (Linux,
 * Documentation/virt/kvm/devices/arm-vgic-v3.rst): as the guest's accesses, except that ISPENDR
 * is the latch alone and is set to exactly what is written, that ICPENDR reads 0 and ignores
 * writes, and that input lines have a group of their own. No vCPU of the VM is loaded.
 */
#include <el2/ich.h>
#include <hyp/calls.h>
#include <hyp/error.h>
#include <vgic/internal.h>

#define ISPENDR  0x200u
#define ICPENDR  0x280u
#define GICR_SGI 0x10000u

#define ICC_PMR     HYP_REG_SYS(3u, 0u, 4u, 6u, 0u)
#define ICC_BPR0    HYP_REG_SYS(3u, 0u, 12u, 8u, 3u)
#define ICC_AP0R(n) HYP_REG_SYS(3u, 0u, 12u, 8u, 4u + (n))
#define ICC_AP1R(n) HYP_REG_SYS(3u, 0u, 12u, 9u, (n))
#define ICC_BPR1    HYP_REG_SYS(3u, 0u, 12u, 12u, 3u)
#define ICC_CTLR    HYP_REG_SYS(3u, 0u, 12u, 12u, 4u)
#define ICC_SRE     HYP_REG_SYS(3u, 0u, 12u, 12u, 5u)
#define ICC_IGRPEN0 HYP_REG_SYS(3u, 0u, 12u, 12u, 6u)
#define ICC_IGRPEN1 HYP_REG_SYS(3u, 0u, 12u, 12u, 7u)

#define CTLR_CBPR    BIT(0)
#define CTLR_EOIMODE BIT(1)
#define CTLR_SEIS    BIT(14)
#define CTLR_A3V     BIT(15)
#define SRE          7u

/* ICC_CTLR_EL1's fields that say what the virtual CPU interface can do (12.2.6). */
static u64 ctlr_features(void)
{
	u64 vtr = ich_read_vtr();

	return (u64)(ICH_VTR_PRIBITS(vtr) - 1) << 8 | ICH_VTR_IDBITS(vtr) << 11 |
	       ((vtr & ICH_VTR_SEIS) != 0 ? CTLR_SEIS : 0) |
	       ((vtr & ICH_VTR_A3V) != 0 ? CTLR_A3V : 0);
}

static void set_field(u64 *word, u64 mask, u64 value)
{
	*word = (*word & ~mask) | ((value << __builtin_ctzll(mask)) & mask);
}

/* ICC_AP<0,1>R<n>_EL1's place, or NULL if reg is none that exists. */
static u32 *find_apr(struct vgic_cpu *vc, u32 reg)
{
	for (u32 n = 0; n < ich_nr_aprs(); n++) {
		if (reg == ICC_AP0R(n)) {
			return &vc->ap0r[n];
		}
		if (reg == ICC_AP1R(n)) {
			return &vc->ap1r[n];
		}
	}
	return NULL;
}

static int cpu_get(struct vcpu *vcpu, u32 reg, u64 *value)
{
	u64 vmcr = vcpu->vgic.vmcr;
	u32 *apr = find_apr(&vcpu->vgic, reg);

	if (apr != NULL) {
		*value = *apr;
		return HYP_OK;
	}
	switch (reg) {
	case ICC_PMR:
		*value = FIELD(vmcr, 31, 24);
		return HYP_OK;
	case ICC_BPR0:
		*value = FIELD(vmcr, 23, 21);
		return HYP_OK;
	case ICC_BPR1:
		*value = FIELD(vmcr, 20, 18);
		if ((vmcr & ICH_VMCR_VCBPR) != 0) {
			*value = FIELD(vmcr, 23, 21) < 7 ? FIELD(vmcr, 23, 21) + 1 : 7;
		}
		return HYP_OK;
	case ICC_CTLR:
		*value = ctlr_features() | ((vmcr & ICH_VMCR_VCBPR) != 0 ? CTLR_CBPR : 0) |
			 ((vmcr & ICH_VMCR_VEOIM) != 0 ? CTLR_EOIMODE : 0);
		return HYP_OK;
	case ICC_SRE:
		*value = SRE;
		return HYP_OK;
	case ICC_IGRPEN0:
		*value = (vmcr & ICH_VMCR_VENG0) != 0;
		return HYP_OK;
	case ICC_IGRPEN1:
		*value = (vmcr & ICH_VMCR_VENG1) != 0;
		return HYP_OK;
	default:
		return HYP_E_INVAL;
	}
}

/* What was saved must be something this CPU interface can do, too. */
static bool ctlr_fits(u64 value)
{
	u64 ours = ctlr_features();

	return FIELD(value, 10, 8) <= FIELD(ours, 10, 8) &&
	       FIELD(value, 13, 11) <= FIELD(ours, 13, 11) &&
	       ((value ^ ours) & (CTLR_SEIS | CTLR_A3V)) == 0;
}

static int cpu_set(struct vcpu *vcpu, u32 reg, u64 value)
{
	u64 *vmcr = &vcpu->vgic.vmcr;
	u32 *apr = find_apr(&vcpu->vgic, reg);

	if (apr != NULL) {
		*apr = (u32)value;
		return HYP_OK;
	}
	switch (reg) {
	case ICC_PMR:
		set_field(vmcr, ICH_VMCR_VPMR, value);
		return HYP_OK;
	case ICC_BPR0:
		set_field(vmcr, ICH_VMCR_VBPR0, value);
		return HYP_OK;
	case ICC_BPR1:
		if ((*vmcr & ICH_VMCR_VCBPR) == 0) {
			set_field(vmcr, ICH_VMCR_VBPR1, value);
		}
		return HYP_OK;
	case ICC_CTLR:
		if (!ctlr_fits(value)) {
			return HYP_E_INVAL;
		}
		set_field(vmcr, ICH_VMCR_VCBPR, (value & CTLR_CBPR) != 0);
		set_field(vmcr, ICH_VMCR_VEOIM, (value & CTLR_EOIMODE) != 0);
		return HYP_OK;
	case ICC_SRE:
		return (value & 1) != 0 ? HYP_OK : HYP_E_INVAL;
	case ICC_IGRPEN0:
		set_field(vmcr, ICH_VMCR_VENG0, value & 1);
		return HYP_OK;
	case ICC_IGRPEN1:
		set_field(vmcr, ICH_VMCR_VENG1, value & 1);
		return HYP_OK;
	default:
		return HYP_E_INVAL;
	}
}

/* The bank whose GICx_ISPENDR or ICPENDR that is; false if it is another register. */
static bool find_pending(struct vm *vm, struct vcpu *vcpu, u32 offset, struct vgic_view *v)
{
	u32 nr = offset % 0x80 / 4;

	if (offset < ISPENDR || offset >= ICPENDR + 0x80) {
		return false;
	}
	if (vcpu != NULL ? nr != 0 : nr == 0 || nr >= vm->vgic.nr_irqs / 32) {
		return false;
	}
	*v = vcpu != NULL ? vgic_private_view(vcpu) : vgic_spi_view(vm, nr);
	return true;
}

static void set_latch(const struct vgic_view *v, u32 value)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	u32 linked;

	if (v->nr == VGIC_MAX_BANKS - 1) {
		value &= (1u << VGIC_FIRST_BAD % 32) - 1;
	}
	vgic_lock(v);
	linked = v->spis != NULL ? v->bank->hw : 0;
	v->bank->latch = (v->bank->latch & linked) | (value & ~linked);
	vgic_raised(v, value & ~linked, &kicks);
	vgic_unlock(v);
	vgic_kick(v->vm, &kicks);
}

static u64 frame_get(struct vm *vm, struct vcpu *vcpu, u32 offset)
{
	struct vgic_view v;

	if (vcpu == NULL) {
		return find_pending(vm, NULL, offset, &v)
			       ? (offset < ICPENDR ? vgic_peek(&v.bank->latch) : 0)
			       : vgic_dist_read(vm, NULL, offset, 4);
	}
	if (offset >= GICR_SGI && find_pending(vm, vcpu, offset - GICR_SGI, &v)) {
		return offset - GICR_SGI < ICPENDR ? vgic_peek(&v.bank->latch) : 0;
	}
	return vgic_redist_read(vcpu, NULL, offset, 4);
}

static void frame_set(struct vm *vm, struct vcpu *vcpu, u32 offset, u32 value)
{
	u32 in_frame = vcpu != NULL ? offset - GICR_SGI : offset;
	struct vgic_view v;

	if (find_pending(vm, vcpu, in_frame, &v)) {
		if (in_frame < ICPENDR) {
			set_latch(&v, value);
		}
	} else if (vcpu != NULL) {
		vgic_redist_write(vcpu, offset, 4, value);
	} else {
		vgic_dist_write(vm, offset, 4, value);
	}
}

/* The bank whose lines group HYP_VGIC_LEVEL means. */
static bool find_lines(struct vm *vm, struct vcpu *vcpu, u32 intid, struct vgic_view *v)
{
	if (intid % 32 != 0 || (intid == 0 ? vcpu == NULL : !vgic_is_spi(vm, intid))) {
		return false;
	}
	*v = intid == 0 ? vgic_private_view(vcpu) : vgic_spi_view(vm, intid / 32);
	return true;
}

static void set_lines(const struct vgic_view *v, u32 value)
{
	u32 level = ~v->bank->edge & ~v->bank->hw;

	vgic_for_each_bit (i, level) {
		/* Refused for INTIDs that cannot have a line: SGIs, and the last four. */
		vgic_set_line(v->vm, v->vcpu, v->nr * 32 + i, (value >> i & 1) != 0);
	}
}

/* Whether there is such a register; its lines, if that is what it is. */
static int check(struct vm *vm, struct vcpu *vcpu, u32 group, u32 reg, struct vgic_view *lines)
{
	bool found;

	/* Acquire: pairs with the release in vgic_vm_config(), which may run on another core. */
	if (__atomic_load_n(&vm->vgic.nr_irqs, __ATOMIC_ACQUIRE) == 0) {
		return HYP_E_STATE;
	}
	switch (group) {
	case HYP_VGIC_DIST:
		found = reg < VGIC_GICD_BYTES && reg % 4 == 0;
		break;
	case HYP_VGIC_REDIST:
		found = vcpu != NULL && reg < VGIC_GICR_BYTES && reg % 4 == 0;
		break;
	case HYP_VGIC_CPU:
		found = vcpu != NULL;
		break;
	case HYP_VGIC_LEVEL:
		found = find_lines(vm, vcpu, reg, lines);
		break;
	default:
		found = false;
	}
	return found ? HYP_OK : HYP_E_INVAL;
}

int vgic_reg_get(struct vm *vm, u32 group, u64 mpidr, u32 reg, u64 *value)
{
	struct vcpu *vcpu = vm_vcpu_by_mpidr(vm, mpidr);
	struct vgic_view lines;
	int error = check(vm, vcpu, group, reg, &lines);

	if (error != HYP_OK) {
		return error;
	}
	switch (group) {
	case HYP_VGIC_DIST:
		*value = frame_get(vm, NULL, reg);
		return HYP_OK;
	case HYP_VGIC_REDIST:
		*value = frame_get(vm, vcpu, reg);
		return HYP_OK;
	case HYP_VGIC_CPU:
		return cpu_get(vcpu, reg, value);
	default:
		*value = vgic_peek(&lines.bank->line) & ~lines.bank->edge;
		return HYP_OK;
	}
}

int vgic_reg_set(struct vm *vm, u32 group, u64 mpidr, u32 reg, u64 value)
{
	struct vcpu *vcpu = vm_vcpu_by_mpidr(vm, mpidr);
	struct vgic_view lines;
	int error = check(vm, vcpu, group, reg, &lines);

	if (error != HYP_OK) {
		return error;
	}
	switch (group) {
	case HYP_VGIC_DIST:
		frame_set(vm, NULL, reg, (u32)value);
		return HYP_OK;
	case HYP_VGIC_REDIST:
		frame_set(vm, vcpu, reg, (u32)value);
		return HYP_OK;
	case HYP_VGIC_CPU:
		return cpu_set(vcpu, reg, value);
	default:
		set_lines(&lines, (u32)value);
		return HYP_OK;
	}
}
