/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that brings a VM into EL2 arrives here from vectors.S: with the vCPU's registers
 * saved and the vCPU still loaded. Each function returns the loaded vCPU to enter next; the
 * common way out, trap_exit(), looks at requests and at the run queue first.
 */
#include <core/boot.h>
#include <core/call.h>
#include <core/cpu.h>
#include <core/debug.h>
#include <core/inject.h>
#include <core/log.h>
#include <core/psci.h>
#include <core/run.h>
#include <core/sysemu.h>
#include <core/trace.h>
#include <core/trap.h>
#include <core/vm.h>
#include <el2/gic.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <hyp/error.h>
#include <sched/timer.h>
#include <stage2/frame.h>

_Static_assert(offsetof(struct vcpu_regs, pc) == 248, "REGS_PC in vectors.S");

/* The vCPU was told to power off because its VM was stopped. */
static struct vcpu *power_off(struct vcpu *vcpu)
{
	if (vcpu->parent) {
		return run_exit_off(vcpu);
	}
	atomic_store(&vcpu->state, VCPU_OFF);
	return sched_next(vcpu);
}

static struct vcpu *serve_requests(struct vcpu *vcpu)
{
	u64 requests = atomic_exchange(&vcpu->requests, 0);

	if (requests & VCPU_REQ_OFF) {
		return power_off(vcpu);
	}
	if (requests & VCPU_REQ_VGIC) {
		vgic_flush(vcpu);
	}
	if (requests & VCPU_REQ_EXIT && vcpu->parent) {
		return run_exit_intr(vcpu);
	}
	return vcpu;
}

/* Whether a proxy must give way to the host vCPU that runs it. */
static bool parent_wanted(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->cpu;

	return vcpu->parent &&
	       (atomic_load(&vcpu->parent->requests) || sched_preempts(cpu, vcpu->parent));
}

static struct vcpu *attend(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->cpu;

	while (atomic_exchange(&cpu->attention, false)) {
		vcpu = serve_requests(vcpu);
		if (parent_wanted(vcpu)) {
			vcpu = run_exit_intr(vcpu);
		}
		if (!vcpu->parent) {
			vcpu = sched_next(vcpu);
		}
	}
	timer_program(cpu);
	return vcpu;
}

static struct vcpu *trap_exit(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->cpu;

	if (unlikely(atomic_load_explicit(&cpu->attention, memory_order_acquire))) {
		vcpu = attend(vcpu);
	}
	/* Pairs with cpu_wait_others(). */
	atomic_store_explicit(&cpu->call_seq, cpu->call_seq + 1, memory_order_release);
	return vcpu;
}

static void trap_begin(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->cpu;

	atomic_store_explicit(&cpu->call_seq, cpu->call_seq + 1, memory_order_relaxed);
	/* Pairs with cpu_wait_others(): odd before anything is looked up. */
	atomic_thread_fence(memory_order_seq_cst);
}

/* HPFAR_EL2 is not valid for a permission fault of the access itself (D19.2.60): translate. */
static bool fault_ipa(u64 esr, u64 far, u64 *ipa)
{
	u64 fsc = ISS_FSC(esr);
	u64 saved;
	u64 par;

	if (FSC_TYPE(fsc) != FSC_PERMISSION || ISS_S1PTW(esr)) {
		*ipa = FIELD(read_sysreg(hpfar_el2), 43, 4) << PAGE_SHIFT |
		       (far & (PAGE_BYTES - 1));
		return true;
	}
	saved = read_sysreg(par_el1);
	at_s1e1r(far);
	isb();
	par = read_sysreg(par_el1);
	write_sysreg(saved, par_el1);
	*ipa = (par & MASK(47, 12)) | (far & (PAGE_BYTES - 1));
	return (par & 1) == 0;
}

static u32 wanted_prot(u64 esr, bool fetch)
{
	if (fetch) {
		return HYP_PROT_X;
	}
	/* A cache maintenance fault reports as a write, a table walk as what it does to the table.
	 */
	return ISS_WNR(esr) && !ISS_CM(esr) ? HYP_PROT_W : HYP_PROT_R;
}

/* Another core was just splitting or joining the block, or this fault was served meanwhile. */
static bool fault_is_stale(struct vcpu *vcpu, u64 ipa, u32 prot)
{
	struct s2_leaf leaf;
	bool stale;

	spin_lock(&mem_lock);
	stale = s2_lookup(&vcpu->vm->s2, ipa_init(ipa), &leaf) && (leaf.prot & prot) == prot;
	spin_unlock(&mem_lock);
	return stale;
}

static void decode_mmio(struct vcpu *vcpu, u64 esr)
{
	vcpu->mmio = (struct vcpu_mmio){
		.pending = ISS_ISV(esr) && !ISS_CM(esr) && !ISS_S1PTW(esr),
		.write = ISS_WNR(esr),
		.sign_extend = ISS_SSE(esr),
		.is_64bit = ISS_SF(esr),
		.bytes = (u8)(1u << ISS_SAS(esr)),
		.rt = (u8)ISS_SRT(esr),
	};
}

/* GICD and GICR, answered here; true if the access was one. */
static bool try_vgic(struct vcpu *vcpu, u64 ipa, u64 esr)
{
	struct vcpu_mmio *mmio = &vcpu->mmio;
	u64 value;

	if (!ISS_ISV(esr)) {
		return false;
	}
	decode_mmio(vcpu, esr);
	value = mmio->write && mmio->rt != 31 ? vcpu->regs.x[mmio->rt] : 0;
	if (!vgic_mmio(vcpu, ipa_init(ipa), mmio->write, mmio->bytes, &value)) {
		return false;
	}
	run_finish_mmio(vcpu, value);
	mmio->pending = false;
	return true;
}

