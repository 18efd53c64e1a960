// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_tlb.c - address spaces by ASID in the TLB: what a switch keeps, and what maintenance drops.
 *
 * A page is mapped by the table of the current address space; then the descriptor is changed behind
 * the TLB's back, and what a load sees tells whether the TLB still knew the page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "context.h"
#include "exception.h"
#include "loop.h"
#include "machine.h"
#include "mem.h"
#include "sysreg.h"
#include "tlb.h"

#define TTBR0 SYSREG(3, 0, 2, 0, 0)
#define TTBR1 SYSREG(3, 0, 2, 0, 1)
#define TCR   SYSREG(3, 0, 2, 0, 2)

#define TLBI(crm, op2) SYSREG(1, 0, 8, crm, op2)
#define VMALLE1        TLBI(7, 0)
#define VAE1           TLBI(7, 1)
#define ASIDE1         TLBI(7, 2)
#define VAAE1          TLBI(7, 3)
#define VALE1          TLBI(7, 5)
#define IS             (TLBI(3, 0) ^ TLBI(7, 0)) /* added by XOR */

#define TCR_TG0_64K (1ull << 14)
#define TCR_A1      (1ull << 22)
#define TCR_AS      (1ull << 36)
#define PAGE_DESC   (3ull | 1 << 10 | 1 << 6) /* valid page, accessed, for EL0 too */
#define NG          (1ull << 11)
#define BLOCK       (PAGE_DESC & ~2ull)

/* Two level-1 tables behind machine.c's own, and what hangs below: 4 KiB each. */
#define SPACE_A (TABLE_BASE + 0x1000)
#define SPACE_B (TABLE_BASE + 0x4000)
/* Two pages of code, mapped where nothing else is. */
#define CODE       (RAM_BASE + (10ull << 20))
#define CODE_VA    0x1280000ull
#define CHANGED    (CODE + 0x1000)
#define CHANGED_VA (CODE_VA + 0x1000)
/* Others that have the same entry in the first level. */
#define SAME_ENTRY(va, n) ((va) + ((uint64_t)(n) << 26))
/* Pages whose contents are their own address. */
#define OLD (RAM_BASE + (12ull << 20))
#define NEW (RAM_BASE + (14ull << 20))
#define VA  0x1234000ull

struct fixture {
	struct machine m;
	struct jit_cpu *cpu;
	struct jit_cpu *other;
};

static uint64_t *at(struct fixture *f, uint64_t pa)
{
	return (uint64_t *)(f->m.ram + (pa - RAM_BASE));
}

/* The same tables for both halves: VA and the address that ends like it in the upper half. */
static void map(struct fixture *f, uint64_t space, uint64_t va, uint64_t desc)
{
	at(f, space)[va >> 30 & 511] = (space + 0x1000) | 3;
	at(f, space + 0x1000)[va >> 21 & 511] = (space + 0x2000) | 3;
	at(f, space + 0x2000)[va >> 12 & 511] = desc;
}

static void map_block(struct fixture *f, uint64_t space, uint64_t va, uint64_t desc)
{
	at(f, space)[va >> 30 & 511] = (space + 0x1000) | 3;
	at(f, space + 0x1000)[va >> 21 & 511] = desc;
}

static void put_addresses(struct fixture *f, uint64_t base)
{
	for (uint64_t pa = base; pa < base + (2 << 20); pa += TLB_PAGE_SIZE) {
		*at(f, pa) = pa;
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	machine_init(&f->m);
	f->cpu = f->m.cpu;
	f->cpu->sys.tcr = (f->cpu->sys.tcr & ~(1ull << 23)) | TCR_AS; /* TTBR1 walks too */
	f->cpu->sys.ttbr[1] = TABLE_BASE;
	put_addresses(f, OLD);
	put_addresses(f, NEW);
	tlb_flush_all(f->cpu);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->other) {
		tlb_destroy(f->other);
		free(f->other);
	}
	machine_destroy(&f->m);
	free(f);
	return 0;
}

