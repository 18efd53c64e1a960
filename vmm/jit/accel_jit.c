// SPDX-License-Identifier: BSD-3-Clause
/*
 * accel_jit.c - the accelerator `jit`: arm64 guests without any virtualization.
 *
 * Glue between the machine's interface (accel.h) and a struct jit_vm. Owns what that interface
 * gives an accelerator: the GIC (vmm/devices/gic), the timers, PSCI.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "bus.h"
#include "cache.h"
#include "cpu.h"
#include "devices/gic/gic.h"
#include "exception.h"
#include "ir.h"
#include "lockstep.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "options/opt.h"
#include "stat.h"
#include "timer.h"
#include "tlb.h"
#include "vm.h"

struct jit_accel {
	struct accel accel;
	struct jit_vm vm;
	unsigned int nr_vcpus;
	uint64_t paused_at; /* guest time when pause() was called */
};

struct jit_accel_vcpu {
	struct accel_vcpu vcpu;
	struct jit_cpu *cpu;
};

enum engine {
	ENGINE_TRANSLATE,
	ENGINE_INTERP,
	ENGINE_LOCKSTEP,
};

static const char *const engine_names[] = {"translate", "interp", "lockstep", NULL};

static const struct opt_key accel_jit_options[] = {
	{
		.name = "engine",
		.type = OPT_ENUM,
		.deflt = "translate",
		.help = "translator; interpreter, the slow reference; or the two compared",
		.choices = engine_names,
	},
	{
		.name = "block",
		.type = OPT_U64,
		.deflt = "64",
		.help = "guest instructions in a translated block, at most",
		.min = 1,
		.max = IR_MAX_INSNS,
	},
	{
		.name = "chain",
		.type = OPT_BOOL,
		.deflt = "true",
		.help = "let translated blocks jump to each other directly",
	},
	{
		.name = "code-cache",
		.type = OPT_SIZE,
		.deflt = "192M",
		.help = "memory for translated code",
		.min = 1ull << 20,
		.max = 1ull << 30,
		.unit = 1ull << 20,
	},
	{
		.name = "flush",
		.type = OPT_U64,
		.deflt = "261120", /* CACHE_MAX_BLOCKS */
		.help = "drop all translated code after so many blocks",
		.min = 1,
		.max = CACHE_MAX_BLOCKS,
	},
	{
		.name = "slow-memory",
		.type = OPT_BOOL,
		.deflt = "false",
		.help = "translate every guest address anew, as if the TLB were always empty",
	},
	{
		.name = "perf-map",
		.type = OPT_BOOL,
		.deflt = "false",
		.help = "write /tmp/perf-PID.map, for perf to name translated code",
	},
	{.name = NULL},
};

static struct jit_accel *to_jit(struct accel *accel)
{
	return (struct jit_accel *)accel;
}

static struct jit_cpu *to_cpu(struct accel_vcpu *vcpu)
{
	return ((struct jit_accel_vcpu *)vcpu)->cpu;
}

static int accel_jit_probe(const struct opt_values *options, char *why, size_t size)
{
	__builtin_cpu_init();
	if (opt_number(options, "engine") != ENGINE_INTERP &&
	    !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
	      __builtin_cpu_supports("fma") && __builtin_cpu_supports("lzcnt"))) {
		snprintf(why, size, "the host CPU lacks AVX2, BMI2, FMA or LZCNT");
		return -ENOTSUP;
	}
	return 0;
}

static int accel_jit_create_cache(struct jit_accel *jit, const struct opt_values *options)
{
	struct jit_cache *cache;

	if (opt_number(options, "engine") == ENGINE_INTERP) {
		return 0;
	}
	cache = cache_create(&jit->vm, opt_number(options, "code-cache"),
			     (unsigned int)opt_number(options, "flush"));
	if (!cache) {
		log_error("cannot map memory for translated code");
		return -ENOMEM;
	}
	cache->max_insns = (unsigned int)opt_number(options, "block");
	cache->no_chain = !opt_bool(options, "chain");
	if (opt_bool(options, "perf-map")) {
		char path[64];

		snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
		cache->perf_map = fopen(path, "w");
		if (!cache->perf_map) {
			log_warn("no perf-map: cannot write %s: %s (it needs --disable-sandbox)",
				 path, strerror(errno));
		}
	}
	jit->vm.cache = cache;
	if (opt_number(options, "engine") == ENGINE_LOCKSTEP) {
		jit->vm.lockstep = lockstep_create(&jit->vm);
		return jit->vm.lockstep ? 0 : -ENOMEM;
	}
	return 0;
}

