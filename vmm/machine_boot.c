// SPDX-License-Identifier: BSD-3-Clause
/*
 * machine_boot.c: puts kernel, initrd and device tree into guest memory, and remembers where the
 * first vCPU starts.
 */
#include "machine_private.h"

#include "image.h"
#include "log.h"

#include <errno.h>
#include <string.h>

static int machine_read_kernel(struct machine *machine, struct file_bytes *kernel,
			       struct image_header *header)
{
	const char *path = machine->config->kernel;
	char error[FILE_ERROR_SIZE];
	int result = file_map(path, machine->backends->kernel_fd, kernel, error);

	result = result ?: file_gunzip(path, kernel, machine->config->mem_size, error);
	result = result ?: image_parse(path, kernel->bytes, kernel->size, header, error);
	if (result) {
		log_error("kernel: %s", error);
	}
	return result;
}

static int machine_read_initrd(struct machine *machine, struct file_bytes *initrd)
{
	const char *path = machine->config->initrd;
	char error[FILE_ERROR_SIZE];
	int result = path ? file_map(path, machine->backends->initrd_fd, initrd, error) : 0;

	if (result) {
		log_error("initrd: %s", error);
	} else if (path && !image_initrd_kind(initrd->bytes, initrd->size)) {
		log_warn("initrd: %s is neither a cpio archive nor compressed by a known program; "
			 "the kernel may refuse it",
			 path);
	}
	return result;
}

static int machine_copy(struct machine *machine, const char *what, uint64_t gpa, const void *bytes,
			size_t size)
{
	if (!guest_memory_write(&machine->memory, gpa, bytes, size)) {
		log_error("%s does not fit into guest memory", what);
		return -EINVAL;
	}
	return 0;
}

static int machine_place(struct machine *machine, const struct file_bytes *kernel,
			 const struct image_header *header, const struct file_bytes *initrd)
{
	struct machine_boot *boot = &machine->boot;
	struct image_layout layout;
	char error[FILE_ERROR_SIZE];
	int result = image_place(VIRT_RAM, machine->config->mem_size, header, initrd->size,
				 VIRT_FDT_MAX_SIZE, &layout, error);

	if (result) {
		log_error("--mem: %s", error);
		return result;
	}
	*boot = (struct machine_boot){layout.kernel, layout.fdt, layout.initrd, initrd->size};
	result = machine_build_fdt(machine);
	result = result
			 ?: machine_copy(machine, "the kernel", boot->entry, kernel->bytes,
					 kernel->size);
	if (initrd->size) {
		result = result
				 ?: machine_copy(machine, "the initrd", boot->initrd, initrd->bytes,
						 initrd->size);
	}
	return result
		       ?: machine_copy(machine, "the device tree", boot->fdt, machine->fdt,
				       machine->fdt_size);
}

int machine_load(struct machine *machine)
{
	struct file_bytes kernel = {0}, initrd = {0};
	struct image_header header;
	int result = machine_read_kernel(machine, &kernel, &header);

	result = result ?: machine_read_initrd(machine, &initrd);
	result = result ?: machine_place(machine, &kernel, &header, &initrd);
	if (kernel.bytes) {
		file_release(&kernel);
	}
	if (initrd.bytes) {
		file_release(&initrd);
	}
	return result;
}
