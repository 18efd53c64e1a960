// SPDX-License-Identifier: BSD-3-Clause
/*
 * mmu.c: the RM's own address space, one to one, 4 KiB granule, 48 bits (Arm ARM D8).
 *
 *   boot_info, device tree   R
 *   image                    text RX, constants R, data RW; pages below the stacks unmapped
 *   pool                     RW, as far as it is not given away
 *   GIC distributor          RW, Device
 *
 * Runs before the MMU is on, so all data accesses must be aligned (compiled with -mstrict-align)
 * and nothing of the C library may be called.
 */
#include "el1.h"

#define PAGE         4096ull
#define BLOCK        (2ull << 20)
#define ENTRIES      512u
#define TABLES       32u
#define PTE_VALID    (1ull << 0)
#define PTE_TABLE    (1ull << 1) /* at level 3: a page */
#define PTE_ATTR(n)  ((uint64_t)(n) << 2)
#define PTE_READONLY (1ull << 7)
#define PTE_INNER    (3ull << 8)
#define PTE_AF       (1ull << 10)
#define PTE_PXN      (1ull << 53)
#define PTE_UXN      (1ull << 54)
#define PTE_ADDRESS  0x0000fffffffff000ull

#define ATTR_NORMAL 0
#define ATTR_DEVICE 1
#define MAIR        (0xffull << 8 * ATTR_NORMAL | 0x04ull << 8 * ATTR_DEVICE) /* nGnRE */

#define PTE_RX (PTE_ATTR(ATTR_NORMAL) | PTE_INNER | PTE_READONLY)
#define PTE_R  (PTE_RX | PTE_PXN)
#define PTE_RW (PTE_ATTR(ATTR_NORMAL) | PTE_INNER | PTE_PXN)
#define PTE_IO (PTE_ATTR(ATTR_DEVICE) | PTE_PXN)

#define TCR_T0SZ_48 16ull
#define TCR_WBWA    (1ull << 8 | 1ull << 10 | 3ull << 12) /* IRGN0, ORGN0, SH0: walks are cached */
#define TCR_EPD1    (1ull << 23)
#define TCR_IPS(n)  ((uint64_t)(n) << 32)

#define SCTLR_M    (1ull << 0)
#define SCTLR_C    (1ull << 2)
#define SCTLR_SA   (1ull << 3)
#define SCTLR_I    (1ull << 12)
#define SCTLR_WXN  (1ull << 19)
#define SCTLR_RES1 0x30d00800ull /* bits 11, 20, 22, 23, 28, 29 */

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static uint32_t nr_tables = 1; /* the first is the root */

extern char image_start[], text_end[], constants_end[], guard1_start[], guard1_end[],
	guard2_start[], guard2_end[], image_end[];

static uint64_t *mmu_next_table(uint64_t *entry)
{
	if (!(*entry & PTE_VALID)) {
		if (nr_tables == TABLES) {
			crash_stop(); /* an image of more than 40 MiB */
		}
		*entry = (uint64_t)tables[nr_tables++] | PTE_VALID | PTE_TABLE;
	}
	return (uint64_t *)(*entry & PTE_ADDRESS);
}

static void mmu_map(uint64_t from, uint64_t to, uint64_t attributes)
{
	uint64_t *table;

	attributes |= PTE_VALID | PTE_AF | PTE_UXN;
	while (from < to) {
		table = mmu_next_table(&tables[0][from >> 39 & (ENTRIES - 1)]);
		table = mmu_next_table(&table[from >> 30 & (ENTRIES - 1)]);
		if (!(from & (BLOCK - 1)) && to - from >= BLOCK) {
			table[from >> 21 & (ENTRIES - 1)] = from | attributes;
			from += BLOCK;
			continue;
		}
		table = mmu_next_table(&table[from >> 21 & (ENTRIES - 1)]);
		table[from >> 12 & (ENTRIES - 1)] = from | attributes | PTE_TABLE;
		from += PAGE;
	}
}

static void mmu_enable(void)
{
	uint64_t range, tcr = TCR_T0SZ_48 | TCR_WBWA | TCR_EPD1;

	__asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(range));
	tcr |= TCR_IPS((range & 15) < 5 ? range & 15 : 5); /* at most 48 bits */
	__asm__ volatile("msr mair_el1, %0\n"
			 "msr tcr_el1, %1\n"
			 "msr ttbr0_el1, %2\n"
			 "dsb sy\n"
			 "isb\n"
			 "tlbi vmalle1\n"
			 "dsb nsh\n"
			 "isb\n"
			 "msr sctlr_el1, %3\n"
			 "isb\n"
			 :
			 : "r"(MAIR), "r"(tcr), "r"(tables[0]),
			   "r"(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)
			 : "memory");
}

void mmu_init(const struct boot_info *boot)
{
	mmu_map(boot->rm.base, (uint64_t)image_start, PTE_R);
	mmu_map((uint64_t)image_start, (uint64_t)text_end, PTE_RX);
	mmu_map((uint64_t)text_end, (uint64_t)constants_end, PTE_R);
	mmu_map((uint64_t)constants_end, (uint64_t)guard1_start, PTE_RW);
	mmu_map((uint64_t)guard1_end, (uint64_t)guard2_start, PTE_RW);
	mmu_map((uint64_t)guard2_end, (uint64_t)image_end, PTE_RW);
	mmu_map(boot->rm_pool.base, boot->rm_pool.base + boot->rm_pool.bytes, PTE_RW);
	mmu_map(boot->gicd.base, boot->gicd.base + boot->gicd.bytes, PTE_IO);
	mmu_enable();
}
