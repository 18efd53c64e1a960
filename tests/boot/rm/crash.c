// SPDX-License-Identifier: BSD-3-Clause
/*
 * crash.c: linked into a resource manager of its own (--wrap=ledger_create_vm), which dies when it
 * is asked for the second guest. The boot test next to it says what must go on.
 */
#include "ledger.h"

#define FIRST_GUEST 1

int __real_ledger_create_vm(struct ledger *ledger, uint16_t client, uint32_t flags,
			    uint32_t ipa_bits, uint32_t pages, const char *name,
			    struct ledger_vm **vm);
int __wrap_ledger_create_vm(struct ledger *ledger, uint16_t client, uint32_t flags,
			    uint32_t ipa_bits, uint32_t pages, const char *name,
			    struct ledger_vm **vm);

int __wrap_ledger_create_vm(struct ledger *ledger, uint16_t client, uint32_t flags,
			    uint32_t ipa_bits, uint32_t pages, const char *name,
			    struct ledger_vm **vm)
{
	static int calls;

	if (client != LEDGER_RM && calls++ == FIRST_GUEST) {
		*(volatile uint32_t *)(1ull << 46) = 1; /* nothing is mapped there */
	}
	return __real_ledger_create_vm(ledger, client, flags, ipa_bits, pages, name, vm);
}
