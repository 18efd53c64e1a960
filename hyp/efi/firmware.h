/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * firmware.h: the UEFI services the loader uses (UEFI 2.10, sections 7, 12.4, 13).
 *
 * Every page and every open file is remembered, so that one firmware_release() before the return to
 * the firmware gives all of it back, wherever the loader failed.
 */
#ifndef HYP_EFI_FIRMWARE_H
#define HYP_EFI_FIRMWARE_H

#include "ranges.h"

#include <efi.h>
#include <stddef.h>

/* Binds this file's functions to the firmware; call first. 0 or -1. */
int firmware_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

/* Prints a line with "hyp.efi: " before it. */
void firmware_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The device tree in the firmware's configuration table, or NULL; whether there is ACPI instead. */
const void *firmware_find_dtb(bool *has_acpi);

/*
 * Pages of memory (type EfiLoaderData): anywhere, or at @base. @what is for messages. 0 or -1.
 */
int firmware_alloc(uint64_t bytes, const char *what, void **memory);
int firmware_alloc_at(uint64_t base, uint64_t bytes, const char *what);

struct firmware_file {
	EFI_FILE_PROTOCOL *file;
	const char *name;
	uint64_t bytes;
};

/*
 * Opens a file on the volume hyp.efi was started from: beside it, or from the root when @name
 * begins with a slash. 0, or -1; with @optional a missing file leaves no message.
 */
int firmware_open(struct firmware_file *file, const char *name, bool optional);

/* From now on names are looked up in the root instead of beside hyp.efi. */
void firmware_use_root(void);

/* Reads @bytes from @offset; short is an error. 0 or -1. */
int firmware_read(const struct firmware_file *file, uint64_t offset, void *to, uint64_t bytes);
void firmware_close(struct firmware_file *file);

/* Opens, reads into new pages followed by a NUL, closes. 0 or -1. */
int firmware_load(const char *name, void **data, uint64_t *bytes);

/*
 * The firmware's memory map: @usable is memory nobody needs once the firmware has left, @free what
 * can be allocated now. 0 or -1.
 */
int firmware_read_map(struct ranges *usable, struct ranges *free);

/*
 * ExitBootServices. 0, and nothing of this header may be called any more; @usable as above, from
 * the last map. -1 when the firmware refuses.
 */
int firmware_leave(struct ranges *usable);

/* Frees all memory and closes all files. */
void firmware_release(void);

#endif
