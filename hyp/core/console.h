/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's console: the last bytes it wrote with CONSOLE_WRITE, in pages of its own pool, so that one
 * VM's output never displaces another's. It is made by the first write and goes with the VM. The RM
 * and the host read it (CONSOLE_READ), by the VM's id.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <core/lock.h>
#include <core/types.h>

#define CONSOLE_PAGES 4u
#define CONSOLE_BYTES (CONSOLE_PAGES * PAGE_BYTES)

struct vm;

struct console {
	struct spinlock lock;
	u64 end; /* bytes ever kept */
	char *_Atomic pages[CONSOLE_PAGES];
};

void console_init(struct console *console);

/*
 * Keeps printable text, tabs and newlines, and drops the rest: it is shown on somebody's terminal.
 * 0; HYP_E_NOMEM: the VM's pool is empty.
 */
int console_write(struct vm *vm, const char *text, size_t bytes) __must_check;

/* As log_read(): from *cursor on, or from the oldest byte still there. */
size_t console_read(struct console *console, u64 *cursor, char *buf, size_t bytes);

#endif
