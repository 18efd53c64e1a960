/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtual GIC, one rule at a time. The machine it runs on is in machine.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <el2/gic.h>
#include <hyp/calls.h>
#include <hyp/error.h>
#include "machine.h"

#define V(i) (machine_vm.vcpus[i])

/* Group 1, enabled, of that priority, routed to vCPU to. */
static void enable_irq(struct vcpu *vcpu, u32 intid, u32 priority, u32 to)
{
	write_priority(vcpu, intid, priority);
	if (intid >= 32) {
		mmio_write(vcpu, GICD + IROUTER + 8 * intid, 8, to);
	}
	write_bit(vcpu, intid, ISENABLER);
}

static void set_edge(u32 intid)
{
	u64 ipa = GICD + ICFGR + intid / 16 * 4;

	mmio_write(V(0), ipa, 4, mmio_read(V(0), ipa, 4) | 2u << intid % 16 * 2);
}

static void set_line(u32 intid, bool level)
{
	assert_int_equal(vgic_set_line(&machine_vm, V(0), intid, level), HYP_OK);
}

static int setup(void **state)
{
	(void)state;
	machine_init(4);
	machine_on(0);
	machine_load(V(0));
	return 0;
}

static void test_config(void **state)
{
	(void)state;
	machine_init_bare(4);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), 0),
			 HYP_E_INVAL);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), 100),
			 HYP_E_INVAL);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), 1056),
			 HYP_E_INVAL);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICD), 64),
			 HYP_E_ADDR);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD + 4096), ipa_init(GICR), 64),
			 HYP_E_ADDR);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICR + 0x10000), ipa_init(GICR), 64),
			 HYP_E_ADDR);
	assert_int_equal(vgic_set_line(&machine_vm, NULL, 40, true), HYP_E_INVAL);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), 1024), HYP_OK);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), 1024),
			 HYP_E_STATE);
	assert_int_equal(vgic_set_line(&machine_vm, NULL, 1019, true), HYP_OK);
	assert_int_equal(vgic_set_line(&machine_vm, NULL, 1020, true), HYP_E_INVAL);
	assert_int_equal(vgic_set_line(&machine_vm, NULL, 30, true), HYP_E_INVAL);
}

static void test_identification(void **state)
{
	(void)state;
	u64 typer = mmio_read(V(0), GICD + 4, 4);

	assert_int_equal(mmio_read(V(0), GICD, 4), 1 << 4 | 1 << 6 | 3);
	assert_int_equal(FIELD(typer, 4, 0), NR_IRQS / 32 - 1);
	assert_int_equal(FIELD(typer, 23, 19), 9);
	assert_int_equal(FIELD(typer, 10, 10), 0);
	assert_int_equal(FIELD(mmio_read(V(0), GICD + 0xffe8, 4), 7, 4), 3);
	assert_int_equal(FIELD(mmio_read(V(0), GICR + 0xffe8, 4), 7, 4), 3);
	assert_int_equal(mmio_read(V(0), GICR + 8, 8), 0);
	assert_int_equal(mmio_read(V(0), GICR + 3 * 0x20000 + 8, 8), 3ull << 32 | 3 << 8 | 1 << 4);
	assert_int_equal(mmio_read(V(0), GICR + 3 * 0x20000 + 12, 4), 3);
	assert_int_equal(mmio_read(V(0), GICR + 0x14, 4), 6);
	mmio_write(V(0), GICR + 0x14, 4, 0);
	assert_int_equal(mmio_read(V(0), GICR + 0x14, 4), 0);
}

static void test_frames(void **state)
{
	(void)state;
	u64 value = 7;

	assert_false(vgic_mmio(V(0), ipa_init(GICD - 4), false, 4, &value));
	assert_false(vgic_mmio(V(0), ipa_init(GICD + 0x10000), false, 4, &value));
	assert_false(vgic_mmio(V(0), ipa_init(GICR - 4), false, 4, &value));
	assert_false(vgic_mmio(V(0), ipa_init(GICR + 4 * 0x20000), true, 4, &value));
	assert_int_equal(value, 7);
}

/* Bits of enable, group, pending, active; only what exists. */
static void test_bit_registers(void **state)
{
	(void)state;
	static const u32 pairs[][2] = {
		{ISENABLER, ICENABLER}, {ISPENDR, ICPENDR}, {ISACTIVER, ICACTIVER}};

	for (u32 p = 0; p < 3; p++) {
		u64 set = GICD + pairs[p][0] + 8;
		u64 clear = GICD + pairs[p][1] + 8;

		assert_int_equal(mmio_read(V(0), set, 4), 0);
		mmio_write(V(0), set, 4, 0x80000101);
		mmio_write(V(0), set, 4, 0x10);
		assert_int_equal(mmio_read(V(0), set, 4), 0x80000111);
		assert_int_equal(mmio_read(V(0), clear, 4), 0x80000111);
		mmio_write(V(0), clear, 4, 0x101);
		assert_int_equal(mmio_read(V(0), set, 4), 0x80000010);
		mmio_write(V(0), clear, 4, ~0u);
		assert_int_equal(mmio_read(V(0), set, 4), 0);
	}
	assert_int_equal(mmio_read(V(0), GICD + IGROUPR + 8, 4), ~0u);
	mmio_write(V(0), GICD + IGROUPR + 8, 4, 0x1234);
	assert_int_equal(mmio_read(V(0), GICD + IGROUPR + 8, 4), 0x1234);
	/* Private interrupts have nothing in the distributor; nor has what lies past nr_irqs. */
	for (u32 offset = IGROUPR; offset < 0x400; offset += 0x80) {
		mmio_write(V(0), GICD + offset, 4, ~0u);
		assert_int_equal(mmio_read(V(0), GICD + offset, 4), 0);
		mmio_write(V(0), GICD + offset + 4 * (NR_IRQS / 32), 4, ~0u);
		assert_int_equal(mmio_read(V(0), GICD + offset + 4 * (NR_IRQS / 32), 4), 0);
	}
}

