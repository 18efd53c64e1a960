// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_chain.c - jumps from page to page that are linked: what may make them go elsewhere.
 *
 * A program in one page goes on in the next one by a conditional branch, by an unconditional one,
 * and across the page's end; there a number is loaded that tells which page it is. What is behind
 * that address changes; the first page stays, so that its code and its links do.
 *
 * The other way round, a program in the second page calls functions in the first, which return to
 * something else than what called them.
 *
 * And a program that asks where it is runs at several addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cache.h"
#include "exception.h"
#include "loop.h"
#include "machine.h"
#include "sysreg.h"
#include "tlb.h"

#define TTBR0 SYSREG(3, 0, 2, 0, 0)
#define MDSCR SYSREG(2, 0, 0, 2, 2)
#define OSLAR SYSREG(2, 0, 1, 0, 4)
#define BVR   SYSREG(2, 0, 0, 0, 4)
#define BCR   SYSREG(2, 0, 0, 0, 5)

#define MDSCR_MDE_KDE (1u << 15 | 1u << 13)
#define BCR_EL1       (1u << 13 | 0x1e0 | 1u << 1 | 1)

#define TLBI(crm, op2) SYSREG(1, 0, 8, crm, op2)
#define VMALLE1        TLBI(7, 0)
#define VAE1           TLBI(7, 1)
#define ASIDE1         TLBI(7, 2)
#define VAAE1IS        TLBI(3, 3)

#define PAGE_DESC (3ull | 1 << 10 | 3 << 6) /* valid, accessed, read-only for EL0 too */
#define NG        (1ull << 11)
#define UXN       (1ull << 54)
#define PXN       (1ull << 53)

/* Two address spaces: a level-1 table and what hangs below, 4 KiB each. */
#define SPACE_1 (TABLE_BASE + 0x1000)
#define SPACE_2 (TABLE_BASE + 0x4000)
#define VA      0x1234000ull
#define NEXT_VA (VA + 0x1000)
#define START   (VA + 0xfe8)
#define FIRST   (RAM_BASE + 0x10000)
#define VECTORS (RAM_BASE + 0x20000)
/* Loads n. */
#define SECOND(n) (RAM_BASE + 0x30000 + 0x1000ull * (n))
#define NR_SECOND 4
#define UNMAPPED  (1ull << 38)

#define EL0     0u
#define EL1     5u /* with SP_EL1 */
#define ABORTED -1
#define BREAK   -2
#define NR_WAYS 3

static const uint32_t first[] = {
	0xb40000c1, /* cbz  x1, the next page */
	0xd1000421, /* sub  x1, x1, #1 */
	0xb5000041, /* cbnz x1, behind the branch */
	0x14000003, /* b    the next page */
	0xd503201f, /* nop */
	0xd503201f, /* nop */
};

static const uint32_t second[] = {
	0xd2800005, /* mov  x5, #n */
	0xd4000001, /* svc  #0 */
};

static const uint32_t power_off[] = {
	0x52800100, /* mov  w0, #8 */
	0x72b08000, /* movk w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc  #0: PSCI SYSTEM_OFF */
};

/* Functions in the first page, and their callers in the second. */
#define FUNCTIONS 0x100
#define CALLERS   0x100
#define STRIDE    0x40

enum function {
	TO_X9_SPACE,
	FORBIDS_EL0_PAGES,
	SKIPS_ONE,
	RECURSES,
	NR_FUNCTIONS,
};

static const uint32_t functions[NR_FUNCTIONS][8] = {
	[TO_X9_SPACE] =
		{
			0xd5182009, /* msr  ttbr0_el1, x9 */
			0xd5033fdf, /* isb */
			0xd65f03c0, /* ret */
		},
	[FORBIDS_EL0_PAGES] =
		{
			0xd500419f, /* msr  pan, #1 */
			0xd65f03c0, /* ret */
		},
	[SKIPS_ONE] =
		{
			0x910013de, /* add  x30, x30, #4 */
			0xd65f03c0, /* ret */
		},
	[RECURSES] =
		{
			0xb40000c0, /* cbz  x0, the return */
			0xa9bf7bfd, /* stp  x29, x30, [sp, #-16]! */
			0xd1000400, /* sub  x0, x0, #1 */
			0x97fffffd, /* bl   itself */
			0x91000508, /* add  x8, x8, #1 */
			0xa8c17bfd, /* ldp  x29, x30, [sp], #16 */
			0xd65f03c0, /* ret */
		},
};

