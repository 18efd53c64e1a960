/* SPDX-License-Identifier: BSD-3-Clause */
/* core/call.c: SMCCC's own calls (DEN0028) and the random numbers (DEN0098). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <el2/entropy.h>
#include "machine.h"

#define NOT_SUPPORTED      (-1)
#define INVALID_PARAMETERS (-2)
#define NO_ENTROPY         (-3)
#define TRNG_VERSION       0x84000050u
#define TRNG_FEATURES      0x84000051u
#define TRNG_RND32         0x84000053u
#define TRNG_RND64         0xc4000053u

static int setup(void **state)
{
	(void)state;
	machine_boot();
	fake_entropy = true;
	fake_entropy_words = ~0u;
	return 0;
}

static s64 call(u64 function, u64 argument)
{
	return machine_smccc(HOST_CORE, function, argument, 0, 0);
}

static const u64 *results(void)
{
	return fake_loaded(HOST_CORE)->regs.x;
}

static void assert_results(u64 x1, u64 x2, u64 x3)
{
	assert_int_equal(results()[1], x1);
	assert_int_equal(results()[2], x2);
	assert_int_equal(results()[3], x3);
}

static void versions_and_features(void **state)
{
	(void)state;
	assert_int_equal(call(0x80000000, 0), 0x10002);
	assert_int_equal(call(0x80000001, 0x80000000), 0);
	assert_int_equal(call(0x80000001, 0x80000001), 0);
	assert_int_equal(call(0x80000001, 0x80008000), NOT_SUPPORTED); /* no workaround */
	assert_int_equal(call(0x80008000, 0), NOT_SUPPORTED);
	assert_int_equal(call(TRNG_VERSION, 0), 0x10000);
	assert_int_equal(call(TRNG_FEATURES, TRNG_RND64), 0);
	assert_int_equal(call(TRNG_FEATURES, TRNG_RND32), 0);
	assert_int_equal(call(TRNG_FEATURES, TRNG_RND32 + 1), NOT_SUPPORTED);
	assert_int_equal(call(TRNG_FEATURES, TRNG_VERSION - 1), NOT_SUPPORTED);
}

/* So many bits as were asked for, from bit 0 of x3 on; the rest is zero. */
static void as_many_bits_as_asked(void **state)
{
	(void)state;
	assert_int_equal(call(TRNG_RND32, 1), 0);
	assert_results(0, 0, 1);
	assert_int_equal(call(TRNG_RND32, 33), 0);
	assert_results(0, 1, 0xffffffff);
	assert_int_equal(call(TRNG_RND32, 96), 0);
	assert_results(0xffffffff, 0xffffffff, 0xffffffff);
	assert_int_equal(call(TRNG_RND64, 64), 0);
	assert_results(0, 0, ~0ull);
	assert_int_equal(call(TRNG_RND64, 130), 0);
	assert_results(3, ~0ull, ~0ull);
	assert_int_equal(call(TRNG_RND64, 192), 0);
	assert_results(~0ull, ~0ull, ~0ull);
}

static void refusals(void **state)
{
	(void)state;
	assert_int_equal(call(TRNG_RND32, 0), INVALID_PARAMETERS);
	assert_int_equal(call(TRNG_RND32, 97), INVALID_PARAMETERS);
	assert_int_equal(call(TRNG_RND64, 193), INVALID_PARAMETERS);
	assert_int_equal(call(TRNG_RND64, ~0ull), INVALID_PARAMETERS);
	fake_entropy_words = 2; /* half an answer is none, and is not shown */
	assert_int_equal(call(TRNG_RND64, 192), NO_ENTROPY);
	assert_int_equal(results()[1], 192);
	fake_entropy = false;
	assert_int_equal(call(TRNG_VERSION, 0), NOT_SUPPORTED);
	assert_int_equal(call(TRNG_RND64, 64), NOT_SUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(versions_and_features, setup),
		cmocka_unit_test_setup(as_many_bits_as_asked, setup),
		cmocka_unit_test_setup(refusals, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
