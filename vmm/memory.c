// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory.c: guest physical memory as mappings of this process. See memory.h for the rules.
 */
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_HUGE_PAGE 0x200000ULL

/* Maps @size bytes whose address is a multiple of a huge page. NULL with errno set on failure. */
static uint8_t *guest_memory_map(uint64_t size, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
	uint8_t *map = mmap(NULL, size + MEMORY_HUGE_PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (map == MAP_FAILED) {
		return NULL;
	}
	before = -(uintptr_t)map % MEMORY_HUGE_PAGE;
	if (before) {
		munmap(map, before);
	}
	map += before;
	munmap(map + size, MEMORY_HUGE_PAGE - before);
	if (mmap(map, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED) {
		int error = errno;

		munmap(map, size);
		errno = error;
		return NULL;
	}
	return map;
}

int guest_memory_add(struct guest_memory *memory, uint64_t gpa, uint64_t size)
{
	return guest_memory_add_file(memory, gpa, size, -1);
}

int guest_memory_add_file(struct guest_memory *memory, uint64_t gpa, uint64_t size, int fd)
{
	struct guest_region *region = &memory->regions[memory->nr_regions];
	uint8_t *host;
	int result = -ENOSPC;

	if (memory->nr_regions == GUEST_MEMORY_MAX_REGIONS) {
		goto close;
	}
	host = guest_memory_map(size, fd);
	if (!host) {
		result = -errno;
		goto close;
	}
	/* Advice only: without huge pages the guest is slower, not wrong. */
	madvise(host, size, MADV_HUGEPAGE);
	madvise(host, size, MADV_DONTDUMP);
	*region = (struct guest_region){.gpa = gpa, .size = size, .host = host, .fd = fd};
	memory->nr_regions++;
	return 0;

close:
	if (fd >= 0) {
		close(fd);
	}
	return result;
}

void guest_memory_release(struct guest_memory *memory)
{
	for (unsigned int i = 0; i < memory->nr_regions; i++) {
		munmap(memory->regions[i].host, memory->regions[i].size);
		if (memory->regions[i].fd >= 0) {
			close(memory->regions[i].fd);
		}
	}
	memory->nr_regions = 0;
}

/* Bytes that this process has mapped. */
static uint64_t region_mapped(const struct guest_region *region)
{
	unsigned char pages[4096];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), part, nr = 0;

	for (uint64_t done = 0; done < region->size; done += part) {
		part = region->size - done;
		part = part < sizeof(pages) * page ? part : sizeof(pages) * page;
		if (mincore(region->host + done, part, pages)) {
			return 0;
		}
		for (uint64_t i = 0; i < part / page; i++) {
			nr += pages[i] & 1;
		}
	}
	return nr * page;
}

/* Bytes that the host holds. */
static uint64_t region_held(const struct guest_region *region)
{
	struct stat stat;

	if (region->fd < 0) {
		return region_mapped(region);
	}
	return fstat(region->fd, &stat) ? 0 : (uint64_t)stat.st_blocks * 512;
}

uint64_t guest_memory_resident(const struct guest_memory *memory)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < memory->nr_regions; i++) {
		sum += region_held(&memory->regions[i]);
	}
	return sum;
}

uint64_t guest_memory_unmapped(const struct guest_memory *memory)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < memory->nr_regions; i++) {
		uint64_t held = region_held(&memory->regions[i]);
		uint64_t mapped = region_mapped(&memory->regions[i]);

		sum += held > mapped ? held - mapped : 0;
	}
	return sum;
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
