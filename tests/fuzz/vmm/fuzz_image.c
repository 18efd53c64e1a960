// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_image.c: damaged kernels, gzip streams and initial RAM disks (libFuzzer).
 */
#include "file.h"
#include "image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct file_bytes file = {.bytes = malloc(size), .size = size};
	struct image_header header;
	struct image_layout layout;
	char error[FILE_ERROR_SIZE];

	if (size == 0 || !file.bytes) {
		free(file.bytes);
		return 0;
	}
	memcpy(file.bytes, bytes, size);
	image_initrd_kind(file.bytes, file.size);
	if (file_gunzip("fuzz", &file, 1u << 20, error) == 0 &&
	    image_parse("fuzz", file.bytes, file.size, &header, error) == 0 &&
	    image_place(0x40000000, 64u << 20, &header, size, 0x200000, &layout, error) == 0 &&
	    (layout.kernel + file.size > layout.initrd || layout.initrd + size > layout.fdt)) {
		abort(); /* placed on top of each other */
	}
	file_release(&file);
	return 0;
}
