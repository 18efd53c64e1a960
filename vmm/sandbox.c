// SPDX-License-Identifier: BSD-3-Clause
/*
 * sandbox.c: a list of system calls, which libseccomp makes into a filter. A call that an
 * architecture does not have is left out by libseccomp.
 */
#include "sandbox.h"
#include "chardev/terminal.h"
#include "log.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const allowed_calls[] = {
	/* files that are open, and the control socket's name */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek",
	"close", "fstat", "newfstatat", "statx", "fcntl", "dup", "dup3", "fsync", "fdatasync",
	"fallocate", "ftruncate", "readlink", "readlinkat", "unlink", "unlinkat", "memfd_create",
	/* events */
	"poll", "ppoll", "eventfd2", "signalfd4", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "timerfd_create", "timerfd_settime", "timerfd_gettime",
	/* sockets that are listening, and what they accept */
	"accept4", "getsockopt", "getsockname", "sendto", "recvfrom", "sendmsg", "recvmsg",
	"shutdown",
	/* memory */
	"mmap", "munmap", "mprotect", "mremap", "madvise", "mincore", "brk",
	/* threads, and the process */
	"futex", "set_tid_address", "set_robust_list", "rseq", "membarrier", "sched_yield",
	"sched_getaffinity", "getcpu", "gettid", "getpid", "getuid", "geteuid", "prctl", "capset",
	"getrusage", "times", "sysinfo", "uname", "exit", "exit_group",
	/* signals */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	/* time */
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
	"getrandom"};

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A call that one of its arguments decides about: its bits in the mask must have the value. */
struct rule {
	int call;
	uint32_t action;
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
};

static const struct rule rules[] = {
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
	/* Threads, not processes; clone3() hides what it asks for, and libc then tries clone(). */
	{SCMP_SYS(clone), SCMP_ACT_ALLOW, 0, CLONE_THREAD, CLONE_THREAD},
	{SCMP_SYS(clone3), SCMP_ACT_ERRNO(ENOSYS), 0, 0, 0},
	/* Limits may be read, and are: by libc, for the stacks of threads. */
	{SCMP_SYS(prlimit64), SCMP_ACT_ALLOW, 2, UINT64_MAX, 0},
	/* An error like any other: libc looks for files of its own now and then. */
	{SCMP_SYS(openat), SCMP_ACT_ERRNO(EACCES), 0, 0, 0},
};

static int add_call(scmp_filter_ctx filter, const char *name)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 0);
}

static int add_rule(scmp_filter_ctx filter, const struct rule *rule)
{
	return seccomp_rule_add(
		filter, rule->action, rule->call, 1,
		SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value));
}

static int fill(scmp_filter_ctx filter)
{
	/* No signal leaves the process. */
	const struct rule signals = {SCMP_SYS(tgkill), SCMP_ACT_ALLOW, 0, UINT32_MAX,
				     (uint64_t)getpid()};
	/* KVM_RUN is by far the most frequent call: first. */
	int result = seccomp_syscall_priority(filter, SCMP_SYS(ioctl), UINT8_MAX);

	result = result ?: add_rule(filter, &signals);
	for (size_t i = 0; i < ARRAY_SIZE(rules) && !result; i++) {
		result = add_rule(filter, &rules[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(allowed_calls) && !result; i++) {
		result = add_call(filter, allowed_calls[i]);
	}
	return result;
}

/* Gives up new privileges (no_new_privs) as well. */
static int install(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int result = filter ? fill(filter) : -ENOMEM;

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

	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int sandbox_enter(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct sigaction action = {.sa_sigaction = on_forbidden_call, .sa_flags = SA_SIGINFO};
	const char *step = "filter system calls (CONFIG_SECCOMP_FILTER in the kernel)";
	int result;

	/* Guest memory is pinned, which root may without a limit; so it shall stay. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	/* The filter first: Linux ends one that comes from a process without privileges with a loop
	   of up to a hundred instructions, against training of its branch predictor. */
	sigemptyset(&action.sa_mask);
	result = sigaction(SIGSYS, &action, NULL) < 0 ? -errno : install();
	if (!result) {
		step = "give up capabilities";
		result = drop_capabilities();
	}
	if (result) {
		log_error("no sandbox: cannot %s: %s; --disable-sandbox runs without", step,
			  strerror(-result));
	}
	return result;
}
