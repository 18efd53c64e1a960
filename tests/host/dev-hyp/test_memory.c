// SPDX-License-Identifier: BSD-3-Clause
/* Memory slots: what may be asked for, and what the guest then sees. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uapi/hyp.h>
#include "dev_hyp.h"

#define OTHER_BASE 0x80000000ul
#define PAGE       4096ul
#define BLOCK      (2ul << 20)

static void test_slots_bad(void)
{
	int nr = ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	uint8_t *memory = memory_map(16 * PAGE, PAGE);
	struct vm vm;

	vm_make_empty(&vm);
	CHECK_ERRNO(ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, NULL), EFAULT);
	CHECK_ERRNO(vm_set_slot(&vm, (uint32_t)nr, 0, RAM_BASE, PAGE, memory), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 1u << 31, RAM_BASE, PAGE, memory), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE + 1, PAGE, memory), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE, PAGE + 1, memory), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE, PAGE, memory + 1), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, -PAGE, 2 * PAGE, memory), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE, 2 * PAGE, (void *)-PAGE), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, 1ul << 40, PAGE, memory), EFAULT);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE, 0, memory), EINVAL); /* there is none */
	vm_free(&vm);
}

static void test_slots_change(void)
{
	uint8_t *memory = memory_map(16 * PAGE, PAGE);
	struct vm vm;

	vm_make_empty(&vm);
	CHECK_OK(vm_set_slot(&vm, 0, 0, RAM_BASE, 4 * PAGE, memory));
	CHECK_OK(vm_set_slot(&vm, 0, 0, RAM_BASE, 4 * PAGE, memory)); /* no change */
	CHECK_ERRNO(vm_set_slot(&vm, 1, 0, RAM_BASE + 3 * PAGE, PAGE, memory), EEXIST);
	CHECK_OK(vm_set_slot(&vm, 1, 0, RAM_BASE + 4 * PAGE, PAGE, memory + 4 * PAGE));
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE, 3 * PAGE, memory), EINVAL); /* size */
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE, 4 * PAGE, memory + PAGE), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, KVM_MEM_READONLY, RAM_BASE, 4 * PAGE, memory), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE + PAGE, 4 * PAGE, memory), EEXIST); /* move */
	CHECK_OK(vm_set_slot(&vm, 0, 0, RAM_BASE + 8 * PAGE, 4 * PAGE, memory));
	CHECK_OK(vm_set_slot(&vm, 0, 0, RAM_BASE + 8 * PAGE, 0, NULL)); /* delete */
	CHECK_ERRNO(vm_set_slot(&vm, 0, 0, RAM_BASE + 8 * PAGE, 0, NULL), EINVAL);
	CHECK_OK(vm_set_slot(&vm, 2, 0, RAM_BASE, 4 * PAGE, memory));
	vm_free(&vm);
}

static void test_slots_many(void)
{
	int nr = ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	uint8_t *memory;
	struct vm vm;
	int i;

	nr = nr > 500 ? 500 : nr;
	memory = memory_map((size_t)nr * PAGE, PAGE);
	vm_make(&vm, 1, GUEST(fill));
	for (i = 1; i < nr; i++) { /* every second page of the guest's address space */
		uint64_t gpa = OTHER_BASE + 2 * PAGE * (uint64_t)(nr - i);

		CHECK_OK(vm_set_slot(&vm, (uint32_t)i, 0, gpa, PAGE, memory + (size_t)i * PAGE));
	}
	reg_set_x(&vm, 0, 0, OTHER_BASE + 2 * PAGE);
	reg_set_x(&vm, 0, 1, 1000);
	reg_set_x(&vm, 0, 2, (uint64_t)nr - 1);
	reg_set_x(&vm, 0, 3, 2 * PAGE);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	for (i = 1; i < nr; i++) {
		CHECK_EQ(*(uint64_t *)(memory + (size_t)i * PAGE), 1000 + nr - i - 1);
	}
	vm_free(&vm);
}

