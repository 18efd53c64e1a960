/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pci.h: virtio over PCI (virtio 1.2, 4.1), without the legacy interface.
 */
#ifndef VMM_DEVICES_VIRTIO_PCI_H
#define VMM_DEVICES_VIRTIO_PCI_H

#include "devices/pci/function.h"
#include "devices/virtio/virtio.h"

/*
 * Makes a function of @device, for pci_host_add(), and takes the device over, also on failure
 * (NULL). @device NULL gives NULL. @msi NULL: there is no MSI-X.
 */
struct pci_function *virtio_pci_create(struct virtio_device *device,
				       const struct guest_memory *memory,
				       const struct msi_target *msi);

#endif
