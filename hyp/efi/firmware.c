// SPDX-License-Identifier: BSD-3-Clause
/*
 * firmware.c: UEFI services; see firmware.h. gnu-efi gives the types and the start code only, its
 * library is not linked.
 */
#include "firmware.h"
#include "fail.h"

#include <stdarg.h>
#include <string.h>

#define FIRMWARE_MAX_ALLOCS 24
#define FIRMWARE_MAX_FILES  (4 + BOOT_MAX_VMS)
#define FIRMWARE_PATH_CHARS 256
#define FIRMWARE_MAP_BYTES  (64u << 10)
#define FIRMWARE_EXIT_TRIES 8

static struct {
	EFI_HANDLE image;
	EFI_SYSTEM_TABLE *table;
	EFI_BOOT_SERVICES *boot;
	EFI_FILE_PROTOCOL *root; /* of the volume; NULL: opened on first use */
	struct boot_range alloc[FIRMWARE_MAX_ALLOCS];
	unsigned int nr_allocs;
	EFI_FILE_PROTOCOL *open[FIRMWARE_MAX_FILES];
	CHAR16 folder[FIRMWARE_PATH_CHARS]; /* of hyp.efi, with a backslash at its end */
	uint64_t map[FIRMWARE_MAP_BYTES / 8];
} fw;

int firmware_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	fw.image = image;
	fw.table = table;
	fw.boot = table->BootServices;
	return 0;
}

void firmware_say(const char *format, ...)
{
	static const char prefix[] = "hyp.efi: ";
	char line[LOADER_LINE_BYTES];
	CHAR16 wide[sizeof(prefix) + LOADER_LINE_BYTES + 2];
	size_t at = 0;
	va_list args;

	va_start(args, format);
	loader_vformat(line, sizeof(line), format, args);
	va_end(args);
	for (const char *c = prefix; *c; c++) {
		wide[at++] = (CHAR16)*c;
	}
	for (const char *c = line; *c; c++) {
		wide[at++] =
			(unsigned char)*c < 0x7f && (unsigned char)*c >= ' ' ? (CHAR16)*c : '?';
	}
	wide[at++] = '\r';
	wide[at++] = '\n';
	wide[at] = 0;
	fw.table->ConOut->OutputString(fw.table->ConOut, wide);
}

/* What an EFI_STATUS means, for the few that users meet (UEFI 2.10, appendix D). */
static const char *firmware_error(EFI_STATUS status)
{
	switch (status) {
	case EFI_NOT_FOUND:
		return "no such file";
	case EFI_OUT_OF_RESOURCES:
		return "out of memory";
	case EFI_DEVICE_ERROR:
		return "the device reported an error";
	case EFI_VOLUME_CORRUPTED:
		return "the file system is damaged";
	case EFI_NO_MEDIA:
	case EFI_MEDIA_CHANGED:
		return "the medium is gone";
	case EFI_ACCESS_DENIED:
		return "access denied";
	default:
		return "the firmware reported an error";
	}
}

const void *firmware_find_dtb(bool *has_acpi)
{
	static const EFI_GUID dtb = EFI_DTB_TABLE_GUID, acpi = ACPI_20_TABLE_GUID;
	const void *found = NULL;

	*has_acpi = false;
	for (UINTN i = 0; i < fw.table->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *entry = &fw.table->ConfigurationTable[i];

		if (memcmp(&entry->VendorGuid, &dtb, sizeof(dtb)) == 0) {
			found = entry->VendorTable;
		} else if (memcmp(&entry->VendorGuid, &acpi, sizeof(acpi)) == 0) {
			*has_acpi = true;
		}
	}
	return found;
}

/* Memory */

static int firmware_allocate(EFI_ALLOCATE_TYPE type, uint64_t *base, uint64_t bytes,
			     const char *what)
{
	UINTN pages = (bytes + 4095) / 4096;
	EFI_PHYSICAL_ADDRESS address = *base;
	EFI_STATUS status;

	if (fw.nr_allocs == FIRMWARE_MAX_ALLOCS) {
		return loader_fail("%s: more parts than the loader keeps track of", what);
	}
	status = fw.boot->AllocatePages(type, EfiLoaderData, pages, &address);
	if (EFI_ERROR(status)) {
		return loader_fail("too little memory: no %llu KiB for %s",
				   (unsigned long long)bytes >> 10, what);
	}
	fw.alloc[fw.nr_allocs++] = (struct boot_range){address, pages * 4096};
	*base = address;
	return 0;
}

