// SPDX-License-Identifier: BSD-3-Clause
/*
 * hyp-status: what the hypervisor and the resource manager tell the host.
 *
 *   hyp-status log          the hypervisor's log, the RM's lines included
 *   hyp-status ledger       one line a VM: what the RM gave it; first the RM's own pool
 *   hyp-status console VM   what a VM wrote to its console, by number or the ledger's name
 *   hyp-status info         numbers about the system: a name and a value a line
 *
 * Runs in the host VM; needs /dev/hyp (and CAP_SYSLOG for log and console).
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
	{"log", 0, print_log},
	{"ledger", 0, print_ledger},
	{"console", 1, print_console},
	{"info", 0, print_info},
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
				"       hyp-status console VM\n");
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