static void write_reg(struct fixture *f, uint16_t reg, uint64_t val)
{
	assert_int_equal(sysreg_write(f->cpu, reg, 0, val), EXEC_NEXT);
}

static void select_space(struct fixture *f, uint64_t space, uint64_t asid)
{
	write_reg(f, TTBR0, space | asid << 48);
}

static void tlbi(struct fixture *f, uint16_t op, uint64_t asid, uint64_t va)
{
	assert_int_equal(sysreg_sys(f->cpu, op, 0, asid << 48 | (va >> 12 & 0xfffffffffffull)),
			 EXEC_NEXT);
}

static uint64_t load_on(struct jit_cpu *cpu, uint64_t va)
{
	uint64_t val = 0;

	return mem_read(cpu, va, 3, MEM_PLAIN, &val) ? val : 0;
}

static uint64_t load(struct fixture *f, uint64_t va)
{
	return load_on(f->cpu, va);
}

static uint64_t walks(struct fixture *f)
{
	return atomic_load(&f->cpu->stats[CPU_STAT_WALKS]);
}

/* VA is known in A (ASID 1) as OLD and in B (ASID 2) as OLD + 4096; all tables now say NEW. */
static void know_both(struct fixture *f)
{
	tlbi(f, VMALLE1, 0, 0);
	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG);
	map(f, SPACE_B, VA, (OLD + 0x1000) | PAGE_DESC | NG);
	select_space(f, SPACE_A, 1);
	assert_int_equal(load(f, VA), OLD);
	select_space(f, SPACE_B, 2);
	assert_int_equal(load(f, VA), OLD + 0x1000);
	map(f, SPACE_A, VA, NEW | PAGE_DESC | NG);
	map(f, SPACE_B, VA, NEW | PAGE_DESC | NG);
}

static bool a_is_known(struct fixture *f)
{
	select_space(f, SPACE_A, 1);
	return load(f, VA) == OLD;
}

static bool b_is_known(struct fixture *f)
{
	select_space(f, SPACE_B, 2);
	return load(f, VA) == OLD + 0x1000;
}

static void switch_keeps_everything(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	know_both(f);
	before = walks(f);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(a_is_known(f));
		assert_true(b_is_known(f));
	}
	assert_int_equal(walks(f), before);
	assert_int_equal(atomic_load(&f->cpu->stats[CPU_STAT_L2_HITS]), 0); /* it was restored */
}

/* An ASID that was not used yet sees its own tables; the others' pages are nowhere. */
static void asids_do_not_mix(void **state)
{
	struct fixture *f = *state;

	know_both(f);
	select_space(f, SPACE_A, 3);
	assert_int_equal(load(f, VA), NEW);
	select_space(f, TABLE_BASE, 4);
	assert_int_equal(load(f, VA), 0);
	/* Of the same ASID, though, with other tables, is what is known (D8.13.1). */
	select_space(f, SPACE_B, 1);
	assert_int_equal(load(f, VA), OLD);
}

static void more_asids_than_contexts(void **state)
{
	struct fixture *f = *state;

	know_both(f);
	for (uint64_t asid = 10; asid < 10 + 2 * CPU_NR_CONTEXTS; asid++) {
		select_space(f, SPACE_A, asid);
		assert_int_equal(load(f, VA), NEW);
	}
	assert_false(a_is_known(f));
	assert_int_equal(load(f, VA), NEW);
}

static void by_asid(void **state)
{
	struct fixture *f = *state;

	know_both(f);
	tlbi(f, ASIDE1, 1, 0);
	assert_true(b_is_known(f));
	assert_false(a_is_known(f));
	know_both(f);
	tlbi(f, ASIDE1, 2, 0); /* the current one */
	assert_int_equal(load(f, VA), NEW);
	assert_true(a_is_known(f));
}

