/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the loader's hand-over to the resource manager's first instruction: log, cores, GIC, frame
 * table, the RM's VM. Everything after that the RM asks for.
 */
#include <core/boot.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/string.h>
#include <core/trace.h>
#include <core/vm.h>
#include <el2/gic.h>
#include <el2/mmu.h>
#include <el2/switch.h>
#include <el2/uart.h>
#include <hyp/error.h>
#include <sched/timer.h>
#include <stage2/frame.h>

void hyp_main(void) __noreturn;

u64 boot_host_entry_time;

static void init_frames(void)
{
	const struct boot_info *info = boot_info;
	u64 low = ~0ull;
	u64 high = 0;
	void *table;

	for (u32 i = 0; i < info->nr_ram; i++) {
		u64 end = info->ram[i].base + info->ram[i].bytes;

		low = info->ram[i].base < low ? info->ram[i].base : low;
		high = end > high ? end : high;
	}
	table = mmu_alloc_boot(frame_table_bytes(low, high - low));
	frame_init(table, low, high - low);
	for (u32 i = 0; i < info->nr_ram; i++) {
		frame_declare(info->ram[i].base, info->ram[i].bytes, VMID_RM);
	}
	frame_declare(info->hyp.base, info->hyp.bytes, VMID_HYP);
}

/* Pages for the RM's VM: itself, its vCPU, objects, and tables for its region in 4 KiB pages. */
static u64 rm_pool_pages(void)
{
	return 48 + boot_info->rm.bytes / BLOCK_BYTES;
}

static void map_rm(struct vm *rm)
{
	ipaddr_t ipa = ipa_init(boot_info->rm.base);
	paddr_t pa = pa_init(boot_info->rm.base);
	u64 bytes = boot_info->rm.bytes;

	spin_lock(&mem_lock);
	if (s2_prepare_map(&rm->s2, ipa, pa, bytes)) {
		panic("no memory for the resource manager's tables");
	}
	s2_map(&rm->s2, ipa, pa, bytes, HYP_PROT_R | HYP_PROT_W | HYP_PROT_X, S2_NORMAL);
	rm->mem_pages = bytes >> PAGE_SHIFT;
	spin_unlock(&mem_lock);
}

static void start_rm(void)
{
	u64 nr = rm_pool_pages();
	struct vm *rm = vm_create_rm(mmu_alloc_boot(nr * PAGE_BYTES), nr);
	struct vcpu *vcpu;

	map_rm(rm);
	/* A GIC for its message queue interrupts, at the board's addresses: its IPAs are PAs. */
	if (vgic_vm_config(rm, ipa_init(boot_info->gicd.base), ipa_init(boot_info->gicr[0].base),
			   64)) {
		panic("the resource manager's GIC cannot be made");
	}
	spin_lock(&vm_table_lock);
	if (vcpu_create_locked(rm, 0, 0, HYP_VCPU_ON, &vcpu)) {
		panic("the resource manager's vCPU cannot be made");
	}
	spin_unlock(&vm_table_lock);
	vcpu->priority = SCHED_PRIORITY_RM;
	vcpu->regs.pc = boot_info->rm_image.base;
	vcpu->regs.x[0] = boot_info_pa;
	if (vm_start(rm)) {
		panic("the resource manager's VM cannot be started");
	}
}

void hyp_main(void)
{
	mmu_init();
	uart_init();
	log_init(boot_info->log_level);
	cpu_init_all();
	if (gic_init(pa_init(boot_info->gicd.base), boot_info->gicd.bytes)) {
		panic("the GIC at 0x%lx is not a GICv3", boot_info->gicd.base);
	}
	trace_init();
	cpu_init_this(&cpus[0]);
	init_frames();
	log_info("EL2, %u cores, %u memory ranges, %lu KiB taken at 0x%lx\n", nr_cpus,
		 boot_info->nr_ram, boot_info->hyp.bytes >> 10, boot_info->hyp.base);
	start_rm();
	cpu_run(&cpus[0]);
}
