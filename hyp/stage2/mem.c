/* SPDX-License-Identifier: BSD-3-Clause */
/* Page transitions. See mem.h; the states are frame.h's. */
#include <core/string.h>
#include <core/vm.h>
#include <el2/gic.h>
#include <el2/mmu.h>
#include <el2/s2arch.h>
#include <hyp/calls.h>
#include <hyp/error.h>
#include <stage2/frame.h>
#include <stage2/mem.h>
#include <stage2/stage2.h>

static u64 to_bytes(u64 nr)
{
	return nr << PAGE_SHIFT;
}

/*
 * The physical range behind a VM's range, which must be adjacent. The RM names what it owns by
 * physical address, mapped or not.
 */
static int range_to_pa(const struct vm *vm, ipaddr_t ipa, u64 nr, paddr_t *pa)
{
	struct s2_leaf leaf;

	if (vm->id == VMID_RM) {
		*pa = pa_init(ipa.ipa);
		return HYP_OK;
	}
	for (u64 done = 0; done < to_bytes(nr);) {
		ipaddr_t at = ipa_add(ipa, done);

		if (!s2_lookup(&vm->s2, at, &leaf) || leaf.device) {
			return HYP_E_ADDR;
		}
		if (done == 0) {
			*pa = leaf.pa;
		} else if (leaf.pa.pa != pa->pa + done) {
			return HYP_E_ADDR;
		}
		done += leaf.bytes - (at.ipa & (leaf.bytes - 1));
	}
	return HYP_OK;
}

static bool args_valid(u64 from, u64 to, u64 nr)
{
	return nr > 0 && nr <= HYP_MEM_MAX_PAGES && IS_ALIGNED(from | to, PAGE_BYTES);
}

/* What every transition to another VM checks first; finds the physical range. */
static int check_target(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr,
			paddr_t *pa)
{
	int error;

	if (!args_valid(from_ipa.ipa, to_ipa.ipa, nr) || from == to) {
		return HYP_E_INVAL;
	}
	/* vm_destroy() counts on it: what is stopped gets nothing new. */
	if (atomic_load(&to->state) == HYP_VM_STOPPED) {
		return HYP_E_STATE;
	}
	if (!s2_range_valid(&to->s2, to_ipa, to_bytes(nr)) ||
	    (from->id != VMID_RM && !s2_range_valid(&from->s2, from_ipa, to_bytes(nr)))) {
		return HYP_E_ADDR;
	}
	error = range_to_pa(from, from_ipa, nr, pa);
	/* The RM names what it owns by physical address, and must find it mapped nowhere else. */
	if (!error && to->id == VMID_RM && to_ipa.ipa != pa->pa) {
		return HYP_E_ADDR;
	}
	if (!error && !s2_range_free(&to->s2, to_ipa, to_bytes(nr))) {
		error = HYP_E_EXIST;
	}
	return error;
}

/* Tables for taking the range out of from (if it is mapped there) and into to. */
static int prepare(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, paddr_t pa,
		   u64 nr, bool *nomem_own)
{
	int error = HYP_OK;

	*nomem_own = true;
	if (from) {
		error = s2_prepare_unmap(&from->s2, from_ipa, to_bytes(nr));
	}
	if (!error) {
		*nomem_own = false;
		error = s2_prepare_map(&to->s2, to_ipa, pa, to_bytes(nr));
	}
	return error;
}

static void unmap_from_owner(struct vm *owner, ipaddr_t ipa, u64 nr)
{
	/* The RM's IPAs are physical addresses, most of which it never mapped. */
	if (s2_range_valid(&owner->s2, ipa, to_bytes(nr))) {
		s2_unmap(&owner->s2, ipa, to_bytes(nr));
	}
}

/* Mappings that tie the two together: neither VM can go while there are any. */
static void count_given(struct vm *from, struct vm *to, u64 nr)
{
	from->given_pages += nr;
	to->borrowed_pages += nr;
	to->mem_pages += nr;
}

