/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accel.h: the interface between a machine and what executes its guest code.
 *
 * An accelerator is one const table of functions (struct accel_ops). There are two implementations:
 * accel_kvm.c, which speaks KVM's arm64 ioctls to /dev/kvm or /dev/hyp, and jit/, which translates.
 *
 * The contract in short:
 *
 *  - The machine (machine.c) owns guest memory, the MMIO bus and the devices, and one thread per
 * vCPU.
 *  - The accelerator owns the interrupt controller (GIC), the generic timers and PSCI. Whether
 * the GIC lives in a kernel or in vmm/devices/gic/ is its own business: create_gic() is told where
 * the frames are, and an accelerator with a user-space GIC adds them to accel_config.bus there.
 *  - Every vCPU thread calls vcpu_run() from the start. A vCPU that PSCI has not switched on blocks
 * inside vcpu_run(), as with KVM_ARM_VCPU_POWER_OFF. PSCI CPU_ON, CPU_OFF, CPU_SUSPEND,
 * AFFINITY_INFO never reach the machine; SYSTEM_OFF and SYSTEM_RESET arrive as exits.
 *  - An access to guest physical memory that is not RAM is handed to bus_read() or bus_write() on
 * the vCPU's thread, by the accelerator, inside vcpu_run(). It is not an exit.
 *  - A guest reset is a new accelerator: the machine destroys everything and builds it again. There
 * is therefore no reset call, and no state that could survive one.
 *
 * Order of calls: create, add_memory (each region), create_vcpu (all), create_gic, vcpu_init (all),
 * vcpu_run (one thread each) ..., destroy after every thread has left vcpu_run(). destroy also
 * frees vCPUs. destroy must be correct after a failure at any earlier point.
 *
 * Errors are negative errno numbers; an accelerator logs the reason (log.h) where it is known.
 */
#ifndef VMM_ACCEL_H
#define VMM_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct accel_ops;
struct bus;
struct guest_memory;
struct opt_key;
struct opt_values;

/* What an accelerator is made from. Everything pointed to outlives the accelerator. */
struct accel_config {
	const struct accel_ops *ops;
	const struct opt_values
		*options; /* parsed by ops->options: `--hypervisor NAME,key=value` */
	struct bus *bus;  /* frozen before the first vcpu_run() */
	struct guest_memory *memory;
	unsigned int nr_vcpus;
};

/* Embedded first in each accelerator's own structure. create() fills it in. */
struct accel {
	const struct accel_ops *ops;
};

/* Embedded first in each accelerator's own vCPU. create_vcpu() fills it in. */
struct accel_vcpu {
	struct accel *accel;
	unsigned int index;
	uint64_t mpidr; /* affinity fields only: Aff3 in 39:32, Aff2..0 in 23:0, as in the device
			   tree */
};

/* A RAM (or read-only flash) region. @host is page-aligned and stays mapped until destroy. */
struct accel_region {
	unsigned int slot; /* dense from 0 */
	uint64_t gpa;
	uint64_t size; /* bytes, multiple of the page size */
	void *host;
	bool read_only; /* guest writes go to the bus */
};

#define ACCEL_STOLEN_TIME_SIZE 64 /* of a vCPU's structure (DEN0057A 3.2.2) */

#define ACCEL_GICV2_MAX_VCPUS 8

/* Where the machine's memory map puts the frames of the GIC. */
struct accel_gic {
	bool v2;              /* a GICv2, which only some accelerators have; else a GICv3 */
	uint64_t dist_base;   /* 64 KiB */
	uint64_t redist_base; /* GICv3: 128 KiB for each vCPU, contiguous, in index order */
	uint64_t cpu_base;    /* GICv2: the CPU interfaces, 8 KiB */
	uint64_t its_base;    /* GICv3: the ITS, 128 KiB; 0: none, and no LPIs */
	unsigned int nr_irqs; /* INTIDs, including the 32 private ones; multiple of 32 */
};

/* State of a vCPU when it first runs: EL1h, MMU off, DAIF masked (boot protocol of arm64 Linux). */
struct accel_vcpu_init {
	bool powered_off; /* true for all but the boot vCPU; pc and x0 are then unused */
	uint64_t pc;
	uint64_t x0; /* x1 to x3 are zero */
};

enum accel_exit_reason {
	ACCEL_EXIT_KICKED,   /* vcpu_kick() was called; run again when the machine says so */
	ACCEL_EXIT_POWEROFF, /* the guest called PSCI SYSTEM_OFF */
	ACCEL_EXIT_RESET,    /* the guest called PSCI SYSTEM_RESET or SYSTEM_RESET2 */
	ACCEL_EXIT_CRASH,    /* the guest reported its own crash (KVM_SYSTEM_EVENT_CRASH) */
	ACCEL_EXIT_FAULT,    /* the accelerator cannot go on with this vCPU; it has logged why */
};

struct accel_exit {
	enum accel_exit_reason reason;
};

