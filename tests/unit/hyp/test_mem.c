/* SPDX-License-Identifier: BSD-3-Clause */
/* stage2/: what the model found once, and blocks. The model has the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "machine.h"
#include <stage2/frame.h>
#include <stage2/stage2.h>

#define IPA      0x40000000ull
#define HOST_AT  (FAKE_HOST + (2 << 20))
#define RWX      (HYP_PROT_R | HYP_PROT_W | HYP_PROT_X)
#define BLOCK_NR 512u

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

static u64 leaf_bytes(const struct vm *vm, u64 ipa)
{
	struct s2_leaf leaf;

	return s2_lookup(&vm->s2, ipa_init(ipa), &leaf) ? leaf.bytes : 0;
}

/* Was mapped page by page into a table prepared for a block: "map was not prepared". */
static void a_lent_block_comes_back(void **state)
{
	u8 secret = 0x5a;

	(void)state;
	assert_int_equal(host_call(mem_lend, NULL, guest.host, HOST_AT, IPA, BLOCK_NR, RWX),
			 HYP_OK);
	assert_int_equal(leaf_bytes(guest.vm, IPA), BLOCK_BYTES);
	assert_int_equal(leaf_bytes(machine_host_vm, HOST_AT), 0);
	fake_write(HOST_AT + PAGE_BYTES, &secret, 1);
	assert_int_equal(host_call(mem_reclaim, NULL, guest.host, IPA, BLOCK_NR), HYP_E_STATE);
	assert_int_equal(host_call(vm_stop, NULL, guest.host), HYP_OK);
	assert_int_equal(host_call(mem_reclaim, NULL, guest.host, IPA, BLOCK_NR), HYP_OK);
	assert_int_equal(leaf_bytes(machine_host_vm, HOST_AT), BLOCK_BYTES);
	assert_true(fake_is_zero(HOST_AT, BLOCK_BYTES));
	machine_check();
}

static void a_block_splits_and_joins(void **state)
{
	u64 free = guest.vm->pool.nr_free;

	(void)state;
	assert_int_equal(host_call(mem_share, NULL, guest.host, HOST_AT, IPA, BLOCK_NR, RWX),
			 HYP_OK);
	assert_int_equal(leaf_bytes(guest.vm, IPA), BLOCK_BYTES);
	assert_int_equal(host_call(mem_reclaim, NULL, guest.host, IPA + 5 * PAGE_BYTES, 1), HYP_OK);
	assert_int_equal(leaf_bytes(guest.vm, IPA), PAGE_BYTES);
	assert_int_equal(leaf_bytes(guest.vm, IPA + 5 * PAGE_BYTES), 0);
	assert_int_equal(host_call(mem_share, NULL, guest.host, HOST_AT + 5 * PAGE_BYTES,
				   IPA + 5 * PAGE_BYTES, 1, RWX),
			 HYP_OK);
	assert_int_equal(leaf_bytes(guest.vm, IPA), BLOCK_BYTES);
	assert_int_equal(host_call(mem_reclaim, NULL, guest.host, IPA, BLOCK_NR), HYP_OK);
	assert_int_equal(guest.vm->pool.nr_free, free);
}

/* A block joined of the VM's own pages and borrowed ones: only the first was looked at. */
static void a_vm_with_borrowed_pages_stays(void **state)
{
	(void)state;
	/* RM's last page before the host's first: physically one run */
	assert_int_equal(rm_call(mem_donate, NULL, guest.rm, FAKE_HOST - 256 * PAGE_BYTES,
				 IPA + 256 * PAGE_BYTES, 256, HYP_MEM_KEEP),
			 HYP_OK);
	assert_int_equal(
		host_call(mem_share, NULL, guest.host, FAKE_HOST, IPA + BLOCK_BYTES, 256, RWX),
		HYP_OK);
	assert_int_equal(rm_call(vm_destroy, NULL, guest.rm), HYP_E_BUSY);
	assert_int_equal(frame_get(pa_init(FAKE_HOST - PAGE_BYTES)).owner, guest.vm->id);
	assert_int_equal(frame_get(pa_init(FAKE_HOST)).owner, machine_host_vm->id);
}

/* Its own pages went to the RM while another VM still used them. */
static void a_vm_whose_pages_are_used_stays(void **state)
{
	struct guest other = {0};
	u64 handle;

	(void)state;
	machine_add_guest(&other, 0, 1, 32);
	assert_int_equal(
		rm_call(mem_donate, NULL, guest.rm, FAKE_HOST - 16 * PAGE_BYTES, IPA, 16, 0),
		HYP_OK);
	assert_int_equal(rm_call(handle_copy, &handle, other.rm, guest.rm, HYP_RIGHT_MEM), HYP_OK);
	assert_int_equal(rm_call(vm_start, NULL, guest.rm), HYP_OK);
	(void)host_call(vcpu_run, NULL, guest.vcpu[0], HYP_RUN_RESUME);
	assert_ptr_equal(fake_loaded(HOST_CORE)->vm, guest.vm);
	assert_int_equal(host_call(mem_share, NULL, handle, IPA, IPA, 4, HYP_PROT_R), HYP_OK);
	machine_wfi(HOST_CORE);
	assert_int_equal(rm_call(vm_destroy, NULL, guest.rm), HYP_E_BUSY);
	assert_int_equal(rm_call(vm_reset, NULL, guest.rm), HYP_OK);
	assert_int_equal(rm_call(vm_destroy, NULL, guest.rm), HYP_E_BUSY);
	assert_int_equal(frame_get(pa_init(FAKE_HOST - 16 * PAGE_BYTES)).owner, guest.vm->id);
	assert_int_equal(rm_call(vm_reset, NULL, guest.rm), HYP_OK);
	assert_int_equal(rm_call(vm_start, NULL, guest.rm), HYP_OK);
	(void)host_call(vcpu_run, NULL, guest.vcpu[0], HYP_RUN_RESUME);
	assert_int_equal(host_call(mem_reclaim, NULL, handle, IPA, 4), HYP_OK);
	machine_wfi(HOST_CORE);
	machine_remove_guest(&other);
}

