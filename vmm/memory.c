// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory.c: guest physical memory as mappings of memfds. See memory.h for the rules.
 */
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int guest_memory_add(struct guest_memory *memory, uint64_t gpa, uint64_t size)
{
	struct guest_region *region = &memory->regions[memory->nr_regions];
	void *host;
	int fd, error;

	if (memory->nr_regions == GUEST_MEMORY_MAX_REGIONS) {
		return -ENOSPC;
	}
	fd = memfd_create("guest-memory", MFD_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	if (ftruncate(fd, (off_t)size) < 0) {
		goto fail;
	}
	host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (host == MAP_FAILED) {
		goto fail;
	}
	/* Advice only: without huge pages the guest is slower, not wrong. */
	madvise(host, size, MADV_HUGEPAGE);
	madvise(host, size, MADV_DONTDUMP);
	*region = (struct guest_region){.gpa = gpa, .size = size, .host = host, .fd = fd};
	memory->nr_regions++;
	return 0;
fail:
	error = -errno;
	close(fd);
	return error;
}

void guest_memory_release(struct guest_memory *memory)
{
	for (unsigned int i = 0; i < memory->nr_regions; i++) {
		munmap(memory->regions[i].host, memory->regions[i].size);
		close(memory->regions[i].fd);
	}
	memory->nr_regions = 0;
}

void *guest_memory_span(const struct guest_memory *memory, uint64_t gpa, uint64_t size)
{
	if (size == 0) {
		return NULL;
	}
	for (unsigned int i = 0; i < memory->nr_regions; i++) {
		const struct guest_region *region = &memory->regions[i];
		uint64_t offset = gpa - region->gpa;

		if (gpa >= region->gpa && offset < region->size && size <= region->size - offset) {
			return region->host + offset;
		}
	}
	return NULL;
}

bool guest_memory_read(const struct guest_memory *memory, uint64_t gpa, void *to, size_t size)
{
	const void *from = guest_memory_span(memory, gpa, size);

	if (!from) {
		return false;
	}
	memcpy(to, from, size);
	return true;
}

bool guest_memory_write(const struct guest_memory *memory, uint64_t gpa, const void *from,
			size_t size)
{
	void *to = guest_memory_span(memory, gpa, size);

	if (!to) {
		return false;
	}
	memcpy(to, from, size);
	guest_memory_note_written(memory, gpa, size);
	return true;
}

void guest_memory_note_written(const struct guest_memory *memory, uint64_t gpa, uint64_t size)
{
	if (memory->written) {
		memory->written(memory->written_context, gpa, size);
	}
}
