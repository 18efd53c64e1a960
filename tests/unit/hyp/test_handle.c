/* SPDX-License-Identifier: BSD-3-Clause */
/* core/handle.c and the HANDLE_* calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "machine.h"
#include <core/handle.h>

static struct guest guest;

static int setup(void **state)
{
	(void)state;
	machine_boot();
	machine_add_guest(&guest, 0, 1, 32);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	machine_remove_guest(&guest);
	machine_check();
	return 0;
}

static void born_with_self_and_rm_with_platform(void **state)
{
	u64 x[8] = {0, HYP_HANDLE_SELF};

	(void)state;
	assert_int_equal(machine_call(HOST_CORE, HYP_CALL_handle_info, x), HYP_OK);
	assert_int_equal(x[1], HYP_OBJECT_VM);
	assert_int_equal(x[2], HYP_RIGHT_MEM);
	assert_int_equal(x[3], machine_host_vm->id);
	assert_int_equal(host_call(handle_info, NULL, HYP_HANDLE_PLATFORM), HYP_E_HANDLE);
	assert_int_equal(rm_call(handle_info, NULL, HYP_HANDLE_PLATFORM), HYP_OK);
}

static void numbers_that_name_nothing(void **state)
{
	static const u64 bad[] = {0, MAX_HANDLES - 1, MAX_HANDLES, 1ull << 32 | 1, ~0ull};

	(void)state;
	for (u32 i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_int_equal(host_call(handle_info, NULL, bad[i]), HYP_E_HANDLE);
		assert_int_equal(host_call(vm_stop, NULL, bad[i]), HYP_E_HANDLE);
		assert_int_equal(host_call(handle_delete, NULL, bad[i]), HYP_E_HANDLE);
	}
	/* another type */
	assert_int_equal(host_call(vm_stop, NULL, guest.vcpu[0]), HYP_E_HANDLE);
}

static void rights_are_checked(void **state)
{
	(void)state;
	assert_int_equal(host_call(vm_destroy, NULL, guest.host), HYP_E_RIGHT);
	assert_int_equal(host_call(vm_stop, NULL, HYP_HANDLE_SELF), HYP_E_RIGHT);
	assert_int_equal(host_call(handle_revoke, NULL, guest.host), HYP_E_RIGHT);
	/* no COPY on it, no GRANT on the other */
	assert_int_equal(host_call(handle_copy, NULL, guest.host, guest.host, 0), HYP_E_RIGHT);
	assert_int_equal(rm_call(handle_copy, NULL, HYP_HANDLE_SELF, machine_host, 0), HYP_E_RIGHT);
}

static void a_copy_has_no_more_rights(void **state)
{
	u64 weak, copy;

	(void)state;
	assert_int_equal(rm_call(handle_copy, &weak, guest.rm, machine_host, HYP_RIGHT_MEM),
			 HYP_OK);
	assert_int_equal(host_call(vm_stop, NULL, weak), HYP_E_RIGHT);
	assert_int_equal(rm_call(handle_copy, &copy, guest.rm, machine_host, 1ull << 9),
			 HYP_E_RIGHT);
	assert_int_equal(rm_call(handle_copy, &copy, guest.rm, machine_host, 1ull << 40),
			 HYP_E_RIGHT);
	assert_int_equal(host_call(handle_delete, NULL, weak), HYP_OK);
	assert_int_equal(host_call(handle_info, NULL, weak), HYP_E_HANDLE);
	assert_int_equal(host_call(handle_delete, NULL, HYP_HANDLE_SELF), HYP_E_DENIED);
}

static void revoke_keeps_one_and_those_of_birth(void **state)
{
	u64 nr;

	(void)state;
	assert_int_equal(rm_call(handle_revoke, &nr, guest.rm), HYP_OK);
	assert_int_equal(nr, 1);
	assert_int_equal(host_call(vm_info, NULL, guest.host), HYP_E_HANDLE);
	assert_int_equal(rm_call(vm_info, NULL, guest.rm), HYP_OK);
	assert_int_equal(atomic_load(&guest.vm->handles.entries[HYP_HANDLE_SELF]) & ~0xfffull,
			 (u64)guest.vm);
}

static void a_full_table(void **state)
{
	u64 copies[MAX_HANDLES];
	u32 nr = 0;
	u32 nr_vcpus = guest.vm->nr_vcpus;

	(void)state;
	while (rm_call(handle_copy, &copies[nr], guest.rm, machine_host,
		       HYP_RIGHT_CONTROL | HYP_RIGHT_MEM) == HYP_OK) {
		nr++;
	}
	assert_true(nr > 400 && nr < MAX_HANDLES);
	assert_int_equal(rm_call(handle_copy, NULL, guest.rm, machine_host, 0), HYP_E_LIMIT);
	/* nothing comes to exist that nobody could name */
	assert_int_equal(host_call(vcpu_create, NULL, copies[0], 3, 3, HYP_VCPU_PROXY),
			 HYP_E_LIMIT);
	assert_int_equal(guest.vm->nr_vcpus, nr_vcpus);
	assert_int_equal(host_call(doorbell_create, NULL, 0), HYP_E_LIMIT);
	while (nr) {
		assert_int_equal(host_call(handle_delete, NULL, copies[--nr]), HYP_OK);
	}
}

static void destroy_deletes_every_handle(void **state)
{
	struct guest other = {0};

	(void)state;
	machine_add_guest(&other, 0, 2, 32);
	machine_remove_guest(&other);
	assert_int_equal(host_call(vm_info, NULL, other.host), HYP_E_HANDLE);
	assert_int_equal(host_call(vcpu_kick, NULL, other.vcpu[1]), HYP_E_HANDLE);
	assert_int_equal(rm_call(vm_info, NULL, other.rm), HYP_E_HANDLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(born_with_self_and_rm_with_platform, setup,
						teardown),
		cmocka_unit_test_setup_teardown(numbers_that_name_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(rights_are_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_has_no_more_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(revoke_keeps_one_and_those_of_birth, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_table, setup, teardown),
		cmocka_unit_test_setup_teardown(destroy_deletes_every_handle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