static int donate_locked(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr,
			 bool keep, bool *nomem_own)
{
	paddr_t pa;
	int error = check_target(from, from_ipa, to, to_ipa, nr, &pa);

	if (error) {
		return error;
	}
	if (!frame_all(pa, nr, from->id, FRAME_OWNED)) {
		return HYP_E_OWNER;
	}
	error = prepare(from, from_ipa, to, to_ipa, pa, nr, nomem_own);
	if (error) {
		return error;
	}
	unmap_from_owner(from, from_ipa, nr);
	if (!keep) {
		mmu_wipe(pa, nr);
	}
	frame_set(pa, nr, (struct frame){to->id, INVALID_VMID, FRAME_OWNED, 0});
	from->mem_pages -= from->id == VMID_RM ? 0 : nr;
	s2_map(&to->s2, to_ipa, pa, to_bytes(nr), HYP_PROT_R | HYP_PROT_W | HYP_PROT_X, S2_NORMAL);
	to->mem_pages += nr;
	return HYP_OK;
}

int mem_donate(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr,
	       bool keep, bool *nomem_own)
{
	int error;

	spin_lock(&mem_lock);
	error = donate_locked(from, from_ipa, to, to_ipa, nr, keep, nomem_own);
	spin_unlock(&mem_lock);
	return error;
}

static int lend_locked(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr,
		       u32 prot, bool *nomem_own)
{
	paddr_t pa;
	int error = check_target(from, from_ipa, to, to_ipa, nr, &pa);

	if (error) {
		return error;
	}
	if (from_ipa.ipa != pa.pa) {
		return HYP_E_ADDR; /* where release_lent() would map it again */
	}
	if (!frame_all(pa, nr, from->id, FRAME_OWNED)) {
		return HYP_E_OWNER;
	}
	error = prepare(from, from_ipa, to, to_ipa, pa, nr, nomem_own);
	if (error) {
		return error;
	}
	unmap_from_owner(from, from_ipa, nr);
	count_given(from, to, nr);
	frame_set(pa, nr, (struct frame){from->id, to->id, FRAME_LENT, 1});
	s2arch_publish(pa, nr);
	s2_map(&to->s2, to_ipa, pa, to_bytes(nr), prot, S2_NORMAL);
	return HYP_OK;
}

int mem_lend(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr, u32 prot,
	     bool *nomem_own)
{
	int error;

	spin_lock(&mem_lock);
	error = lend_locked(from, from_ipa, to, to_ipa, nr, prot, nomem_own);
	spin_unlock(&mem_lock);
	return error;
}

/* A page may be shared with one VM at a time, there as often as the count can tell. */
static bool may_share(paddr_t pa, u64 nr, vmid_t owner, vmid_t user)
{
	for (u64 done = 0; done < nr;) {
		struct frame f;

		done += frame_run(pa_add(pa, to_bytes(done)), nr - done, &f);
		if (f.owner != owner ||
		    (f.state != FRAME_OWNED &&
		     (f.state != FRAME_SHARED || f.user != user || f.count == UINT8_MAX))) {
			return false;
		}
	}
	return true;
}

/* One mapping more or less of shared pages in user, where count is how many there were. */
static void count_shares(paddr_t pa, u64 nr, vmid_t user, int change)
{
	for (u64 done = 0; done < nr;) {
		paddr_t at = pa_add(pa, to_bytes(done));
		struct frame f;
		u64 run = frame_run(at, nr - done, &f);

		f.count = (u8)(f.count + change);
		f.state = f.count ? FRAME_SHARED : FRAME_OWNED;
		f.user = f.count ? user : INVALID_VMID;
		frame_set(at, run, f);
		done += run;
	}
}

static int share_locked(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr,
			u32 prot, bool *nomem_own)
{
	paddr_t pa;
	int error = check_target(from, from_ipa, to, to_ipa, nr, &pa);

	if (error) {
		return error;
	}
	if (!may_share(pa, nr, from->id, to->id)) {
		return HYP_E_OWNER;
	}
	error = prepare(NULL, from_ipa, to, to_ipa, pa, nr, nomem_own);
	if (error) {
		return error;
	}
	count_shares(pa, nr, to->id, 1);
	count_given(from, to, nr);
	s2arch_publish(pa, nr);
	s2_map(&to->s2, to_ipa, pa, to_bytes(nr), prot, S2_NORMAL);
	return HYP_OK;
}

