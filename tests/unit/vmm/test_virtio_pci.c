// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_virtio_pci.c: virtio over PCI with the block device behind it, driven as a guest does: from
 * capabilities to registers, rings and interrupts.
 */
#include "cmocka_all.h"
#include "guest_ring.h"

#include "block/block.h"
#include "devices/pci/host.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/pci.h"

#include <linux/virtio_pci.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOW      0x10000000u
#define BAR         (WINDOW + 0x40000)
#define WINDOW_SIZE 0x00100000u
#define SPI         48
#define DEVICE      (1u << 15) /* its place in ECAM */
#define MESSAGE     0x08090040u
#define DISK_SIZE   65536u
#define HEADER      (GUEST_BASE + 0x100000)
#define DATA        (GUEST_BASE + 0x110000)
#define STATUS      (GUEST_BASE + 0x120000)

#define COMMON(field) (common + (uint32_t)offsetof(struct virtio_pci_common_cfg, field))

static struct guest_memory memory;
static struct guest_ring ring;
static struct block_backend disk;
static struct pci_host *host;
static atomic_bool line;
static atomic_uint messages[4]; /* by data */
static uint32_t common, notify, notify_multiplier, isr, config;

static void on_line(void *context, unsigned int number, bool level)
{
	(void)context;
	assert_int_equal(number, SPI + 1);
	atomic_store(&line, level);
}

static void on_message(void *context, uint32_t requester, uint64_t address, uint32_t data)
{
	(void)context;
	assert_int_equal(requester, 1 << 3);
	if (address == MESSAGE && data < 4) {
		atomic_fetch_add(&messages[data], 1);
	}
}

static uint32_t pci_get(uint32_t offset, unsigned int size)
{
	return (uint32_t)pci_host_class.bus.read(host, DEVICE | offset, size);
}

static void pci_put(uint32_t offset, uint32_t value, unsigned int size)
{
	pci_host_class.bus.write(host, DEVICE | offset, value, size);
}

static uint32_t get(uint32_t gpa, unsigned int size)
{
	return (uint32_t)pci_host_window.read(host, gpa - WINDOW, size);
}

static void put(uint32_t gpa, uint32_t value, unsigned int size)
{
	pci_host_window.write(host, gpa - WINDOW, value, size);
}

static void set_address(uint32_t at, uint64_t gpa)
{
	put(at, (uint32_t)gpa, 4);
	put(at + 4, (uint32_t)(gpa >> 32), 4);
}

/* The capability of a type, which is there once. */
static uint32_t find(uint8_t type)
{
	uint32_t found = 0;

	for (uint32_t at = pci_get(PCI_CAPABILITY_LIST, 1); at; at = pci_get(at + 1, 1)) {
		if (pci_get(at, 1) == PCI_CAP_ID_VNDR && pci_get(at + 3, 1) == type) {
			assert_int_equal(found, 0);
			assert_int_equal(pci_get(at + VIRTIO_PCI_CAP_BAR, 1), 0);
			found = at;
		}
	}
	assert_int_not_equal(found, 0);
	return found;
}

static uint32_t find_structure(uint8_t type, uint32_t min_size)
{
	uint32_t at = find(type);

	assert_true(pci_get(at + VIRTIO_PCI_CAP_LENGTH, 4) >= min_size);
	return BAR + pci_get(at + VIRTIO_PCI_CAP_OFFSET, 4);
}

