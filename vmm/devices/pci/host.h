/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host.h: a PCI host bridge with one bus: `pci-host-ecam-generic` of the device tree.
 *
 * Configuration space is memory (ECAM; PCI Express Base 3.0, 7.2.2), a MiB for bus 0. A second
 * region is the window of PCI memory, which the BARs of devices move in; PCI addresses are guest
 * physical addresses. There is no I/O space. Where nothing answers, reads are all ones.
 *
 * Device 0 is the bridge's own function; others follow in the order they are added.
 */
#ifndef VMM_DEVICES_PCI_HOST_H
#define VMM_DEVICES_PCI_HOST_H

#include "devices/device.h"
#include "devices/pci/function.h"

#define PCI_HOST_ECAM_SIZE   0x100000u
#define PCI_HOST_MAX_DEVICES 32

struct pci_host;

struct pci_host_config {
	uint32_t window_base, window_size;
	uint32_t gic_phandle;
	uint32_t its_phandle; /* 0: there is no ITS, and functions have no MSI-X */
	struct irq_line intx; /* INTA of device n is this one's number and n */
};

/* The device is the ECAM region; pci_host_window is what is at config.window_base. */
extern const struct device_class pci_host_class;
extern const struct bus_ops pci_host_window;

/* NULL: no memory. */
struct pci_host *pci_host_create(const struct pci_host_config *config);

/*
 * Puts @function on the bus and takes it over, also on failure. NULL, a function that could not be
 * made, gives -ENOMEM; a full bus -ENOSPC. Before the vCPUs start.
 */
int pci_host_add(struct pci_host *host, struct pci_function *function);

#endif
