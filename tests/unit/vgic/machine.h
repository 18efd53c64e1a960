/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine for the virtual GIC to run on: cores with ICH registers, a physical distributor, one
 * VM, and what a guest's instructions do to the virtual CPU interface.
 *
 * The test is always "on" one core (machine_on()). A request to a vCPU that is loaded on another
 * core is served there at once, as if that core had taken the kick; one to the vCPU of this core
 * waits until the guest goes on.
 */
#ifndef TESTS_VGIC_MACHINE_H
#define TESTS_VGIC_MACHINE_H

#include <core/cpu.h>
#include <core/vm.h>
#include <el2/ich.h>

#define NR_CORES 3u
#define NR_VCPUS 4u
#define NR_IRQS  256u
#define GICD     0x08000000ull
#define GICR     0x080a0000ull
#define NONE     1023u

#define VTIMER 27u

struct fake_pirq {
	bool enabled;
	bool pending; /* latched */
	bool line;
	bool edge;
	bool active;
	bool taken; /* by EL2; the test clears it */
	u32 core;
};

extern struct vm machine_vm;
extern struct fake_pirq machine_pirqs[1020];
extern u32 machine_nr_requests; /* vcpu_request() calls so far */
extern u32 machine_nr_maintenance;

/* A fresh machine; vCPUs exist, none is loaded; the distributor is configured and enabled, all
 * CPU interfaces let everything through. */
void machine_init(u32 nr_lrs);
/* The same without a configured GIC and without vCPUs. */
void machine_init_bare(u32 nr_lrs);
struct vcpu *machine_add_vcpu(u32 index);

void machine_on(u32 core);
u32 machine_core(void);
/* Loads a vCPU on this core, or NULL: nothing; puts what was there. */
void machine_load(struct vcpu *vcpu);
bool machine_vtimer_active(u32 core); /* the physical PPI */
void machine_take_vtimer(u32 core);   /* EL2 acknowledges it, wherever it came from */
void machine_set_vtimer(u32 core, bool asserted);

/* Lets hardware interrupts and requests through until nothing moves; fails if that never ends. */
void machine_settle(void);

/* What the guest on this core does. ack: INTID or NONE. */
u32 guest_ack(void);
void guest_eoi(u32 intid);
void guest_dir(u32 intid);
u32 guest_running_priority(void);

u64 mmio_read(struct vcpu *vcpu, u64 ipa, u32 bytes);
void mmio_write(struct vcpu *vcpu, u64 ipa, u32 bytes, u64 value);
/* Offsets of registers with one bit an interrupt: word is GICD_*'s offset for INTID 0. */
u64 bit_register(struct vcpu *vcpu, u32 intid, u32 offset);
void write_bit(struct vcpu *vcpu, u32 intid, u32 offset);
bool read_bit(struct vcpu *vcpu, u32 intid, u32 offset);
void write_priority(struct vcpu *vcpu, u32 intid, u32 priority);

/* Structure: listed bits, list registers and owners agree. */
void machine_check(void);

#define IGROUPR    0x080u
#define ISENABLER  0x100u
#define ICENABLER  0x180u
#define ISPENDR    0x200u
#define ICPENDR    0x280u
#define ISACTIVER  0x300u
#define ICACTIVER  0x380u
#define IPRIORITYR 0x400u
#define ICFGR      0xc00u
#define IROUTER    0x6000u

#endif
