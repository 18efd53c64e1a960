/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * opt.h: one typed parser for every `value[,key=value...]` text the user gives.
 *
 * A set of keys is a const table; it is the only description of the option there is: parsing,
 * defaults, ranges, `help` and the nearest-match hint all come from it. The first key of a table
 * marked `bare` takes a value without a key
 * (`--mem 512` is `--mem size=512`); a boolean key may stand alone (`ro` is `ro=true`).
 *
 * Nothing here prints or exits: errors are returned as text.
 */
#ifndef VMM_OPTIONS_OPT_H
#define VMM_OPTIONS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPT_MAX_KEYS   24
#define OPT_ERROR_SIZE 512
/* opt_parse() was given `help`: the caller prints opt_print_help() and stops. */
#define OPT_HELP 1

enum opt_type {
	OPT_STRING,
	OPT_BOOL, /* true false on off yes no 1 0; the bare key is true */
	OPT_U64,  /* decimal, 0x hexadecimal */
	OPT_SIZE, /* a number with K, M, G or T (powers of 1024); without a suffix it counts `unit`
		     bytes */
	OPT_ENUM, /* one of `choices` */
};

struct opt_key {
	const char *name;
	enum opt_type type;
	bool bare;
	bool ignored;               /* accepted for compatibility, no effect; said so in help */
	const char *deflt;          /* as the user would write it; NULL: unset unless given */
	const char *help;           /* one line */
	uint64_t min, max;          /* OPT_U64, OPT_SIZE (bytes); both 0: any */
	uint64_t unit;              /* OPT_SIZE without a suffix; 0 means 1 byte */
	const char *const *choices; /* OPT_ENUM, ended by NULL */
};

struct opt_value {
	bool given;      /* by the user, not by default */
	bool set;        /* given or has a default */
	uint64_t number; /* OPT_U64, OPT_SIZE (bytes), OPT_BOOL (0, 1), OPT_ENUM (index into
			    choices) */
	char *text;      /* owned; the value as written */
};

struct opt_values {
	const struct opt_key *keys;
	struct opt_value value[OPT_MAX_KEYS];
};

/*
 * Parses @text by @keys (ended by a NULL name). Returns 0, OPT_HELP, or -EINVAL / -ENOMEM with a
 * full sentence in
 * @error. @values must be given to opt_release() after a result of 0 only.
 */
int opt_parse(const struct opt_key *keys, const char *text, struct opt_values *values,
	      char error[OPT_ERROR_SIZE]);
void opt_release(struct opt_values *values);

/* Lookups by key name; a name that is not in the table is a bug and aborts. Unset: NULL, 0, false.
 */
const char *opt_text(const struct opt_values *values, const char *name);
uint64_t opt_number(const struct opt_values *values, const char *name);
bool opt_bool(const struct opt_values *values, const char *name);
bool opt_given(const struct opt_values *values, const char *name);

/* Prints keys, types, ranges and defaults, one line each. */
void opt_print_help(const struct opt_key *keys, FILE *out);

#endif
