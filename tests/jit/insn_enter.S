/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * insn_enter.S - start-up of the instruction tester, and the way into and out of one test.
 *
 * A test loads every register from `insn_state`, runs a slot (see insn_test.h) and stores every
 * register back. Inside the slot no register is ours: on the way in, the slot's first instruction
 * loads X30 from a literal behind it; on the way out, X0 waits in TPIDR_EL0 while the state's address
 * is loaded.
 */

#define STATE_X      0
#define STATE_SP     248
#define STATE_V      256
#define STATE_NZCV   768
#define STATE_FPCR   776
#define STATE_FPSR   784
#define STATE_TAKEN  792
#define STATE_HOST   800

	.text
	.global _start
_start:
	mov	x29, #0
	mov	x0, sp
	bl	insn_main
	mov	x8, #94
	svc	#0

/* In: X0 slot. Clobbers what a C function may; D8 to D15 as well (C code here uses none). */
	.global insn_enter
insn_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x30, x0
	adrp	x0, insn_state
	add	x0, x0, :lo12:insn_state
	mov	x1, sp
	str	x1, [x0, #STATE_HOST]
	ldr	x1, [x0, #STATE_SP]
	mov	sp, x1
	ldr	x1, [x0, #STATE_NZCV]
	msr	nzcv, x1
	ldr	x1, [x0, #STATE_FPCR]
	msr	fpcr, x1
	ldr	x1, [x0, #STATE_FPSR]
	msr	fpsr, x1
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	ldr	q\n, [x0, #STATE_V + 16 * \n]
	.endr
	.irp	n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
	ldr	q\n, [x0, #STATE_V + 16 * \n]
	.endr
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldp	x0, x1, [x0]
	br	x30

/* The ways out: a branch was taken, or not. */
	.global insn_leave_taken
insn_leave_taken:
	msr	tpidr_el0, x0
	adrp	x0, insn_state
	add	x0, x0, :lo12:insn_state
	str	x1, [x0, #8]
	mov	x1, #1
	b	1f

	.global insn_leave
insn_leave:
	msr	tpidr_el0, x0
	adrp	x0, insn_state
	add	x0, x0, :lo12:insn_state
	str	x1, [x0, #8]
	mov	x1, #0
1:	str	x1, [x0, #STATE_TAKEN]
	mrs	x1, tpidr_el0
	str	x1, [x0]
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	mov	x1, sp
	str	x1, [x0, #STATE_SP]
	mrs	x1, nzcv
	str	x1, [x0, #STATE_NZCV]
	mrs	x1, fpcr
	str	x1, [x0, #STATE_FPCR]
	mrs	x1, fpsr
	str	x1, [x0, #STATE_FPSR]
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	str	q\n, [x0, #STATE_V + 16 * \n]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [x0, #STATE_V + 16 * \n]
	.endr
	msr	fpcr, xzr
	ldr	x1, [x0, #STATE_HOST]
	mov	sp, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	.section .note.GNU-stack, "", %progbits
