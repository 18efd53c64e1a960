/* SPDX-License-Identifier: BSD-3-Clause */
/* core/trace.c: what is noted, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <core/trace.h>
#include <el2/sysreg.h>
#include "machine.h"

#define NR_RECORDS 512u

static struct trace_record records[NR_RECORDS + 1];
static u64 cursor;

/* What core 1, the host's, noted since the last time. */
static u32 news(void)
{
	return (u32)(trace_read(HOST_CORE, &cursor, records, sizeof(records)) / sizeof(records[0]));
}

static int setup(void **state)
{
	(void)state;
	machine_boot();
	assert_int_equal(host_call(trace_set, NULL, 0), HYP_OK);
	news();
	return 0;
}

static void only_while_it_is_on(void **state)
{
	u64 vms = 0;

	(void)state;
	assert_int_equal(host_call(sys_info, &vms, HYP_INFO_NR_VMS), HYP_OK);
	assert_int_equal(news(), 0);
	assert_int_equal(host_call(trace_set, NULL, 2), HYP_E_INVAL);
	assert_int_equal(host_call(trace_set, NULL, 1), HYP_OK);
	assert_int_equal(host_call(sys_info, &vms, HYP_INFO_NR_VMS), HYP_OK);
	assert_int_equal(host_call(trace_set, NULL, 0), HYP_OK);
	assert_int_equal(news(), 2);
	assert_int_equal(records[0].event, TRACE_CALL);
	assert_int_equal(records[0].a, HYP_CALL_BASE + HYP_CALL_sys_info);
	assert_int_equal(records[0].b, HYP_INFO_NR_VMS);
	assert_int_equal(records[0].vm_vcpu >> 16, machine_host_vm->id);
	assert_int_equal(records[0].vm_vcpu & 0xffff, 1);
	assert_true(records[1].time >= records[0].time);
}

static void all_kinds(void **state)
{
	u64 esr = (u64)EC_DABT_LOW << 26 | ESR_IL | 0x07; /* no syndrome, translation fault */

	(void)state;
	assert_int_equal(host_call(trace_set, NULL, 1), HYP_OK);
	fake_on(HOST_CORE);
	fake_regs()->hpfar_el2 = 0x12345ull << 4;
	fake_trap(esr);
	fake_trap((u64)EC_FP << 26 | ESR_IL);
	assert_int_equal(host_call(trace_set, NULL, 0), HYP_OK);
	assert_int_equal(news(), 3);
	assert_int_equal(records[0].event, TRACE_FAULT);
	assert_int_equal(records[0].a, esr);
	assert_int_equal(records[0].b, 0x12345000);
	assert_int_equal(records[1].event, TRACE_TRAP);
}

static void the_last_ones_stay(void **state)
{
	(void)state;
	assert_int_equal(host_call(trace_set, NULL, 1), HYP_OK);
	for (u64 i = 0; i < NR_RECORDS + 9; i++) {
		host_call(sys_info, NULL, ~i);
	}
	assert_int_equal(host_call(trace_set, NULL, 0), HYP_OK);
	/* the oldest may be the one that its core writes over next */
	assert_int_equal(news(), NR_RECORDS - 1);
	assert_int_equal(records[NR_RECORDS - 2].a, HYP_CALL_BASE + HYP_CALL_trace_set);
	assert_int_equal(records[0].b, ~11ull);
	assert_int_equal(news(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_while_it_is_on, setup),
		cmocka_unit_test_setup(all_kinds, setup),
		cmocka_unit_test_setup(the_last_ones_stay, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
