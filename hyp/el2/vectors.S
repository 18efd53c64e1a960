/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's vectors (Arm ARM D1.3.1). From a VM: all general registers go to the vCPU that TPIDR_EL2
 * points at (struct vcpu_regs is its first member), and a C function returns the vCPU to go on
 * with, already loaded. From EL2 itself: a broken invariant, the machine stops with a dump.
 *
 * EL2 runs with interrupts masked; its stack is empty whenever a VM runs.
 */
#define REGS_PC 248 /* offsetof(struct vcpu_regs, pc), checked in trap.c */

	/* A slot is 128 bytes; the assembler refuses a longer one. */
	.macro slot target
	.balign	128
	\target
	.endm

	/* Out: x0 = vCPU. Everything of the VM's is in it. */
	.macro save_guest
	stp	x0, x1, [sp, #-16]!
	mrs	x0, tpidr_el2
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	ldp	x2, x3, [sp], #16
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	mrs	x4, elr_el2
	mrs	x5, spsr_el2
	stp	x2, x3, [x0]
	str	x30, [x0, #240]
	stp	x4, x5, [x0, #REGS_PC]
	.endm

	.macro guest_vector handler
	save_guest
	bl	\handler
	b	vcpu_enter
	.endm

	/* x0 = which vector, for the dump. The stack may be the very thing that is broken. */
	.macro el2_vector number
	stp	x0, x1, [sp, #-16]!
	mov	x0, #\number
	b	el2_fault
	.endm

	.section .text.vectors, "ax"
	.balign	2048
	.global el2_vectors
el2_vectors:
	slot	"el2_vector 0"
	slot	"el2_vector 1"
	slot	"el2_vector 2"
	slot	"el2_vector 3"
	slot	"el2_vector 4"
	slot	"el2_vector 5"
	slot	"el2_vector 6"
	slot	"el2_vector 7"
	slot	"guest_vector trap_sync"
	slot	"guest_vector trap_irq"
	slot	"guest_vector trap_irq"
	slot	"guest_vector trap_serror"
	slot	"guest_vector trap_aarch32"
	slot	"guest_vector trap_irq"
	slot	"guest_vector trap_irq"
	slot	"guest_vector trap_serror"
	.balign	128

/*
 * In: x0 = a loaded vCPU. Enters its VM; the stack pointer is back at the stack's top.
 */
	.global vcpu_enter
vcpu_enter:
	ldp	x4, x5, [x0, #REGS_PC]
	msr	elr_el2, x4
	msr	spsr_el2, x5
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
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret
	dsb	nsh /* no speculation past the return */
	isb

/*
 * In: x0 = stack top, x1 = vCPU. The first entry on a core: drops the boot stack's frames.
 */
	.global vcpu_enter_first
vcpu_enter_first:
	mov	sp, x0
	mov	x0, x1
	b	vcpu_enter

/* In: x0 = vector number; x0 and x1 saved on the stack. Does not return. */
el2_fault:
	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
	mov	x4, sp
	b	panic_el2_fault
