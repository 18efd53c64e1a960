// SPDX-License-Identifier: BSD-3-Clause
/*
 * exception.c - exception syndromes, entry to EL1, and ERET.
 *
 * EL1 and EL0 only: every exception is taken to EL1, except HVC, which is the PSCI conduit.
 */
#include "debug.h"
#include "exception.h"
#include "loop.h"
#include "mem.h"
#include "pmu.h"
#include "psci.h"
#include "tlb.h"

#define SCTLR_SA   (1ull << 3)
#define SCTLR_SA0  (1ull << 4)
#define SCTLR_SPAN (1ull << 23)

#define SPSR_UAO  (1u << 23)
#define SPSR_PAN  (1u << 22)
#define SPSR_SS   (1u << 21)
#define SPSR_IL   (1u << 20)
#define SPSR_EL0T 0x0
#define SPSR_EL1T 0x4
#define SPSR_EL1H 0x5

#define VECTOR_CURRENT_SP0 0x000
#define VECTOR_CURRENT_SPX 0x200
#define VECTOR_LOWER       0x400
#define VECTOR_IRQ         0x080
#define VECTOR_FIQ         0x100

#define DAIF_I 2
#define DAIF_F 1

#define FPCR_CONTROL 0x03c00000u /* DN, FZ, RMode */

enum exec_result exception_raise(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss)
{
	cpu->exc = (struct cpu_exception){
		.esr = (uint32_t)ec << ESR_EC_SHIFT | ESR_IL | iss,
	};
	return EXEC_EXCEPTION;
}

enum exec_result exception_raise_far(struct jit_cpu *cpu, enum exception_class ec, uint32_t iss,
				     uint64_t far)
{
	exception_raise(cpu, ec, iss);
	cpu->exc.far = far;
	cpu->exc.has_far = true;
	return EXEC_EXCEPTION;
}

enum exec_result exception_raise_undefined(struct jit_cpu *cpu)
{
	return exception_raise(cpu, EC_UNKNOWN, 0);
}

enum exec_result exception_raise_svc(struct jit_cpu *cpu, uint16_t imm)
{
	exception_raise(cpu, EC_SVC64, imm);
	cpu->exc.return_offset = 4;
	return EXEC_EXCEPTION;
}

enum exec_result exception_raise_hvc(struct jit_cpu *cpu, uint16_t imm)
{
	if (cpu->el == 0) {
		return exception_raise_undefined(cpu);
	}
	exception_raise(cpu, EC_HVC64, imm);
	cpu->exc.return_offset = 4;
	cpu->exc.hvc = true;
	return EXEC_EXCEPTION;
}

/* There is no EL3: SMC is undefined (D1.3.1). */
enum exec_result exception_raise_smc(struct jit_cpu *cpu, uint16_t imm)
{
	(void)imm;
	return exception_raise_undefined(cpu);
}

enum exec_result exception_raise_brk(struct jit_cpu *cpu, uint16_t imm)
{
	return exception_raise(cpu, EC_BRK64, imm);
}

enum exec_result exception_raise_sp_align(struct jit_cpu *cpu)
{
	return exception_raise(cpu, EC_SP_ALIGN, 0);
}

/* ISS: CV = 1, COND = 0b1110 for AArch64 (D17.2.37). */
enum exec_result exception_raise_fp_access(struct jit_cpu *cpu)
{
	return exception_raise(cpu, EC_FP_ACCESS, 1u << 24 | 0xeu << 20);
}

bool exception_sp_misaligned(const struct jit_cpu *cpu)
{
	return (cpu->x[CPU_REG_SP] & 15) && (cpu->sys.sctlr & (cpu->el ? SCTLR_SA : SCTLR_SA0));
}

uint32_t exception_pstate(const struct jit_cpu *cpu)
{
	uint32_t mode = cpu->el == 0 ? SPSR_EL0T : cpu->spsel ? SPSR_EL1H : SPSR_EL1T;

	return (uint32_t)cpu_nzcv(cpu) << 28 | (cpu->uao ? SPSR_UAO : 0) |
	       (cpu->pan ? SPSR_PAN : 0) | (cpu->ss ? SPSR_SS : 0) | (cpu->il ? SPSR_IL : 0) |
	       (uint32_t)cpu->daif << 6 | mode;
}

void exception_select_sp(struct jit_cpu *cpu, unsigned int el, unsigned int spsel)
{
	unsigned int old = cpu->el && cpu->spsel;
	unsigned int new = el &&spsel;
	bool counted = cpu->pmu.running && cpu->el != el;

	if (old != new) {
		cpu->sp_el[old] = cpu->x[CPU_REG_SP];
		cpu->x[CPU_REG_SP] = cpu->sp_el[new];
	}
	if (counted) {
		pmu_sync(cpu);
	}
	cpu->el = (uint8_t)el;
	cpu->spsel = (uint8_t)spsel;
	exception_update_state(cpu);
	if (counted) {
		pmu_enter_el(cpu);
	}
}

/* CPACR_EL1.FPEN (D17.2.30): 01 traps EL0, 11 traps nothing, others trap both. */
static bool exception_fp_enabled(const struct jit_cpu *cpu)
{
	unsigned int fpen = cpu->sys.cpacr >> 20 & 3;

	return fpen == 3 || (fpen == 1 && cpu->el == 1);
}

bool exception_step_active(const struct jit_cpu *cpu)
{
	return (cpu->debug.mdscr & DEBUG_MDSCR_SS) && debug_enabled(cpu);
}

