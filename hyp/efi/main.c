// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c: hyp.efi, from the firmware to the hypervisor's first instruction.
 *
 * Everything that can fail happens while the firmware is still there: a failure is one line on its
 * console, all memory goes back, and efi_main returns. Two lines are printed on the way; then the
 * firmware is left, caches are cleaned and the hypervisor is entered as <hyp/boot.h> says.
 */
#include "board.h"
#include "conf.h"
#include "enter.h"
#include "fail.h"
#include "firmware.h"
#include "image.h"
#include "layout.h"

#include <libfdt.h>
#include <string.h>

#define PSCI_VERSION 0x84000000u
#define DTB_SLACK    4096 /* for libfdt to bring an old layout into its own order */

/* What has been found so far; large, so not on the firmware's stack. */
static struct loader {
	struct conf conf;
	struct boot_info info;
	struct image_kernel vm_images[BOOT_MAX_VMS];
	struct ranges ram, place; /* what the host may have; where parts may be put */
	struct ranges usable, free, scratch;
	struct layout_sizes sizes;
	const void *dtb; /* as given; a packed copy goes into the RM's region */
	const char *dtb_name;
	void *packed_dtb;
	void *rm;
	uint64_t rm_bytes;
	struct firmware_file kernel, initrd, vms[BOOT_MAX_VMS];
} loader;

static int check_level(void)
{
	uint64_t level;

	__asm__("mrs %0, CurrentEL" : "=r"(level));
	if (level >> 2 != 2) {
		return loader_fail("started at EL%u, but the hypervisor needs EL2: the firmware "
				   "must leave EL2 free (QEMU: -machine virtualization=on)",
				   (unsigned int)(level >> 2));
	}
	return 0;
}

/* Beside hyp.efi, or in the root: a copy of hyp.efi at EFI/BOOT/BOOTAA64.EFI finds it, too. */
static int load_conf(void)
{
	static const char name[] = "hyp.conf";
	struct firmware_file file;
	void *text;

	if (firmware_open(&file, name, true) < 0) {
		firmware_use_root();
		if (loader_why()[0] || firmware_open(&file, name, true) < 0) {
			return loader_fail(
				"hyp.conf: no such file beside hyp.efi or in the root of "
				"its file system; it says what to boot");
		}
	}
	if (file.bytes > 1 << 20) {
		return loader_fail("hyp.conf: longer than 1 MiB");
	}
	if (firmware_alloc(file.bytes + 1, name, &text) < 0 ||
	    firmware_read(&file, 0, text, file.bytes) < 0) {
		return -1;
	}
	((char *)text)[file.bytes] = '\0';
	firmware_close(&file);
	return conf_parse(&loader.conf, text, file.bytes, name);
}

static int find_dtb(size_t *bytes)
{
	void *data;
	uint64_t length;
	bool has_acpi;

	if (loader.conf.dtb) {
		loader.dtb_name = loader.conf.dtb;
		if (firmware_load(loader.conf.dtb, &data, &length) < 0) {
			return -1;
		}
		loader.dtb = data;
		*bytes = length;
		return 0;
	}
	loader.dtb_name = "device tree from the firmware";
	loader.dtb = firmware_find_dtb(&has_acpi);
	if (!loader.dtb) {
		return loader_fail("no device tree: the firmware gives %s; name a file with dtb= "
				   "in hyp.conf%s",
				   has_acpi ? "only ACPI tables" : "none",
				   has_acpi ? " (QEMU: -machine acpi=off)" : "");
	}
	*bytes = fdt_magic(loader.dtb) == FDT_MAGIC ? fdt_totalsize(loader.dtb) : 64;
	return 0;
}

/* The device tree, checked, and a copy without the free space that firmware leaves in it. */
static int load_dtb(void)
{
	uint64_t mpidr;
	size_t bytes = 0;

	__asm__("mrs %0, mpidr_el1" : "=r"(mpidr));
	if (find_dtb(&bytes) < 0 || board_check(loader.dtb, bytes, loader.dtb_name) < 0 ||
	    firmware_alloc(bytes + DTB_SLACK, "the device tree", &loader.packed_dtb) < 0) {
		return -1;
	}
	if (fdt_open_into(loader.dtb, loader.packed_dtb, (int)(bytes + DTB_SLACK)) != 0 ||
	    fdt_pack(loader.packed_dtb) != 0) {
		return loader_fail("%s: damaged device tree: it cannot be copied", loader.dtb_name);
	}
	loader.dtb = loader.packed_dtb;
	loader.sizes.dtb = fdt_totalsize(loader.dtb);
	if (board_read(loader.dtb, mpidr & BOARD_MPIDR_MASK, loader.dtb_name, &loader.info) < 0) {
		return -1;
	}
	if (loader.info.psci == BOOT_PSCI_SMC) {
		loader.info.psci_version = (uint32_t)enter_smc(PSCI_VERSION);
	}
	return 0;
}

