/* SPDX-License-Identifier: BSD-3-Clause */
/* core/main.c: from the loader's hand-over to a running RM and host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "machine.h"

static void rm_and_host_run(void **state)
{
	(void)state;
	machine_boot();
	machine_check();
	assert_ptr_equal(fake_loaded(RM_CORE), vm_rm()->vcpus[0]);
	assert_ptr_equal(fake_loaded(HOST_CORE), machine_host_vm->vcpus[1]);
	assert_null(fake_loaded(2));
	assert_int_equal(vm_count(), 2);
}

static void guest_comes_and_goes(void **state)
{
	struct guest guest = {0};
	u64 before;

	(void)state;
	machine_boot();
	before = machine_digest();
	for (u32 i = 0; i < 3; i++) {
		machine_add_guest(&guest, 0, 2, 32);
		machine_check();
		machine_remove_guest(&guest);
		machine_check();
		assert_int_equal(machine_digest(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rm_and_host_run),
		cmocka_unit_test(guest_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
