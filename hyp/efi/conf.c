// SPDX-License-Identifier: BSD-3-Clause
/*
 * conf.c: parser of hyp.conf. A wrong line stops the boot rather than being skipped: a board that
 * boots without the initrd it was told to use is harder to understand than one line on the console.
 */
#include "conf.h"
#include "fail.h"
#include "options/suggest.h"

#include <hyp/boot.h>
#include <hyp/calls.h>
#include <stdbool.h>
#include <string.h>

#define CONF_MIN_POOL  (1ull << 20)
#define CONF_MAX_BYTES (1ull << 40)
#define CONF_MAX_VM    (1ull << 39) /* in the 40 bits of address that a VM has */
#define CONF_VM_UNIT   (2ull << 20)
#define CONF_VM_MEMORY (16ull << 20)

/* Where a message points to. */
struct place {
	const char *name;
	unsigned int line;
};

/* A setter of the key at @at gets the field that the table names; 0 or -1. */
static int conf_set_text(void *field, const char *text, const char *key, struct place at)
{
	const char **value = field;

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

static int conf_set_cmdline(void *field, const char *text, const char *key, struct place at)
{
	if (strlen(text) >= BOOT_CMDLINE_SIZE) {
		return loader_fail("%s: line %u: cmdline is longer than %u characters", at.name,
				   at.line, BOOT_CMDLINE_SIZE - 1u);
	}
	return conf_set_text(field, text, key, at);
}

/* Digits and nothing else; returns what follows them, NULL when there are none. */
static const char *conf_number(const char *text, uint64_t most, uint64_t *value)
{
	const char *c = text;

	*value = 0;
	for (; *c >= '0' && *c <= '9' && *value < most; c++) {
		*value = *value * 10 + (uint64_t)(*c - '0');
	}
	return c == text ? NULL : c;
}

static int conf_set_size(uint64_t *field, const char *text, uint64_t unit)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	uint64_t value;
	const char *c = conf_number(text, CONF_MAX_BYTES, &value);

	if (c && *c && strchr(units, *c)) {
		shift = 10 * (unsigned int)(strchr(units, *c++) - units + 1);
	}
	if (!c || *c || value > CONF_MAX_BYTES >> shift) {
		return -1;
	}
	*field = ((value << shift) + unit - 1) & ~(unit - 1);
	return 0;
}

static int conf_set_pool(void *field, const char *text, const char *key, struct place at)
{
	uint64_t value;

	if (conf_set_size(&value, text, 4096) < 0 || value < CONF_MIN_POOL) {
		return loader_fail("%s: line %u: %s=%s is not a size from 1M to 1024G", at.name,
				   at.line, key, text);
	}
	*(uint64_t *)field = value;
	return 0;
}

static int conf_set_memory(void *field, const char *text, const char *key, struct place at)
{
	uint64_t value;

	if (conf_set_size(&value, text, CONF_VM_UNIT) < 0 || !value || value > CONF_MAX_VM) {
		return loader_fail("%s: line %u: %s=%s is not a size from 2M to 512G", at.name,
				   at.line, key, text);
	}
	*(uint64_t *)field = value;
	return 0;
}

static int conf_set_in_range(void *field, const char *text, const char *key, struct place at,
			     uint32_t least, uint32_t most)
{
	uint64_t value;
	const char *c = conf_number(text, 1u << 20, &value);

	if (!c || *c || value < least || value > most) {
		return loader_fail("%s: line %u: %s=%s is not a number from %u to %u", at.name,
				   at.line, key, text, least, most);
	}
	*(uint32_t *)field = (uint32_t)value;
	return 0;
}

static int conf_set_cpus(void *field, const char *text, const char *key, struct place at)
{
	return conf_set_in_range(field, text, key, at, 1, HYP_MAX_VCPUS);
}

static int conf_set_priority(void *field, const char *text, const char *key, struct place at)
{
	return conf_set_in_range(field, text, key, at, 0, BOOT_VM_MAX_PRIORITY);
}

static int conf_set_log(void *field, const char *text, const char *key, struct place at)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};

	for (uint32_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i]) == 0) {
			*(uint32_t *)field = i;
			return 0;
		}
	}
	return loader_fail("%s: line %u: %s=%s: must be error, warning, info or debug", at.name,
			   at.line, key, text);
}