static void test_access_sizes(void **state)
{
	(void)state;
	mmio_write(V(0), GICD + ISENABLER + 4, 4, 0xff);
	mmio_write(V(0), GICD + ISENABLER + 4, 1, 0);
	mmio_write(V(0), GICD + ICENABLER + 4, 2, 0xff);
	mmio_write(V(0), GICD + ICENABLER + 4, 8, 0xff);
	mmio_write(V(0), GICD + ICENABLER + 6, 4, 0xff);
	assert_int_equal(mmio_read(V(0), GICD + ISENABLER + 4, 4), 0xff);
	assert_int_equal(mmio_read(V(0), GICD + ISENABLER + 4, 1), 0);
	assert_int_equal(mmio_read(V(0), GICD + ISENABLER + 4, 2), 0);
	assert_int_equal(mmio_read(V(0), GICD + ISENABLER, 8), 0);
	assert_int_equal(mmio_read(V(0), GICD + ISENABLER + 5, 4), 0);

	mmio_write(V(0), GICD + IPRIORITYR + 40, 4, 0x11a0ffc7);
	assert_int_equal(mmio_read(V(0), GICD + IPRIORITYR + 40, 4), 0x10a0f8c0);
	assert_int_equal(mmio_read(V(0), GICD + IPRIORITYR + 41, 1), 0xf8);
	mmio_write(V(0), GICD + IPRIORITYR + 42, 1, 0x50);
	mmio_write(V(0), GICD + IPRIORITYR + 40, 2, 0);
	mmio_write(V(0), GICD + IPRIORITYR + 40, 8, 0);
	assert_int_equal(mmio_read(V(0), GICD + IPRIORITYR + 40, 4), 0x1050f8c0);
	assert_int_equal(mmio_read(V(0), GICD + IPRIORITYR + 40, 2), 0);

	mmio_write(V(0), GICD + IROUTER + 8 * 40, 8, 0xffffff0080000003);
	assert_int_equal(mmio_read(V(0), GICD + IROUTER + 8 * 40, 8), 0x80000003);
	mmio_write(V(0), GICD + IROUTER + 8 * 40 + 4, 4, 0x5);
	mmio_write(V(0), GICD + IROUTER + 8 * 40, 4, 0x2);
	assert_int_equal(mmio_read(V(0), GICD + IROUTER + 8 * 40, 8), 0x500000002);
	assert_int_equal(mmio_read(V(0), GICD + IROUTER + 8 * 40 + 4, 4), 5);
	assert_int_equal(mmio_read(V(0), GICD + IROUTER + 8 * 31, 8), 0);
}

static void test_config_register(void **state)
{
	(void)state;
	mmio_write(V(0), GICD + ICFGR + 12, 4, 0xffffffff);
	assert_int_equal(mmio_read(V(0), GICD + ICFGR + 12, 4), 0xaaaaaaaa);
	assert_int_equal(mmio_read(V(0), GICD + ICFGR + 8, 4), 0);
	mmio_write(V(0), GICD + ICFGR + 12, 4, 0x20000008);
	assert_int_equal(mmio_read(V(0), GICD + ICFGR + 12, 4), 0x20000008);
	mmio_write(V(0), GICR + 0x10000 + ICFGR, 4, 0);
	mmio_write(V(0), GICR + 0x10000 + ICFGR + 4, 4, ~0u);
	assert_int_equal(mmio_read(V(0), GICR + 0x10000 + ICFGR, 4), 0xaaaaaaaa);
	assert_int_equal(mmio_read(V(0), GICR + 0x10000 + ICFGR + 4, 4), 0);
}

static void test_edge(void **state)
{
	(void)state;
	enable_irq(V(0), 40, 0xa0, 0);
	set_edge(40);
	assert_int_equal(guest_ack(), NONE);
	set_line(40, true);
	set_line(40, false);
	assert_true(read_bit(V(0), 40, ISPENDR));
	assert_int_equal(guest_ack(), 40);
	assert_false(read_bit(V(0), 40, ISPENDR));
	assert_true(read_bit(V(0), 40, ISACTIVER));
	/* A second one while active: pending and active, delivered after the end. */
	set_line(40, true);
	assert_true(read_bit(V(0), 40, ISPENDR));
	assert_int_equal(guest_ack(), NONE);
	guest_eoi(40);
	assert_int_equal(guest_ack(), 40);
	guest_eoi(40);
	assert_int_equal(guest_ack(), NONE);
	assert_false(read_bit(V(0), 40, ISACTIVER));
	machine_check();
}

