/* SPDX-License-Identifier: BSD-3-Clause */
/* See model.h. */
#include <core/string.h>
#include <hyp/calls.h>
#include <hyp/error.h>
#include "model.h"

#define RM  1u
#define RWX (HYP_PROT_R | HYP_PROT_W | HYP_PROT_X)

struct model_page model_pages[MODEL_PAGES];
struct model_vm model_vms[MODEL_VMS];

static bool in_space(u64 page, u64 nr)
{
	return page < MODEL_PAGES && nr <= MODEL_PAGES - page;
}

/* The page of memory behind a VM's page; MODEL_PAGES: none. The RM goes by physical address. */
static u32 memory_of(u32 vm, u64 vm_page)
{
	u16 mapped;

	if (vm == RM) {
		return vm_page < MODEL_PAGES ? (u32)vm_page : MODEL_PAGES;
	}
	mapped = vm_page < MODEL_PAGES ? model_vms[vm].map[vm_page] : 0;
	return mapped == 0 || mapped == MODEL_DEVICE ? MODEL_PAGES : mapped - 1u;
}

static bool may_give_page(enum model_give how, const struct model_page *page, u32 from, u32 to)
{
	if (page->owner != from) {
		return false;
	}
	return page->state == MODEL_OWNED || (how == MODEL_SHARE && page->state == MODEL_SHARED &&
					      page->user == to && page->count < 255);
}

u32 model_may_give(enum model_give how, u32 from, u64 from_page, u32 to, u64 to_page, u64 nr)
{
	u32 refusals = 0;
	u32 first = memory_of(from, from_page);

	if (nr == 0 || from == to) {
		refusals |= REFUSE(HYP_E_INVAL);
	}
	if (nr > HYP_MEM_MAX_PAGES || (how == MODEL_DONATE && nr > 512)) {
		refusals |= REFUSE(HYP_E_SIZE);
	}
	if ((how == MODEL_KEEP && from != RM) || (how == MODEL_LEND && !model_vms[from].host) ||
	    (how == MODEL_SHARE && model_vms[to].is_protected)) {
		refusals |= REFUSE(HYP_E_DENIED);
	}
	if (model_vms[to].stopped) {
		refusals |= REFUSE(HYP_E_STATE);
	}
	if ((how == MODEL_LEND && first != from_page) ||
	    (to == RM && how != MODEL_SHARE && first != to_page)) {
		refusals |= REFUSE(HYP_E_ADDR);
	}
	for (u64 i = 0; i < nr && i < MODEL_PAGES; i++) {
		u32 page = memory_of(from, from_page + i);

		if (page == MODEL_PAGES || page != first + i) {
			refusals |= from == RM ? REFUSE(HYP_E_OWNER) : REFUSE(HYP_E_ADDR);
		} else if (!may_give_page(how, &model_pages[page], from, to)) {
			refusals |= REFUSE(HYP_E_OWNER);
		}
		if (to_page + i < MODEL_PAGES && model_vms[to].map[to_page + i]) {
			refusals |= REFUSE(HYP_E_EXIST);
		}
	}
	return refusals;
}

void model_apply_give(enum model_give how, u32 from, u32 from_page, u32 to, u32 to_page, u32 nr,
		      u8 prot)
{
	u32 first = memory_of(from, from_page);

	for (u32 i = 0; i < nr; i++) {
		struct model_page *page = &model_pages[first + i];

		if (how != MODEL_SHARE) {
			model_vms[from].map[from_page + i] = 0;
			model_vms[from].prot[from_page + i] = 0;
		}
		model_vms[to].map[to_page + i] = (u16)(first + i + 1);
		model_vms[to].prot[to_page + i] = how <= MODEL_KEEP ? RWX : prot;
		if (how <= MODEL_KEEP) {
			page->owner = (u8)to;
			page->tag = how == MODEL_DONATE ? 0 : page->tag;
		} else {
			page->state = how == MODEL_LEND ? MODEL_LENT : MODEL_SHARED;
			page->user = (u8)to;
			page->count++;
		}
	}
}

