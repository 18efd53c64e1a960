// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_pci.c: the host bridge, and what any function has: configuration space, a BAR that moves,
 * INTA, MSI-X; with two functions that only remember what reached them.
 */
#include "cmocka_all.h"

#include "devices/pci/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW      0x10000000u
#define WINDOW_SIZE 0x00100000u
#define BAR_SIZE    0x2000u
#define PENDING     0x1000u /* offset; the table of MSI-X is at 0 */
#define SPI         48
#define NONE        UINT32_MAX

struct toy {
	struct pci_function function;
	atomic_uint cause;
	uint64_t read_at, written_at, written;
	bool destroyed;
};

static struct toy toys[2];
static struct pci_host *host;
static bool lines[SPI + 32];
static struct {
	unsigned int nr;
	uint32_t requester, data;
	uint64_t address;
} sent;

static struct toy *toy_of(struct pci_function *function)
{
	return (struct toy *)function;
}

static uint64_t toy_read(struct pci_function *function, uint64_t offset, unsigned int size)
{
	assert_true(offset + size <= BAR_SIZE);
	toy_of(function)->read_at = offset;
	return offset < PENDING ? pci_msix_read_table(function, offset, size)
				: pci_msix_read_pending(function, offset - PENDING, size);
}

static void toy_write(struct pci_function *function, uint64_t offset, uint64_t value,
		      unsigned int size)
{
	assert_true(offset + size <= BAR_SIZE);
	toy_of(function)->written_at = offset;
	toy_of(function)->written = value;
	pci_msix_write_table(function, offset, value, size);
}

static void toy_destroy(struct pci_function *function)
{
	pci_function_release(function);
	toy_of(function)->destroyed = true;
}

static const struct pci_function_ops toy_ops = {
	.read_bar = toy_read,
	.write_bar = toy_write,
	.destroy = toy_destroy,
};

static void on_line(void *context, unsigned int number, bool level)
{
	(void)context;
	lines[number] = level;
}

static void on_message(void *context, uint32_t requester, uint64_t address, uint32_t data)
{
	(void)context;
	sent.nr++;
	sent.requester = requester;
	sent.address = address;
	sent.data = data;
}

