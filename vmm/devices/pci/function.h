/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * function.h: one PCI function: configuration space of type 0 (PCI Local Bus 3.0, 6.1, 6.2, 6.7), a
 * memory BAR of 32 bits, and an interrupt by INTA or MSI-X (6.8.2; msix.c).
 *
 * A device embeds it, describes itself with the functions below, and gives it to a host (host.h).
 * The guest changes bits that are writable and no others; what a value means is looked at when it
 * is used. The BAR may be moved at any time, to anywhere; it answers where the host's window is.
 *
 * Without Bus Master Enable no message is sent; that nothing else is written either is the device's
 * business (pci_function_is_master()).
 *
 * `lock` guards configuration space, MSI-X and the line. It is held while a line is set or a
 * message sent, and not while ops are called; nothing else is locked inside it but the interrupt
 * controller.
 */
#ifndef VMM_DEVICES_PCI_FUNCTION_H
#define VMM_DEVICES_PCI_FUNCTION_H

#include "irq.h"

#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PCI_MAX_VECTORS 16
#define PCI_NO_VECTOR   0xffffu

struct pci_function;

struct pci_function_ops {
	/* Accesses inside the BAR, as in struct bus_ops. */
	uint64_t (*read_bar)(struct pci_function *function, uint64_t offset, unsigned int size);
	void (*write_bar)(struct pci_function *function, uint64_t offset, uint64_t value,
			  unsigned int size);
	/* Optional, for registers of configuration space that do something. */
	void (*before_read)(struct pci_function *function, unsigned int offset, unsigned int size);
	void (*after_write)(struct pci_function *function, unsigned int offset, unsigned int size);
	void (*destroy)(struct pci_function *function);
};

struct pci_identity {
	uint16_t vendor, device, subsystem;
	uint8_t revision;
	uint32_t class_code; /* 24 bits */
};

struct pci_msix {
	uint8_t capability; /* its offset; 0: the function has no MSI-X */
	unsigned int nr_vectors;
	struct msi_target target;
	struct {
		uint64_t address;
		uint32_t data;
		bool masked;
	} table[PCI_MAX_VECTORS];
	uint32_t pending; /* a bit for each vector */
};

struct pci_function {
	const struct pci_function_ops *ops;
	uint16_t requester_id;    /* bus, device, function; the host's choice */
	struct irq_line intx;     /* likewise */
	const atomic_uint *cause; /* what INTA is asserted for, while it is not 0; NULL: no INTA */
	uint32_t bar_size;        /* a power of two; 0: there is none */
	atomic_uint bar_base;     /* where the BAR answers; 0: nowhere */

	pthread_mutex_t lock; /* guards what follows */
	uint8_t config[PCI_CFG_SPACE_SIZE];
	uint8_t writable[PCI_CFG_SPACE_SIZE]; /* bits the guest may change */
	uint8_t nr_used;                      /* bytes of config; capabilities follow */
	struct pci_msix msix;
};

/* @cause may be NULL: no INTA. */
void pci_function_init(struct pci_function *function, const struct pci_function_ops *ops,
		       const struct pci_identity *identity, const atomic_uint *cause);
void pci_function_release(struct pci_function *function);
/* BAR 0, of @size bytes of memory, not prefetchable. */
void pci_function_add_bar(struct pci_function *function, uint32_t size);
/* Appends @capability, whose first byte is its id; the next is overwritten. Returns its offset. */
uint8_t pci_function_add_capability(struct pci_function *function, const void *capability,
				    uint8_t size);
void pci_function_make_writable(struct pci_function *function, unsigned int offset, uint32_t mask);
/* MSI-X with its table and its pending bits at these offsets of BAR 0. */
void pci_function_add_msix(struct pci_function *function, unsigned int nr_vectors, uint32_t table,
			   uint32_t pending, const struct msi_target *target);

/* The guest's accesses to configuration space; @size is 1, 2 or 4, and @offset a multiple. */
uint32_t pci_function_read(struct pci_function *function, unsigned int offset, unsigned int size);
void pci_function_write(struct pci_function *function, unsigned int offset, uint32_t value,
			unsigned int size);
/* The device's, to the bytes as they are. */
void pci_function_get(struct pci_function *function, unsigned int offset, void *to, size_t size);
void pci_function_set(struct pci_function *function, unsigned int offset, const void *from,
		      size_t size);

/* May the device access memory? */
bool pci_function_is_master(struct pci_function *function);

/* Does the BAR contain the access? Takes no lock. */
bool pci_function_decodes(const struct pci_function *function, uint64_t gpa, unsigned int size);

/*
 * The device has set *cause, or cleared it (then @vector is PCI_NO_VECTOR). With MSI-X switched on
 * the interrupt is @vector's message, if there is such a vector; else it is INTA. Any thread.
 */
void pci_function_interrupt(struct pci_function *function, unsigned int vector);

/* Accesses to the structures of MSI-X, at offsets in them. What is not in one reads as zero. */
uint64_t pci_msix_read_table(struct pci_function *function, uint64_t offset, unsigned int size);
void pci_msix_write_table(struct pci_function *function, uint64_t offset, uint64_t value,
			  unsigned int size);
uint64_t pci_msix_read_pending(struct pci_function *function, uint64_t offset, unsigned int size);

/* msix.c for function.c, with the lock held. */
bool pci_msix_is_enabled(const struct pci_function *function);
void pci_msix_signal(struct pci_function *function, unsigned int vector);
/* Sends what is pending and no longer masked. */
void pci_msix_flush(struct pci_function *function);

/* A register of configuration space; @size is 1, 2 or 4. With the lock held. */
uint32_t pci_function_field(const struct pci_function *function, unsigned int offset,
			    unsigned int size);

#endif
