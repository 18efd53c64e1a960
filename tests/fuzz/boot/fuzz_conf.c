// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_conf.c: hyp.conf from arbitrary bytes (libFuzzer).
 */
#include "conf.h"
#include "fail.h"

#include <hyp/boot.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);
	struct conf conf;

	if (!text) {
		return 0;
	}
	memcpy(text, bytes, size);
	text[size] = '\0';
	loader_fail_clear();
	if (conf_parse(&conf, text, size, "hyp.conf") < 0) {
		if (!*loader_why()) {
			abort(); /* refused, but nobody says why */
		}
	} else if (!conf.rm || !conf.kernel || conf.log_level > 3 ||
		   (conf.cmdline && strlen(conf.cmdline) >= BOOT_CMDLINE_SIZE)) {
		abort();
	}
	free(text);
	return 0;
}