static struct vcpu *fault_to_parent(struct vcpu *vcpu, u64 esr, u64 ipa, u32 prot)
{
	const struct vcpu_mmio *mmio = &vcpu->mmio;
	u64 access = 0;
	u64 data = 0;

	decode_mmio(vcpu, esr);
	if (mmio->pending) {
		access = HYP_MMIO_VALID | (mmio->write ? HYP_MMIO_WRITE : 0) | mmio->bytes;
		data = mmio->write && mmio->rt != 31 ? vcpu->regs.x[mmio->rt] : 0;
	}
	return run_exit_fault(vcpu, ipa, prot, esr, access, data);
}

static struct vcpu *abort_lower(struct vcpu *vcpu, u64 esr)
{
	u64 far = read_sysreg(far_el2);
	bool fetch = ESR_EC(esr) == EC_IABT_LOW;
	u64 type = FSC_TYPE(ISS_FSC(esr));
	u32 prot = wanted_prot(esr, fetch);
	u64 ipa;

	if (type != FSC_TRANSLATION && type != FSC_PERMISSION && type != FSC_ACCESS) {
		/* External aborts and the like that the hardware routed here are the VM's own. */
		inject_external_abort(vcpu, far, fetch);
		return vcpu;
	}
	if (!fault_ipa(esr, far, &ipa)) {
		return vcpu; /* its stage 1 changed under it: the access is tried again */
	}
	if (!fetch && try_vgic(vcpu, ipa, esr)) {
		return vcpu;
	}
	vcpu->fault_va = far;
	vcpu->fault_is_fetch = fetch;
	if (vcpu->parent) {
		/* A stale one does no harm: the caller finds the page given, and resumes. */
		return fault_to_parent(vcpu, esr, ipa, prot);
	}
	if (fault_is_stale(vcpu, ipa, prot)) {
		return vcpu;
	}
	/* Memory it lent, or nothing at all: the access fails as on a bus without a device. */
	if (vcpu->vm->flags & HYP_VM_HOST) {
		inject_host_abort(vcpu, far, fetch);
	} else {
		inject_external_abort(vcpu, far, fetch);
	}
	return vcpu;
}

static struct vcpu *wfx(struct vcpu *vcpu, u64 esr)
{
	if (esr & 1) { /* WFE */
		trap_skip(vcpu);
		return vcpu;
	}
	/* An interrupt that waits at EL2 may be the one it waits for: it comes first, and then the
	 * VM executes the WFI again. */
	if (read_sysreg(isr_el1)) {
		return vcpu;
	}
	trap_skip(vcpu);
	if (vgic_has_pending(vcpu)) {
		return vcpu;
	}
	return vcpu->parent ? run_exit_wfi(vcpu) : sched_block(vcpu);
}

static struct vcpu *smc(struct vcpu *vcpu)
{
	trap_skip(vcpu); /* the preferred return is the SMC itself (D1.3.5) */
	return call_smccc(vcpu);
}

static struct vcpu *dispatch(struct vcpu *vcpu, u64 esr)
{
	switch (ESR_EC(esr)) {
	case EC_HVC64:
		return call_smccc(vcpu);
	case EC_DABT_LOW:
	case EC_IABT_LOW:
		return abort_lower(vcpu, esr);
	case EC_SYS64:
		sysemu_handle(vcpu, esr);
		return vcpu;
	case EC_WFX:
		return wfx(vcpu, esr);
	case EC_FP:
		switch_fp(vcpu);
		return vcpu;
	case EC_SMC64:
		return smc(vcpu);
	case EC_BREAKPOINT_LOW:
	case EC_STEP_LOW:
	case EC_WATCHPOINT_LOW:
	case EC_BRK64:
		return debug_exception(vcpu, esr);
	default:
		inject_undefined(vcpu);
		return vcpu;
	}
}

struct vcpu *trap_sync(struct vcpu *vcpu)
{
	u64 esr = read_sysreg(esr_el2);

	/* Calls that change nothing are answered before anything else happens. */
	if (ESR_EC(esr) == EC_HVC64 && call_fast(vcpu)) {
		return vcpu;
	}
	trap_begin(vcpu);
	trace_sync(vcpu, esr);
	return trap_exit(dispatch(vcpu, esr));
}

static void handle_irq(struct vcpu *vcpu, u32 intid)
{
	if (intid >= GIC_FIRST_SPI) {
		gic_eoi(intid);
		vgic_hw_spi(intid);
	} else if (intid == boot_info->timer_virt_irq) {
		gic_eoi(intid);
		vgic_hw_vtimer(vcpu);
	} else {
		/* Ended here: priority drop, then deactivation. */
		gic_eoi(intid);
		if (intid == boot_info->timer_hyp_irq) {
			timer_expired(vcpu->cpu);
		} else if (intid == boot_info->gic_maint_irq) {
			vgic_maintenance(vcpu);
		}
		gic_deactivate(intid);
	}
}

/* Takes every interrupt that is pending; the vCPU stays loaded. */
void trap_take_irqs(struct vcpu *vcpu)
{
	for (;;) {
		u32 intid = gic_ack();

		if (intid >= GIC_INTID_NONE) {
			return;
		}
		trace_irq(vcpu, intid);
		handle_irq(vcpu, intid);
	}
}

struct vcpu *trap_irq(struct vcpu *vcpu)
{
	trap_begin(vcpu);
	trap_take_irqs(vcpu);
	return trap_exit(vcpu);
}

struct vcpu *trap_serror(struct vcpu *vcpu)
{
	trap_begin(vcpu);
	return trap_exit(vm_fault(vcpu, "SError"));
}

struct vcpu *trap_aarch32(struct vcpu *vcpu)
{
	trap_begin(vcpu);
	return trap_exit(vm_fault(vcpu, "AArch32 state"));
}