static int set_up(void **state)
{
	static const struct pci_identity identity = {0x1234, 0x5678, 0x9abc, 1, 0x018000};
	const struct pci_host_config config = {
		.window_base = WINDOW,
		.window_size = WINDOW_SIZE,
		.intx = {.set = on_line, .number = SPI},
	};
	const struct msi_target target = {on_message, NULL};
	const uint8_t vendor_specific[] = {9, 0, 5, 0xaa, 0xbb};

	(void)state;
	memset(&sent, 0, sizeof(sent));
	host = pci_host_create(&config);
	assert_non_null(host);
	for (unsigned int i = 0; i < 2; i++) {
		toys[i] = (struct toy){.read_at = NONE, .written_at = NONE};
		pci_function_init(&toys[i].function, &toy_ops, &identity, &toys[i].cause);
		pci_function_add_bar(&toys[i].function, BAR_SIZE);
		pci_function_add_capability(&toys[i].function, vendor_specific, 5);
		pci_function_add_msix(&toys[i].function, 3, 0, PENDING, &target);
		assert_int_equal(pci_host_add(host, &toys[i].function), 0);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pci_host_class.destroy(host);
	assert_true(toys[0].destroyed && toys[1].destroyed);
	return 0;
}

static uint32_t get(unsigned int device, unsigned int offset, unsigned int size)
{
	return (uint32_t)pci_host_class.bus.read(host, device << 15 | offset, size);
}

static void put(unsigned int device, unsigned int offset, uint32_t value, unsigned int size)
{
	pci_host_class.bus.write(host, device << 15 | offset, value, size);
}

static uint64_t load(uint64_t gpa, unsigned int size)
{
	return pci_host_window.read(host, gpa - WINDOW, size);
}

static void store(uint64_t gpa, uint64_t value, unsigned int size)
{
	pci_host_window.write(host, gpa - WINDOW, value, size);
}

static void test_who_is_there(void **state)
{
	(void)state;
	assert_int_equal(get(0, PCI_CLASS_DEVICE, 2), 0x0600);
	assert_int_equal(get(1, PCI_VENDOR_ID, 4), 0x56781234);
	assert_int_equal(get(2, PCI_CLASS_REVISION, 4), 0x01800001);
	assert_int_equal(get(2, PCI_SUBSYSTEM_ID, 2), 0x9abc);
	assert_int_equal(get(2, PCI_INTERRUPT_PIN, 1), 1);
	assert_int_equal(get(3, PCI_VENDOR_ID, 4), NONE);
	assert_int_equal(get(1, 0x1000, 4), NONE);              /* its second function */
	assert_int_equal(get(1, 0x100, 4), NONE);               /* of PCI Express */
	assert_int_equal(get(1, PCI_VENDOR_ID + 1, 2), 0xffff); /* across */
	assert_int_equal(pci_host_class.bus.read(host, PCI_HOST_ECAM_SIZE - 1, 1), 0xff);
	assert_true(pci_host_class.bus.read(host, 1 << 15, 8) == UINT64_MAX);
}

static void test_what_is_read_only_stays(void **state)
{
	uint32_t before[64];

	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		before[i] = get(1, 4 * i, 4);
		put(1, 4 * i, ~before[i], 4);
	}
	assert_int_equal(get(1, PCI_COMMAND, 4), before[1] | 0x0406);
	assert_int_equal(get(1, PCI_BASE_ADDRESS_0, 4), ~(BAR_SIZE - 1));
	assert_int_equal(get(1, PCI_INTERRUPT_LINE, 4), before[15] | 0xff);
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int msix = get(1, PCI_CAPABILITY_LIST, 1) / 4;

		if (i != 1 && i != 4 && i != 15 && i != msix) {
			assert_int_equal(get(1, 4 * i, 4), before[i]);
		}
	}
}

