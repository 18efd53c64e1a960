// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: from a process's address space to the guest's, page by page, and back.
 *
 * A slot (slots.c) says which of the process's memory the guest shall see where; nothing else
 * happens then. On the guest's first touch of a page VCPU_RUN returns a fault; the page is pinned
 * and shared with the VM, or lent to it if the VM is protected. (This Linux's own stage 2 maps IPA
 * to the same PA, so a physical address here is what the hypervisor calls our IPA.) If the page is
 * part of a huge page that lies right, all of its 512 go in one call, and the hypervisor uses a
 * block. Pages stay pinned until their slot or the VM goes; like VFIO's they are charged to the
 * process's RLIMIT_MEMLOCK, in steps, because charging takes mmap_lock.
 *
 * mem->pages remembers what the guest has, and is the only record of it: index = guest frame, value
 * = host frame and whether it is a block of 512 (stored at the block's first frame only). Invariant:
 * an entry exists exactly while the page is pinned and the hypervisor may map it into the VM. A page
 * that the hypervisor does not give back is never unpinned: leaking it beats letting a guest write
 * to what Linux has given to somebody else.
 *
 * A page can be with one VM only, and at one place in it. Processes that map the same file shared
 * into two VMs get EACCES from KVM_RUN of the second.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "errors.h"
#include "module.h"

#define MEM_BLOCK	 512UL /* pages of a level-2 block */
#define MEM_BLOCK_ORDER	 9
#define MEM_CHARGE_STEP	 MEM_BLOCK
#define MEM_BLOCK_FLAG	 1UL

/* A run of pinned, physically contiguous pages on its way to the guest. */
struct mem_run {
	u64 gfn;
	unsigned long pfn;
	unsigned long nr; /* 1 or MEM_BLOCK */
};

static void *mem_entry(const struct mem_run *run)
{
	return xa_mk_value(run->pfn << 1 | (run->nr == MEM_BLOCK ? MEM_BLOCK_FLAG : 0));
}

static struct mem_run mem_entry_run(u64 gfn, void *entry)
{
	unsigned long value = xa_to_value(entry);

	return (struct mem_run){gfn, value >> 1, (value & MEM_BLOCK_FLAG) ? MEM_BLOCK : 1};
}

static void mem_unpin(const struct mem_run *run, bool dirty)
{
	unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn), run->nr, dirty);
}

int mem_prepare(struct mem *mem)
{
	mem->slots = kvzalloc(slots_bytes(0), GFP_KERNEL_ACCOUNT);
	if (!mem->slots) {
		return -ENOMEM;
	}
	init_rwsem(&mem->slots_lock);
	mutex_init(&mem->pages_lock);
	xa_init(&mem->pages);
	return 0;
}

/* Whether the guest has the frame already. Any context; pages_lock makes the answer last. */
static bool mem_has(struct mem *mem, u64 gfn)
{
	void *entry;

	if (xa_load(&mem->pages, gfn)) {
		return true;
	}
	entry = xa_load(&mem->pages, round_down(gfn, MEM_BLOCK));
	return entry && (xa_to_value(entry) & MEM_BLOCK_FLAG);
}

/* Whether the guest has any frame of a block. */
static bool mem_has_any(struct mem *mem, u64 gfn)
{
	unsigned long index = gfn;

	return xa_find(&mem->pages, &index, gfn + MEM_BLOCK - 1, XA_PRESENT);
}

/* Charges for nr more pages. pages_lock held. */
static int mem_charge(struct vm *vm, unsigned long nr)
{
	struct mem *mem = &vm->mem;
	unsigned long step = max(nr, MEM_CHARGE_STEP);
	int rc;

	if (mem->nr_pages + nr <= mem->charged) {
		return 0;
	}
	rc = account_locked_vm(vm->mm, step, true);
	if (!rc) {
		mem->charged += step;
	}
	return rc;
}

/* Gives back what is charged beyond what is used. pages_lock held. */
static void mem_uncharge(struct vm *vm)
{
	struct mem *mem = &vm->mem;
	unsigned long keep = round_up(mem->nr_pages, MEM_CHARGE_STEP);

	if (mem->charged > keep) {
		account_locked_vm(vm->mm, mem->charged - keep, false);
		mem->charged = keep;
	}
}

static u64 mem_hva(const struct slot *slot, u64 gfn)
{
	return slot->hva + ((gfn - slot->gfn) << PAGE_SHIFT);
}

/*
 * Pins nr pages. The guest may write, so they are made the process's own first; a read-only slot's
 * too (FOLL_FORCE breaks copy-on-write of a private mapping without write permission), unless that
 * is impossible: a shared mapping that may not be written shows the file itself.
 */
static long mem_pin(const struct slot *slot, u64 gfn, unsigned long nr, struct page **pages)
{
	unsigned int flags = FOLL_WRITE | FOLL_LONGTERM;
	unsigned long hva = mem_hva(slot, gfn);
	long pinned;

	if (slot->readonly) {
		flags |= FOLL_FORCE;
	}
	pinned = pin_user_pages_fast(hva, nr, flags, pages);
	if (pinned == -EFAULT && slot->readonly) {
		pinned = pin_user_pages_fast(hva, nr, FOLL_LONGTERM, pages);
	}
	return pinned;
}

