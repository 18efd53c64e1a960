/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random sequences of memory and VM calls, made by the RM, the host and guests of the booted
 * system, each answer compared with the model's, and after each call the state of every page, every
 * mapping of every VM, and every pool. MODEL_SEED=n repeats a run, MODEL_OPS=n makes it longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <stage2/frame.h>
#include "machine.h"
#include "model.h"

#define NR_GUESTS  3u
#define POOL_PAGES 40u
#define FREE_FIRST                                                                                 \
	((FAKE_RM + (4 << 20) - FAKE_RAM) / PAGE_BYTES) /* the RM's, never a new pool              \
							 */
#define RM_FIRST ((FAKE_RM - FAKE_RAM) / PAGE_BYTES)
#define RM_END   ((FAKE_HOST - FAKE_RAM) / PAGE_BYTES)

static struct guest guests[NR_GUESTS];
static u64 guest_handle[NR_GUESTS][NR_GUESTS]; /* [i][j]: guest i's handle of guest j, MEM */
static u64 seed;
static u64 nr_op;
static char what[128];
static u64 nr_ok, nr_refused, nr_nomem;

static u64 random_word(void)
{
	static u64 s;

	s = s ? s : seed * 0x9e3779b97f4a7c15ull + 1;
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * 0x2545f4914f6cdd1dull >> 16;
}

static u32 below(u32 limit)
{
	return (u32)(random_word() % limit);
}

static void fail(const char *why, u64 a, u64 b)
{
	fake_fail("seed %lu, call %lu (%s): %s (%lx, %lx)", seed, nr_op, what, why, a, b);
}

/* Who makes calls: 0 the RM, 1 the host, 2.. guests. */
static u32 id_of(u32 who)
{
	return who == 0 ? VMID_RM : who == 1 ? machine_host_vm->id : guests[who - 2].vm->id;
}

static u64 handle_of(u32 who, u32 target)
{
	if (who == target) {
		return HYP_HANDLE_SELF;
	}
	if (target < 2) {
		return who == 0 && target == 1 ? machine_host : 0;
	}
	return who == 0   ? guests[target - 2].rm
	       : who == 1 ? guests[target - 2].host
			  : guest_handle[who - 2][target - 2];
}

static bool enter_guest(u32 i)
{
	u64 x[8] = {0, guests[i].vcpu[0], HYP_RUN_RESUME};

	/* The host's x0 is written when the guest leaves. */
	(void)machine_call(HOST_CORE, HYP_CALL_vcpu_run, x);
	return fake_loaded(HOST_CORE)->vm == guests[i].vm;
}

/* False: the caller cannot run now. */
static bool call_by(u32 who, enum hyp_call nr, u64 x[8])
{
	if (who >= 2 && !enter_guest(who - 2)) {
		return false;
	}
	machine_call(who == 0 ? RM_CORE : HOST_CORE, nr, x);
	if (who >= 2) {
		machine_wfi(HOST_CORE);
		if (fake_loaded(HOST_CORE)->vm != machine_host_vm) {
			fail("the guest does not return", 0, 0);
		}
	}
	return true;
}

/* Whether the call did what the model allows; true if it succeeded. */
static bool judge(s64 error, u32 refusals, bool may_be_nomem)
{
	if (error == HYP_E_NOMEM && may_be_nomem) {
		nr_nomem++;
		return false;
	}
	if (error ? !(refusals & REFUSE(error)) : refusals != 0) {
		fail(error ? "refused without reason" : "not refused", (u64)-error, refusals);
	}
	*(error ? &nr_refused : &nr_ok) += 1;
	return !error;
}

static u64 address(u64 page)
{
	return FAKE_RAM + page * PAGE_BYTES;
}

