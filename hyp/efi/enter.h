/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enter.h: what the loader needs assembly for.
 */
#ifndef HYP_EFI_ENTER_H
#define HYP_EFI_ENTER_H

#include <stdint.h>

/* Cleans and invalidates the data cache to the point of coherency. */
void enter_clean(uint64_t base, uint64_t bytes);

/* Masks interrupts, turns MMU and caches off and jumps to @entry with x0 = @info. */
void enter_hyp(uint64_t entry, uint64_t info) __attribute__((noreturn));

/* The bytes of enter_hyp(): they run with the MMU off, so they must be clean, too. */
extern const char enter_hyp_end[];

/* SMCCC fast call (DEN0028); x0 of the answer. */
uint64_t enter_smc(uint64_t function);

/* The hypervisor's image inside hyp.efi. */
extern const char enter_image[], enter_image_end[];

#endif