static const uint32_t caller[] = {
	0x97fffc00, /* bl   the function with the same number */
	0xf9400047, /* ldr  x7, [x2] */
	0xd2800005, /* mov  x5, #n */
	0xd4000001, /* svc  #0 */
};

/* Of the first page; and a function in the second. */
#define WHERE          0x200
#define WHERE_LOAD     0x230
#define WHERE_CALLED   0x300
#define WHERE_CONSTANT 0x1122334455667788ull

static const uint32_t where[] = {
	0x1000000a, /* 200: adr  x10, . */
	0xb000002b, /* 204: adrp x11, five pages on */
	0xb000000c, /* 208: adrp x12, the next page */
	0x91048d8c, /* 20c: add  x12, x12, #0x123 */
	0x5800038d, /* 210: ldr  x13, the constant */
	0x94000013, /* 214: bl   260 */
	0x1000000f, /* 218: adr  x15, . */
	0x94000439, /* 21c: bl   300 of the second page */
	0x10000011, /* 220: adr  x17, . */
	0xf07ffff3, /* 224: adrp x19, as far as it goes */
	0x90800014, /* 228: adrp x20, the same, backwards */
	0xb4000042, /* 22c: cbz  x2, behind the load */
	0xf9400047, /* 230: ldr  x7, [x2] */
	0x14000373, /* 234: b    the second page */
};

static const uint32_t where_function[] = {
	0x8b0903de, /* 260: add  x30, x30, x9 */
	0xaa1e03ee, /* 264: mov  x14, x30 */
	0xd65f03c0, /* 268: ret */
};

static const uint32_t where_called[] = {
	0x10000010, /* adr  x16, . */
	0xaa1e03f2, /* mov  x18, x30 */
	0xd65f03c0, /* ret */
};

/* Addresses of the first page; the second follows it everywhere. */
static const uint64_t places[] = {VA, VA + 0x10000, VA + (5ull << 30)};
#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static struct machine m;
static struct jit_cpu *other;

static void *at(uint64_t pa)
{
	return m.ram + (pa - RAM_BASE);
}

static void map(uint64_t space, uint64_t va, uint64_t desc)
{
	((uint64_t *)at(space))[va >> 30] = (space + 0x1000) | 3;
	((uint64_t *)at(space + 0x1000))[va >> 21 & 511] = (space + 0x2000) | 3;
	((uint64_t *)at(space + 0x2000))[va >> 12 & 511] = desc;
}

static void write_register(struct jit_cpu *cpu, uint16_t reg, uint64_t val)
{
	assert_int_equal(sysreg_write(cpu, reg, 0, val), EXEC_NEXT);
}

static void tlbi_at(struct jit_cpu *cpu, uint16_t op, uint64_t asid, uint64_t va)
{
	assert_int_equal(sysreg_sys(cpu, op, 0, asid << 48 | va >> 12), EXEC_NEXT);
}

static void tlbi(struct jit_cpu *cpu, uint16_t op, uint64_t asid)
{
	tlbi_at(cpu, op, asid, NEXT_VA);
}

static void select_space(uint64_t space, uint64_t asid)
{
	write_register(m.cpu, TTBR0, space | asid << 48);
}

