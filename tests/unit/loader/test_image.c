// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_image.c: kernels and ELF files, whole, cut off at every byte, and with random bytes changed.
 */
#include "fail.h"
#include "image.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ELF_BYTES 400

/* One header, two segments of 100 bytes at 0 and 0x1000. */
static void make_elf(unsigned char *file)
{
	Elf64_Ehdr head = {.e_ident = ELFMAG,
			   .e_type = ET_DYN,
			   .e_machine = EM_AARCH64,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 2};
	Elf64_Phdr segments[2] = {
		{.p_type = PT_LOAD, .p_offset = 200, .p_filesz = 100, .p_memsz = 100},
		{.p_type = PT_LOAD,
		 .p_offset = 300,
		 .p_vaddr = 0x1000,
		 .p_filesz = 100,
		 .p_memsz = 200},
	};

	memset(file, 0x5a, ELF_BYTES);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), segments, sizeof(segments));
}

/* An exact copy on the heap, so that ASan sees reads past its end. */
static uint64_t check_elf(const unsigned char *file, size_t bytes)
{
	unsigned char *copy = malloc(bytes ? bytes : 1);
	uint64_t length;

	memcpy(copy, file, bytes);
	loader_fail_clear();
	length = image_check_elf(copy, bytes, "rm.elf");
	if (length) {
		char *to = malloc(length);

		image_load_elf(copy, to, length);
		free(to);
	}
	free(copy);
	return length;
}

static void test_elf_loads(void **state)
{
	unsigned char file[ELF_BYTES], to[0x10c8];

	(void)state;
	make_elf(file);
	assert_int_equal(image_check_elf(file, sizeof(file), "rm.elf"), sizeof(to));
	memset(to, 0xff, sizeof(to));
	image_load_elf(file, to, sizeof(to));
	assert_memory_equal(to, file + 200, 100);
	assert_int_equal(to[100], 0);
	assert_memory_equal(to + 0x1000, file + 300, 100);
	assert_int_equal(to[sizeof(to) - 1], 0);
}

static void test_elf_cut_off(void **state)
{
	unsigned char file[ELF_BYTES];

	(void)state;
	make_elf(file);
	for (size_t bytes = 0; bytes < sizeof(file); bytes++) {
		assert_int_equal(check_elf(file, bytes), 0);
		assert_string_not_equal(loader_why(), "");
	}
}

static void test_elf_damaged(void **state)
{
	unsigned char file[ELF_BYTES];

	(void)state;
	srand(3);
	for (int i = 0; i < 20000; i++) {
		make_elf(file);
		for (int n = rand() % 4; n >= 0; n--) {
			file[(size_t)rand() % 180] = (unsigned char)rand();
		}
		check_elf(file, sizeof(file));
	}
}

static void make_kernel(unsigned char head[IMAGE_KERNEL_HEAD])
{
	uint64_t image_size = 0x20000;

	memset(head, 0, IMAGE_KERNEL_HEAD);
	memcpy(head + 16, &image_size, 8);
	memcpy(head + 56, "ARM\x64", 4);
}

static void expect_kernel(const unsigned char *head, uint64_t bytes, const char *line)
{
	struct image_kernel kernel;

	loader_fail_clear();
	assert_int_equal(image_check_kernel(head, bytes, "Image", &kernel), -1);
	assert_non_null(strstr(loader_why(), line));
}

static void test_kernel(void **state)
{
	unsigned char head[IMAGE_KERNEL_HEAD];
	struct image_kernel kernel;

	(void)state;
	make_kernel(head);
	head[10] = 8; /* text_offset 0x80000 */
	assert_int_equal(image_check_kernel(head, 0x10000, "Image", &kernel), 0);
	assert_int_equal(kernel.text_offset, 0x80000);
	assert_int_equal(kernel.bytes, 0x20000);
	expect_kernel(head, 63, "too short to be a kernel (63 bytes)");
	expect_kernel(head, 0x20001, "damaged: its header asks for 131072 bytes");
	head[24] = 1;
	expect_kernel(head, 0x10000, "big-endian");
	head[56] = 'a';
	expect_kernel(head, 0x10000, "not an arm64 kernel Image");
	memcpy(head, "MZ\0\0zimg", 8);
	expect_kernel(head, 0x10000, "zboot");
	memcpy(head, "\x1f\x8b", 2);
	expect_kernel(head, 0x10000, "compressed with gzip; unpack it");
}

static void test_kernel_sections(void **state)
{
	unsigned char file[256] = "MZ";
	uint32_t pe = 64, end = sizeof(file);

	(void)state;
	memcpy(file + 60, &pe, 4);
	memcpy(file + 64, "PE\0\0", 4);
	file[64 + 6] = 1; /* sections */
	memcpy(file + 64 + 24 + 16, &end, 4);
	loader_fail_clear();
	assert_int_equal(image_check_kernel_whole(file, sizeof(file), "Image"), 0);
	assert_int_equal(image_check_kernel_whole(file, sizeof(file) - 1, "Image"), -1);
	assert_string_equal(loader_why(), "Image: damaged: cut off after 255 of 256 bytes");
	srand(4);
	for (int i = 0; i < 5000; i++) {
		file[60 + (size_t)rand() % 40] = (unsigned char)rand();
		image_check_kernel_whole(file, sizeof(file), "Image");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf_loads),       cmocka_unit_test(test_elf_cut_off),
		cmocka_unit_test(test_elf_damaged),     cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
