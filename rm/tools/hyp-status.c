// SPDX-License-Identifier: BSD-3-Clause
/*
 * hyp-status: what the hypervisor and the resource manager tell the host.
 *
 *   hyp-status log       the hypervisor's log, the RM's lines included
 *   hyp-status ledger    one line a VM: what the RM gave it; first the RM's own pool
 *   hyp-status info      numbers about the system: a name and a value a line
 *
 * Runs in the host VM; needs /dev/hyp (and CAP_SYSLOG for the log).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hyp/calls.h>
#include <uapi/hyp.h>

static int print_log(int fd)
{
	char text[4096];
	struct hyp_log log = {.buf = (uintptr_t)text};

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

static int print_ledger(int fd)
{
	struct hyp_ledger_row row = {.index = 0};

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

static int print_info(int fd)
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
	int (*print)(int fd);
} subjects[] = {{"log", print_log}, {"ledger", print_ledger}, {"info", print_info}};

int main(int argc, char **argv)
{
	const size_t nr = sizeof(subjects) / sizeof(subjects[0]);
	size_t which = 0;
	int fd, status;

	while (argc == 2 && which < nr && strcmp(argv[1], subjects[which].name) != 0) {
		which++;
	}
	if (argc != 2 || which == nr) {
		fprintf(stderr, "usage: hyp-status log|ledger|info\n");
		return 2;
	}
	fd = open("/dev/hyp", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("hyp-status: /dev/hyp");
		return 1;
	}
	status = subjects[which].print(fd);
	close(fd);
	return status;
}
