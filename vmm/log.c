// SPDX-License-Identifier: BSD-3-Clause
/*
 * log.c: one line per message, written with one write(2) so that lines of several threads do not
 * mix.
 *
 * While the terminal is in raw mode a line feed alone does not return the carriage, so a line ends
 * with both when stderr is a terminal.
 */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

const char *const log_level_names[] = {"error", "warn", "info", "debug", "trace", NULL};

static atomic_int log_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&log_level, memory_order_relaxed);
}

void log_write(enum log_level level, const char *format, ...)
{
	const char *end = isatty(STDERR_FILENO) ? "\r\n" : "\n";
	char text[960], line[1024];
	va_list arguments;
	int length;

	if (level > log_get_level()) {
		return;
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	length = snprintf(line, sizeof(line), "vmm: %s%s%s%s",
			  level == LOG_LEVEL_INFO ? "" : log_level_names[level],
			  level == LOG_LEVEL_INFO ? "" : ": ", text, end);
	if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) {
		return; /* nobody left to tell */
	}
}