int mem_share(struct vm *from, ipaddr_t from_ipa, struct vm *to, ipaddr_t to_ipa, u64 nr, u32 prot,
	      bool *nomem_own)
{
	int error;

	spin_lock(&mem_lock);
	error = share_locked(from, from_ipa, to, to_ipa, nr, prot, nomem_own);
	spin_unlock(&mem_lock);
	return error;
}

/* Gives lent pages, which nobody maps any more, back to their owner, whose table is prepared. */
static void release_lent(struct vm *owner, paddr_t pa, u64 nr)
{
	mmu_wipe(pa, nr);
	s2_map(&owner->s2, ipa_init(pa.pa), pa, to_bytes(nr), HYP_PROT_R | HYP_PROT_W | HYP_PROT_X,
	       S2_NORMAL);
	frame_set(pa, nr, (struct frame){owner->id, INVALID_VMID, FRAME_OWNED, 0});
}

/* How many of the nr frames from pa on are owner's, used by user, and all lent or all shared. */
static u64 run_of_frames(const struct vm *owner, const struct vm *user, paddr_t pa, u64 nr,
			 bool *lent)
{
	u64 done = 0;

	while (done < nr) {
		struct frame f;
		u64 run = frame_run(pa_add(pa, to_bytes(done)), nr - done, &f);

		if (f.owner != owner->id || f.user != user->id ||
		    (done && *lent != (f.state == FRAME_LENT))) {
			break;
		}
		*lent = f.state == FRAME_LENT;
		done += run;
	}
	return done;
}

/* Takes back the first of *nr pages (all of one leaf of user's) that go together; *nr becomes how
 * many those were. */
static int reclaim_run(struct vm *owner, struct vm *user, ipaddr_t ipa, paddr_t pa, u64 *nr,
		       bool *nomem_own)
{
	bool lent = false;
	int error;

	*nr = run_of_frames(owner, user, pa, *nr, &lent);
	if (*nr == 0) {
		return HYP_E_OWNER;
	}
	if (lent && atomic_load(&user->state) != HYP_VM_STOPPED) {
		return HYP_E_STATE;
	}
	if (lent && !s2_range_free(&owner->s2, ipa_init(pa.pa), to_bytes(*nr))) {
		return HYP_E_EXIST;
	}
	*nomem_own = false;
	error = s2_prepare_unmap(&user->s2, ipa, to_bytes(*nr));
	if (!error && lent) {
		*nomem_own = true;
		error = s2_prepare_map(&owner->s2, ipa_init(pa.pa), pa, to_bytes(*nr));
	}
	if (error) {
		return error;
	}
	s2_unmap(&user->s2, ipa, to_bytes(*nr));
	if (lent) {
		release_lent(owner, pa, *nr);
	} else {
		count_shares(pa, *nr, user->id, -1);
	}
	owner->given_pages -= *nr;
	user->borrowed_pages -= *nr;
	user->mem_pages -= *nr;
	return HYP_OK;
}

static int reclaim_locked(struct vm *owner, struct vm *user, ipaddr_t ipa, u64 nr, u64 *done,
			  bool *nomem_own)
{
	u64 changed = 0;

	if (!args_valid(ipa.ipa, 0, nr) || owner == user) {
		return HYP_E_INVAL;
	}
	if (!s2_range_valid(&user->s2, ipa, to_bytes(nr))) {
		return HYP_E_ADDR;
	}
	while (*done < nr && changed < HYP_WIPE_MAX_PAGES) {
		ipaddr_t at = ipa_add(ipa, to_bytes(*done));
		struct s2_leaf leaf;
		u64 pages = 1;

		if (s2_lookup(&user->s2, at, &leaf)) {
			int error;

			pages = (leaf.bytes - (at.ipa & (leaf.bytes - 1))) >> PAGE_SHIFT;
			pages = pages < nr - *done ? pages : nr - *done;
			pages = pages < HYP_WIPE_MAX_PAGES ? pages : HYP_WIPE_MAX_PAGES;
			error = reclaim_run(owner, user, at, leaf.pa, &pages, nomem_own);
			if (error) {
				return error;
			}
			changed += pages;
		}
		*done += pages;
	}
	return HYP_OK;
}