/* A page number that means something more often than not. */
static u32 some_page(u32 who)
{
	static const u32 starts[] = {0,      RM_FIRST,     FREE_FIRST,    FREE_FIRST + 100,
				     RM_END, RM_END + 512, RM_END + 1024, MODEL_PAGES - 8};

	if (below(4) == 0) {
		return starts[below(ARRAY_COUNT(starts))] + below(4);
	}
	if (who == 0) {
		return FREE_FIRST + below(RM_END - FREE_FIRST);
	}
	return who == 1 ? RM_END + below(1600) : 1024 + below(1200);
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

/* Where to put it: half of the time so that blocks are possible. */
static u32 some_target(u32 to, u32 from_page)
{
	if (to < 2) {
		return below(2) ? from_page : some_page(to);
	}
	return below(2) ? 1024 + from_page % 512 + 512 * below(3) : some_page(to);
}

static void give(void)
{
	static const char *const names[] = {"donate", "keep", "lend", "share"};
	enum model_give how = (enum model_give)below(4);
	u32 who = below(2 + NR_GUESTS);
	u32 to = below(8) ? 2 + below(NR_GUESTS) : below(2 + NR_GUESTS);
	u32 page = below(8) == 0 || who < 2 ? some_page(who) : 1024 + below(1200);
	u32 to_page, nr = some_count();
	u8 prot = (u8)(HYP_PROT_R | (below(2) ? HYP_PROT_W | HYP_PROT_X : 0));
	u64 x[8] = {0};
	u32 refusals;

	if (below(3) == 0) {
		page &= ~511u;
	}
	to_page = some_target(to, page);
	x[1] = handle_of(who, to);
	if (!x[1] || to_page + nr > MODEL_PAGES) {
		return;
	}
	x[2] = address(page);
	x[3] = address(to_page);
	x[4] = nr;
	x[5] = how == MODEL_DONATE ? 0 : how == MODEL_KEEP ? HYP_MEM_KEEP : prot;
	snprintf(what, sizeof(what), "%s %u:%u -> %u:%u, %u", names[how], id_of(who), page,
		 id_of(to), to_page, nr);
	refusals = model_may_give(how, id_of(who), page, id_of(to), to_page, nr);
	if (call_by(who,
		    how <= MODEL_KEEP   ? HYP_CALL_mem_donate
		    : how == MODEL_LEND ? HYP_CALL_mem_lend
					: HYP_CALL_mem_share,
		    x) &&
	    judge((s64)x[0], refusals, true)) {
		model_apply_give(how, id_of(who), page, id_of(to), to_page, nr, prot);
	}
}

static void reclaim(void)
{
	u32 who = below(2 + NR_GUESTS);
	u32 user = 2 + below(NR_GUESTS);
	u32 page = below(3) ? 1024 + 512 * below(3) : 1024 + below(1200);
	u32 nr = 1 + (below(2) ? below(1024) : some_count());
	u64 x[8] = {0, handle_of(who, user), address(page), nr};
	u32 refusals = 0;

	if (who == user || page + nr > MODEL_PAGES) {
		return;
	}
	snprintf(what, sizeof(what), "reclaim by %u from %u:%u, %u", id_of(who), id_of(user), page,
		 nr);
	if (!call_by(who, HYP_CALL_mem_reclaim, x)) {
		return;
	}
	if (x[1] > nr || (x[0] == HYP_OK && x[1] < nr && x[1] < 512)) {
		fail("stops early", x[1], x[0]);
	}
	for (u32 i = 0; i < x[1]; i++) {
		if (model_may_reclaim(id_of(who), id_of(user), page + i)) {
			fail("reclaimed what it must not", page + i, 0);
		}
		model_apply_reclaim(id_of(who), id_of(user), page + i);
	}
	for (u32 i = (u32)x[1]; x[0] != HYP_OK && i < nr; i++) {
		refusals |= model_may_reclaim(id_of(who), id_of(user), page + i);
	}
	(void)judge((s64)x[0], refusals, true);
}

static void pool_add(void)
{
	u32 target = 2 + below(NR_GUESTS);
	u32 page = below(4) ? FREE_FIRST + below(RM_END - FREE_FIRST) : some_page(below(2));
	u32 nr = below(6);
	u64 x[8] = {0, handle_of(0, target), address(page), nr};
	u32 refusals = model_may_take_pool(page, nr, RM_FIRST, RM_END);

	snprintf(what, sizeof(what), "pool_add %u: %u, %u", id_of(target), page, nr);
	if (guests[target - 2].vm->pool.nr_ranges == MAX_POOL_RANGES) {
		refusals |= REFUSE(HYP_E_LIMIT);
		return; /* whether the pages join the last range decides */
	}
	call_by(0, HYP_CALL_vm_pool_add, x);
	if (judge((s64)x[0], refusals, true)) {
		model_apply_take_pool(page, nr, id_of(target));
	}
}

static void map_device(void)
{
	u32 target = 2 + below(NR_GUESTS);
	u32 page = below(8) ? 3000 + below(3000) : 1024 + below(1200);
	u32 nr = below(4);
	u64 x[8] = {0, handle_of(0, target), 0x10000000 + page * PAGE_BYTES, address(page), nr};

	snprintf(what, sizeof(what), "map_device %u:%u, %u", id_of(target), page, nr);
	call_by(0, HYP_CALL_mem_map_device, x);
	if (judge((s64)x[0], model_may_map_device(id_of(target), page, nr), true)) {
		model_apply_map_device(id_of(target), page, nr);
	}
}

static void learn_guest(u32 i)
{
	struct model_vm *vm = &model_vms[guests[i].vm->id];

	*vm = (struct model_vm){.exists = true, .is_protected = i == 2};
	model_apply_take_pool((u32)((guests[i].pool_ipa - FAKE_RAM) / PAGE_BYTES), POOL_PAGES,
			      guests[i].vm->id);
}

static void add_guest(u32 i)
{
	machine_add_guest(&guests[i], i == 2 ? HYP_VM_PROTECTED : 0, 1, POOL_PAGES);
	learn_guest(i);
	if (rm_call(vm_start, NULL, guests[i].rm)) {
		fail("vm_start", i, 0);
	}
	for (u32 j = 0; j < NR_GUESTS; j++) {
		if (j == i || !guests[j].vm) {
			continue;
		}
		if (rm_call(handle_copy, &guest_handle[i][j], guests[j].rm, guests[i].rm,
			    HYP_RIGHT_MEM) ||
		    rm_call(handle_copy, &guest_handle[j][i], guests[i].rm, guests[j].rm,
			    HYP_RIGHT_MEM)) {
			fail("handle_copy", i, j);
		}
	}
}

/* Pages that VM_DESTROY took from the VM this time. */
static u32 follow_strip(u32 id)
{
	u32 nr = 0;

	for (u32 i = 0; i < MODEL_PAGES; i++) {
		struct frame frame = frame_get(pa_init(address(i)));

		if (model_pages[i].owner == id && frame.owner == VMID_RM) {
			model_apply_strip(id, i);
			nr++;
		}
	}
	return nr;
}

static void destroy(void)
{
	u32 i = below(NR_GUESTS);
	u32 id = guests[i].vm->id;
	bool ties = model_has_ties(id);
	bool owns = model_owns_pages(id);
	s64 error = rm_call(vm_destroy, NULL, guests[i].rm);

	snprintf(what, sizeof(what), "destroy %u", id);
	if (error != (ties || owns ? HYP_E_BUSY : HYP_OK)) {
		fail("destroy", (u64)error, ties);
	}
	model_vms[id].stopped = true;
	if (error) {
		u32 nr = follow_strip(id);

		if (ties ? nr != 0 : nr == 0) {
			fail("took pages, or none", nr, ties);
		}
		return;
	}
	model_apply_destroy(id);
	for (u32 j = 0; j < NR_GUESTS; j++) {
		guest_handle[i][j] = 0;
		guest_handle[j][i] = 0;
	}
	guests[i].vm = NULL;
	add_guest(i);
}

static void life(void)
{
	u32 i = below(NR_GUESTS);
	struct model_vm *vm = &model_vms[guests[i].vm->id];

	if (below(2)) {
		snprintf(what, sizeof(what), "stop %u", guests[i].vm->id);
		(void)rm_call(vm_stop, NULL, guests[i].rm);
		vm->stopped = true;
	} else {
		bool keeps = vm->is_protected && model_has_memory(guests[i].vm->id);
		int error = keeps ? HYP_E_STATE : HYP_OK;

		snprintf(what, sizeof(what), "reset, start %u", guests[i].vm->id);
		if (rm_call(vm_reset, NULL, guests[i].rm) != error ||
		    (!error && rm_call(vm_start, NULL, guests[i].rm))) {
			fail("reset, start", 0, 0);
		}
		vm->stopped = error != HYP_OK;
	}
}

/* A VM writes to its memory. */
static void store(void)
{
	u32 who = below(2 + NR_GUESTS);
	struct model_vm *vm = &model_vms[id_of(who)];

	for (u32 i = 0; i < 200; i++) {
		u32 page = some_page(who);
		u16 mapped = page < MODEL_PAGES ? vm->map[page] : 0;

		if (mapped && mapped != MODEL_DEVICE) {
			u8 tag = (u8)(1 + below(255));

			model_pages[mapped - 1].tag = tag;
			fake_write(address(mapped - 1u), &tag, 1);
		}
	}
}

static void info(void)
{
	u32 who = below(2);
	u32 page = who ? RM_END + below(1600) : some_page(0);
	const struct model_page *m = &model_pages[page];
	u32 id = id_of(who);
	u64 x[8] = {0, address(page)};
	u64 state, other;

	snprintf(what, sizeof(what), "info %u:%u", id, page);
	if (model_vms[id].map[page] && model_vms[id].map[page] != page + 1) {
		return;
	}
	call_by(who, HYP_CALL_mem_info, x);
	if (m->owner != id && m->user != id) {
		(void)judge((s64)x[0], REFUSE(HYP_E_ADDR), false);
		return;
	}
	state = m->owner != id           ? HYP_PAGE_BORROWED
		: m->state == MODEL_POOL ? HYP_PAGE_LENT
					 : (u64)m->state;
	other = m->owner != id ? m->owner : m->user ? m->user : INVALID_VMID;
	if (x[0] != HYP_OK || x[1] != state || x[2] != other) {
		fail("info differs", x[1], x[2]);
	}
}

static void check_pages(void)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		struct frame f = frame_get(pa_init(address(i)));
		const struct model_page *m = &model_pages[i];

		if (f.owner != m->owner || f.user != (m->user ? m->user : INVALID_VMID) ||
		    f.state != m->state + FRAME_OWNED ||
		    f.count != (m->state == MODEL_POOL ? 0 : m->count)) {
			fail("page differs", i,
			     (u64)f.owner << 24 | f.user << 16 | f.state << 8 | f.count);
		}
	}
}

