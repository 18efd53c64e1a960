// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST.
 *
 * regid.c says which of the hypervisor's registers an id means; here the values move. A register
 * that cannot be written (an ID register, MPIDR) may be "set" to the value it has: that is what a
 * VMM does that restores all registers it once read.
 */
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include <uapi/linux/psci.h>

#include "errors.h"
#include "module.h"
#include "regid.h"

/* The PSCI version every guest sees. */
#define REG_PSCI_VERSION 0x10001u

struct reg_value {
	u64 low;
	u64 high;
};

static int reg_error(long error)
{
	/* KVM's word for "this vCPU has no such register". */
	return error == HYP_E_INVAL || error == HYP_E_ADDR ? -ENOENT : errors_to_errno(error);
}

static int reg_read(struct vcpu *vcpu, const struct regid *reg, struct reg_value *value)
{
	struct hyp_result result;

	*value = (struct reg_value){};
	switch (reg->kind) {
	case REGID_SHADOW:
		value->low = vcpu->spsr[reg->nr];
		return 0;
	case REGID_PSCI:
		value->low = REG_PSCI_VERSION;
		return 0;
	case REGID_FP:
		result = PATIENTLY(hyp_vcpu_fpreg_get(vcpu->handle, reg->nr));
		value->high = result.v[1];
		break;
	default:
		result = PATIENTLY(hyp_vcpu_reg_get(vcpu->handle, reg->nr));
	}
	value->low = result.v[0];
	return reg_error(result.error);
}

static int reg_write(struct vcpu *vcpu, const struct regid *reg, const struct reg_value *value)
{
	struct hyp_result result;
	struct reg_value now;

	switch (reg->kind) {
	case REGID_SHADOW:
		vcpu->spsr[reg->nr] = value->low;
		return 0;
	case REGID_PSCI:
		return value->low == REG_PSCI_VERSION ? 0 : -EINVAL;
	case REGID_FP:
		result = PATIENTLY(
			hyp_vcpu_fpreg_set(vcpu->handle, reg->nr, value->low, value->high));
		break;
	default:
		result = PATIENTLY(hyp_vcpu_reg_set(vcpu->handle, reg->nr, value->low));
	}
	if (!result.error || result.error == HYP_E_BUSY) {
		return errors_to_errno(result.error);
	}
	if (reg_read(vcpu, reg, &now)) {
		return reg_error(result.error);
	}
	return now.low == value->low && now.high == value->high ? 0 : -EINVAL;
}

int reg_get(struct vcpu *vcpu, const struct kvm_one_reg *args)
{
	struct reg_value value;
	struct regid reg;
	int rc = regid_parse(args->id, &reg);

	if (!rc) {
		rc = reg_read(vcpu, &reg, &value);
	}
	if (rc) {
		return rc;
	}
	/* Little-endian: a 4-byte register is the first half of low. */
	return copy_to_user(u64_to_user_ptr(args->addr), &value, reg.bytes) ? -EFAULT : 0;
}

int reg_set(struct vcpu *vcpu, const struct kvm_one_reg *args)
{
	struct reg_value value = {};
	struct regid reg;
	int rc = regid_parse(args->id, &reg);

	if (rc) {
		return rc;
	}
	if (copy_from_user(&value, u64_to_user_ptr(args->addr), reg.bytes)) {
		return -EFAULT;
	}
	return reg_write(vcpu, &reg, &value);
}

static bool reg_exists(struct vcpu *vcpu, u64 id)
{
	struct reg_value value;
	struct regid reg;

	return !regid_is_sysreg(id) || (!regid_parse(id, &reg) && !reg_read(vcpu, &reg, &value));
}

/* E2BIG with the number that would be needed, if there is less room. */
int reg_list(struct vcpu *vcpu, struct kvm_reg_list __user *list)
{
	u64 room;
	u64 nr = 0;
	u64 id;
	u32 i;

	if (get_user(room, &list->n)) {
		return -EFAULT;
	}
	for (i = 0; (id = regid_list(i)) != 0; i++) {
		if (!reg_exists(vcpu, id)) {
			continue;
		}
		if (nr < room && put_user(id, &list->reg[nr])) {
			return -EFAULT;
		}
		nr++;
	}
	if (put_user(nr, &list->n)) {
		return -EFAULT;
	}
	return nr > room ? -E2BIG : 0;
}