/* Fills bytes of other memory, one word a stride, and looks at it from outside. */
static void fill_and_check(uint8_t *start, size_t bytes, size_t stride)
{
	uint64_t nr = bytes / stride;
	uint64_t i;
	struct vm vm;

	vm_make(&vm, 1, GUEST(fill));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, bytes, start));
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 7);
	reg_set_x(&vm, 0, 2, nr);
	reg_set_x(&vm, 0, 3, stride);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	for (i = 0; i < nr; i++) {
		CHECK_EQ(*(uint64_t *)(start + i * stride), 7 + i);
	}
	vm_free(&vm);
	munmap(start, bytes);
}

static void test_memory_small(void)
{
	fill_and_check(memory_map(64 * PAGE, PAGE), 64 * PAGE, PAGE);
}

/* 16 MiB where host and guest addresses agree modulo 2 MiB, and where they do not. */
static void test_memory_huge(void)
{
	fill_and_check(memory_map(16ul << 20, BLOCK), 16ul << 20, 64 * 1024);
}

static void test_memory_unaligned(void)
{
	uint8_t *memory = memory_map(18ul << 20, BLOCK);

	fill_and_check(memory + PAGE, 16ul << 20, 64 * 1024);
}

static void test_file_bad(void)
{
	struct hyp_memory file = {.size = BLOCK};
	int prot = PROT_READ | PROT_WRITE;
	int fd;

	if (!dev_is_hyp) {
		test_skip("KVM has no files of memory");
	}
	CHECK_EQ(ioctl(dev_fd, KVM_CHECK_EXTENSION, HYP_CAP_MEMORY), 1);
	fd = ioctl(dev_fd, HYP_CREATE_MEMORY, &file);
	CHECK_OK(fd);
	CHECK_ERRNO((long)mmap(NULL, BLOCK, prot, MAP_PRIVATE, fd, 0), EINVAL);
	CHECK_ERRNO((long)mmap(NULL, BLOCK + PAGE, prot, MAP_SHARED, fd, 0), EINVAL);
	CHECK_ERRNO((long)mmap(NULL, BLOCK, prot, MAP_SHARED, fd, PAGE), EINVAL);
	CHECK_ERRNO((long)mmap(NULL, PAGE, prot, MAP_SHARED, fd, -PAGE), EOVERFLOW);
	CHECK_ERRNO(ioctl(dev_fd, HYP_CREATE_MEMORY, NULL), EFAULT);
	file.flags = 1;
	CHECK_ERRNO(ioctl(dev_fd, HYP_CREATE_MEMORY, &file), EINVAL);
	file.flags = 0;
	file.size = BLOCK + 1;
	CHECK_ERRNO(ioctl(dev_fd, HYP_CREATE_MEMORY, &file), EINVAL);
	file.size = 0;
	CHECK_ERRNO(ioctl(dev_fd, HYP_CREATE_MEMORY, &file), EINVAL);
	file.size = -PAGE;
	CHECK_ERRNO(ioctl(dev_fd, HYP_CREATE_MEMORY, &file), EINVAL);
}

/* Blocks, and single pages behind the last one; in line with huge pages, and not; a part of a
 * block; too small for a block: rows of pages, of which this process has touched one, and what is
 * left over. */
