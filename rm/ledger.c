// SPDX-License-Identifier: BSD-3-Clause
/*
 * ledger.c: slots of VMs and the pages behind them; see ledger.h.
 */
#include "ledger.h"
#include "log.h"

#include <hyp/stubs.h>
#include <string.h>

void ledger_init(struct ledger *ledger, struct pool *pool)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->pool = pool;
	for (uint16_t i = 0; i < LEDGER_SLOTS; i++) {
		ledger->vms[i].slot = i;
	}
	ledger->vms[LEDGER_RM].state = LEDGER_LIVE;
	ledger->vms[LEDGER_RM].handle = HYP_HANDLE_SELF;
	ledger->vms[LEDGER_RM].id = hyp_handle_info(HYP_HANDLE_SELF).v[2];
	strcpy(ledger->vms[LEDGER_RM].name, "rm");
}

static struct ledger_vm *ledger_find_free(struct ledger *ledger)
{
	for (uint32_t i = LEDGER_RM + 1; i < LEDGER_SLOTS; i++) {
		if (ledger->vms[i].state == LEDGER_FREE) {
			return &ledger->vms[i];
		}
	}
	return NULL;
}

int ledger_create_vm(struct ledger *ledger, uint16_t client, uint32_t flags, uint32_t ipa_bits,
		     uint32_t pages, const char *name, struct ledger_vm **out)
{
	struct ledger_vm *vm = ledger_find_free(ledger);
	struct hyp_result result;
	uint64_t base;
	uint32_t nr;
	int error;

	if (!vm) {
		return HYP_E_LIMIT;
	}
	nr = pool_take(ledger->pool, vm->slot, pages, &base);
	if (!nr) {
		return HYP_E_NOMEM;
	}
	result = hyp_while_busy(hyp_vm_create(base, nr, flags, ipa_bits), (void)0);
	if (result.error) {
		pool_give_all(ledger->pool, vm->slot);
		return (int)result.error;
	}
	vm->state = LEDGER_LIVE;
	vm->client = client;
	vm->nr_irqs = 0;
	vm->spare.handle = 0;
	vm->handle = result.v[0];
	vm->id = result.v[1];
	memset(vm->name, 0, sizeof(vm->name));
	strncpy(vm->name, name, sizeof(vm->name) - 1);
	error = ledger_feed_vm(ledger, vm, pages - nr);
	if (error) {
		ledger_undo_vm(ledger, vm);
		return error;
	}
	*out = vm;
	return HYP_OK;
}

int ledger_feed_vm(struct ledger *ledger, struct ledger_vm *vm, uint32_t pages)
{
	while (pages) {
		struct hyp_result result;
		uint64_t base;
		uint32_t nr = pool_take(ledger->pool, vm->slot, pages, &base);

		if (!nr) {
			return HYP_E_NOMEM;
		}
		result = hyp_vm_pool_add(vm->handle, base, nr);
		if (result.error) {
			pool_give(ledger->pool, base, nr);
			return (int)result.error;
		}
		pages -= nr;
	}
	return HYP_OK;
}

int ledger_destroy_vm(struct ledger *ledger, struct ledger_vm *vm)
{
	struct hyp_result result = hyp_vm_destroy(vm->handle);

	if (result.error) {
		vm->state = LEDGER_DYING;
		if (result.error != HYP_E_BUSY) {
			log_line(LOG_ERROR, "VM %llu '%s' cannot be destroyed: %s",
				 (unsigned long long)vm->id, vm->name, log_error(result.error));
		}
		return (int)result.error;
	}
	pool_give_all(ledger->pool, vm->slot);
	vm->state = LEDGER_FREE;
	return HYP_OK;
}

void ledger_undo_vm(struct ledger *ledger, struct ledger_vm *vm)
{
	while (ledger_destroy_vm(ledger, vm) == HYP_E_BUSY) {
	}
}

struct ledger_vm *ledger_find_vm(struct ledger *ledger, uint16_t client, uint64_t id)
{
	for (uint32_t i = LEDGER_RM + 1; i < LEDGER_SLOTS; i++) {
		struct ledger_vm *vm = &ledger->vms[i];

		if (vm->state != LEDGER_FREE && vm->id == id && vm->client == client) {
			return vm;
		}
	}
	return NULL;
}

struct ledger_vm *ledger_get_nth(struct ledger *ledger, uint64_t nth)
{
	for (uint32_t i = LEDGER_RM; i < LEDGER_SLOTS; i++) {
		if (ledger->vms[i].state != LEDGER_FREE && nth-- == 0) {
			return &ledger->vms[i];
		}
	}
	return NULL;
}
