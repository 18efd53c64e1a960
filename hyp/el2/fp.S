/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FP/SIMD state to and from struct vcpu_fp (v[32], then fpsr, fpcr). In: x0. Clobbers x0-x2.
 * The caller has cleared CPTR_EL2.TFP.
 */
	.arch	armv8-a+fp+simd
	.text

	.macro all_pairs op
	\op	q0, q1, [x0], #32
	\op	q2, q3, [x0], #32
	\op	q4, q5, [x0], #32
	\op	q6, q7, [x0], #32
	\op	q8, q9, [x0], #32
	\op	q10, q11, [x0], #32
	\op	q12, q13, [x0], #32
	\op	q14, q15, [x0], #32
	\op	q16, q17, [x0], #32
	\op	q18, q19, [x0], #32
	\op	q20, q21, [x0], #32
	\op	q22, q23, [x0], #32
	\op	q24, q25, [x0], #32
	\op	q26, q27, [x0], #32
	\op	q28, q29, [x0], #32
	\op	q30, q31, [x0], #32
	.endm

	.global fp_save
fp_save:
	all_pairs stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	stp	x1, x2, [x0]
	ret

	.global fp_restore
fp_restore:
	all_pairs ldp
	ldp	x1, x2, [x0]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
