// SPDX-License-Identifier: BSD-3-Clause
/*
 * sandbox.c: lists of system calls, which libseccomp makes into filters.
 *
 * Filters of one thread add up, and threads inherit them, so a thread's list only says what it
 * needs itself. A call that an architecture does not have is left out by libseccomp.
 */
#include "sandbox.h"
#include "chardev/terminal.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What every thread may do, devices that a vCPU's access runs among it. */
static const char *const thread_calls[] = {
	/* files that are open */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek",
	"close", "fstat", "fsync", "fdatasync", "fallocate",
	/* events */
	"poll", "ppoll", "epoll_ctl", "timerfd_settime", "timerfd_gettime",
	/* memory */
	"mmap", "munmap", "mprotect", "mremap", "madvise", "mincore", "brk",
	/* threads */
	"futex", "set_robust_list", "rseq", "membarrier", "sched_yield", "sched_getaffinity",
	"getcpu", "gettid", "getpid", "exit", "exit_group",
	/* signals */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	/* time */
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
	"getrandom", NULL};

/* The event loop's, and what a new machine after a guest's reset takes. */
static const char *const main_calls[] = {
	/* files, the control socket's name among them */
	"newfstatat", "statx", "fcntl", "dup", "dup3", "ftruncate", "readlink", "readlinkat",
	"unlink", "unlinkat", "memfd_create",
	/* events */
	"eventfd2", "epoll_create1", "epoll_wait", "epoll_pwait", "timerfd_create", "signalfd4",
	/* sockets that are listening, and what they accept */
	"accept4", "getsockopt", "getsockname", "sendto", "recvfrom", "sendmsg", "recvmsg",
	"shutdown",
	/* the process */
	"set_tid_address", "getrusage", "times", "sysinfo", "uname", "getuid", "geteuid", "prctl",
	"seccomp", NULL};

/* A call that one of its arguments decides about: its bits in the mask must have the value. */
struct rule {
	int call;
	uint32_t action;
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
};

static const struct rule thread_rules[] = {
	/* KVM's, by type. */
	{SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, _IOC_TYPEMASK << _IOC_TYPESHIFT,
	 KVMIO << _IOC_TYPESHIFT},
	/* The terminal, as far as raw mode and the log need it; not TIOCSTI, which types for the
	   user. */
	{SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, UINT32_MAX, TCGETS},
	{SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, UINT32_MAX, TCSETS},
	{SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, UINT32_MAX, TCSETSW},
	{SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, UINT32_MAX, TCSETSF},
	{SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, UINT32_MAX, TIOCGWINSZ},
	{0}};

static const struct rule main_rules[] = {
	/* Threads, not processes; clone3() hides what it asks for, and libc then tries clone(). */
	{SCMP_SYS(clone), SCMP_ACT_ALLOW, 0, CLONE_THREAD, CLONE_THREAD},
	{SCMP_SYS(clone3), SCMP_ACT_ERRNO(ENOSYS), 0, 0, 0},
	/* Limits may be read, and are: by libc, for the stacks of threads. */
	{SCMP_SYS(prlimit64), SCMP_ACT_ALLOW, 2, UINT64_MAX, 0},
	/* Reading is allowed; what else a file is opened for is an error like any other. */
	{SCMP_SYS(openat), SCMP_ACT_ALLOW, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
	{SCMP_SYS(openat), SCMP_ACT_ERRNO(EACCES), 2, O_WRONLY, O_WRONLY},
	{SCMP_SYS(openat), SCMP_ACT_ERRNO(EACCES), 2, O_RDWR, O_RDWR},
	{SCMP_SYS(openat), SCMP_ACT_ERRNO(EACCES), 2, O_CREAT, O_CREAT},
	{SCMP_SYS(openat), SCMP_ACT_ERRNO(EACCES), 2, O_TRUNC, O_TRUNC},
	{0}};

static bool entered;

static int add_calls(scmp_filter_ctx filter, const char *const *names)
{
	int result = 0;

	for (; *names && !result; names++) {
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
					  seccomp_syscall_resolve_name(*names), 0);
	}
	return result;
}

static int add_rules(scmp_filter_ctx filter, const struct rule *rules)
{
	int result = 0;

	for (; rules->action && !result; rules++) {
		result = seccomp_rule_add(
			filter, rules->action, rules->call, 1,
			SCMP_CMP(rules->argument, SCMP_CMP_MASKED_EQ, rules->mask, rules->value));
	}
	return result;
}

static int fill(scmp_filter_ctx filter, bool main)
{
	/* No signal leaves the process. */
	const struct rule signals[] = {
		{SCMP_SYS(tgkill), SCMP_ACT_ALLOW, 0, UINT32_MAX, (uint64_t)getpid()}, {0}};
	/* KVM_RUN is by far the most frequent call: first. */
	int result = seccomp_syscall_priority(filter, SCMP_SYS(ioctl), UINT8_MAX);

	result = result ?: add_rules(filter, thread_rules);
	result = result ?: add_rules(filter, signals);
	result = result ?: add_calls(filter, thread_calls);
	if (main) {
		result = result ?: add_rules(filter, main_rules);
		result = result ?: add_calls(filter, main_calls);
	}
	return result;
}

/* Gives up new privileges (no_new_privs) as well. */
static int install(bool main)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int result = filter ? fill(filter, main) : -ENOMEM;

	result = result ?: seccomp_load(filter);
	seccomp_release(filter);
	return result;
}

/*
 * The call was made by this thread just now, and allocators make none that is forbidden, so the
 * handler may allocate.
 */
static void on_forbidden_call(int signal, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);
	const struct sigaction action = {.sa_handler = SIG_DFL};

	(void)context;
	terminal_restore();
	log_error(
		"the sandbox stops a forbidden system call: %s (number %d); --disable-sandbox runs "
		"without",
		name ?: "unknown", info->si_syscall);
	sigaction(signal, &action, NULL);
	raise(signal); /* pending until the handler returns */
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	/* Guest memory is pinned, which root may without a limit; so it shall stay. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int sandbox_enter(void)
{
	struct sigaction action = {.sa_sigaction = on_forbidden_call, .sa_flags = SA_SIGINFO};
	const char *step = "give up capabilities";
	int result = drop_capabilities();

	if (!result) {
		step = "filter system calls (CONFIG_SECCOMP_FILTER in the kernel)";
		sigemptyset(&action.sa_mask);
		result = sigaction(SIGSYS, &action, NULL) < 0 ? -errno : install(true);
	}
	if (result) {
		log_error("no sandbox: cannot %s: %s; --disable-sandbox runs without", step,
			  strerror(-result));
		return result;
	}
	entered = true;
	return 0;
}

void sandbox_enter_thread(void)
{
	int result = entered ? install(false) : 0;

	if (result) {
		log_warn("no narrower sandbox for a thread: %s", strerror(-result));
	}
}
