/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S: first instruction of the RM, and its exception vectors.
 *
 * In: EL1, MMU off, x0 = boot_info (IPA). The image runs where it was loaded; relocations of a
 * static PIE are all R_AARCH64_RELATIVE (ELF for the Arm 64-bit Architecture, 5.7.16).
 */
#define R_AARCH64_RELATIVE 1027

	.section .head, "ax"
	.globl	_start
_start:
	mov	x19, x0
	adrp	x20, image_start	// where we are: the image is linked to 0
	adrp	x1, rela_start
	add	x1, x1, :lo12:rela_start
	adrp	x2, rela_end
	add	x2, x2, :lo12:rela_end
1:	cmp	x1, x2
	b.hs	2f
	ldp	x3, x4, [x1], #16	// r_offset, r_info
	ldr	x5, [x1], #8		// r_addend
	cmp	w4, #R_AARCH64_RELATIVE
	b.ne	1b
	add	x5, x5, x20
	str	x5, [x20, x3]
	b	1b

	/* What was written with caches off must not be hidden by older lines. */
2:	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x3, x3, x2
	mov	x1, x20
	adrp	x2, image_end
3:	dc	civac, x1
	add	x1, x1, x3
	cmp	x1, x2
	b.lo	3b
	dsb	sy

	adrp	x1, stack_top
	mov	sp, x1
	msr	spsel, #1
	mov	sp, x1
	mov	x1, #(3 << 20)		// CPACR_EL1.FPEN: the C library uses SIMD registers
	msr	cpacr_el1, x1
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x19
	bl	mmu_init
	mov	x0, x19
	bl	rm_main
	bl	crash_stop

	/* Any exception is a bug of the RM. The stack may be the cause, so another one is used. */
	.text
	.balign	2048
vectors:
	.set	slot, 0
	.rept	16
	.balign	128
	mov	x0, #slot
	b	crash_entry
	.set	slot, slot + 1
	.endr

crash_entry:
	adrp	x1, crash_stack_top
	mov	sp, x1
	mrs	x1, esr_el1
	mrs	x2, elr_el1
	mrs	x3, far_el1
	b	crash_report
