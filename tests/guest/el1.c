// SPDX-License-Identifier: BSD-3-Clause
/*
 * el1.c - what insn_test.c is for EL0, for EL1: random translation tables, random accesses and
 * system instructions at both exception levels, faults, TLB maintenance, exclusives. Prints a hash
 * for each batch. tests/jit/test_el1 runs it under QEMU and under our translator, and compares.
 *
 * A test is a piece of up to four instructions on an address in X0. It ends with an exception: its
 * own, or that of the BRK behind it. All that the exception leaves (vector, ESR, FAR, ELR, SPSR,
 * PSTATE, registers, PAR) is hashed, and after a batch the data that was stored to.
 *
 * Physical addresses are fixed, as they show in the results; the program itself may lie anywhere
 * below. Left out, because QEMU 7.2 does not do it or both may choose: Device memory's alignment
 * faults, FEAT_HAFDBS, contiguous hints, physical addresses beyond memory.
 */
#include "lib/guest.h"

#define CODE        0x50000000ull
#define CODE_EL0    (CODE + 0x40000000) /* the same, where EL0 may execute it */
#define TABLES      0x50100000ull
#define DATA        0x50200000ull /* 2 MiB, one block */
#define DATA_SIZE   0x200000ull
#define LOW         0x100000000ull /* mapped by random tables: 4 GiB in each half */
#define HIGH        0xffffff8000000000ull
#define PAGE        0x1000ull
#define BLOCK       0x200000ull
#define NR_BLOCKS   8u /* of each GiB, that tests look at */
#define NR_L2       3u
#define NR_L3       5u
#define MAX_PIECE   4u
#define BRK         0xd4200000u
#define BATCH_TESTS 100u

#define DESC_VALID    1ull
#define DESC_TABLE    2ull
#define DESC_ATTR(n)  ((u64)(n) << 2)
#define DESC_AP(n)    ((u64)(n) << 6)
#define DESC_SHARED   (3ull << 8)
#define DESC_AF       (1ull << 10)
#define DESC_NG       (1ull << 11)
#define DESC_PXN      (1ull << 53)
#define DESC_UXN      (1ull << 54)
#define DESC_SOFTWARE (0xfull << 55)
#define DESC_TABLES   (0xfull << 59) /* PXNTable, UXNTable, APTable */

#define TCR_FIXED                                                                                  \
	(25ull | 25ull << 16 | 0x3500ull | 0x3500ull << 16 | 2ull << 30 | 2ull << 32 | 1ull << 36)
#define TCR_RANDOM (3ull << 37 | 3ull << 41 | 1ull << 23) /* TBI, HPD, EPD1 */

#define SCTLR_ON (1ull << 0 | 1ull << 2 | 1ull << 12)
#define SCTLR_RANDOM                                                                               \
	(1ull << 3 | 1ull << 4 | 1ull << 9 | 1ull << 14 | 1ull << 15 | 1ull << 23 | 1ull << 26)
#define SCTLR_UMA (1ull << 9)
#define SCTLR_A   (1ull << 1)

#define PAR_NS (1ull << 9) /* unknown in Non-secure state */

struct el1_state {
	u64 x[8];
	u64 sp[2];
	u64 elr;
	u64 spsr;
	u64 esr;
	u64 far;
	u64 par;
	u64 vector;
	u64 pstate;
	u64 host;
};

void el1_run(struct el1_state *state);
extern char el1_vectors[];

static u64 seed;
static u64 hash;
static bool verbose;

