// SPDX-License-Identifier: BSD-3-Clause
/*
 * open.c: how each type of chardev gets its descriptors.
 *
 * stdin and stdout are shared with the shell that started us, so they must not be made nonblocking
 * themselves: they are opened anew through /proc/self/fd, which gives a description of our own.
 * Where that fails (sockets) the original is used and a slow reader slows the VM.
 */
#include "chardev/chardev_private.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* A nonblocking description of our own for @fd; a plain duplicate where there is none. */
static int open_private(int fd, int flags)
{
	char path[32];
	struct stat status;
	int own = -1;

	/* A regular file is only duplicated: opened anew it would start again at offset 0. */
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static const char open_help[] = "\r\nCtrl-a x   leave: stop the VM at once\r\n"
				"Ctrl-a h   this help\r\n"
				"Ctrl-a Ctrl-a   send Ctrl-a\r\n";

static void open_handle_command(void *context, enum terminal_command command)
{
	struct chardev *chardev = context;

	if (command == TERMINAL_HELP) {
		pthread_mutex_lock(&chardev->lock);
		port_write(&chardev->main.port, (const uint8_t *)open_help, sizeof(open_help) - 1);
		pthread_mutex_unlock(&chardev->lock);
	} else if (command == TERMINAL_LEAVE && chardev->leave) {
		chardev->leave(chardev->leave_context);
	}
}

/* The user's terminal, on @fd; returns where to read what is typed for the guest, or a negative
 * errno. */
static int open_terminal(struct chardev *chardev, int fd)
{
	int in_fd;

	chardev->keys = keys_open(chardev->loop, fd, open_handle_command, chardev, &in_fd);
	if (!chardev->keys) {
		return -errno;
	}
	log_info("Ctrl-a x leaves, Ctrl-a h helps");
	return in_fd;
}

static int open_stdio(struct chardev *chardev, const struct chardev_config *config)
{
	int out_fd = open_private(STDOUT_FILENO, O_WRONLY);
	int in_fd = -1;

	if (config->input && fcntl(STDIN_FILENO, F_GETFD) >= 0) {
		in_fd = open_private(STDIN_FILENO, O_RDONLY);
		if (terminal_make_raw(STDIN_FILENO)) {
			int keys_fd = open_terminal(chardev, in_fd);

			if (keys_fd < 0) {
				close(in_fd);
				close(out_fd);
				return keys_fd;
			}
			in_fd = keys_fd;
		}
	}
	return chardev_start_peer(chardev, &chardev->main, in_fd, out_fd);
}

/* The output file, made if it is not there. */
static int open_output(struct chardev *chardev, const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC;
	int fd = open(path, flags | O_CREAT | O_EXCL, 0666);

	if (fd >= 0) {
		chardev->new_file = strdup(path);
	} else if (errno == EEXIST) {
		fd = open(path, flags);
	}
	return fd;
}

static int open_file(struct chardev *chardev, const struct chardev_config *config)
{
	int in_fd = -1, out_fd, error;

	out_fd = open_output(chardev, config->path);
	if (out_fd < 0) {
		error = -errno;
		log_error("serial: cannot open %s: %s", config->path, strerror(-error));
		return error;
	}
	if (config->input_path) {
		in_fd = open(config->input_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (in_fd < 0) {
			error = -errno;
			log_error("serial: cannot open %s: %s", config->input_path,
				  strerror(-error));
			close(out_fd);
			return error;
		}
	}
	return chardev_start_peer(chardev, &chardev->main, in_fd, out_fd);
}

static void open_on_connection(void *context, uint32_t events)
{
	struct chardev *chardev = context;
	int fd = accept4(chardev->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int out_fd;

	(void)events;
	if (fd < 0) {
		return;
	}
	out_fd = chardev->main.open ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (out_fd < 0) {
		close(fd);
		return;
	}
	chardev_start_peer(chardev, &chardev->main, fd, out_fd);
}

static int open_socket(struct chardev *chardev, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error;

	if (strlen(path) >= sizeof(address.sun_path)) {
		log_error("serial: socket path %s is longer than %zu bytes", path,
			  sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, path);
	chardev->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (chardev->listen_fd < 0 ||
	    bind(chardev->listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = -errno;
		log_error("serial: cannot listen on %s: %s", path, strerror(-error));
		return error;
	}
	chardev->socket_path = strdup(path);
	if (!chardev->socket_path || listen(chardev->listen_fd, 1) < 0) {
		return chardev->socket_path ? -errno : -ENOMEM;
	}
	chardev->listen_source = event_loop_add(chardev->loop, chardev->listen_fd, EPOLLIN,
						open_on_connection, chardev);
	return chardev->listen_source ? 0 : -errno;
}

static int open_pty(struct chardev *chardev)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios raw;
	const char *name;
	int out_fd;

	name = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
	chardev->pty_slave_fd = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	out_fd = chardev->pty_slave_fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (out_fd < 0) {
		int error = -errno;

		log_error("serial: cannot make a pseudo terminal: %s", strerror(-error));
		if (fd >= 0) {
			close(fd);
		}
		return error;
	}
	tcgetattr(chardev->pty_slave_fd, &raw);
	cfmakeraw(&raw);
	tcsetattr(chardev->pty_slave_fd, TCSANOW, &raw);
	log_info("serial: pseudo terminal %s", name);
	return chardev_start_peer(chardev, &chardev->main, fd, out_fd);
}

int chardev_open_main(struct chardev *chardev, const struct chardev_config *config)
{
	switch (config->type) {
	case CHARDEV_STDIO:
		return open_stdio(chardev, config);
	case CHARDEV_FILE:
		return open_file(chardev, config);
	case CHARDEV_SOCKET:
		return open_socket(chardev, config->path);
	case CHARDEV_PTY:
		return open_pty(chardev);
	case CHARDEV_SINK:
		return 0;
	}
	return -EINVAL;
}

void chardev_close_main(struct chardev *chardev)
{
	struct stat status;

	if (chardev->keys) {
		keys_close(chardev->keys);
		terminal_restore();
	}
	event_source_remove(chardev->listen_source);
	if (chardev->listen_fd >= 0) {
		close(chardev->listen_fd);
	}
	if (chardev->socket_path) {
		unlink(chardev->socket_path);
		free(chardev->socket_path);
	}
	if (chardev->pty_slave_fd >= 0) {
		close(chardev->pty_slave_fd);
	}
	if (chardev->new_file && stat(chardev->new_file, &status) == 0 && status.st_size == 0) {
		unlink(chardev->new_file);
	}
	free(chardev->new_file);
}
