/* SPDX-License-Identifier: BSD-3-Clause */
/* The board's console UART, as the firmware left it configured: polled output only. */
#ifndef EL2_UART_H
#define EL2_UART_H

#include <core/types.h>

/* From boot_info: PL011 (DDI 0183) or 8250; none is fine. */
void uart_init(void);
void uart_put(char c);

#endif
