// SPDX-License-Identifier: BSD-3-Clause
/*
 * port.c: buffered output and paced input of one peer. See port.h.
 */
#include "chardev/port.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int port_init(struct port *port, struct event_loop *loop, int in_fd, int out_fd,
	      event_handler *on_input, event_handler *on_output, void *context)
{
	int error = ENOMEM;

	*port = (struct port){.in_fd = in_fd, .out_fd = out_fd};
	port->buffer = malloc(PORT_BUFFER_SIZE);
	if (!port->buffer) {
		goto fail;
	}
	if (out_fd >= 0) {
		port->out_source = event_loop_add(loop, out_fd, 0, on_output, context);
		if (!port->out_source) {
			error = errno;
			goto fail;
		}
	}
	if (in_fd >= 0) {
		port->in_source = event_loop_add(loop, in_fd, EPOLLIN, on_input, context);
		if (!port->in_source) {
			error = errno;
			goto fail;
		}
	}
	return 0;
fail:
	event_source_remove(port->out_source);
	free(port->buffer);
	*port = (struct port){.in_fd = -1, .out_fd = -1};
	return -error;
}

void port_close(struct port *port)
{
	if (port->pending) {
		port_flush(port);
	}
	event_source_remove(port->in_source);
	event_source_remove(port->out_source);
	if (port->in_fd >= 0) {
		close(port->in_fd);
	}
	if (port->out_fd >= 0) {
		close(port->out_fd);
	}
	free(port->buffer);
	*port = (struct port){.in_fd = -1, .out_fd = -1};
}

/* Once. That a reader goes away is as it should be. */
static void port_tell_loss(struct port *port, int error)
{
	if (!port->lost && error != EPIPE && error != ECONNRESET) {
		port->lost = true;
		log_warn("serial: output is lost: %s", strerror(error));
	}
}

/* Writes without waiting; returns how much went out. A peer that is gone takes everything. */
static size_t port_write_now(struct port *port, const uint8_t *bytes, size_t count)
{
	size_t done = 0;

	while (done < count) {
		ssize_t n = write(port->out_fd, bytes + done, count - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			return done;
		} else if (n == 0 || errno != EINTR) {
			port_tell_loss(port, n == 0 ? EIO : errno);
			return count;
		}
	}
	return done;
}

static void port_wait_for_output(struct port *port, bool wait)
{
	if (port->out_waits != wait) {
		port->out_waits = wait;
		event_source_want(port->out_source, wait ? EPOLLOUT : 0);
	}
}

static size_t port_append(struct port *port, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count && port->pending < PORT_BUFFER_SIZE) {
		size_t end = (port->start + port->pending) % PORT_BUFFER_SIZE;

		port->buffer[end] = bytes[taken++];
		port->pending++;
	}
	return taken;
}

size_t port_write(struct port *port, const uint8_t *bytes, size_t count)
{
	size_t done = 0;

	if (port->out_fd < 0) {
		return count;
	}
	if (port->pending == 0) {
		done = port_write_now(port, bytes, count);
	}
	done += port_append(port, bytes + done, count - done);
	port_wait_for_output(port, port->pending != 0);
	return port->lossy ? count : done;
}

void port_flush(struct port *port)
{
	while (port->pending) {
		size_t run = PORT_BUFFER_SIZE - port->start;
		size_t n;

		run = run < port->pending ? run : port->pending;
		n = port_write_now(port, port->buffer + port->start, run);
		port->start = (port->start + n) % PORT_BUFFER_SIZE;
		port->pending -= n;
		if (n < run) {
			break;
		}
	}
	port_wait_for_output(port, port->pending != 0);
}

void port_hold_input(struct port *port, bool hold)
{
	if (port->in_source && port->in_held != hold) {
		port->in_held = hold;
		event_source_want(port->in_source, hold ? 0 : EPOLLIN);
	}
}

void port_end_input(struct port *port)
{
	event_source_remove(port->in_source);
	port->in_source = NULL;
}
