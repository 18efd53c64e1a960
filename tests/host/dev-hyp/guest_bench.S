/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest programs of the benchmarks. As in guest.S: MMIO_BASE in x20, MMU off. Each repeats something x19 times and writes the CNTVCT ticks it took, all together, to MMIO_BASE.
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

	.section .rodata.guest, "a"

program bench_nothing
	start
1:	subs	x27, x27, #1
	b.ne	1b
	stop
end bench_nothing

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
