/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vCPU switch. See switch.h.
 *
 * FP/SIMD registers stay with the vCPU that used them last (cpu->fp_owner) until another one
 * touches them: CPTR_EL2.TFP traps that first touch. A vCPU that may migrate saves its state
 * whenever it is put, but need not load it again while the registers still hold it (.fp_cpu). Only
 * the host's own vCPU is saved late, when the trap comes.
 */
#include <core/cpu.h>
#include <core/debug.h>
#include <core/log.h>
#include <core/string.h>
#include <core/vm.h>
#include <el2/debugarch.h>
#include <el2/s2arch.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <sched/timer.h>

extern char el2_vectors[];

void fp_save(struct vcpu_fp *fp);
void fp_restore(const struct vcpu_fp *fp);

#define CPTR_BASE (CPTR_RES1 | CPTR_TTA | CPTR_TAM | CPTR_TZ | CPTR_TSM)

#define HCR_COMMON                                                                                 \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TID3 | HCR_TSC | HCR_TIDCP |        \
	 HCR_TACR | HCR_TSW | HCR_RW | HCR_TLOR)

#define SCTLR_EL1_RESET 0x30d00800ull /* RES1 of Armv8.0 (D19.2.118); MMU and caches off */

static void fp_trap(bool on)
{
	write_sysreg(CPTR_BASE | (on ? CPTR_TFP : 0), cptr_el2);
}

static void save_sysregs(struct vcpu_sysregs *sys)
{
#define SAVE(name) sys->name = read_sysreg(name);
	VCPU_SYSREGS(SAVE)
#undef SAVE
}

static void load_sysregs(const struct vcpu_sysregs *sys)
{
#define LOAD(name) write_sysreg(sys->name, name);
	VCPU_SYSREGS(LOAD)
#undef LOAD
}

static bool fp_is_live(const struct vcpu *vcpu)
{
	return vcpu->cpu->fp_owner == vcpu && vcpu->fp_cpu == vcpu->cpu;
}

static void put(struct vcpu *vcpu)
{
	if (!vcpu->vm) {
		return;
	}
	save_sysregs(&vcpu->sys);
	vgic_put(vcpu);
	timer_put(vcpu);
	if (!(vcpu->flags & HYP_VCPU_FIXED) && fp_is_live(vcpu)) {
		fp_save(&vcpu->fp);
	}
}

static void load(struct vcpu *vcpu, struct cpu *cpu)
{
	vcpu->cpu = cpu;
	if (!vcpu->vm) {
		return;
	}
	write_sysreg(vcpu->vm->s2.vtcr, vtcr_el2);
	write_sysreg(vcpu->vm->s2.vttbr, vttbr_el2);
	write_sysreg(vcpu->mpidr, vmpidr_el2);
	write_sysreg(vcpu->hcr, hcr_el2);
	write_sysreg(vcpu->mdcr, mdcr_el2);
	load_sysregs(&vcpu->sys);
	if (unlikely(vcpu->debug.live)) {
		debug_load(vcpu);
	}
	fp_trap(!fp_is_live(vcpu));
	vgic_load(vcpu);
	timer_load(vcpu);
}

void switch_vcpu(struct vcpu *to)
{
	struct vcpu *from = vcpu_current();
	struct cpu *cpu = from->cpu;

	if (from == to) {
		return;
	}
	put(from);
	write_sysreg((u64)to, tpidr_el2);
	cpu->current = to;
	load(to, cpu);
	/* vcpu_request() sets its bit, then reads .cpu; here .cpu was written, then the bits are
	 * read: one of the two sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&to->requests, memory_order_relaxed)) {
		cpu->attention = true;
	}
	isb();
}

void switch_fp(struct vcpu *vcpu)
{
	struct cpu *cpu = vcpu->cpu;

	fp_trap(false);
	isb();
	/* Any other owner saved its state when it was put, and may be gone by now. */
	if (cpu->fp_owner && cpu->fp_owner == cpu->host_vcpu) {
		fp_save(&cpu->host_vcpu->fp);
	}
	fp_restore(&vcpu->fp);
	cpu->fp_owner = vcpu;
	vcpu->fp_cpu = cpu;
}

void switch_trap_wfi(struct vcpu *vcpu, bool contended)
{
	u64 hcr = contended ? vcpu->hcr | HCR_TWI : vcpu->hcr & ~HCR_TWI;

	if ((vcpu->vm->flags & HYP_VM_HOST) && hcr != vcpu->hcr) {
		vcpu->hcr = hcr;
		write_sysreg(hcr, hcr_el2);
	}
}

void switch_cpu_init(void)
{
	write_sysreg(el2_vectors, vbar_el2);
	write_sysreg(HCR_COMMON, hcr_el2);
	write_sysreg(CNTHCTL_EL1PCTEN, cnthctl_el2);
	write_sysreg(0, cntvoff_el2);
	write_sysreg(0, hstr_el2);
	write_sysreg(read_sysreg(midr_el1), vpidr_el2);
	debugarch_unlock();
	fp_trap(true);
	isb();
}

void switch_vcpu_init(struct vcpu *vcpu)
{
	bool host = (vcpu->vm->flags & HYP_VM_HOST) != 0;

	vcpu->hcr = HCR_COMMON | (host ? 0 : HCR_TWI) | s2arch_hcr();
	vcpu->mdcr = MDCR_TPMCR | MDCR_TPM | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA;
	memset(&vcpu->sys, 0, sizeof(vcpu->sys));
	memset(&vcpu->debug.own, 0, sizeof(vcpu->debug.own));
	debug_write_mdscr(vcpu, 0); /* what a debugger wants of it stays */
	memset(&vcpu->fp, 0, sizeof(vcpu->fp));
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	vcpu->sys.sctlr_el1 = SCTLR_EL1_RESET;
	vcpu->regs.pstate = PSTATE_EL1h | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
}
