// SPDX-License-Identifier: BSD-3-Clause
/* kernel-module/regid.c: KVM's register ids against the hypervisor's numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hyp/calls.h>
#include "regid.h"

#define CORE      (KVM_REG_ARM64 | KVM_REG_ARM_CORE)
#define OFFSET(f) (offsetof(struct kvm_regs, f) / 4)

static void expect(u64 id, enum regid_kind kind, u32 nr, u32 bytes)
{
	struct regid reg;

	assert_int_equal(regid_parse(id, &reg), 0);
	assert_int_equal(reg.kind, kind);
	assert_int_equal(reg.nr, nr);
	assert_int_equal(reg.bytes, bytes);
}

static void test_core(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < 31; i++) {
		expect(CORE | KVM_REG_SIZE_U64 | (2 * i), REGID_REG, HYP_REG_X(i), 8);
	}
	expect(CORE | KVM_REG_SIZE_U64 | OFFSET(regs.sp), REGID_REG, HYP_REG_SP_EL0, 8);
	expect(CORE | KVM_REG_SIZE_U64 | OFFSET(regs.pc), REGID_REG, HYP_REG_PC, 8);
	expect(CORE | KVM_REG_SIZE_U64 | OFFSET(regs.pstate), REGID_REG, HYP_REG_PSTATE, 8);
	expect(CORE | KVM_REG_SIZE_U64 | OFFSET(sp_el1), REGID_REG, HYP_REG_SP_EL1, 8);
	expect(CORE | KVM_REG_SIZE_U64 | OFFSET(elr_el1), REGID_REG, HYP_REG_ELR_EL1, 8);
	expect(CORE | KVM_REG_SIZE_U64 | OFFSET(spsr[0]), REGID_REG, HYP_REG_SPSR_EL1, 8);
	for (i = 1; i < KVM_NR_SPSR; i++) {
		expect(CORE | KVM_REG_SIZE_U64 | (OFFSET(spsr[0]) + 2 * i), REGID_SHADOW, i, 8);
	}
	for (i = 0; i < 32; i++) {
		expect(CORE | KVM_REG_SIZE_U128 | (OFFSET(fp_regs.vregs[0]) + 4 * i), REGID_FP, i,
		       16);
	}
	expect(CORE | KVM_REG_SIZE_U32 | OFFSET(fp_regs.fpsr), REGID_REG32, HYP_REG_FPSR, 4);
	expect(CORE | KVM_REG_SIZE_U32 | OFFSET(fp_regs.fpcr), REGID_REG32, HYP_REG_FPCR, 4);
}

static void test_timers_and_system(void **state)
{
	(void)state;
	expect(KVM_REG_ARM_TIMER_CTL, REGID_REG, HYP_REG_CNTV_CTL, 8);
	expect(KVM_REG_ARM_TIMER_CVAL, REGID_REG, HYP_REG_CNTV_CVAL, 8);
	expect(KVM_REG_ARM_TIMER_CNT, REGID_REG, HYP_REG_CNTVCT, 8);
	expect(ARM64_SYS_REG(3, 0, 1, 0, 0), REGID_REG, HYP_REG_SYS(3, 0, 1, 0, 0), 8);
	expect(ARM64_SYS_REG(3, 3, 13, 0, 2), REGID_REG, HYP_REG_SYS(3, 3, 13, 0, 2), 8);
	expect(KVM_REG_ARM_PSCI_VERSION, REGID_PSCI, 0, 8);
}

static void test_bad(void **state)
{
	struct regid reg;

	(void)state;
	assert_int_equal(regid_parse(0, &reg), -EINVAL);
	assert_int_equal(regid_parse(~0ull, &reg), -EINVAL);
	assert_int_equal(regid_parse(KVM_REG_X86 | KVM_REG_SIZE_U64, &reg), -EINVAL);
	assert_int_equal(regid_parse(CORE | KVM_REG_SIZE_U64 | 1, &reg), -ENOENT);
	assert_int_equal(regid_parse(CORE | KVM_REG_SIZE_U64 | 0xffff, &reg), -ENOENT);
	assert_int_equal(regid_parse(CORE | KVM_REG_SIZE_U32 | 0, &reg), -EINVAL);
	assert_int_equal(regid_parse(CORE | KVM_REG_SIZE_U64 | OFFSET(fp_regs.vregs[3]), &reg),
			 -EINVAL);
	assert_int_equal(regid_parse(ARM64_SYS_REG(3, 0, 1, 0, 0) ^ KVM_REG_SIZE_U64, &reg),
			 -EINVAL);
	assert_int_equal(regid_parse(KVM_REG_ARM_FW_REG(1), &reg), -ENOENT);
	assert_int_equal(
		regid_parse(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP, &reg),
		-ENOENT);
}

/* Whatever the list names can be parsed; nothing twice; random ids never go outside. */
static void test_list(void **state)
{
	struct regid reg;
	u32 nr;
	u32 i;
	u32 j;

	(void)state;
	for (nr = 0; regid_list(nr); nr++) {
		assert_int_equal(regid_parse(regid_list(nr), &reg), 0);
	}
	assert_true(nr > 100);
	for (i = 0; i < nr; i++) {
		for (j = 0; j < i; j++) {
			assert_int_not_equal(regid_list(i), regid_list(j));
		}
	}
	srandom(3);
	for (i = 0; i < 1000000; i++) {
		u64 id = KVM_REG_ARM64 | (u64)(random() & 0xf) << 52 |
			 (u64)(random() & 0x1f) << 16 | (u64)(random() & 0xfff);

		if (!regid_parse(id, &reg)) {
			assert_true(reg.bytes <= 16);
			assert_true(reg.kind != REGID_FP || reg.nr < 32);
			assert_true(reg.kind != REGID_SHADOW ||
				    (reg.nr > 0 && reg.nr < KVM_NR_SPSR));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_timers_and_system),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests_name("module regid", tests, NULL, NULL);
}
