/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ledger.h: which VMs there are, and what each was given.
 *
 * A VM has one slot from its creation until the hypervisor has destroyed it. The slot's number is
 * also the owner of its pages in the pool. Slots are a fixed table: no allocation can fail later.
 *
 *   FREE --create--> LIVE --destroy--> (destroyed: FREE)
 *                      |                   ^
 *                      +-- destroy, BUSY --> DYING --destroy--+
 *
 * A DYING VM was asked to go while pages were still lent to it or a vCPU still ran: nothing can be
 * added to it any more, and its maker calls again.
 */
#ifndef RM_LEDGER_H
#define RM_LEDGER_H

#include "pool.h"

#include <hyp/rm_msg.h>
#include <stdbool.h>

#define LEDGER_SLOTS 256u
#define LEDGER_RM    1u /* slot of the RM's own pages; no VM object */

enum ledger_state { LEDGER_FREE, LEDGER_LIVE, LEDGER_DYING };

struct ledger_vm {
	enum ledger_state state;
	uint16_t slot;   /* its owner number in the pool */
	uint16_t client; /* slot of the VM that asked for it; LEDGER_RM for the host */
	uint32_t nr_irqs;
	uint64_t handle; /* the RM's */
	uint64_t id;
	char name[RM_NAME_BYTES]; /* NUL-terminated */
	struct {
		uint64_t handle; /* the RM's, or 0 */
		uint64_t index, mpidr;
	} spare; /* a vCPU that was made, but for which its maker had no room */
};

struct ledger {
	struct pool *pool;
	struct ledger_vm vms[LEDGER_SLOTS]; /* [0] is never used, as POOL_FREE is 0 */
};

void ledger_init(struct ledger *ledger, struct pool *pool);

/* Creates a VM with @pages of pool in the hypervisor. 0 and *@vm, or HYP_E_* with nothing taken. */
int ledger_create_vm(struct ledger *ledger, uint16_t client, uint32_t flags, uint32_t ipa_bits,
		     uint32_t pages, const char *name, struct ledger_vm **vm);

/*
 * Donates @pages to a VM's pool (LEDGER_RM: to the RM's own). 0, or HYP_E_NOMEM when the RM's pool
 * runs dry on the way; what was given stays given.
 */
int ledger_feed_vm(struct ledger *ledger, struct ledger_vm *vm, uint32_t pages);

/* Destroys it and takes its pages back. HYP_E_BUSY: it is DYING now, ask again. */
int ledger_destroy_vm(struct ledger *ledger, struct ledger_vm *vm);

/*
 * The same for a VM that never ran and of which nobody else has a handle: what makes the hypervisor
 * say BUSY (another core in the way, memory wiped a part at a time) then passes, and nobody would
 * ask again.
 */
void ledger_undo_vm(struct ledger *ledger, struct ledger_vm *vm);

/* A client's VM by its id, in any state but FREE; or NULL. */
struct ledger_vm *ledger_find_vm(struct ledger *ledger, uint16_t client, uint64_t id);

/* The @nth used slot; 0 is the RM. NULL past the last. */
struct ledger_vm *ledger_get_nth(struct ledger *ledger, uint64_t nth);

#endif
