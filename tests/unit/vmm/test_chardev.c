// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_chardev.c: sockets, files and taps: pacing in both directions, no byte lost, peers that come
 * and go.
 */
#include "cmocka_all.h"

#include "chardev/chardev.h"
#include "event.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static struct event_loop *loop;
static struct chardev *chardev;
static char path[64];
static uint8_t received[65536];
static size_t nr_received, room;
static unsigned int nr_writable;

static size_t client_room(void *context)
{
	(void)context;
	return room;
}

static void client_receive(void *context, const uint8_t *bytes, size_t count)
{
	(void)context;
	assert_true(count <= room);
	memcpy(received + nr_received, bytes, count);
	nr_received += count;
	room -= count;
}

static void client_writable(void *context)
{
	(void)context;
	nr_writable++;
}

static const struct chardev_client client = {client_room, client_receive, client_writable, NULL};

static void quit(void *context, uint32_t events)
{
	(void)context;
	(void)events;
	event_loop_quit(loop);
}

/* Lets the loop work for some milliseconds. */
static void run_loop(long milliseconds)
{
	const struct itimerspec when = {.it_value.tv_nsec = milliseconds * 1000000};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct event_source *timer;

	timerfd_settime(fd, 0, &when, NULL);
	timer = event_loop_add(loop, fd, EPOLLIN, quit, NULL);
	assert_int_equal(event_loop_run(loop), 0);
	event_source_remove(timer);
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	loop = event_loop_create();
	snprintf(path, sizeof(path), "/tmp/test_chardev.%d", (int)getpid());
	chardev = NULL; /* one that could not be opened is not closed again */
	nr_received = 0;
	nr_writable = 0;
	room = sizeof(received);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	chardev_close(chardev);
	event_loop_destroy(loop);
	unlink(path);
	return 0;
}

static void open_socket(void)
{
	const struct chardev_config config = {.type = CHARDEV_SOCKET, .path = path};

	assert_int_equal(chardev_open(&config, loop, &chardev), 0);
	chardev_attach(chardev, &client);
}

static int connect_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	run_loop(10);
	return fd;
}

static void test_socket_in_both_directions(void **state)
{
	char bytes[16] = "";
	int fd;

	(void)state;
	open_socket();
	assert_int_equal(chardev_write(chardev, "lost", 4), 4); /* nobody listens */
	fd = connect_socket();
	assert_int_equal(chardev_write(chardev, "hello", 5), 5);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_int_equal(write(fd, "input", 5), 5);
	run_loop(10);
	assert_int_equal(nr_received, 5);
	close(fd);
	run_loop(10);
	fd = connect_socket(); /* the next peer */
	assert_int_equal(chardev_write(chardev, "again", 5), 5);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
	close(fd);
}

static void test_input_waits_for_room(void **state)
{
	int fd;

	(void)state;
	open_socket();
	fd = connect_socket();
	room = 3;
	assert_int_equal(write(fd, "abcdef", 6), 6);
	run_loop(10);
	assert_int_equal(nr_received, 3);
	room = 10;
	chardev_resume_input(chardev);
	run_loop(10);
	assert_int_equal(nr_received, 6);
	assert_memory_equal(received, "abcdef", 6);
	close(fd);
}

/* What a writer that has gone left behind. */
static void test_rest_of_a_pipe_waits_for_room(void **state)
{
	const struct chardev_config config = {.type = CHARDEV_STDIO, .input = true};
	int ends[2], stdin_fd = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	assert_int_equal(write(ends[1], "abcdef", 6), 6);
	close(ends[1]);
	assert_int_equal(chardev_open(&config, loop, &chardev), 0);
	dup2(stdin_fd, STDIN_FILENO);
	close(stdin_fd);
	room = 3;
	chardev_attach(chardev, &client);
	run_loop(10);
	assert_int_equal(nr_received, 3);
	room = 10;
	chardev_resume_input(chardev);
	run_loop(10);
	assert_int_equal(nr_received, 6);
	assert_memory_equal(received, "abcdef", 6);
}

static void count_leaving(void *context)
{
	++*(unsigned int *)context;
}

