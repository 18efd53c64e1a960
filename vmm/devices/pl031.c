// SPDX-License-Identifier: BSD-3-Clause
/*
 * pl031.c: Arm PrimeCell real-time clock (PL031), Arm DDI 0224C chapter 3.
 *
 * The counter is the host's wall clock in seconds plus an offset that a write to RTCLR sets. The
 * match interrupt is a timerfd on the same clock in the event loop.
 */
#include "devices/pl031.h"

#include "devices/primecell.h"
#include "event.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum pl031_register {
	PL031_DR = 0x00,
	PL031_MR = 0x04,
	PL031_LR = 0x08,
	PL031_CR = 0x0c,
	PL031_IMSC = 0x10,
	PL031_RIS = 0x14,
	PL031_MIS = 0x18,
	PL031_ICR = 0x1c,
	PL031_PERIPH_ID0 = 0xfe0,
};

struct pl031 {
	pthread_mutex_t lock;
	struct irq_line irq;
	struct event_source *alarm;
	int timer_fd;
	uint32_t offset; /* counter - wall clock, modulo 2^32 */
	uint32_t match, load, mask, raw;
};

static const uint8_t pl031_id[] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint32_t pl031_count(const struct pl031 *rtc)
{
	return (uint32_t)time(NULL) + rtc->offset;
}

static void pl031_update_irq(struct pl031 *rtc)
{
	irq_line_set(&rtc->irq, (rtc->raw & rtc->mask) != 0);
}

/* Arms the timer for the next time the counter equals the match register. */
static void pl031_arm(struct pl031 *rtc)
{
	struct itimerspec when = {0};
	uint32_t distance = rtc->match - pl031_count(rtc);

	if (distance == 0) {
		rtc->raw = 1;
		pl031_update_irq(rtc);
	}
	when.it_value.tv_sec = time(NULL) + (distance ? distance : 1ll << 32);
	timerfd_settime(rtc->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void pl031_on_alarm(void *context, uint32_t events)
{
	struct pl031 *rtc = context;
	uint64_t expirations;

	(void)events;
	pthread_mutex_lock(&rtc->lock);
	if (read(rtc->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations)) {
		rtc->raw = 1;
		pl031_update_irq(rtc);
	}
	pthread_mutex_unlock(&rtc->lock);
}

static uint32_t pl031_read_register(const struct pl031 *rtc, uint64_t offset)
{
	switch (offset) {
	case PL031_DR:
		return pl031_count(rtc);
	case PL031_MR:
		return rtc->match;
	case PL031_LR:
		return rtc->load;
	case PL031_CR:
		return 1; /* always enabled, as on QEMU's board */
	case PL031_IMSC:
		return rtc->mask;
	case PL031_RIS:
		return rtc->raw;
	case PL031_MIS:
		return rtc->raw & rtc->mask;
	default:
		return offset >= PL031_PERIPH_ID0 ? pl031_id[(offset - PL031_PERIPH_ID0) / 4] : 0;
	}
}

static void pl031_write_register(struct pl031 *rtc, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case PL031_MR:
		rtc->match = value;
		pl031_arm(rtc);
		break;
	case PL031_LR:
		rtc->load = value;
		rtc->offset = value - (uint32_t)time(NULL);
		pl031_arm(rtc);
		break;
	case PL031_IMSC:
		rtc->mask = value & 1;
		break;
	case PL031_ICR:
		rtc->raw &= ~value;
		break;
	default: /* read-only or reserved */
		break;
	}
}

static uint64_t pl031_read(void *state, uint64_t offset, unsigned int size)
{
	struct pl031 *rtc = state;
	uint32_t value;

	(void)size;
	pthread_mutex_lock(&rtc->lock);
	value = pl031_read_register(rtc, offset & ~3ULL);
	pthread_mutex_unlock(&rtc->lock);
	return value;
}

static void pl031_write(void *state, uint64_t offset, uint64_t value, unsigned int size)
{
	struct pl031 *rtc = state;

	(void)size;
	pthread_mutex_lock(&rtc->lock);
	pl031_write_register(rtc, offset & ~3ULL, (uint32_t)value);
	pl031_update_irq(rtc);
	pthread_mutex_unlock(&rtc->lock);
}

struct pl031 *pl031_create(struct event_loop *loop, const struct irq_line *irq)
{
	struct pl031 *rtc = calloc(1, sizeof(*rtc));

	if (!rtc) {
		return NULL;
	}
	pthread_mutex_init(&rtc->lock, NULL);
	rtc->irq = *irq;
	rtc->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (rtc->timer_fd >= 0) {
		rtc->alarm = event_loop_add(loop, rtc->timer_fd, EPOLLIN, pl031_on_alarm, rtc);
	}
	if (!rtc->alarm) {
		pl031_class.destroy(rtc);
		return NULL;
	}
	return rtc;
}

static void pl031_destroy(void *state)
{
	struct pl031 *rtc = state;

	event_source_remove(rtc->alarm);
	if (rtc->timer_fd >= 0) {
		close(rtc->timer_fd);
	}
	pthread_mutex_destroy(&rtc->lock);
	free(rtc);
}

static int pl031_describe(const struct device *device, void *fdt)
{
	static const char *const clock_names[] = {"apb_pclk", NULL};

	return primecell_describe(device, fdt, "pl031", "arm,pl031", clock_names, 1);
}

const struct device_class pl031_class = {
	.name = "pl031",
	.bus = {.read = pl031_read, .write = pl031_write},
	.describe = pl031_describe,
	.destroy = pl031_destroy,
};
