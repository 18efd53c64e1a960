/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine_private.h: the parts of a machine, shared by machine.c (life), machine_virt.c (the
 * board), machine_fdt.c (its description) and machine_vcpu.c (threads).
 */
#ifndef VMM_MACHINE_PRIVATE_H
#define VMM_MACHINE_PRIVATE_H

#include "accel.h"
#include "devices/device.h"
#include "machine.h"
#include "memory.h"

#include <pthread.h>
#include <stdatomic.h>

struct pci_host;
struct virtio_device;

#define MACHINE_MAX_DEVICES 40
#define MACHINE_MAX_VCPUS   123 /* redistributors that fit into the map */

/* QEMU's `virt` board (hw/arm/virt.c, base_memmap), as far as it is used. */
#define VIRT_GIC_DIST        0x08000000ULL
#define VIRT_GIC_DIST_SIZE   0x00010000ULL
#define VIRT_GIC_CPU         0x08010000ULL /* of a GICv2 */
#define VIRT_GIC_CPU_SIZE    0x00010000ULL
#define VIRT_ITS             0x08080000ULL
#define VIRT_ITS_SIZE        0x00020000ULL
#define VIRT_GIC_REDIST      0x080a0000ULL
#define VIRT_GIC_REDIST_SIZE 0x00020000ULL /* for each vCPU */
#define VIRT_UART            0x09000000ULL
#define VIRT_RTC             0x09010000ULL
#define VIRT_PVPANIC         0x09060000ULL /* a gap in QEMU's map */
#define VIRT_STOLEN_TIME     0x090a0000ULL
#define VIRT_VIRTIO          0x0a000000ULL
#define VIRT_VIRTIO_STRIDE   0x00000200ULL
#define VIRT_NR_VIRTIO       32
#define VIRT_PCI_MEMORY      0x10000000ULL
#define VIRT_PCI_MEMORY_SIZE 0x2eff0000ULL
#define VIRT_PCI_ECAM        0x3f000000ULL
#define VIRT_RAM             0x40000000ULL
#define VIRT_NR_IRQS         288 /* 256 shared peripheral interrupts */
#define VIRT_SPI_UART        1
#define VIRT_SPI_RTC         2
#define VIRT_SPI_VIRTIO      16
#define VIRT_SPI_PCI         48 /* and the device's number: no two share one, as they do in QEMU */
#define VIRT_FDT_MAX_SIZE    0x00200000ULL /* Documentation/arm64/booting.rst */

#define MACHINE_PHANDLE_GIC   1
#define MACHINE_PHANDLE_CLOCK 2
#define MACHINE_PHANDLE_ITS   3

struct machine_vcpu {
	struct machine *machine;
	struct accel_vcpu *vcpu;
	pthread_t thread;
	bool started;
};

/* Where things were put in RAM. */
struct machine_boot {
	uint64_t entry;
	uint64_t fdt;
	uint64_t initrd, initrd_size; /* size 0: none */
};

struct machine {
	const struct vm_config *config;
	const struct machine_backends *backends;
	struct event_loop *loop;
	struct bus *bus;
	struct guest_memory memory;
	struct accel *accel;
	struct device devices[MACHINE_MAX_DEVICES];
	void *stolen_time; /* a page or two that only accelerator and guest look at; NULL: none */
	size_t stolen_time_size;
	unsigned int nr_devices;
	unsigned int nr_virtio;
	struct pci_host *pci;                   /* NULL: virtio devices are behind MMIO */
	struct virtio_device *terminal_console; /* shows on our own terminal; may be NULL */
	struct machine_vcpu vcpus[MACHINE_MAX_VCPUS];
	struct machine_boot boot;
	void *fdt;
	size_t fdt_size;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool paused, stopping;
	unsigned int nr_inside; /* threads that are, or may be, inside vcpu_run() */
	_Atomic enum machine_end end;
};

/* machine.c: is there an ITS beside the GICv3? */
bool machine_has_its(const struct machine *machine);
/* machine_virt.c: fills machine->devices and the bus. */
int machine_add_devices(struct machine *machine);
/* machine_fdt.c: fills machine->fdt. @boot must be complete. */
int machine_build_fdt(struct machine *machine);
/* machine_boot.c: loads kernel, initrd and device tree into guest memory. */
int machine_load(struct machine *machine);
/* machine_vcpu.c */
int machine_start_vcpus(struct machine *machine);
void machine_stop_vcpus(struct machine *machine);

#endif
