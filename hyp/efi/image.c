// SPDX-License-Identifier: BSD-3-Clause
/*
 * image.c: arm64 kernel Images and the RM's ELF; see image.h.
 */
#include "image.h"
#include "fail.h"

#include <elf.h>
#include <string.h>

#define KERNEL_MAGIC      0x644d5241u /* "ARM\x64" */
#define KERNEL_BIG_ENDIAN (1u << 0)
#define KERNEL_MAX_BYTES  (1ull << 30)
#define ELF_MAX_BYTES     (64ull << 20)

struct kernel_head {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe_offset;
};

/* PE/COFF, as far as the place of the sections' data (PE format specification, sections 3 and 4).
 */
struct pe_file_header {
	uint32_t signature;
	uint16_t machine, nr_sections;
	uint32_t unused[3];
	uint16_t optional_bytes, characteristics;
};

struct pe_section {
	char name[8];
	uint32_t virtual_size, virtual_address, file_bytes, file_offset;
	uint32_t unused[4];
};

int image_check_kernel(const void *file, uint64_t bytes, const char *name,
		       struct image_kernel *kernel)
{
	const uint8_t *byte = file;
	struct kernel_head head;

	if (bytes < sizeof(head)) {
		return loader_fail("%s: too short to be a kernel (%llu bytes)", name,
				   (unsigned long long)bytes);
	}
	memcpy(&head, file, sizeof(head));
	if (byte[0] == 0x1f && byte[1] == 0x8b) {
		return loader_fail("%s: compressed with gzip; unpack it: zcat vmlinuz > Image",
				   name);
	}
	if (memcmp(byte, "MZ", 2) == 0 && memcmp(byte + 4, "zimg", 4) == 0) {
		return loader_fail("%s: a self-unpacking EFI kernel (zboot); use the Image it was "
				   "made from (arch/arm64/boot/Image)",
				   name);
	}
	if (head.magic != KERNEL_MAGIC) {
		return loader_fail("%s: damaged, or not an arm64 kernel Image (no 'ARM\\x64' at "
				   "byte 56)",
				   name);
	}
	if (head.flags & KERNEL_BIG_ENDIAN) {
		return loader_fail("%s: a big-endian kernel; a little-endian one is needed", name);
	}
	if (head.image_size < bytes || head.image_size > KERNEL_MAX_BYTES ||
	    head.text_offset >= 2 << 20) {
		return loader_fail("%s: damaged: its header asks for %llu bytes at offset 0x%llx",
				   name, (unsigned long long)head.image_size,
				   (unsigned long long)head.text_offset);
	}
	*kernel = (struct image_kernel){head.text_offset, head.image_size};
	return 0;
}

int image_check_kernel_whole(const void *file, uint64_t bytes, const char *name)
{
	const uint8_t *base = file;
	struct kernel_head head;
	struct pe_file_header pe;
	struct pe_section section;
	uint64_t at;

	memcpy(&head, file, sizeof(head));
	if (memcmp(base, "MZ", 2) != 0 || head.pe_offset + sizeof(pe) > bytes) {
		return 0;
	}
	memcpy(&pe, base + head.pe_offset, sizeof(pe));
	at = head.pe_offset + sizeof(pe) + pe.optional_bytes;
	for (uint32_t i = 0; i < pe.nr_sections; i++, at += sizeof(section)) {
		uint64_t end = 0;

		if (at + sizeof(section) <= bytes) {
			memcpy(&section, base + at, sizeof(section));
			end = (uint64_t)section.file_offset + section.file_bytes;
		}
		if (end == 0 || end > bytes) {
			return loader_fail("%s: damaged: cut off after %llu of %llu bytes", name,
					   (unsigned long long)bytes, (unsigned long long)end);
		}
	}
	return 0;
}

/* Program header @i; the caller made sure that it lies in the file. */
static Elf64_Phdr image_segment(const void *file, const Elf64_Ehdr *head, unsigned int i)
{
	Elf64_Phdr segment;

	memcpy(&segment, (const char *)file + head->e_phoff + i * sizeof(segment), sizeof(segment));
	return segment;
}

static int image_check_elf_head(const Elf64_Ehdr *head, uint64_t bytes, const char *name)
{
	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
		return loader_fail("%s: damaged, or not an ELF file (no '\\x7fELF' at its start)",
				   name);
	}
	if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != ELFDATA2LSB ||
	    head->e_machine != EM_AARCH64) {
		return loader_fail("%s: not an ELF file for 64-bit little-endian Arm", name);
	}
	if (head->e_type != ET_DYN) {
		return loader_fail("%s: not position independent (link it with -pie)", name);
	}
	if (head->e_phentsize != sizeof(Elf64_Phdr) || head->e_phoff > bytes ||
	    head->e_phnum > (bytes - head->e_phoff) / sizeof(Elf64_Phdr)) {
		return loader_fail("%s: damaged: its program headers lie outside the file", name);
	}
	return 0;
}

uint64_t image_check_elf(const void *file, uint64_t bytes, const char *name)
{
	uint64_t first = ~0ull, end = 0;
	Elf64_Ehdr head;

	if (bytes < sizeof(head)) {
		loader_fail("%s: too short to be an ELF file (%llu bytes)", name,
			    (unsigned long long)bytes);
		return 0;
	}
	memcpy(&head, file, sizeof(head));
	if (image_check_elf_head(&head, bytes, name) < 0) {
		return 0;
	}
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr p = image_segment(file, &head, i);

		if (p.p_type != PT_LOAD) {
			continue;
		}
		if (p.p_offset > bytes || p.p_filesz > bytes - p.p_offset) {
			loader_fail("%s: damaged: cut off after %llu bytes", name,
				    (unsigned long long)bytes);
			return 0;
		}
		if (p.p_filesz > p.p_memsz || p.p_vaddr > ELF_MAX_BYTES ||
		    p.p_memsz > ELF_MAX_BYTES) {
			loader_fail("%s: damaged: segment %u has impossible sizes", name, i);
			return 0;
		}
		first = p.p_vaddr < first ? p.p_vaddr : first;
		end = p.p_vaddr + p.p_memsz > end ? p.p_vaddr + p.p_memsz : end;
	}
	if (first != 0 || head.e_entry != 0 || end == 0) {
		loader_fail("%s: must be linked to address 0 and start there", name);
		return 0;
	}
	return end;
}

void image_load_elf(const void *file, void *to, uint64_t bytes)
{
	Elf64_Ehdr head;

	memcpy(&head, file, sizeof(head));
	memset(to, 0, bytes);
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr p = image_segment(file, &head, i);

		if (p.p_type == PT_LOAD) {
			memcpy((char *)to + p.p_vaddr, (const char *)file + p.p_offset, p.p_filesz);
		}
	}
}
