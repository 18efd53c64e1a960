// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_server.c: every request, from a client that means well, from one that does not, and with
 * every call of the hypervisor failing once.
 */
#include "log.h"
#include "server.h"

#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGES 2000u
#define BASE  0x40000000ull

static uint16_t table[PAGES];
static struct pool pool;
static struct ledger ledger;
static struct client client;
static struct rm_answer answer;

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	pool_init(&pool, BASE, PAGES, table);
	ledger_init(&ledger, &pool);
	memset(&client, 0, sizeof(client));
	client.ledger = &ledger;
	client.table_pages_most = server_table_pages(1ull << 30);
	client.first_pages = 10;
	return ledger_create_vm(&ledger, LEDGER_RM, HYP_VM_HOST, 0, 10, "host", &client.vm);
}

static int ask(uint32_t type, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, const char *name)
{
	struct rm_request request = {.type = type, .seq = 77, .a = {a0, a1, a2, a3}};

	memcpy(request.name, name, strnlen(name, sizeof(request.name)));
	server_answer(&client, &request, &answer);
	assert_int_equal(answer.type, type);
	assert_int_equal(answer.seq, 77);
	return (int)answer.error;
}

static uint64_t create(void)
{
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 2, 64 << 20, "guest"), HYP_OK);
	return answer.a[1];
}

/* What the ledger says is what the hypervisor was given, to the page. */
static void expect_ledger_exact(void)
{
	uint64_t given = 0;

	for (uint32_t i = 0; i < FAKE_VMS; i++) {
		given += fake.vms[i].used ? ranges_bytes(&fake.vms[i].pool) / 4096 : 0;
	}
	assert_int_equal(pool.nr_free + given, PAGES);
}

static void test_life(void **state)
{
	uint64_t id = create();
	struct fake_vm *vm = &fake.vms[2];

	(void)state;
	assert_int_equal(answer.a[0], 40);
	assert_true(vm->used);
	assert_int_equal(vm->id, id);
	/* 64 MiB: 32 level-3 tables and 2 above. */
	assert_true(ranges_bytes(&vm->pool) / 4096 >= 34);
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 0, 0, 0, ""), HYP_OK);
	assert_int_equal(answer.a[0], 41);
	assert_int_equal(vm->nr_vcpus, 1);
	expect_ledger_exact();
	assert_int_equal(ask(RM_MSG_vm_quota, id, 1ull << 30, 0, 0, ""), HYP_OK);
	assert_true(ranges_bytes(&vm->pool) / 4096 >= 34 + 514);
	expect_ledger_exact();
	assert_int_equal(ask(RM_MSG_vm_destroy, id, 0, 0, 0, ""), HYP_OK);
	assert_false(vm->used);
	assert_int_equal(pool.nr_free, PAGES - 10);
	assert_int_equal(ask(RM_MSG_vm_destroy, id, 0, 0, 0, ""), HYP_E_HANDLE);
}

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(ask(RM_MSG_version, RM_MSG_VERSION, 0, 0, 0, ""), HYP_OK);
	assert_int_equal(answer.a[0], RM_MSG_VERSION);
	assert_int_equal(ask(RM_MSG_version, 9, 0, 0, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(0, 0, 0, 0, 0, ""), HYP_E_NOSYS);
	assert_int_equal(ask(99, 0, 0, 0, 0, ""), HYP_E_NOSYS);
	assert_int_equal(ask(~0u, 0, 0, 0, 0, ""), HYP_E_NOSYS);
}

static void test_bad_create(void **state)
{
	static const char endless[RM_NAME_BYTES + 1] = "0123456789abcdef0123456789abcdef";

	(void)state;
	assert_int_equal(ask(RM_MSG_vm_create, HYP_VM_HOST, 40, 1, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 1ull << 40, 40, 1, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 31, 1, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 64, 1, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, (1ull << 32) + 40, 1, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 1ull << 33, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 1, ~0ull, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 1, 0, endless), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 1, 0, "a\nb"), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 1, 1ull << 40, ""), HYP_E_LIMIT);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, HYP_MAX_VCPUS + 1, 0, ""), HYP_E_INVAL);
	assert_int_equal(pool.nr_free, PAGES - 10);
}

