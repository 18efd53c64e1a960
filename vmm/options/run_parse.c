// SPDX-License-Identifier: BSD-3-Clause
/*
 * run_parse.c: walks the command line of `vmm run` by the table in run_options.c, and prints its
 * help.
 */
#include "options/run_options.h"
#include "options/run_options_private.h"

#include "accel.h"
#include "options/suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_MAX_PARAMS 2048u /* COMMAND_LINE_SIZE of arm64 Linux, its NUL included */

static bool run_option_has_argument(const struct run_option *option)
{
	return option->argument || option->keys;
}

static void run_print_hypervisors(FILE *out)
{
	fprintf(out, "--hypervisor NAME[,KEY=VALUE...]\n  auto         the first of these that "
		     "works here; it says which and why\n");
	for (unsigned int i = 0; accel_list[i]; i++) {
		fprintf(out, "  %-12s %s\n", accel_list[i]->name, accel_list[i]->summary);
	}
	for (unsigned int i = 0; accel_list[i]; i++) {
		if (accel_list[i]->options && accel_list[i]->options[0].name) {
			fprintf(out, "keys of %s:\n", accel_list[i]->name);
			opt_print_help(accel_list[i]->options, out);
		}
	}
}

static void run_print_option(const struct run_option *option, FILE *out)
{
	char head[80];

	snprintf(head, sizeof(head), "%s%s%s", option->name, option->argument ? " " : "",
		 option->argument ? option->argument
		 : option->keys   ? " VALUE[,KEY=VALUE...]"
				  : "");
	if (option->letter) {
		fprintf(out, "  -%c, --%-38s %s", option->letter, head, option->help);
	} else {
		fprintf(out, "      --%-38s %s", head, option->help);
	}
	fprintf(out, "%s\n", option->ignored ? "; accepted, has no effect" : "");
}

static void run_print_help(FILE *out)
{
	fprintf(out, "usage: vmm run [options] KERNEL\n\n"
		     "KERNEL is an arm64 Linux Image, plain or gzip-compressed. `help` as the "
		     "value of an\n"
		     "option shows its keys, types and defaults.\n\n");
	for (unsigned int i = 0; run_options[i].name; i++) {
		run_print_option(&run_options[i], out);
	}
	fprintf(out,
		"\nexit status: 0 the guest powered off, 32 reset (with --no-reboot), 33 the VMM "
		"failed,\n34 the guest panicked, 35 bad arguments\n");
}

static int run_find_option(const char *argument, size_t length, const struct run_option **option,
			   char *error)
{
	const size_t dashes = argument[1] == '-' ? 2 : 1; /* QEMU's habit is one */
	struct suggest suggest;
	const char *near;

	suggest_init(&suggest, argument + dashes, length - dashes);
	for (unsigned int i = 0; run_options[i].name; i++) {
		*option = &run_options[i];
		if (argument[1] != '-' && length == 2 && argument[1] == (*option)->letter) {
			return 0;
		}
		if (argument[1] == '-' && strlen((*option)->name) == length - 2 &&
		    memcmp((*option)->name, argument + 2, length - 2) == 0) {
			return 0;
		}
		suggest_offer(&suggest, (*option)->name);
	}
	near = length > 2 ? suggest_best(&suggest) : NULL;
	snprintf(error, OPT_ERROR_SIZE, "there is no option %.*s; %s%s%s", (int)length, argument,
		 near ? "did you mean --" : "`vmm run --help` lists them", near ? near : "",
		 near ? "?" : "");
	return -EINVAL;
}

static int run_explain(const struct run_option *option, char *error)
{
	char message[OPT_ERROR_SIZE];

	memcpy(message, error, sizeof(message));
	snprintf(error, OPT_ERROR_SIZE, "--%s: %.480s", option->name, message);
	return -EINVAL;
}

/* What `help` as a value that has no keys of its own shows; a file of that name is ./help. */
static void run_print_value(const struct run_option *option, FILE *out)
{
	if (strcmp(option->name, "hypervisor") == 0) {
		run_print_hypervisors(out);
	} else {
		run_print_option(option, out);
	}
}

/* Parses the sub-options of one occurrence and keeps them as long as the configuration. */
static int run_apply_keys(struct vm_config *config, const struct run_option *option,
			  const char *text, FILE *help, char *error)
{
	struct opt_values *grown =
		realloc(config->parsed, (config->nr_parsed + 1) * sizeof(*config->parsed));
	int result;

	if (!grown) {
		return -ENOMEM;
	}
	config->parsed = grown;
	if (*text == '\0') {
		snprintf(error, OPT_ERROR_SIZE,
			 "--%s: the value is empty; `help` shows what it can be", option->name);
		return -EINVAL;
	}
	result = opt_parse(option->keys, text, &grown[config->nr_parsed], error);
	if (result == OPT_HELP) {
		fprintf(help, "--%s VALUE[,KEY=VALUE...]: %s\n", option->name, option->help);
		opt_print_help(option->keys, help);
		return OPT_HELP;
	}
	if (result) {
		return run_explain(option, error);
	}
	result = option->apply(config, &grown[config->nr_parsed++], text, error);
	return result ? run_explain(option, error) : 0;
}