static void test_level(void **state)
{
	(void)state;
	enable_irq(V(0), 41, 0xa0, 0);
	set_line(41, true);
	assert_int_equal(guest_ack(), 41);
	assert_true(read_bit(V(0), 41, ISPENDR));
	guest_eoi(41);
	/* Still high: again, by the maintenance interrupt. */
	assert_int_equal(machine_nr_maintenance, 1);
	assert_int_equal(guest_ack(), 41);
	set_line(41, false);
	guest_eoi(41);
	assert_int_equal(guest_ack(), NONE);
	/* Low before the end: no maintenance interrupt. */
	assert_int_equal(machine_nr_maintenance, 1);
	/* Withdrawn before the guest takes it. */
	set_line(41, true);
	machine_settle();
	set_line(41, false);
	assert_int_equal(guest_ack(), NONE);
	/* Raised while active. */
	set_line(41, true);
	assert_int_equal(guest_ack(), 41);
	set_line(41, false);
	machine_settle();
	set_line(41, true);
	guest_eoi(41);
	assert_int_equal(guest_ack(), 41);
}

static void test_level_soft_pending(void **state)
{
	(void)state;
	enable_irq(V(0), 41, 0xa0, 0);
	write_bit(V(0), 41, ISPENDR);
	assert_int_equal(guest_ack(), 41);
	guest_eoi(41);
	assert_int_equal(guest_ack(), NONE);
	write_bit(V(0), 41, ISPENDR);
	machine_load(NULL);
	machine_load(V(0));
	assert_true(read_bit(V(0), 41, ISPENDR));
	write_bit(V(0), 41, ICPENDR);
	assert_false(read_bit(V(0), 41, ISPENDR));
	assert_int_equal(guest_ack(), NONE);
	/* While active: after the deactivation. */
	write_bit(V(0), 41, ISPENDR);
	assert_int_equal(guest_ack(), 41);
	write_bit(V(0), 41, ISPENDR);
	guest_eoi(41);
	assert_int_equal(guest_ack(), 41);
}

static void test_priorities(void **state)
{
	(void)state;
	for (u32 i = 0; i < 10; i++) {
		enable_irq(V(0), 40 + i, 0xf0 - 8 * i, 0);
		set_edge(40 + i);
	}
	for (u32 i = 0; i < 10; i++) {
		set_line(40 + i, true);
	}
	/* More than there are list registers, most urgent first. */
	for (u32 i = 10; i-- > 0;) {
		assert_int_equal(guest_ack(), 40 + i);
		machine_check();
		guest_eoi(40 + i);
	}
	assert_int_equal(guest_ack(), NONE);
}

/* Each preempts the one before; there are more active than list registers. */
static void test_nesting(void **state)
{
	(void)state;
	for (u32 i = 0; i < 10; i++) {
		enable_irq(V(0), 40 + i, 0xe8 - 8 * i, 0);
		set_edge(40 + i);
	}
	for (u32 i = 0; i < 10; i++) {
		set_line(40 + i, true);
		assert_int_equal(guest_ack(), 40 + i);
	}
	machine_load(NULL);
	machine_on(1);
	machine_load(V(0));
	for (u32 i = 10; i-- > 0;) {
		assert_true(read_bit(V(0), 40 + i, ISACTIVER));
		guest_eoi(40 + i);
		assert_false(read_bit(V(0), 40 + i, ISACTIVER));
		machine_check();
	}
	assert_int_equal(guest_running_priority(), 0x100);
}

/* The unlisted ones are ended last, without a list register (LRENPIE). */
static void test_eoi_without_lr(void **state)
{
	(void)state;
	machine_init(1);
	machine_load(V(0));
	enable_irq(V(0), 40, 0xa0, 0);
	enable_irq(V(0), 41, 0x80, 0);
	set_edge(40);
	set_edge(41);
	set_line(40, true);
	assert_int_equal(guest_ack(), 40);
	set_line(41, true);
	assert_int_equal(guest_ack(), 41);
	guest_eoi(41);
	guest_eoi(40);
	assert_false(read_bit(V(0), 40, ISACTIVER));
	assert_false(read_bit(V(0), 41, ISACTIVER));
}

/* EOImode 1: any number active after the priority drop, ended in any order. */
static void test_split_eoi(void **state)
{
	(void)state;
	machine_load(NULL);
	V(0)->vgic.vmcr |= ICH_VMCR_VEOIM;
	machine_load(V(0));
	for (u32 i = 0; i < 8; i++) {
		enable_irq(V(0), 40 + i, 0xa0, 0);
		set_edge(40 + i);
		set_line(40 + i, true);
	}
	for (u32 i = 0; i < 8; i++) {
		assert_int_not_equal(guest_ack(), NONE);
		guest_eoi(40 + i);
	}
	assert_int_equal(guest_ack(), NONE);
	for (u32 i = 0; i < 8; i++) {
		u32 intid = 40 + i * 3 % 8;

		assert_true(read_bit(V(0), intid, ISACTIVER));
		guest_dir(intid);
		assert_false(read_bit(V(0), intid, ISACTIVER));
		machine_check();
	}
}

