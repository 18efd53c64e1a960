/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations on the virtual GIC: lines, SGIs, register writes from any vCPU, loads and
 * puts on any core, acknowledgements and ends of interrupts, hardware SPIs. A plain model of the
 * architecture's rules (struct irq, no list registers) says after each step what every register
 * must read and which interrupt a guest must get.
 *
 * A second test writes random values of random sizes everywhere, and only asks that nothing
 * breaks. The seed is printed; VGIC_SEED and VGIC_STEPS repeat and prolong a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <hyp/error.h>
#include "machine.h"

#define V(i) (machine_vm.vcpus[i])

/* The interrupts that take part: some private ones of each vCPU, some SPIs, some of them hardware.
 */
#define FIRST_PRIVATE 8u
#define LAST_PRIVATE  23u
#define FIRST_SPI     60u
#define LAST_SPI      70u
#define FIRST_HW      68u
#define PIRQ(intid)   ((intid) + 100)

struct irq {
	bool enabled;
	bool group1;
	bool latch;
	bool line;
	bool active;
	bool edge;
	u32 priority;
	u32 target; /* vCPU; SPIs only */
	u32 owner;  /* vCPU where it is active */
};

static struct irq private_irqs[NR_VCPUS][32];
static struct irq spis[NR_IRQS];
static u32 ctlr;
static u32 stacks[NR_VCPUS][64]; /* what each guest has acknowledged and not ended */
static u32 depths[NR_VCPUS];
static bool split;           /* EOImode 1 */
static u32 places[NR_CORES]; /* vCPU loaded, or NR_VCPUS */

static u64 state;

static u32 rnd(u32 below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(state >> 33) % below;
}

