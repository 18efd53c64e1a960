/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entry into the hypervisor: from the loader (boot core) and from the firmware's PSCI CPU_ON
 * (other cores). Both arrive at EL2 with the MMU off at physical addresses; the part that turns
 * the MMU on lies in the .idmap page, which is mapped at its physical address as well.
 */
#include <hyp/boot.h>
#include <el2/mmu.h>

	.section .head.text, "ax"
	.global image_start
image_start:
	b	primary_entry
	.long	BOOT_IMAGE_MAGIC
	.quad	image_bytes

/*
 * In: x0 = physical address of struct boot_info. Out: hyp_main(), on core 0's stack.
 */
primary_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x19, x0
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, image_end
	add	x2, x2, :lo12:image_end
1:	cmp	x1, x2
	b.hs	2f
	str	xzr, [x1], #8
	b	1b
2:	adrp	x1, early_stack_top
	add	x1, x1, :lo12:early_stack_top
	mov	sp, x1
	mov	x0, x19
	bl	mmu_early_init
	mov	x20, x0
	b	primary_mmu_on

	.pushsection .idmap.text, "ax"
primary_mmu_on:
	bl	enable_mmu
	mov	sp, x20
	mov	x29, xzr
	mov	x30, xzr
	ldr	x1, =hyp_main
	br	x1

/*
 * In: x0 = core number (PSCI context id). Out: cpu_secondary_main(core), on the core's stack.
 */
	.global	secondary_entry
secondary_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x19, x0
	bl	enable_mmu
	movz	x1, #(MMU_STACK_BASE >> 32), lsl #32
	add	x2, x19, #1
	lsl	x2, x2, #MMU_STACK_SHIFT
	add	x1, x1, x2
	mov	sp, x1
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	ldr	x1, =cpu_secondary_main
	br	x1
	.ltorg

/* Clobbers x0-x4. Returns at the caller's physical address, with the MMU on. */
enable_mmu:
	adrp	x0, mmu_regs
	add	x0, x0, :lo12:mmu_regs
	ldp	x1, x2, [x0]
	ldp	x3, x4, [x0, #16]
	msr	ttbr0_el2, x1
	msr	tcr_el2, x2
	msr	mair_el2, x3
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x4
	isb
	ret
	.popsection

	.section .bss.early_stack, "aw", %nobits
	.balign	16
	.skip	4096
early_stack_top:
