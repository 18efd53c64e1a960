/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile VMs: the RM, the host and a guest make calls with whatever arguments the input says, and
 * take exceptions of any kind. Whatever they do, EL2 must not panic, touch memory that is not its
 * own (ASan), leave a lock held, or let tables, frames and pools disagree (machine_check()).
 *
 * By itself it runs random sequences, each in a child from a fresh boot: FUZZ_SEED=n repeats,
 * FUZZ_SECONDS=n goes on. With libFuzzer (fuzz_calls_guided) inputs build on one boot.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <el2/sysreg.h>
#include "machine.h"

#define GUEST_IPA   0x40000000ull
#define SEQUENCE    2048u /* bytes */
#define CHECK_EVERY 16u

static struct guest guests[2];
static const u8 *input;
static size_t left;

static u32 take(void)
{
	if (!left) {
		return 0;
	}
	left--;
	return *input++;
}

static u64 take_word(void)
{
	u64 word = 0;

	for (u32 i = 0; i < 8; i++) {
		word = word << 8 | take();
	}
	return word;
}

/* An argument: often one that means something, else one at an edge, else anything. */
static u64 argument(void)
{
	u32 kind = take();
	u32 value = take();

	switch (kind % 12) {
	case 0:
	case 1:
	case 2:
		return value % 16; /* handles, indices, flags */
	case 3:
		return FAKE_HOST + (value << PAGE_SHIFT);
	case 4:
		return FAKE_RM + (3 << 20) + (value << PAGE_SHIFT);
	case 5:
		return GUEST_IPA + (value << PAGE_SHIFT);
	case 6:
		return FAKE_HOST + ((u64)(value % 8) << 21);
	case 7:
		return value < 128 ? value : (u64)value << (value % 40);
	case 8:
		return BIT(value % 64) - (value >> 7);
	case 9:
		return ~0ull - value * ((value & 1) ? 1 : PAGE_BYTES);
	case 10:
		return value % 2 ? 512 : 0x40 + value % 4 * 32;
	default:
		return take_word();
	}
}

static void hypercall(u32 core)
{
	u32 nr = take() % (HYP_NR_CALLS + 4);
	u64 x[8] = {0};
	struct vcpu *caller = fake_loaded(core);

	for (u32 i = 1; i <= 6; i++) {
		x[i] = argument();
	}
	(void)machine_call(core, (enum hyp_call)nr, x);
	/* VCPU_RUN answers when the vCPU leaves; the others now. */
	if (nr != HYP_CALL_vcpu_run && fake_loaded(core) == caller &&
	    ((s64)x[0] > 0 || (s64)x[0] < HYP_E_DENIED)) {
		fake_fail("call %u answers %ld", nr, (long)x[0]);
	}
}

static void smccc(u32 core)
{
	static const u64 bases[] = {0x80000000, 0x84000000, 0xc4000000,
				    0x84000050, 0x8600ff00, 0xc6000000};
	u64 function = bases[take() % ARRAY_COUNT(bases)] + take() % 32;

	(void)machine_smccc(core, function, argument(), argument(), argument());
}

static void exception(u32 core)
{
	static const u8 classes[] = {EC_WFX,      EC_SYS64,    EC_SYS64,  EC_DABT_LOW, EC_DABT_LOW,
				     EC_IABT_LOW, EC_FP,       EC_SMC64,  EC_BRK64,    EC_PAUTH,
				     EC_SVE,      EC_STEP_LOW, EC_UNKNOWN};
	struct fake_regs *regs;
	u64 class = classes[take() % ARRAY_COUNT(classes)];

	fake_on(core);
	regs = fake_regs();
	regs->far_el2 = argument();
	regs->hpfar_el2 = argument() >> 8 & MASK(43, 4);
	fake_trap(class << 26 | (take_word() & MASK(25, 0)));
	fake_settle();
}

static void step(void)
{
	u32 what = take();
	u32 core = what & 1 ? HOST_CORE : RM_CORE;

	if (what % 16 == 15) {
		fake_set_time(fake_time() + (1ull << take() % 30));
		fake_settle();
		return;
	}
	if (!fake_loaded(core)) {
		core = !core;
	}
	if (!fake_loaded(core)) {
		left = 0;
		return;
	}
	switch (what >> 1 & 7) {
	case 0:
		smccc(core);
		break;
	case 1:
		exception(core);
		break;
	default:
		hypercall(core);
	}
}

static void boot(void)
{
	if (machine_host_vm) {
		return;
	}
	machine_boot();
	for (u32 i = 0; i < 2; i++) {
		machine_add_guest(&guests[i], i ? HYP_VM_PROTECTED : 0, 2, 48);
		if (rm_call(vm_start, NULL, guests[i].rm) ||
		    host_call(mem_share, NULL, guests[0].host, FAKE_HOST, GUEST_IPA, 16,
			      HYP_PROT_R | HYP_PROT_W) == HYP_E_HANDLE) {
			fake_fail("the guests cannot be made");
		}
	}
}

static void run(const u8 *data, size_t bytes)
{
	input = data;
	left = bytes;
	for (u32 nr = 1; left; nr++) {
		step();
		if (nr % CHECK_EVERY == 0) {
			machine_check();
		}
	}
	machine_check();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes);
int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes)
{
	boot();
	run(data, bytes);
	return 0;
}

#ifndef GUIDED
static void random_bytes(u64 seed, u8 *bytes)
{
	u64 s = seed * 0x9e3779b97f4a7c15ull + 1;

	for (u32 i = 0; i < SEQUENCE; i++) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		bytes[i] = (u8)(s * 0x2545f4914f6cdd1dull >> 56);
	}
}

static u64 setting(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

int main(void)
{
	static u8 bytes[SEQUENCE];
	u64 seed = setting("FUZZ_SEED", (u64)time(NULL) << 16);
	time_t end = time(NULL) + (time_t)setting("FUZZ_SECONDS", 5);
	u64 nr = 0;

	boot();
	do {
		int status;
		pid_t child;

		random_bytes(seed + nr, bytes);
		fflush(stdout);
		child = fork();
		if (child == 0) {
			alarm(30);
			run(bytes, sizeof(bytes));
			_exit(0);
		}
		if (waitpid(child, &status, 0) != child || status != 0) {
			printf("FAIL: hypercall fuzzer (FUZZ_SEED=%lu FUZZ_SECONDS=0)\n",
			       seed + nr);
			return 1;
		}
		nr++;
	} while (time(NULL) < end);
	printf("PASS: hypercall fuzzer, seed %lu, %lu sequences\n", seed, nr);
	return 0;
}
#endif
