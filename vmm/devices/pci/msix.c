// SPDX-License-Identifier: BSD-3-Clause
/*
 * msix.c: MSI-X (PCI Local Bus 3.0, 6.8.2): capability, table, pending bits.
 *
 * A vector that is signalled while it or the function is masked is pending until neither is; so it
 * is while the function must not write to memory.
 */
#include "devices/pci/function.h"

struct msix_capability {
	uint8_t id, next;
	uint16_t control;
	uint32_t table;   /* offset, and the BAR in bits 2:0: BAR 0 */
	uint32_t pending; /* likewise */
};

_Static_assert(sizeof(struct msix_capability) == PCI_CAP_MSIX_SIZEOF, "as 6.8.2 lays it out");

#define MSIX_ENTRY_WORDS 4u /* of 32 bits: address, its upper half, data, control */

void pci_function_add_msix(struct pci_function *function, unsigned int nr_vectors, uint32_t table,
			   uint32_t pending, const struct msi_target *target)
{
	const struct msix_capability capability = {
		.id = PCI_CAP_ID_MSIX,
		.control = (uint16_t)(nr_vectors - 1),
		.table = table,
		.pending = pending,
	};
	struct pci_msix *msix = &function->msix;

	msix->nr_vectors = nr_vectors;
	msix->target = *target;
	msix->capability = pci_function_add_capability(function, &capability, sizeof(capability));
	pci_function_make_writable(function, msix->capability,
				   (uint32_t)(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)
					   << 8 * PCI_MSIX_FLAGS);
	for (unsigned int i = 0; i < nr_vectors; i++) {
		msix->table[i].masked = true; /* the state after reset */
	}
}

static uint32_t msix_control(const struct pci_function *function)
{
	return function->msix.capability
		       ? pci_function_field(function, function->msix.capability + PCI_MSIX_FLAGS, 2)
		       : 0;
}

bool pci_msix_is_enabled(const struct pci_function *function)
{
	return msix_control(function) & PCI_MSIX_FLAGS_ENABLE;
}

void pci_msix_flush(struct pci_function *function)
{
	struct pci_msix *msix = &function->msix;
	uint32_t control = msix_control(function);

	if (!(control & PCI_MSIX_FLAGS_ENABLE) || (control & PCI_MSIX_FLAGS_MASKALL) ||
	    !(pci_function_field(function, PCI_COMMAND, 2) & PCI_COMMAND_MASTER)) {
		return;
	}
	for (unsigned int i = 0; i < msix->nr_vectors; i++) {
		if ((msix->pending & 1u << i) && !msix->table[i].masked) {
			msix->pending &= ~(1u << i);
			msix->target.send(msix->target.context, function->requester_id,
					  msix->table[i].address, msix->table[i].data);
		}
	}
}

void pci_msix_signal(struct pci_function *function, unsigned int vector)
{
	if (vector < function->msix.nr_vectors) {
		function->msix.pending |= 1u << vector;
		pci_msix_flush(function);
	}
}

static uint32_t msix_read_word(const struct pci_msix *msix, unsigned int vector, unsigned int word)
{
	switch (word) {
	case 0:
		return (uint32_t)msix->table[vector].address;
	case 1:
		return (uint32_t)(msix->table[vector].address >> 32);
	case 2:
		return msix->table[vector].data;
	default:
		return msix->table[vector].masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0;
	}
}

static void msix_write_word(struct pci_msix *msix, unsigned int vector, unsigned int word,
			    uint32_t value)
{
	uint64_t address = msix->table[vector].address;

	switch (word) {
	case 0:
		/* A message is a whole word. */
		msix->table[vector].address = (address & ~UINT64_C(0xffffffff)) | (value & ~3u);
		break;
	case 1:
		msix->table[vector].address = (uint64_t)value << 32 | (uint32_t)address;
		break;
	case 2:
		msix->table[vector].data = value;
		break;
	default:
		msix->table[vector].masked = value & PCI_MSIX_ENTRY_CTRL_MASKBIT;
		break;
	}
}

/* Only whole words and pairs of them may be accessed. */
static bool msix_has(uint64_t offset, unsigned int size, uint64_t limit)
{
	return size >= 4 && offset % size == 0 && offset < limit;
}

static uint64_t msix_table_size(const struct pci_msix *msix)
{
	return (uint64_t)msix->nr_vectors * PCI_MSIX_ENTRY_SIZE;
}

uint64_t pci_msix_read_table(struct pci_function *function, uint64_t offset, unsigned int size)
{
	const struct pci_msix *msix = &function->msix;
	unsigned int word = (unsigned int)offset / 4 % MSIX_ENTRY_WORDS;
	uint64_t vector = offset / PCI_MSIX_ENTRY_SIZE, value;

	if (!msix_has(offset, size, msix_table_size(msix))) {
		return 0;
	}
	pthread_mutex_lock(&function->lock);
	value = msix_read_word(msix, (unsigned int)vector, word);
	if (size == 8) {
		value |= (uint64_t)msix_read_word(msix, (unsigned int)vector, word + 1) << 32;
	}
	pthread_mutex_unlock(&function->lock);
	return value;
}

void pci_msix_write_table(struct pci_function *function, uint64_t offset, uint64_t value,
			  unsigned int size)
{
	struct pci_msix *msix = &function->msix;
	unsigned int word = (unsigned int)offset / 4 % MSIX_ENTRY_WORDS;
	uint64_t vector = offset / PCI_MSIX_ENTRY_SIZE;

	if (!msix_has(offset, size, msix_table_size(msix))) {
		return;
	}
	pthread_mutex_lock(&function->lock);
	msix_write_word(msix, (unsigned int)vector, word, (uint32_t)value);
	if (size == 8) {
		msix_write_word(msix, (unsigned int)vector, word + 1, (uint32_t)(value >> 32));
	}
	pci_msix_flush(function);
	pthread_mutex_unlock(&function->lock);
}

uint64_t pci_msix_read_pending(struct pci_function *function, uint64_t offset, unsigned int size)
{
	uint64_t pending;

	if (!msix_has(offset, size, 4)) {
		return 0;
	}
	pthread_mutex_lock(&function->lock);
	pending = function->msix.pending;
	pthread_mutex_unlock(&function->lock);
	return pending;
}
