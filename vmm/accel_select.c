// SPDX-License-Identifier: BSD-3-Clause
/*
 * accel_select.c: `--hypervisor auto`. See accel_select.h.
 */
#include "accel_select.h"

#include "accel.h"
#include "config.h"
#include "log.h"

#include <errno.h>
#include <string.h>

static const struct opt_key accel_no_keys[] = {{0}};

static const struct opt_key *accel_keys(const struct accel_ops *ops)
{
	return ops->options ? ops->options : accel_no_keys;
}

static int accel_try(const struct accel_ops *ops, struct opt_values *options, char *why,
		     size_t size)
{
	char error[OPT_ERROR_SIZE];
	int result = opt_parse(accel_keys(ops), "", options, error);

	if (result) {
		snprintf(why, size, "%.150s", error);
		return result;
	}
	result = ops->probe(options, why, size);
	if (result) {
		opt_release(options);
	}
	return result;
}

static int accel_select_auto(struct vm_config *config)
{
	char reasons[512] = "", why[200];
	size_t used = 0;

	for (unsigned int i = 0; accel_list[i]; i++) {
		opt_release(&config->accel_options);
		if (accel_try(accel_list[i], &config->accel_options, why, sizeof(why)) == 0) {
			config->accel = accel_list[i];
			log_info("--hypervisor auto: %s (%s)%s%s", config->accel->name,
				 config->accel->summary, *reasons ? "; not " : "", reasons);
			return 0;
		}
		snprintf(reasons + used, sizeof(reasons) - used, "%s%s: %s", used ? "; " : "",
			 accel_list[i]->name, why);
		used = strlen(reasons);
	}
	log_error("--hypervisor auto: none works here: %s", reasons);
	return -ENODEV;
}

int accel_select(struct vm_config *config)
{
	char why[200];
	int result;

	if (!config->accel) {
		return accel_select_auto(config);
	}
	result = config->accel->probe(&config->accel_options, why, sizeof(why));
	if (result) {
		log_error("--hypervisor %s: %s", config->accel->name, why);
	}
	return result;
}
