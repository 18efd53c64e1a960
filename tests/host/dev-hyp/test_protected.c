// SPDX-License-Identifier: BSD-3-Clause
/* Protected VMs: what they have nobody else comes to, by whatever way, and gets back wiped. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uapi/hyp.h>
#include "dev_hyp.h"

#define OTHER_BASE 0x80000000ul
#define PAGE       4096ul
#define BLOCK      (2ul << 20)

static sigjmp_buf touched;

static void on_sigbus(int sig)
{
	siglongjmp(touched, sig);
}

/* Whether reading that memory ends in SIGBUS. */
static bool read_faults(const uint8_t *memory, uint8_t *value)
{
	if (sigsetjmp(touched, 1)) {
		return true;
	}
	*value = *(const volatile uint8_t *)memory;
	return false;
}

static void check_reads(const uint8_t *memory, uint8_t want)
{
	uint8_t value = 0;

	CHECK(!read_faults(memory, &value));
	CHECK_EQ(value, want);
}

static void check_faults(const uint8_t *memory)
{
	uint8_t value;

	CHECK(read_faults(memory, &value));
}

/* A protected VM that writes to the first word of nr pages of a slot, stride bytes apart. */
static void make_filler(struct vm *vm, uint8_t *memory, size_t bytes, uint64_t nr, uint64_t stride)
{
	struct sigaction action = {.sa_handler = on_sigbus};

	if (!dev_is_hyp) {
		test_skip("KVM has no protected VMs");
	}
	CHECK_OK(sigaction(SIGBUS, &action, NULL));
	vm_type = HYP_VM_TYPE_PROTECTED;
	vm_make(vm, 1, GUEST(fill));
	CHECK_OK(vm_set_slot(vm, 1, 0, OTHER_BASE, bytes, memory));
	reg_set_x(vm, 0, 0, OTHER_BASE);
	reg_set_x(vm, 0, 1, 7);
	reg_set_x(vm, 0, 2, nr);
	reg_set_x(vm, 0, 3, stride);
}

static void run_filler(struct vm *vm)
{
	CHECK_EQ(vcpu_run_to_write(vm, 0, MMIO_BASE, 8), 0);
}

static void end_filler(struct vm *vm)
{
	vcpu_run_to_event(vm, 0, KVM_SYSTEM_EVENT_SHUTDOWN);
	vm_free(vm);
}

/* What it has touched is lent, SIGBUS to its own VMM, and wiped when it comes back; what it has not
 * touched is the VMM's still. */
static void test_protected(void)
{
	uint8_t *memory = dev_is_hyp ? memory_map_file(8 * BLOCK, BLOCK) : NULL;
	struct vm vm;
	uint64_t reg;
	int fds[2];

	make_filler(&vm, memory, 8 * BLOCK, 4, BLOCK);
	memset(memory, 0x77, 8 * BLOCK);
	run_filler(&vm);
	check_faults(memory);
	check_faults(memory + 4 * BLOCK - 1);
	check_reads(memory + 4 * BLOCK, 0x77);
	CHECK_OK(pipe(fds));
	CHECK_ERRNO(write(fds[1], memory, 8), EFAULT);
	CHECK_ERRNO(reg_get_id(vm.vcpu_fd[0], reg_core_id(0), &reg), EPERM);
	CHECK_ERRNO(vm_set_slot(&vm, 1, 0, OTHER_BASE, 0, NULL), EBUSY); /* not while it may run */
	end_filler(&vm);
	check_reads(memory, 0);
	check_reads(memory + 4 * BLOCK - 1, 0);
	check_reads(memory + 4 * BLOCK, 0x77);
}

/* Slots that are not in line with huge pages: then it is single pages that come and go. */
static void test_protected_pages(void)
{
	uint8_t *memory = dev_is_hyp ? memory_map_file(2 * BLOCK, BLOCK) : NULL;
	struct vm vm;

	make_filler(&vm, memory + 3 * PAGE, 2 * BLOCK - 3 * PAGE, 5, 2 * PAGE);
	memset(memory, 0x77, BLOCK); /* a huge page, and one that is not there yet */
	run_filler(&vm);
	check_reads(memory + 2 * PAGE, 0x77);
	check_faults(memory + 3 * PAGE);
	check_reads(memory + 4 * PAGE, 0x77);
	check_faults(memory + 11 * PAGE);
	check_reads(memory + 12 * PAGE, 0x77);
	check_reads(memory + BLOCK, 0);
	end_filler(&vm);
	check_reads(memory + 3 * PAGE, 0);
	check_reads(memory + 4 * PAGE, 0x77);
	make_filler(&vm, memory + PAGE, 2 * BLOCK - PAGE, 2, BLOCK);
	run_filler(&vm);
	check_faults(memory + PAGE);
	check_faults(memory + BLOCK + PAGE);
	check_reads(memory + BLOCK + 2 * PAGE, 0);
	end_filler(&vm);
	check_reads(memory + BLOCK + PAGE, 0);
}

