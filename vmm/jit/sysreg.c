// SPDX-License-Identifier: BSD-3-Clause
/*
 * sysreg.c - MRS and MSR.
 *
 * One table names every register: where its value lies and which bits can be written, or the
 * functions that know better. Access checks come first and are data too (who may read or write at
 * EL0, and which trap guards that). A register not in the table is undefined, except in the ID
 * space, which reads as zero.
 */
#include <pthread.h>

#include "devices/gic/gic.h"
#include "exception.h"
#include "fpsr.h"
#include "idregs.h"
#include "loop.h"
#include "mem.h"
#include "sysreg.h"
#include "sysreg_internal.h"
#include "timer.h"
#include "tlb.h"
#include "vm.h"

#define SCTLR_M   (1ull << 0)
#define SCTLR_A   (1ull << 1)
#define SCTLR_WXN (1ull << 19)

/* Bits with a function here: M A C SA SA0 UMA I DZE UCT nTWI nTWE WXN TSCXT SPAN UCI. */
#define SCTLR_WRITABLE 0x049dd21full
/* LSMAOE nTLSMD EIS EOS, SED and ITD: one where the feature is absent. */
#define SCTLR_RES1  0x30400980ull
#define SCTLR_TSCXT (1ull << 20)

#define FPCR_WRITABLE 0x07c00000ull /* AHP DN FZ RMode */
#define FPSR_WRITABLE 0x0800009full /* QC IDC IXC UFC OFC DZC IOC */

enum exec_result sysreg_trap(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, bool read)
{
	uint32_t op0 = reg >> 14 & 3, op1 = reg >> 11 & 7, crn = reg >> 7 & 15;
	uint32_t crm = reg >> 3 & 15, op2 = reg & 7;

	return exception_raise(cpu, EC_SYSREG,
			       op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 |
				       (read ? 1 : 0));
}

/* Functions of registers that are more than storage. */

static uint64_t read_currentel(struct jit_cpu *cpu)
{
	return (uint64_t)cpu->el << 2;
}

static uint64_t read_nzcv(struct jit_cpu *cpu)
{
	return (uint64_t)cpu_nzcv(cpu) << 28;
}

static void write_nzcv(struct jit_cpu *cpu, uint64_t val)
{
	cpu_set_nzcv(cpu, val >> 28 & 15);
}

static uint64_t read_daif(struct jit_cpu *cpu)
{
	return (uint64_t)cpu->daif << 6;
}

static void write_daif(struct jit_cpu *cpu, uint64_t val)
{
	cpu->daif = val >> 6 & 15;
	exception_update_state(cpu);
}

static uint64_t read_pan(struct jit_cpu *cpu)
{
	return (uint64_t)cpu->pan << 22;
}

static void write_pan(struct jit_cpu *cpu, uint64_t val)
{
	cpu->pan = val >> 22 & 1;
	tlb_select_bank(cpu);
}

static uint64_t read_uao(struct jit_cpu *cpu)
{
	return (uint64_t)cpu->uao << 23;
}

static void write_uao(struct jit_cpu *cpu, uint64_t val)
{
	cpu->uao = val >> 23 & 1;
	context_select(cpu);
}

static uint64_t read_spsel(struct jit_cpu *cpu)
{
	return cpu->spsel;
}

static void write_spsel(struct jit_cpu *cpu, uint64_t val)
{
	exception_select_sp(cpu, cpu->el, val & 1);
}

/* SP_EL0 is only accessible while it is not the current stack pointer (C5.2.18). */
static uint64_t read_sp_el0(struct jit_cpu *cpu)
{
	return cpu->sp_el[0];
}

static void write_sp_el0(struct jit_cpu *cpu, uint64_t val)
{
	cpu->sp_el[0] = val;
}

static uint64_t read_fpcr(struct jit_cpu *cpu)
{
	return cpu->fpcr;
}

static void write_fpcr(struct jit_cpu *cpu, uint64_t val)
{
	cpu->fpcr = (uint32_t)(val & FPCR_WRITABLE);
	exception_update_state(cpu);
}

static uint64_t read_fpsr(struct jit_cpu *cpu)
{
	if (cpu->vm->cache) {
		fpsr_fold(cpu);
	}
	return cpu->fpsr;
}

