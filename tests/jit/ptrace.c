// SPDX-License-Identifier: BSD-3-Clause
/*
 * ptrace.c - what a debugger in the guest does, through Linux: hardware breakpoint, watchpoints,
 * single steps, of a child whose code has long been translated.
 */
#include <elf.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <asm/ptrace.h>

#define EL0     (2u << 1)
#define ENABLED 1u

static volatile uint64_t watched[512] __attribute__((aligned(4096)));
static pid_t child;

__attribute__((noinline)) static void tick(uint64_t n)
{
	watched[n % 256] += n;
}

static void child_main(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	for (uint64_t n = 0; n < 100000; n++) {
		tick(n);
	}
	raise(SIGSTOP);
	for (uint64_t n = 0;; n++) {
		tick(n);
	}
}

static int set_debug(int set, uint64_t address, uint32_t control)
{
	struct user_hwdebug_state state;
	struct iovec iov = {.iov_base = &state,
			    .iov_len = offsetof(struct user_hwdebug_state, dbg_regs[1])};

	memset(&state, 0, sizeof(state));
	state.dbg_regs[0].addr = address;
	state.dbg_regs[0].ctrl = control;
	return (int)ptrace(PTRACE_SETREGSET, child, (void *)(long)set, &iov);
}

static struct user_regs_struct regs(void)
{
	struct user_regs_struct r;
	struct iovec iov = {.iov_base = &r, .iov_len = sizeof(r)};

	ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &iov);
	return r;
}

/* Lets the child go on until SIGTRAP; returns where it is, with the address of a hit in *hit. */
static uint64_t go(int how, uint64_t *hit)
{
	siginfo_t info;
	int status;

	ptrace(how, child, NULL, NULL);
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTRAP) {
		return 0;
	}
	ptrace(PTRACE_GETSIGINFO, child, NULL, &info);
	*hit = (uint64_t)(uintptr_t)info.si_addr;
	return regs().pc;
}

static int report(const char *what, int good)
{
	printf("%s: ptrace: %s\n", good ? "PASS" : "FAIL", what);
	return !good;
}

/* As debuggers do: Linux leaves it to them to get past an address that stays watched. */
static uint64_t step_over(int set, uint64_t address, uint32_t control)
{
	uint64_t hit, pc;

	set_debug(set, address, 0);
	pc = go(PTRACE_SINGLESTEP, &hit);
	set_debug(set, address, control);
	return pc;
}

static int test_breakpoint(void)
{
	const uint32_t control = 0xf << 5 | EL0 | ENABLED;
	uint64_t at = (uint64_t)(uintptr_t)tick, hit, before;
	int good = set_debug(NT_ARM_HW_BREAK, at, control) == 0;

	good &= go(PTRACE_CONT, &hit) == at;
	before = regs().regs[0];
	good &= step_over(NT_ARM_HW_BREAK, at, control) == at + 4;
	good &= go(PTRACE_CONT, &hit) == at;
	good &= regs().regs[0] == before + 1;
	good &= set_debug(NT_ARM_HW_BREAK, at, 0) == 0;
	return report("hardware breakpoint, twice", good);
}

static int test_watchpoint(void)
{
	const uint32_t control = 0xff << 5 | 2u << 3 | EL0 | ENABLED;
	uint64_t address = (uint64_t)(uintptr_t)&watched[7], hit = 0, value, pc;
	int good = set_debug(NT_ARM_HW_WATCH, address, control) == 0;

	pc = go(PTRACE_CONT, &hit);
	good &= pc && hit == address;
	value = (uint64_t)ptrace(PTRACE_PEEKDATA, child, (void *)address, NULL);
	good &= step_over(NT_ARM_HW_WATCH, address, control) == pc + 4;
	good &= go(PTRACE_CONT, &hit) == pc && hit == address;
	/* The first store has happened meanwhile, and only that. */
	good &= (uint64_t)ptrace(PTRACE_PEEKDATA, child, (void *)address, NULL) > value;
	good &= ((uint64_t)ptrace(PTRACE_PEEKDATA, child, (void *)address, NULL) - value) % 256 ==
		7;
	good &= set_debug(NT_ARM_HW_WATCH, address, 0) == 0;
	return report("watchpoint for stores, twice", good);
}

static int test_steps(void)
{
	uint64_t at = (uint64_t)(uintptr_t)tick, hit, pc, nr = 0;
	int good = set_debug(NT_ARM_HW_BREAK, at, 0xf << 5 | EL0 | ENABLED) == 0;

	good &= go(PTRACE_CONT, &hit) == at;
	good &= set_debug(NT_ARM_HW_BREAK, at, 0) == 0;
	/* tick() has no branches: each step is the next instruction, up to its return. */
	for (pc = at; good && nr < 50; nr++) {
		uint64_t next = go(PTRACE_SINGLESTEP, &hit);

		if (next != pc + 4) {
			break;
		}
		pc = next;
	}
	return report("single steps through a function", good && nr >= 4 && nr < 50);
}

int main(void)
{
	int failed = 0, status;

	child = fork();
	if (!child) {
		child_main();
	}
	waitpid(child, &status, 0);
	failed += test_breakpoint();
	failed += test_watchpoint();
	failed += test_steps();
	kill(child, SIGKILL);
	return failed;
}
