/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port.h: one peer of a chardev: a file descriptor to read from, one to write to, and bounded
 * buffering between.
 *
 * Private to chardev/. Every function is called with the chardev's lock held, except port_init()
 * and port_close(), which belong to the main thread.
 */
#ifndef VMM_CHARDEV_PORT_H
#define VMM_CHARDEV_PORT_H

#include "event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_BUFFER_SIZE 65536

struct port {
	int in_fd, out_fd; /* -1: none */
	struct event_source *in_source, *out_source;
	bool lossy;     /* when the buffer is full, drop instead of holding the guest up */
	bool in_held;   /* input is not read until there is room */
	bool lost;      /* output went nowhere, and that has been told */
	bool out_waits; /* bytes are pending, EPOLLOUT is asked for */
	uint8_t *buffer;
	size_t start, pending; /* ring in buffer */
};

/*
 * Watches the descriptors, which become the port's; either may be -1, and both must be nonblocking
 * or always ready.
 * @on_input and @on_output are called on the main thread. Returns 0 or a negative errno; then
 * nothing is closed.
 */
int port_init(struct port *port, struct event_loop *loop, int in_fd, int out_fd,
	      event_handler *on_input, event_handler *on_output, void *context);
void port_close(struct port *port);

/* Takes up to @count bytes. A port without out_fd, or a lossy one, takes all. */
size_t port_write(struct port *port, const uint8_t *bytes, size_t count);
/* Writes pending bytes; to be called from on_output. */
void port_flush(struct port *port);
/* Stops or resumes reading. */
void port_hold_input(struct port *port, bool hold);
/* The input has ended: reads no more. */
void port_end_input(struct port *port);

#endif