static int check_hyp_image(void)
{
	struct boot_image image;
	uint64_t bytes = (uint64_t)(enter_image_end - enter_image);

	memcpy(&image, enter_image, sizeof(image));
	if (bytes < sizeof(image) || image.magic != BOOT_IMAGE_MAGIC || image.image_bytes < bytes) {
		return loader_fail("the hypervisor inside hyp.efi is damaged; build it again");
	}
	loader.sizes.hyp_image = image.image_bytes;
	return 0;
}

static int open_kernel(const char *name, struct firmware_file *file, struct image_kernel *image)
{
	char head[IMAGE_KERNEL_HEAD];
	uint64_t part;

	if (firmware_open(file, name, false) < 0) {
		return -1;
	}
	part = file->bytes < sizeof(head) ? file->bytes : sizeof(head);
	return firmware_read(file, 0, head, part) < 0
		       ? -1
		       : image_check_kernel(head, file->bytes, name, image);
}

static int open_vm(uint32_t i)
{
	const struct conf_vm *vm = &loader.conf.vms[i];
	struct image_kernel *image = &loader.vm_images[i];

	if (open_kernel(vm->image, &loader.vms[i], image) < 0) {
		return -1;
	}
	if (image->text_offset + image->bytes > vm->memory) {
		return loader_fail("%s: needs %llu KiB, but vm '%s' has vm-memory=%lluM", vm->image,
				   (unsigned long long)(image->text_offset + image->bytes) >> 10,
				   vm->name, (unsigned long long)vm->memory >> 20);
	}
	loader.sizes.vm_memory[loader.sizes.nr_vms++] = vm->memory;
	return 0;
}

/* Opens kernel and initrd, whose places depend on their lengths, and loads the RM. */
static int open_images(void)
{
	if (check_hyp_image() < 0 ||
	    firmware_load(loader.conf.rm, &loader.rm, &loader.rm_bytes) < 0) {
		return -1;
	}
	loader.sizes.rm_image = image_check_elf(loader.rm, loader.rm_bytes, loader.conf.rm);
	if (!loader.sizes.rm_image ||
	    open_kernel(loader.conf.kernel, &loader.kernel, &loader.sizes.kernel) < 0) {
		return -1;
	}
	for (uint32_t i = 0; i < loader.conf.nr_vms; i++) {
		if (open_vm(i) < 0) {
			return -1;
		}
	}
	if (loader.conf.initrd) {
		if (firmware_open(&loader.initrd, loader.conf.initrd, false) < 0) {
			return -1;
		}
		if (loader.initrd.bytes == 0) {
			return loader_fail("%s: the file is empty", loader.conf.initrd);
		}
		loader.sizes.initrd = loader.initrd.bytes;
	}
	return 0;
}

/* Takes the memory of every part. */
static int place_parts(void)
{
	struct boot_info *info = &loader.info;
	uint64_t span;

	loader.sizes.rm_pool = loader.conf.rm_pool;
	if (board_read_memory(loader.dtb, loader.dtb_name, &loader.ram, &loader.place) < 0 ||
	    firmware_read_map(&loader.usable, &loader.free) < 0) {
		return -1;
	}
	ranges_intersect(&loader.ram, &loader.usable, &loader.scratch);
	ranges_intersect(&loader.place, &loader.free, &loader.scratch);
	span = layout_set_ram(info, &loader.ram);
	if (layout_make(info, &loader.place, &loader.sizes, span) < 0 ||
	    firmware_alloc_at(info->hyp.base, info->hyp.bytes, "the hypervisor") < 0 ||
	    firmware_alloc_at(info->rm.base, info->rm.bytes, "the resource manager") < 0 ||
	    firmware_alloc_at(info->kernel.base & ~4095ull,
			      info->kernel.bytes + (info->kernel.base & 4095), "the kernel") < 0) {
		return -1;
	}
	for (uint32_t i = 0; i < loader.conf.nr_vms; i++) {
		const struct boot_range *memory = &info->vms[i].memory;

		if (firmware_alloc_at(memory->base, memory->bytes, loader.conf.vms[i].name) < 0) {
			return -1;
		}
	}
	return info->initrd.bytes
		       ? firmware_alloc_at(info->initrd.base, info->initrd.bytes, "the initrd")
		       : 0;
}

static int fill_vm(uint32_t i)
{
	const struct conf_vm *conf = &loader.conf.vms[i];
	struct boot_vm *vm = &loader.info.vms[i];
	char *memory = (char *)vm->memory.base;

	memcpy(vm->name, conf->name, strlen(conf->name) + 1);
	vm->entry = loader.vm_images[i].text_offset;
	vm->nr_cpus = conf->nr_cpus;
	vm->priority = conf->priority;
	memset(memory, 0, vm->memory.bytes);
	if (firmware_read(&loader.vms[i], 0, memory + vm->entry, loader.vms[i].bytes) < 0) {
		return -1;
	}
	return image_check_kernel_whole(memory + vm->entry, loader.vms[i].bytes, conf->image);
}

