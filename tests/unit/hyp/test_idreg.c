/* SPDX-License-Identifier: BSD-3-Clause */
/* core/idreg.c: what VMs see of a core that has everything, of one that has little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <core/idreg.h>
#include <el2/sysreg.h>
#include "machine.h"

#define FIELD_AT(value, low) ((value) >> (low)&0xf)

static struct fake_regs saved;

static int setup(void **state)
{
	(void)state;
	machine_boot();
	saved = *fake_regs();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	*fake_regs() = saved;
	return 0;
}

static void set_all(u64 value)
{
	struct fake_regs *regs = fake_regs();

	regs->id_aa64pfr0_el1 = value;
	regs->id_aa64pfr1_el1 = value;
	regs->id_aa64isar0_el1 = value;
	regs->id_aa64isar1_el1 = value;
	regs->id_aa64mmfr0_el1 = value;
	regs->id_aa64mmfr1_el1 = value;
	regs->id_aa64mmfr2_el1 = value;
}

/* Whatever the next architecture puts into these fields, VMs do not see it. */
static void what_is_not_handled_is_hidden(void **state)
{
	static const struct {
		u8 crm, op2, low;
		const char *what;
	} hidden[] = {
		{4, 0, 8, "EL2"},   {4, 0, 12, "EL3"},       {4, 0, 28, "RAS"},
		{4, 0, 32, "SVE"},  {4, 0, 36, "SEL2"},      {4, 0, 40, "MPAM"},
		{4, 0, 44, "AMU"},  {4, 0, 52, "RME"},       {4, 1, 8, "MTE"},
		{4, 1, 24, "SME"},  {4, 1, 36, "NMI"},       {4, 1, 44, "GCS"},
		{6, 0, 24, "TME"},  {6, 1, 4, "APA"},        {6, 1, 8, "API"},
		{6, 1, 24, "GPA"},  {6, 1, 28, "GPI"},       {6, 1, 56, "XS"},
		{6, 1, 60, "LS64"}, {7, 0, 32, "TGran16_2"}, {7, 0, 40, "TGran4_2"},
		{7, 0, 56, "FGT"},  {7, 0, 60, "ECV"},       {7, 1, 8, "VH"},
		{7, 1, 16, "LO"},   {7, 1, 32, "TWED"},      {7, 1, 40, "HCX"},
		{7, 2, 24, "NV"},   {7, 2, 56, "EVT"},       {5, 0, 8, "PMU"},
		{5, 0, 32, "SPE"},  {5, 0, 4, "trace"},
	};

	(void)state;
	set_all(0xeeeeeeeeeeeeeeeeull);
	for (u32 i = 0; i < ARRAY_COUNT(hidden); i++) {
		if (FIELD_AT(idreg_read(hidden[i].crm, hidden[i].op2), hidden[i].low)) {
			fail_msg("%s is shown", hidden[i].what);
		}
	}
	for (u32 crm = 1; crm < 8; crm++) {
		for (u32 op2 = 0; op2 < 8; op2++) {
			/* CRm 1 to 3: AArch32, which is not there; of the others these are assigned
			 */
			if (crm < 4 || (crm == 7 ? op2 > 2 : crm == 5 ? op2 : op2 > 1)) {
				assert_int_equal(idreg_read(crm, op2), 0);
			}
		}
	}
}

static void limits_hold(void **state)
{
	(void)state;
	set_all(0xeeeeeeeeeeeeeeeeull);
	assert_int_equal(idreg_read(4, 0) & 0xff, 0x11);     /* EL1, EL0: AArch64 only */
	assert_int_equal(FIELD_AT(idreg_read(4, 0), 16), 1); /* half precision */
	assert_int_equal(FIELD_AT(idreg_read(4, 0), 56), 1); /* CSV2_1: SCXTNUM is not switched */
	assert_int_equal(FIELD_AT(idreg_read(6, 0), 20), 2); /* LSE */
	assert_int_equal(FIELD_AT(idreg_read(7, 0), 0), 5);  /* 48 bits of physical address */
	assert_int_equal(FIELD_AT(idreg_read(7, 1), 20), 3); /* PAN */
}

/* The least there is: Armv8.0 without FP, and only 64 KiB pages. */
static void nothing_is_invented(void **state)
{
	(void)state;
	set_all(0);
	fake_regs()->id_aa64pfr0_el1 = 0xff0000;
	fake_regs()->id_aa64mmfr0_el1 = 0xf0000000;
	assert_int_equal(idreg_read(4, 0), 0x1ff0011);
	assert_int_equal(idreg_read(4, 1), 0);
	assert_int_equal(idreg_read(6, 0), 0);
	assert_int_equal(idreg_read(6, 1), 0);
	assert_int_equal(idreg_read(7, 0), 0xf0000000);
	assert_int_equal(idreg_read(7, 1), 0);
	assert_int_equal(idreg_read(7, 2), 0);
	fake_regs()->id_aa64mmfr0_el1 =
		0x1f200000; /* 4 KiB with LPA2, no 64 KiB, 16 KiB with LPA2 */
	assert_int_equal(idreg_read(7, 0), 0x0f100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_handled_is_hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_invented, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