int firmware_alloc(uint64_t bytes, const char *what, void **memory)
{
	uint64_t base = 0;

	if (firmware_allocate(AllocateAnyPages, &base, bytes, what) < 0) {
		return -1;
	}
	*memory = (void *)base;
	return 0;
}

int firmware_alloc_at(uint64_t base, uint64_t bytes, const char *what)
{
	return firmware_allocate(AllocateAddress, &base, bytes, what);
}

static bool firmware_is_usable(UINT32 type)
{
	return type == EfiConventionalMemory || type == EfiLoaderCode || type == EfiLoaderData ||
	       type == EfiBootServicesCode || type == EfiBootServicesData;
}

static EFI_STATUS firmware_get_map(UINTN *bytes, UINTN *key, UINTN *step)
{
	UINT32 version;

	*bytes = sizeof(fw.map);
	return fw.boot->GetMemoryMap(bytes, (EFI_MEMORY_DESCRIPTOR *)fw.map, key, step, &version);
}

/* Any of the two sets may be NULL. */
static void firmware_sort_map(UINTN bytes, UINTN step, struct ranges *usable, struct ranges *free)
{
	for (UINTN at = 0; at + sizeof(EFI_MEMORY_DESCRIPTOR) <= bytes; at += step) {
		const EFI_MEMORY_DESCRIPTOR *d =
			(const EFI_MEMORY_DESCRIPTOR *)((const char *)fw.map + at);
		uint64_t length = d->NumberOfPages * 4096;

		if (usable && firmware_is_usable(d->Type)) {
			ranges_add(usable, d->PhysicalStart, length);
		}
		if (free && d->Type == EfiConventionalMemory) {
			ranges_add(free, d->PhysicalStart, length);
		}
	}
}

int firmware_read_map(struct ranges *usable, struct ranges *free)
{
	UINTN bytes, key, step;

	usable->nr = free->nr = 0;
	usable->overflow = free->overflow = false;
	if (EFI_ERROR(firmware_get_map(&bytes, &key, &step))) {
		return loader_fail("the firmware does not give its memory map");
	}
	firmware_sort_map(bytes, step, usable, free);
	return 0;
}

int firmware_leave(struct ranges *usable)
{
	UINTN bytes, key, step;
	EFI_STATUS status = EFI_LOAD_ERROR;

	/* The first call may run the firmware's own handlers, which change the map: try again. */
	for (int i = 0; i < FIRMWARE_EXIT_TRIES && EFI_ERROR(status); i++) {
		status = firmware_get_map(&bytes, &key, &step);
		if (!EFI_ERROR(status)) {
			status = fw.boot->ExitBootServices(fw.image, key);
		}
	}
	if (EFI_ERROR(status)) {
		return loader_fail("the firmware does not let go (ExitBootServices failed)");
	}
	usable->nr = 0;
	usable->overflow = false;
	firmware_sort_map(bytes, step, usable, NULL);
	return 0;
}

/* Files */

/* Appends an ASCII name as a path on a FAT volume. false: too long. */
static bool firmware_append_path(CHAR16 *path, size_t *at, const char *name)
{
	for (; *name; name++) {
		if (*at + 1 >= FIRMWARE_PATH_CHARS) {
			return false;
		}
		path[(*at)++] = *name == '/' ? '\\' : (CHAR16)(unsigned char)*name;
	}
	path[*at] = 0;
	return true;
}

/* The folder in the path that the firmware loaded hyp.efi by; "\" when it does not say. */
static void firmware_find_folder(const EFI_DEVICE_PATH *path)
{
	size_t at = 0, folder = 0;

	for (; path && !IsDevicePathEnd(path); path = NextDevicePathNode(path)) {
		size_t bytes = DevicePathNodeLength(path);
		const char *text = (const char *)path + sizeof(*path);

		if (bytes < sizeof(*path)) {
			break;
		}
		if (DevicePathType(path) != MEDIA_DEVICE_PATH ||
		    DevicePathSubType(path) != MEDIA_FILEPATH_DP) {
			continue;
		}
		for (size_t i = 0; i + 2 <= bytes - sizeof(*path); i += 2) {
			CHAR16 c;

			memcpy(&c, text + i, sizeof(c));
			if (!c || at + 2 >= FIRMWARE_PATH_CHARS) {
				break;
			}
			fw.folder[at++] = c == '/' ? '\\' : c;
			folder = c == '/' || c == '\\' ? at : folder;
		}
	}
	if (folder == 0) {
		fw.folder[folder++] = '\\';
	}
	fw.folder[folder] = 0;
}