static void test_sgi(void **state)
{
	(void)state;
	machine_on(1);
	machine_load(V(1));
	machine_on(0);
	/* SGI 5 to affinity 0.0.0.{1,2}; nobody there at 9 */
	vgic_sgi(V(0), 5ull << 24 | 1 << 1 | 1 << 2 | 1 << 9, 1);
	assert_int_equal(guest_ack(), NONE);
	machine_on(1);
	assert_int_equal(guest_ack(), 5);
	guest_eoi(5);
	assert_int_equal(guest_ack(), NONE);
	machine_on(2);
	machine_load(V(2));
	assert_int_equal(guest_ack(), 5);
	guest_eoi(5);
	/* All but self. */
	machine_on(0);
	vgic_sgi(V(0), 7ull << 24 | 1ull << 40, 1);
	assert_int_equal(guest_ack(), NONE);
	for (u32 i = 1; i < 3; i++) {
		machine_on(i);
		assert_int_equal(guest_ack(), 7);
		guest_eoi(7);
	}
	assert_true(read_bit(V(3), 7, ISPENDR));
	/* To itself; other affinities and a range selector name nobody. */
	machine_on(0);
	vgic_sgi(V(0), 3ull << 24 | 1, 1);
	assert_int_equal(guest_ack(), 3);
	guest_eoi(3);
	vgic_sgi(V(0), 3ull << 24 | 1 << 16 | 1, 1);
	vgic_sgi(V(0), 3ull << 24 | 1ull << 44 | 1, 1);
	vgic_sgi(V(0), 3ull << 24 | 1ull << 48 | 1, 1);
	assert_int_equal(guest_ack(), NONE);
	/* The group-0 register makes no interrupt of group 1. */
	vgic_sgi(V(0), 3ull << 24 | 1, 0);
	assert_int_equal(guest_ack(), NONE);
	mmio_write(V(0), bit_register(V(0), 3, IGROUPR), 4, ~(1u << 3));
	vgic_sgi(V(0), 3ull << 24 | 1, 0);
	assert_int_equal(guest_ack(), 3);
}

static void test_groups(void **state)
{
	(void)state;
	enable_irq(V(0), 40, 0xa0, 0);
	enable_irq(V(0), 41, 0xa0, 0);
	mmio_write(V(0), GICD + IGROUPR + 4, 4, ~(1u << 8));
	mmio_write(V(0), GICD, 4, 2);
	set_line(40, true);
	set_line(41, true);
	assert_int_equal(guest_ack(), 41);
	guest_eoi(41);
	set_line(41, false);
	machine_settle();
	assert_int_equal(guest_ack(), NONE);
	mmio_write(V(0), GICD, 4, 1);
	assert_int_equal(guest_ack(), 40);
	guest_eoi(40);
	mmio_write(V(0), GICD, 4, 0);
	assert_int_equal(guest_ack(), NONE);
	assert_true(read_bit(V(0), 40, ISPENDR));
}

static void test_disable_listed(void **state)
{
	(void)state;
	enable_irq(V(0), 40, 0xa0, 0);
	set_edge(40);
	set_line(40, true);
	machine_settle();
	write_bit(V(0), 40, ICENABLER);
	assert_int_equal(guest_ack(), NONE);
	assert_true(read_bit(V(0), 40, ISPENDR));
	write_bit(V(0), 40, ISENABLER);
	assert_int_equal(guest_ack(), 40);
}

/* What one vCPU does to an interrupt in another's list register. */
static void test_remote(void **state)
{
	(void)state;
	machine_on(1);
	machine_load(V(1));
	enable_irq(V(1), 40, 0xa0, 1);
	set_edge(40);
	set_line(40, true);
	machine_settle();
	machine_on(0);
	assert_true(read_bit(V(0), 40, ISPENDR));
	write_bit(V(0), 40, ICPENDR);
	assert_false(read_bit(V(0), 40, ISPENDR));
	machine_on(1);
	assert_int_equal(guest_ack(), NONE);
	set_line(40, true);
	assert_int_equal(guest_ack(), 40);
	machine_on(0);
	assert_true(read_bit(V(0), 40, ISACTIVER));
	write_bit(V(0), 40, ICACTIVER);
	assert_false(read_bit(V(0), 40, ISACTIVER));
	write_bit(V(0), 40, ISACTIVER);
	assert_true(read_bit(V(0), 40, ISACTIVER));
	machine_check();
	/* Rerouted while pending: the other one gets it. */
	write_bit(V(0), 40, ICACTIVER);
	set_line(40, true);
	machine_settle();
	mmio_write(V(0), GICD + IROUTER + 8 * 40, 8, 0);
	machine_on(1);
	assert_int_equal(guest_ack(), NONE);
	machine_on(0);
	assert_int_equal(guest_ack(), 40);
	/* Rerouted while active: stays until it is ended. */
	mmio_write(V(0), GICD + IROUTER + 8 * 40, 8, 1);
	set_line(40, true);
	machine_on(1);
	assert_int_equal(guest_ack(), NONE);
	machine_on(0);
	guest_eoi(40);
	assert_int_equal(guest_ack(), NONE);
	machine_on(1);
	guest_eoi(40);
	assert_int_equal(guest_ack(), 40);
	machine_check();
}

/* A private interrupt of another vCPU, loaded or not. */
static void test_remote_private(void **state)
{
	(void)state;
	u64 v1 = GICR + 0x20000 + 0x10000;

	mmio_write(V(0), v1 + ISENABLER, 4, 1u << 20);
	assert_int_equal(vgic_set_line(&machine_vm, V(1), 20, true), HYP_OK);
	assert_int_equal(mmio_read(V(0), v1 + ISPENDR, 4), 1u << 20);
	machine_on(1);
	machine_load(V(1));
	assert_int_equal(guest_ack(), 20);
	machine_on(0);
	assert_int_equal(mmio_read(V(0), v1 + ISACTIVER, 4), 1u << 20);
	mmio_write(V(0), v1 + ICACTIVER, 4, ~0u);
	assert_int_equal(mmio_read(V(0), v1 + ISACTIVER, 4), 0);
	assert_int_equal(mmio_read(V(0), v1 + ISPENDR, 4), 1u << 20);
	assert_int_equal(vgic_set_line(&machine_vm, V(1), 20, false), HYP_OK);
	assert_int_equal(mmio_read(V(0), v1 + ISPENDR, 4), 0);
}

