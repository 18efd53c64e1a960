/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model of page ownership (tests/model) against the running hypervisor, from the host VM: this
 * program is started in the place of the host's Linux, makes random memory calls for VMs that the
 * resource manager makes for it, compares each answer with the model's, and then looks: a page it
 * lent away must fault, one that came back must be wiped, any other must hold what was last
 * written. "seed=n" and "ops=n" on the command line.
 *
 * The window is MODEL_PAGES pages of the host's memory; VMs use the same addresses.
 */
#include "lib/host.h"
#include <model.h>

#define NR_VMS    3u
#define RM_ID     1u
#define MAX_FEEDS 8u

struct guest {
	u64 handle;
	u32 id;
};

static struct guest guests[NR_VMS];
static u32 host_id;
static u64 window;
static u64 seed;
static u64 nr_op;
static u64 nr_ok, nr_refused, nr_nomem, nr_seen, nr_gone;
static const char *op;

static u64 rnd(void)
{
	static u64 s;

	s = s != 0 ? s : seed * 0x9e3779b97f4a7c15ull + 1;
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * 0x2545f4914f6cdd1dull >> 16;
}

static u32 below(u32 limit)
{
	return (u32)(rnd() % limit);
}

static void say(const char *name, u64 value)
{
	print(" ");
	print(name);
	print(" ");
	print_number(value);
}

static void fail(const char *why, u64 a, u64 b)
{
	report("ownership model from the host VM", why);
	print(op);
	say("seed", seed);
	say("operation", nr_op);
	say("a", a);
	say("b", b);
	print("\n");
	guest_power_off();
}

static u64 address(u64 page)
{
	return window + page * HOST_PAGE;
}

/* A pool is empty: the RM fills it. False: it has had enough. */
static bool feed(u32 whose, u32 id)
{
	struct rm_answer answer;

	nr_nomem++;
	if (whose == 1) {
		return host_ask4(RM_MSG_self_quota, &answer, 64 << 20, 0, 0, 0) == HYP_OK;
	}
	return host_ask4(RM_MSG_vm_quota, &answer, id, 64 << 20, 0, 0) == HYP_OK;
}

/* Whether the answer is one that the model allows; true if the call succeeded. */
static bool judge(s64 error, u32 refusals)
{
	if (error == HYP_E_NOMEM) {
		return false; /* nothing happened, and the RM gives no more */
	}
	if (error != HYP_OK ? (refusals & REFUSE(error)) == 0 : refusals != 0) {
		fail(error != HYP_OK ? "refused without reason" : "not refused", (u64)-error,
		     refusals);
	}
	*(error != HYP_OK ? &nr_refused : &nr_ok) += 1;
	return error == HYP_OK;
}

static void make_guest(struct guest *guest, bool is_protected)
{
	struct rm_answer answer;
	s64 error = host_ask4(RM_MSG_vm_create, &answer, is_protected ? HYP_VM_PROTECTED : 0, 40, 1,
			      2 << 20);

	if (error != HYP_OK) {
		fail("vm_create", (u64)-error, 0);
	}
	guest->handle = answer.a[0];
	guest->id = (u32)answer.a[1];
	if (guest->id >= MODEL_VMS) {
		fail("more VMs than the model has", guest->id, 0);
	}
	if (hyp_vm_start(guest->handle).error != HYP_OK) {
		fail("vm_start", guest->id, 0);
	}
	model_vms[guest->id] = (struct model_vm){.exists = true, .is_protected = is_protected};
}

static u32 some_count(void)
{
	switch (below(8)) {
	case 0:
		return 512;
	case 1:
		return 512 - below(20);
	case 2:
		return below(3);
	default:
		return 1 + below(24);
	}
}

static u32 some_page(u32 nr)
{
	u32 page = below(MODEL_PAGES - nr + 1);

	return below(3) == 0 && page >= 512 ? page & ~511u : page;
}

static struct hyp_result call_give(enum model_give how, u64 to, u32 page, u32 to_page, u32 nr,
				   u8 prot)
{
	switch (how) {
	case MODEL_LEND:
		return hyp_mem_lend(to, address(page), address(to_page), nr, prot);
	case MODEL_SHARE:
		return hyp_mem_share(to, address(page), address(to_page), nr, prot);
	default:
		return hyp_mem_donate(to, address(page), address(to_page), nr,
				      how == MODEL_KEEP ? HYP_MEM_KEEP : 0);
	}
}

