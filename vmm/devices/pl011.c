// SPDX-License-Identifier: BSD-3-Clause
/*
 * pl011.c: Arm PrimeCell UART (PL011) r1p5, Arm DDI 0183G chapter 3.
 *
 * All registers but DMA (DMACR keeps its value, nothing happens: the machine has no DMA
 * controller). The line has no speed: a byte written leaves at once unless the chardev is full, in
 * which case the 32-byte transmit FIFO fills up and TXFF says so. The receive timeout interrupt
 * comes as soon as there is data below the trigger level, since no time passes between bytes. As on
 * QEMU's board, data moves also while UARTEN, TXE or RXE are clear: early consoles rely on a loader
 * having set them.
 *
 * Called from vCPU threads (registers) and the main thread (chardev); one mutex. FR, which drivers
 * read before every byte, is kept up to date by whoever changes something, and read without it.
 */
#include "devices/pl011.h"

#include "chardev/chardev.h"
#include "devices/primecell.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PL011_FIFO_DEPTH 32

enum pl011_register {
	PL011_DR = 0x00,
	PL011_RSR = 0x04,
	PL011_FR = 0x18,
	PL011_ILPR = 0x20,
	PL011_IBRD = 0x24,
	PL011_FBRD = 0x28,
	PL011_LCR_H = 0x2c,
	PL011_CR = 0x30,
	PL011_IFLS = 0x34,
	PL011_IMSC = 0x38,
	PL011_RIS = 0x3c,
	PL011_MIS = 0x40,
	PL011_ICR = 0x44,
	PL011_DMACR = 0x48,
	PL011_PERIPH_ID0 = 0xfe0,
};

#define PL011_FR_CTS  (1u << 0)
#define PL011_FR_DSR  (1u << 1)
#define PL011_FR_DCD  (1u << 2)
#define PL011_FR_BUSY (1u << 3)
#define PL011_FR_RXFE (1u << 4)
#define PL011_FR_TXFF (1u << 5)
#define PL011_FR_RXFF (1u << 6)
#define PL011_FR_TXFE (1u << 7)

#define PL011_LCR_FEN (1u << 4)
#define PL011_CR_LBE  (1u << 7)
#define PL011_CR_TXE  (1u << 8)
#define PL011_CR_RXE  (1u << 9)

#define PL011_INT_RX   (1u << 4)
#define PL011_INT_TX   (1u << 5)
#define PL011_INT_RT   (1u << 6)
#define PL011_INT_MASK 0x7ffu

struct pl011_fifo {
	uint8_t bytes[PL011_FIFO_DEPTH];
	unsigned int start, count;
};

struct pl011 {
	pthread_mutex_t lock;
	struct chardev *chardev;
	struct irq_line irq;
	_Atomic uint32_t fr;
	struct pl011_fifo rx, tx;
	uint32_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
};

