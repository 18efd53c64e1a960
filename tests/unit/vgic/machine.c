/* SPDX-License-Identifier: BSD-3-Clause */
/* See machine.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <core/boot.h>
#include <core/log.h>
#include <el2/gic.h>
#include <hyp/error.h>
#include "machine.h"

#define MAX_SETTLE 1000

struct vm machine_vm;
struct fake_pirq machine_pirqs[1020];
u32 machine_nr_requests;
u32 machine_nr_maintenance;

static struct fake_ich ich[NR_CORES];
static struct vcpu vcpus[NR_VCPUS];
static struct vcpu *loaded[NR_CORES];
static struct cpu cores[NR_CORES];
static bool vtimer_active[NR_CORES];
static u32 this_core;
static void *pages[16];
static u32 nr_pages;

struct cpu *cpus = cores;
u32 nr_cpus = NR_CORES;
static struct boot_info info;
const struct boot_info *boot_info = &info;

/* The seam below vgic/. */

struct fake_ich *fake_ich(void)
{
	return &ich[this_core];
}

struct cpu *cpu_this(void)
{
	return &cores[this_core];
}

struct vcpu *vcpu_current(void)
{
	return loaded[this_core] != NULL ? loaded[this_core] : &cores[this_core].idle;
}

struct vcpu *vm_vcpu_by_mpidr(struct vm *vm, u64 mpidr)
{
	for (u32 i = 0; i < NR_VCPUS; i++) {
		if (vm->vcpus[i] != NULL && vm->vcpus[i]->mpidr == mpidr) {
			return vm->vcpus[i];
		}
	}
	return NULL;
}

void *pool_alloc(struct pool *pool)
{
	(void)pool;
	if (nr_pages == ARRAY_COUNT(pages)) {
		return NULL;
	}
	pages[nr_pages] = calloc(1, PAGE_BYTES);
	return pages[nr_pages++];
}

void vcpu_request(struct vcpu *vcpu, u64 requests)
{
	u32 here = this_core;

	assert_non_null(vcpu);
	/* A request may take locks that come before vgic/'s. */
	assert_false(spin_is_locked(&machine_vm.vgic.lock));
	assert_false(spin_is_locked(&vcpu->vgic.lock));
	machine_nr_requests++;
	atomic_fetch_or(&vcpu->requests, requests);
	for (u32 core = 0; core < NR_CORES; core++) {
		if (core != here && loaded[core] == vcpu) {
			this_core = core;
			atomic_fetch_and(&vcpu->requests, ~VCPU_REQ_VGIC);
			vgic_flush(vcpu);
			this_core = here;
		}
	}
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	abort();
}

/* The physical distributor. */

u32 gic_nr_irqs(void)
{
	return 1020;
}

void gic_deactivate(u32 intid)
{
	if (intid == VTIMER) {
		vtimer_active[this_core] = false;
	} else {
		machine_pirqs[intid].active = false;
	}
}

void gic_spi_enable(u32 intid)
{
	machine_pirqs[intid].enabled = true;
}

void gic_spi_disable(u32 intid)
{
	machine_pirqs[intid].enabled = false;
}

void gic_spi_set_edge(u32 intid, bool edge)
{
	machine_pirqs[intid].edge = edge;
}

void gic_spi_route(u32 intid, u64 mpidr)
{
	machine_pirqs[intid].core = (u32)mpidr;
}

void gic_spi_set_active(u32 intid, bool active)
{
	machine_pirqs[intid].active = active;
}

void gic_spi_set_pending(u32 intid, bool pending)
{
	machine_pirqs[intid].pending = pending;
}

static bool pirq_pending(const struct fake_pirq *pirq)
{
	return pirq->pending || (pirq->line && !pirq->edge);
}

bool gic_spi_is_pending(u32 intid)
{
	return pirq_pending(&machine_pirqs[intid]);
}

void gic_ppi_set_active(u32 intid, bool active)
{
	assert_int_equal(intid, VTIMER);
	vtimer_active[this_core] = active;
}

/* The machine. */

