/* SPDX-License-Identifier: BSD-3-Clause */
/* core/console.c: what VMs write, who may read it, and what is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <core/console.h>
#include "machine.h"

#define HOST_ID 2u

static struct guest guest;

static int setup(void **state)
{
	(void)state;
	machine_boot();
	machine_add_guest(&guest, 0, 1, 32);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	machine_check();
	machine_remove_guest(&guest);
	return 0;
}

static void says(const char *text)
{
	assert_int_equal(console_write(guest.vm, text, strlen(text)), HYP_OK);
}

static void expect(u64 cursor, const char *text)
{
	char buf[64] = "";
	size_t nr = console_read(&guest.vm->console, &cursor, buf, sizeof(buf) - 1);

	assert_int_equal(nr, strlen(text));
	assert_string_equal(buf, text);
}

static void text_is_kept(void **state)
{
	(void)state;
	expect(0, "");
	says("one\n");
	says("t\tw\x1b[2J\x7f\ro\n"); /* nothing that moves the cursor of who reads it */
	expect(0, "one\nt\tw[2Jo\n");
	expect(4, "t\tw[2Jo\n");
	expect(1000, "one\nt\tw[2Jo\n"); /* a cursor that never was */
}

static void the_oldest_goes(void **state)
{
	char text[33];
	u64 cursor = 0;

	(void)state;
	memset(text, 'x', 32);
	text[32] = 0;
	for (u64 i = 0; i < CONSOLE_BYTES / 32; i++) {
		says(text);
	}
	says("end");
	assert_int_equal(console_read(&guest.vm->console, &cursor, text, 1), 1);
	assert_int_equal(cursor, 4);
	expect(CONSOLE_BYTES, "end");
}

/* The pool pays: one that is empty refuses, and nothing is half done. */
static void an_empty_pool(void **state)
{
	void *taken[64];
	u32 nr = 0;

	(void)state;
	while ((taken[nr] = pool_alloc(&guest.vm->pool))) {
		nr++;
	}
	assert_int_equal(console_write(guest.vm, "x", 1), HYP_E_NOMEM);
	while (nr) {
		pool_free(&guest.vm->pool, taken[--nr]);
	}
	says("x");
	expect(0, "x");
}

static void by_calls(void **state)
{
	u64 page = machine_rm_pages(1);
	u64 x[8] = {0, 5, 0x0a6f6c6c6568, 0, 0, 0}; /* "hello\n", five of it */

	(void)state;
	assert_int_equal(machine_call(HOST_CORE, HYP_CALL_console_write, x), HYP_OK);
	assert_int_equal(host_call(console_write, NULL, 33, 0), HYP_E_SIZE);
	assert_int_equal(rm_call(console_read, NULL, HOST_ID, 0, page, 4097), HYP_E_SIZE);
	assert_int_equal(rm_call(console_read, NULL, 77, 0, page, 100), HYP_E_INVAL);
	assert_int_equal(rm_call(console_read, NULL, 256 + HOST_ID, 0, page, 100), HYP_E_INVAL);
	memcpy(x, (u64[]){0, HOST_ID, 2, page, 100}, 5 * sizeof(u64));
	assert_int_equal(machine_call(RM_CORE, HYP_CALL_console_read, x), HYP_OK);
	assert_int_equal(x[1], 5); /* cursor */
	assert_int_equal(x[2], 3); /* bytes */
	/* into memory that is not the reader's */
	assert_int_not_equal(host_call(console_read, NULL, HOST_ID, 0, page, 100), HYP_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_pool, setup, teardown),
		cmocka_unit_test_setup_teardown(by_calls, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
