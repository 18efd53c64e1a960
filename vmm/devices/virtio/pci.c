// SPDX-License-Identifier: BSD-3-Clause
/*
 * pci.c: virtio over PCI (virtio 1.2, 4.1): capabilities that say where the registers are,
 * registers in BAR 0, and a vector for the configuration and for each queue. transport.c does what
 * the registers ask.
 *
 * Lock order: transport, device, function.
 */
#include "devices/virtio/pci.h"

#include "devices/virtio/transport.h"

#include <linux/virtio_pci.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* BAR 0: a page for each structure. */
#define BAR_COMMON  0x0000u
#define BAR_ISR     0x1000u
#define BAR_DEVICE  0x2000u
#define BAR_NOTIFY  0x3000u
#define BAR_MSIX    0x4000u
#define BAR_PENDING 0x5000u
#define BAR_SIZE    0x8000u
#define BAR_PAGE    0x1000u

#define PCI_VENDOR            0x1af4
#define PCI_DEVICE_BASE       0x1040 /* and the type of device (4.1.2) */
#define PCI_SUBSYSTEM         0x1100 /* 0x40 or more (4.1.2.1) */
#define PCI_NOTIFY_MULTIPLIER 4u

struct virtio_pci {
	struct virtio_transport transport;
	struct pci_function function;
	/* Vector of each queue, and of the configuration at VIRTIO_NO_QUEUE. */
	_Atomic uint16_t vectors[VIRTIO_MAX_QUEUES + 1];
	uint8_t window; /* offset of the capability of 4.1.4.9 */
};

static struct virtio_pci *pci_of_function(struct pci_function *function)
{
	return (struct virtio_pci *)((char *)function - offsetof(struct virtio_pci, function));
}

static void pci_interrupt(struct virtio_transport *transport, unsigned int queue)
{
	struct virtio_pci *pci = (struct virtio_pci *)transport;

	pci_function_interrupt(&pci->function, atomic_load(&pci->vectors[queue]));
}

/* Interrupts were acknowledged: INTA may go. */
static void pci_causes_cleared(struct virtio_pci *pci)
{
	pci_function_interrupt(&pci->function, PCI_NO_VECTOR);
}

static void pci_reset_vectors(struct virtio_pci *pci)
{
	for (unsigned int i = 0; i <= VIRTIO_MAX_QUEUES; i++) {
		atomic_store(&pci->vectors[i], VIRTIO_MSI_NO_VECTOR);
	}
}

/* A vector there is not becomes none, which the driver reads back (4.1.5.1.2). */
static void pci_set_vector(struct virtio_pci *pci, unsigned int queue, uint32_t vector)
{
	atomic_store(&pci->vectors[queue], vector < pci->function.msix.nr_vectors
						   ? (uint16_t)vector
						   : VIRTIO_MSI_NO_VECTOR);
}

static void pci_set_status(struct virtio_pci *pci, uint32_t status)
{
	virtio_transport_set_status(&pci->transport, status);
	if (virtio_transport_status(&pci->transport) == 0) {
		pci_reset_vectors(pci);
		pci_causes_cleared(pci);
	}
}

static uint32_t pci_read_queue(struct virtio_pci *pci, uint64_t offset)
{
	const struct virtq_setup *queue = virtio_transport_queue(&pci->transport);
	unsigned int index = pci->transport.queue_sel;

	if (!queue) {
		return offset == VIRTIO_PCI_COMMON_Q_MSIX ? VIRTIO_MSI_NO_VECTOR : 0;
	}
	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return queue->size;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return atomic_load(&pci->vectors[index]);
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return queue->ready;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return index;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
		return (uint32_t)queue->desc;
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		return (uint32_t)(queue->desc >> 32);
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
		return (uint32_t)queue->driver;
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		return (uint32_t)(queue->driver >> 32);
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		return (uint32_t)queue->device;
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		return (uint32_t)(queue->device >> 32);
	default:
		return 0;
	}
}

