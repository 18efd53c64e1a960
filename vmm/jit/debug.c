// SPDX-License-Identifier: BSD-3-Clause
/*
 * debug.c - matching of hardware breakpoints and watchpoints (Arm ARM D2.8, D2.9).
 */
#include "context.h"
#include "debug.h"
#include "exception.h"
#include "tlb.h"

#define MDSCR_KDE (1ull << 13)
#define MDSCR_MDE (1ull << 15)

/* DBGBCR<n>_EL1 and DBGWCR<n>_EL1 */
#define CTL_ENABLE     1u
#define CTL_PRIVILEGE  1 /* PMC, PAC: bit 0 EL1, bit 1 EL0 */
#define CTL_SECURITY   14
#define CTL_LINK       16
#define BCR_TYPE       20
#define WCR_LOAD_STORE 3
#define WCR_BYTES      5
#define WCR_LINKED     (1ull << 20)
#define WCR_MASK       24
#define SECURE_ONLY    2

/* DBGBCR<n>_EL1.BT. Others match nothing: they are about AArch32, or VMIDs. */
enum breakpoint_type {
	BREAK_ADDRESS = 0,
	BREAK_ADDRESS_LINKED = 1,
	BREAK_CONTEXT = 2,
	BREAK_CONTEXT_LINKED = 3, /* another one's condition */
};

/* The last one compares contexts too (ID_AA64DFR0_EL1.CTX_CMPs). */
#define CONTEXT_BREAKPOINT (CPU_NR_BREAKPOINTS - 1)

bool debug_enabled(const struct jit_cpu *cpu)
{
	const struct cpu_debug_regs *d = &cpu->debug;

	return !d->os_lock && !d->os_double_lock &&
	       (cpu->el == 0 || ((d->mdscr & MDSCR_KDE) && !(cpu->daif & CPU_DAIF_D)));
}

void debug_update(struct jit_cpu *cpu)
{
	struct cpu_debug_regs *d = &cpu->debug;
	bool on = (d->mdscr & MDSCR_MDE) && !d->os_lock && !d->os_double_lock;
	unsigned int breakpoints = 0, watchpoints = 0;

	for (unsigned int i = 0; on && i < CPU_NR_BREAKPOINTS; i++) {
		breakpoints += d->bcr[i] & CTL_ENABLE;
	}
	for (unsigned int i = 0; on && i < CPU_NR_WATCHPOINTS; i++) {
		watchpoints += d->wcr[i] & CTL_ENABLE;
	}
	/* What the page of a new one has in jumps[] and in the TLB must go. */
	if (breakpoints) {
		context_renew_jumps(cpu);
	}
	if (watchpoints) {
		tlb_flush_all(cpu);
	}
	d->nr_breakpoints = (uint8_t)breakpoints;
	d->nr_watchpoints = (uint8_t)watchpoints;
	exception_update_state(cpu);
}

/* There is no EL2, EL3 or Secure state: HMC adds nothing. */
static bool debug_matches_level(uint64_t control, unsigned int el)
{
	return (control >> CTL_SECURITY & 3) != SECURE_ONLY &&
	       (control >> CTL_PRIVILEGE & (el ? 1 : 2));
}

static unsigned int debug_type(uint64_t bcr)
{
	return bcr >> BCR_TYPE & 15;
}

static bool debug_matches_context(const struct jit_cpu *cpu)
{
	return (uint32_t)cpu->debug.bvr[CONTEXT_BREAKPOINT] == (uint32_t)cpu->sys.contextidr;
}

static bool debug_link_holds(const struct jit_cpu *cpu, uint64_t control)
{
	uint64_t bcr = cpu->debug.bcr[CONTEXT_BREAKPOINT];

	return (control >> CTL_LINK & 15) == CONTEXT_BREAKPOINT && (bcr & CTL_ENABLE) &&
	       debug_type(bcr) == BREAK_CONTEXT_LINKED && debug_matches_context(cpu);
}

static uint64_t debug_address(const struct jit_cpu *cpu, unsigned int n)
{
	return cpu->debug.bvr[n] & ~3ull;
}

