/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that tries everything, on each of its CPUs: accesses outside its memory, every system
 * register and system instruction, every SMC and HVC number, any value in any register of the GIC.
 * What comes of it is its own affair; that nobody else suffers is seen from outside (run-hostile).
 * It does see that EL2 keeps to the calling convention and gives it all its registers back.
 *
 * For 64 MiB of memory at 1 GiB. "seed=n" on the command line repeats a run.
 */
#include "lib/attack.h"
#include "lib/gic.h"

#define RAM        0x40000000ull
#define RAM_END    0x44000000ull
#define UART_PAGE  0x09000000ull
#define PANIC_PAGE 0x09060000ull
#define PAGE       4096ull
#define MARGIN     64u /* bytes that an access may reach below or above its address */

#define NR_ENCODINGS (1u << 17) /* L, op0, op1, CRn, CRm, op2 */
#define BATCH        512u
#define NR_MEMORY    20000u
#define NR_GIC       100000u
#define NR_CALLS     20000u /* at random, after the sweep */
#define NR_OWN_CALLS 0x60u
#define HVC(imm)     (0xd4000002u | (imm) << 5)
#define SMC(imm)     (0xd4000003u | (imm) << 5)

enum stage { MEMORY, REGISTERS, CALLS, GIC_REGISTERS, NR_STAGES };

static u64 seed;
static u64 states[GUEST_CPUS];
static volatile u32 nr_done[GUEST_CPUS][NR_STAGES];
static volatile u32 nr_faults[GUEST_CPUS][NR_STAGES];
static const char *volatile wrong[NR_STAGES];
static volatile u32 finished[GUEST_CPUS];
/* Pages of their own: what else would lie there would be slow to write, under QEMU. */
static u32 code[GUEST_CPUS][2 * BATCH] __attribute__((aligned(4096)));

/* Loads, stores and the like at [x1]; data is in x2 and up. With and without a syndrome (D19.2.37:
 * ISV), exclusive, atomic, vectors, cache maintenance, translation. */
__asm__(".pushsection .rodata\n"
	".arch_extension lse\n"
	".arch_extension rcpc\n"
	".arch_extension fp\n"
	".arch_extension simd\n"
	".balign 4\n"
	".globl memory_code, memory_code_end\n"
	"memory_code:\n"
	"ldrb w2, [x1]\n ldrh w2, [x1]\n ldr w2, [x1]\n ldr x2, [x1]\n"
	"ldrsb x2, [x1]\n ldrsh w2, [x1]\n ldrsw x2, [x1]\n ldr xzr, [x1]\n"
	"strb w2, [x1]\n strh w2, [x1]\n str w2, [x1]\n str x2, [x1]\n str xzr, [x1]\n"
	"ldp x2, x3, [x1], #16\n stp x2, x3, [x1, #-16]!\n ldp w2, w3, [x1]\n stp w2, w3, [x1]\n"
	"ldr x2, [x1], #8\n str x2, [x1, #-8]!\n ldpsw x2, x3, [x1]\n ldnp x2, x3, [x1]\n"
	"ldtr x2, [x1]\n sttr x2, [x1]\n ldapr x2, [x1]\n ldar w2, [x1]\n stlr w2, [x1]\n"
	"ldxr x2, [x1]\n stxr w3, x2, [x1]\n ldaxp x2, x3, [x1]\n stlxp w4, x2, x3, [x1]\n"
	"casal x2, x3, [x1]\n ldaddal x2, x3, [x1]\n swpb w2, w3, [x1]\n caspal x2, x3, x4, x5, "
	"[x1]\n"
	"ldr q0, [x1]\n str q0, [x1]\n ld1 {v0.16b}, [x1]\n st4 {v0.8b-v3.8b}, [x1], #32\n"
	"prfm pldl1keep, [x1]\n dc zva, x1\n dc civac, x1\n dc ivac, x1\n dc cvau, x1\n"
	"ic ivau, x1\n at s1e1r, x1\n at s1e1w, x1\n at s1e0r, x1\n br x1\n"
	"memory_code_end:\n"
	".popsection");
extern const u32 memory_code[];
extern const u32 memory_code_end[];

static u64 rnd(void)
{
	u64 *state = &states[cpu_this()];

	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dull;
}

/* Numbers that mean something more often than chance would have it. Memory is that of the upper
 * half, where nothing of ours is: DC ZVA and calls may change it. */
static u64 value(void)
{
	u64 r = rnd();

	switch (r >> 60) {
	case 0:
		return 0;
	case 1:
		return ~0ull;
	case 2:
	case 3:
		return r & 15;
	case 4:
		return (r & 63) == 30 ? 0 : 1ull << (r & 63);
	case 5:
		return RAM_END - PAGE - (r & 0x1fff000);
	case 6:
		return (1ull << (r & 63)) - 1;
	case 7:
		return r & 0xfff000;
	case 8:
		return ~(r & 0xffff);
	default:
		return rnd();
	}
}