static void test_any_of_n(void **state)
{
	(void)state;
	atomic_store(&V(2)->state, VCPU_READY);
	write_bit(V(0), 40, ISENABLER);
	mmio_write(V(0), GICD + IROUTER + 8 * 40, 8, 1u << 31);
	set_line(40, true);
	assert_int_equal(guest_ack(), NONE);
	machine_on(2);
	machine_load(V(2));
	assert_int_equal(guest_ack(), 40);
	guest_eoi(40);
	set_line(40, false);
	machine_settle();
	atomic_store(&V(2)->state, VCPU_OFF);
	atomic_store(&V(0)->state, VCPU_RUNNING);
	set_line(40, true);
	assert_int_equal(guest_ack(), NONE);
	machine_on(0);
	assert_int_equal(guest_ack(), 40);
}

static void test_nobody_there(void **state)
{
	(void)state;
	enable_irq(V(0), 40, 0xa0, 77);
	set_line(40, true);
	assert_int_equal(guest_ack(), NONE);
	assert_true(read_bit(V(0), 40, ISPENDR));
	mmio_write(V(0), GICD + IROUTER + 8 * 40, 8, 0);
	assert_int_equal(guest_ack(), 40);
}

/* SPIs are routed to affinity 0 at reset, even if that vCPU comes later. */
static void test_late_vcpu(void **state)
{
	(void)state;
	machine_init_bare(4);
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), NR_IRQS),
			 HYP_OK);
	machine_add_vcpu(1);
	mmio_write(V(1), GICD, 4, 3);
	write_bit(V(1), 40, ISENABLER);
	assert_int_equal(vgic_set_line(&machine_vm, NULL, 40, true), HYP_OK);
	machine_add_vcpu(0);
	V(0)->vgic.vmcr = ICH_VMCR_VENG1 | ICH_VMCR_VPMR;
	assert_int_equal(mmio_read(V(0), GICR + 8, 4), 0);
	mmio_write(V(0), GICD + IROUTER + 8 * 40, 8, 0);
	machine_load(V(0));
	assert_int_equal(guest_ack(), 40);
}

static void test_has_pending(void **state)
{
	(void)state;
	assert_false(vgic_has_pending(V(0)));
	assert_false(vgic_has_pending(V(1)));
	enable_irq(V(0), 40, 0xa0, 0);
	set_line(40, true);
	assert_true(vgic_has_pending(V(0)));
	assert_int_equal(guest_ack(), 40);
	assert_false(vgic_has_pending(V(0)));
	enable_irq(V(0), 41, 0xb0, 0);
	set_line(41, true);
	assert_false(vgic_has_pending(V(0)));
	enable_irq(V(0), 42, 0x90, 0);
	set_line(42, true);
	assert_true(vgic_has_pending(V(0)));
	machine_load(NULL);
	assert_true(vgic_has_pending(V(0)));
	V(0)->vgic.vmcr &= ~0x80000000ull; /* PMR 0x7f */
	assert_false(vgic_has_pending(V(0)));
	V(0)->vgic.vmcr |= 0xff000000;
	V(0)->vgic.vmcr &= ~ICH_VMCR_VENG1;
	assert_false(vgic_has_pending(V(0)));
	V(0)->vgic.vmcr |= ICH_VMCR_VENG1;
	mmio_write(V(1), GICD, 4, 0);
	assert_false(vgic_has_pending(V(0)));
}

static void test_forward(void **state)
{
	(void)state;
	struct fake_pirq *p = &machine_pirqs[100];

	assert_int_equal(vgic_forward(&machine_vm, 31, 50), HYP_E_INVAL);
	assert_int_equal(vgic_forward(&machine_vm, 1020, 50), HYP_E_INVAL);
	assert_int_equal(vgic_forward(&machine_vm, 100, 27), HYP_E_INVAL);
	assert_int_equal(vgic_forward(&machine_vm, 100, NR_IRQS), HYP_E_INVAL);
	assert_int_equal(vgic_forward(&machine_vm, 100, 50), HYP_OK);
	assert_int_equal(vgic_forward(&machine_vm, 100, 51), HYP_E_EXIST);
	assert_int_equal(vgic_forward(&machine_vm, 101, 50), HYP_E_EXIST);
	assert_int_equal(vgic_set_line(&machine_vm, NULL, 50, true), HYP_E_INVAL);
	machine_on(1);
	machine_load(V(1));
	assert_false(p->enabled);
	enable_irq(V(0), 50, 0xa0, 1);
	assert_true(p->enabled);
	assert_int_equal(p->core, 1);
	set_edge(50);
	assert_true(p->edge);
	mmio_write(V(0), GICD + ICFGR + 12, 4, 0);
	assert_false(p->edge);

	p->line = true;
	assert_int_equal(guest_ack(), 50);
	assert_true(p->active);
	p->line = false;
	guest_eoi(50);
	assert_false(p->active);
	assert_int_equal(guest_ack(), NONE);
	assert_int_equal(machine_nr_maintenance, 0);
	/* Still high after the end: again, by the hardware. */
	p->line = true;
	assert_int_equal(guest_ack(), 50);
	guest_eoi(50);
	assert_int_equal(guest_ack(), 50);
	p->line = false;
	guest_eoi(50);
	/* The guest's writes of pending and active reach the hardware. */
	write_bit(V(0), 50, ICENABLER);
	assert_false(p->enabled);
	write_bit(V(0), 50, ISPENDR);
	assert_true(p->pending);
	assert_true(read_bit(V(0), 50, ISPENDR));
	write_bit(V(0), 50, ICPENDR);
	assert_false(p->pending);
	write_bit(V(0), 50, ISACTIVER);
	machine_settle();
	assert_true(p->active);
	write_bit(V(0), 50, ICACTIVER);
	machine_settle();
	assert_false(p->active);
	write_bit(V(0), 50, ISENABLER);
	p->line = true;
	machine_settle();
	assert_true(p->active);
	p->line = false;
	write_bit(V(0), 50, ICPENDR);
	machine_settle();
	assert_false(p->active);
	assert_int_equal(guest_ack(), NONE);
	/* Put while active, and ended on another core. */
	p->line = true;
	assert_int_equal(guest_ack(), 50);
	p->line = false;
	machine_load(NULL);
	assert_true(p->active);
	machine_on(2);
	machine_load(V(1));
	guest_eoi(50);
	assert_false(p->active);
	machine_check();
}

