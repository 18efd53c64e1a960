/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.h: finds running VMs by name and asks them, over the protocol of control.h. Errors are
 * logged here.
 */
#ifndef VMM_CONTROL_CLIENT_H
#define VMM_CONTROL_CLIENT_H

#include <json-c/json.h>

#define CLIENT_NAME_SIZE 256

/* Calls @visit for each VM that answers. */
void client_for_each(void (*visit)(const char *name, void *context), void *context);

/*
 * Connects to VM @name; a name with a '/' is the path of a socket; NULL means the only VM there is.
 * Stores the name. Returns a descriptor, or a negative errno after logging.
 */
int client_open(const char *name, char opened[CLIENT_NAME_SIZE]);
void client_close(int fd);

/* Executes @command; returns what the VM returned (to be put by the caller), or NULL after logging.
 */
json_object *client_request(int fd, const char *name, const char *command);

#endif