int mem_reclaim(struct vm *owner, struct vm *user, ipaddr_t user_ipa, u64 nr, u64 *done,
		bool *nomem_own)
{
	int error;

	*done = 0;
	spin_lock(&mem_lock);
	error = reclaim_locked(owner, user, user_ipa, nr, done, nomem_own);
	spin_unlock(&mem_lock);
	return error;
}

int mem_pool_take(struct vm *rm, paddr_t base, u64 nr, vmid_t user)
{
	int error = HYP_E_OWNER;

	if (!args_valid(base.pa, 0, nr)) {
		return HYP_E_INVAL;
	}
	if (!mmu_direct_possible(base, nr)) {
		return HYP_E_ADDR;
	}
	spin_lock(&mem_lock);
	if (frame_all(base, nr, rm->id, FRAME_OWNED)) {
		error = s2_prepare_unmap(&rm->s2, ipa_init(base.pa), to_bytes(nr));
	}
	if (!error) {
		s2_unmap(&rm->s2, ipa_init(base.pa), to_bytes(nr));
		frame_set(base, nr, (struct frame){rm->id, user, FRAME_POOL, 0});
		mmu_direct_map(base, nr);
	}
	spin_unlock(&mem_lock);
	return error;
}

void mem_pool_return(struct vm *rm, paddr_t base, u64 nr)
{
	spin_lock(&mem_lock);
	mmu_direct_unmap(base, nr);
	mmu_wipe(base, nr);
	frame_set(base, nr, (struct frame){rm->id, INVALID_VMID, FRAME_OWNED, 0});
	/* The RM's pool has a table for every block of its region since boot. */
	if (s2_range_free(&rm->s2, ipa_init(base.pa), to_bytes(nr)) &&
	    s2_prepare_map(&rm->s2, ipa_init(base.pa), base, to_bytes(nr)) == HYP_OK) {
		s2_map(&rm->s2, ipa_init(base.pa), base, to_bytes(nr),
		       HYP_PROT_R | HYP_PROT_W | HYP_PROT_X, S2_NORMAL);
	}
	spin_unlock(&mem_lock);
}

/* Gives one leaf of user's own pages (or the first part of it) to the RM, wiped. Returns how many
 * pages those were. */
static u64 strip_leaf(struct vm *rm, struct vm *user, ipaddr_t ipa, const struct s2_leaf *leaf)
{
	u64 pages = leaf->bytes >> PAGE_SHIFT;

	if (pages > HYP_WIPE_MAX_PAGES) {
		pages = HYP_WIPE_MAX_PAGES;
	}
	/* Splitting may find the pool empty; the VM is dying, so the whole leaf goes at once then.
	 */
	if (s2_prepare_unmap(&user->s2, ipa, to_bytes(pages)) != HYP_OK) {
		pages = leaf->bytes >> PAGE_SHIFT;
	}
	s2_unmap(&user->s2, ipa, to_bytes(pages));
	mmu_wipe(leaf->pa, pages);
	frame_set(leaf->pa, pages, (struct frame){rm->id, INVALID_VMID, FRAME_OWNED, 0});
	user->mem_pages -= pages;
	return pages;
}

bool mem_strip_owned(struct vm *rm, struct vm *user)
{
	ipaddr_t ipa = ipa_init(0);
	struct s2_leaf leaf;
	u64 done = 0;

	spin_lock(&mem_lock);
	while (done < HYP_WIPE_MAX_PAGES && s2_next(&user->s2, &ipa, &leaf)) {
		if (!leaf.device && frame_get(leaf.pa).owner == user->id) {
			done += strip_leaf(rm, user, ipa, &leaf);
		}
		ipa = ipa_add(ipa, leaf.bytes);
	}
	spin_unlock(&mem_lock);
	return done != 0;
}

bool mem_has_pages(struct vm *vm)
{
	bool pages;

	spin_lock(&mem_lock);
	pages = vm->mem_pages != 0;
	spin_unlock(&mem_lock);
	return pages;
}

bool mem_has_ties(struct vm *vm)
{
	bool ties;

	spin_lock(&mem_lock);
	ties = vm->borrowed_pages || vm->given_pages;
	spin_unlock(&mem_lock);
	return ties;
}

