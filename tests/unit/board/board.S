/* SPDX-License-Identifier: BSD-3-Clause */
	.section .rodata
	.balign	8
	.globl	board_dtb
board_dtb:
	.incbin	BOARD_DTB
	.globl	board_dtb_end
board_dtb_end:
	.section .note.GNU-stack, "", %progbits