static u64 rnd(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

static void add(u64 value)
{
	hash = (hash ^ value) * 0x100000001b3ull;
	hash ^= hash >> 29;
}

static void show(const char *name, u64 value)
{
	if (verbose) {
		print(name);
		print_number(value);
	}
}

/* Tables: a root for each of two ASIDs and for the upper half, then the second and third levels. */

static u64 *table(u32 number)
{
	return (u64 *)(TABLES + number * PAGE);
}

static u32 l2_number(u32 n)
{
	return 3 + n;
}

static u32 l3_number(u32 n)
{
	return 3 + NR_L2 + n;
}

static u64 random_leaf(u64 type, u64 address)
{
	u64 attributes = DESC_AP(rnd() % 4) | DESC_ATTR(rnd() % 2) |
			 (rnd() & (DESC_PXN | DESC_UXN | DESC_SOFTWARE));

	attributes |= rnd() % 8 ? DESC_AF : 0;
	return rnd() % 8 ? type | address | attributes | DESC_SHARED | DESC_NG
			 : rnd() & ~DESC_VALID;
}

static u64 random_l3(void)
{
	u64 type = rnd() % 16 ? DESC_VALID | DESC_TABLE : DESC_VALID; /* 01 is reserved */

	return random_leaf(type, DATA + rnd() % (DATA_SIZE / PAGE) * PAGE);
}

static u64 random_l2(void)
{
	u64 tables = rnd() % 2 ? rnd() & DESC_TABLES : 0;

	if (rnd() % 3 == 0) {
		return random_leaf(DESC_VALID, DATA);
	}
	return (u64)table(l3_number(rnd() % NR_L3)) | DESC_VALID | DESC_TABLE | tables;
}

static u64 random_l1(void)
{
	return (u64)table(l2_number(rnd() % NR_L2)) | DESC_VALID | DESC_TABLE |
	       (rnd() % 4 ? 0 : rnd() & DESC_TABLES);
}

static void fill_tables(void)
{
	for (u32 n = 0; n < NR_L3; n++) {
		for (u32 i = 0; i < 512; i++) {
			table(l3_number(n))[i] = random_l3();
		}
	}
	for (u32 n = 0; n < NR_L2; n++) {
		for (u32 i = 0; i < NR_BLOCKS; i++) {
			table(l2_number(n))[i] = random_l2();
		}
	}
	for (u32 n = 0; n < 3; n++) {
		for (u32 i = 0; i < 4; i++) {
			table(n)[n == 2 ? i : 4 + i] = i == 3 ? 0 : random_l1();
		}
	}
	for (u32 n = 0; n < 2; n++) {
		table(n)[0] = DESC_VALID | DESC_ATTR(2) | DESC_AF | DESC_PXN | DESC_UXN;
		table(n)[1] =
			0x40000000 | DESC_VALID | DESC_ATTR(0) | DESC_AF | DESC_SHARED | DESC_UXN;
		table(n)[2] = 0x40000000 | DESC_VALID | DESC_ATTR(0) | DESC_AF | DESC_SHARED |
			      DESC_AP(3) | DESC_PXN;
	}
}

/* The descriptor that maps va, or ends the walk; NULL: outside of what the tables describe. */
static u64 *find_leaf(u64 va, u32 root)
{
	u64 *desc = &table(va >> 55 & 1 ? 2 : root)[va >> 30 & 511];

	for (u32 shift = 21; shift >= 12 && (*desc & 3) == 3; shift -= 9) {
		desc = (u64 *)(*desc & 0xfffffff000) + (va >> shift & 511);
	}
	return desc;
}

static void flush_all(void)
{
	if (rnd() % 2) {
		__asm__ volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" : : : "memory");
	} else {
		__asm__ volatile("dsb nshst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
	}
}

/* By address: any of those that reach this address's leaf. */
static void flush_va(u64 va, u64 asid)
{
	u64 page = va >> 12 & 0xfffffffffff, operand = asid << 48 | page;

#define TLBI(op, value)                                                                            \
	__asm__ volatile("dsb ishst\n\ttlbi " #op ", %0\n\tdsb ish\n\tisb"                         \
			 :                                                                         \
			 : "r"(value)                                                              \
			 : "memory")
	switch (rnd() % 9) {
	case 0:
		TLBI(vae1, operand);
		break;
	case 1:
		TLBI(vae1is, operand);
		break;
	case 2:
		TLBI(vale1, operand);
		break;
	case 3:
		TLBI(vale1is, operand);
		break;
	case 4:
		TLBI(vaae1, page);
		break;
	case 5:
		TLBI(vaae1is, page);
		break;
	case 6:
		TLBI(vaale1is, page);
		break;
	case 7:
		TLBI(aside1, asid << 48);
		break;
	default:
		TLBI(aside1is, asid << 48);
		break;
	}
#undef TLBI
}

/* Pieces. {mask of random bits, word}: Rn is X0 where there is an address, data in X1 to X6. */
static const struct {
	u32 random;
	u32 word;
} templates[] = {
	{0xc0000006, 0x38000001}, /* STURB to STUR */
	{0xc0000006, 0x38400001}, /* LDURB .. */
	{0xc0000006, 0x38000801}, /* STTRB .. */
	{0xc0000006, 0x38400801}, /* LDTRB .. */
	{0x00000006, 0xb8800801}, /* LDTRSW */
	{0xc01f0406, 0x38000401}, /* STR, write-back */
	{0xc01f0406, 0x38400401}, /* LDR, write-back */
	{0x803f0002, 0x29001001}, /* STP */
	{0x803f0002, 0x29401001}, /* LDP */
	{0x003f0000, 0xad000800}, /* STP Q */
	{0x003f0000, 0xad400800}, /* LDP Q */
	{0x00000000, 0x4c002000}, /* ST1, four registers */
	{0xc0008000, 0x08037c01}, /* STXR, STLXR, behind a load */
	{0xc0008006, 0x085f7c01}, /* LDXR, LDAXR */
	{0x40008000, 0x88231001}, /* STXP, the same */
	{0x40008000, 0x887f1002}, /* LDXP */
	{0xc0000006, 0x089ffc01}, /* STLR */
	{0xc0000006, 0x08dffc01}, /* LDAR */
	{0xc0407006, 0x38a30001}, /* LDADD .. */
	{0xc0000006, 0x38208001}, /* SWP */
	{0xc0408002, 0x08a37c01}, /* CAS */
	{0x40408000, 0x08227c04}, /* CASP */
	{0x00000000, 0xd50b7420}, /* DC ZVA */
	{0x00000000, 0xd50b7a28}, /* DC CVAC, on this piece */
	{0x00000000, 0xd50b7e28}, /* DC CIVAC */
	{0x00000000, 0xd50b7b28}, /* DC CVAU */
	{0x00000000, 0xd5087628}, /* DC IVAC */
	{0x00000000, 0xd50b7528}, /* IC IVAU */
	{0x000000c0, 0xd5087800}, /* AT S1E1R, S1E1W, S1E0R, S1E0W */
	{0x00000020, 0xd5087900}, /* AT S1E1RP, S1E1WP */
	{0x00000000, 0xf9800000}, /* PRFM */
	{0x00000f00, 0xd503305f}, /* CLREX */
	{0x00000000, 0xd61f0000}, /* BR */
	{0x001fffe0, 0xd4000001}, /* SVC */
	{0x001fffe0, 0xd4400000}, /* HLT */
	{0x0000ffff, 0x00000000}, /* UDF */
	{0x000000e0, 0xd5380001}, /* MRS of the ID space: at EL0 */
	{0x00000000, 0xd5384241}, /* MRS CurrentEL */
	{0x00000000, 0xd53b4221}, /* MRS DAIF */
	{0x00000000, 0xd5384261}, /* MRS PAN */
	{0x00000000, 0xd5384281}, /* MRS UAO */
	{0x00000f00, 0xd50340df}, /* MSR DAIFSet */
	{0x00000f00, 0xd50340ff}, /* MSR DAIFClr */
	{0x00000100, 0xd500409f}, /* MSR PAN */
	{0x00000100, 0xd500407f}, /* MSR UAO */
	{0x00000000, 0xd5385201}, /* MRS ESR_EL1 */
	{0x00000000, 0xd5184021}, /* MSR ELR_EL1, ERET */
	{0x00000000, 0xd5384101}, /* MRS SP_EL0 */
	{0x00000000, 0xd53b0021}, /* MRS CTR_EL0: at EL0, trapped or thrown away */
	{0x00000000, 0xd53be001}, /* MRS CNTFRQ_EL0, the same */
	{0x00000000, 0x1e604041}, /* FMOV: FPEN */
	{0x00000000, 0xf94003e1}, /* LDR X1, [SP] */
	{0x00000000, 0xd50872e0}, /* not allocated */
	{0x00000000, 0xd508871f}, /* TLBI VMALLE1 */
	{0x00000000, 0xd5033f9f}, /* DSB */
	{0x00000000, 0xd5033fdf}, /* ISB */
};

#define NR_TEMPLATES (sizeof(templates) / sizeof(templates[0]))

#define MOV_X1_0   0xd2800001u
#define AND_X0_64  0x927ae400u
#define AND_X0_4   0x927ef400u /* AND X0, X0, #~3 */
#define AND_X1_4   0x927ef421u
#define ADR_X8_0   0x10000008u
#define ADR_X1_6   0x50000021u
#define BR_X0      0xd61f0000u
#define BR_X1      0xd61f0020u
#define MSR_ELR_X1 0xd5184021u
#define ST1        0x4c002000u
#define ERET       0xd69f03e0u
#define IS_STXR(w) (((w)&0x3fe07c00) == 0x08007c00)
#define IS_STXP(w) (((w)&0xbfe07c00) == 0x88201000)
#define TO_LDXR(w) (((w)&0xc0008000) | 0x085f7c04)
#define TO_LDXP(w) (((w)&0x40008000) | 0x887f1404)

/* DC and IC on X8. */
static bool is_cache_maintenance(u32 word)
{
	return (word & 0xfff8f01f) == 0xd5087008;
}

/* MRS of a value that need not be the same in both. */
static bool is_own_value(u32 word)
{
	return word == 0xd53b0021 || word == 0xd53be001 || (word & ~0xe0u) == 0xd5380001;
}

/*
 * What must come before an instruction, so that both must do the same. Whether a store-exclusive
 * faults whose monitor is not set is up to the implementation. A PC that is not aligned and not
 * mapped either is a PC alignment fault (D1.3.5), but an instruction abort in QEMU: so jumps are
 * aligned, or go into this piece. QEMU maintains caches without a look at the address: it is that
 * of this piece too. Of a list whose second page faults QEMU stores what lies in the first.
 */
static u32 word_before(u32 word)
{
	if (IS_STXR(word)) {
		return TO_LDXR(word);
	}
	if (IS_STXP(word)) {
		return TO_LDXP(word);
	}
	if (is_cache_maintenance(word)) {
		return ADR_X8_0;
	}
	if ((word & 0x3bc00000) == 0x29000000 || word == ST1) {
		return AND_X0_64;
	}
	switch (word) {
	case BR_X0:
		return AND_X0_4;
	case BR_X1:
		return ADR_X1_6;
	case MSR_ELR_X1:
		return AND_X1_4;
	default:
		return 0;
	}
}

static u32 word_after(u32 word)
{
	return is_own_value(word) ? MOV_X1_0 : word == MSR_ELR_X1 ? ERET : 0;
}

/* QEMU's syndrome of an MSR DAIFSet or DAIFClr that traps has op1 and op2 in each other's place. */
static bool is_trapped_daif(u32 word)
{
	return (word & 0xfffff0df) == 0xd50340df && !(read_sysreg(sctlr_el1) & SCTLR_UMA);
}

static void put_piece(volatile u32 *code)
{
	u32 nr = 0;

	for (u32 wanted = 1 + rnd() % MAX_PIECE; wanted > 0; wanted--) {
		u32 n = rnd() % NR_TEMPLATES;
		u32 word = templates[n].word | ((u32)rnd() & templates[n].random);
		u32 before = word_before(word), after = word_after(word);

		if (is_trapped_daif(word)) {
			continue;
		}
		if (before != 0) {
			code[nr++] = before;
		}
		code[nr++] = word;
		if (after != 0) {
			code[nr++] = after;
		}
	}
	code[nr] = BRK;
	for (u32 i = 0; i <= nr; i++) {
		show(" ", code[i]);
		__asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0"
				 :
				 : "r"(&code[i])
				 : "memory");
	}
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

static u64 random_va(void)
{
	u64 base = rnd() % 2 ? HIGH : LOW;
	u64 va = base + (rnd() % 4 << 30) + rnd() % NR_BLOCKS * BLOCK + rnd() % BLOCK;

	switch (rnd() % 4) {
	case 0: /* where pages meet */
		return (va & ~(PAGE - 1)) - rnd() % 16;
	case 1:
		return va ^ (rnd() % 8 ? 0 : 1ull << (39 + rnd() % 25));
	default:
		return va & ~0xfull;
	}
}

static u64 random_spsr(void)
{
	static const u8 modes[] = {0, 0, 0, 5, 5, 5, 4, 1, 8};
	u64 mode = modes[rnd() % (rnd() % 16 ? 7 : sizeof(modes))];
	u64 flags = rnd() & (0xfull << 28 | 1ull << 22 | 1ull << 23 | 0xfull << 6);

	if (mode & 0xa ||
	    mode == 1) { /* illegal: PAN is SPSR's, in QEMU as it was; UAO is unknown */
		flags = (flags & ~(3ull << 22)) | read_sysreg(s3_0_c4_c2_3);
	}
	return mode | flags;
}

/* A change of the tables is followed by as much maintenance as it needs; of one leaf, by its
 * address, so then the next test must be there: other addresses may share the descriptor. */
static bool change_tables(u64 va, u32 root)
{
	u64 *desc = find_leaf(va, root), unused = va >> 39 & 0x1ffff;

	if (unused != 0 && unused != 0x1ffff) {
		return false;
	}
	if ((desc >= table(2) && desc < table(3)) || desc < table(2)) {
		return false;
	}
	*desc = desc >= table(l3_number(0)) ? random_l3() : random_leaf(DESC_VALID, DATA);
	flush_va(va, 1 + root);
	return true;
}

static void add_state(const struct el1_state *s)
{
	const u64 *field = &s->x[0];

	for (u32 i = 0; i < offsetof(struct el1_state, host) / 8; i++) {
		show(i == 0 ? " = " : " ", field[i]);
		add(field[i]);
	}
}

static void run_test(u32 number)
{
	struct el1_state s;
	u32 root = rnd() % 2;
	u64 va = random_va();
	bool changed;

	write_sysreg((u64)(1 + root) << 48 | (u64)table(root), ttbr0_el1);
	changed = rnd() % 4 == 0 && change_tables(va, root);
	if (verbose) {
		print("\n");
	}
	show("test ", number);
	show(" va ", va);
	put_piece((volatile u32 *)CODE);
	for (u32 i = 1; i < 8; i++) {
		s.x[i] = rnd() % 2 ? rnd() : va;
	}
	s.x[0] = va;
	s.sp[0] = va & ~0xfull;
	s.sp[1] = va & ~0xfull;
	s.spsr = random_spsr();
	s.elr = (s.spsr & 0x1f) == 0 ? CODE_EL0 : CODE;
	show(" spsr ", s.spsr);
	__asm__ volatile("clrex");
	el1_run(&s);
	s.par &= ~PAR_NS;
	add_state(&s);
	if (changed) {
		flush_all();
	}
}

static void run_batch(u64 start, u32 number, u64 sctlr)
{
	volatile u64 *data = (volatile u64 *)DATA;
	u64 a = 0;

	seed = start * 0x9e3779b97f4a7c15ull + number + 1;
	hash = 0;
	for (u32 i = 0; i < DATA_SIZE / 8; i++) { /* a BRK wherever BR may lead */
		data[i] = (u64)BRK << 32 | BRK | (u64)(i & 0xffff) << 37;
	}
	fill_tables();
	write_sysreg(TCR_FIXED | (rnd() & rnd() & TCR_RANDOM), tcr_el1);
	write_sysreg((u64)table(2), ttbr1_el1);
	write_sysreg(rnd() % 4 << 20, cpacr_el1);
	write_sysreg(rnd() & 0x303, cntkctl_el1);
	flush_all();
	write_sysreg(sctlr | SCTLR_ON | (rnd() & SCTLR_RANDOM) | (rnd() % 8 ? 0 : SCTLR_A),
		     sctlr_el1);
	for (u32 i = 0; i < BATCH_TESTS; i++) {
		run_test(i);
	}
	for (u32 i = 0; i < DATA_SIZE / 8; i++) {
		a = (a + data[i]) * 0x100000001b3ull;
	}
	add(a);
	print(verbose ? "\nbatch " : "batch ");
	print_number(number);
	print(" ");
	print_number(hash);
	print("\n");
}

int main(void)
{
	u64 start = guest_parameter("seed", 1), first = guest_parameter("first", 0);
	u64 count = guest_parameter("batches", 20), sctlr;

	verbose = guest_parameter("verbose", 0) != 0;
	write_sysreg(el1_vectors, vbar_el1);
	write_sysreg(0x0044ff, mair_el1); /* write-back, not cacheable, Device */
	sctlr = read_sysreg(sctlr_el1) & ~(SCTLR_RANDOM | SCTLR_A);
	fill_tables();
	write_sysreg(TCR_FIXED, tcr_el1);
	write_sysreg(1ull << 48 | (u64)table(0), ttbr0_el1);
	write_sysreg((u64)table(2), ttbr1_el1);
	flush_all();
	write_sysreg(sctlr | SCTLR_ON, sctlr_el1);
	for (u32 i = 0; i < count; i++) {
		run_batch(start, (u32)first + i, sctlr);
	}
	print("el1: done\n");
	guest_power_off();
	return 0;
}
