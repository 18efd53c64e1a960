/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * file.h: whole files in memory: kernels and initial RAM disks.
 */
#ifndef VMM_FILE_H
#define VMM_FILE_H

#include <stddef.h>
#include <stdint.h>

#define FILE_ERROR_SIZE 512

/* The contents, read-only and private; map_size 0 means it came from malloc(). */
struct file_bytes {
	uint8_t *bytes;
	size_t size;
	size_t map_size;
};

/*
 * Opens @path for file_map(). Returns a descriptor, or a negative errno with a sentence in @error:
 * it does not exist, is a folder, is empty. -EINVAL is the user's, others the host's.
 */
int file_open(const char *path, char error[FILE_ERROR_SIZE]);

/* Maps @fd, which was opened from @path, as large as it is now; may be done again. Returns 0, or a
 * negative errno as file_open() does. */
int file_map(const char *path, int fd, struct file_bytes *file, char error[FILE_ERROR_SIZE]);
void file_release(struct file_bytes *file);

/*
 * If @file is gzip-compressed, replaces it by what is inside, at most @limit bytes. Returns 0 (also
 * when it is not compressed), or a negative errno with a sentence in @error; @file stays valid.
 */
int file_gunzip(const char *path, struct file_bytes *file, size_t limit,
		char error[FILE_ERROR_SIZE]);

#endif