void machine_init_bare(u32 nr_lrs)
{
	/* What an earlier test forwarded. */
	for (u32 pirq = 32; machine_vm.vgic.nr_irqs != 0 && pirq < 1020; pirq++) {
		(void)!vgic_release(pirq);
	}
	while (nr_pages > 0) {
		free(pages[--nr_pages]);
	}
	memset(ich, 0, sizeof(ich));
	memset(vcpus, 0, sizeof(vcpus));
	memset(loaded, 0, sizeof(loaded));
	memset(cores, 0, sizeof(cores));
	memset(vtimer_active, 0, sizeof(vtimer_active));
	memset(machine_pirqs, 0, sizeof(machine_pirqs));
	memset(&machine_vm, 0, sizeof(machine_vm));
	this_core = 0;
	machine_nr_requests = 0;
	machine_nr_maintenance = 0;
	info.timer_virt_irq = VTIMER;
	for (u32 core = 0; core < NR_CORES; core++) {
		/* 5 bits of priority and preemption, 16 bits of INTID, A3V, TDS */
		ich[core].vtr = (nr_lrs - 1) | ICH_VTR_TDS | ICH_VTR_A3V | 4ull << 26 | 4ull << 29;
		cores[core].id = core;
		cores[core].mpidr = core;
	}
}

struct vcpu *machine_add_vcpu(u32 index)
{
	struct vcpu *vcpu = &vcpus[index];

	vcpu->vm = &machine_vm;
	vcpu->index = index;
	vcpu->mpidr = index;
	vcpu->cpu = &cores[index % NR_CORES];
	machine_vm.vcpus[index] = vcpu;
	assert_int_equal(vgic_vcpu_init(vcpu), HYP_OK);
	return vcpu;
}

void machine_init(u32 nr_lrs)
{
	machine_init_bare(nr_lrs);
	for (u32 i = 0; i < NR_VCPUS; i++) {
		machine_add_vcpu(i);
		vcpus[i].vgic.vmcr =
			ICH_VMCR_VENG0 | ICH_VMCR_VENG1 | ICH_VMCR_VPMR | 2ull << 21 | 3ull << 18;
	}
	assert_int_equal(vgic_vm_config(&machine_vm, ipa_init(GICD), ipa_init(GICR), NR_IRQS),
			 HYP_OK);
	mmio_write(&vcpus[0], GICD, 4, 3);
}

void machine_on(u32 core)
{
	this_core = core;
}

u32 machine_core(void)
{
	return this_core;
}

void machine_load(struct vcpu *vcpu)
{
	struct vcpu *old = loaded[this_core];

	if (old == vcpu) {
		return;
	}
	if (old != NULL) {
		vgic_put(old);
		loaded[this_core] = NULL;
		for (u32 n = 0; n < 16; n++) {
			assert_int_equal(ich[this_core].lr[n], 0);
		}
	}
	if (vcpu != NULL) {
		for (u32 core = 0; core < NR_CORES; core++) {
			assert_ptr_not_equal(loaded[core], vcpu);
		}
		loaded[this_core] = vcpu;
		atomic_fetch_and(&vcpu->requests, ~VCPU_REQ_VGIC);
		vgic_load(vcpu);
	}
}

bool machine_vtimer_active(u32 core)
{
	return vtimer_active[core];
}

void machine_take_vtimer(u32 core)
{
	machine_on(core);
	vtimer_active[core] = true;
	vgic_hw_vtimer(vcpu_current());
}

void machine_set_vtimer(u32 core, bool asserted)
{
	ich[core].vtimer = asserted;
}

/* ICH_MISR_EL2: whether the core's maintenance interrupt is asserted. */
static bool maintenance_asserted(const struct fake_ich *ich)
{
	bool pending = false;
	bool eoi = false;

	if ((ich->hcr & ICH_HCR_EN) == 0) {
		return false;
	}
	for (u32 n = 0; n < 16; n++) {
		u64 lr = ich->lr[n];

		pending |= (lr & ICH_LR_STATE) == ICH_LR_PENDING;
		eoi |= (lr & ICH_LR_STATE) == 0 && (lr & ICH_LR_HW) == 0 && (lr & ICH_LR_EOI) != 0;
	}
	return eoi || ((ich->hcr & ICH_HCR_VGRP0EIE) != 0 && (ich->vmcr & ICH_VMCR_VENG0) != 0) ||
	       ((ich->hcr & ICH_HCR_VGRP1EIE) != 0 && (ich->vmcr & ICH_VMCR_VENG1) != 0) ||
	       ((ich->hcr & ICH_HCR_NPIE) != 0 && !pending) ||
	       ((ich->hcr & ICH_HCR_LRENPIE) != 0 && ICH_HCR_EOICOUNT(ich->hcr) != 0);
}

