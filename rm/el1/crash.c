// SPDX-License-Identifier: BSD-3-Clause
/*
 * crash.c: the end of the RM, expected by nobody. One line goes to the log, with calls only: no
 * memory of the RM's is trusted any more. The hypervisor and all VMs go on; what needs the RM
 * (making and destroying VMs) no longer works.
 */
#include "el1.h"

#include <hyp/stubs.h>

extern const char image_start[];

struct crash_line {
	char text[160];
	uint32_t used;
};

static void crash_add(struct crash_line *line, const char *text)
{
	while (*text && line->used < sizeof(line->text)) {
		line->text[line->used++] = *text++;
	}
}

static void crash_add_hex(struct crash_line *line, const char *name, uint64_t value)
{
	char digits[20];
	uint32_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	crash_add(line, name);
	crash_add(line, &digits[at]);
}

static void crash_print(const struct crash_line *line)
{
	for (uint32_t at = 0; at < line->used; at += 32) {
		uint32_t bytes = line->used - at < 32 ? line->used - at : 32;
		uint64_t data[4] = {0};

		for (uint32_t i = 0; i < bytes; i++) {
			data[i / 8] |= (uint64_t)(unsigned char)line->text[at + i] << 8 * (i % 8);
		}
		hyp_console_write(bytes, data[0], data[1], data[2], data[3]);
	}
}

void crash_stop(void)
{
	hyp_vm_stop(HYP_HANDLE_SELF);
	for (;;) {
		__asm__ volatile("wfi");
	}
}

void crash_report(uint64_t slot, uint64_t esr, uint64_t elr, uint64_t far)
{
	struct crash_line line = {.used = 0};

	crash_add_hex(&line, "resource manager crashed: vector ", slot);
	crash_add_hex(&line, ", ESR ", esr);
	crash_add_hex(&line, ", PC image+", elr - (uint64_t)image_start);
	crash_add_hex(&line, ", FAR ", far);
	crash_add(&line, "; VMs go on\n");
	crash_print(&line);
	crash_stop();
}

/* Debian's libfdt is compiled with stack protection. */
uintptr_t __stack_chk_guard = 0x57ac6ca4a47100ffull;

void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	crash_report(~0ull, 0, (uint64_t)__builtin_return_address(0), 0);
}
