// SPDX-License-Identifier: BSD-3-Clause
/*
 * server.c: the listening socket and its connections.
 *
 * A connection reads until a line feed, executes, replies, and reads on. Requests and replies are
 * small; a peer that sends a line longer than the buffer or does not take its reply is cut off.
 */
#include "control/commands.h"
#include "control/control.h"

#include "chardev/chardev.h"
#include "config.h"
#include "event.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_MAX_CONNECTIONS 8
#define CONTROL_LINE_SIZE       4096

struct control_connection {
	struct control *control;
	int fd; /* -1: free */
	struct event_source *source;
	char line[CONTROL_LINE_SIZE];
	size_t length;
};

struct control {
	struct control_target target;
	struct event_loop *loop;
	char path[CONTROL_PATH_SIZE];
	int listen_fd;
	bool bound; /* the socket file is ours to remove */
	struct event_source *listen_source;
	struct control_connection connections[CONTROL_MAX_CONNECTIONS];
};

static void control_hang_up(struct control_connection *connection)
{
	event_source_remove(connection->source);
	if (connection->fd >= 0) {
		close(connection->fd);
	}
	connection->source = NULL;
	connection->fd = -1;
}

/* The connection becomes a second peer of the console. */
static void control_become_console(struct control_connection *connection)
{
	const struct control_target *target = &connection->control->target;
	int fd = connection->fd;

	event_source_remove(connection->source);
	connection->source = NULL;
	connection->fd = -1;
	if (chardev_add_tap(target->console(target->context), fd) == -EBUSY) {
		close(fd); /* as many as there can be are watching already */
	}
}

static void control_serve(struct control_connection *connection, const char *line)
{
	bool wants_console;
	char *reply = control_execute(&connection->control->target, line, &wants_console);
	size_t length = reply ? strlen(reply) : 0;
	bool sent = reply && send(connection->fd, reply, length, MSG_NOSIGNAL) == (ssize_t)length;

	free(reply);
	if (!sent) {
		control_hang_up(connection);
	} else if (wants_console) {
		control_become_console(connection);
	}
}

/* Serves each complete line in the buffer. */
static void control_serve_lines(struct control_connection *connection)
{
	char *end;

	while (connection->fd >= 0 &&
	       (end = memchr(connection->line, '\n', connection->length)) != NULL) {
		size_t used = (size_t)(end - connection->line) + 1;

		*end = '\0';
		control_serve(connection, connection->line);
		connection->length -= used;
		memmove(connection->line, connection->line + used, connection->length);
	}
	if (connection->fd >= 0 && connection->length == CONTROL_LINE_SIZE) {
		control_hang_up(connection);
	}
}

static void control_on_input(void *context, uint32_t events)
{
	struct control_connection *connection = context;
	ssize_t n = read(connection->fd, connection->line + connection->length,
			 CONTROL_LINE_SIZE - connection->length);

	(void)events;
	if (n > 0) {
		connection->length += (size_t)n;
		control_serve_lines(connection);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		control_hang_up(connection);
	}
}

static void control_on_connection(void *context, uint32_t events)
{
	struct control *control = context;
	int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	for (unsigned int i = 0; fd >= 0 && i < CONTROL_MAX_CONNECTIONS; i++) {
		struct control_connection *connection = &control->connections[i];

		if (connection->fd >= 0) {
			continue;
		}
		connection->fd = fd;
		connection->length = 0;
		connection->source =
			event_loop_add(control->loop, fd, EPOLLIN, control_on_input, connection);
		if (!connection->source) {
			control_hang_up(connection);
		}
		return;
	}
	if (fd >= 0) {
		close(fd);
	}
}

static int control_choose_path(struct control *control)
{
	const struct vm_config *config = control->target.config;
	char folder[CONTROL_PATH_SIZE];
	bool fits;

	if (config->socket) {
		fits = strlen(config->socket) < CONTROL_PATH_SIZE;
		strncpy(control->path, config->socket, CONTROL_PATH_SIZE - 1);
	} else {
		control_folder(folder);
		if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
			return -errno;
		}
		fits = control_path(config->name, control->path);
	}
	if (!fits) {
		log_error("the path of the control socket is longer than %d bytes",
			  CONTROL_PATH_SIZE - 1);
		return -EINVAL;
	}
	return 0;
}

/* A socket file without a listener is left over from a VM that was killed. */
static int control_clear_path(struct control *control)
{
	struct stat status;
	int fd;

	if (lstat(control->path, &status) < 0) {
		return 0;
	}
	fd = S_ISSOCK(status.st_mode) ? control_connect(control->path) : -EEXIST;
	if (fd == -ECONNREFUSED) {
		unlink(control->path);
		return 0;
	}
	if (fd >= 0) {
		close(fd);
		log_error("a VM named %s is running already", control->target.config->name);
	} else {
		log_error("%s is in the way of the control socket", control->path);
	}
	return -EINVAL;
}

static int control_listen(struct control *control)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int result;

	control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->listen_fd < 0) {
		return -errno;
	}
	memcpy(address.sun_path, control->path, CONTROL_PATH_SIZE);
	mask = umask(0177);
	result = bind(control->listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno
											    : 0;
	umask(mask);
	control->bound = result == 0;
	if (result == 0 && listen(control->listen_fd, CONTROL_MAX_CONNECTIONS) < 0) {
		result = -errno;
	}
	return result;
}

int control_open(const struct control_target *target, struct event_loop *loop, struct control **out)
{
	struct control *control = calloc(1, sizeof(*control));
	int result;

	if (!control) {
		return -ENOMEM;
	}
	control->target = *target;
	control->loop = loop;
	control->listen_fd = -1;
	for (unsigned int i = 0; i < CONTROL_MAX_CONNECTIONS; i++) {
		control->connections[i].control = control;
		control->connections[i].fd = -1;
	}
	result = control_choose_path(control);
	result = result ?: control_clear_path(control);
	result = result ?: control_listen(control);
	if (result == 0) {
		control->listen_source = event_loop_add(loop, control->listen_fd, EPOLLIN,
							control_on_connection, control);
		result = control->listen_source ? 0 : -errno;
	}
	if (result) {
		control_close(control);
		return result;
	}
	*out = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control) {
		return;
	}
	for (unsigned int i = 0; i < CONTROL_MAX_CONNECTIONS; i++) {
		control_hang_up(&control->connections[i]);
	}
	event_source_remove(control->listen_source);
	if (control->listen_fd >= 0) {
		close(control->listen_fd);
	}
	if (control->bound) {
		unlink(control->path);
	}
	free(control);
}
