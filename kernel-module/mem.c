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
 * process's RLIMIT_MEMLOCK, in steps, because charging takes mmap_lock. A huge page is pinned once: who
 * holds any part of it keeps it whole. One of a memory file (memfile.c) is not pinned but referenced.
 *
 * What is lent, Linux must not read: not for ptrace, a pipe, a disk, a core dump, a child of fork(). It
 * would take the hypervisor's fault in the kernel. So protected VMs take nothing but memory files, which
 * see to that (memfile_take()).
 *
 * Single pages come up to 32 at a time: whoever touches one frame mostly touches the next, and the way
 * here costs more than the page. They are the frames from the touched one to the next 128 KiB boundary.
 * After a huge page follow those up to the next 32 MiB boundary that the process has already.
 *
 * mem->pages (pages.c) remembers what the guest has, and is the only record of it. Invariant: a frame
 * is in it exactly while its page is pinned and the hypervisor may map it into the VM. A page that the
 * hypervisor does not give back is never unpinned: leaking it beats letting a guest write to what Linux
 * has given to somebody else.
 *
 * A page can be with one VM only, and at one place in it. Processes that map the same file shared
 * into two VMs get EACCES from KVM_RUN of the second.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "errors.h"
#include "module.h"

#define MEM_BLOCK	PAGES_REGION
#define MEM_BLOCK_ORDER 9
#define MEM_BATCH	32UL
#define MEM_BLOCK_BATCH (16 * MEM_BLOCK)
#define MEM_CHARGE_STEP MEM_BLOCK_BATCH

int mem_prepare(struct mem *mem)
{
	struct slots *slots = kvzalloc(slots_bytes(0), GFP_KERNEL_ACCOUNT);

	if (!slots) {
		return -ENOMEM;
	}
	RCU_INIT_POINTER(mem->slots, slots);
	init_rwsem(&mem->slots_lock);
	mutex_init(&mem->pages_lock);
	pages_init(&mem->pages);
	return 0;
}

/* slots_lock held, or nobody else left. */
static struct slots *mem_slots(struct mem *mem)
{
	return rcu_dereference_protected(mem->slots, true);
}

/* Charges for nr more pages. pages_lock held. */
static int mem_charge(struct vm *vm, unsigned long nr)
{
	struct mem *mem = &vm->mem;
	unsigned long step = MEM_CHARGE_STEP;
	int rc;

	if (mem->nr_pages + nr <= mem->charged) {
		return 0;
	}
	rc = account_locked_vm(vm->mm, step, true);
	if (rc) { /* near the limit */
		step = nr;
		rc = account_locked_vm(vm->mm, step, true);
	}
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
static long mem_pin_pages(const struct slot *slot, u64 gfn, unsigned long nr, struct page **pages)
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

/* Lets go of pages that mem_pin() or memfile_get_pages() got. */
static void mem_let_go(struct page **pages, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if (memfile_owns(pages[i])) {
			put_page(pages[i]);
		} else {
			unpin_user_page(pages[i]);
		}
	}
}

/* The same, but a memory file's pages are not pinned: a reference is what mem_forget() gives back. */
static long mem_pin(const struct slot *slot, u64 gfn, unsigned long nr, struct page **pages)
{
	long pinned = mem_pin_pages(slot, gfn, nr, pages);
	long i;

	for (i = 0; i < pinned; i++) {
		if (memfile_owns(pages[i])) {
			get_page(pages[i]);
			unpin_user_page(pages[i]);
		}
	}
	return pinned;
}

/* Whether all the 512 frames around gfn could be one huge page, if the process has one there. */
static bool mem_block_fits(const struct slot *slot, u64 gfn)
{
	u64 first = round_down(gfn, MEM_BLOCK);

	return !((mem_hva(slot, gfn) >> PAGE_SHIFT ^ gfn) & (MEM_BLOCK - 1)) &&
	       first >= slot->gfn && first + MEM_BLOCK <= slot->gfn + slot->nr_pages;
}

