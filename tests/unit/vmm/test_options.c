// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_options.c: the sub-option parser: every type, every refusal with its sentence, nearest
 * matches, help.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "options/opt.h"
#include "options/suggest.h"

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct opt_key keys[] = {
	{.name = "path", .type = OPT_STRING, .bare = true, .help = "file"},
	{.name = "ro", .type = OPT_BOOL, .deflt = "false", .help = "read only"},
	{.name = "size",
	 .type = OPT_SIZE,
	 .unit = 1 << 20,
	 .min = 1 << 20,
	 .max = 1ULL << 40,
	 .help = "s"},
	{.name = "count", .type = OPT_U64, .deflt = "3", .min = 1, .max = 8, .help = "c"},
	{.name = "colour", .type = OPT_ENUM, .choices = colours, .deflt = "green", .help = "x"},
	{0},
};

static char error[OPT_ERROR_SIZE];

static void test_takes_every_type(void **state)
{
	struct opt_values v;

	(void)state;
	assert_int_equal(opt_parse(keys, "./a=b,,c,ro,size=2,count=0x8,colour=blue", &v, error), 0);
	assert_string_equal(opt_text(&v, "path"), "./a=b,c");
	assert_true(opt_bool(&v, "ro"));
	assert_int_equal(opt_number(&v, "size"), 2 << 20);
	assert_int_equal(opt_number(&v, "count"), 8);
	assert_int_equal(opt_number(&v, "colour"), 2);
	opt_release(&v);
}

static void test_fills_in_defaults(void **state)
{
	struct opt_values v;

	(void)state;
	assert_int_equal(opt_parse(keys, "", &v, error), 0);
	assert_null(opt_text(&v, "path"));
	assert_false(opt_bool(&v, "ro"));
	assert_false(opt_given(&v, "count"));
	assert_int_equal(opt_number(&v, "count"), 3);
	assert_int_equal(opt_number(&v, "colour"), 1);
	opt_release(&v);
}

static void test_size_suffixes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{"size=1024K", 1 << 20}, {"size=3M", 3 << 20},    {"size=1GiB", 1 << 30},
		{"size=1g", 1 << 30},    {"size=1T", 1ULL << 40},
	};
	struct opt_values v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(opt_parse(keys, cases[i].text, &v, error), 0);
		assert_int_equal(opt_number(&v, "size"), cases[i].bytes);
		opt_release(&v);
	}
}

static void test_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"x,siez=2", "did you mean 'size'"},
		{"siez=2", "did you mean 'size'"},
		{"x,zzz=2", "'help' lists the keys"},
		{"x,size=2T", "it can be 1M to 1T"},
		{"x,size=99999999999999999999", "it can be 1M to 1T"},
		{"x,size=2X", "not a unit"},
		{"x,size=M", "not a size"},
		{"x,size=-1", "not a size"},
		{"x,count=0", "it can be 1 to 8"},
		{"x,count=four", "not a number"},
		{"x,count=4k", "not a number"},
		{"x,colour=gren", "did you mean 'green'"},
		{"x,colour=mauve", "red, green, blue"},
		{"x,ro=perhaps", "neither true nor false"},
		{"x,count=1,count=2", "given twice"},
		{"x,count", "needs a value"},
		{"path=", "needs a value"},
	};
	struct opt_values v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(opt_parse(keys, cases[i].text, &v, error), -EINVAL);
		if (!strstr(error, cases[i].says)) {
			fail_msg("%s: %s", cases[i].text, error);
		}
	}
}

static void test_help_is_a_value_everywhere(void **state)
{
	struct opt_values v;
	char *text;
	size_t size;
	FILE *out;

	(void)state;
	assert_int_equal(opt_parse(keys, "help", &v, error), OPT_HELP);
	assert_int_equal(opt_parse(keys, "x,ro,help", &v, error), OPT_HELP);
	out = open_memstream(&text, &size);
	opt_print_help(keys, out);
	fclose(out);
	assert_non_null(strstr(text, "red|green|blue, default green"));
	assert_non_null(strstr(text, "1M..1T"));
	assert_non_null(strstr(text, "number 1..8, default 3"));
	free(text);
}

static const char *nearest(const char *word)
{
	static const char *const names[] = {"--cpus", "--mem", "--initrd", "--serial", "--block"};
	struct suggest suggest;

	suggest_init(&suggest, word, strlen(word));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		suggest_offer(&suggest, names[i]);
	}
	return suggest_best(&suggest);
}

static void test_nearest_match(void **state)
{
	(void)state;
	assert_string_equal(nearest("--cpu"), "--cpus");
	assert_string_equal(nearest("--intird"), "--initrd");
	assert_string_equal(nearest("--ser"), "--serial");
	assert_string_equal(nearest("--blokc"), "--block");
	assert_null(nearest("--frobnicate"));
	assert_null(nearest("--a-name-that-is-much-longer-than-forty-letters"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_every_type),
		cmocka_unit_test(test_fills_in_defaults),
		cmocka_unit_test(test_size_suffixes),
		cmocka_unit_test(test_says_what_is_wrong),
		cmocka_unit_test(test_help_is_a_value_everywhere),
		cmocka_unit_test(test_nearest_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
