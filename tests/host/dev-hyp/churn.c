// SPDX-License-Identifier: BSD-3-Clause
/*
 * Guests that come and go.
 *
 * The ledger, and the number of pages that are pinned in Linux, must be back to the page. Free
 * memory moves a little by itself (slabs), so it is asked for after the kernel has dropped what it
 * can drop, compared with the state after the first quarter of the run, and allowed to differ by
 * NOISE_KIB: with 1,000 guests, one page lost per guest would show.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <uapi/hyp.h>
#include "churn.h"
#include "dev_hyp.h"

#define OTHER_BASE 0x80000000ul
#define NOISE_KIB  1024

struct state {
	long free_kib;
	long pinned; /* pages */
	unsigned int nr_rows;
	struct hyp_ledger_row rows[64];
};

/* One guest: 8 MiB touched (blocks and single pages), a device access, power off; some protected.
 */
static void run_guest(unsigned int kind)
{
	size_t bytes = 8ul << 20;
	bool protected = dev_is_hyp && kind % 7 == 0;
	uint8_t *memory = protected ? memory_map_file(bytes + 4096, 2ul << 20)
				    : memory_map(bytes + 4096, 2ul << 20);
	struct vm vm;

	vm_type = protected ? HYP_VM_TYPE_PROTECTED : 0;
	vm_make(&vm, 1 + kind % 3, GUEST(fill));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, bytes, memory + (kind % 2 ? 4096 : 0)));
	if (kind % 4 == 0) {
		vm_add_gic(&vm);
	}
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 1);
	reg_set_x(&vm, 0, 2, kind % 2 ? 64 : bytes / 65536);
	reg_set_x(&vm, 0, 3, kind % 2 ? 4096 : 65536);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	if (kind % 5 == 0) {
		_exit(0); /* leaves everything to the kernel */
	}
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(&vm);
}

static bool one_guest(unsigned int i)
{
	bool kill_it = i % 3 == 0;
	int status;
	pid_t pid = fork();

	if (!pid) {
		dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
		run_guest(i);
		_exit(0);
	}
	if (pid < 0) {
		return false;
	}
	if (kill_it) {
		struct timespec delay = {0, (long)(rand() % 60000) * 1000};

		nanosleep(&delay, NULL);
		kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) != pid) {
		return false;
	}
	return kill_it ? WIFSIGNALED(status) || WEXITSTATUS(status) == 0
		       : WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd >= 0) {
		if (write(fd, "3", 1) < 0) {
			perror("drop_caches");
		}
		close(fd);
	}
	usleep(500000);
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

static void take_state(struct state *state)
{
	memset(state, 0, sizeof(*state));
	drop_caches();
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

int churn_main(unsigned int nr, unsigned int seed)
{
	static struct state before;
	static struct state after;
	unsigned int failed = 0;
	unsigned int i;
	long lost;

	srand(seed);
	dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < nr; i++) {
		if (i == nr / 4) { /* everything that is made once has been made */
			take_state(&before);
		}
		failed += !one_guest(i);
	}
	take_state(&after);
	lost = before.free_kib - after.free_kib;
	printf("churn: %u guests, seed %u: free memory %ld -> %ld KiB, pinned pages %ld -> %ld\n",
	       nr, seed, before.free_kib, after.free_kib, before.pinned, after.pinned);
	if (failed) {
		printf("FAIL: churn (%u guests did not do what they should)\n", failed);
	} else if (lost > NOISE_KIB) {
		printf("FAIL: churn (%ld KiB lost)\n", lost);
	} else if (after.pinned != before.pinned) {
		printf("FAIL: churn (%ld pages stay pinned)\n", after.pinned - before.pinned);
	} else if (!same_ledger(&before, &after)) {
		printf("FAIL: churn (the ledger differs)\n");
	} else {
		printf("PASS: churn\n");
		return 0;
	}
	return 1;
}