/* What the process maps the 2 MiB around hva by, if one entry does (a larger one counts), else 0. */
static pte_t mem_huge_entry(struct mm_struct *mm, unsigned long hva)
{
	pgd_t *pgd = pgd_offset(mm, hva);
	p4d_t *p4d;
	pud_t *pud_at;
	pud_t pud;
	pmd_t pmd;

	if (pgd_none(READ_ONCE(*pgd))) {
		return __pte(0);
	}
	p4d = p4d_offset(pgd, hva);
	if (p4d_none(READ_ONCE(*p4d))) {
		return __pte(0);
	}
	pud_at = pud_offset(p4d, hva);
	pud = READ_ONCE(*pud_at);
	if (pud_leaf(pud)) {
		return __pte(pud_val(pud) + (hva & (PUD_MASK ^ PMD_MASK)));
	}
	if (pud_none(pud)) {
		return __pte(0);
	}
	pmd = READ_ONCE(*pmd_offset(pud_at, hva));
	return pmd_leaf(pmd) ? pmd_pte(pmd) : __pte(0);
}

/*
 * Whether page, pinned, is the frame gfn's part of a huge page that the process maps as one. Then the
 * pin holds for all of it: a huge page somebody holds is neither split nor moved, and what one entry
 * maps is the process's own as a whole.
 */
static bool mem_is_block(struct vm *vm, const struct slot *slot, u64 gfn, struct page *page)
{
	unsigned long hva = mem_hva(slot, gfn);
	unsigned long flags;
	pte_t entry;

	if (folio_order(page_folio(page)) < MEM_BLOCK_ORDER ||
	    ((page_to_pfn(page) ^ gfn) & (MEM_BLOCK - 1))) {
		return false;
	}
	local_irq_save(flags); /* page tables are not freed meanwhile */
	entry = mem_huge_entry(vm->mm, hva);
	local_irq_restore(flags);
	return pte_valid(entry) && (slot->readonly || pte_write(entry)) &&
	       !((pte_pfn(entry) ^ page_to_pfn(page)) & ~(MEM_BLOCK - 1));
}

/* How many of nr pages are in a row from the first on. */
static unsigned long mem_in_a_row(struct page **pages, unsigned long nr)
{
	unsigned long pfn = page_to_pfn(pages[0]);
	unsigned long i;

	for (i = 1; i < nr && page_to_pfn(pages[i]) == pfn + i; i++) {
	}
	return i;
}

/* Has the hypervisor map the run. pages_lock held. */
static int mem_give(struct vm *vm, const struct slot *slot, const struct pages_run *run)
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
static int mem_give_recorded(struct vm *vm, const struct slot *slot, const struct pages_run *run)
{
	struct mem *mem = &vm->mem;
	int rc = mem_charge(vm, run->nr);

	if (!rc) {
		rc = pages_prepare(&mem->pages, run);
	}
	if (rc) {
		return rc;
	}
	rc = mem_give(vm, slot, run);
	if (rc) {
		pages_cancel(&mem->pages, run);
		return rc;
	}
	pages_set(&mem->pages, run);
	mem->nr_pages += run->nr;
	return 0;
}

/*
 * Gives pinned single pages from gfn on, run by run, and lets go of those the guest does not get:
 * another vCPU may have brought some meanwhile. Only the first one's failure counts.
 */
static int mem_give_pages(struct vm *vm, const struct slot *slot, u64 gfn, struct page **pages,
			  unsigned long nr)
{
	struct mem *mem = &vm->mem;
	unsigned long done = 0;
	bool whole;
	int rc = 0;

	mutex_lock(&mem->pages_lock);
	nr = pages_gap(&mem->pages, gfn, nr, &whole);
	while (done < nr) {
		struct pages_run run = {gfn + done, page_to_pfn(pages[done]),
					mem_in_a_row(pages + done, nr - done), false};

		rc = mem_give_recorded(vm, slot, &run);
		if (rc) {
			break;
		}
		done += run.nr;
	}
	mutex_unlock(&mem->pages_lock);
	return done ? (int)done : rc;
}

/*
 * The huge page that has gfn, pinned, if all of it can go in one piece and it is there already. Returns
 * any page of it, or NULL.
 */
static struct page *mem_pin_block(struct vm *vm, const struct slot *slot, u64 gfn)
{
	struct page *page;

