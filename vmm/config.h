/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config.h: a validated description of one VM. Made by options/run_options.c, constant afterwards.
 */
#ifndef VMM_CONFIG_H
#define VMM_CONFIG_H

#include "chardev/chardev.h"
#include "options/opt.h"

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_MAX_BLOCKS  16
#define CONFIG_MAX_SERIALS 8

struct accel_ops;

enum serial_hardware { SERIAL_PL011, SERIAL_VIRTIO_CONSOLE };

enum its_choice { ITS_IF_POSSIBLE, ITS_ON, ITS_OFF };

struct serial_config {
	struct chardev_config chardev;
	enum serial_hardware hardware;
	bool console; /* the guest kernel's console */
};

struct block_config {
	const char *path;
	const char *id; /* serial number the guest sees, at most 20 bytes; may be NULL */
	bool read_only;
	bool root; /* root=/dev/vdX is added to the command line */
};

struct vm_config {
	char *name;
	const char *kernel;
	const char *initrd;   /* may be NULL */
	char *params;         /* kernel command line, never NULL */
	const char *dump_dtb; /* write the device tree here and exit; may be NULL */
	const char *socket;   /* control socket; NULL: by name in the run directory */
	unsigned int nr_cpus;
	uint64_t mem_size;
	bool gicv2; /* else a GICv3 */
	enum its_choice its;
	bool virtio_pci; /* else virtio devices are behind MMIO */
	bool no_reboot;
	bool no_sandbox;

	const struct accel_ops *accel; /* NULL: auto */
	struct opt_values accel_options;

	struct block_config blocks[CONFIG_MAX_BLOCKS];
	unsigned int nr_blocks;
	struct serial_config serials[CONFIG_MAX_SERIALS];
	unsigned int nr_serials;

	/* Parsed options whose texts the pointers above lead into. */
	struct opt_values *parsed;
	unsigned int nr_parsed;
};

#endif