static void by_address_and_asid(void **state)
{
	struct fixture *f = *state;

	know_both(f);
	tlbi(f, VAE1, 1, VA);
	assert_true(b_is_known(f));
	assert_false(a_is_known(f));
	know_both(f);
	tlbi(f, VALE1, 2, VA);
	assert_false(b_is_known(f));
	assert_true(a_is_known(f));
	know_both(f);
	tlbi(f, VAE1, 1, VA + 0x1000);
	tlbi(f, VAE1, 2, VA - 0x1000);
	assert_true(b_is_known(f));
	assert_true(a_is_known(f));
	tlbi(f, VAAE1, 0, VA);
	assert_false(b_is_known(f));
	assert_false(a_is_known(f));
}

static void everything(void **state)
{
	struct fixture *f = *state;

	know_both(f);
	tlbi(f, VMALLE1, 0, 0);
	assert_false(b_is_known(f));
	assert_false(a_is_known(f));
}

/* TCR_EL1.AS = 0: bits 15:8 of an ASID count for nothing. */
static void eight_bits_of_asid(void **state)
{
	struct fixture *f = *state;

	write_reg(f, TCR, f->cpu->sys.tcr & ~TCR_AS);
	know_both(f);
	select_space(f, SPACE_A, 0x701);
	assert_int_equal(load(f, VA), OLD);
	tlbi(f, ASIDE1, 0x502, 0);
	assert_false(b_is_known(f));
	assert_true(a_is_known(f));
}

/* TCR_EL1.A1: the ASID is TTBR1's, as Linux has it. */
static void asid_of_ttbr1(void **state)
{
	struct fixture *f = *state;

	write_reg(f, TCR, f->cpu->sys.tcr | TCR_A1);
	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG);
	write_reg(f, TTBR1, TABLE_BASE | 1ull << 48);
	select_space(f, SPACE_A, 0);
	assert_int_equal(load(f, VA), OLD);
	map(f, SPACE_A, VA, NEW | PAGE_DESC | NG);
	select_space(f, SPACE_A, 7);
	assert_int_equal(load(f, VA), OLD);
	write_reg(f, TTBR1, TABLE_BASE | 2ull << 48);
	assert_int_equal(load(f, VA), NEW);
	write_reg(f, TTBR1, TABLE_BASE | 1ull << 48);
	assert_int_equal(load(f, VA), OLD);
}

#define HIGH(va) ((va) | 0xffffff8000000000ull)

static void global_pages_belong_to_all(void **state)
{
	struct fixture *f = *state;

	write_reg(f, TTBR1, SPACE_A);
	select_space(f, TABLE_BASE, 1);
	map(f, SPACE_A, VA, OLD | PAGE_DESC);
	assert_int_equal(load(f, HIGH(VA)), OLD);
	map(f, SPACE_A, VA, NEW | PAGE_DESC);
	select_space(f, TABLE_BASE, 2);
	assert_int_equal(load(f, HIGH(VA)), OLD);
	tlbi(f, ASIDE1, 2, 0);
	tlbi(f, ASIDE1, 1, 0);
	assert_int_equal(load(f, HIGH(VA)), OLD);
	/* By address they match whatever the ASID (D8.13.2). */
	tlbi(f, VAE1, 77, HIGH(VA));
	assert_int_equal(load(f, HIGH(VA)), NEW);
}

/* What is tied to an ASID may be in the upper half, and what is global in the lower. */
static void halves_do_not_matter(void **state)
{
	struct fixture *f = *state;

	write_reg(f, TTBR1, SPACE_A);
	select_space(f, SPACE_B, 1);
	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG);
	map(f, SPACE_B, VA, OLD | PAGE_DESC);
	assert_int_equal(load(f, HIGH(VA)), OLD);
	assert_int_equal(load(f, VA), OLD);
	map(f, SPACE_A, VA, NEW | PAGE_DESC | NG);
	map(f, SPACE_B, VA, NEW | PAGE_DESC);
	select_space(f, SPACE_B, 2);
	assert_int_equal(load(f, HIGH(VA)), NEW);
	assert_int_equal(load(f, VA), OLD);
	select_space(f, SPACE_B, 1);
	assert_int_equal(load(f, HIGH(VA)), OLD);
	tlbi(f, VAE1, 3, VA);
	assert_int_equal(load(f, VA), NEW);
}

