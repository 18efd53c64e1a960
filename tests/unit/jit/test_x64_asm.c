// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_x64_asm.c - encodings of the assembler, byte by byte (Intel SDM volume 2). objdump reads all
 * of them as the instructions that are meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "x64_asm.h"

static uint8_t bytes[64];
static struct x64_buf buf;

static void restart(void)
{
	memset(bytes, 0, sizeof(bytes));
	buf = (struct x64_buf){.start = bytes, .p = bytes, .end = bytes + sizeof(bytes)};
}

#define EXPECT(call, ...)                                                                          \
	do {                                                                                       \
		static const uint8_t expected[] = {__VA_ARGS__};                                   \
		restart();                                                                         \
		call;                                                                              \
		assert_int_equal(buf.p - bytes, sizeof(expected));                                 \
		assert_memory_equal(bytes, expected, sizeof(expected));                            \
	} while (0)

static void moves(void **state)
{
	(void)state;
	EXPECT(x64_mov_rr(&buf, true, RAX, R15), 0x49, 0x8b, 0xc7); /* mov rax, r15 */
	EXPECT(x64_mov_rr(&buf, false, R8, RCX), 0x44, 0x8b, 0xc1); /* mov r8d, ecx */
	EXPECT(x64_mov_imm(&buf, RDX, 5), 0xba, 5, 0, 0, 0);
	EXPECT(x64_mov_imm(&buf, R9, ~0ull), 0x49, 0xc7, 0xc1, 0xff, 0xff, 0xff, 0xff);
	EXPECT(x64_mov_imm(&buf, R11, 0x123456789aull), 0x49, 0xbb, 0x9a, 0x78, 0x56, 0x34, 0x12, 0,
	       0, 0);
	EXPECT(x64_mov_store_imm(&buf, true, x64_at(RBP, -8), -1), 0x48, 0xc7, 0x45, 0xf8, 0xff,
	       0xff, 0xff, 0xff);
}

static void addressing(void **state)
{
	(void)state;
	/* rbp and r13 always need a displacement, rsp and r12 a SIB byte. */
	EXPECT(x64_mov_load(&buf, true, RAX, x64_at(RBP, 0)), 0x48, 0x8b, 0x45, 0);
	EXPECT(x64_mov_load(&buf, true, RAX, x64_at(R13, 0)), 0x49, 0x8b, 0x45, 0);
	EXPECT(x64_mov_load(&buf, true, RAX, x64_at(RSP, 0)), 0x48, 0x8b, 0x04, 0x24);
	EXPECT(x64_mov_load(&buf, true, RAX, x64_at(R12, 8)), 0x49, 0x8b, 0x44, 0x24, 8);
	EXPECT(x64_mov_load(&buf, false, R10, x64_at(RAX, 0x1234)), 0x44, 0x8b, 0x90, 0x34, 0x12, 0,
	       0);
	EXPECT(x64_mov_load(&buf, true, RDX, x64_at_index(RAX, R9, 0)), 0x4a, 0x8b, 0x14, 0x08);
	EXPECT(x64_rm8(&buf, 0x88, RSI, x64_at_index(RAX, RCX, 0)), 0x40, 0x88, 0x34, 0x08);
	EXPECT(x64_rm(&buf, false, X64_66 | 0x89, R9, x64_at(RAX, 0)), 0x66, 0x44, 0x89, 0x08);
}

static void arithmetic(void **state)
{
	(void)state;
	EXPECT(x64_alu_ri(&buf, true, ALU_SUB, RSP, 8), 0x48, 0x83, 0xec, 8);
	EXPECT(x64_alu_ri(&buf, false, ALU_AND, R10, 0x1234), 0x41, 0x81, 0xe2, 0x34, 0x12, 0, 0);
	EXPECT(x64_alu_mi(&buf, false, ALU_CMP, x64_at(RBP, 0x1000), 0), 0x83, 0xbd, 0, 0x10, 0, 0,
	       0);
	EXPECT(x64_shift_ri(&buf, true, SHIFT_SAR, RBX, 3), 0x48, 0xc1, 0xfb, 3);
	EXPECT(x64_setcc(&buf, CC_O, RAX), 0x40, 0x0f, 0x90, 0xc0);
	EXPECT(x64_cmov(&buf, true, CC_G, RAX, R14), 0x49, 0x0f, 0x4f, 0xc6);
	EXPECT(x64_lea(&buf, false, RSI, x64_at(RDI, 1)), 0x8d, 0x77, 1);
	EXPECT(x64_rr8(&buf, X64_0F | 0xb6, RAX, RSI), 0x40, 0x0f, 0xb6, 0xc6);
}

static void vectors(void **state)
{
	(void)state;
	/* shlx rax, rsi, rcx; vaddsd xmm12, xmm4, xmm9; vfmadd231pd xmm5, xmm6, xmm7 */
	EXPECT(x64_vex_rr(&buf, true, X64_66 | X64_0F38 | 0xf7, RAX, RCX, RSI), 0xc4, 0xe2, 0xf1,
	       0xf7, 0xc6);
	EXPECT(x64_vex_rr(&buf, false, X64_F2 | X64_0F | 0x58, 12, 4, 9), 0xc4, 0x41, 0x5b, 0x58,
	       0xe1);
	EXPECT(x64_vex_rr(&buf, true, X64_66 | X64_0F38 | 0xb8, 5, 6, 7), 0xc4, 0xe2, 0xc9, 0xb8,
	       0xef);
	/* vpaddd xmm10, xmm3, xmm4; the same from [rbp+0x40]; vpshufb xmm1, xmm2, [rax+r9+0x10] */
	EXPECT(x64_vex_rr(&buf, false, X64_66 | X64_0F | 0xfe, 10, 3, 4), 0xc5, 0x61, 0xfe, 0xd4);
	EXPECT(x64_vex_rm(&buf, false, X64_66 | X64_0F | 0xfe, 10, 3, x64_at(RBP, 0x40)), 0xc5,
	       0x61, 0xfe, 0x55, 0x40);
	EXPECT(x64_vex_rm(&buf, false, X64_66 | X64_0F38, 1, 2, x64_at_index(RAX, R9, 0x10)), 0xc4,
	       0xa2, 0x69, 0x00, 0x4c, 0x08, 0x10);
	EXPECT(x64_rr(&buf, true, X64_66 | X64_0F | 0x6e, 9, RAX), 0x66, 0x4c, 0x0f, 0x6e, 0xc8);
}

static void jumps(void **state)
{
	uint8_t *site;

	(void)state;
	restart();
	site = x64_jcc_fwd(&buf, CC_NE);
	x64_byte(&buf, 0x90);
	x64_patch_here(&buf, site);
	assert_memory_equal(bytes, ((uint8_t[]){0x0f, 0x85, 1, 0, 0, 0, 0x90}), 7);
	restart();
	x64_jmp_to(&buf, bytes);
	assert_memory_equal(bytes, ((uint8_t[]){0xe9, 0xfb, 0xff, 0xff, 0xff}), 5);
}

static void a_full_buffer_is_told_not_overrun(void **state)
{
	(void)state;
	restart();
	buf.end = bytes + 3;
	x64_mov_imm(&buf, RAX, 0x123456789aull);
	x64_jmp_fwd(&buf);
	assert_true(buf.overflow);
	assert_true(buf.p <= buf.end);
	assert_int_equal(bytes[3], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),      cmocka_unit_test(addressing),
		cmocka_unit_test(arithmetic), cmocka_unit_test(vectors),
		cmocka_unit_test(jumps),      cmocka_unit_test(a_full_buffer_is_told_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
