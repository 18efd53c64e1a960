// SPDX-License-Identifier: BSD-3-Clause
/*
 * chardev.c: moves bytes between one client device and its peers: the main one, and taps (`vmm
 * console`).
 *
 * The main peer decides the pace of the guest's output; taps lose what they cannot take.
 */
#include "chardev/chardev_private.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHARDEV_READ_SIZE 4096

/* How much input to read now. With no client, input waits. */
static size_t chardev_input_room(struct chardev *chardev)
{
	size_t room = chardev->attached ? chardev->client.room(chardev->client.context) : 0;

	return room < CHARDEV_READ_SIZE ? room : CHARDEV_READ_SIZE;
}

/* A stream that has ended still waits to be read; but a socket is wanted by the next peer. */
static bool chardev_drops_rest(const struct chardev_peer *peer, uint32_t events)
{
	const struct chardev *chardev = peer->chardev;

	return (events & (EPOLLHUP | EPOLLERR)) &&
	       (peer != &chardev->main || chardev->type == CHARDEV_SOCKET);
}

static void chardev_on_input(void *context, uint32_t events)
{
	struct chardev_peer *peer = context;
	struct chardev *chardev = peer->chardev;
	uint8_t bytes[CHARDEV_READ_SIZE];
	size_t room;
	ssize_t n;

	/* Held before the client is asked, so that a room that appears in between is not missed. */
	pthread_mutex_lock(&chardev->lock);
	port_hold_input(&peer->port, true);
	pthread_mutex_unlock(&chardev->lock);
	room = chardev_input_room(chardev);
	if (room == 0 && !chardev_drops_rest(peer, events)) {
		return;
	}
	n = read(peer->port.in_fd, bytes, room ? room : sizeof(bytes));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		chardev_stop_peer(peer);
		return;
	}
	pthread_mutex_lock(&chardev->lock);
	port_hold_input(&peer->port, false);
	pthread_mutex_unlock(&chardev->lock);
	if (n > 0 && room) {
		chardev->client.receive(chardev->client.context, bytes, (size_t)n);
	}
}

static void chardev_on_output(void *context, uint32_t events)
{
	struct chardev_peer *peer = context;
	struct chardev *chardev = peer->chardev;
	bool tell;

	(void)events;
	pthread_mutex_lock(&chardev->lock);
	port_flush(&peer->port);
	tell = chardev->starved && peer->port.pending < PORT_BUFFER_SIZE;
	if (tell) {
		chardev->starved = false;
	}
	pthread_mutex_unlock(&chardev->lock);
	if (tell && chardev->attached) {
		chardev->client.writable(chardev->client.context);
	}
}

int chardev_start_peer(struct chardev *chardev, struct chardev_peer *peer, int in_fd, int out_fd)
{
	struct port port;
	int result;

	peer->chardev = chardev;
	result = port_init(&port, chardev->loop, in_fd, out_fd, chardev_on_input, chardev_on_output,
			   peer);
	if (result) {
		if (in_fd >= 0) {
			close(in_fd);
		}
		if (out_fd >= 0) {
			close(out_fd);
		}
		return result;
	}
	port.lossy = peer != &chardev->main || chardev->type == CHARDEV_PTY;
	pthread_mutex_lock(&chardev->lock);
	peer->port = port;
	peer->open = true;
	pthread_mutex_unlock(&chardev->lock);
	return 0;
}

void chardev_stop_peer(struct chardev_peer *peer)
{
	struct chardev *chardev = peer->chardev;
	bool keep_output = peer == &chardev->main && chardev->listen_fd < 0;
	bool tell = false;

	pthread_mutex_lock(&chardev->lock);
	port_end_input(&peer->port);
	if (!keep_output) {
		port_close(&peer->port);
		peer->open = false;
		tell = chardev->starved;
		chardev->starved = false;
	}
	pthread_mutex_unlock(&chardev->lock);
	if (tell && chardev->attached) {
		chardev->client.writable(chardev->client.context);
	}
}