/* Peripheral and PrimeCell identification: part 0x011, designer Arm, revision 3 (32-byte FIFOs). */
static const uint8_t pl011_id[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static void pl011_fifo_push(struct pl011_fifo *fifo, uint8_t byte)
{
	fifo->bytes[(fifo->start + fifo->count++) % PL011_FIFO_DEPTH] = byte;
}

static uint8_t pl011_fifo_pop(struct pl011_fifo *fifo)
{
	uint8_t byte = fifo->bytes[fifo->start];

	fifo->start = (fifo->start + 1) % PL011_FIFO_DEPTH;
	fifo->count--;
	return byte;
}

/* With FEN clear both FIFOs are one-byte holding registers. */
static unsigned int pl011_depth(const struct pl011 *uart)
{
	return uart->lcr_h & PL011_LCR_FEN ? PL011_FIFO_DEPTH : 1;
}

/* Trigger level in bytes for a 3-bit IFLS field; reserved values act as the highest. */
static unsigned int pl011_trigger(const struct pl011 *uart, unsigned int field)
{
	static const unsigned int eighths[8] = {1, 2, 4, 6, 7, 7, 7, 7};

	return pl011_depth(uart) == 1 ? 1 : eighths[field & 7] * PL011_FIFO_DEPTH / 8;
}

/* After the receive FIFO changed. */
static void pl011_update_rx(struct pl011 *uart, bool received)
{
	unsigned int trigger = pl011_trigger(uart, uart->ifls >> 3);

	if (uart->rx.count >= trigger) {
		uart->ris |= PL011_INT_RX;
	} else {
		uart->ris &= ~PL011_INT_RX;
	}
	if (uart->rx.count == 0) {
		uart->ris &= ~PL011_INT_RT;
	} else if (received && pl011_depth(uart) > 1) {
		uart->ris |= PL011_INT_RT;
	}
}

/* Hands the transmit FIFO to the chardev, as far as it takes it. */
static void pl011_drain_tx(struct pl011 *uart)
{
	unsigned int trigger;

	while (uart->tx.count) {
		uint8_t byte = uart->tx.bytes[uart->tx.start];

		if (chardev_write(uart->chardev, &byte, 1) == 0) {
			break;
		}
		pl011_fifo_pop(&uart->tx);
	}
	trigger = pl011_depth(uart) == 1 ? 0 : pl011_trigger(uart, uart->ifls);
	if (uart->tx.count <= trigger) {
		uart->ris |= PL011_INT_TX;
	} else {
		uart->ris &= ~PL011_INT_TX;
	}
}

static void pl011_write_data(struct pl011 *uart, uint8_t byte)
{
	if (uart->cr & PL011_CR_LBE) {
		if (uart->rx.count < pl011_depth(uart)) {
			pl011_fifo_push(&uart->rx, byte);
			pl011_update_rx(uart, true);
		}
		uart->ris |= PL011_INT_TX;
		return;
	}
	if (uart->tx.count < pl011_depth(uart)) {
		pl011_fifo_push(&uart->tx, byte);
	}
	pl011_drain_tx(uart);
}

static uint32_t pl011_read_data(struct pl011 *uart)
{
	uint8_t byte = 0;

	if (uart->rx.count) {
		byte = pl011_fifo_pop(&uart->rx);
		pl011_update_rx(uart, false);
	}
	return byte;
}

static uint32_t pl011_flags(const struct pl011 *uart)
{
	uint32_t flags = PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD;

	flags |= uart->rx.count == 0 ? PL011_FR_RXFE : 0;
	flags |= uart->rx.count >= pl011_depth(uart) ? PL011_FR_RXFF : 0;
	flags |= uart->tx.count == 0 ? PL011_FR_TXFE : PL011_FR_BUSY;
	flags |= uart->tx.count >= pl011_depth(uart) ? PL011_FR_TXFF : 0;
	return flags;
}

/* After anything has changed: what others see of it. */
static void pl011_update(struct pl011 *uart)
{
	atomic_store_explicit(&uart->fr, pl011_flags(uart), memory_order_release);
	irq_line_set(&uart->irq, (uart->ris & uart->imsc) != 0);
}

static uint32_t pl011_read_register(struct pl011 *uart, uint64_t offset)
{
	switch (offset) {
	case PL011_DR:
		return pl011_read_data(uart);
	case PL011_ILPR:
		return uart->ilpr;
	case PL011_IBRD:
		return uart->ibrd;
	case PL011_FBRD:
		return uart->fbrd;
	case PL011_LCR_H:
		return uart->lcr_h;
	case PL011_CR:
		return uart->cr;
	case PL011_IFLS:
		return uart->ifls;
	case PL011_IMSC:
		return uart->imsc;
	case PL011_RIS:
		return uart->ris;
	case PL011_MIS:
		return uart->ris & uart->imsc;
	case PL011_DMACR:
		return uart->dmacr;
	default:
		return offset >= PL011_PERIPH_ID0 ? pl011_id[(offset - PL011_PERIPH_ID0) / 4] : 0;
	}
}

static void pl011_write_line_control(struct pl011 *uart, uint32_t value)
{
	/* Switching the FIFOs on or off empties them (DDI 0183G, 3.3.7). */
	if ((uart->lcr_h ^ value) & PL011_LCR_FEN) {
		uart->rx.count = 0;
		uart->tx.count = 0;
	}
	uart->lcr_h = value & 0xff;
	pl011_update_rx(uart, false);
}

static void pl011_write_register(struct pl011 *uart, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case PL011_DR:
		pl011_write_data(uart, (uint8_t)value);
		break;
	case PL011_ILPR:
		uart->ilpr = value & 0xff;
		break;
	case PL011_IBRD:
		uart->ibrd = value & 0xffff;
		break;
	case PL011_FBRD:
		uart->fbrd = value & 0x3f;
		break;
	case PL011_LCR_H:
		pl011_write_line_control(uart, value);
		break;
	case PL011_CR:
		uart->cr = value & 0xff87;
		break;
	case PL011_IFLS:
		uart->ifls = value & 0x3f;
		pl011_update_rx(uart, false);
		break;
	case PL011_IMSC:
		uart->imsc = value & PL011_INT_MASK;
		break;
	case PL011_ICR:
		uart->ris &= ~(value & PL011_INT_MASK);
		break;
	case PL011_DMACR:
		uart->dmacr = value & 7;
		break;
	default: /* read-only, RSR/ECR (no errors ever to clear), or reserved */
		break;
	}
}

