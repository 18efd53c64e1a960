// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a guest's first touches of memory and its device accesses cost with no VMM but this loop
 * around KVM_RUN (the VMM's own figures are tests/perf's), counted by the guest with its virtual
 * counter.
 *
 * A program repeats its operation so often that the counter's resolution (16 ns at 62.5 MHz) does
 * not matter; the cost of the bare loop is subtracted. First touches are measured twice: of memory
 * that the VMM has already (the hypervisor's share alone), and of memory that Linux must find and
 * clear first.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "bench.h"
#include "dev_hyp.h"

#define OTHER_BASE 0x80000000ul
#define PAGE       4096ul
#define BLOCK      (2ul << 20)
#define REPEATS    1000u
#define NR_PAGES   1024u
#define SMALL_FILE (1ul << 20)
#define NR_BLOCKS  32u

static double ns_per_tick;
static double loop_ns; /* of the bare loop, each time */

static uint64_t counter(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	return ticks;
}

static uint64_t counter_frequency(void)
{
	uint64_t frequency;

	__asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
	return frequency;
}

/* Serves reads until the guest writes its result. */
static double run_to_result(struct vm *vm, unsigned int repeats)
{
	struct kvm_run *run = vm->run[0];
	uint64_t ticks;

	do {
		if (ioctl(vm->vcpu_fd[0], KVM_RUN, 0) < 0) {
			test_fail(__FILE__, __LINE__, "KVM_RUN: %s", strerror(errno));
		}
		CHECK_EQ(run->exit_reason, KVM_EXIT_MMIO);
	} while (!run->mmio.is_write);
	memcpy(&ticks, run->mmio.data, sizeof(ticks));
	return (double)ticks * ns_per_tick / repeats;
}

static void print(const char *name, double ns)
{
	printf("%s %.0f\n", name, ns - loop_ns);
	fflush(stdout);
}

static double measure(struct guest guest)
{
	struct vm vm;
	double ns;

	vm_make(&vm, 1, guest);
	reg_set_x(&vm, 0, 19, REPEATS);
	ns = run_to_result(&vm, REPEATS);
	vm_free(&vm);
	return ns;
}

static double measure_touch(uint8_t *memory, unsigned int nr, size_t stride)
{
	size_t bytes = nr * stride;
	struct vm vm;
	double ns;

	vm_make(&vm, 1, GUEST(bench_touch));
	CHECK_OK(vm_set_slot(&vm, 1, 0, OTHER_BASE, bytes, memory));
	reg_set_x(&vm, 0, 19, nr);
	reg_set_x(&vm, 0, 0, OTHER_BASE);
	reg_set_x(&vm, 0, 3, stride);
	ns = run_to_result(&vm, nr);
	vm_free(&vm);
	munmap(memory, bytes);
	return ns;
}

static uint8_t *map_anonymous(size_t bytes, int advice)
{
	uint8_t *memory = memory_map(bytes, BLOCK);

	madvise(memory, bytes, advice);
	return memory;
}

/* As vmm has it where Linux has no huge pages: from files that are too small for one. */
static uint8_t *map_small(size_t bytes)
{
	uint8_t *memory = map_anonymous(bytes, MADV_NOHUGEPAGE);

	for (size_t at = 0; dev_is_hyp && at < bytes; at += SMALL_FILE) {
		memory_replace_by_file(memory + at, SMALL_FILE);
	}
	return memory;
}

/* As vmm has it. */
static uint8_t *map_huge(size_t bytes)
{
	return dev_is_hyp ? memory_map_file(bytes, BLOCK) : map_anonymous(bytes, MADV_HUGEPAGE);
}

static uint8_t *write_all(uint8_t *memory, size_t bytes)
{
	return memset(memory, 1, bytes);
}

static double measure_touch_by_host(unsigned int nr, size_t stride, int advice)
{
	volatile uint8_t *memory = memory_map(nr * stride, BLOCK);
	uint64_t start;
	uint64_t ticks;

	madvise((void *)memory, nr * stride, advice);
	start = counter();
	for (size_t at = 0; at < nr * stride; at += stride) {
		memory[at] = 1;
	}
	ticks = counter() - start;
	munmap((void *)memory, nr * stride);
	return (double)ticks * ns_per_tick / nr;
}

int bench_main(void)
{
	size_t pages = NR_PAGES * PAGE;
	size_t blocks = NR_BLOCKS * BLOCK;

	ns_per_tick = 1e9 / (double)counter_frequency();
	loop_ns = measure(GUEST(bench_nothing));
	print("mmio_read", measure(GUEST(bench_mmio)));
	print("touch_4k", measure_touch(write_all(map_small(pages), pages), NR_PAGES, PAGE));
	print("touch_4k_fresh", measure_touch(map_small(pages), NR_PAGES, PAGE));
	print("touch_4k_anonymous",
	      measure_touch(write_all(map_anonymous(pages, MADV_NOHUGEPAGE), pages), NR_PAGES,
			    PAGE));
	print("touch_4k_fresh_anonymous",
	      measure_touch(map_anonymous(pages, MADV_NOHUGEPAGE), NR_PAGES, PAGE));
	print("host_4k_fresh", measure_touch_by_host(NR_PAGES, PAGE, MADV_NOHUGEPAGE));
	print("touch_2m", measure_touch(write_all(map_huge(blocks), blocks), NR_BLOCKS, BLOCK));
	print("touch_2m_fresh", measure_touch(map_huge(blocks), NR_BLOCKS, BLOCK));
	print("touch_2m_anonymous",
	      measure_touch(map_anonymous(blocks, MADV_HUGEPAGE), NR_BLOCKS, BLOCK));
	print("host_2m_fresh", measure_touch_by_host(NR_BLOCKS, BLOCK, MADV_HUGEPAGE));
	return 0;
}
