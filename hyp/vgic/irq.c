/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens to interrupts: lines, SGIs, and writes of the registers that change them.
 *
 * A register's effect on an interrupt that is listed, maybe by another core, is left with the
 * owner: .unpend, .unactive and .setactive are applied when the owner takes its list registers
 * back, which the write asks for. Reads ask first (vgic_sync_listed()).
 */
#include <hyp/error.h>
#include <vgic/internal.h>

/* ICC_SGI1R_EL1 and its like (12.2.20) */
#define SGI_INTID(v) ((u32)FIELD(v, 27, 24))
#define SGI_IRM      BIT(40)

int vgic_set_line(struct vm *vm, struct vcpu *vcpu, u32 intid, bool level)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	struct vgic_view v;
	u32 bit = 1u << intid % 32;

	if (vgic_is_spi(vm, intid)) {
		v = vgic_spi_view(vm, intid / 32);
	} else if (intid >= VGIC_NR_SGIS && intid < VGIC_NR_PRIVATE && vcpu != NULL) {
		v = vgic_private_view(vcpu);
	} else {
		return HYP_E_INVAL;
	}

	vgic_lock(&v);
	if ((v.bank->hw & bit) != 0) {
		vgic_unlock(&v);
		return HYP_E_INVAL;
	}
	if (level) {
		v.bank->line |= bit;
		v.bank->latch |= v.bank->edge & bit;
		vgic_raised(&v, bit, &kicks);
	} else {
		v.bank->line &= ~bit;
		/* A list register may hold it pending, or ask for a maintenance interrupt. */
		vgic_changed(&v, bit & v.bank->listed & ~v.bank->edge, &kicks);
	}
	vgic_unlock(&v);
	vgic_kick(vm, &kicks);
	return HYP_OK;
}

/*
 * An SGI for one vCPU. Registers for group 0 cannot make an interrupt of group 1.
 *
 * vgic_raised() without what SGIs do not need: they are edge-triggered, private, and mostly for a
 * vCPU that is loaded elsewhere.
 */
static void send_sgi(struct vcpu *target, u32 intid, u32 group)
{
	struct vgic_cpu *vc = &target->vgic;
	struct vgic_bank *bank = &vc->bank;
	u32 bit = 1u << intid;

	spin_lock(&vc->lock);
	bit &= group == 1 ? ~0u : ~bank->group;
	bank->latch |= bit;
	bit &= vgic_deliverable(target->vm, bank);
	if (bit != 0 && (atomic_load_explicit(&vc->ready, memory_order_relaxed) & 1) == 0) {
		/* Release: pairs with the acquire in lock_ready() and vgic_has_pending(). */
		atomic_fetch_or_explicit(&vc->ready, 1, memory_order_release);
	}
	spin_unlock(&vc->lock);
	if (bit != 0) {
		vcpu_request(target, VCPU_REQ_VGIC);
	}
}

void vgic_sgi(struct vcpu *vcpu, u64 value, u32 group)
{
	struct vm *vm = vcpu->vm;

	if ((value & SGI_IRM) != 0) {
		u32 nr = atomic_load_explicit(&vm->vgic.nr_redists, memory_order_acquire);

		for (u32 index = 0; index < nr; index++) {
			struct vcpu *target = vm_vcpu(vm, index);

			if (target != NULL && target != vcpu) {
				send_sgi(target, SGI_INTID(value), group);
			}
		}
	} else {
		u64 cluster = FIELD(value, 55, 48) << 32 | FIELD(value, 39, 32) << 16 |
			      FIELD(value, 23, 16) << 8 | FIELD(value, 47, 44) << 4;

		vgic_for_each_bit (aff0, (u32)FIELD(value, 15, 0)) {
			struct vcpu *target = vm_vcpu_by_mpidr(vm, cluster | aff0);

			if (target != NULL) {
				send_sgi(target, SGI_INTID(value), group);
			}
		}
	}
}

void vgic_dir(struct vcpu *vcpu, u64 value)
{
	u32 intid = (u32)FIELD(value, 23, 0);

	if (intid < VGIC_NR_PRIVATE || vgic_is_spi(vcpu->vm, intid)) {
		struct vgic_view v = vgic_view(vcpu, intid / 32);

		vgic_write_word(&v, VGIC_ACTIVE_CLEAR, 1u << intid % 32);
	}
}

u32 vgic_read_word(const struct vgic_view *v, enum vgic_word word, struct vcpu *self)
{
	const struct vgic_bank *bank = v->bank;

	switch (word) {
	case VGIC_GROUP:
		return vgic_peek(&bank->group);
	case VGIC_ENABLE_SET:
	case VGIC_ENABLE_CLEAR:
		return vgic_peek(&bank->enabled);
	case VGIC_PENDING_SET:
	case VGIC_PENDING_CLEAR: {
		u32 pending;

		vgic_sync_listed(v, self);
		vgic_lock(v);
		pending = vgic_pending(bank) | (bank->lr_pending & ~bank->unpend);
		pending |= vgic_hw_pending(v, ~pending);
		vgic_unlock(v);
		return pending;
	}
	case VGIC_ACTIVE_SET:
	case VGIC_ACTIVE_CLEAR:
		vgic_sync_listed(v, self);
		return vgic_peek(&bank->active);
	default:
		return 0;
	}
}