static u64 seed(void)
{
	const char *text = getenv("VGIC_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : (u64)time(NULL);
}

static u32 steps(u32 usual)
{
	const char *text = getenv("VGIC_STEPS");

	return text != NULL ? (u32)strtoul(text, NULL, 0) : usual;
}

static struct irq *irq_of(u32 vcpu, u32 intid)
{
	return intid < 32 ? &private_irqs[vcpu][intid] : &spis[intid];
}

static bool is_hw(u32 intid)
{
	return intid >= FIRST_HW && intid <= LAST_SPI;
}

static bool is_pending(const struct irq *irq)
{
	return irq->latch || (irq->line && !irq->edge);
}

static u32 random_intid(void)
{
	return rnd(2) != 0 ? FIRST_PRIVATE + rnd(LAST_PRIVATE - FIRST_PRIVATE + 1)
			   : FIRST_SPI + rnd(LAST_SPI - FIRST_SPI + 1);
}

/* The hardware's interrupts reach EL2 as soon as they can: the model's latch is "acknowledged by
 * EL2", and the machine's physical interrupt is then active. */
static void model_hardware(void)
{
	for (u32 i = FIRST_HW; i <= LAST_SPI; i++) {
		struct fake_pirq *pirq = &machine_pirqs[PIRQ(i)];

		assert_int_equal(pirq->enabled, spis[i].enabled);
		assert_int_equal(pirq->edge, spis[i].edge);
		assert_int_equal(pirq->active, spis[i].latch || spis[i].active);
	}
}

/* Physical interrupts that EL2 has taken in this step. */
static void model_take_hardware(void)
{
	for (u32 i = FIRST_HW; i <= LAST_SPI; i++) {
		spis[i].latch |= machine_pirqs[PIRQ(i)].taken;
		machine_pirqs[PIRQ(i)].taken = false;
	}
}

static bool signals(u32 vcpu, u32 intid, u32 running)
{
	const struct irq *irq = irq_of(vcpu, intid);
	bool pending = is_hw(intid) ? irq->latch : is_pending(irq);

	return pending && irq->enabled && !irq->active && (intid < 32 || irq->target == vcpu) &&
	       (ctlr & (irq->group1 ? 2 : 1)) != 0 && irq->priority < 0xff &&
	       (irq->priority & 0xf8) < running;
}

/* The most urgent priority a vCPU's guest must be given, or 0x100. */
static u32 model_best(u32 vcpu, u32 running)
{
	u32 best = 0x100;

	for (u32 i = FIRST_PRIVATE; i <= LAST_SPI; i++) {
		if ((i <= LAST_PRIVATE || i >= FIRST_SPI) && signals(vcpu, i, running)) {
			u32 priority = irq_of(vcpu, i)->priority;

			best = priority < best ? priority : best;
		}
	}
	return best;
}

static void step_ack(u32 vcpu)
{
	u32 running = guest_running_priority();
	u32 best = model_best(vcpu, running);
	u32 intid = guest_ack();
	struct irq *irq;

	if (best == 0x100) {
		assert_int_equal(intid, NONE);
		return;
	}
	assert_int_not_equal(intid, NONE);
	assert_true(signals(vcpu, intid, running));
	irq = irq_of(vcpu, intid);
	assert_int_equal(irq->priority, best);
	irq->latch = false;
	irq->active = true;
	irq->owner = vcpu;
	assert_true(depths[vcpu] < 64);
	stacks[vcpu][depths[vcpu]++] = intid;
}

static void model_deactivate(u32 vcpu, u32 intid)
{
	irq_of(vcpu, intid)->active = false;
}

static void step_eoi(u32 vcpu)
{
	u32 intid;

	if (depths[vcpu] == 0) {
		return;
	}
	intid = stacks[vcpu][--depths[vcpu]];
	guest_eoi(intid);
	if ((V(vcpu)->vgic.vmcr & ICH_VMCR_VEOIM) != 0) {
		guest_dir(intid);
	}
	model_deactivate(vcpu, intid);
}

static bool in_handler(u32 vcpu, u32 intid)
{
	for (u32 other = 0; other < NR_VCPUS; other++) {
		for (u32 i = 0; i < depths[other]; i++) {
			if (stacks[other][i] == intid && (intid >= 32 || other == vcpu)) {
				return true;
			}
		}
	}
	return false;
}

static void step_line(u32 vcpu)
{
	u32 intid = random_intid();
	struct irq *irq = irq_of(vcpu, intid);
	bool level = rnd(2) != 0;

	if (is_hw(intid)) {
		struct fake_pirq *pirq = &machine_pirqs[PIRQ(intid)];

		pirq->pending |= irq->edge && level && !pirq->line;
		pirq->line = level;
		return;
	}
	if (intid < 16) {
		return;
	}
	assert_int_equal(vgic_set_line(&machine_vm, V(vcpu), intid, level), HYP_OK);
	irq->line = level;
	irq->latch |= irq->edge && level;
}

static void step_sgi(u32 vcpu)
{
	u32 intid = FIRST_PRIVATE + rnd(16 - FIRST_PRIVATE);
	u32 list = rnd(1u << NR_VCPUS);
	bool all = rnd(4) == 0;

	vgic_sgi(V(vcpu), (u64)intid << 24 | (u64)all << 40 | list, 1);
	for (u32 i = 0; i < NR_VCPUS; i++) {
		if (all ? i != vcpu : (list >> i & 1) != 0) {
			private_irqs[i][intid].latch = true;
		}
	}
}

/* A write of self to a register of vCPU of (SPIs: the VM's). */
static void step_write(struct vcpu *self, u32 of)
{
	u32 intid = random_intid();
	struct irq *irq = irq_of(of, intid);
	u64 base = intid < 32 ? GICR + of * 0x20000ull + 0x10000 : GICD;
	u64 word = base + intid / 32 * 4;
	u32 bit = 1u << intid % 32;
	u32 value = rnd(32) << 3;

	switch (rnd(10)) {
	case 0:
		mmio_write(self, word + ISENABLER, 4, bit);
		irq->enabled = true;
		break;
	case 1:
		mmio_write(self, word + ICENABLER, 4, bit);
		irq->enabled = false;
		break;
	case 2:
		mmio_write(self, word + ISPENDR, 4, bit);
		irq->latch |= !is_hw(intid);
		break;
	case 3:
		mmio_write(self, word + ICPENDR, 4, bit);
		irq->latch = false;
		break;
	case 4:
		/* Without a list register, with EOImode 0, nobody could tell whose end it is. */
		if (irq->active || irq->latch || intid >= FIRST_SPI || !split) {
			break;
		}
		mmio_write(self, word + ISACTIVER, 4, bit);
		irq->active = true;
		irq->owner = of;
		break;
	case 5:
		if (!in_handler(of, intid)) {
			mmio_write(self, word + ICACTIVER, 4, bit);
			irq->active = false;
		}
		break;
	case 6:
		/* Whether that changes an active one's priority is up to the implementation. */
		if (irq->active) {
			break;
		}
		mmio_write(self, base + IPRIORITYR + intid, 1, value);
		irq->priority = value;
		break;
	case 7:
		if (intid >= 32 && !is_hw(intid)) {
			u64 config = GICD + ICFGR + intid / 16 * 4;
			u32 edge = 2u << intid % 16 * 2;

			mmio_write(self, config, 4, mmio_read(self, config, 4) ^ edge);
			irq->edge = !irq->edge;
		}
		break;
	case 8:
		if (intid >= 32) {
			irq->target = rnd(NR_VCPUS);
			mmio_write(self, GICD + IROUTER + 8 * intid, 8, irq->target);
		}
		break;
	default:
		if (rnd(20) == 0) {
			ctlr = rnd(4);
			mmio_write(self, GICD, 4, ctlr);
		} else if (rnd(4) == 0) {
			u32 group = (u32)mmio_read(self, word + IGROUPR, 4) ^ bit;

			mmio_write(self, word + IGROUPR, 4, group);
			irq->group1 = !irq->group1;
		}
		break;
	}
}

static void step_load(void)
{
	u32 core = machine_core();
	u32 vcpu = rnd(NR_VCPUS + 1);

	for (u32 other = 0; other < NR_CORES; other++) {
		if (places[other] == vcpu && vcpu != NR_VCPUS) {
			return;
		}
	}
	machine_load(vcpu == NR_VCPUS ? NULL : V(vcpu));
	places[core] = vcpu;
}

/* One interrupt of vCPU of, in the words that self reads. */
static void check_irq(u32 of, u32 intid, const u32 words[4])
{
	const struct irq *irq = irq_of(of, intid);
	bool pending = is_pending(irq);
	u32 i = intid % 32;

	if (is_hw(intid)) {
		struct fake_pirq *pirq = &machine_pirqs[PIRQ(intid)];

		pending = irq->latch || pirq->pending || (pirq->line && !pirq->edge);
	}
	assert_int_equal(words[0] >> i & 1, irq->group1);
	assert_int_equal(words[1] >> i & 1, irq->enabled);
	assert_int_equal(words[2] >> i & 1, pending);
	assert_int_equal(words[3] >> i & 1, irq->active);
}

static void check_registers(struct vcpu *self)
{
	static const u32 offsets[] = {IGROUPR, ISENABLER, ISPENDR, ISACTIVER};

	for (u32 bank = 0; bank < NR_VCPUS + LAST_SPI / 32; bank++) {
		u32 first = bank < NR_VCPUS ? 0 : (bank - NR_VCPUS + 1) * 32;
		u64 base = bank < NR_VCPUS ? GICR + bank * 0x20000ull + 0x10000 : GICD + first / 8;
		u32 words[4];

		for (u32 i = 0; i < 4; i++) {
			words[i] = (u32)mmio_read(self, base + offsets[i], 4);
		}
		for (u32 intid = first; intid < first + 32; intid++) {
			if ((intid >= FIRST_PRIVATE && intid <= LAST_PRIVATE) ||
			    (intid >= FIRST_SPI && intid <= LAST_SPI)) {
				check_irq(bank, intid, words);
			}
		}
	}
}

static void start(u32 nr_lrs, bool eoi1)
{
	split = eoi1;
	machine_init(nr_lrs);
	memset(private_irqs, 0, sizeof(private_irqs));
	memset(spis, 0, sizeof(spis));
	memset(depths, 0, sizeof(depths));
	ctlr = 3;
	for (u32 core = 0; core < NR_CORES; core++) {
		places[core] = NR_VCPUS;
	}
	for (u32 v = 0; v < NR_VCPUS; v++) {
		if (split) {
			V(v)->vgic.vmcr |= ICH_VMCR_VEOIM;
		}
		for (u32 i = 0; i < 32; i++) {
			private_irqs[v][i].group1 = true;
			private_irqs[v][i].enabled = i < 16;
			private_irqs[v][i].edge = i < 16;
		}
	}
	for (u32 i = 32; i < NR_IRQS; i++) {
		spis[i].group1 = true;
	}
	for (u32 i = FIRST_HW; i <= LAST_SPI; i++) {
		assert_int_equal(vgic_forward(&machine_vm, PIRQ(i), i), HYP_OK);
	}
}

static void finish(void)
{
	for (u32 core = 0; core < NR_CORES; core++) {
		machine_on(core);
		machine_load(NULL);
	}
	vgic_vm_destroy(&machine_vm);
	for (u32 i = FIRST_HW; i <= LAST_SPI; i++) {
		assert_false(machine_pirqs[PIRQ(i)].enabled);
		assert_false(machine_pirqs[PIRQ(i)].active);
	}
}

static void one_step(void)
{
	u32 vcpu;

	machine_on(rnd(NR_CORES));
	vcpu = places[machine_core()];
	switch (vcpu == NR_VCPUS ? 0 : rnd(16)) {
	case 0:
		step_load();
		break;
	case 1 ... 4:
		step_ack(vcpu);
		break;
	case 5 ... 7:
		step_eoi(vcpu);
		break;
	case 8:
		step_sgi(vcpu);
		break;
	case 9 ... 10:
		step_line(rnd(NR_VCPUS));
		break;
	default:
		step_write(V(vcpu), rnd(NR_VCPUS));
		break;
	}
	machine_settle();
	model_take_hardware();
	machine_check();
	model_hardware();
	vcpu = places[machine_core()];
	if (vcpu != NR_VCPUS) {
		check_registers(V(vcpu));
		assert_int_equal(vgic_has_pending(V(vcpu)),
				 model_best(vcpu, guest_running_priority()) != 0x100);
	}
}

static void test_against_model(void **unused)
{
	(void)unused;
	u32 nr = steps(4000);

	state = seed();
	print_message("seed %llu\n", (unsigned long long)state);
	for (u32 run = 0; run < 24; run++) {
		u32 nr_lrs = run % 6 == 5 ? 16 : 1 + run % 6;

		start(nr_lrs, run % 2 != 0);
		for (u32 i = 0; i < nr; i++) {
			one_step();
		}
		finish();
	}
}

/* Anything, anywhere, at any size; nothing is expected but that the machine goes on. */
static void test_hammer(void **unused)
{
	(void)unused;
	u32 nr = steps(100000);

	state = seed();
	print_message("seed %llu\n", (unsigned long long)state);
	start(4, false);
	for (u32 i = 0; i < nr; i++) {
		struct vcpu *self;
		u64 value = (u64)rnd(1u << 31) << 33 | (u64)rnd(1u << 31) << 2 | rnd(4);
		u64 ipa = rnd(3) == 0 ? GICR + rnd(NR_VCPUS * 0x20000) : GICD + rnd(0x10000);
		u64 old = value;

		machine_on(rnd(NR_CORES));
		if (places[machine_core()] == NR_VCPUS || rnd(50) == 0) {
			step_load();
			continue;
		}
		self = V(places[machine_core()]);
		/* Mostly where registers are. */
		ipa = rnd(4) != 0 ? (ipa & ~0xf000ull) : ipa;
		switch (rnd(8)) {
		case 0:
			guest_ack();
			break;
		case 1:
			guest_eoi(rnd(NR_IRQS));
			break;
		case 2:
			guest_dir(rnd(1024));
			break;
		case 3:
			vgic_sgi(self, value, rnd(3));
			break;
		case 4:
			fake_ich()->vmcr = value & 0xffffffff;
			break;
		case 5:
			machine_pirqs[PIRQ(FIRST_HW + rnd(3))].line ^= true;
			machine_set_vtimer(machine_core(), rnd(2) != 0);
			break;
		default:
			assert_true(
				vgic_mmio(self, ipa_init(ipa), rnd(4) != 0, 1u << rnd(4), &old));
			break;
		}
		(void)vgic_has_pending(self);
		machine_settle();
		machine_check();
		/* Other VMs' and EL2's own interrupts are untouched. */
		for (u32 p = 32; p < 1020; p++) {
			struct fake_pirq *pirq = &machine_pirqs[p];

			if (p < PIRQ(FIRST_HW) || p > PIRQ(LAST_SPI)) {
				assert_false(pirq->enabled || pirq->pending || pirq->active);
			}
		}
	}
	finish();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_hammer),
	};

	return cmocka_run_group_tests_name("vgic_random", tests, NULL, NULL);
}
