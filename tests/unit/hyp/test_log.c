/* SPDX-License-Identifier: BSD-3-Clause */
/* core/log.c: what is printed, kept and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <core/log.h>
#include "machine.h"

#define RING_BYTES 65536u

static u64 cursor;

/* What came since the last time. */
static const char *news(void)
{
	static char text[512];

	text[log_read(&cursor, text, sizeof(text) - 1)] = 0;
	return text;
}

static int setup(void **state)
{
	(void)state;
	machine_boot();
	log_init(LOG_INFO);
	while (*news()) {
	}
	return 0;
}

/* The compiler knows a part of these formats only. */
static void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vprintf(LOG_INFO, format, &args);
	va_end(args);
}

static void formats(void **state)
{
	(void)state;
	log_info("%s %c %d %u %x%%\n", "text", 'c', -5, 4000000000u, 0xabcu);
	assert_string_equal(news(), "hyp: text c -5 4000000000 abc%\n");
	log_info("%lx %lu %ld %p\n", ~0ul, ~0ul, -1l, (void *)0x1234);
	assert_string_equal(news(),
			    "hyp: ffffffffffffffff 18446744073709551615 -1 0000000000001234\n");
	log_info("[%5u] [%05x] [%2u] [%3d]\n", 42u, 0x42u, 12345u, 7);
	assert_string_equal(news(), "hyp: [   42] [00042] [12345] [  7]\n");
	log_info("%ld %d\n", (long)BIT(63), (int)BIT(31));
	assert_string_equal(news(), "hyp: -9223372036854775808 -2147483648\n");
	print("%q %");
	assert_string_equal(news(), "hyp: q ");
}

static void levels(void **state)
{
	(void)state;
	log_debug("not kept\n");
	log_init(LOG_WARN);
	log_info("not kept either\n");
	log_warn("kept\n");
	assert_string_equal(news(), "hyp: kept\n");
}

static void uart_until_the_host_has_it(void **state)
{
	u64 before = fake_uart_bytes;

	(void)state;
	log_info("for the host\n"); /* which runs */
	assert_int_equal(fake_uart_bytes, before);
	log_panic_mode();
	log_error("x\n");
	assert_int_equal(fake_uart_bytes, before + strlen("hyp: x\r\n"));
	log_release_uart();
	(void)news();
}

static void the_rms_lines_are_marked(void **state)
{
	(void)state;
	log_rm_write("one ", 4);
	log_rm_write("line\nhalf", 9);
	log_info("ours\n");
	log_rm_write("\nrm\n", 4);
	assert_string_equal(news(), "rm: one line\nrm: half\nhyp: ours\nrm: \nrm: rm\n");
}

/* Whoever reads the log has a terminal, which a VM must not command. */
static void the_rm_writes_no_control_characters(void **state)
{
	static const char hostile[] = "a\033[2J\r\b\x9b"
				      "2J\x7f\tz\n";

	(void)state;
	log_rm_write(hostile, sizeof(hostile) - 1);
	assert_string_equal(news(), "rm: a[2J2J\tz\n");
}

static void a_late_reader_gets_the_newest(void **state)
{
	static char all[RING_BYTES + 1];
	u64 old = cursor;
	size_t nr;

	(void)state;
	for (u32 i = 0; i < 8192; i++) {
		log_info("line %06u\n", i); /* 17 bytes: twice around and more */
	}
	nr = log_read(&old, all, sizeof(all));
	assert_int_equal(nr, RING_BYTES);
	assert_memory_equal(&all[nr - 17], "hyp: line 008191\n", 17);
	assert_int_equal(log_read(&old, all, sizeof(all)), 0);
	old = ~0ull; /* a cursor that never was */
	assert_int_equal(log_read(&old, all, 5), 5);
	cursor = 0;
	assert_int_equal(log_read(&cursor, all, sizeof(all)), RING_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(formats, setup),
		cmocka_unit_test_setup(levels, setup),
		cmocka_unit_test_setup(uart_until_the_host_has_it, setup),
		cmocka_unit_test_setup(the_rms_lines_are_marked, setup),
		cmocka_unit_test_setup(the_rm_writes_no_control_characters, setup),
		cmocka_unit_test_setup(a_late_reader_gets_the_newest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
