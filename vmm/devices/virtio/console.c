// SPDX-License-Identifier: BSD-3-Clause
/*
 * console.c: virtio console (virtio 1.2, 5.3) with one port: queue 0 carries input, queue 1 output.
 *
 * Output goes from the guest's buffers to the chardev; when that is full the chain stays in
 * console->tx with the number of bytes already sent, until the chardev calls writable(). Input
 * waits in a small buffer until the driver offers room.
 *
 * Called from vCPU threads and the main thread; one mutex. Lock order: console, then chardev.
 */
#include "devices/virtio/console.h"

#include "chardev/chardev.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CONSOLE_F_SIZE        (UINT64_C(1) << 0)
#define CONSOLE_F_EMERG_WRITE (UINT64_C(1) << 2)
#define CONSOLE_EMERG_OFFSET  8
#define CONSOLE_RX            0
#define CONSOLE_TX            1
#define CONSOLE_INPUT_SIZE    4096

struct console_config {
	uint16_t columns, rows;
	uint32_t max_nr_ports;
	uint32_t emerg_wr;
};

struct virtio_console {
	struct virtio_device base;
	struct chardev *chardev;
	pthread_mutex_t lock;
	uint16_t columns, rows;
	bool size_is_due; /* the driver has not been told the size since it started */
	bool running;
	uint8_t input[CONSOLE_INPUT_SIZE];
	size_t nr_input;
	struct virtq_chain tx; /* being sent */
	uint64_t tx_sent;
	bool tx_busy;
};

static uint64_t console_features(const struct virtio_device *device)
{
	(void)device;
	return CONSOLE_F_SIZE | CONSOLE_F_EMERG_WRITE;
}

static void console_read_config(struct virtio_device *device, uint8_t config[VIRTIO_CONFIG_SIZE])
{
	struct virtio_console *console = (struct virtio_console *)device;
	struct console_config fields = {.max_nr_ports = 1};

	pthread_mutex_lock(&console->lock);
	fields.columns = console->columns;
	fields.rows = console->rows;
	pthread_mutex_unlock(&console->lock);
	memcpy(config, &fields, sizeof(fields));
}

static void console_write_config(struct virtio_device *device, size_t offset, uint64_t value,
				 unsigned int size)
{
	struct virtio_console *console = (struct virtio_console *)device;
	uint8_t byte = (uint8_t)value;

	(void)size;
	if (offset == CONSOLE_EMERG_OFFSET) {
		chardev_write(console->chardev, &byte, 1);
	}
}

static void console_signal(struct virtio_console *console, unsigned int queue)
{
	if (virtq_needs_interrupt(&console->base.queues[queue])) {
		virtio_interrupt(&console->base, queue);
	}
}

static void console_break(struct virtio_console *console)
{
	console->running = false;
	virtio_break(&console->base);
}

/* Sends what is left of console->tx. False when the chardev is full. */
static bool console_send(struct virtio_console *console)
{
	const struct virtq_chain *chain = &console->tx;
	uint64_t before = 0;

	for (unsigned int i = 0; i < chain->nr_out; i++) {
		const struct virtq_segment *segment = &chain->segments[i];

		if (console->tx_sent < before + segment->size) {
			size_t skip = (size_t)(console->tx_sent - before);
			size_t left = segment->size - skip;
			size_t taken = chardev_write(console->chardev, segment->host + skip, left);

			console->tx_sent += taken;
			if (taken < left) {
				return false;
			}
		}
		before += segment->size;
	}
	return true;
}

static void console_transmit(struct virtio_console *console)
{
	struct virtq *queue = &console->base.queues[CONSOLE_TX];

	while (console->running) {
		if (!console->tx_busy) {
			int result = virtq_pop(queue, &console->tx);

			if (result < 0) {
				console_break(console);
				return;
			}
			if (result == 0 && !virtq_enable_notify(queue)) {
				break;
			}
			console->tx_busy = result > 0;
			console->tx_sent = 0;
			continue;
		}
		if (!console_send(console)) {
			break;
		}
		virtq_push(queue, &console->tx, 0);
		console->tx_busy = false;
	}
	console_signal(console, CONSOLE_TX);
}

