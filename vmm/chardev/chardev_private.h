/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chardev_private.h: what the files of chardev/ share.
 */
#ifndef VMM_CHARDEV_CHARDEV_PRIVATE_H
#define VMM_CHARDEV_CHARDEV_PRIVATE_H

#include "chardev/chardev.h"
#include "chardev/keys.h"
#include "chardev/port.h"

#include <pthread.h>

#define CHARDEV_MAX_TAPS     4
#define CHARDEV_HISTORY_SIZE 8192

/* A port and the way back from its event handlers. */
struct chardev_peer {
	struct chardev *chardev;
	struct port port;
	bool open;
};

struct chardev {
	enum chardev_type type;
	struct event_loop *loop;
	pthread_mutex_t lock; /* guards all below but client and the leave callback (main thread) */
	struct chardev_peer main;
	struct chardev_peer taps[CHARDEV_MAX_TAPS];
	bool starved; /* the client was told "no room": call writable() when there is */
	uint8_t history[CHARDEV_HISTORY_SIZE]; /* ring of the latest output */
	uint64_t history_count;                /* bytes ever written */

	struct chardev_client client;
	bool attached;
	void (*leave)(void *context);
	void *leave_context;

	struct keys *keys; /* stdin is a terminal in raw mode; else NULL */
	int listen_fd;     /* SOCKET, else -1 */
	struct event_source *listen_source;
	char *socket_path;
	char *new_file; /* FILE: the path, if this open made the file; removed again while empty */
	int pty_slave_fd; /* PTY, else -1; kept open so that the master never hangs up */
};

/* Opens the main peer (open.c). Returns 0 or a negative errno after logging. */
int chardev_open_main(struct chardev *chardev, const struct chardev_config *config);
/* Undoes what chardev_open_main() did beside the port. */
void chardev_close_main(struct chardev *chardev);
/* Makes @in_fd and @out_fd the descriptors of @peer, which takes them over in every case. */
int chardev_start_peer(struct chardev *chardev, struct chardev_peer *peer, int in_fd, int out_fd);
/* The peer has gone. */
void chardev_stop_peer(struct chardev_peer *peer);

#endif
