// SPDX-License-Identifier: BSD-3-Clause
/*
 * perf.c - the performance monitors through Linux's perf_event_open(): instructions of a known loop
 * to the last one, cycles beside the clock, filters by exception level, and samples, which are
 * interrupts of an overflow; on each CPU.
 */
#include <linux/perf_event.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS    1000000ull
#define PER_ROUND 2
#define PERIOD    200000 /* few samples: Linux throttles what takes too long */

static int nr_failed;
static int cpu;

static void report(bool passed, const char *what)
{
	printf("%s: %s, CPU %d\n", passed ? "PASS" : "FAIL", what, cpu);
	nr_failed += !passed;
}

static void loop(uint64_t rounds)
{
	__asm__ volatile("1: sub %0, %0, #1\n\tcbnz %0, 1b" : "+r"(rounds));
}

static int open_event(uint64_t event, uint64_t period, bool user)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = event,
		.sample_period = period,
		.sample_type = PERF_SAMPLE_IP,
		.disabled = 1,
		.pinned = 1, /* on a counter all the time, or an error */
		.exclude_kernel = user,
		.exclude_user = !user,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t count_of(int fd, uint64_t rounds)
{
	uint64_t value = 0;

	ioctl(fd, PERF_EVENT_IOC_RESET, 0);
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	loop(rounds);
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void instructions(void)
{
	int fd = open_event(PERF_COUNT_HW_INSTRUCTIONS, 0, true);
	uint64_t one = count_of(fd, ROUNDS), three = count_of(fd, 3 * ROUNDS);

	printf("# %llu instructions, %llu\n", (unsigned long long)one, (unsigned long long)three);
	report(one >= ROUNDS * PER_ROUND && three - one == 2 * ROUNDS * PER_ROUND,
	       "instructions of a loop are counted exactly");
	close(fd);
}

/* The kernel's part of the loop is its interrupts and the two system calls around it. */
static void kernel_instructions(void)
{
	int fd = open_event(PERF_COUNT_HW_INSTRUCTIONS, 0, false);
	uint64_t few = count_of(fd, 1);

	report(few > 50 && few < ROUNDS, "instructions of the kernel alone");
	close(fd);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Time that the host takes from the kernel is not counted, however much it is. */
static void cycles(void)
{
	int fd = open_event(PERF_COUNT_HW_CPU_CYCLES, 0, true);
	uint64_t begin = now(), counted = count_of(fd, 20 * ROUNDS), passed = now() - begin;

	printf("# %llu cycles in %llu ns\n", (unsigned long long)counted,
	       (unsigned long long)passed);
	report(counted > ROUNDS && counted <= passed, "a cycle is a nanosecond");
	close(fd);
}

static void samples(void)
{
	size_t size = 9 * (size_t)sysconf(_SC_PAGESIZE);
	int fd = open_event(PERF_COUNT_HW_INSTRUCTIONS, PERIOD, true);
	struct perf_event_mmap_page *page =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint64_t expected, nr;

	if (page == MAP_FAILED) {
		report(false, "samples every so many instructions");
		return;
	}
	expected = count_of(fd, ROUNDS) / PERIOD;
	/* A record is a header and an address. */
	nr = page->data_head / (sizeof(struct perf_event_header) + 8);
	printf("# %llu samples\n", (unsigned long long)nr);
	report(nr >= expected - 1 && nr <= expected + 1, "samples every so many instructions");
	munmap(page, size);
	close(fd);
}

int main(void)
{
	for (cpu = 0; cpu < (int)sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
		instructions();
		kernel_instructions();
		cycles();
		samples();
	}
	return nr_failed != 0;
}