static void values(u64 x[ATTACK_REGS])
{
	for (u32 i = 0; i < ATTACK_REGS; i++) {
		x[i] = value();
	}
}

static u64 count(enum stage stage, u64 how)
{
	u32 cpu = cpu_this();

	nr_done[cpu][stage]++;
	nr_faults[cpu][stage] += how != ATTACK_OK;
	return how;
}

static bool within(u64 address, u64 base, u64 end)
{
	return address + MARGIN >= base && address < end + MARGIN;
}

/* Two pages of the machine are left alone: writing to the console's would garble the results, and
 * the panic device does what it is for. They are the VMM's, and no other than this guest's. */
static bool spared(u64 address)
{
	return within(address, UART_PAGE, UART_PAGE + PAGE) ||
	       within(address, PANIC_PAGE, PANIC_PAGE + PAGE);
}

/* Anywhere but in the guest's memory. */
static u64 somewhere(void)
{
	for (;;) {
		u64 r = rnd();
		u64 address = r >> (r & 63);

		switch (r >> 59 & 7) {
		case 0:
			address = (1ull << (r & 63)) + (r >> 8 & 0xf) - 8;
			break;
		case 1:
			address = RAM_END + (r & 0xffff);
			break;
		case 2:
			address = RAM - (r & 0xffff);
			break;
		case 3:
			address = r & (RAM - 1); /* devices, and the gaps between */
			break;
		case 4:
			address = r & 0xfffffff000;
			break;
		default:
			break;
		}
		if (address & 1 << 20) {
			address &= ~0xfull; /* or most would be alignment faults: the MMU is off */
		}
		if (!within(address, RAM, RAM_END - MARGIN) && !spared(address)) {
			return address;
		}
	}
}

static u32 *stub(u32 i)
{
	return &code[cpu_this()][2 * i];
}

static void put_stub(u32 i, u32 instruction)
{
	stub(i)[0] = instruction;
	stub(i)[1] = ATTACK_RET;
}

static void attack_memory(void)
{
	u32 nr = (u32)(memory_code_end - memory_code);
	u64 x[ATTACK_REGS];

	for (u32 i = 0; i < nr; i++) {
		put_stub(i, memory_code[i]);
	}
	attack_sync();
	for (u32 i = 0; i < NR_MEMORY; i++) {
		write_sysreg(3 << 20, cpacr_el1); /* vectors */
		values(x);
		x[1] = somewhere();
		count(MEMORY, attack(x, stub(i % nr)));
	}
}

static u32 encoding(u32 i)
{
	u32 rt = (i >> 14 & 3) == 0 || (i & 0x1f) == 0x1f ? 31 : i % ATTACK_REGS;

	/* op2, CRm, CRn, op1, op0, L from bit 0 on: as they lie in the instruction from bit 5 on.
	 */
	return 0xd5000000u | i << 5 | rt;
}

struct exception {
	u32 value, mask;
	const char *why;
};

/* Instructions that would end the loop by right. */
static const struct exception not_executed[] = {
	{0xd503205f, 0xffffffff, "WFE: waits for an event"},
	{0xd503207f, 0xffffffff, "WFI: waits for an interrupt"},
	{0xd5031000, 0xffffffc0, "WFET, WFIT: the same, perhaps for centuries"},
	{0xd5181000, 0xffffffe0, "SCTLR_EL1: an MMU without tables, instructions in big endian"},
};

/* Calls that would. */
static const struct exception not_called[] = {
	{0x84000001, 0xbfffffff, "CPU_SUSPEND: waits for an interrupt"},
	{0x84000002, 0xbfffffff, "CPU_OFF"},
	{0x84000008, 0xbfffffff, "SYSTEM_OFF"},
	{0x84000009, 0xbfffffff, "SYSTEM_RESET"},
	{0x8400000b, 0xbfffffff, "CPU_FREEZE"},
	{0x8400000c, 0xbfffffff, "CPU_DEFAULT_SUSPEND"},
	{0x8400000e, 0xbfffffff, "SYSTEM_SUSPEND"},
	{0x84000012, 0xbfffffff, "SYSTEM_RESET2"},
};

static bool is_listed(const struct exception *list, u32 nr, u32 word)
{
	for (u32 i = 0; i < nr; i++) {
		if ((word & list[i].mask) == list[i].value) {
			return true;
		}
	}
	return false;
}

#define LISTED(list, word) is_listed(list, sizeof(list) / sizeof(list[0]), word)

/* Every encoding once, in an order of this CPU's own. */
static void attack_registers(void)
{
	u32 step = (u32)rnd() | 1;
	u32 at = (u32)rnd();
	u64 x[ATTACK_REGS];

	for (u32 done = 0; done < NR_ENCODINGS; done += BATCH) {
		for (u32 i = 0; i < BATCH; i++) {
			u32 word = encoding((at + i * step) % NR_ENCODINGS);

			put_stub(i, LISTED(not_executed, word) ? ATTACK_RET : word);
		}
		attack_sync();
		for (u32 i = 0; i < BATCH; i++) {
			values(x);
			count(REGISTERS, attack(x, stub(i)));
		}
		/* Breakpoints that stay on would do no harm, but QEMU is slow with them. */
		write_sysreg(0, mdscr_el1);
		at += BATCH * step;
	}
}

