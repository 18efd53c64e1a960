// SPDX-License-Identifier: BSD-3-Clause
/*
 * hyp-status: what the hypervisor and the resource manager tell the host.
 *
 *   hyp-status log       the hypervisor's log, the RM's lines included
 *   hyp-status ledger    one line a VM: what the RM gave it; first the RM's own pool
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

int main(int argc, char **argv)
{
	int fd, status;

	if (argc != 2 || (strcmp(argv[1], "log") != 0 && strcmp(argv[1], "ledger") != 0)) {
		fprintf(stderr, "usage: hyp-status log|ledger\n");
		return 2;
	}
	fd = open("/dev/hyp", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("hyp-status: /dev/hyp");
		return 1;
	}
	status = strcmp(argv[1], "log") == 0 ? print_log(fd) : print_ledger(fd);
	close(fd);
	return status;
}
