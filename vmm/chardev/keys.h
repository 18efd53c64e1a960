/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keys.h: what the user types at a terminal, with the escape key taken out.
 *
 * The terminal is always read, so that Ctrl-a x works whatever the guest does. The rest goes
 * through a pipe, where it waits until the guest takes it: a pasted text arrives whole, though a
 * UART holds 32 bytes. Main thread.
 */
#ifndef VMM_CHARDEV_KEYS_H
#define VMM_CHARDEV_KEYS_H

#include "chardev/terminal.h"

struct event_loop;
struct keys;

/* Called on the main thread for each command that was typed; not TERMINAL_NONE. */
typedef void keys_command(void *context, enum terminal_command command);

/*
 * Reads @fd, a terminal in raw mode, which it takes over. Stores in @out_fd the end of the pipe to
 * read from, the caller's; it is at its end when the terminal has gone. Returns NULL with errno
 * set on failure; then @fd is still the caller's.
 */
struct keys *keys_open(struct event_loop *loop, int fd, keys_command *command, void *context,
		       int *out_fd);
/* NULL is allowed. */
void keys_close(struct keys *keys);

#endif
