/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's own stage-1 address space (Arm ARM D8; 48-bit VA, 4 KiB granule, TTBR0_EL2).
 *
 *   VA                        what                                   attributes
 *   0x0000_xxxx_xxxx_xxxx     .idmap page at its physical address    RX, switches the MMU on
 *   0x0000_1000_0000_0000     per-core windows for checked copies    RW, eight pages each
 *   0x0000_1000_4000_0000     per-core windows to clean and wipe     RW, one block each
 *   0x0000_2000_0000_0000+pa  devices (GIC, UART)                    RW, Device-nGnRE
 *   0x0000_4000_0000_0000+pa  direct map: hyp's heap, VMs' pools     RW
 *   0x0000_6000_0000_0000     per-core stacks, a guard page below    RW
 *   0x0000_8000_0000_0000     image: text RX, rodata R, data RW
 *
 * No other VM memory is mapped, except through the windows while a copy or wipe runs.
 */
#ifndef EL2_MMU_H
#define EL2_MMU_H

#define MMU_WINDOW_BASE       0x0000100000000000
#define MMU_BLOCK_WINDOW_BASE 0x0000100040000000
#define MMU_DEVICE_BASE       0x0000200000000000
#define MMU_DIRECT_BASE       0x0000400000000000
#define MMU_STACK_BASE        0x0000600000000000
#define MMU_IMAGE_BASE        0x0000800000000000
#define MMU_STACK_SHIFT       16 /* a slot; the upper half is stack, below it the guard */
#define MMU_STACK_BYTES       0x8000

#ifndef __ASSEMBLER__
#include <core/types.h>

/* Direct map: valid for the hypervisor's heap and for pages in a pool. */
static inline void *mmu_pa_to_va(paddr_t pa)
{
	return (void *)(MMU_DIRECT_BASE + pa.pa);
}

static inline paddr_t mmu_va_to_pa(const void *va)
{
	return pa_init((u64)va - MMU_DIRECT_BASE);
}

/* Physical address of something in the image. */
paddr_t mmu_image_pa(const void *va);

/* Boot core, once, first thing with the MMU on: tables are reached through the direct map. */
void mmu_init(void);

/* Makes pages of the RM region part of the direct map, or takes them out. Cannot fail: the tables
 * for the whole region exist since boot. */
void mmu_direct_map(paddr_t base, u64 nr_pages);
void mmu_direct_unmap(paddr_t base, u64 nr_pages);
/* Whether [base, +nr_pages) lies where mmu_direct_map() can map it. */
bool mmu_direct_possible(paddr_t base, u64 nr_pages);

/* Boot time only. */
volatile void *mmu_map_device(paddr_t pa, u64 bytes);
void *mmu_alloc_boot(
	u64 bytes); /* zeroed, page aligned, from the hypervisor's region; never fails: panics */
void mmu_map_stack(u32 core);

/* This core's window onto one page; interrupts are masked, so nothing else uses it meanwhile. */
void *mmu_window_map(paddr_t page);
void mmu_window_unmap(void);

/* Zeroes, cleaned to the point of coherency (a VM may read them uncached). */
void mmu_wipe(paddr_t base, u64 nr_pages);
/* Cleans and invalidates to the point of coherency. */
void mmu_clean(paddr_t base, u64 nr_pages);
#endif
#endif