static void accel_jit_destroy_vcpu(struct jit_cpu *cpu)
{
	tlb_destroy(cpu);
	free(cpu->owner);
	free(cpu);
}

static void accel_jit_destroy(struct accel *accel)
{
	struct jit_accel *jit = to_jit(accel);

	timer_thread_stop(&jit->vm);
	for (unsigned int i = 0; i < jit->vm.nr_cpus; i++) {
		if (jit->vm.cpus[i]) {
			accel_jit_destroy_vcpu(jit->vm.cpus[i]);
		}
	}
	for (unsigned int i = 0; i < jit->vm.nr_regions; i++) {
		free((void *)jit->vm.regions[i].code_pages);
	}
	gic_its_destroy(jit->vm.its);
	gic_destroy(jit->vm.gic);
	lockstep_destroy(jit->vm.lockstep);
	cache_destroy(jit->vm.cache);
	free(jit);
}

static int accel_jit_create(const struct accel_config *config, struct accel **accel)
{
	struct jit_accel *jit;
	int error;

	if (config->nr_vcpus > VM_MAX_CPUS) {
		return -EINVAL;
	}
	jit = calloc(1, sizeof(*jit));
	if (!jit) {
		return -ENOMEM;
	}
	jit->accel.ops = config->ops;
	jit->nr_vcpus = config->nr_vcpus;
	jit->vm.bus = config->bus;
	jit->vm.slow_memory = opt_bool(config->options, "slow-memory");
	/* The guest's counter starts near zero. */
	atomic_store(&jit->vm.time_offset, -(int64_t)timer_now(&jit->vm));
	error = timer_thread_start(&jit->vm);
	if (error) {
		log_error("cannot start the timer thread: %s", strerror(-error));
		free(jit);
		return error;
	}
	error = accel_jit_create_cache(jit, config->options);
	if (error) {
		accel_jit_destroy(&jit->accel);
		return error;
	}
	*accel = &jit->accel;
	return 0;
}

/* Two CPUs that run at once would change memory between the translator's turn and the other's. */
static unsigned int accel_jit_max_vcpus(struct accel *accel)
{
	return to_jit(accel)->vm.lockstep ? 1 : VM_MAX_CPUS;
}

static unsigned int accel_jit_ipa_bits(struct accel *accel)
{
	(void)accel;
	return VM_PA_BITS;
}

static int accel_jit_add_memory(struct accel *accel, const struct accel_region *region)
{
	struct jit_vm *vm = &to_jit(accel)->vm;
	struct vm_region *r = &vm->regions[vm->nr_regions];

	if (vm->nr_regions == VM_MAX_REGIONS) {
		return -ENOSPC;
	}
	*r = (struct vm_region){
		.base = region->gpa,
		.size = region->size,
		.host = region->host,
		.read_only = region->read_only,
	};
	r->code_pages = calloc((region->size / TLB_PAGE_SIZE + 63) / 64, sizeof(uint64_t));
	if (!r->code_pages) {
		return -ENOMEM;
	}
	vm->nr_regions++;
	return 0;
}

/* 16 CPUs to a cluster: what one SGI register write can address. */
static uint64_t accel_jit_affinity(unsigned int index)
{
	return index % 16 | (uint64_t)(index / 16) << 8;
}

static int accel_jit_create_vcpu(struct accel *accel, unsigned int index, struct accel_vcpu **vcpu)
{
	struct jit_accel *jit = to_jit(accel);
	struct jit_accel_vcpu *v;
	struct jit_cpu *cpu;

	if (index >= jit->nr_vcpus || jit->vm.cpus[index]) {
		return -EINVAL;
	}
	v = calloc(1, sizeof(*v));
	cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~63ul);
	if (!v || !cpu) {
		free(v);
		free(cpu);
		return -ENOMEM;
	}
	memset(cpu, 0, sizeof(*cpu));
	if (tlb_init(cpu)) {
		free(v);
		free(cpu);
		return -ENOMEM;
	}
	cpu->vm = &jit->vm;
	cpu->owner = v;
	cpu->index = index;
	cpu->mpidr = accel_jit_affinity(index);
	v->vcpu = (struct accel_vcpu){.accel = accel, .index = index, .mpidr = cpu->mpidr};
	v->cpu = cpu;
	jit->vm.cpus[index] = cpu;
	if (index >= jit->vm.nr_cpus) {
		jit->vm.nr_cpus = index + 1;
	}
	*vcpu = &v->vcpu;
	return 0;
}