static void write_fpsr(struct jit_cpu *cpu, uint64_t val)
{
	if (cpu->vm->cache) {
		fpsr_fold(cpu);
	}
	cpu->fpsr = (uint32_t)(val & FPSR_WRITABLE);
}

static uint64_t read_midr(struct jit_cpu *cpu)
{
	(void)cpu;
	return idregs_midr();
}

static uint64_t read_mpidr(struct jit_cpu *cpu)
{
	return cpu->mpidr | 1ull << 31;
}

static uint64_t read_zero(struct jit_cpu *cpu)
{
	(void)cpu;
	return 0;
}

static void write_ignored(struct jit_cpu *cpu, uint64_t val)
{
	(void)cpu;
	(void)val;
}

static uint64_t read_ctr(struct jit_cpu *cpu)
{
	(void)cpu;
	return idregs_ctr();
}

/* BS: 64 bytes. DZP: DC ZVA is trapped at EL0. */
static uint64_t read_dczid(struct jit_cpu *cpu)
{
	return 4 | (cpu->el == 0 && !(cpu->sys.sctlr & SCTLR_DZE) ? 1u << 4 : 0);
}

static uint64_t read_clidr(struct jit_cpu *cpu)
{
	(void)cpu;
	return idregs_clidr();
}

static uint64_t read_ccsidr(struct jit_cpu *cpu)
{
	return idregs_ccsidr(cpu->sys.csselr);
}

static void write_sctlr(struct jit_cpu *cpu, uint64_t val)
{
	uint64_t old = cpu->sys.sctlr;

	cpu->sys.sctlr = (val & SCTLR_WRITABLE) | SCTLR_RES1;
	if ((old ^ cpu->sys.sctlr) & (SCTLR_M | SCTLR_A | SCTLR_WXN)) {
		cpu->slow_memory = cpu->vm->slow_memory || (cpu->sys.sctlr & SCTLR_A);
		tlb_flush_all(cpu);
	}
}

static void write_tcr(struct jit_cpu *cpu, uint64_t val)
{
	if (cpu->sys.tcr != val) {
		cpu->sys.tcr = val;
		tlb_flush_all(cpu);
	}
}

static void write_mair(struct jit_cpu *cpu, uint64_t val)
{
	if (cpu->sys.mair != val) {
		cpu->sys.mair = val;
		tlb_flush_all(cpu);
	}
}

/*
 * Entries of the TLB are tied to an ASID, not to the tables they came from: a guest that changes
 * tables alone has to invalidate what it knew (D8.13.1).
 */
static void write_ttbr0(struct jit_cpu *cpu, uint64_t val)
{
	cpu->sys.ttbr[0] = val;
	tlb_switch_asid(cpu);
}

static void write_ttbr1(struct jit_cpu *cpu, uint64_t val)
{
	cpu->sys.ttbr[1] = val;
	tlb_switch_asid(cpu);
}

static void write_cpacr(struct jit_cpu *cpu, uint64_t val)
{
	cpu->sys.cpacr = val & (3u << 20);
	exception_update_state(cpu);
}

static uint64_t read_isr(struct jit_cpu *cpu)
{
	uint32_t lines = atomic_load(&cpu->irq_lines);

	return (lines & 1 ? 1u << 7 : 0) | (lines & 2 ? 1u << 6 : 0);
}

static uint64_t read_counter(struct jit_cpu *cpu)
{
	return timer_now(cpu->vm);
}

static uint64_t read_cntfrq(struct jit_cpu *cpu)
{
	(void)cpu;
	return TIMER_FREQUENCY;
}

static uint64_t read_cntv_ctl(struct jit_cpu *cpu)
{
	return timer_read_ctl(cpu, TIMER_VIRTUAL);
}

static void write_cntv_ctl(struct jit_cpu *cpu, uint64_t val)
{
	timer_write_ctl(cpu, TIMER_VIRTUAL, val);
}

static void write_cntv_cval(struct jit_cpu *cpu, uint64_t val)
{
	timer_write_cval(cpu, TIMER_VIRTUAL, val);
}

static uint64_t read_cntv_tval(struct jit_cpu *cpu)
{
	return timer_read_tval(cpu, TIMER_VIRTUAL);
}

static void write_cntv_tval(struct jit_cpu *cpu, uint64_t val)
{
	timer_write_tval(cpu, TIMER_VIRTUAL, val);
}

static uint64_t read_cntp_ctl(struct jit_cpu *cpu)
{
	return timer_read_ctl(cpu, TIMER_PHYSICAL);
}

