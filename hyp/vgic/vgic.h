/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual GICv3 (Arm IHI 0069): what the rest of EL2 calls.
 *
 * Each VM has a distributor (struct vgic_dist) and each vCPU a redistributor, its private
 * interrupts and its share of list registers (struct vgic_cpu). The CPU interface is the
 * hardware's (ICH_*): a vCPU acknowledges and ends interrupts without leaving the VM.
 *
 * Only the core that has a vCPU loaded touches the hardware list registers. Another core that
 * makes an interrupt pending changes the software state under the lock, and calls
 * vcpu_request(vcpu, VCPU_REQ_VGIC); the owner then runs vgic_flush().
 */
#ifndef VGIC_VGIC_H
#define VGIC_VGIC_H

#include <core/lock.h>
#include <core/types.h>
#include <vgic/state.h> /* struct vgic_dist, struct vgic_cpu */

struct vm;
struct vcpu;

/* VM life. nr_irqs: INTIDs from 0, a multiple of 32, at most 1024 - 4 reserved. Allocates from
 * the VM's pool: HYP_E_NOMEM. Registers read as after reset afterwards. */
int vgic_vm_config(struct vm *vm, ipaddr_t gicd, ipaddr_t gicr, u32 nr_irqs) __must_check;
void vgic_vm_reset(struct vm *vm);
/* Releases what the VM holds of the hardware: forwarded interrupts are disabled and deactivated. */
void vgic_vm_destroy(struct vm *vm);
/* A vCPU comes to exist; its redistributor is frame vcpu->index of the VM's. */
int vgic_vcpu_init(struct vcpu *vcpu) __must_check;
/* The vCPU was powered on or reset, and is not loaded: its CPU interface (ICC_*) is as after
 * reset. Its redistributor keeps what it has; vgic_vm_reset() resets that. */
void vgic_vcpu_reset(struct vcpu *vcpu);

/* Switch, on the core itself, interrupts masked: hardware ICH_* to and from the vCPU. A load
 * includes a flush; a request for one made before it may be dropped. Put before the vCPU's
 * virtual timer is switched off. */
void vgic_load(struct vcpu *vcpu);
void vgic_put(struct vcpu *vcpu);
/* Before entry, when VCPU_REQ_VGIC was set: takes back what the guest did with its list
 * registers, and refills them with the most urgent pending interrupts. */
void vgic_flush(struct vcpu *vcpu);
/* The maintenance interrupt was taken while the vCPU is loaded. */
void vgic_maintenance(struct vcpu *vcpu);

/* Whether an interrupt would be signalled to the vCPU if it ran now (ignoring PSTATE.I):
 * enabled group and INTID, pending, priority above PMR and running priority. Used by WFI and by
 * the entry of VCPU_RUN for the caller. The loaded vCPU, or one that is not loaded anywhere. */
bool vgic_has_pending(struct vcpu *vcpu);

/* The same of a vCPU that is suspended: its CPU interface is off, and any interrupt that the
 * distributor forwards asks for its wake-up (GICR_WAKER). */
bool vgic_wakes(struct vcpu *vcpu);

/* An access to the VM's GICD or GICR frames. True if ipa lies in them; *value is the read's
 * result or the write's data, bytes is 1, 2, 4 or 8. Bad accesses read 0 and ignore writes. */
bool vgic_mmio(struct vcpu *vcpu, ipaddr_t ipa, bool write, u32 bytes, u64 *value);
/* A trapped write of ICC_SGI1R_EL1 (sgi 1), ICC_ASGI1R_EL1 (2) or ICC_SGI0R_EL1 (0). */
void vgic_sgi(struct vcpu *vcpu, u64 value, u32 group);
/* A trapped write of ICC_DIR_EL1: only while more interrupts are active than fit. */
void vgic_dir(struct vcpu *vcpu, u64 value);

/* Interrupt lines. SPI: vcpu ignored (may be NULL). Level lines follow level; edge lines pend at
 * each call with level true. HYP_E_INVAL: no such INTID, or a hardware SPI. Any core. */
int vgic_set_line(struct vm *vm, struct vcpu *vcpu, u32 intid, bool level);

/* Hardware SPIs. forward: pirq becomes vm's virq (LR.HW = 1, the guest's deactivation ends it);
 * enable, trigger mode and routing follow the VM's distributor. HYP_E_INVAL: no such pirq or virq;
 * HYP_E_EXIST: either is forwarded already. release: HYP_E_INVAL if it is not forwarded. */
int vgic_forward(struct vm *vm, u32 pirq, u32 virq) __must_check;
int vgic_release(u32 pirq) __must_check;
/* A hardware SPI was acknowledged (priority dropped, still active) on this core. */
void vgic_hw_spi(u32 pirq);
/* This core's virtual timer PPI was acknowledged: pend it, hardware linked, for the current vCPU.
 * Or: a vCPU that is about to be loaded has a virtual timer that expired meanwhile (spares it the
 * exit that the hardware's interrupt would cost). */
void vgic_hw_vtimer(struct vcpu *vcpu);

/* KVM-style register access for save and restore; the VM's vCPUs do not run (the caller checks).
 * group is enum hyp_vgic_group. HYP_E_INVAL: no such group, vCPU or register, or a value it cannot
 * take. Semantics: Linux, Documentation/virt/kvm/devices/arm-vgic-v3.rst. */
int vgic_reg_get(struct vm *vm, u32 group, u64 mpidr, u32 reg, u64 *value) __must_check;
int vgic_reg_set(struct vm *vm, u32 group, u64 mpidr, u32 reg, u64 value) __must_check;

#endif
