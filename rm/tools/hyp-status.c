// SPDX-License-Identifier: BSD-3-Clause
/*
 * hyp-status: what the hypervisor and the resource manager tell the host.
 *
 *   hyp-status log          the hypervisor's log, the RM's lines included
 *   hyp-status ledger       one line a VM: what the RM gave it; first the RM's own pool
 *   hyp-status console VM   what a VM wrote to its console, by number or the ledger's name
 *   hyp-status info         numbers about the system: a name and a value a line
 *   hyp-status trace SECS   why VMs came into EL2 in the next seconds: each core's last 512 events
 *
 * Runs in the host VM; needs /dev/hyp (and CAP_SYSLOG for log, console and trace).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hyp/calls.h>
#include <hyp/trace.h>
#include <uapi/hyp.h>

static int print_log(int fd, const char *unused)
{
	char text[4096];
	struct hyp_log log = {.buf = (uintptr_t)text};

	(void)unused;
	do {
		log.len = sizeof(text);
		if (ioctl(fd, HYP_LOG_READ, &log) < 0) {
			perror("hyp-status: log");
			return 1;
		}
		fwrite(text, 1, log.len, stdout);
	} while (log.len);
	return 0;
}

static int print_ledger(int fd, const char *unused)
{
	struct hyp_ledger_row row = {.index = 0};

	(void)unused;
	printf("%-32s %6s %10s %10s %10s %6s %6s\n", "VM", "id", "pool", "pool free", "pages",
	       "vCPUs", "irqs");
	for (; ioctl(fd, HYP_LEDGER, &row) == 0; row.index++) {
		printf("%-32.32s %6u %10llu %10llu %10llu %6u %6u\n", row.name, row.vm_id,
		       (unsigned long long)row.pool_pages, (unsigned long long)row.pool_free,
		       (unsigned long long)row.mem_pages, row.vcpus, row.irqs);
	}
	if (errno != ENOENT) {
		perror("hyp-status: ledger");
		return 1;
	}
	return 0;
}

/* The VM of a name or number; -1, after a message: it is not in the ledger. A number needs no RM.
 */
static long find_vm(int fd, const char *name)
{
	struct hyp_ledger_row row = {.index = 0};
	char *end;
	unsigned long id = strtoul(name, &end, 10);

	if (*name && !*end && id < UINT32_MAX) {
		return (long)id;
	}
	for (; ioctl(fd, HYP_LEDGER, &row) == 0; row.index++) {
		if (strncmp(name, row.name, sizeof(row.name)) == 0) {
			return row.vm_id;
		}
	}
	if (errno == ENOENT) {
		fprintf(stderr, "hyp-status: no VM '%s'; 'hyp-status ledger' lists them\n", name);
	} else {
		perror("hyp-status: ledger");
	}
	return -1;
}

static int print_console(int fd, const char *name)
{
	char text[4096];
	struct hyp_console console = {.buf = (uintptr_t)text};
	long id = find_vm(fd, name);

	if (id < 0) {
		return 1;
	}
	console.vm_id = (__u32)id;
	do {
		console.len = sizeof(text);
		if (ioctl(fd, HYP_CONSOLE_READ, &console) < 0) {
			perror("hyp-status: console");
			return 1;
		}
		fwrite(text, 1, console.len, stdout);
	} while (console.len);
	return 0;
}

struct event {
	unsigned int core;
	struct trace_record record;
};

static int by_time(const void *a, const void *b)
{
	uint64_t left = ((const struct event *)a)->record.time;
	uint64_t right = ((const struct event *)b)->record.time;

	return (left > right) - (left < right);
}

/* A call's name, if it is one of the hypervisor's own. */
static const char *call_name(uint64_t function)
{
#define NAME(name, nr, nr_args, args, doc) [nr] = #name,
	static const char *const names[HYP_NR_CALLS] = {HYP_CALLS(NAME)};
#undef NAME
	uint64_t nr = (uint32_t)function - (uint64_t)HYP_CALL_BASE;

	return nr < HYP_NR_CALLS && names[nr] ? names[nr] : "";
}

