// SPDX-License-Identifier: BSD-3-Clause
/*
 * sysreg_debug.c - the debug registers of EL1 (op0 = 2, Arm ARM D17.3).
 *
 * The external debug channel (DBGDTR) is always empty. What breakpoints and watchpoints do is in
 * debug.c.
 */
#include "debug.h"
#include "exception.h"
#include "sysreg.h"
#include "sysreg_internal.h"

#define REG_MDCCINT       SYSREG(2, 0, 0, 2, 0)
#define REG_MDSCR         SYSREG(2, 0, 0, 2, 2)
#define REG_OSDTRRX       SYSREG(2, 0, 0, 0, 2)
#define REG_OSDTRTX       SYSREG(2, 0, 0, 3, 2)
#define REG_OSECCR        SYSREG(2, 0, 0, 6, 2)
#define REG_MDRAR         SYSREG(2, 0, 1, 0, 0)
#define REG_OSLAR         SYSREG(2, 0, 1, 0, 4)
#define REG_OSLSR         SYSREG(2, 0, 1, 1, 4)
#define REG_OSDLR         SYSREG(2, 0, 1, 3, 4)
#define REG_DBGPRCR       SYSREG(2, 0, 1, 4, 4)
#define REG_CLAIMSET      SYSREG(2, 0, 7, 8, 6)
#define REG_CLAIMCLR      SYSREG(2, 0, 7, 9, 6)
#define REG_AUTHSTATUS    SYSREG(2, 0, 7, 14, 6)
#define REG_MDCCSR_EL0    SYSREG(2, 3, 0, 1, 0)
#define REG_DBGDTR_EL0    SYSREG(2, 3, 0, 4, 0)
#define REG_DBGDTRTRX_EL0 SYSREG(2, 3, 0, 5, 0)

#define MDSCR_TDCC     (1ull << 12)
#define MDSCR_WRITABLE 0x0000f001ull /* MDE HDE KDE TDCC SS; HDE without effect */

/* DBGBVR<n>, DBGBCR<n>, DBGWVR<n>, DBGWCR<n>: CRn = 0, CRm = n, op2 = 4 to 7. */
static uint64_t *debug_pair_register(struct jit_cpu *cpu, uint16_t reg, uint64_t *writable)
{
	/* BVR: an address or a context. BCR: BT LBN SSC HMC BAS PMC E. WCR: MASK WT and the rest.
	 */
	static const uint64_t masks[] = {~0ull, 0x00ffe1e7, ~3ull, 0x1f1fffff};
	unsigned int n = reg >> 3 & 15;

	*writable = masks[reg & 3];
	if ((reg & ~0x7fu) != SYSREG(2, 0, 0, 0, 0)) {
		return NULL;
	}
	switch (reg & 7) {
	case 4:
		return n < CPU_NR_BREAKPOINTS ? &cpu->debug.bvr[n] : NULL;
	case 5:
		return n < CPU_NR_BREAKPOINTS ? &cpu->debug.bcr[n] : NULL;
	case 6:
		return n < CPU_NR_WATCHPOINTS ? &cpu->debug.wvr[n] : NULL;
	case 7:
		return n < CPU_NR_WATCHPOINTS ? &cpu->debug.wcr[n] : NULL;
	default:
		return NULL;
	}
}

static bool debug_is_el0(uint16_t reg)
{
	return reg == REG_MDCCSR_EL0 || reg == REG_DBGDTR_EL0 || reg == REG_DBGDTRTRX_EL0;
}

/* EXEC_NEXT if this exception level may access reg. */
static enum exec_result debug_check(struct jit_cpu *cpu, uint16_t reg, unsigned int rt, bool read)
{
	if (cpu->el == 0) {
		if (!debug_is_el0(reg)) {
			return exception_raise_undefined(cpu);
		}
		if (cpu->debug.mdscr & MDSCR_TDCC) {
			return sysreg_trap(cpu, reg, rt, read);
		}
	}
	return EXEC_NEXT;
}

enum exec_result sysreg_debug_read(struct jit_cpu *cpu, uint16_t reg, unsigned int rt,
				   uint64_t *val)
{
	uint64_t writable, *pair = debug_pair_register(cpu, reg, &writable);
	enum exec_result result = debug_check(cpu, reg, rt, true);

	if (result != EXEC_NEXT) {
		return result;
	}
	if (pair) {
		*val = *pair;
		return EXEC_NEXT;
	}
	switch (reg) {
	case REG_MDSCR:
		*val = cpu->debug.mdscr;
		break;
	case REG_OSLSR:
		*val = 1u << 3 | (cpu->debug.os_lock ? 2 : 0); /* OSLM: implemented */
		break;
	case REG_OSDLR:
		*val = cpu->debug.os_double_lock;
		break;
	case REG_CLAIMSET:
		*val = 0xff;
		break;
	case REG_CLAIMCLR:
		*val = cpu->debug.claim;
		break;
	case REG_MDCCINT:
	case REG_OSDTRRX:
	case REG_OSDTRTX:
	case REG_OSECCR:
	case REG_MDRAR:
	case REG_DBGPRCR:
	case REG_AUTHSTATUS:
	case REG_MDCCSR_EL0:
	case REG_DBGDTR_EL0:
	case REG_DBGDTRTRX_EL0:
		*val = 0;
		break;
	default:
		return exception_raise_undefined(cpu);
	}
	return EXEC_NEXT;
}

enum exec_result sysreg_debug_write(struct jit_cpu *cpu, uint16_t reg, unsigned int rt,
				    uint64_t val)
{
	uint64_t writable, *pair = debug_pair_register(cpu, reg, &writable);
	enum exec_result result = debug_check(cpu, reg, rt, false);

	if (result != EXEC_NEXT) {
		return result;
	}
	if (pair) {
		*pair = val & writable;
		debug_update(cpu);
		return EXEC_NEXT;
	}
	switch (reg) {
	case REG_MDSCR:
		cpu->debug.mdscr = val & MDSCR_WRITABLE;
		debug_update(cpu);
		break;
	case REG_OSLAR:
		cpu->debug.os_lock = val & 1;
		debug_update(cpu);
		break;
	case REG_OSDLR:
		cpu->debug.os_double_lock = val & 1;
		debug_update(cpu);
		break;
	case REG_CLAIMSET:
		cpu->debug.claim |= val & 0xff;
		break;
	case REG_CLAIMCLR:
		cpu->debug.claim &= ~val;
		break;
	case REG_MDCCINT:
	case REG_OSDTRRX:
	case REG_OSDTRTX:
	case REG_OSECCR:
	case REG_DBGPRCR:
	case REG_DBGDTR_EL0:
	case REG_DBGDTRTRX_EL0:
		break;
	default:
		return exception_raise_undefined(cpu);
	}
	return EXEC_NEXT;
}
