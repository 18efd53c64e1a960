// SPDX-License-Identifier: BSD-3-Clause
/*
 * opt.c: parses `value[,key=value...]` by a table of keys. See opt.h.
 *
 * A comma inside a value is written `,,` (as QEMU does), so that every file name can be given.
 */
#include "options/opt.h"

#include "options/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const opt_type_names[] = {
	[OPT_STRING] = "string", [OPT_BOOL] = "bool",   [OPT_U64] = "number",
	[OPT_SIZE] = "size",     [OPT_ENUM] = "one of",
};

__attribute__((format(printf, 2, 3))) static int opt_fail(char *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, OPT_ERROR_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* Writes @bytes with the largest unit that loses nothing. */
static const char *opt_format_size(uint64_t bytes, char text[32])
{
	static const char units[] = {0, 'K', 'M', 'G', 'T'};
	unsigned int unit = 0;

	while (unit < 4 && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, 32, unit ? "%" PRIu64 "%c" : "%" PRIu64, bytes, units[unit]);
	return text;
}

static const char *opt_format_number(const struct opt_key *key, uint64_t number, char text[32])
{
	if (key->type == OPT_SIZE) {
		return opt_format_size(number, text);
	}
	snprintf(text, 32, "%" PRIu64, number);
	return text;
}

static int opt_check_range(const struct opt_key *key, const char *text, uint64_t number,
			   char *error)
{
	char low[32], high[32];

	if ((key->min == 0 && key->max == 0) || (number >= key->min && number <= key->max)) {
		return 0;
	}
	return opt_fail(error, "%s=%s is impossible: it can be %s to %s", key->name, text,
			opt_format_number(key, key->min, low),
			opt_format_number(key, key->max, high));
}

/* Multiplier of a size suffix ("", K, KB, KiB, ...), or 0. */
static uint64_t opt_suffix_unit(const struct opt_key *key, const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (*suffix == '\0') {
		return key->unit ? key->unit : 1;
	}
	letter = strchr(letters, toupper((unsigned char)*suffix));
	if (!letter || (suffix[1] && strcasecmp(suffix + 1, "b") && strcasecmp(suffix + 1, "ib"))) {
		return 0;
	}
	return 1ULL << (10 * (letter - letters + 1));
}

static int opt_parse_number(const struct opt_key *key, const char *text, uint64_t *number,
			    char *error)
{
	const char *kind = key->type == OPT_SIZE ? "a size such as 512M" : "a number";
	uint64_t unit = 1;
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || (key->type == OPT_U64 && *end)) {
		return opt_fail(error, "%s=%s: '%s' is not %s", key->name, text, text, kind);
	}
	if (key->type == OPT_SIZE) {
		unit = opt_suffix_unit(key, end);
		if (unit == 0) {
			return opt_fail(error, "%s=%s: '%s' is not a unit (K, M, G, T)", key->name,
					text, end);
		}
	}
	if (errno == ERANGE || __builtin_mul_overflow(*number, unit, number)) {
		*number = UINT64_MAX;
		if (key->max == 0) {
			return opt_fail(error, "%s=%s: the number is too large", key->name, text);
		}
	}
	return opt_check_range(key, text, *number, error);
}

static int opt_parse_bool(const struct opt_key *key, const char *text, uint64_t *number,
			  char *error)
{
	static const char *const words[] = {"false", "true", "off", "on", "no", "yes", "0", "1"};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*number = i % 2;
			return 0;
		}
	}
	return opt_fail(error, "%s=%s: '%s' is neither true nor false", key->name, text, text);
}

