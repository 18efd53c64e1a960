/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's stage-1 tables. See mmu.h for the map.
 *
 * mmu_early_init() runs with the MMU off, at the image's physical address: this file uses nothing
 * but PC-relative addresses there. Tables come from the hypervisor's region, behind the image;
 * the same code extends them later through the direct map (table_offset says which).
 */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/string.h>
#include <el2/mmu.h>
#include <el2/sysreg.h>

#define PTE_VALID    BIT(0)
#define PTE_TABLE    BIT(1)
#define PTE_PAGE     BIT(1)
#define PTE_ATTR(n)  ((u64)(n) << 2)
#define PTE_AP_RES1  BIT(6) /* AP[1]: one VA range (D8.4.1) */
#define PTE_RO       BIT(7)
#define PTE_SH_INNER (3ull << 8)
#define PTE_AF       BIT(10)
#define PTE_XN       BIT(54)
#define PTE_ADDRESS  MASK(47, 12)

#define MAIR_DEVICE 0 /* index; Device-nGnRE */
#define MAIR_NORMAL 1 /* write-back, read and write allocate */
#define MAIR_VALUE  (0x04ull << (8 * MAIR_DEVICE) | 0xffull << (8 * MAIR_NORMAL))

#define MAP_NORMAL (PTE_ATTR(MAIR_NORMAL) | PTE_SH_INNER | PTE_AF | PTE_AP_RES1)
#define MAP_RW     (MAP_NORMAL | PTE_XN)
#define MAP_RO     (MAP_NORMAL | PTE_XN | PTE_RO)
#define MAP_RX     (MAP_NORMAL | PTE_RO)
#define MAP_DEVICE (PTE_ATTR(MAIR_DEVICE) | PTE_AF | PTE_AP_RES1 | PTE_XN)

#define TCR_VALUE(ps) ((u64)(16 | 1 << 8 | 1 << 10 | 3 << 12) | (u64)(ps) << 16 | BIT(23) | BIT(31))
#define SCTLR_RES1    0x30c50830ull
#define SCTLR_VALUE   (SCTLR_RES1 | BIT(0) | BIT(2) | BIT(3) | BIT(12) | BIT(19)) /* M C SA I WXN */

#define WINDOW_PAGES 8u
_Static_assert(WINDOW_PAGES *MAX_CPUS <= 512, "all windows lie in one table");

extern char image_start[], text_end[], rodata_end[], image_end[], idmap_start[], idmap_end[];

/* What entry.S loads on each core before it sets SCTLR_EL2.M; read with the MMU off. */
struct mmu_regs {
	u64 ttbr;
	u64 tcr;
	u64 mair;
	u64 sctlr;
};
struct mmu_regs mmu_regs;

static u64 *root;
static u64 table_offset; /* pointer - physical address of a table */
static u64 heap_next;    /* physical */
static u64 heap_end;
static u64 image_pa;
static u64 *windows;       /* level-3 entries, WINDOW_PAGES a core */
static u64 *block_windows; /* level-2 entries, one a core */
static struct boot_info boot_info_copy;
const struct boot_info *boot_info;
u64 boot_info_pa;

u64 mmu_early_init(const struct boot_info *info); /* entry.S */

static u64 heap_take(u64 bytes)
{
	u64 pa = heap_next;

	if (heap_end - pa < bytes) {
		if (table_offset == 0) {
			/* No console yet, and the loader sized the region for more than this. */
			for (;;) {
				__asm__ volatile("wfe");
			}
		}
		panic("hypervisor region too small: %lu bytes more are needed", bytes);
	}
	heap_next += bytes;
	for (u64 at = pa; at < pa + bytes; at += 8) {
		*(volatile u64 *)(at + table_offset) = 0;
	}
	return pa;
}

static u64 *next_table(u64 *entry)
{
	if (!(*entry & PTE_VALID)) {
		*(volatile u64 *)entry = heap_take(PAGE_BYTES) | PTE_VALID | PTE_TABLE;
	}
	return (u64 *)((*entry & PTE_ADDRESS) + table_offset);
}

/* The entry of va that maps 1 << last_shift bytes; makes the tables above it. */
static u64 *entry_at(u64 va, u32 last_shift)
{
	u64 *table = root;

	for (u32 shift = 39; shift > last_shift; shift -= 9) {
		table = next_table(&table[(va >> shift) & 511]);
	}
	return &table[(va >> last_shift) & 511];
}

static u64 *entry_of(u64 va)
{
	return entry_at(va, PAGE_SHIFT);
}

static void map(u64 va, u64 pa, u64 bytes, u64 attributes)
{
	for (u64 done = 0; done < bytes; done += PAGE_BYTES) {
		*(volatile u64 *)entry_of(va + done) =
			(pa + done) | attributes | PTE_VALID | PTE_PAGE;
	}
}

