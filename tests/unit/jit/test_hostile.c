// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_hostile.c - a guest made of random words, system instructions included, under the real run
 * loop.
 *
 *	test_hostile [ROUNDS [SEED]]
 *
 * Two CPUs run at once in one small machine, with exception vectors, translation tables and stacks
 * in the same memory that the random code overwrites. In most rounds they begin by loading
 * system registers, so that they run with the MMU on, on tables that map most pages to themselves
 * and the others anywhere, with timers, breakpoints, watchpoints and interrupts at random. The
 * sanitizers watch, every round must end when it is kicked, the memory around the guest's is a
 *guard that must keep its contents, and the process may not grow. Rounds go through the engines and
 * modes; those in lock-step also compare the translator with the interpreter.
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

#define GIC_BASE   0x08000000ull
#define RAM_BASE   0x40000000ull
#define RAM_SIZE   (1u << 20)
#define GUARD      65536u
#define NR_CPUS    2
#define ROUND_MS   30
#define DEF_ROUNDS 120

/* The last pages of memory, until the random code gets at them: exception vectors, tables. */
#define TABLE_L1   (RAM_SIZE - 0x3000)
#define TABLE_L2   (RAM_SIZE - 0x2000)
#define TABLE_L3   (RAM_SIZE - 0x1000)
#define VECTORS    (RAM_SIZE - 0x4000)
#define MAX_GROWTH (96u << 10) /* KiB; the sanitizers keep freed memory for a while */

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

static void put_desc(uint8_t *ram, unsigned int table, unsigned int index, uint64_t desc)
{
	memcpy(ram + table + 8 * index, &desc, 8);
}

/* 39-bit addresses from level 1, 4 KiB pages. */
static void fill_tables(uint8_t *ram)
{
	for (unsigned int i = 0; i < 512; i++) {
		uint64_t page = rnd() % 8 ? i % (RAM_SIZE / 4096) : rnd() % (RAM_SIZE / 4096);
		/* AF, Normal memory mostly, EL0 and read-only and never executed at times */
		uint64_t bits = 1 << 10 | (rnd() % 16 ? 0 : rnd() % 8 << 2) |
				(rnd() % 4 ? 0 : rnd() % 4 << 6) |
				(rnd() % 16 ? 0 : rnd() << 53 & (3ull << 53));

		put_desc(ram, TABLE_L1, i, rnd() % 2 ? rnd() : bits | 1);
		put_desc(ram, TABLE_L2, i, RAM_BASE | bits | 1);
		put_desc(ram, TABLE_L3, i, (RAM_BASE + page * 4096) | bits | 3);
	}
	put_desc(ram, TABLE_L1, RAM_BASE >> 30, (RAM_BASE + TABLE_L2) | 3);
	put_desc(ram, TABLE_L2, 0, (RAM_BASE + TABLE_L3) | 3);
}

