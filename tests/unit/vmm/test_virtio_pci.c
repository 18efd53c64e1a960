// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_virtio_pci.c: virtio over PCI with the block device behind it, driven as a guest does: from
 * capabilities to registers, rings and interrupts.
 */
#include "cmocka_all.h"
#include "virtio_pci_driver.h"

#include "block/block.h"
#include "devices/virtio/blk.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define DISK_SIZE 65536u
#define HEADER    (GUEST_BASE + 0x100000)
#define DATA      (GUEST_BASE + 0x110000)
#define STATUS    (GUEST_BASE + 0x120000)

#define COMMON(field) PCI_COMMON(&driver, field)

static struct virtio_pci_driver driver;
static struct block_backend disk;

static uint32_t pci_get(uint32_t offset, unsigned int size)
{
	return pci_driver_read(&driver, offset, size);
}

static void pci_put(uint32_t offset, uint32_t value, unsigned int size)
{
	pci_driver_write(&driver, offset, value, size);
}

static uint32_t get(uint32_t gpa, unsigned int size)
{
	return pci_driver_get(&driver, gpa, size);
}

static void put(uint32_t gpa, uint32_t value, unsigned int size)
{
	pci_driver_put(&driver, gpa, value, size);
}

static void create(bool has_msi)
{
	disk = (struct block_backend){.size = DISK_SIZE, .fd = memfd_create("disk", MFD_CLOEXEC)};
	assert_int_equal(ftruncate(disk.fd, DISK_SIZE), 0);
	assert_int_equal(pwrite(disk.fd, "sector 2", 8, 1024), 8);
	memset(&driver, 0, sizeof(driver));
	assert_int_equal(guest_memory_add(&driver.memory, GUEST_BASE, GUEST_SIZE), 0);
	assert_int_equal(pci_driver_create(&driver, virtio_blk_create(&disk, NULL), has_msi), 0);
	pci_driver_probe(&driver);
}

static int set_up(void **state)
{
	(void)state;
	create(true);
	return 0;
}