/* Any address of a block names all of it, here and in address spaces that are not current. */
static void blocks(void **state)
{
	struct fixture *f = *state;

	map_block(f, SPACE_A, VA, OLD | BLOCK | NG);
	select_space(f, SPACE_A, 1);
	assert_int_equal(load(f, VA), OLD | (VA & 0x1ff000));
	assert_int_equal(load(f, VA + 0x5000), OLD | ((VA + 0x5000) & 0x1ff000));
	map_block(f, SPACE_A, VA, NEW | BLOCK | NG);
	select_space(f, TABLE_BASE, 2);
	tlbi(f, VAE1, 1, VA + 0x9000);
	select_space(f, SPACE_A, 1);
	assert_int_equal(load(f, VA), NEW | (VA & 0x1ff000));
	assert_int_equal(load(f, VA + 0x5000), NEW | ((VA + 0x5000) & 0x1ff000));
}

static uint64_t block_flushes(struct fixture *f)
{
	return atomic_load(&f->cpu->stats[CPU_STAT_FLUSHES_BLOCK]);
}

/* Once a block that Linux splits is gone, the pages alone count. */
static void split_block(void **state)
{
	struct fixture *f = *state;
	uint64_t inside = VA & 0x1ff000, before;

	map_block(f, SPACE_A, VA, OLD | BLOCK | NG);
	select_space(f, SPACE_A, 1);
	assert_int_equal(load(f, VA), OLD | inside);
	map(f, SPACE_A, VA, (OLD + 0x3000) | PAGE_DESC | NG);
	before = block_flushes(f);
	for (unsigned int i = 0; i < 512; i++) {
		tlbi(f, VAE1, 1, (VA - inside) + 0x1000ull * i);
	}
	assert_int_equal(block_flushes(f), before + 1);
	tlbi(f, VAE1, 1, VA + (2 << 20)); /* the next block, which nothing is known of */
	tlbi(f, VAE1, 1, VA);
	assert_int_equal(block_flushes(f), before + 1);
	assert_int_equal(load(f, VA), OLD + 0x3000);
	map(f, SPACE_A, VA, (NEW + 0x3000) | PAGE_DESC | NG);
	tlbi(f, VAE1, 1, VA);
	assert_int_equal(load(f, VA), NEW + 0x3000);
	assert_int_equal(block_flushes(f), before + 1);
}

/* A block that came back, or that another address space has, is none that is gone. */
static void flushed_block_returns(void **state)
{
	struct fixture *f = *state;
	uint64_t inside = VA & 0x1ff000;

	map_block(f, SPACE_A, VA, OLD | BLOCK | NG);
	map_block(f, SPACE_B, VA, OLD | BLOCK | NG);
	select_space(f, SPACE_A, 1);
	assert_int_equal(load(f, VA), OLD | inside);
	select_space(f, SPACE_B, 2);
	assert_int_equal(load(f, VA), OLD | inside);
	tlbi(f, VAE1, 1, VA);
	map_block(f, SPACE_B, VA, NEW | BLOCK | NG);
	tlbi(f, VAE1, 2, VA + 0x1000);
	assert_int_equal(load(f, VA), NEW | inside);
	map_block(f, SPACE_B, VA, OLD | BLOCK | NG);
	tlbi(f, VAE1, 2, VA + 0x1000);
	assert_int_equal(load(f, VA), OLD | inside);
}

