/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * el1.h: what the RM does with the processor itself. All of it is in rm/el1/; the rest of the RM
 * also compiles for the build machine.
 */
#ifndef RM_EL1_H
#define RM_EL1_H

#include <hyp/boot.h>

/* start.S, MMU off: maps the RM's region and its GIC, and turns the MMU on. */
void mmu_init(const struct boot_info *boot);

/* vectors.S, on its own stack: logs the exception and ends the RM; everything else goes on. */
void crash_report(uint64_t slot, uint64_t esr, uint64_t elr, uint64_t far)
	__attribute__((noreturn));

/* Ends the RM. */
void crash_stop(void) __attribute__((noreturn));

/*
 * Prepares the RM's virtual GIC, at the board's addresses, for SPI @intid. Interrupts stay masked:
 * they only end gic_wait(). 0 or HYP_E_*.
 */
int gic_init(const struct boot_info *boot, uint32_t intid);

/* Sleeps until an interrupt is pending, and takes all that are. */
void gic_wait(void);

#endif