static uint32_t pci_read_common(struct virtio_pci *pci, uint64_t offset)
{
	struct virtio_transport *transport = &pci->transport;

	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return transport->device_features_sel;
	case VIRTIO_PCI_COMMON_DF:
		return virtio_transport_features(transport);
	case VIRTIO_PCI_COMMON_GFSELECT:
		return transport->driver_features_sel;
	case VIRTIO_PCI_COMMON_GF:
		return virtio_transport_driver_features(transport);
	case VIRTIO_PCI_COMMON_MSIX:
		return atomic_load(&pci->vectors[VIRTIO_NO_QUEUE]);
	case VIRTIO_PCI_COMMON_NUMQ:
		return transport->device->class->nr_queues;
	case VIRTIO_PCI_COMMON_STATUS:
		return virtio_transport_status(transport);
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return (uint8_t)atomic_load(&transport->config_generation);
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return transport->queue_sel;
	default:
		return pci_read_queue(pci, offset);
	}
}

static void pci_write_queue(struct virtio_pci *pci, uint64_t offset, uint32_t value)
{
	struct virtq_setup *queue = virtio_transport_idle_queue(&pci->transport);
	bool high = offset & 4;

	if (!queue) {
		return;
	}
	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		queue->size = value;
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		queue->ready |= value == 1; /* only a reset disables (4.1.4.3.2) */
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		virtio_set_half(&queue->desc, high, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		virtio_set_half(&queue->driver, high, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		virtio_set_half(&queue->device, high, value);
		break;
	default:
		break;
	}
}

static void pci_write_common(struct virtio_pci *pci, uint64_t offset, uint32_t value)
{
	struct virtio_transport *transport = &pci->transport;

	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		transport->device_features_sel = value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		transport->driver_features_sel = value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		virtio_transport_set_driver_features(transport, value);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		pci_set_vector(pci, VIRTIO_NO_QUEUE, value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		pci_set_status(pci, value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		transport->queue_sel = value;
		break;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		if (virtio_transport_queue(transport)) {
			pci_set_vector(pci, transport->queue_sel, value);
		}
		break;
	default:
		pci_write_queue(pci, offset, value);
		break;
	}
}

/* Fields are accessed whole, those of 64 bits by halves (4.1.3.1). */
static bool pci_is_field(uint64_t offset, unsigned int size)
{
	if (offset == VIRTIO_PCI_COMMON_STATUS || offset == VIRTIO_PCI_COMMON_CFGGENERATION) {
		return size == 1;
	}
	if (offset >= VIRTIO_PCI_COMMON_MSIX && offset < VIRTIO_PCI_COMMON_Q_DESCLO) {
		return size == 2 && offset % 2 == 0;
	}
	return size == 4 && offset % 4 == 0 && offset < sizeof(struct virtio_pci_common_cfg);
}

static uint32_t pci_read_isr(struct virtio_pci *pci)
{
	uint32_t causes = atomic_exchange(&pci->transport.interrupt_status, 0);

	pci_causes_cleared(pci);
	return causes;
}

static uint64_t pci_read_registers(struct virtio_pci *pci, uint64_t offset, unsigned int size)
{
	uint64_t at = offset % BAR_PAGE;

	switch (offset - at) {
	case BAR_COMMON:
		return pci_is_field(at, size) ? pci_read_common(pci, at) : 0;
	case BAR_ISR:
		return at == 0 ? pci_read_isr(pci) : 0;
	case BAR_DEVICE:
		return virtio_transport_read_config(&pci->transport, at, size);
	default:
		return 0;
	}
}

static void pci_write_registers(struct virtio_pci *pci, uint64_t offset, uint64_t value,
				unsigned int size)
{
	uint64_t at = offset % BAR_PAGE;

	switch (offset - at) {
	case BAR_COMMON:
		if (pci_is_field(at, size)) {
			pci_write_common(pci, at, (uint32_t)value);
		}
		break;
	case BAR_DEVICE:
		virtio_transport_write_config(&pci->transport, at, value, size);
		break;
	case BAR_NOTIFY:
		virtio_transport_notify(&pci->transport, (uint16_t)value);
		break;
	default:
		break;
	}
}

static uint64_t pci_read_bar(struct pci_function *function, uint64_t offset, unsigned int size)
{
	struct virtio_pci *pci = pci_of_function(function);
	uint64_t value;

	switch (offset / BAR_PAGE * BAR_PAGE) {
	case BAR_MSIX:
		return pci_msix_read_table(function, offset - BAR_MSIX, size);
	case BAR_PENDING:
		return pci_msix_read_pending(function, offset - BAR_PENDING, size);
	default:
		pthread_mutex_lock(&pci->transport.lock);
		value = pci_read_registers(pci, offset, size);
		pthread_mutex_unlock(&pci->transport.lock);
		return value;
	}
}

static void pci_write_bar(struct pci_function *function, uint64_t offset, uint64_t value,
			  unsigned int size)
{
	struct virtio_pci *pci = pci_of_function(function);

	if (offset / BAR_PAGE * BAR_PAGE == BAR_MSIX) {
		pci_msix_write_table(function, offset - BAR_MSIX, value, size);
		return;
	}
	pthread_mutex_lock(&pci->transport.lock);
	pci_write_registers(pci, offset, value, size);
	pthread_mutex_unlock(&pci->transport.lock);
}

/*
 * The window through which a driver reaches the BAR without mapping it (4.1.4.9). False: the access
 * is not to the window's data, or the window is not at a register. Copied once: the guest's other
 * vCPUs may change it.
 */
static bool pci_get_window(struct virtio_pci *pci, unsigned int offset, unsigned int size,
			   struct virtio_pci_cfg_cap *window)
{
	unsigned int data = pci->window + offsetof(struct virtio_pci_cfg_cap, pci_cfg_data);

	if (offset + size <= data || offset >= data + sizeof(window->pci_cfg_data)) {
		return false;
	}
	pci_function_get(&pci->function, pci->window, window, sizeof(*window));
	return window->cap.bar == 0 &&
	       (window->cap.length == 1 || window->cap.length == 2 || window->cap.length == 4) &&
	       window->cap.offset % window->cap.length == 0 && window->cap.offset < BAR_SIZE;
}

static void pci_before_read(struct pci_function *function, unsigned int offset, unsigned int size)
{
	struct virtio_pci *pci = pci_of_function(function);
	struct virtio_pci_cfg_cap window;
	uint64_t value;

	if (pci_get_window(pci, offset, size, &window)) {
		value = pci_read_bar(function, window.cap.offset, window.cap.length);
		pci_function_set(function,
				 pci->window + offsetof(struct virtio_pci_cfg_cap, pci_cfg_data),
				 &value, window.cap.length);
	}
}

static void pci_after_write(struct pci_function *function, unsigned int offset, unsigned int size)
{
	struct virtio_pci *pci = pci_of_function(function);
	struct virtio_pci_cfg_cap window;
	uint32_t value = 0;

	pthread_mutex_lock(&pci->transport.lock);
	virtio_transport_enable(&pci->transport, pci_function_is_master(function));
	pthread_mutex_unlock(&pci->transport.lock);
	if (pci_get_window(pci, offset, size, &window)) {
		memcpy(&value, window.pci_cfg_data, window.cap.length);
		pci_write_bar(function, window.cap.offset, value, window.cap.length);
	}
}

static void pci_destroy(struct pci_function *function)
{
	struct virtio_pci *pci = pci_of_function(function);

	virtio_transport_release(&pci->transport);
	pci_function_release(function);
	free(pci);
}

static const struct pci_function_ops pci_ops = {
	.read_bar = pci_read_bar,
	.write_bar = pci_write_bar,
	.before_read = pci_before_read,
	.after_write = pci_after_write,
	.destroy = pci_destroy,
};

static void pci_add_structure(struct virtio_pci *pci, uint8_t type, uint32_t offset,
			      uint32_t length)
{
	const struct virtio_pci_cap capability = {
		.cap_vndr = PCI_CAP_ID_VNDR,
		.cap_len = sizeof(capability),
		.cfg_type = type,
		.offset = offset,
		.length = length,
	};

	pci_function_add_capability(&pci->function, &capability, sizeof(capability));
}

static void pci_add_notify(struct virtio_pci *pci, unsigned int nr_queues)
{
	const struct virtio_pci_notify_cap capability = {
		.cap = {.cap_vndr = PCI_CAP_ID_VNDR,
			.cap_len = sizeof(capability),
			.cfg_type = VIRTIO_PCI_CAP_NOTIFY_CFG,
			.offset = BAR_NOTIFY,
			.length = nr_queues * PCI_NOTIFY_MULTIPLIER},
		.notify_off_multiplier = PCI_NOTIFY_MULTIPLIER,
	};

	pci_function_add_capability(&pci->function, &capability, sizeof(capability));
}

static void pci_add_window(struct virtio_pci *pci)
{
	const struct virtio_pci_cfg_cap capability = {
		.cap = {.cap_vndr = PCI_CAP_ID_VNDR,
			.cap_len = sizeof(capability),
			.cfg_type = VIRTIO_PCI_CAP_PCI_CFG},
	};
	struct pci_function *function = &pci->function;
	uint8_t at = pci_function_add_capability(function, &capability, sizeof(capability));

	pci_function_make_writable(function, at + VIRTIO_PCI_CAP_BAR, UINT8_MAX);
	pci_function_make_writable(function, at + VIRTIO_PCI_CAP_OFFSET, UINT32_MAX);
	pci_function_make_writable(function, at + VIRTIO_PCI_CAP_LENGTH, UINT32_MAX);
	pci_function_make_writable(function, at + offsetof(struct virtio_pci_cfg_cap, pci_cfg_data),
				   UINT32_MAX);
	pci->window = at;
}

/* Mass storage, or simple communication; other, as to the rest. */
static uint32_t pci_class_code(uint32_t id)
{
	return id == VIRTIO_ID_BLOCK ? 0x018000 : 0x078000;
}

static void pci_build_function(struct virtio_pci *pci, const struct virtio_class *class,
			       const struct msi_target *msi)
{
	const struct pci_identity identity = {
		.vendor = PCI_VENDOR,
		.device = (uint16_t)(PCI_DEVICE_BASE + class->id),
		.subsystem = PCI_SUBSYSTEM,
		.revision = 1,
		.class_code = pci_class_code(class->id),
	};

	pci_function_init(&pci->function, &pci_ops, &identity, &pci->transport.interrupt_status);
	pci_function_add_bar(&pci->function, BAR_SIZE);
	pci_add_window(pci);
	pci_add_structure(pci, VIRTIO_PCI_CAP_DEVICE_CFG, BAR_DEVICE, VIRTIO_CONFIG_SIZE);
	pci_add_structure(pci, VIRTIO_PCI_CAP_ISR_CFG, BAR_ISR, 1);
	pci_add_notify(pci, class->nr_queues);
	pci_add_structure(pci, VIRTIO_PCI_CAP_COMMON_CFG, BAR_COMMON,
			  sizeof(struct virtio_pci_common_cfg));
	if (msi) {
		pci_function_add_msix(&pci->function, class->nr_queues + 1, BAR_MSIX, BAR_PENDING,
				      msi);
	}
}

struct pci_function *virtio_pci_create(struct virtio_device *device,
				       const struct guest_memory *memory,
				       const struct msi_target *msi)
{
	struct virtio_pci *pci = device ? calloc(1, sizeof(*pci)) : NULL;

	if (!pci) {
		if (device) {
			device->class->destroy(device);
		}
		return NULL;
	}
	virtio_transport_init(&pci->transport, device, memory, pci_interrupt);
	virtio_transport_enable(&pci->transport, false);
	pci_reset_vectors(pci);
	pci_build_function(pci, device->class, msi);
	return &pci->function;
}