/* So many blocks that the filter, which says where some are, would say yes everywhere. */
static void many_blocks(void **state)
{
	struct fixture *f = *state;
	const _Atomic uint64_t *flushes = &f->cpu->stats[CPU_STAT_FLUSHES_ALL];
	uint64_t before;

	for (uint64_t va = 0; va < 1ull << 30; va += 2 << 20) {
		map_block(f, SPACE_A, va, OLD | BLOCK | NG);
	}
	for (unsigned int i = 1; i < 5; i++) {
		at(f, SPACE_A)[i] = at(f, SPACE_A)[0];
	}
	select_space(f, SPACE_A, 1);
	before = atomic_load(flushes);
	for (uint64_t va = 0; va < 5ull << 30; va += 2 << 20) {
		assert_int_equal(load(f, va + 0x3000), OLD + 0x3000);
	}
	assert_int_equal(atomic_load(flushes), before + 1);
	for (uint64_t va = 0; va < 1ull << 30; va += 2 << 20) {
		map_block(f, SPACE_A, va, NEW | BLOCK | NG);
	}
	tlbi(f, VAE1, 1, (5ull << 30) - 0x1000);
	assert_int_equal(load(f, (5ull << 30) - (2 << 20) + 0x3000), NEW + 0x3000);
}

/* Pages of 64 KiB are blocks here, several of them in 2 MiB: each has its own TLBI. */
static void blocks_of_64k(void **state)
{
	struct fixture *f = *state;
	uint64_t space = RAM_BASE + (4ull << 20), pages = space + 0x10000;

	write_reg(f, TCR, f->cpu->sys.tcr | TCR_TG0_64K);
	at(f, space)[0] = pages | 3;
	for (unsigned int i = 0; i < 2; i++) {
		at(f, pages)[i] = (OLD + 0x10000 * i) | PAGE_DESC | NG;
	}
	select_space(f, space, 1);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(load(f, 0x10000 * i + 0x3000), OLD + 0x10000 * i + 0x3000);
		at(f, pages)[i] = (NEW + 0x10000 * i) | PAGE_DESC | NG;
	}
	tlbi(f, VAE1, 1, 0);
	tlbi(f, VAE1, 1, 0x10000);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(load(f, 0x10000 * i + 0x3000), NEW + 0x10000 * i + 0x3000);
	}
}

/* More pages than the first level holds: the second has them. */
static void second_level_holds_more(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	select_space(f, SPACE_A, 1);
	for (unsigned int i = 0; i < 4; i++) { /* the same entry of the first level */
		map(f, SPACE_A + 0x6000 * i, VA, (OLD + 0x1000 * i) | PAGE_DESC | NG);
		at(f, SPACE_A)[i + 2] = (SPACE_A + 0x6000 * i + 0x1000) | 3;
		assert_int_equal(load(f, VA + ((i + 2ull) << 30)), OLD + 0x1000 * i);
	}
	before = walks(f);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(load(f, VA + ((i + 2ull) << 30)), OLD + 0x1000 * i);
	}
	assert_int_equal(walks(f), before);
	tlbi(f, VAE1, 1, VA + (3ull << 30));
	assert_int_equal(load(f, VA + (2ull << 30)), OLD);
	assert_int_equal(load(f, VA + (3ull << 30)), OLD + 0x1000);
	assert_int_equal(walks(f), before + 1);
}

static bool store(struct fixture *f, uint64_t va)
{
	return mem_write(f->cpu, va, 3, MEM_PLAIN, 1);
}

/* Translated code, which has a level of its own: a slot for each base register. */
static const uint32_t program[] = {
	0xf9400025, /* ldr  x5, [x1] */
	0xf9400046, /* ldr  x6, [x2] */
	0xb9000069, /* str  w9, [x3] */
	0x52800100, /* mov  w0, #8 */
	0x72b08000, /* movk w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc  #0: PSCI SYSTEM_OFF */
};

