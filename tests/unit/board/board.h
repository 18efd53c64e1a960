/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * board.h: the blob of board.dts, for unit tests of the loader and of the RM.
 */
#ifndef TESTS_UNIT_BOARD_H
#define TESTS_UNIT_BOARD_H

#include <stddef.h>

extern const char board_dtb[], board_dtb_end[];

static inline size_t board_dtb_bytes(void)
{
	return (size_t)(board_dtb_end - board_dtb);
}

#endif
