// SPDX-License-Identifier: BSD-3-Clause
/*
 * layout.c: places of the parts; see layout.h. No firmware calls: unit tests run it on made-up
 * machines.
 */
#include "layout.h"
#include "fail.h"

#define LAYOUT_HYP_TABLES  (1ull << 20)  /* the hypervisor's own translation tables, logs, traces */
#define LAYOUT_HYP_PER_CPU (64ull << 10) /* stacks and per-CPU data */
#define LAYOUT_FRAME_SHIFT 10            /* frame table: 4 bytes for each 4 KiB */
/* With the frame table, 1/256 of memory: level-3 tables for all of it take 1/512, on each side. */
#define LAYOUT_POOL_PARTS  3
#define LAYOUT_POOL_SHIFT  10
#define LAYOUT_POOL_FIXED  (2ull << 20)
#define LAYOUT_INITRD_NEAR (32ull << 30) /* booting.rst: kernel and initrd in one 32 GiB window */

static uint64_t layout_round(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) & ~(unit - 1);
}

uint64_t layout_set_ram(struct boot_info *info, const struct ranges *ram)
{
	struct ranges all = *ram;

	while (all.nr > BOOT_MAX_RAM) {
		uint32_t smallest = 0;

		for (uint32_t i = 1; i < all.nr; i++) {
			smallest = all.r[i].bytes < all.r[smallest].bytes ? i : smallest;
		}
		ranges_remove(&all, all.r[smallest].base, all.r[smallest].bytes);
	}
	info->nr_ram = all.nr;
	for (uint32_t i = 0; i < all.nr; i++) {
		info->ram[i] = all.r[i];
	}
	return all.nr ? all.r[all.nr - 1].base + all.r[all.nr - 1].bytes - all.r[0].base : 0;
}

static uint64_t layout_hyp_bytes(const struct boot_info *info, uint64_t image, uint64_t span)
{
	return layout_round(layout_round(image, 4096) + (span >> LAYOUT_FRAME_SHIFT) +
				    info->nr_cpus * LAYOUT_HYP_PER_CPU + LAYOUT_HYP_TABLES,
			    LAYOUT_UNIT);
}

static uint64_t layout_pool_bytes(const struct boot_info *info)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < info->nr_ram; i++) {
		bytes += info->ram[i].bytes;
	}
	return layout_round((bytes >> LAYOUT_POOL_SHIFT) * LAYOUT_POOL_PARTS + LAYOUT_POOL_FIXED,
			    4096);
}

/* The RM's region: boot_info, device tree, image, and the rest is pool. */
static void layout_divide_rm(struct boot_info *info, const struct layout_sizes *sizes)
{
	uint64_t at = info->rm.base + layout_round(sizeof(*info), 4096);

	info->dtb = (struct boot_range){at, sizes->dtb};
	at += layout_round(sizes->dtb, 4096);
	info->rm_image = (struct boot_range){at, layout_round(sizes->rm_image, 4096)};
	at += info->rm_image.bytes;
	info->rm_pool = (struct boot_range){at, info->rm.base + info->rm.bytes - at};
}

/* Takes [base, base + bytes) out of @place and returns it. */
static struct boot_range layout_take(struct ranges *place, uint64_t base, uint64_t bytes)
{
	ranges_remove(place, base, layout_round(bytes, 4096));
	return (struct boot_range){base, bytes};
}

static bool layout_place_kernel(struct boot_info *info, struct ranges *place,
				const struct layout_sizes *sizes)
{
	const struct image_kernel *k = &sizes->kernel;
	uint64_t base = ranges_place_low(place, layout_round(k->bytes, 4096), LAYOUT_UNIT,
					 k->text_offset, 0);

	if (base == ~0ull) {
		return false;
	}
	info->kernel = layout_take(place, base + k->text_offset, k->bytes);
	return true;
}

static bool layout_place_initrd(struct boot_info *info, struct ranges *place,
				const struct layout_sizes *sizes)
{
	uint64_t bytes = layout_round(sizes->initrd, 4096), window, base;

	info->initrd = (struct boot_range){0, 0};
	if (!sizes->initrd) {
		return true;
	}
	base = ranges_place_low(place, bytes, 4096, 0, info->kernel.base + info->kernel.bytes);
	window = info->kernel.base & ~((1ull << 30) - 1);
	if (base == ~0ull || base + bytes - window > LAYOUT_INITRD_NEAR) {
		return false;
	}
	info->initrd = layout_take(place, base, sizes->initrd);
	return true;
}

static uint64_t layout_vm_bytes(const struct layout_sizes *sizes)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < sizes->nr_vms; i++) {
		bytes += sizes->vm_memory[i];
	}
	return bytes;
}

static bool layout_place_vms(struct boot_info *info, struct ranges *place,
			     const struct layout_sizes *sizes)
{
	for (uint32_t i = 0; i < sizes->nr_vms; i++) {
		uint64_t base = ranges_place_high(place, sizes->vm_memory[i], LAYOUT_UNIT);

		if (base == ~0ull) {
			return false;
		}
		info->vms[i].memory = layout_take(place, base, sizes->vm_memory[i]);
	}
	return true;
}

int layout_make(struct boot_info *info, struct ranges *place, const struct layout_sizes *sizes,
		uint64_t span)
{
	uint64_t pool = sizes->rm_pool ? sizes->rm_pool : layout_pool_bytes(info);
	uint64_t hyp = layout_hyp_bytes(info, sizes->hyp_image, span);
	uint64_t rm =
		layout_round(layout_round(sizeof(*info), 4096) + layout_round(sizes->dtb, 4096) +
				     layout_round(sizes->rm_image, 4096) + pool,
			     LAYOUT_UNIT);
	uint64_t available = ranges_bytes(place);
	uint64_t hyp_at, rm_at = ~0ull;

	hyp_at = ranges_place_high(place, hyp, LAYOUT_UNIT);
	if (hyp_at != ~0ull) {
		info->hyp = layout_take(place, hyp_at, hyp);
		rm_at = ranges_place_high(place, rm, LAYOUT_UNIT);
	}
	if (rm_at != ~0ull) {
		info->rm = layout_take(place, rm_at, rm);
		layout_divide_rm(info, sizes);
		if (layout_place_vms(info, place, sizes) &&
		    layout_place_kernel(info, place, sizes) &&
		    layout_place_initrd(info, place, sizes)) {
			return 0;
		}
	}
	return loader_fail(
		"too little memory: %llu MiB are free; needed are %llu for the "
		"hypervisor, %llu for the resource manager (rm-pool=%lluM), %llu for the "
		"kernel, %llu for the initrd and %llu for static VMs, each in one piece",
		(unsigned long long)available >> 20, (unsigned long long)hyp >> 20,
		(unsigned long long)rm >> 20, (unsigned long long)(pool + 0xfffff) >> 20,
		(unsigned long long)(sizes->kernel.bytes + 0xfffff) >> 20,
		(unsigned long long)(sizes->initrd + 0xfffff) >> 20,
		(unsigned long long)layout_vm_bytes(sizes) >> 20);
}
