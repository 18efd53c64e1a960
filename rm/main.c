// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c: the RM's life: it owns the machine, makes the host VM and the static VMs, and then
 * answers requests.
 *
 * One loop, one vCPU, no locks: a message raises the RM's only interrupt, which ends the wait;
 * every queue is then served until it is empty.
 */
#include "el1/el1.h"
#include "host.h"
#include "log.h"
#include "staticvm.h"

#include <hyp/stubs.h>

#define RM_VIRQ   32u /* in the RM's virtual GIC: something came, or there is room to send */
#define MSGQ_RECV 0
#define MSGQ_SEND 1

static struct pool pool;
static struct ledger ledger;
static struct client host;

/* The table of owners takes the pool's first pages. */
static void init_pool(const struct boot_info *boot)
{
	uint64_t nr = boot->rm_pool.bytes / 4096;
	uint64_t taken = (pool_table_bytes(nr) + 4095) / 4096;

	pool_init(&pool, boot->rm_pool.base + taken * 4096, (uint32_t)(nr - taken),
		  (uint16_t *)boot->rm_pool.base);
}

void rm_main(const struct boot_info *boot);

void rm_main(const struct boot_info *boot)
{
	struct hyp_result version = hyp_version();

	log_level = (enum log_level)boot->log_level;
	if (version.error || version.v[0] != HYP_CALL_ABI) {
		log_line(LOG_ERROR, "the hypervisor speaks version %lu, not %u",
			 (unsigned long)version.v[0], HYP_CALL_ABI);
		return;
	}
	init_pool(boot);
	ledger_init(&ledger, &pool);
	if (gic_init(boot, RM_VIRQ) || host_start(boot, &ledger, &host)) {
		return;
	}
	if (hyp_msgq_bind(host.requests, MSGQ_RECV, RM_VIRQ).error ||
	    hyp_msgq_bind(host.answers, MSGQ_SEND, RM_VIRQ).error) {
		log_line(LOG_ERROR, "no interrupt for messages");
		return;
	}
	staticvm_start_all(boot, &ledger);
	for (;;) {
		server_poll(&host);
		gic_wait();
	}
}
