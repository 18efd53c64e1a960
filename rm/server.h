/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server.h: answers the requests of <hyp/rm_msg.h>.
 *
 * A client is a VM that may ask: today the host. Whatever it sends, it gets at: its own VMs, and
 * pages of the pool up to what is free, for each VM and for itself up to a quota. At most one
 * answer per client waits to be sent, and while it does no further request is taken, so a client
 * that does not read costs nothing.
 */
#ifndef RM_SERVER_H
#define RM_SERVER_H

#include "ledger.h"

struct client {
	struct ledger *ledger;
	struct ledger_vm *vm; /* the client itself */
	uint64_t requests;    /* handles of the two queues */
	uint64_t answers;
	uint32_t first_pages;      /* its own before it asked for any (SELF_QUOTA) */
	uint32_t table_pages_most; /* for all of its memory: more it cannot need for itself */
	bool pending;              /* answer waits for room */
	union {
		struct rm_request request;
		char bytes[RM_MSG_BYTES]; /* the longest message fits, so none gets stuck */
	} in;
	struct rm_answer answer;
};

/* Answers one request, which was copied out of the client's reach. */
void server_answer(struct client *client, const struct rm_request *request,
		   struct rm_answer *answer);

/* Receives, answers and sends until nothing is left to receive or no room to send. */
void server_poll(struct client *client);

/* Pool pages that a new VM needs in all. */
uint64_t server_vm_pages(uint64_t nr_vcpus, uint64_t bytes);

/* Pool pages that @bytes of guest memory need: its level-3 tables, and those above them. */
uint32_t server_table_pages(uint64_t bytes);

#endif
