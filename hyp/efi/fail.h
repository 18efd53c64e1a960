/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fail.h: the one line that says why the loader gives up.
 *
 * Whoever finds the cause writes the line with loader_fail() and returns its result; callers only
 * pass the -1 up, undo what they did, and efi_main prints the line. No line names an address alone:
 * it names the file or the device tree node, what is wrong with it, and what to do.
 */
#ifndef HYP_EFI_FAIL_H
#define HYP_EFI_FAIL_H

#include <stdarg.h>
#include <stddef.h>

#define LOADER_LINE_BYTES 320

/*
 * printf into @buf for %s %c %u %x, with ll or z and a minimum width of one digit (0-padded after
 * a 0). Always terminates; returns the length written.
 */
size_t loader_vformat(char *buf, size_t bytes, const char *format, va_list args);
size_t loader_format(char *buf, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps the line and returns -1. The first line is kept, being nearest to the cause. */
int loader_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The line, or "" when nothing failed. */
const char *loader_why(void);

/* Forgets the line (unit tests). */
void loader_fail_clear(void);

#endif