/* The last VM named so far must have all that it needs. */
static int conf_check_vm(const struct conf *conf, const char *name)
{
	const struct conf_vm *vm = conf->nr_vms ? &conf->vms[conf->nr_vms - 1] : NULL;

	if (vm && !vm->image) {
		return loader_fail("%s: vm '%s' has no 'vm-image=' line: it names its arm64 Image",
				   name, vm->name);
	}
	return 0;
}

/* Names are typed into commands: letters, digits and what goes between them. */
static bool conf_name_is_fine(const char *name)
{
	size_t length = 0;

	for (; name[length]; length++) {
		char c = name[length];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.')) {
			return false;
		}
	}
	return length > 0 && length < BOOT_NAME_BYTES && strcmp(name, "host") != 0 &&
	       strcmp(name, "rm") != 0;
}

static int conf_set_vm(void *field, const char *text, const char *key, struct place at)
{
	struct conf *conf = field;

	if (conf_check_vm(conf, at.name) < 0) {
		return -1;
	}
	if (!conf_name_is_fine(text)) {
		return loader_fail(
			"%s: line %u: %s=%s: a name has 1 to %u of A-Z a-z 0-9 - _ . and "
			"is not 'host' or 'rm'",
			at.name, at.line, key, text, BOOT_NAME_BYTES - 1u);
	}
	for (uint32_t i = 0; i < conf->nr_vms; i++) {
		if (strcmp(conf->vms[i].name, text) == 0) {
			return loader_fail("%s: line %u: vm '%s' is given a second time", at.name,
					   at.line, text);
		}
	}
	if (conf->nr_vms == BOOT_MAX_VMS) {
		return loader_fail("%s: line %u: more than %u static VMs", at.name, at.line,
				   BOOT_MAX_VMS + 0u);
	}
	conf->vms[conf->nr_vms++] = (struct conf_vm){
		.name = text,
		.memory = CONF_VM_MEMORY,
		.nr_cpus = 1,
		.priority = BOOT_VM_PRIORITY,
	};
	return 0;
}

static const struct conf_key {
	const char *name;
	int (*set)(void *field, const char *text, const char *key, struct place at);
	size_t offset; /* of the field in struct conf, or in the last struct conf_vm */
	bool of_vm;
} keys[] = {
	{"rm", conf_set_text, offsetof(struct conf, rm), false},
	{"kernel", conf_set_text, offsetof(struct conf, kernel), false},
	{"initrd", conf_set_text, offsetof(struct conf, initrd), false},
	{"cmdline", conf_set_cmdline, offsetof(struct conf, cmdline), false},
	{"dtb", conf_set_text, offsetof(struct conf, dtb), false},
	{"rm-pool", conf_set_pool, offsetof(struct conf, rm_pool), false},
	{"log", conf_set_log, offsetof(struct conf, log_level), false},
	{"vm", conf_set_vm, 0, false},
	{"vm-image", conf_set_text, offsetof(struct conf_vm, image), true},
	{"vm-memory", conf_set_memory, offsetof(struct conf_vm, memory), true},
	{"vm-cpus", conf_set_cpus, offsetof(struct conf_vm, nr_cpus), true},
	{"vm-priority", conf_set_priority, offsetof(struct conf_vm, priority), true},
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static int conf_unknown(const char *key, struct place at)
{
	struct suggest near;

	suggest_init(&near, key, strlen(key));
	for (size_t i = 0; i < NR_KEYS; i++) {
		suggest_offer(&near, keys[i].name);
	}
	if (suggest_best(&near)) {
		return loader_fail("%s: line %u: unknown key '%s': did you mean '%s'?", at.name,
				   at.line, key, suggest_best(&near));
	}
	return loader_fail("%s: line %u: unknown key '%s': there are rm, kernel, initrd, cmdline, "
			   "dtb, rm-pool, log, vm, vm-image, vm-memory, vm-cpus and vm-priority",
			   at.name, at.line, key);
}

static int conf_set(struct conf *conf, const char *key, const char *value, struct place at)
{
	for (size_t i = 0; i < NR_KEYS; i++) {
		const struct conf_key *k = &keys[i];

		if (strcmp(key, k->name) != 0) {
			continue;
		}
		if (k->of_vm && !conf->nr_vms) {
			return loader_fail("%s: line %u: '%s' comes before any 'vm=' line", at.name,
					   at.line, key);
		}
		return k->set((char *)(k->of_vm ? (void *)&conf->vms[conf->nr_vms - 1] : conf) +
				      k->offset,
			      value, key, at);
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
	return conf_check_vm(conf, name);
}
