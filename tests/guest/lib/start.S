/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Start of a bare-metal guest: an arm64 Image whose first instruction runs at EL1 with the MMU
 * off (Linux, Documentation/arm64/booting.rst). It relocates itself to where it was loaded.
 * TPIDR_EL1 is the number of the CPU, 0 .. 7; each has a stack of 16 KiB.
 */

#define STACK_SHIFT 14

	.section .head, "ax"
	.globl	_start
_start:
	b	primary
	.long	0
	.quad	0			/* text_offset */
	.quad	image_end - _start	/* image_size, bss included */
	.quad	0xa			/* flags: little endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

primary:
	mov	x20, x0			/* the device tree */
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, image_end
	add	x2, x2, :lo12:image_end
1:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	1b
	/* R_AARCH64_RELATIVE: a place, its type (there is no other), the address when loaded at 0 */
	adr	x0, _start
	adrp	x1, rela_start
	add	x1, x1, :lo12:rela_start
	adrp	x2, rela_end
	add	x2, x2, :lo12:rela_end
2:	cmp	x1, x2
	b.hs	3f
	ldr	x3, [x1]
	ldr	x4, [x1, #16]
	add	x4, x4, x0
	str	x4, [x0, x3]
	add	x1, x1, #24
	b	2b
3:
	adrp	x1, guest_dtb
	str	x20, [x1, :lo12:guest_dtb]
	mov	x0, #0
	bl	cpu_setup
	bl	main
	bl	guest_power_off
	b	.

/* PSCI CPU_ON's entry: x0 = CPU number */
	.globl	secondary
secondary:
	bl	cpu_setup
	bl	guest_secondary_main
	b	.

/* x0 = CPU number; changes x1-x3, sp */
cpu_setup:
	msr	tpidr_el1, x0
	add	x1, x0, #1
	adrp	x2, stacks
	add	x2, x2, :lo12:stacks
	add	x2, x2, x1, lsl #STACK_SHIFT
	mov	sp, x2
	adrp	x3, vectors
	add	x3, x3, :lo12:vectors
	msr	vbar_el1, x3
	isb
	ret

/* Exceptions from EL1h; x0-x18, x29, x30 and the return state are kept for the handler. */
	.macro	entry handler
	.balign	128
	sub	sp, sp, #192
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	mov	x2, sp
	adr	x3, \handler
	b	common
	.endm

	.text
	.balign	2048
vectors:
	.rept	4
	.balign	128
	b	.
	.endr
	entry	guest_sync
	entry	guest_irq
	entry	guest_fiq
	entry	guest_sync
	.rept	8 /* from EL0, where nothing of ours stays */
	entry	guest_sync
	.endr

common:
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x29, [sp, #144]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x30, x0, [sp, #160]
	str	x1, [sp, #176]
	mov	x0, x2
	blr	x3
	ldp	x30, x0, [sp, #160]
	ldr	x1, [sp, #176]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x18, x29, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp, #0]
	add	sp, sp, #192
	eret

	.bss
	.balign	16
stacks:
	.skip	8 << STACK_SHIFT