/* The number loaded, or what happened instead. */
static int run_from(uint64_t start, unsigned int mode)
{
	m.cpu->pc = start;
	m.vm.end = VM_END_NONE;
	exception_set_pstate(m.cpu, mode);
	assert_int_equal(loop_run(m.cpu), LOOP_ENDED);
	switch (m.cpu->sys.esr >> 26) {
	case EC_SVC64:
		return (int)m.cpu->x[5];
	case EC_BREAKPOINT_EL1:
		return BREAK;
	default:
		return ABORTED;
	}
}

static int run(unsigned int mode, unsigned int way)
{
	int outcome;

	m.cpu->x[1] = way;
	outcome = run_from(START, mode);
	assert_true(outcome >= 0 || m.cpu->sys.elr == NEXT_VA);
	return outcome;
}

/* At EL1, from the first address space. */
static int call(enum function n)
{
	select_space(SPACE_1, 1);
	m.cpu->x[2] = VA; /* EL0 may read it */
	m.cpu->x[8] = 0;
	m.cpu->x[CPU_REG_SP] = RAM_BASE + 0x100000;
	return run_from(NEXT_VA + CALLERS + STRIDE * n, EL1);
}

/* All ways, not yet linked, maybe, and linked. */
static void expect(unsigned int mode, int outcome)
{
	for (unsigned int i = 0; i < 2 * NR_WAYS; i++) {
		assert_int_equal(run(mode, i % NR_WAYS), outcome);
	}
}

static void map_place(uint64_t space, uint64_t page, unsigned int n)
{
	map(space, page, FIRST | PAGE_DESC | NG);
	map(space, page + TLB_PAGE_SIZE, SECOND(n) | PAGE_DESC | NG);
}

/* What it says until it has called its function, and from then on. */
static void expect_where(uint64_t page, uint64_t then)
{
	const uint64_t *x = m.cpu->x;

	assert_int_equal(x[10], page + WHERE);
	assert_int_equal(x[11], page + 0x5000);
	assert_int_equal(x[12], page + 0x1123);
	assert_int_equal(x[13], WHERE_CONSTANT);
	assert_int_equal(x[14], then + 0x218);
	assert_int_equal(x[15], then + 0x218);
	assert_int_equal(x[16], then + TLB_PAGE_SIZE + WHERE_CALLED);
	assert_int_equal(x[18], then + 0x220);
	assert_int_equal(x[17], then + 0x220);
	assert_int_equal(x[19], then + 0xfffff000);
	assert_int_equal(x[20], then - 0x100000000);
}

/* Starts it at one address, and lets its function return to another one. */
static void ask_where(uint64_t page, uint64_t then, unsigned int mode, int outcome)
{
	m.cpu->x[2] = outcome == ABORTED ? UNMAPPED : 0;
	m.cpu->x[9] = then - page;
	assert_int_equal(run_from(page + WHERE, mode), outcome);
	expect_where(page, then);
	assert_int_equal(m.cpu->sys.elr,
			 then + (outcome == ABORTED ? WHERE_LOAD : TLB_PAGE_SIZE + sizeof(second)));
}

static uint64_t nr_translated(void)
{
	return m.vm.cache->stats.blocks;
}

static void put_second(unsigned int n, unsigned int number)
{
	memcpy(at(SECOND(n)), second, sizeof(second));
	*(uint32_t *)at(SECOND(n)) |= number << 5;
	memcpy(at(SECOND(n) + WHERE_CALLED), where_called, sizeof(where_called));
	for (unsigned int i = 0; i < NR_FUNCTIONS; i++) {
		uint32_t *code = at(SECOND(n) + CALLERS + STRIDE * i);

		memcpy(code, caller, sizeof(caller));
		code[2] |= number << 5;
	}
}