static int run_apply(struct vm_config *config, const struct run_option *option, const char *text,
		     FILE *help, char *error)
{
	int result;

	if (option->ignored) {
		return 0;
	}
	if (option->keys) {
		return run_apply_keys(config, option, text, help, error);
	}
	result = option->argument && strcmp(text, "help") == 0
			 ? OPT_HELP
			 : option->apply(config, NULL, text, error);
	if (result == OPT_HELP) {
		run_print_value(option, help);
		return OPT_HELP;
	}
	return result ? run_explain(option, error) : 0;
}

/* Takes one option, and its argument from the next word if it is not in this one. Returns words
 * used or an error. */
static int run_take_option(struct vm_config *config, int left, char **words, FILE *help,
			   char *error)
{
	const struct run_option *option;
	const char *equals = words[0][1] == '-' ? strchr(words[0], '=') : NULL;
	size_t length = equals ? (size_t)(equals - words[0]) : strlen(words[0]);
	const char *text = equals ? equals + 1 : NULL;
	int used = 1, result;

	result = run_find_option(words[0], length, &option, error);
	if (result) {
		return result;
	}
	if (!run_option_has_argument(option) && text) {
		snprintf(error, OPT_ERROR_SIZE, "--%s takes no value", option->name);
		return -EINVAL;
	}
	if (run_option_has_argument(option) && !text) {
		if (left < 2) {
			snprintf(error, OPT_ERROR_SIZE, "--%s needs a value%s", option->name,
				 option->keys ? "; `help` shows what it can be" : "");
			return -EINVAL;
		}
		text = words[1];
		used = 2;
	}
	result = run_apply(config, option, text, help, error);
	return result < 0 ? result : result == OPT_HELP ? 0 : used;
}

static int run_set_defaults(struct vm_config *config, char *error)
{
	if (!config->kernel) {
		return run_fail(error, "the kernel is missing: vmm run [options] KERNEL");
	}
	if (config->nr_serials == 0) {
		config->serials[config->nr_serials++] =
			(struct serial_config){.chardev = {.type = CHARDEV_STDIO, .input = true}};
	}
	if (!config->name && asprintf(&config->name, "vm%d", (int)getpid()) < 0) {
		config->name = NULL;
		return -ENOMEM;
	}
	for (unsigned int i = 0, nr_virtio = 0; i < config->nr_serials; i++) {
		const struct serial_config *serial = &config->serials[i];
		char params[32];

		if (serial->console) {
			snprintf(params, sizeof(params), "console=%s%u",
				 serial->hardware == SERIAL_PL011 ? "ttyAMA" : "hvc",
				 serial->hardware == SERIAL_PL011 ? 0 : nr_virtio);
			if (run_append_params(config, params) < 0) {
				return -ENOMEM;
			}
		}
		nr_virtio += serial->hardware == SERIAL_VIRTIO_CONSOLE;
	}
	if (strlen(config->params) >= RUN_MAX_PARAMS) {
		snprintf(error, OPT_ERROR_SIZE,
			 "--params: the kernel's command line has %zu bytes, and arm64 Linux takes "
			 "%u",
			 strlen(config->params), RUN_MAX_PARAMS - 1u);
		return -EINVAL;
	}
	return 0;
}

static int run_parse_words(int argc, char **argv, struct vm_config *config, FILE *help, char *error)
{
	bool options_end = false;

	for (int i = 0; i < argc;) {
		const char *word = argv[i];

		if (!options_end && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
				     (i == 0 && strcmp(word, "help") == 0))) {
			run_print_help(help);
			return OPT_HELP;
		}
		if (!options_end && word[0] == '-' && word[1]) {
			int used;

			options_end = strcmp(word, "--") == 0;
			used = options_end
				       ? 1
				       : run_take_option(config, argc - i, argv + i, help, error);
			if (used <= 0) {
				return used ? used : OPT_HELP;
			}
			i += used;
			continue;
		}
		if (config->kernel) {
			snprintf(error, OPT_ERROR_SIZE,
				 "there is one KERNEL, but both %s and %s are given",
				 config->kernel, word);
			return -EINVAL;
		}
		config->kernel = word;
		i++;
	}
	return run_set_defaults(config, error);
}

int run_options_parse(int argc, char **argv, struct vm_config *config, FILE *help,
		      char error[OPT_ERROR_SIZE])
{
	int result;

	*config = (struct vm_config){.nr_cpus = 1, .mem_size = UINT64_C(512) << 20};
	config->params = strdup("");
	snprintf(error, OPT_ERROR_SIZE, "out of memory");
	result = config->params ? run_parse_words(argc, argv, config, help, error) : -ENOMEM;
	if (result) {
		run_options_release(config);
	}
	return result;
}

void run_options_release(struct vm_config *config)
{
	for (unsigned int i = 0; i < config->nr_parsed; i++) {
		opt_release(&config->parsed[i]);
	}
	free(config->parsed);
	opt_release(&config->accel_options);
	free(config->params);
	free(config->name);
	*config = (struct vm_config){0};
}
