// SPDX-License-Identifier: BSD-3-Clause
/*
 * machine_virt.c: which devices the board has, where, and on which interrupt.
 *
 * The map is that of QEMU's `virt` board. Every device is one entry of machine->devices, put there
 * by machine_add(); the bus and the device tree are made from the entries.
 */
#include "machine_private.h"

#include "devices/pci/host.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pvpanic.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "devices/virtio/mmio.h"
#include "devices/virtio/pci.h"
#include "chardev/terminal.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static void machine_set_spi(void *context, unsigned int number, bool level)
{
	struct accel *accel = context;

	accel->ops->set_irq(accel, number, level);
}

static struct irq_line machine_irq(struct machine *machine, unsigned int spi)
{
	return (struct irq_line){.set = machine_set_spi, .context = machine->accel, .number = spi};
}

/* Takes over @state, also on failure. @state NULL means it could not be made. */
static int machine_add(struct machine *machine, const struct device_class *class, void *state,
		       uint64_t base, uint64_t size, unsigned int spi)
{
	const struct bus_region region = {base, size, &class->bus, state, class->name};
	int result = !state ? -ENOMEM : bus_add(machine->bus, &region);

	if (result == 0 && machine->nr_devices == MACHINE_MAX_DEVICES) {
		result = -ENOSPC;
	}
	if (result) {
		log_error("cannot add %s at 0x%" PRIx64 ": %s", class->name, base,
			  strerror(-result));
		if (state) {
			class->destroy(state);
		}
		return result;
	}
	machine->devices[machine->nr_devices++] = (struct device){
		.class = class,
		.state = state,
		.base = base,
		.size = size,
		.irq = machine_irq(machine, spi),
		.clock_phandle = MACHINE_PHANDLE_CLOCK,
	};
	return 0;
}

static void machine_on_panic(void *context)
{
	machine_finish(context, MACHINE_PANIC);
}

static int machine_add_uart(struct machine *machine)
{
	const struct irq_line irq = machine_irq(machine, VIRT_SPI_UART);

	for (unsigned int i = 0; i < machine->config->nr_serials; i++) {
		if (machine->config->serials[i].hardware == SERIAL_PL011) {
			return machine_add(machine, &pl011_class,
					   pl011_create(machine->backends->serials[i], &irq),
					   VIRT_UART, 0x1000, VIRT_SPI_UART);
		}
	}
	return 0;
}

static int machine_ioeventfd(void *context, int fd, uint64_t gpa, uint32_t value)
{
	struct accel *accel = context;

	return accel->ops->ioeventfd ? accel->ops->ioeventfd(accel, fd, gpa, value) : -ENOTSUP;
}

static void machine_send_msi(void *context, uint32_t requester, uint64_t address, uint32_t data)
{
	struct accel *accel = context;

	accel->ops->signal_msi(accel, requester, address, data);
}

static int machine_add_pci(struct machine *machine)
{
	const struct pci_host_config config = {
		.window_base = VIRT_PCI_MEMORY,
		.window_size = VIRT_PCI_MEMORY_SIZE,
		.gic_phandle = MACHINE_PHANDLE_GIC,
		.its_phandle = machine_has_its(machine) ? MACHINE_PHANDLE_ITS : 0,
		.intx = machine_irq(machine, VIRT_SPI_PCI),
	};
	struct bus_region window = {VIRT_PCI_MEMORY, VIRT_PCI_MEMORY_SIZE, &pci_host_window, NULL,
				    "pci-memory"};
	int result;

	if (!machine->config->virtio_pci) {
		return 0;
	}
	machine->pci = pci_host_create(&config);
	window.device = machine->pci;
	result = machine_add(machine, &pci_host_class, machine->pci, VIRT_PCI_ECAM,
			     PCI_HOST_ECAM_SIZE, 0);
	return result ?: bus_add(machine->bus, &window);
}

/* Puts @virtio on the PCI bus and takes it over; NULL means it could not be made. */
static int machine_add_virtio_pci(struct machine *machine, struct virtio_device *virtio)
{
	const struct msi_target msi = {machine_send_msi, machine->accel};

	return pci_host_add(machine->pci,
			    virtio_pci_create(virtio, &machine->memory,
					      machine_has_its(machine) ? &msi : NULL));
}

/* Puts @virtio into the next slot and takes it over; NULL means it could not be made. */
static int machine_add_virtio_mmio(struct machine *machine, struct virtio_device *virtio)
{
	const struct virtio_mmio_doorbell doorbell = {machine_ioeventfd, machine->accel};
	unsigned int slot = machine->nr_virtio++;
	unsigned int spi = VIRT_SPI_VIRTIO + slot;
	uint64_t base = VIRT_VIRTIO + VIRT_VIRTIO_STRIDE * slot;
	const struct irq_line irq = machine_irq(machine, spi);

	return machine_add(machine, &virtio_mmio_class,
			   virtio_mmio_create(virtio, &machine->memory, base, &irq, &doorbell),
			   base, VIRTIO_MMIO_SIZE, spi);
}

static int machine_add_virtio(struct machine *machine, struct virtio_device *virtio)
{
	return machine->pci ? machine_add_virtio_pci(machine, virtio)
			    : machine_add_virtio_mmio(machine, virtio);
}

static int machine_add_disks(struct machine *machine)
{
	int result = 0;

	for (unsigned int i = 0; i < machine->config->nr_blocks && result == 0; i++) {
		result = machine_add_virtio(machine,
					    virtio_blk_create(machine->backends->blocks[i],
							      machine->config->blocks[i].id));
	}
	return result;
}

static int machine_add_console(struct machine *machine, unsigned int index)
{
	uint16_t columns = 0, rows = 0;
	struct virtio_device *console;
	bool is_terminal = machine->config->serials[index].chardev.type == CHARDEV_STDIO &&
			   terminal_get_size(STDOUT_FILENO, &columns, &rows);
	int result;

	console = virtio_console_create(machine->backends->serials[index], columns, rows);
	result = machine_add_virtio(machine, console);
	if (result == 0 && is_terminal) {
		machine->terminal_console = console;
	}
	return result;
}

static int machine_add_consoles(struct machine *machine)
{
	int result = 0;

	for (unsigned int i = 0; i < machine->config->nr_serials && result == 0; i++) {
		if (machine->config->serials[i].hardware == SERIAL_VIRTIO_CONSOLE) {
			result = machine_add_console(machine, i);
		}
	}
	return result;
}

void machine_resize_console(struct machine *machine)
{
	uint16_t columns, rows;

	if (machine->terminal_console && terminal_get_size(STDOUT_FILENO, &columns, &rows)) {
		virtio_console_resize(machine->terminal_console, columns, rows);
	}
}

static int machine_add_rtc(struct machine *machine)
{
	const struct irq_line irq = machine_irq(machine, VIRT_SPI_RTC);

	return machine_add(machine, &pl031_class, pl031_create(machine->loop, &irq), VIRT_RTC,
			   0x1000, VIRT_SPI_RTC);
}

static int machine_add_pvpanic(struct machine *machine)
{
	return machine_add(machine, &pvpanic_class, pvpanic_create(machine_on_panic, machine),
			   VIRT_PVPANIC, 0x1000, 0);
}

int machine_add_devices(struct machine *machine)
{
	int result = machine_add_uart(machine);

	result = result ?: machine_add_rtc(machine);
	result = result ?: machine_add_pvpanic(machine);
	result = result ?: machine_add_pci(machine);
	result = result ?: machine_add_disks(machine);
	return result ?: machine_add_consoles(machine);
}
