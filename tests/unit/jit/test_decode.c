// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_decode.c - the table decoder against a slow matcher, over the 2^32 instruction words.
 *
 *	test_decode [STRIDE]
 *
 * Looks at every STRIDE'th word (a prime by default; 1 is exhaustive and takes minutes). The slow
 * matcher tries every line of a64.isa that the word's top byte does not exclude, so it also finds
 *words that two lines claim.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

#define DEFAULT_STRIDE 509

static int failures;

static void report(const char *name, const char *why)
{
	if (why) {
		printf("FAIL: %s (%s)\n", name, why);
		failures++;
	} else {
		printf("PASS: %s\n", name);
	}
}

static bool matches(const struct a64_info *info, uint32_t insn)
{
	return (insn & info->mask) == info->value && a64_check(info->check, insn);
}

/* Lines that a word with this top byte can be. */
static unsigned int near_lines(unsigned int top, uint16_t *lines)
{
	unsigned int nr = 0;

	for (unsigned int op = 1; op < A64_NR_OPS; op++) {
		if ((((uint32_t)top << 24) & a64_infos[op].mask) >> 24 ==
		    a64_infos[op].value >> 24) {
			lines[nr++] = (uint16_t)op;
		}
	}
	return nr;
}

/* The first disagreement within the words of one top byte, as text in `why`. */
static bool check_top(unsigned int top, uint32_t stride, uint64_t *word, char *why, size_t size)
{
	uint16_t lines[A64_NR_OPS];
	unsigned int nr = near_lines(top, lines);

	for (; *word >> 24 == top; *word += stride) {
		uint32_t insn = (uint32_t)*word;
		unsigned int found = A64_UNALLOCATED, decoded = a64_decode(insn);

		for (unsigned int i = 0; i < nr; i++) {
			if (!matches(&a64_infos[lines[i]], insn)) {
				continue;
			}
			if (found) {
				snprintf(why, size, "%08x is %s and %s", insn,
					 a64_infos[found].name, a64_infos[lines[i]].name);
				return false;
			}
			found = lines[i];
		}
		if (found != decoded) {
			snprintf(why, size, "%08x is %s, decoded as %s", insn,
				 a64_infos[found].name, a64_infos[decoded].name);
			return false;
		}
	}
	return true;
}

static void test_all_words(uint32_t stride)
{
	char why[160];
	uint64_t word = 0;

	for (unsigned int top = 0; top < 256; top++) {
		if (!check_top(top, stride, &word, why, sizeof(why))) {
			report("decoder agrees with slow matcher", why);
			return;
		}
	}
	report("decoder agrees with slow matcher", NULL);
}

/* Every line can be reached: no line is shadowed, no constraint is unsatisfiable. */
static void test_every_line(void)
{
	uint64_t seed = 88172645463325252ull;

	for (unsigned int op = 1; op < A64_NR_OPS; op++) {
		const struct a64_info *info = &a64_infos[op];
		unsigned int found = 0;

		for (unsigned int i = 0; i < 10000 && !found; i++) {
			uint32_t insn;

			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			insn = info->value | ((uint32_t)(seed >> 16) & ~info->mask);
			found = a64_decode(insn) == op;
		}
		if (!found) {
			report("every line of a64.isa decodes", info->name);
			return;
		}
	}
	report("every line of a64.isa decodes", NULL);
}

/* Words from the Arm ARM's tables that must not decode. */
static void test_reserved(void)
{
	static const uint32_t reserved[] = {
		0x12400000,                     /* AND (immediate), 32-bit with N = 1 */
		0x9240fc00,                     /* AND (immediate), all ones */
		0x0b008000,                     /* ADD (shifted), 32-bit by 32 */
		0x0bc00000,                     /* ADD (shifted), ROR */
		0x0b201400,                     /* ADD (extended) by 5 */
		0x52c00000,                     /* MOVZ, 32-bit, LSL #32 */
		0x1a000400,                     /* ADC with opcode2 != 0 */
		0x54000010,                     /* BC.EQ (FEAT_HBC) */
		0xd4a00001,                     /* DCPS1 is undefined outside Debug state */
		0xd6bf03e0,                     /* DRPS likewise */
		0xd71f0800,                     /* BRAA (FEAT_PAuth) */
		0x3dc00000 | 1u << 30,          /* LDR (SIMD&FP), opc<1> with size 01 */
		0x48217c00,                     /* CASP of an odd pair */
		0x0df24400 | 1u << 10,          /* LD2 (single), H with size<0> = 1 */
		0x4ee0c000,                     /* SMULL of 64-bit elements */
		0x1e804000,                     /* FP of type 10 */
		0x1ee04000,                     /* FMOV (half) (FEAT_FP16) */
		0x0e60e000,                     /* PMULL of 16-bit elements */
		0x6e408400 | 3u << 22 | 0x1800, /* SQRDMULH of 64-bit elements */
		0x04200000,                     /* SVE */
		0x00010000,
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		unsigned int op = a64_decode(reserved[i]);

		if (op != A64_UNALLOCATED) {
			char why[80];

			snprintf(why, sizeof(why), "%08x is %s", reserved[i], a64_infos[op].name);
			report("reserved encodings do not decode", why);
			return;
		}
	}
	report("reserved encodings do not decode", NULL);
}

struct disassembly {
	uint32_t insn;
	const char *text;
};

static void test_disassembler(void)
{
	static const struct disassembly wanted[] = {
		{0x91001000, "add\tx0, x0, #0x4"},
		{0xa9bf7bfd, "stp\tx29, x30, [sp, #-16]!"},
		{0xf9400000, "ldr\tx0, [x0]"},
		{0x54000041, "b.ne\t0x1008"},
		{0x4ea41c80, "orr\tv0.16b, v4.16b, v4.16b"},
		{0x1e604020, "fmov\td0, d1"},
		{0x88dffc20, "ldar\tw0, [x1]"},
		{0x00000000, "udf\t#0x0"},
		{0xffffffff, "unallocated"},
	};
	char buf[128], why[300];

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		a64_disassemble(wanted[i].insn, 0x1000, buf, sizeof(buf));
		if (strcmp(buf, wanted[i].text) != 0) {
			snprintf(why, sizeof(why), "%08x: %s, not %s", wanted[i].insn, buf,
				 wanted[i].text);
			report("disassembler", why);
			return;
		}
	}
	/* Every template's tokens are known, and any buffer size is safe. */
	for (unsigned int op = 1; op < A64_NR_OPS; op++) {
		a64_disassemble(a64_infos[op].value, 0, buf, sizeof(buf));
		a64_disassemble(a64_infos[op].value, 0, why, 1 + op % 20);
		if (a64_decode(a64_infos[op].value) == op && strchr(buf, '}') &&
		    !strstr(buf, " }")) {
			report("disassembler", buf);
			return;
		}
	}
	report("disassembler", NULL);
}

int main(int argc, char **argv)
{
	unsigned long stride = argc > 1 ? strtoul(argv[1], NULL, 0) : DEFAULT_STRIDE;

	test_all_words(stride ? (uint32_t)stride : 1);
	test_every_line();
	test_reserved();
	test_disassembler();
	return failures != 0;
}
