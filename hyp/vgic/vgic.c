/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of a virtual GIC: configuration, the state after reset, the end.
 *
 * Reset values where the architecture leaves them open are those of KVM, which guests are used
 * to: group 1, SGIs enabled, SPIs routed to affinity 0.
 */
#include <core/boot.h>
#include <hyp/error.h>
#include <vgic/internal.h>

#define GUEST_VTIMER_INTID 27u /* what every guest's device tree says */

#define FRAME_BYTES 0x10000u

/* As after reset, except for input lines and what is linked to the hardware. */
static void reset_bank(struct vgic_bank *bank)
{
	u32 line = bank->line;
	u32 hw = bank->hw;

	*bank = (struct vgic_bank){.group = ~0u, .line = line, .hw = hw};
}

static void reset_private(struct vcpu *vcpu)
{
	struct vgic_bank *bank = &vcpu->vgic.bank;
	bool board = vcpu->vm != NULL && (vcpu->vm->flags & HYP_VM_HOST) != 0;

	spin_lock(&vcpu->vgic.lock);
	reset_bank(bank);
	bank->line = 0;
	bank->hw = 1u << (board ? boot_info->timer_virt_irq : GUEST_VTIMER_INTID);
	bank->enabled = (1u << VGIC_NR_SGIS) - 1;
	bank->edge = (1u << VGIC_NR_SGIS) - 1;
	vcpu->vgic.waker = 1;
	atomic_store_explicit(&vcpu->vgic.ready, 0, memory_order_relaxed);
	spin_unlock(&vcpu->vgic.lock);
}

/* target: the vCPU with affinity 0 */
static void reset_spis(struct vm *vm, u32 nr, u8 target)
{
	struct vgic_view v = vgic_spi_view(vm, nr);

	vgic_lock(&v);
	v.bank->enabled = 0;
	v.bank->edge = 0;
	vgic_hw_follow_enable(&v, ~0u);
	vgic_hw_follow_config(&v, ~0u);
	(void)vgic_hw_set_pending(&v, ~0u, false);
	vgic_for_each_bit (i, v.bank->phys) {
		(void)vgic_hw_deactivate(&v, i);
	}
	reset_bank(v.bank);
	for (u32 i = 0; i < 32; i++) {
		v.spis->owner[i] = VGIC_VCPU_NONE;
		v.spis->router[i] = 0;
		v.spis->target[i] = target;
	}
	vgic_hw_follow_route(&v, ~0u);
	vgic_unlock(&v);
}

static bool frames_fit(ipaddr_t gicd, ipaddr_t gicr)
{
	return IS_ALIGNED(gicd.ipa, FRAME_BYTES) && IS_ALIGNED(gicr.ipa, FRAME_BYTES) &&
	       (gicr.ipa - gicd.ipa >= VGIC_GICD_BYTES) && (gicd.ipa - gicr.ipa >= VGIC_GICR_BYTES);
}

int vgic_vm_config(struct vm *vm, ipaddr_t gicd, ipaddr_t gicr, u32 nr_irqs)
{
	struct vgic_dist *dist = &vm->vgic;
	u8 target = vgic_router_target(vm, 0);

	if (nr_irqs < 32 || nr_irqs > VGIC_MAX_IRQS || nr_irqs % 32 != 0) {
		return HYP_E_INVAL;
	}
	if (!frames_fit(gicd, gicr)) {
		return HYP_E_ADDR;
	}
	if (dist->nr_irqs != 0) {
		return HYP_E_STATE;
	}
	/* Pages of an attempt that failed are used by the next. */
	for (u32 i = 0; i * VGIC_SPIS_PER_PAGE < nr_irqs / 32 - 1; i++) {
		if (dist->pages[i] == NULL) {
			dist->pages[i] = pool_alloc(&vm->pool);
		}
		if (dist->pages[i] == NULL) {
			return HYP_E_NOMEM;
		}
	}
	spin_init(&dist->lock, LOCK_VGIC_DIST);
	dist->gicd = gicd;
	dist->gicr = gicr;
	for (u32 nr = 1; nr < nr_irqs / 32; nr++) {
		reset_spis(vm, nr, target);
	}
	/* Release: pairs with the acquire in vgic_is_spi() and reg.c. */
	__atomic_store_n(&dist->nr_irqs, nr_irqs, __ATOMIC_RELEASE);
	return HYP_OK;
}

int vgic_vcpu_init(struct vcpu *vcpu)
{
	struct vgic_dist *dist = &vcpu->vm->vgic;
	u32 nr = vcpu->index + 1;
	u32 old = atomic_load_explicit(&dist->nr_redists, memory_order_relaxed);

	if (vcpu->index >= HYP_MAX_VCPUS) {
		return HYP_E_INVAL;
	}
	spin_init(&vcpu->vgic.lock, LOCK_VGIC_CPU);
	reset_private(vcpu);
	vgic_vcpu_reset(vcpu);
	while (old < nr &&
	       !atomic_compare_exchange_weak_explicit(&dist->nr_redists, &old, nr,
						      memory_order_release, memory_order_relaxed)) {
	}

	/* SPIs that were routed to it before it existed. */
	for (u32 bank = 1; bank < dist->nr_irqs / 32; bank++) {
		struct vgic_view v = vgic_spi_view(vcpu->vm, bank);

		vgic_lock(&v);
		for (u32 i = 0; i < 32; i++) {
			u64 router = v.spis->router[i];

			if (v.spis->target[i] == VGIC_VCPU_NONE &&
			    ((router & VGIC_ROUTER_IRM) != 0 ||
			     router == (vcpu->mpidr & VGIC_ROUTER_AFFINITY))) {
				v.spis->target[i] = (u8)vcpu->index;
			}
		}
		vgic_unlock(&v);
	}
	return HYP_OK;
}

void vgic_vcpu_reset(struct vcpu *vcpu)
{
	struct vgic_cpu *vc = &vcpu->vgic;

	vc->vmcr = 0;
	for (u32 n = 0; n < ARRAY_COUNT(vc->ap0r); n++) {
		vc->ap0r[n] = 0;
		vc->ap1r[n] = 0;
	}
}

void vgic_vm_reset(struct vm *vm)
{
	u32 nr_redists = atomic_load_explicit(&vm->vgic.nr_redists, memory_order_acquire);
	u8 target = vgic_router_target(vm, 0);

	vm->vgic.ctlr = 0;
	for (u32 index = 0; index < nr_redists; index++) {
		struct vcpu *vcpu = vm_vcpu(vm, index);

		if (vcpu != NULL) {
			reset_private(vcpu);
			vgic_vcpu_reset(vcpu);
		}
	}
	for (u32 nr = 1; nr < vm->vgic.nr_irqs / 32; nr++) {
		reset_spis(vm, nr, target);
	}
}

void vgic_vm_destroy(struct vm *vm)
{
	if (vm->vgic.nr_irqs > VGIC_NR_PRIVATE) {
		vgic_hw_release_all(vm);
	}
}
