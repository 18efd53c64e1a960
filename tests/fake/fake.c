/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine: see fake.h. EL2 leaves a core by vcpu_enter_first(), by waiting in WFI or by
 * CPU_OFF; all three jump back to where the test entered, so nothing of EL2's stack is kept.
 * That is true to the hardware too: what a core goes on with is in its struct cpu.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sanitizer/asan_interface.h>
#include <core/boot.h>
#include <core/log.h>
#include <core/psci.h>
#include <core/string.h>
#include <core/trap.h>
#include <el2/debugarch.h>
#include <el2/entropy.h>
#include <el2/gic.h>
#include <el2/ich.h>
#include <el2/mmu.h>
#include <el2/s2arch.h>
#include <el2/smc.h>
#include <el2/sysreg.h>
#include <el2/uart.h>
#include <hyp/error.h>
#include "fake.h"

#define NR_PAGES  (FAKE_RAM_BYTES / PAGE_BYTES)
#define IRQ_VIRT  27u
#define IRQ_PHYS  30u
#define IRQ_HYP   26u
#define IRQ_MAINT 25u
#define MAX_HELD  8u

enum core_state { CORE_OFF, CORE_ON_PENDING, CORE_IN_VM, CORE_IN_WFI };

struct core {
	struct fake_regs regs;
	enum core_state state;
	u32 sgis; /* pending */
	bool virt_active;
	const struct spinlock *held[MAX_HELD];
	u32 nr_held;
	void *window;
};

static u8 ram[FAKE_RAM_BYTES] __aligned(1 << 21);
static bool direct[NR_PAGES];
static u64 boot_next; /* in hyp's region */
static struct core cores[FAKE_CORES];
static u32 this_core;
static jmp_buf left_el2;
static struct boot_info info;

const struct boot_info *boot_info = &info;
u64 boot_info_pa = FAKE_RM;
char el2_vectors[1];
char secondary_entry[1];

u64 fake_uart_bytes;
bool fake_entropy = true;
u32 fake_entropy_words = ~0u;
u64 fake_smc_function;
s64 fake_smc_result;
u32 fake_nr_tlbi;

void hyp_main(void) __noreturn;
void cpu_secondary_main(u64 id) __noreturn;
void vcpu_enter_first(u64 stack_top, struct vcpu *vcpu) __noreturn;
void fp_save(struct vcpu_fp *fp);
void fp_restore(const struct vcpu_fp *fp);

void fake_fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "FAIL: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

