// SPDX-License-Identifier: BSD-3-Clause
/* kernel-module/exit.c: the hypervisor's exits as KVM's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "exit.h"

#define ESR(ec, iss) ((u64)(ec) << 26 | (iss))
#define DABT         0x24
#define IABT         0x20
#define ISV          (1u << 24)

static void test_classify(void **state)
{
	struct exit_fault fault = {.esr = ESR(DABT, ISV), .access = HYP_MMIO_VALID | 4};

	(void)state;
	assert_int_equal(exit_classify(&fault), EXIT_MMIO);
	fault.access = 0;
	assert_int_equal(exit_classify(&fault), EXIT_NISV);
	fault.esr = ESR(DABT, 1u << 8); /* CM */
	assert_int_equal(exit_classify(&fault), EXIT_SKIP);
	fault.esr = ESR(DABT, 1u << 7); /* S1PTW */
	assert_int_equal(exit_classify(&fault), EXIT_ABORT);
	fault.esr = ESR(IABT, 0);
	assert_int_equal(exit_classify(&fault), EXIT_ABORT);
}

static void test_mmio(void **state)
{
	struct exit_fault fault = {
		.ipa = 0x9000004, .access = HYP_MMIO_VALID | HYP_MMIO_WRITE | 2, .data = 0xabcd};
	struct kvm_run run;

	(void)state;
	memset(&run, 0xff, sizeof(run));
	exit_fill_mmio(&run, &fault);
	assert_int_equal(run.exit_reason, KVM_EXIT_MMIO);
	assert_int_equal(run.mmio.phys_addr, 0x9000004);
	assert_int_equal(run.mmio.len, 2);
	assert_int_equal(run.mmio.is_write, 1);
	assert_int_equal(run.mmio.data[0], 0xcd);
	assert_int_equal(run.mmio.data[1], 0xab);
	assert_false(exit_is_load(&fault));
	fault.access = HYP_MMIO_VALID | 2;
	assert_true(exit_is_load(&fault));
	memset(run.mmio.data, 0x85, 8);
	assert_int_equal(exit_mmio_data(&run, 1), 0x85);
	assert_int_equal(exit_mmio_data(&run, 2), 0x8585);
	assert_int_equal(exit_mmio_data(&run, 4), 0x85858585);
	assert_int_equal(exit_mmio_data(&run, 8), 0x8585858585858585);
}

static void test_load_value(void **state)
{
	u64 sse = 1u << 21;
	u64 sf = 1u << 15;

	(void)state;
	assert_int_equal(exit_load_register(5u << 16), 5);
	assert_int_equal(exit_load_value(0, 1, 0x85), 0x85);
	assert_int_equal(exit_load_value(sse, 1, 0x85), 0xffffff85);
	assert_int_equal(exit_load_value(sse | sf, 1, 0x85), 0xffffffffffffff85);
	assert_int_equal(exit_load_value(sse | sf, 2, 0x7f85), 0x7f85);
	assert_int_equal(exit_load_value(sse | sf, 4, 0x80000000), 0xffffffff80000000);
	assert_int_equal(exit_load_value(sf, 4, 0x80000000), 0x80000000);
	assert_int_equal(exit_load_value(sf, 8, 0x8000000000000000), 0x8000000000000000);
}

static void test_system(void **state)
{
	struct kvm_run run;

	(void)state;
	memset(&run, 0xff, sizeof(run));
	assert_true(exit_fill_system(&run, PSCI_0_2_FN_SYSTEM_OFF));
	assert_int_equal(run.exit_reason, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(run.system_event.type, KVM_SYSTEM_EVENT_SHUTDOWN);
	assert_int_equal(run.system_event.data[0], 0);
	assert_true(exit_fill_system(&run, PSCI_0_2_FN_SYSTEM_RESET));
	assert_int_equal(run.system_event.type, KVM_SYSTEM_EVENT_RESET);
	assert_true(exit_fill_system(&run, PSCI_1_0_FN64_SYSTEM_SUSPEND));
	assert_int_equal(run.system_event.type, KVM_SYSTEM_EVENT_SUSPEND);
	assert_true(exit_fill_system(&run, PSCI_1_1_FN64_SYSTEM_RESET2));
	assert_int_equal(run.system_event.type, KVM_SYSTEM_EVENT_RESET);
	assert_int_equal(run.system_event.data[0], KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
	assert_false(exit_fill_system(&run, PSCI_0_2_FN_CPU_OFF));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_load_value),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests_name("module exit", tests, NULL, NULL);
}