static void check_tags(void)
{
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		u8 tag;

		if (model_pages[i].owner == VMID_HYP || model_pages[i].state == MODEL_POOL) {
			continue;
		}
		fake_read(address(i), &tag, 1);
		if (tag != model_pages[i].tag) {
			fail("contents differ", i, tag);
		}
	}
}

static void check_map(const struct vm *vm)
{
	static u16 map[MODEL_PAGES];
	static u8 prot[MODEL_PAGES];
	const struct model_vm *m = &model_vms[vm->id];
	ipaddr_t ipa = ipa_init(0);
	struct s2_leaf leaf;

	memset(map, 0, sizeof(map));
	memset(prot, 0, sizeof(prot));
	for (; s2_next(&vm->s2, &ipa, &leaf); ipa = ipa_add(ipa, leaf.bytes)) {
		u64 first = (ipa.ipa - FAKE_RAM) / PAGE_BYTES;
		u64 page = (leaf.pa.pa - FAKE_RAM) / PAGE_BYTES;

		if (ipa.ipa < FAKE_RAM || first + leaf.bytes / PAGE_BYTES > MODEL_PAGES) {
			fail("maps elsewhere", vm->id, ipa.ipa);
		}
		for (u64 i = 0; i < leaf.bytes / PAGE_BYTES; i++) {
			map[first + i] = leaf.device ? MODEL_DEVICE : (u16)(page + i + 1);
			prot[first + i] = (u8)leaf.prot;
		}
	}
	for (u32 i = 0; memcmp(map, m->map, sizeof(map)) && i < MODEL_PAGES; i++) {
		if (map[i] != m->map[i]) {
			fail("mapping differs", (u64)vm->id << 32 | i, map[i]);
		}
	}
	for (u32 i = 0; memcmp(prot, m->prot, sizeof(prot)) && i < MODEL_PAGES; i++) {
		if (map[i] && prot[i] != m->prot[i]) {
			fail("protection differs", (u64)vm->id << 32 | i, prot[i]);
		}
	}
}