static int set_up(void **state)
{
	static const uint64_t spaces[] = {SPACE_1, SPACE_2};

	(void)state;
	machine_init(&m);
	machine_translate(&m);
	m.vm.cache->no_chain = false;
	memcpy(at(FIRST + (START - VA)), first, sizeof(first));
	for (unsigned int i = 0; i < NR_FUNCTIONS; i++) {
		memcpy(at(FIRST + FUNCTIONS + STRIDE * i), functions[i], sizeof(functions[i]));
	}
	memcpy(at(FIRST + WHERE), where, sizeof(where));
	memcpy(at(FIRST + 0x260), where_function, sizeof(where_function));
	*(uint64_t *)at(FIRST + 0x280) = WHERE_CONSTANT;
	for (unsigned int n = 1; n < NR_SECOND; n++) {
		put_second(n, n);
	}
	for (unsigned int i = 0; i < 16; i++) {
		memcpy(at(VECTORS + 0x80 * i), power_off, sizeof(power_off));
	}
	m.cpu->sys.vbar = VECTORS;
	for (unsigned int i = 0; i < 2; i++) {
		memcpy(at(spaces[i]), at(TABLE_BASE), TLB_PAGE_SIZE);
		map(spaces[i], VA, FIRST | PAGE_DESC);
		map(spaces[i], NEXT_VA, SECOND(1) | PAGE_DESC | NG);
	}
	select_space(SPACE_1, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (other) {
		tlb_destroy(other);
		free(other);
		other = NULL;
	}
	machine_destroy(&m);
	return 0;
}

static void links_are_made(void **state)
{
	uint64_t links, lookups;

	(void)state;
	expect(EL1, 1);
	links = m.vm.cache->stats.links;
	lookups = atomic_load(&m.cpu->stats[CPU_STAT_LOOKUPS]);
	assert_true(links >= NR_WAYS);
	expect(EL1, 1);
	assert_int_equal(m.vm.cache->stats.links, links);
	assert_int_equal(atomic_load(&m.cpu->stats[CPU_STAT_LOOKUPS]), lookups);
	assert_int_equal(atomic_load(&m.cpu->stats[CPU_STAT_UNMAPPED]), 0);
}

static void another_page(void **state)
{
	static const uint16_t operations[] = {VAE1, VMALLE1, ASIDE1, VAAE1IS};

	(void)state;
	expect(EL1, 1);
	for (unsigned int i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		map(SPACE_1, NEXT_VA, SECOND(2 + i % 2) | PAGE_DESC | NG);
		tlbi(m.cpu, operations[i], 1);
		expect(EL1, 2 + (int)(i % 2));
	}
	map(SPACE_1, NEXT_VA, SECOND(1) | PAGE_DESC | NG);
	tlbi(m.cpu, VAE1, 1);
	expect(EL1, 1);
}

/* The same for a page that all address spaces have. */
static void another_global_page(void **state)
{
	(void)state;
	map(SPACE_1, NEXT_VA, SECOND(1) | PAGE_DESC);
	expect(EL1, 1);
	map(SPACE_1, NEXT_VA, SECOND(2) | PAGE_DESC);
	tlbi(m.cpu, VAE1, 77);
	expect(EL1, 2);
}

static void another_address_space(void **state)
{
	(void)state;
	map(SPACE_2, NEXT_VA, SECOND(2) | PAGE_DESC | NG);
	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int mode = EL0; mode <= EL1; mode += EL1 - EL0) {
			select_space(SPACE_1, 1);
			expect(mode, 1);
			select_space(SPACE_2, 2);
			expect(mode, 2);
		}
	}
	/* What was done while the space was away. */
	map(SPACE_1, NEXT_VA, SECOND(3) | PAGE_DESC | NG);
	tlbi(m.cpu, ASIDE1, 1);
	expect(EL1, 2);
	select_space(SPACE_1, 1);
	expect(EL1, 3);
	expect(EL0, 3);
}

static void not_executable_any_more(void **state)
{
	(void)state;
	expect(EL1, 1);
	map(SPACE_1, NEXT_VA, SECOND(1) | PAGE_DESC | NG | PXN);
	tlbi(m.cpu, VAE1, 1);
	expect(EL1, ABORTED);
	map(SPACE_1, NEXT_VA, 0);
	tlbi(m.cpu, VAE1, 1);
	expect(EL1, ABORTED);
	map(SPACE_1, NEXT_VA, SECOND(1) | PAGE_DESC | NG);
	tlbi(m.cpu, VAE1, 1);
	expect(EL1, 1);
}