static void test_file(void)
{
	size_t bytes = 4 * BLOCK + 5 * PAGE;
	uint8_t *memory;

	if (!dev_is_hyp) {
		test_skip("KVM has no files of memory");
	}
	fill_and_check(memory_map_file(bytes, BLOCK), bytes, PAGE);
	fill_and_check((uint8_t *)memory_map_file(bytes, BLOCK) + PAGE, bytes - PAGE, PAGE);
	memory = memory_map_file(2 * BLOCK, BLOCK);
	CHECK(mmap(memory + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + 3 * PAGE);
	fill_and_check(memory, 2 * BLOCK, PAGE);
	bytes = 100 * PAGE;
	memory = memory_map_file(bytes, BLOCK);
	memory[40 * PAGE] = 1;
	fill_and_check(memory, bytes, PAGE);
}

/* The file says how much memory it has, whoever touched it first. */
static void test_file_counts(void)
{
	struct hyp_memory args = {.size = 4 * BLOCK + PAGE};
	struct stat stat;
	uint8_t *memory;
	struct vm vm;
	int fd;

	if (!dev_is_hyp) {
		test_skip("KVM has no files of memory");
	}
	fd = ioctl(dev_fd, HYP_CREATE_MEMORY, &args);
	CHECK_OK(fd);
	memory = mmap(NULL, args.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	CHECK_OK(fstat(fd, &stat));
	CHECK_EQ(stat.st_blocks, 0);
	memory[4 * BLOCK] = 1;
	CHECK_OK(fstat(fd, &stat));
	CHECK_EQ(stat.st_blocks * 512, PAGE);
	vm_make(&vm, 1, GUEST(fill));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, 4 * BLOCK, memory));
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 7);
	reg_set_x(&vm, 0, 2, 4 * BLOCK / PAGE);
	reg_set_x(&vm, 0, 3, PAGE);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	CHECK_OK(fstat(fd, &stat));
	CHECK_EQ(stat.st_blocks * 512, 4 * BLOCK + PAGE);
	vm_free(&vm);
}

/* What this process wrote, the guest finds; what the guest wrote, a system call finds. */
static void test_file_written_by_host(void)
{
	uint8_t *memory;
	uint64_t word;
	struct vm vm;
	int fds[2];

	if (!dev_is_hyp) {
		test_skip("KVM has no files of memory");
	}
	memory = memory_map_file(2 * BLOCK, BLOCK);
	for (size_t at = 0; at < 2 * BLOCK; at += PAGE) {
		CHECK_EQ(memory[at], 0);
		memory[at] = (uint8_t)(at / PAGE);
	}
	vm_make(&vm, 1, GUEST(peek));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, 2 * BLOCK, memory));
	reg_set_x(&vm, 0, 0, OTHER_BASE + BLOCK + 3 * PAGE);
	reg_set_x(&vm, 0, 1, 0x4321);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 3);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	CHECK_OK(pipe(fds));
	CHECK_EQ(write(fds[1], memory + BLOCK + 3 * PAGE, sizeof(word)), sizeof(word));
	CHECK_EQ(read(fds[0], &word, sizeof(word)), sizeof(word));
	CHECK_EQ(word, 0x4321);
	vm_free(&vm);
	munmap(memory, 2 * BLOCK);
}

/* A page here and there in 4 GiB: many tables, which must be bought, and wiped in the end. */
static void test_memory_sparse(void)
{
	size_t bytes = 4ul << 30;
	uint8_t *memory = memory_map(bytes, PAGE);
	uint64_t nr = bytes / BLOCK;
	struct vm vm;
	uint64_t i;

	CHECK_OK(madvise(memory, bytes, MADV_NOHUGEPAGE));
	vm_make(&vm, 1, GUEST(fill));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, bytes, memory));
	reg_set_x(&vm, 0, 0, OTHER_BASE + 15 * PAGE);
	reg_set_x(&vm, 0, 1, 7);
	reg_set_x(&vm, 0, 2, nr);
	reg_set_x(&vm, 0, 3, BLOCK);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	vcpu_run_to_event(&vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	for (i = 0; i < nr; i++) {
		CHECK_EQ(*(uint64_t *)(memory + i * BLOCK + 15 * PAGE), 7 + i);
	}
	vm_free(&vm);
}

static void test_memory_written_by_host(void)
{
	struct vm vm;
	uint64_t *word;

	vm_make(&vm, 1, GUEST(peek));
	word = (uint64_t *)(vm.ram + 0x100000);
	*word = 41;
	reg_set_x(&vm, 0, 0, RAM_BASE + 0x100000);
	reg_set_x(&vm, 0, 1, 77);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 41);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	CHECK_EQ(*word, 77);
	*word = 42;
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 42);
	vm_free(&vm);
}