static void check_all(void)
{
	check_pages();
	check_map(vm_rm());
	check_map(machine_host_vm);
	for (u32 i = 0; i < NR_GUESTS; i++) {
		check_map(guests[i].vm);
		machine_check_pool(guests[i].vm);
	}
	machine_check_pool(vm_rm());
	machine_check_pool(machine_host_vm);
}

/* What the booted system looks like, before any guest. */
static void learn(void)
{
	struct model_vm *host = &model_vms[machine_host_vm->id];

	model_vms[VMID_RM].exists = true;
	*host = (struct model_vm){.exists = true, .host = true};
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		u32 owner = i < RM_FIRST ? VMID_HYP : i < RM_END ? VMID_RM : machine_host_vm->id;
		struct model_vm *vm = &model_vms[owner];

		model_pages[i].owner = (u8)owner;
		if (owner != VMID_HYP) {
			vm->map[i] = (u16)(i + 1);
			vm->prot[i] = HYP_PROT_R | HYP_PROT_W | HYP_PROT_X;
		}
	}
	model_apply_take_pool(
		(u32)((machine_host_vm->pool.ranges[0].base.pa - FAKE_RAM) / PAGE_BYTES), HOST_POOL,
		machine_host_vm->id);
}

static u64 setting(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

int main(void)
{
	static void (*const ops[])(void) = {give,  give,    give,     give,      give, give,
					    give,  reclaim, reclaim,  reclaim,   life, info,
					    store, destroy, pool_add, map_device};
	u64 nr_ops = setting("MODEL_OPS", 3000);

	seed = setting("MODEL_SEED", (u64)time(NULL));
	printf("seed %lu\n", seed);
	fflush(stdout);
	machine_boot();
	learn();
	for (u32 i = 0; i < NR_GUESTS; i++) {
		add_guest(i);
	}
	for (nr_op = 0; nr_op < nr_ops; nr_op++) {
		snprintf(what, sizeof(what), "-");
		ops[below(ARRAY_COUNT(ops))]();
		check_all();
		if (nr_op % 64 == 0) {
			check_tags();
			machine_check();
		}
	}
	printf("PASS: model, seed %lu: %lu calls done, %lu refused, %lu short of a pool page\n",
	       seed, nr_ok, nr_refused, nr_nomem);
	return 0;
}
