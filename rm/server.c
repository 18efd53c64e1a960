// SPDX-License-Identifier: BSD-3-Clause
/*
 * server.c: the requests; see server.h. Every handler checks each field before the first effect,
 * and undoes what it did when a later step fails.
 */
#include "server.h"
#include "log.h"

#include <hyp/stubs.h>
#include <string.h>

#define MAX_BYTES          (1ull << 44) /* of memory in one request */
#define MIN_IPA_BITS       32u
#define MAX_IPA_BITS       52u
#define VM_PAGES           44u /* object, handles, up to 16 root tables, aligned, GIC, console */
#define VCPU_PAGES         2u
#define FEED_PAGES         32u /* the least to donate at once */
#define FEED_TRIES         8
#define CLIENT_VM_RIGHTS   (HYP_RIGHT_MEM | HYP_RIGHT_CONTROL)
#define CLIENT_VCPU_RIGHTS (HYP_RIGHT_CONTROL | HYP_RIGHT_RUN)

uint32_t server_table_pages(uint64_t bytes)
{
	uint64_t level3 = (bytes + (2ull << 20) - 1) >> 21;
	uint64_t level2 = (bytes + (1ull << 30) - 1) >> 30;

	return (uint32_t)(level3 + 2 * level2);
}

uint64_t server_vm_pages(uint64_t nr_vcpus, uint64_t bytes)
{
	return VM_PAGES + nr_vcpus * VCPU_PAGES + server_table_pages(bytes);
}

/*
 * Pages that a client's VM may still get: what any VM needs, and tables for twice the memory that
 * the client has, as guests may be promised more than there is. So one VM, whose memory may be
 * scattered for no other purpose, cannot use up the tables of all others.
 */
static uint32_t server_left(const struct client *client, const struct ledger_vm *vm)
{
	uint64_t most = server_vm_pages(HYP_MAX_VCPUS, 0) + 2ull * client->table_pages_most;
	uint64_t used = vm ? pool_count(client->ledger->pool, vm->slot) : 0;

	return used < most ? (uint32_t)(most - used) : 0;
}

static int server_version(struct client *client, const struct rm_request *request,
			  struct rm_answer *answer)
{
	const uint64_t *a = request->a;
	(void)client;
	answer->a[0] = RM_MSG_VERSION;
	return a[0] == 0 || a[0] == RM_MSG_VERSION ? HYP_OK : HYP_E_INVAL;
}

static bool server_name_is_fine(const char name[RM_NAME_BYTES])
{
	for (uint32_t i = 0; i < RM_NAME_BYTES; i++) {
		if (name[i] == '\0') {
			return true;
		}
		if (name[i] < ' ' || name[i] > '~') {
			return false;
		}
	}
	return false;
}

static int server_vm_create(struct client *client, const struct rm_request *request,
			    struct rm_answer *answer)
{
	const uint64_t *a = request->a;
	const char *name = request->name;
	uint64_t flags = a[0], ipa_bits = a[1], nr_vcpus = a[2], bytes = a[3];
	struct hyp_result result;
	struct ledger_vm *vm;
	uint64_t pages;
	int error;

	if ((flags & ~(uint64_t)HYP_VM_PROTECTED) || nr_vcpus > HYP_MAX_VCPUS ||
	    bytes > MAX_BYTES ||
	    (ipa_bits && (ipa_bits < MIN_IPA_BITS || ipa_bits > MAX_IPA_BITS)) ||
	    !server_name_is_fine(name)) {
		return HYP_E_INVAL;
	}
	pages = server_vm_pages(nr_vcpus, bytes);
	if (pages > server_left(client, NULL)) {
		return HYP_E_LIMIT;
	}
	if (pages > client->ledger->pool->nr_free) {
		return HYP_E_NOMEM;
	}
	error = ledger_create_vm(client->ledger, client->vm->slot, (uint32_t)flags,
				 (uint32_t)ipa_bits, (uint32_t)pages, name, &vm);
	if (error) {
		return error;
	}
	result = hyp_while_busy(hyp_handle_copy(vm->handle, client->vm->handle, CLIENT_VM_RIGHTS),
				(void)0);
	if (result.error) {
		ledger_undo_vm(client->ledger, vm);
		return (int)result.error;
	}
	answer->a[0] = result.v[0];
	answer->a[1] = vm->id;
	return HYP_OK;
}

