/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hyp/el2/mmu.h for the build machine: the machine's memory is an array, of which ASan lets EL2
 * touch only what the direct map or this core's window maps at the moment.
 */
#ifndef EL2_MMU_H
#define EL2_MMU_H

#include <core/types.h>

#define MMU_STACK_BASE  0x0000600000000000
#define MMU_STACK_SHIFT 16

/* Fail the test if the page is not in the direct map. */
void *mmu_pa_to_va(paddr_t pa);
paddr_t mmu_va_to_pa(const void *va);

paddr_t mmu_image_pa(const void *va);
void mmu_init(void);
void mmu_direct_map(paddr_t base, u64 nr_pages);
void mmu_direct_unmap(paddr_t base, u64 nr_pages);
bool mmu_direct_possible(paddr_t base, u64 nr_pages);
void *mmu_alloc_boot(u64 bytes);
void mmu_map_stack(u32 core);
void *mmu_window_map(paddr_t page);
void mmu_window_unmap(void);
void mmu_wipe(paddr_t base, u64 nr_pages);

#endif