/* What interrupts EL2 on this core; false if nothing does. */
static bool serve_core(void)
{
	struct vcpu *vcpu = loaded[this_core];

	for (u32 i = 32; i < 1020; i++) {
		struct fake_pirq *pirq = &machine_pirqs[i];

		if (pirq->core == this_core && pirq->enabled && pirq_pending(pirq) &&
		    !pirq->active) {
			pirq->pending = false;
			pirq->active = true;
			pirq->taken = true;
			vgic_hw_spi(i);
			return true;
		}
	}
	if (vcpu == NULL) {
		return false;
	}
	if (ich[this_core].vtimer && !vtimer_active[this_core]) {
		vtimer_active[this_core] = true;
		vgic_hw_vtimer(vcpu);
		return true;
	}
	if (maintenance_asserted(&ich[this_core])) {
		machine_nr_maintenance++;
		vgic_maintenance(vcpu);
		return true;
	}
	if ((atomic_load(&vcpu->requests) & VCPU_REQ_VGIC) != 0) {
		atomic_fetch_and(&vcpu->requests, ~VCPU_REQ_VGIC);
		vgic_flush(vcpu);
		return true;
	}
	return false;
}

void machine_settle(void)
{
	u32 here = this_core;
	u32 rounds = 0;
	bool moved;

	do {
		moved = false;
		for (this_core = 0; this_core < NR_CORES; this_core++) {
			moved |= serve_core();
		}
		assert_true(rounds++ < MAX_SETTLE);
	} while (moved);
	this_core = here;
}

/* The guest's side of the virtual CPU interface (Arm IHI 0069H, 4.8 and 12.2). */

static u32 group_of(u64 lr)
{
	return (lr & ICH_LR_GROUP1) != 0;
}

static u32 group_priority(u64 lr, u64 vmcr)
{
	bool own_bpr = group_of(lr) != 0 && (vmcr & ICH_VMCR_VCBPR) == 0;
	u32 bpr = (u32)(own_bpr ? FIELD(vmcr, 20, 18) : FIELD(vmcr, 23, 21) + 1);

	bpr = bpr < 3 ? 3 : bpr;
	return (u32)FIELD(lr, 55, 48) >> bpr << bpr;
}

u32 guest_running_priority(void)
{
	u32 apr = fake_ich()->apr[0][0] | fake_ich()->apr[1][0];

	return apr != 0 ? (u32)__builtin_ctz(apr) << 3 : 0x100;
}

u32 guest_ack(void)
{
	struct fake_ich *i = fake_ich();
	u64 *best = NULL;
	u32 intid;

	machine_settle();
	assert_non_null(loaded[this_core]);
	assert_true((i->hcr & ICH_HCR_EN) != 0);
	for (u32 n = 0; n < 16; n++) {
		u64 lr = i->lr[n];
		u64 enabled = group_of(lr) != 0 ? ICH_VMCR_VENG1 : ICH_VMCR_VENG0;

		if ((lr & ICH_LR_STATE) == ICH_LR_PENDING && (i->vmcr & enabled) != 0 &&
		    FIELD(lr, 55, 48) < FIELD(i->vmcr, 31, 24) &&
		    group_priority(lr, i->vmcr) < guest_running_priority() &&
		    (best == NULL || FIELD(lr, 55, 48) < FIELD(*best, 55, 48))) {
			best = &i->lr[n];
		}
	}
	if (best == NULL) {
		return NONE;
	}
	i->apr[group_of(*best)][0] |= 1u << (group_priority(*best, i->vmcr) >> 3);
	*best ^= ICH_LR_STATE;
	intid = ICH_LR_INTID(*best);
	machine_settle();
	return intid;
}

static void deactivate(u32 intid)
{
	struct fake_ich *i = fake_ich();

	for (u32 n = 0; n < 16; n++) {
		u64 lr = i->lr[n];

		if ((lr & ICH_LR_ACTIVE) == 0 || ICH_LR_INTID(lr) != intid) {
			continue;
		}
		i->lr[n] &= ~ICH_LR_ACTIVE;
		if ((lr & ICH_LR_HW) != 0) {
			u32 pintid = (u32)FIELD(lr, 44, 32);

			if (pintid < 32) {
				vtimer_active[this_core] = false;
			} else {
				machine_pirqs[pintid].active = false;
			}
		}
		return;
	}
	i->hcr += 1ull << 27;
}