/* The physical interrupts behind bits, neither listed nor active nor pending any more. */
static void deactivate(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks)
{
	vgic_for_each_bit (i, bits) {
		if (!vgic_hw_deactivate(v, i)) {
			/* Left to the core that has the vCPU loaded. */
			v->bank->unpend |= 1u << i;
			vgic_resync(v->vcpu, 1u, kicks);
		}
	}
}

static void clear_pending(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks)
{
	struct vgic_bank *bank = v->bank;
	u32 listed = bits & bank->listed;

	(void)vgic_hw_set_pending(v, bits, false);
	bank->latch &= ~bits;
	bank->unpend |= listed;
	vgic_changed(v, listed, kicks);
	deactivate(v, bits & ~listed & bank->phys & ~bank->active, kicks);
}

static void set_active(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks)
{
	struct vgic_bank *bank = v->bank;
	u32 listed = bits & bank->listed;

	bank->setactive |= listed;
	bank->unactive &= ~listed;
	bank->active |= bits;
	vgic_hw_activate(v, bits & ~listed);
	vgic_changed(v, bits, kicks);
}

static void clear_active(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks)
{
	struct vgic_bank *bank = v->bank;
	u32 listed = bits & bank->listed;

	bank->unactive |= listed;
	bank->setactive &= ~listed;
	bank->active &= ~bits;
	if (v->spis != NULL) {
		vgic_for_each_bit (i, bits & ~listed) {
			v->spis->owner[i] = VGIC_VCPU_NONE;
		}
	}
	deactivate(v, bits & ~listed & bank->phys & ~bank->latch, kicks);
	vgic_changed(v, bits, kicks);
}

void vgic_write_word(const struct vgic_view *v, enum vgic_word word, u32 value)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	struct vgic_bank *bank = v->bank;
	u32 changed;

	if (v->nr == VGIC_MAX_BANKS - 1) {
		value &= (1u << VGIC_FIRST_BAD % 32) - 1;
	}
	vgic_lock(v);
	switch (word) {
	case VGIC_GROUP:
		changed = bank->group ^ value;
		bank->group = value;
		vgic_changed(v, changed, &kicks);
		break;
	case VGIC_ENABLE_SET:
		changed = value & ~bank->enabled;
		bank->enabled |= changed;
		vgic_hw_follow_enable(v, changed);
		vgic_changed(v, changed, &kicks);
		break;
	case VGIC_ENABLE_CLEAR:
		changed = value & bank->enabled;
		bank->enabled &= ~changed;
		vgic_hw_follow_enable(v, changed);
		vgic_changed(v, changed, &kicks);
		break;
	case VGIC_PENDING_SET:
		changed = value & ~vgic_hw_set_pending(v, value, true);
		bank->latch |= changed;
		vgic_raised(v, changed, &kicks);
		break;
	case VGIC_PENDING_CLEAR:
		clear_pending(v, value, &kicks);
		break;
	case VGIC_ACTIVE_SET:
		set_active(v, value, &kicks);
		break;
	case VGIC_ACTIVE_CLEAR:
		clear_active(v, value, &kicks);
		break;
	default:
		break;
	}
	vgic_unlock(v);
	vgic_kick(v->vm, &kicks);
}

void vgic_write_edge(const struct vgic_view *v, u32 bits, u32 value)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	struct vgic_bank *bank = v->bank;
	u32 changed;

	vgic_lock(v);
	changed = (bank->edge ^ value) & bits;
	bank->edge ^= changed;
	vgic_hw_follow_config(v, changed);
	vgic_changed(v, changed, &kicks);
	vgic_unlock(v);
	vgic_kick(v->vm, &kicks);
}

void vgic_write_priority(const struct vgic_view *v, u32 i, u32 priority)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;

	vgic_lock(v);
	if (v->bank->priority[i] != (priority & VGIC_PRIORITY_MASK)) {
		v->bank->priority[i] = (u8)(priority & VGIC_PRIORITY_MASK);
		vgic_changed(v, 1u << i, &kicks);
	}
	vgic_unlock(v);
	vgic_kick(v->vm, &kicks);
}

u8 vgic_router_target(struct vm *vm, u64 router)
{
	struct vcpu *vcpu = NULL;

	if ((router & VGIC_ROUTER_IRM) == 0) {
		vcpu = vm_vcpu_by_mpidr(vm, router & VGIC_ROUTER_AFFINITY);
		return vcpu != NULL ? (u8)vcpu->index : VGIC_VCPU_NONE;
	}
	/* 1 of N: the first that is powered on, or will be. */
	for (u32 index = 0;
	     index < atomic_load_explicit(&vm->vgic.nr_redists, memory_order_acquire); index++) {
		struct vcpu *other = vm_vcpu(vm, index);

		if (other == NULL) {
			continue;
		}
		if (atomic_load_explicit(&other->state, memory_order_relaxed) != VCPU_OFF) {
			return (u8)index;
		}
		vcpu = vcpu != NULL ? vcpu : other;
	}
	return vcpu != NULL ? (u8)vcpu->index : VGIC_VCPU_NONE;
}

void vgic_write_router(const struct vgic_view *v, u32 i, u64 value)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;

	if (v->nr * 32 + i >= VGIC_FIRST_BAD) {
		return;
	}
	vgic_lock(v);
	v->spis->router[i] = value & (VGIC_ROUTER_AFFINITY | VGIC_ROUTER_IRM);
	v->spis->target[i] = vgic_router_target(v->vm, value);
	vgic_hw_follow_route(v, 1u << i);
	vgic_changed(v, 1u << i, &kicks);
	vgic_unlock(v);
	vgic_kick(v->vm, &kicks);
}
