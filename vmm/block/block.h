/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * block.h: storage behind a block device, apart from any device.
 *
 * Offsets and lengths are bytes inside [0, size); the caller has checked them. Calls may block and
 * may come from several threads. A backend outlives machines.
 */
#ifndef VMM_BLOCK_BLOCK_H
#define VMM_BLOCK_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define BLOCK_SECTOR 512u

struct block_backend {
	uint64_t size; /* bytes, a multiple of BLOCK_SECTOR */
	bool read_only;
	bool can_discard;
	int fd;
};

/*
 * Opens a raw image file or block device. Returns 0, or a negative errno after logging what is
 * wrong with it: -EINVAL for everything the user can mend.
 */
int block_open(const char *path, bool read_only, struct block_backend **out);
/* NULL is allowed. */
void block_close(struct block_backend *block);

/* All return 0 or a negative errno, and transfer everything or fail. @iov is used up. */
int block_read(struct block_backend *block, uint64_t offset, struct iovec *iov, int nr_iov);
int block_write(struct block_backend *block, uint64_t offset, struct iovec *iov, int nr_iov);
/* What was written is on stable storage. */
int block_flush(struct block_backend *block);
/* The contents of the range no longer matter. */
int block_discard(struct block_backend *block, uint64_t offset, uint64_t size);
/* The range reads as zeros; with @unmap its space may be given back. */
int block_write_zeroes(struct block_backend *block, uint64_t offset, uint64_t size, bool unmap);

#endif
