/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest programs of the benchmarks. As in guest.S: MMIO_BASE in x20, the GIC's frames in x21 (GICD) and x22 (GICR),
 * MMU off. Each repeats something x19 times and writes the CNTVCT ticks it took, all together, to MMIO_BASE.
 */

.macro program name
	.balign	2048
	.globl	guest_\name
guest_\name:
.endm

.macro end name
	.ltorg
	.globl	guest_\name\()_end
guest_\name\()_end:
.endm

.macro start
	isb
	mrs	x28, cntvct_el0
	mov	x27, x19
.endm

.macro stop
	isb
	mrs	x26, cntvct_el0
	sub	x26, x26, x28
	str	x26, [x20]
	b	.
.endm

/* Interrupts of this vCPU, whose redistributor is at x22, on; vectors at x1. */
.macro gic_on
	msr	vbar_el1, x1
	mov	x1, #1
	msr	s3_0_c12_c12_5, x1	/* ICC_SRE_EL1 */
	isb
	str	wzr, [x22, #0x14]	/* GICR_WAKER */
	add	x5, x22, #0x10, lsl #12
	mov	w1, #0xffffffff
	str	w1, [x5, #0x80]		/* GICR_IGROUPR0 */
	ldr	w1, =0x0800ffff		/* SGIs and the virtual timer */
	str	w1, [x5, #0x100]	/* GICR_ISENABLER0 */
	mov	x1, #0xff
	msr	s3_0_c4_c6_0, x1	/* ICC_PMR_EL1 */
	mov	x1, #1
	msr	s3_0_c12_c12_7, x1	/* ICC_IGRPEN1_EL1 */
	isb
.endm

.macro gicd_on
	mov	w1, #0x12		/* ARE_NS, EnableGrp1NS */
	str	w1, [x21]
.endm

	.section .rodata.guest, "a"

program bench_nothing
	start
1:	subs	x27, x27, #1
	b.ne	1b
	stop
end bench_nothing

/* SMCCC_VERSION. */
program bench_hypercall
	start
1:	mov	w0, #0x80000000
	hvc	#0
	subs	x27, x27, #1
	b.ne	1b
	stop
end bench_hypercall

/* GICD_TYPER. */
program bench_gicd
	start
1:	ldr	w0, [x21, #4]
	subs	x27, x27, #1
	b.ne	1b
	stop
end bench_gicd

program bench_mmio
	start
1:	ldr	w0, [x20, #0x40]
	subs	x27, x27, #1
	b.ne	1b
	stop
end bench_mmio

/* First touches from x0 on, x3 bytes apart. */
program bench_touch
	start
1:	str	xzr, [x0]
	add	x0, x0, x3
	subs	x27, x27, #1
	b.ne	1b
	stop
end bench_touch

/* Lateness of a timer of x24 ticks, from its due time to the handler's first instruction. */
program bench_timer
	adr	x1, vectors_timer
	gic_on
	gicd_on
	mov	x26, #0
	mov	x27, x19
	msr	daifclr, #2
1:	isb
	mrs	x25, cntvct_el0
	add	x25, x25, x24
	msr	cntv_cval_el0, x25
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	mov	x23, #0
2:	wfi
	cbz	x23, 2b
	subs	x27, x27, #1
	b.ne	1b
	str	x26, [x20]
	b	.
	.balign	2048
vectors_timer:
	.rept	5
	b	.
	.balign	128
	.endr
	mrs	x1, cntvct_el0
	sub	x1, x1, x25
	add	x26, x26, x1
	msr	cntv_ctl_el0, xzr
	mov	x23, #1
	mrs	x1, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	msr	s3_0_c12_c12_1, x1	/* ICC_EOIR1_EL1 */
	eret
end bench_timer

/*
 * SGI 1 from vCPU 0 to vCPU 1, whose handler's first instruction stores the number that vCPU 0 waits for. Both
 * run all the time. (YIELD lets QEMU go on to the other core at once when it runs both on one thread.)
 */
program bench_ipi
	gicd_on
	adr	x1, vectors_ipi
	gic_on
	adr	x17, ipi_mailbox
	str	xzr, [x17]
	str	xzr, [x17, #8]
	ldr	w0, =0xc4000003		/* PSCI CPU_ON */
	mov	x1, #1
	adr	x2, ipi_other
	mov	x3, #0
	hvc	#0
1:	yield
	ldr	x0, [x17, #8]
	cbz	x0, 1b			/* the other is ready */
	mov	x0, #0x1000000		/* SGI 1 ... */
	movk	x0, #2			/* ... to Aff0 1 */
	mov	x15, #0
	start
2:	add	x15, x15, #1
	msr	s3_0_c12_c11_5, x0	/* ICC_SGI1R_EL1 */
3:	yield
	ldr	x1, [x17]
	cmp	x1, x15
	b.ne	3b
	subs	x27, x27, #1
	b.ne	2b
	stop
ipi_other:
	adr	x17, ipi_mailbox
	ldr	x22, =0x080c0000	/* its own redistributor */
	adr	x1, vectors_ipi
	gic_on
	mov	x15, #0
	mov	x1, #1
	str	x1, [x17, #8]
	msr	daifclr, #2
4:	yield
	b	4b
	.balign	8
ipi_mailbox:
	.quad	0, 0
	.balign	2048
vectors_ipi:
	.rept	5
	b	.
	.balign	128
	.endr
	add	x15, x15, #1
	str	x15, [x17]
	mrs	x1, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	msr	s3_0_c12_c12_1, x1	/* ICC_EOIR1_EL1 */
	eret
end bench_ipi
