/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See attack.h. What must survive is in x19-x30, which no attack names and EL2 must not change:
 * x19 = where x0-x17 go, x20 = SP, x21 = TPIDR_EL1, x22 = SCTLR_EL1, x23 = VBAR_EL1, x24 = how it
 * ended. The vectors below come here from whatever exception it was, and never return to it.
 */
	.macro	x0_to_x17 op
	\op	x0, x1, [x19]
	\op	x2, x3, [x19, #16]
	\op	x4, x5, [x19, #32]
	\op	x6, x7, [x19, #48]
	\op	x8, x9, [x19, #64]
	\op	x10, x11, [x19, #80]
	\op	x12, x13, [x19, #96]
	\op	x14, x15, [x19, #112]
	\op	x16, x17, [x19, #128]
	.endm

	.text
	.globl	attack
attack:
	stp	x29, x30, [sp, #-80]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	str	x25, [sp, #64]
	mov	x19, x0
	mov	x20, sp
	mrs	x21, tpidr_el1
	mrs	x22, sctlr_el1
	mrs	x23, vbar_el1
	mov	x24, #0
	mov	x25, x1
	adr	x2, vectors_of_attack
	msr	vbar_el1, x2
	isb
	x0_to_x17 ldp
	blr	x25
over:
	msr	spsel, #1
	mov	sp, x20
	msr	daifset, #15
	msr	tpidr_el1, x21
	msr	sctlr_el1, x22
	msr	vbar_el1, x23
	isb
	x0_to_x17 stp
	mov	x0, x24
	ldr	x25, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #80
	ret

	.globl	attack_sync
attack_sync:
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	ret

	.balign	2048
vectors_of_attack:
	.rept	4 /* from SP_EL0, from SP_EL1, from EL0 in AArch64, from EL0 in AArch32 */
	.balign	128 /* synchronous */
	mrs	x24, esr_el1
	orr	x24, x24, #1 << 63
	b	over
	.rept	3 /* IRQ, FIQ, SError */
	.balign	128
	mov	x24, #1
	b	over
	.endr
	.endr
