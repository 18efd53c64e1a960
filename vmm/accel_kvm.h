/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accel_kvm.h: what accel_kvm.c (VM, interrupts, running) and accel_kvm_vcpu.c (registers, time)
 * share.
 */
#ifndef VMM_ACCEL_KVM_H
#define VMM_ACCEL_KVM_H

#include "accel.h"

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>

struct kvm_vcpu {
	struct accel_vcpu base;
	int fd;
	struct kvm_run *run;
	uint64_t resume_pc, resume_x0; /* where a guest that suspended itself goes on */
	pthread_t thread;              /* valid once has_thread */
	atomic_bool has_thread;
	/* Exits; written by the vCPU's own thread only. */
	atomic_ulong nr_mmio;
	atomic_ulong nr_kicked;
	atomic_ulong nr_other;
};

struct kvm_accel {
	struct accel base;
	struct bus *bus;
	int dev_fd, vm_fd, gic_fd;
	int run_size;
	unsigned int bits; /* of a guest physical address */
	unsigned int nr_vcpus;
	struct kvm_vcpu **vcpus;
	uint64_t paused_count; /* virtual counter while paused */
	_Atomic uint32_t
		spi_levels[32]; /* as last told to the kernel: a device often repeats itself */
};

static inline struct kvm_accel *kvm_of(struct accel *accel)
{
	return (struct kvm_accel *)accel;
}

/* ioctls that return a negative errno on failure. */
int kvm_vm_ioctl(struct kvm_accel *kvm, unsigned long request, void *argument);
int kvm_vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long request, void *argument);
int kvm_check(struct kvm_accel *kvm, unsigned long capability);

/* KVM_ARM_VCPU_INIT, and the vCPU's affinity. */
int kvm_vcpu_power_on(struct kvm_vcpu *vcpu, bool powered_off);
/* The access that the vCPU is at fails as on a bus without a device. */
int kvm_vcpu_inject_abort(struct kvm_vcpu *vcpu);
/* Logs pc and friends of a vCPU that cannot go on. */
void kvm_vcpu_log_state(struct kvm_vcpu *vcpu);

/* Entries of struct accel_ops. */
int kvm_vcpu_init(struct accel_vcpu *vcpu, const struct accel_vcpu_init *init);
int kvm_vcpu_get_regs(struct accel_vcpu *vcpu, struct accel_regs *regs);
int kvm_vcpu_set_regs(struct accel_vcpu *vcpu, const struct accel_regs *regs);
/* PSCI SYSTEM_SUSPEND by the guest (DEN0022 5.20), and the interrupt that ends it. */
int kvm_vcpu_suspend(struct kvm_vcpu *vcpu);
int kvm_vcpu_wake(struct kvm_vcpu *vcpu);
void kvm_pause(struct accel *accel);
void kvm_resume(struct accel *accel);

extern const struct accel_ops accel_kvm, accel_shim;

#endif