static void map_image(void)
{
	u64 text = (u64)(text_end - image_start);
	u64 rodata = (u64)(rodata_end - image_start);
	u64 end = (u64)(image_end - image_start);

	map(MMU_IMAGE_BASE, image_pa, text, MAP_RX);
	map(MMU_IMAGE_BASE + text, image_pa + text, rodata - text, MAP_RO);
	map(MMU_IMAGE_BASE + rodata, image_pa + rodata, end - rodata, MAP_RW);
	map((u64)idmap_start, (u64)idmap_start, (u64)(idmap_end - idmap_start), MAP_RX);
}

static void map_stack(u32 core)
{
	u64 top = MMU_STACK_BASE + ((u64)(core + 1) << MMU_STACK_SHIFT);

	map(top - MMU_STACK_BYTES, heap_take(MMU_STACK_BYTES), MMU_STACK_BYTES, MAP_RW);
}

/*
 * Boot core, MMU off, info at its physical address. Builds every mapping that is known at boot
 * and fills mmu_regs. The image, the heap and info were cleaned and invalidated by the loader, so
 * that what is written here past the caches is what the walker and the cached view read later.
 */
u64 mmu_early_init(const struct boot_info *info)
{
	u64 ps = FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0);

	image_pa = (u64)image_start;
	heap_next = ALIGN_UP((u64)image_end, PAGE_BYTES);
	heap_end = info->hyp.base + info->hyp.bytes;
	for (u64 i = 0; i < sizeof(boot_info_copy) / 8; i++) {
		((volatile u64 *)&boot_info_copy)[i] = ((const volatile u64 *)info)[i];
	}
	boot_info_pa = (u64)info;
	root = (u64 *)heap_take(PAGE_BYTES);
	map_image();
	map(MMU_DIRECT_BASE + heap_next, heap_next, heap_end - heap_next, MAP_RW);
	map(MMU_DIRECT_BASE + (u64)root, (u64)root, heap_next - (u64)root, MAP_RW);
	for (u64 at = info->rm.base; at < info->rm.base + info->rm.bytes; at += BLOCK_BYTES) {
		(void)entry_of(MMU_DIRECT_BASE + at);
	}
	windows = entry_of(MMU_WINDOW_BASE);
	block_windows = entry_at(MMU_BLOCK_WINDOW_BASE, BLOCK_SHIFT);
	map_stack(0);

	mmu_regs.ttbr = (u64)root;
	mmu_regs.tcr = TCR_VALUE(ps > 5 ? 5 : ps);
	mmu_regs.mair = MAIR_VALUE;
	mmu_regs.sctlr = SCTLR_VALUE;
	return MMU_STACK_BASE + (1ull << MMU_STACK_SHIFT);
}

void mmu_init(void)
{
	table_offset = MMU_DIRECT_BASE;
	root = (u64 *)((u64)root + table_offset);
	windows = (u64 *)((u64)windows + table_offset);
	block_windows = (u64 *)((u64)block_windows + table_offset);
	boot_info = &boot_info_copy;
}

paddr_t mmu_image_pa(const void *va)
{
	return pa_init((u64)va - MMU_IMAGE_BASE + image_pa);
}

static void sync_new_entry(void)
{
	dsb(ishst);
	isb();
}

static void tlbi_page(u64 va)
{
	tlbi_arg(vae2is, va >> PAGE_SHIFT);
}

void mmu_direct_map(paddr_t base, u64 nr_pages)
{
	map(MMU_DIRECT_BASE + base.pa, base.pa, nr_pages * PAGE_BYTES, MAP_RW);
	sync_new_entry();
}

void mmu_direct_unmap(paddr_t base, u64 nr_pages)
{
	for (u64 i = 0; i < nr_pages; i++) {
		*(volatile u64 *)entry_of(MMU_DIRECT_BASE + base.pa + i * PAGE_BYTES) = 0;
	}
	dsb(ishst);
	for (u64 i = 0; i < nr_pages; i++) {
		tlbi_page(MMU_DIRECT_BASE + base.pa + i * PAGE_BYTES);
	}
	dsb(ish);
	isb();
}

bool mmu_direct_possible(paddr_t base, u64 nr_pages)
{
	const struct boot_range *rm = &boot_info->rm;

	return base.pa >= rm->base && nr_pages <= rm->bytes >> PAGE_SHIFT &&
	       base.pa - rm->base <= rm->bytes - nr_pages * PAGE_BYTES;
}

volatile void *mmu_map_device(paddr_t pa, u64 bytes)
{
	u64 first = ALIGN_DOWN(pa.pa, PAGE_BYTES);

	map(MMU_DEVICE_BASE + first, first, ALIGN_UP(pa.pa + bytes, PAGE_BYTES) - first,
	    MAP_DEVICE);
	sync_new_entry();
	return (volatile void *)(MMU_DEVICE_BASE + pa.pa);
}

