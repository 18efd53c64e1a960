// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the hypervisor's exits to KVM's (struct kvm_run).
 *
 * The kvm_run page is shared with user space, which may write to it at any moment: the functions
 * here write it, and read only the data of a finished MMIO read, once.
 */
#include "exit.h"

/* ESR_ELx, Arm ARM D17.2.37 (data abort). */
#define ESR_EC(esr)	     (((esr) >> 26) & 0x3f)
#define ESR_EC_IABT	     0x20
#define ESR_ISS_MASK	     0x1ffffffULL
#define ESR_DABT_S1PTW	     (1ULL << 7)
#define ESR_DABT_CM	     (1ULL << 8)
#define ESR_DABT_SF	     (1ULL << 15)
#define ESR_DABT_SRT(esr)    (((esr) >> 16) & 0x1f)
#define ESR_DABT_SSE	     (1ULL << 21)

enum exit_class exit_classify(const struct exit_fault *fault)
{
	if (ESR_EC(fault->esr) == ESR_EC_IABT || (fault->esr & ESR_DABT_S1PTW)) {
		return EXIT_ABORT;
	}
	if (fault->esr & ESR_DABT_CM) {
		return EXIT_SKIP;
	}
	return (fault->access & HYP_MMIO_VALID) ? EXIT_MMIO : EXIT_NISV;
}

void exit_fill_mmio(struct kvm_run *run, const struct exit_fault *fault)
{
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = fault->ipa;
	run->mmio.len = HYP_MMIO_BYTES(fault->access);
	run->mmio.is_write = (fault->access & HYP_MMIO_WRITE) != 0;
	memcpy(run->mmio.data, &fault->data, sizeof(run->mmio.data));
}

void exit_fill_nisv(struct kvm_run *run, const struct exit_fault *fault)
{
	run->exit_reason = KVM_EXIT_ARM_NISV;
	run->arm_nisv.esr_iss = fault->esr & ESR_ISS_MASK;
	run->arm_nisv.fault_ipa = fault->ipa;
}

void exit_fill_debug(struct kvm_run *run, u64 esr, u64 far)
{
	run->exit_reason = KVM_EXIT_DEBUG;
	run->debug.arch.hsr = (u32)esr;
	run->debug.arch.far = far;
}

void exit_fill_error(struct kvm_run *run, u64 esr, u64 far, u64 elr)
{
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON;
	run->internal.ndata = 3;
	run->internal.data[0] = esr;
	run->internal.data[1] = far;
	run->internal.data[2] = elr;
}

bool exit_fill_system(struct kvm_run *run, u64 function)
{
	memset(&run->system_event, 0, sizeof(run->system_event));
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.ndata = 1;
	switch ((u32)function) {
	case PSCI_0_2_FN_SYSTEM_OFF:
		run->system_event.type = KVM_SYSTEM_EVENT_SHUTDOWN;
		return true;
	case PSCI_0_2_FN_SYSTEM_RESET:
		run->system_event.type = KVM_SYSTEM_EVENT_RESET;
		return true;
	case PSCI_1_1_FN_SYSTEM_RESET2:
	case PSCI_1_1_FN64_SYSTEM_RESET2:
		run->system_event.type = KVM_SYSTEM_EVENT_RESET;
		run->system_event.data[0] = KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2;
		return true;
	case PSCI_1_0_FN_SYSTEM_SUSPEND:
	case PSCI_1_0_FN64_SYSTEM_SUSPEND:
		run->system_event.type = KVM_SYSTEM_EVENT_SUSPEND;
		run->system_event.ndata = 0;
		return true;
	default:
		return false;
	}
}

void exit_fill_wakeup(struct kvm_run *run)
{
	memset(&run->system_event, 0, sizeof(run->system_event));
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.type = KVM_SYSTEM_EVENT_WAKEUP;
}

u64 exit_mmio_data(const struct kvm_run *run, u32 bytes)
{
	u64 data = *(const volatile u64 *)run->mmio.data;

	return bytes < 8 ? data & ((1ULL << (8 * bytes)) - 1) : data;
}

u32 exit_load_register(u64 esr)
{
	return (u32)ESR_DABT_SRT(esr);
}

u64 exit_load_value(u64 esr, u32 bytes, u64 data)
{
	if ((esr & ESR_DABT_SSE) && bytes < 8) {
		u32 shift = 64 - 8 * bytes;

		data = (u64)((s64)(data << shift) >> shift);
	}
	return (esr & ESR_DABT_SF) ? data : (u32)data;
}
