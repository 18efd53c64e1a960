// SPDX-License-Identifier: BSD-3-Clause
/*
 * log.c: formats a line and writes it to standard output, which the port layer sends to the
 * hypervisor's log under the RM's name.
 */
#include "log.h"

#include <hyp/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LOG_LINE 200

enum log_level log_level = LOG_INFO;

void log_line(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE];
	va_list args;
	int length;

	if (level > log_level) {
		return;
	}
	va_start(args, format);
	length = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (length < 0) {
		return;
	}
	if (length > LOG_LINE - 2) {
		length = LOG_LINE - 2;
	}
	line[length++] = '\n';
	/* Losing a log line is no reason to do anything. */
	if (write(STDOUT_FILENO, line, (size_t)length) < 0) {
		return;
	}
}

const char *log_error(long error)
{
#define LOG_ERROR_CASE(name, value, text)                                                          \
	case HYP_E_##name:                                                                         \
		return #name;

	switch (error) {
	case HYP_OK:
		return "OK";
		HYP_ERRORS(LOG_ERROR_CASE)
	default:
		return "an unknown error";
	}
#undef LOG_ERROR_CASE
}