static void write_cntp_ctl(struct jit_cpu *cpu, uint64_t val)
{
	timer_write_ctl(cpu, TIMER_PHYSICAL, val);
}

static void write_cntp_cval(struct jit_cpu *cpu, uint64_t val)
{
	timer_write_cval(cpu, TIMER_PHYSICAL, val);
}

static uint64_t read_cntp_tval(struct jit_cpu *cpu)
{
	return timer_read_tval(cpu, TIMER_PHYSICAL);
}

static void write_cntp_tval(struct jit_cpu *cpu, uint64_t val)
{
	timer_write_tval(cpu, TIMER_PHYSICAL, val);
}

/* Who may use a register at EL0, beyond EL1, and what must be on. */
enum sysreg_access {
	ACC_EL1 = 0,        /* undefined at EL0 */
	ACC_EL0_R = 1 << 0, /* EL0 may read */
	ACC_EL0_W = 1 << 1,
	ACC_EL0 = ACC_EL0_R | ACC_EL0_W,
	ACC_FP = 1 << 2,    /* needs FP access */
	ACC_UMA = 1 << 3,   /* at EL0: SCTLR_EL1.UMA */
	ACC_UCT = 1 << 4,   /* at EL0: SCTLR_EL1.UCT */
	ACC_PCTEN = 1 << 5, /* at EL0: CNTKCTL_EL1.EL0PCTEN */
	ACC_VCTEN = 1 << 6,
	ACC_ANYCT = 1 << 7, /* either of them */
	ACC_VTEN = 1 << 8,
	ACC_PTEN = 1 << 9,
	ACC_TSCXT = 1 << 10, /* at EL0: SCTLR_EL1.TSCXT must be 0 */
};

#define NO_STORAGE 0

struct sysreg {
	uint16_t reg;
	uint16_t access;
	uint32_t offset;                       /* of a uint64_t in struct jit_cpu, or NO_STORAGE */
	uint64_t mask;                         /* bits that can be written to storage */
	uint64_t (*read)(struct jit_cpu *cpu); /* both NULL with NO_STORAGE: not readable */
	void (*write)(struct jit_cpu *cpu, uint64_t val);
};

#define AT(field)               (uint32_t) offsetof(struct jit_cpu, field)
#define STORED(a, field, m)     .access = (a), .offset = AT(field), .mask = (m)
#define STORED_FN(a, field, fn) .access = (a), .offset = AT(field), .write = (fn)
#define FUNCTION(a, r, w)       .access = (a), .read = (r), .write = (w)
#define ALL                     (~0ull)

