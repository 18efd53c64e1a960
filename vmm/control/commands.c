// SPDX-License-Identifier: BSD-3-Clause
/*
 * commands.c: requests and replies of the control socket, in JSON. See control.h for the protocol.
 */
#include "control/commands.h"

#include "accel.h"
#include "config.h"
#include "machine.h"
#include "options/suggest.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_MAX_DEPTH 8

/* Returns what goes under "return", or NULL with a sentence in @error. */
typedef json_object *control_command(const struct control_target *target, const char **error);

static struct machine *control_machine(const struct control_target *target, const char **error)
{
	struct machine *machine = target->machine(target->context);

	if (!machine) {
		*error = "the VM is restarting; try again";
	}
	return machine;
}

static json_object *control_status(const struct control_target *target, const char **error)
{
	const struct vm_config *config = target->config;
	struct machine *machine = target->machine(target->context);
	json_object *reply = json_object_new_object();

	(void)error;
	json_object_object_add(reply, "name", json_object_new_string(config->name));
	json_object_object_add(reply, "pid", json_object_new_int((int)getpid()));
	json_object_object_add(reply, "status",
			       json_object_new_string(!machine                     ? "restarting"
						      : machine_is_paused(machine) ? "paused"
										   : "running"));
	json_object_object_add(reply, "hypervisor", json_object_new_string(config->accel->name));
	json_object_object_add(reply, "cpus", json_object_new_int((int)config->nr_cpus));
	json_object_object_add(reply, "mem", json_object_new_int64((int64_t)config->mem_size));
	json_object_object_add(reply, "kernel", json_object_new_string(config->kernel));
	return reply;
}

static json_object *control_stop(const struct control_target *target, const char **error)
{
	(void)error;
	target->stop(target->context);
	return json_object_new_object();
}

static json_object *control_pause(const struct control_target *target, const char **error)
{
	struct machine *machine = control_machine(target, error);

	if (!machine) {
		return NULL;
	}
	machine_pause(machine);
	return json_object_new_object();
}

static json_object *control_resume(const struct control_target *target, const char **error)
{
	struct machine *machine = control_machine(target, error);

	if (!machine) {
		return NULL;
	}
	machine_resume(machine);
	return json_object_new_object();
}

static json_object *control_stat(const struct control_target *target, const char **error)
{
	struct machine *machine = control_machine(target, error);
	json_object *reply = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = machine ? open_memstream(&text, &size) : NULL;

	if (out) {
		machine_print_stat(machine, out);
		fclose(out);
		reply = json_object_new_string(text);
		free(text);
	}
	return reply;
}

static json_object *control_console(const struct control_target *target, const char **error)
{
	if (!target->console(target->context)) {
		*error = "the VM has no serial port or console";
		return NULL;
	}
	return json_object_new_object();
}

static const struct {
	const char *name;
	control_command *run;
} control_commands[] = {
	{"status", control_status}, {"stop", control_stop}, {"pause", control_pause},
	{"resume", control_resume}, {"stat", control_stat}, {"console", control_console},
};

#define NR_COMMANDS (sizeof(control_commands) / sizeof(control_commands[0]))

/* A sentence for a command that does not exist, in @text. */
static const char *control_explain_unknown(const char *name, char *text, size_t size)
{
	struct suggest suggest;
	const char *near;

	suggest_init(&suggest, name, strlen(name));
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		suggest_offer(&suggest, control_commands[i].name);
	}
	near = suggest_best(&suggest);
	snprintf(text, size, "there is no command '%.64s'%s%s%s", name,
		 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return text;
}

static json_object *control_dispatch(const struct control_target *target, const char *name,
				     const char **error, char *text, size_t size)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(name, control_commands[i].name) == 0) {
			*error = "it failed";
			return control_commands[i].run(target, error);
		}
	}
	*error = control_explain_unknown(name, text, size);
	return NULL;
}

/* The command of a request, or NULL. @root must be put by the caller. */
static const char *control_parse(const char *line, json_object **root)
{
	struct json_tokener *tokener = json_tokener_new_ex(CONTROL_MAX_DEPTH);
	json_object *execute;

	*root = tokener ? json_tokener_parse_ex(tokener, line, (int)strlen(line) + 1) : NULL;
	if (tokener) {
		json_tokener_free(tokener);
	}
	if (!json_object_is_type(*root, json_type_object) ||
	    !json_object_object_get_ex(*root, "execute", &execute) ||
	    !json_object_is_type(execute, json_type_string)) {
		return NULL;
	}
	return json_object_get_string(execute);
}

static char *control_finish(json_object *reply)
{
	char *line = NULL;

	if (asprintf(&line, "%s\n", json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN)) <
	    0) {
		line = NULL;
	}
	json_object_put(reply);
	return line;
}

char *control_execute(const struct control_target *target, const char *line, bool *wants_console)
{
	json_object *root = NULL, *result = NULL, *reply = json_object_new_object();
	const char *error = "a request is {\"execute\": \"COMMAND\"}";
	const char *name = control_parse(line, &root);
	char text[160];

	if (name) {
		result = control_dispatch(target, name, &error, text, sizeof(text));
	}
	*wants_console = result && strcmp(name, "console") == 0;
	if (result) {
		json_object_object_add(reply, "return", result);
	} else {
		json_object *failure = json_object_new_object();

		json_object_object_add(failure, "desc", json_object_new_string(error));
		json_object_object_add(reply, "error", failure);
	}
	json_object_put(root);
	return control_finish(reply);
}