/* What EL1 knows about a page does not let EL0 execute it. */
static void levels_stay_apart(void **state)
{
	(void)state;
	expect(EL0, 1);
	expect(EL1, 1);
	map(SPACE_1, NEXT_VA, SECOND(1) | PAGE_DESC | NG | UXN);
	tlbi(m.cpu, VAE1, 1);
	expect(EL1, 1);
	expect(EL0, ABORTED);
	map(SPACE_1, NEXT_VA, SECOND(1) | PAGE_DESC | NG | PXN);
	tlbi(m.cpu, VAE1, 1);
	expect(EL0, 1);
	expect(EL1, ABORTED);
}

static void breakpoint_later(void **state)
{
	(void)state;
	write_register(m.cpu, OSLAR, 0);
	write_register(m.cpu, MDSCR, MDSCR_MDE_KDE);
	expect(EL1, 1);
	write_register(m.cpu, BVR, NEXT_VA);
	write_register(m.cpu, BCR, BCR_EL1);
	expect(EL1, BREAK);
	write_register(m.cpu, BCR, 0);
	expect(EL1, 1);
}

static void changed_code(void **state)
{
	(void)state;
	expect(EL1, 1);
	put_second(1, 9);
	vm_memory_written(&m.vm, SECOND(1), sizeof(second));
	expect(EL1, 9);
}

static void other_cpu(void **state)
{
	(void)state;
	other = aligned_alloc(64, (sizeof(*other) + 63) & ~63ul);
	memset(other, 0, sizeof(*other));
	assert_int_equal(tlb_init(other), 0);
	other->vm = &m.vm;
	other->el = 1;
	other->sys = m.cpu->sys;
	tlb_select_bank(other);
	m.vm.cpus[1] = other;
	m.vm.nr_cpus = 2;

	expect(EL1, 1);
	map(SPACE_1, NEXT_VA, SECOND(2) | PAGE_DESC | NG);
	tlbi(other, VAAE1IS, 1);
	expect(EL1, 2);
}

/* Mappings are numbered anew then: what address spaces had under the old numbers is gone. */
static void dropped_cache(void **state)
{
	(void)state;
	map(SPACE_2, NEXT_VA, SECOND(2) | PAGE_DESC | NG);
	expect(EL1, 1);
	expect(EL0, 1);
	m.vm.cache->arena_size = m.vm.cache->arena_used;
	select_space(SPACE_2, 2);
	expect(EL0, 2);
	assert_int_equal(m.vm.cache->stats.flushes, 1);
	m.vm.cache->arena_size = CACHE_MAX_BLOCKS;
	select_space(SPACE_1, 1);
	expect(EL0, 1);
	expect(EL1, 1);
}

/* By way of an address space whose pages and jumps are known, so that nothing else intervenes. */
static void return_to_another_space(void **state)
{
	(void)state;
	map(SPACE_2, NEXT_VA, SECOND(2) | PAGE_DESC | NG);
	for (unsigned int i = 0; i < 5; i++) {
		m.cpu->x[9] = SPACE_1 | 1ull << 48;
		assert_int_equal(call(TO_X9_SPACE), 1);
		m.cpu->x[9] = SPACE_2 | 2ull << 48;
		assert_int_equal(call(TO_X9_SPACE), 2);
	}
}

/* What runs afterwards is translated for other permissions. */
static void return_to_another_mode(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(call(FORBIDS_EL0_PAGES), ABORTED);
		assert_int_equal(m.cpu->sys.elr,
				 NEXT_VA + CALLERS + STRIDE * FORBIDS_EL0_PAGES + 4);
	}
}

static void return_elsewhere(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		m.cpu->x[7] = 77;
		assert_int_equal(call(SKIPS_ONE), 1);
		assert_int_equal(m.cpu->x[7], 77);
	}
}