int mem_map_device(struct vm *vm, paddr_t pa, ipaddr_t ipa, u64 nr)
{
	int error = HYP_OK;

	/* Devices come in far larger pieces than memory: no bound but the address space's. */
	if (nr == 0 || to_bytes(nr) >> PAGE_SHIFT != nr ||
	    !IS_ALIGNED(pa.pa | ipa.ipa, PAGE_BYTES)) {
		return HYP_E_INVAL;
	}
	if (!s2_range_valid(&vm->s2, ipa, to_bytes(nr)) ||
	    to_bytes(nr) > 1ull << s2arch_max_ipa_bits() ||
	    pa.pa > (1ull << s2arch_max_ipa_bits()) - to_bytes(nr)) {
		return HYP_E_ADDR;
	}
	spin_lock(&mem_lock);
	if (!frame_none(pa, nr) || gic_owns(pa, to_bytes(nr))) {
		error = HYP_E_OWNER;
	} else if (!s2_range_free(&vm->s2, ipa, to_bytes(nr))) {
		error = HYP_E_EXIST;
	} else {
		error = s2_prepare_map(&vm->s2, ipa, pa, to_bytes(nr));
	}
	if (!error) {
		s2_map(&vm->s2, ipa, pa, to_bytes(nr), HYP_PROT_R | HYP_PROT_W, S2_DEVICE);
	}
	spin_unlock(&mem_lock);
	return error;
}

int mem_info(struct vm *vm, ipaddr_t ipa, u64 *state, u64 *other)
{
	static const u8 states[] = {
		[FRAME_OWNED] = HYP_PAGE_OWNED,
		[FRAME_LENT] = HYP_PAGE_LENT,
		[FRAME_SHARED] = HYP_PAGE_SHARED,
		[FRAME_POOL] = HYP_PAGE_LENT,
	};
	struct frame frame = {.state = FRAME_NONE};
	struct s2_leaf leaf;
	int error = HYP_OK;

	spin_lock(&mem_lock);
	if (s2_lookup(&vm->s2, ipa, &leaf) && !leaf.device) {
		frame = frame_get(leaf.pa);
	} else if (vm->id == VMID_RM || (vm->flags & HYP_VM_HOST)) {
		/* What a host lent is no longer mapped there; its IPAs are physical addresses. */
		frame = frame_get(pa_init(ipa.ipa));
	}
	if (frame.state == FRAME_NONE || (frame.owner != vm->id && frame.user != vm->id)) {
		error = HYP_E_ADDR;
	} else if (frame.owner != vm->id) {
		*state = HYP_PAGE_BORROWED;
		*other = frame.owner;
	} else {
		*state = states[frame.state];
		*other = frame.user;
	}
	spin_unlock(&mem_lock);
	return error;
}

static int copy(struct vm *vm, ipaddr_t ipa, u8 *buffer, u64 bytes, bool to_vm)
{
	u32 need = to_vm ? HYP_PROT_W : HYP_PROT_R;
	int error = HYP_OK;

	spin_lock(&mem_lock);
	while (bytes && !error) {
		u64 offset = ipa.ipa & (PAGE_BYTES - 1);
		u64 chunk = PAGE_BYTES - offset < bytes ? PAGE_BYTES - offset : bytes;
		struct s2_leaf leaf;

		if (!s2_lookup(&vm->s2, ipa, &leaf) || leaf.device || !(leaf.prot & need)) {
			error = HYP_E_ADDR;
			break;
		}
		u8 *page = mmu_window_map(leaf.pa);

		if (to_vm) {
			memcpy(page + offset, buffer, chunk);
		} else {
			memcpy(buffer, page + offset, chunk);
		}
		mmu_window_unmap();
		ipa = ipa_add(ipa, chunk);
		buffer += chunk;
		bytes -= chunk;
	}
	spin_unlock(&mem_lock);
	return error;
}

int mem_copy_from_vm(struct vm *vm, ipaddr_t from, void *to, u64 bytes)
{
	return copy(vm, from, to, bytes, false);
}

int mem_copy_to_vm(struct vm *vm, ipaddr_t to, const void *from, u64 bytes)
{
	return copy(vm, to, (u8 *)(uintptr_t)from, bytes, true);
}