/* SMCCC 1.2 (DEN0028, 2.6): x8 to x17 keep their values; nor may it fault. */
static void call(u32 i, u32 function)
{
	u64 before[ATTACK_REGS];
	u64 x[ATTACK_REGS];

	if (LISTED(not_called, function)) {
		return;
	}
	values(before);
	before[0] = (rnd() << 32 & (0ull - (function & 1))) | function;
	for (u32 n = 0; n < ATTACK_REGS; n++) {
		x[n] = before[n];
	}
	if (count(CALLS, attack(x, stub(i))) != ATTACK_OK) {
		wrong[CALLS] = "an exception";
	}
	for (u32 n = 8; n < ATTACK_REGS; n++) {
		if (x[n] != before[n]) {
			wrong[CALLS] = "x8-x17 are not as they were";
		}
	}
}

static void attack_calls(void)
{
	put_stub(0, HVC(0));
	put_stub(1, SMC(0));
	for (u32 i = 2; i < BATCH; i++) {
		put_stub(i, i % 2 ? SMC((u32)rnd() & 0xffff) : HVC((u32)rnd() & 0xffff));
	}
	attack_sync();
	for (u32 i = 0; i < 2u << 17; i++) {
		/* 512 numbers of each of 64 owners, fast and not, 32 and 64 bits */
		call(i & 1, (i >> 10 & 0xff) << 24 | (i >> 1 & 0x1ff));
	}
	for (u32 i = 0; i < NR_CALLS; i++) {
		call((u32)rnd() % BATCH, (u32)rnd());
		call((u32)rnd() % BATCH, 0xc6000000 + (u32)rnd() % NR_OWN_CALLS);
	}
}

static void attack_gic(void)
{
	static const u32 words[] = {
		0x39400022, 0x79400022, 0xb9400022, 0xf9400022, /* ldr* x2, [x1] */
		0x39000022, 0x79000022, 0xb9000022, 0xf9000022, /* str* x2, [x1] */
		0xa8c10c22, 0xa9bf0c22,                         /* ldp, stp with writeback */
	};
	u32 nr_cpus = gic_nr_cpus();
	u64 x[ATTACK_REGS];

	for (u32 i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		put_stub(i, words[i]);
	}
	attack_sync();
	for (u32 i = 0; i < NR_GIC; i++) {
		u64 r = rnd();
		/* Pairs have no syndrome and cost an exit each: few. */
		u32 which = r & 0x3f ? r >> 8 & 7 : 8 + (r >> 8 & 1);
		u64 base = r >> 16 & 1 ? GICD
				       : gic_redist((u32)(r >> 17 & 7) % nr_cpus) +
						 (r >> 20 & 1) * 0x10000;

		values(x);
		x[1] = base + (r >> 24 & (r >> 21 & 3 ? 0xfff : 0xffff));
		if (r >> 23 & 1 && which < 8) {
			x[1] &= ~((1ull << (which & 3)) - 1);
		}
		count(GIC_REGISTERS, attack(x, stub(which)));
	}
}

static void attack_all(u32 cpu)
{
	static void (*const stages[])(void) = {attack_memory, attack_registers, attack_calls,
					       attack_gic};

	states[cpu] = (seed + cpu) * 0x9e3779b97f4a7c15ull + 1;
	for (u32 i = 0; i < NR_STAGES; i++) {
		stages[(i + cpu) % NR_STAGES]();
	}
	finished[cpu] = 1;
	while (cpu != 0) {
		/* Not off: a call of another CPU's might switch it on again, anywhere. */
	}
}

static void print_result(enum stage stage, const char *name)
{
	u32 done = 0;
	u32 faults = 0;

	for (u32 cpu = 0; cpu < GUEST_CPUS; cpu++) {
		done += nr_done[cpu][stage];
		faults += nr_faults[cpu][stage];
	}
	report(name, wrong[stage]);
	print("  ");
	print_number(done);
	print(" attempts, ");
	print_number(faults);
	print(" exceptions\n");
}

int main(void)
{
	u32 nr_cpus = gic_nr_cpus();

	seed = guest_parameter("seed", counter());
	print("seed ");
	print_number(seed);
	print("\n");
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		if (!cpu_start(cpu, attack_all)) {
			report("CPU_ON", "refused");
		}
	}
	attack_all(0);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		while (finished[cpu] == 0) {
		}
	}
	print_result(MEMORY, "accesses outside memory");
	print_result(REGISTERS, "system registers and instructions");
	print_result(CALLS, "SMC and HVC numbers");
	print_result(GIC_REGISTERS, "random values in GIC registers");
	return 0;
}
