/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image.h: checks of the three images the loader starts from: hypervisor, RM and kernel.
 *
 * All of them come from files, so nothing in their headers is believed before it was compared with
 * the file's length. No allocation here; unit tests feed damaged images.
 */
#ifndef HYP_EFI_IMAGE_H
#define HYP_EFI_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_KERNEL_HEAD 64 /* bytes of a kernel that image_check_kernel wants to see */

struct image_kernel {
	uint64_t text_offset; /* where it wants to be, from a multiple of 2 MiB */
	uint64_t bytes;       /* it needs in memory, from there */
};

/*
 * @head: the first IMAGE_KERNEL_HEAD bytes of the file, @bytes the length of all of it.
 * Linux: Documentation/arm64/booting.rst, section 4. 0 or -1.
 */
int image_check_kernel(const void *head, uint64_t bytes, const char *name,
		       struct image_kernel *kernel);

/* The whole file, loaded: were its sections cut off? Only kernels with an EFI stub can tell. 0 or
 * -1. */
int image_check_kernel_whole(const void *file, uint64_t bytes, const char *name);

/*
 * An ELF64 for AArch64, position independent, entered at its first byte: the length of its segments
 * in memory, or 0 when it is not (loader_why()).
 */
uint64_t image_check_elf(const void *file, uint64_t bytes, const char *name);

/* Copies the segments to @to, which has the room image_check_elf() asked for, and clears the rest.
 */
void image_load_elf(const void *file, void *to, uint64_t bytes);

#endif