/* A VM of the client's that is not on its way out. */
static int server_get_live(struct client *client, uint64_t id, struct ledger_vm **vm)
{
	*vm = ledger_find_vm(client->ledger, client->vm->slot, id);
	if (!*vm) {
		return HYP_E_HANDLE;
	}
	return (*vm)->state == LEDGER_LIVE ? HYP_OK : HYP_E_STATE;
}

/*
 * How many pages to donate when @pages are needed: more than that, in steps that grow with what the
 * VM has, because the hypervisor keeps a short list of the ranges a pool consists of; but just
 * @pages when little is left.
 */
static uint32_t server_step(const struct client *client, const struct ledger_vm *vm, uint32_t pages)
{
	const struct pool *pool = client->ledger->pool;
	uint32_t step = pool_count(pool, vm->slot) / 4;

	step = step > FEED_PAGES ? step : FEED_PAGES;
	return step > pages && step < pool->nr_free / 2 ? step : pages;
}

/* Up to its quota a VM gets @pages, or a step more. */
static int server_feed(struct client *client, struct ledger_vm *vm, uint32_t pages)
{
	uint32_t left = server_left(client, vm);

	if (!left) {
		return HYP_E_LIMIT;
	}
	pages = server_step(client, vm, pages);
	pages = pages < left ? pages : left;
	if (pages > client->ledger->pool->nr_free) {
		return HYP_E_NOMEM;
	}
	return ledger_feed_vm(client->ledger, vm, pages);
}

static int server_vm_quota(struct client *client, const struct rm_request *request,
			   struct rm_answer *answer)
{
	const uint64_t *a = request->a;
	struct ledger_vm *vm;
	int error = server_get_live(client, a[0], &vm);

	(void)answer;
	if (error) {
		return error;
	}
	if (a[1] > MAX_BYTES) {
		return HYP_E_INVAL;
	}
	return server_feed(client, vm, server_table_pages(a[1]));
}

static struct hyp_result server_make_vcpu(const struct ledger_vm *vm, const uint64_t a[])
{
	if (vm->spare.handle && vm->spare.index == a[1] && vm->spare.mpidr == a[2]) {
		return (struct hyp_result){HYP_OK, {vm->spare.handle}};
	}
	return hyp_while_busy(hyp_vcpu_create(vm->handle, a[1], a[2], HYP_VCPU_PROXY), (void)0);
}

/*
 * The client gets a handle, and the RM, which has no use for one, deletes its own: the vCPU lives
 * as long as its VM. If the client's table is full the RM keeps it, for when it is asked again.
 */
static struct hyp_result server_hand_out(struct client *client, struct ledger_vm *vm,
					 uint64_t handle, const uint64_t a[])
{
	struct hyp_result copy = hyp_while_busy(
		hyp_handle_copy(handle, client->vm->handle, CLIENT_VCPU_RIGHTS), (void)0);
	uint64_t old = vm->spare.handle;

	vm->spare.handle = copy.error ? handle : 0;
	vm->spare.index = a[1];
	vm->spare.mpidr = a[2];
	if (!copy.error) {
		(void)hyp_while_busy(hyp_handle_delete(handle), (void)0);
	}
	if (old && old != handle) {
		(void)hyp_while_busy(hyp_handle_delete(old), (void)0);
	}
	return copy;
}

static int server_vcpu_create(struct client *client, const struct rm_request *request,
			      struct rm_answer *answer)
{
	const uint64_t *a = request->a;
	struct hyp_result made, copy;
	struct ledger_vm *vm;
	int error = server_get_live(client, a[0], &vm);

	if (error) {
		return error;
	}
	made = server_make_vcpu(vm, a);
	for (int i = 0; made.error == HYP_E_NOMEM && i < FEED_TRIES; i++) {
		error = server_feed(client, vm, VCPU_PAGES);
		if (error) {
			return error;
		}
		made = server_make_vcpu(vm, a);
	}
	if (made.error) {
		return (int)made.error;
	}
	copy = server_hand_out(client, vm, made.v[0], a);
	answer->a[0] = copy.v[0];
	return (int)copy.error;
}

