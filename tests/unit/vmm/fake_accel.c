// SPDX-License-Identifier: BSD-3-Clause
/*
 * fake_accel.c: see fake_accel.h.
 */
#include "fake_accel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fake_vcpu {
	struct accel_vcpu base;
	bool kicked; /* guarded by fake.lock */
};

struct fake_vm {
	struct accel base;
	struct fake_vcpu vcpus[8];
};

struct fake fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void fake_reset(void)
{
	fake = (struct fake){.lock = PTHREAD_MUTEX_INITIALIZER,
			     .changed = PTHREAD_COND_INITIALIZER};
}

void fake_exit(enum accel_exit_reason reason)
{
	pthread_mutex_lock(&fake.lock);
	fake.exits = true;
	fake.exit_as = reason;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static int fake_may_fail(void)
{
	return ++fake.nr_calls == fake.fail_at ? -ENOMEM : 0;
}

static int fake_probe(const struct opt_values *options, char *why, size_t size)
{
	(void)options;
	(void)why;
	(void)size;
	return 0;
}

static int fake_create(const struct accel_config *config, struct accel **accel)
{
	struct fake_vm *vm;

	if (fake_may_fail()) {
		return -ENOMEM;
	}
	vm = calloc(1, sizeof(*vm));
	vm->base.ops = config->ops;
	fake.nr_created++;
	*accel = &vm->base;
	return 0;
}

static void fake_destroy(struct accel *accel)
{
	fake.nr_destroyed++;
	free(accel);
}

static unsigned int fake_max_vcpus(struct accel *accel)
{
	(void)accel;
	return 8;
}

static unsigned int fake_ipa_bits(struct accel *accel)
{
	(void)accel;
	return 36;
}

static int fake_add_memory(struct accel *accel, const struct accel_region *region)
{
	(void)accel;
	fake.ram = region->host;
	return fake_may_fail();
}

static int fake_create_vcpu(struct accel *accel, unsigned int index, struct accel_vcpu **vcpu)
{
	struct fake_vm *vm = (struct fake_vm *)accel;

	vm->vcpus[index].base = (struct accel_vcpu){accel, index, (index / 4) << 8 | index % 4};
	*vcpu = &vm->vcpus[index].base;
	return fake_may_fail();
}

static int fake_create_gic(struct accel *accel, const struct accel_gic *gic)
{
	(void)accel;
	(void)gic;
	return fake_may_fail();
}

static int fake_vcpu_init(struct accel_vcpu *vcpu, const struct accel_vcpu_init *init)
{
	if (vcpu->index == 0) {
		fake.boot = *init;
	}
	return fake_may_fail();
}

static int fake_vcpu_run(struct accel_vcpu *vcpu, struct accel_exit *exit)
{
	bool *kicked = &((struct fake_vcpu *)vcpu)->kicked;

	pthread_mutex_lock(&fake.lock);
	fake.nr_runs++;
	while (!*kicked && !(fake.exits && vcpu->index == 0)) {
		pthread_cond_wait(&fake.changed, &fake.lock);
	}
	exit->reason = *kicked ? ACCEL_EXIT_KICKED : fake.exit_as;
	*kicked = false;
	pthread_mutex_unlock(&fake.lock);
	return 0;
}

static void fake_vcpu_kick(struct accel_vcpu *vcpu)
{
	pthread_mutex_lock(&fake.lock);
	((struct fake_vcpu *)vcpu)->kicked = true;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static int fake_set_irq(struct accel *accel, unsigned int spi, bool level)
{
	(void)accel;
	(void)spi;
	(void)level;
	return 0;
}

static void fake_pause(struct accel *accel)
{
	(void)accel;
	fake.nr_pauses++;
}

static void fake_resume(struct accel *accel)
{
	(void)accel;
	fake.nr_resumes++;
}

const struct accel_ops fake_accel = {
	.name = "fake",
	.summary = "executes nothing",
	.probe = fake_probe,
	.create = fake_create,
	.destroy = fake_destroy,
	.max_vcpus = fake_max_vcpus,
	.ipa_bits = fake_ipa_bits,
	.add_memory = fake_add_memory,
	.create_vcpu = fake_create_vcpu,
	.has_gicv2 = true,
	.has_its = true,
	.create_gic = fake_create_gic,
	.vcpu_init = fake_vcpu_init,
	.vcpu_run = fake_vcpu_run,
	.vcpu_kick = fake_vcpu_kick,
	.set_irq = fake_set_irq,
	.pause = fake_pause,
	.resume = fake_resume,
};