static int opt_parse_enum(const struct opt_key *key, const char *text, uint64_t *number,
			  char *error)
{
	struct suggest suggest;
	const char *near;
	size_t used;

	suggest_init(&suggest, text, strlen(text));
	for (unsigned int i = 0; key->choices[i]; i++) {
		if (strcmp(text, key->choices[i]) == 0) {
			*number = i;
			return 0;
		}
		suggest_offer(&suggest, key->choices[i]);
	}
	near = suggest_best(&suggest);
	opt_fail(error, "%s=%s: there is no '%s'", key->name, text, text);
	used = strlen(error);
	if (near) {
		snprintf(error + used, OPT_ERROR_SIZE - used, "; did you mean '%s'?", near);
		return -EINVAL;
	}
	for (unsigned int i = 0; key->choices[i]; i++) {
		used = strlen(error);
		snprintf(error + used, OPT_ERROR_SIZE - used, "%s%s", i ? ", " : "; it can be ",
			 key->choices[i]);
	}
	return -EINVAL;
}

static int opt_parse_value(const struct opt_key *key, const char *text, uint64_t *number,
			   char *error)
{
	switch (key->type) {
	case OPT_STRING:
		if (*text == '\0') {
			return opt_fail(error, "%s= needs a value", key->name);
		}
		return 0;
	case OPT_BOOL:
		return opt_parse_bool(key, text, number, error);
	case OPT_U64:
	case OPT_SIZE:
		return opt_parse_number(key, text, number, error);
	case OPT_ENUM:
		return opt_parse_enum(key, text, number, error);
	}
	return opt_fail(error, "%s has no type", key->name);
}

static int opt_set(struct opt_values *values, unsigned int index, const char *text, bool given,
		   char *error)
{
	struct opt_value *value = &values->value[index];
	const struct opt_key *key = &values->keys[index];
	int result;

	if (given && value->given) {
		return opt_fail(error, "%s is given twice", key->name);
	}
	result = opt_parse_value(key, text, &value->number, error);
	if (result) {
		return result;
	}
	free(value->text);
	value->text = strdup(text);
	if (!value->text) {
		snprintf(error, OPT_ERROR_SIZE, "out of memory");
		return -ENOMEM;
	}
	value->given = given;
	value->set = true;
	return 0;
}

static int opt_find(const struct opt_key *keys, const char *name, size_t length)
{
	for (int i = 0; keys[i].name; i++) {
		if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0) {
			return i;
		}
	}
	return -1;
}

static int opt_fail_unknown(const struct opt_key *keys, const char *name, size_t length,
			    char *error)
{
	struct suggest suggest;
	const char *near;
	size_t used;

	suggest_init(&suggest, name, length);
	for (unsigned int i = 0; keys[i].name; i++) {
		suggest_offer(&suggest, keys[i].name);
	}
	near = suggest_best(&suggest);
	opt_fail(error, "there is no key '%.*s'", (int)length, name);
	used = strlen(error);
	if (near) {
		snprintf(error + used, OPT_ERROR_SIZE - used, "; did you mean '%s'?", near);
	} else {
		snprintf(error + used, OPT_ERROR_SIZE - used, "; 'help' lists the keys");
	}
	return -EINVAL;
}

/* Can @item, the first one, be the value of bare key @key, rather than a mistyped `key=value`? */
static bool opt_is_bare_value(const struct opt_key *key, const char *item, size_t length)
{
	if (!key->bare) {
		return false;
	}
	return item[length] == '\0' || (key->type == OPT_STRING && strcspn(item, "/.") < length);
}

/* One comma-separated item, `key=value`, a bare boolean, or (if @first) the value of the bare key.
 */
static int opt_parse_item(struct opt_values *values, const char *item, bool first, char *error)
{
	const struct opt_key *keys = values->keys;
	const char *equals = strchr(item, '=');
	size_t length = equals ? (size_t)(equals - item) : strlen(item);
	int index = opt_find(keys, item, length);

	if (index >= 0 && equals && keys[index].type != OPT_STRING &&
	    strcmp(equals + 1, "help") == 0) {
		return OPT_HELP;
	}
	if (index >= 0 && equals) {
		return opt_set(values, (unsigned int)index, equals + 1, true, error);
	}
	if (index >= 0 && keys[index].type == OPT_BOOL) {
		return opt_set(values, (unsigned int)index, "true", true, error);
	}
	for (unsigned int i = 0; first && keys[i].name; i++) {
		if (opt_is_bare_value(&keys[i], item, length)) {
			return opt_set(values, i, item, true, error);
		}
	}
	if (index >= 0) {
		return opt_fail(error, "%s needs a value: %s=...", keys[index].name,
				keys[index].name);
	}
	return opt_fail_unknown(keys, item, length, error);
}

