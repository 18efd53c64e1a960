// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_dtb.c: a board's device tree through the loader and the RM (libFuzzer): whatever passes the
 * loader's check must not hurt its readers, nor the RM's search for devices, nor its edits.
 */
#include "board.h"
#include "devices.h"
#include "fail.h"
#include "hostdt.h"
#include "layout.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 16384

static struct ranges ram, place, devices;
static struct boot_info info;

static void make_host_tree(const void *fdt, size_t size)
{
	struct hostdt host = {.boot = &info,
			      .memory = &ram,
			      .rm_rx_intid = 288,
			      .wake_intid = 289,
			      .gicr_bytes = 0x20000};
	const char *step;
	char *to = malloc(size + ROOM);

	if (to && hostdt_make(&host, fdt, to, size + ROOM, &step) == 0 &&
	    fdt_check_full(to, fdt_totalsize(to)) != 0) {
		abort(); /* a whole tree went in, a damaged one came out */
	}
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	void *fdt = malloc(size ? size : 1);

	if (!fdt) {
		return 0;
	}
	memcpy(fdt, bytes, size);
	memset(&info, 0, sizeof(info));
	loader_fail_clear();
	if (board_check(fdt, size, "x.dtb") == 0 && board_read(fdt, 0, "x.dtb", &info) == 0 &&
	    board_read_memory(fdt, "x.dtb", &ram, &place) == 0) {
		layout_set_ram(&info, &ram);
		devices_find(&devices, fdt, &info);
		make_host_tree(fdt, size);
	}
	free(fdt);
	return 0;
}