static void accel_jit_set_lines(void *context, unsigned int index, uint32_t lines)
{
	struct jit_vm *vm = context;
	struct jit_cpu *cpu = vm->cpus[index];

	atomic_store(&cpu->irq_lines, lines);
	if (lines) {
		loop_attention(cpu, CPU_ATTN_IRQ);
	}
}

static bool accel_jit_read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	const void *host = vm_host_address(context, gpa, size);

	if (host) {
		memcpy(to, host, size);
	}
	return host;
}

static bool accel_jit_write_memory(void *context, uint64_t gpa, const void *from, size_t size)
{
	const struct vm_region *region = vm_find_region(context, gpa, size);

	if (!region || region->read_only) {
		return false;
	}
	memcpy(region->host + (gpa - region->base), from, size);
	vm_memory_written(context, gpa, size);
	return true;
}

static int accel_jit_add_frames(struct jit_vm *vm, const char *name, uint64_t base, uint64_t size,
				const struct bus_ops *ops, void *device)
{
	const struct bus_region region = {
		.base = base, .size = size, .ops = ops, .device = device, .name = name};

	return bus_add(vm->bus, &region);
}

static int accel_jit_add_gicv3(struct jit_vm *vm, const struct accel_gic *gic)
{
	int error = accel_jit_add_frames(vm, "gic-distributor", gic->dist_base, GIC_DIST_SIZE,
					 &gic_dist_ops, vm->gic);

	return error
		       ?: accel_jit_add_frames(vm, "gic-redistributor", gic->redist_base,
					       (uint64_t)GIC_REDIST_SIZE * vm->nr_cpus,
					       &gic_redist_ops, vm->gic);
}

static int accel_jit_add_its(struct jit_vm *vm, uint64_t base)
{
	vm->its_base = base;
	vm->its = gic_its_create(vm->gic);
	if (!vm->its) {
		return -ENOMEM;
	}
	return accel_jit_add_frames(vm, "gic-its", base, GIC_ITS_SIZE, &gic_its_ops, vm->its);
}

static int accel_jit_add_gicv2(struct jit_vm *vm, const struct accel_gic *gic)
{
	int error = accel_jit_add_frames(vm, "gic-distributor", gic->dist_base, GICV2_DIST_SIZE,
					 &gicv2_dist_ops, vm->gic);

	return error
		       ?: accel_jit_add_frames(vm, "gic-cpu-interface", gic->cpu_base,
					       GICV2_CPU_SIZE, &gicv2_cpu_ops, vm->gic);
}

static int accel_jit_create_gic(struct accel *accel, const struct accel_gic *gic)
{
	struct jit_vm *vm = &to_jit(accel)->vm;
	uint64_t mpidrs[VM_MAX_CPUS];
	struct gic_config config = {
		.version = gic->v2 ? 2 : 3,
		.nr_cpus = vm->nr_cpus,
		.nr_irqs = gic->nr_irqs,
		.mpidrs = mpidrs,
		.set_lines = accel_jit_set_lines,
		.read_memory = gic->its_base ? accel_jit_read_memory : NULL,
		.write_memory = accel_jit_write_memory,
		.context = vm,
	};
	int error;

	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		if (!vm->cpus[i]) {
			return -EINVAL;
		}
		mpidrs[i] = vm->cpus[i]->mpidr;
	}
	vm->gicv2 = gic->v2;
	vm->gic = gic_create(&config);
	if (!vm->gic) {
		return -ENOMEM;
	}
	if (gic->v2) {
		return accel_jit_add_gicv2(vm, gic);
	}
	error = accel_jit_add_gicv3(vm, gic);
	return error || !gic->its_base ? error : accel_jit_add_its(vm, gic->its_base);
}

static int accel_jit_vcpu_init(struct accel_vcpu *vcpu, const struct accel_vcpu_init *init)
{
	struct jit_cpu *cpu = to_cpu(vcpu);

	loop_reset_cpu(cpu);
	cpu->pc = init->pc;
	cpu->x[0] = init->x0;
	atomic_store(&cpu->power, init->powered_off ? CPU_POWER_OFF : CPU_POWER_ON);
	return 0;
}