#define MSR(op0, op1, crn, crm, op2)                                                               \
	(0xd5000000u | (op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)

static void put_word(uint8_t *ram, unsigned int *offset, uint32_t word)
{
	memcpy(ram + *offset, &word, 4);
	*offset += 4;
}

/* MOV Xn, value, at *offset. */
static void put_mov(uint8_t *ram, unsigned int *offset, unsigned int n, uint64_t value)
{
	for (unsigned int i = 0; i < 4; i++) {
		put_word(ram, offset,
			 (i ? 0xf2800000u : 0xd2800000u) | i << 21 |
				 (uint32_t)(value >> 16 * i & 0xffff) << 5 | n);
	}
}

static void put_msr(uint8_t *ram, unsigned int *offset, uint32_t msr, uint64_t value)
{
	put_mov(ram, offset, 0, value);
	put_word(ram, offset, msr);
}

/* Something to one of the GIC's registers, often an address. */
static void put_gic_store(uint8_t *ram, unsigned int *offset)
{
	uint64_t frame = GIC_BASE + (rnd() % 16) * 0x10000;

	put_mov(ram, offset, 1, frame + rnd() % (rnd() % 2 ? 0x180 : 0x2000) / 8 * 8);
	put_mov(ram, offset, 0, rnd() % 2 ? 1ull << 63 | (RAM_BASE + rnd() % RAM_SIZE) : rnd());
	put_word(ram, offset, rnd() % 2 ? 0xf9000020 : 0xb9000020); /* str x0 or w0, [x1] */
}

static uint64_t rnd_address(void)
{
	return RAM_BASE + (rnd() & (RAM_SIZE - 1));
}

/* Exceptions return, two instructions further, with some registers that point to memory. */
static void put_vectors(uint8_t *ram)
{
	static const uint32_t handler[] = {
		0xd5384031, /* mrs x17, elr_el1 */
		0x91002231, /* add x17, x17, #8 */
		0x927e4631, /* and x17, x17, #0xffffc */
		0xb2620231, /* orr x17, x17, #0x40000000 */
		0xd5184031, /* msr elr_el1, x17 */
		0xd5384010, /* mrs x16, spsr_el1 */
		0x926af610, /* and x16, x16, #0xffffffffffcfffff: not IL, not SS */
		0xd5184010, /* msr spsr_el1, x16 */
		0x9274ce21, /* and x1, x17, #0xfffffffffffff000 */
		0xd27d3e22, /* eor x2, x17, #0x7fff8 */
		0x91040023, /* add x3, x1, #0x100 */
		0x9100003f, /* mov sp, x1 */
		0xd69f03e0, /* eret */
	};

	for (unsigned int i = 0; i < 16; i++) {
		memcpy(ram + VECTORS + 0x80 * i, handler, sizeof(handler));
	}
}

/* A program that loads system registers and goes on into what follows. */
static void put_prelude(uint8_t *ram, unsigned int offset)
{
	static const uint32_t address_registers[] = {
		MSR(3, 0, 4, 0, 1), /* ELR */
		MSR(3, 0, 4, 1, 0), /* SP_EL0 */
		MSR(2, 0, 0, 0, 4), /* DBGBVR0 */
		MSR(2, 0, 0, 5, 4), /* DBGBVR5 */
		MSR(2, 0, 0, 1, 6), /* DBGWVR1 */
	};
	static const uint32_t random_registers[] = {
		MSR(3, 0, 4, 0, 0),   /* SPSR */
		MSR(2, 0, 0, 0, 5),   /* DBGBCR0 */
		MSR(2, 0, 0, 5, 5),   /* DBGBCR5 */
		MSR(2, 0, 0, 1, 7),   /* DBGWCR1 */
		MSR(2, 0, 0, 2, 2),   /* MDSCR */
		MSR(2, 0, 1, 0, 4),   /* OSLAR */
		MSR(3, 0, 13, 0, 1),  /* CONTEXTIDR */
		MSR(3, 0, 14, 1, 0),  /* CNTKCTL */
		MSR(3, 3, 14, 3, 0),  /* CNTV_TVAL */
		MSR(3, 3, 14, 3, 1),  /* CNTV_CTL */
		MSR(3, 0, 12, 12, 5), /* ICC_SRE */
		MSR(3, 0, 4, 6, 0),   /* ICC_PMR */
		MSR(3, 0, 12, 12, 7), /* ICC_IGRPEN1 */
		MSR(3, 0, 12, 11, 5), /* ICC_SGI1R */
		MSR(3, 3, 4, 4, 0),   /* FPCR */
		MSR(3, 3, 14, 12, 0), /* PMEVTYPER0 */
		MSR(3, 3, 14, 8, 0),  /* PMEVCNTR0 */
		MSR(3, 3, 9, 13, 0),  /* PMCCNTR */
		MSR(3, 3, 9, 14, 0),  /* PMUSERENR */
		MSR(3, 0, 9, 14, 1),  /* PMINTENSET */
		MSR(3, 3, 9, 12, 1),  /* PMCNTENSET */
	};

	put_msr(ram, &offset, MSR(3, 0, 12, 0, 0),
		rnd() % 8 ? RAM_BASE + VECTORS : rnd_address()); /* VBAR */
	put_msr(ram, &offset, MSR(3, 0, 1, 0, 2), 3u << 20);     /* CPACR */
	for (unsigned int i = 0; i < sizeof(address_registers) / 4; i++) {
		put_msr(ram, &offset, address_registers[i], rnd_address());
	}
	for (unsigned int i = 0; i < sizeof(random_registers) / 4; i++) {
		put_msr(ram, &offset, random_registers[i], rnd() % 2 ? rnd() : 0);
	}
	put_msr(ram, &offset, MSR(3, 3, 14, 12, 1), 0x08); /* PMEVTYPER1: instructions */
	put_msr(ram, &offset, MSR(3, 3, 14, 8, 1), 0ull - rnd() % 4096); /* PMEVCNTR1 */
	put_msr(ram, &offset, MSR(3, 3, 9, 12, 0), rnd() % 2);           /* PMCR */
	for (unsigned int i = 0; i < 16; i++) {
		put_gic_store(ram, &offset);
	}
	put_msr(ram, &offset, MSR(3, 0, 10, 2, 0), 0xffull | (rnd() & ~0xffull)); /* MAIR */
	put_msr(ram, &offset, MSR(3, 0, 2, 0, 0), RAM_BASE + TABLE_L1);           /* TTBR0 */
	put_msr(ram, &offset, MSR(3, 0, 2, 0, 1),
		RAM_BASE + (rnd() % 2 ? TABLE_L1 : rnd() % RAM_SIZE));
	/* TCR: T0SZ, T1SZ, 4 KiB both, IPS of 40 bits; TBI and the like at random */
	put_msr(ram, &offset, MSR(3, 0, 2, 0, 2),
		25 | 25 << 16 | 2u << 30 | 2ull << 32 |
			(rnd() & (3ull << 37 | 1ull << 36 | 1u << 22)));
	put_msr(ram, &offset, MSR(3, 0, 1, 0, 0),
		(rnd() & ~(2ull | (rnd() % 8 ? 1u << 19 : 0))) | 1); /* SCTLR; WXN rarely */
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
	fill_tables(ram);
	put_vectors(ram);
}

static _Atomic bool fault;

static void *run_vcpu(void *argument)
{
	struct accel_exit exit;

	accel_jit.vcpu_run(argument, &exit);
	if (exit.reason == ACCEL_EXIT_FAULT) {
		fault = true;
	}
	return NULL;
}

static int run_machine(const struct opt_values *options, unsigned int nr_cpus, uint8_t *ram)
{
	struct accel_config config = {
		.ops = &accel_jit, .options = options, .bus = bus_create(), .nr_vcpus = nr_cpus};
	struct accel_region region = {.gpa = RAM_BASE, .size = RAM_SIZE, .host = ram};
	struct accel_gic gic = {.v2 = rnd() % 2,
				.dist_base = GIC_BASE,
				.redist_base = GIC_BASE + 0xa0000,
				.cpu_base = GIC_BASE + 0x10000,
				.its_base = GIC_BASE + 0x80000,
				.nr_irqs = 64};
	struct accel_vcpu *vcpus[NR_CPUS];
	pthread_t threads[NR_CPUS];
	struct accel *accel;

	if (accel_jit.create(&config, &accel) || accel_jit.add_memory(accel, &region)) {
		return 1;
	}
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if (accel_jit.create_vcpu(accel, i, &vcpus[i])) {
			return 1;
		}
	}
	if (accel_jit.create_gic(accel, &gic)) {
		return 1;
	}
	for (unsigned int i = 0; i < nr_cpus; i++) {
		struct accel_vcpu_init init = {.pc = RAM_BASE + (rnd() & (RAM_SIZE / 2 - 4)),
					       .x0 = RAM_BASE + (rnd() & (RAM_SIZE - 1))};
		struct accel_regs regs;

		if (rnd() % 8) {
			put_prelude(ram, (unsigned int)(init.pc - RAM_BASE));
		}
		accel_jit.vcpu_init(vcpus[i], &init);
		accel_jit.vcpu_get_regs(vcpus[i], &regs);
		for (unsigned int n = 0; n < 31; n++) {
			regs.x[n] = rnd() & 1   ? RAM_BASE + (rnd() & (RAM_SIZE - 8))
				    : rnd() & 1 ? gic.dist_base + (rnd() & 0xfffff)
						: rnd();
		}
		regs.sp = RAM_BASE + (rnd() & (RAM_SIZE - 16));
		accel_jit.vcpu_set_regs(vcpus[i], &regs);
		pthread_create(&threads[i], NULL, run_vcpu, vcpus[i]);
	}
	usleep(ROUND_MS * 1000);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		accel_jit.vcpu_kick(vcpus[i]);
	}
	for (unsigned int i = 0; i < nr_cpus; i++) {
		struct timespec limit;

		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += 60;
		if (pthread_timedjoin_np(threads[i], NULL, &limit)) {
			return 2;
		}
	}
	accel_jit.destroy(accel);
	bus_destroy(config.bus);
	return fault ? 4 : 0;
}