/* Order of the Arm ARM's encoding. */
static const struct sysreg sysreg_table[] = {
	{SYSREG(3, 0, 0, 0, 0), FUNCTION(ACC_EL1, read_midr, NULL)},
	{SYSREG(3, 0, 0, 0, 5), FUNCTION(ACC_EL1, read_mpidr, NULL)},
	{SYSREG(3, 0, 0, 0, 6), FUNCTION(ACC_EL1, read_zero, NULL)}, /* REVIDR */
	{SYSREG(3, 0, 1, 0, 0), STORED_FN(ACC_EL1, sys.sctlr, write_sctlr)},
	{SYSREG(3, 0, 1, 0, 1), FUNCTION(ACC_EL1, read_zero, write_ignored)}, /* ACTLR */
	{SYSREG(3, 0, 1, 0, 2), STORED_FN(ACC_EL1, sys.cpacr, write_cpacr)},
	{SYSREG(3, 0, 2, 0, 0), STORED_FN(ACC_EL1, sys.ttbr[0], write_ttbr0)},
	{SYSREG(3, 0, 2, 0, 1), STORED_FN(ACC_EL1, sys.ttbr[1], write_ttbr1)},
	{SYSREG(3, 0, 2, 0, 2), STORED_FN(ACC_EL1, sys.tcr, write_tcr)},
	{SYSREG(3, 0, 4, 0, 0), STORED(ACC_EL1, sys.spsr, ALL)},
	{SYSREG(3, 0, 4, 0, 1), STORED(ACC_EL1, sys.elr, ALL)},
	{SYSREG(3, 0, 4, 1, 0), FUNCTION(ACC_EL1, read_sp_el0, write_sp_el0)},
	{SYSREG(3, 0, 4, 2, 0), FUNCTION(ACC_EL1, read_spsel, write_spsel)},
	{SYSREG(3, 0, 4, 2, 2), FUNCTION(ACC_EL1, read_currentel, NULL)},
	{SYSREG(3, 0, 4, 2, 3), FUNCTION(ACC_EL1, read_pan, write_pan)},
	{SYSREG(3, 0, 4, 2, 4), FUNCTION(ACC_EL1, read_uao, write_uao)},
	{SYSREG(3, 0, 5, 1, 0), STORED(ACC_EL1, sys.afsr[0], ALL)},
	{SYSREG(3, 0, 5, 1, 1), STORED(ACC_EL1, sys.afsr[1], ALL)},
	{SYSREG(3, 0, 5, 2, 0), STORED(ACC_EL1, sys.esr, 0xffffffffull)},
	{SYSREG(3, 0, 6, 0, 0), STORED(ACC_EL1, sys.far, ALL)},
	{SYSREG(3, 0, 7, 4, 0), STORED(ACC_EL1, sys.par, ALL)},
	{SYSREG(3, 0, 10, 2, 0), STORED_FN(ACC_EL1, sys.mair, write_mair)},
	{SYSREG(3, 0, 10, 3, 0), STORED(ACC_EL1, sys.amair, ALL)},
	{SYSREG(3, 0, 12, 0, 0), STORED(ACC_EL1, sys.vbar, ~0x7ffull)},
	{SYSREG(3, 0, 12, 0, 1), FUNCTION(ACC_EL1, read_zero, NULL)}, /* RVBAR */
	{SYSREG(3, 0, 12, 1, 0), FUNCTION(ACC_EL1, read_isr, NULL)},
	{SYSREG(3, 0, 13, 0, 1), STORED(ACC_EL1, sys.contextidr, 0xffffffffull)},
	{SYSREG(3, 0, 13, 0, 4), STORED(ACC_EL1, sys.tpidr_el1, ALL)},
	{SYSREG(3, 0, 13, 0, 7), STORED(ACC_EL1, sys.scxtnum_el1, ALL)},
	{SYSREG(3, 0, 14, 1, 0), STORED(ACC_EL1, sys.cntkctl, 0x3ff)},
	{SYSREG(3, 1, 0, 0, 0), FUNCTION(ACC_EL1, read_ccsidr, NULL)},
	{SYSREG(3, 1, 0, 0, 1), FUNCTION(ACC_EL1, read_clidr, NULL)},
	{SYSREG(3, 1, 0, 0, 7), FUNCTION(ACC_EL1, read_zero, NULL)}, /* AIDR */
	{SYSREG(3, 2, 0, 0, 0), STORED(ACC_EL1, sys.csselr, 0xf)},
	{SYSREG(3, 3, 0, 0, 1), FUNCTION(ACC_EL0_R | ACC_UCT, read_ctr, NULL)},
	{SYSREG(3, 3, 0, 0, 7), FUNCTION(ACC_EL0_R, read_dczid, NULL)},
	{SYSREG(3, 3, 4, 2, 0), FUNCTION(ACC_EL0, read_nzcv, write_nzcv)},
	{SYSREG(3, 3, 4, 2, 1), FUNCTION(ACC_EL0 | ACC_UMA, read_daif, write_daif)},
	{SYSREG(3, 3, 4, 4, 0), FUNCTION(ACC_EL0 | ACC_FP, read_fpcr, write_fpcr)},
	{SYSREG(3, 3, 4, 4, 1), FUNCTION(ACC_EL0 | ACC_FP, read_fpsr, write_fpsr)},
	{SYSREG(3, 3, 13, 0, 2), STORED(ACC_EL0, sys.tpidr_el0, ALL)},
	{SYSREG(3, 3, 13, 0, 3), STORED(ACC_EL0_R, sys.tpidrro_el0, ALL)},
	{SYSREG(3, 3, 13, 0, 7), STORED(ACC_EL0 | ACC_TSCXT, sys.scxtnum_el0, ALL)},
	{SYSREG(3, 3, 14, 0, 0), FUNCTION(ACC_EL0_R | ACC_ANYCT, read_cntfrq, write_ignored)},
	{SYSREG(3, 3, 14, 0, 1), FUNCTION(ACC_EL0_R | ACC_PCTEN, read_counter, NULL)},
	{SYSREG(3, 3, 14, 0, 2), FUNCTION(ACC_EL0_R | ACC_VCTEN, read_counter, NULL)},
	{SYSREG(3, 3, 14, 2, 0), FUNCTION(ACC_EL0 | ACC_PTEN, read_cntp_tval, write_cntp_tval)},
	{SYSREG(3, 3, 14, 2, 1), FUNCTION(ACC_EL0 | ACC_PTEN, read_cntp_ctl, write_cntp_ctl)},
	{SYSREG(3, 3, 14, 2, 2), STORED_FN(ACC_EL0 | ACC_PTEN, sys.cntp_cval, write_cntp_cval)},
	{SYSREG(3, 3, 14, 3, 0), FUNCTION(ACC_EL0 | ACC_VTEN, read_cntv_tval, write_cntv_tval)},
	{SYSREG(3, 3, 14, 3, 1), FUNCTION(ACC_EL0 | ACC_VTEN, read_cntv_ctl, write_cntv_ctl)},
	{SYSREG(3, 3, 14, 3, 2), STORED_FN(ACC_EL0 | ACC_VTEN, sys.cntv_cval, write_cntv_cval)},
};