/* The same end behind accesses that find neither a slot nor an entry, while vectors and general
 * registers are in host registers. */
static const uint32_t refills[] = {
	0x3dc00021, /* ldr  q1, [x1] */
	0x4e218421, /* add  v1.16b, v1.16b, v1.16b */
	0xf9400046, /* ldr  x6, [x2] */
	0xf8646847, /* ldr  x7, [x2, x4] */
	0xf9000126, /* str  x6, [x9] */
	0xf8256847, /* str  x7, [x2, x5] */
	0x3d800061, /* str  q1, [x3] */
	0x52800100, /* mov  w0, #8 */
	0x72b08000, /* movk w0, #0x8400, lsl #16 */
	0xd4000002, /* hvc  #0: PSCI SYSTEM_OFF */
};

#define PROGRAM_END 3 /* powers off */
#define MOV_X5(n)   (0xd2800005u | (n) << 5)

static void run_at(struct fixture *f, uint64_t pc)
{
	f->cpu->pc = pc;
	f->m.vm.end = VM_END_NONE;
	exception_set_pstate(f->cpu, 5); /* EL1 with SP_EL1 */
	assert_int_equal(loop_run(f->cpu), LOOP_ENDED);
}

static uint64_t run_program(struct fixture *f, uint64_t x1, uint64_t x2, uint64_t x3)
{
	f->cpu->x[1] = x1;
	f->cpu->x[2] = x2;
	f->cpu->x[3] = x3;
	run_at(f, CODE_VA);
	run_at(f, CODE_VA); /* a slot is filled from the first level, the second time */
	return f->cpu->x[5];
}

static void put_program(struct fixture *f)
{
	uint64_t desc = (PAGE_DESC ^ 1 << 6) | NG; /* for EL1 alone, or it could not execute it */

	machine_translate(&f->m);
	memcpy(at(f, CODE), program, sizeof(program));
	map(f, SPACE_A, CODE_VA, CODE | desc);
	map(f, SPACE_A, CHANGED_VA, CHANGED | desc);
	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG);
	map(f, SPACE_A, SAME_ENTRY(VA, 1), OLD | PAGE_DESC | NG);
	select_space(f, SPACE_A, 1);
}

/* Also when the first level has lost the page to another one, which may be flushed too. */
static void slots_are_flushed(void **state)
{
	struct fixture *f = *state;
	uint64_t other = SAME_ENTRY(VA, 1);

	put_program(f);
	assert_int_equal(run_program(f, VA, VA, VA + 8), OLD);
	assert_int_equal(load(f, other), OLD);
	map(f, SPACE_A, VA, NEW | PAGE_DESC | NG);
	tlbi(f, VAE1, 1, other);
	tlbi(f, VAE1, 1, VA);
	assert_int_equal(run_program(f, VA, VA, VA + 8), NEW);
}

/* A store that has a slot comes to C from when its page is executed. */
static void slots_are_protected(void **state)
{
	struct fixture *f = *state;

	put_program(f);
	memcpy(at(f, CHANGED), program + PROGRAM_END - 1, sizeof(program) - 4 * (PROGRAM_END - 1));
	for (unsigned int n = 1; n < 3; n++) {
		f->cpu->x[9] = MOV_X5(n);
		run_program(f, VA, VA, CHANGED_VA);
		run_at(f, CHANGED_VA);
		assert_int_equal(f->cpu->x[5], n);
	}
}