void *mmu_alloc_boot(u64 bytes)
{
	return mmu_pa_to_va(pa_init(heap_take(ALIGN_UP(bytes, PAGE_BYTES))));
}

void mmu_map_stack(u32 core)
{
	map_stack(core);
	sync_new_entry();
}

/* Consecutive entries, of step bytes each; value: the first one's address and kind. */
static void window_open(volatile u64 *entries, u64 nr, u64 step, u64 value)
{
	BUG_ON(*entries & PTE_VALID);
	for (u64 i = 0; i < nr; i++) {
		entries[i] = (value + i * step) | MAP_RW | PTE_VALID;
	}
	sync_new_entry();
}

/* A window is its core's alone: a local invalidation is enough. */
static void window_close(volatile u64 *entries, u64 nr, u64 va)
{
	for (u64 i = 0; i < nr; i++) {
		entries[i] = 0;
	}
	dsb(nshst);
	for (u64 i = 0; i < nr; i++) {
		tlbi_arg(vae2, (va >> PAGE_SHIFT) + i);
	}
	dsb(nsh);
	isb();
}

static u64 *window_entries(void)
{
	return &windows[cpu_this()->id * WINDOW_PAGES];
}

static u64 window_va(void)
{
	return MMU_WINDOW_BASE + cpu_this()->id * WINDOW_PAGES * PAGE_BYTES;
}

void *mmu_window_map(paddr_t page)
{
	window_open(window_entries(), 1, PAGE_BYTES, page.pa | PTE_PAGE);
	return (void *)window_va();
}

void mmu_window_unmap(void)
{
	window_close(window_entries(), 1, window_va());
}

/* Two instructions a line: for a block, this is nearly all that giving it to a VM costs. */
#define CLEAN_LINES(nr)                                                                            \
	__asm__ volatile(".rept " #nr "\n\tdc civac, %0\n\tadd %0, %0, %1\n\t.endr"                \
			 : "+r"(at)                                                                \
			 : "r"(step)                                                               \
			 : "memory")

/* Cleans and invalidates whole pages to the point of coherency. Lines longer than 64 bytes are
 * cleaned more than once. */
static void clean(u64 at, u64 bytes)
{
	u64 line = 4ull << FIELD(read_sysreg(ctr_el0), 19, 16);
	u64 step = line < 64 ? line : 64;
	u64 end = at + bytes;

	for (u64 large = at + ALIGN_DOWN(bytes, 512 * 64); at < large;) {
		CLEAN_LINES(512);
	}
	while (at < end) {
		CLEAN_LINES(64);
	}
	dsb(ish);
}

static void zero(u64 at, u64 bytes)
{
	u64 block = 4ull << FIELD(read_sysreg(dczid_el0), 3, 0);

	if (FIELD(read_sysreg(dczid_el0), 4, 4)) { /* DZP: not allowed */
		memset((void *)at, 0, bytes);
		return;
	}
	for (u64 end = at + bytes; at < end; at += block) {
		__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
	}
}

static void clean_at(u64 va, u64 bytes, bool wipe)
{
	if (wipe) {
		zero(va, bytes);
	}
	clean(va, bytes);
}

static void clean_block(paddr_t block, bool wipe)
{
	u64 core = cpu_this()->id;
	u64 va = MMU_BLOCK_WINDOW_BASE + (core << BLOCK_SHIFT);

	window_open(&block_windows[core], 1, BLOCK_BYTES, block.pa);
	clean_at(va, BLOCK_BYTES, wipe);
	window_close(&block_windows[core], 1, va);
}

static void clean_pages(paddr_t base, u64 nr, bool wipe)
{
	u64 va = window_va();

	window_open(window_entries(), nr, PAGE_BYTES, base.pa | PTE_PAGE);
	clean_at(va, nr * PAGE_BYTES, wipe);
	window_close(window_entries(), nr, va);
}

/* Whole blocks through a window of that size, the rest a few pages at a time. */
static void clean_range(paddr_t base, u64 nr_pages, bool wipe)
{
	while (nr_pages) {
		u64 nr = nr_pages < WINDOW_PAGES ? nr_pages : WINDOW_PAGES;

		if (IS_ALIGNED(base.pa, BLOCK_BYTES) && nr_pages >= BLOCK_BYTES / PAGE_BYTES) {
			nr = BLOCK_BYTES / PAGE_BYTES;
			clean_block(base, wipe);
		} else {
			clean_pages(base, nr, wipe);
		}
		base = pa_add(base, nr * PAGE_BYTES);
		nr_pages -= nr;
	}
}

void mmu_clean(paddr_t base, u64 nr_pages)
{
	clean_range(base, nr_pages, false);
}

void mmu_wipe(paddr_t base, u64 nr_pages)
{
	clean_range(base, nr_pages, true);
}
