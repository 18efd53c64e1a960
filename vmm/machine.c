// SPDX-License-Identifier: BSD-3-Clause
/*
 * machine.c: builds a machine in order and takes it down in reverse, from any point of failure.
 */
#include "machine_private.h"

#include "bus.h"
#include "event.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void machine_on_device_write(void *context, uint64_t gpa, uint64_t size)
{
	struct accel *accel = context;

	accel->ops->memory_written(accel, gpa, size);
}

static int machine_check_gic(const struct vm_config *config, const struct accel_ops *ops)
{
	if (config->its == ITS_ON && !ops->has_its) {
		log_error("--gic its: %s has none", ops->name);
		return -EINVAL;
	}
	if (!config->gicv2) {
		return 0;
	}
	if (!ops->has_gicv2) {
		log_error("--gic 2: %s has a GICv3 and no other", ops->name);
		return -EINVAL;
	}
	if (config->nr_cpus > ACCEL_GICV2_MAX_VCPUS) {
		log_error("--cpus %u: a GICv2 has 1 to %u", config->nr_cpus, ACCEL_GICV2_MAX_VCPUS);
		return -EINVAL;
	}
	return 0;
}

static int machine_check_limits(struct machine *machine)
{
	const struct vm_config *config = machine->config;
	const struct accel_ops *ops = machine->accel->ops;
	unsigned int max_vcpus = ops->max_vcpus(machine->accel);
	unsigned int bits = ops->ipa_bits(machine->accel);
	uint64_t max_size;

	if (config->nr_cpus > max_vcpus) {
		log_error("--cpus %u: %s has 1 to %u vCPUs on this host", config->nr_cpus,
			  ops->name, max_vcpus);
		return -EINVAL;
	}
	max_size = (UINT64_C(1) << bits) - VIRT_RAM;
	if (config->mem_size > max_size) {
		log_error(
			"--mem: %s has %u address bits on this host, which leaves at most %" PRIu64
			"M for RAM",
			ops->name, bits, max_size >> 20);
		return -EINVAL;
	}
	return machine_check_gic(config, ops);
}

static int machine_create_accel(struct machine *machine)
{
	const struct accel_config config = {
		.ops = machine->config->accel,
		.options = &machine->config->accel_options,
		.bus = machine->bus,
		.memory = &machine->memory,
		.nr_vcpus = machine->config->nr_cpus,
	};
	int result = config.ops->create(&config, &machine->accel);

	if (result) {
		log_error("--hypervisor %s: cannot create a VM: %s", config.ops->name,
			  strerror(-result));
		return result;
	}
	return machine_check_limits(machine);
}

static int machine_add_memory(struct machine *machine)
{
	const struct accel_ops *ops = machine->accel->ops;
	struct guest_memory *memory = &machine->memory;
	struct accel_region region = {.gpa = VIRT_RAM, .size = machine->config->mem_size};
	int fd = ops->create_memory ? ops->create_memory(machine->accel, region.size) : -1;
	int result = guest_memory_add_file(memory, region.gpa, region.size, fd);

	if (result == 0) {
		region.host = memory->regions[0].host;
		result = ops->add_memory(machine->accel, &region);
	}
	if (result) {
		log_error("cannot give the guest %" PRIu64 " MiB: %s", region.size >> 20,
			  strerror(-result));
		return result;
	}
	if (ops->memory_written) {
		memory->written = machine_on_device_write;
		memory->written_context = machine->accel;
	}
	return 0;
}

/* A host that does not count stolen time has guests whose clocks do not show it, no more. */
static int machine_add_stolen_time(struct machine *machine)
{
	const struct accel_ops *ops = machine->accel->ops;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = machine->config->nr_cpus * ACCEL_STOLEN_TIME_SIZE;
	struct accel_region region = {.slot = 1, .gpa = VIRT_STOLEN_TIME};
	int result;

	if (!ops->add_stolen_time) {
		return 0;
	}
	region.size = (size + page - 1) / page * page;
	region.host =
		mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region.host == MAP_FAILED) {
		return -errno;
	}
	machine->stolen_time = region.host;
	machine->stolen_time_size = region.size;
	result = ops->add_stolen_time(machine->accel, &region);
	if (result && result != -ENOTSUP) {
		log_error("cannot count stolen time for the guest: %s", strerror(-result));
		return result;
	}
	return 0;
}

bool machine_has_its(const struct machine *machine)
{
	const struct vm_config *config = machine->config;

	return !config->gicv2 && config->its != ITS_OFF && machine->accel->ops->has_its;
}

