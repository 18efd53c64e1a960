/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio_pci_driver.h: for tests: a host bridge with one virtio device behind it, and its driver,
 * from capabilities to queues.
 */
#ifndef TEST_VIRTIO_PCI_DRIVER_H
#define TEST_VIRTIO_PCI_DRIVER_H

#include "devices/pci/host.h"
#include "devices/virtio/pci.h"
#include "guest_ring.h"

#include <linux/virtio_pci.h>

#define PCI_WINDOW      0x10000000u
#define PCI_WINDOW_SIZE 0x00100000u
#define PCI_BAR         (PCI_WINDOW + 0x40000)
#define PCI_DEVICE      (1u << 15) /* its place in ECAM */
#define PCI_SPI         48
#define PCI_MESSAGE     0x08090040u

/* Address of a register. */
#define PCI_COMMON(driver, field)                                                                  \
	((driver)->common + (uint32_t)offsetof(struct virtio_pci_common_cfg, field))

struct virtio_pci_driver {
	struct guest_memory memory;
	struct pci_host *host;
	struct guest_ring rings[2];
	uint32_t common, notify, notify_multiplier, isr, config; /* where the BAR has them */
	atomic_bool line;
	atomic_uint messages[4]; /* by data */
};

/* Configuration space. */
static inline uint32_t pci_driver_read(struct virtio_pci_driver *driver, uint32_t offset,
				       unsigned int size)
{
	return (uint32_t)pci_host_class.bus.read(driver->host, PCI_DEVICE | offset, size);
}

static inline void pci_driver_write(struct virtio_pci_driver *driver, uint32_t offset,
				    uint32_t value, unsigned int size)
{
	pci_host_class.bus.write(driver->host, PCI_DEVICE | offset, value, size);
}

/* PCI memory. */
static inline uint32_t pci_driver_get(struct virtio_pci_driver *driver, uint32_t gpa,
				      unsigned int size)
{
	return (uint32_t)pci_host_window.read(driver->host, gpa - PCI_WINDOW, size);
}

static inline void pci_driver_put(struct virtio_pci_driver *driver, uint32_t gpa, uint32_t value,
				  unsigned int size)
{
	pci_host_window.write(driver->host, gpa - PCI_WINDOW, value, size);
}

static inline void pci_driver_put64(struct virtio_pci_driver *driver, uint32_t gpa, uint64_t value)
{
	pci_driver_put(driver, gpa, (uint32_t)value, 4);
	pci_driver_put(driver, gpa + 4, (uint32_t)(value >> 32), 4);
}

static inline void pci_driver_on_line(void *context, unsigned int number, bool level)
{
	struct virtio_pci_driver *driver = context;

	if (number == PCI_SPI + 1) {
		atomic_store(&driver->line, level);
	}
}

static inline void pci_driver_on_message(void *context, uint32_t requester, uint64_t address,
					 uint32_t data)
{
	struct virtio_pci_driver *driver = context;

	if (requester == 1 << 3 && address == PCI_MESSAGE && data < 4) {
		atomic_fetch_add(&driver->messages[data], 1);
	}
}

/* Offset of the first capability of @type among virtio's; 0: there is none. */
static inline uint32_t pci_driver_find(struct virtio_pci_driver *driver, uint8_t type)
{
	uint32_t at = pci_driver_read(driver, PCI_CAPABILITY_LIST, 1);

	while (at && (pci_driver_read(driver, at, 1) != PCI_CAP_ID_VNDR ||
		      pci_driver_read(driver, at + VIRTIO_PCI_CAP_CFG_TYPE, 1) != type)) {
		at = pci_driver_read(driver, at + PCI_CAP_LIST_NEXT, 1);
	}
	return at;
}

static inline uint32_t pci_driver_locate(struct virtio_pci_driver *driver, uint8_t type)
{
	return PCI_BAR +
	       pci_driver_read(driver, pci_driver_find(driver, type) + VIRTIO_PCI_CAP_OFFSET, 4);
}