static bool debug_breakpoint_matches(const struct jit_cpu *cpu, unsigned int n)
{
	uint64_t bcr = cpu->debug.bcr[n];

	if (!(bcr & CTL_ENABLE) || !debug_matches_level(bcr, cpu->el)) {
		return false;
	}
	switch (debug_type(bcr)) {
	case BREAK_ADDRESS:
		return debug_address(cpu, n) == cpu->pc;
	case BREAK_ADDRESS_LINKED:
		return debug_address(cpu, n) == cpu->pc && debug_link_holds(cpu, bcr);
	case BREAK_CONTEXT:
		return n == CONTEXT_BREAKPOINT && debug_matches_context(cpu);
	default:
		return false;
	}
}

bool debug_find_breakpoint(const struct jit_cpu *cpu)
{
	for (unsigned int i = 0; i < CPU_NR_BREAKPOINTS; i++) {
		if (debug_breakpoint_matches(cpu, i)) {
			return debug_enabled(cpu);
		}
	}
	return false;
}

bool debug_page_breaks(const struct jit_cpu *cpu, uint64_t va)
{
	for (unsigned int i = 0; i < CPU_NR_BREAKPOINTS; i++) {
		uint64_t bcr = cpu->debug.bcr[i];

		if ((bcr & CTL_ENABLE) && (debug_type(bcr) == BREAK_CONTEXT ||
					   (debug_address(cpu, i) ^ va) >> TLB_PAGE_SHIFT == 0)) {
			return true;
		}
	}
	return false;
}

/* The bytes that a watchpoint watches: those of *size from *base whose bit is set in the result. A
 * range of a power of two has no bits but all ones. */
static unsigned int debug_watched_bytes(const struct jit_cpu *cpu, unsigned int n, uint64_t *base,
					uint64_t *size)
{
	uint64_t wvr = cpu->debug.wvr[n], wcr = cpu->debug.wcr[n];
	unsigned int mask = wcr >> WCR_MASK & 31, bytes = wcr >> WCR_BYTES & 0xff;

	if (mask >= 3) {
		*size = 1ull << mask;
		*base = wvr & ~(*size - 1);
		return ~0u;
	}
	*size = 8;
	*base = wvr & ~3ull;
	/* Bit 2 of the address set: the upper four bits select nothing. */
	return wvr & 4 ? bytes & 15 : bytes;
}

static bool debug_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a - b < b_size || b - a < a_size;
}

bool debug_page_watched(const struct jit_cpu *cpu, uint64_t page)
{
	for (unsigned int i = 0; i < CPU_NR_WATCHPOINTS; i++) {
		uint64_t base, size;

		debug_watched_bytes(cpu, i, &base, &size);
		if ((cpu->debug.wcr[i] & CTL_ENABLE) &&
		    debug_overlap(page, TLB_PAGE_SIZE, base, size)) {
			return true;
		}
	}
	return false;
}

/* The first byte of the access that watchpoint n watches. */
static bool debug_watchpoint_covers(const struct jit_cpu *cpu, unsigned int n, uint64_t address,
				    unsigned int size, uint64_t *first)
{
	uint64_t base, length;
	unsigned int bytes = debug_watched_bytes(cpu, n, &base, &length);

	if (bytes == ~0u) {
		*first = address - base < length ? address : base;
		return debug_overlap(address, size, base, length);
	}
	for (unsigned int i = 0; i < 8; i++) {
		if ((bytes >> i & 1) && base + i - address < size) {
			*first = base + i;
			return true;
		}
	}
	return false;
}

bool debug_find_watchpoint(const struct jit_cpu *cpu, uint64_t address, unsigned int size,
			   bool write, unsigned int el, uint64_t *first)
{
	for (unsigned int i = 0; i < CPU_NR_WATCHPOINTS; i++) {
		uint64_t wcr = cpu->debug.wcr[i];

		if ((wcr & CTL_ENABLE) && debug_matches_level(wcr, el) &&
		    (wcr >> WCR_LOAD_STORE & (write ? 2 : 1)) &&
		    (!(wcr & WCR_LINKED) || debug_link_holds(cpu, wcr)) &&
		    debug_watchpoint_covers(cpu, i, address, size, first)) {
			return debug_enabled(cpu);
		}
	}
	return false;
}