static int machine_create_vcpus(struct machine *machine)
{
	const struct accel_ops *ops = machine->accel->ops;
	const struct accel_gic gic = {
		.v2 = machine->config->gicv2,
		.dist_base = VIRT_GIC_DIST,
		.redist_base = VIRT_GIC_REDIST,
		.cpu_base = VIRT_GIC_CPU,
		.its_base = machine_has_its(machine) ? VIRT_ITS : 0,
		.nr_irqs = VIRT_NR_IRQS,
	};
	int result;

	for (unsigned int i = 0; i < machine->config->nr_cpus; i++) {
		struct machine_vcpu *vcpu = &machine->vcpus[i];

		vcpu->machine = machine;
		result = ops->create_vcpu(machine->accel, i, &vcpu->vcpu);
		if (result) {
			log_error("cannot create vCPU %u: %s", i, strerror(-result));
			return result;
		}
	}
	result = ops->create_gic(machine->accel, &gic);
	if (result) {
		log_error("cannot create the interrupt controller (GICv%u): %s", gic.v2 ? 2 : 3,
			  strerror(-result));
	}
	return result;
}

static int machine_init_vcpus(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->config->nr_cpus; i++) {
		const struct accel_vcpu_init init = {
			.powered_off = i != 0,
			.pc = i == 0 ? machine->boot.entry : 0,
			.x0 = i == 0 ? machine->boot.fdt : 0,
		};
		int result = machine->accel->ops->vcpu_init(machine->vcpus[i].vcpu, &init);

		if (result) {
			log_error("cannot initialise vCPU %u: %s", i, strerror(-result));
			return result;
		}
	}
	return 0;
}

static int machine_build(struct machine *machine)
{
	int result;

	machine->bus = bus_create();
	if (!machine->bus) {
		return -ENOMEM;
	}
	result = machine_create_accel(machine);
	result = result ?: machine_add_memory(machine);
	result = result ?: machine_create_vcpus(machine);
	result = result ?: machine_add_stolen_time(machine);
	result = result ?: machine_add_devices(machine);
	result = result ?: machine_load(machine);
	result = result ?: machine_init_vcpus(machine);
	bus_freeze(machine->bus);
	return result;
}

int machine_create(const struct vm_config *config, const struct machine_backends *backends,
		   struct event_loop *loop, struct machine **out)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	int result;

	if (!machine) {
		return -ENOMEM;
	}
	machine->config = config;
	machine->backends = backends;
	machine->loop = loop;
	pthread_mutex_init(&machine->lock, NULL);
	pthread_cond_init(&machine->changed, NULL);
	result = machine_build(machine);
	if (result) {
		machine_destroy(machine);
		return result;
	}
	*out = machine;
	return 0;
}

int machine_start(struct machine *machine)
{
	return machine_start_vcpus(machine);
}

void machine_destroy(struct machine *machine)
{
	if (!machine) {
		return;
	}
	machine_stop_vcpus(machine);
	for (unsigned int i = machine->nr_devices; i-- > 0;) {
		machine->devices[i].class->destroy(machine->devices[i].state);
	}
	if (machine->accel) {
		machine->accel->ops->destroy(machine->accel);
	}
	if (machine->stolen_time) {
		munmap(machine->stolen_time, machine->stolen_time_size);
	}
	guest_memory_release(&machine->memory);
	bus_destroy(machine->bus);
	free(machine->fdt);
	pthread_cond_destroy(&machine->changed);
	pthread_mutex_destroy(&machine->lock);
	free(machine);
}

void machine_finish(struct machine *machine, enum machine_end end)
{
	enum machine_end expected = MACHINE_RUNNING;

	if (atomic_compare_exchange_strong(&machine->end, &expected, end)) {
		event_loop_quit(machine->loop);
	}
}

enum machine_end machine_get_end(const struct machine *machine)
{
	return atomic_load(&machine->end);
}

const void *machine_fdt(const struct machine *machine, size_t *size)
{
	*size = machine->fdt_size;
	return machine->fdt;
}

/* What the host holds in memory for this process and its guest, in KiB; 0 when it does not say.
 * Pages that are mapped twice, as those with translated code are, count once. */
static unsigned long long machine_resident_kib(const struct machine *machine)
{
	FILE *smaps = machine->backends->smaps;
	unsigned long long kib = 0;
	char line[128];

	if (smaps) {
		rewind(smaps);
		while (fgets(line, sizeof(line), smaps) && sscanf(line, "Pss: %llu", &kib) != 1) {
		}
	}
	return kib ? kib + guest_memory_unmapped(&machine->memory) / 1024 : 0;
}

void machine_print_stat(struct machine *machine, FILE *out)
{
	fprintf(out, "memory.guest_kib %llu\n",
		(unsigned long long)guest_memory_resident(&machine->memory) / 1024);
	fprintf(out, "memory.resident_kib %llu\n", machine_resident_kib(machine));
	if (machine->accel->ops->stat) {
		machine->accel->ops->stat(machine->accel, out);
	}
}
