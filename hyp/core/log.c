/* SPDX-License-Identifier: BSD-3-Clause */
/* The log ring and its printf. See log.h. */
#include <core/cpu.h>
#include <core/lock.h>
#include <core/log.h>
#include <el2/uart.h>

#define RING_BYTES 65536u

static char ring[RING_BYTES];
static u64 ring_end; /* bytes ever written */
static enum log_level ring_level = LOG_INFO;
static bool uart_ours = true;
static struct spinlock log_lock = SPINLOCK(LOCK_LOG);
static bool rm_line_open;

void log_init(enum log_level level)
{
	ring_level = level;
}

void log_release_uart(void)
{
	uart_ours = false;
}

void log_panic_mode(void)
{
	/* Whoever holds the lock may be the one that broke. */
	spin_init(&log_lock, LOCK_LOG);
	uart_ours = true;
}

static void put_char(char c)
{
	ring[ring_end++ % RING_BYTES] = c;
	if (uart_ours) {
		if (c == '\n') {
			uart_put('\r');
		}
		uart_put(c);
	}
}

static void put_text(const char *text)
{
	while (*text) {
		put_char(*text++);
	}
}

static void put_number(u64 value, u32 base, u32 width, char pad)
{
	char digits[20];
	u32 nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (u32 i = nr; i < width; i++) {
		put_char(pad);
	}
	while (nr) {
		put_char(digits[--nr]);
	}
}

static void put_signed(s64 value, u32 width, char pad)
{
	u64 size = (u64)value;

	if (value < 0) {
		put_char('-');
		size = 0 - size;
	}
	put_number(size, 10, width, pad);
}

/* One conversion, format behind the '%'. Returns what follows it. */
static const char *put_conversion(const char *format, va_list *args)
{
	char pad = ' ';
	u32 width = 0;
	bool is_long = false;

	if (*format == '0') {
		pad = '0';
		format++;
	}
	while (*format >= '0' && *format <= '9') {
		width = width * 10 + (u32)(*format++ - '0');
	}
	while (*format == 'l') {
		is_long = true;
		format++;
	}
	switch (*format) {
	case 's':
		put_text(va_arg(*args, const char *));
		break;
	case 'c':
		put_char((char)va_arg(*args, int));
		break;
	case 'd':
		put_signed(is_long ? va_arg(*args, long) : va_arg(*args, int), width, pad);
		break;
	case 'u':
		put_number(is_long ? va_arg(*args, u64) : va_arg(*args, u32), 10, width, pad);
		break;
	case 'x':
		put_number(is_long ? va_arg(*args, u64) : va_arg(*args, u32), 16, width, pad);
		break;
	case 'p':
		put_number(va_arg(*args, u64), 16, 16, '0');
		break;
	case '\0':
		return format;
	default:
		put_char(*format);
	}
	return format + 1;
}

static void put_format(const char *format, va_list *args)
{
	while (*format) {
		if (*format != '%') {
			put_char(*format++);
			continue;
		}
		format = put_conversion(format + 1, args);
	}
}

/* Caller holds log_lock. */
static void close_rm_line(void)
{
	if (rm_line_open) {
		put_char('\n');
		rm_line_open = false;
	}
}

void log_vprintf(enum log_level level, const char *format, va_list *args)
{
	if (level > ring_level) {
		return;
	}
	spin_lock(&log_lock);
	close_rm_line();
	put_text("hyp: ");
	put_format(format, args);
	spin_unlock(&log_lock);
}

void log_printf(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vprintf(level, format, &args);
	va_end(args);
}

void log_rm_write(const char *text, size_t bytes)
{
	spin_lock(&log_lock);
	for (size_t i = 0; i < bytes; i++) {
		if (!rm_line_open) {
			put_text("rm: ");
			rm_line_open = true;
		}
		if (text[i] == '\n') {
			close_rm_line();
		} else if ((text[i] >= ' ' && text[i] <= '~') || text[i] == '\t') {
			put_char(text[i]);
		}
	}
	spin_unlock(&log_lock);
}

size_t log_read(u64 *cursor, char *buf, size_t bytes)
{
	size_t nr = 0;

	spin_lock(&log_lock);
	if (*cursor > ring_end || ring_end - *cursor > RING_BYTES) {
		*cursor = ring_end > RING_BYTES ? ring_end - RING_BYTES : 0;
	}
	while (nr < bytes && *cursor < ring_end) {
		buf[nr++] = ring[(*cursor)++ % RING_BYTES];
	}
	spin_unlock(&log_lock);
	return nr;
}