static void test_release(void **state)
{
	(void)state;
	struct fake_pirq *p = &machine_pirqs[100];

	assert_int_equal(vgic_release(100), HYP_E_INVAL);
	assert_int_equal(vgic_forward(&machine_vm, 100, 50), HYP_OK);
	enable_irq(V(0), 50, 0xa0, 0);
	p->line = true;
	assert_int_equal(guest_ack(), 50);
	machine_on(1);
	assert_int_equal(vgic_release(100), HYP_OK);
	assert_false(p->active);
	assert_false(p->enabled);
	machine_on(0);
	p->active = true; /* somebody else's now */
	guest_eoi(50);
	assert_true(p->active);
	p->active = false;
	p->line = false;
	/* Free again; a VM's end releases all it has. */
	assert_int_equal(vgic_forward(&machine_vm, 100, 51), HYP_OK);
	enable_irq(V(0), 51, 0xa0, 0);
	p->line = true;
	machine_settle();
	assert_true(p->active);
	machine_load(NULL);
	vgic_vm_destroy(&machine_vm);
	assert_false(p->active);
	assert_false(p->enabled);
	assert_int_equal(vgic_release(100), HYP_E_INVAL);
	/* One that nobody has is switched off. */
	p->enabled = true;
	machine_settle();
	assert_false(p->enabled);
}

static void test_reset(void **state)
{
	(void)state;
	struct fake_pirq *p = &machine_pirqs[100];

	assert_int_equal(vgic_forward(&machine_vm, 100, 50), HYP_OK);
	enable_irq(V(0), 50, 0xa0, 0);
	enable_irq(V(0), 40, 0xa0, 0);
	enable_irq(V(0), 20, 0xa0, 0);
	set_line(40, true);
	p->line = true;
	machine_settle();
	machine_load(NULL);
	vgic_vm_reset(&machine_vm);
	assert_false(p->enabled);
	assert_false(p->active);
	assert_int_equal(mmio_read(V(0), GICD, 4), 1 << 4 | 1 << 6);
	assert_false(read_bit(V(0), 40, ISENABLER));
	assert_false(read_bit(V(0), 20, ISENABLER));
	assert_int_equal(mmio_read(V(0), GICD + IPRIORITYR + 40, 4), 0);
	/* The device's line is still high, and the link still there. */
	assert_true(read_bit(V(0), 40, ISPENDR));
	machine_load(V(0));
	assert_int_equal(guest_ack(), NONE);
	write_bit(V(0), 50, ISENABLER);
	assert_true(p->enabled);
	vgic_vm_destroy(&machine_vm);
}

static void test_vtimer(void **state)
{
	(void)state;
	write_bit(V(0), VTIMER, ISENABLER);
	machine_set_vtimer(0, true);
	assert_int_equal(guest_ack(), VTIMER);
	assert_true(machine_vtimer_active(0));
	machine_set_vtimer(0, false);
	guest_eoi(VTIMER);
	assert_false(machine_vtimer_active(0));
	assert_int_equal(machine_nr_maintenance, 0);
	/* Not reprogrammed: again. */
	machine_set_vtimer(0, true);
	assert_int_equal(guest_ack(), VTIMER);
	guest_eoi(VTIMER);
	assert_int_equal(guest_ack(), VTIMER);
	/* Put while active: another vCPU's timer works on this core meanwhile. */
	machine_set_vtimer(0, false);
	write_bit(V(1), VTIMER, ISENABLER);
	machine_load(V(1));
	assert_false(machine_vtimer_active(0));
	machine_set_vtimer(0, true);
	assert_int_equal(guest_ack(), VTIMER);
	machine_set_vtimer(0, false);
	guest_eoi(VTIMER);
	/* Back, on another core. */
	machine_on(1);
	machine_load(V(0));
	assert_true(machine_vtimer_active(1));
	assert_false(machine_vtimer_active(0));
	guest_eoi(VTIMER);
	assert_false(machine_vtimer_active(1));
	machine_check();
}