/* The host's own id and the RM's are no VMs of its. */
static void test_not_its_own(void **state)
{
	uint64_t ids[] = {client.vm->id, FAKE_RM, 0, ~0ull};

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ask(RM_MSG_vm_destroy, ids[i], 0, 0, 0, ""), HYP_E_HANDLE);
		assert_int_equal(ask(RM_MSG_vm_quota, ids[i], 4096, 0, 0, ""), HYP_E_HANDLE);
		assert_int_equal(ask(RM_MSG_vcpu_create, ids[i], 0, 0, 0, ""), HYP_E_HANDLE);
	}
}

static void test_dying(void **state)
{
	uint64_t id = create();

	(void)state;
	fake.busy = ~0u;
	assert_int_equal(ask(RM_MSG_vm_destroy, id, 0, 0, 0, ""), HYP_E_BUSY);
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 0, 0, 0, ""), HYP_E_STATE);
	assert_int_equal(ask(RM_MSG_vm_quota, id, 4096, 0, 0, ""), HYP_E_STATE);
	expect_ledger_exact();
	fake.busy = 0;
	assert_int_equal(ask(RM_MSG_vm_destroy, id, 0, 0, 0, ""), HYP_OK);
	assert_int_equal(pool.nr_free, PAGES - 10);
}

static void test_ledger_rows(void **state)
{
	uint64_t id = create();

	(void)state;
	assert_int_equal(ask(RM_MSG_ledger, 0, 0, 0, 0, ""), HYP_OK);
	assert_string_equal(answer.name, "rm");
	assert_int_equal(answer.a[0], FAKE_RM);
	assert_int_equal(answer.a[1], PAGES);
	assert_int_equal(answer.a[2], pool.nr_free);
	assert_int_equal(ask(RM_MSG_ledger, 1, 0, 0, 0, ""), HYP_OK);
	assert_string_equal(answer.name, "host");
	assert_int_equal(ask(RM_MSG_ledger, 2, 0, 0, 0, ""), HYP_OK);
	assert_string_equal(answer.name, "guest");
	assert_int_equal(answer.a[0], id);
	assert_int_equal(answer.a[1] * 4096, ranges_bytes(&fake.vms[2].pool));
	assert_int_equal(answer.a[2], 7);
	assert_int_equal(answer.a[3], 8);
	assert_int_equal(ask(RM_MSG_ledger, 3, 0, 0, 0, ""), HYP_E_INVAL);
	assert_int_equal(ask(RM_MSG_ledger, ~0ull, 0, 0, 0, ""), HYP_E_INVAL);
}

/* A client may not drain the pool by asking for its own tables again and again. */
static void test_self_quota_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(ask(RM_MSG_self_quota, ~0ull, 0, 0, 0, ""), HYP_E_INVAL);
	while (ask(RM_MSG_self_quota, 2 << 20, 0, 0, 0, "") == HYP_OK) {
		expect_ledger_exact();
	}
	assert_int_equal(answer.error, HYP_E_LIMIT);
	assert_int_equal(PAGES - pool.nr_free, 10 + 512 + 2);
}

/* What was given before a later piece failed counts as well: the pool is in pieces of one page. */
static void test_self_quota_counts_what_was_given(void **state)
{
	uint64_t base;

	(void)state;
	while (pool_take(&pool, 99, 1, &base)) {
	}
	for (base = BASE + 10 * 4096; base < BASE + PAGES * 4096; base += 2 * 4096) {
		pool_give(&pool, base, 1);
	}
	for (int i = 0; i < 1000; i++) {
		fake.fail_at = fake.calls + 2;
		fake.fail_with = HYP_E_LIMIT;
		(void)ask(RM_MSG_self_quota, 2 << 20, 0, 0, 0, "");
	}
	assert_int_equal(pool_count(&pool, client.vm->slot), 10 + 512 + 2);
}

