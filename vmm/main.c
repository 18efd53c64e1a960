// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c: picks the verb. The only place that may leave the process.
 */
#include "cmd.h"
#include "exit_code.h"
#include "log.h"
#include "options/suggest.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct verb verbs[] = {
	{"run", cmd_run, "[options] KERNEL   run a VM (`vmm run --help`)"},
	{"list", cmd_list, "                   running VMs"},
	{"status", cmd_status, "[NAME]             what a VM is and does"},
	{"stat", cmd_stat, "[NAME]             counters of its hypervisor"},
	{"console", cmd_console,
	 "[NAME]             this terminal becomes its console; Ctrl-a x leaves"},
	{"stop", cmd_stop, "[NAME]             end it at once, like pulling the plug"},
	{"pause", cmd_pause, "[NAME]             stop its vCPUs and its time"},
	{"resume", cmd_resume, "[NAME]             let it go on"},
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(FILE *out)
{
	fprintf(out, "usage: vmm VERB ...\n\n");
	for (size_t i = 0; i < NR_VERBS; i++) {
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	}
	fprintf(out, "\nNAME is what --name gave (default: vm and the process number); it may be "
		     "left out when "
		     "only one VM runs.\n");
}

static int fail_unknown(const char *name)
{
	struct suggest suggest;
	const char *near;

	suggest_init(&suggest, name, strlen(name));
	for (size_t i = 0; i < NR_VERBS; i++) {
		suggest_offer(&suggest, verbs[i].name);
	}
	near = suggest_best(&suggest);
	log_error("there is no verb '%s'; %s%s%s", name,
		  near ? "did you mean '" : "`vmm help` lists them", near ? near : "",
		  near ? "'?" : "");
	return VMM_EXIT_ARGUMENTS;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Who closed one of the standard streams would else have the next file that is opened, a disk
 * perhaps, in its place, and messages written into it. */
static void open_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		close(fd);
	}
}

int main(int argc, char **argv)
{
	open_standard_streams();
	if (argc < 2) {
		print_help(stderr);
		return VMM_EXIT_ARGUMENTS;
	}
	if (strcmp(argv[1], "help") == 0 || asks_for_help(argv[1])) {
		print_help(stdout);
		return VMM_EXIT_OFF;
	}
	for (size_t i = 0; i < NR_VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name) != 0) {
			continue;
		}
		if (argc == 3 && verbs[i].run != cmd_run && asks_for_help(argv[2])) {
			printf("usage: vmm %s %s\n", verbs[i].name, verbs[i].help);
			return VMM_EXIT_OFF;
		}
		return verbs[i].run(argc - 2, argv + 2);
	}
	return fail_unknown(argv[1]);
}
