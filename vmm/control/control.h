/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control.h: the control socket of a running VM: how the verbs `status`, `stop`, `pause`, `resume`,
 * `stat` and `console` reach it.
 *
 * Protocol: the client sends one JSON object on a line, {"execute": "COMMAND"}, and gets one on a
 * line,
 * {"return": ...} or {"error": {"desc": "..."}}. After the reply to `console` the connection is the
 * console's byte stream. Only the user who started the VM can open the socket. Everything runs on
 * the main thread.
 */
#ifndef VMM_CONTROL_CONTROL_H
#define VMM_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

struct chardev;
struct control;
struct event_loop;
struct machine;
struct vm_config;

/* What a connection may act upon; the context is the caller's. */
struct control_target {
	const struct vm_config *config;
	struct machine *(*machine)(void *context); /* the current one; NULL between two */
	struct chardev *(*console)(void *context); /* NULL when there is none */
	void (*stop)(void *context);
	void *context;
};

/*
 * Listens for VM @config->name (or on @config->socket). Returns 0; -EINVAL after logging when the
 * name is in use or the path impossible; another negative errno without logging when the run
 * directory cannot be used.
 */
int control_open(const struct control_target *target, struct event_loop *loop,
		 struct control **control);
/* Ends all connections and removes the socket. NULL is allowed. */
void control_close(struct control *control);

#define CONTROL_PATH_SIZE 108 /* of sockaddr_un.sun_path */

/* The folder of the sockets: $XDG_RUNTIME_DIR/vmm or /run/vmm. */
void control_folder(char path[CONTROL_PATH_SIZE]);
/* The socket of VM @name. False when the path would be too long. */
bool control_path(const char *name, char path[CONTROL_PATH_SIZE]);
/* Connects to a socket. Returns the descriptor or a negative errno. */
int control_connect(const char *path);

#endif