static enum accel_exit_reason accel_jit_end(_Atomic int *end)
{
	switch ((enum vm_end)atomic_load(end)) {
	case VM_END_RESET:
		return ACCEL_EXIT_RESET;
	case VM_END_FAULT:
		return ACCEL_EXIT_FAULT;
	default:
		return ACCEL_EXIT_POWEROFF;
	}
}

static int accel_jit_vcpu_run(struct accel_vcpu *vcpu, struct accel_exit *exit)
{
	struct jit_cpu *cpu = to_cpu(vcpu);

	gic_set_this_cpu(cpu->index);
	exit->reason = ACCEL_EXIT_KICKED;
	if (loop_run(cpu) == LOOP_ENDED) {
		exit->reason = accel_jit_end(&cpu->vm->end);
	}
	return 0;
}

static void accel_jit_vcpu_kick(struct accel_vcpu *vcpu)
{
	loop_attention(to_cpu(vcpu), CPU_ATTN_STOP);
}

static int accel_jit_vcpu_get_regs(struct accel_vcpu *vcpu, struct accel_regs *regs)
{
	struct jit_cpu *cpu = to_cpu(vcpu);

	memcpy(regs->x, cpu->x, sizeof(regs->x));
	regs->sp = cpu->x[CPU_REG_SP];
	regs->pc = cpu->pc;
	regs->pstate = exception_pstate(cpu);
	return 0;
}

static int accel_jit_vcpu_set_regs(struct accel_vcpu *vcpu, const struct accel_regs *regs)
{
	struct jit_cpu *cpu = to_cpu(vcpu);

	exception_set_pstate(cpu, (uint32_t)regs->pstate);
	memcpy(cpu->x, regs->x, sizeof(regs->x));
	cpu->x[CPU_REG_SP] = regs->sp;
	cpu->pc = regs->pc;
	return 0;
}

static int accel_jit_set_irq(struct accel *accel, unsigned int spi, bool level)
{
	gic_set_spi(to_jit(accel)->vm.gic, spi, level);
	return 0;
}

static void accel_jit_signal_msi(struct accel *accel, uint32_t device, uint64_t address,
				 uint32_t data)
{
	struct jit_vm *vm = &to_jit(accel)->vm;

	if (address == vm->its_base + GIC_ITS_TRANSLATER) {
		gic_its_signal(vm->its, device, data);
	}
}

static void accel_jit_memory_written(struct accel *accel, uint64_t gpa, uint64_t size)
{
	vm_memory_written(&to_jit(accel)->vm, gpa, size);
}

static void accel_jit_pause(struct accel *accel)
{
	struct jit_accel *jit = to_jit(accel);

	jit->paused_at = timer_now(&jit->vm);
}

static void accel_jit_resume(struct accel *accel)
{
	struct jit_accel *jit = to_jit(accel);

	atomic_fetch_sub(&jit->vm.time_offset, (int64_t)(timer_now(&jit->vm) - jit->paused_at));
}

static void accel_jit_stat(struct accel *accel, FILE *out)
{
	stat_print(&to_jit(accel)->vm, out);
}

const struct accel_ops accel_jit = {
	.name = "jit",
	.summary = "binary translation of arm64 guests, on any x86-64 host",
	.options = accel_jit_options,
	.has_pmu = true,
	.has_gicv2 = true,
	.has_its = true,
	.probe = accel_jit_probe,
	.create = accel_jit_create,
	.destroy = accel_jit_destroy,
	.max_vcpus = accel_jit_max_vcpus,
	.ipa_bits = accel_jit_ipa_bits,
	.add_memory = accel_jit_add_memory,
	.create_vcpu = accel_jit_create_vcpu,
	.create_gic = accel_jit_create_gic,
	.vcpu_init = accel_jit_vcpu_init,
	.vcpu_run = accel_jit_vcpu_run,
	.vcpu_kick = accel_jit_vcpu_kick,
	.vcpu_get_regs = accel_jit_vcpu_get_regs,
	.vcpu_set_regs = accel_jit_vcpu_set_regs,
	.set_irq = accel_jit_set_irq,
	.signal_msi = accel_jit_signal_msi,
	.memory_written = accel_jit_memory_written,
	.pause = accel_jit_pause,
	.resume = accel_jit_resume,
	.stat = accel_jit_stat,
};
