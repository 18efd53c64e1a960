/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * event.h: the one event loop of the process (epoll), run by the main thread.
 *
 * Handlers run on the main thread and must not block. Sources are added and removed on the main
 * thread only; event_source_want() and event_loop_quit() may be called from anywhere.
 */
#ifndef VMM_EVENT_H
#define VMM_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct event_loop;
struct event_source;

/* @events is a set of EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. */
typedef void event_handler(void *context, uint32_t events);

/* NULL with errno set when the kernel refuses. */
struct event_loop *event_loop_create(void);
/* Every source must have been removed. */
void event_loop_destroy(struct event_loop *loop);

/*
 * Watches @fd, which stays the caller's. A file that cannot be polled (a regular file, /dev/null)
 * counts as always ready. Returns NULL with errno set on failure.
 */
struct event_source *event_loop_add(struct event_loop *loop, int fd, uint32_t events,
				    event_handler *handler, void *context);
/* No handler call for @source follows. NULL is allowed. */
void event_source_remove(struct event_source *source);
/*
 * Changes the events waited for. The last call wins: callers serialise by a lock of their own. With
 * none, a hang-up or an error is reported once at most.
 */
void event_source_want(struct event_source *source, uint32_t events);

/* Runs handlers until event_loop_quit(). Returns 0 or a negative errno. */
int event_loop_run(struct event_loop *loop);
/* Makes the current or the next event_loop_run() return. */
void event_loop_quit(struct event_loop *loop);

#endif