/* The guest moves its timer before it takes the interrupt: gone, not late. */
static void test_vtimer_withdrawn(void **state)
{
	(void)state;
	write_bit(V(0), VTIMER, ISENABLER);
	machine_set_vtimer(0, true);
	machine_settle();
	assert_true(machine_vtimer_active(0));
	machine_set_vtimer(0, false);
	machine_load(NULL);
	machine_load(V(0));
	assert_false(machine_vtimer_active(0));
	assert_int_equal(guest_ack(), NONE);
	/* Disabled, it stays pending; clearing that frees the hardware's. */
	write_bit(V(0), VTIMER, ICENABLER);
	machine_set_vtimer(0, true);
	machine_settle();
	assert_true(read_bit(V(0), VTIMER, ISPENDR));
	machine_set_vtimer(0, false);
	write_bit(V(0), VTIMER, ICPENDR);
	machine_settle();
	assert_false(machine_vtimer_active(0));
	assert_false(read_bit(V(0), VTIMER, ISPENDR));
	/* The same from another core. */
	machine_set_vtimer(0, true);
	machine_settle();
	machine_set_vtimer(0, false);
	machine_on(1);
	machine_load(V(1));
	mmio_write(V(1), bit_register(V(0), VTIMER, ICPENDR), 4, 1u << VTIMER);
	assert_false(machine_vtimer_active(0));
	assert_int_equal(mmio_read(V(1), bit_register(V(0), VTIMER, ISPENDR), 4), 0);
	machine_check();
}

/* A timer that expired while the vCPU was away, announced before the load. */
static void test_vtimer_before_load(void **state)
{
	(void)state;
	write_bit(V(1), VTIMER, ISENABLER);
	machine_load(NULL);
	vgic_hw_vtimer(V(1));
	assert_false(machine_vtimer_active(0));
	machine_set_vtimer(0, true);
	machine_load(V(1));
	assert_true(machine_vtimer_active(0));
	assert_int_equal(guest_ack(), VTIMER);
	machine_set_vtimer(0, false);
	guest_eoi(VTIMER);
	assert_false(machine_vtimer_active(0));
}

/* One that arrives when its vCPU has just been put must not stay active: the next would never come.
 */
static void test_vtimer_too_late(void **state)
{
	(void)state;
	write_bit(V(0), VTIMER, ISENABLER);
	machine_load(NULL);
	machine_take_vtimer(0);
	assert_false(machine_vtimer_active(0));
	machine_load(V(0));
	assert_int_equal(guest_ack(), NONE);
	machine_set_vtimer(0, true);
	assert_int_equal(guest_ack(), VTIMER);
}

static u64 get(u32 group, u64 mpidr, u32 reg)
{
	u64 value = 0;

	assert_int_equal(vgic_reg_get(&machine_vm, group, mpidr, reg, &value), HYP_OK);
	return value;
}

static void set(u32 group, u64 mpidr, u32 reg, u64 value)
{
	assert_int_equal(vgic_reg_set(&machine_vm, group, mpidr, reg, value), HYP_OK);
}

static void test_save_restore(void **state)
{
	(void)state;
	enable_irq(V(0), 40, 0xa0, 0);
	enable_irq(V(0), 41, 0xa0, 0);
	enable_irq(V(0), 20, 0x50, 0);
	set_edge(40);
	set_line(40, true);
	set_line(41, true);
	assert_int_equal(vgic_set_line(&machine_vm, V(0), 20, true), HYP_OK);
	assert_int_equal(guest_ack(), 20);
	machine_load(NULL);

	/* ISPENDR is the latch; lines are apart. */
	assert_int_equal(get(HYP_VGIC_DIST, 0, ISPENDR + 4), 1 << 8);
	assert_int_equal(get(HYP_VGIC_DIST, 0, ICPENDR + 4), 0);
	assert_int_equal(get(HYP_VGIC_LEVEL, 0, 32), 1 << 9);
	assert_int_equal(get(HYP_VGIC_LEVEL, 0, 0), 1 << 20);
	assert_int_equal(get(HYP_VGIC_DIST, 0, ISENABLER + 4), 3 << 8);
	assert_int_equal(get(HYP_VGIC_REDIST, 0, 0x10000 + ISACTIVER), 1 << 20);
	assert_int_equal(get(HYP_VGIC_REDIST, 1, 0x10000 + ISACTIVER), 0);
	assert_int_equal(get(HYP_VGIC_REDIST, 1, 8), 1 << 8);
	assert_int_equal(get(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 4u, 6u, 0u)), 0xff);
	assert_int_equal(get(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 9u, 0u)), 1 << 10);
	assert_int_equal(get(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 12u, 7u)), 1);
	assert_int_equal(get(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 12u, 5u)), 7);

	/* Into a new machine. */
	machine_init(4);
	set(HYP_VGIC_DIST, 0, 0, 3);
	set(HYP_VGIC_DIST, 0, ISENABLER + 4, 3 << 8);
	set(HYP_VGIC_DIST, 0, IPRIORITYR + 40, 0xa0a0);
	set(HYP_VGIC_DIST, 0, ICFGR + 8, 2 << 16);
	set(HYP_VGIC_DIST, 0, ISPENDR + 4, 1 << 8);
	set(HYP_VGIC_DIST, 0, ICPENDR + 4, ~0u);
	set(HYP_VGIC_LEVEL, 0, 32, 1 << 9);
	set(HYP_VGIC_REDIST, 0, 0x10000 + ISENABLER, 1 << 20);
	set(HYP_VGIC_REDIST, 0, 0x10000 + IPRIORITYR + 20, 0x50);
	set(HYP_VGIC_REDIST, 0, 0x10000 + ISACTIVER, 1 << 20);
	set(HYP_VGIC_LEVEL, 0, 0, 1 << 20);
	set(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 9u, 0u), 1 << 10);
	machine_load(V(0));
	assert_int_equal(guest_ack(), NONE);
	assert_int_equal(vgic_set_line(&machine_vm, V(0), 20, false), HYP_OK);
	guest_eoi(20);
	assert_int_equal(guest_ack(), 40);
	guest_eoi(40);
	assert_int_equal(guest_ack(), 41);
	machine_check();
}

