// SPDX-License-Identifier: BSD-3-Clause
/*
 * cmd_console.c: `vmm console`: this terminal becomes one of the console's, until Ctrl-a x or the
 * VM's end.
 */
#include "cmd.h"

#include "chardev/terminal.h"
#include "control/client.h"
#include "exit_code.h"
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static bool console_write(int fd, const uint8_t *bytes, size_t count)
{
	while (count) {
		ssize_t n = write(fd, bytes, count);

		if (n < 0 && errno != EINTR) {
			return false;
		}
		bytes += n > 0 ? n : 0;
		count -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* From the keyboard to the VM. False when the user leaves. */
static bool console_forward_input(int fd, struct terminal_escape *escape, struct pollfd *input)
{
	uint8_t bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	size_t count = n > 0 ? (size_t)n : 0;

	if (n <= 0) {
		input->fd = -1; /* the end of a file; the output is still of interest */
		return true;
	}
	switch (terminal_filter(escape, bytes, &count)) {
	case TERMINAL_LEAVE:
		return false;
	case TERMINAL_HELP:
		printf("\r\nCtrl-a x   leave the console; the VM goes on\r\n");
		fflush(stdout);
		break;
	case TERMINAL_NONE:
		break;
	}
	return console_write(fd, bytes, count);
}

static bool console_forward_output(int fd)
{
	uint8_t bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	return n > 0 && console_write(STDOUT_FILENO, bytes, (size_t)n);
}

static void console_loop(int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
			       {.fd = STDIN_FILENO, .events = POLLIN}};
	struct terminal_escape escape = {0};
	bool go = true;

	while (go) {
		if (poll(fds, 2, -1) < 0) {
			go = errno == EINTR;
			continue;
		}
		if (fds[1].revents) {
			go = console_forward_input(fd, &escape, &fds[1]);
		}
		if (go && fds[0].revents) {
			go = console_forward_output(fd);
		}
	}
}

int cmd_console(int argc, char **argv)
{
	char name[CLIENT_NAME_SIZE];
	json_object *reply;
	int fd;

	if (argc > 1) {
		log_error("one NAME is enough: vmm console [NAME]");
		return VMM_EXIT_ARGUMENTS;
	}
	fd = client_open(argc ? argv[0] : NULL, name);
	reply = fd >= 0 ? client_request(fd, name, "console") : NULL;
	if (!reply) {
		return VMM_EXIT_ARGUMENTS;
	}
	json_object_put(reply);
	if (terminal_make_raw(STDIN_FILENO)) {
		log_info("console of %s; Ctrl-a x leaves it", name);
	}
	console_loop(fd);
	terminal_restore();
	client_close(fd);
	return VMM_EXIT_OFF;
}