/* The general registers, for dumps and debuggers. */
struct accel_regs {
	uint64_t x[31];
	uint64_t sp; /* of the current exception level */
	uint64_t pc;
	uint64_t pstate; /* SPSR_ELx format */
};

#define ACCEL_PMU_PPI 7 /* interrupt of the performance monitors, INTID 16 + 7 */

struct accel_ops {
	const char *name;    /* as in `--hypervisor NAME` */
	const char *summary; /* one line for `--hypervisor help` */
	/* Sub-options, ended by an entry without a name; NULL if there are none. See options/opt.h.
	 */
	const struct opt_key *options;
	bool has_pmu;   /* vCPUs have a PMUv3 */
	bool has_gicv2; /* create_gic() can make one */
	bool has_its;   /* likewise; and signal_msi() is there */

	/*
	 * Can this accelerator run a guest on this host? Returns 0, or a negative errno with the
	 * reason as one clause in @why ("cannot open /dev/kvm: Permission denied"). Leaves nothing
	 * behind. `auto` asks this.
	 */
	int (*probe)(const struct opt_values *options, char *why, size_t size);

	/* Returns 0 and stores the new accelerator, or a negative errno and leaves nothing behind.
	 */
	int (*create)(const struct accel_config *config, struct accel **accel);
	void (*destroy)(struct accel *accel);

	/* Largest nr_vcpus and number of guest physical address bits (52 at most). After create. */
	unsigned int (*max_vcpus)(struct accel *accel);
	unsigned int (*ipa_bits)(struct accel *accel);

	int (*add_memory)(struct accel *accel, const struct accel_region *region);
	int (*create_vcpu)(struct accel *accel, unsigned int index, struct accel_vcpu **vcpu);
	int (*create_gic)(struct accel *accel, const struct accel_gic *gic);
	int (*vcpu_init)(struct accel_vcpu *vcpu, const struct accel_vcpu_init *init);

	/*
	 * Runs guest code until there is something for the machine to do. Called only by the vCPU's
	 * own thread. Returns 0 with @exit filled in; a negative errno means ACCEL_EXIT_FAULT.
	 */
	int (*vcpu_run)(struct accel_vcpu *vcpu, struct accel_exit *exit);

	/*
	 * Makes the current or the next vcpu_run() of @vcpu return ACCEL_EXIT_KICKED soon, even if
	 * the vCPU is waiting in WFI or powered off. Any thread; never blocks; no kick is lost;
	 * several may become one.
	 */
	void (*vcpu_kick)(struct accel_vcpu *vcpu);

	/* Only while the vCPU is not inside vcpu_run(). */
	int (*vcpu_get_regs)(struct accel_vcpu *vcpu, struct accel_regs *regs);
	int (*vcpu_set_regs)(struct accel_vcpu *vcpu, const struct accel_regs *regs);

	/* Sets the level of shared peripheral interrupt @spi (INTID 32 + spi). Any thread; after
	 * create_gic. */
	int (*set_irq)(struct accel *accel, unsigned int spi, bool level);

	/*
	 * With an ITS: a device, whom it knows as @device, writes @data to @address. Nothing
	 * happens if that is not GITS_TRANSLATER. Any thread; after create_gic.
	 */
	void (*signal_msi)(struct accel *accel, uint32_t device, uint64_t address, uint32_t data);

	/* Optional (NULL if absent). A file of @size bytes of zeros, which makes better guest
	 * memory than anonymous memory when mapped; its descriptor, or a negative number if there
	 * is none.
	 */
	int (*create_memory)(struct accel *accel, uint64_t size);

	/*
	 * Optional (NULL if absent). Makes @region guest memory like add_memory(), in which vCPU n
	 * reads at offset n * ACCEL_STOLEN_TIME_SIZE for how long it was kept waiting (stolen time,
	 * Arm DEN0057); a guest finds it by SMCCC calls. After create_vcpu. -ENOTSUP: the host does
	 * not count it, and nothing was added.
	 */
	int (*add_stolen_time)(struct accel *accel, const struct accel_region *region);

	/*
	 * Optional (NULL if absent). A 4-byte guest write of @value at @gpa signals eventfd @fd and
	 * does not reach the bus. Returns 0, or a negative errno, in which case the caller does
	 * without.
	 */
	int (*ioeventfd)(struct accel *accel, int fd, uint64_t gpa, uint32_t value);

	/*
	 * Optional. A device has written guest memory (DMA): code translated from it is stale. Any
	 * thread, also a vCPU's own, inside bus_write().
	 */
	void (*memory_written)(struct accel *accel, uint64_t gpa, uint64_t size);

	/* Optional. Every vCPU has stopped, or is about to go on: the guest's virtual time stands
	 * still between. */
	void (*pause)(struct accel *accel);
	void (*resume)(struct accel *accel);

	/* Optional. Prints `name value` lines for `vmm stat`. Any thread. */
	void (*stat)(struct accel *accel, FILE *out);
};

/* The implementations built into this program; the list ends with NULL. `auto` tries them in this
 * order. */
extern const struct accel_ops *const accel_list[];

#endif
