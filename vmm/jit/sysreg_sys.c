// SPDX-License-Identifier: BSD-3-Clause
/*
 * sysreg_sys.c - the SYS instructions (TLBI, AT, DC, IC), hints and barriers.
 */
#include <sched.h>

#include "exception.h"
#include "loop.h"
#include "mem.h"
#include "mmu.h"
#include "sysreg.h"
#include "sysreg_internal.h"
#include "tlb.h"
#include "vm.h"

#define CRN_AT_DC_IC 7
#define CRN_TLBI     8

#define PAR_F    1ull
#define PAR_RES1 (1ull << 11)

#define ISS_CM  (1u << 8)
#define ISS_WNR (1u << 6)

#define CODE_LINE 64 /* bytes; CTR_EL0.IminLine */

/* Operand of TLBI (C5.5): VA[55:12] in bits 43:0, ASID in 63:48, of which TCR.AS may take half. */
static enum exec_result sys_tlbi(struct jit_cpu *cpu, unsigned int crm, unsigned int op2,
				 uint64_t val)
{
	struct tlb_request request = {
		.address = (uint64_t)((int64_t)(val << 20) >> 8),
		.asid = mmu_asid_of(cpu, val),
	};

	if (cpu->el == 0 || (crm != 3 && crm != 7)) {
		return exception_raise_undefined(cpu);
	}
	switch (op2) {
	case 0: /* VMALLE1 */
		request.type = TLB_REQUEST_ALL;
		break;
	case 2: /* ASIDE1 */
		request.type = TLB_REQUEST_ASID;
		break;
	case 3: /* VAAE1, VAALE1 */
	case 7:
		request.asid = CONTEXT_ANY_ASID;
		request.type = TLB_REQUEST_PAGE;
		break;
	case 1: /* VAE1, VALE1 */
	case 5:
		request.type = TLB_REQUEST_PAGE;
		break;
	default:
		return exception_raise_undefined(cpu);
	}
	if (crm == 3) { /* ...IS */
		tlb_broadcast(cpu, &request);
	} else {
		tlb_serve(cpu, &request);
	}
	return EXEC_NEXT;
}

/* The result of a translation as PAR_EL1 shows it (D17.2.111). */
static void sys_at(struct jit_cpu *cpu, uint64_t va, bool write, unsigned int el, bool pan)
{
	struct mmu_result result;
	int fault = mmu_translate(cpu, va, write ? MMU_WRITE : MMU_READ, el, pan, &result);

	if (fault != MMU_OK) {
		cpu->sys.par = PAR_F | (uint64_t)fault << 1 | PAR_RES1;
	} else {
		cpu->sys.par = (result.pa & 0x0000fffffffff000ull) | (uint64_t)result.attr << 56 |
			       PAR_RES1 | (result.device ? 2ull << 7 : 3ull << 7);
	}
}

/* Cache maintenance by address: nothing to clean, but it can fault. */
static enum exec_result sys_dc_address(struct jit_cpu *cpu, uint64_t va)
{
	struct mmu_result result;
	int fault = mmu_translate(cpu, va, MMU_READ, cpu->el, false, &result);

	if (fault != MMU_OK && (cpu->el == 0 || (fault & ~3) != MMU_FAULT_PERMISSION)) {
		return exception_raise_far(cpu, cpu->el ? EC_DATA_ABORT_EL1 : EC_DATA_ABORT_EL0,
					   (uint32_t)fault | ISS_CM | ISS_WNR, va);
	}
	return EXEC_NEXT;
}

static enum exec_result sys_ic_address(struct jit_cpu *cpu, uint64_t va)
{
	struct mmu_result result;
	int fault = mmu_translate(cpu, va, MMU_READ, cpu->el, false, &result);

	if (fault != MMU_OK && (fault & ~3) != MMU_FAULT_PERMISSION) {
		return exception_raise_far(cpu, cpu->el ? EC_DATA_ABORT_EL1 : EC_DATA_ABORT_EL0,
					   (uint32_t)fault | ISS_CM | ISS_WNR, va);
	}
	if (fault == MMU_OK) {
		vm_memory_written(cpu->vm, result.pa & ~(CODE_LINE - 1ull), CODE_LINE);
	}
	return EXEC_NEXT;
}

