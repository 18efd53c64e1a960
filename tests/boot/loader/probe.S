/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe.S: header of a hyp.bin and a call of probe_main(boot_info), for probe.c.
 */
#include <hyp/boot.h>

	.section .head, "ax"
	.globl	_start
_start:
	b	1f
	.word	BOOT_IMAGE_MAGIC
	.quad	image_end
1:	adr	x1, stack_end
	mov	sp, x1
	bl	probe_main
2:	wfi
	b	2b
