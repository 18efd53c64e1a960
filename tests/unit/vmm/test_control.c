// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_control.c: requests of the control socket, good and bad, without sockets; and the terminal's
 * escape key.
 */
#include "cmocka_all.h"

#include "accel.h"
#include "chardev/terminal.h"
#include "config.h"
#include "control/commands.h"
#include "machine.h"

#include <stdlib.h>
#include <string.h>

static const struct accel_ops accel = {.name = "fake"};
static char name[] = "test";
static const struct vm_config config = {
	.name = name, .kernel = "Image", .nr_cpus = 2, .mem_size = 1 << 30, .accel = &accel};
static bool has_machine, has_console, paused, stopped;

static struct machine *get_machine(void *context)
{
	return has_machine ? context : NULL;
}

static struct chardev *get_console(void *context)
{
	return has_console ? context : NULL;
}

static void stop(void *context)
{
	(void)context;
	stopped = true;
}

void machine_pause(struct machine *machine)
{
	(void)machine;
	paused = true;
}

void machine_resume(struct machine *machine)
{
	(void)machine;
	paused = false;
}

bool machine_is_paused(const struct machine *machine)
{
	(void)machine;
	return paused;
}

void machine_print_stat(struct machine *machine, FILE *out)
{
	(void)machine;
	fprintf(out, "exits 42\n");
}

static struct control_target target = {
	.config = &config,
	.machine = get_machine,
	.console = get_console,
	.stop = stop,
	.context = &target,
};

static void expect(const char *line, const char *part, bool console)
{
	bool wants_console;
	char *reply = control_execute(&target, line, &wants_console);

	assert_non_null(reply);
	if (!strstr(reply, part) || reply[strlen(reply) - 1] != '\n') {
		fail_msg("%s: %s", line, reply);
	}
	assert_int_equal(wants_console, console);
	free(reply);
}

static void test_commands(void **state)
{
	(void)state;
	has_machine = true;
	has_console = true;
	expect("{\"execute\": \"status\"}", "\"status\":\"running\"", false);
	expect("{\"execute\": \"pause\"}", "{\"return\":{}}", false);
	expect("{\"execute\": \"status\"}", "\"status\":\"paused\"", false);
	expect("{\"execute\": \"resume\"}", "{\"return\":{}}", false);
	assert_false(paused);
	expect("{\"execute\": \"stat\"}", "exits 42", false);
	expect("{\"execute\": \"console\"}", "{\"return\":{}}", true);
	expect("{\"execute\": \"stop\"}", "{\"return\":{}}", false);
	assert_true(stopped);
}

static void test_between_two_machines(void **state)
{
	(void)state;
	has_machine = false;
	has_console = false;
	expect("{\"execute\": \"status\"}", "restarting", false);
	expect("{\"execute\": \"pause\"}", "error", false);
	expect("{\"execute\": \"stat\"}", "error", false);
	expect("{\"execute\": \"console\"}", "no serial port", false);
}

static void test_bad_requests(void **state)
{
	static const char *const lines[] = {
		"",
		"x",
		"[]",
		"{}",
		"null",
		"{\"execute",
		"{\"execute\": 1}",
		"{\"execute\": {\"execute\": 1}}",
		"\"a\"",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		"{\"execute\": null}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		expect(lines[i], "a request is", false);
	}
	expect("{\"execute\": \"stpo\"}", "did you mean 'stop'", false);
	expect("{\"execute\": \"a\\\"b\\u0000\"}", "error", false);
}

static void expect_filter(struct terminal_escape *escape, const char *in, const char *out,
			  enum terminal_command command)
{
	uint8_t bytes[32];
	size_t count = strlen(in);

	memcpy(bytes, in, count);
	assert_int_equal(terminal_filter(escape, bytes, &count), command);
	assert_int_equal(count, strlen(out));
	assert_memory_equal(bytes, out, count);
}

static void test_escape_key(void **state)
{
	struct terminal_escape escape = {0};

	(void)state;
	expect_filter(&escape, "abc", "abc", TERMINAL_NONE);
	expect_filter(&escape, "a\001xb", "ab", TERMINAL_LEAVE);
	expect_filter(&escape, "a\001", "a", TERMINAL_NONE);
	expect_filter(&escape, "h", "", TERMINAL_HELP);
	expect_filter(&escape, "\001\001", "\001", TERMINAL_NONE);
	expect_filter(&escape, "\001qz", "z", TERMINAL_NONE);
	expect_filter(&escape, "x", "x", TERMINAL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_between_two_machines),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_escape_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
