// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_image.c: kernel images, good and damaged, gzip, and placement in memory.
 */
#include "cmocka_all.h"

#include "file.h"
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MIB 0x100000ULL

static char error[FILE_ERROR_SIZE];

/* A 4 KiB Image with a PE section table that claims @claims bytes of file. */
static void make_image(uint8_t image[4096], uint32_t claims)
{
	const uint64_t image_size = 0x20000, flags = 0xa;
	const uint32_t pe = 64, raw_size = claims - 1024, raw_offset = 1024;
	const uint16_t nr_sections = 1, optional = 16;

	memset(image, 0, 4096);
	memcpy(image, "MZ", 2);
	memcpy(image + 16, &image_size, 8);
	memcpy(image + 24, &flags, 8);
	memcpy(image + 56, "ARM\x64", 4);
	memcpy(image + 60, &pe, 4);
	memcpy(image + 64, "PE\0\0", 4);
	memcpy(image + 64 + 6, &nr_sections, 2);
	memcpy(image + 64 + 20, &optional, 2);
	memcpy(image + 64 + 24 + 16 + 16, &raw_size, 4);
	memcpy(image + 64 + 24 + 16 + 20, &raw_offset, 4);
}

static void test_parses_an_image(void **state)
{
	struct image_header header;
	uint8_t image[4096];

	(void)state;
	make_image(image, 4096);
	assert_int_equal(image_parse("Image", image, sizeof(image), &header, error), 0);
	assert_int_equal(header.text_offset, 0);
	assert_int_equal(header.memory_size, 0x20000);
}

static void expect_refusal(const uint8_t *image, size_t size, const char *says)
{
	struct image_header header;

	assert_int_equal(image_parse("Image", image, size, &header, error), -EINVAL);
	if (!strstr(error, says)) {
		fail_msg("'%s' lacks '%s'", error, says);
	}
}

static void test_says_what_is_wrong(void **state)
{
	const uint64_t big_endian = 1, odd_offset = 0x1234;
	uint8_t image[4096];

	(void)state;
	make_image(image, 5000);
	expect_refusal(image, sizeof(image),
		       "cut off: its header tells of 5000 bytes, it has 4096");
	make_image(image, 4096);
	memcpy(image + 24, &big_endian, 8);
	expect_refusal(image, sizeof(image), "big-endian");
	make_image(image, 4096);
	memcpy(image + 8, &odd_offset, 8);
	expect_refusal(image, sizeof(image), "damaged");
	expect_refusal(image, 63, "EFI application");
	memset(image, 0, sizeof(image));
	expect_refusal(image, sizeof(image), "not an arm64 Linux Image");
	memcpy(image,
	       "\x7f"
	       "ELF",
	       4);
	expect_refusal(image, sizeof(image), "ELF");
	memcpy(image, "070701", 6);
	expect_refusal(image, sizeof(image), "--initrd");
	expect_refusal(image, 3, "not an arm64 Linux Image");
}

static void test_truncated_pe_tables_are_harmless(void **state)
{
	struct image_header header;
	uint8_t image[4096];

	(void)state;
	make_image(image, 4096);
	for (size_t size = 64; size < 200; size++) {
		uint8_t *copy = malloc(size);

		memcpy(copy, image, size);
		image_parse("Image", copy, size, &header, error);
		free(copy);
	}
}

static void test_places_all_parts(void **state)
{
	const struct image_header header = {0, 40 * MIB};
	struct image_layout at;

	(void)state;
	assert_int_equal(
		image_place(0x40000000, 256 * MIB, &header, 30 * MIB + 5, 2 * MIB, &at, error), 0);
	assert_int_equal(at.kernel, 0x40000000);
	assert_int_equal(at.fdt, 0x40000000 + 254 * MIB);
	assert_true(at.initrd + 30 * MIB + 5 <= at.fdt);
	assert_int_equal(at.initrd % 4096, 0);
	/* With much memory everything stays in the first GiB. */
	assert_int_equal(image_place(0x40000000, 8192 * MIB, &header, MIB, 2 * MIB, &at, error), 0);
	assert_int_equal(at.fdt, 0x40000000 + 1022 * MIB);
}

static void test_says_how_much_memory_is_needed(void **state)
{
	const struct image_header header = {0, 40 * MIB};
	struct image_layout at;

	(void)state;
	assert_int_equal(image_place(0x40000000, 64 * MIB, &header, 30 * MIB, 2 * MIB, &at, error),
			 -EINVAL);
	assert_non_null(strstr(error, "72M are needed"));
}

