// SPDX-License-Identifier: BSD-3-Clause
/*
 * conf.c: parser of hyp.conf. A wrong line stops the boot rather than being skipped: a board that
 * boots without the initrd it was told to use is harder to understand than one line on the console.
 */
#include "conf.h"
#include "fail.h"
#include "options/suggest.h"

#include <hyp/boot.h>
#include <stdbool.h>
#include <string.h>

#define CONF_MIN_POOL (1ull << 20)
#define CONF_MAX_POOL (1ull << 40)

/* Where a message points to. */
struct place {
	const char *name;
	unsigned int line;
};

static int conf_set_text(const char **value, const char *text, const char *key, struct place at)
{
	if (*value) {
		return loader_fail("%s: line %u: '%s' is given a second time", at.name, at.line,
				   key);
	}
	if (!*text) {
		return loader_fail("%s: line %u: '%s' has no value", at.name, at.line, key);
	}
	*value = text;
	return 0;
}

static int conf_set_pool(struct conf *conf, const char *text, struct place at)
{
	uint64_t value = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '9' && value < CONF_MAX_POOL; c++) {
		value = value * 10 + (uint64_t)(*c - '0');
	}
	if (c != text && *c) {
		const char *unit = strchr("KMG", *c);

		value <<= unit ? 10 * (unsigned int)(unit - "KMG" + 1) : 0;
		c += unit ? 1 : 0;
	}
	if (c == text || *c || value < CONF_MIN_POOL || value > CONF_MAX_POOL) {
		return loader_fail("%s: line %u: rm-pool=%s is not a size from 1M to 1024G",
				   at.name, at.line, text);
	}
	conf->rm_pool = (value + 4095) & ~4095ull;
	return 0;
}

static int conf_set_log(struct conf *conf, const char *text, struct place at)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};

	for (uint32_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i]) == 0) {
			conf->log_level = i;
			return 0;
		}
	}
	return loader_fail("%s: line %u: log=%s: must be error, warning, info or debug", at.name,
			   at.line, text);
}

static int conf_unknown(const char *key, struct place at)
{
	static const char *const keys[] = {"rm",  "kernel",  "initrd", "cmdline",
					   "dtb", "rm-pool", "log"};
	struct suggest near;

	suggest_init(&near, key, strlen(key));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		suggest_offer(&near, keys[i]);
	}
	if (suggest_best(&near)) {
		return loader_fail("%s: line %u: unknown key '%s': did you mean '%s'?", at.name,
				   at.line, key, suggest_best(&near));
	}
	return loader_fail("%s: line %u: unknown key '%s': there are rm, kernel, initrd, cmdline, "
			   "dtb, rm-pool and log",
			   at.name, at.line, key);
}

static int conf_set(struct conf *conf, const char *key, const char *value, struct place at)
{
	if (strcmp(key, "rm") == 0) {
		return conf_set_text(&conf->rm, value, key, at);
	}
	if (strcmp(key, "kernel") == 0) {
		return conf_set_text(&conf->kernel, value, key, at);
	}
	if (strcmp(key, "initrd") == 0) {
		return conf_set_text(&conf->initrd, value, key, at);
	}
	if (strcmp(key, "dtb") == 0) {
		return conf_set_text(&conf->dtb, value, key, at);
	}
	if (strcmp(key, "cmdline") == 0) {
		if (strlen(value) >= BOOT_CMDLINE_SIZE) {
			return loader_fail("%s: line %u: cmdline is longer than %u characters",
					   at.name, at.line, BOOT_CMDLINE_SIZE - 1u);
		}
		return conf_set_text(&conf->cmdline, value, key, at);
	}
	if (strcmp(key, "rm-pool") == 0) {
		return conf_set_pool(conf, value, at);
	}
	if (strcmp(key, "log") == 0) {
		return conf_set_log(conf, value, at);
	}
	return conf_unknown(key, at);
}

/* Without blanks at both ends; terminates the word in place. */
static char *conf_trim(char *from, char *to)
{
	while (from < to && (*from == ' ' || *from == '\t')) {
		from++;
	}
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r')) {
		to--;
	}
	*to = '\0';
	return from;
}

static int conf_line(struct conf *conf, char *from, char *to, struct place at)
{
	char *key, *value, *equals;

	from = conf_trim(from, to);
	if (!*from || *from == '#') {
		return 0;
	}
	equals = strchr(from, '=');
	if (!equals) {
		return loader_fail("%s: line %u is not key=value", at.name, at.line);
	}
	value = conf_trim(equals + 1, equals + 1 + strlen(equals + 1));
	key = conf_trim(from, equals);
	return conf_set(conf, key, value, at);
}

int conf_parse(struct conf *conf, char *text, size_t bytes, const char *name)
{
	char *end = text + bytes, *next;
	struct place at = {name, 1};

	*conf = (struct conf){.log_level = 2};
	if (memchr(text, '\0', bytes)) {
		return loader_fail("%s is not a text file", name);
	}
	for (char *from = text; from < end; from = next + 1, at.line++) {
		next = memchr(from, '\n', (size_t)(end - from));
		next = next ? next : end;
		if (conf_line(conf, from, next, at) < 0) {
			return -1;
		}
	}
	if (!conf->rm) {
		return loader_fail("%s: no 'rm=' line: it names the resource manager", name);
	}
	if (!conf->kernel) {
		return loader_fail("%s: no 'kernel=' line: it names the host's arm64 Image", name);
	}
	return 0;
}