/* reg -> 1 + index in sysreg_table, 0: none. Constant after sysreg_init_index(). */
static uint8_t sysreg_index[1 << 16];
static pthread_once_t sysreg_once = PTHREAD_ONCE_INIT;

static void sysreg_init_index(void)
{
	for (unsigned int i = 0; i < sizeof(sysreg_table) / sizeof(sysreg_table[0]); i++) {
		sysreg_index[sysreg_table[i].reg] = (uint8_t)(i + 1);
	}
}

static const struct sysreg *sysreg_find(uint16_t reg)
{
	pthread_once(&sysreg_once, sysreg_init_index);
	return sysreg_index[reg] ? &sysreg_table[sysreg_index[reg] - 1] : NULL;
}

/* Is the trap that guards EL0's use of this register on? */
static bool sysreg_trapped(const struct jit_cpu *cpu, unsigned int access)
{
	uint64_t cntkctl = cpu->sys.cntkctl;

	return ((access & ACC_UMA) && !(cpu->sys.sctlr & SCTLR_UMA)) ||
	       ((access & ACC_UCT) && !(cpu->sys.sctlr & SCTLR_UCT)) ||
	       ((access & ACC_PCTEN) && !(cntkctl & 1)) ||
	       ((access & ACC_VCTEN) && !(cntkctl & 2)) ||
	       ((access & ACC_ANYCT) && !(cntkctl & 3)) ||
	       ((access & ACC_VTEN) && !(cntkctl & 0x100)) ||
	       ((access & ACC_TSCXT) && (cpu->sys.sctlr & SCTLR_TSCXT)) ||
	       ((access & ACC_PTEN) && !(cntkctl & 0x200));
}

/* EXEC_NEXT if the access may go ahead. */
static enum exec_result sysreg_check(struct jit_cpu *cpu, const struct sysreg *r, unsigned int rt,
				     bool read)
{
	bool exists = read ? r->offset || r->read : r->mask || r->write;

	if (!exists) {
		return exception_raise_undefined(cpu);
	}
	if (cpu->el == 0) {
		if (!(r->access & (read ? ACC_EL0_R : ACC_EL0_W))) {
			return exception_raise_undefined(cpu);
		}
		if (sysreg_trapped(cpu, r->access)) {
			return sysreg_trap(cpu, r->reg, rt, read);
		}
	}
	if ((r->access & ACC_FP) && !cpu->fp_enabled) {
		return exception_raise_fp_access(cpu);
	}
	if (r->reg == SYSREG(3, 0, 4, 1, 0) && !cpu->spsel) {
		return exception_raise_undefined(cpu); /* SP_EL0 while it is the current SP */
	}
	return EXEC_NEXT;
}

/* ICC_*_EL1: ICC_PMR_EL1 and CRn = 12, CRm = 8 to 12. */
static bool sysreg_is_gic(uint16_t reg)
{
	unsigned int crm = reg >> 3 & 15;

	return reg == SYSREG(3, 0, 4, 6, 0) ||
	       ((reg & ~0x7fu) == SYSREG(3, 0, 12, 0, 0) && crm >= 8 && crm <= 12);
}

