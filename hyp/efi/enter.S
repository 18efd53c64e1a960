/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enter.S: cache maintenance, the last step to the hypervisor, and the hypervisor's image.
 *
 * The firmware maps memory one to one, so code goes on at the same address when the MMU is off.
 */
#define SCTLR_M (1 << 0)
#define SCTLR_C (1 << 2)
#define SCTLR_I (1 << 12)

	.text

/* x0 = base, x1 = bytes; clobbers x0-x3. Line length: CTR_EL0.DminLine, log2 of words. */
	.globl	enter_clean
	.type	enter_clean, %function
enter_clean:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x3, x3, x2
	add	x1, x0, x1
	sub	x2, x3, #1
	bic	x0, x0, x2
1:	cmp	x0, x1
	b.hs	2f
	dc	civac, x0
	add	x0, x0, x3
	b	1b
2:	dsb	sy
	ret
	.size	enter_clean, . - enter_clean

/* x0 = entry, x1 = boot_info; does not return. */
	.globl	enter_hyp
	.type	enter_hyp, %function
enter_hyp:
	msr	daifset, #0xf
	mrs	x2, sctlr_el2
	mov	x3, #(SCTLR_M | SCTLR_C)
	orr	x3, x3, #SCTLR_I
	bic	x2, x2, x3
	msr	sctlr_el2, x2
	isb
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	mov	x4, x0
	mov	x0, x1
	br	x4
	.size	enter_hyp, . - enter_hyp
	.globl	enter_hyp_end
enter_hyp_end:

/* x0 = function; x0 = answer. SMCCC 1.0 may clobber x1-x17, all of them caller-saved. */
	.globl	enter_smc
	.type	enter_smc, %function
enter_smc:
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	smc	#0
	ret
	.size	enter_smc, . - enter_smc

	.section .data
	.balign	4096
	.globl	enter_image
enter_image:
	.incbin	HYP_IMAGE
	.globl	enter_image_end
enter_image_end:
	.balign	16