static void chardev_remember(struct chardev *chardev, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		chardev->history[chardev->history_count++ % CHARDEV_HISTORY_SIZE] = bytes[i];
	}
}

size_t chardev_write(struct chardev *chardev, const void *bytes, size_t count)
{
	size_t taken = count;

	pthread_mutex_lock(&chardev->lock);
	if (chardev->main.open) {
		taken = port_write(&chardev->main.port, bytes, count);
		chardev->starved |= taken < count;
	}
	for (unsigned int i = 0; i < CHARDEV_MAX_TAPS; i++) {
		if (chardev->taps[i].open) {
			port_write(&chardev->taps[i].port, bytes, taken);
		}
	}
	chardev_remember(chardev, bytes, taken);
	pthread_mutex_unlock(&chardev->lock);
	return taken;
}

void chardev_resume_input(struct chardev *chardev)
{
	pthread_mutex_lock(&chardev->lock);
	if (chardev->main.open) {
		port_hold_input(&chardev->main.port, false);
	}
	for (unsigned int i = 0; i < CHARDEV_MAX_TAPS; i++) {
		if (chardev->taps[i].open) {
			port_hold_input(&chardev->taps[i].port, false);
		}
	}
	pthread_mutex_unlock(&chardev->lock);
}

void chardev_attach(struct chardev *chardev, const struct chardev_client *client)
{
	chardev->attached = client != NULL;
	if (client) {
		chardev->client = *client;
		chardev_resume_input(chardev);
	}
}

static void chardev_replay(struct chardev *chardev, struct port *port)
{
	uint64_t from = chardev->history_count > CHARDEV_HISTORY_SIZE
				? chardev->history_count - CHARDEV_HISTORY_SIZE
				: 0;

	for (; from < chardev->history_count; from++) {
		port_write(port, &chardev->history[from % CHARDEV_HISTORY_SIZE], 1);
	}
}

int chardev_add_tap(struct chardev *chardev, int fd)
{
	int out_fd;

	for (unsigned int i = 0; i < CHARDEV_MAX_TAPS; i++) {
		struct chardev_peer *tap = &chardev->taps[i];
		int result;

		if (tap->open) {
			continue;
		}
		out_fd = dup(fd);
		result = out_fd < 0 ? -errno : chardev_start_peer(chardev, tap, fd, out_fd);
		if (result == 0) {
			pthread_mutex_lock(&chardev->lock);
			chardev_replay(chardev, &tap->port);
			pthread_mutex_unlock(&chardev->lock);
		}
		return result;
	}
	return -EBUSY;
}

void chardev_on_leave(struct chardev *chardev, void (*leave)(void *context), void *context)
{
	chardev->leave = leave;
	chardev->leave_context = context;
}

int chardev_open(const struct chardev_config *config, struct event_loop *loop, struct chardev **out)
{
	struct chardev *chardev = calloc(1, sizeof(*chardev));
	int result;

	if (!chardev) {
		return -ENOMEM;
	}
	chardev->type = config->type;
	chardev->loop = loop;
	chardev->listen_fd = -1;
	chardev->pty_slave_fd = -1;
	pthread_mutex_init(&chardev->lock, NULL);
	result = chardev_open_main(chardev, config);
	if (result) {
		chardev_close(chardev);
		return result;
	}
	*out = chardev;
	return 0;
}

void chardev_close(struct chardev *chardev)
{
	if (!chardev) {
		return;
	}
	if (chardev->main.open) {
		port_close(&chardev->main.port);
	}
	for (unsigned int i = 0; i < CHARDEV_MAX_TAPS; i++) {
		if (chardev->taps[i].open) {
			port_close(&chardev->taps[i].port);
		}
	}
	chardev_close_main(chardev);
	pthread_mutex_destroy(&chardev->lock);
	free(chardev);
}
