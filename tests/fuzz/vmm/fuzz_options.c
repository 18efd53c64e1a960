// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_options.c: the sub-option parser on arbitrary text (libFuzzer).
 */
#include "options/opt.h"

#include <stdlib.h>
#include <string.h>

static const char *const colours[] = {"red", "green", NULL};
static const struct opt_key keys[] = {
	{.name = "path", .type = OPT_STRING, .bare = true, .help = "p"},
	{.name = "ro", .type = OPT_BOOL, .deflt = "false", .help = "r"},
	{.name = "size", .type = OPT_SIZE, .unit = 1 << 20, .min = 1, .max = 1 << 30, .help = "s"},
	{.name = "count", .type = OPT_U64, .help = "c"},
	{.name = "colour", .type = OPT_ENUM, .choices = colours, .help = "x"},
	{0},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);
	char error[OPT_ERROR_SIZE];
	struct opt_values values;

	if (!text) {
		return 0;
	}
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (opt_parse(keys, text, &values, error) == 0) {
		if (opt_given(&values, "size") && opt_number(&values, "size") > 1 << 30) {
			abort(); /* beyond its range */
		}
		opt_release(&values);
	}
	free(text);
	return 0;
}