/* Bought in small pieces, a large pool still consists of few. */
static void test_quota_grows(void **state)
{
	uint64_t id = create();
	int asked = 0;

	(void)state;
	while (ask(RM_MSG_vm_quota, id, 4096, 0, 0, "") == HYP_OK &&
	       ranges_bytes(&fake.vms[2].pool) / 4096 < PAGES / 3) {
		asked++;
	}
	assert_int_equal(answer.error, HYP_OK);
	assert_in_range(asked, 5, 30);
	expect_ledger_exact();
}

/* One VM that buys all it can leaves enough for another one. */
static void test_vm_quota_is_bounded(void **state)
{
	uint64_t id = create();
	uint64_t quota = server_vm_pages(HYP_MAX_VCPUS, 2ull << 30);

	(void)state;
	while (ask(RM_MSG_vm_quota, id, 2 << 20, 0, 0, "") == HYP_OK) {
		expect_ledger_exact();
	}
	assert_int_equal(answer.error, HYP_E_LIMIT);
	assert_int_equal(ranges_bytes(&fake.vms[2].pool) / 4096, quota);
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, HYP_MAX_VCPUS, 512ull << 20, ""), HYP_OK);
}

static void test_pool_runs_dry(void **state)
{
	uint64_t ids[LEDGER_SLOTS];
	uint32_t nr = 0;

	(void)state;
	while (ask(RM_MSG_vm_create, 0, 40, 1, 0, "x") == HYP_OK) {
		ids[nr++] = answer.a[1];
	}
	assert_int_equal(answer.error, HYP_E_NOMEM);
	assert_in_range(nr, 30, 60);
	assert_int_equal(ask(RM_MSG_vm_quota, ids[0], 1ull << 30, 0, 0, ""), HYP_E_NOMEM);
	expect_ledger_exact();
	while (nr) {
		assert_int_equal(ask(RM_MSG_vm_destroy, ids[--nr], 0, 0, 0, ""), HYP_OK);
	}
	assert_int_equal(pool.nr_free, PAGES - 10);
}

static void test_slots_run_out(void **state)
{
	(void)state;
	for (uint32_t i = LEDGER_RM + 2; i < LEDGER_SLOTS; i++) {
		ledger.vms[i].state = LEDGER_DYING;
	}
	assert_int_equal(ask(RM_MSG_vm_create, 0, 40, 1, 0, "x"), HYP_E_LIMIT);
	assert_int_equal(pool.nr_free, PAGES - 10);
}

/* VMs come and go a thousand times, in any order. */
static void test_churn(void **state)
{
	uint64_t ids[8] = {0};

	(void)state;
	srand(9);
	for (int i = 0; i < 2000; i++) {
		uint64_t *id = &ids[rand() % 8];

		if (*id) {
			assert_int_equal(ask(RM_MSG_vm_destroy, *id, 0, 0, 0, ""), HYP_OK);
			*id = 0;
		} else if (ask(RM_MSG_vm_create, 0, 40, (uint64_t)rand() % 4,
			       (uint64_t)rand() % (512 << 20), "x") == HYP_OK) {
			*id = answer.a[1];
		}
		expect_ledger_exact();
	}
	for (int i = 0; i < 8; i++) {
		if (ids[i]) {
			assert_int_equal(ask(RM_MSG_vm_destroy, ids[i], 0, 0, 0, ""), HYP_OK);
		}
	}
	assert_int_equal(pool.nr_free, PAGES - 10);
}

/* Each call of each request fails once: the request says so, and nothing leaks. */
static void test_failing_calls(void **state)
{
	static const long errors[] = {HYP_E_NOMEM, HYP_E_LIMIT, HYP_E_INVAL, HYP_E_BUSY};

	for (long at = 0; at < 12; at++) {
		for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
			uint64_t id;
			int error;

			set_up(state);
			fake.busy = 3; /* and so does the first way out */
			fake.fail_at = fake.calls + at;
			fake.fail_with = errors[e];
			error = ask(RM_MSG_vm_create, 0, 40, 1, 1 << 20, "x");
			id = answer.a[1];
			if (!error) {
				error = ask(RM_MSG_vcpu_create, id, 0, 0, 0, "");
				expect_ledger_exact();
				assert_true(fake.failed != HYP_CALL_handle_delete ||
					    errors[e] != HYP_E_BUSY || fake.nr_vcpu_handles == 0);
				error = ask(RM_MSG_vm_quota, id, 1 << 20, 0, 0, "");
				expect_ledger_exact();
				while (ask(RM_MSG_vm_destroy, id, 0, 0, 0, "") == HYP_E_BUSY) {
				}
			} else {
				assert_null(ledger_get_nth(&ledger, 2)); /* after RM and host */
			}
			expect_ledger_exact();
		}
	}
}

