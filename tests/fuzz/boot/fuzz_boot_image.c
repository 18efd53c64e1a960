// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_boot_image.c: the loader's kernel and RM images from arbitrary bytes (libFuzzer).
 */
#include "fail.h"
#include "image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct image_kernel kernel;
	uint64_t length;

	loader_fail_clear();
	if (image_check_kernel(bytes, size, "Image", &kernel) == 0) {
		if (kernel.bytes < size) {
			abort(); /* the file would not fit where it is loaded */
		}
		image_check_kernel_whole(bytes, size, "Image");
	}
	length = image_check_elf(bytes, size, "rm.elf");
	if (length) {
		void *to = malloc(length);

		if (to) {
			image_load_elf(bytes, to, length);
		}
		free(to);
	}
	return 0;
}