u32 model_may_reclaim(u32 owner, u32 user, u32 user_page)
{
	u16 mapped = model_vms[user].map[user_page];
	const struct model_page *page;

	if (!mapped) {
		return 0;
	}
	if (mapped == MODEL_DEVICE) {
		return REFUSE(HYP_E_OWNER);
	}
	page = &model_pages[mapped - 1];
	if (page->owner != owner || page->user != user || page->state == MODEL_OWNED ||
	    page->state == MODEL_POOL) {
		return REFUSE(HYP_E_OWNER);
	}
	if (page->state == MODEL_SHARED) {
		return 0;
	}
	return (model_vms[user].stopped ? 0 : REFUSE(HYP_E_STATE)) |
	       (model_vms[owner].map[mapped - 1] ? REFUSE(HYP_E_EXIST) : 0);
}

void model_apply_reclaim(u32 owner, u32 user, u32 user_page)
{
	u16 mapped = model_vms[user].map[user_page];
	struct model_page *page;

	if (!mapped) {
		return;
	}
	page = &model_pages[mapped - 1];
	model_vms[user].map[user_page] = 0;
	model_vms[user].prot[user_page] = 0;
	if (page->state == MODEL_LENT) {
		model_vms[owner].map[mapped - 1] = mapped;
		model_vms[owner].prot[mapped - 1] = RWX;
		page->tag = 0;
	}
	if (--page->count == 0) {
		page->state = MODEL_OWNED;
		page->user = 0;
	}
}

u32 model_may_take_pool(u64 page, u64 nr, u64 first_possible, u64 end_possible)
{
	u32 refusals = nr == 0 || nr > HYP_MEM_MAX_PAGES ? REFUSE(HYP_E_INVAL) : 0;

	if (page < first_possible || page >= end_possible || nr > end_possible - page) {
		return refusals | REFUSE(HYP_E_ADDR);
	}
	for (u64 i = 0; i < nr; i++) {
		if (model_pages[page + i].owner != RM ||
		    model_pages[page + i].state != MODEL_OWNED) {
			refusals |= REFUSE(HYP_E_OWNER);
		}
	}
	return refusals;
}

void model_apply_take_pool(u32 page, u32 nr, u32 user)
{
	for (u32 i = page; i < page + nr; i++) {
		model_pages[i].state = MODEL_POOL;
		model_pages[i].user = (u8)user;
		model_vms[RM].map[i] = 0;
		model_vms[RM].prot[i] = 0;
	}
}

u32 model_may_map_device(u32 vm, u64 vm_page, u64 nr)
{
	u32 refusals = nr == 0 ? REFUSE(HYP_E_INVAL) : 0;

	for (u64 i = 0; i < nr; i++) {
		if (in_space(vm_page, nr) && model_vms[vm].map[vm_page + i]) {
			refusals |= REFUSE(HYP_E_EXIST);
		}
	}
	return refusals;
}

void model_apply_map_device(u32 vm, u32 vm_page, u32 nr)
{
	for (u32 i = vm_page; i < vm_page + nr; i++) {
		model_vms[vm].map[i] = MODEL_DEVICE;
		model_vms[vm].prot[i] = HYP_PROT_R | HYP_PROT_W;
	}
}

bool model_has_ties(u32 vm)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		const struct model_page *page = &model_pages[i];

		if ((page->state == MODEL_LENT || page->state == MODEL_SHARED) &&
		    (page->owner == vm || page->user == vm)) {
			return true;
		}
	}
	return false;
}

bool model_has_memory(u32 vm)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		if (model_vms[vm].map[i] && model_vms[vm].map[i] != MODEL_DEVICE) {
			return true;
		}
	}
	return false;
}

bool model_owns_pages(u32 vm)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		if (model_pages[i].owner == vm) {
			return true;
		}
	}
	return false;
}

void model_apply_strip(u32 vm, u32 page)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		if (model_vms[vm].map[i] == page + 1) {
			model_vms[vm].map[i] = 0;
			model_vms[vm].prot[i] = 0;
		}
	}
	model_pages[page] = (struct model_page){.owner = RM, .state = MODEL_OWNED};
}

void model_apply_destroy(u32 vm)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		if (model_pages[i].state == MODEL_POOL && model_pages[i].user == vm) {
			model_pages[i] = (struct model_page){.owner = RM, .state = MODEL_OWNED};
			if (!model_vms[RM].map[i]) {
				model_vms[RM].map[i] = (u16)(i + 1);
				model_vms[RM].prot[i] = RWX;
			}
		}
	}
	memset(&model_vms[vm], 0, sizeof(model_vms[vm]));
}
