// SPDX-License-Identifier: BSD-3-Clause
/*
 * cmd_control.c: the verbs on running VMs: list, status, stat, stop, pause, resume. `console` is in
 * cmd_console.c.
 */
#include "cmd.h"

#include "control/client.h"
#include "exit_code.h"
#include "log.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* Asks VM argv[0] (or the only one that runs) for @command. NULL after logging. */
static json_object *control_ask(int argc, char **argv, const char *command)
{
	char name[CLIENT_NAME_SIZE];
	json_object *reply;
	int fd;

	if (argc > 1) {
		log_error("one NAME is enough: vmm %s [NAME]", command);
		return NULL;
	}
	fd = client_open(argc ? argv[0] : NULL, name);
	if (fd < 0) {
		return NULL;
	}
	reply = client_request(fd, name, command);
	client_close(fd);
	return reply;
}

static int control_plain(int argc, char **argv, const char *command)
{
	json_object *reply = control_ask(argc, argv, command);

	if (!reply) {
		return VMM_EXIT_ARGUMENTS;
	}
	json_object_put(reply);
	return VMM_EXIT_OFF;
}

int cmd_stop(int argc, char **argv)
{
	return control_plain(argc, argv, "stop");
}

int cmd_pause(int argc, char **argv)
{
	return control_plain(argc, argv, "pause");
}

int cmd_resume(int argc, char **argv)
{
	return control_plain(argc, argv, "resume");
}

int cmd_stat(int argc, char **argv)
{
	json_object *reply = control_ask(argc, argv, "stat");

	if (!reply) {
		return VMM_EXIT_ARGUMENTS;
	}
	fputs(json_object_get_string(reply), stdout);
	json_object_put(reply);
	return VMM_EXIT_OFF;
}

int cmd_status(int argc, char **argv)
{
	json_object *reply = control_ask(argc, argv, "status");

	if (!reply) {
		return VMM_EXIT_ARGUMENTS;
	}
	json_object_object_foreach(reply, key, value)
	{
		printf("%-10s %s\n", key, json_object_get_string(value));
	}
	json_object_put(reply);
	return VMM_EXIT_OFF;
}

static const char *list_field(json_object *reply, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(reply, key, &value) ? json_object_get_string(value) : "?";
}

static void list_one(const char *name, void *context)
{
	char opened[CLIENT_NAME_SIZE];
	int fd = client_open(name, opened);
	json_object *reply = fd >= 0 ? client_request(fd, opened, "status") : NULL;
	json_object *mem;

	(void)context;
	if (reply) {
		long long mib = json_object_object_get_ex(reply, "mem", &mem)
					? (long long)(json_object_get_int64(mem) >> 20)
					: 0;

		printf("%-20s %-10s %-6s %5s %6lldM %8s\n", name, list_field(reply, "status"),
		       list_field(reply, "hypervisor"), list_field(reply, "cpus"), mib,
		       list_field(reply, "pid"));
		json_object_put(reply);
	}
	if (fd >= 0) {
		client_close(fd);
	}
}

int cmd_list(int argc, char **argv)
{
	(void)argv;
	if (argc) {
		log_error("vmm list takes no arguments");
		return VMM_EXIT_ARGUMENTS;
	}
	printf("%-20s %-10s %-6s %5s %7s %8s\n", "NAME", "STATUS", "HYPER", "CPUS", "MEM", "PID");
	client_for_each(list_one, NULL);
	return VMM_EXIT_OFF;
}
