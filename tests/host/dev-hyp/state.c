// SPDX-License-Identifier: BSD-3-Clause
/* See state.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev_hyp.h"
#include "state.h"

#define NOISE_KIB 1024

static void write_one(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0) {
		if (write(fd, what, 1) < 0) {
			perror(path);
		}
		close(fd);
	}
}

/* Free pages of all zones, with those that each CPU keeps for itself (which MemFree leaves out). */
static long read_free_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[256];
	long sum = 0;
	long nr;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " pages free %ld", &nr) == 1 ||
		    sscanf(line, " count: %ld", &nr) == 1) {
			sum += nr;
		}
	}
	if (file) {
		fclose(file);
	}
	return sum;
}

/* The number after a name at the beginning of a line. */
static long read_number(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	size_t length = strlen(name);
	char line[128];
	long number = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, length)) {
			number = atol(line + length);
			break;
		}
	}
	if (file) {
		fclose(file);
	}
	return number;
}

void state_take(struct state *state)
{
	memset(state, 0, sizeof(*state));
	write_one("/proc/sys/vm/drop_caches", "3");
	usleep(500000);
	write_one("/proc/sys/vm/stat_refresh", "1"); /* what each CPU has counted for itself */
	state->free_kib = read_free_pages() * 4;
	state->pinned = read_number("/proc/vmstat", "nr_foll_pin_acquired ") -
			read_number("/proc/vmstat", "nr_foll_pin_released ");
	for (state->nr_rows = 0; dev_is_hyp && state->nr_rows < 64; state->nr_rows++) {
		state->rows[state->nr_rows].index = state->nr_rows;
		if (ioctl(dev_fd, HYP_LEDGER, &state->rows[state->nr_rows]) < 0) {
			break;
		}
	}
}

static bool same_ledger(const struct state *a, const struct state *b)
{
	unsigned int i;
	bool same = a->nr_rows == b->nr_rows;

	for (i = 0; i < a->nr_rows && i < b->nr_rows; i++) {
		if (memcmp(&a->rows[i], &b->rows[i], sizeof(a->rows[i]))) {
			printf("ledger row %u (%s): pool %llu -> %llu, free %llu -> %llu, memory "
			       "%llu -> %llu\n",
			       i, a->rows[i].name, a->rows[i].pool_pages, b->rows[i].pool_pages,
			       a->rows[i].pool_free, b->rows[i].pool_free, a->rows[i].mem_pages,
			       b->rows[i].mem_pages);
			same = false;
		}
	}
	return same;
}

const char *state_differs(const struct state *before, const struct state *after)
{
	if (before->free_kib - after->free_kib > NOISE_KIB) {
		return "memory is lost";
	}
	if (after->pinned != before->pinned) {
		return "pages stay pinned";
	}
	return same_ledger(before, after) ? NULL : "the ledger differs";
}

int state_report(const char *test, bool ok, const struct state *before, const struct state *after)
{
	const char *why = ok ? state_differs(before, after) : "guests did not do what they should";

	printf("%s: free memory %ld -> %ld KiB, pinned pages %ld -> %ld\n", test, before->free_kib,
	       after->free_kib, before->pinned, after->pinned);
	if (why) {
		printf("FAIL: %s (%s)\n", test, why);
		return 1;
	}
	printf("PASS: %s\n", test);
	return 0;
}
