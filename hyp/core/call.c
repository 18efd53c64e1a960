/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dispatch of calls. SMC reaches the firmware for nobody: what a VM may ask for is answered here,
 * or asked of the firmware on the host's behalf from a fixed list (PSCI's system calls, TRNG).
 */
#include <core/call.h>
#include <core/psci.h>
#include <core/run.h>
#include <core/vm.h>
#include <el2/entropy.h>
#include <hyp/error.h>

#define SMCCC_VERSION       0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_TRNG_VERSION  0x84000050u
#define SMCCC_TRNG_FEATURES 0x84000051u
#define SMCCC_TRNG_UUID     0x84000052u
#define SMCCC_TRNG_RND      0x84000053u
#define SMCCC_UID           0x8600ff01u
#define SMCCC_REVISION      0x8600ff03u
#define SMCCC_PV_FEATURES   0xc5000020u /* PV_TIME_FEATURES */
#define SMCCC_PV_STOLEN     0xc5000021u /* PV_TIME_ST */
#define SMCCC_64BIT         0x40000000u
#define SMCCC_SUCCESS       0
#define SMCCC_NOT_SUPPORTED (-1)

#define SMCCC_VERSION_VALUE 0x10002u

/* b7f8d3a4-5e0c-4d11-9a6b-2c1f0e8d7a35 */
#define UID_0 0xa4d3f8b7u
#define UID_1 0x114d0c5eu
#define UID_2 0x1f2c6b9au
#define UID_3 0x357a8d0eu

#define CALL_ENTRY(name, nr, nr_args, args, doc) [nr] = call_##name,
static const call_t calls[HYP_NR_CALLS] = {HYP_CALLS(CALL_ENTRY)};
#undef CALL_ENTRY

bool call_fast(struct vcpu *vcpu)
{
	u64 *x = vcpu->regs.x;

	switch ((u32)x[0]) {
	case SMCCC_VERSION:
		x[0] = SMCCC_VERSION_VALUE;
		return true;
	case HYP_CALL_BASE + HYP_CALL_version:
		x[0] = HYP_OK;
		x[1] = HYP_CALL_ABI;
		x[2] = HYP_NR_CALLS;
		return true;
	default:
		return false;
	}
}

/* PV_TIME_FEATURES (DEN0057): whether the VM can ask for a paravirtualized time. */
static s64 pv_features(const struct vcpu *vcpu, u32 function)
{
	bool known = function == SMCCC_PV_FEATURES || function == SMCCC_PV_STOLEN;

	return known && vcpu->stolen_ipa != HYP_NO_STOLEN ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
}

/* No workaround call is offered (DEN0070). */
static s64 arch_features(const struct vcpu *vcpu, u32 function)
{
	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return SMCCC_SUCCESS;
	case SMCCC_PV_FEATURES:
		return pv_features(vcpu, function);
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

/* TRNG (DEN0098): bits of entropy, from the core's own generator. */
static void trng(u64 *x)
{
	u32 function = (u32)x[0] & ~SMCCC_64BIT;
	u64 bits = x[1];
	u64 words[3] = {0};

	if (!entropy_available()) {
		x[0] = (u64)(s64)SMCCC_NOT_SUPPORTED;
		return;
	}
	switch (function) {
	case SMCCC_TRNG_VERSION:
		x[0] = 0x10000;
		return;
	case SMCCC_TRNG_FEATURES:
		x[0] = (u64)(s64)(((u32)x[1] & ~SMCCC_64BIT) - SMCCC_TRNG_VERSION <= 3
					  ? SMCCC_SUCCESS
					  : SMCCC_NOT_SUPPORTED);
		return;
	case SMCCC_TRNG_UUID:
		x[0] = UID_0;
		x[1] = UID_1;
		x[2] = UID_2;
		x[3] = UID_3;
		return;
	default:
		break;
	}
	bool wide = ((u32)x[0] & SMCCC_64BIT) != 0;

	if (bits == 0 || bits > (wide ? 192 : 96)) {
		x[0] = (u64)(s64)-2; /* INVALID_PARAMETERS */
		return;
	}
	for (u32 i = 0; i < 3; i++) {
		if (!entropy_read(&words[i])) {
			x[0] = (u64)(s64)-3; /* NO_ENTROPY */
			return;
		}
		words[i] = wide ? words[i] : (u32)words[i];
	}
	x[0] = SMCCC_SUCCESS;
	x[1] = words[2]; /* most significant first; bits past the request are zero */
	x[2] = words[1];
	x[3] = words[0];
	for (u32 i = 0, width = wide ? 64 : 32; i < 3; i++) {
		u64 left = bits > i * width ? bits - i * width : 0;

		x[3 - i] &= left >= width ? ~0ull : (1ull << left) - 1;
	}
}

/* The hypervisor's own calls. */
static struct vcpu *own_call(struct vcpu *vcpu, u32 nr)
{
	u64 *x = vcpu->regs.x;
	int error = HYP_E_NOSYS;

	if (nr == HYP_CALL_vcpu_run) {
		struct vcpu *target =
			handle_get(vcpu->vm, x[1], HYP_OBJECT_VCPU, HYP_RIGHT_RUN, &error);

		/* Only a vCPU that EL2 schedules has time to give. */
		if (target && !vcpu_is_proxy(vcpu)) {
			return run_enter(vcpu, target, x[2], x[3]);
		}
		error = target ? HYP_E_DENIED : error;
	} else if (nr < HYP_NR_CALLS && calls[nr]) {
		error = calls[nr](vcpu, x);
	}
	x[0] = (u64)(s64)error;
	return vcpu;
}

struct vcpu *call_smccc(struct vcpu *vcpu)
{
	u64 *x = vcpu->regs.x;
	u32 function = (u32)x[0];

	if ((function & ~0xffffu) == HYP_CALL_BASE) {
		return own_call(vcpu, function & 0xffff);
	}
	if ((function & ~PSCI_64BIT) >= PSCI_VERSION && (function & ~PSCI_64BIT) <= PSCI_LAST) {
		return psci_call(vcpu);
	}
	if ((function & ~SMCCC_64BIT) >= SMCCC_TRNG_VERSION &&
	    (function & ~SMCCC_64BIT) <= SMCCC_TRNG_RND) {
		trng(x);
		return vcpu;
	}
	switch (function) {
	case SMCCC_VERSION:
		x[0] = SMCCC_VERSION_VALUE;
		break;
	case SMCCC_ARCH_FEATURES:
		x[0] = (u64)arch_features(vcpu, (u32)x[1]);
		break;
	case SMCCC_PV_FEATURES:
		x[0] = (u64)pv_features(vcpu, (u32)x[1]);
		break;
	case SMCCC_PV_STOLEN:
		x[0] = vcpu->stolen_ipa; /* HYP_NO_STOLEN is NOT_SUPPORTED */
		break;
	case SMCCC_UID:
		x[0] = UID_0;
		x[1] = UID_1;
		x[2] = UID_2;
		x[3] = UID_3;
		break;
	case SMCCC_REVISION:
		x[0] = HYP_CALL_ABI;
		x[1] = 0;
		break;
	default:
		x[0] = (u64)(s64)SMCCC_NOT_SUPPORTED;
	}
	return vcpu;
}
