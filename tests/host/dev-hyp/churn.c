// SPDX-License-Identifier: BSD-3-Clause
/*
 * Guests that come and go. With 1,000 of them, one page lost per guest would show (state.h); what
 * is compared is the state after the first quarter of the run and at its end.
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
#include "state.h"

#define OTHER_BASE 0x80000000ul

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

int churn_main(unsigned int nr, unsigned int seed)
{
	static struct state before;
	static struct state after;
	unsigned int failed = 0;
	unsigned int i;

	srand(seed);
	dev_fd = open(dev_path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < nr; i++) {
		if (i == nr / 4) { /* everything that is made once has been made */
			state_take(&before);
		}
		failed += !one_guest(i);
	}
	state_take(&after);
	printf("churn: %u guests, seed %u, %u failed\n", nr, seed, failed);
	return state_report("churn", !failed, &before, &after);
}
