/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest debugs itself (Arm ARM D2): a hardware breakpoint, a watchpoint, single steps, also
 * over instructions that a hypervisor executes for it.
 */
#include "lib/guest.h"

#define EC_BREAKPOINT 0x31u /* from the current level, as all here */
#define EC_STEP       0x33u
#define EC_WATCHPOINT 0x35u

#define MDSCR_KDE (1u << 13)
#define MDSCR_MDE (1u << 15)
#define SPSR_SS   (1u << 21)
#define SPSR_D    (1u << 9)

#define BCR_EL1_ENABLE 0x1e3u  /* BAS, PMC: EL1, E */
#define WCR_EL1_ENABLE 0x1ffbu /* BAS, loads and stores, PAC: EL1, E */

#define STEPS 4u /* instructions stepped */

static volatile u32 nr_taken;
static volatile u64 taken_ec;
static volatile u64 taken_pc;
static volatile u64 taken_far;
static volatile u32 nr_steps;
static volatile u64 step_pc[STEPS];

static void on_debug(u64 ec, u64 *pc, u64 *spsr)
{
	nr_taken++;
	taken_ec = ec;
	taken_pc = *pc;
	taken_far = read_sysreg(far_el1);
	if (ec == EC_STEP && nr_steps < STEPS) {
		step_pc[nr_steps++] = *pc;
	}
	if (ec == EC_STEP && nr_steps < STEPS) {
		*spsr |= SPSR_SS;
		return;
	}
	*spsr |= SPSR_D; /* over the instruction, and no more of it */
}

static void expect(const char *name, bool good)
{
	report(name, good ? NULL : "not so");
}

static __attribute__((noinline)) u32 function(u32 value)
{
	__asm__ volatile("nop");
	return value + 1;
}

static void debug_on(void)
{
	__asm__ volatile("msr daifclr, #8" : : : "memory");
}

static void debug_off(void)
{
	__asm__ volatile("msr daifset, #8" : : : "memory");
}

static void breakpoint(void)
{
	u32 result;

	nr_taken = 0;
	write_sysreg((u64)function, dbgbvr0_el1);
	write_sysreg(BCR_EL1_ENABLE, dbgbcr0_el1);
	expect("breakpoint register reads back", read_sysreg(dbgbvr0_el1) == (u64)function);
	result = function(1);
	expect("breakpoint waits for MDE", result == 2 && nr_taken == 0);
	write_sysreg(MDSCR_MDE | MDSCR_KDE, mdscr_el1);
	debug_on();
	result = function(2);
	debug_off();
	expect("breakpoint", result == 3 && nr_taken == 1 && taken_ec == EC_BREAKPOINT &&
				     taken_pc == (u64)function);
	write_sysreg(0, dbgbcr0_el1);
	debug_on();
	result = function(3);
	debug_off();
	expect("breakpoint disabled", result == 4 && nr_taken == 1);
	write_sysreg(0, mdscr_el1);
}

static volatile u64 watched[4];

static void watchpoint(void)
{
	nr_taken = 0;
	write_sysreg((u64)&watched[1], dbgwvr0_el1);
	write_sysreg(WCR_EL1_ENABLE, dbgwcr0_el1);
	write_sysreg(MDSCR_MDE | MDSCR_KDE, mdscr_el1);
	debug_on();
	watched[0] = 5;
	watched[2] = 6;
	debug_off();
	expect("watchpoint only at its address", nr_taken == 0);
	debug_on();
	watched[1] = 7;
	debug_off();
	expect("watchpoint", nr_taken == 1 && taken_ec == EC_WATCHPOINT &&
				     taken_far == (u64)&watched[1] && watched[1] == 7);
	write_sysreg(0, dbgwcr0_el1);
	write_sysreg(0, mdscr_el1);
}

/*
 * Steps through four instructions, of which the second and third are a read of an ID register and
 * of the distributor. Stepping begins with the return from an exception that sets PSTATE.SS.
 */
static void step(void)
{
	u64 first, id, typer, scratch, spsr = 0x3c5 & ~(u64)SPSR_D;
	bool in_order = true;

	nr_steps = 0;
	spsr |= SPSR_SS;
	__asm__ volatile("mov	%[scratch], #0x2001\n\t" /* SS, KDE */
			 "msr	mdscr_el1, %[scratch]\n\t"
			 "isb\n\t"
			 "adr	%[first], 1f\n\t"
			 "msr	elr_el1, %[first]\n\t"
			 "msr	spsr_el1, %[spsr]\n\t"
			 "eret\n"
			 "1:	nop\n\t"
			 "mrs	%[id], id_aa64pfr0_el1\n\t"
			 "ldr	%w[typer], [%[gicd], #4]\n\t"
			 "nop\n"
			 : [first] "=&r"(first), [id] "=&r"(id), [typer] "=&r"(typer),
			   [scratch] "=&r"(scratch)
			 : [spsr] "r"(spsr), [gicd] "r"(0x08000000ull)
			 : "memory");
	write_sysreg(0, mdscr_el1);
	for (u32 i = 0; i < nr_steps; i++) {
		in_order = in_order && step_pc[i] == first + 4 * (i + 1);
	}
	expect("single step", in_order && nr_steps == STEPS && taken_ec == EC_STEP);
	expect("stepped reads", id != 0 && typer != 0 && typer != ~0u);
}

int main(void)
{
	guest_debug_handler = on_debug;
	write_sysreg(0, oslar_el1);
	debug_off();
	breakpoint();
	watchpoint();
	step();
	return 0;
}