static bool sysreg_is_feature(uint16_t reg)
{
	unsigned int crm = reg >> 3 & 15;

	return (reg & ~0x7fu) == SYSREG(3, 0, 0, 0, 0) && crm >= 1 && crm <= 7;
}

static uint64_t *sysreg_storage(struct jit_cpu *cpu, const struct sysreg *r)
{
	return (uint64_t *)((uint8_t *)cpu + r->offset);
}

unsigned int sysreg_storage_offset(uint16_t reg, bool el1, bool write)
{
	const struct sysreg *r = sysreg_find(reg);
	unsigned int el0 = write ? ACC_EL0_W : ACC_EL0_R;

	if (!r || (r->access & ~(unsigned int)ACC_EL0) || (!el1 && !(r->access & el0))) {
		return 0;
	}
	return (write ? !r->write && r->mask == ALL : !r->read) ? r->offset : 0;
}

enum exec_result sysreg_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t *val)
{
	const struct sysreg *r = sysreg_find(reg);
	enum exec_result result;

	if (r) {
		result = sysreg_check(cpu, r, rt, true);
		if (result == EXEC_NEXT) {
			*val = r->read ? r->read(cpu) : *sysreg_storage(cpu, r);
		}
		return result;
	}
	if (reg >> 14 == 2) {
		return sysreg_debug_read(cpu, reg, rt, val);
	}
	if (sysreg_is_pmu(reg)) {
		return sysreg_pmu_read(cpu, reg, rt, val);
	}
	if (cpu->el == 1 && sysreg_is_feature(reg)) {
		*val = idregs_read_feature(cpu->vm, reg >> 3 & 15, reg & 7);
		return EXEC_NEXT;
	}
	if (cpu->el == 1 && sysreg_is_gic(reg) &&
	    gic_cpu_read(cpu->vm->gic, cpu->index, reg, val)) {
		return EXEC_NEXT;
	}
	return exception_raise_undefined(cpu);
}

enum exec_result sysreg_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, uint64_t val)
{
	const struct sysreg *r = sysreg_find(reg);
	enum exec_result result;

	if (r) {
		result = sysreg_check(cpu, r, rt, false);
		if (result != EXEC_NEXT) {
			return result;
		}
		if (r->write) {
			r->write(cpu, val);
		} else {
			*sysreg_storage(cpu, r) = val & r->mask;
		}
		return EXEC_NEXT;
	}
	if (reg >> 14 == 2) {
		return sysreg_debug_write(cpu, reg, rt, val);
	}
	if (sysreg_is_pmu(reg)) {
		return sysreg_pmu_write(cpu, reg, rt, val);
	}
	if (cpu->el == 1 && sysreg_is_gic(reg) &&
	    gic_cpu_write(cpu->vm->gic, cpu->index, reg, val)) {
		return EXEC_NEXT;
	}
	return exception_raise_undefined(cpu);
}

/* op1 op2 of MSR (immediate), C5.1.3. */
#define PSTATE_FIELD(op1, op2) ((op1) << 3 | (op2))

enum exec_result sysreg_write_pstate(struct jit_cpu *cpu, unsigned int op1, unsigned int op2,
				     unsigned int imm)
{
	unsigned int field = PSTATE_FIELD(op1, op2);
	bool daif = field == PSTATE_FIELD(3, 6) || field == PSTATE_FIELD(3, 7);

	if (cpu->el == 0) {
		if (!daif) {
			return exception_raise_undefined(cpu);
		}
		if (!(cpu->sys.sctlr & SCTLR_UMA)) {
			return sysreg_trap(cpu, SYSREG(0, op1, 4, imm, op2), 31, false);
		}
	}
	switch (field) {
	case PSTATE_FIELD(0, 3):
		cpu->uao = imm & 1;
		context_select(cpu);
		break;
	case PSTATE_FIELD(0, 4):
		cpu->pan = imm & 1;
		tlb_select_bank(cpu);
		break;
	case PSTATE_FIELD(0, 5):
		exception_select_sp(cpu, cpu->el, imm & 1);
		break;
	case PSTATE_FIELD(3, 6):
		cpu->daif |= imm & 15;
		break;
	case PSTATE_FIELD(3, 7):
		cpu->daif &= ~imm & 15;
		exception_update_state(cpu);
		break;
	default:
		return exception_raise_undefined(cpu);
	}
	return EXEC_NEXT;
}
