/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chardev.h: a stream of bytes between a serial device and the world: terminal, file, unix socket,
 * pseudo terminal.
 *
 * A device (the client) writes from any thread and never blocks: chardev_write() takes what fits
 * and the client's writable() is called when there is room again. Input is read only while the
 * client has room for it. Callbacks run on the main thread without the chardev's lock, so lock
 * order is: device, then chardev. A chardev outlives machines: across a guest reboot the client
 * detaches and the next one attaches.
 */
#ifndef VMM_CHARDEV_CHARDEV_H
#define VMM_CHARDEV_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chardev;
struct event_loop;

struct chardev_client {
	size_t (*room)(void *context); /* how many bytes receive() would take now */
	void (*receive)(void *context, const uint8_t *bytes, size_t count); /* count <= room() */
	void (*writable)(void *context);
	void *context;
};

enum chardev_type {
	CHARDEV_STDIO,  /* stdout, and stdin if `input` */
	CHARDEV_FILE,   /* output appended to a file; input, if any, from another one */
	CHARDEV_SOCKET, /* listens on a unix socket, one peer at a time */
	CHARDEV_PTY,    /* a new pseudo terminal; its name is logged */
	CHARDEV_SINK,   /* drops everything */
};

struct chardev_config {
	enum chardev_type type;
	const char *path;       /* FILE, SOCKET */
	const char *input_path; /* FILE; may be NULL */
	bool input;             /* STDIO: read stdin */
};

/* Opens what @config says. Returns 0, or a negative errno after logging what went wrong. */
int chardev_open(const struct chardev_config *config, struct event_loop *loop,
		 struct chardev **out);
/* Flushes what can be written without waiting, gives the terminal back, removes a socket's file.
 * NULL is allowed. */
void chardev_close(struct chardev *chardev);

/* Main thread. @client is copied; NULL detaches. */
void chardev_attach(struct chardev *chardev, const struct chardev_client *client);

/* Takes up to @count bytes, returns how many. Fewer means: wait for writable(). Any thread. */
size_t chardev_write(struct chardev *chardev, const void *bytes, size_t count);
/* The client has room again. Any thread; cheap when input was not held back. */
void chardev_resume_input(struct chardev *chardev);

/*
 * Main thread. A second peer on @fd (nonblocking, becomes the chardev's) sees all output, beginning
 * with the last few kilobytes, and its input goes to the client too: `vmm console`. It ends when
 * the peer hangs up. Returns 0 or a negative errno.
 */
int chardev_add_tap(struct chardev *chardev, int fd);

/* Called on the main thread when the user asks to leave (Ctrl-a x). */
void chardev_on_leave(struct chardev *chardev, void (*leave)(void *context), void *context);

#endif