/* Whether a huge page's 512 pages could all go to the guest around gfn. */
static bool mem_block_fits(struct mem *mem, const struct slot *slot, u64 gfn, struct page *page)
{
	u64 first = round_down(gfn, MEM_BLOCK);

	return folio_order(page_folio(page)) >= MEM_BLOCK_ORDER &&
	       !((page_to_pfn(page) ^ gfn) & (MEM_BLOCK - 1)) &&
	       !((mem_hva(slot, gfn) >> PAGE_SHIFT ^ gfn) & (MEM_BLOCK - 1)) &&
	       first >= slot->gfn && first + MEM_BLOCK <= slot->gfn + slot->nr_pages &&
	       !mem_has_any(mem, first);
}

/* Pins the block around gfn. False: its pages are not all there, and in a row. */
static bool mem_pin_block(const struct slot *slot, struct mem_run *run)
{
	u64 first = round_down(run->gfn, MEM_BLOCK);
	struct page **pages;
	long pinned;
	long i;

	pages = kmalloc_array(MEM_BLOCK, sizeof(*pages), GFP_KERNEL);
	if (!pages) {
		return false;
	}
	pinned = mem_pin(slot, first, MEM_BLOCK, pages);
	for (i = 1; i < pinned; i++) {
		if (page_to_pfn(pages[i]) != page_to_pfn(pages[0]) + i) {
			break;
		}
	}
	if (pinned == MEM_BLOCK && i == MEM_BLOCK) {
		run->gfn = first;
		run->pfn = page_to_pfn(pages[0]);
		run->nr = MEM_BLOCK;
	} else if (pinned > 0) {
		unpin_user_pages(pages, pinned);
	}
	kfree(pages);
	return run->nr == MEM_BLOCK;
}

/* Pins the page that belongs at gfn, or the block around it. */
static int mem_pin_run(struct vm *vm, const struct slot *slot, u64 gfn, struct mem_run *run)
{
	struct page *page;
	long pinned = mem_pin(slot, gfn, 1, &page);

	if (pinned != 1) {
		return pinned == -EINTR || pinned == -ENOMEM ? (int)pinned : -EFAULT;
	}
	/*
	 * A file's pages may be written back by Linux at any time, and Linux would fault reading what
	 * is lent.
	 */
	if (vm->protected && !folio_test_swapbacked(page_folio(page))) {
		unpin_user_page(page);
		return -EINVAL;
	}
	*run = (struct mem_run){gfn, page_to_pfn(page), 1};
	if (mem_block_fits(&vm->mem, slot, gfn, page) && mem_pin_block(slot, run)) {
		unpin_user_page(page);
	}
	return 0;
}

/* Has the hypervisor map the run. pages_lock held. */
static int mem_give(struct vm *vm, const struct slot *slot, const struct mem_run *run)
{
	u64 prot = HYP_PROT_R | HYP_PROT_X | (slot->readonly ? 0 : HYP_PROT_W);
	u64 from = PFN_PHYS(run->pfn);
	u64 to = run->gfn << PAGE_SHIFT;
	struct hyp_result result;
	unsigned int attempt = 0;

	do {
		if (vm->protected) {
			result = hyp_mem_lend(vm->handle, from, to, run->nr, prot);
		} else {
			result = hyp_mem_share(vm->handle, from, to, run->nr, prot);
		}
	} while (result.error == HYP_E_NOMEM && vm_buy_pool(vm, attempt++, result.v[0]));
	return errors_to_errno(result.error);
}

/* Room for the record first, so that nothing can fail once the guest has the pages. */
static int mem_give_recorded(struct vm *vm, const struct slot *slot, const struct mem_run *run)
{
	struct mem *mem = &vm->mem;
	int rc = mem_charge(vm, run->nr);

	if (!rc) {
		rc = xa_reserve(&mem->pages, run->gfn, GFP_KERNEL_ACCOUNT);
	}
	if (rc) {
		return rc;
	}
	rc = mem_give(vm, slot, run);
	if (rc) {
		xa_release(&mem->pages, run->gfn);
		return rc;
	}
	xa_store(&mem->pages, run->gfn, mem_entry(run), GFP_KERNEL_ACCOUNT);
	mem->nr_pages += run->nr;
	return 0;
}

/* Another vCPU may have brought the frame, or part of the block, while this one was pinning. */
static int mem_bring(struct vm *vm, const struct slot *slot, u64 gfn)
{
	struct mem *mem = &vm->mem;
	struct mem_run run;
	bool given = false;
	int rc;

	if (mem_has(mem, gfn)) {
		return 0;
	}
	rc = mem_pin_run(vm, slot, gfn, &run);
	if (rc) {
		return rc;
	}
	mutex_lock(&mem->pages_lock);
	if (run.nr == 1 ? !mem_has(mem, gfn) : !mem_has_any(mem, run.gfn)) {
		rc = mem_give_recorded(vm, slot, &run);
		given = !rc;
	}
	mutex_unlock(&mem->pages_lock);
	if (!given) {
		mem_unpin(&run, false);
	}
	return rc;
}

