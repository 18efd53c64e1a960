/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the loader hands to the hypervisor, and the hypervisor to the RM.
 *
 * The loader (hyp/efi/) reads hyp.conf and the device tree while the firmware is still there, so
 * that nothing at EL2 parses a file. It lays memory out as
 *
 *   hyp region   the hypervisor's image, then room for its own tables (frame table, stacks, ...)
 *   rm region    struct boot_info, a copy of the device tree, the RM's image, its pool
 *   kernel, initrd   where the host will run them
 *   vms[]        memory of static VMs, each with its image
 *
 * each 2 MiB aligned, and enters the hypervisor's first byte at EL2 with the MMU and data cache
 * off, everything cleaned to the point of coherency, interrupts masked and x0 = the physical
 * address of struct boot_info (inside the rm region, so that the RM finds it at the same IPA:
 * the RM's memory is mapped IPA = PA).
 */
#ifndef HYP_BOOT_H
#define HYP_BOOT_H

#define BOOT_INFO_MAGIC   0x31746f6f42707948ull /* "HypBoot1" */
#define BOOT_MAX_CPUS     64
#define BOOT_MAX_RAM      64
#define BOOT_MAX_REDISTS  16
#define BOOT_CMDLINE_SIZE 2048
#define BOOT_MAX_VMS      8
#define BOOT_NAME_BYTES   32 /* of a static VM, NUL included */

/* What a static VM sees: QEMU's virt board, as far as it goes. Priorities: the host has 32, and the
 * RM, which must get its turn, one more than the highest. */
#define BOOT_VM_RAM          0x40000000ull
#define BOOT_VM_GICD         0x08000000ull
#define BOOT_VM_GICR         0x080a0000ull
#define BOOT_VM_PRIORITY     32
#define BOOT_VM_MAX_PRIORITY 47

/* First bytes of the hypervisor's image (hyp.bin): a branch, then this. */
#define BOOT_IMAGE_MAGIC 0x676d4970u /* "pImg" */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Header at offset 0 of hyp.bin. */
struct boot_image {
	uint32_t code; /* branch to the entry point */
	uint32_t magic;
	uint64_t image_bytes; /* in memory, bss included */
};

struct boot_range {
	uint64_t base;
	uint64_t bytes;
};

/* A VM that hyp.conf names: runs beside the host, from its start on. */
struct boot_vm {
	char name[BOOT_NAME_BYTES];
	struct boot_range memory; /* 2 MiB aligned; the image lies in it, the rest is zero */
	uint64_t entry;           /* offset of the image's first instruction in memory */
	uint32_t nr_cpus;
	uint32_t priority;
};

enum boot_uart_kind { BOOT_UART_NONE, BOOT_UART_PL011, BOOT_UART_8250 };
enum boot_psci_conduit { BOOT_PSCI_NONE, BOOT_PSCI_SMC };

struct boot_info {
	uint64_t magic;
	uint64_t bytes;      /* of this structure */
	uint64_t entry_time; /* CNTPCT after ExitBootServices */

	struct boot_range hyp;      /* hyp region, all of it */
	struct boot_range rm;       /* rm region, all of it */
	struct boot_range rm_image; /* in rm: the RM's ELF segments, loaded; entry is its base */
	struct boot_range dtb;      /* in rm: the board's device tree as the firmware gave it */
	struct boot_range rm_pool;  /* in rm: its last part, free pages */
	struct boot_range kernel;   /* arm64 Image, loaded; bytes = image_size of its header */
	struct boot_range initrd;   /* bytes = 0: none */

	uint32_t nr_ram;
	uint32_t nr_cpus;
	uint32_t nr_redists;
	uint32_t log_level;                  /* 0 errors, 1 warnings, 2 information, 3 debug */
	struct boot_range ram[BOOT_MAX_RAM]; /* memory the host may have; hyp and rm included */
	uint64_t cpu_mpidr[BOOT_MAX_CPUS];   /* affinity fields; [0] is the boot core */
	struct boot_range gicd;
	struct boot_range gicr[BOOT_MAX_REDISTS];
	uint64_t gicr_stride; /* bytes from one redistributor to the next; 0: as GICR_TYPER says */

	uint32_t gic_maint_irq;  /* INTID of the maintenance PPI */
	uint32_t timer_virt_irq; /* INTIDs of the EL1 virtual, EL1 physical and EL2 timers */
	uint32_t timer_phys_irq;
	uint32_t timer_hyp_irq;
	uint32_t psci;         /* enum boot_psci_conduit */
	uint32_t psci_version; /* from PSCI_VERSION */
	uint32_t uart_kind;
	uint32_t uart_shift; /* 8250: register stride as a shift */
	struct boot_range uart;
	uint32_t nr_vms;
	struct boot_vm vms[BOOT_MAX_VMS];
	char cmdline[BOOT_CMDLINE_SIZE]; /* for the host's kernel; NUL-terminated */
};
#endif
#endif
