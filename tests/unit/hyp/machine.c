/* SPDX-License-Identifier: BSD-3-Clause */
/* See machine.h. */
#include <core/string.h>
#include <el2/mmu.h>
#include <el2/sysreg.h>
#include <stage2/frame.h>
#include "machine.h"

#define HOST_PAGES (FAKE_HOST_BYTES / PAGE_BYTES)
#define POOL_AREA  (FAKE_RM + (1 << 20)) /* behind the RM's image */

u64 machine_host;
struct vm *machine_host_vm;

static u64 next_rm_page = POOL_AREA;

static void must(s64 error, const char *what)
{
	if (error) {
		fake_fail("%s: %ld", what, (long)error);
	}
}

#define MUST(expression) must(expression, #expression)

s64 machine_call(u32 core, enum hyp_call nr, u64 x[8])
{
	u32 here = fake_core();
	struct vcpu *vcpu = fake_loaded(core);

	if (!vcpu) {
		fake_fail("nobody runs on core %u", core);
	}
	fake_on(core);
	vcpu->regs.x[0] = HYP_CALL_BASE + nr;
	for (u32 i = 1; i < 8; i++) {
		vcpu->regs.x[i] = x[i];
	}
	fake_trap((u64)EC_HVC64 << 26 | ESR_IL);
	/* A VM that destroyed itself has no registers; no call does that. */
	for (u32 i = 0; i < 8; i++) {
		x[i] = vcpu->regs.x[i];
	}
	fake_settle();
	fake_on(here);
	return (s64)x[0];
}

s64 machine_call6(u32 core, enum hyp_call nr, u64 *result, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	u64 x[8] = {0, a, b, c, d, e};
	s64 error = machine_call(core, nr, x);

	if (result) {
		*result = x[1];
	}
	return error;
}

s64 machine_smccc(u32 core, u64 function, u64 a, u64 b, u64 c)
{
	u32 here = fake_core();
	struct vcpu *vcpu = fake_loaded(core);

	fake_on(core);
	vcpu->regs.x[0] = function;
	vcpu->regs.x[1] = a;
	vcpu->regs.x[2] = b;
	vcpu->regs.x[3] = c;
	fake_trap((u64)EC_HVC64 << 26 | ESR_IL);
	fake_settle();
	fake_on(here);
	return (s64)vcpu->regs.x[0];
}

void machine_wfi(u32 core)
{
	u32 here = fake_core();

	fake_on(core);
	fake_trap((u64)EC_WFX << 26 | ESR_IL);
	fake_settle();
	fake_on(here);
}

static void make_host(void)
{
	u64 vcpu;
	u64 x[8] = {0, machine_rm_pages(HOST_POOL), HOST_POOL, HYP_VM_HOST, 0};

	MUST(machine_call(RM_CORE, HYP_CALL_vm_create, x));
	machine_host = x[1];
	machine_host_vm = vm_by_id((vmid_t)x[2]);
	MUST(rm_call(mem_donate, NULL, machine_host, FAKE_HOST, FAKE_HOST, HOST_PAGES,
		     HYP_MEM_KEEP));
	MUST(rm_call(vgic_config, NULL, machine_host, FAKE_GICD, FAKE_GICR, 128));
	for (u32 i = 0; i < FAKE_CORES; i++) {
		MUST(rm_call(vcpu_create, &vcpu, machine_host, i, i,
			     HYP_VCPU_FIXED | HYP_VCPU_CORE(i) | (i < 2 ? HYP_VCPU_ON : 0)));
	}
	MUST(rm_call(vm_start, NULL, machine_host));
	if (fake_loaded(HOST_CORE) != machine_host_vm->vcpus[1]) {
		fake_fail("the host does not run");
	}
}

void machine_boot(void)
{
	if (machine_host_vm) {
		return;
	}
	fake_boot();
	make_host();
}

u64 machine_rm_pages(u64 nr)
{
	u64 pa = next_rm_page;

	next_rm_page += nr * PAGE_BYTES;
	if (next_rm_page > FAKE_RM + FAKE_RM_BYTES) {
		fake_fail("the RM's region is used up");
	}
	return pa;
}

