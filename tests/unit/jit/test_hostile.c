// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_hostile.c - a guest made of random words, system instructions included, under the real run
 *loop.
 *
 *	test_hostile [ROUNDS [SEED]]
 *
 * Two CPUs run at once in one small machine, with exception vectors, translation tables and stacks
 *in the same memory that the random code overwrites. Nothing is compared: the sanitizers watch,
 *every round must end when it is kicked, and the memory around the guest's is a guard that must
 *keep its contents. Rounds alternate between translator and interpreter.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel.h"
#include "bus.h"
#include "decode.h"
#include "options/opt.h"

#define RAM_BASE   0x40000000ull
#define RAM_SIZE   (1u << 20)
#define GUARD      65536u
#define NR_CPUS    2
#define ROUND_MS   30
#define DEF_ROUNDS 60

extern const struct accel_ops accel_jit;

static uint64_t seed;

static uint64_t rnd(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

/* Mostly instructions that exist, some with class system preferred, some words of any kind. */
static uint32_t random_word(void)
{
	const struct a64_info *info = &a64_infos[1 + rnd() % (A64_NR_OPS - 1)];
	uint32_t random = (uint32_t)rnd();

	switch (rnd() % 8) {
	case 0:
		return random;
	case 1: /* MSR, MRS, SYS in the spaces that are there */
		return 0xd5000000u | (random & 0x003fffffu);
	case 2: /* ERET */
		return rnd() % 16 ? 0xd5381000u | (random & 0x1f) : 0xd69f03e0u;
	default:
		return (info->value & info->mask) | (random & ~info->mask);
	}
}

static void fill_memory(uint8_t *ram)
{
	for (unsigned int i = 0; i < RAM_SIZE; i += 4) {
		uint32_t word = random_word();

		memcpy(ram + i, &word, 4);
	}
	/* Something like a table at the start: descriptors that point into the memory. */
	for (unsigned int i = 0; i < 4096; i += 8) {
		uint64_t desc = RAM_BASE | (rnd() & (RAM_SIZE - 1)) | 1 << 10 | (rnd() & 3) |
				(rnd() & 0x00600000000000c0ull);

		memcpy(ram + i, &desc, 8);
	}
}

static void *run_vcpu(void *argument)
{
	struct accel_exit exit;

	accel_jit.vcpu_run(argument, &exit);
	return NULL;
}

static int run_machine(const struct opt_values *options, uint8_t *ram)
{
	struct accel_config config = {
		.ops = &accel_jit, .options = options, .bus = bus_create(), .nr_vcpus = NR_CPUS};
	struct accel_region region = {.gpa = RAM_BASE, .size = RAM_SIZE, .host = ram};
	struct accel_gic gic = {.dist_base = 0x08000000, .redist_base = 0x080a0000, .nr_irqs = 64};
	struct accel_vcpu *vcpus[NR_CPUS];
	pthread_t threads[NR_CPUS];
	struct accel *accel;

	if (accel_jit.create(&config, &accel) || accel_jit.add_memory(accel, &region)) {
		return 1;
	}
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		if (accel_jit.create_vcpu(accel, i, &vcpus[i])) {
			return 1;
		}
	}
	if (accel_jit.create_gic(accel, &gic)) {
		return 1;
	}
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		struct accel_vcpu_init init = {.pc = RAM_BASE + (rnd() & (RAM_SIZE - 4)),
					       .x0 = RAM_BASE + (rnd() & (RAM_SIZE - 1))};
		struct accel_regs regs;

		accel_jit.vcpu_init(vcpus[i], &init);
		accel_jit.vcpu_get_regs(vcpus[i], &regs);
		for (unsigned int n = 0; n < 31; n++) {
			regs.x[n] = rnd() & 1 ? RAM_BASE + (rnd() & (RAM_SIZE - 8)) : rnd();
		}
		regs.sp = RAM_BASE + (rnd() & (RAM_SIZE - 16));
		accel_jit.vcpu_set_regs(vcpus[i], &regs);
		pthread_create(&threads[i], NULL, run_vcpu, vcpus[i]);
	}
	usleep(ROUND_MS * 1000);
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		accel_jit.vcpu_kick(vcpus[i]);
	}
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		struct timespec limit;

		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += 60;
		if (pthread_timedjoin_np(threads[i], NULL, &limit)) {
			return 2;
		}
	}
	accel_jit.destroy(accel);
	bus_destroy(config.bus);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const engines[] = {"engine=translate,code-cache=1M", "engine=interp",
					      "engine=translate,code-cache=1M,block=3"};
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : DEF_ROUNDS;
	uint8_t *memory = mmap(NULL, RAM_SIZE + 2 * GUARD, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260102;
	memset(memory, 0x5a, GUARD);
	memset(memory + GUARD + RAM_SIZE, 0x5a, GUARD);
	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t first = seed;
		struct opt_values options;
		char error[OPT_ERROR_SIZE];
		int result;

		if (opt_parse(accel_jit.options, engines[i % 3], &options, error)) {
			printf("FAIL: random words as a guest (%s)\n", error);
			return 1;
		}
		fill_memory(memory + GUARD);
		result = run_machine(&options, memory + GUARD);
		opt_release(&options);
		for (unsigned int j = 0; !result && j < GUARD; j++) {
			result = memory[j] != 0x5a || memory[GUARD + RAM_SIZE + j] != 0x5a ? 3 : 0;
		}
		if (result) {
			printf("FAIL: random words as a guest (round %lu, %s, seed %llu: %s)\n", i,
			       engines[i % 3], (unsigned long long)first,
			       result == 3   ? "memory beside the guest's was written"
			       : result == 2 ? "a vCPU does not stop"
					     : "no machine");
			return 1;
		}
	}
	printf("PASS: random words as a guest, %lu rounds\n", rounds);
	return 0;
}