static void find_all(void)
{
	common = find_structure(VIRTIO_PCI_CAP_COMMON_CFG, sizeof(struct virtio_pci_common_cfg));
	isr = find_structure(VIRTIO_PCI_CAP_ISR_CFG, 1);
	config = find_structure(VIRTIO_PCI_CAP_DEVICE_CFG, 8);
	notify = find_structure(VIRTIO_PCI_CAP_NOTIFY_CFG, 2);
	notify_multiplier =
		pci_get(find(VIRTIO_PCI_CAP_NOTIFY_CFG) + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
	pci_put(PCI_BASE_ADDRESS_0, BAR, 4);
	pci_put(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static void create(const struct msi_target *msi)
{
	const struct pci_host_config host_config = {
		.window_base = WINDOW,
		.window_size = WINDOW_SIZE,
		.intx = {.set = on_line, .number = SPI},
	};

	disk = (struct block_backend){.size = DISK_SIZE, .fd = memfd_create("disk", MFD_CLOEXEC)};
	assert_int_equal(ftruncate(disk.fd, DISK_SIZE), 0);
	assert_int_equal(pwrite(disk.fd, "sector 2", 8, 1024), 8);
	memory = (struct guest_memory){0};
	assert_int_equal(guest_memory_add(&memory, GUEST_BASE, GUEST_SIZE), 0);
	atomic_store(&line, false);
	for (unsigned int i = 0; i < 4; i++) {
		atomic_store(&messages[i], 0);
	}
	host = pci_host_create(&host_config);
	assert_int_equal(
		pci_host_add(host, virtio_pci_create(virtio_blk_create(&disk, NULL), &memory, msi)),
		0);
	find_all();
}

static int set_up(void **state)
{
	const struct msi_target msi = {on_message, NULL};

	(void)state;
	create(&msi);
	return 0;
}

static int set_up_without_msi(void **state)
{
	(void)state;
	create(NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pci_host_class.destroy(host);
	guest_memory_release(&memory);
	close(disk.fd);
	return 0;
}

/* Vector n sends message n, from now on. */
static void start_msix(void)
{
	uint32_t at = pci_get(PCI_CAPABILITY_LIST, 1);
	uint32_t table = BAR + (pci_get(at + PCI_MSIX_TABLE, 4) & ~7u);

	assert_int_equal(pci_get(at, 1), PCI_CAP_ID_MSIX);
	assert_int_equal(pci_get(at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE, 1); /* two */
	for (unsigned int i = 0; i < 2; i++) {
		set_address(table + 16 * i, MESSAGE);
		put(table + 16 * i + 8, i, 4);
		put(table + 16 * i + 12, 0, 4);
	}
	pci_put(at + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
}

static void negotiate(void)
{
	put(COMMON(device_status), 0, 1);
	assert_int_equal(get(COMMON(device_status), 1), 0);
	put(COMMON(device_status), 3, 1);
	put(COMMON(guest_feature_select), 1, 4);
	put(COMMON(guest_feature), VIRTIO_F_VERSION_1 >> 32, 4);
	put(COMMON(device_status), 11, 1);
	assert_int_equal(get(COMMON(device_status), 1), 11);
}

static void start(void)
{
	negotiate();
	guest_ring_init(&ring, &memory, 0, 16);
	memset(guest_memory_span(&memory, ring.setup.desc, 0x10000), 0, 0x10000);
	put(COMMON(queue_select), 0, 2);
	put(COMMON(queue_size), 16, 2);
	set_address(COMMON(queue_desc_lo), ring.setup.desc);
	set_address(COMMON(queue_avail_lo), ring.setup.driver);
	set_address(COMMON(queue_used_lo), ring.setup.device);
	put(COMMON(queue_msix_vector), 1, 2);
	put(COMMON(msix_config), 0, 2);
	put(COMMON(queue_enable), 1, 2);
	put(COMMON(device_status), 15, 1);
}

static bool wait_until(bool (*is_so)(void))
{
	for (unsigned int i = 0; i < 5000; i++) {
		if (is_so()) {
			return true;
		}
		usleep(1000);
	}
	return false;
}

static bool is_done(void)
{
	uint32_t head, length;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return guest_ring_take(&ring, &head, &length);
}

static bool is_interrupted(void)
{
	return atomic_load(&line) || atomic_load(&messages[1]);
}

static bool is_broken(void)
{
	return get(COMMON(device_status), 1) & 64;
}

/* Reads sector 2. */
static void offer_request(void)
{
	const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = {0, 0, 2};

	guest_put(&memory, HEADER, &header, 16);
	memset(guest_memory_span(&memory, DATA, 512), 0, 512);
	guest_ring_desc(&ring, 0, HEADER, 16, DESC_NEXT, 1);
	guest_ring_desc(&ring, 1, DATA, 512, DESC_NEXT | DESC_WRITE, 2);
	guest_ring_desc(&ring, 2, STATUS, 1, DESC_WRITE, 0);
	guest_ring_offer(&ring, 0);
}

static void expect_answer(void)
{
	assert_true(wait_until(is_done));
	assert_memory_equal(guest_memory_span(&memory, DATA, 8), "sector 2", 8);
}

static void request(void)
{
	offer_request();
	put(COMMON(queue_select), 0, 2);
	put(notify + get(COMMON(queue_notify_off), 2) * notify_multiplier, 0, 2);
	expect_answer();
}

static void test_identifies_itself(void **state)
{
	(void)state;
	assert_int_equal(pci_get(PCI_VENDOR_ID, 4), 0x10421af4);
	assert_true(pci_get(PCI_REVISION_ID, 1) >= 1);
	assert_true(pci_get(PCI_SUBSYSTEM_ID, 2) >= 0x40);
	assert_int_equal(get(COMMON(num_queues), 2), 1);
	assert_int_equal(get(COMMON(queue_size), 2), 256);
	assert_int_equal(get(config, 4), DISK_SIZE / 512);
	put(COMMON(queue_select), 1, 2);
	assert_int_equal(get(COMMON(queue_size), 2), 0);
	put(COMMON(device_feature_select), 1, 4);
	assert_int_equal(get(COMMON(device_feature), 4), VIRTIO_F_VERSION_1 >> 32);
}

static void test_registers_read_back(void **state)
{
	(void)state;
	negotiate();
	assert_int_equal(get(COMMON(guest_feature), 4), 1);
	put(COMMON(queue_size), 32, 2);
	assert_int_equal(get(COMMON(queue_size), 2), 32);
	set_address(COMMON(queue_desc_lo), 0x1234567890);
	set_address(COMMON(queue_avail_lo), 0x2345678900);
	set_address(COMMON(queue_used_lo), 0x3456789000);
	assert_int_equal(get(COMMON(queue_desc_lo), 4), 0x34567890);
	assert_int_equal(get(COMMON(queue_desc_hi), 4), 0x12);
	assert_int_equal(get(COMMON(queue_avail_lo), 4), 0x45678900);
	assert_int_equal(get(COMMON(queue_avail_hi), 4), 0x23);
	assert_int_equal(get(COMMON(queue_used_lo), 4), 0x56789000);
	assert_int_equal(get(COMMON(queue_used_hi), 4), 0x34);
	/* Not a whole field. */
	put(COMMON(queue_desc_lo), 0, 2);
	assert_int_equal(get(COMMON(queue_desc_lo), 4), 0x34567890);
	assert_int_equal(get(COMMON(device_status), 4), 0);
	put(COMMON(queue_enable), 1, 2);
	put(COMMON(queue_enable), 0, 2);
	assert_int_equal(get(COMMON(queue_enable), 2), 1);
	put(COMMON(device_status), 0, 1);
	assert_int_equal(get(COMMON(queue_enable), 2), 0);
	assert_int_equal(get(COMMON(queue_size), 2), 256);
}

static void test_interrupts_by_message(void **state)
{
	(void)state;
	start_msix();
	start();
	request();
	assert_true(wait_until(is_interrupted));
	assert_true(atomic_load(&messages[1]) && !atomic_load(&messages[0]));
	assert_false(atomic_load(&line));
}

static void test_interrupts_by_line(void **state)
{
	(void)state;
	start();
	request();
	assert_true(wait_until(is_interrupted));
	assert_true(pci_get(PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	assert_int_equal(get(isr, 1), 1);
	assert_false(atomic_load(&line));
	assert_int_equal(get(isr, 1), 0);
	assert_false(pci_get(PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	request();
	assert_true(wait_until(is_interrupted));
	put(COMMON(device_status), 0, 1); /* ends it, too */
	assert_false(atomic_load(&line));
}

static void test_vectors(void **state)
{
	(void)state;
	start();
	assert_int_equal(get(COMMON(queue_msix_vector), 2), 1);
	assert_int_equal(get(COMMON(msix_config), 2), 0);
	put(COMMON(queue_msix_vector), 2, 2); /* there are two */
	assert_int_equal(get(COMMON(queue_msix_vector), 2), VIRTIO_MSI_NO_VECTOR);
	put(COMMON(queue_select), 8, 2);
	put(COMMON(queue_msix_vector), 1, 2);
	assert_int_equal(get(COMMON(queue_msix_vector), 2), VIRTIO_MSI_NO_VECTOR);
	assert_int_equal(get(COMMON(msix_config), 2), 0);
	put(COMMON(device_status), 0, 1);
	assert_int_equal(get(COMMON(msix_config), 2), VIRTIO_MSI_NO_VECTOR);
}

static void test_bad_ring_is_told(void **state)
{
	(void)state;
	start_msix();
	start();
	guest_ring_desc(&ring, 0, HEADER, 16, 0, 0); /* no room for a status */
	guest_ring_offer(&ring, 0);
	put(notify, 0, 2);
	assert_true(wait_until(is_broken));
	assert_int_equal(atomic_load(&messages[0]), 1);
	assert_true(get(isr, 1) & 2);
	start();
	request();
}

static uint32_t window_get(uint32_t at, uint32_t offset, uint32_t size)
{
	pci_put(at + VIRTIO_PCI_CAP_OFFSET, offset, 4);
	pci_put(at + VIRTIO_PCI_CAP_LENGTH, size, 4);
	return pci_get(at + sizeof(struct virtio_pci_cap), size == 1 || size == 2 ? size : 4);
}

/* Everything through configuration space, as firmware does before it places BARs. */
static void test_window(void **state)
{
	uint32_t at = find(VIRTIO_PCI_CAP_PCI_CFG), data = at + sizeof(struct virtio_pci_cap);

	(void)state;
	start();
	pci_put(PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	assert_int_equal(get(COMMON(num_queues), 2), 0xffff);
	assert_int_equal(window_get(at, COMMON(num_queues) - BAR, 2), 1);
	assert_int_equal(window_get(at, config - BAR, 4), DISK_SIZE / 512);
	offer_request();
	window_get(at, notify - BAR, 2);
	pci_put(data, 0, 2);
	expect_answer();
	assert_int_equal(window_get(at, COMMON(device_status) - BAR, 1), 15);
	pci_put(data, 0, 1);
	assert_int_equal(window_get(at, COMMON(device_status) - BAR, 1), 0);
}

static void test_window_in_bad_places(void **state)
{
	static const uint32_t places[][2] = {{0, 3},      {0, 0},   {0, 8},      {1, 2},
					     {0x8000, 4}, {~3u, 4}, {0x7ffe, 4}, {0, ~0u}};
	uint32_t at = find(VIRTIO_PCI_CAP_PCI_CFG), data = at + sizeof(struct virtio_pci_cap);

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		window_get(at, 0, 4);
		pci_put(data, 0x55555555, 4);
		window_get(at, places[i][0], places[i][1]);
		assert_int_equal(pci_get(data, 4), 0x55555555);
		pci_put(data, 0x55555555, 4);
	}
	window_get(at, 0, 4);
	pci_put(at + VIRTIO_PCI_CAP_BAR, 1, 1);
	pci_put(data, 1, 4);
	pci_put(at + VIRTIO_PCI_CAP_BAR, 0, 1);
	assert_int_equal(pci_get(data, 4), 0x55555555); /* device_feature_select */
}

/* A driver that is gone has only cleared Bus Master Enable, and another owns the memory. */
static void test_is_no_master(void **state)
{
	(void)state;
	start_msix();
	start();
	request();
	assert_true(wait_until(is_interrupted));
	pci_put(PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	offer_request();
	put(notify, 0, 2);
	usleep(20000);
	assert_false(is_done());
	atomic_store(&messages[1], 0);
	pci_put(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	expect_answer();
	assert_true(wait_until(is_interrupted));
}

static void test_without_msi(void **state)
{
	(void)state;
	assert_int_not_equal(pci_get(pci_get(PCI_CAPABILITY_LIST, 1), 1), PCI_CAP_ID_MSIX);
	start();
	assert_int_equal(get(COMMON(queue_msix_vector), 2), VIRTIO_MSI_NO_VECTOR);
	assert_int_equal(get(COMMON(msix_config), 2), VIRTIO_MSI_NO_VECTOR);
	request();
	assert_true(wait_until(is_interrupted));
}

/* A guest that writes anything anywhere, and to rings as well; then one that does it right. */
static void test_random_accesses(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int size = 1u << random() % 3;
		uint32_t value = (uint32_t)random() << 1, offset = (uint32_t)random() % 0x8000;

		if (i % 1000 == 0) {
			find_all();
			start_msix();
			start();
		}
		switch (random() % 6) {
		case 0:
			pci_put(offset % 0x100, value, size);
			break;
		case 1:
			pci_get(offset % 0x100, size);
			break;
		case 2:
			put(BAR + offset, value, size);
			break;
		case 3:
			put(BAR + (offset & 0x503f), value % 32, size); /* common and MSI-X */
			break;
		case 4:
			get(BAR + offset, size);
			break;
		default:
			guest_put(&memory, ring.setup.desc + offset, &value, 4);
			put(notify, 0, 2);
			break;
		}
	}
	put(common, 0, 4);
	find_all();
	start_msix();
	atomic_store(&messages[1], 0);
	start();
	request();
	assert_true(wait_until(is_interrupted));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identifies_itself),
		TEST(test_registers_read_back),
		TEST(test_interrupts_by_message),
		TEST(test_interrupts_by_line),
		TEST(test_vectors),
		TEST(test_bad_ring_is_told),
		TEST(test_window),
		TEST(test_window_in_bad_places),
		TEST(test_is_no_master),
		cmocka_unit_test_setup_teardown(test_without_msi, set_up_without_msi, tear_down),
		TEST(test_random_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