static void print_event(const struct event *event, uint64_t start, uint64_t ticks_per_second)
{
#define NAME(name, a, b) #name,
	static const char *const names[] = {HYP_TRACE_EVENTS(NAME)};
#undef NAME
	const struct trace_record *r = &event->record;

	if (r->event >= sizeof(names) / sizeof(names[0])) {
		return;
	}
	printf("%11.6f %4u %3u.%-3u %-5s %16llx %16llx %16llx %s\n",
	       (double)(r->time - start) / (double)ticks_per_second, event->core, r->vm_vcpu >> 16,
	       r->vm_vcpu & 0xffff, names[r->event], (unsigned long long)r->pc,
	       (unsigned long long)r->a, (unsigned long long)r->b,
	       r->event == TRACE_CALL ? call_name(r->a) : "");
}

/* Every core's records, in the order of time. */
static int print_events(int fd)
{
	struct trace_record records[512];
	struct hyp_trace_read read = {.buf = (uintptr_t)records};
	struct event *events = NULL;
	uint64_t ticks_per_second;
	size_t nr = 0;

	for (;; read.cpu++) {
		read.len = sizeof(records);
		read.cursor = 0;
		if (ioctl(fd, HYP_TRACE_READ, &read) < 0) {
			break;
		}
		events = realloc(events, (nr + 512) * sizeof(*events));
		if (!events) {
			break;
		}
		for (size_t i = 0; i < read.len / sizeof(records[0]); i++) {
			events[nr++] = (struct event){(unsigned int)read.cpu, records[i]};
		}
	}
	if (errno != EINVAL) {
		perror("hyp-status: trace");
		free(events);
		return 1;
	}
	__asm__("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
	qsort(events, nr, sizeof(*events), by_time);
	printf("%11s %4s %3s.%-3s %-5s %16s %16s %16s\n", "seconds", "core", "VM", "CPU", "event",
	       "PC", "call, ESR, INTID", "x1, IPA");
	for (size_t i = 0; i < nr; i++) {
		print_event(&events[i], events[0].record.time, ticks_per_second);
	}
	free(events);
	return 0;
}

static int print_trace(int fd, const char *seconds)
{
	char *end;
	unsigned long wait = strtoul(seconds, &end, 10);

	if (!*seconds || *end || wait > 3600) {
		fprintf(stderr, "hyp-status: '%s' is not a number of seconds up to 3600\n",
			seconds);
		return 2;
	}
	if (ioctl(fd, HYP_TRACE_SET, 1) < 0) {
		perror("hyp-status: trace");
		return 1;
	}
	sleep((unsigned int)wait);
	ioctl(fd, HYP_TRACE_SET, 0);
	return print_events(fd);
}

static int print_info(int fd, const char *unused)
{
	static const struct {
		const char *name;
		enum hyp_info what;
	} numbers[] = {
		{"hypervisor-bytes", HYP_INFO_FIXED_BYTES},
		{"rm-bytes", HYP_INFO_RM_BYTES},
		{"boot-ticks", HYP_INFO_BOOT_CYCLES},
		{"cores", HYP_INFO_NR_CORES},
		{"vms", HYP_INFO_NR_VMS},
		{"irqs", HYP_INFO_NR_IRQS},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct hyp_sys_info info = {.what = numbers[i].what};

		if (ioctl(fd, HYP_SYS_INFO, &info) < 0) {
			perror("hyp-status: info");
			return 1;
		}
		printf("%s %llu\n", numbers[i].name, (unsigned long long)info.value);
	}
	return 0;
}

static const struct {
	const char *name;
	int nr_arguments;
	int (*print)(int fd, const char *argument);
} subjects[] = {
	{"log", 0, print_log},   {"ledger", 0, print_ledger}, {"console", 1, print_console},
	{"info", 0, print_info}, {"trace", 1, print_trace},
};

int main(int argc, char **argv)
{
	const size_t nr = sizeof(subjects) / sizeof(subjects[0]);
	size_t which = 0;
	int fd, status;

	while (argc > 1 && which < nr && strcmp(argv[1], subjects[which].name) != 0) {
		which++;
	}
	if (argc < 2 || which == nr || argc - 2 != subjects[which].nr_arguments) {
		fprintf(stderr, "usage: hyp-status log|ledger|info\n"
				"       hyp-status console VM\n"
				"       hyp-status trace SECONDS\n");
		return 2;
	}
	fd = open("/dev/hyp", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("hyp-status: /dev/hyp");
		return 1;
	}
	status = subjects[which].print(fd, argv[2]);
	close(fd);
	return status;
}