/* A text pasted at a terminal arrives whole, and behind it Ctrl-a x works at once. */
static void test_terminal_types_ahead(void **state)
{
	const struct chardev_config config = {.type = CHARDEV_STDIO, .input = true};
	int fd = posix_openpt(O_RDWR | O_NOCTTY), stdin_fd = dup(STDIN_FILENO);
	unsigned int nr_left = 0;
	char text[300];
	int slave;

	(void)state;
	assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
	slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	dup2(slave, STDIN_FILENO);
	close(slave);
	assert_int_equal(chardev_open(&config, loop, &chardev), 0);
	dup2(stdin_fd, STDIN_FILENO);
	close(stdin_fd);
	chardev_on_leave(chardev, count_leaving, &nr_left);
	room = 32;
	chardev_attach(chardev, &client);
	for (unsigned int i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i % 26);
	}
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(write(fd, "\001x", 2), 2);
	run_loop(10);
	assert_int_equal(nr_received, 32);
	assert_int_equal(nr_left, 1);
	while (nr_received < sizeof(text)) {
		size_t before = nr_received;

		room = 32;
		chardev_resume_input(chardev);
		run_loop(10);
		assert_true(nr_received > before);
	}
	assert_int_equal(nr_received, sizeof(text));
	assert_memory_equal(received, text, sizeof(text));
	close(fd);
}

static void test_output_waits_and_nothing_is_lost(void **state)
{
	static uint8_t pattern[1 << 20], got[1 << 20];
	size_t sent = 0, nr_got = 0;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++) {
		pattern[i] = (uint8_t)(i * 7 + i / 251);
	}
	open_socket();
	fd = connect_socket();
	while (nr_got < sizeof(pattern)) {
		ssize_t n;

		sent += chardev_write(chardev, pattern + sent, sizeof(pattern) - sent);
		n = recv(fd, got + nr_got, sizeof(got) - nr_got, MSG_DONTWAIT);
		nr_got += n > 0 ? (size_t)n : 0;
		run_loop(1);
	}
	assert_memory_equal(pattern, got, sizeof(pattern));
	assert_true(nr_writable > 0);
	close(fd);
}

static void test_tap_sees_history_and_types(void **state)
{
	int pair[2];
	char bytes[64];

	(void)state;
	open_socket();
	chardev_write(chardev, "before ", 7);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(chardev_add_tap(chardev, pair[0]), 0);
	chardev_write(chardev, "after", 5);
	assert_int_equal(read(pair[1], bytes, sizeof(bytes)), 12);
	assert_memory_equal(bytes, "before after", 12);
	assert_int_equal(write(pair[1], "typed", 5), 5);
	run_loop(10);
	assert_int_equal(nr_received, 5);
	close(pair[1]);
	run_loop(10);
	assert_int_equal(chardev_write(chardev, "x", 1), 1);
}

static void test_slow_tap_does_not_hold_the_guest_up(void **state)
{
	static const uint8_t bytes[65536];
	int pair[2];

	(void)state;
	open_socket();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(chardev_add_tap(chardev, pair[0]), 0);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(chardev_write(chardev, bytes, sizeof(bytes)), sizeof(bytes));
	}
	close(pair[1]);
}

static void test_file_with_input(void **state)
{
	const struct chardev_config config = {
		.type = CHARDEV_FILE, .path = path, .input_path = "/proc/self/cmdline"};
	char bytes[8] = "";
	int fd;

	(void)state;
	assert_int_equal(chardev_open(&config, loop, &chardev), 0);
	chardev_attach(chardev, &client);
	assert_int_equal(chardev_write(chardev, "out", 3), 3);
	run_loop(10);
	assert_true(nr_received > 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
	close(fd);
}

static void test_pty(void **state)
{
	const struct chardev_config config = {.type = CHARDEV_PTY};
	static const uint8_t bytes[65536];

	(void)state;
	assert_int_equal(chardev_open(&config, loop, &chardev), 0);
	for (unsigned int i = 0; i < 10; i++) { /* nobody reads: the guest goes on */
		assert_int_equal(chardev_write(chardev, bytes, sizeof(bytes)), sizeof(bytes));
	}
}

static void test_file_in_no_folder(void **state)
{
	const struct chardev_config config = {.type = CHARDEV_FILE, .path = "/nowhere/at/all"};

	(void)state;
	assert_int_equal(chardev_open(&config, loop, &chardev), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_socket_in_both_directions),
		TEST(test_input_waits_for_room),
		TEST(test_rest_of_a_pipe_waits_for_room),
		TEST(test_terminal_types_ahead),
		TEST(test_output_waits_and_nothing_is_lost),
		TEST(test_tap_sees_history_and_types),
		TEST(test_slow_tap_does_not_hold_the_guest_up),
		TEST(test_file_with_input),
		TEST(test_pty),
		TEST(test_file_in_no_folder),
	};

	signal(SIGPIPE, SIG_IGN); /* as cmd_run.c does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
