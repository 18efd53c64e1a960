// SPDX-License-Identifier: BSD-3-Clause
/*
 * client.c: the other end of control.h's sockets. See client.h.
 */
#include "control/client.h"

#include "control/control.h"
#include "log.h"
#include "options/suggest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_REPLY_SIZE 65536

void client_close(int fd)
{
	close(fd);
}

/* "NAME.sock" → NAME; false for other files. */
static bool client_vm_name(const char *file, char name[CLIENT_NAME_SIZE])
{
	size_t length = strlen(file);

	if (length <= 5 || length >= CLIENT_NAME_SIZE || strcmp(file + length - 5, ".sock") != 0) {
		return false;
	}
	memcpy(name, file, length - 5);
	name[length - 5] = '\0';
	return true;
}

void client_for_each(void (*visit)(const char *name, void *context), void *context)
{
	char folder[CONTROL_PATH_SIZE], path[CONTROL_PATH_SIZE], name[CLIENT_NAME_SIZE];
	const struct dirent *entry;
	DIR *dir;

	control_folder(folder);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		int fd = client_vm_name(entry->d_name, name) && control_path(name, path)
				 ? control_connect(path)
				 : -ENOENT;

		if (fd >= 0) {
			close(fd);
			visit(name, context);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

struct client_search {
	struct suggest suggest;
	char names[16][CLIENT_NAME_SIZE];
	unsigned int nr;
};

static void client_collect(const char *name, void *context)
{
	struct client_search *search = context;

	if (search->nr < 16) {
		snprintf(search->names[search->nr], CLIENT_NAME_SIZE, "%s", name);
		suggest_offer(&search->suggest, search->names[search->nr]);
	}
	search->nr++;
}

static int client_explain_missing(const char *name)
{
	struct client_search search = {0};
	const char *near;

	suggest_init(&search.suggest, name, strlen(name));
	client_for_each(client_collect, &search);
	near = suggest_best(&search.suggest);
	log_error("no VM named %s is running%s%s%s", name, near ? "; did you mean " : "",
		  near ? near : "", near ? "?" : "");
	return -ENOENT;
}

static int client_open_only(char opened[CLIENT_NAME_SIZE])
{
	struct client_search search = {0};

	suggest_init(&search.suggest, "", 0);
	client_for_each(client_collect, &search);
	if (search.nr == 1) {
		return client_open(search.names[0], opened);
	}
	log_error("%s; say which",
		  search.nr ? "several VMs are running (`vmm list`)" : "no VM is running");
	return -ENOENT;
}

int client_open(const char *name, char opened[CLIENT_NAME_SIZE])
{
	char path[CONTROL_PATH_SIZE];
	int fd;

	if (!name) {
		return client_open_only(opened);
	}
	snprintf(opened, CLIENT_NAME_SIZE, "%s", name);
	if (strchr(name, '/')) {
		fd = control_connect(name);
	} else {
		fd = control_path(name, path) ? control_connect(path) : -ENAMETOOLONG;
	}
	if (fd == -ENOENT || fd == -ECONNREFUSED || fd == -ENAMETOOLONG) {
		return client_explain_missing(name);
	}
	if (fd < 0) {
		log_error("cannot reach VM %s: %s", name, strerror(-fd));
	}
	return fd;
}

/* Reads up to the first line feed, byte by byte: what follows may be a console's. */
static bool client_read_line(int fd, char *line, size_t size)
{
	size_t length = 0;

	while (length < size - 1 && read(fd, &line[length], 1) == 1) {
		if (line[length++] == '\n') {
			line[length] = '\0';
			return true;
		}
	}
	return false;
}

json_object *client_request(int fd, const char *name, const char *command)
{
	char line[CLIENT_REPLY_SIZE];
	json_object *reply, *value = NULL, *desc;
	int length = snprintf(line, sizeof(line), "{\"execute\": \"%s\"}\n", command);

	if (send(fd, line, (size_t)length, MSG_NOSIGNAL) != length ||
	    !client_read_line(fd, line, sizeof(line))) {
		log_error("VM %s does not answer", name);
		return NULL;
	}
	reply = json_tokener_parse(line);
	if (json_object_object_get_ex(reply, "return", &value)) {
		json_object_get(value);
	} else if (json_object_object_get_ex(reply, "error", &value) &&
		   json_object_object_get_ex(value, "desc", &desc)) {
		log_error("VM %s: %s", name, json_object_get_string(desc));
		value = NULL;
	} else {
		log_error("VM %s answers in a language of its own", name);
		value = NULL;
	}
	json_object_put(reply);
	return value;
}