	if (!mem_block_fits(slot, gfn)) {
		return NULL;
	}
	if (pin_user_pages_fast_only(mem_hva(slot, gfn), 1, FOLL_WRITE | FOLL_LONGTERM, &page) != 1) {
		return NULL;
	}
	if (!mem_is_block(vm, slot, gfn, page)) {
		unpin_user_page(page);
		return NULL;
	}
	return page;
}

static void mem_let_go_of_block(struct page *page)
{
	if (memfile_owns(page)) {
		put_page(page);
	} else {
		unpin_user_page_range_dirty_lock(page, 1, true);
	}
}

/* Gives the huge page that page, held, is of. -EAGAIN: another vCPU was faster. */
static int mem_give_block(struct vm *vm, const struct slot *slot, u64 gfn, struct page *page)
{
	struct pages_run run = {round_down(gfn, MEM_BLOCK),
				round_down(page_to_pfn(page), MEM_BLOCK), MEM_BLOCK, true};
	int rc;

	mutex_lock(&vm->mem.pages_lock);
	rc = mem_give_recorded(vm, slot, &run);
	mutex_unlock(&vm->mem.pages_lock);
	if (rc) {
		mem_let_go_of_block(page);
	}
	return rc;
}

/* Brings single pages from gfn on, of which the first pinned ones are pinned already. */
static int mem_bring_pages(struct vm *vm, const struct slot *slot, u64 gfn, struct page **pages,
			   unsigned long nr, long pinned)
{
	long more = pinned < nr ? mem_pin(slot, gfn + pinned, nr - pinned, pages + pinned) : 0;
	int given;

	pinned += max(more, 0L);
	given = mem_give_pages(vm, slot, gfn, pages, pinned);
	if (given < pinned) {
		nr = max(given, 0);
		mem_let_go(pages + nr, pinned - nr);
	}
	return min(given, 0);
}

/* The huge pages behind gfn's, as far as they are there; nothing is allocated. */
static void mem_bring_next_blocks(struct vm *vm, const struct slot *slot, u64 gfn)
{
	struct page *page;

	for (gfn = round_down(gfn, MEM_BLOCK) + MEM_BLOCK; gfn % MEM_BLOCK_BATCH; gfn += MEM_BLOCK) {
		page = mem_pin_block(vm, slot, gfn);
		if (!page || mem_give_block(vm, slot, gfn, page)) {
			return;
		}
	}
}

/* Gives a huge page, pinned, and those behind it that come cheaply. */
static int mem_bring_blocks(struct vm *vm, const struct slot *slot, u64 gfn, struct page *page)
{
	int rc = mem_give_block(vm, slot, gfn, page);

	if (!rc) {
		mem_bring_next_blocks(vm, slot, gfn);
	}
	return rc == -EAGAIN ? 0 : rc;
}

/* The same of a memory file, whose huge page is made if it is not there. -ENOENT: that cannot be. */
static int mem_bring_file_blocks(struct vm *vm, const struct slot *slot, u64 gfn)
{
	u64 first = round_down(gfn, MEM_BLOCK);
	u64 end = min(round_down(gfn, MEM_BLOCK_BATCH) + MEM_BLOCK_BATCH, slot->gfn + slot->nr_pages);
	struct page *pages[MEM_BLOCK_BATCH / MEM_BLOCK];
	unsigned long nr;
	unsigned long i;
	int rc = -ENOENT;

	if (!mem_block_fits(slot, gfn)) {
		return rc;
	}
	nr = memfile_get_blocks(vm->mm, mem_hva(slot, first), !slot->readonly, pages,
				(end - first) / MEM_BLOCK);
	for (i = 0; i < nr; i++) {
		int given = mem_give_block(vm, slot, first + i * MEM_BLOCK, pages[i]);

		if (!i) {
			rc = given == -EAGAIN ? 0 : given;
		}
		if (given) {
			mem_let_go(pages + i + 1, nr - i - 1);
			break;
		}
	}
	return rc;
}

