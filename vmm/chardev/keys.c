// SPDX-License-Identifier: BSD-3-Clause
/*
 * keys.c: a terminal, a filter, a pipe. See keys.h.
 */
#include "chardev/keys.h"

#include "event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct keys {
	int fd;                      /* the terminal */
	int pipe_fd;                 /* to the guest, nonblocking */
	struct event_source *source; /* NULL: the terminal has gone */
	struct terminal_escape escape;
	keys_command *command;
	void *context;
};

static void keys_end(struct keys *keys)
{
	if (keys->source) {
		event_source_remove(keys->source);
		close(keys->fd);
		close(keys->pipe_fd);
	}
	keys->source = NULL;
}

static void keys_on_input(void *context, uint32_t events)
{
	struct keys *keys = context;
	enum terminal_command command;
	uint8_t bytes[4096];
	size_t count;
	ssize_t n;

	(void)events;
	n = read(keys->fd, bytes, sizeof(bytes));
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			keys_end(keys);
		}
		return;
	}
	count = (size_t)n;
	command = terminal_filter(&keys->escape, bytes, &count);
	/* What a full pipe (64 KiB) does not take is lost: the guest has not listened for long. */
	if (count && write(keys->pipe_fd, bytes, count) < 0 && errno == EPIPE) {
		keys_end(keys);
	}
	if (command != TERMINAL_NONE) {
		keys->command(keys->context, command);
	}
}

struct keys *keys_open(struct event_loop *loop, int fd, keys_command *command, void *context,
		       int *out_fd)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	int ends[2];

	if (!keys) {
		return NULL;
	}
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
		goto free_keys;
	}
	*keys = (struct keys){.fd = fd, .pipe_fd = ends[1], .command = command, .context = context};
	keys->source = event_loop_add(loop, fd, EPOLLIN, keys_on_input, keys);
	if (!keys->source) {
		goto close_pipe;
	}
	*out_fd = ends[0];
	return keys;
close_pipe:
	close(ends[0]);
	close(ends[1]);
free_keys:
	free(keys);
	return NULL;
}

void keys_close(struct keys *keys)
{
	if (keys) {
		keys_end(keys);
		free(keys);
	}
}
