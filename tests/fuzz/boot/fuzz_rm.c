// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_rm.c: messages of a hostile host to the RM (libFuzzer). The input is a row of messages;
 * after each, what the ledger says must be what the hypervisor was given, and the RM's own VM
 * untouched.
 */
#include "log.h"
#include "server.h"

#include "fake.h"

#include <stdlib.h>
#include <string.h>

#define PAGES 1000u
#define BASE  0x40000000ull

static uint16_t table[PAGES];
static struct pool pool;
static struct ledger ledger;
static struct client client;

static void check_ledger(void)
{
	uint64_t most = server_vm_pages(HYP_MAX_VCPUS, 0) + 2ull * client.table_pages_most;
	uint64_t given = 0;

	for (uint32_t i = 0; i < FAKE_VMS; i++) {
		uint64_t has = fake.vms[i].used ? ranges_bytes(&fake.vms[i].pool) / 4096 : 0;

		if (has > most) {
			abort();
		}
		given += has;
	}
	if (pool.nr_free + given != PAGES || client.vm->state != LEDGER_LIVE) {
		abort();
	}
}

/* The first byte of each message makes its type likely, and its VM one that exists. */
static void ask(const uint8_t *bytes, size_t size)
{
	struct rm_request request;
	struct rm_answer answer;

	memset(&request, 0, sizeof(request));
	memcpy(&request, bytes, size < sizeof(request) ? size : sizeof(request));
	if (bytes[0] & 0x80) {
		request.type = bytes[0] & 7;
		request.a[0] = 501 + (bytes[0] >> 3 & 7);
	}
	fake.busy = bytes[0] & 0x40;
	server_answer(&client, &request, &answer);
	check_ledger();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	log_level = LOG_ERROR;
	fake_reset();
	pool_init(&pool, BASE, PAGES, table);
	ledger_init(&ledger, &pool);
	memset(&client, 0, sizeof(client));
	client.ledger = &ledger;
	client.table_pages_most = 50;
	if (ledger_create_vm(&ledger, LEDGER_RM, HYP_VM_HOST, 0, 10, "host", &client.vm)) {
		abort();
	}
	for (size_t at = 0; at < size; at += sizeof(struct rm_request)) {
		ask(bytes + at, size - at);
	}
	return 0;
}