void exception_update_state(struct jit_cpu *cpu)
{
	tlb_select_bank(cpu);
	cpu->fp_enabled = exception_fp_enabled(cpu);
	/* Inline arithmetic rounds to nearest and neither flushes nor defaults. */
	cpu->fp_inline = !cpu->fp_enabled ? 0 : cpu->fpcr & FPCR_CONTROL ? 1 : 2;
	if (cpu->il || exception_step_active(cpu)) {
		atomic_fetch_or(&cpu->attention, CPU_ATTN_STATE);
	}
	exception_check_interrupts(cpu);
}

void exception_check_interrupts(struct jit_cpu *cpu)
{
	uint32_t lines = atomic_load_explicit(&cpu->irq_lines, memory_order_relaxed);
	uint32_t masked = (cpu->daif & DAIF_I ? 1u : 0) | (cpu->daif & DAIF_F ? 2u : 0);

	if (lines & ~masked) {
		atomic_fetch_or(&cpu->attention, CPU_ATTN_IRQ);
	}
}

void exception_set_pstate(struct jit_cpu *cpu, uint32_t spsr)
{
	cpu_set_nzcv(cpu, spsr >> 28);
	cpu->daif = spsr >> 6 & 0xf;
	cpu->pan = spsr & SPSR_PAN ? 1 : 0;
	cpu->uao = spsr & SPSR_UAO ? 1 : 0;
	cpu->il = spsr & SPSR_IL ? 1 : 0;
	cpu->ss = spsr & SPSR_SS ? 1 : 0;
	exception_select_sp(cpu, spsr >> 2 & 3 ? 1 : 0, spsr & 1);
}

/* Common to synchronous exceptions and interrupts (AArch64.TakeException). */
static void exception_enter(struct jit_cpu *cpu, uint64_t return_address, unsigned int vector)
{
	unsigned int base = cpu->el == 0 ? VECTOR_LOWER
			    : cpu->spsel ? VECTOR_CURRENT_SPX
					 : VECTOR_CURRENT_SP0;

	cpu->sys.spsr = exception_pstate(cpu);
	cpu->sys.elr = return_address;
	cpu->daif = 0xf;
	cpu->uao = 0;
	cpu->il = 0;
	cpu->ss = 0;
	if (!(cpu->sys.sctlr & SCTLR_SPAN)) {
		cpu->pan = 1;
	}
	mem_clear_exclusive(cpu);
	exception_select_sp(cpu, 1, 1);
	cpu->pc = cpu->sys.vbar + base + vector;
}

static enum cpu_stat exception_stat(const struct jit_cpu *cpu)
{
	if (cpu->exc.hvc) {
		return CPU_STAT_HVC;
	}
	switch (cpu->exc.esr >> ESR_EC_SHIFT) {
	case EC_SVC64:
		return CPU_STAT_SYSTEM_CALLS;
	case EC_INSN_ABORT_EL0:
	case EC_INSN_ABORT_EL1:
	case EC_DATA_ABORT_EL0:
	case EC_DATA_ABORT_EL1:
		return CPU_STAT_FAULTS;
	default:
		return CPU_STAT_OTHER_EXCEPTIONS;
	}
}

void exception_take(struct jit_cpu *cpu)
{
	uint64_t return_address = cpu->pc + cpu->exc.return_offset;

	cpu_count(cpu, exception_stat(cpu));
	if (cpu->exc.hvc) {
		cpu->pc = return_address;
		psci_call(cpu);
		return;
	}
	cpu->sys.esr = cpu->exc.esr;
	if (cpu->exc.has_far) {
		cpu->sys.far = cpu->exc.far;
	}
	exception_enter(cpu, return_address, 0);
}

bool exception_take_interrupt(struct jit_cpu *cpu)
{
	uint32_t lines = atomic_load(&cpu->irq_lines);

	if ((lines & 2) && !(cpu->daif & DAIF_F)) {
		cpu_count(cpu, CPU_STAT_INTERRUPTS);
		exception_enter(cpu, cpu->pc, VECTOR_FIQ);
		return true;
	}
	if ((lines & 1) && !(cpu->daif & DAIF_I)) {
		cpu_count(cpu, CPU_STAT_INTERRUPTS);
		exception_enter(cpu, cpu->pc, VECTOR_IRQ);
		return true;
	}
	return false;
}

/* AArch64.ExceptionReturn, D1.3.4; an illegal mode keeps EL and SP and sets PSTATE.IL. */
enum exec_result exception_eret(struct jit_cpu *cpu)
{
	uint32_t spsr = (uint32_t)cpu->sys.spsr;
	uint32_t mode = spsr & 0x1f;
	bool step = exception_step_active(cpu);

	if (cpu->el == 0) {
		return exception_raise_undefined(cpu);
	}
	mem_clear_exclusive(cpu);
	cpu->event = 1;
	if (mode != SPSR_EL0T && mode != SPSR_EL1T && mode != SPSR_EL1H) {
		spsr = (spsr & ~0x1fu) | (cpu->spsel ? SPSR_EL1H : SPSR_EL1T) | SPSR_IL;
	}
	if (step) {
		/* PSTATE.SS is taken from SPSR only when step was not active here (D2.12.3). */
		spsr &= ~SPSR_SS;
	}
	cpu->pc = cpu->sys.elr;
	exception_set_pstate(cpu, spsr);
	return EXEC_JUMP;
}