/* From a memory file: huge pages if they fit, or up to nr single ones. -ENOENT: there is none. */
static int mem_bring_file(struct vm *vm, const struct slot *slot, u64 gfn, unsigned long nr, bool fits)
{
	int given = fits ? mem_bring_file_blocks(vm, slot, gfn) : -ENOENT;
	struct page *pages[MEM_BATCH];

	if (given != -ENOENT) {
		return given;
	}
	nr = memfile_get_pages(vm->mm, mem_hva(slot, gfn), !slot->readonly, pages, nr);
	if (!nr) {
		return -ENOENT;
	}
	given = mem_give_pages(vm, slot, gfn, pages, nr);
	mem_let_go(pages + max(given, 0), nr - max(given, 0));
	return min(given, 0);
}

/* Brings the frame, and what else comes cheaply. */
static int mem_bring(struct vm *vm, const struct slot *slot, u64 gfn)
{
	u64 end = min(round_down(gfn, MEM_BATCH) + MEM_BATCH, slot->gfn + slot->nr_pages);
	bool fits;
	unsigned long nr = pages_gap(&vm->mem.pages, gfn, end - gfn, &fits);
	struct page *pages[MEM_BATCH];
	long pinned;

	if (!nr) {
		return 0; /* another vCPU was faster */
	}
	if (slot->file) {
		int rc = mem_bring_file(vm, slot, gfn, nr, fits);

		if (rc != -ENOENT) {
			return rc;
		}
	}
	/* More than one are not needed if it is a huge page's. */
	fits = fits && mem_block_fits(slot, gfn);
	pinned = mem_pin(slot, gfn, fits ? 1 : nr, pages);
	if (pinned <= 0) {
		return pinned == -EINTR || pinned == -ENOMEM ? (int)pinned : -EFAULT;
	}
	if (!fits || !mem_is_block(vm, slot, gfn, pages[0])) {
		return mem_bring_pages(vm, slot, gfn, pages, nr, pinned);
	}
	return mem_bring_blocks(vm, slot, gfn, pages[0]);
}

/*
 * The same for a protected VM: a huge page or the frame itself, and nothing else; what the guest has the
 * process has not, and that should be no more than the guest asked for.
 */
static int mem_bring_protected(struct vm *vm, const struct slot *slot, u64 gfn)
{
	struct mem *mem = &vm->mem;
	struct pages_run run = {.gfn = gfn, .nr = 1};
	struct page *page;
	int rc = 0;

	mutex_lock(&mem->pages_lock);
	if (!pages_gap(&mem->pages, gfn, 1, &run.block)) {
		goto unlock; /* another vCPU was faster */
	}
	run.block = run.block && mem_block_fits(slot, gfn);
	page = memfile_take(vm->mm, mem_hva(slot, gfn), !slot->readonly, &run.block);
	if (IS_ERR(page)) {
		rc = PTR_ERR(page);
		goto unlock;
	}
	if (run.block) {
		run.gfn = round_down(gfn, MEM_BLOCK);
		run.nr = MEM_BLOCK;
	}
	run.pfn = page_to_pfn(page);
	rc = mem_give_recorded(vm, slot, &run);
	if (rc) {
		put_page(page);
	}
unlock:
	mutex_unlock(&mem->pages_lock);
	return rc;
}

/* Whether there is a slot there, at this moment: for MMIO, which must not wait for a semaphore. */
static bool mem_has_slot(struct mem *mem, u64 gfn)
{
	bool has;

	rcu_read_lock();
	has = slots_find(rcu_dereference(mem->slots), gfn);
	rcu_read_unlock();
	return has;
}

int mem_fault(struct vm *vm, u64 ipa, u64 prot)
{
	struct mem *mem = &vm->mem;
	const struct slot *slot;
	int rc = -ENOENT;

	if (!mem_has_slot(mem, ipa >> PAGE_SHIFT)) {
		return rc;
	}
	down_read(&mem->slots_lock);
	slot = slots_find(mem_slots(mem), ipa >> PAGE_SHIFT);
	if (slot && !(slot->readonly && (prot & HYP_PROT_W))) {
		rc = vm->protected ? mem_bring_protected(vm, slot, ipa >> PAGE_SHIFT) :
				     mem_bring(vm, slot, ipa >> PAGE_SHIFT);
	}
	up_read(&mem->slots_lock);
	return rc;
}

