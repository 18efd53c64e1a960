/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device test: what its files share.
 *
 * The program checks, by nothing but ioctls, that a device speaks KVM's arm64 dialect. It runs on
 * /dev/kvm to find out whether the test is right, and on /dev/hyp to find out whether the module
 * is.
 */
#ifndef DEV_HYP_H
#define DEV_HYP_H

#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAM_BASE  0x40000000ul
#define RAM_BYTES 0x400000ul /* of a test VM, unless it says otherwise */
#define MMIO_BASE 0x0a000000ul
#define GICD_BASE 0x08000000ul
#define GICR_BASE 0x080a0000ul

extern const char *dev_path; /* the device under test */
extern bool dev_is_hyp;      /* it is /dev/hyp: what only that has is tested too */
extern int dev_fd;

/* Ends the running test as failed, with a reason. Only inside a test. */
void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			test_fail(__FILE__, __LINE__, "%s", #cond);                                \
		}                                                                                  \
	} while (0)

#define CHECK_EQ(got, want)                                                                        \
	do {                                                                                       \
		uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);                         \
		if (got_ != want_) {                                                               \
			test_fail(__FILE__, __LINE__, "%s is %#llx, not %#llx (%s)", #got,         \
				  (unsigned long long)got_, (unsigned long long)want_, #want);     \
		}                                                                                  \
	} while (0)

/* The call fails with this errno. */
#define CHECK_ERRNO(call, error)                                                                   \
	do {                                                                                       \
		long rc_ = (call);                                                                 \
		if (rc_ >= 0 || errno != (error)) {                                                \
			test_fail(__FILE__, __LINE__, "%s: returned %ld, errno %d (%s), not %s",   \
				  #call, rc_, rc_ < 0 ? errno : 0, rc_ < 0 ? strerror(errno) : "", \
				  #error);                                                         \
		}                                                                                  \
	} while (0)

#define CHECK_OK(call)                                                                             \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			test_fail(__FILE__, __LINE__, "%s: %s", #call, strerror(errno));           \
		}                                                                                  \
	} while (0)

/* A VM of a test. Everything is released by vm_free(). */
#define VM_MAX_VCPUS 4
struct vm {
	int fd;
	int vcpu_fd[VM_MAX_VCPUS];
	struct kvm_run *run[VM_MAX_VCPUS];
	unsigned int nr_vcpus;
	int gic_fd;
	uint8_t *ram;
	size_t ram_bytes;
};

/* Programs in guest.S. */
#define GUEST(name)                                                                                \
	({                                                                                         \
		extern const uint8_t guest_##name[], guest_##name##_end[];                         \
		(struct guest){guest_##name, (size_t)(guest_##name##_end - guest_##name)};         \
	})
struct guest {
	const uint8_t *code;
	size_t bytes;
};

/* What KVM_CREATE_VM is called with from here on; 0 to begin with. */
extern unsigned long vm_type;

/* A VM with RAM (of a memory file, if it is protected), vCPUs (all but the first powered off) and a
 * program that the first one starts. */
void vm_make(struct vm *vm, unsigned int nr_vcpus, struct guest guest);
/* The same in steps: without vCPUs or RAM. */
void vm_make_empty(struct vm *vm);
void vm_add_vcpu(struct vm *vm, uint32_t features);
void vm_add_gic(struct vm *vm);
void vm_load(struct vm *vm, struct guest guest);
void vm_free(struct vm *vm);

int vm_set_slot(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t bytes,
		void *memory);
void *memory_map(size_t bytes, size_t align);
/* From HYP_CREATE_MEMORY. */
void *memory_map_file(size_t bytes, size_t align);
void memory_replace_by_file(void *memory, size_t bytes); /* in its place */

int reg_get_id(int vcpu_fd, uint64_t id, void *value);
int reg_set_id(int vcpu_fd, uint64_t id, const void *value);
uint64_t reg_x(struct vm *vm, unsigned int vcpu, unsigned int n); /* n = 31: sp_el0, 32: pc */
void reg_set_x(struct vm *vm, unsigned int vcpu, unsigned int n, uint64_t value);
#define REG_PC     32
#define REG_PSTATE 33
uint64_t reg_core_id(unsigned int n);

int vcpu_run(struct vm *vm, unsigned int vcpu);
/* Runs until an MMIO write and returns its data; anything else fails the test. */
uint64_t vcpu_run_to_write(struct vm *vm, unsigned int vcpu, uint64_t addr, uint32_t bytes);
/* Runs, and expects a system event of that type. */
void vcpu_run_to_event(struct vm *vm, unsigned int vcpu, uint32_t type);

int device_attr(int fd, unsigned long cmd, uint32_t group, uint64_t attr, void *value);

struct test {
	const char *name;
	void (*run)(void);
};
extern const struct test tests_system[];
extern const struct test tests_memory[];
extern const struct test tests_protected[];
extern const struct test tests_vcpu[];
extern const struct test tests_irq[];
extern const struct test tests_life[];

/* Another thread sends sig to the calling one after ms milliseconds, once. It may come before what
 * it is to interrupt. */
void signal_me_later(int sig, unsigned int ms);
/* The same every ms milliseconds, until signals_end(). */
void signals_begin(int sig, unsigned int ms);
void signals_end(void);

#endif
