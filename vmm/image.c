// SPDX-License-Identifier: BSD-3-Clause
/*
 * image.c: the arm64 Linux Image format. See image.h.
 *
 * The 64-byte header: code0 code1 text_offset image_size flags res2 res3 res4 magic "ARM\x64" res5
 * (the offset of a PE header when the kernel is also an EFI application). A truncated file cannot
 * be told from image_size, which counts bss, but the PE section table says which bytes the file
 * must have.
 */
#include "image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_HEADER_SIZE     64
#define IMAGE_MAGIC           0x644d5241u
#define IMAGE_FLAG_BIG_ENDIAN 1u
#define IMAGE_OLD_TEXT_OFFSET 0x80000u /* when image_size is 0: a kernel before v3.17 */
#define IMAGE_ALIGN           UINT64_C(0x200000)
#define IMAGE_GIB             UINT64_C(0x40000000)

static uint64_t image_le(const uint8_t *bytes, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = count; i-- > 0;) {
		value = value << 8 | bytes[i];
	}
	return value;
}

/* What a file that is no Image might be. */
static const char *image_guess(const uint8_t *bytes, size_t size)
{
	static const struct {
		const char *magic;
		size_t length, offset;
		const char *kind;
	} kinds[] = {
		{"zimg", 4, 4, "an EFI zboot image; give it the Image inside"},
		{"\x7f"
		 "ELF",
		 4, 0, "an ELF file; give it arch/arm64/boot/Image, not vmlinux"},
		{"\xfd"
		 "7zXZ",
		 5, 0, "xz-compressed; unpack it first"},
		{"\x28\xb5\x2f\xfd", 4, 0, "zstd-compressed; unpack it first"},
		{"\x02\x21\x4c\x18", 4, 0, "lz4-compressed; unpack it first"},
		{"BZh", 3, 0, "bzip2-compressed; unpack it first"},
		{"\x27\x05\x19\x56", 4, 0, "a U-Boot uImage; unpack it first"},
		{"\xd0\x0d\xfe\xed", 4, 0, "a device tree or FIT image"},
		{"HdrS", 4, 0x202, "a kernel for x86"},
		{"070701", 6, 0, "a cpio archive; did you mean --initrd?"},
		{"QFI\xfb", 4, 0, "a qcow2 disk; did you mean --block?"},
		{"MZ", 2, 0, "an EFI application without an arm64 Image header"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (size >= kinds[i].offset + kinds[i].length &&
		    memcmp(bytes + kinds[i].offset, kinds[i].magic, kinds[i].length) == 0) {
			return kinds[i].kind;
		}
	}
	return "not an arm64 Linux Image (its header lacks \"ARM\\x64\" at byte 56)";
}

/* Bytes the file must have according to its PE section table; 0 when there is none. */
static uint64_t image_pe_size(const uint8_t *bytes, size_t size)
{
	uint64_t pe = image_le(bytes + 60, 4), table, needed = 0;
	unsigned int nr_sections;

	if (memcmp(bytes, "MZ", 2) != 0 || pe > size || size - pe < 24 ||
	    memcmp(bytes + pe, "PE\0", 4) != 0) {
		return 0;
	}
	nr_sections = (unsigned int)image_le(bytes + pe + 6, 2);
	table = pe + 24 + image_le(bytes + pe + 20, 2);
	for (unsigned int i = 0; i < nr_sections && table + 40 <= size; i++, table += 40) {
		uint64_t end = image_le(bytes + table + 16, 4) + image_le(bytes + table + 20, 4);

		needed = end > needed ? end : needed;
	}
	return needed;
}

int image_parse(const char *path, const uint8_t *bytes, size_t size, struct image_header *header,
		char error[FILE_ERROR_SIZE])
{
	uint64_t needed;

	if (size < IMAGE_HEADER_SIZE || image_le(bytes + 56, 4) != IMAGE_MAGIC) {
		snprintf(error, FILE_ERROR_SIZE, "%s is %s", path, image_guess(bytes, size));
		return -EINVAL;
	}
	if (image_le(bytes + 24, 8) & IMAGE_FLAG_BIG_ENDIAN) {
		snprintf(error, FILE_ERROR_SIZE,
			 "%s is a big-endian kernel, which is not supported", path);
		return -EINVAL;
	}
	needed = image_pe_size(bytes, size);
	if (needed > size) {
		snprintf(error, FILE_ERROR_SIZE,
			 "%s is cut off: its header tells of %" PRIu64 " bytes, it has %zu", path,
			 needed, size);
		return -EINVAL;
	}
	header->text_offset = image_le(bytes + 8, 8);
	header->memory_size = image_le(bytes + 16, 8);
	if (header->memory_size == 0) {
		header->text_offset = IMAGE_OLD_TEXT_OFFSET;
	}
	if (header->memory_size < size) {
		header->memory_size = size;
	}
	if (header->text_offset >= IMAGE_ALIGN || header->text_offset % 4096 ||
	    header->memory_size > UINT64_C(1) << 40) {
		snprintf(error, FILE_ERROR_SIZE,
			 "%s is damaged: text offset 0x%" PRIx64 ", size 0x%" PRIx64
			 " make no sense",
			 path, header->text_offset, header->memory_size);
		return -EINVAL;
	}
	return 0;
}

/*
 * The kernel starts RAM. Device tree, then initrd below it, lie at the end of RAM or of the first
 * GiB of it, whichever comes first: within the 1 GiB aligned window around the kernel that old
 * kernels ask for, and where neither the kernel's own move (KASLR) nor its early allocations can
 * hurt them.
 */
int image_place(uint64_t ram, uint64_t ram_size, const struct image_header *header,
		uint64_t initrd_size, uint64_t fdt_size, struct image_layout *layout,
		char error[FILE_ERROR_SIZE])
{
	uint64_t window = ram_size < IMAGE_GIB ? ram_size : IMAGE_GIB;
	uint64_t kernel_end = header->text_offset + header->memory_size;
	uint64_t fdt_room = (fdt_size + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
	uint64_t initrd_room = (initrd_size + 4095) & ~UINT64_C(4095);
	uint64_t top = window & ~(IMAGE_ALIGN - 1);

	if (kernel_end > top || fdt_room > top - kernel_end ||
	    initrd_room > top - kernel_end - fdt_room) {
		uint64_t all = kernel_end + fdt_room + initrd_room;

		snprintf(error, FILE_ERROR_SIZE,
			 "kernel (%" PRIu64 " KiB in memory), initrd (%" PRIu64
			 " KiB) and device tree do not fit into %s %" PRIu64 " MiB; %" PRIu64
			 "M are needed just to load them",
			 kernel_end >> 10, initrd_size >> 10,
			 window < ram_size ? "the first" : "the guest's", window >> 20,
			 (all + IMAGE_ALIGN - 1) / IMAGE_ALIGN * 2);
		return -EINVAL;
	}
	layout->kernel = ram + header->text_offset;
	layout->fdt = ram + top - fdt_room;
	layout->initrd = layout->fdt - initrd_room;
	return 0;
}

const char *image_initrd_kind(const uint8_t *bytes, size_t size)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *kind;
	} kinds[] = {
		{"\x1f\x8b", 2, "gzip"},
		{"070701", 6, "cpio"},
		{"070702", 6, "cpio"},
		{"\xfd"
		 "7zXZ",
		 5, "xz"},
		{"\x28\xb5\x2f\xfd", 4, "zstd"},
		{"\x02\x21\x4c\x18", 4, "lz4"},
		{"\x5d\x00\x00", 3, "lzma"},
		{"BZh", 3, "bzip2"},
		{"\x89LZO", 4, "lzop"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (size >= kinds[i].length &&
		    memcmp(bytes, kinds[i].magic, kinds[i].length) == 0) {
			return kinds[i].kind;
		}
	}
	return NULL;
}
