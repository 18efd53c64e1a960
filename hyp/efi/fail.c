// SPDX-License-Identifier: BSD-3-Clause
/*
 * fail.c: a small printf, since the firmware's console takes only plain strings, and the line kept
 * for efi_main. Also compiled for the build machine, where unit tests read the lines.
 */
#include "fail.h"

#include <stdbool.h>
#include <stdint.h>

static char line[LOADER_LINE_BYTES];

struct output {
	char *buf;
	size_t bytes, used;
};

static void output_char(struct output *out, char c)
{
	if (out->used + 1 < out->bytes) {
		out->buf[out->used++] = c;
	}
}

static void output_number(struct output *out, unsigned long long value, unsigned int base,
			  unsigned int width, char pad)
{
	char digits[24];
	unsigned int nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (unsigned int i = nr; i < width; i++) {
		output_char(out, pad);
	}
	while (nr) {
		output_char(out, digits[--nr]);
	}
}

/* One conversion, after its '%'; returns the first character behind it. */
static const char *output_conversion(struct output *out, const char *at, va_list *args)
{
	unsigned int width = 0, longs = 0;
	char pad = ' ';

	if (*at == '0') {
		pad = *at++;
	}
	if (*at >= '1' && *at <= '9') {
		width = (unsigned int)(*at++ - '0');
	}
	for (; *at == 'l' || *at == 'z'; at++) {
		longs++;
	}
	switch (*at) {
	case 's':
		for (const char *s = va_arg(*args, const char *); *s; s++) {
			output_char(out, *s);
		}
		break;
	case 'c':
		output_char(out, (char)va_arg(*args, int));
		break;
	case 'u':
	case 'x':
		output_number(out,
			      longs ? va_arg(*args, unsigned long long)
				    : va_arg(*args, unsigned int),
			      *at == 'x' ? 16 : 10, width, pad);
		break;
	default:
		output_char(out, *at);
	}
	return at + 1;
}

size_t loader_vformat(char *buf, size_t bytes, const char *format, va_list args)
{
	struct output out = {buf, bytes, 0};
	va_list copy;

	va_copy(copy, args);
	while (*format) {
		if (*format != '%') {
			output_char(&out, *format++);
		} else {
			format = output_conversion(&out, format + 1, &copy);
		}
	}
	va_end(copy);
	buf[out.used] = '\0';
	return out.used;
}

size_t loader_format(char *buf, size_t bytes, const char *format, ...)
{
	va_list args;
	size_t used;

	va_start(args, format);
	used = loader_vformat(buf, bytes, format, args);
	va_end(args);
	return used;
}

int loader_fail(const char *format, ...)
{
	va_list args;

	if (!line[0]) {
		va_start(args, format);
		loader_vformat(line, sizeof(line), format, args);
		va_end(args);
	}
	return -1;
}

const char *loader_why(void)
{
	return line;
}

void loader_fail_clear(void)
{
	line[0] = '\0';
}