static void test_lists_capabilities(void **state)
{
	unsigned int at = get(1, PCI_CAPABILITY_LIST, 1);

	(void)state;
	assert_true(get(1, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	assert_false(get(0, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	assert_int_equal(get(1, at, 1), PCI_CAP_ID_MSIX);
	assert_int_equal(get(1, at + 2, 2), 2);
	assert_int_equal(get(1, at + 8, 4), PENDING);
	at = get(1, at + 1, 1);
	assert_int_equal(get(1, at, 4), 0xaa050009);
	assert_int_equal(get(1, at + 4, 1), 0xbb);
}

static void test_bar_moves(void **state)
{
	(void)state;
	put(1, PCI_BASE_ADDRESS_0, WINDOW + 0x4000, 4);
	assert_int_equal(load(WINDOW + 0x4000, 4), NONE); /* not yet switched on */
	put(1, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	load(WINDOW + 0x4010, 4);
	assert_int_equal(toys[0].read_at, 0x10);
	store(WINDOW + 0x5ffc, 7, 4);
	assert_int_equal(toys[0].written_at, 0x1ffc);
	assert_int_equal(toys[0].written, 7);
	put(1, PCI_BASE_ADDRESS_0 + 1, 0x80, 1); /* a byte of it */
	toys[0].read_at = NONE;
	assert_int_equal(load(WINDOW + 0x4010, 2), 0xffff);
	assert_int_equal(toys[0].read_at, NONE);
	load(WINDOW + 0x8010, 4);
	assert_int_equal(toys[0].read_at, 0x10);
	put(1, PCI_COMMAND, 0, 2);
	assert_int_equal(load(WINDOW + 0x8010, 1), 0xff);
}

static void test_bars_in_bad_places(void **state)
{
	static const uint32_t places[] = {0,          0xffffe000, WINDOW - BAR_SIZE,
					  0x80000000, NONE,       WINDOW + WINDOW_SIZE};

	(void)state;
	put(1, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		put(1, PCI_BASE_ADDRESS_0, places[i], 4);
		for (uint64_t offset = 0; offset < WINDOW_SIZE; offset += 0x1000) {
			assert_int_equal(load(WINDOW + offset, 4), NONE);
		}
	}
	/* Two in one place: the first answers. An access that crosses the end is nobody's. */
	put(2, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	put(1, PCI_BASE_ADDRESS_0, WINDOW, 4);
	put(2, PCI_BASE_ADDRESS_0, WINDOW, 4);
	store(WINDOW + 4, 1, 4);
	assert_int_equal(toys[0].written_at, 4);
	assert_int_equal(toys[1].written_at, NONE);
	store(WINDOW + BAR_SIZE - 1, 1, 2);
	assert_int_equal(toys[0].written_at, 4);
}

static void set_cause(struct toy *toy, unsigned int cause)
{
	atomic_store(&toy->cause, cause);
	pci_function_interrupt(&toy->function, PCI_NO_VECTOR);
}

static void test_inta(void **state)
{
	(void)state;
	set_cause(&toys[1], 2);
	assert_true(lines[SPI + 2]);
	assert_false(lines[SPI + 1]);
	assert_true(get(2, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	put(2, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
	assert_false(lines[SPI + 2]);
	assert_true(get(2, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	put(2, PCI_COMMAND, 0, 2);
	assert_true(lines[SPI + 2]);
	set_cause(&toys[1], 0);
	assert_false(lines[SPI + 2]);
	assert_false(get(2, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
}

static void set_msix(uint16_t flags)
{
	put(2, get(2, PCI_CAPABILITY_LIST, 1) + PCI_MSIX_FLAGS, flags, 2);
}

/* The second toy's BAR is at the start of the window, its vector n is message n + 100. */
static void start_msix(void)
{
	put(2, PCI_BASE_ADDRESS_0, WINDOW, 4);
	put(2, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	set_msix(PCI_MSIX_FLAGS_ENABLE);
	for (unsigned int i = 0; i < 3; i++) {
		store(WINDOW + 16 * i, 0x08090043, 4); /* the low bits are not there */
		store(WINDOW + 16 * i + 4, 0x5, 4);
		store(WINDOW + 16 * i + 8, 100 + i, 4);
	}
}

static void test_msix_messages(void **state)
{
	(void)state;
	start_msix();
	assert_int_equal(load(WINDOW + 16 + 12, 4), 1); /* masked after reset */
	assert_true(load(WINDOW + 16, 8) == 0x508090040);
	assert_true(load(WINDOW + 16 + 8, 8) == 0x100000065);
	store(WINDOW + 16 + 8, 102, 8); /* data, and no mask */
	pci_function_interrupt(&toys[1].function, 1);
	assert_int_equal(sent.nr, 1);
	assert_int_equal(sent.requester, 2 << 3);
	assert_int_equal(sent.data, 102);
	assert_true(sent.address == 0x508090040);
	pci_function_interrupt(&toys[1].function, 3); /* there is no such vector */
	pci_function_interrupt(&toys[1].function, PCI_NO_VECTOR);
	assert_int_equal(sent.nr, 1);
	assert_int_equal(load(WINDOW + 48, 4), 0);
	assert_int_equal(load(WINDOW + 2, 4), 0);
	assert_int_equal(load(WINDOW, 2), 0);
}

static void test_msix_masks(void **state)
{
	(void)state;
	start_msix();
	pci_function_interrupt(&toys[1].function, 2);
	pci_function_interrupt(&toys[1].function, 2);
	assert_int_equal(sent.nr, 0);
	assert_int_equal(load(WINDOW + PENDING, 8), 1 << 2);
	set_msix(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	store(WINDOW + 32 + 12, 0, 4);
	assert_int_equal(sent.nr, 0);
	set_msix(PCI_MSIX_FLAGS_ENABLE);
	assert_int_equal(sent.nr, 1);
	assert_int_equal(sent.data, 102);
	assert_int_equal(load(WINDOW + PENDING, 8), 0);
	pci_function_interrupt(&toys[1].function, 0);
	assert_int_equal(load(WINDOW + PENDING, 4), 1);
	put(2, PCI_COMMAND, PCI_COMMAND_MEMORY, 2); /* no longer a master */
	store(WINDOW + 12, 0, 4);
	assert_int_equal(sent.nr, 1);
	put(2, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	assert_int_equal(sent.nr, 2);
	assert_int_equal(sent.data, 100);
}

static void test_msix_or_inta(void **state)
{
	(void)state;
	start_msix();
	store(WINDOW + 12, 0, 4);
	atomic_store(&toys[1].cause, 1);
	pci_function_interrupt(&toys[1].function, 0);
	assert_int_equal(sent.nr, 1);
	assert_false(lines[SPI + 2]);
	assert_false(get(2, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	set_msix(0);
	assert_true(lines[SPI + 2]);
	pci_function_interrupt(&toys[1].function, 0);
	assert_int_equal(sent.nr, 1);
	set_msix(PCI_MSIX_FLAGS_ENABLE);
	assert_false(lines[SPI + 2]);
	set_cause(&toys[1], 0);
}

static void test_bus_is_full(void **state)
{
	static struct toy many[30];
	const struct pci_identity identity = {0};

	(void)state;
	assert_int_equal(pci_host_add(host, NULL), -ENOMEM);
	for (unsigned int i = 0; i < 30; i++) {
		pci_function_init(&many[i].function, &toy_ops, &identity, NULL);
		assert_int_equal(pci_host_add(host, &many[i].function), i < 29 ? 0 : -ENOSPC);
	}
}

/* Nothing is out of bounds, which the sanitizers and toys see; and afterwards all still works. */
static void test_random_accesses(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < 300000; i++) {
		unsigned int size = 1u << random() % 4;
		uint64_t value = (uint64_t)random() << 33 ^ (uint64_t)random();
		unsigned int offset = (unsigned int)random() % (PCI_HOST_ECAM_SIZE - 8);

		switch (random() % 8) {
		case 0:
			pci_host_class.bus.write(host, offset & 0x1c0ff, value, size);
			break;
		case 1:
			put(random() % 3, PCI_BASE_ADDRESS_0,
			    WINDOW + (uint32_t)value % 8 * BAR_SIZE, 4);
			break;
		case 2:
			put(random() % 3, PCI_COMMAND, (uint32_t)value, 2);
			break;
		case 3:
			set_msix((uint16_t)value);
			break;
		case 4:
			pci_host_class.bus.read(host, offset, size);
			break;
		case 5:
			store(WINDOW + offset % 0x10000, value, size);
			break;
		case 6:
			load(WINDOW + offset % 0x10000, size);
			break;
		default:
			atomic_store(&toys[i % 2].cause, (unsigned int)random() % 2);
			pci_function_interrupt(&toys[i % 2].function, (unsigned int)random() % 5);
			break;
		}
	}
	assert_true(sent.nr > 0);
	memset(&sent, 0, sizeof(sent));
	set_msix(0);
	put(1, PCI_COMMAND, 0, 2);
	put(2, PCI_COMMAND, 0, 2);
	set_cause(&toys[1], 0);
	test_inta(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_is_there),       TEST(test_what_is_read_only_stays),
		TEST(test_lists_capabilities), TEST(test_bar_moves),
		TEST(test_bars_in_bad_places), TEST(test_inta),
		TEST(test_msix_messages),      TEST(test_msix_masks),
		TEST(test_msix_or_inta),       TEST(test_bus_is_full),
		TEST(test_random_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
