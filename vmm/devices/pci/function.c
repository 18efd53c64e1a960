// SPDX-License-Identifier: BSD-3-Clause
/*
 * function.c: configuration space, BAR and INTA. See function.h.
 */
#include "devices/pci/function.h"

#include <string.h>

uint32_t pci_function_field(const struct pci_function *function, unsigned int offset,
			    unsigned int size)
{
	uint32_t value = 0;

	memcpy(&value, function->config + offset, size);
	return value;
}

static void function_set_field(struct pci_function *function, unsigned int offset, uint32_t value,
			       unsigned int size)
{
	memcpy(function->config + offset, &value, size);
}

void pci_function_make_writable(struct pci_function *function, unsigned int offset, uint32_t mask)
{
	memcpy(function->writable + offset, &mask, sizeof(mask));
}

void pci_function_init(struct pci_function *function, const struct pci_function_ops *ops,
		       const struct pci_identity *identity, const atomic_uint *cause)
{
	pthread_mutex_init(&function->lock, NULL);
	function->ops = ops;
	function->cause = cause;
	function->nr_used = PCI_STD_HEADER_SIZEOF;
	function_set_field(function, PCI_VENDOR_ID, identity->vendor, 2);
	function_set_field(function, PCI_DEVICE_ID, identity->device, 2);
	function_set_field(function, PCI_CLASS_REVISION,
			   identity->class_code << 8 | identity->revision, 4);
	function_set_field(function, PCI_SUBSYSTEM_VENDOR_ID, identity->vendor, 2);
	function_set_field(function, PCI_SUBSYSTEM_ID, identity->subsystem, 2);
	function_set_field(function, PCI_INTERRUPT_PIN, cause ? 1 : 0, 1);
	pci_function_make_writable(function, PCI_COMMAND,
				   PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
					   PCI_COMMAND_INTX_DISABLE);
	pci_function_make_writable(function, PCI_INTERRUPT_LINE, UINT8_MAX);
}

void pci_function_release(struct pci_function *function)
{
	pthread_mutex_destroy(&function->lock);
}

/* That its low bits stay 0 is how a guest learns its size (6.2.5.1). */
void pci_function_add_bar(struct pci_function *function, uint32_t size)
{
	function->bar_size = size;
	pci_function_make_writable(function, PCI_BASE_ADDRESS_0, ~(size - 1));
}

uint8_t pci_function_add_capability(struct pci_function *function, const void *capability,
				    uint8_t size)
{
	uint8_t at = function->nr_used;

	memcpy(function->config + at, capability, size);
	function_set_field(function, at + PCI_CAP_LIST_NEXT,
			   pci_function_field(function, PCI_CAPABILITY_LIST, 1), 1);
	function_set_field(function, PCI_CAPABILITY_LIST, at, 1);
	function->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	function->nr_used = (uint8_t)(at + (size + 3) / 4 * 4);
	return at;
}

/* The line, and the Interrupt Status bit, which Interrupt Disable does not change (6.2.3). */
static void function_update_intx(struct pci_function *function)
{
	bool asserted =
		function->cause && !pci_msix_is_enabled(function) && atomic_load(function->cause);
	uint32_t command = pci_function_field(function, PCI_COMMAND, 2);

	if (!function->cause) {
		return;
	}
	function->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
	function->config[PCI_STATUS] |= asserted ? PCI_STATUS_INTERRUPT : 0;
	irq_line_set(&function->intx, asserted && !(command & PCI_COMMAND_INTX_DISABLE));
}

/* Registers have changed, which of them does not matter. */
static void function_apply(struct pci_function *function)
{
	bool decodes = pci_function_field(function, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;

	atomic_store(&function->bar_base,
		     decodes ? pci_function_field(function, PCI_BASE_ADDRESS_0, 4) : 0);
	pci_msix_flush(function);
	function_update_intx(function);
}

uint32_t pci_function_read(struct pci_function *function, unsigned int offset, unsigned int size)
{
	uint32_t value = 0;

	if (function->ops->before_read) {
		function->ops->before_read(function, offset, size);
	}
	pci_function_get(function, offset, &value, size);
	return value;
}

void pci_function_write(struct pci_function *function, unsigned int offset, uint32_t value,
			unsigned int size)
{
	pthread_mutex_lock(&function->lock);
	for (unsigned int i = offset; i < offset + size; i++, value >>= 8) {
		uint8_t mask = function->writable[i];

		function->config[i] = (uint8_t)((function->config[i] & ~mask) | (value & mask));
	}
	function_apply(function);
	pthread_mutex_unlock(&function->lock);
	if (function->ops->after_write) {
		function->ops->after_write(function, offset, size);
	}
}

void pci_function_get(struct pci_function *function, unsigned int offset, void *to, size_t size)
{
	pthread_mutex_lock(&function->lock);
	memcpy(to, function->config + offset, size);
	pthread_mutex_unlock(&function->lock);
}

void pci_function_set(struct pci_function *function, unsigned int offset, const void *from,
		      size_t size)
{
	pthread_mutex_lock(&function->lock);
	memcpy(function->config + offset, from, size);
	pthread_mutex_unlock(&function->lock);
}

bool pci_function_is_master(struct pci_function *function)
{
	uint16_t command;

	pci_function_get(function, PCI_COMMAND, &command, sizeof(command));
	return command & PCI_COMMAND_MASTER;
}

bool pci_function_decodes(const struct pci_function *function, uint64_t gpa, unsigned int size)
{
	uint32_t base = atomic_load(&function->bar_base);

	return base && gpa >= base && gpa - base < function->bar_size &&
	       size <= function->bar_size - (gpa - base);
}

void pci_function_interrupt(struct pci_function *function, unsigned int vector)
{
	pthread_mutex_lock(&function->lock);
	if (pci_msix_is_enabled(function)) {
		pci_msix_signal(function, vector);
	} else {
		function_update_intx(function);
	}
	pthread_mutex_unlock(&function->lock);
}
