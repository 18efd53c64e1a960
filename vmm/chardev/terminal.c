// SPDX-License-Identifier: BSD-3-Clause
/*
 * terminal.c: raw mode and the escape key. See terminal.h.
 *
 * The saved settings are process-wide by nature (there is one terminal), and the fatal signal
 * handler needs them, so they are static. tcsetattr() is async-signal-safe.
 */
#include "chardev/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TERMINAL_ESCAPE 0x01 /* Ctrl-a */

static struct termios terminal_saved;
static volatile sig_atomic_t terminal_fd = -1;

void terminal_restore(void)
{
	if (terminal_fd >= 0) {
		tcsetattr(terminal_fd, TCSANOW, &terminal_saved);
		terminal_fd = -1;
	}
}

/* SA_RESETHAND: the signal, raised again, now has its default effect. */
static void terminal_on_fatal_signal(int signal)
{
	terminal_restore();
	raise(signal);
}

static void terminal_catch_fatal_signals(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT, SIGSYS};
	struct sigaction action = {.sa_handler = terminal_on_fatal_signal,
				   .sa_flags = SA_RESETHAND};

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		struct sigaction old;

		/* An accelerator may own SIGSEGV already; it is then its duty to pass on what is
		 * not its own. */
		if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
			sigaction(fatal[i], &action, NULL);
		}
	}
}

bool terminal_make_raw(int fd)
{
	static bool prepared;
	struct termios raw;

	if (!isatty(fd) || tcgetattr(fd, &terminal_saved) < 0) {
		return false;
	}
	if (!prepared) {
		atexit(terminal_restore);
		terminal_catch_fatal_signals();
		prepared = true;
	}
	terminal_fd = fd;
	raw = terminal_saved;
	cfmakeraw(&raw);
	tcsetattr(fd, TCSANOW, &raw);
	return true;
}

bool terminal_get_size(int fd, uint16_t *columns, uint16_t *rows)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0) {
		return false;
	}
	*columns = size.ws_col;
	*rows = size.ws_row;
	return true;
}

enum terminal_command terminal_filter(struct terminal_escape *escape, uint8_t *bytes, size_t *count)
{
	enum terminal_command command = TERMINAL_NONE;
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		uint8_t byte = bytes[i];

		if (!escape->pending && byte == TERMINAL_ESCAPE) {
			escape->pending = true;
			continue;
		}
		if (!escape->pending || byte == TERMINAL_ESCAPE) {
			bytes[kept++] = byte;
		} else if (byte == 'x') {
			command = TERMINAL_LEAVE;
		} else if (byte == 'h' || byte == '?') {
			command = TERMINAL_HELP;
		}
		escape->pending = false;
	}
	*count = kept;
	return command;
}