static void give(void)
{
	static const char *const names[] = {"donate", "donate as it is", "lend", "share"};
	const struct guest *to = &guests[below(NR_VMS)];
	u32 kind = below(32);
	enum model_give how = kind == 0   ? MODEL_DONATE
			      : kind == 1 ? MODEL_KEEP
					  : (enum model_give)(MODEL_LEND + (kind & 1));
	/* What is donated never returns: little of it. */
	u32 nr = how == MODEL_DONATE ? 1 + below(3) : some_count();
	u32 page = some_page(nr);
	u32 to_page = below(2) ? page : some_page(nr);
	u8 prot = (u8)(HYP_PROT_R | (below(2) ? HYP_PROT_W | HYP_PROT_X : 0));
	u32 refusals = model_may_give(how, host_id, page, to->id, to_page, nr);
	struct hyp_result result;
	u32 feeds = 0;

	op = names[how];
	do {
		result = call_give(how, to->handle, page, to_page, nr, prot);
	} while (result.error == HYP_E_NOMEM && feeds++ < MAX_FEEDS &&
		 feed((u32)result.v[0], to->id));
	if (judge(result.error, refusals)) {
		model_apply_give(how, host_id, page, to->id, to_page, nr, prot);
	}
}

static void reclaim(void)
{
	const struct guest *from = &guests[below(NR_VMS)];
	u32 nr = 1 + (below(2) ? below(2048) : below(24));
	u32 page = some_page(nr);
	struct hyp_result result = hyp_mem_reclaim(from->handle, address(page), nr);
	u32 done = (u32)result.v[0];
	u32 refusals = 0;

	op = "reclaim";
	if (done > nr || (result.error == HYP_OK && done < nr && done < 512)) {
		fail("stops early", done, nr);
	}
	for (u32 i = 0; i < done; i++) {
		if (model_may_reclaim(host_id, from->id, page + i) != 0) {
			fail("took what it must not", page + i, 0);
		}
		model_apply_reclaim(host_id, from->id, page + i);
	}
	for (u32 i = done; result.error != HYP_OK && i < nr; i++) {
		refusals |= model_may_reclaim(host_id, from->id, page + i);
	}
	if (!judge(result.error, refusals) && result.error == HYP_E_NOMEM) {
		(void)feed((u32)result.v[1], from->id);
	}
}

static void stop(void)
{
	const struct guest *guest = &guests[below(NR_VMS)];

	op = "stop";
	if (hyp_vm_stop(guest->handle).error != HYP_OK) {
		fail("vm_stop", guest->id, 0);
	}
	model_vms[guest->id].stopped = true;
}

/* Everything back but what was donated. */
static void reclaim_all(const struct guest *from)
{
	for (u32 page = 0; page < MODEL_PAGES;) {
		u32 nr = MODEL_PAGES - page < 512 ? MODEL_PAGES - page : 512;
		struct hyp_result result = hyp_mem_reclaim(from->handle, address(page), nr);
		u32 done = (u32)result.v[0];

		for (u32 i = page; i < page + done; i++) {
			model_apply_reclaim(host_id, from->id, i);
		}
		page += done;
		if (result.error == HYP_E_OWNER &&
		    model_may_reclaim(host_id, from->id, page) != 0) {
			page++;
		} else if (result.error == HYP_E_NOMEM ? !feed((u32)result.v[1], from->id)
						       : result.error != HYP_OK || done == 0) {
			fail("reclaim before destroy", (u64)-result.error, page);
		}
	}
}