static int fill_parts(void)
{
	struct boot_info *info = &loader.info;
	uint64_t image_bytes = (uint64_t)(enter_image_end - enter_image);
	char *kernel = (char *)info->kernel.base;

	memset((void *)info->hyp.base, 0, info->hyp.bytes);
	memcpy((void *)info->hyp.base, enter_image, image_bytes);
	memset((void *)info->rm.base, 0, info->rm.bytes);
	memcpy((void *)info->dtb.base, loader.dtb, info->dtb.bytes);
	image_load_elf(loader.rm, (void *)info->rm_image.base, info->rm_image.bytes);
	if (firmware_read(&loader.kernel, 0, kernel, loader.kernel.bytes) < 0 ||
	    image_check_kernel_whole(kernel, loader.kernel.bytes, loader.conf.kernel) < 0) {
		return -1;
	}
	memset(kernel + loader.kernel.bytes, 0, info->kernel.bytes - loader.kernel.bytes);
	for (; info->nr_vms < loader.conf.nr_vms; info->nr_vms++) {
		if (fill_vm(info->nr_vms) < 0) {
			return -1;
		}
	}
	return info->initrd.bytes ? firmware_read(&loader.initrd, 0, (void *)info->initrd.base,
						  info->initrd.bytes)
				  : 0;
}

static void say_summary(void)
{
	const struct boot_info *info = &loader.info;
	uint64_t ram = 0;

	for (uint32_t i = 0; i < info->nr_ram; i++) {
		ram += info->ram[i].bytes;
	}
	firmware_say(
		"%u core%s, %llu MiB of memory; hypervisor %llu KiB at 0x%llx, resource manager "
		"%llu KiB at 0x%llx",
		info->nr_cpus, info->nr_cpus == 1 ? "" : "s", (unsigned long long)ram >> 20,
		(unsigned long long)info->hyp.bytes >> 10, (unsigned long long)info->hyp.base,
		(unsigned long long)info->rm.bytes >> 10, (unsigned long long)info->rm.base);
	firmware_say("kernel '%s' %llu KiB at 0x%llx, initrd %llu KiB", loader.conf.kernel,
		     (unsigned long long)info->kernel.bytes >> 10,
		     (unsigned long long)info->kernel.base,
		     (unsigned long long)info->initrd.bytes >> 10);
	for (uint32_t i = 0; i < info->nr_vms; i++) {
		const struct boot_vm *vm = &info->vms[i];

		firmware_say("vm '%s' %llu MiB at 0x%llx, %u core%s", vm->name,
			     (unsigned long long)vm->memory.bytes >> 20,
			     (unsigned long long)vm->memory.base, vm->nr_cpus,
			     vm->nr_cpus == 1 ? "" : "s");
	}
}

static void fill_info(void)
{
	struct boot_info *info = &loader.info;
	const char *cmdline = loader.conf.cmdline ? loader.conf.cmdline : "";

	info->magic = BOOT_INFO_MAGIC;
	info->bytes = sizeof(*info);
	info->log_level = loader.conf.log_level;
	memcpy(info->cmdline, cmdline, strlen(cmdline) + 1);
}

/* The firmware is gone: nothing here may fail. */
static void __attribute__((noreturn)) enter(void)
{
	struct boot_info *info = &loader.info;

	__asm__ volatile("isb; mrs %0, cntpct_el0" : "=r"(info->entry_time));
	memcpy((void *)info->rm.base, info, sizeof(*info));
	enter_clean(info->hyp.base, info->hyp.bytes);
	enter_clean(info->rm.base, info->rm.bytes);
	enter_clean(info->kernel.base, info->kernel.bytes);
	enter_clean(info->initrd.base, info->initrd.bytes);
	for (uint32_t i = 0; i < info->nr_vms; i++) {
		enter_clean(info->vms[i].memory.base, info->vms[i].memory.bytes);
	}
	enter_clean((uint64_t)enter_hyp, (uint64_t)(enter_hyp_end - (const char *)enter_hyp));
	enter_hyp(info->hyp.base, info->rm.base);
}

static int boot(void)
{
	if (check_level() < 0 || load_conf() < 0 || load_dtb() < 0 || open_images() < 0 ||
	    place_parts() < 0 || fill_parts() < 0) {
		return -1;
	}
	fill_info();
	say_summary();
	if (loader.initrd.file) {
		firmware_close(&loader.initrd);
	}
	firmware_close(&loader.kernel);
	for (uint32_t i = 0; i < loader.conf.nr_vms; i++) {
		firmware_close(&loader.vms[i]);
	}
	if (firmware_leave(&loader.usable) < 0) {
		return -1;
	}
	/* Meanwhile the firmware may have kept more for its run-time services. */
	ranges_intersect(&loader.ram, &loader.usable, &loader.scratch);
	layout_set_ram(&loader.info, &loader.ram);
	enter();
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	firmware_init(image, table);
	boot();
	firmware_say("%s", loader_why());
	firmware_release();
	return EFI_LOAD_ERROR;
}
