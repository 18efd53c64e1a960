// SPDX-License-Identifier: BSD-3-Clause
/*
 * event.c: epoll, an eventfd to leave the loop, and a list of sources that died during the current
 * batch.
 *
 * epoll_wait() returns a batch of pointers to sources, and a handler may remove any source, also
 * one later in the batch. A removed source is therefore only marked, and freed when the batch is
 * done.
 *
 * epoll refuses files that are always ready. For those a source watches an eventfd of its own that
 * is never drained, so interest in EPOLLIN alone decides; EPOLLOUT is never asked for, since
 * writing to them never waits.
 */
#include "event.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENT_BATCH 16

struct event_source {
	struct event_loop *loop;
	int poll_fd;       /* what epoll watches */
	bool owns_poll_fd; /* it stands in for a file that epoll refuses */
	bool removed;
	event_handler *handler;
	void *context;
	struct event_source *next_removed;
};

struct event_loop {
	int epoll_fd;
	int quit_fd;
	struct event_source *removed;
};

struct event_loop *event_loop_create(void)
{
	struct event_loop *loop = calloc(1, sizeof(*loop));
	struct epoll_event event = {.events = EPOLLIN};

	if (!loop) {
		return NULL;
	}
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->quit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->quit_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->quit_fd, &event) < 0) {
		event_loop_destroy(loop);
		return NULL;
	}
	return loop;
}

static void event_loop_free_removed(struct event_loop *loop)
{
	while (loop->removed) {
		struct event_source *source = loop->removed;

		loop->removed = source->next_removed;
		free(source);
	}
}

void event_loop_destroy(struct event_loop *loop)
{
	if (!loop) {
		return;
	}
	event_loop_free_removed(loop);
	if (loop->epoll_fd >= 0) {
		close(loop->epoll_fd);
	}
	if (loop->quit_fd >= 0) {
		close(loop->quit_fd);
	}
	free(loop);
}

/* epoll reports a hang-up whether it is asked for or not; when nothing is, once is enough. */
static uint32_t event_mask(uint32_t events)
{
	return events ? events : EPOLLONESHOT;
}

static int event_source_arm(struct event_source *source, int fd, uint32_t events)
{
	struct epoll_event event = {.events = event_mask(events), .data.ptr = source};

	source->poll_fd = fd;
	if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) {
		return 0;
	}
	if (errno != EPERM) {
		return -errno;
	}
	source->poll_fd = eventfd(1, EFD_CLOEXEC);
	if (source->poll_fd < 0) {
		return -errno;
	}
	source->owns_poll_fd = true;
	event.events = events & EPOLLIN;
	if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_ADD, source->poll_fd, &event) < 0) {
		int error = -errno;

		close(source->poll_fd);
		return error;
	}
	return 0;
}

struct event_source *event_loop_add(struct event_loop *loop, int fd, uint32_t events,
				    event_handler *handler, void *context)
{
	struct event_source *source = calloc(1, sizeof(*source));
	int result;

	if (!source) {
		return NULL;
	}
	*source = (struct event_source){.loop = loop, .handler = handler, .context = context};
	result = event_source_arm(source, fd, events);
	if (result) {
		free(source);
		errno = -result;
		return NULL;
	}
	return source;
}

void event_source_remove(struct event_source *source)
{
	if (!source) {
		return;
	}
	epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->poll_fd, NULL);
	if (source->owns_poll_fd) {
		close(source->poll_fd);
	}
	source->removed = true;
	source->next_removed = source->loop->removed;
	source->loop->removed = source;
}

void event_source_want(struct event_source *source, uint32_t events)
{
	struct epoll_event event = {.events = event_mask(events), .data.ptr = source};

	if (source->owns_poll_fd) {
		event.events &= EPOLLIN;
	}
	epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->poll_fd, &event);
}

int event_loop_run(struct event_loop *loop)
{
	struct epoll_event batch[EVENT_BATCH];
	bool quit = false;

	while (!quit) {
		int nr = epoll_wait(loop->epoll_fd, batch, EVENT_BATCH, -1);

		if (nr < 0 && errno != EINTR) {
			return -errno;
		}
		for (int i = 0; i < nr; i++) {
			struct event_source *source = batch[i].data.ptr;

			if (!source) {
				quit = true;
			} else if (!source->removed) {
				source->handler(source->context, batch[i].events);
			}
		}
		event_loop_free_removed(loop);
	}
	eventfd_t drained;

	return eventfd_read(loop->quit_fd, &drained) < 0 && errno != EAGAIN ? -errno : 0;
}

void event_loop_quit(struct event_loop *loop)
{
	/* Cannot fail: the counter is drained at each return of the loop. */
	if (eventfd_write(loop->quit_fd, 1) < 0) {
		abort();
	}
}