/* The client has no room for a vCPU's handle: it makes some, asks again, and has it. */
static void test_vcpu_without_room(void **state)
{
	uint64_t id = create();

	(void)state;
	fake.fail_at = fake.calls + 1;
	fake.fail_with = HYP_E_LIMIT;
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 3, 3, 0, ""), HYP_E_LIMIT);
	assert_int_equal(fake.failed, HYP_CALL_handle_copy);
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 3, 4, 0, ""), HYP_E_EXIST);
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 3, 3, 0, ""), HYP_OK);
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 3, 3, 0, ""), HYP_E_EXIST);
	assert_int_equal(ask(RM_MSG_vcpu_create, id, 4, 4, 0, ""), HYP_OK);
	assert_int_equal(fake.vms[2].nr_vcpus, 2);
	assert_int_equal(fake.nr_vcpu_handles, 0);
}

static void queue(uint32_t seq)
{
	struct rm_request request = {.type = RM_MSG_version, .seq = seq};

	fake_request(&request, sizeof(request));
}

/* Short and long messages are dropped; the rest is answered in order, as long as there is room. */
static void test_poll(void **state)
{
	static const char junk[RM_MSG_BYTES];

	(void)state;
	queue(1);
	fake_request(junk, sizeof(junk));
	fake_request(junk, 0);
	queue(2);
	queue(3);
	fake.room = 1;
	server_poll(&client);
	assert_int_equal(fake.nr_answers, 1);
	server_poll(&client);
	assert_int_equal(fake.nr_answers, 1);
	assert_int_equal(fake.next_request, 4); /* the third waits in its queue */
	fake.room = 10;
	server_poll(&client);
	assert_int_equal(fake.nr_answers, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(fake.answers[i].seq, i + 1);
	}
}

static void test_random_requests(void **state)
{
	(void)state;
	srand(11);
	for (int i = 0; i < 20000; i++) {
		struct rm_request request;
		unsigned char *byte = (unsigned char *)&request;

		for (size_t n = 0; n < sizeof(request); n++) {
			byte[n] = (unsigned char)(rand() % 3 ? 0 : rand());
		}
		request.type = (uint32_t)rand() % 10;
		if (rand() % 2) {
			request.a[0] = 500 + (uint64_t)rand() % 40;
		}
		server_answer(&client, &request, &answer);
		expect_ledger_exact();
	}
	assert_int_equal(client.vm->state, LEDGER_LIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_life, set_up),
		cmocka_unit_test_setup(test_version, set_up),
		cmocka_unit_test_setup(test_bad_create, set_up),
		cmocka_unit_test_setup(test_not_its_own, set_up),
		cmocka_unit_test_setup(test_dying, set_up),
		cmocka_unit_test_setup(test_ledger_rows, set_up),
		cmocka_unit_test_setup(test_self_quota_is_bounded, set_up),
		cmocka_unit_test_setup(test_self_quota_counts_what_was_given, set_up),
		cmocka_unit_test_setup(test_quota_grows, set_up),
		cmocka_unit_test_setup(test_vm_quota_is_bounded, set_up),
		cmocka_unit_test_setup(test_pool_runs_dry, set_up),
		cmocka_unit_test_setup(test_slots_run_out, set_up),
		cmocka_unit_test_setup(test_churn, set_up),
		cmocka_unit_test_setup(test_failing_calls, set_up),
		cmocka_unit_test_setup(test_vcpu_without_room, set_up),
		cmocka_unit_test_setup(test_poll, set_up),
		cmocka_unit_test_setup(test_random_requests, set_up),
	};

	log_level = LOG_ERROR;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