/* A file's pages are one protected VM's at a time, and after it any VM's. */
static void test_protected_twice(void)
{
	uint8_t *memory = dev_is_hyp ? memory_map_file(BLOCK, BLOCK) : NULL;
	struct vm other;
	struct vm vm;

	make_filler(&vm, memory, BLOCK, 1, PAGE);
	make_filler(&other, memory, BLOCK, 1, PAGE);
	run_filler(&vm);
	CHECK_ERRNO(vcpu_run(&other, 0), EACCES);
	end_filler(&vm);
	run_filler(&other);
	end_filler(&other);
	vm_type = 0;
	vm_make(&vm, 1, GUEST(peek));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, BLOCK, memory));
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 1, 0x4321);
	CHECK_EQ(vcpu_run_to_write(&vm, 0, MMIO_BASE, 8), 0);
	vcpu_run_to_write(&vm, 0, MMIO_BASE + 8, 8);
	check_reads(memory, 0x21);
	make_filler(&other, memory, BLOCK, 1, PAGE);
	CHECK_ERRNO(vcpu_run(&other, 0), EBUSY); /* it is with another one now */
	vm_free(&other);
	vm_free(&vm);
}

/* Reads this process's memory as a debugger does, in a process of its own: errno of each way. */
static void read_from_outside(const uint8_t *memory, int *vm_readv, int *mem)
{
	struct iovec theirs = {(void *)memory, 8};
	int errors[2] = {0, 0};
	int status;
	int fds[2];
	pid_t pid;

	CHECK_OK(pipe(fds));
	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		char path[64];
		uint64_t word;
		struct iovec ours = {&word, sizeof(word)};

		if (process_vm_readv(getppid(), &ours, 1, &theirs, 1, 0) < 0) {
			errors[0] = errno;
		}
		snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
		if (pread(open(path, O_RDONLY), &word, sizeof(word), (off_t)memory) < 0) {
			errors[1] = errno;
		}
		_exit(write(fds[1], errors, sizeof(errors)) != sizeof(errors));
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(read(fds[0], errors, sizeof(errors)), sizeof(errors));
	*vm_readv = errors[0];
	*mem = errors[1];
}

/* By way of other processes, and of the kernel: an error, and neither the data nor an oops. */
static void test_protected_from_outside(void)
{
	uint8_t *memory = dev_is_hyp ? memory_map_file(2 * BLOCK, BLOCK) : NULL;
	int vm_readv;
	int status;
	struct vm vm;
	int mem;
	pid_t pid;

	make_filler(&vm, memory, 2 * BLOCK, 1, PAGE);
	memset(memory, 0x77, 2 * BLOCK);
	pid = fork(); /* who has the pages mapped before they are lent */
	CHECK_OK(pid);
	if (!pid) {
		check_reads(memory, 0x77);
		raise(SIGSTOP);
		check_faults(memory);
		check_reads(memory + BLOCK, 0x77);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	run_filler(&vm);
	kill(pid, SIGCONT);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	read_from_outside(memory, &vm_readv, &mem);
	CHECK_EQ(vm_readv, EFAULT);
	CHECK_EQ(mem, EIO);
	read_from_outside(memory + BLOCK, &vm_readv, &mem);
	CHECK_EQ(vm_readv, 0);
	CHECK_EQ(mem, 0);
	end_filler(&vm);
	read_from_outside(memory, &vm_readv, &mem);
	CHECK_EQ(vm_readv, 0);
	CHECK_EQ(mem, 0);
}

/* Pages that lie in a pipe can be read there at any time: they are not lent before that is over. */
static void test_protected_in_pipe(void)
{
	uint8_t *memory = dev_is_hyp ? memory_map_file(BLOCK, BLOCK) : NULL;
	struct iovec part = {memory + PAGE, 8};
	uint64_t word;
	struct vm vm;
	int fds[2];

	make_filler(&vm, memory, BLOCK, 2, PAGE);
	memset(memory, 0x77, BLOCK);
	CHECK_OK(pipe(fds));
	CHECK_EQ(vmsplice(fds[1], &part, 1, 0), sizeof(word));
	CHECK_ERRNO(vcpu_run(&vm, 0), EBUSY);
	check_reads(memory, 0x77);
	CHECK_EQ(read(fds[0], &word, sizeof(word)), sizeof(word));
	CHECK_EQ(word, 0x7777777777777777);
	run_filler(&vm);
	CHECK_ERRNO(vmsplice(fds[1], &part, 1, 0), EFAULT);
	end_filler(&vm);
}

/* Other memory is refused: Linux has too many ways to it. */
static void test_protected_memory_kinds(void)
{
	uint8_t *memory = dev_is_hyp ? memory_map_file(2 * BLOCK, BLOCK) : NULL;
	uint8_t *private = memory_map(BLOCK, BLOCK);
	uint8_t *shared =
		mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct vm vm;

	make_filler(&vm, memory, 2 * BLOCK, 1, PAGE);
	CHECK_ERRNO(vm_set_slot(&vm, 2, 0, OTHER_BASE + 2 * BLOCK, BLOCK, private), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 2, 0, OTHER_BASE + 2 * BLOCK, BLOCK, shared), EINVAL);
	CHECK_ERRNO(vm_set_slot(&vm, 2, 0, OTHER_BASE + 2 * BLOCK, BLOCK, memory + BLOCK + PAGE),
		    EINVAL); /* it ends earlier */
	CHECK(mmap(memory, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == memory); /* after the check */
	CHECK_ERRNO(vcpu_run(&vm, 0), EFAULT);
	vm_free(&vm);
}

const struct test tests_protected[] = {
	{"protected", test_protected},
	{"protected_pages", test_protected_pages},
	{"protected_twice", test_protected_twice},
	{"protected_from_outside", test_protected_from_outside},
	{"protected_in_pipe", test_protected_in_pipe},
	{"protected_memory_kinds", test_protected_memory_kinds},
	{},
};
