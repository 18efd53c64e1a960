// SPDX-License-Identifier: BSD-3-Clause
/*
 * staticvm.c: see staticvm.h. The loader put each image into the memory that becomes the VM's.
 */
#include "staticvm.h"
#include "log.h"
#include "server.h"

#include <hyp/stubs.h>

#define PAGE             4096ull
#define NR_IRQS          64u /* 32 SPIs */
#define SLICE_NS         5000000u
#define PSTATE_EL1H_DAIF 0x3c5u

static int staticvm_failed(const struct boot_vm *boot, const char *what, long error)
{
	if (error) {
		log_line(LOG_ERROR, "static VM '%s': %s: %s", boot->name, what, log_error(error));
	}
	return (int)error;
}

static int staticvm_give_memory(const struct boot_vm *boot, uint64_t vm)
{
	uint64_t done = 0, nr = boot->memory.bytes / PAGE;

	while (done < nr) {
		uint64_t now = nr - done < HYP_MEM_MAX_PAGES ? nr - done : HYP_MEM_MAX_PAGES;
		long error = hyp_mem_donate(vm, boot->memory.base + done * PAGE,
					    BOOT_VM_RAM + done * PAGE, now, HYP_MEM_KEEP)
				     .error;

		if (error) {
			return staticvm_failed(boot, "memory", error);
		}
		done += now;
	}
	return HYP_OK;
}

/* arm64's boot protocol with no device tree: x0 = 0 (booting.rst, section 5). */
static long staticvm_set_entry(const struct boot_vm *boot, uint64_t vcpu)
{
	long error = hyp_vcpu_reg_set(vcpu, HYP_REG_PC, BOOT_VM_RAM + boot->entry).error;

	return error ? error : hyp_vcpu_reg_set(vcpu, HYP_REG_PSTATE, PSTATE_EL1H_DAIF).error;
}

static int staticvm_add_vcpus(const struct boot_vm *boot, uint64_t vm)
{
	for (uint32_t i = 0; i < boot->nr_cpus; i++) {
		/* MPIDR as on QEMU's virt board: 16 to a cluster, whom one SGI reaches. */
		struct hyp_result made =
			hyp_vcpu_create(vm, i, (i / 16) << 8 | i % 16, i == 0 ? HYP_VCPU_ON : 0);
		long error = made.error;

		if (!error) {
			error = hyp_vcpu_sched(made.v[0], boot->priority, SLICE_NS).error;
		}
		if (!error && i == 0) {
			error = staticvm_set_entry(boot, made.v[0]);
		}
		if (error) {
			return staticvm_failed(boot, "vCPU", error);
		}
		hyp_handle_delete(made.v[0]);
	}
	return HYP_OK;
}

static int staticvm_fill(const struct boot_vm *boot, uint64_t vm)
{
	int error = staticvm_failed(boot, "GIC",
				    hyp_vgic_config(vm, BOOT_VM_GICD, BOOT_VM_GICR, NR_IRQS).error);

	error = error ? error : staticvm_give_memory(boot, vm);
	error = error ? error : staticvm_add_vcpus(boot, vm);
	return error ? error : staticvm_failed(boot, "start", hyp_vm_start(vm).error);
}

static void staticvm_start(const struct boot_vm *boot, struct ledger *ledger)
{
	uint64_t pages = server_vm_pages(boot->nr_cpus, boot->memory.bytes);
	struct ledger_vm *vm;
	int error = ledger_create_vm(ledger, LEDGER_RM, 0, 0, (uint32_t)pages, boot->name, &vm);

	if (staticvm_failed(boot, "create", error)) {
		return;
	}
	if (staticvm_fill(boot, vm->handle)) {
		ledger_undo_vm(ledger, vm);
		return;
	}
	log_line(LOG_INFO, "static VM '%s': id %llu, %llu MiB, %u vCPU%s, priority %u", vm->name,
		 (unsigned long long)vm->id, (unsigned long long)boot->memory.bytes >> 20,
		 boot->nr_cpus, boot->nr_cpus == 1 ? "" : "s", boot->priority);
}

void staticvm_start_all(const struct boot_info *boot, struct ledger *ledger)
{
	for (uint32_t i = 0; i < boot->nr_vms; i++) {
		staticvm_start(&boot->vms[i], ledger);
	}
}
