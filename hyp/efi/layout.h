/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * layout.h: where the parts go in memory (docs/boot.md has the picture).
 *
 * The hypervisor's and the RM's regions, and the memory of static VMs, lie as high as possible, so
 * that what is left to the host is one piece with its DMA-able low memory; kernel and initrd lie
 * low, as arm64's boot protocol likes it.
 */
#ifndef HYP_EFI_LAYOUT_H
#define HYP_EFI_LAYOUT_H

#include "image.h"
#include "ranges.h"

#define LAYOUT_UNIT (2ull << 20)

struct layout_sizes {
	uint64_t hyp_image; /* bytes in memory of hyp.bin */
	uint64_t rm_image;  /* bytes in memory of the RM's segments */
	uint64_t dtb;
	uint64_t rm_pool; /* 0: the default, 3/1024 of RAM + 2 MiB */
	struct image_kernel kernel;
	uint64_t initrd; /* 0: none */
	uint32_t nr_vms;
	uint64_t vm_memory[BOOT_MAX_VMS]; /* multiples of LAYOUT_UNIT */
};

/*
 * Copies @ram to info->ram (the largest BOOT_MAX_RAM ranges) and returns the address span from the
 * lowest to the highest byte, which the hypervisor's frame table must cover.
 */
uint64_t layout_set_ram(struct boot_info *info, const struct ranges *ram);

/*
 * Chooses the place of every part inside @place, which loses what is taken, and fills info->hyp, rm
 * and what is in them, the static VMs' memory, kernel and initrd. Needs info->nr_cpus and
 * info->ram. 0, or -1.
 */
int layout_make(struct boot_info *info, struct ranges *place, const struct layout_sizes *sizes,
		uint64_t span);

#endif