void machine_add_guest(struct guest *guest, u64 flags, u32 nr_vcpus, u64 pool_pages)
{
	u64 x[8] = {0};

	if (!guest->pool_ipa || guest->pool_nr != pool_pages) {
		guest->pool_nr = pool_pages;
		guest->pool_ipa = machine_rm_pages(pool_pages);
	}
	x[1] = guest->pool_ipa;
	x[2] = pool_pages;
	x[3] = flags;
	x[4] = 36;
	MUST(machine_call(RM_CORE, HYP_CALL_vm_create, x));
	guest->rm = x[1];
	guest->vm = vm_by_id((vmid_t)x[2]);
	MUST(rm_call(vgic_config, NULL, guest->rm, FAKE_GICD, FAKE_GICR, 64));
	MUST(rm_call(handle_copy, &guest->host, guest->rm, machine_host,
		     HYP_RIGHT_MEM | HYP_RIGHT_CONTROL));
	for (u32 i = 0; i < 4; i++) {
		u64 rm_handle;

		guest->vcpu[i] = 0;
		if (i >= nr_vcpus) {
			continue;
		}
		MUST(rm_call(vcpu_create, &rm_handle, guest->rm, i, i,
			     HYP_VCPU_PROXY | (i == 0 ? HYP_VCPU_ON : 0)));
		MUST(rm_call(handle_copy, &guest->vcpu[i], rm_handle, machine_host,
			     HYP_RIGHT_CONTROL | HYP_RIGHT_RUN));
		MUST(rm_call(handle_delete, NULL, rm_handle));
	}
}

/* The first page that user borrows from the host, and how many follow it in one mapping. */
static bool find_borrowed(struct vm *user, ipaddr_t *ipa, u64 *nr)
{
	struct s2_leaf leaf;

	for (*ipa = ipa_init(0); s2_next(&user->s2, ipa, &leaf); *ipa = ipa_add(*ipa, leaf.bytes)) {
		for (u64 i = 0; !leaf.device && i < leaf.bytes / PAGE_BYTES; i++) {
			struct frame frame = frame_get(pa_add(leaf.pa, i * PAGE_BYTES));

			if (frame.owner == machine_host_vm->id) {
				*ipa = ipa_add(*ipa, i * PAGE_BYTES);
				*nr = 1;
				return true;
			}
		}
	}
	return false;
}

void machine_remove_guest(struct guest *guest)
{
	u32 tries = 0;
	ipaddr_t ipa;
	u64 nr;

	MUST(rm_call(vm_stop, NULL, guest->rm));
	while (find_borrowed(guest->vm, &ipa, &nr)) {
		MUST(host_call(mem_reclaim, NULL, guest->host, ipa.ipa, nr));
	}
	while (rm_call(vm_destroy, NULL, guest->rm) == HYP_E_BUSY) {
		if (++tries > 100) {
			fake_fail("vm %u cannot be destroyed", guest->vm->id);
		}
	}
	guest->vm = NULL;
}

/* Pages of tables below and with this one. */
static u64 count_tables(const u64 *table, u32 entries, u32 level)
{
	u64 nr = 0;

	for (u32 i = 0; i < entries; i++) {
		if (level < 3 && (table[i] & 3) == 3) {
			nr += 1 + count_tables(mmu_pa_to_va(pa_init(table[i] & MASK(47, 12))), 512,
					       level + 1);
		}
	}
	return nr;
}

static u64 pages_of_objects(const struct vm *vm)
{
	u64 nr = 0;

	for (const struct ipc_object *o = vm->ipc; o; o = o->next) {
		nr++;
		if (o->type == HYP_OBJECT_MSGQ) {
			const struct msgq *msgq = container_of(o, struct msgq, object);

			for (u32 i = 0; i < ARRAY_COUNT(msgq->pages); i++) {
				nr += msgq->pages[i] != NULL;
			}
		}
	}
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		nr += vm->vcpus[i] != NULL;
	}
	for (u32 i = 0; i < VGIC_SPI_PAGES; i++) {
		nr += vm->vgic.pages[i] != NULL;
	}
	for (u32 i = 0; i < CONSOLE_PAGES; i++) {
		nr += vm->console.pages[i] != NULL;
	}
	return nr;
}