unsigned long mem_user_address(struct vm *vm, u64 ipa)
{
	struct mem *mem = &vm->mem;
	const struct slot *slot;
	unsigned long hva = 0;

	down_read(&mem->slots_lock);
	slot = slots_find(mem_slots(mem), ipa >> PAGE_SHIFT);
	if (slot) {
		hva = mem_hva(slot, ipa >> PAGE_SHIFT) + offset_in_page(ipa);
	}
	up_read(&mem->slots_lock);
	return hva;
}

/* Lets go of a run that the hypervisor has given back. pages_lock held. */
static void mem_forget(struct mem *mem, const struct pages_run *run)
{
	unsigned long i;

	pages_clear(&mem->pages, run);
	mem->nr_pages -= run->nr;
	if (run->block) {
		mem_let_go_of_block(pfn_to_page(run->pfn));
		return;
	}
	/* By folio: pages in a row need not be of one. */
	for (i = 0; i < run->nr;) {
		struct page *page = pfn_to_page(run->pfn + i);
		unsigned long rest = folio_nr_pages(page_folio(page)) -
				     folio_page_idx(page_folio(page), page);
		unsigned long nr = min(run->nr - i, rest);

		if (memfile_owns(page)) {
			folio_put_refs(page_folio(page), nr);
		} else {
			unpin_user_page_range_dirty_lock(page, nr, true);
		}
		i += nr;
	}
}

static void mem_forget_range(struct mem *mem, u64 first, u64 last)
{
	struct pages_run run;

	while (pages_first(&mem->pages, first, last, &run)) {
		mem_forget(mem, &run);
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
 * with interrupts masked, and may have to wipe. Holes cost nothing.
 */
static int mem_take(struct vm *vm, u64 first, u64 last)
{
	struct mem *mem = &vm->mem;
	struct pages_run run;
	u64 at = first;
	int failed = 0;

	mutex_lock(&mem->pages_lock);
	while (at <= last && pages_first(&mem->pages, at, last, &run)) {
		u64 end = min_t(u64, last, round_down(run.gfn, MEM_BLOCK) + MEM_BLOCK - 1);
		int rc = mem_reclaim(vm, run.gfn, end);

		if (rc) {
			failed = failed ?: rc;
		} else {
			mem_forget_range(mem, run.gfn, end);
		}
		at = end + 1;
		cond_resched();
	}
	pages_trim(&mem->pages, first, last);
	mem_uncharge(vm);
	mutex_unlock(&mem->pages_lock);
	return failed;
}

static int mem_change(struct vm *vm, enum slots_change change, const struct slot *old,
		      const struct slot *new)
{
	struct mem *mem = &vm->mem;
	struct slots *old_slots = mem_slots(mem);
	struct slots *slots;
	int rc = 0;

	slots = kvmalloc(slots_bytes(old_slots->nr + 1), GFP_KERNEL_ACCOUNT);
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
	slots_apply(old_slots, change, old, new, slots);
	rcu_assign_pointer(mem->slots, slots);
	kvfree_rcu(old_slots); /* mem_has_slot() may be looking at it */
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
	rc = slots_check(mem_slots(mem), region, vm->ipa_bits, &old, &new);
	if (rc == SLOTS_CREATE && vm->protected &&
	    !memfile_is_mapped(vm->mm, region->userspace_addr, region->memory_size)) {
		rc = -EINVAL;
	}
	if (rc > 0) {
		new.file = memfile_is_mapped(vm->mm, region->userspace_addr, PAGE_SIZE);
		rc = mem_change(vm, rc, &old, &new);
	}
	up_write(&mem->slots_lock);
	return rc;
}

void mem_release(struct vm *vm)
{
	struct mem *mem = &vm->mem;
	int rc = mem_take(vm, 0, (1ULL << (vm->ipa_bits - PAGE_SHIFT)) - 1);

	if (rc) {
		pr_err("hyp: VM %llu keeps %lu pages of this system for ever: %d\n", vm->id,
		       mem->nr_pages, rc);
	}
	if (mem->charged) {
		account_locked_vm(vm->mm, mem->charged, false);
	}
	pages_exit(&mem->pages);
	mutex_destroy(&mem->pages_lock);
	kvfree(mem_slots(mem));
}
