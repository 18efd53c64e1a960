// SPDX-License-Identifier: BSD-3-Clause
/*
 * machine_vcpu.c: one thread per vCPU, and pausing them.
 *
 * machine->nr_inside counts threads that are not parked. A pause sets `paused`, kicks everybody and
 * waits until the count is 0; a thread checks `paused` and joins the count under the same lock, so
 * none can slip through.
 */
#include "machine_private.h"

#include "log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Parks while the machine is paused. False when the thread is to end. */
static bool machine_vcpu_enter(struct machine *machine)
{
	bool go;

	pthread_mutex_lock(&machine->lock);
	while (machine->paused && !machine->stopping) {
		pthread_cond_wait(&machine->changed, &machine->lock);
	}
	go = !machine->stopping;
	machine->nr_inside += go;
	pthread_mutex_unlock(&machine->lock);
	return go;
}

static void machine_vcpu_leave(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
	machine->nr_inside--;
	pthread_cond_broadcast(&machine->changed);
	pthread_mutex_unlock(&machine->lock);
}

static enum machine_end machine_vcpu_run_once(struct accel_vcpu *vcpu)
{
	struct accel_exit exit = {.reason = ACCEL_EXIT_FAULT};
	int result = vcpu->accel->ops->vcpu_run(vcpu, &exit);

	if (result < 0) {
		log_error("vCPU %u cannot run: %s", vcpu->index, strerror(-result));
		return MACHINE_FAULT;
	}
	switch (exit.reason) {
	case ACCEL_EXIT_KICKED:
		return MACHINE_RUNNING;
	case ACCEL_EXIT_POWEROFF:
		return MACHINE_OFF;
	case ACCEL_EXIT_RESET:
		return MACHINE_RESET;
	case ACCEL_EXIT_CRASH:
		return MACHINE_PANIC;
	case ACCEL_EXIT_FAULT:
		break;
	}
	return MACHINE_FAULT;
}

static void *machine_vcpu_thread(void *argument)
{
	struct machine_vcpu *self = argument;
	struct machine *machine = self->machine;
	char name[16];

	snprintf(name, sizeof(name), "vcpu%u", self->vcpu->index);
	pthread_setname_np(pthread_self(), name);
	while (machine_vcpu_enter(machine)) {
		enum machine_end end = machine_vcpu_run_once(self->vcpu);

		machine_vcpu_leave(machine);
		if (end != MACHINE_RUNNING) {
			machine_finish(machine, end);
			break;
		}
	}
	return NULL;
}

int machine_start_vcpus(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->config->nr_cpus; i++) {
		struct machine_vcpu *vcpu = &machine->vcpus[i];
		int error = pthread_create(&vcpu->thread, NULL, machine_vcpu_thread, vcpu);

		if (error) {
			log_error("cannot start the thread of vCPU %u: %s", i, strerror(error));
			return -error;
		}
		vcpu->started = true;
	}
	return 0;
}

static void machine_kick_vcpus(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->config->nr_cpus; i++) {
		if (machine->vcpus[i].started) {
			machine->accel->ops->vcpu_kick(machine->vcpus[i].vcpu);
		}
	}
}

void machine_stop_vcpus(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
	machine->stopping = true;
	pthread_cond_broadcast(&machine->changed);
	pthread_mutex_unlock(&machine->lock);
	machine_kick_vcpus(machine);
	for (unsigned int i = 0; i < machine->config->nr_cpus; i++) {
		if (machine->vcpus[i].started) {
			pthread_join(machine->vcpus[i].thread, NULL);
			machine->vcpus[i].started = false;
		}
	}
}

void machine_pause(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
	if (machine->paused) {
		pthread_mutex_unlock(&machine->lock);
		return;
	}
	machine->paused = true;
	pthread_mutex_unlock(&machine->lock);
	machine_kick_vcpus(machine);
	pthread_mutex_lock(&machine->lock);
	while (machine->nr_inside) {
		pthread_cond_wait(&machine->changed, &machine->lock);
	}
	pthread_mutex_unlock(&machine->lock);
	if (machine->accel->ops->pause) {
		machine->accel->ops->pause(machine->accel);
	}
}

void machine_resume(struct machine *machine)
{
	if (!machine->paused) {
		return;
	}
	if (machine->accel->ops->resume) {
		machine->accel->ops->resume(machine->accel);
	}
	pthread_mutex_lock(&machine->lock);
	machine->paused = false;
	pthread_cond_broadcast(&machine->changed);
	pthread_mutex_unlock(&machine->lock);
}

bool machine_is_paused(const struct machine *machine)
{
	return machine->paused;
}
