/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile host: this program is started in the place of the host's Linux, and on all cores at
 * once makes calls of the hypervisor, PSCI and SMC calls with arguments that are often nearly
 * right, and sends the resource manager messages that are damaged in any field. It makes VMs, gives
 * them memory and runs them that way. What it must not do is kill itself: see not_called, and
 * own_memory().
 *
 * At the end the hypervisor and the RM must still answer, sensibly. "seed=n" and "ops=n" (a core)
 * on the command line.
 */
#include "lib/attack.h"
#include "lib/gic.h"
#include "lib/host.h"

#define WINDOW_PAGES 8192u
#define NR_HANDLES   64u
#define NR_WORDS     32u
#define VTIMER       27u
#define TIMER_ENABLE 1u
#define HVC          0xd4000002u
#define SMC          0xd4000003u

static u64 seed;
static u64 window;
static u64 states[GUEST_CPUS];
static volatile u64 nr_calls[GUEST_CPUS];
static volatile u64 nr_granted[GUEST_CPUS];
static volatile u32 finished[GUEST_CPUS];
static u64 nr_ops;
/* What calls and the RM answered: handles and VMs' ids. Written by all, without order. */
static volatile u64 words[NR_WORDS];
static const char *volatile wrong;
static u32 code[GUEST_CPUS][4] __attribute__((aligned(64)));
extern char _start[], image_end[];

static u64 rnd(void)
{
	u64 *state = &states[cpu_this()];

	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dull >> 8;
}

/* Given away, this program would end. */
static bool own_memory(u64 address)
{
	return address >= (u64)_start && address < (u64)image_end;
}

static u64 argument(void)
{
	u64 r = rnd();
	u64 value;

	switch (r & 15) {
	case 0:
	case 1:
	case 2:
		return r >> 8 & 15;
	case 3:
	case 4:
	case 5:
		return words[(r >> 8) % NR_WORDS];
	case 6:
	case 7:
	case 8:
		return window + (r >> 8) % WINDOW_PAGES * HOST_PAGE;
	case 9:
		return window + ((r >> 8) % (WINDOW_PAGES / 512) << 21);
	case 10:
		return (r >> 8) % NR_HANDLES;
	case 11:
		value = 1ull << (r >> 8 & 63);
		break;
	case 12:
		value = 0ull - (r >> 8 & 0xffff);
		break;
	case 13:
		return 512;
	case 14:
		return 1 + (r >> 8 & 0x3ff);
	default:
		value = rnd() << 8 ^ r;
		break;
	}
	return own_memory(value) ? window : value;
}

/* A VM that runs for ever gives the core back when the host has an interrupt: soon. */
static void arm_timer(void)
{
	write_sysreg(read_sysreg(cntvct_el0) + read_sysreg(cntfrq_el0) / 4096, cntv_cval_el0);
	write_sysreg(TIMER_ENABLE, cntv_ctl_el0);
}

static void remember(u64 word)
{
	words[rnd() % NR_WORDS] = word;
}

static u64 call(u32 which, u64 x[ATTACK_REGS])
{
	u64 how;

	arm_timer();
	how = attack(x, &code[cpu_this()][2 * which]);
	nr_calls[cpu_this()]++;
	if (how != ATTACK_OK) {
		wrong = "a call ends in an exception";
	}
	return x[0];
}

static void own_call(void)
{
	u64 x[ATTACK_REGS];
	u32 nr = (u32)rnd() % (HYP_NR_CALLS + 4);

	for (u32 i = 1; i < ATTACK_REGS; i++) {
		x[i] = argument();
	}
	x[0] = HYP_CALL_BASE + nr;
	/* Without these the end could not be told from a crash. */
	if ((nr == HYP_CALL_handle_delete || nr == HYP_CALL_handle_revoke) &&
	    (x[1] == host_rm_tx || x[1] == host_rm_rx)) {
		return;
	}
	if (call((u32)rnd() & 1, x) == HYP_OK) {
		nr_granted[cpu_this()]++;
		remember(x[1]);
	} else if ((s64)x[0] > 0 || (s64)x[0] < HYP_E_DENIED) {
		wrong = "an answer that is no error";
	}
}

/* These end or suspend the core or the board, by right. */
static const u8 not_called[] = {0x01, 0x02, 0x08, 0x09, 0x0b, 0x0c, 0x0e, 0x12};

static void any_call(void)
{
	static const u32 bases[] = {0x80000000, 0x84000000, 0xc4000000,
				    0x84000050, 0xc5000020, 0x8600ff00};
	u64 r = rnd();
	u32 function = r & 7 ? bases[(r >> 3) % 6] + (u32)(r >> 8 & 31) : (u32)(r >> 8);
	u64 x[ATTACK_REGS];

	for (u32 i = 0; i < sizeof(not_called); i++) {
		if ((function & 0xbfffffff) == 0x84000000u + not_called[i]) {
			return;
		}
	}
	for (u32 i = 1; i < ATTACK_REGS; i++) {
		x[i] = argument();
	}
	x[0] = function;
	if ((function & ~0xffffu) != HYP_CALL_BASE) {
		(void)call((u32)(r >> 40) & 1, x);
	}
}