/* Deeper than there is room for. */
static void deep_recursion(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < 5; i++) {
		m.cpu->x[0] = 5000 * i;
		assert_int_equal(call(RECURSES), 1);
		assert_int_equal(m.cpu->x[8], 5000 * i);
	}
}

/* One translation serves all addresses, and what it computes is right at each. */
static void places_in_one_space(void **state)
{
	uint64_t translated;

	(void)state;
	for (unsigned int i = 0; i < NR_PLACES; i++) {
		map_place(SPACE_1, places[i], 1);
	}
	for (unsigned int i = 0; i < 3; i++) {
		ask_where(VA, VA, EL1, 1);
		ask_where(VA, VA, EL1, ABORTED);
	}
	translated = nr_translated();
	for (unsigned int i = 0; i < 5 * NR_PLACES; i++) {
		ask_where(places[i % NR_PLACES], places[i % NR_PLACES], EL1, 1);
		ask_where(places[i % NR_PLACES], places[i % NR_PLACES], EL1, ABORTED);
	}
	assert_int_equal(nr_translated(), translated);
}

static void places_by_space(void **state)
{
	static const uint64_t spaces[] = {SPACE_1, SPACE_2};
	uint64_t translated = 0;

	(void)state;
	map_place(SPACE_2, places[1], 1);
	for (unsigned int i = 0; i < 10; i++) {
		select_space(spaces[i % 2], 1 + i % 2);
		ask_where(places[i % 2], places[i % 2], EL0, 1);
		translated = i ? translated : nr_translated();
	}
	assert_int_equal(nr_translated(), translated);
}

/* Once its jumps are linked, its guards ask jumps[] no more. */
static void links_serve_all_places(void **state)
{
	uint64_t unmapped, links;

	(void)state;
	map_place(SPACE_2, places[1], 1);
	for (unsigned int i = 0; i < 3; i++) {
		ask_where(VA, VA, EL0, 1);
	}
	links = m.vm.cache->stats.links;
	select_space(SPACE_2, 2);
	ask_where(places[1], places[1], EL0, 1);
	unmapped = atomic_load(&m.cpu->stats[CPU_STAT_UNMAPPED]);
	ask_where(places[1], places[1], EL0, 1);
	assert_int_equal(m.vm.cache->stats.links, links);
	assert_int_equal(atomic_load(&m.cpu->stats[CPU_STAT_UNMAPPED]), unmapped);
}

static void another_page_at_one_place(void **state)
{
	(void)state;
	map_place(SPACE_1, places[1], 1);
	for (unsigned int i = 1; i < 10; i++) {
		int n = 1 + (int)i % (NR_SECOND - 1);

		map_place(SPACE_1, places[1], (unsigned int)n);
		tlbi_at(m.cpu, VAE1, 1, places[1] + TLB_PAGE_SIZE);
		for (unsigned int j = 0; j < 4; j++) {
			ask_where(VA, VA, EL1, 1);
			ask_where(places[1], places[1], EL1, n);
		}
	}
}

/* A call from one address that returns to the same code at another. */
static void return_to_another_place(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NR_PLACES; i++) {
		map_place(SPACE_1, places[i], 1);
	}
	for (unsigned int i = 0; i < 4 * NR_PLACES; i++) {
		ask_where(places[i % NR_PLACES], places[(i + 1) % NR_PLACES], EL1, 1);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(links_are_made),
		TEST(another_page),
		TEST(another_global_page),
		TEST(another_address_space),
		TEST(not_executable_any_more),
		TEST(levels_stay_apart),
		TEST(breakpoint_later),
		TEST(changed_code),
		TEST(other_cpu),
		TEST(dropped_cache),
		TEST(return_to_another_space),
		TEST(return_to_another_mode),
		TEST(return_elsewhere),
		TEST(deep_recursion),
		TEST(places_in_one_space),
		TEST(places_by_space),
		TEST(links_serve_all_places),
		TEST(another_page_at_one_place),
		TEST(return_to_another_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
