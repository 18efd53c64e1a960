/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_accel.h: an accelerator that executes nothing: vcpu_run() waits for a kick or for the exit a
 * test wants, and may do MMIO on the bus first.
 */
#ifndef TEST_FAKE_ACCEL_H
#define TEST_FAKE_ACCEL_H

#include "accel.h"

#include <pthread.h>

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int fail_at; /* the n-th fallible call fails with -ENOMEM; 0: none */
	unsigned int nr_calls;
	unsigned int nr_created, nr_destroyed;
	unsigned int nr_runs, nr_pauses, nr_resumes;
	bool exits; /* vCPU 0 exits as below */
	enum accel_exit_reason exit_as;
	struct accel_vcpu_init boot; /* of vCPU 0 */
	uint8_t *ram;                /* the last region added */
};

extern struct fake fake;
extern const struct accel_ops fake_accel;

void fake_reset(void);
/* vCPU 0 leaves the guest for good, as @reason. */
void fake_exit(enum accel_exit_reason reason);

#endif