static int server_vm_destroy(struct client *client, const struct rm_request *request,
			     struct rm_answer *answer)
{
	const uint64_t *a = request->a;
	struct ledger_vm *vm = ledger_find_vm(client->ledger, client->vm->slot, a[0]);

	(void)answer;
	return vm ? ledger_destroy_vm(client->ledger, vm) : HYP_E_HANDLE;
}

static int server_ledger(struct client *client, const struct rm_request *request,
			 struct rm_answer *answer)
{
	const uint64_t *a = request->a;
	struct ledger *ledger = client->ledger;
	struct ledger_vm *vm = ledger_get_nth(ledger, a[0]);
	struct hyp_result info;

	if (!vm) {
		return HYP_E_INVAL;
	}
	memcpy(answer->name, vm->name, sizeof(answer->name));
	answer->a[0] = vm->id;
	if (vm->slot == LEDGER_RM) {
		answer->a[1] = ledger->pool->nr_pages;
		answer->a[2] = ledger->pool->nr_free;
		return HYP_OK;
	}
	info = hyp_vm_info(vm->handle);
	answer->a[1] = pool_count(ledger->pool, vm->slot);
	answer->a[2] = info.v[2];
	answer->a[3] = info.v[3];
	answer->a[4] = info.v[4];
	answer->a[5] = vm->nr_irqs;
	return (int)info.error;
}

/*
 * To lend or share single pages the hypervisor splits the caller's own 2 MiB blocks: one table
 * each. A client cannot need more of them than it has memory, so asking in a loop gains nothing.
 */
static int server_self_quota(struct client *client, const struct rm_request *request,
			     struct rm_answer *answer)
{
	const struct pool *pool = client->ledger->pool;
	uint32_t used = pool_count(pool, client->vm->slot) - client->first_pages;
	uint32_t left = client->table_pages_most - used, pages;
	uint64_t bytes = request->a[0];

	(void)answer;
	if (bytes > MAX_BYTES) {
		return HYP_E_INVAL;
	}
	pages = server_step(client, client->vm, server_table_pages(bytes));
	pages = pages < left ? pages : left;
	if (!pages) {
		return HYP_E_LIMIT;
	}
	return pages > pool->nr_free ? HYP_E_NOMEM
				     : ledger_feed_vm(client->ledger, client->vm, pages);
}

void server_answer(struct client *client, const struct rm_request *request,
		   struct rm_answer *answer)
{
	static int (*const handlers[])(struct client *, const struct rm_request *,
				       struct rm_answer *) = {
#define SERVER_HANDLER(name, nr, doc) [nr] = server_##name,
		RM_MSGS(SERVER_HANDLER)
#undef SERVER_HANDLER
	};

	*answer = (struct rm_answer){.type = request->type, .seq = request->seq};
	if (request->type >= sizeof(handlers) / sizeof(handlers[0]) || !handlers[request->type]) {
		answer->error = HYP_E_NOSYS;
		return;
	}
	answer->error = handlers[request->type](client, request, answer);
	if (answer->error) {
		log_line(LOG_DEBUG, "request %u: %s", request->type, log_error(answer->error));
	}
}

/* Sends the waiting answer. false: still no room. */
static bool server_send(struct client *client)
{
	struct hyp_result result =
		hyp_msgq_send(client->answers, (hyp_arg_t)&client->answer, sizeof(client->answer));

	if (result.error == HYP_E_AGAIN) {
		return false;
	}
	if (result.error) {
		log_line(LOG_ERROR, "an answer is lost: %s", log_error(result.error));
	}
	client->pending = false;
	return true;
}

void server_poll(struct client *client)
{
	struct hyp_result result;

	while (!client->pending || server_send(client)) {
		result =
			hyp_msgq_recv(client->requests, (hyp_arg_t)&client->in, sizeof(client->in));
		if (result.error) {
			return;
		}
		if (result.v[0] != sizeof(client->in.request)) {
			log_line(LOG_DEBUG, "a message of %lu bytes is dropped",
				 (unsigned long)result.v[0]);
			continue;
		}
		server_answer(client, &client->in.request, &client->answer);
		client->pending = true;
	}
}
