/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * terminal.h: raw mode of the user's terminal, and the guarantee that it is given back at every
 * exit.
 */
#ifndef VMM_CHARDEV_TERMINAL_H
#define VMM_CHARDEV_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Puts the terminal on @fd into raw mode; restored by terminal_restore(), by exit(), and before a
 * fatal signal kills the process. Does nothing (and returns false) when @fd is not a terminal.
 */
bool terminal_make_raw(int fd);
void terminal_restore(void);

/* The size in characters, or false when @fd is not a terminal. */
bool terminal_get_size(int fd, uint16_t *columns, uint16_t *rows);

/* What the user asked for with the escape key, Ctrl-a. */
enum terminal_command { TERMINAL_NONE, TERMINAL_LEAVE, TERMINAL_HELP };

struct terminal_escape {
	bool pending; /* the last byte was Ctrl-a */
};

/*
 * Takes the escape sequences out of @bytes in place: Ctrl-a x leaves, Ctrl-a h asks for help,
 * Ctrl-a Ctrl-a sends one Ctrl-a, others are dropped. Stores the number of bytes left for the guest
 * in @count; returns the last command seen.
 */
enum terminal_command terminal_filter(struct terminal_escape *escape, uint8_t *bytes,
				      size_t *count);

#endif
