// SPDX-License-Identifier: BSD-3-Clause
/* test_sandbox.c: what a sandboxed process may not do, in children that try. */
#include "cmocka_all.h"
#include "log.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

static char said[1024]; /* by the last child on stderr */
static int status_fd;   /* a child's /proc/self/status */

/* Runs fn in a sandboxed child, which exits with its result. Returns the wait status. */
static int in_child(int (*fn)(void))
{
	int status, pipe_fds[2];
	size_t nr = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		status_fd = open("/proc/self/status", O_RDONLY);
		dup2(pipe_fds[1], STDERR_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		_exit(sandbox_enter() ? 99 : fn());
	}
	close(pipe_fds[1]);
	while ((got = read(pipe_fds[0], said + nr, sizeof(said) - 1 - nr)) > 0) {
		nr += (size_t)got;
	}
	said[nr] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_exit(int (*fn)(void), int code)
{
	int status = in_child(fn);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != code) {
		fail_msg("status %x instead of exit %d; it said: %s", (unsigned int)status, code,
			 said);
	}
}

static void expect_killed(int (*fn)(void), const char *call)
{
	int status = in_child(fn);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS || !strstr(said, call)) {
		fail_msg("%s: status %x; it said: %s", call, (unsigned int)status, said);
	}
}

static int execute(void)
{
	return execl("/bin/true", "true", NULL);
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int make_process(void)
{
	return fork() == 0 ? 1 : 0;
}

static int signal_init(void)
{
	return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static int type_for_the_user(void)
{
	return ioctl(0, TIOCSTI, "x");
}

/* On what is no device: the kernel's answer, not the sandbox's. */
static int allowed_ioctls(void)
{
	int fd = memfd_create("file", 0);

	return fd < 0 || isatty(fd) || ioctl(fd, KVM_GET_API_VERSION, 0) >= 0 || errno != ENOTTY;
}

static int number_without_name(void)
{
	return (int)syscall(0x3fff);
}

static void test_forbidden_calls(void **state)
{
	(void)state;
	expect_killed(execute, "system call: execve (");
	expect_killed(make_socket, "system call: socket (");
	expect_killed(make_process, "system call: clone (");
	expect_killed(signal_init, "system call: tgkill (");
	expect_killed(type_for_the_user, "system call: ioctl (");
	expect_killed(number_without_name, "system call: unknown (number 16383)");
}

/* What was opened before is used, nothing is opened any more, which is an error like any other. */
static int open_files(void)
{
	if (open("/dev/null", O_RDONLY) >= 0 || errno != EACCES) {
		return 1;
	}
	if (open("/dev/null", O_WRONLY) >= 0 || errno != EACCES) {
		return 2;
	}
	return open("/tmp/sandbox", O_RDWR | O_CREAT, 0600) >= 0 || errno != EACCES ? 3 : 0;
}

static int look_at_privileges(void)
{
	static char text[4096];
	const char *line;

	if (read(status_fd, text, sizeof(text) - 1) <= 0) {
		return 1;
	}
	line = strstr(text, "CapEff:");
	if (!line || strncmp(line, "CapEff:\t0000000000000000\n", 25) != 0) {
		return 2;
	}
	return strstr(text, "NoNewPrivs:\t1\n") ? 0 : 3;
}

static void test_files_and_privileges(void **state)
{
	(void)state;
	expect_exit(open_files, 0);
	expect_exit(allowed_ioctls, 0);
	expect_exit(look_at_privileges, 0);
}

static int epoll, timer, file;

/* What devices do on a vCPU's thread: timers, events of consoles, disks without a thread, messages.
 */
static void *device_thread(void *unused)
{
	const struct itimerspec when = {.it_value.tv_sec = 1};
	struct epoll_event event = {.events = EPOLLIN};

	(void)unused;
	log_info("a message");
	return (void *)(intptr_t)(timerfd_settime(timer, 0, &when, NULL) ||
				  epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) ||
				  pwrite(file, "x", 1, 0) != 1 || fdatasync(file) ||
				  fallocate(file, 0, 0, 1));
}

static int thread_works(void)
{
	pthread_t thread;
	void *result;

	epoll = epoll_create1(0);
	timer = timerfd_create(CLOCK_REALTIME, 0);
	file = memfd_create("disk", 0);
	return pthread_create(&thread, NULL, device_thread, NULL) ||
	       pthread_join(thread, &result) || result;
}

static void test_threads(void **state)
{
	(void)state;
	expect_exit(thread_works, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_calls),
		cmocka_unit_test(test_files_and_privileges),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