int mem_fault(struct vm *vm, u64 ipa, u64 prot)
{
	struct mem *mem = &vm->mem;
	const struct slot *slot;
	int rc = -ENOENT;

	down_read(&mem->slots_lock);
	slot = slots_find(mem->slots, ipa >> PAGE_SHIFT);
	if (slot && !(slot->readonly && (prot & HYP_PROT_W))) {
		rc = mem_bring(vm, slot, ipa >> PAGE_SHIFT);
	}
	up_read(&mem->slots_lock);
	return rc;
}

/* Lets go of the pages of a block's worth of frames that the hypervisor has given back. */
static void mem_forget(struct vm *vm, u64 first, u64 last)
{
	struct mem *mem = &vm->mem;
	unsigned long index;
	void *entry;

	xa_for_each_range(&mem->pages, index, entry, first, last) {
		struct mem_run run = mem_entry_run(index, entry);

		xa_erase(&mem->pages, index);
		mem->nr_pages -= run.nr;
		mem_unpin(&run, true);
	}
}

/* Has the hypervisor unmap [first, last] of a block. pages_lock held. */
static int mem_reclaim(struct vm *vm, u64 first, u64 last)
{
	struct hyp_result result;
	unsigned int attempt = 0;

	for (;;) {
		result = hyp_mem_reclaim(vm->handle, first << PAGE_SHIFT, last - first + 1);
		if (result.error == HYP_E_NOMEM && vm_buy_pool(vm, attempt++, result.v[1])) {
			continue;
		}
		if (result.error) {
			return errors_to_errno(result.error);
		}
		first += result.v[0];
		if (first > last) {
			return 0;
		}
		if (!result.v[0]) {
			return -EIO;
		}
	}
}

/*
 * Takes back what the guest has of [first, last], at most a block at a time: the hypervisor runs
 * with interrupts masked, and may have to wipe.
 */
static int mem_take(struct vm *vm, u64 first, u64 last)
{
	struct mem *mem = &vm->mem;
	unsigned long index = first;
	int failed = 0;

	mutex_lock(&mem->pages_lock);
	while (xa_find(&mem->pages, &index, last, XA_PRESENT)) {
		u64 end = min_t(u64, last, round_down(index, MEM_BLOCK) + MEM_BLOCK - 1);
		int rc = mem_reclaim(vm, index, end);

		if (!rc) {
			mem_forget(vm, index, end);
		} else if (!failed) {
			failed = rc;
		}
		if (end == ULONG_MAX) {
			break;
		}
		index = end + 1;
		cond_resched();
	}
	mem_uncharge(vm);
	mutex_unlock(&mem->pages_lock);
	return failed;
}

static int mem_change(struct vm *vm, enum slots_change change, const struct slot *old,
		      const struct slot *new)
{
	struct mem *mem = &vm->mem;
	struct slots *slots;
	int rc = 0;

	slots = kvmalloc(slots_bytes(mem->slots->nr + 1), GFP_KERNEL_ACCOUNT);
	if (!slots) {
		return -ENOMEM;
	}
	if (change != SLOTS_CREATE) {
		rc = mem_take(vm, old->gfn, old->gfn + old->nr_pages - 1);
	}
	if (rc) {
		/* The slot stays; what has been taken already is faulted in again. */
		kvfree(slots);
		return rc;
	}
	slots_apply(mem->slots, change, old, new, slots);
	kvfree(mem->slots);
	mem->slots = slots;
	return 0;
}

int mem_set_region(struct vm *vm, const struct kvm_userspace_memory_region *region)
{
	struct mem *mem = &vm->mem;
	struct slot old;
	struct slot new;
	int rc;

	if (!access_ok((void __user *)(unsigned long)region->userspace_addr, region->memory_size)) {
		return -EINVAL;
	}
	down_write(&mem->slots_lock);
	rc = slots_check(mem->slots, region, vm->ipa_bits, &old, &new);
	if (rc > 0) {
		rc = mem_change(vm, rc, &old, &new);
	}
	up_write(&mem->slots_lock);
	return rc;
}

void mem_release(struct vm *vm)
{
	struct mem *mem = &vm->mem;
	int rc = mem_take(vm, 0, ULONG_MAX);

	if (rc) {
		pr_err("hyp: VM %llu keeps %lu pages of this system for ever: %d\n", vm->id,
		       mem->nr_pages, rc);
	}
	if (mem->charged) {
		account_locked_vm(vm->mm, mem->charged, false);
	}
	xa_destroy(&mem->pages);
	mutex_destroy(&mem->pages_lock);
	kvfree(mem->slots);
}