static void test_knows_initrds(void **state)
{
	(void)state;
	assert_string_equal(image_initrd_kind((const uint8_t *)"\x1f\x8b\x08", 3), "gzip");
	assert_string_equal(image_initrd_kind((const uint8_t *)"070701000", 9), "cpio");
	assert_null(image_initrd_kind((const uint8_t *)"0707", 4));
	assert_null(image_initrd_kind((const uint8_t *)"hello", 5));
}

static char path[] = "/tmp/test_image.XXXXXX";

static void write_file(const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static size_t compress_zeros(uint8_t *out, size_t room, size_t size)
{
	z_stream stream = {0};
	uint8_t *zeros = calloc(1, size);

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = zeros;
	stream.avail_in = (uInt)size;
	stream.next_out = out;
	stream.avail_out = (uInt)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	free(zeros);
	return stream.total_out;
}

/* As a user would: opens, maps, and has no more use for the descriptor. */
static int open_and_map(const char *name, struct file_bytes *file)
{
	int fd = file_open(name, error);
	int result = fd < 0 ? fd : file_map(name, fd, file, error);

	if (fd >= 0) {
		close(fd);
	}
	return result;
}

static void expect_gunzip_failure(const uint8_t *bytes, size_t size, size_t limit, const char *says)
{
	struct file_bytes file;

	write_file(bytes, size);
	assert_int_equal(open_and_map(path, &file), 0);
	assert_int_equal(file_gunzip(path, &file, limit, error), -EINVAL);
	if (!strstr(error, says)) {
		fail_msg("'%s' lacks '%s'", error, says);
	}
	file_release(&file);
}

static void test_unpacks_gzip(void **state)
{
	uint8_t packed[4096];
	size_t size = compress_zeros(packed, sizeof(packed), MIB);
	struct file_bytes file;

	(void)state;
	write_file(packed, size);
	assert_int_equal(open_and_map(path, &file), 0);
	assert_int_equal(file_gunzip(path, &file, 64 * MIB, error), 0);
	assert_int_equal(file.size, MIB);
	file_release(&file);
	expect_gunzip_failure(packed, size - 20, 64 * MIB, "cut off");
	expect_gunzip_failure(packed, size, MIB / 2, "larger than the 0 MiB");
	packed[size - 6] ^= 1;
	expect_gunzip_failure(packed, size, 64 * MIB, "damaged");
}

static void test_file_errors(void **state)
{
	struct file_bytes file;

	(void)state;
	assert_int_equal(open_and_map("/nonexistent/Image", &file), -EINVAL);
	assert_non_null(strstr(error, "No such file"));
	assert_int_equal(open_and_map("/tmp", &file), -EINVAL);
	assert_non_null(strstr(error, "folder"));
	write_file("", 0);
	assert_int_equal(open_and_map(path, &file), -EINVAL);
	assert_non_null(strstr(error, "empty"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes to it: must not wait */
	assert_int_equal(open_and_map(path, &file), -EINVAL);
	assert_non_null(strstr(error, "pipe"));
	unlink(path);
}

/* A reset maps the file again, as large as it is then. */
static void test_file_changes(void **state)
{
	struct file_bytes file;
	int fd;

	(void)state;
	write_file("Image", 5);
	fd = file_open(path, error);
	assert_true(fd >= 0);
	assert_int_equal(truncate(path, 2), 0);
	assert_int_equal(file_map(path, fd, &file, error), 0);
	assert_int_equal(file.size, 2);
	file_release(&file);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(file_map(path, fd, &file, error), -EINVAL);
	assert_non_null(strstr(error, "empty"));
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses_an_image),
		cmocka_unit_test(test_says_what_is_wrong),
		cmocka_unit_test(test_truncated_pe_tables_are_harmless),
		cmocka_unit_test(test_places_all_parts),
		cmocka_unit_test(test_says_how_much_memory_is_needed),
		cmocka_unit_test(test_knows_initrds),
		cmocka_unit_test(test_unpacks_gzip),
		cmocka_unit_test(test_file_errors),
		cmocka_unit_test(test_file_changes),
	};
	int fd = mkstemp(path);
	int result = cmocka_run_group_tests(tests, NULL, NULL);

	close(fd);
	unlink(path);
	return result;
}