static void check_refills(struct fixture *f, uint64_t far)
{
	static const uint8_t pinned[] = {8, 19, 20, 21};
	const uint64_t *stored = at(f, NEW + (VA & 0x1ff000) + 0x1000);

	for (unsigned int i = 0; i < sizeof(pinned); i++) {
		f->cpu->x[pinned[i]] = far + i;
	}
	f->cpu->x[1] = VA;
	f->cpu->x[2] = far;
	f->cpu->x[3] = VA + 0x1000;
	f->cpu->x[4] = SAME_ENTRY(0, 2);
	f->cpu->x[5] = SAME_ENTRY(0, 4);
	f->cpu->x[9] = SAME_ENTRY(far, 6);
	run_at(f, CODE_VA);
	assert_int_equal(f->cpu->x[6], OLD);
	assert_int_equal(f->cpu->x[7], OLD);
	for (unsigned int i = 0; i < sizeof(pinned); i++) {
		assert_int_equal(f->cpu->x[pinned[i]], far + i);
	}
	assert_int_equal(stored[0], 2 * (OLD & 0xff0000) % 0x1000000 + 0x80000000);
}

/* What has lost its entry in the first level comes from the second one, without an instruction in
 * C. */
static void slots_are_refilled(void **state)
{
	struct fixture *f = *state;
	uint64_t slow, hits;
	const _Atomic uint64_t *stats = f->cpu->stats;

	put_program(f);
	memcpy(at(f, CODE), refills, sizeof(refills));
	map(f, SPACE_A, VA + 0x1000, (NEW + (VA & 0x1ff000) + 0x1000) | PAGE_DESC | NG);
	for (unsigned int n = 1; n <= 8; n++) {
		map(f, SPACE_A, SAME_ENTRY(VA, n), OLD | PAGE_DESC | NG);
	}
	for (unsigned int i = 0; i < 6; i++) {
		slow = atomic_load(&stats[CPU_STAT_SLOW]);
		hits = atomic_load(&stats[CPU_STAT_L2_HITS]);
		check_refills(f, SAME_ENTRY(VA, 1 + i % 2));
		if (i >= 2) {
			assert_int_equal(atomic_load(&stats[CPU_STAT_SLOW]), slow);
			assert_true(atomic_load(&stats[CPU_STAT_L2_HITS]) >= hits + 4);
		}
	}
}

/* Permissions are those of the bank: of EL0, of EL1, and of EL1 with PAN. */
static void permissions_stay_apart(void **state)
{
	struct fixture *f = *state;

	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG | 1 << 7); /* read-only */
	select_space(f, SPACE_A, 1);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(load(f, VA), OLD);
		assert_false(store(f, VA));
		assert_int_equal(sysreg_write_pstate(f->cpu, 0, 4, 1), EXEC_NEXT); /* PAN */
		assert_int_equal(load(f, VA), 0);
		assert_int_equal(sysreg_write_pstate(f->cpu, 0, 4, 0), EXEC_NEXT);
		select_space(f, TABLE_BASE, 2);
		select_space(f, SPACE_A, 1);
	}
}

/* A page that gets code while its address space is away comes back without its write tag. */
static void code_protects_what_is_away(void **state)
{
	struct fixture *f = *state;
	const struct tlb_entry *e;

	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG);
	select_space(f, SPACE_A, 1);
	assert_true(store(f, VA));
	select_space(f, TABLE_BASE, 2);
	vm_set_page_has_code(&f->m.vm, OLD);
	tlb_protect_page(f->cpu, OLD);
	select_space(f, SPACE_A, 1);
	e = mem_tlb_entry(f->cpu, f->cpu->bank, VA);
	assert_int_equal(e->read, VA);
	assert_int_not_equal(e->write, VA);
}

/* Jumps by context: known again after a switch, unknown after maintenance. */
static const void *find_jump(struct fixture *f)
{
	const struct cpu_jump *j = context_find_jump(f->cpu, VA);

	return j->va == VA && j->context == f->cpu->code_context ? j->code : NULL;
}

static void to_el0(struct fixture *f)
{
	exception_set_pstate(f->cpu, 0);
}

