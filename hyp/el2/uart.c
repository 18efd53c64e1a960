/* SPDX-License-Identifier: BSD-3-Clause */
/* Polled UART output. See uart.h. */
#include <core/boot.h>
#include <el2/mmu.h>
#include <el2/uart.h>

#define PL011_DR      0x00
#define PL011_FR      0x18
#define PL011_FR_TXFF BIT(5)
#define UART_LSR      5
#define UART_LSR_THRE BIT(5)
#define SPIN_LIMIT    1000000u

static volatile u8 *base;

void uart_init(void)
{
	if (boot_info->uart_kind != BOOT_UART_NONE) {
		base = mmu_map_device(pa_init(boot_info->uart.base), PAGE_BYTES);
	}
}

static volatile u32 *reg32(u32 offset)
{
	return (volatile u32 *)(volatile void *)(base + offset);
}

void uart_put(char c)
{
	u32 shift = boot_info ? boot_info->uart_shift : 0;

	if (!base) {
		return;
	}
	if (boot_info->uart_kind == BOOT_UART_PL011) {
		for (u32 i = 0; i < SPIN_LIMIT && (*reg32(PL011_FR) & PL011_FR_TXFF); i++) {
		}
		*reg32(PL011_DR) = (u8)c;
	} else {
		for (u32 i = 0; i < SPIN_LIMIT && !(base[UART_LSR << shift] & UART_LSR_THRE); i++) {
		}
		base[0] = (u8)c;
	}
}
