/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest programs of the device test: each is position independent, is copied to RAM_BASE of a new VM
 * and starts with the MMU off, in EL1. MMIO_BASE (no memory there) comes in x20; what else a program
 * takes is said above it. A program ends with PSCI SYSTEM_OFF unless it says otherwise.
 */

#define PSCI_CPU_OFF	0x84000002
#define PSCI_CPU_ON	0xc4000003
#define PSCI_SYSTEM_OFF	0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_SYSTEM_SUSPEND 0xc400000e

.macro program name
	.balign	2048			/* vectors want it, and are placed relative to the start */
	.globl	guest_\name
guest_\name:
.endm

.macro end name
	.globl	guest_\name\()_end
guest_\name\()_end:
.endm

.macro psci function
	ldr	w0, =\function
	hvc	#0
.endm

/* A program's vectors, at its end: a synchronous exception writes ESR_EL1 to MMIO, any other one hangs. */
.macro abort_vectors name
	.balign	2048
vectors_\name:
	.rept	4
	b	.
	.balign	128
	.endr
	mrs	x1, esr_el1		/* current EL with SP_ELx, synchronous */
	str	x1, [x20]
	psci	PSCI_SYSTEM_OFF
	b	.
	.ltorg
.endm

	.section .rodata.guest, "a"