static void addresses_at_the_edge(void **state)
{
	static const u64 bad[] = {~0ull << 12, 1ull << 63, 1ull << 40, (1ull << 40) - PAGE_BYTES};

	(void)state;
	for (u32 i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_true(rm_call(mem_map_device, NULL, guest.rm, bad[i], IPA, 2) < 0);
		assert_true(rm_call(mem_map_device, NULL, guest.rm, 0x10000000, bad[i], 2) < 0);
		assert_true(rm_call(mem_donate, NULL, guest.rm, bad[i], IPA, 2, 0) < 0);
		assert_true(host_call(mem_share, NULL, guest.host, HOST_AT, bad[i], 2, RWX) < 0);
		assert_true(host_call(mem_share, NULL, guest.host, bad[i], IPA, 2, RWX) < 0);
		assert_true(host_call(mem_reclaim, NULL, guest.host, bad[i], 2) < 0);
		assert_true(rm_call(vm_pool_add, NULL, guest.rm, bad[i], 2) < 0);
		assert_true(rm_call(vm_create, NULL, bad[i], 32, 0, 0) < 0);
	}
	assert_int_equal(rm_call(mem_map_device, NULL, guest.rm, 0, IPA, 1ull << 52), HYP_E_INVAL);
	assert_int_equal(rm_call(mem_map_device, NULL, guest.rm, FAKE_GICD, IPA, 1), HYP_E_OWNER);
	assert_int_equal(rm_call(mem_map_device, NULL, guest.rm, FAKE_RAM, IPA, 1), HYP_E_OWNER);
	assert_int_equal(guest.vm->mem_pages, 0);
}

static void an_empty_pool_changes_nothing(void **state)
{
	u64 own = 7;
	u64 ipa = IPA;

	(void)state;
	/* each page in another 2 MiB takes a table */
	while (host_call(mem_share, &own, guest.host, HOST_AT, ipa, 1, RWX) == HYP_OK) {
		ipa += BLOCK_BYTES;
	}
	assert_int_equal(host_call(mem_share, &own, guest.host, HOST_AT, ipa, 1, RWX), HYP_E_NOMEM);
	assert_int_equal(own, 0);
	assert_int_equal(guest.vm->pool.nr_free, 0);
	assert_int_equal(host_call(doorbell_mask, NULL, 0), HYP_E_HANDLE);
	machine_check();
}

/* Blocks of 2 MiB that came back left the table they had been split into: only pages were joined.
 */
static void blocks_join_to_a_gigabyte(void **state)
{
	struct stage2 *s2 = &guest.vm->s2;
	u64 free = guest.vm->pool.nr_free;
	ipaddr_t middle = ipa_init(IPA + 5 * BLOCK_BYTES);

	(void)state;
	spin_lock(&mem_lock);
	for (u64 at = 0; at < 1ull << 30; at += BLOCK_BYTES) {
		paddr_t pa = pa_init((1ull << 30) + at);

		assert_int_equal(s2_prepare_map(s2, ipa_init(IPA + at), pa, BLOCK_BYTES), HYP_OK);
		s2_map(s2, ipa_init(IPA + at), pa, BLOCK_BYTES, RWX, S2_NORMAL);
	}
	assert_int_equal(leaf_bytes(guest.vm, IPA), 1ull << 30);
	assert_int_equal(s2_prepare_unmap(s2, middle, BLOCK_BYTES), HYP_OK);
	s2_unmap(s2, middle, BLOCK_BYTES);
	assert_int_equal(leaf_bytes(guest.vm, IPA), BLOCK_BYTES);
	s2_map(s2, middle, pa_init((1ull << 30) + 5 * BLOCK_BYTES), BLOCK_BYTES, RWX, S2_NORMAL);
	assert_int_equal(leaf_bytes(guest.vm, IPA), 1ull << 30);
	s2_unmap(s2, ipa_init(IPA), 1ull << 30);
	spin_unlock(&mem_lock);
	assert_int_equal(guest.vm->pool.nr_free, free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lent_block_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_block_splits_and_joins, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_join_to_a_gigabyte, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vm_with_borrowed_pages_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vm_whose_pages_are_used_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_at_the_edge, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_pool_changes_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
