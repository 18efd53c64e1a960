/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_options_private.h: the table of `vmm run`'s options (run_options.c) as the parser
 * (run_parse.c) sees it.
 */
#ifndef VMM_OPTIONS_RUN_OPTIONS_PRIVATE_H
#define VMM_OPTIONS_RUN_OPTIONS_PRIVATE_H

#include "config.h"

/*
 * A row with `keys` takes `value[,key=value...]`, one with `argument` (its name in the help) any
 * text, one with neither is a switch. apply() gets the parsed values or the text, which live as
 * long as @config; it returns 0, a negative errno with a sentence in @error, or OPT_HELP (rows with
 * `argument`) to have the help of its values printed.
 */
struct run_option {
	const char *name;
	char letter; /* `-m`, or 0 */
	const char *argument;
	const struct opt_key *keys;
	const char *help;
	bool ignored;
	int (*apply)(struct vm_config *config, const struct opt_values *values, const char *text,
		     char *error);
};

/* Ended by a row without a name. */
extern const struct run_option run_options[];

/* Puts @message into @error; returns -EINVAL. */
int run_fail(char *error, const char *message);
/* Adds @text to the kernel command line. Returns 0 or -ENOMEM. */
int run_append_params(struct vm_config *config, const char *text);

#endif