static long resident_kib(void)
{
	long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2) {
		resident = 0;
	}
	if (file) {
		fclose(file);
	}
	return resident * 4;
}

static const struct {
	const char *options;
	unsigned int nr_cpus;
} modes[] = {
	{"engine=translate,code-cache=1M", NR_CPUS},
	{"engine=interp", NR_CPUS},
	{"engine=translate,code-cache=1M,block=3", NR_CPUS},
	{"engine=lockstep,flush=3000", 1},
	{"engine=translate,flush=20", NR_CPUS},
	{"engine=translate,slow-memory", NR_CPUS},
};

#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

static const char *const results[] = {"",
				      "no machine",
				      "a vCPU does not stop",
				      "memory beside the guest's was written",
				      "translator and interpreter differ",
				      "the process grows"};

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : DEF_ROUNDS;
	uint8_t *memory = mmap(NULL, RAM_SIZE + 2 * GUARD, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long resident = 0;

	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260102;
	memset(memory, 0x5a, GUARD);
	memset(memory + GUARD + RAM_SIZE, 0x5a, GUARD);
	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t first = seed;
		unsigned int mode = rnd() % NR_MODES;
		struct opt_values options;
		char error[OPT_ERROR_SIZE];
		int result;

		if (opt_parse(accel_jit.options, modes[mode].options, &options, error)) {
			printf("FAIL: random words as a guest (%s)\n", error);
			return 1;
		}
		fill_memory(memory + GUARD);
		result = run_machine(&options, modes[mode].nr_cpus, memory + GUARD);
		opt_release(&options);
		for (unsigned int j = 0; !result && j < GUARD; j++) {
			result = memory[j] != 0x5a || memory[GUARD + RAM_SIZE + j] != 0x5a ? 3 : 0;
		}
		if (i == 5 * NR_MODES) {
			resident = resident_kib();
		}
		if (!result && resident && resident_kib() > resident + MAX_GROWTH) {
			result = 5;
		}
		if (result) {
			printf("FAIL: random words as a guest (round %lu, %s, seed %llu: %s)\n", i,
			       modes[mode].options, (unsigned long long)first, results[result]);
			return 1;
		}
	}
	printf("PASS: random words as a guest, %lu rounds\n", rounds);
	return 0;
}