void guest_eoi(u32 intid)
{
	struct fake_ich *i = fake_ich();
	u32 apr = i->apr[0][0] | i->apr[1][0];

	machine_settle();
	if (apr == 0) {
		return;
	}
	i->apr[0][0] &= ~(apr & -apr);
	i->apr[1][0] &= ~(apr & -apr);
	if ((i->vmcr & ICH_VMCR_VEOIM) == 0) {
		deactivate(intid);
	}
	machine_settle();
}

void guest_dir(u32 intid)
{
	machine_settle();
	if ((fake_ich()->hcr & ICH_HCR_TDIR) != 0) {
		vgic_dir(loaded[this_core], intid);
	} else if ((fake_ich()->vmcr & ICH_VMCR_VEOIM) != 0) {
		deactivate(intid);
	}
	machine_settle();
}

/* Registers. */

u64 mmio_read(struct vcpu *vcpu, u64 ipa, u32 bytes)
{
	u64 value = 0xdeadbeefdeadbeef;

	assert_true(vgic_mmio(vcpu, ipa_init(ipa), false, bytes, &value));
	return value;
}

void mmio_write(struct vcpu *vcpu, u64 ipa, u32 bytes, u64 value)
{
	assert_true(vgic_mmio(vcpu, ipa_init(ipa), true, bytes, &value));
}

u64 bit_register(struct vcpu *vcpu, u32 intid, u32 offset)
{
	return intid < 32 ? GICR + vcpu->index * 0x20000ull + 0x10000 + offset
			  : GICD + offset + intid / 32 * 4;
}

void write_bit(struct vcpu *vcpu, u32 intid, u32 offset)
{
	mmio_write(vcpu, bit_register(vcpu, intid, offset), 4, 1u << intid % 32);
}

bool read_bit(struct vcpu *vcpu, u32 intid, u32 offset)
{
	return (mmio_read(vcpu, bit_register(vcpu, intid, offset), 4) >> intid % 32 & 1) != 0;
}

void write_priority(struct vcpu *vcpu, u32 intid, u32 priority)
{
	u64 base = intid < 32 ? GICR + vcpu->index * 0x20000ull + 0x10000 : GICD;

	mmio_write(vcpu, base + IPRIORITYR + intid, 1, priority);
}

static void check_bank(const struct vgic_bank *bank, u32 nr)
{
	assert_int_equal(bank->lr_pending & ~bank->listed, 0);
	assert_int_equal((bank->unactive | bank->setactive) & ~bank->listed, 0);
	if (nr != 0) {
		assert_int_equal(bank->unpend & ~bank->listed, 0);
		assert_int_equal(bank->phys & ~bank->hw, 0);
	}
}

void machine_check(void)
{
	u32 listed[NR_IRQS / 32 + NR_VCPUS] = {0}; /* SPI banks from 1 on, then vCPUs' */

	for (u32 core = 0; core < NR_CORES; core++) {
		struct vcpu *vcpu = loaded[core];

		for (u32 n = 0; vcpu != NULL && n < vcpu->vgic.nr_used; n++) {
			u32 intid = vcpu->vgic.lr_intid[n];
			u32 bank = intid < 32 ? NR_IRQS / 32 + vcpu->index : intid / 32;

			if (intid == 1020) {
				continue;
			}
			assert_int_equal(ICH_LR_INTID(ich[core].lr[n]), intid);
			assert_int_equal(listed[bank] >> intid % 32 & 1, 0);
			listed[bank] |= 1u << intid % 32;
			if (intid >= 32) {
				struct vgic_spis *spis = &machine_vm.vgic.pages[0][intid / 32 - 1];

				assert_int_equal(spis->owner[intid % 32], vcpu->index);
			}
			assert_true((vcpu->vgic.ready >> intid / 32 & 1) != 0);
		}
		if (vcpu != NULL) {
			for (u32 n = vcpu->vgic.nr_used; n < 16; n++) {
				assert_int_equal(ich[core].lr[n], 0);
			}
		}
	}
	for (u32 nr = 1; nr < NR_IRQS / 32; nr++) {
		struct vgic_spis *spis = &machine_vm.vgic.pages[0][nr - 1];

		check_bank(&spis->bank, nr);
		assert_int_equal(spis->bank.listed, listed[nr]);
	}
	for (u32 i = 0; i < NR_VCPUS; i++) {
		check_bank(&vcpus[i].vgic.bank, 0);
		assert_int_equal(vcpus[i].vgic.bank.listed, listed[NR_IRQS / 32 + i]);
	}
}