static void test_readonly(void)
{
	uint8_t *memory = memory_map(PAGE, PAGE);
	struct vm vm;

	vm_make(&vm, 1, GUEST(peek));
	memset(memory, 0x5a, PAGE);
	CHECK_OK(mprotect(memory, PAGE, PROT_READ));
	CHECK_OK(vm_set_slot(&vm, 1, KVM_MEM_READONLY, OTHER_BASE, PAGE, memory));
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 0x1234);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0x5a5a5a5a5a5a5a5a);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, OTHER_BASE, 8), 0x1234); /* goes to user space */
	CHECK_EQ(memory[0], 0x5a);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	vm_free(&vm);
}

/* What was memory becomes MMIO; and memory again, at another place. */
static void test_slot_delete_and_move(void)
{
	uint8_t *memory = memory_map(PAGE, PAGE);
	struct vm vm;

	vm_make(&vm, 1, GUEST(peek));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, PAGE, memory));
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 5);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE + BLOCK, PAGE, memory)); /* away */
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_MMIO);
	CHECK_EQ(vm.run[0]->mmio.phys_addr, OTHER_BASE);
	CHECK(!vm.run[0]->mmio.is_write);
	memset(vm.run[0]->mmio.data, 0x11, 8);
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, PAGE, memory)); /* and back */
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0x1111111111111111);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 5);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, 0, NULL));
	CHECK_OK(vcpu_run(&vm, 0));
	CHECK_EQ(vm.run[0]->exit_reason, KVM_EXIT_MMIO);
	vm_free(&vm);
}

/* The process has nothing where the slot points. */
static void test_slot_without_memory(void)
{
	uint8_t *memory = memory_map(PAGE, PAGE);
	struct vm vm;

	vm_make(&vm, 1, GUEST(peek));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, PAGE, memory));
	munmap(memory, PAGE);
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	CHECK_ERRNO(vcpu_run(&vm, 0), EFAULT);
	CHECK_ERRNO(vcpu_run(&vm, 0), EFAULT);
	CHECK_OK(mmap(memory, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      -1, 0) == MAP_FAILED
			 ? -1
			 : 0);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	vm_free(&vm);
}

/* Pages that a guest has touched are charged, and given back with the VM. */
static void test_memlock(void)
{
	struct rlimit limit = {1ul << 20, 1ul << 20};
	uint8_t *memory = memory_map(4ul << 20, BLOCK);
	struct vm vm;

	if (!dev_is_hyp) {
		test_skip("KVM does not pin");
	}
	vm_make(&vm, 1, GUEST(fill));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, 4ul << 20, memory));
	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK_OK(setuid(65534)); /* no CAP_IPC_LOCK */
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 7);
	reg_set_x(&vm, 0, 2, 1024);
	reg_set_x(&vm, 0, 3, PAGE);
	CHECK_ERRNO(vcpu_run(&vm, 0), ENOMEM);
	vm_free(&vm);
}

const struct test tests_memory[] = {
	{"slots_bad", test_slots_bad},
	{"slots_change", test_slots_change},
	{"slots_many", test_slots_many},
	{"memory_small", test_memory_small},
	{"memory_huge", test_memory_huge},
	{"memory_unaligned", test_memory_unaligned},
	{"file_bad", test_file_bad},
	{"file", test_file},
	{"file_counts", test_file_counts},
	{"file_written_by_host", test_file_written_by_host},
	{"memory_sparse", test_memory_sparse},
	{"memory_written_by_host", test_memory_written_by_host},
	{"readonly", test_readonly},
	{"slot_delete_and_move", test_slot_delete_and_move},
	{"slot_without_memory", test_slot_without_memory},
	{"memlock", test_memlock},
	{},
};
