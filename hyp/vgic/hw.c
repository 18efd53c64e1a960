/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of the hardware: physical SPIs forwarded to a VM, and the virtual timer's PPI.
 *
 * EL2 acknowledges the physical interrupt, which drops its priority and leaves it active, and
 * pends the virtual one. .phys says that the physical one is active for it: the list register
 * then links the two (ICH_LR<n>.HW), and the guest's deactivation is the hardware's. Whatever
 * ends the virtual one otherwise (a register write, a reset) must call vgic_hw_deactivate().
 *
 * There is one timer PPI a core, and it may be in use by vCPUs that are not loaded: a load makes
 * it active exactly if the loaded vCPU's .phys says so. cpu->vtimer_active_hw remembers how it
 * is, so that the redistributor is left alone in the common case that nothing differs.
 */
#include <core/boot.h>
#include <core/cpu.h>
#include <el2/gic.h>
#include <hyp/error.h>
#include <vgic/internal.h>

/* Who has a physical SPI. .taken is claimed first and dropped last; .vm is what counts. */
static struct forward {
	struct vm *_Atomic vm;
	_Atomic bool taken;
	u16 virq;
} forwards[VGIC_MAX_IRQS];

/* Cores inside vgic_hw_spi(): a release waits until those that may still see the VM are out. */
static struct {
	_Atomic u32 inside;
} __aligned(64) readers[MAX_CPUS];

static bool is_loaded_here(const struct vcpu *vcpu)
{
	return vcpu == vcpu_current() &&
	       atomic_load_explicit(&vcpu->vgic.loaded, memory_order_relaxed);
}

static void set_ppi_active(bool active)
{
	gic_ppi_set_active(boot_info->timer_virt_irq, active);
	cpu_this()->vtimer_active_hw = active;
}

bool vgic_hw_deactivate(const struct vgic_view *v, u32 i)
{
	if (v->spis != NULL) {
		gic_spi_set_active(v->spis->pirq[i], false);
	} else if (is_loaded_here(v->vcpu)) {
		set_ppi_active(false);
	} else if (atomic_load_explicit(&v->vcpu->vgic.loaded, memory_order_relaxed)) {
		return false;
	}
	v->bank->phys &= ~(1u << i);
	return true;
}

void vgic_hw_activate(const struct vgic_view *v, u32 bits)
{
	vgic_for_each_bit (i, bits & v->bank->hw & ~v->bank->phys) {
		if (v->spis != NULL) {
			gic_spi_set_active(v->spis->pirq[i], true);
		} else if (is_loaded_here(v->vcpu)) {
			set_ppi_active(true);
		} else if (atomic_load_explicit(&v->vcpu->vgic.loaded, memory_order_relaxed)) {
			/* Its timer may fire once more than it should. */
			continue;
		}
		v->bank->phys |= 1u << i;
	}
}

u32 vgic_hw_set_pending(const struct vgic_view *v, u32 bits, bool pending)
{
	u32 linked = v->spis != NULL ? bits & v->bank->hw : 0;

	vgic_for_each_bit (i, linked) {
		gic_spi_set_pending(v->spis->pirq[i], pending);
	}
	return linked;
}

u32 vgic_hw_pending(const struct vgic_view *v, u32 bits)
{
	u32 linked = v->spis != NULL ? bits & v->bank->hw : 0;
	u32 pending = 0;

	vgic_for_each_bit (i, linked) {
		pending |= gic_spi_is_pending(v->spis->pirq[i]) ? 1u << i : 0;
	}
	return pending;
}

void vgic_hw_follow_enable(const struct vgic_view *v, u32 bits)
{
	u32 linked = v->spis != NULL ? bits & v->bank->hw : 0;

	vgic_for_each_bit (i, linked) {
		if ((v->bank->enabled >> i & 1) != 0) {
			gic_spi_enable(v->spis->pirq[i]);
		} else {
			gic_spi_disable(v->spis->pirq[i]);
		}
	}
}

void vgic_hw_follow_config(const struct vgic_view *v, u32 bits)
{
	u32 linked = v->spis != NULL ? bits & v->bank->hw : 0;

	vgic_for_each_bit (i, linked) {
		gic_spi_set_edge(v->spis->pirq[i], (v->bank->edge >> i & 1) != 0);
	}
}

void vgic_hw_follow_route(const struct vgic_view *v, u32 bits)
{
	u32 linked = v->spis != NULL ? bits & v->bank->hw : 0;

	vgic_for_each_bit (i, linked) {
		struct vcpu *vcpu = vm_vcpu(v->vm, v->spis->target[i]);

		if (vcpu != NULL && vcpu->cpu != NULL) {
			gic_spi_route(v->spis->pirq[i], vcpu->cpu->mpidr);
		}
	}
}

void vgic_hw_load_ppis(struct vcpu *vcpu)
{
	u32 wanted = vcpu->vgic.bank.phys != 0;

	if (cpu_this()->vtimer_active_hw != wanted) {
		set_ppi_active(wanted != 0);
	}
}