static void jumps_follow(void **state)
{
	struct fixture *f = *state;
	static const char a, b;

	select_space(f, SPACE_A, 1);
	to_el0(f);
	context_add_jump(f->cpu, VA, false, &a, 1);
	exception_set_pstate(f->cpu, 5);
	context_add_jump(f->cpu, VA, true, &b, 1);
	assert_ptr_equal(find_jump(f), &b);
	select_space(f, SPACE_B, 2);
	assert_ptr_equal(find_jump(f), &b); /* EL1's, of a global page */
	to_el0(f);
	assert_null(find_jump(f));
	exception_set_pstate(f->cpu, 5);
	tlbi(f, ASIDE1, 2, 0);
	select_space(f, SPACE_A, 1);
	to_el0(f);
	assert_ptr_equal(find_jump(f), &a);
	exception_set_pstate(f->cpu, 5);
	tlbi(f, VAE1, 1, VA + 0x1000); /* no code there */
	to_el0(f);
	assert_ptr_equal(find_jump(f), &a);
	exception_set_pstate(f->cpu, 5);
	tlbi(f, VAE1, 1, VA);
	assert_null(find_jump(f));
	to_el0(f);
	assert_null(find_jump(f));
}

static void jumps_of_el1_in_local_pages(void **state)
{
	struct fixture *f = *state;
	static const char a;

	select_space(f, SPACE_A, 1);
	context_add_jump(f->cpu, VA, false, &a, 1);
	assert_ptr_equal(find_jump(f), &a);
	select_space(f, SPACE_B, 2);
	assert_null(find_jump(f));
	select_space(f, SPACE_A, 1);
	assert_ptr_equal(find_jump(f), &a);
	tlbi(f, ASIDE1, 1, 0);
	assert_null(find_jump(f));
}

/* TLBI ...IS reaches the other CPU, whatever address space that is in; others do not. */
static void other_cpus(void **state)
{
	struct fixture *f = *state;
	struct jit_cpu *other = aligned_alloc(64, (sizeof(*other) + 63) & ~63ul);

	memset(other, 0, sizeof(*other));
	assert_int_equal(tlb_init(other), 0);
	other->vm = &f->m.vm;
	other->el = 1;
	other->sys = f->cpu->sys;
	tlb_flush_all(other);
	tlb_select_bank(other);
	f->other = f->m.vm.cpus[1] = other;
	f->m.vm.nr_cpus = 2;

	know_both(f);
	map(f, SPACE_A, VA, OLD | PAGE_DESC | NG);
	assert_int_equal(sysreg_write(other, TTBR0, 0, SPACE_A | 1ull << 48), EXEC_NEXT);
	assert_int_equal(load_on(other, VA), OLD);
	map(f, SPACE_A, VA, NEW | PAGE_DESC | NG);
	tlbi(f, VAE1, 1, VA);
	tlbi(f, VAE1 ^ IS, 2, VA);
	tlbi(f, ASIDE1 ^ IS, 3, VA);
	tlb_drain(other);
	assert_int_equal(load_on(other, VA), OLD);
	tlbi(f, VAE1 ^ IS, 1, VA);
	tlb_drain(other);
	assert_int_equal(load_on(other, VA), NEW);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(switch_keeps_everything),
		TEST(asids_do_not_mix),
		TEST(more_asids_than_contexts),
		TEST(by_asid),
		TEST(by_address_and_asid),
		TEST(everything),
		TEST(eight_bits_of_asid),
		TEST(asid_of_ttbr1),
		TEST(global_pages_belong_to_all),
		TEST(halves_do_not_matter),
		TEST(blocks),
		TEST(split_block),
		TEST(flushed_block_returns),
		TEST(many_blocks),
		TEST(blocks_of_64k),
		TEST(second_level_holds_more),
		TEST(permissions_stay_apart),
		TEST(slots_are_flushed),
		TEST(slots_are_protected),
		TEST(slots_are_refilled),
		TEST(code_protects_what_is_away),
		TEST(jumps_follow),
		TEST(jumps_of_el1_in_local_pages),
		TEST(other_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