static void destroy(void)
{
	struct guest *guest = &guests[below(NR_VMS)];
	struct rm_answer answer;
	s64 error = host_ask4(RM_MSG_vm_destroy, &answer, guest->id, 0, 0, 0);
	bool ties = model_has_ties(guest->id);

	op = "destroy";
	model_vms[guest->id].stopped = true;
	if (ties && error != HYP_E_BUSY) {
		fail("destroyed while pages are lent or shared", guest->id, (u64)-error);
	}
	if (ties) {
		reclaim_all(guest);
	}
	/* Its own pages, too, return a step a call. */
	for (u32 i = 0; error == HYP_E_BUSY && i < 64; i++) {
		error = host_ask4(RM_MSG_vm_destroy, &answer, guest->id, 0, 0, 0);
	}
	if (error != HYP_OK) {
		fail("not destroyed", guest->id, (u64)-error);
	}
	for (u32 page = 0; page < MODEL_PAGES; page++) {
		if (model_pages[page].owner == guest->id) {
			model_apply_strip(guest->id, page);
		}
	}
	model_apply_destroy(guest->id);
	make_guest(guest, below(3) == 0);
}

static void write_tag(u32 page, u8 tag)
{
	model_pages[page].tag = tag;
	mmio_write(address(page), 1, tag);
	mmio_write(address(page) + HOST_PAGE - 1, 1, tag);
}

/* What the model says of a page is what the call says, and what an access does. */
static void look(u32 page)
{
	static const u8 states[] = {[MODEL_OWNED] = HYP_PAGE_OWNED,
				    [MODEL_LENT] = HYP_PAGE_LENT,
				    [MODEL_SHARED] = HYP_PAGE_SHARED};
	struct model_page *model = &model_pages[page];
	bool mine = model->owner == host_id;
	bool there = model_vms[host_id].map[page] != 0;
	struct hyp_result info = hyp_mem_info(address(page));
	u32 aborts = guest_nr_aborts;
	u64 tag;
	u64 last;

	op = "look";
	if (mine ? info.error != HYP_OK || info.v[0] != states[model->state]
		 : info.error == HYP_OK) {
		fail("mem_info", page, info.v[0]);
	}
	guest_abort_expected = true;
	tag = mmio_read(address(page), 1);
	last = mmio_read(address(page) + HOST_PAGE - 1, 1);
	guest_abort_expected = false;
	if (guest_nr_aborts - aborts != (there ? 0 : 2)) {
		fail(there ? "its own page faults" : "what it gave away is read", page, tag);
	}
	if (!there) {
		nr_gone++;
		return;
	}
	nr_seen++;
	if (tag != model->tag || last != tag) {
		fail("the page holds something else", page, tag);
	}
	write_tag(page, (u8)(1 + below(255)));
}

static void start_model(void)
{
	struct hyp_result self = hyp_handle_info(HYP_HANDLE_SELF);

	window = host_find_memory(MODEL_PAGES);
	host_id = (u32)self.v[2];
	if (window == 0 || self.error != HYP_OK || host_id >= MODEL_VMS) {
		fail("no memory, or no name", window, host_id);
	}
	model_vms[RM_ID].exists = true;
	model_vms[host_id].exists = true;
	model_vms[host_id].host = true;
	for (u32 page = 0; page < MODEL_PAGES; page++) {
		model_pages[page] = (struct model_page){.owner = (u8)host_id};
		model_vms[host_id].map[page] = (u16)(page + 1);
		model_vms[host_id].prot[page] = HYP_PROT_R | HYP_PROT_W | HYP_PROT_X;
		write_tag(page, (u8)page);
	}
	for (u32 i = 0; i < NR_VMS; i++) {
		make_guest(&guests[i], i == 2);
	}
}

int main(void)
{
	u64 nr_ops = guest_parameter("ops", 20000);

	op = "start";
	seed = guest_parameter("seed", counter());
	if (!host_init()) {
		fail("no resource manager", 0, 0);
	}
	start_model();
	for (nr_op = 1; nr_op <= nr_ops; nr_op++) {
		u32 kind = below(64);

		if (kind == 0) {
			destroy();
		} else if (kind < 3) {
			stop();
		} else if (kind < 20) {
			reclaim();
		} else {
			give();
		}
		for (u32 i = 0; i < 8; i++) {
			look(below(MODEL_PAGES));
		}
	}
	for (u32 page = 0; page < MODEL_PAGES; page++) {
		look(page);
	}
	report("ownership model from the host VM", NULL);
	say("seed", seed);
	say("done", nr_ok);
	say("refused", nr_refused);
	say("pools empty", nr_nomem);
	say("pages read", nr_seen);
	say("faults", nr_gone);
	print("\n");
	return 0;
}
