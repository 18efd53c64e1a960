/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine.h: one running machine `virt`: memory, accelerator, vCPU threads, devices.
 *
 * A machine runs once. A guest reset ends it, and the caller makes a new one from the same
 * configuration and the same back ends (struct machine_backends), which outlive machines. All
 * functions are for the main thread unless stated; when the machine ends by itself the event loop
 * it was given is told to quit.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include "config.h"

#include <stdio.h>

struct block_backend;
struct chardev;
struct event_loop;
struct machine;

/* What was opened before the sandbox: what devices are connected to, in the order of the
 * configuration, and what is read. */
struct machine_backends {
	struct chardev *serials[CONFIG_MAX_SERIALS];
	struct block_backend *blocks[CONFIG_MAX_BLOCKS];
	int kernel_fd;
	int initrd_fd; /* -1: none */
	FILE *smaps;   /* /proc/self/smaps_rollup, or NULL */
};

enum machine_end {
	MACHINE_RUNNING,
	MACHINE_OFF,     /* the guest powered off */
	MACHINE_RESET,   /* the guest wants a reset */
	MACHINE_PANIC,   /* the guest reported a panic */
	MACHINE_FAULT,   /* the accelerator failed */
	MACHINE_STOPPED, /* machine_stop() by the user */
};

/*
 * Builds the machine with the kernel loaded; no vCPU runs yet. Returns 0; -EINVAL when the
 * configuration or a file it names is at fault; another negative errno when the host is. The reason
 * has been logged; nothing is left.
 */
int machine_create(const struct vm_config *config, const struct machine_backends *backends,
		   struct event_loop *loop, struct machine **out);
/* Starts the vCPU threads. Returns 0 or a negative errno. */
int machine_start(struct machine *machine);
/* Ends the threads if there are any, and gives everything back. NULL is allowed. */
void machine_destroy(struct machine *machine);

/* Returns when no vCPU executes guest code; a second pause or resume does nothing. */
void machine_pause(struct machine *machine);
void machine_resume(struct machine *machine);
bool machine_is_paused(const struct machine *machine);

/* Our terminal may have a new size: the guest is told. */
void machine_resize_console(struct machine *machine);

/* Ends the machine as @end; the first end wins. Any thread. */
void machine_finish(struct machine *machine, enum machine_end end);
enum machine_end machine_get_end(const struct machine *machine);

/* The device tree the guest gets; valid as long as the machine. */
const void *machine_fdt(const struct machine *machine, size_t *size);

/* The accelerator's counters as `name value` lines. */
void machine_print_stat(struct machine *machine, FILE *out);

#endif