static int firmware_open_volume(void)
{
	static EFI_GUID image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	static EFI_GUID volume_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_LOADED_IMAGE *self = NULL;
	EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume = NULL;
	EFI_STATUS status;

	status = fw.boot->HandleProtocol(fw.image, &image_guid, (void **)&self);
	if (!EFI_ERROR(status)) {
		status =
			fw.boot->HandleProtocol(self->DeviceHandle, &volume_guid, (void **)&volume);
	}
	if (!EFI_ERROR(status)) {
		status = volume->OpenVolume(volume, &fw.root);
	}
	if (EFI_ERROR(status)) {
		fw.root = NULL;
		return loader_fail("hyp.efi was not started from a file system, so there is no "
				   "hyp.conf; start it from the EFI system partition");
	}
	firmware_find_folder(self->FilePath);
	return 0;
}

void firmware_use_root(void)
{
	fw.folder[0] = '\\';
	fw.folder[1] = 0;
}

int firmware_open(struct firmware_file *file, const char *name, bool optional)
{
	CHAR16 path[FIRMWARE_PATH_CHARS];
	size_t at = 0, slot = 0;
	UINT64 end = 0;
	EFI_STATUS status;

	if (!fw.root && firmware_open_volume() < 0) {
		return -1;
	}
	while (slot < FIRMWARE_MAX_FILES && fw.open[slot]) {
		slot++;
	}
	if (slot == FIRMWARE_MAX_FILES) {
		return loader_fail("%s: too many open files", name);
	}
	if (name[0] != '/' && name[0] != '\\') {
		memcpy(path, fw.folder, sizeof(path));
		while (path[at]) {
			at++;
		}
	}
	if (!firmware_append_path(path, &at, name)) {
		return loader_fail("%s: the name is too long", name);
	}
	*file = (struct firmware_file){.name = name};
	status = fw.root->Open(fw.root, &file->file, path, EFI_FILE_MODE_READ, 0);
	if (EFI_ERROR(status)) {
		return optional && status == EFI_NOT_FOUND
			       ? -1
			       : loader_fail("%s: %s", name, firmware_error(status));
	}
	fw.open[slot] = file->file;
	status = file->file->SetPosition(file->file, ~0ull); /* to the end */
	if (!EFI_ERROR(status)) {
		status = file->file->GetPosition(file->file, &end);
	}
	if (EFI_ERROR(status)) {
		return loader_fail("%s: is a folder, not a file", name);
	}
	file->bytes = end;
	return 0;
}

int firmware_read(const struct firmware_file *file, uint64_t offset, void *to, uint64_t bytes)
{
	EFI_STATUS status = file->file->SetPosition(file->file, offset);
	UINTN done = bytes;

	if (!EFI_ERROR(status)) {
		status = file->file->Read(file->file, &done, to);
	}
	if (EFI_ERROR(status)) {
		return loader_fail("%s: %s", file->name, firmware_error(status));
	}
	if (done != bytes) {
		return loader_fail("%s: ends after %llu of %llu bytes", file->name,
				   (unsigned long long)(offset + done),
				   (unsigned long long)(offset + bytes));
	}
	return 0;
}

void firmware_close(struct firmware_file *file)
{
	for (size_t i = 0; i < FIRMWARE_MAX_FILES; i++) {
		if (fw.open[i] == file->file) {
			fw.open[i] = NULL;
		}
	}
	file->file->Close(file->file);
}

int firmware_load(const char *name, void **data, uint64_t *bytes)
{
	struct firmware_file file;

	if (firmware_open(&file, name, false) < 0) {
		return -1;
	}
	*bytes = file.bytes;
	if (firmware_alloc(file.bytes + 1, name, data) < 0 ||
	    firmware_read(&file, 0, *data, file.bytes) < 0) {
		return -1;
	}
	((char *)*data)[file.bytes] = '\0';
	firmware_close(&file);
	return 0;
}

void firmware_release(void)
{
	for (size_t i = 0; i < FIRMWARE_MAX_FILES; i++) {
		if (fw.open[i]) {
			fw.open[i]->Close(fw.open[i]);
			fw.open[i] = NULL;
		}
	}
	if (fw.root) {
		fw.root->Close(fw.root);
		fw.root = NULL;
	}
	while (fw.nr_allocs) {
		struct boot_range *r = &fw.alloc[--fw.nr_allocs];

		fw.boot->FreePages(r->base, r->bytes / 4096);
	}
}