/* op1 = 3: usable at EL0 when SCTLR_EL1.UCI, or DZE for DC ZVA, allows it. */
static enum exec_result sys_el0_cache(struct jit_cpu *cpu, uint16_t op, unsigned int rt,
				      uint64_t val)
{
	bool zva = op == SYSREG(1, 3, 7, 4, 1);

	if (cpu->el == 0 && !(cpu->sys.sctlr & (zva ? SCTLR_DZE : SCTLR_UCI))) {
		return sysreg_trap(cpu, op, rt, false);
	}
	if (zva) {
		return mem_zero_block(cpu, val) ? EXEC_NEXT : EXEC_EXCEPTION;
	}
	if (op == SYSREG(1, 3, 7, 5, 1)) {
		return sys_ic_address(cpu, val);
	}
	return sys_dc_address(cpu, val);
}

enum exec_result sysreg_sys(struct jit_cpu *cpu, uint16_t op, unsigned int rt, uint64_t val)
{
	unsigned int crn = op >> 7 & 15, crm = op >> 3 & 15, op1 = op >> 11 & 7, op2 = op & 7;

	if (crn == CRN_TLBI && op1 == 0) {
		return sys_tlbi(cpu, crm, op2, val);
	}
	switch (op) {
	case SYSREG(1, 3, 7, 4, 1):  /* DC ZVA */
	case SYSREG(1, 3, 7, 5, 1):  /* IC IVAU */
	case SYSREG(1, 3, 7, 10, 1): /* DC CVAC */
	case SYSREG(1, 3, 7, 11, 1): /* DC CVAU */
	case SYSREG(1, 3, 7, 12, 1): /* DC CVAP */
	case SYSREG(1, 3, 7, 14, 1): /* DC CIVAC */
		return sys_el0_cache(cpu, op, rt, val);
	default:
		break;
	}
	if (cpu->el == 0 || crn != CRN_AT_DC_IC) {
		return exception_raise_undefined(cpu);
	}
	switch (op) {
	case SYSREG(1, 0, 7, 1, 0): /* IC IALLUIS */
	case SYSREG(1, 0, 7, 5, 0): /* IC IALLU */
		vm_all_code_stale(cpu->vm);
		return EXEC_NEXT;
	case SYSREG(1, 0, 7, 6, 1): /* DC IVAC */
		return sys_dc_address(cpu, val);
	case SYSREG(1, 0, 7, 6, 2):  /* DC ISW */
	case SYSREG(1, 0, 7, 10, 2): /* DC CSW */
	case SYSREG(1, 0, 7, 14, 2): /* DC CISW */
		return EXEC_NEXT;
	case SYSREG(1, 0, 7, 8, 0): /* AT S1E1R, S1E1W, S1E0R, S1E0W */
	case SYSREG(1, 0, 7, 8, 1):
	case SYSREG(1, 0, 7, 8, 2):
	case SYSREG(1, 0, 7, 8, 3):
		sys_at(cpu, val, op2 & 1, op2 & 2 ? 0 : 1, false);
		return EXEC_NEXT;
	case SYSREG(1, 0, 7, 9, 0): /* AT S1E1RP, S1E1WP */
	case SYSREG(1, 0, 7, 9, 1):
		sys_at(cpu, val, op2 & 1, 1, cpu->pan);
		return EXEC_NEXT;
	default:
		return exception_raise_undefined(cpu);
	}
}

/* ISS of a trapped WFI or WFE: CV, COND = 0b1110, TI (D17.2.37). */
static enum exec_result sys_trap_wait(struct jit_cpu *cpu, bool wfe)
{
	return exception_raise(cpu, EC_WFX, 1u << 24 | 0xeu << 20 | (wfe ? 1 : 0));
}

enum exec_result sysreg_hint(struct jit_cpu *cpu, unsigned int imm)
{
	switch (imm) {
	case 1: /* YIELD */
		sched_yield();
		break;
	case 2: /* WFE */
		if (cpu->event) {
			cpu->event = 0;
			break;
		}
		if (cpu->el == 0 && !(cpu->sys.sctlr & SCTLR_NTWE)) {
			return sys_trap_wait(cpu, true);
		}
		/* May wake at any time (D1.6.1); giving up the rest of the slice is enough. */
		sched_yield();
		break;
	case 3: /* WFI */
		if (cpu->el == 0 && !(cpu->sys.sctlr & SCTLR_NTWI)) {
			return sys_trap_wait(cpu, false);
		}
		loop_wait(cpu);
		break;
	case 5: /* SEVL; SEV's effect on others is what their WFE does anyway */
		cpu->event = 1;
		break;
	default:
		break;
	}
	return EXEC_NEXT;
}

enum exec_result sysreg_isb(struct jit_cpu *cpu)
{
	(void)cpu;
	return EXEC_NEXT;
}

/* Completes this CPU's TLB maintenance on all others. */
enum exec_result sysreg_dsb(struct jit_cpu *cpu)
{
	mem_barrier();
	tlb_sync(cpu);
	return EXEC_NEXT;
}