/* Moves waiting input into the driver's buffers. */
static void console_deliver(struct virtio_console *console)
{
	struct virtq *queue = &console->base.queues[CONSOLE_RX];
	struct virtq_chain chain;

	while (console->running && console->nr_input) {
		int result = virtq_pop(queue, &chain);
		size_t part;

		if (result < 0 || (result > 0 && chain.in_size == 0)) {
			console_break(console);
			return;
		}
		if (result == 0) {
			if (virtq_enable_notify(queue)) {
				continue;
			}
			break;
		}
		part = console->nr_input < chain.in_size ? console->nr_input
							 : (size_t)chain.in_size;
		virtq_chain_write(&chain, 0, console->input, part);
		virtq_push(queue, &chain, (uint32_t)part);
		console->nr_input -= part;
		memmove(console->input, console->input + part, console->nr_input);
	}
	console_signal(console, CONSOLE_RX);
}

static void console_notify(struct virtio_device *device, unsigned int queue)
{
	struct virtio_console *console = (struct virtio_console *)device;

	pthread_mutex_lock(&console->lock);
	if (queue == CONSOLE_TX) {
		console_transmit(console);
	} else {
		console_deliver(console);
	}
	pthread_mutex_unlock(&console->lock);
	if (queue == CONSOLE_RX) {
		chardev_resume_input(console->chardev);
	}
}

static size_t console_room(void *context)
{
	struct virtio_console *console = context;
	size_t room;

	pthread_mutex_lock(&console->lock);
	room = sizeof(console->input) - console->nr_input;
	pthread_mutex_unlock(&console->lock);
	return room;
}

static void console_receive(void *context, const uint8_t *bytes, size_t count)
{
	struct virtio_console *console = context;

	pthread_mutex_lock(&console->lock);
	if (count > sizeof(console->input) - console->nr_input) {
		count = sizeof(console->input) - console->nr_input;
	}
	memcpy(console->input + console->nr_input, bytes, count);
	console->nr_input += count;
	console_deliver(console);
	/*
	 * Linux's driver reads the size only when it changes, and forgets a change that comes
	 * before its port is complete. At the first key press it is complete, and from then on the
	 * size matters.
	 */
	if (console->running && console->size_is_due && console->columns) {
		console->size_is_due = false;
		virtio_config_changed(&console->base);
	}
	pthread_mutex_unlock(&console->lock);
}

static void console_writable(void *context)
{
	struct virtio_console *console = context;

	pthread_mutex_lock(&console->lock);
	console_transmit(console);
	pthread_mutex_unlock(&console->lock);
}

static void console_start(struct virtio_device *device, uint64_t features)
{
	struct virtio_console *console = (struct virtio_console *)device;
	const struct virtq *queue = &device->queues[CONSOLE_TX];

	(void)features;
	pthread_mutex_lock(&console->lock);
	console->running = true;
	console->size_is_due = true;
	/* What was being sent goes on, if the queue is still the one it was taken from. */
	console->tx_busy = queue->next_avail != queue->next_used;
	console_deliver(console);
	console_transmit(console);
	pthread_mutex_unlock(&console->lock);
}

static void console_stop(struct virtio_device *device)
{
	struct virtio_console *console = (struct virtio_console *)device;

	pthread_mutex_lock(&console->lock);
	console->running = false;
	pthread_mutex_unlock(&console->lock);
}

static void console_destroy(struct virtio_device *device)
{
	struct virtio_console *console = (struct virtio_console *)device;

	chardev_attach(console->chardev, NULL);
	pthread_mutex_destroy(&console->lock);
	free(console);
}

static const struct virtio_class console_class = {
	.name = "virtio-console",
	.id = VIRTIO_ID_CONSOLE,
	.nr_queues = 2,
	.queue_size = 64,
	.features = console_features,
	.read_config = console_read_config,
	.write_config = console_write_config,
	.start = console_start,
	.notify = console_notify,
	.stop = console_stop,
	.destroy = console_destroy,
};

void virtio_console_resize(struct virtio_device *device, uint16_t columns, uint16_t rows)
{
	struct virtio_console *console = (struct virtio_console *)device;

	pthread_mutex_lock(&console->lock);
	console->columns = columns;
	console->rows = rows;
	pthread_mutex_unlock(&console->lock);
	virtio_config_changed(device);
}

struct virtio_device *virtio_console_create(struct chardev *chardev, uint16_t columns,
					    uint16_t rows)
{
	struct virtio_console *console = calloc(1, sizeof(*console));

	if (!console) {
		return NULL;
	}
	console->base.class = &console_class;
	console->base.kick_fd = -1;
	console->chardev = chardev;
	console->columns = columns;
	console->rows = rows;
	pthread_mutex_init(&console->lock, NULL);
	chardev_attach(chardev, &(struct chardev_client){.room = console_room,
							 .receive = console_receive,
							 .writable = console_writable,
							 .context = console});
	return &console->base;
}
