/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image.h: the arm64 Linux Image format and where its parts may lie
 * (Documentation/arch/arm64/booting.rst).
 *
 * Pure functions over bytes and numbers; machine_boot.c does the copying.
 */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include "file.h"

#include <stddef.h>
#include <stdint.h>

struct image_header {
	uint64_t text_offset; /* from a 2 MiB aligned base */
	uint64_t memory_size; /* bytes it needs from there on, with its bss */
};

/*
 * Checks that @bytes is an uncompressed little-endian arm64 Image that is complete. Returns 0, or
 * -EINVAL with a sentence in @error that says what the file is instead, or what is wrong with it.
 */
int image_parse(const char *path, const uint8_t *bytes, size_t size, struct image_header *header,
		char error[FILE_ERROR_SIZE]);

struct image_layout {
	uint64_t kernel, initrd, fdt; /* guest physical addresses */
};

/*
 * Places kernel, initrd (@initrd_size may be 0) and device tree in RAM. Returns 0, or -EINVAL with
 * a sentence in
 * @error that says how much memory is needed.
 */
int image_place(uint64_t ram, uint64_t ram_size, const struct image_header *header,
		uint64_t initrd_size, uint64_t fdt_size, struct image_layout *layout,
		char error[FILE_ERROR_SIZE]);

/* What kind of initial RAM disk this is ("gzip", "cpio", ...), or NULL if it looks like none. */
const char *image_initrd_kind(const uint8_t *bytes, size_t size);

#endif