void machine_check_pool(struct vm *vm)
{
	u64 used = (sizeof(struct vm) + PAGE_BYTES - 1) / PAGE_BYTES + 1 /* handles */;
	u64 listed = 0;

	used += vm->s2.root_entries / 512 +
		count_tables(vm->s2.root, vm->s2.root_entries, vm->s2.root_level);
	used += pages_of_objects(vm);
	for (void *page = vm->pool.free; page; page = *(void **)page) {
		listed++;
	}
	listed += (vm->pool.fresh_end - vm->pool.fresh) / PAGE_BYTES;
	if (listed != vm->pool.nr_free || used + listed != vm->pool.nr_pages) {
		fake_fail("vm %u: pool of %lu pages, %lu in use, %lu free, which counts as %lu",
			  vm->id, vm->pool.nr_pages, used, listed, vm->pool.nr_free);
	}
}

/* Mappings of each frame by someone else than its owner. */
static u8 borrowed[FAKE_RAM_BYTES / PAGE_BYTES];

static void check_mapped_page(const struct vm *vm, u64 ipa, u64 pa)
{
	struct frame frame = frame_get(pa_init(pa));

	if (frame.state == FRAME_NONE || frame.owner == VMID_HYP || frame.state == FRAME_POOL) {
		fake_fail("vm %u maps 0x%lx, which is EL2's", vm->id, pa);
	}
	if (frame.owner == vm->id) {
		if (frame.state == FRAME_LENT) {
			fake_fail("vm %u maps 0x%lx, which it lent", vm->id, pa);
		}
	} else if (frame.user != vm->id) {
		fake_fail("vm %u maps 0x%lx at 0x%lx, of vm %u", vm->id, pa, ipa, frame.owner);
	} else {
		borrowed[(pa - FAKE_RAM) / PAGE_BYTES]++;
	}
}

static void check_vm_tables(struct vm *vm)
{
	ipaddr_t ipa = ipa_init(0);
	struct s2_leaf leaf;
	u64 nr = 0;

	for (; s2_next(&vm->s2, &ipa, &leaf); ipa = ipa_add(ipa, leaf.bytes)) {
		for (u64 i = 0; !leaf.device && i < leaf.bytes; i += PAGE_BYTES) {
			check_mapped_page(vm, ipa.ipa + i, leaf.pa.pa + i);
			nr++;
		}
	}
	if (vm->id != VMID_RM && !(vm->flags & HYP_VM_HOST) && nr != vm->mem_pages) {
		fake_fail("vm %u: %lu pages mapped, which count as %lu", vm->id, nr, vm->mem_pages);
	}
}

void machine_check(void)
{
	memset(borrowed, 0, sizeof(borrowed));
	for (u32 id = VMID_RM; id < MAX_VMS; id++) {
		struct vm *vm = vm_by_id((vmid_t)id);

		if (vm) {
			check_vm_tables(vm);
			machine_check_pool(vm);
		}
	}
	for (u64 pa = FAKE_RAM; pa < FAKE_RAM + FAKE_RAM_BYTES; pa += PAGE_BYTES) {
		struct frame frame = frame_get(pa_init(pa));
		u64 mapped = borrowed[(pa - FAKE_RAM) / PAGE_BYTES];
		bool lent = frame.state == FRAME_LENT || frame.state == FRAME_SHARED;

		if (mapped != (lent ? frame.count : 0)) {
			fake_fail("0x%lx is borrowed %lu times, and counts as %u", pa, mapped,
				  frame.count);
		}
		if ((lent || frame.state == FRAME_POOL) && !vm_by_id(frame.user)) {
			fake_fail("0x%lx is used by vm %u, which does not exist", pa, frame.user);
		}
		if (frame.owner != VMID_HYP && !vm_by_id(frame.owner)) {
			fake_fail("0x%lx belongs to vm %u, which does not exist", pa, frame.owner);
		}
		if (fake_direct_mapped(pa) !=
		    (frame.owner == VMID_HYP || frame.state == FRAME_POOL)) {
			fake_fail("0x%lx is in the direct map, or not, against the rules", pa);
		}
	}
}

u64 machine_digest(void)
{
	u64 digest = 0xcbf29ce484222325ull;

	for (u64 pa = FAKE_RAM; pa < FAKE_RAM + FAKE_RAM_BYTES; pa += PAGE_BYTES) {
		struct frame frame = frame_get(pa_init(pa));

		digest = (digest ^ frame.owner) * 0x100000001b3ull;
		digest = (digest ^ frame.user) * 0x100000001b3ull;
		digest = (digest ^ frame.state) * 0x100000001b3ull;
		digest = (digest ^ frame.count) * 0x100000001b3ull;
	}
	return digest * 31 + vm_count();
}