static void test_registers_refused(void **state)
{
	(void)state;
	u64 value;

	machine_load(NULL);
	assert_int_equal(vgic_reg_get(&machine_vm, 9, 0, 0, &value), HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_DIST, 0, 0x10000, &value), HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_DIST, 0, 2, &value), HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_REDIST, 9, 0, &value), HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_REDIST, 0, 0x20000, &value),
			 HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_CPU, 0, 0, &value), HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_LEVEL, 0, 33, &value), HYP_E_INVAL);
	assert_int_equal(vgic_reg_get(&machine_vm, HYP_VGIC_LEVEL, 0, NR_IRQS, &value),
			 HYP_E_INVAL);
	/* More than this CPU interface can do. */
	assert_int_equal(vgic_reg_set(&machine_vm, HYP_VGIC_CPU, 0,
				      HYP_REG_SYS(3u, 0u, 12u, 12u, 4u), 7 << 8 | 1 << 15),
			 HYP_E_INVAL);
	assert_int_equal(
		vgic_reg_set(&machine_vm, HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 12u, 5u), 0),
		HYP_E_INVAL);
	set(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 12u, 4u), 4 << 8 | 1 << 15 | 3);
	assert_int_equal(get(HYP_VGIC_CPU, 0, HYP_REG_SYS(3u, 0u, 12u, 12u, 4u)),
			 4 << 8 | 1 << 15 | 3);
}

/* An interrupt for the vCPU that is loaded here costs no request. */
static void test_direct_listing(void **state)
{
	(void)state;
	u32 before;

	enable_irq(V(0), 40, 0xa0, 0);
	set_edge(40);
	write_bit(V(0), VTIMER, ISENABLER);
	machine_settle();
	before = machine_nr_requests;
	for (u32 i = 0; i < 20; i++) {
		set_line(40, true);
		machine_set_vtimer(0, true);
		assert_int_equal(guest_ack(), VTIMER);
		machine_set_vtimer(0, false);
		guest_eoi(VTIMER);
		assert_int_equal(guest_ack(), 40);
		guest_eoi(40);
		machine_check();
	}
	assert_int_equal(machine_nr_requests, before);
}

/* Another vCPU ends a timer interrupt that is active, but displaced from the list registers. */
static void test_vtimer_ended_remotely(void **state)
{
	(void)state;
	machine_init(1);
	machine_on(1);
	machine_load(V(1));
	enable_irq(V(1), VTIMER, 0xa0, 1);
	enable_irq(V(1), 40, 0x10, 1);
	machine_set_vtimer(1, true);
	assert_int_equal(guest_ack(), VTIMER);
	machine_set_vtimer(1, false);
	set_line(40, true);
	machine_settle();
	assert_true(machine_vtimer_active(1));
	machine_on(0);
	machine_load(V(0));
	mmio_write(V(0), GICR + 0x20000 + 0x10000 + ICACTIVER, 4, 1u << VTIMER);
	machine_on(1);
	machine_settle();
	assert_false(machine_vtimer_active(1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_config, setup),
		cmocka_unit_test_setup(test_identification, setup),
		cmocka_unit_test_setup(test_frames, setup),
		cmocka_unit_test_setup(test_bit_registers, setup),
		cmocka_unit_test_setup(test_access_sizes, setup),
		cmocka_unit_test_setup(test_config_register, setup),
		cmocka_unit_test_setup(test_edge, setup),
		cmocka_unit_test_setup(test_level, setup),
		cmocka_unit_test_setup(test_level_soft_pending, setup),
		cmocka_unit_test_setup(test_priorities, setup),
		cmocka_unit_test_setup(test_nesting, setup),
		cmocka_unit_test_setup(test_eoi_without_lr, setup),
		cmocka_unit_test_setup(test_split_eoi, setup),
		cmocka_unit_test_setup(test_sgi, setup),
		cmocka_unit_test_setup(test_groups, setup),
		cmocka_unit_test_setup(test_disable_listed, setup),
		cmocka_unit_test_setup(test_remote, setup),
		cmocka_unit_test_setup(test_remote_private, setup),
		cmocka_unit_test_setup(test_any_of_n, setup),
		cmocka_unit_test_setup(test_nobody_there, setup),
		cmocka_unit_test_setup(test_late_vcpu, setup),
		cmocka_unit_test_setup(test_has_pending, setup),
		cmocka_unit_test_setup(test_forward, setup),
		cmocka_unit_test_setup(test_release, setup),
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_vtimer, setup),
		cmocka_unit_test_setup(test_vtimer_withdrawn, setup),
		cmocka_unit_test_setup(test_vtimer_before_load, setup),
		cmocka_unit_test_setup(test_vtimer_too_late, setup),
		cmocka_unit_test_setup(test_vtimer_ended_remotely, setup),
		cmocka_unit_test_setup(test_save_restore, setup),
		cmocka_unit_test_setup(test_registers_refused, setup),
		cmocka_unit_test_setup(test_direct_listing, setup),
	};

	return cmocka_run_group_tests_name("vgic", tests, NULL, NULL);
}