void vgic_hw_vtimer(struct vcpu *vcpu)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	struct vgic_view v = vgic_private_view(vcpu);
	u32 bit = v.bank->hw;
	bool here = is_loaded_here(vcpu);

	if (!here && vcpu == vcpu_current()) {
		/* It came too late for the vCPU that was put, whose timer will fire again. */
		gic_deactivate(boot_info->timer_virt_irq);
		return;
	}
	vgic_lock(&v);
	v.bank->latch |= bit;
	v.bank->phys |= bit;
	if (here) {
		cpu_this()->vtimer_active_hw = 1;
	}
	vgic_raised(&v, bit, &kicks);
	vgic_unlock(&v);
	vgic_kick(vcpu->vm, &kicks);
}

/* The physical SPI behind virq is active; false if it is the VM's no longer. */
static bool pend_spi(struct vm *vm, u32 virq)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	struct vgic_view v = vgic_spi_view(vm, virq / 32);
	u32 bit = 1u << virq % 32;

	vgic_lock(&v);
	if ((v.bank->hw & bit) == 0) {
		vgic_unlock(&v);
		return false;
	}
	v.bank->latch |= bit;
	v.bank->phys |= bit;
	vgic_raised(&v, bit, &kicks);
	vgic_unlock(&v);
	vgic_kick(vm, &kicks);
	return true;
}

void vgic_hw_spi(u32 pirq)
{
	struct forward *forward = &forwards[pirq % VGIC_MAX_IRQS];
	_Atomic u32 *inside = &readers[cpu_this()->id].inside;
	struct vm *vm;

	/* Sequentially consistent, as in vgic_release(): it sees us, or we see that vm is gone. */
	atomic_store(inside, 1);
	vm = atomic_load(&forward->vm);
	if (vm == NULL || !pend_spi(vm, forward->virq)) {
		gic_spi_disable(pirq);
		gic_deactivate(pirq);
	}
	atomic_store_explicit(inside, 0, memory_order_release);
}

int vgic_forward(struct vm *vm, u32 pirq, u32 virq)
{
	struct forward *forward;
	struct vgic_view v;
	u32 i = virq % 32;
	bool taken;

	if (pirq < VGIC_NR_PRIVATE || pirq >= gic_nr_irqs() || !vgic_is_spi(vm, virq)) {
		return HYP_E_INVAL;
	}
	forward = &forwards[pirq];
	if (atomic_exchange(&forward->taken, true)) {
		return HYP_E_EXIST;
	}

	v = vgic_spi_view(vm, virq / 32);
	vgic_lock(&v);
	taken = (v.bank->hw >> i & 1) != 0;
	if (!taken) {
		v.bank->hw |= 1u << i;
		v.spis->pirq[i] = (u16)pirq;
		forward->virq = (u16)virq;
		atomic_store(&forward->vm, vm);
		vgic_hw_follow_config(&v, 1u << i);
		vgic_hw_follow_route(&v, 1u << i);
		vgic_hw_follow_enable(&v, 1u << i);
	}
	vgic_unlock(&v);
	if (taken) {
		atomic_store(&forward->taken, false);
		return HYP_E_EXIST;
	}
	return HYP_OK;
}

static int release(u32 pirq)
{
	struct vgic_kicks kicks = VGIC_NO_KICKS;
	struct forward *forward;
	struct vgic_view v;
	struct vm *vm;
	u32 bit;

	forward = &forwards[pirq];
	vm = atomic_exchange(&forward->vm, NULL);
	if (vm == NULL) {
		return HYP_E_INVAL;
	}
	gic_spi_disable(pirq);
	for (u32 id = 0; id < MAX_CPUS; id++) {
		while (atomic_load(&readers[id].inside) != 0 && id != cpu_this()->id) {
		}
	}

	/* A list register that links to it is emptied by the core that has it. */
	v = vgic_spi_view(vm, forward->virq / 32);
	bit = 1u << forward->virq % 32;
	vgic_lock(&v);
	v.bank->latch &= ~bit;
	v.bank->unpend |= bit & v.bank->listed;
	v.bank->unactive |= bit & v.bank->listed;
	vgic_changed(&v, bit & v.bank->listed, &kicks);
	vgic_unlock(&v);
	vgic_kick(vm, &kicks);
	vgic_sync_listed(&v, vcpu_current());

	vgic_lock(&v);
	v.bank->active &= ~bit;
	v.bank->phys &= ~bit;
	v.bank->hw &= ~bit;
	vgic_unlock(&v);
	gic_spi_set_active(pirq, false);
	gic_spi_set_pending(pirq, false);
	atomic_store(&forward->taken, false);
	return HYP_OK;
}

int vgic_release(u32 pirq)
{
	if (pirq < VGIC_NR_PRIVATE || pirq >= gic_nr_irqs()) {
		return HYP_E_INVAL;
	}
	return release(pirq);
}

void vgic_hw_release_all(struct vm *vm)
{
	for (u32 pirq = VGIC_NR_PRIVATE; pirq < gic_nr_irqs(); pirq++) {
		if (atomic_load(&forwards[pirq].vm) == vm) {
			(void)release(pirq);
		}
	}
}
