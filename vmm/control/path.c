// SPDX-License-Identifier: BSD-3-Clause
/*
 * path.c: where control sockets are; used by the server and by the verbs.
 */
#include "control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == CONTROL_PATH_SIZE, "see control.h");

void control_folder(char path[CONTROL_PATH_SIZE])
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (!run || run[0] != '/' || strlen(run) > CONTROL_PATH_SIZE / 2) {
		run = "/run";
	}
	snprintf(path, CONTROL_PATH_SIZE, "%s/vmm", run);
}

bool control_path(const char *name, char path[CONTROL_PATH_SIZE])
{
	char folder[CONTROL_PATH_SIZE];

	control_folder(folder);
	return snprintf(path, CONTROL_PATH_SIZE, "%s/%s.sock", folder, name) < CONTROL_PATH_SIZE;
}

int control_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}
