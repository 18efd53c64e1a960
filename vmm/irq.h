/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * irq.h: an interrupt line as a device sees it, and an interrupt that is a message.
 *
 * A device gets a line when it is made and sets its level; it does not know the controller behind.
 * Lines are level triggered; setting a level that is already set is harmless and cheap to call. Any
 * thread may call.
 */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct irq_line {
	void (*set)(void *context, unsigned int number, bool level);
	void *context;
	unsigned int number; /* for a GIC: the SPI number, INTID - 32 */
};

static inline void irq_line_set(const struct irq_line *line, bool level)
{
	line->set(line->context, line->number, level);
}

/* Takes messages: what a device writes to an address to interrupt. Any thread may send. */
struct msi_target {
	/* @requester is who writes; for PCI: bus, device and function. An @address at which nobody
	 * waits for messages is none of ours, and the message is lost. */
	void (*send)(void *context, uint32_t requester, uint64_t address, uint32_t data);
	void *context;
};

#endif
