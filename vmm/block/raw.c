// SPDX-License-Identifier: BSD-3-Clause
/*
 * raw.c: raw images in files and on block devices. See block.h.
 */
#include "block/block.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Formats that a raw disk would be corrupted by being taken for. */
static const char *raw_other_format(int fd)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *name;
	} formats[] = {
		{"QFI\xfb", 4, "qcow2"},
		{"vhdxfile", 8, "vhdx"},
		{"KDMV", 4, "vmdk"},
		{"conectix", 8, "vpc"},
	};
	char head[8];

	if (pread(fd, head, sizeof(head), 0) != sizeof(head)) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (memcmp(head, formats[i].magic, formats[i].length) == 0) {
			return formats[i].name;
		}
	}
	return NULL;
}

static int raw_find_size(const char *path, int fd, uint64_t *size)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		return -errno;
	}
	if (S_ISBLK(status.st_mode)) {
		return ioctl(fd, BLKGETSIZE64, size) < 0 ? -errno : 0;
	}
	if (!S_ISREG(status.st_mode)) {
		log_error("--block: %s is neither a file nor a block device", path);
		return -EINVAL;
	}
	*size = (uint64_t)status.st_size;
	return 0;
}

static int raw_check(const char *path, int fd, bool read_only, uint64_t *size)
{
	const char *format = raw_other_format(fd);
	int result = raw_find_size(path, fd, size);

	if (result) {
		return result;
	}
	if (format) {
		log_error("--block: %s is a %s image; only raw images are supported (`qemu-img "
			  "convert -O raw` makes one)",
			  path, format);
		return -EINVAL;
	}
	if (*size < BLOCK_SECTOR || *size % BLOCK_SECTOR) {
		log_error("--block: %s has %" PRIu64 " bytes; a disk has a multiple of %u", path,
			  *size, BLOCK_SECTOR);
		return -EINVAL;
	}
	/* Two writers, or a reader beside a writer, would damage what they see. */
	if (flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		log_error("--block: %s is in use by another VM", path);
		return -EINVAL;
	}
	return 0;
}

int block_open(const char *path, bool read_only, struct block_backend **out)
{
	/* Without waiting for the writer of a pipe; disks do not care. */
	int fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	struct block_backend *block;
	uint64_t size;
	int result;

	if (fd < 0) {
		result = -errno;
		log_error("--block: cannot open %s: %s%s", path, strerror(-result),
			  result != -EISDIR && !read_only && access(path, R_OK) == 0
				  ? " (with ro it could be read)"
				  : "");
		return -EINVAL;
	}
	result = raw_check(path, fd, read_only, &size);
	block = result ? NULL : malloc(sizeof(*block));
	if (!block) {
		close(fd);
		return result ?: -ENOMEM;
	}
	*block = (struct block_backend){
		.size = size, .read_only = read_only, .can_discard = !read_only, .fd = fd};
	*out = block;
	return 0;
}

void block_close(struct block_backend *block)
{
	if (block) {
		close(block->fd);
		free(block);
	}
}

/* Drops the first @done bytes from @iov. */
static void raw_advance(struct iovec **iov, int *nr_iov, size_t done)
{
	while (*nr_iov && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*nr_iov)--;
	}
	if (*nr_iov) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

static int raw_transfer(struct block_backend *block, uint64_t offset, struct iovec *iov, int nr_iov,
			bool write)
{
	while (nr_iov) {
		ssize_t done = write ? pwritev(block->fd, iov, nr_iov, (off_t)offset)
				     : preadv(block->fd, iov, nr_iov, (off_t)offset);

		if (done == 0) {
			return -EIO; /* the file has become shorter */
		}
		if (done < 0 && errno != EINTR) {
			return -errno;
		}
		if (done > 0) {
			offset += (uint64_t)done;
			raw_advance(&iov, &nr_iov, (size_t)done);
		}
	}
	return 0;
}

int block_read(struct block_backend *block, uint64_t offset, struct iovec *iov, int nr_iov)
{
	return raw_transfer(block, offset, iov, nr_iov, false);
}

int block_write(struct block_backend *block, uint64_t offset, struct iovec *iov, int nr_iov)
{
	return raw_transfer(block, offset, iov, nr_iov, true);
}

int block_flush(struct block_backend *block)
{
	return fdatasync(block->fd) < 0 ? -errno : 0;
}

int block_discard(struct block_backend *block, uint64_t offset, uint64_t size)
{
	if (fallocate(block->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
		      (off_t)size) == 0 ||
	    errno == EOPNOTSUPP) {
		return 0; /* a hint: nothing has to happen */
	}
	return -errno;
}

static int raw_write_zero_bytes(struct block_backend *block, uint64_t offset, uint64_t size)
{
	static const uint8_t zeros[65536];
	int result = 0;

	while (size && result == 0) {
		size_t part = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
		struct iovec iov = {.iov_base = (void *)zeros, .iov_len = part};

		result = block_write(block, offset, &iov, 1);
		offset += part;
		size -= part;
	}
	return result;
}

int block_write_zeroes(struct block_backend *block, uint64_t offset, uint64_t size, bool unmap)
{
	int mode = FALLOC_FL_KEEP_SIZE | (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);

	if (fallocate(block->fd, mode, (off_t)offset, (off_t)size) == 0) {
		return 0;
	}
	return errno == EOPNOTSUPP ? raw_write_zero_bytes(block, offset, size) : -errno;
}
