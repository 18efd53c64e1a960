// SPDX-License-Identifier: BSD-3-Clause
/*
 * usage: dev-hyp-test DEVICE [churn N SEED | storm SECONDS SEED | bench | TEST...]
 *
 * Runs the tests (or those named) on DEVICE, each in a process of its own, so that one that hangs
 * or dies does not take the others with it. Prints PASS, FAIL or SKIP lines; exit status 1 if one
 * failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "churn.h"
#include "dev_hyp.h"
#include "storm.h"

#define STATUS_SKIP  77
#define TEST_SECONDS 30

const char *dev_path;
bool dev_is_hyp;
int dev_fd = -1;

static int report_fd = 1; /* where a test's own process says why */

static void report(int status, const char *format, va_list args) __attribute__((noreturn));
static void report(int status, const char *format, va_list args)
{
	vdprintf(report_fd, format, args);
	_exit(status);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	const char *name = strrchr(file, '/');
	va_list args;

	dprintf(report_fd, "%s:%d: ", name ? name + 1 : file, line);
	va_start(args, format);
	report(1, format, args);
}

void test_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(STATUS_SKIP, format, args);
}

static const struct test *const groups[] = {tests_system, tests_memory, tests_protected,
					    tests_vcpu,   tests_irq,    tests_life};

/* The child: a descriptor of its own, a test, done. */
static void run_child(const struct test *test, int pipe_fd) __attribute__((noreturn));
static void run_child(const struct test *test, int pipe_fd)
{
	report_fd = pipe_fd;
	dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
	if (dev_fd < 0) {
		test_fail(__FILE__, __LINE__, "open %s: %s", dev_path, strerror(errno));
	}
	alarm(TEST_SECONDS);
	test->run();
	_exit(0);
}

static int run_test(const struct test *test)
{
	char why[512];
	ssize_t bytes = 0;
	int fds[2];
	int status;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		printf("FAIL: %s (%s)\n", test->name, strerror(errno));
		return 1;
	}
	if (!pid) {
		close(fds[0]);
		run_child(test, fds[1]);
	}
	close(fds[1]);
	for (;;) {
		ssize_t got = read(fds[0], why + bytes, sizeof(why) - 1 - (size_t)bytes);

		if (got <= 0) {
			break;
		}
		bytes += got;
	}
	why[bytes] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status)) {
		printf("FAIL: %s (%s)\n", test->name, strsignal(WTERMSIG(status)));
		return 1;
	}
	switch (WEXITSTATUS(status)) {
	case 0:
		printf("PASS: %s\n", test->name);
		return 0;
	case STATUS_SKIP:
		printf("SKIP: %s (%s)\n", test->name, why);
		return 0;
	default:
		printf("FAIL: %s (%s)\n", test->name, why);
		return 1;
	}
}

static bool wanted(const char *name, char **names)
{
	if (!*names) {
		return true;
	}
	for (; *names; names++) {
		if (!strcmp(*names, name)) {
			return true;
		}
	}
	return false;
}

static int run_all(char **names)
{
	const struct test *test;
	int failed = 0;
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		for (test = groups[i]; test->name; test++) {
			if (wanted(test->name, names)) {
				failed += run_test(test);
			}
		}
	}
	return failed != 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s DEVICE [churn N SEED | bench | TEST...]\n", argv[0]);
		return 2;
	}
	dev_path = argv[1];
	dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
	if (dev_fd < 0) {
		printf("FAIL: open %s (%s)\n", dev_path, strerror(errno));
		return 1;
	}
	dev_is_hyp = strstr(dev_path, "hyp") != NULL;
	close(dev_fd);
	if (argc == 5 && !strcmp(argv[2], "churn")) {
		return churn_main((unsigned int)atoi(argv[3]), (unsigned int)atoi(argv[4]));
	}
	if (argc == 5 && !strcmp(argv[2], "storm")) {
		return storm_main((unsigned int)atoi(argv[3]), (unsigned int)atoi(argv[4]));
	}
	if (argc == 3 && !strcmp(argv[2], "bench")) {
		dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
		return bench_main();
	}
	return run_all(argv + 2);
}
