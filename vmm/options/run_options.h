/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_options.h: the command line of `vmm run`, as one table, turned into a struct vm_config.
 */
#ifndef VMM_OPTIONS_RUN_OPTIONS_H
#define VMM_OPTIONS_RUN_OPTIONS_H

#include "config.h"

#include <stdio.h>

/*
 * Parses the arguments after `run`. Returns 0; OPT_HELP when help was asked for and has been
 * printed to @help; or -EINVAL
 * (-ENOMEM) with a full sentence in @error. After 0 the configuration must be given to
 * run_options_release(); the strings of @argv are used in place.
 */
int run_options_parse(int argc, char **argv, struct vm_config *config, FILE *help,
		      char error[OPT_ERROR_SIZE]);
void run_options_release(struct vm_config *config);

#endif