/* A request that could have been meant, and then perhaps one field that was not. */
static void message(void)
{
	struct rm_request request = {.type = 1 + (u32)rnd() % 8,
				     .seq = (u32)rnd(),
				     .a = {rnd() & 1, 0, 1 + rnd() % 4, 1 << 21},
				     .name = "hostile"};
	struct rm_answer answer;
	u64 bytes = sizeof(request);
	u64 r = rnd();

	if (request.type != RM_MSG_vm_create) {
		request.a[0] = r & 1 ? words[r >> 8 & (NR_WORDS - 1)] : r >> 8 & 15;
		request.a[1] = r & 2 ? r >> 16 & 7 : argument();
		request.a[2] = r >> 20 & 7;
	}
	switch (r >> 4 & 15) {
	case 0:
		request.type = (u32)rnd();
		break;
	case 1:
		request.a[rnd() % 6] = argument();
		break;
	case 2:
		request.name[rnd() % RM_NAME_BYTES] = (char)rnd();
		break;
	case 3:
		bytes = rnd() % 256;
		break;
	case 4:
		for (u32 i = 0; i < RM_NAME_BYTES; i++) {
			request.name[i] = (char)rnd();
		}
		break;
	default:
		break;
	}
	(void)hyp_msgq_send(host_rm_tx, (u64)&request, bytes);
	if (hyp_msgq_recv(host_rm_rx, (u64)&answer, sizeof(answer)).error == HYP_OK &&
	    answer.error == HYP_OK) {
		remember(answer.a[0]);
		remember(answer.a[1]);
	}
	nr_calls[cpu_this()] += 2;
}

static void fuzz(u32 cpu)
{
	static const u32 calls[] = {HVC, ATTACK_RET, SMC, ATTACK_RET};

	for (u32 i = 0; i < 4; i++) {
		code[cpu][i] = calls[i];
	}
	attack_sync();
	gic_cpu_init();
	gic_set(VTIMER, ISENABLER);
	states[cpu] = (seed + cpu) * 0x9e3779b97f4a7c15ull + 1;
	for (u64 i = 0; i < nr_ops; i++) {
		u32 kind = (u32)rnd() & 7;

		if (kind == 0) {
			any_call();
		} else if (kind == 1) {
			message();
		} else {
			own_call();
		}
	}
	finished[cpu] = 1;
	while (cpu != 0) {
		/* On until the end: CPU_ON of another core's would start it anywhere. */
	}
}

/* Both still answer, and know what they should. */
static const char *look(u64 nr_cores)
{
	struct rm_answer answer;
	struct hyp_result result;

	while (hyp_msgq_recv(host_rm_rx, (u64)&answer, sizeof(answer)).error == HYP_OK) {
	}
	if (host_ask4(RM_MSG_version, &answer, RM_MSG_VERSION, 0, 0, 0) != HYP_OK ||
	    answer.a[0] != RM_MSG_VERSION) {
		return "the resource manager does not answer";
	}
	if (host_ask4(RM_MSG_ledger, &answer, 1, 0, 0, 0) != HYP_OK || answer.a[4] != nr_cores) {
		return "the ledger does not know the host";
	}
	result = hyp_version();
	if (result.error != HYP_OK || result.v[0] != HYP_CALL_ABI) {
		return "the hypervisor does not answer";
	}
	result = hyp_sys_info(HYP_INFO_NR_CORES);
	return result.error == HYP_OK && result.v[0] == nr_cores ? wrong : "a core is lost";
}

int main(void)
{
	u32 nr_cpus = gic_nr_cpus();
	u64 calls = 0;
	u64 granted = 0;

	seed = guest_parameter("seed", counter());
	nr_ops = guest_parameter("ops", 20000);
	print("seed ");
	print_number(seed);
	print("\n");
	window = host_init() ? host_find_memory(WINDOW_PAGES) : 0;
	if (window == 0) {
		report("hostile host", "no resource manager, or no memory");
		return 0;
	}
	gic_init();
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		if (!cpu_start(cpu, fuzz)) {
			wrong = "CPU_ON is refused";
			finished[cpu] = 1;
		}
	}
	fuzz(0);
	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		while (finished[cpu] == 0) {
		}
		calls += nr_calls[cpu];
		granted += nr_granted[cpu];
	}
	report("hostile host", look(nr_cpus));
	print(" calls ");
	print_number(calls);
	print(" granted ");
	print_number(granted);
	print(" cores ");
	print_number(nr_cpus);
	print("\n");
	return 0;
}