static int set_up_without_msi(void **state)
{
	(void)state;
	create(false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pci_host_class.destroy(driver.host);
	guest_memory_release(&driver.memory);
	close(disk.fd);
	return 0;
}

static void start(void)
{
	pci_driver_start(&driver, 1);
	assert_int_equal(get(COMMON(device_status), 1) | 64, 15 | 64);
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
	return guest_ring_take(&driver.rings[0], &head, &length);
}

static bool is_interrupted(void)
{
	return atomic_load(&driver.line) || atomic_load(&driver.messages[1]);
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

	guest_put(&driver.memory, HEADER, &header, 16);
	memset(guest_memory_span(&driver.memory, DATA, 512), 0, 512);
	guest_ring_desc(&driver.rings[0], 0, HEADER, 16, DESC_NEXT, 1);
	guest_ring_desc(&driver.rings[0], 1, DATA, 512, DESC_NEXT | DESC_WRITE, 2);
	guest_ring_desc(&driver.rings[0], 2, STATUS, 1, DESC_WRITE, 0);
	guest_ring_offer(&driver.rings[0], 0);
}

static void expect_answer(void)
{
	assert_true(wait_until(is_done));
	assert_memory_equal(guest_memory_span(&driver.memory, DATA, 8), "sector 2", 8);
}

static void request(void)
{
	offer_request();
	put(COMMON(queue_select), 0, 2);
	put(driver.notify + get(COMMON(queue_notify_off), 2) * driver.notify_multiplier, 0, 2);
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
	assert_int_equal(get(driver.config, 4), DISK_SIZE / 512);
	put(COMMON(queue_select), 1, 2);
	assert_int_equal(get(COMMON(queue_size), 2), 0);
	put(COMMON(device_feature_select), 1, 4);
	assert_int_equal(get(COMMON(device_feature), 4), VIRTIO_F_VERSION_1 >> 32);
}

/* Each structure once, where the BAR is, large enough; and MSI-X with two vectors. */
static void test_lists_structures(void **state)
{
	static const uint32_t min_sizes[] = {
		[VIRTIO_PCI_CAP_COMMON_CFG] = sizeof(struct virtio_pci_common_cfg),
		[VIRTIO_PCI_CAP_NOTIFY_CFG] = 2,
		[VIRTIO_PCI_CAP_ISR_CFG] = 1,
		[VIRTIO_PCI_CAP_DEVICE_CFG] = 60,
		[VIRTIO_PCI_CAP_PCI_CFG] = 0,
	};
	unsigned int seen[6] = {0}, nr_msix = 0;

	(void)state;
	for (uint32_t at = pci_get(PCI_CAPABILITY_LIST, 1); at; at = pci_get(at + 1, 1)) {
		uint32_t type = pci_get(at + VIRTIO_PCI_CAP_CFG_TYPE, 1);

		if (pci_get(at, 1) == PCI_CAP_ID_MSIX) {
			assert_int_equal(pci_get(at + PCI_MSIX_FLAGS, 2), 1);
			nr_msix++;
			continue;
		}
		assert_int_equal(pci_get(at, 1), PCI_CAP_ID_VNDR);
		assert_in_range(type, 1, 5);
		assert_int_equal(pci_get(at + VIRTIO_PCI_CAP_BAR, 1), 0);
		assert_true(pci_get(at + VIRTIO_PCI_CAP_LENGTH, 4) >= min_sizes[type]);
		seen[type]++;
	}
	assert_int_equal(nr_msix, 1);
	for (unsigned int type = 1; type <= 5; type++) {
		assert_int_equal(seen[type], 1);
	}
}

static void test_registers_read_back(void **state)
{
	(void)state;
	assert_int_equal(pci_driver_negotiate(&driver), 11);
	assert_int_equal(get(COMMON(guest_feature), 4), 1);
	put(COMMON(queue_size), 32, 2);
	assert_int_equal(get(COMMON(queue_size), 2), 32);
	pci_driver_put64(&driver, COMMON(queue_desc_lo), 0x1234567890);
	pci_driver_put64(&driver, COMMON(queue_avail_lo), 0x2345678900);
	pci_driver_put64(&driver, COMMON(queue_used_lo), 0x3456789000);
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
	assert_int_equal(get(COMMON(device_status), 1), 0);
	assert_int_equal(get(COMMON(queue_enable), 2), 0);
	assert_int_equal(get(COMMON(queue_size), 2), 256);
}

static void test_interrupts_by_message(void **state)
{
	(void)state;
	pci_driver_start_msix(&driver, 2);
	start();
	request();
	assert_true(wait_until(is_interrupted));
	assert_true(atomic_load(&driver.messages[1]) && !atomic_load(&driver.messages[0]));
	assert_false(atomic_load(&driver.line));
}

static void test_interrupts_by_line(void **state)
{
	(void)state;
	start();
	request();
	assert_true(wait_until(is_interrupted));
	assert_true(pci_get(PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	assert_int_equal(get(driver.isr, 1), 1);
	assert_false(atomic_load(&driver.line));
	assert_int_equal(get(driver.isr, 1), 0);
	assert_false(pci_get(PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	request();
	assert_true(wait_until(is_interrupted));
	put(COMMON(device_status), 0, 1); /* ends it, too */
	assert_false(atomic_load(&driver.line));
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
	pci_driver_start_msix(&driver, 2);
	start();
	guest_ring_desc(&driver.rings[0], 0, HEADER, 16, 0, 0); /* no room for a status */
	guest_ring_offer(&driver.rings[0], 0);
	pci_driver_notify(&driver, 0);
	assert_true(wait_until(is_broken));
	assert_int_equal(atomic_load(&driver.messages[0]), 1);
	assert_true(get(driver.isr, 1) & 2);
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
	uint32_t at = pci_driver_find(&driver, VIRTIO_PCI_CAP_PCI_CFG),
		 data = at + sizeof(struct virtio_pci_cap);

	(void)state;
	start();
	pci_put(PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	assert_int_equal(get(COMMON(num_queues), 2), 0xffff);
	assert_int_equal(window_get(at, COMMON(num_queues) - PCI_BAR, 2), 1);
	assert_int_equal(window_get(at, driver.config - PCI_BAR, 4), DISK_SIZE / 512);
	offer_request();
	window_get(at, driver.notify - PCI_BAR, 2);
	pci_put(data, 0, 2);
	expect_answer();
	assert_int_equal(window_get(at, COMMON(device_status) - PCI_BAR, 1), 15);
	pci_put(data, 0, 1);
	assert_int_equal(window_get(at, COMMON(device_status) - PCI_BAR, 1), 0);
}

static void test_window_in_bad_places(void **state)
{
	static const uint32_t places[][2] = {{0, 3},      {0, 0},   {0, 8},      {1, 2},
					     {0x8000, 4}, {~3u, 4}, {0x7ffe, 4}, {0, ~0u}};
	uint32_t at = pci_driver_find(&driver, VIRTIO_PCI_CAP_PCI_CFG),
		 data = at + sizeof(struct virtio_pci_cap);

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
	pci_driver_start_msix(&driver, 2);
	start();
	request();
	assert_true(wait_until(is_interrupted));
	pci_put(PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	offer_request();
	pci_driver_notify(&driver, 0);
	usleep(20000);
	assert_false(is_done());
	atomic_store(&driver.messages[1], 0);
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
			pci_driver_probe(&driver);
			pci_driver_start_msix(&driver, 2);
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
			put(PCI_BAR + offset, value, size);
			break;
		case 3:
			put(PCI_BAR + (offset & 0x503f), value % 32, size); /* common and MSI-X */
			break;
		case 4:
			get(PCI_BAR + offset, size);
			break;
		default:
			guest_put(&driver.memory, driver.rings[0].setup.desc + offset, &value, 4);
			pci_driver_notify(&driver, 0);
			break;
		}
	}
	put(driver.common, 0, 4);
	pci_driver_probe(&driver);
	pci_driver_start_msix(&driver, 2);
	atomic_store(&driver.messages[1], 0);
	start();
	request();
	assert_true(wait_until(is_interrupted));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identifies_itself),
		TEST(test_lists_structures),
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
