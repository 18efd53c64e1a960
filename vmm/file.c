// SPDX-License-Identifier: BSD-3-Clause
/*
 * file.c: maps files and unpacks gzip (RFC 1952, by zlib). See file.h.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static int file_check(const char *path, int fd, struct stat *status, char *error)
{
	if (fstat(fd, status) < 0) {
		int result = -errno;

		snprintf(error, FILE_ERROR_SIZE, "%s: %s", path, strerror(-result));
		return result;
	}
	if (!S_ISREG(status->st_mode)) {
		snprintf(error, FILE_ERROR_SIZE, "%s is %s, not a regular file", path,
			 S_ISDIR(status->st_mode) ? "a folder" : "a device or pipe");
		return -EINVAL;
	}
	if (status->st_size == 0) {
		snprintf(error, FILE_ERROR_SIZE, "%s is empty", path);
		return -EINVAL;
	}
	return 0;
}

int file_open(const char *path, char error[FILE_ERROR_SIZE])
{
	/* Without waiting for the writer of a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int result;

	if (fd < 0) {
		result = -errno;
		snprintf(error, FILE_ERROR_SIZE, "cannot open %s: %s", path, strerror(-result));
		return result == -ENOMEM || result == -EMFILE ? result : -EINVAL;
	}
	result = file_check(path, fd, &status, error);
	if (result) {
		close(fd);
		return result;
	}
	return fd;
}

int file_map(const char *path, int fd, struct file_bytes *file, char error[FILE_ERROR_SIZE])
{
	struct stat status;
	int result = file_check(path, fd, &status, error);
	size_t size = (size_t)status.st_size;
	void *map;

	if (result) {
		return result;
	}
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		result = -errno;
		snprintf(error, FILE_ERROR_SIZE, "cannot map %s: %s", path, strerror(-result));
		return result;
	}
	*file = (struct file_bytes){map, size, size};
	return 0;
}

void file_release(struct file_bytes *file)
{
	if (file->map_size) {
		munmap(file->bytes, file->map_size);
	} else {
		free(file->bytes);
	}
	*file = (struct file_bytes){0};
}

/* Inflates into a growing buffer. Returns a zlib code; Z_BUF_ERROR when @limit is reached. */
static int file_inflate(z_stream *stream, struct file_bytes *out, size_t limit)
{
	size_t room = 0;
	int code = Z_OK;

	while (code == Z_OK) {
		if (out->size == room) {
			uint8_t *grown;

			if (room == limit) {
				return Z_BUF_ERROR;
			}
			room = room == 0 ? 32u << 20 : room * 2;
			room = room < limit ? room : limit;
			grown = realloc(out->bytes, room);
			if (!grown) {
				return Z_MEM_ERROR;
			}
			out->bytes = grown;
		}
		stream->next_out = out->bytes + out->size;
		stream->avail_out =
			(uInt)(room - out->size < 1u << 30 ? room - out->size : 1u << 30);
		code = inflate(stream, Z_NO_FLUSH);
		out->size = (size_t)(stream->next_out - out->bytes);
		if (code == Z_BUF_ERROR && stream->avail_in == 0) {
			return Z_STREAM_ERROR; /* the input ends early */
		}
	}
	return code;
}

static int file_explain_zlib(const char *path, int code, const z_stream *stream, size_t limit,
			     char *error)
{
	if (code == Z_MEM_ERROR) {
		snprintf(error, FILE_ERROR_SIZE, "%s: no memory to unpack it", path);
		return -ENOMEM;
	}
	if (code == Z_BUF_ERROR) {
		snprintf(error, FILE_ERROR_SIZE,
			 "%s: unpacked it is larger than the %zu MiB of guest memory", path,
			 limit >> 20);
	} else if (code == Z_STREAM_ERROR) {
		snprintf(error, FILE_ERROR_SIZE, "%s is cut off: the gzip data ends early", path);
	} else {
		snprintf(error, FILE_ERROR_SIZE, "%s is damaged: gzip: %s at byte %lu", path,
			 stream->msg ? stream->msg : "bad data", stream->total_in);
	}
	return -EINVAL;
}

int file_gunzip(const char *path, struct file_bytes *file, size_t limit,
		char error[FILE_ERROR_SIZE])
{
	struct file_bytes out = {0};
	z_stream stream = {0};
	int code;

	if (file->size < 18 || file->bytes[0] != 0x1f || file->bytes[1] != 0x8b) {
		return 0;
	}
	stream.next_in = file->bytes;
	stream.avail_in = (uInt)(file->size < UINT32_MAX ? file->size : UINT32_MAX);
	code = inflateInit2(&stream, 15 + 16); /* 16: gzip wrapping */
	if (code == Z_OK) {
		code = file_inflate(&stream, &out, limit);
	}
	if (code != Z_STREAM_END) {
		int result = file_explain_zlib(path, code, &stream, limit, error);

		inflateEnd(&stream);
		free(out.bytes);
		return result;
	}
	inflateEnd(&stream);
	file_release(file);
	*file = out;
	return 0;
}
