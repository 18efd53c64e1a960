/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.h: what the device tree says about the board, as struct boot_info.
 *
 * The hypervisor needs little: cores, GIC, timer and maintenance interrupts, PSCI, a console and
 * memory. Everything else is left to the RM and to the host. Nothing is assumed about a board: what
 * the device tree does not say makes the loader fail with a line that names the node.
 */
#ifndef HYP_EFI_BOARD_H
#define HYP_EFI_BOARD_H

#include "ranges.h"

#include <stddef.h>

/* MPIDR_EL1's affinity fields. */
#define BOARD_MPIDR_MASK 0xff00ffffffull

/*
 * Checks that @fdt (at most @bytes long, 8-byte aligned) is a whole device tree. @name is for
 * messages. 0 or -1.
 */
int board_check(const void *fdt, size_t bytes, const char *name);

/*
 * Fills in cores (the one with affinity @mpidr first), GIC, timer interrupts, PSCI conduit and
 * console. 0 or -1. @name is for messages.
 */
int board_read(const void *fdt, uint64_t mpidr, const char *name, struct boot_info *info);

/*
 * @ram: memory of the device tree that the host may use, so without "no-map" regions;
 * @place: the part of it where something may be loaded, so without any reserved region.
 * 0, or -1 when the device tree describes no memory.
 */
int board_read_memory(const void *fdt, const char *name, struct ranges *ram, struct ranges *place);

#endif