/* Finds the registers, and puts the BAR where it is thought to be. */
static inline void pci_driver_probe(struct virtio_pci_driver *driver)
{
	driver->common = pci_driver_locate(driver, VIRTIO_PCI_CAP_COMMON_CFG);
	driver->isr = pci_driver_locate(driver, VIRTIO_PCI_CAP_ISR_CFG);
	driver->config = pci_driver_locate(driver, VIRTIO_PCI_CAP_DEVICE_CFG);
	driver->notify = pci_driver_locate(driver, VIRTIO_PCI_CAP_NOTIFY_CFG);
	driver->notify_multiplier = pci_driver_read(
		driver,
		pci_driver_find(driver, VIRTIO_PCI_CAP_NOTIFY_CFG) + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
	pci_driver_write(driver, PCI_BASE_ADDRESS_0, PCI_BAR, 4);
	pci_driver_write(driver, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

/* Returns pci_host_add()'s. */
static inline int pci_driver_create(struct virtio_pci_driver *driver, struct virtio_device *device,
				    bool has_msi)
{
	const struct pci_host_config config = {
		.window_base = PCI_WINDOW,
		.window_size = PCI_WINDOW_SIZE,
		.intx = {.set = pci_driver_on_line, .context = driver, .number = PCI_SPI},
	};
	const struct msi_target msi = {pci_driver_on_message, driver};

	driver->host = pci_host_create(&config);
	return pci_host_add(driver->host,
			    virtio_pci_create(device, &driver->memory, has_msi ? &msi : NULL));
}

/* Vector n of @nr sends message n, from now on. */
static inline void pci_driver_start_msix(struct virtio_pci_driver *driver, unsigned int nr)
{
	uint32_t at = pci_driver_read(driver, PCI_CAPABILITY_LIST, 1);
	uint32_t table = PCI_BAR + pci_driver_read(driver, at + PCI_MSIX_TABLE, 4);

	for (unsigned int i = 0; i < nr; i++) {
		pci_driver_put64(driver, table + 16 * i, PCI_MESSAGE);
		pci_driver_put(driver, table + 16 * i + 8, i, 4);
		pci_driver_put(driver, table + 16 * i + 12, 0, 4);
	}
	pci_driver_write(driver, at + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
}

/* A reset, then VERSION_1 and no more. Returns the status register. */
static inline uint32_t pci_driver_negotiate(struct virtio_pci_driver *driver)
{
	pci_driver_put(driver, PCI_COMMON(driver, device_status), 0, 1);
	pci_driver_put(driver, PCI_COMMON(driver, device_status), 3, 1);
	pci_driver_put(driver, PCI_COMMON(driver, guest_feature_select), 1, 4);
	pci_driver_put(driver, PCI_COMMON(driver, guest_feature), VIRTIO_F_VERSION_1 >> 32, 4);
	pci_driver_put(driver, PCI_COMMON(driver, device_status), 11, 1);
	return pci_driver_get(driver, PCI_COMMON(driver, device_status), 1);
}

/* Features, @nr queues of 16 with vectors from 1 on, DRIVER_OK. */
static inline void pci_driver_start(struct virtio_pci_driver *driver, unsigned int nr)
{
	pci_driver_negotiate(driver);
	pci_driver_put(driver, PCI_COMMON(driver, msix_config), 0, 2);
	for (unsigned int i = 0; i < nr; i++) {
		struct guest_ring *ring = &driver->rings[i];

		guest_ring_init(ring, &driver->memory, i, 16);
		memset(guest_memory_span(&driver->memory, ring->setup.desc, 0x10000), 0, 0x10000);
		pci_driver_put(driver, PCI_COMMON(driver, queue_select), i, 2);
		pci_driver_put(driver, PCI_COMMON(driver, queue_size), 16, 2);
		pci_driver_put64(driver, PCI_COMMON(driver, queue_desc_lo), ring->setup.desc);
		pci_driver_put64(driver, PCI_COMMON(driver, queue_avail_lo), ring->setup.driver);
		pci_driver_put64(driver, PCI_COMMON(driver, queue_used_lo), ring->setup.device);
		pci_driver_put(driver, PCI_COMMON(driver, queue_msix_vector), i + 1, 2);
		pci_driver_put(driver, PCI_COMMON(driver, queue_enable), 1, 2);
	}
	pci_driver_put(driver, PCI_COMMON(driver, device_status), 15, 1);
}

static inline void pci_driver_notify(struct virtio_pci_driver *driver, uint32_t queue)
{
	pci_driver_put(driver, driver->notify + queue * driver->notify_multiplier, queue, 2);
}

#endif