static uint64_t pl011_read(void *state, uint64_t offset, unsigned int size)
{
	struct pl011 *uart = state;
	bool emptied;
	uint32_t value;

	(void)size;
	if ((offset & ~3ULL) == PL011_FR) {
		return atomic_load_explicit(&uart->fr, memory_order_acquire);
	}
	pthread_mutex_lock(&uart->lock);
	value = pl011_read_register(uart, offset & ~3ULL);
	pl011_update(uart);
	/* More input is fetched when the guest has taken all there was, not byte by byte. */
	emptied = (offset & ~3ULL) == PL011_DR && uart->rx.count == 0;
	pthread_mutex_unlock(&uart->lock);
	if (emptied) {
		chardev_resume_input(uart->chardev);
	}
	return value;
}

static void pl011_write(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	struct pl011 *uart = state;
	bool may_free_room = offset == PL011_LCR_H;

	(void)size;
	pthread_mutex_lock(&uart->lock);
	pl011_write_register(uart, offset & ~3ULL, (uint32_t)value);
	pl011_update(uart);
	pthread_mutex_unlock(&uart->lock);
	if (may_free_room) {
		chardev_resume_input(uart->chardev);
	}
}

static size_t pl011_room(void *state)
{
	struct pl011 *uart = state;
	size_t room;

	pthread_mutex_lock(&uart->lock);
	room = uart->rx.count < pl011_depth(uart) ? pl011_depth(uart) - uart->rx.count : 0;
	pthread_mutex_unlock(&uart->lock);
	return room;
}

static void pl011_receive(void *state, const uint8_t *bytes, size_t count)
{
	struct pl011 *uart = state;

	pthread_mutex_lock(&uart->lock);
	for (size_t i = 0; i < count && uart->rx.count < pl011_depth(uart); i++) {
		pl011_fifo_push(&uart->rx, bytes[i]);
	}
	pl011_update_rx(uart, true);
	pl011_update(uart);
	pthread_mutex_unlock(&uart->lock);
}

static void pl011_writable(void *state)
{
	struct pl011 *uart = state;

	pthread_mutex_lock(&uart->lock);
	if (uart->tx.count) {
		pl011_drain_tx(uart);
		pl011_update(uart);
	}
	pthread_mutex_unlock(&uart->lock);
}

struct pl011 *pl011_create(struct chardev *chardev, const struct irq_line *irq)
{
	struct pl011 *uart = calloc(1, sizeof(*uart));

	if (!uart) {
		return NULL;
	}
	pthread_mutex_init(&uart->lock, NULL);
	uart->chardev = chardev;
	uart->irq = *irq;
	uart->cr = PL011_CR_TXE | PL011_CR_RXE;
	uart->ifls = 0x12;
	uart->fr = pl011_flags(uart);
	chardev_attach(chardev, &(struct chardev_client){.room = pl011_room,
							 .receive = pl011_receive,
							 .writable = pl011_writable,
							 .context = uart});
	return uart;
}

static void pl011_destroy(void *state)
{
	struct pl011 *uart = state;

	chardev_attach(uart->chardev, NULL);
	pthread_mutex_destroy(&uart->lock);
	free(uart);
}

static int pl011_describe(const struct device *device, void *fdt)
{
	static const char *const clock_names[] = {"uartclk", "apb_pclk", NULL};

	return primecell_describe(device, fdt, "pl011", "arm,pl011", clock_names, 2);
}

const struct device_class pl011_class = {
	.name = "pl011",
	.bus = {.read = pl011_read, .write = pl011_write},
	.describe = pl011_describe,
	.destroy = pl011_destroy,
};
