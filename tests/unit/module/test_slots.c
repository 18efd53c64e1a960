// SPDX-License-Identifier: BSD-3-Clause
/* kernel-module/slots.c: checks, changes, look-ups; random changes against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "slots.h"

#define IPA_BITS 40
#define HVA      0x7f0000000000ull

static struct slots *empty(void)
{
	return calloc(1, slots_bytes(0));
}

/* What mem.c does with a request. Returns slots_check()'s answer. */
static int set(struct slots **slots, u32 id, u32 flags, u64 gpa, u64 bytes, u64 hva)
{
	struct kvm_userspace_memory_region region = {id, flags, gpa, bytes, hva};
	struct slots *to;
	struct slot old;
	struct slot new;
	int change = slots_check(*slots, &region, IPA_BITS, &old, &new);

	if (change <= 0) {
		return change;
	}
	to = malloc(slots_bytes((*slots)->nr + 1));
	slots_apply(*slots, (enum slots_change)change, &old, &new, to);
	free(*slots);
	*slots = to;
	return change;
}

static void test_bad_regions(void **state)
{
	struct slots *slots = empty();

	(void)state;
	assert_int_equal(set(&slots, SLOTS_MAX, 0, 0, 4096, HVA), -EINVAL);
	assert_int_equal(set(&slots, 1u << 16, 0, 0, 4096, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, 4096, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, 1u << 31, 0, 4096, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, 1, 4096, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, 0, 4097, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, 0, 4096, HVA + 1), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, -4096ull, 8192, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, 0, 8192, -4096ull), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, 0, 1ull << 43, 0), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, 1ull << IPA_BITS, 4096, HVA), -EFAULT);
	assert_int_equal(set(&slots, 0, 0, (1ull << IPA_BITS) - 4096, 8192, HVA), -EFAULT);
	assert_int_equal(set(&slots, 0, 0, 0, 0, HVA), -EINVAL);
	assert_int_equal(set(&slots, 0, 0, (1ull << IPA_BITS) - 4096, 4096, HVA), SLOTS_CREATE);
	free(slots);
}

static void test_changes(void **state)
{
	struct slots *slots = empty();

	(void)state;
	assert_int_equal(set(&slots, 3, 0, 0x10000, 0x4000, HVA), SLOTS_CREATE);
	assert_int_equal(set(&slots, 3, 0, 0x10000, 0x4000, HVA), SLOTS_NONE);
	assert_int_equal(set(&slots, 4, 0, 0x13000, 0x1000, HVA), -EEXIST);
	assert_int_equal(set(&slots, 4, 0, 0xf000, 0x2000, HVA), -EEXIST);
	assert_int_equal(set(&slots, 4, 0, 0xf000, 0x9000, HVA), -EEXIST);
	assert_int_equal(set(&slots, 4, KVM_MEM_READONLY, 0x14000, 0x1000, HVA), SLOTS_CREATE);
	assert_int_equal(set(&slots, 3, 0, 0x10000, 0x3000, HVA), -EINVAL);
	assert_int_equal(set(&slots, 3, KVM_MEM_READONLY, 0x10000, 0x4000, HVA), -EINVAL);
	assert_int_equal(set(&slots, 3, 0, 0x10000, 0x4000, HVA + 4096), -EINVAL);
	assert_int_equal(set(&slots, 3, 0, 0x11000, 0x4000, HVA), -EEXIST);
	assert_int_equal(set(&slots, 3, 0, 0xf000, 0x4000, HVA), SLOTS_MOVE); /* over itself */
	assert_int_equal(slots->nr, 2);
	assert_int_equal(slots_find(slots, 0xf)->id, 3);
	assert_null(slots_find(slots, 0x13));
	assert_true(slots_find(slots, 0x14)->readonly);
	assert_int_equal(set(&slots, 3, 0, 0, 0, 0), SLOTS_DELETE);
	assert_null(slots_find(slots, 0xf));
	free(slots);
}

/* 64 frames, and for each the slot that a naive bookkeeper remembers. */
static void test_random(void **state)
{
	struct slots *slots = empty();
	int owner[64];
	int i;
	int n;

	(void)state;
	memset(owner, 0xff, sizeof(owner));
	srandom(7);
	for (n = 0; n < 100000; n++) {
		u32 id = (u32)random() % 10;
		u64 gfn = (u64)random() % 60;
		u64 nr = (u64)random() % 5;
		int rc = set(&slots, id, 0, gfn << 12, nr << 12, HVA + ((u64)id << 20));
		bool taken = false;

		for (i = (int)gfn; i < (int)(gfn + nr); i++) {
			taken = taken || (owner[i] >= 0 && owner[i] != (int)id);
		}
		if (rc == SLOTS_CREATE || rc == SLOTS_MOVE) {
			assert_false(taken);
		}
		if (rc > 0) {
			for (i = 0; i < 64; i++) {
				owner[i] = owner[i] == (int)id ? -1 : owner[i];
				if (i >= (int)gfn && i < (int)(gfn + nr)) {
					owner[i] = (int)id;
				}
			}
		}
		for (i = 0; i < 64; i++) {
			const struct slot *slot = slots_find(slots, (u64)i);

			assert_int_equal(slot ? (int)slot->id : -1, owner[i]);
		}
	}
	free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_regions),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("module slots", tests, NULL, NULL);
}
