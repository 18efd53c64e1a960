/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * el1_run(state): loads the registers of a struct el1_state, goes where its ELR and SPSR say, and comes back
 * with everything stored when an exception is taken to EL1. The offsets are those of el1.c.
 */
#define STATE_X		0	/* x0 to x7 */
#define STATE_SP	64	/* SP_EL0, SP_EL1 */
#define STATE_ELR	80	/* ELR, SPSR */
#define STATE_ESR	96	/* ESR, FAR */
#define STATE_PAR	112	/* PAR, vector */
#define STATE_PSTATE	128	/* as the handler finds it */
#define STATE_HOST	136	/* SP of the caller */

#define PAN	s3_0_c4_c2_3
#define UAO	s3_0_c4_c2_4

	.text
	.globl	el1_run
el1_run:
	stp	x19, x20, [sp, #-96]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	mov	x1, sp
	str	x1, [x0, #STATE_HOST]
	adrp	x1, running
	str	x0, [x1, :lo12:running]
	ldp	x2, x3, [x0, #STATE_ELR]
	msr	elr_el1, x2
	msr	spsr_el1, x3
	ldp	x2, x3, [x0, #STATE_SP]
	msr	sp_el0, x2
	mov	sp, x3
	msr	far_el1, xzr
	msr	par_el1, xzr
	ldp	x2, x3, [x0, #STATE_X + 16]
	ldp	x4, x5, [x0, #STATE_X + 32]
	ldp	x6, x7, [x0, #STATE_X + 48]
	ldp	x0, x1, [x0, #STATE_X]
	eret

	.macro	vector number
	.balign	128
	msr	tpidr_el0, x29
	mov	x29, #\number
	b	taken
	.endm

	.balign	2048
	.globl	el1_vectors
el1_vectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\number
	.endr

/* x29: vector; changes x30, which no test uses. */
taken:
	adrp	x30, running
	ldr	x30, [x30, :lo12:running]
	stp	x0, x1, [x30, #STATE_X]
	stp	x2, x3, [x30, #STATE_X + 16]
	stp	x4, x5, [x30, #STATE_X + 32]
	stp	x6, x7, [x30, #STATE_X + 48]
	mrs	x0, sp_el0
	mov	x1, sp
	stp	x0, x1, [x30, #STATE_SP]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x0, x1, [x30, #STATE_ELR]
	mrs	x0, esr_el1
	mrs	x1, far_el1
	stp	x0, x1, [x30, #STATE_ESR]
	mrs	x0, par_el1
	stp	x0, x29, [x30, #STATE_PAR]
	mrs	x0, PAN
	mrs	x1, UAO
	orr	x0, x0, x1
	mrs	x1, daif
	orr	x0, x0, x1
	mrs	x1, currentel
	orr	x0, x0, x1
	mrs	x1, spsel
	orr	x0, x0, x1
	str	x0, [x30, #STATE_PSTATE]
	ldr	x0, [x30, #STATE_HOST]
	mov	sp, x0
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	x19, x20, [sp], #96
	ret

	.bss
	.balign	8
running:
	.skip	8
