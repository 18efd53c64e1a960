/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf.h: hyp.conf, plain "key=value" lines.
 *
 *   rm=rm.elf             the resource manager                              (required)
 *   kernel=Image          the host's Linux, an uncompressed arm64 Image     (required)
 *   initrd=initrd         its initial RAM file system
 *   cmdline=console=...   its command line; everything after the first '='
 *   dtb=board.dtb         device tree to use instead of the firmware's
 *   rm-pool=24M           memory the RM keeps for the tables of VMs; K, M or G
 *   log=info              error, warning, info or debug
 *
 *   vm=rtos               a static VM, up to 8; the vm- keys behind it say more of it
 *   vm-image=rtos.bin     its arm64 Image                                   (required)
 *   vm-memory=16M         its memory, in steps of 2M
 *   vm-cpus=1
 *   vm-priority=32        0 to 47; the host has 32
 *
 * Blank lines and lines that begin with '#' are skipped. A file name is looked up beside hyp.conf
 * unless it begins with '/' or '\'.
 */
#ifndef HYP_EFI_CONF_H
#define HYP_EFI_CONF_H

#include <hyp/boot.h>
#include <stddef.h>

struct conf {
	const char *rm, *kernel, *initrd, *cmdline, *dtb; /* NULL: not given */
	uint64_t rm_pool;                                 /* bytes; 0: not given */
	uint32_t log_level;                               /* as in struct boot_info */
	uint32_t nr_vms;
	struct conf_vm {
		const char *name, *image;
		uint64_t memory; /* bytes */
		uint32_t nr_cpus, priority;
	} vms[BOOT_MAX_VMS];
};

/*
 * Parses @text (@bytes long and followed by a NUL; changed, and @conf points into it). @name is for
 * messages. 0, or -1 with loader_why() naming the line.
 */
int conf_parse(struct conf *conf, char *text, size_t bytes, const char *name);

#endif