/* Writes and reads of every size; the values read are written back extended. */
program mmio
	mov	w1, #0x11
	strb	w1, [x20]
	mov	w1, #0x2222
	strh	w1, [x20, #2]
	mov	w1, #0x3333
	str	w1, [x20, #4]
	ldr	x1, =0x4444444444444444
	str	x1, [x20, #8]
	ldrb	w2, [x20, #16]
	ldrb	w3, [x20, #17]
	ldrh	w4, [x20, #18]
	ldr	w5, [x20, #20]
	ldr	x6, [x20, #24]
	str	x2, [x20, #32]
	str	x3, [x20, #32]
	str	x4, [x20, #32]
	str	x5, [x20, #32]
	str	x6, [x20, #32]
	str	xzr, [x20, #32]
	ldr	xzr, [x20, #40]
	psci	PSCI_SYSTEM_OFF
	b	.
	.ltorg
end mmio

/* Loads that extend the sign. */
program mmio_signed
	ldrsb	x2, [x20, #16]
	ldrsh	w3, [x20, #18]
	ldrsw	x4, [x20, #20]
	str	x2, [x20, #32]
	str	x3, [x20, #32]
	str	x4, [x20, #32]
	b	.
end mmio_signed

/* Writes x1 = first, first + 1, ... to x2 places from x0 on, x3 bytes apart, then reads them back and
 * writes the number of mismatches to MMIO. */
program fill
	mov	x4, x0
	mov	x5, x1
	mov	x6, x2
1:	str	x5, [x4]
	add	x4, x4, x3
	add	x5, x5, #1
	subs	x6, x6, #1
	b.ne	1b
	mov	x4, x0
	mov	x5, x1
	mov	x6, x2
	mov	x8, #0
2:	ldr	x7, [x4]
	cmp	x7, x5
	cinc	x8, x8, ne
	add	x4, x4, x3
	add	x5, x5, #1
	subs	x6, x6, #1
	b.ne	2b
	str	x8, [x20]
	psci	PSCI_SYSTEM_OFF
	b	.
	.ltorg
end fill

/* Reads from x0 and writes that to MMIO, writes x1 to x0, over and over. */
program peek
1:	ldr	x2, [x0]
	str	x2, [x20]
	str	x1, [x0]
	str	xzr, [x20, #8]
	b	1b
end peek

/* Counts in x0 for ever. */
program spin
1:	add	x0, x0, #1
	b	1b
end spin

program wfi
1:	wfi
	b	1b
end wfi

/* An access without syndrome: x0 is the address. */
program pair
	ldp	x1, x2, [x0]
	psci	PSCI_SYSTEM_OFF
	b	.
	.ltorg
end pair

program off
	psci	PSCI_SYSTEM_OFF
	b	.
	.ltorg
end off

program reset
	psci	PSCI_SYSTEM_RESET
	b	.
	.ltorg
end reset

/* Writes to MMIO whether stolen time is offered and where it is, then counts in x0 for ever. */
program stolen
	ldr	w0, =0xc5000020		/* PV_TIME_FEATURES */
	ldr	w1, =0xc5000021		/* PV_TIME_ST */
	hvc	#0
	str	x0, [x20]
	ldr	w0, =0xc5000021
	hvc	#0
	str	x0, [x20, #8]
1:	add	x0, x0, #1
	b	1b
	.ltorg
end stolen

/* Suspends itself, twice; an answer goes to MMIO. */
program suspend
	.rept	2
	mov	x1, #0x1234
	mov	x2, #0x5678
	psci	PSCI_SYSTEM_SUSPEND
	str	x0, [x20]
	.endr
	b	.
	.ltorg
end suspend

/* What a debugger looks at: x1 points to what its third instruction writes. */
program debug
	nop
	nop
	str	x0, [x1]
	brk	#7
	ldr	x2, [x20]
	nop
	str	x2, [x20, #8]
	b	.
end debug

/* Powers on the vCPU with MPIDR x19, which writes its x0 to MMIO and powers off. */
program cpu_on
	mov	x1, x19
	adr	x2, 1f
	mov	x3, x20
	psci	PSCI_CPU_ON
	str	x0, [x20]
	b	.
1:	ldr	x1, =0x0a000100
	str	x0, [x1]
	psci	PSCI_CPU_OFF
	b	.
	.ltorg
end cpu_on

/* Loads a pair from x0; the abort's handler writes ESR_EL1 to MMIO. */
program abort_pair
	adr	x1, vectors_abort_pair
	msr	vbar_el1, x1
	isb
	ldp	x1, x2, [x0]
	abort_vectors abort_pair
end abort_pair

/* Powers on the vCPU with MPIDR x19, again and again; that one does nothing. */
program cpu_on_forever
1:	mov	x1, x19
	adr	x2, 2f
	mov	x3, #0
	psci	PSCI_CPU_ON
	b	1b
2:	b	.
	.ltorg
end cpu_on_forever

/* Jumps to where nothing is (x0); the abort's handler writes ESR_EL1 to MMIO. */
program abort
	adr	x1, vectors_abort
	msr	vbar_el1, x1
	isb
	br	x0
	abort_vectors abort
end abort

/*
 * Takes interrupts: enables the GIC (distributor in x21, redistributor in x22), SPI INTID x23 (as edge),
 * and with x24 nonzero the virtual timer, x24 ticks from now. Writes 0xa000 to MMIO when ready, then waits;
 * the handler writes each INTID to MMIO.
 */
program irq
	adr	x1, vectors_irq
	msr	vbar_el1, x1
	mov	x1, #1
	msr	s3_0_c12_c12_5, x1	/* ICC_SRE_EL1 */
	isb
	mov	w1, #0x12		/* GICD_CTLR: ARE_NS, EnableGrp1NS */
	str	w1, [x21]
	/* SPI: group 1, edge, enabled, to vCPU 0. */
	lsr	w2, w23, #5
	lsl	w2, w2, #2
	and	w3, w23, #31
	mov	w4, #1
	lsl	w4, w4, w3
	add	x5, x21, #0x80
	add	x5, x5, x2
	str	w4, [x5]		/* GICD_IGROUPR */
	lsr	w6, w23, #4
	lsl	w6, w6, #2
	add	x6, x6, x21
	mov	w7, #0xaaaaaaaa
	str	w7, [x6, #0xc00]	/* GICD_ICFGR */
	add	x5, x21, #0x100
	add	x5, x5, x2
	str	w4, [x5]		/* GICD_ISENABLER */
	mov	x7, #0x6000
	add	x5, x21, x7
	lsl	x6, x23, #3
	str	xzr, [x5, x6]		/* GICD_IROUTER */
	/* Private interrupts: wake the redistributor, timer PPI 27 in group 1, enabled. */
	str	wzr, [x22, #0x14]	/* GICR_WAKER */
	add	x5, x22, #0x10, lsl #12
	mov	w1, #0xffffffff
	str	w1, [x5, #0x80]		/* GICR_IGROUPR0 */
	mov	w1, #0x08000000
	str	w1, [x5, #0x100]	/* GICR_ISENABLER0 */
	mov	x1, #0xff
	msr	s3_0_c4_c6_0, x1	/* ICC_PMR_EL1 */
	mov	x1, #1
	msr	s3_0_c12_c12_7, x1	/* ICC_IGRPEN1_EL1 */
	isb
	cbz	x24, 1f
	mrs	x1, cntvct_el0
	add	x1, x1, x24
	msr	cntv_cval_el0, x1
	mov	x1, #1
	msr	cntv_ctl_el0, x1
1:	mov	w1, #0xa000
	str	w1, [x20]
	msr	daifclr, #2
2:	wfi
	b	2b
	.balign	2048
vectors_irq:
	.rept	5
	b	.
	.balign	128
	.endr
	mrs	x1, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	msr	cntv_ctl_el0, xzr
	str	w1, [x20]
	msr	s3_0_c12_c12_1, x1	/* ICC_EOIR1_EL1 */
	eret
	.ltorg
end irq

/* Writes 1, 2, ... x0 to MMIO + 0x100, then 0 to MMIO. */
program notify
	mov	w1, #0
1:	add	w1, w1, #1
	str	w1, [x20, #0x100]
	cmp	w1, w0
	b.ne	1b
	str	wzr, [x20]
	psci	PSCI_SYSTEM_OFF
	b	.
	.ltorg
end notify

/* Writes all over x4 bytes from x0 on, x3 bytes apart, and to MMIO + 0x100, then waits; again and again. */
program storm
1:	mov	x1, #0
2:	str	x1, [x0, x1]
	ldr	x2, [x0, x1]
	str	w1, [x20, #0x100]
	add	x1, x1, x3
	cmp	x1, x4
	b.lo	2b
	mrs	x5, cntvct_el0
	add	x5, x5, #4095
	msr	cntv_cval_el0, x5
	mov	x5, #1
	msr	cntv_ctl_el0, x5
	wfi
	b	1b
end storm
