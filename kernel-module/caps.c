// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_CHECK_EXTENSION: what this module can do, as KVM's capabilities say it.
 *
 * Whatever is not in the table is answered with 0. Worth knowing about some that are missing:
 * SYNC_MMU (guest memory is pinned: changes of the process's mappings do not reach the guest),
 * SIGNAL_MSI and MSI routes (there is no ITS), IRQFD_RESAMPLE (the hypervisor does not report the
 * end of an interrupt), COALESCED_MMIO, dirty logging, SVE, PMU, 32-bit guests.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kvm.h>
#include <linux/minmax.h>

#include <asm/cpufeature.h>
#include <asm/hw_breakpoint.h>
#include <asm/sysreg.h>

#include <uapi/hyp.h>
#include "module.h"
#include "route.h"

static const struct {
	u32 cap;
	int value;
} caps_fixed[] = {
	{KVM_CAP_USER_MEMORY, 1},
	{KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1},
	{KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1},
	{KVM_CAP_READONLY_MEM, 1},
	{KVM_CAP_NR_MEMSLOTS, SLOTS_MAX},
	{KVM_CAP_MAX_VCPUS, MODULE_MAX_VCPUS},
	{KVM_CAP_MAX_VCPU_ID, MODULE_MAX_VCPUS},
	{KVM_CAP_ONE_REG, 1},
	{KVM_CAP_MP_STATE, 1},
	{KVM_CAP_VCPU_ATTRIBUTES, 1},
	{KVM_CAP_IMMEDIATE_EXIT, 1},
	{KVM_CAP_INTERNAL_ERROR_DATA, 1},
	{KVM_CAP_SYSTEM_EVENT_DATA, 1},
	{KVM_CAP_CHECK_EXTENSION_VM, 1},
	{KVM_CAP_ENABLE_CAP_VM, 1},
	{KVM_CAP_DEVICE_CTRL, 1},
	{KVM_CAP_IRQCHIP, 1},
	{KVM_CAP_IRQFD, 1},
	{KVM_CAP_IRQ_ROUTING, ROUTE_MAX},
	{KVM_CAP_IOEVENTFD, 1},
	{KVM_CAP_IOEVENTFD_ANY_LENGTH, 1},
	{KVM_CAP_ARM_PSCI, 1},
	{KVM_CAP_ARM_PSCI_0_2, 1},
	{KVM_CAP_ARM_IRQ_LINE_LAYOUT_2, 1},
	{KVM_CAP_ARM_NISV_TO_USER, 1},
	{KVM_CAP_VCPU_EVENTS, 1},
	{KVM_CAP_ARM_INJECT_EXT_DABT, 1},
	{KVM_CAP_ARM_SYSTEM_SUSPEND, 1},
	{HYP_CAP_HYP, HYP_CALL_ABI},
	{HYP_CAP_PROTECTED, 1},
	{HYP_CAP_MEMORY, 1},
};

/* ID_AA64MMFR0_EL1.PARange, Arm ARM D17.2.64. */
static unsigned int caps_ipa_bits(void)
{
	static const u8 bits[] = {32, 36, 40, 42, 44, 48, 52};
	u64 mmfr0 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);
	unsigned int range = mmfr0 & 0xf;

	return min_t(unsigned int, range < ARRAY_SIZE(bits) ? bits[range] : 48, MODULE_IPA_MAX);
}

long caps_check(const struct vm *vm, unsigned long cap)
{
	unsigned int i;

	switch (cap) {
	case KVM_CAP_NR_VCPUS:
		return min_t(unsigned int, num_online_cpus(), MODULE_MAX_VCPUS);
	case KVM_CAP_ARM_VM_IPA_SIZE:
		return caps_ipa_bits();
	case KVM_CAP_SET_GUEST_DEBUG:
		return !(vm && vm->protected);
	case KVM_CAP_GUEST_DEBUG_HW_BPS:
		return vm && vm->protected ? 0 : get_num_brps();
	case KVM_CAP_GUEST_DEBUG_HW_WPS:
		return vm && vm->protected ? 0 : get_num_wrps();
	case KVM_CAP_STEAL_TIME:
		return stolen_is_offered(vm);
	}
	for (i = 0; i < ARRAY_SIZE(caps_fixed); i++) {
		if (caps_fixed[i].cap == cap) {
			return caps_fixed[i].value;
		}
	}
	return 0;
}