/* Cuts the next item off *@rest, turning `,,` into `,` in place. Returns NULL at the end. */
static char *opt_next_item(char **rest)
{
	char *item = *rest, *from = item, *to = item;

	if (!item) {
		return NULL;
	}
	while (*from && (*from != ',' || from[1] == ',')) {
		from += *from == ',';
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return item;
}

static int opt_set_defaults(struct opt_values *values, char *error)
{
	for (unsigned int i = 0; values->keys[i].name; i++) {
		int result = 0;

		if (values->keys[i].deflt && !values->value[i].set) {
			result = opt_set(values, i, values->keys[i].deflt, false, error);
		}
		if (result) {
			return result;
		}
	}
	return 0;
}

int opt_parse(const struct opt_key *keys, const char *text, struct opt_values *values,
	      char error[OPT_ERROR_SIZE])
{
	char *copy = strdup(text), *rest = copy, *item;
	bool first = true;
	int result = 0;

	*values = (struct opt_values){.keys = keys};
	if (!copy) {
		snprintf(error, OPT_ERROR_SIZE, "out of memory");
		return -ENOMEM;
	}
	while (result == 0 && *copy && (item = opt_next_item(&rest))) {
		result = strcmp(item, "help") == 0 ? OPT_HELP
						   : opt_parse_item(values, item, first, error);
		first = false;
	}
	if (result == 0) {
		result = opt_set_defaults(values, error);
	}
	free(copy);
	if (result) {
		opt_release(values);
	}
	return result;
}

void opt_release(struct opt_values *values)
{
	for (unsigned int i = 0; i < OPT_MAX_KEYS; i++) {
		free(values->value[i].text);
		values->value[i] = (struct opt_value){0};
	}
}

static const struct opt_value *opt_get(const struct opt_values *values, const char *name)
{
	int index = opt_find(values->keys, name, strlen(name));

	if (index < 0) {
		abort();
	}
	return &values->value[index];
}

const char *opt_text(const struct opt_values *values, const char *name)
{
	return opt_get(values, name)->text;
}

uint64_t opt_number(const struct opt_values *values, const char *name)
{
	return opt_get(values, name)->number;
}

bool opt_bool(const struct opt_values *values, const char *name)
{
	return opt_get(values, name)->number != 0;
}

bool opt_given(const struct opt_values *values, const char *name)
{
	return opt_get(values, name)->given;
}

static void opt_print_kind(const struct opt_key *key, FILE *out)
{
	char low[32], high[32];

	fprintf(out, "%s", opt_type_names[key->type]);
	if (key->type == OPT_ENUM) {
		for (unsigned int i = 0; key->choices[i]; i++) {
			fprintf(out, "%s%s", i ? "|" : " ", key->choices[i]);
		}
	} else if (key->max) {
		fprintf(out, " %s..%s", opt_format_number(key, key->min, low),
			opt_format_number(key, key->max, high));
	}
	if (key->deflt) {
		fprintf(out, ", default %s", key->deflt);
	}
}

void opt_print_help(const struct opt_key *keys, FILE *out)
{
	for (unsigned int i = 0; keys[i].name; i++) {
		fprintf(out, "  %-12s %s%s%s (", keys[i].name, keys[i].help,
			keys[i].bare ? "; the key may be left out" : "",
			keys[i].ignored ? "; accepted, has no effect" : "");
		opt_print_kind(&keys[i], out);
		fprintf(out, ")\n");
	}
}