void panic(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "FAIL: EL2 panicked: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

/* Registers. */

struct fake_regs *fake_regs(void)
{
	return &cores[this_core].regs;
}

void fake_on(u32 core)
{
	this_core = core;
}

u32 fake_core(void)
{
	return this_core;
}

void fake_set_time(u64 ticks)
{
	for (u32 i = 0; i < FAKE_CORES; i++) {
		cores[i].regs.cntpct_el0 = ticks;
	}
}

u64 fake_time(void)
{
	return cores[0].regs.cntpct_el0;
}

void fp_save(struct vcpu_fp *fp)
{
	(void)fp;
}

void fp_restore(const struct vcpu_fp *fp)
{
	(void)fp;
}

/* Stage 1 of every VM is off: VA is IPA. */
void fake_at_s1e1r(u64 va)
{
	fake_regs()->par_el1 = va & MASK(47, 12);
}

/* Locks. */

void fake_lock_taken(const struct spinlock *lock)
{
	struct core *core = &cores[this_core];

	for (u32 i = 0; i < core->nr_held; i++) {
		const struct spinlock *held = core->held[i];

		if (held == lock) {
			fake_fail("a lock of rank %u is taken twice", lock->rank);
		}
		if (held->rank > lock->rank ||
		    (held->rank == lock->rank && lock->rank != LOCK_IPC)) {
			fake_fail("a lock of rank %u is taken under one of rank %u", lock->rank,
				  held->rank);
		}
	}
	if (core->nr_held == MAX_HELD) {
		fake_fail("too many locks");
	}
	core->held[core->nr_held++] = lock;
}

void fake_lock_dropped(const struct spinlock *lock)
{
	struct core *core = &cores[this_core];

	if (!core->nr_held || core->held[core->nr_held - 1] != lock) {
		fake_fail("a lock of rank %u is dropped out of order", lock->rank);
	}
	core->nr_held--;
}

/* Memory. */

static u64 page_of(u64 pa)
{
	if (pa < FAKE_RAM || pa >= FAKE_RAM + FAKE_RAM_BYTES) {
		fake_fail("0x%lx is not memory", pa);
	}
	return (pa - FAKE_RAM) / PAGE_BYTES;
}

static void set_direct(u64 pa, bool mapped)
{
	u64 page = page_of(pa);

	direct[page] = mapped;
	if (mapped) {
		ASAN_UNPOISON_MEMORY_REGION(&ram[page * PAGE_BYTES], PAGE_BYTES);
	} else {
		ASAN_POISON_MEMORY_REGION(&ram[page * PAGE_BYTES], PAGE_BYTES);
	}
}

void *mmu_pa_to_va(paddr_t pa)
{
	if (!direct[page_of(pa.pa)]) {
		fake_fail("0x%lx is not in the direct map", pa.pa);
	}
	return &ram[pa.pa - FAKE_RAM];
}

paddr_t mmu_va_to_pa(const void *va)
{
	u64 offset = (u64)((const u8 *)va - ram);

	if (offset >= FAKE_RAM_BYTES) {
		fake_fail("%p is not in the direct map", va);
	}
	return pa_init(FAKE_RAM + offset);
}

paddr_t mmu_image_pa(const void *va)
{
	(void)va;
	return pa_init(FAKE_RAM);
}

void mmu_init(void)
{
	for (u64 i = 0; i < NR_PAGES; i++) {
		set_direct(FAKE_RAM + i * PAGE_BYTES, i * PAGE_BYTES < FAKE_HYP_BYTES);
	}
	boot_next = FAKE_RAM;
}

bool mmu_direct_possible(paddr_t base, u64 nr_pages)
{
	return base.pa >= FAKE_RM && nr_pages <= FAKE_RM_BYTES / PAGE_BYTES &&
	       base.pa - FAKE_RM <= FAKE_RM_BYTES - nr_pages * PAGE_BYTES;
}

static void change_direct(paddr_t base, u64 nr_pages, bool mapped)
{
	if (!mmu_direct_possible(base, nr_pages)) {
		fake_fail("0x%lx cannot be in the direct map", base.pa);
	}
	for (u64 i = 0; i < nr_pages; i++) {
		if (direct[page_of(base.pa + i * PAGE_BYTES)] == mapped) {
			fake_fail("0x%lx is %smapped already", base.pa + i * PAGE_BYTES,
				  mapped ? "" : "un");
		}
		set_direct(base.pa + i * PAGE_BYTES, mapped);
	}
}

void mmu_direct_map(paddr_t base, u64 nr_pages)
{
	change_direct(base, nr_pages, true);
}

void mmu_direct_unmap(paddr_t base, u64 nr_pages)
{
	change_direct(base, nr_pages, false);
}

void *mmu_alloc_boot(u64 bytes)
{
	u64 pa = boot_next;

	boot_next += ALIGN_UP(bytes, PAGE_BYTES);
	if (boot_next > FAKE_RAM + FAKE_HYP_BYTES) {
		fake_fail("hyp's region is too small");
	}
	return mmu_pa_to_va(pa_init(pa));
}

void mmu_map_stack(u32 core)
{
	(void)core;
}

void *mmu_window_map(paddr_t page)
{
	struct core *core = &cores[this_core];
	u8 *at = &ram[page_of(page.pa) * PAGE_BYTES];

	if (core->window) {
		fake_fail("the window is mapped twice");
	}
	core->window = at;
	ASAN_UNPOISON_MEMORY_REGION(at, PAGE_BYTES);
	return at;
}

void mmu_window_unmap(void)
{
	struct core *core = &cores[this_core];
	u64 page = (u64)((u8 *)core->window - ram) / PAGE_BYTES;

	set_direct(FAKE_RAM + page * PAGE_BYTES, direct[page]);
	core->window = NULL;
}

void mmu_wipe(paddr_t base, u64 nr_pages)
{
	for (u64 i = 0; i < nr_pages; i++) {
		memset(mmu_window_map(pa_add(base, i * PAGE_BYTES)), 0, PAGE_BYTES);
		mmu_window_unmap();
	}
}

static u8 *raw(u64 pa)
{
	u64 page = page_of(pa);

	ASAN_UNPOISON_MEMORY_REGION(&ram[page * PAGE_BYTES], PAGE_BYTES);
	return &ram[pa - FAKE_RAM];
}

void fake_read(u64 pa, void *to, u64 bytes)
{
	memcpy(to, raw(pa), bytes);
	set_direct(pa, direct[page_of(pa)]);
}

void fake_write(u64 pa, const void *from, u64 bytes)
{
	memcpy(raw(pa), from, bytes);
	set_direct(pa, direct[page_of(pa)]);
}

bool fake_is_zero(u64 pa, u64 bytes)
{
	bool zero = true;

	for (u64 at = pa; at < pa + bytes; at += PAGE_BYTES) {
		static const u8 zeroes[PAGE_BYTES];

		zero = zero && memcmp(raw(at), zeroes, PAGE_BYTES) == 0;
		set_direct(at, direct[page_of(at)]);
	}
	return zero;
}

bool fake_direct_mapped(u64 pa)
{
	return direct[page_of(pa)];
}

/* Stage 2. */

u32 s2arch_max_ipa_bits(void)
{
	return 40;
}

u64 s2arch_vtcr(u32 ipa_bits, u32 root_level)
{
	return (64 - ipa_bits) | (u64)(2 - root_level) << 6;
}

u64 s2arch_hcr(void)
{
	return 0;
}

u64 s2arch_memattr_normal(void)
{
	return 0xfull << 2;
}

u64 s2arch_memattr_device(void)
{
	return 1ull << 2;
}

void s2arch_publish(paddr_t pa, u64 nr_pages)
{
	(void)page_of(pa.pa);
	(void)page_of(pa.pa + (nr_pages - 1) * PAGE_BYTES);
}

void s2arch_sync(void)
{
}

void s2arch_tlbi_range(const struct stage2 *s2, ipaddr_t ipa, u64 bytes)
{
	(void)s2;
	(void)ipa;
	(void)bytes;
	fake_nr_tlbi++;
}

void s2arch_tlbi_walk(const struct stage2 *s2)
{
	(void)s2;
	fake_nr_tlbi++;
}

void s2arch_tlbi_all(const struct stage2 *s2)
{
	(void)s2;
	fake_nr_tlbi++;
}

/* The physical GIC, as far as EL2 itself uses it; forwarded interrupts are tests/unit/vgic's. */

static bool timer_fires(u64 ctl, u64 cval, u64 now)
{
	return (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE && cval <= now;
}

static u32 pending_irq(const struct core *core)
{
	const struct fake_regs *r = &core->regs;

	if (core->sgis) {
		return (u32)__builtin_ctz(core->sgis);
	}
	if (timer_fires(r->cnthp_ctl_el2, r->cnthp_cval_el2, r->cntpct_el0)) {
		return IRQ_HYP;
	}
	if (!core->virt_active && core->state == CORE_IN_VM &&
	    timer_fires(r->cntv_ctl_el0, r->cntv_cval_el0, r->cntpct_el0 - r->cntvoff_el2)) {
		return IRQ_VIRT;
	}
	return GIC_INTID_NONE;
}

struct fake_ich *fake_ich(void)
{
	static struct fake_ich ich[FAKE_CORES];

	/* 4 list registers, 5 bits of priority */
	ich[this_core].vtr = 3 | ICH_VTR_TDS | ICH_VTR_A3V | 4ull << 26 | 4ull << 29;
	return &ich[this_core];
}

int gic_init(paddr_t gicd, u64 gicd_bytes)
{
	return gicd.pa == FAKE_GICD && gicd_bytes ? HYP_OK : HYP_E_INVAL;
}

int gic_cpu_init(struct cpu *cpu)
{
	cores[cpu->id].sgis = 0;
	return HYP_OK;
}

void gic_cpu_exit(struct cpu *cpu)
{
	(void)cpu;
}

bool gic_owns(paddr_t pa, u64 bytes)
{
	return pa.pa < FAKE_GICR + 0x20000 * FAKE_CORES && pa.pa + bytes > FAKE_GICD;
}

u32 gic_nr_irqs(void)
{
	return 256;
}

u32 gic_nr_lrs(void)
{
	return 4;
}

u32 gic_ack(void)
{
	struct core *core = &cores[this_core];
	u32 irq = pending_irq(core);

	if (irq < 16) {
		core->sgis &= core->sgis - 1;
	} else if (irq == IRQ_VIRT) {
		core->virt_active = true;
	}
	return irq;
}

void gic_eoi(u32 intid)
{
	(void)intid;
}

void gic_deactivate(u32 intid)
{
	if (intid == IRQ_VIRT) {
		cores[this_core].virt_active = false;
	}
}

void gic_send_sgi(const struct cpu *target, u32 sgi)
{
	cores[target->id].sgis |= 1u << sgi;
}

void gic_ppi_set_active(u32 intid, bool active)
{
	if (intid == IRQ_VIRT) {
		cores[this_core].virt_active = active;
	}
}

void gic_ppi_enable(u32 intid)
{
	(void)intid;
}

void gic_ppi_disable(u32 intid)
{
	(void)intid;
}

void gic_spi_enable(u32 intid)
{
	(void)intid;
}

void gic_spi_disable(u32 intid)
{
	(void)intid;
}

void gic_spi_set_edge(u32 intid, bool edge)
{
	(void)intid;
	(void)edge;
}

void gic_spi_route(u32 intid, u64 mpidr)
{
	(void)intid;
	(void)mpidr;
}

void gic_spi_set_active(u32 intid, bool active)
{
	(void)intid;
	(void)active;
}

void gic_spi_set_pending(u32 intid, bool pending)
{
	(void)intid;
	(void)pending;
}

bool gic_spi_is_pending(u32 intid)
{
	(void)intid;
	return false;
}

void uart_init(void)
{
}

void uart_put(char c)
{
	(void)c;
	fake_uart_bytes++;
}

struct debug_bank fake_debug;

/* Cores. */

u64 smc_call(u64 function, u64 a, u64 b, u64 c)
{
	(void)b;
	fake_smc_function = function;
	if ((u32)function == (PSCI_CPU_ON | PSCI_64BIT)) {
		struct core *core = a < FAKE_CORES ? &cores[a] : NULL;

		if (!core || c != a) {
			return (u64)PSCI_INVALID;
		}
		if (core->state != CORE_OFF) {
			return (u64)(s64)(core->state == CORE_ON_PENDING ? PSCI_ON_PENDING
									 : PSCI_ALREADY_ON);
		}
		core->state = CORE_ON_PENDING;
		return PSCI_SUCCESS;
	}
	if ((u32)function == PSCI_CPU_OFF) {
		cores[this_core].state = CORE_OFF;
		longjmp(left_el2, 1);
	}
	if ((u32)function == (PSCI_SYSTEM_SUSPEND | PSCI_64BIT) && !fake_smc_result) {
		/* Asleep; the next look finds the core awake, with nothing of what it was. */
		cores[this_core].regs.hcr_el2 = 0;
		cores[this_core].regs.vttbr_el2 = 0;
		cores[this_core].state = CORE_ON_PENDING;
		longjmp(left_el2, 1);
	}
	return (u64)fake_smc_result;
}

void fake_wfi(void)
{
	if (pending_irq(&cores[this_core]) == GIC_INTID_NONE) {
		cores[this_core].state = CORE_IN_WFI;
		longjmp(left_el2, 1);
	}
}

void vcpu_enter_first(u64 stack_top, struct vcpu *vcpu)
{
	(void)stack_top;
	(void)vcpu;
	cores[this_core].state = CORE_IN_VM;
	longjmp(left_el2, 1);
}

struct vcpu *fake_loaded(u32 core)
{
	return cores[core].state == CORE_IN_VM ? (struct vcpu *)cores[core].regs.tpidr_el2 : NULL;
}

static void check_left(void)
{
	const struct core *core = &cores[this_core];
	const struct vcpu *vcpu = fake_loaded(this_core);

	if (core->nr_held) {
		fake_fail("core %u left EL2 with a lock of rank %u", this_core,
			  core->held[0]->rank);
	}
	if (core->window) {
		fake_fail("core %u left EL2 with its window mapped", this_core);
	}
	if (core->state != CORE_IN_VM) {
		return;
	}
	if (!vcpu || !vcpu->vm || cpus[this_core].current != vcpu ||
	    vcpu->cpu != &cpus[this_core]) {
		fake_fail("core %u entered no vCPU of its own", this_core);
	}
	if (atomic_load(&vcpu->state) != VCPU_RUNNING) {
		fake_fail("core %u entered a vCPU in state %u", this_core,
			  atomic_load(&vcpu->state));
	}
	if (atomic_load(&cpus[this_core].call_seq) & 1) {
		fake_fail("core %u is in a VM, but counts as in EL2", this_core);
	}
	if (core->regs.vttbr_el2 != vcpu->vm->s2.vttbr) {
		fake_fail("core %u runs on another VM's stage 2", this_core);
	}
}

/* The rest of cpu_idle() after its wfi(), and of the loop that called it. */
static void go_on_from_wfi(void) __noreturn;
static void go_on_from_wfi(void)
{
	struct cpu *cpu = &cpus[this_core];

	cpu_idle_end(cpu);
	cpu_run(cpu);
}

void fake_interrupts(void)
{
	struct core *core = &cores[this_core];

	if (setjmp(left_el2) == 0) {
		switch (core->state) {
		case CORE_OFF:
			return;
		case CORE_ON_PENDING:
			core->state = CORE_IN_WFI;
			cpu_secondary_main(this_core);
			break;
		case CORE_IN_WFI:
			go_on_from_wfi();
			break;
		case CORE_IN_VM:
			(void)trap_irq(vcpu_current());
			break;
		}
	}
	check_left();
}

bool fake_is_pending(u32 core)
{
	return cores[core].state == CORE_ON_PENDING ||
	       (cores[core].state != CORE_OFF && pending_irq(&cores[core]) != GIC_INTID_NONE);
}

void fake_settle(void)
{
	u32 here = this_core;
	u32 rounds = 0;

	for (u32 i = 0; i < FAKE_CORES; i++) {
		if (fake_is_pending(i)) {
			this_core = i;
			fake_interrupts();
			i = ~0u;
			if (++rounds > 1000) {
				fake_fail("interrupts without end on core %u", this_core);
			}
		}
	}
	this_core = here;
}

void fake_trap(u64 esr)
{
	struct core *core = &cores[this_core];

	if (core->state != CORE_IN_VM) {
		fake_fail("core %u is in no VM", this_core);
	}
	core->regs.esr_el2 = esr;
	core->regs.isr_el1 = pending_irq(core) != GIC_INTID_NONE ? BIT(7) : 0;
	if (setjmp(left_el2) == 0) {
		(void)trap_sync(vcpu_current());
	}
	check_left();
}

static void fill_boot_info(void)
{
	info = (struct boot_info){
		.magic = BOOT_INFO_MAGIC,
		.bytes = sizeof(info),
		.entry_time = 1000,
		.hyp = {FAKE_RAM, FAKE_HYP_BYTES},
		.rm = {FAKE_RM, FAKE_RM_BYTES},
		.rm_image = {FAKE_RM, 1 << 20},
		.nr_ram = 1,
		.ram = {{FAKE_RAM, FAKE_RAM_BYTES}},
		.nr_cpus = FAKE_CORES,
		.cpu_mpidr = {0, 1, 2},
		.nr_redists = 1,
		.log_level = LOG_DEBUG,
		.gicd = {FAKE_GICD, 0x10000},
		.gicr = {{FAKE_GICR, 0x20000 * FAKE_CORES}},
		.gic_maint_irq = IRQ_MAINT,
		.timer_virt_irq = IRQ_VIRT,
		.timer_phys_irq = IRQ_PHYS,
		.timer_hyp_irq = IRQ_HYP,
		.psci = BOOT_PSCI_SMC,
		.psci_version = 0x10001,
	};
}

void fake_boot(void)
{
	fill_boot_info();
	for (u32 i = 0; i < FAKE_CORES; i++) {
		cores[i].regs.cntfrq_el0 = 1000000000;
		cores[i].regs.id_aa64pfr0_el1 = 0x11111112;
		cores[i].regs.id_aa64dfr0_el1 = 5ull << 12 | 3ull << 20; /* 6 and 4 */
		cores[i].regs.id_aa64isar0_el1 = 1ull << 60;
		cores[i].regs.midr_el1 = 0x410fd034;
	}
	fake_set_time(2000);
	this_core = 0;
	cores[0].state = CORE_IN_WFI;
	if (setjmp(left_el2) == 0) {
		hyp_main();
	}
	check_left();
}
